import { closest, keepChoice } from "../lib/dom";
import { define, Island } from "../lib/island";
import { showToast } from "../toasts";

/** The one dialog that fragments are put into: it opens when something arrives, and empties when it closes. */
export class DialogHost extends Island {
  protected connect(signal: AbortSignal): void {
    const dialog = this.querySelector("dialog");
    if (!dialog) return;
    let opener: Element | null = null;
    document.addEventListener(
      "htmx:after:swap",
      () => {
        if (!dialog.childElementCount || dialog.open) return;
        opener = document.activeElement;
        dialog.showModal();
        dialog
          .querySelector<HTMLElement>(
            "[autofocus], .dialog__body :is(input:not([type=hidden]), select, textarea)",
          )
          ?.focus();
      },
      { signal },
    );
    document.addEventListener("dialog:close", () => dialog.close(), { signal });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(), { signal });
    dialog.addEventListener(
      "close",
      () => {
        dialog.replaceChildren();
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      },
      { signal },
    );
  }
}

/** Auto, light or dark. */
export class ThemeSwitch extends Island {
  protected connect(signal: AbortSignal): void {
    this.addEventListener(
      "click",
      (event) => {
        const choice = closest(event, "[data-theme-choice]")?.dataset.themeChoice;
        if (!choice) return;
        if (choice === "auto") delete document.documentElement.dataset.theme;
        else document.documentElement.dataset.theme = choice;
        keepChoice("roadbed_theme", choice);
        for (const button of document.querySelectorAll<HTMLElement>("[data-theme-choice]")) {
          button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
        }
      },
      { signal },
    );
  }
}

/** A field that narrows a long list of choices; what is chosen always stays in sight. */
export class OptionList extends Island {
  protected connect(signal: AbortSignal): void {
    const field = this.querySelector<HTMLInputElement>("[data-option-filter]");
    if (!field) return;
    field.hidden = false;
    field.addEventListener(
      "input",
      () => {
        const words = field.value.trim().toLocaleLowerCase();
        for (const choice of this.querySelectorAll<HTMLElement>("label.check")) {
          const chosen = choice.querySelector<HTMLInputElement>("input")?.checked ?? false;
          choice.hidden = !chosen && !(choice.textContent ?? "").toLocaleLowerCase().includes(words);
        }
      },
      { signal },
    );
  }
}

/** Presets such as "30 days" fill the two date fields; the ends stay in order. */
export class DateRange extends Island {
  protected connect(signal: AbortSignal): void {
    const [low, high] = this.querySelectorAll<HTMLInputElement>("input[type=date]");
    if (!low || !high) return;
    const text = (date: Date): string =>
      [
        date.getFullYear(),
        String(date.getMonth() + 1).padStart(2, "0"),
        String(date.getDate()).padStart(2, "0"),
      ].join("-");
    const tie = (): void => {
      high.min = low.value;
      low.max = high.value;
    };
    this.addEventListener("change", tie, { signal });
    this.addEventListener(
      "click",
      (event) => {
        const days = Number(closest(event, "[data-days]")?.dataset.days);
        if (!days) return;
        const today = new Date();
        high.value = text(today);
        low.value = text(new Date(today.getFullYear(), today.getMonth(), today.getDate() - days + 1));
        tie();
      },
      { signal },
    );
    tie();
  }
}

/** Puts its text, or that of the element it names, on the clipboard. */
export class CopyButton extends Island {
  protected connect(signal: AbortSignal): void {
    this.addEventListener(
      "click",
      async () => {
        const from = this.dataset.from ? document.getElementById(this.dataset.from) : null;
        const text = this.dataset.text ?? from?.textContent ?? "";
        try {
          await navigator.clipboard.writeText(text);
          showToast({ text: this.dataset.said ?? "Copied.", tone: "good" });
        } catch {
          showToast({
            text: "This browser does not allow copying. Select the text, then press Ctrl C.",
            tone: "warn",
          });
        }
      },
      { signal },
    );
  }
}

define("dialog-host", DialogHost);
define("theme-switch", ThemeSwitch);
define("option-list", OptionList);
define("date-range", DateRange);
define("copy-button", CopyButton);
