import type { Question } from "../render/host";

/** The questions that calls of this page wait with, in order; and in which view each call was made. */
export class Questions {
  /** The view that was used last. */
  attended = "";
  #open = new Map<number, Question>();
  #madeIn = new Map<number, string>();

  /** A call was made. */
  made(seq: number): void {
    this.#madeIn.set(seq, this.attended);
  }

  ask(seq: number, text: string): void {
    this.#open.set(seq, { seq, text, view: this.#madeIn.get(seq) ?? "" });
  }

  /** Whether there was a question about the call, which there is no longer. */
  take(seq: number): boolean {
    return this.#open.delete(seq);
  }

  /** A call has ended; whether there was a question about it. */
  ended(seq: number): boolean {
    this.#madeIn.delete(seq);
    return this.take(seq);
  }

  clear(): void {
    this.#open.clear();
    this.#madeIn.clear();
  }

  get first(): Question | null {
    const [question = null] = this.#open.values();
    return question;
  }
}
