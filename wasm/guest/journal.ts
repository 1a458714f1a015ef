// What one transaction changed: operations, their inverses, and how to take everything back or do it again.

import type { Operation } from "../../js/generated/protocol";
import type { Handle } from "./handles";
import type { Container, Json } from "./json";
import { tellReaders } from "./reads";

type Slots = Record<string | number, Json>;

/** A change of one container that can be taken back and made again. */
interface Change {
  readonly handle: Handle;
  apply(): void;
  undo(): void;
}

/** The most common change: one key of one container. */
class KeyChange implements Change {
  constructor(
    readonly handle: Handle,
    private readonly key: string | number,
    private readonly had: boolean,
    private readonly before: Json,
    private readonly after: Json,
  ) {}

  apply(): void {
    define(this.handle.raw as Slots, this.key, this.after);
  }

  undo(): void {
    const holder = this.handle.raw as Slots;
    if (this.had) holder[this.key] = this.before;
    else delete holder[this.key];
  }
}

export function define(holder: Record<string | number, Json>, key: string | number, value: Json): void {
  if (Object.hasOwn(holder, key)) holder[key] = value;
  else Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
}

const NO_OPERATIONS: readonly Operation[] = Object.freeze([]);
const NO_NAMES: ReadonlySet<string> = new Set();

export class Journal {
  private written: Set<string> | null = null;
  /** Containers that entered the state in it: their operation carries them as they are at its end. */
  private fresh: Set<Container> | null = null;
  private ops: Operation[] | null = null;
  private inverses: Operation[] = NO_OPERATIONS as Operation[];
  private changes: Change[] | null = null;
  /** See `isRestored`. */
  private restored: Set<Container> | null = null;
  private latest: Map<Container, Map<string | number, Operation>> | null = null;

  /** Top-level states that were written. */
  get touched(): ReadonlySet<string> {
    return this.written ?? NO_NAMES;
  }

  touch(name: string): void {
    this.written ??= new Set();
    this.written.add(name);
  }

  /** Whether nothing was changed in it. */
  get isEmpty(): boolean {
    return this.written === null && this.ops === null && this.changes === null && this.fresh === null;
  }

  isFresh(container: Container): boolean {
    return this.fresh?.has(container) ?? false;
  }

  /** Whether any container entered the state in it. */
  get hasFresh(): boolean {
    return this.fresh !== null;
  }

  /** Marks a container whose content an operation of this step carries by reference. */
  markFresh(value: Json): void {
    if (typeof value !== "object" || value === null) return;
    this.fresh ??= new Set();
    this.fresh.add(value);
  }

  /**
   * An operation carried these containers as they are now, by copy: writes to them must be recorded after it,
   * not added to what earlier operations carry.
   */
  carriedByCopy(containers: Iterable<Container>): void {
    this.latest = null;
    if (this.fresh !== null) for (const container of containers) this.unmark(container);
  }

  private unmark(value: Json): void {
    if (typeof value !== "object" || value === null) return;
    this.fresh?.delete(value);
    for (const item of Object.values(value)) this.unmark(item);
  }

  record(op: Operation, inverse: Operation): void {
    if (this.ops === null) {
      this.ops = [op];
      this.inverses = [inverse];
      return;
    }
    this.ops.push(op);
    this.inverses.push(inverse);
  }

  /** Makes a change that can be taken back and made again. */
  perform(handle: Handle, apply: () => void, undo: () => void): void {
    apply();
    this.keep({ handle, apply, undo });
  }

  /** As `perform`, of one key that holds no container before or after. */
  performSet(handle: Handle, key: string | number, had: boolean, before: Json, after: Json): void {
    const change = new KeyChange(handle, key, had, before, after);
    change.apply();
    this.keep(change);
  }

  private keep(change: Change): void {
    if (this.changes === null) this.changes = [change];
    else this.changes.push(change);
  }

  /** Whether an inverse of this step gives the object back as it was before: those recorded since need not. */
  isRestored(container: Container): boolean {
    return this.restored?.has(container) ?? false;
  }

  markRestored(container: Container): void {
    this.restored ??= new Set();
    this.restored.add(container);
  }

  /** The operation of this step that last set `key` of `container`, if nothing moved since. */
  lastSet(container: Container, key: string | number): Operation | undefined {
    return this.latest?.get(container)?.get(key);
  }

  rememberSet(container: Container, key: string | number, op: Operation): void {
    this.latest ??= new Map();
    const keys = this.latest.get(container);
    if (keys === undefined) this.latest.set(container, new Map([[key, op]]));
    else keys.set(key, op);
  }

  /** Forgets what `lastSet` knows of one key, or of all keys of the container. */
  forgetSet(container: Container, key?: string | number): void {
    if (key === undefined) this.latest?.delete(container);
    else this.latest?.get(container)?.delete(key);
  }

  /** What `result` gives as operations, in a step that goes on. */
  get recorded(): readonly Operation[] {
    return this.ops ?? NO_OPERATIONS;
  }

  /** The operations and their inverses, both in the order in which to apply them. */
  result(): { ops: readonly Operation[]; inverse: readonly Operation[] } {
    const { inverses } = this;
    return {
      ops: this.ops ?? NO_OPERATIONS,
      inverse: inverses.length > 1 ? inverses.toReversed() : inverses,
    };
  }

  takeBack(): void {
    const changes = this.changes ?? [];
    for (let i = changes.length - 1; i >= 0; i--) {
      const change = changes[i] as Change;
      change.undo();
      tellReaders(change.handle);
    }
  }

  doAgain(): void {
    for (const change of this.changes ?? []) {
      change.apply();
      tellReaders(change.handle);
    }
  }
}
