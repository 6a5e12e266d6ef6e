/** A custom element that adds to a page which works without it, and leaves nothing behind when it is taken out. */
export abstract class Island extends HTMLElement {
  #listeners = new AbortController();

  connectedCallback(): void {
    this.#listeners = new AbortController();
    this.connect(this.#listeners.signal);
  }

  disconnectedCallback(): void {
    this.#listeners.abort();
  }

  /** Add every listener with the signal: it is aborted when the element leaves the page. */
  protected abstract connect(signal: AbortSignal): void;
}

/** Register the element once; a second bundle on the page must not throw. */
export function define(name: string, island: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, island);
}
