// How much the state may hold.  What it takes is estimated from above and grows with what each step adds; only when
// that passes the limit is everything measured.

import type { Operation } from "../../js/generated/protocol";
import { bounds } from "./bounds";
import { limitError } from "./errors";
import { isContainer, type Json, type JsonObject } from "./json";

const ASCII = /[\0-\x7f]+/g;
const BEYOND_ASCII = /[^\0-\x7f]/;
/** Containers up to this far down are measured part by part, so that no text of the whole is made. */
const PARTS = 3;

export class Budget {
  /** At least what the state takes now; null before it was measured. */
  private bound: number | null = null;

  constructor(private readonly values: JsonObject) {}

  /** Takes account of operations that are about to be committed; throws when the state is too large with them. */
  take(ops: readonly Operation[]): void {
    if (ops.length === 0) return;
    let bound = this.bound ?? this.measured();
    for (const { op, path, value } of ops) if (op !== "remove") bound += 2 * path.length + bytesAtMost(value);
    this.bound = bound <= bounds.state_bytes ? bound : this.measured();
  }

  private measured(): number {
    const sizes = new Map<string, number>();
    for (const name of Object.keys(this.values)) sizes.set(name, bytesOf(this.values[name] as Json));
    const sum = total(sizes);
    if (sum <= bounds.state_bytes) return sum;
    const [largest] = [...sizes].sort(([, a], [, b]) => b - a)[0] as [string, number];
    throw limitError(
      "STATE_BYTES",
      `the panel's state would take ${sum} bytes, and ${bounds.state_bytes} are allowed; the largest state is ${largest}`,
      bounds.state_bytes,
      sum,
      "keep less in $state: remove what is no longer needed, or load it in parts",
    );
  }
}

function total(sizes: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [name, size] of sizes) sum += name.length + size;
  return sum;
}

/** A string of so many characters is not looked at: each takes at most six bytes. */
const SHORT = 64;

/** No fewer than the bytes of a clean value as JSON, found without writing it where that is quick. */
function bytesAtMost(value: Json): number {
  switch (typeof value) {
    case "number":
      return 25;
    case "string":
      return value.length <= SHORT ? 2 + 6 * value.length : bytesOf(value);
    default:
      return isContainer(value) ? bytesOf(value) : 5;
  }
}

/** About the UTF-8 bytes of a clean value as JSON, never fewer; of what is far too large just "too many". */
function bytesOf(value: Json, parts = PARTS): number {
  if (typeof value === "string" && value.length > bounds.state_bytes) return value.length;
  if (!isContainer(value) || parts === 0) return textBytes(JSON.stringify(value));
  let sum = 2;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && sum <= bounds.state_bytes; i++)
      sum += 1 + bytesOf(value[i] as Json, isContainer(value[i]) ? parts - 1 : 0);
    return sum;
  }
  for (const key of Object.keys(value)) {
    if (sum > bounds.state_bytes) break;
    sum += 2 + textBytes(JSON.stringify(key)) + bytesOf(value[key] as Json, parts - 1);
  }
  return sum;
}

export function textBytes(text: string): number {
  return BEYOND_ASCII.test(text) ? text.length + 2 * text.replace(ASCII, "").length : text.length;
}
