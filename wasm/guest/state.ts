// The panel's state: a tree of plain values, the only way to change it, and a record of every change.

import type { Operation } from "../../js/generated/protocol";
import { difference, inOrder } from "./difference";
import { impureError, indivisible, stateError } from "./errors";
import { type Handle, Handles, type Location } from "./handles";
import { define, Journal } from "./journal";
import {
  type Container,
  type Conversion,
  isContainer,
  isForbiddenKey,
  type Json,
  type JsonObject,
  MAX_DEPTH,
  nesting,
  pointerToken,
  scalar,
  toJson,
} from "./json";
import { tellReaders } from "./reads";

/** A splice of more items than this is told by comparing the lists. */
const MANY_ITEMS = 64;

type Slots = Record<string | number, Json>;

export class State {
  readonly values: JsonObject = Object.create(null) as JsonObject;
  readonly handles = new Handles(this.values);
  /** The transaction that is open. */
  journal = new Journal();
  /** Whether writes are taken: while a step of a handler runs or an edit is made, and never in between. */
  writable = false;
  /** The states that the open transaction reads and writes, when someone wants to know. */
  used: Set<string> | null = null;
  /** Grows with every change, also with one that is taken back. */
  clock = 0;
  private readonly commits = new Map<string, number>();
  private readonly conversion: Conversion = {
    known: (value) => this.handles.behind(value)?.raw,
    fail: (place, problem, hint) => stateError(`${place} is ${problem}, which state cannot hold`, hint),
  };

  /** Changes whenever a transaction that wrote the top-level state `name` is committed. */
  committed(name: string): number {
    return this.commits.get(name) ?? 0;
  }

  /** Sets a first value without recording it. */
  initialise(name: string, value: Json): void {
    this.values[name] = value;
    this.clock++;
    tellReaders(this.handles.root, name);
  }

  /** A value from panel code as plain JSON; `place` names it in errors. */
  plain(value: unknown, place: string): Json {
    return toJson(value, place, this.conversion);
  }

  /** Takes writes while `action` runs. */
  permit(action: () => void): void {
    this.writable = true;
    try {
      action();
    } finally {
      this.writable = false;
    }
  }

  /** What `prepare` gives; throws when the panel code it ran changed the state meanwhile. */
  steady<T>(prepare: () => T): T {
    const { clock, journal } = this;
    const result = prepare();
    if (this.clock === clock && this.journal === journal) return result;
    throw stateError(
      "$state changed while a value was being read for it",
      "do not change $state in getters, valueOf or the function given to sort",
    );
  }

  /** A value from panel code as plain JSON that may stand in the container. */
  item(handle: Handle, value: unknown, place: string): Json {
    const item = value === undefined ? null : this.plain(value, place);
    this.checkDepth(handle, item, place);
    return item;
  }

  /** `container[key] = value`; undefined removes the key. */
  put(handle: Handle, name: string | number, value: unknown): void {
    this.checkWritable();
    const key = wellFormed(name);
    const at = this.locate(handle);
    const holder = handle.raw as Slots;
    const had = Object.hasOwn(holder, key);
    const before = had ? (holder[key] as Json) : null;
    if (value === undefined && at.path !== "" && !Array.isArray(holder)) {
      this.remove(handle, key);
      return;
    }
    if (typeof key === "string" && isForbiddenKey(key)) throw forbiddenKey(key);
    const simple = scalar(value);
    if (simple !== undefined && !isContainer(before) && !this.journal.hasFresh) {
      if (!had || before !== simple) this.storeScalar(handle, key, at, had, before, simple);
      return;
    }
    const source = isContainer(value) ? this.handles.behind(value)?.raw : undefined;
    if (had && source !== undefined && source === before) return;
    const kept = new Set<Container>();
    const after =
      simple ?? this.steady(() => this.incoming(handle, key, value, had ? before : null, at.path, kept));
    if (had && before === after) return;
    indivisible(() => this.store(handle, key, at, had, before, after, kept));
  }

