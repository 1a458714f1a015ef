/** What is done again after ever longer times, until there is no more reason to. */

/** Milliseconds between two times, at the most. */
const LONGEST_PAUSE = 160_000;

export class Again {
  readonly #act: () => boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `act` says whether it is to be done again. */
  constructor(act: () => boolean) {
    this.#act = act;
  }

  /** Whether it will be done. */
  get running(): boolean {
    return this.#timer !== undefined;
  }

  /** First after `delay` milliseconds, then after `pause`, and after twice as many each time. */
  start(delay: number, pause: number): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#act() && !this.running) this.start(pause, Math.min(2 * pause, LONGEST_PAUSE));
    }, delay);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
