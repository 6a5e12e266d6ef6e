import { addShortcut } from "../keyboard";
import { isUsable } from "../lib/dom";
import { define, Island } from "../lib/island";

/** A list that J and K walk over: each `[data-item]` is pressed as it is reached. Other keys are marked with data-key. */
export class KeyScope extends Island {
  protected connect(signal: AbortSignal): void {
    const group = this.dataset.label ?? "This list";
    addShortcut({ key: "j", label: "Next one", group, run: () => this.#step(1) }, signal);
    addShortcut({ key: "k", label: "One before", group, run: () => this.#step(-1) }, signal);
  }

  #step(by: number): void {
    const items = [...this.querySelectorAll<HTMLElement>("[data-item]")].filter(isUsable);
    const at = items.findIndex((item) => item.getAttribute("aria-current") === "true");
    const next = items[at < 0 ? 0 : at + by];
    if (!next) return;
    // Shown at once; the answer that the press fetches says the same.
    for (const item of items) {
      if (item === next) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
    }
    next.scrollIntoView({ block: "nearest" });
    next.click();
  }
}

define("key-scope", KeyScope);
