import { announce, closest } from "../lib/dom";
import { define, Island } from "../lib/island";
import { csrfToken, errorSentence } from "../lib/net";
import { showToast } from "../toasts";

interface Answer {
  moved: Record<string, [number, number]>;
  said: string;
  undo: string;
  decode_ms: number;
}

const DAY = 86_400_000;

/** A day so many days later, as the server writes it. */
function later(day: string | undefined, days: number): string {
  return new Date(Date.parse(day ?? "") + days * DAY).toISOString().slice(0, 10);
}

/** A day as the page says it: the year only where it is another one. */
function said(day: string): string {
  const date = new Date(`${day}T12:00:00`);
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year });
}

/** A hand that trembles less than this is a press, not a move. */
const SLACK = 4;

/**
 * Bars are dragged along the days, or moved with arrow keys: left and right by a day (a week with Shift), up and down in the
 * order. What else moves is drawn as soon as the server has put the plan in time once. Without the script, the sheet
 * behind each bar has the same as a form.
 */
export class TimeLine extends Island {
  #drag: { bar: HTMLElement; x: number; shift: number; moved: boolean } | null = null;
  #busy = false;

  protected connect(signal: AbortSignal): void {
    if (!this.dataset.moveUrl) return;
    this.addEventListener("pointerdown", (event) => this.#start(event), { signal });
    this.addEventListener("pointermove", (event) => this.#follow(event), { signal });
    this.addEventListener("pointerup", () => this.#end(true), { signal });
    this.addEventListener("pointercancel", () => this.#end(false), { signal });
    this.addEventListener("click", (event) => this.#click(event), { signal, capture: true });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.addEventListener("dragstart", (event) => event.preventDefault(), { signal });
  }

  /** Days between the edges of the drawing. */
  get #days(): number {
    return Math.max(1, (Date.parse(this.dataset.last ?? "") - Date.parse(this.dataset.first ?? "")) / DAY);
  }

  #row(bar: Element): HTMLElement | null {
    return bar.closest<HTMLElement>("[data-key-of]");
  }

  #start(event: PointerEvent): void {
    const bar = closest(event, "[data-bar]");
    if (!bar || event.button !== 0 || this.#busy) return;
    this.#drag = { bar, x: event.clientX, shift: 0, moved: false };
  }

  #follow(event: PointerEvent): void {
    if (!this.#drag) return;
    const { bar, x } = this.#drag;
    const gone = event.clientX - x;
    if (!this.#drag.moved) {
      if (Math.abs(gone) < SLACK) return;
      this.#drag.moved = true;
      bar.setPointerCapture(event.pointerId);
      bar.classList.add("is-dragging");
    }
    const width = bar.getBoundingClientRect().width;
    this.#drag.shift = Math.round((gone / width) * this.#days);
    this.#shift(bar, this.#drag.shift, this.#drag.shift, true);
  }

  #end(done: boolean): void {
    const drag = this.#drag;
    if (!drag) return;
    if (!drag.moved) {
      this.#drag = null;
      return;
    }
    drag.bar.classList.remove("is-dragging");
    // The click that follows this pointer is no wish to open the sheet.
    setTimeout(() => {
      this.#drag = null;
    }, 0);
    if (done && drag.shift) void this.#move(drag.bar, { days: drag.shift });
    else this.#shift(drag.bar, 0, 0, true);
  }

  #click(event: MouseEvent): void {
    if (!this.#drag?.moved) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #key(event: KeyboardEvent): void {
    const bar = closest(event, "[data-bar]");
    if (!bar || event.ctrlKey || event.metaKey || event.altKey) return;
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (side) {
      event.preventDefault();
      void this.#move(bar, { days: side * (event.shiftKey ? 7 : 1) });
      return;
    }
    const row = this.#row(bar);
    const near = event.key === "ArrowUp" ? row?.previousElementSibling : row?.nextElementSibling;
    if ((event.key !== "ArrowUp" && event.key !== "ArrowDown") || !(near instanceof HTMLElement)) return;
    event.preventDefault();
    void this.#move(bar, { near, above: event.key === "ArrowUp" });
  }

  /** Draw a bar so many days from where the server last put it. */
  #shift(bar: Element, start: number, finish: number, isTrial: boolean): void {
    const scale = 100 / this.#days;
    for (const rect of bar.querySelectorAll<SVGRectElement>("rect")) {
      const x = Number(rect.dataset.x ?? rect.getAttribute("x")?.replace("%", ""));
      const width = Number(rect.dataset.width ?? rect.getAttribute("width")?.replace("%", ""));
      rect.dataset.x ??= String(x);
      rect.dataset.width ??= String(width);
      const isSure = rect.classList.contains("tl__sure");
      const from = x + (isSure ? start : finish) * scale;
      const wide = isSure ? Math.max(0.3, width + (finish - start) * scale) : width;
      rect.setAttribute("x", `${from}%`);
      rect.setAttribute("width", `${wide}%`);
      if (!isTrial) {
        rect.dataset.x = String(from);
        rect.dataset.width = String(wide);
      }
    }
  }

  async #move(bar: HTMLElement, how: { days?: number; near?: HTMLElement; above?: boolean }): Promise<void> {
    const row = this.#row(bar);
    if (!row || this.#busy) return;
    const values: Record<string, string> = { key: row.dataset.keyOf ?? "" };
    if (this.dataset.branch) values.branch = this.dataset.branch;
    if (how.days !== undefined) {
      values.not_before = later(row.dataset.start, how.days);
    } else if (how.near) {
      values[how.above ? "before" : "after"] = how.near.dataset.keyOf ?? "";
    }
    this.#busy = true;
    try {
      const answer = await fetch(this.dataset.moveUrl ?? "", {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
        body: new URLSearchParams(values),
        credentials: "same-origin",
      });
      const text = await answer.text();
      if (!answer.ok)
        throw new Error(errorSentence(text, answer.headers.get("Content-Type") ?? "", answer.status));
      this.#draw(row, how, JSON.parse(text) as Answer);
    } catch (error) {
      this.#shift(bar, 0, 0, true);
      showToast({ text: error instanceof Error ? error.message : "This could not be moved.", tone: "bad" });
    } finally {
      this.#busy = false;
    }
  }

  #draw(row: HTMLElement, how: { near?: HTMLElement; above?: boolean }, answer: Answer): void {
    const bar = row.querySelector("[data-bar]");
    if (bar) this.#shift(bar, 0, 0, true);
    for (const one of this.querySelectorAll<HTMLElement>("[data-record]")) {
      const shift = answer.moved[one.dataset.record ?? ""];
      const moved = shift && one.querySelector("[data-bar]");
      if (!shift || !moved) continue;
      this.#shift(moved, shift[0], shift[1], false);
      one.dataset.start = later(one.dataset.start, shift[0]);
      one.dataset.end = later(one.dataset.end, shift[1]);
      const end = one.querySelector(".tl__end .num");
      if (end) end.textContent = `about ${said(one.dataset.end)}`;
    }
    if (how.near) {
      if (how.above) how.near.before(row);
      else how.near.after(row);
      row.querySelector<HTMLElement>("[data-bar]")?.focus();
    }
    announce(answer.said);
    showToast({ text: answer.said, undo_url: answer.undo });
  }
}

define("time-line", TimeLine);
