import { closest, isTyping, isUsable, keepChoice, make } from "./lib/dom";
import { define, Island } from "./lib/island";

export interface Shortcut {
  /** A key as `KeyboardEvent.key` names it; `Mod+k` is Ctrl or ⌘. */
  key: string;
  label: string;
  group: string;
  run: (event: KeyboardEvent) => void;
}

const registry = new Set<Shortcut>();

/** Add a shortcut until the signal is aborted. */
export function addShortcut(shortcut: Shortcut, signal?: AbortSignal): void {
  registry.add(shortcut);
  signal?.addEventListener("abort", () => registry.delete(shortcut));
}

/** Whether single keys do anything: a person can switch them off (WCAG 2.1.4). */
export function singleKeysOn(): boolean {
  return document.body.dataset.shortcuts !== "off";
}

function nameOf(event: KeyboardEvent): string {
  const key =
    event.key.length === 1 && /[A-Z]/.test(event.key) && !event.shiftKey
      ? event.key.toLowerCase()
      : event.key;
  return event.ctrlKey || event.metaKey ? `Mod+${key.toLowerCase()}` : key;
}

/** The part of the page that keys belong to now: the open dialog, or all of it. */
function stage(): ParentNode {
  const open = document.querySelectorAll<HTMLDialogElement>("dialog[open]");
  return open[open.length - 1] ?? document;
}

/** Press the element that is marked with the key, as in `<button data-key="s">Skip</button>`. */
function pressMarked(event: KeyboardEvent): boolean {
  if (event.key === " " || event.key === "Tab" || event.altKey) return false;
  // Enter already presses what has the focus.
  if (
    event.key === "Enter" &&
    document.activeElement?.matches("a, button, summary, [role='option'], input, tr")
  )
    return false;
  const marked = [...stage().querySelectorAll<HTMLElement>(`[data-key~="${CSS.escape(event.key)}"]`)].find(
    isUsable,
  );
  if (!marked) return false;
  if (
    marked.dataset.keyDo === "focus" ||
    marked.matches("input:not([type=checkbox], [type=radio]), select, textarea")
  )
    marked.focus();
  else marked.click();
  return true;
}

export function startKeyboard(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    const name = nameOf(event);
    const modified = name.startsWith("Mod+");
    if (!modified && (isTyping(event.target) || !singleKeysOn())) return;
    const found = [...registry].filter((shortcut) => shortcut.key === name).pop();
    const inDialog = stage() !== document;
    if (found && (modified || !inDialog)) {
      event.preventDefault();
      found.run(event);
    } else if (!modified && pressMarked(event)) {
      event.preventDefault();
    }
  });
}

const CAPS: Record<string, string> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  " ": "Space",
};

function caps(key: string): HTMLElement {
  const line = make("span", { class: "keys" });
  const mod = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";
  for (const part of key.split(" ")) {
    const text = part.startsWith("Mod+") ? `${mod} ${part.slice(4).toUpperCase()}` : (CAPS[part] ?? part);
    line.append(make("kbd", {}, text.length === 1 ? text.toUpperCase() : text));
  }
  return line;
}

/** The sheet behind "?": filled from the registry and from what the page marks, so that it cannot drift. */
export class ShortcutHelp extends Island {
  protected connect(signal: AbortSignal): void {
    const toggle = this.querySelector<HTMLInputElement>("[data-shortcut-switch]");
    addShortcut({ key: "?", label: "Show this sheet", group: "Anywhere", run: () => this.open() }, signal);
    document.addEventListener("click", (event) => closest(event, "[data-open-shortcuts]") && this.open(), {
      signal,
    });
    toggle?.addEventListener(
      "change",
      () => {
        document.body.dataset.shortcuts = toggle.checked ? "on" : "off";
        keepChoice("roadbed_shortcuts", toggle.checked ? "on" : "off");
      },
      { signal },
    );
  }

  open(): void {
    const list = this.querySelector("[data-shortcut-list]");
    const toggle = this.querySelector<HTMLInputElement>("[data-shortcut-switch]");
    if (toggle) toggle.checked = singleKeysOn();
    list?.replaceChildren(...this.#groups());
    for (const open of document.querySelectorAll<HTMLElement>("[popover]:popover-open:not(#toasts)"))
      open.hidePopover();
    this.querySelector("dialog")?.showModal();
  }

  #groups(): HTMLElement[] {
    const groups = new Map<string, Map<string, string>>();
    const put = (group: string, label: string, key: string): void => {
      const lines = groups.get(group) ?? new Map<string, string>();
      lines.set(label, [lines.get(label), key].filter(Boolean).join(" "));
      groups.set(group, lines);
    };
    for (const shortcut of registry) put(shortcut.group, shortcut.label, shortcut.key);
    for (const marked of document.querySelectorAll<HTMLElement>("#main [data-key]")) {
      const label =
        marked.dataset.keyLabel ?? marked.getAttribute("aria-label") ?? marked.textContent?.trim() ?? "";
      put("This page", label.replace(/\s+/g, " "), (marked.dataset.key ?? "").split(" ")[0] ?? "");
    }
    const named = [...groups].sort(([a], [b]) => Number(b === "Anywhere") - Number(a === "Anywhere"));
    return named.map(([name, lines]) => {
      const section = make("section");
      const rows = make("ul");
      for (const [label, key] of lines) {
        const row = make("li");
        row.append(make("span", {}, label), caps(key));
        rows.append(row);
      }
      section.append(make("h3", {}, name), rows);
      return section;
    });
  }
}

define("shortcut-help", ShortcutHelp);
