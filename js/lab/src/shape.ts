/** Shapes of incoming JSON: what a message must look like before anything here touches it. */

/** Whether a value has a shape. */
export type Shape<T> = (value: unknown) => value is T;

type Fields = { [name: string]: Shape<unknown> };

export const any: Shape<unknown> = (value): value is unknown => value !== undefined;
export const flag: Shape<boolean> = (value): value is boolean => typeof value === "boolean";
export const number: Shape<number> = (value): value is number =>
  typeof value === "number" && Number.isFinite(value);

/** A text of at most `limit` characters. */
export function text(limit: number): Shape<string> {
  return (value): value is string => typeof value === "string" && value.length <= limit;
}

/** One of these texts. */
export function oneOf<T extends string>(...texts: T[]): Shape<T> {
  return (value): value is T => (texts as unknown[]).includes(value);
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value): value is T | null => value === null || shape(value);
}

/** A list of at most `limit` items. */
export function list<T>(item: Shape<T>, limit: number): Shape<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.length <= limit && value.every(item);
}

/** An object with at least these fields of its own. */
export function fields<T>(known: Fields): Shape<T> {
  const names = Object.entries(known);
  return (value): value is T =>
    isObject(value) && names.every(([name, shape]) => Object.hasOwn(value, name) && shape(value[name]));
}

/** An object, not a list and not null. */
export function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
