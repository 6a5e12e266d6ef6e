// The customers' pages. Everything works without this; with it, votes count in place, puzzles are solved for
// nameless visitors, and what others asked for appears while one types.

const base = document.body.dataset.base ?? "";
const token = document.body.dataset.token ?? "";
const nameless = "puzzles" in document.body.dataset;

interface Puzzle {
  puzzle: string;
  bits: number;
}

interface Solution {
  puzzle: string;
  answer: string;
}

function announce(text: string): void {
  const place = document.getElementById("announcer");
  if (place) place.textContent = text;
}

async function post(url: string, data: Record<string, string>): Promise<Response> {
  return await fetch(url, {
    method: "POST",
    headers: { "X-Portal": "fragment", "X-CSRFToken": token },
    body: new URLSearchParams(data),
    credentials: "same-origin",
  });
}

async function solve(door: string): Promise<Solution | undefined> {
  const answer = await post(`${base}puzzle/`, { door });
  if (!answer.ok) return undefined;
  const set = (await answer.json()) as Puzzle;
  const worker = new Worker(new URL("./portal-worker.js", import.meta.url), { type: "module" });
  try {
    return await new Promise<Solution>((resolve, reject) => {
      worker.addEventListener("message", (event: MessageEvent<string>) =>
        resolve({ puzzle: set.puzzle, answer: event.data }),
      );
      worker.addEventListener("error", reject);
      worker.postMessage(set);
    });
  } finally {
    worker.terminate();
  }
}

/** Sends a vote and puts the new button in place of the old; where that fails, the form goes the ordinary way. */
async function vote(form: HTMLFormElement): Promise<void> {
  form.setAttribute("aria-busy", "true");
  const data = Object.fromEntries(new FormData(form)) as Record<string, string>;
  const wants = form.action.endsWith("/vote/");
  if (nameless && wants) Object.assign(data, await solve("vote"));
  const answer = await post(form.action, data);
  if (answer.status === 401) {
    const { sign_in: signIn } = (await answer.json()) as { sign_in: string };
    window.location.assign(signIn);
    return;
  }
  if (!answer.ok) {
    form.submit();
    return;
  }
  const held = document.createElement("template");
  held.innerHTML = (await answer.text()).trim();
  const fresh = held.content.querySelector(".vote");
  if (!fresh) {
    form.submit();
    return;
  }
  // The place to go back to is this page, not the address of the vote.
  const place = fresh.querySelector<HTMLInputElement>('input[name="next"]');
  if (place) place.value = data.next ?? place.value;
  form.replaceWith(fresh);
  const button = fresh.querySelector<HTMLElement>("button");
  button?.focus();
  announce(wants ? "Your vote counts." : "Your vote is taken back.");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  if ("vote" in form.dataset) {
    event.preventDefault();
    if (form.getAttribute("aria-busy") !== "true") vote(form).catch(() => form.submit());
    return;
  }
  const door = form.dataset.puzzle;
  const email = form.querySelector<HTMLInputElement>('input[name="email"]');
  const answer = form.querySelector<HTMLInputElement>('input[name="answer"]');
  if (!door || !nameless || !email || email.value.trim() !== "" || !answer || answer.value !== "") return;
  event.preventDefault();
  const working = form.querySelector<HTMLElement>("[data-working]");
  if (working) working.hidden = false;
  solve(door)
    .then((found) => {
      const puzzle = form.querySelector<HTMLInputElement>('input[name="puzzle"]');
      if (found && puzzle) {
        puzzle.value = found.puzzle;
        answer.value = found.answer;
      }
    })
    .finally(() => form.submit());
});

const asked = document.querySelector<HTMLInputElement>("[data-similar]");
const shown = document.getElementById("similar");
if (asked && shown) {
  let timer = 0;
  let latest = 0;
  asked.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(async () => {
      const mine = ++latest;
      const text = asked.value.trim();
      if (text.length < 4) {
        shown.replaceChildren();
        return;
      }
      const answer = await post(`${base}similar/`, { title: text });
      if (mine === latest && answer.ok) shown.innerHTML = await answer.text();
    }, 250);
  });
}

for (const field of document.querySelectorAll<HTMLElement>(".error-summary")) field.focus();