  /** As `store`, of a value that is no container in the place of one that is none, in a step that brought no containers. */
  private storeScalar(
    handle: Handle,
    key: string | number,
    at: Location,
    had: boolean,
    before: Json,
    after: Json,
  ): void {
    const { journal } = this;
    const holder = handle.raw as Slots;
    const earlier = journal.lastSet(holder, key);
    indivisible(() => {
      if (earlier !== undefined) earlier.value = after;
      else {
        const path = `${at.path}/${pointerToken(key)}`;
        const op = { op: had ? ("replace" as const) : ("add" as const), path, value: after };
        journal.record(op, { op: had ? "replace" : "remove", path, value: had ? before : null });
        journal.rememberSet(holder, key, op);
      }
      journal.performSet(handle, key, had, before, after);
      this.written(at.path === "" ? String(key) : at.name, handle, key);
    });
  }

  /** `delete container[key]`; an item of a list becomes null, as a list has no holes. */
  remove(handle: Handle, name: string | number): void {
    this.checkWritable();
    const key = wellFormed(name);
    const at = this.locate(handle);
    const holder = handle.raw;
    if (!Object.hasOwn(holder, key)) return;
    if (Array.isArray(holder)) {
      this.put(handle, key, null);
      return;
    }
    if (at.path === "")
      throw stateError(`$state.${key} cannot be deleted: it is declared`, "assign an empty value instead");
    indivisible(() => {
      const order = Object.keys(holder);
      const before = holder[key] as Json;
      if (!this.isFresh(handle)) {
        const path = `${at.path}/${pointerToken(key)}`;
        const whole = this.journal.isRestored(holder) ? null : inOrder(at.path, String(key), holder);
        if (whole !== null) this.journal.markRestored(holder);
        const back = whole ?? { op: "add" as const, path, value: before };
        this.journal.record({ op: "remove", path, value: null }, back);
        this.journal.forgetSet(holder, key);
        const restore = (): void => {
          for (const name of order.slice(order.indexOf(String(key)))) {
            const value = name === key ? before : (holder[name] as Json);
            delete holder[name];
            define(holder, name, value);
          }
        };
        this.journal.perform(handle, () => delete holder[key], restore);
      } else {
        delete holder[key];
      }
      this.written(at.name, handle, key);
    });
  }

  /** Replaces `count` items of a list from `start` on by `items`; gives what was removed. */
  splice(handle: Handle, start: number, count: number, items: readonly unknown[]): Json[] {
    this.checkWritable();
    const at = this.locate(handle);
    const list = handle.raw as Json[];
    const place = `$state${dotted(at.path)}`;
    const next = this.steady(() => {
      const clean: Json[] = [];
      for (let i = 0; i < items.length; i++)
        clean[i] = scalar(items[i]) ?? this.item(handle, items[i], `${place}[${start + i}]`);
      return clean;
    });
    const removed = list.slice(start, start + count);
    if (count + next.length > MANY_ITEMS) {
      this.rewrite(handle, [...list.slice(0, start), ...next, ...list.slice(start + count)]);
    } else if (count > 0 || next.length > 0) {
      indivisible(() => {
        const apply = (): unknown => list.splice(start, count, ...next);
        if (this.isFresh(handle)) apply();
        else {
          this.recordSplice(list, at.path, start, removed, next);
          this.journal.perform(handle, apply, () => list.splice(start, next.length, ...removed));
        }
        this.written(at.name, handle);
      });
    }
    return removed;
  }

  private recordSplice(
    list: Json[],
    path: string,
    start: number,
    removed: readonly Json[],
    next: readonly Json[],
  ): void {
    const journal = this.journal;
    for (const value of removed) {
      journal.record(
        { op: "remove", path: `${path}/${start}`, value: null },
        { op: "add", path: `${path}/${start}`, value },
      );
    }
    for (let i = 0; i < next.length; i++) {
      const place = `${path}/${start + i}`;
      const value = next[i] as Json;
      journal.record({ op: "add", path: place, value }, { op: "remove", path: place, value: null });
      journal.markFresh(value);
    }
    journal.forgetSet(list);
  }

