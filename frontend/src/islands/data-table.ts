import { addShortcut, singleKeysOn } from "../keyboard";
import { closest, isTyping } from "../lib/dom";
import { define, Island } from "../lib/island";

/** A table that is walked and picked from with keys, ranges picked with Shift, and deeds done on what is picked. */
export class DataTable extends Island {
  #anchor: HTMLInputElement | null = null;

  protected connect(signal: AbortSignal): void {
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("change", (event) => this.#change(event), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("htmx:after:swap", () => this.#show(), { signal });
    const keys: [string, string, (event: KeyboardEvent) => void][] = [
      ["j", "Next row", () => this.#move(1)],
      ["k", "Row before", () => this.#move(-1)],
      ["x", "Pick the row", () => this.#pickCurrent()],
    ];
    // Several tables on a page: only the first answers to keys pressed outside of any.
    if (document.querySelector("data-table") === this) {
      for (const [key, label, run] of keys) addShortcut({ key, label, group: "Lists", run }, signal);
    }
    this.#show();
  }

  get #rows(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("tbody tr:not([hidden])")];
  }

  get #picks(): HTMLInputElement[] {
    return [...this.querySelectorAll<HTMLInputElement>("tbody [data-pick]")];
  }

  #current(): HTMLElement | undefined {
    const focused = document.activeElement?.closest<HTMLElement>("tbody tr");
    if (focused && this.contains(focused)) return focused;
    return this.querySelector<HTMLElement>("tbody tr.is-current") ?? undefined;
  }

  #move(step: number): HTMLElement | undefined {
    const rows = this.#rows;
    const current = this.#current();
    const at = current ? rows.indexOf(current) : -1;
    const next =
      rows[at < 0 && step < 0 ? rows.length - 1 : Math.min(rows.length - 1, Math.max(0, at + step))];
    for (const row of rows) row.classList.toggle("is-current", row === next);
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
    return next;
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey)
      return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const left = this.#current();
      const reached = this.#move(event.key === "ArrowDown" ? 1 : -1);
      if (event.shiftKey) for (const row of [left, reached]) this.#pick(row, true);
    } else if ((event.key === "J" || event.key === "K") && event.shiftKey && singleKeysOn()) {
      event.preventDefault();
      const left = this.#current();
      const reached = this.#move(event.key === "J" ? 1 : -1);
      for (const row of [left, reached]) this.#pick(row, true);
    } else if (event.key === " " && event.target instanceof HTMLTableRowElement) {
      event.preventDefault();
      this.#pickCurrent();
    } else if (event.key === "Enter" && event.target instanceof HTMLTableRowElement) {
      event.preventDefault();
      (
        event.target.querySelector<HTMLElement>("th[scope=row] a[href]") ??
        event.target.querySelector<HTMLElement>("a[href]")
      )?.click();
    } else if (event.key === "Escape" && this.#picks.some((box) => box.checked)) {
      this.#none();
    }
  }

  #pickCurrent(): void {
    const row = this.#current();
    const box = row?.querySelector<HTMLInputElement>("[data-pick]");
    if (row && box) this.#pick(row, !box.checked);
  }

  #pick(row: HTMLElement | undefined, on: boolean): void {
    const box = row?.querySelector<HTMLInputElement>("[data-pick]");
    if (!box) return;
    box.checked = on;
    this.#anchor = box;
    this.#everything(false);
    this.#show();
  }

  #click(event: MouseEvent): void {
    if (closest(event, "[data-pick-none]")) this.#none();
    if (closest(event, "[data-pick-everything]")) {
      this.#everything(true);
      this.#show();
    }
    // A press on the label raises a second click on the box itself; only that one counts.
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !box.matches("[data-pick]")) return;
    if (event.shiftKey && this.#anchor?.isConnected) {
      const picks = this.#picks;
      const [from, to] = [picks.indexOf(this.#anchor), picks.indexOf(box)].sort((a, b) => a - b);
      for (const one of picks.slice(from, (to ?? 0) + 1)) one.checked = box.checked;
    }
    this.#anchor = box;
  }

  #change(event: Event): void {
    const box = event.target;
    if (!(box instanceof HTMLInputElement)) return;
    if (box.matches("[data-pick-all]")) for (const one of this.#picks) one.checked = box.checked;
    if (box.matches("[data-pick-all], [data-pick]")) {
      this.#everything(false);
      this.#show();
    }
  }

  #none(): void {
    for (const box of this.#picks) box.checked = false;
    this.#everything(false);
    this.#show();
  }

  get #everythingField(): HTMLInputElement | null {
    return this.querySelector<HTMLInputElement>("form > input[name=everything]");
  }

  #everything(on: boolean): void {
    const field = this.#everythingField;
    if (field) field.value = on ? "yes" : "";
  }

  #show(): void {
    const picks = this.#picks;
    const picked = picks.filter((box) => box.checked);
    for (const box of picks) box.closest("tr")?.setAttribute("aria-selected", String(box.checked));
    const all = this.querySelector<HTMLInputElement>("[data-pick-all]");
    if (all) {
      all.checked = picked.length > 0 && picked.length === picks.length;
      all.indeterminate = picked.length > 0 && picked.length < picks.length;
    }
    const bar = this.querySelector<HTMLElement>("[data-bulk]");
    if (!bar) return;
    bar.hidden = picked.length === 0;
    const more = bar.querySelector<HTMLElement>("[data-pick-everything]");
    const everything = this.#everythingField?.value === "yes";
    const count = bar.querySelector("[data-count]");
    if (count)
      count.textContent = everything ? `All ${more?.dataset.total ?? ""} picked` : `${picked.length} picked`;
    if (more) more.hidden = everything || picked.length < picks.length;
  }
}

define("data-table", DataTable);
