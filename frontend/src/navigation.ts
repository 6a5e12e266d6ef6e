import htmx from "htmx.org";
import { announce } from "./lib/dom";
import { csrfToken, errorSentence } from "./lib/net";
import { showToast } from "./toasts";

/** What we use of htmx's request context. */
interface Context {
  sourceElement: Element;
  target: Element | null;
  swap: string;
  text: string;
  status: string;
  request: {
    method: string;
    action: string;
    headers: Record<string, string>;
    body: FormData | URLSearchParams | null;
    signal: AbortSignal;
  };
  response?: { raw: Response; status: number; headers: Headers };
}

declare global {
  interface Window {
    htmx?: typeof htmx;
  }
}

const context = (event: Event): Context | undefined => (event as CustomEvent<{ ctx?: Context }>).detail.ctx;
const isBoosted = (ctx: Context): boolean => ctx.request.headers["HX-Boosted"] === "true";
const samePath = (url: string): boolean => new URL(url, location.href).pathname === location.pathname;
const KEEP_PLACE = "innerMorph show:none";

function on(name: string, listener: (ctx: Context, event: Event) => void): void {
  document.addEventListener(name, (event) => {
    const ctx = context(event);
    if (ctx) listener(ctx, event);
  });
}

/** Set by the last body swap: which page was left, and where the navigation column stood. */
let leaving: { path: string; scroll: number } | null = null;
let busy = 0;

function setBusy(change: number): void {
  busy = Math.max(0, busy + change);
  document.getElementById("hairline")?.classList.toggle("is-busy", busy > 0);
}

export function startNavigation(): void {
  on("htmx:config:request", (ctx) => {
    const { request } = ctx;
    if (!["GET", "HEAD"].includes(request.method)) request.headers["X-CSRFToken"] = csrfToken();
    if (request.method === "GET" && request.body && ctx.sourceElement instanceof HTMLFormElement)
      dropEmpty(request.body);
  });

  on("htmx:before:request", () => setBusy(1));
  on("htmx:finally:request", () => setBusy(-1));

  // A refusal is said as a toast. Only a form's own errors (422), and error pages reached by a link, are swapped in.
  on("htmx:before:response", (ctx, event) => {
    const raw = ctx.response?.raw;
    if (!raw || raw.status < 400 || raw.status === 422) return;
    if (
      isBoosted(ctx) &&
      ctx.request.method === "GET" &&
      (raw.headers.get("Content-Type") ?? "").includes("html")
    )
      return;
    event.preventDefault();
    if ((raw.headers.get("HX-Trigger") ?? "").includes('"toast"')) return;
    void raw.text().then((text) => {
      showToast({
        text: errorSentence(text, raw.headers.get("Content-Type") ?? "", raw.status),
        tone: "bad",
      });
    });
  });

  on("htmx:after:request", (ctx, event) => {
    const raw = ctx.response?.raw;
    if (!raw) return;
    const wholePage = /^\s*<!doctype html/i.test(ctx.text);
    if (wholePage && ctx.target !== document.body) {
      // A fragment's request was sent elsewhere, to sign in for instance: go there as a whole.
      event.preventDefault();
      window.location.assign(raw.redirected ? raw.url : location.href);
      return;
    }
    if (!isBoosted(ctx) || ctx.target !== document.body) return;
    if (samePath(raw.url) && !ctx.sourceElement.closest("[data-scroll='top']")) ctx.swap = KEEP_PLACE;
    // Morphing keeps what was typed; what was accepted must not stand in the field again.
    if (ctx.request.method !== "GET" && raw.ok && ctx.sourceElement instanceof HTMLFormElement)
      if (!ctx.sourceElement.hasAttribute("data-keep")) ctx.sourceElement.reset();
  });

  on("htmx:error", (ctx) => {
    if (ctx.response) return;
    showToast({ text: "No answer from the server. Check the connection, then try again.", tone: "bad" });
  });

  on("htmx:before:swap", (ctx) => {
    if (ctx.target !== document.body) return;
    for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
    for (const open of document.querySelectorAll<HTMLElement>("[popover]:popover-open:not(#toasts)"))
      open.hidePopover();
    leaving = { path: location.pathname, scroll: document.getElementById("nav")?.scrollTop ?? 0 };
  });

  on("htmx:after:swap", (ctx) => {
    if (!leaving || ctx.response === undefined) return;
    const { path, scroll } = leaving;
    leaving = null;
    const nav = document.getElementById("nav");
    if (nav) nav.scrollTop = scroll;
    setBusy(0);
    queueMicrotask(() => announce(document.title));
    if (path === location.pathname || document.querySelector("[autofocus]")) return;
    document.getElementById("main")?.focus({ preventScroll: true });
  });

  document.addEventListener("page:refresh", () => void refreshPage());
}

/** Fetch this page again and morph it in, keeping the place and what is being typed. */
export async function refreshPage(): Promise<void> {
  await htmx.ajax("GET", location.pathname + location.search, { target: "body", swap: KEEP_PLACE });
}

/** Empty fields say nothing in an address. */
function dropEmpty(body: FormData | URLSearchParams): void {
  for (const name of new Set(body.keys())) {
    const kept = body.getAll(name).filter((value) => value !== "");
    body.delete(name);
    for (const value of kept) {
      if (typeof value === "string") body.append(name, value);
    }
  }
}