  /** Gives a list new content; items it already had keep their identity. */
  rewrite(handle: Handle, next: Json[]): void {
    this.checkWritable();
    const at = this.locate(handle);
    const list = handle.raw as Json[];
    indivisible(() => {
      const before = list.slice();
      if (!this.isFresh(handle)) {
        const former = new Set<Json>(before);
        const kept = new Set<Container>();
        for (const item of next) if (isContainer(item) && former.has(item)) kept.add(item);
        if (!this.recordDifference(at.path, before, next, kept)) return;
        this.journal.forgetSet(list);
        this.journal.perform(
          handle,
          () => refill(list, next),
          () => refill(list, before),
        );
      } else {
        refill(list, next);
      }
      this.written(at.name, handle);
    });
  }

  /** False when there is none. */
  private recordDifference(
    path: string,
    before: Container,
    after: Container,
    kept: ReadonlySet<Container>,
  ): boolean {
    const changes = difference(path, before, after, kept);
    for (const { op, inverse, copied } of changes) {
      this.journal.record(op, inverse);
      if (copied === null) this.journal.markFresh(op.value);
      else this.journal.carriedByCopy(copied);
    }
    return changes.length > 0;
  }

  /** Ends the open transaction; its operations and their inverses. */
  commit(): { ops: readonly Operation[]; inverse: readonly Operation[] } {
    const journal = this.journal;
    if (journal.isEmpty) {
      this.used = null;
      return journal.result();
    }
    for (const name of journal.touched) this.commits.set(name, this.committed(name) + 1);
    this.journal = new Journal();
    this.used = null;
    return journal.result();
  }

  /** Ends the open transaction and takes its changes back. */
  rollback(): void {
    this.suspend();
  }

  /** Takes the open transaction's changes back for now; `reopen` makes them again. */
  suspend(): Journal {
    const journal = this.journal;
    this.journal = new Journal();
    this.used = null;
    this.clock++;
    indivisible(() => journal.takeBack());
    return journal;
  }

  /** Goes on with a suspended transaction, on the same state it was suspended on. */
  reopen(journal: Journal): void {
    this.journal = journal;
    this.clock++;
    indivisible(() => journal.doAgain());
  }

  /** Where a container is; throws when it is no longer part of the state. */
  locate(handle: Handle): Location {
    const at = this.handles.locate(handle);
    if (at === null) {
      throw stateError(
        "this object is no longer part of $state and cannot be changed",
        "read it from $state again, or copy it first",
      );
    }
    return at;
  }

  /** A value from panel code for `key` of a container; fills `kept` with what it takes over from `before`. */
  private incoming(
    handle: Handle,
    key: string | number,
    value: unknown,
    before: Json,
    path: string,
    kept: Set<Container>,
  ): Json {
    const place = `$state${dotted(path)}${dotted(`/${pointerToken(key)}`)}`;
    const after = isContainer(before)
      ? this.successor(value, this.handles.child(handle, key, before), kept, place)
      : this.plain(value, place);
    this.checkDepth(handle, after, place, kept);
    return after;
  }

  private checkWritable(): void {
    if (this.writable) return;
    throw impureError("$state can only be changed while a tool runs", "do it in a tool, before it returns");
  }

  /** `apart` are containers that stand there already. */
  private checkDepth(handle: Handle, value: Json, place: string, apart?: ReadonlySet<Container>): void {
    if (!isContainer(value)) return;
    let depth = nesting(value, apart);
    for (let at = handle; at.parent !== null; at = at.parent) depth++;
    if (depth <= MAX_DEPTH) return;
    const short = place.length > 60 ? `${place.slice(0, 60)}…` : place;
    throw stateError(
      `${short} would be nested more than ${MAX_DEPTH} deep, which state cannot hold`,
      "keep a flat list whose items name their parents",
    );
  }

