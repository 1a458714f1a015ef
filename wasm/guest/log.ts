// `$log` and `console`: values as one line of text, with caps.

import type { LogLine } from "../../js/generated/protocol";
import { bounds } from "./bounds";
import { textBytes } from "./budget";

const MAX_LINE = 4096;
const MAX_ITEMS = 50;
const MAX_NESTING = 4;

export type Level = LogLine["level"];

/** The log of one call, within its bounds; what comes after is not kept, and that is said once. */
export class Log {
  private lines: LogLine[] = [];
  private full = false;
  private count = 0;
  private size = 0;

  add(level: Level, values: readonly unknown[]): void {
    if (this.full) return;
    let text = values.map((value) => (typeof value === "string" ? value : describe(value, 0))).join(" ");
    if (text.length > MAX_LINE) text = `${text.slice(0, MAX_LINE)}…`;
    text = text.toWellFormed();
    const size = textBytes(text);
    if (this.count >= bounds.log_lines || this.size + size > bounds.log_bytes) {
      this.full = true;
      const what = `${bounds.log_lines} lines or ${bounds.log_bytes} bytes`;
      this.lines.push({
        level: "warn",
        text: `the log of this call is full (it takes ${what}); the rest is dropped`,
      });
      return;
    }
    this.count++;
    this.size += size;
    this.lines.push({ level, text });
  }

  /** Whether `take` would give any. */
  get pending(): boolean {
    return this.lines.length > 0;
  }

  /** The lines since the last call of this. */
  take(): LogLine[] {
    const lines = this.lines;
    this.lines = [];
    return lines;
  }
}

/** A value for a reader: never throws, never long. */
export function describe(value: unknown, depth: number): string {
  try {
    return describeAny(value, depth);
  } catch {
    return "[unprintable]";
  }
}

function describeAny(value: unknown, depth: number): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > MAX_LINE ? `${value.slice(0, MAX_LINE)}…` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[function ${value.name || "anonymous"}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Promise) return "[Promise]";
  if (depth >= MAX_NESTING) return Array.isArray(value) ? "[…]" : "{…}";
  if (Array.isArray(value)) return `[${some(value, (item) => describe(item, depth + 1))}]`;
  if (value instanceof Map) {
    return `Map {${some([...value], ([key, item]) => `${describe(key, depth + 1)} => ${describe(item, depth + 1)}`)}}`;
  }
  if (value instanceof Set) return `Set {${some([...value], (item) => describe(item, depth + 1))}}`;
  const fields = some(
    Object.keys(value),
    (key) => `${key}: ${describe((value as Record<string, unknown>)[key], depth + 1)}`,
  );
  return fields === "" ? "{}" : `{ ${fields} }`;
}

function some<T>(items: readonly T[], show: (item: T) => string): string {
  const shown = items.slice(0, MAX_ITEMS).map(show);
  if (items.length > MAX_ITEMS) shown.push(`… ${items.length - MAX_ITEMS} more`);
  return shown.join(", ");
}
