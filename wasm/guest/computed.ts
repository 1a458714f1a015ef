// Computed values: evaluated when first read, kept until something they read changes.  One whose new value is the
// old one does not touch those who read it.

import { PanelError } from "./errors";
import { type Failure, failureOf, thrownAgain } from "./failure";
import { type Conversion, isContainer, toJson } from "./json";
import { type Observer, observed, type Refreshed, reading, Source } from "./reads";
import type { State } from "./state";

enum Status {
  Current,
  /** A computed value it read may have changed. */
  Maybe,
  /** Those are being looked at. */
  Looking,
  Stale,
}

class Cell implements Observer, Refreshed {
  epoch = 0;
  readonly readers = new Source();
  value: unknown;
  failure: Failure | null = null;
  /** The states that its own expression read. */
  names = new Set<string>();
  private parts: Cell[] = [];
  private status = Status.Stale;

  constructor(
    readonly name: string,
    private readonly evaluate: (cell: Cell) => void,
  ) {}

  changed(): void {
    if (this.status === Status.Stale) return;
    const told = this.status === Status.Maybe;
    this.status = Status.Stale;
    if (!told) this.readers.maybe();
  }

  maybe(): void {
    if (this.status !== Status.Current) return;
    this.status = Status.Maybe;
    this.readers.maybe();
  }

  depends(on: Refreshed): void {
    this.parts.push(on as Cell);
  }

  refresh(): void {
    if (this.status === Status.Maybe) {
      this.status = Status.Looking; // values that depend on each other would look without end
      for (const part of this.parts) {
        part.refresh();
        if (this.isStale) break;
      }
      if (!this.isStale) this.status = Status.Current;
    }
    if (!this.isStale) return;
    const { value, failure } = this;
    const first = this.epoch === 0;
    this.value = undefined;
    this.failure = null;
    this.names = new Set();
    this.parts = [];
    observed(this, () => this.evaluate(this));
    this.status = Status.Current;
    if (first) return;
    if (sameFailure(failure, this.failure) && sameValue(value, this.value)) this.value = value;
    else this.readers.changed();
  }

  private get isStale(): boolean {
    return this.status === Status.Stale;
  }

  /** The states it depends on, those of the values it reads included. */
  addNames(names: Set<string>, seen = new Set<Cell>()): void {
    if (seen.has(this)) return;
    seen.add(this);
    for (const name of this.names) names.add(name);
    for (const part of this.parts) part.addNames(names, seen);
  }
}

export class Computed {
  private readonly cells = new Map<string, Cell>();
  private readonly running: Cell[] = [];

  constructor(
    private readonly state: State,
    evaluators: ReadonlyMap<string, () => unknown>,
  ) {
    for (const [name, evaluator] of evaluators)
      this.cells.set(name, new Cell(name, (cell) => this.evaluate(cell, evaluator)));
  }

  has(name: string): boolean {
    return this.cells.has(name);
  }

  /** Notes that the evaluation in progress reads a state. */
  noteRead(name: string): void {
    this.running.at(-1)?.names.add(name);
  }

  /** The value; throws what its expression throws, or when it depends on itself. */
  get(name: string): unknown {
    const cell = this.cells.get(name) as Cell;
    const { observer } = reading;
    if (this.running.includes(cell)) {
      this.note(cell, observer);
      throw this.cycle(cell);
    }
    cell.refresh();
    this.note(cell, observer);
    if (this.state.used !== null) cell.addNames(this.state.used);
    if (cell.failure !== null) throw thrownAgain(cell.failure);
    return cell.value;
  }

  private note(cell: Cell, observer: Observer | null): void {
    if (observer === null) return;
    cell.readers.read();
    observer.depends(cell);
  }

  private cycle(cell: Cell): PanelError {
    const names = this.running.slice(this.running.indexOf(cell)).map(({ name }) => name);
    const text = `computed values depend on each other: ${[...names, cell.name].join(" → ")}`;
    return new PanelError("ComputedError", "COMPUTED_CYCLE", text);
  }

  private evaluate(cell: Cell, evaluator: () => unknown): void {
    const { writable } = this.state;
    this.running.push(cell);
    this.state.writable = false;
    try {
      cell.value = this.seal(evaluator(), `the computed value ${cell.name}`);
    } catch (error) {
      cell.failure = failureOf(error, `the computed value ${cell.name}`);
    } finally {
      this.state.writable = writable;
      this.running.pop();
    }
  }

  /** Frozen plain values; what belongs to the state stays what it is. */
  private seal(value: unknown, place: string): unknown {
    if (!isContainer(value) || this.state.handles.behind(value) !== undefined)
      return typeof value === "object" || isScalar(value) ? value : toJson(value, place, SEALING);
    if (Array.isArray(value)) {
      const list: unknown[] = [];
      for (let i = 0; i < value.length; i++) {
        const item: unknown = value[i] ?? null;
        list[i] = item === null || isScalar(item) ? item : this.seal(item, `${place}[${i}]`);
      }
      return Object.freeze(list);
    }
    const prototype = Reflect.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      return deepFreeze(toJson(value, place, SEALING));
    const copy: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      const item = (value as Record<string, unknown>)[key];
      if (item !== undefined) copy[key] = isScalar(item) ? item : this.seal(item, `${place}.${key}`);
    }
    return Object.freeze(copy);
  }
}

/** Whether two sealed values are the same: plain ones by content, those of the state by identity. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  // a sealed container is frozen, a proxy of the state never is
  if (!isContainer(a) || !isContainer(b) || !Object.isFrozen(a) || !Object.isFrozen(b)) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  const others = Object.keys(b);
  if (keys.length !== others.length) return false;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (key !== others[i]) return false;
    if (!sameValue((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])) return false;
  }
  return true;
}

function sameFailure(a: Failure | null, b: Failure | null): boolean {
  if (a === null || b === null) return a === b;
  return a.name === b.name && a.message === b.message && a.stack === b.stack;
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
