// How much the state may hold.  Sizes are estimates from above that grow with what each step adds; only when
// they pass the limit is everything measured.

import type { Operation } from "../../js/generated/protocol";
import { limitError } from "./errors";
import { isContainer, type Json, type JsonObject } from "./json";

/** Of the whole state as JSON. */
export const MAX_STATE_BYTES = 6 * 1024 * 1024;

const ASCII = /[\0-\x7f]+/g;
const BEYOND_ASCII = /[^\0-\x7f]/;
/** Containers up to this far down are measured part by part, so that no text of the whole is made. */
const PARTS = 3;

export class Budget {
  private sizes: ReadonlyMap<string, number> = new Map();

  constructor(private readonly values: JsonObject) {}

  /** Takes account of operations that are about to be committed; throws when the state is too large with them. */
  take(ops: readonly Operation[]): void {
    if (ops.length === 0) return;
    const sizes = new Map(this.sizes);
    for (const name of Object.keys(this.values))
      if (!sizes.has(name)) sizes.set(name, bytesOf(this.values[name] as Json));
    for (const { op, path, value } of ops) {
      if (op === "remove") continue;
      const [, token = "", ...below] = path.split("/", 3);
      const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
      const size = bytesOf(value);
      if (below.length === 0) sizes.set(name, size);
      else sizes.set(name, (sizes.get(name) ?? 0) + size + bytesOf(path.slice(path.lastIndexOf("/"))));
    }
    this.sizes = total(sizes) <= MAX_STATE_BYTES ? sizes : this.measured();
  }

  private measured(): ReadonlyMap<string, number> {
    const sizes = new Map<string, number>();
    for (const name of Object.keys(this.values)) sizes.set(name, bytesOf(this.values[name] as Json));
    if (total(sizes) <= MAX_STATE_BYTES) return sizes;
    const [largest] = [...sizes].sort(([, a], [, b]) => b - a)[0] as [string, number];
    throw limitError(
      "STATE_BYTES",
      `the panel's state would take more than ${MAX_STATE_BYTES / 1024 / 1024} MB; the largest state is ${largest}`,
      "keep less in $state: remove what is no longer needed, or load it in parts",
    );
  }
}

function total(sizes: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [name, size] of sizes) sum += name.length + size;
  return sum;
}

/** About the UTF-8 bytes of a clean value as JSON, never fewer; of what is far too large just "too many". */
function bytesOf(value: Json, parts = PARTS): number {
  if (typeof value === "string" && value.length > MAX_STATE_BYTES) return value.length;
  if (!isContainer(value) || parts === 0) return textBytes(JSON.stringify(value));
  let sum = 2;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && sum <= MAX_STATE_BYTES; i++)
      sum += 1 + bytesOf(value[i] as Json, isContainer(value[i]) ? parts - 1 : 0);
    return sum;
  }
  for (const key of Object.keys(value)) {
    if (sum > MAX_STATE_BYTES) break;
    sum += 2 + textBytes(JSON.stringify(key)) + bytesOf(value[key] as Json, parts - 1);
  }
  return sum;
}

function textBytes(text: string): number {
  return BEYOND_ASCII.test(text) ? text.length + 2 * text.replace(ASCII, "").length : text.length;
}
