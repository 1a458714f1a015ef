/**
 * Whether a person can see the panel: one of its views, in a page that is in front.  Nothing is looked at, and nothing
 * said, unless the kernel asks: it does for a panel that rests while nobody looks.
 */

/** Milliseconds after which a page that shows the panel says so again; well within the protocol's `SIGHT_SECONDS`. */
export const RENEW_AFTER = 20_000;

export class Sight {
  /** The views' elements, and whether each of them is in the part of the page that can be seen. */
  #places = new Map<Element, boolean>();
  #observer: IntersectionObserver | null = null;
  #tell: (shown: boolean) => void;
  #end: AbortController | null = null;
  #told = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(tell: (shown: boolean) => void) {
    this.#tell = tell;
  }

  /** A view of the panel is in the page; the returned function takes it out. */
  add(place: Element): () => void {
    this.#places.set(place, false);
    this.#watch(place);
    this.#look();
    return () => {
      this.#places.delete(place);
      this.#observer?.unobserve(place);
      this.#look();
    };
  }

  /** The kernel wants to know from now on, or does no longer.  To ask again is to be told again. */
  ask(asked: boolean): void {
    if (!asked) {
      this.stop();
      return;
    }
    this.#told = false;
    if (!this.#end) this.#start();
    this.#look();
  }

  stop(): void {
    this.#end?.abort();
    this.#end = null;
    this.#observer?.disconnect();
    this.#observer = null;
    clearInterval(this.#timer);
    this.#told = false;
  }

  #start(): void {
    this.#end = new AbortController();
    const { signal } = this.#end;
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    // A page that goes away may get no other chance, and one that comes back from the browser's cache is shown again.
    window.addEventListener("pagehide", () => this.#say(false), { signal });
    window.addEventListener("pageshow", () => this.#look(), { signal });
    if (typeof IntersectionObserver === "function") {
      this.#observer = new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries)
          if (this.#places.has(target)) this.#places.set(target, isIntersecting);
        this.#look();
      });
    }
    for (const place of this.#places.keys()) this.#watch(place);
  }

  #watch(place: Element): void {
    if (this.#observer) this.#observer.observe(place);
    // Where nobody can tell, it is taken to be seen.
    else if (typeof IntersectionObserver !== "function") this.#places.set(place, true);
  }

  #look(): void {
    if (!this.#end) return;
    this.#say(document.visibilityState === "visible" && [...this.#places.values()].some(Boolean));
  }

  #say(shown: boolean): void {
    if (shown === this.#told) return;
    this.#told = shown;
    clearInterval(this.#timer);
    if (shown) this.#timer = setInterval(() => this.#tell(true), RENEW_AFTER);
    this.#tell(shown);
  }
}
