import { closest } from "./lib/dom";

/** Small things that hold for the whole document, and need no element of their own. */
export function startComforts(): void {
  keepAgesTrue();
  guardTyping();
  focusErrors();
  joinFields();
  placePopovers();
}

function age(then: number, now: number): string {
  const seconds = Math.abs(now - then) / 1000;
  if (seconds < 60) return "now";
  const units: [number, number, string][] = [
    [3_600, 60, "min"],
    [86_400, 3_600, "h"],
    [86_400 * 14, 86_400, "d"],
    [86_400 * 61, 86_400 * 7, "w"],
    [86_400 * 730, 86_400 * 30.44, "mo"],
    [Number.POSITIVE_INFINITY, 86_400 * 365.25, "y"],
  ];
  const [, size, unit] = units.find(([limit]) => seconds < limit) ?? [0, 1, "s"];
  const text = `${Math.floor(seconds / size)} ${unit}`;
  return then > now ? `in ${text}` : text;
}

/** "2 h" turns into "3 h" while the page stays open. */
function keepAgesTrue(): void {
  setInterval(() => {
    if (document.visibilityState !== "visible") return;
    for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-age]")) {
      const text = age(Date.parse(time.dateTime), Date.now());
      if (time.textContent !== text) time.textContent = text;
    }
  }, 30_000);
}

const changed = new WeakSet<HTMLFormElement>();

function unsaved(): boolean {
  return [...document.querySelectorAll<HTMLFormElement>("form[data-guard]")].some((form) =>
    changed.has(form),
  );
}

/** Ask before words that were typed into a guarded form are left behind. */
function guardTyping(): void {
  document.addEventListener("input", (event) => {
    const form = closest(event, "form[data-guard]");
    if (form instanceof HTMLFormElement) changed.add(form);
  });
  for (const name of ["submit", "reset"]) {
    document.addEventListener(
      name,
      (event) => event.target instanceof HTMLFormElement && changed.delete(event.target),
    );
  }
  window.addEventListener("beforeunload", (event) => {
    if (unsaved()) event.preventDefault();
  });
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = (event as CustomEvent<{ ctx: { target?: Element; request: { method: string } } }>).detail;
    if (ctx.target !== document.body || ctx.request.method !== "GET" || !unsaved()) return;
    if (!window.confirm("What you typed is not saved. Leave it behind?")) event.preventDefault();
  });
}

/** An error summary takes the focus when it appears; its links lead into the fields. */
function focusErrors(): void {
  const look = (): void => document.querySelector<HTMLElement>("[data-error-summary]")?.focus();
  document.addEventListener("htmx:after:swap", look);
  look();
  document.addEventListener("click", (event) => {
    const href = closest(event, "[data-error-summary] a")?.getAttribute("href");
    const field = href?.startsWith("#") ? document.getElementById(href.slice(1)) : null;
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.scrollIntoView({ block: "center" });
  });
}

/** Several boxes of one name become one parameter with commas, for shorter addresses. */
function joinFields(): void {
  document.addEventListener("formdata", (event) => {
    const name = event.target instanceof HTMLFormElement ? event.target.dataset.join : undefined;
    if (!name) return;
    const values = event.formData.getAll(name);
    event.formData.delete(name);
    event.formData.append(name, values.join(","));
  });
}

/** Browsers without anchor positioning get their popovers placed under the button that opened them. */
function placePopovers(): void {
  if (CSS.supports("position-area", "block-end span-inline-end")) return;
  document.addEventListener(
    "toggle",
    (event) => {
      const popover = event.target;
      if (!(popover instanceof HTMLElement) || !popover.matches(".popover:popover-open")) return;
      const opener = document.querySelector(`[popovertarget="${CSS.escape(popover.id)}"]`);
      if (!opener) return;
      const at = opener.getBoundingClientRect();
      const size = popover.getBoundingClientRect();
      const left = popover.classList.contains("popover--end") ? at.right - size.width : at.left;
      const below = at.bottom + size.height + 8 < window.innerHeight || at.top < size.height;
      popover.style.left = `${Math.max(8, Math.min(left, window.innerWidth - size.width - 8))}px`;
      popover.style.top = `${below ? at.bottom : at.top - size.height - 8}px`;
    },
    { capture: true },
  );
}
