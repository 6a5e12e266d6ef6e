import { announce, closest, make } from "../lib/dom";
import { define, Island } from "../lib/island";
import { send } from "../lib/net";

interface Place {
  column: HTMLElement;
  before: Element | null;
}

/** Cards are dragged by their grip, or moved with arrow keys on it. The move is shown at once, and taken back if refused. */
export class BoardColumns extends Island {
  #drag: { card: HTMLElement; ghost: HTMLElement; marker: HTMLElement; dx: number; dy: number } | null = null;

  protected connect(signal: AbortSignal): void {
    if (!this.dataset.moveUrl) return;
    this.addEventListener("pointerdown", (event) => this.#start(event), { signal });
    this.addEventListener("pointermove", (event) => this.#follow(event), { signal });
    this.addEventListener("pointerup", () => this.#drop(true), { signal });
    this.addEventListener("pointercancel", () => this.#drop(false), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  get #columns(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[data-column]")];
  }

  #start(event: PointerEvent): void {
    const grip = closest(event, "[data-drag]");
    const card = grip?.closest<HTMLElement>("[data-card]");
    if (!grip || !card || event.button !== 0) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    const box = card.getBoundingClientRect();
    const ghost = card.cloneNode(true) as HTMLElement;
    ghost.removeAttribute("id");
    ghost.classList.add("is-ghost");
    ghost.setAttribute("aria-hidden", "true");
    ghost.style.width = `${box.width}px`;
    this.append(ghost);
    card.classList.add("is-dragging");
    const marker = make("li", { class: "board__marker", "aria-hidden": "true" });
    this.#drag = { card, ghost, marker, dx: event.clientX - box.left, dy: event.clientY - box.top };
    this.#follow(event);
  }

  #follow(event: PointerEvent): void {
    if (!this.#drag) return;
    const { ghost, marker, dx, dy } = this.#drag;
    ghost.style.left = `${event.clientX - dx}px`;
    ghost.style.top = `${event.clientY - dy}px`;
    const place = this.#placeAt(event.clientX, event.clientY);
    for (const column of this.#columns) column.classList.toggle("is-over", column === place?.column);
    if (place) place.column.querySelector(".board__cards")?.insertBefore(marker, place.before);
    else marker.remove();
    const board = this.querySelector<HTMLElement>(".board");
    const edge = board?.getBoundingClientRect();
    if (board && edge && event.clientX > edge.right - 40) board.scrollLeft += 12;
    if (board && edge && event.clientX < edge.left + 40) board.scrollLeft -= 12;
  }

  #placeAt(x: number, y: number): Place | null {
    const column = this.#columns.find((one) => {
      const box = one.getBoundingClientRect();
      return x >= box.left && x <= box.right && y >= box.top - 40;
    });
    if (!column) return null;
    const cards = [...column.querySelectorAll<HTMLElement>("[data-card]:not(.is-dragging)")];
    const before = cards.find((card) => {
      const box = card.getBoundingClientRect();
      return y < box.top + box.height / 2;
    });
    return { column, before: before ?? null };
  }

  #drop(done: boolean): void {
    if (!this.#drag) return;
    const { card, ghost, marker } = this.#drag;
    this.#drag = null;
    ghost.remove();
    card.classList.remove("is-dragging");
    for (const column of this.#columns) column.classList.remove("is-over");
    const column = marker.closest<HTMLElement>("[data-column]");
    const before = marker.nextElementSibling === card ? card.nextElementSibling : marker.nextElementSibling;
    marker.remove();
    if (done && column) void this.#move(card, { column, before });
  }

  #key(event: KeyboardEvent): void {
    const card = closest(event, "[data-drag]")?.closest<HTMLElement>("[data-card]");
    const column = card?.closest<HTMLElement>("[data-column]");
    if (!card || !column) return;
    const columns = this.#columns;
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    let place: Place | null = null;
    if (side) {
      const next = columns[columns.indexOf(column) + side];
      if (next) place = { column: next, before: next.querySelector("[data-card]") };
    } else if (event.key === "ArrowUp" && card.previousElementSibling) {
      place = { column, before: card.previousElementSibling };
    } else if (event.key === "ArrowDown" && card.nextElementSibling) {
      place = { column, before: card.nextElementSibling.nextElementSibling };
    } else if (event.key === "Enter" || event.key === " ") {
      card.querySelector<HTMLElement>("[popovertarget]")?.click();
    } else {
      return;
    }
    event.preventDefault();
    if (place)
      void this.#move(card, place).then(() => card.querySelector<HTMLElement>("[data-drag]")?.focus());
  }

  async #move(card: HTMLElement, { column, before }: Place): Promise<void> {
    const home = card.parentElement;
    const follower = card.nextElementSibling;
    if (column === card.closest("[data-column]") && before === follower) return;
    column.querySelector(".board__cards")?.insertBefore(card, before);
    this.#count();
    announce(
      `${card.dataset.label ?? "Card"} moved to ${column.querySelector("h3")?.textContent ?? "another column"}`,
    );
    const next = before instanceof HTMLElement ? (before.dataset.card ?? "") : "";
    const values = { card: card.dataset.card ?? "", column: column.dataset.column ?? "", before: next };
    const done = await send(this.dataset.moveUrl ?? "", values);
    if (done || !home?.isConnected) return;
    home.insertBefore(card, follower?.isConnected ? follower : null);
    this.#count();
    announce("The move was refused; the card is back where it was.");
  }

  /** Columns that show only their first cards keep the server's count. */
  #count(): void {
    for (const column of this.#columns) {
      const count = column.querySelector("[data-column-count]");
      if (count && !column.querySelector(".board__more")) {
        count.textContent = String(column.querySelectorAll("[data-card]").length);
      }
    }
  }
}

define("board-columns", BoardColumns);
