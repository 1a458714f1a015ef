/** Listeners by topic: who listens to one thing is not woken by another. */
export class Topics {
  #listeners = new Map<string, Set<() => void>>();

  subscribe(topic: string, listener: () => void): () => void {
    const set = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, set.add(listener));
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#listeners.get(topic) === set) this.#listeners.delete(topic);
    };
  }

  notify(topic: string): void {
    const set = this.#listeners.get(topic);
    if (set) for (const listener of [...set]) listener();
  }

  /** How many listeners there are; 0 when nobody holds on to the panel any more. */
  get size(): number {
    let total = 0;
    for (const set of this.#listeners.values()) total += set.size;
    return total;
  }
}
