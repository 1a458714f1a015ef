/** The lifecycle hooks of a panel that runs in the page: when each is to run, and with what.  Times are milliseconds. */
import { isObject, type Json, type JsonObject, own, string } from "../host/json";

/** What led to something, the first first: the names of hooks. */
export type Chain = readonly string[];

/** One run that is to begin: what the hook finds as `$args`, and what led to it. */
export interface Run {
  readonly args: Json;
  readonly chain: Chain;
}

/** As the kernel's limits have them: the least time between two ticks, and the failures that may wait. */
const LEAST_INTERVAL = 100;
const MOST_FAILURES = 100;

/** One hook.  `due` is when it is to run next; it never runs twice at a time. */
export class Hook {
  due: number | null = null;
  running = false;

  constructor(
    /** Its place in the program. */
    readonly index: number,
    readonly name: string,
    readonly on: string,
  ) {}

  /** When there is something to do; a hook that runs has to end first. */
  nextDue(): number | null {
    return this.running ? null : this.due;
  }

  /** The run that is due. */
  take(_now: number): Run {
    this.due = null;
    return { args: null, chain: [] };
  }

  /** The run that was taken is over; it took so long. */
  ended(_now: number, _spent: number): void {
    // nothing but an interval goes on by itself
  }
}

/** Ticks every so often.  What comes while it runs is left out, and it rests for at least as long as it computed. */
export class Interval extends Hook {
  paused = false;
  readonly pauses: boolean;
  readonly #every: number;

  constructor(index: number, name: string, declared: object, now: number) {
    super(index, name, "interval");
    this.#every = Math.max(seconds(declared, "every"), LEAST_INTERVAL);
    this.pauses = own(declared, "when_hidden") === "pause";
    this.due = now + this.#every;
  }

  override nextDue(): number | null {
    return this.paused ? null : super.nextDue();
  }

  override take(now: number): Run {
    this.#pass(now);
    return { args: null, chain: [] };
  }

  override ended(now: number, spent: number): void {
    this.#pass(now);
    this.due = Math.max(this.due ?? 0, now + spent);
  }

  /** Goes on to the next tick after `now`. */
  #pass(now: number): void {
    const due = this.due ?? now;
    this.due = due > now ? due : due + this.#every * (Math.floor((now - due) / this.#every) + 1);
  }
}

/** Runs when one of the states and computed values that it watches has changed and `debounce` has passed since. */
export class Change extends Hook {
  readonly states: readonly string[];
  readonly computed: readonly string[];
  /** The values that the computed ones had last. */
  known = new Map<string, Json>();
  readonly #of: readonly string[];
  readonly #debounce: number;
  #changed = new Set<string>();
  #chain: Chain = [];

  constructor(index: number, name: string, declared: object, states: ReadonlySet<string>) {
    super(index, name, "change");
    const of = own(declared, "of");
    this.#of = Array.isArray(of) ? of.filter((each) => typeof each === "string") : [];
    this.states = this.#of.filter((each) => states.has(each));
    this.computed = this.#of.filter((each) => !states.has(each));
    this.#debounce = seconds(declared, "debounce");
  }

  /** Some of what it watches has changed. */
  note(names: Iterable<string>, chain: Chain, now: number): void {
    for (const name of names) this.#changed.add(name);
    if (chain.length > this.#chain.length) this.#chain = chain;
    this.due = now + this.#debounce;
  }

  override take(_now: number): Run {
    const changed = this.#of.filter((name) => this.#changed.has(name));
    const chain = this.#chain;
    this.due = null;
    this.#changed = new Set();
    this.#chain = [];
    return { args: { changed }, chain };
  }
}

/** Runs for each failure of a tool or of another hook, one after the other; beyond what may wait they are left out. */
export class Failures extends Hook {
  readonly #waiting: Run[] = [];

  constructor(index: number, name: string) {
    super(index, name, "error");
  }

  note(run: Run, now: number): void {
    if (this.#waiting.length >= MOST_FAILURES) return;
    this.#waiting.push(run);
    this.due = now;
  }

  override take(now: number): Run {
    const run = this.#waiting.shift();
    this.due = this.#waiting.length > 0 ? now : null;
    return run ?? { args: null, chain: [] };
  }
}

/** The hooks that a program declares, those that need a kernel apart. */
export function hooksOf(program: JsonObject, now: number): Hook[] {
  const declared = own(program, "lifecycle");
  const listed: readonly unknown[] = Array.isArray(declared) ? declared : [];
  const states = own(program, "states");
  const names = new Set(
    (Array.isArray(states) ? states : []).map((each) => string(own(each as object, "name"))),
  );
  const seen = new Map<string, number>();
  const hooks: Hook[] = [];
  listed.forEach((each, index) => {
    if (!isObject(each)) return;
    const on = string(own(each, "on"));
    const nth = (seen.get(on) ?? 0) + 1;
    seen.set(on, nth);
    if (own(each, "local") !== true) return;
    const name = `lifecycle ${on}${nth === 1 ? "" : ` ${nth}`}`;
    if (on === "interval") hooks.push(new Interval(index, name, each, now));
    else if (on === "change") hooks.push(new Change(index, name, each, names));
    else if (on === "error") hooks.push(new Failures(index, name));
    else if (on === "mount") hooks.push(new Hook(index, name, on));
  });
  return hooks;
}

function seconds(declared: object, name: string): number {
  const value = own(declared, name);
  return typeof value === "number" ? value * 1000 : 0;
}
