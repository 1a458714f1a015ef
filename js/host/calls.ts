/**
 * The calls that this page waits for.  A click is never silently swallowed: a call shows itself soon
 * after it was made, and offers a way out when it takes long.
 */
import type { ErrorInfo } from "../generated/protocol";

/** A call is shown as pending after this many milliseconds: late enough not to flicker, within 150. */
export const SHOW_AFTER = 120;
/** After this many milliseconds it can be cancelled, and says what it waits for. */
export const LONG_AFTER = 3_000;

/** How a call ended: `error` is null when it went well. */
export interface Outcome {
  readonly error: ErrorInfo | null;
}

/** What one node is waiting for; replaced, never changed, so that identity tells of news. */
export interface PendingCall {
  readonly seq: number;
  readonly shown: boolean;
  readonly long: boolean;
  readonly cancelling: boolean;
  /** The tool that runs, null while the kernel has not taken the call up. */
  readonly tool: string | null;
  /** Whether others of the tool come before it. */
  readonly queued: boolean;
  /** Whether it waits for the person's answer: there is a dialog about that. */
  readonly asking: boolean;
  /** Whether all that it does is shown already. */
  readonly expected: boolean;
  readonly progress: { readonly done: number; readonly total: number | null; readonly text: string } | null;
}

interface Entry {
  node: string;
  state: PendingCall;
  timers: ReturnType<typeof setTimeout>[];
  settle: (outcome: Outcome) => void;
}

export class Calls {
  #entries = new Map<number, Entry>();
  #changed: (node: string) => void;

  /** `changed` is told the node whose calls changed. */
  constructor(changed: (node: string) => void) {
    this.#changed = changed;
  }

  open(seq: number, node: string): Promise<Outcome> {
    const { promise, resolve } = withResolvers<Outcome>();
    const later = (delay: number, part: Partial<PendingCall>) =>
      setTimeout(() => this.update(seq, part), delay);
    this.#entries.set(seq, {
      node,
      state: {
        ...{ seq, shown: false, long: false, cancelling: false, tool: null, queued: false },
        ...{ asking: false, expected: false },
        progress: null,
      },
      timers: [later(SHOW_AFTER, { shown: true }), later(LONG_AFTER, { long: true })],
      settle: resolve,
    });
    this.#changed(node);
    return promise;
  }

  update(seq: number, part: Partial<PendingCall>): void {
    const entry = this.#entries.get(seq);
    if (!entry) return;
    entry.state = { ...entry.state, ...part };
    this.#changed(entry.node);
  }

  /** Ends a call; null when there is none of that number (it ended before, or was another page's). */
  settle(seq: number, outcome: Outcome): string | null {
    const entry = this.#entries.get(seq);
    if (!entry) return null;
    this.#entries.delete(seq);
    for (const timer of entry.timers) clearTimeout(timer);
    entry.settle(outcome);
    this.#changed(entry.node);
    return entry.node;
  }

  has(seq: number): boolean {
    return this.#entries.has(seq);
  }

  /** The oldest call of a node that is worth showing. */
  shown(node: string): PendingCall | null {
    for (const entry of this.#entries.values()) {
      const { shown, asking, expected } = entry.state;
      if (entry.node === node && shown && !asking && !expected) return entry.state;
    }
    return null;
  }

  /** What calls do is shown no longer before the kernel says so: those that wait are told of again. */
  unexpect(): void {
    for (const [seq, { state }] of this.#entries) if (state.expected) this.update(seq, { expected: false });
  }

  /** How many calls that are shown already the kernel has not taken up for long. */
  get overdue(): number {
    let count = 0;
    for (const { state } of this.#entries.values()) if (state.expected && state.long) count += 1;
    return count;
  }

  settleAll(outcome: Outcome): void {
    for (const seq of [...this.#entries.keys()]) this.settle(seq, outcome);
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