  private store(
    handle: Handle,
    key: string | number,
    at: Location,
    had: boolean,
    before: Json,
    after: Json,
    kept: Set<Container>,
  ): void {
    const holder = handle.raw as Slots;
    const old = isContainer(before) ? this.handles.of(before) : undefined;
    const apply = (): void => {
      define(holder, key, after);
      if (isContainer(after)) this.adopt(this.handles.child(handle, key, after), kept);
    };
    if (this.isFresh(handle)) {
      apply();
    } else {
      this.recordStore(holder, key, `${at.path}/${pointerToken(key)}`, had, before, after, kept);
      this.journal.perform(handle, apply, () => {
        if (had) holder[key] = before;
        else delete holder[key];
        if (old !== undefined) this.adopt(old, kept);
      });
    }
    this.written(at.path === "" ? String(key) : at.name, handle, key);
  }

  private recordStore(
    holder: Slots,
    key: string | number,
    path: string,
    had: boolean,
    before: Json,
    after: Json,
    kept: Set<Container>,
  ): void {
    const journal = this.journal;
    const earlier = journal.lastSet(holder, key);
    if (earlier !== undefined && kept.size === 0) {
      earlier.value = after;
      journal.markFresh(after);
      return;
    }
    if (had && isContainer(before) && isContainer(after)) {
      this.recordDifference(path, before, after, kept);
      journal.forgetSet(holder, key);
      return;
    }
    const op = { op: had ? ("replace" as const) : ("add" as const), path, value: after };
    journal.record(op, { op: had ? "replace" : "remove", path, value: had ? before : null });
    journal.markFresh(after);
    journal.rememberSet(holder, key, op);
  }

  /** What comes after the container of `old`: items taken over from it keep their identity. */
  private successor(value: unknown, old: Handle, kept: Set<Container>, place: string): Json {
    const former = old.raw;
    if (!isContainer(value) || this.handles.behind(value) !== undefined || this.isFresh(old))
      return this.plain(value, place);
    if (!Array.isArray(value) || !Array.isArray(former)) return this.plain(value, place);
    const source: readonly unknown[] = value;
    const next: Json[] = [];
    for (let i = 0; i < source.length; i++) {
      const item = source[i];
      const handle = isContainer(item) ? this.handles.behind(item) : undefined;
      if (handle !== undefined && handle.parent === old && !kept.has(handle.raw)) {
        kept.add(handle.raw);
        next[i] = handle.raw;
      } else next[i] = item === undefined ? null : this.plain(item, `${place}[${i}]`);
    }
    return next;
  }

  private adopt(parent: Handle, children: ReadonlySet<Container>): void {
    for (const raw of children) {
      const handle = this.handles.of(raw);
      if (handle !== undefined) handle.parent = parent;
    }
  }

  private isFresh(handle: Handle): boolean {
    for (let at: Handle | null = handle; at !== null; at = at.parent)
      if (this.journal.isFresh(at.raw)) return true;
    return false;
  }

  private written(name: string, handle: Handle, key?: string | number): void {
    this.used?.add(name);
    this.journal.touch(name);
    this.clock++;
    tellReaders(handle, key);
  }
}

function wellFormed(key: string | number): string | number {
  return typeof key === "string" ? key.toWellFormed() : key;
}

function refill(list: Json[], content: readonly Json[]): void {
  list.length = content.length;
  for (let i = 0; i < content.length; i++) list[i] = content[i] as Json;
}

function forbiddenKey(key: string): Error {
  return stateError(`${key} cannot be a key in $state`, "choose another name");
}

/** A JSON Pointer as it reads in JavaScript. */
export function dotted(path: string): string {
  let text = "";
  for (const token of path.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (/^\d+$/.test(key)) text += `[${key}]`;
    else text += /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  }
  return text;
}
