import { closest, make } from "../lib/dom";
import { define, Island } from "../lib/island";

/** Offsets count code points, as Python does: an emoji is one, although JavaScript counts two. */
function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * Words that are selected in `[data-quote-source]` fill the fields start, end and quote of the form that `data-form`
 * names. Without a pointer: the button `[data-quote-by-keys]` shows the text in a field, where Shift and the arrow
 * keys select.
 */
export class QuotePicker extends Island {
  #offer: HTMLButtonElement | null = null;

  protected connect(signal: AbortSignal): void {
    document.addEventListener("selectionchange", () => this.#look(), { signal });
    window.addEventListener("scroll", () => this.#hide(), { signal, passive: true, capture: true });
    this.addEventListener(
      "click",
      (event) => closest(event, "[data-quote-by-keys]") && this.#byKeys(signal),
      { signal },
    );
    signal.addEventListener("abort", () => this.#offer?.remove());
  }

  get #source(): HTMLElement | null {
    return this.querySelector<HTMLElement>("[data-quote-source]");
  }

  #range(): { start: number; end: number; text: string } | null {
    const source = this.#source;
    const selection = document.getSelection();
    if (!source || !selection || selection.isCollapsed || selection.rangeCount === 0) return null;
    const range = selection.getRangeAt(0);
    if (!source.contains(range.commonAncestorContainer)) return null;
    const head = document.createRange();
    head.selectNodeContents(source);
    head.setEnd(range.startContainer, range.startOffset);
    return trimmed(head.toString(), range.toString());
  }

  #look(): void {
    const found = this.#range();
    if (!found) {
      this.#hide();
      return;
    }
    const selection = document.getSelection();
    const boxes = selection?.getRangeAt(0).getClientRects();
    const box = boxes?.[boxes.length - 1];
    if (!box) return;
    const offer = this.#button();
    if (!offer.matches(":popover-open")) offer.showPopover();
    offer.style.left = `${Math.max(8, Math.min(box.right - 20, window.innerWidth - 170))}px`;
    offer.style.top = `${Math.min(box.bottom + 6, window.innerHeight - 44)}px`;
  }

  #button(): HTMLButtonElement {
    if (this.#offer?.isConnected) return this.#offer;
    const offer = make(
      "button",
      {
        type: "button",
        class: "btn btn--primary btn--small quote-offer",
        popover: "manual",
        "data-key": "l",
      },
      this.dataset.offer ?? "Link these words",
    );
    // The press must not take the selection away before it is read.
    offer.addEventListener("pointerdown", (event) => event.preventDefault());
    offer.addEventListener("click", () => {
      const found = this.#range();
      if (found) this.#fill(found);
      this.#hide();
    });
    this.append(offer);
    this.#offer = offer;
    return offer;
  }

  #hide(): void {
    if (this.#offer?.matches(":popover-open")) this.#offer.hidePopover();
  }

  #byKeys(signal: AbortSignal): void {
    const source = this.#source;
    if (!source || this.querySelector("[data-quote-field]")) return;
    const text = source.textContent ?? "";
    const field = make("textarea", {
      class: "input",
      "aria-readonly": "true",
      rows: "5",
      "data-quote-field": "",
      "aria-label": "Select words with Shift and the arrow keys, then press Enter",
    });
    field.value = text;
    source.after(field);
    // Not `readonly`: there some browsers do not let the keys select. What would change the text is refused instead.
    field.addEventListener("beforeinput", (event) => event.preventDefault(), { signal });
    field.focus();
    field.setSelectionRange(0, 0);
    field.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          field.remove();
          this.querySelector<HTMLElement>("[data-quote-by-keys]")?.focus();
        } else if (event.key === "Enter") {
          event.preventDefault();
          const { selectionStart, selectionEnd } = field;
          if (selectionStart === selectionEnd) return;
          this.#fill(trimmed(text.slice(0, selectionStart), text.slice(selectionStart, selectionEnd)));
          field.remove();
        }
      },
      { signal },
    );
  }

  #fill(found: { start: number; end: number; text: string } | null): void {
    const form = document.querySelector<HTMLFormElement>(this.dataset.form ?? "form");
    if (!found?.text || !form) return;
    const put = (name: string, value: string): void => {
      for (const field of form.querySelectorAll<HTMLInputElement>(`[name="${name}"]`)) {
        field.value = value;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    };
    put("start", String(found.start));
    put("end", String(found.end));
    put("quote", found.text);
    for (const shown of form.querySelectorAll("[data-quote-shown]")) shown.textContent = `“${found.text}”`;
    for (const waiting of form.querySelectorAll<HTMLElement>("[data-needs-quote]")) waiting.hidden = false;
    const dialog = form.closest("dialog");
    if (dialog && !dialog.open) dialog.showModal();
    form.scrollIntoView({ block: "nearest" });
    form
      .querySelector<HTMLElement>("[data-first], input:not([type=hidden]):not([readonly]), select, textarea")
      ?.focus();
  }
}

/** The words without the spaces round them, and where they lie. */
function trimmed(before: string, chosen: string): { start: number; end: number; text: string } | null {
  const text = chosen.trim();
  if (!text) return null;
  const start = codePoints(before) + codePoints(chosen.slice(0, chosen.length - chosen.trimStart().length));
  return { start, end: start + codePoints(text), text };
}

define("quote-picker", QuotePicker);
