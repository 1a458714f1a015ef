// Computed values: evaluated when first read, kept until a state they read changes.

import { PanelError } from "./errors";
import { type Failure, failureOf, thrownAgain } from "./failure";
import { type Conversion, isContainer, toJson } from "./json";
import type { State } from "./state";

interface Memo {
  value: unknown;
  failure: Failure | null;
  /** State → version it had. */
  reads: Map<string, number>;
}

export class Computed {
  private readonly memos = new Map<string, Memo>();
  private readonly running: string[] = [];
  /** The states that the evaluation in progress has read. */
  private reads: Map<string, number> | null = null;

  constructor(
    private readonly state: State,
    private readonly evaluators: ReadonlyMap<string, () => unknown>,
  ) {}

  has(name: string): boolean {
    return this.evaluators.has(name);
  }

  /** Notes that the evaluation in progress depends on a state. */
  noteRead(name: string): void {
    this.reads?.set(name, this.state.version(name));
  }

  /** Runs `action` and adds the states it reads to `reads`. */
  collect<T>(reads: Map<string, number>, action: () => T): T {
    const outer = this.reads;
    this.reads = reads;
    try {
      return action();
    } finally {
      this.reads = outer;
      this.noteReads(reads);
    }
  }

  /** Notes that the evaluation in progress depends on what another one read. */
  noteReads(reads: ReadonlyMap<string, number>): void {
    for (const [name, version] of reads) {
      this.state.used?.add(name);
      this.reads?.set(name, version);
    }
  }

  /** The value; throws what its expression throws, or when it depends on itself. */
  get(name: string): unknown {
    let memo = this.memos.get(name);
    if (memo === undefined || !this.isCurrent(memo)) {
      memo = this.evaluate(name);
      this.memos.set(name, memo);
    }
    this.noteReads(memo.reads);
    if (memo.failure !== null) throw thrownAgain(memo.failure);
    return memo.value;
  }

  private isCurrent(memo: Memo): boolean {
    for (const [name, version] of memo.reads) if (this.state.version(name) !== version) return false;
    return true;
  }

  private evaluate(name: string): Memo {
    if (this.running.includes(name)) {
      const cycle = [...this.running.slice(this.running.indexOf(name)), name].join(" → ");
      throw new PanelError(
        "ComputedError",
        "COMPUTED_CYCLE",
        `computed values depend on each other: ${cycle}`,
      );
    }
    const outer = this.reads;
    const { writable } = this.state;
    const memo: Memo = { value: undefined, failure: null, reads: new Map() };
    this.reads = memo.reads;
    this.running.push(name);
    this.state.writable = false;
    try {
      memo.value = this.seal((this.evaluators.get(name) as () => unknown)(), `the computed value ${name}`);
    } catch (error) {
      memo.failure = failureOf(error, `the computed value ${name}`);
    } finally {
      this.state.writable = writable;
      this.running.pop();
      this.reads = outer;
    }
    return memo;
  }

  /** Frozen plain values; what belongs to the state stays what it is. */
  private seal(value: unknown, place: string): unknown {
    if (!isContainer(value) || this.state.handles.behind(value) !== undefined)
      return typeof value === "object" || isScalar(value) ? value : toJson(value, place, SEALING);
    if (Array.isArray(value))
      return Object.freeze(
        Array.from(value, (item: unknown, i) => this.seal(item ?? null, `${place}[${i}]`)),
      );
    const prototype = Reflect.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      return deepFreeze(toJson(value, place, SEALING));
    const copy: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value))
      if (item !== undefined) copy[key] = this.seal(item, `${place}.${key}`);
    return Object.freeze(copy);
  }
}

function isScalar(value: unknown): boolean {
  return (
    value === undefined ||
    typeof value === "string" ||
    typeof value === "number" ||
    typeof value === "boolean"
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null)
    for (const item of Object.values(Object.freeze(value))) deepFreeze(item);
  return value;
}

const SEALING: Conversion = {
  known: () => undefined,
  fail: (place, problem, hint) =>
    new PanelError("ComputedError", "INVALID_VALUE", `${place} is ${problem}`, hint),
};
