import { closest } from "../lib/dom";
import { define, Island } from "../lib/island";

/** The drawing is the server's. "Explore" loads Vega, only then, and draws the same figures so that they can be pointed at. */
export class ChartView extends Island {
  #finish: (() => void) | null = null;

  protected connect(signal: AbortSignal): void {
    this.addEventListener(
      "click",
      (event) => {
        if (closest(event, "[data-explore]")) void this.#explore(signal);
      },
      { signal },
    );
    signal.addEventListener("abort", () => this.#finish?.());
  }

  async #explore(signal: AbortSignal): Promise<void> {
    const button = this.querySelector<HTMLButtonElement>("[data-explore]");
    const still = this.querySelector<HTMLElement>(".chart__drawing");
    const live = this.querySelector<HTMLElement>(".chart__live");
    if (!button || !still || !live || !this.dataset.spec) return;
    const open = live.hidden;
    button.setAttribute("aria-pressed", String(open));
    live.hidden = !open;
    still.hidden = open;
    if (!open || live.childElementCount) return;
    button.disabled = true;
    try {
      const [{ draw }, answer] = await Promise.all([
        import("../chart"),
        fetch(this.dataset.spec, { signal }),
      ]);
      if (!answer.ok) throw new Error(`The figures did not come (${answer.status}).`);
      this.#finish = await draw(live, (await answer.json()) as object);
    } catch (error) {
      live.textContent = error instanceof Error ? error.message : "The chart could not be drawn.";
    } finally {
      button.disabled = false;
    }
  }
}

define("chart-view", ChartView);
