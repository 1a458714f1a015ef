// The operations that lead from one value to another, few and small where the values are alike.

import type { Operation } from "../../js/generated/protocol";
import {
  type Container,
  copyOf,
  equal,
  isContainer,
  type Json,
  type JsonObject,
  pointerToken,
  takesAtMost,
} from "./json";
import { exchanges } from "./sequence";

export interface Change {
  readonly op: Operation;
  readonly inverse: Operation;
  /**
   * The containers that live on and that `op` carries as they are now; null when it carries its value by reference, so
   * that later writes below it are part of it already.
   */
  readonly copied: Iterable<Container> | null;
}

/** More single changes than this, and more than a quarter of the list, and the list travels whole. */
const MANY = 64;
/** A list whose items changed their order travels whole unless it has so many items for each that moved. */
const MOST = 8;
/** An order is told when the list is so many times longer. */
const WORTH = 3;

/**
 * Changes from `before` to `after` at `path`.  Containers that both hold by identity are unchanged.
 * `kept` are the containers that `after` took over from `before`.
 */
export function difference(path: string, before: Json, after: Json, kept: Kept): Change[] {
  const changes: Change[] = [];
  compare(path, before, after, kept, changes);
  return changes;
}

type Kept = ReadonlySet<Container>;

/** An object of more keys than this, or of more characters, is not written into an inverse for the order of its keys. */
const MOST_KEYS = 100;
const MOST_CHARACTERS = 8_000;

/**
 * What gives a removed key back with its place: where it stood before others, the whole object, if that is small; else
 * null, for a key that is added comes last.  `before` is the object with the key, `path` its place.
 */
export function inOrder(path: string, key: string, before: JsonObject): Operation | null {
  const keys = Object.keys(before);
  if (keys.at(-1) === key || keys.length > MOST_KEYS || !takesAtMost(before, MOST_CHARACTERS)) return null;
  return { op: "replace", path, value: copyOf(before) };
}

/** What lives on and may still change is copied; the rest is carried by reference. */
function frozen(value: Json, kept: Kept): Json {
  return isContainer(value) && kept.has(value) ? copyOf(value) : value;
}

function change(op: Operation["op"], path: string, before: Json, after: Json, kept: Kept): Change {
  const value = frozen(after, kept);
  const back = op === "add" ? "remove" : op === "remove" ? "add" : "replace";
  return {
    op: { op, path, value },
    inverse: { op: back, path, value: frozen(before, kept) },
    copied: value === after ? null : [after as Container],
  };
}

/** One replacement of the whole value. */
function whole(path: string, before: Container, after: Container, kept: Kept): Change {
  if (kept.size === 0) return change("replace", path, before, after, kept);
  const op: Operation = { op: "replace", path, value: copyOf(after) };
  const copied = Object.values(after).filter((item) => isContainer(item) && kept.has(item)) as Container[];
  return { op, inverse: { op: "replace", path, value: copyOf(before) }, copied };
}

function compare(path: string, before: Json, after: Json, kept: Kept, changes: Change[]): void {
  if (before === after) return;
  if (!isContainer(before) || !isContainer(after)) {
    changes.push(change("replace", path, before, after, kept));
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareLists(path, before, after, kept, changes);
  } else if (!Array.isArray(before) && !Array.isArray(after)) {
    compareObjects(path, before, after, kept, changes);
  } else {
    changes.push(whole(path, before, after, kept));
  }
}

function compareObjects(
  path: string,
  before: JsonObject,
  after: JsonObject,
  kept: Kept,
  changes: Change[],
): void {
  const keys = Object.keys(before);
  const target = Object.keys(after);
  const surviving = keys.filter((key) => Object.hasOwn(after, key));
  for (let i = 0; i < surviving.length; i++) {
    if (surviving[i] !== target[i]) {
      changes.push(whole(path, before, after, kept));
      return;
    }
  }
  const found: Change[] = [];
  // first of all: the inverse of the first is the last to be made, and may give back the whole object
  for (const key of keys) {
    if (Object.hasOwn(after, key)) continue;
    const removal = change("remove", `${path}/${pointerToken(key)}`, before[key] as Json, null, kept);
    const whole = found.length > 0 ? null : inOrder(path, key, before);
    found.push({ ...removal, inverse: whole ?? removal.inverse });
  }
  for (const key of surviving)
    compare(`${path}/${pointerToken(key)}`, before[key] as Json, after[key] as Json, kept, found);
  for (const key of target) {
    if (!Object.hasOwn(before, key))
      found.push(change("add", `${path}/${pointerToken(key)}`, null, after[key] as Json, kept));
  }
  if (found.length > 3 && found.length * 2 > target.length) changes.push(whole(path, before, after, kept));
  else append(changes, found);
}

