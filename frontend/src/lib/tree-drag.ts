import { announce, closest, make } from "./dom";
import { send } from "./net";

type Where = "under" | "before" | "after";

interface Place {
  row: HTMLElement;
  where: Where;
}

interface Drag {
  row: HTMLElement;
  ghost: HTMLElement;
  place: Place | null;
  over: HTMLElement | null;
  since: number;
  y: number;
}

const MARKS: Record<Where, string> = {
  under: "is-drop-under",
  before: "is-drop-before",
  after: "is-drop-after",
};
/** How long a closed branch is hovered over before it opens, in milliseconds. */
const PATIENCE = 600;
/** How near to the window's edge the page begins to scroll, in pixels. */
const EDGE = 56;

/** Rows of a tree are dragged by their grip, with everything under them; or moved with arrow keys on it: up and down
 * among their siblings, right under the one above, left out behind their parent. The server draws the tree anew. */
export class TreeDrag {
  #drag: Drag | null = null;
  readonly #tree: HTMLElement;
  readonly #open: (row: HTMLElement) => void;

  constructor(
    tree: HTMLElement,
    { open, signal }: { open: (row: HTMLElement) => void; signal: AbortSignal },
  ) {
    this.#tree = tree;
    this.#open = open;
    tree.addEventListener("pointerdown", (event) => this.#start(event), { signal });
    tree.addEventListener("pointermove", (event) => this.#follow(event.clientX, event.clientY), { signal });
    tree.addEventListener("pointerup", () => this.#end(true), { signal });
    tree.addEventListener("pointercancel", () => this.#end(false), { signal });
    tree.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("keydown", (event) => this.#escape(event), { signal, capture: true });
    signal.addEventListener("abort", () => this.#end(false));
  }

  get #rows(): HTMLElement[] {
    return [...this.#tree.querySelectorAll<HTMLElement>("tbody tr:not([hidden])")];
  }

  #start(event: PointerEvent): void {
    const grip = closest(event, "[data-drag]");
    const row = grip?.closest<HTMLElement>("[data-move-url]");
    if (!grip || !row || event.button !== 0) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    const title = row.querySelector("[data-title], .table__title, th")?.textContent?.trim() ?? "";
    const ghost = make("div", { class: "tree__ghost", "aria-hidden": "true" }, title || row.dataset.label);
    this.#tree.append(ghost);
    row.classList.add("is-dragging");
    this.#drag = { row, ghost, place: null, over: null, since: performance.now(), y: event.clientY };
    this.#follow(event.clientX, event.clientY);
    this.#wait();
  }

  #follow(x: number, y: number): void {
    const drag = this.#drag;
    if (!drag) return;
    drag.y = y;
    drag.ghost.style.left = `${x + 14}px`;
    drag.ghost.style.top = `${y + 10}px`;
    const row = this.#rows.find((one) => {
      const box = one.getBoundingClientRect();
      return y >= box.top && y < box.bottom;
    });
    if (row !== drag.over) {
      drag.over = row ?? null;
      drag.since = performance.now();
    }
    this.#mark(row ? this.#placeIn(row, y) : null);
  }

  /** Scroll at the edges and open what is hovered over, also while the pointer rests. */
  #wait(): void {
    const drag = this.#drag;
    if (!drag) return;
    if (drag.y < EDGE) window.scrollBy(0, -8);
    if (drag.y > window.innerHeight - EDGE) window.scrollBy(0, 8);
    const over = drag.place?.where === "under" ? drag.place.row : null;
    if (over?.getAttribute("aria-expanded") === "false" && performance.now() - drag.since > PATIENCE) {
      this.#open(over);
    }
    requestAnimationFrame(() => this.#wait());
  }

  #placeIn(row: HTMLElement, y: number): Place | null {
    if (!row.hasAttribute("data-takes") || this.#isWithin(row)) return null;
    if (!row.hasAttribute("data-move-url")) return { row, where: "under" };
    const box = row.getBoundingClientRect();
    const share = (y - box.top) / box.height;
    if (share < 0.28) return { row, where: "before" };
    if (share <= 0.72) return { row, where: "under" };
    // Behind an open branch means in front of its first child.
    const next =
      row.getAttribute("aria-expanded") === "true" ? this.#rows[this.#rows.indexOf(row) + 1] : null;
    if (next && Number(next.dataset.depth) > Number(row.dataset.depth)) {
      return this.#isWithin(next) ? { row, where: "under" } : { row: next, where: "before" };
    }
    return { row, where: "after" };
  }

  /** Whether a row is the one that is dragged, or lies under it. */
  #isWithin(row: HTMLElement): boolean {
    const dragged = this.#drag?.row;
    if (!dragged || row === dragged) return true;
    const rows = this.#rows;
    const first = rows.indexOf(dragged);
    const behind = rows.slice(first + 1);
    const end = behind.findIndex((one) => Number(one.dataset.depth) <= Number(dragged.dataset.depth));
    return behind.slice(0, end < 0 ? behind.length : end).includes(row);
  }

  #mark(place: Place | null): void {
    if (this.#drag) this.#drag.place = place;
    for (const row of this.#rows) {
      for (const [where, name] of Object.entries(MARKS)) {
        row.classList.toggle(name, place?.row === row && place.where === where);
      }
    }
  }

  #escape(event: KeyboardEvent): void {
    if (!this.#drag || event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.#end(false);
  }

  #end(done: boolean): void {
    const drag = this.#drag;
    if (!drag) return;
    const place = drag.place;
    this.#mark(null);
    this.#drag = null;
    drag.ghost.remove();
    drag.row.classList.remove("is-dragging");
    if (done && place) void this.#move(drag.row, place);
  }

