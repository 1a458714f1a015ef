/** The calls of a panel that runs in the page: what each was begun with, and which of one tool run or wait. */
import type { Json } from "../host/json";
import type { Moment } from "../host/moment";
import type { Chain } from "./hooks";

export interface LocalCall {
  readonly id: number;
  /** What runs: a tool, or a lifecycle hook by its name. */
  readonly tool: string;
  /** The hook's place in the program; null for a tool. */
  readonly hook: number | null;
  readonly args: Json;
  /** The event of a page that asked for it; null for a hook. */
  readonly asked: { readonly client: string; readonly seq: number } | null;
  /** The hooks that led to it, itself among them. */
  readonly chain: Chain;
  readonly moment: Moment;
  began: boolean;
  /** Milliseconds that its steps took. */
  spent: number;
  /** Whether the page was told that it takes a while. */
  announced: boolean;
  /** Whether the person has answered what the tool asks before it runs. */
  confirmed: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What becomes of a call that comes to a tool. */
export type Entry = "runs" | "waits" | "refused" | { readonly replaces: readonly LocalCall[] };

/** The calls of one tool, as `concurrency` has it. */
export class Gate {
  readonly #running = new Set<LocalCall>();
  #waiting: LocalCall[] = [];

  constructor(private readonly policy: string) {}

  enter(call: LocalCall): Entry {
    if (this.#running.size === 0 || this.policy === "parallel") {
      this.#running.add(call);
      return "runs";
    }
    if (this.policy === "drop") return "refused";
    if (this.policy !== "latest") {
      this.#waiting.push(call);
      return "waits";
    }
    const replaces = [...this.#running, ...this.#waiting];
    this.#running.clear();
    this.#waiting = [];
    this.#running.add(call);
    return { replaces };
  }

  /** The call has ended; the one that is next, if any. */
  leave(call: LocalCall): LocalCall | undefined {
    this.#running.delete(call);
    this.#waiting = this.#waiting.filter((other) => other !== call);
    if (this.#running.size > 0) return undefined;
    const next = this.#waiting.shift();
    if (next) this.#running.add(next);
    return next;
  }
}