function append(changes: Change[], more: readonly Change[]): void {
  for (const item of more) changes.push(item);
}

/** Whether an item is unchanged; one that was taken over is only so where it stayed. */
function alike(before: Json, after: Json, kept: Kept): boolean {
  if (before === after || !isContainer(before) || !isContainer(after)) return before === after;
  return !kept.has(before) && !kept.has(after) && equal(before, after);
}

function compareLists(path: string, before: Json[], after: Json[], kept: Kept, changes: Change[]): void {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && alike(before[head] as Json, after[head] as Json, kept)) head++;
  let tail = 0;
  while (tail < most - head && alike(before.at(-1 - tail) as Json, after.at(-1 - tail) as Json, kept)) tail++;
  const found: Change[] = [];
  const told = compareMiddle(path, before, after, head, tail, kept, found)
    ? found.length <= MANY || found.length * 4 <= before.length
    : compareOrder(path, before, after, kept, found);
  if (told) append(changes, found);
  else changes.push(reordering(path, before, after) ?? whole(path, before, after, kept));
}

/** The same items in another order: where each stood before; null when they are others, or the list is hardly longer than that. */
function reordering(path: string, before: readonly Json[], after: Json[]): Change | null {
  if (before.length !== after.length || !before.includes(after[0] as Json)) return null; // as most lists that are given anew
  const places = new Map<Json, number[]>(); // a scalar may stand in several
  for (let i = before.length - 1; i >= 0; i--) {
    const item = before[i] as Json;
    const there = places.get(item);
    if (there === undefined) places.set(item, [i]);
    else there.push(i);
  }
  const order: number[] = [];
  const back: number[] = [];
  for (let i = 0; i < after.length; i++) {
    const place = places.get(after[i] as Json)?.pop();
    if (place === undefined) return null;
    order[i] = place;
    back[place] = i;
  }
  if (takesAtMost(after, JSON.stringify(order).length * WORTH)) return null;
  return {
    op: { op: "reorder", path, value: order },
    inverse: { op: "reorder", path, value: back },
    copied: [],
  };
}

/** Few items that moved: taken out and put in again; false when they are many. */
function compareOrder(path: string, before: Json[], after: Json[], kept: Kept, changes: Change[]): boolean {
  const places = exchanges(before, after);
  let count = 0;
  for (const { from, until, at, to } of places) count += until - from + to - at;
  if (count > MANY || count * MOST > before.length) return false;
  changes.length = 0;
  for (const { from, until } of places.toReversed())
    for (let i = until - 1; i >= from; i--)
      changes.push(change("remove", `${path}/${i}`, before[i] as Json, null, kept));
  for (const { at, to } of places)
    for (let i = at; i < to; i++) changes.push(change("add", `${path}/${i}`, null, after[i] as Json, kept));
  return true;
}

/** False when containers changed their order, which changes in place would tell badly. */
function compareMiddle(
  path: string,
  before: Json[],
  after: Json[],
  head: number,
  tail: number,
  kept: Kept,
  changes: Change[],
): boolean {
  const places = new Map<Json, number>();
  for (let i = head; i < before.length - tail; i++) {
    const item = before[i] as Json;
    if (isContainer(item) && kept.has(item)) places.set(item, i);
  }
  let from = head;
  let at = head;
  let gap: Json[] = [];
  const close = (until: number): void => {
    at = compareGap(path, before.slice(from, until), gap, at, kept, changes);
    gap = [];
    from = until + 1;
  };
  for (let i = head; i < after.length - tail; i++) {
    const item = after[i] as Json;
    const place = places.get(item);
    if (place === undefined) {
      gap.push(item);
    } else {
      if (place < from) return false;
      close(place);
      at++;
    }
  }
  close(before.length - tail);
  return true;
}

/** Turns the items `old`, which begin at index `at`, into `now`; gives the index after them. */
function compareGap(
  path: string,
  old: Json[],
  now: Json[],
  at: number,
  kept: Kept,
  changes: Change[],
): number {
  const both = Math.min(old.length, now.length);
  for (let i = 0; i < both; i++) compare(`${path}/${at + i}`, old[i] as Json, now[i] as Json, kept, changes);
  for (let i = both; i < old.length; i++)
    changes.push(change("remove", `${path}/${at + both}`, old[i] as Json, null, kept));
  for (let i = both; i < now.length; i++)
    changes.push(change("add", `${path}/${at + i}`, null, now[i] as Json, kept));
  return at + now.length;
}
