// Who reads what.  A source is something that can change; while an observer is evaluated, every source it reads
// notes it, and when the source changes it tells those whose last evaluation read it.

import type { Handle } from "./handles";

export interface Observer {
  /** Grows with every evaluation and at the end: readings of earlier ones mean nothing any more. */
  epoch: number;
  /** Something it read has changed. */
  changed(): void;
  /** A computed value it read may have changed; `refresh` of that value tells. */
  maybe(): void;
  /** It has read a computed value. */
  depends(on: Refreshed): void;
}

/** A value that is brought up to date when someone wants to know. */
export interface Refreshed {
  refresh(): void;
}

const FEW = 8;

export class Source {
  /** The last reader, which most often is the only one, and its epoch. */
  private reader: Observer | null = null;
  private epoch = 0;
  /** The others, each followed by its epoch. */
  private others: (Observer | number)[] | null = null;
  private most = FEW;

  /** Notes the observer that is being evaluated. */
  read(): void {
    const { observer } = reading;
    if (observer === null || (this.reader === observer && this.epoch === observer.epoch)) return;
    if (this.reader !== null && this.reader !== observer && this.reader.epoch === this.epoch)
      this.keep(this.reader, this.epoch);
    this.reader = observer;
    this.epoch = observer.epoch;
  }

  private keep(reader: Observer, epoch: number): void {
    if (this.others === null) this.others = [reader, epoch];
    else this.others.push(reader, epoch);
    // who reads it often while it never changes would else be noted without end
    if (this.others.length <= this.most) return;
    const others: (Observer | number)[] = [];
    for (const [each, then] of this.pairs()) if (each.epoch === then) others.push(each, then);
    this.others = others;
    this.most = Math.max(FEW, 2 * others.length);
  }

  private *pairs(): Generator<[Observer, number]> {
    const others = this.others ?? [];
    for (let i = 0; i < others.length; i += 2) yield [others[i] as Observer, others[i + 1] as number];
  }

  /** Its readers, as far as what they read counts. */
  private readers(): Observer[] {
    const readers: Observer[] = [];
    if (this.reader !== null && this.reader.epoch === this.epoch) readers.push(this.reader);
    for (const [reader, epoch] of this.pairs()) if (reader.epoch === epoch) readers.push(reader);
    return readers;
  }

  /** Tells its readers; they are noted again when they are evaluated again. */
  changed(): void {
    if (this.reader === null) return;
    const readers = this.readers();
    this.reader = null;
    this.others = null;
    this.most = FEW;
    for (const reader of readers) reader.changed();
  }

  /** Tells its readers that they may have to be evaluated again. */
  maybe(): void {
    for (const reader of this.readers()) reader.maybe();
  }
}

/** The observer that is being evaluated. */
export const reading: { observer: Observer | null } = { observer: null };

/** What `action` gives, evaluated for `observer`; its earlier readings no longer count. */
export function observed<T>(observer: Observer | null, action: () => T): T {
  const outer = reading.observer;
  if (observer !== null) observer.epoch++;
  reading.observer = observer;
  try {
    return action();
  } finally {
    reading.observer = outer;
  }
}

/** Notes that a key of an object, or anything of a list, is read.  Objects of few keys are not told apart by key. */
export function readKey(handle: Handle, key: PropertyKey): void {
  if (reading.observer === null) return;
  handle.large ??=
    handle.parent === null || (!Array.isArray(handle.raw) && Object.keys(handle.raw).length > FEW);
  if (typeof key === "symbol" || !handle.large) {
    readWhole(handle);
    return;
  }
  handle.keys ??= Object.create(null) as Record<string, Source>;
  let source = handle.keys[key];
  if (source === undefined) {
    source = new Source();
    handle.keys[key] = source;
  }
  source.read();
}

/** Notes that the items of a list or the keys of an object are read. */
export function readWhole(handle: Handle): void {
  if (reading.observer === null) return;
  handle.whole ??= new Source();
  handle.whole.read();
}

/** Notes that a container and all that is in it is read. */
export function readDeep(handle: Handle): void {
  if (reading.observer === null) return;
  handle.deep ??= new Source();
  handle.deep.read();
}

/** Tells the readers of a container that `key`, or anything in it, was written. */
export function tellReaders(handle: Handle, key?: string | number): void {
  handle.whole?.changed();
  if (handle.keys !== undefined) {
    if (key !== undefined) handle.keys[key]?.changed();
    else for (const name in handle.keys) handle.keys[name]?.changed();
  }
  for (let at: Handle | null = handle; at !== null; at = at.parent) at.deep?.changed();
}
