// One call of a tool: what it waits for, what it asked for, what it said.

import type { Emission, ExtensionCall, ProgressNote, Settled } from "../../js/generated/protocol";
import { bounds } from "./bounds";
import { limitError, PanelError } from "./errors";
import type { Journal } from "./journal";
import type { Json } from "./json";
import { Log } from "./log";
import { RandomSource } from "./random";

const MAX_EMITS = 100;
const MAX_TIMERS = 100;
const MAX_DELAY = 2 ** 31 - 1;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Timer {
  due: number;
  run: (...values: unknown[]) => unknown;
  values: readonly unknown[];
}

export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

export class Call {
  readonly log = new Log();
  readonly random: RandomSource;
  outcome: Outcome | null = null;
  progress: ProgressNote | null = null;
  /** An atomic call's transaction, while it waits. */
  open: { journal: Journal; used: Map<string, number> } | null = null;
  /** Rejected promises that nobody handles. */
  unhandled: Map<object, unknown> | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private readonly timers = new Map<number, Timer>();
  private outbox: ExtensionCall[] = [];
  private emits: Emission[] = [];
  private asked = 0;
  private emitted = 0;
  private timerCount = 0;

  constructor(
    readonly id: number,
    readonly tool: string,
    seed: number,
    /** One transaction from start to end. */
    readonly atomic: boolean,
  ) {
    this.random = new RandomSource(seed);
  }

  /** Whether anything outside can make this call go on. */
  get isWaiting(): boolean {
    return this.waiting.size > 0 || this.timers.size > 0;
  }

  /** Asks the host for an extension's method; the promise settles in a later step. */
  ask(alias: string, method: string, args: Json[]): Promise<unknown> {
    if (this.asked >= bounds.calls) {
      throw limitError(
        "CALLS",
        `one call may use extensions ${bounds.calls} times`,
        bounds.calls,
        this.asked + 1,
        "split the work into several tools",
      );
    }
    const id = ++this.asked;
    this.outbox.push({ id, alias, method, args });
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  /** Hands over the outcome of an extension call; one that was not asked for is ignored. */
  settle(result: Settled): void {
    const waiting = this.waiting.get(result.id);
    if (waiting === undefined) return;
    this.waiting.delete(result.id);
    const error = result.error;
    if (error === null || error === undefined) waiting.resolve(result.value);
    else waiting.reject(new PanelError(error.name || "Error", error.code, error.message, error.hint, error));
  }

  emit(event: string, payload: Json): void {
    if (this.emitted >= MAX_EMITS)
      throw limitError("EMITS", `one call may emit ${MAX_EMITS} events`, MAX_EMITS, this.emitted + 1);
    this.emitted++;
    this.emits.push({ event, payload });
  }

  setTimer(run: Timer["run"], delay: unknown, values: readonly unknown[]): number {
    if (typeof run !== "function") throw new TypeError("setTimeout needs a function");
    if (this.timers.size >= MAX_TIMERS)
      throw limitError(
        "TIMERS",
        `one call may have ${MAX_TIMERS} timers at a time`,
        MAX_TIMERS,
        this.timers.size + 1,
      );
    const wait = Math.min(Math.max(0, Math.trunc(Number(delay)) || 0), MAX_DELAY);
    const id = ++this.timerCount;
    this.timers.set(id, { due: Date.now() + wait, run, values });
    return id;
  }

  clearTimer(id: unknown): void {
    this.timers.delete(Number(id));
  }

  /** Runs the timers that are due, the earliest first. */
  runTimers(): void {
    const now = Date.now();
    const due = [...this.timers]
      .filter(([, timer]) => timer.due <= now)
      .sort(([, a], [, b]) => a.due - b.due);
    for (const [id, timer] of due) {
      if (!this.timers.delete(id)) continue;
      try {
        timer.run(...timer.values);
      } catch (error) {
        this.outcome = { ok: false, error };
      }
    }
  }

  /** Milliseconds until the next timer, null without one. */
  get nextTimer(): number | null {
    let next: number | null = null;
    for (const timer of this.timers.values()) next = next === null ? timer.due : Math.min(next, timer.due);
    return next === null ? null : Math.max(0, next - Date.now());
  }

  takeOutbox(): ExtensionCall[] {
    const calls = this.outbox;
    this.outbox = [];
    return calls;
  }

  takeEmits(): Emission[] {
    const emits = this.emits;
    this.emits = [];
    return emits;
  }

  takeProgress(): ProgressNote | null {
    const progress = this.progress;
    this.progress = null;
    return progress;
  }
}
