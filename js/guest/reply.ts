/**
 * What crosses the sandbox's wall, as text.  A reply is written by a guest and hostile: it is JSON of the expected shape,
 * or an error.  State, values and trees in it stay what they are; whoever walks them looks at each part (`host/view.ts`).
 */
import type { GuestReply, GuestRequest } from "../generated/protocol";
import { isObject, own } from "../host/json";

/** What a reply that leaves it out means. */
const ABSENT: Omit<GuestReply, "status"> = {
  ...{ ops: [], inverse: [], value: null, tool: null, calls: [], timer: null, emits: [], logs: [] },
  ...{ progress: null, tree: null, patch: null, state: null, error: null },
};

const MAX_ALIAS = 64;
const MAX_METHOD = 128;

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number";
const whole: Check = (value) => Number.isSafeInteger(value);
const any: Check = () => true;
const oneOf =
  (...names: string[]): Check =>
  (value) =>
    names.includes(value as string);
const listOf =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(item);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const shortText =
  (most: number): Check =>
  (value) =>
    typeof value === "string" && value.length <= most;
/** An object of these fields and no others; those that are `optional` may be missing. */
const record =
  (fields: Record<string, Check>, optional: Record<string, Check> = {}): Check =>
  (value) => {
    if (!isObject(value)) return false;
    let found = 0;
    for (const name of Object.keys(fields)) {
      if (!Object.hasOwn(value, name) || !(fields[name] as Check)(value[name])) return false;
      found++;
    }
    for (const name of Object.keys(optional)) {
      if (!Object.hasOwn(value, name)) continue;
      if (!(optional[name] as Check)(value[name])) return false;
      found++;
    }
    return Object.keys(value).length === found;
  };

const operation = record({ op: oneOf("add", "remove", "replace", "reorder"), path: text, value: any });
const amount = orNull(number);
const isReply = record(
  { status: oneOf("done", "waiting", "failed") },
  {
    ops: listOf(operation),
    inverse: listOf(operation),
    value: any,
    tool: orNull(text),
    calls: listOf(
      record({ id: whole, alias: shortText(MAX_ALIAS), method: shortText(MAX_METHOD), args: listOf(any) }),
    ),
    timer: amount,
    emits: listOf(record({ event: text, payload: any })),
    logs: listOf(record({ level: oneOf("debug", "info", "warn", "error"), text })),
    progress: orNull(record({ done: number, total: amount, text })),
    tree: orNull(isObject),
    patch: orNull(isObject),
    state: orNull(isObject),
    error: orNull(
      record(
        { code: text, name: text, message: text },
        { hint: text, line: whole, column: whole, stack: text, allowed: amount, used: amount },
      ),
    ),
  },
);

/** The reply that the text stands for; null when it stands for none. */
export function readReply(reply: string): GuestReply | null {
  let value: unknown;
  try {
    value = JSON.parse(reply);
  } catch {
    return null;
  }
  if (!isReply(value)) return null;
  return { ...ABSENT, ...(value as Pick<GuestReply, "status">) };
}

/** The request as the guest reads it. */
export function requestText(request: GuestRequest): string {
  return JSON.stringify(request);
}

/** The error of a reply after which the kernel's host gives a guest up, too. */
export function endingError(reply: GuestReply): "memory" | "stack" | null {
  const code = reply.error && own(reply.error, "code");
  if (code === "LIMIT_MEMORY") return "memory";
  return code === "LIMIT_STACK" ? "stack" : null;
}

const encoder = new TextEncoder();

/** Bytes of the text as UTF-8, counted only where its length leaves a doubt. */
export function bytesOf(content: string, most: number): number {
  return content.length * 3 <= most ? content.length : encoder.encode(content).length;
}
