// What one step changed: operations, their inverses, and how to take everything back.

import type { Operation } from "../../js/generated/protocol";
import type { Container, Json } from "./json";

export class Journal {
  /** Top-level states that were written. */
  readonly touched = new Set<string>();
  /** Containers that entered the state in this step: their operation carries them as they are at its end. */
  private fresh = new Set<Container>();
  private ops: Operation[] = [];
  private inverses: Operation[] = [];
  private undos: (() => void)[] = [];
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

  /** `undo` runs before those given earlier. */
  onRollback(undo: () => void): void {
    this.undos.push(undo);
  }

  /** The operation of this step that last set `key` of `container`, if nothing moved since. */
  lastSet(container: Container, key: string | number): Operation | undefined {
    return this.latest.get(container)?.get(key);
  }

  rememberSet(container: Container, key: string | number, op: Operation): void {
    let keys = this.latest.get(container);
    if (keys === undefined) this.latest.set(container, (keys = new Map()));
    keys.set(key, op);
  }

  /** Forgets what `lastSet` knows of one key, or of all keys of the container. */
  forgetSet(container: Container, key?: string | number): void {
    if (key === undefined) this.latest.delete(container);
    else this.latest.get(container)?.delete(key);
  }

  get isEmpty(): boolean {
    return this.undos.length === 0;
  }

  /** Ends the step: its operations and their inverses, both in the order in which to apply them. */
  commit(): { ops: Operation[]; inverse: Operation[] } {
    const result = { ops: this.ops, inverse: this.inverses.reverse() };
    this.clear();
    return result;
  }

  /** Ends the step and takes everything back. */
  rollback(): void {
    const undos = this.undos;
    this.clear();
    for (let i = undos.length - 1; i >= 0; i--) (undos[i] as () => void)();
  }

  private clear(): void {
    this.touched.clear();
    this.fresh = new Set();
    this.ops = [];
    this.inverses = [];
    this.undos = [];
    this.latest = new Map();
  }
}
