// Plain JSON values, and how what panel code hands over becomes one.
//
//   string                      itself; a lone surrogate becomes U+FFFD
//   number                      itself, -0 is 0; NaN and infinities are an error
//   Date                        its ISO string; an invalid Date is an error
//   undefined                   in an object: dropped; in a list: null
//   object of any class         its own enumerable properties
//   BigInt, function, symbol, Map, Set, RegExp, Error, Promise, cycle, depth past 100: an error that names the place

import { anew, factsOf, type PanelError, stateError } from "./errors";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}
export type Container = Json[] | JsonObject;

export const MAX_DEPTH = 100;

const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);
const UNFIT: readonly [new (...args: never[]) => object, string, string][] = [
  [Map, "a Map", "use an object, for example Object.fromEntries(map)"],
  [Set, "a Set", "use a list, for example [...set]"],
  [WeakMap, "a WeakMap", ""],
  [WeakSet, "a WeakSet", ""],
  [Promise, "a Promise", "await it first"],
  [RegExp, "a regular expression", "keep its source text"],
  [Error, "an Error", "keep its message"],
];

export function isForbiddenKey(key: string): boolean {
  return FORBIDDEN_KEYS.has(key);
}

export function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

/** One token of a JSON Pointer (RFC 6901). */
export function pointerToken(key: string | number): string {
  const text = String(key);
  return text.includes("~") || text.includes("/") ? text.replaceAll("~", "~0").replaceAll("/", "~1") : text;
}

/** How many containers deep a clean value is; those in `apart` count as nothing. */
export function nesting(value: Json, apart?: ReadonlySet<Container>): number {
  if (!isContainer(value) || apart?.has(value)) return 0;
  let most = 0;
  if (Array.isArray(value)) {
    for (const item of value)
      if (isContainer(item) && !apart?.has(item)) most = Math.max(most, nesting(item, apart));
  } else {
    for (const key of Object.keys(value)) {
      const item = value[key] as Json;
      if (isContainer(item)) most = Math.max(most, nesting(item, apart));
    }
  }
  return most + 1;
}

/** A copy of a clean value. */
export function copyOf<T extends Json>(value: T): T {
  if (!isContainer(value)) return value;
  if (Array.isArray(value)) {
    const list: Json[] = [];
    for (let i = 0; i < value.length; i++) {
      const item = value[i] as Json;
      list[i] = isContainer(item) ? copyOf(item) : item;
    }
    return list as T;
  }
  const object: JsonObject = {};
  for (const key of Object.keys(value)) {
    const item = (value as JsonObject)[key] as Json;
    object[key] = isContainer(item) ? copyOf(item) : item;
  }
  return object as T;
}

/** Whether a value takes at most about so many characters as JSON. */
export function takesAtMost(value: Json, characters: number): boolean {
  let left = characters;
  const within = (one: Json): boolean => {
    left -= typeof one === "string" ? one.length + 2 : 8;
    if (left < 0 || !isContainer(one)) return left >= 0;
    if (Array.isArray(one)) return one.every(within);
    return Object.keys(one).every((key) => {
      left -= key.length;
      return within(one[key] as Json);
    });
  };
  return within(value);
}

/** Whether two clean values are equal, the order of keys included. */
export function equal(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (!isContainer(a) || !isContainer(b)) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equal(a[i] as Json, b[i] as Json)) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  const others = Object.keys(b);
  if (keys.length !== others.length) return false;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    if (key !== others[i] || !equal(a[key] as Json, b[key] as Json)) return false;
  }
  return true;
}

export interface Conversion {
  /** The clean value behind something the guest made, e.g. a `$state` proxy; undefined for anything else. */
  known(value: object): Container | undefined;
  /** What to say of a value that does not fit. */
  fail(place: string, problem: string, hint: string): PanelError;
  /** NaN and infinities: null instead of an error. */
  lenient?: boolean;
}

function unfit(place: string, problem: string, hint: string): PanelError {
  return stateError(`${place} is ${problem}, which state cannot hold`, hint);
}

export const STRICT: Conversion = { known: () => undefined, fail: unfit };

/** A string, boolean or number that is its own JSON; undefined for anything that needs a closer look. */
export function scalar(value: unknown): string | number | boolean | undefined {
  if (typeof value === "string") return value.isWellFormed() ? value : undefined;
  if (typeof value === "number") return Number.isFinite(value) && value !== 0 ? value : undefined;
  return typeof value === "boolean" ? value : undefined;
}

/** The value as plain JSON, sharing nothing with what it came from.  `place` names it in errors. */
export function toJson(value: unknown, place: string, how: Conversion = STRICT): Json {
  const simple = scalar(value);
  if (simple !== undefined) return simple;
  try {
    return convert(value, place, how, []);
  } catch (error) {
    // Anew from here: the frames of a deep conversion would crowd out those of the panel's code.
    if (error instanceof Misfit) throw how.fail(error.place, error.problem, error.hint);
    const facts = factsOf(error);
    throw facts === undefined ? error : anew(facts);
  }
}

/** What does not fit, on its way out of a conversion. */
class Misfit {
  constructor(
    readonly place: string,
    readonly problem: string,
    readonly hint: string,
  ) {}
}

function convert(value: unknown, place: string, how: Conversion, above: object[]): Json {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? value : value.toWellFormed();
    case "number":
      if (Number.isFinite(value)) return value === 0 ? 0 : value;
      if (how.lenient) return null;
      throw new Misfit(place, String(value), "check the calculation, or use null in a state of type any");
    case "boolean":
      return value;
    case "undefined":
      throw new Misfit(place, "undefined", "use null in a state of type any");
    case "object":
      return value === null ? null : convertObject(value, place, how, above);
    default:
      throw new Misfit(place, typeof value === "bigint" ? "a BigInt" : `a ${typeof value}`, "");
  }
}

function convertObject(value: object, place: string, how: Conversion, above: object[]): Json {
  const known = how.known(value);
  if (known !== undefined) return copyOf(known);
  const prototype = Reflect.getPrototypeOf(value);
  // most values: they are none of those below, and each question costs as much as a value
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
    if (value instanceof Date) {
      const time = value.getTime();
      if (Number.isNaN(time)) throw new Misfit(place, "an invalid Date", "");
      return new Date(time).toISOString();
    }
    for (const [kind, name, hint] of UNFIT) if (value instanceof kind) throw new Misfit(place, name, hint);
  }
  if (above.includes(value)) throw new Misfit(place, "part of a cycle", "");
  if (above.length >= MAX_DEPTH) throw new Misfit(place, `nested more than ${MAX_DEPTH} deep`, "");
  above.push(value);
  const result = Array.isArray(value)
    ? convertList(value, place, how, above)
    : convertFields(value, place, how, above);
  above.pop();
  return result;
}

function convertList(value: readonly unknown[], place: string, how: Conversion, above: object[]): Json[] {
  const list: Json[] = [];
  for (let i = 0; i < value.length; i++) {
    const item = value[i];
    list[i] = item == null ? null : (scalar(item) ?? convert(item, `${place}[${i}]`, how, above));
  }
  return list;
}

function convertFields(value: object, place: string, how: Conversion, above: object[]): JsonObject {
  const object: JsonObject = {};
  for (const key of Object.keys(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new Misfit(place, `an object with the key ${key}`, "rename the key");
    const item = (value as Record<string, unknown>)[key];
    if (item === undefined) continue;
    object[key.toWellFormed()] =
      item === null ? null : (scalar(item) ?? convert(item, `${place}.${key}`, how, above));
  }
  return object;
}
