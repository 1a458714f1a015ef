// One call of a tool: what it waits for, what it asked for, what it said.

import type { Emission, ExtensionCall, GuestReply, ProgressNote, Settled } from "../../js/generated/protocol";
import { bounds } from "./bounds";
import { limitError, PanelError } from "./errors";
import type { Journal } from "./journal";
import type { Json } from "./json";
import { Log } from "./log";
import { advanced, type NumberSource, numberOf } from "./random";

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

/** What a call waits for and asks for; made when it first does, for most calls never. */
class Wishes {
  readonly waiting = new Map<number, Waiting>();
  readonly timers = new Map<number, Timer>();
  outbox: ExtensionCall[] = [];
  asked = 0;
  timerCount = 0;
}

/** What a call says; as rare. */
class Said {
  readonly log = new Log();
  emits: Emission[] = [];
  emitted = 0;
  progress: ProgressNote | null = null;
}

// One is made for each step of each handler, and every field of an object costs the engine as much as a dozen
// other operations: what is rare stands apart.
export class Call implements NumberSource {
  outcome: Outcome | null = null;
  /** An atomic call's transaction, while it waits. */
  open: { journal: Journal; used: Map<string, number> } | null = null;
  /** Rejected promises that nobody handles. */
  unhandled: Map<object, unknown> | null = null;
  /** The state of its random numbers. */
  private numbers: number;
  private wishes: Wishes | null = null;
  private said: Said | null = null;

  constructor(
    readonly id: number,
    readonly tool: string,
    readonly seed: number,
    /** One transaction from start to end. */
    readonly atomic: boolean,
  ) {
    this.numbers = seed;
  }

  /** The next number of `Math.random`. */
  next(): number {
    this.numbers = advanced(this.numbers);
    return numberOf(this.numbers);
  }

  /** What it is in a sentence: a tool by its name, or a lifecycle hook, whose name no tool can have. */
  get named(): string {
    return this.tool.includes(" ") ? this.tool : `tool ${this.tool}`;
  }

  /** Whether anything outside can make this call go on. */
  get isWaiting(): boolean {
    const { wishes } = this;
    return wishes !== null && (wishes.waiting.size > 0 || wishes.timers.size > 0);
  }

  get log(): Log {
    this.said ??= new Said();
    return this.said.log;
  }

  set progress(note: ProgressNote) {
    this.said ??= new Said();
    this.said.progress = note;
  }

  /** Asks the host for an extension's method; the promise settles in a later step. */
  ask(alias: string, method: string, args: Json[]): Promise<unknown> {
    const wishes = this.wished();
    if (wishes.asked >= bounds.calls) {
      throw limitError(
        "CALLS",
        `one call may use extensions ${bounds.calls} times`,
        bounds.calls,
        wishes.asked + 1,
        "split the work into several tools",
      );
    }
    const id = ++wishes.asked;
    wishes.outbox.push({ id, alias, method, args });
    return new Promise((resolve, reject) => wishes.waiting.set(id, { resolve, reject }));
  }

  /** Hands over the outcome of an extension call; one that was not asked for is ignored. */
  settle(result: Settled): void {
    const waiting = this.wishes?.waiting.get(result.id);
    if (waiting === undefined) return;
    this.wishes?.waiting.delete(result.id);
    const error = result.error;
    if (error === null || error === undefined) waiting.resolve(result.value);
    else waiting.reject(new PanelError(error.name || "Error", error.code, error.message, error.hint, error));
  }

  emit(event: string, payload: Json): void {
    this.said ??= new Said();
    const { said } = this;
    if (said.emitted >= MAX_EMITS)
      throw limitError("EMITS", `one call may emit ${MAX_EMITS} events`, MAX_EMITS, said.emitted + 1);
    said.emitted++;
    said.emits.push({ event, payload });
  }

  setTimer(run: Timer["run"], delay: unknown, values: readonly unknown[]): number {
    if (typeof run !== "function") throw new TypeError("setTimeout needs a function");
    const { timers } = this.wished();
    if (timers.size >= MAX_TIMERS)
      throw limitError(
        "TIMERS",
        `one call may have ${MAX_TIMERS} timers at a time`,
        MAX_TIMERS,
        timers.size + 1,
      );
    const wait = Math.min(Math.max(0, Math.trunc(Number(delay)) || 0), MAX_DELAY);
    const id = this.nextTimerId();
    timers.set(id, { due: Date.now() + wait, run, values });
    return id;
  }

  clearTimer(id: unknown): void {
    this.wishes?.timers.delete(Number(id));
  }

  /** Runs the timers that are due, the earliest first. */
  runTimers(): void {
    const { wishes } = this;
    if (wishes === null) return;
    const now = Date.now();
    const due = [...wishes.timers]
      .filter(([, timer]) => timer.due <= now)
      .sort(([, a], [, b]) => a.due - b.due);
    for (const [id, timer] of due) {
      if (!wishes.timers.delete(id)) continue;
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
    for (const timer of this.wishes?.timers.values() ?? [])
      next = next === null ? timer.due : Math.min(next, timer.due);
    return next === null ? null : Math.max(0, next - Date.now());
  }

  takeOutbox(): ExtensionCall[] {
    const { wishes } = this;
    if (wishes === null) return [];
    const calls = wishes.outbox;
    wishes.outbox = [];
    return calls;
  }

  /**
   * Puts its name and what it has said since the last time into a reply.  Events travel with the step that commits;
   * of one that fails only the log does.
   */
  tell(
    reply: Pick<Partial<GuestReply>, "tool" | "emits" | "logs" | "progress">,
    step: "commits" | "waits" | "fails",
  ): void {
    if (this.tool !== "") reply.tool = this.tool;
    const { said } = this;
    if (said === null) return;
    reply.logs = said.log.take();
    if (step === "fails") return;
    reply.progress = said.progress;
    said.progress = null;
    if (step === "waits") return;
    if (said.emits.length > 0) reply.emits = said.emits;
    said.emits = [];
  }

  private nextTimerId(): number {
    return ++this.wished().timerCount;
  }

  private wished(): Wishes {
    this.wishes ??= new Wishes();
    return this.wishes;
  }
}
