import { closest, recall, remember } from "../lib/dom";
import { define, Island } from "../lib/island";
import { TreeDrag } from "../lib/tree-drag";

/** Rows that lie under others are hidden while their branch is closed, or fetched when it is opened first. What was
 * opened and closed is remembered. Rows with a grip are dragged. */
export class TreeTable extends Island {
  protected connect(signal: AbortSignal): void {
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("htmx:after:swap", () => this.#apply(), { signal });
    new TreeDrag(this, { open: (row) => this.#set(row, true), signal });
    this.#apply();
    // htmx must have seen the page before a branch that was left open can be fetched.
    document.addEventListener("htmx:after:process", () => this.#apply(), { signal });
  }

  get #store(): string {
    return `roadbed.tree:${location.pathname}:${this.id}`;
  }

  get #rows(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("tbody tr")];
  }

  #click(event: Event): void {
    const row = closest(event, ".tree__toggle")?.closest("tr");
    if (row) this.#set(row, row.getAttribute("aria-expanded") !== "true");
  }

  #key(event: KeyboardEvent): void {
    const row = event.target;
    if (!(row instanceof HTMLTableRowElement)) return;
    if (event.key === "ArrowRight" && row.getAttribute("aria-expanded") === "false") this.#set(row, true);
    else if (event.key === "ArrowLeft" && row.getAttribute("aria-expanded") === "true") this.#set(row, false);
    else if (event.key === "ArrowLeft") this.#parent(row)?.focus();
    else return;
    event.preventDefault();
  }

  #parent(row: HTMLElement): HTMLElement | undefined {
    const rows = this.#rows;
    const depth = Number(row.dataset.depth);
    return rows.slice(0, rows.indexOf(row)).findLast((other) => Number(other.dataset.depth) < depth);
  }

  #set(row: HTMLElement, open: boolean): void {
    const changed = { ...recall<Record<string, boolean>>(this.#store, {}), [row.dataset.row ?? ""]: open };
    remember(this.#store, changed);
    this.#apply();
  }

  #fetch(row: HTMLElement, toggle: Element): void {
    if (!toggle.hasAttribute("hx-get") || row.dataset.asked) return;
    if (!toggle.hasAttribute("data-htmx-powered")) return;
    row.dataset.asked = "yes";
    toggle.dispatchEvent(new Event("branch-open"));
  }

  #apply(): void {
    const kept = recall<Record<string, boolean>>(this.#store, {});
    let hiddenBelow = Number.POSITIVE_INFINITY;
    for (const row of this.#rows) {
      const depth = Number(row.dataset.depth);
      if (depth <= hiddenBelow) hiddenBelow = Number.POSITIVE_INFINITY;
      row.hidden = depth > hiddenBelow;
      const toggle = row.querySelector(".tree__toggle");
      if (!toggle) continue;
      const open = kept[row.dataset.row ?? ""] ?? row.getAttribute("aria-expanded") === "true";
      row.setAttribute("aria-expanded", String(open));
      toggle.setAttribute("aria-expanded", String(open));
      if (!open && !row.hidden) hiddenBelow = depth;
      if (open && !row.hidden) this.#fetch(row, toggle);
    }
  }
}

define("tree-table", TreeTable);
