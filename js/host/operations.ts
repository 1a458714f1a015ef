/** JSON Patch (RFC 6902: add, remove, replace) and `reorder` on plain values, which are never changed: what differs is copied. */
import { isObject, type Json, type JsonObject, own } from "./json";

const INDEX = /^(?:0|[1-9]\d{0,8})$/;

/** The value after the operations; undefined when one of them does not fit it. */
export function applyOperations(value: Json, operations: readonly unknown[]): Json | undefined {
  const copies = new Set<object>();
  let now: Json | undefined = value;
  for (const operation of operations) {
    if (!isObject(operation)) return undefined;
    const path = own(operation, "path");
    const kind = own(operation, "op");
    if (typeof path !== "string" || (path !== "" && !path.startsWith("/"))) return undefined;
    const tokens = path.split("/").slice(1).map(unescaped);
    now = applied(now, tokens, 0, kind, (own(operation, "value") ?? null) as Json, copies);
    if (now === undefined) return undefined;
  }
  return now;
}

function unescaped(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}

function applied(
  value: Json,
  tokens: readonly string[],
  at: number,
  kind: unknown,
  given: Json,
  copies: Set<object>,
): Json | undefined {
  const token = tokens[at];
  if (token === undefined) {
    if (kind === "reorder") return reordered(value, given);
    return kind === "replace" || kind === "add" ? given : undefined;
  }
  const last = at === tokens.length - 1;
  if (Array.isArray(value)) {
    if (!INDEX.test(token)) return undefined;
    const list = owned(value, copies);
    const index = Number(token);
    if (last && kind === "add") {
      if (index > list.length) return undefined;
      list.splice(index, 0, given);
      return list;
    }
    if (index >= list.length) return undefined;
    if (last && kind === "remove") {
      list.splice(index, 1);
      return list;
    }
    const item = applied(list[index] as Json, tokens, at + 1, kind, given, copies);
    if (item === undefined) return undefined;
    list[index] = item;
    return list;
  }
  if (!isObject(value)) return undefined;
  const object = owned(value as JsonObject, copies);
  const known = Object.hasOwn(object, token);
  if (!known && !(last && kind === "add")) return undefined;
  if (last && kind === "remove") {
    delete object[token];
    return object;
  }
  const item = last && !known ? given : applied(object[token] as Json, tokens, at + 1, kind, given, copies);
  if (item === undefined) return undefined;
  setOwn(object, token, item);
  return object;
}

/** The list whose item i is what item `order[i]` was; undefined when the order does not name each item once. */
function reordered(list: Json, order: Json): Json | undefined {
  if (!Array.isArray(list) || !Array.isArray(order) || order.length !== list.length) return undefined;
  if (new Set(order).size !== list.length) return undefined;
  const found: Json[] = [];
  for (const place of order) {
    if (!Number.isInteger(place) || !Object.hasOwn(list, place as number)) return undefined;
    found.push(list[place as number] as Json);
  }
  return found;
}

/** The value itself if this patch has copied it already, else a copy. */
function owned<T extends Json[] | JsonObject>(value: T, copies: Set<object>): T {
  if (copies.has(value)) return value;
  const copy = (Array.isArray(value) ? value.slice() : { ...value }) as T;
  copies.add(copy);
  return copy;
}

/** Sets an own property, whatever it is called. */
export function setOwn(object: JsonObject, name: string, value: Json): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}
