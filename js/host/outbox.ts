/**
 * What this page has told the kernel and has no answer to yet.  A message can get lost on its way, or its answer can: what
 * nobody has taken up is told again, and the kernel takes each but once.
 */
import type { ClientMessage } from "../generated/protocol";
import { Again } from "./again";

export type Numbered = Extract<ClientMessage, { kind: "event" | "undo" | "redo" }>;

/** Milliseconds without a word about a message after which the kernel is asked; then ever more. */
export const FIRST_DOUBT = 10_000;

export class Outbox {
  readonly #send: (message: ClientMessage) => boolean;
  readonly #client: string;
  readonly #waiting = new Map<number, { readonly message: Numbered; heard: boolean }>();
  #last = 0;
  /** The last message before the kernel was asked where it is. */
  #asked = 0;
  readonly #doubting: Again;

  /** `doubt` is called when something may have been lost: then the kernel is to say where it is. */
  constructor(client: string, send: (message: ClientMessage) => boolean, doubt: () => void) {
    this.#client = client;
    this.#send = send;
    this.#doubting = new Again(() => {
      if ([...this.#waiting.values()].some(({ heard }) => !heard)) doubt();
      return this.#waiting.size > 0;
    });
  }

  /** How many messages have no answer. */
  get size(): number {
    return this.#waiting.size;
  }

  /** False when it could not be handed over; then it will not be told again. */
  send(message: Numbered): boolean {
    this.#last = message.seq;
    if (!this.#send(message)) return false;
    this.#waiting.set(message.seq, { message, heard: false });
    if (!this.#doubting.running) this.#doubting.start(FIRST_DOUBT, 2 * FIRST_DOUBT);
    return true;
  }

  /** The kernel has taken it up. */
  heard(seq: number): void {
    const entry = this.#waiting.get(seq);
    if (entry) entry.heard = true;
  }

  /** It has ended. */
  done(seq: number): void {
    this.#waiting.delete(seq);
  }

  /** The kernel is being asked where it is. */
  ask(): void {
    this.#asked = this.#last;
  }

  /** It has said so: what was told before it was asked, and has no answer, is told again. */
  again(): void {
    for (const [seq, { message }] of this.#waiting) if (seq <= this.#asked) this.#send(message);
  }

  /** The kernel waits for this number: it gets it, or hears that it will not come. */
  missed(seq: number): void {
    const next = [...this.#waiting.keys()].find((each) => each >= seq) ?? this.#last + 1;
    if (next > seq) this.#send({ kind: "skip", client: this.#client, seq: next - 1 });
    for (const [each, { message }] of this.#waiting) if (each >= seq) this.#send(message);
  }

  end(): void {
    this.#doubting.stop();
    this.#waiting.clear();
  }
}
