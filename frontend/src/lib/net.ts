import { showToast } from "../toasts";

/** The token that proves that a write comes from one of our pages. */
export function csrfToken(): string {
  return document.getElementById("csrf")?.dataset.token ?? "";
}

/** The sentence in an error answer that is meant for people. */
export function errorSentence(text: string, type: string, status: number): string {
  if (type.includes("json")) {
    try {
      const body = JSON.parse(text) as { detail?: unknown; title?: unknown };
      if (typeof body.detail === "string") return body.detail;
      if (typeof body.title === "string") return body.title;
    } catch {
      // Not JSON after all.
    }
  }
  if (type.includes("html")) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const marked =
      page.querySelector<HTMLElement>("[data-error]")?.dataset.error ?? page.querySelector("h1")?.textContent;
    if (marked?.trim()) return marked.trim();
    if (!page.querySelector("html > head > title") && text.length < 300)
      return page.body.textContent?.trim() || fallback(status);
  }
  if (type.includes("text/plain") && text.trim() && text.length < 300) return text.trim();
  return fallback(status);
}

function fallback(status: number): string {
  if (status === 403) return "Your role does not allow this.";
  if (status === 404) return "This is not there any more.";
  if (status === 409 || status === 412)
    return "Somebody changed this after you opened it. Reload to see their change.";
  if (status === 429) return "Too many requests. Wait a moment, then try again.";
  return status >= 500 ? "The server could not do this. Nothing was changed." : "This could not be done.";
}

/** Raise the events that an answer carries in its HX-Trigger header. */
export function raiseEvents(header: string | null, on: EventTarget = document): void {
  if (!header) return;
  if (!header.startsWith("{")) {
    for (const name of header.split(","))
      on.dispatchEvent(new CustomEvent(name.trim(), { bubbles: true, detail: {} }));
    return;
  }
  for (const [name, detail] of Object.entries(JSON.parse(header) as Record<string, unknown>)) {
    on.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }
}

/** Fetch a fragment of HTML as text. */
export async function fragment(url: string, signal?: AbortSignal): Promise<string> {
  const answer = await fetch(url, {
    headers: { Accept: "text/html", "HX-Request": "true", "HX-Request-Type": "partial" },
    credentials: "same-origin",
    signal: signal ?? null,
  });
  if (!answer.ok)
    throw new Error(
      errorSentence(await answer.text(), answer.headers.get("Content-Type") ?? "", answer.status),
    );
  return answer.text();
}

/** Send a write. Returns whether it was done; what went wrong is shown as a toast. */
export async function send(url: string, values: Record<string, string>, method = "POST"): Promise<boolean> {
  try {
    const answer = await fetch(url, {
      method,
      headers: {
        Accept: "text/html",
        "HX-Request": "true",
        "HX-Request-Type": "partial",
        "X-CSRFToken": csrfToken(),
      },
      body: new URLSearchParams(values),
      credentials: "same-origin",
    });
    raiseEvents(answer.headers.get("HX-Trigger"));
    if (answer.ok) return true;
    showToast({
      text: errorSentence(await answer.text(), answer.headers.get("Content-Type") ?? "", answer.status),
      tone: "bad",
    });
  } catch {
    showToast({ text: "No answer from the server. Check the connection, then try again.", tone: "bad" });
  }
  return false;
}
