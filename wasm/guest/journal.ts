// What one transaction changed: operations, their inverses, and how to take everything back or do it again.

import type { Operation } from "../../js/generated/protocol";
import type { Container, Json } from "./json";

export class Journal {
  /** Top-level states that were written. */
  readonly touched = new Set<string>();
  /** Containers that entered the state in it: their operation carries them as they are at its end. */
  private readonly fresh = new Set<Container>();
  private readonly ops: Operation[] = [];
  private readonly inverses: Operation[] = [];
  private readonly changes: { apply: () => void; undo: () => void }[] = [];
  private latest = new Map<Container, Map<string | number, Operation>>();

  isFresh(container: Container): boolean {
    return this.fresh.has(container);
  }

  /** Marks a container whose content an operation of this step carries by reference. */
  markFresh(value: Json): void {
    if (typeof value === "object" && value !== null) this.fresh.add(value);
  }

  /**
   * An operation carried these containers as they are now, by copy: writes to them must be recorded after it,
   * not added to what earlier operations carry.
   */
  carriedByCopy(containers: Iterable<Container>): void {
    this.latest = new Map();
    if (this.fresh.size > 0) for (const container of containers) this.unmark(container);
  }

  private unmark(value: Json): void {
    if (typeof value !== "object" || value === null) return;
    this.fresh.delete(value);
    for (const item of Object.values(value)) this.unmark(item);
  }

  record(op: Operation, inverse: Operation): void {
    this.ops.push(op);
    this.inverses.push(inverse);
  }

  /** Makes a change that can be taken back and made again. */
  perform(apply: () => void, undo: () => void): void {
    apply();
    this.changes.push({ apply, undo });
  }

  /** The operation of this step that last set `key` of `container`, if nothing moved since. */
  lastSet(container: Container, key: string | number): Operation | undefined {
    return this.latest.get(container)?.get(key);
  }

  rememberSet(container: Container, key: string | number, op: Operation): void {
    const keys = this.latest.get(container);
    if (keys === undefined) this.latest.set(container, new Map([[key, op]]));
    else keys.set(key, op);
  }

  /** Forgets what `lastSet` knows of one key, or of all keys of the container. */
  forgetSet(container: Container, key?: string | number): void {
    if (key === undefined) this.latest.delete(container);
    else this.latest.get(container)?.delete(key);
  }

  /** What `result` gives as operations, in a step that goes on. */
  get recorded(): readonly Operation[] {
    return this.ops;
  }

  /** The operations and their inverses, both in the order in which to apply them. */
  result(): { ops: Operation[]; inverse: Operation[] } {
    return { ops: this.ops, inverse: this.inverses.length > 1 ? this.inverses.toReversed() : this.inverses };
  }

  takeBack(): void {
    for (let i = this.changes.length - 1; i >= 0; i--) this.changes[i]?.undo();
  }

  doAgain(): void {
    for (const change of this.changes) change.apply();
  }
}
