import { closest } from "../lib/dom";
import { define, Island } from "../lib/island";

/** The one whose answer is awaited: the element that arrives in its place takes the focus over. */
let saving = "";

/** Text that turns into a field in the same place. Esc gives up; Enter saves; leaving it unchanged closes it. */
export class InlineEdit extends Island {
  #before = "";

  protected connect(signal: AbortSignal): void {
    this.addEventListener(
      "click",
      (event) => {
        if (closest(event, ".inline-edit__show")) this.#open();
        if (closest(event, "[data-cancel]")) this.#close();
      },
      { signal },
    );
    this.addEventListener(
      "submit",
      () => {
        saving = this.id;
      },
      { signal },
    );
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.addEventListener(
      "change",
      () => this.#field instanceof HTMLSelectElement && this.#form?.requestSubmit(),
      { signal },
    );
    this.addEventListener("focusout", (event) => this.#leave(event), { signal });
    if (this.hasAttribute("data-open")) this.#focus();
    else if (saving === this.id) this.querySelector<HTMLElement>(".inline-edit__show")?.focus();
    if (saving === this.id) saving = "";
  }

  get #form(): HTMLFormElement | null {
    return this.querySelector("form");
  }

  get #field(): HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement | null {
    return this.querySelector("input:not([type=hidden]), textarea, select");
  }

  #open(): void {
    const show = this.querySelector<HTMLElement>(".inline-edit__show");
    if (!this.#form || !show) return;
    const width = show.getBoundingClientRect().width;
    show.hidden = true;
    this.#form.hidden = false;
    const field = this.#field;
    this.#before = field?.value ?? "";
    if (field instanceof HTMLInputElement && field.type === "text")
      field.style.width = `${Math.max(width + 24, 120)}px`;
    this.#focus();
  }

  #focus(): void {
    const field = this.#field;
    field?.focus();
    if (field instanceof HTMLInputElement && field.type === "text") field.select();
  }

  #close(): void {
    const show = this.querySelector<HTMLElement>(".inline-edit__show");
    this.#form?.reset();
    if (this.#form) this.#form.hidden = true;
    if (show) {
      show.hidden = false;
      show.focus();
    }
  }

  #key(event: KeyboardEvent): void {
    if (this.#form?.hidden) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#form?.requestSubmit();
    }
  }

  #leave(event: FocusEvent): void {
    const to = event.relatedTarget;
    if (!to || (to instanceof Node && this.contains(to))) return;
    if (!this.#form?.hidden && this.#field?.value === this.#before) {
      const form = this.#form;
      if (form) form.hidden = true;
      const show = this.querySelector<HTMLElement>(".inline-edit__show");
      if (show) show.hidden = false;
    }
  }
}

define("inline-edit", InlineEdit);
