import { make } from "./lib/dom";
import { define, Island } from "./lib/island";
import { csrfToken } from "./lib/net";

export interface Toast {
  text: string;
  tone?: "" | "good" | "warn" | "bad";
  undo_url?: string;
  link_url?: string;
  link_label?: string;
}

const STAY = 10_000;
const DRAWINGS: Record<string, string> = {
  "": "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M8 7.5V11M8 5.2h.01",
  good: "m3 8.5 3.5 3.5L13 4.5",
  warn: "M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01",
  bad: "M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01",
  cross: "m4 4 8 8M12 4l-8 8",
};

function drawing(name: string): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", name === "cross" ? "icon icon--small" : "icon");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", DRAWINGS[name] ?? DRAWINGS[""] ?? "");
  svg.append(path);
  return svg;
}

/** Draws the same markup as components/toast.html. */
function draw(toast: Toast): HTMLElement {
  const tone = toast.tone ?? "";
  const classes = ["toast", tone && `toast--${tone}`, toast.undo_url && "toast--undo"]
    .filter(Boolean)
    .join(" ");
  const element = make("div", { class: classes, role: tone === "bad" ? "alert" : "status" });
  element.append(drawing(tone), make("p", { class: "toast__text" }, toast.text));
  if (toast.undo_url) {
    const form = make("form", { method: "post", action: toast.undo_url });
    form.append(
      make("input", { type: "hidden", name: "csrfmiddlewaretoken", value: csrfToken() }),
      make("input", { type: "hidden", name: "next", value: location.pathname + location.search }),
      make("button", { class: "btn btn--small" }, "Undo"),
    );
    element.append(form);
  } else if (toast.link_url) {
    element.append(make("a", { class: "btn btn--small", href: toast.link_url }, toast.link_label || "Open"));
  } else {
    element.append(make("span"));
  }
  const close = make("button", {
    type: "button",
    class: "btn btn--quiet btn--small btn--icon",
    "data-dismiss": "",
    "aria-label": "Dismiss",
  });
  close.append(drawing("cross"));
  element.append(close);
  return element;
}

/** Show a notice now. */
export function showToast(toast: Toast): void {
  document.dispatchEvent(new CustomEvent("toast", { detail: toast }));
}

/** Where notices appear. It survives page changes, so that an undo stays in reach for its ten seconds. */
export class ToastRegion extends Island {
  protected connect(signal: AbortSignal): void {
    if (!this.hasAttribute("popover")) this.setAttribute("popover", "manual");
    document.addEventListener("toast", (event) => this.#add(draw((event as CustomEvent<Toast>).detail)), {
      signal,
    });
    document.addEventListener("htmx:after:swap", () => this.#collect(), { signal });
    this.addEventListener(
      "click",
      (event) => {
        if (event.target instanceof Element && event.target.closest("[data-dismiss]"))
          this.#drop(event.target.closest(".toast"));
      },
      { signal },
    );
    this.addEventListener(
      "submit",
      (event) => setTimeout(() => this.#drop((event.target as Element).closest(".toast"))),
      {
        signal,
      },
    );
    this.#collect();
  }

  /** Take over the notices that the server put at the end of the page. */
  #collect(): void {
    for (const toast of document.querySelectorAll<HTMLElement>("#flash > .toast")) this.#add(toast);
    if (this.children.length) this.#raise();
  }

  #add(toast: HTMLElement): void {
    this.append(toast);
    window.htmx?.process(toast);
    this.#raise();
    let left = STAY;
    const tick = setInterval(() => {
      if (!toast.isConnected) clearInterval(tick);
      else if (!toast.matches(":hover, :focus-within") && document.visibilityState === "visible") left -= 250;
      if (left <= 0) {
        clearInterval(tick);
        this.#drop(toast);
      }
    }, 250);
    while (this.children.length > 4) this.firstElementChild?.remove();
  }

  /** A popover is above dialogs; showing it again puts it on top of those opened since. */
  #raise(): void {
    if (!this.isConnected || typeof this.showPopover !== "function") return;
    if (this.matches(":popover-open")) this.hidePopover();
    this.showPopover();
  }

  #drop(toast: Element | null): void {
    toast?.remove();
    if (!this.children.length && this.matches(":popover-open")) this.hidePopover();
  }
}

define("toast-region", ToastRegion);
