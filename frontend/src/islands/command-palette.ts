import { addShortcut } from "../keyboard";
import { closest, make, recall, remember } from "../lib/dom";
import { define, Island } from "../lib/island";
import { csrfToken, fragment } from "../lib/net";

interface Visit {
  href: string;
  label: string;
  key: string;
}

const KEPT = 6;

/** Ctrl K: go anywhere, do anything. The list is a fragment of the server's; arrow keys walk over its options. */
export class CommandPalette extends Island {
  #pending: AbortController | null = null;
  #timer = 0;

  protected connect(signal: AbortSignal): void {
    const input = this.#input;
    addShortcut(
      { key: "Mod+k", label: "Ask, search or jump to", group: "Anywhere", run: () => this.toggle() },
      signal,
    );
    addShortcut(
      { key: "/", label: "Ask, search or jump to", group: "Anywhere", run: () => this.open() },
      signal,
    );
    document.addEventListener(
      "click",
      (event) => {
        if (!closest(event, "[data-open-palette]") || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        this.open();
      },
      { signal },
    );
    input.addEventListener("input", () => this.#later(), { signal });
    input.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#list.addEventListener("click", (event) => this.#press(event), { signal });
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close(), {
      signal,
    });
    signal.addEventListener("abort", () => this.#pending?.abort());
  }

  open(): void {
    if (this.#dialog.open) return;
    for (const open of document.querySelectorAll<HTMLElement>("[popover]:popover-open:not(#toasts)"))
      open.hidePopover();
    this.#dialog.showModal();
    this.#input.value = "";
    this.#input.focus();
    void this.#fill();
  }

  toggle(): void {
    if (this.#dialog.open) this.#dialog.close();
    else this.open();
  }

  get #dialog(): HTMLDialogElement {
    return this.querySelector("dialog") as HTMLDialogElement;
  }

  get #input(): HTMLInputElement {
    return this.querySelector("input") as HTMLInputElement;
  }

  get #list(): HTMLElement {
    return this.querySelector("[role=listbox]") as HTMLElement;
  }

  get #options(): HTMLElement[] {
    return [...this.#list.querySelectorAll<HTMLElement>("[role=option]")];
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#fill(), 120);
  }

  async #fill(): Promise<void> {
    this.#pending?.abort();
    const asked = new AbortController();
    this.#pending = asked;
    const words = this.#input.value.trim();
    try {
      const html = await fragment(`${this.dataset.url}?q=${encodeURIComponent(words)}`, asked.signal);
      if (asked.signal.aborted) return;
      this.#list.replaceChildren(document.createRange().createContextualFragment(html));
      if (!words) this.#putRecent();
      this.#select(0);
    } catch (error) {
      if (asked.signal.aborted) return;
      const text = error instanceof Error ? error.message : "The search did not answer.";
      this.#list.replaceChildren(make("p", { class: "palette__note", role: "alert" }, text));
    }
  }

  #select(index: number): void {
    const options = this.#options;
    const chosen = options[(index + options.length) % Math.max(options.length, 1)];
    for (const option of options) option.setAttribute("aria-selected", String(option === chosen));
    if (chosen) {
      this.#input.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else {
      this.#input.removeAttribute("aria-activedescendant");
    }
  }

  #key(event: KeyboardEvent): void {
    const at = this.#options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + 8,
      PageUp: Math.max(0, at - 8),
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.#select(event.key === "PageDown" ? Math.min(step, this.#options.length - 1) : step);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      const chosen = this.#options[at];
      if (chosen instanceof HTMLAnchorElement) this.#go(chosen, event.ctrlKey || event.metaKey);
    }
  }

  #press(event: MouseEvent): void {
    const option = closest(event, "[role=option]");
    if (!(option instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#go(option, false);
  }

  #go(option: HTMLAnchorElement, newTab: boolean): void {
    this.#dialog.close();
    if (option.dataset.method === "post") {
      const form = make("form", { method: "post", action: option.href, hidden: "" });
      form.append(
        make("input", { type: "hidden", name: "csrfmiddlewaretoken", value: csrfToken() }),
        make("input", { type: "hidden", name: "next", value: location.pathname + location.search }),
      );
      document.body.append(form);
      form.submit();
      return;
    }
    this.#keep(option);
    if (newTab) {
      window.open(option.href, "_blank", "noopener");
      return;
    }
    const link = make("a", { href: option.href, "hx-boost": "true", hidden: "" });
    document.body.append(link);
    window.htmx?.process(link);
    link.click();
  }

  get #store(): string {
    return `roadbed.recent:${this.dataset.url}`;
  }

  #keep(option: HTMLAnchorElement): void {
    const visit: Visit = {
      href: option.pathname + option.search,
      label: option.querySelector(".truncate")?.textContent ?? "",
      key: option.querySelector(".key")?.textContent ?? "",
    };
    const others = recall<Visit[]>(this.#store, []).filter((one) => one.href !== visit.href);
    remember(this.#store, [visit, ...others].slice(0, KEPT));
  }

  #putRecent(): void {
    const visits = recall<Visit[]>(this.#store, []).filter((one) => one.href?.startsWith("/"));
    if (!visits.length) return;
    const group = make("div", { role: "group", "aria-labelledby": "palette-recent" });
    group.append(make("h3", { id: "palette-recent", role: "presentation" }, "Recent"));
    for (const [index, visit] of visits.entries()) {
      const option = make("a", {
        role: "option",
        id: `palette-recent-${index}`,
        tabindex: "-1",
        "aria-selected": "false",
        href: visit.href,
      });
      if (visit.key) option.append(make("span", { class: "key" }, visit.key));
      option.append(make("span", { class: "truncate" }, visit.label));
      group.append(option);
    }
    this.#list.prepend(group);
  }
}

define("command-palette", CommandPalette);