  #key(event: KeyboardEvent): void {
    const row = closest(event, "[data-drag]")?.closest<HTMLElement>("[data-move-url]");
    if (!row || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    const place = this.#beside(row, event.key);
    if (place) void this.#move(row, place);
    else announce(`${row.dataset.label ?? "It"} cannot go further that way.`);
  }

  #beside(row: HTMLElement, key: string): Place | null {
    const rows = this.#rows;
    const at = rows.indexOf(row);
    const depth = Number(row.dataset.depth);
    const above = rows.slice(0, at).reverse();
    const parent = above.find((one) => Number(one.dataset.depth) < depth) ?? null;
    const upTo = parent ? above.indexOf(parent) : above.length;
    const before = above.slice(0, upTo).find((one) => Number(one.dataset.depth) === depth) ?? null;
    if (key === "ArrowLeft") {
      return parent?.hasAttribute("data-move-url") ? { row: parent, where: "after" } : null;
    }
    if (key === "ArrowRight") return before ? { row: before, where: "under" } : null;
    if (key === "ArrowUp") return before ? { row: before, where: "before" } : null;
    const next = rows.slice(at + 1).find((one) => Number(one.dataset.depth) <= depth);
    return next && Number(next.dataset.depth) === depth ? { row: next, where: "after" } : null;
  }

  async #move(row: HTMLElement, { row: target, where }: Place): Promise<void> {
    const grip = row.querySelector<HTMLElement>("[data-drag]");
    const hadFocus = document.activeElement === grip;
    row.classList.add("is-moving");
    const values = { beside: target.dataset.row ?? "", place: where };
    const done = await send(row.dataset.moveUrl ?? "", values);
    row.classList.remove("is-moving");
    const words = { under: "under", before: "in front of", after: "behind" }[where];
    const what = `${row.dataset.label ?? "The row"} ${words} ${target.dataset.label ?? "the other"}`;
    announce(done ? `Moved ${what}.` : `${what}: the move was refused; nothing was changed.`);
    if (done && where === "under") this.#open(target);
    const id = grip?.id;
    if (!done || !hadFocus || !id) return;
    // The tree is drawn anew; whoever moves a row by keys goes on with the same row.
    document.addEventListener("htmx:after:swap", () => document.getElementById(id)?.focus(), { once: true });
  }
}
