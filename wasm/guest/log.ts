// `$log` and `console`: values as one line of text, with caps.

import type { LogLine } from "../../js/generated/protocol";

const MAX_LINES = 100;
const MAX_TEXT = 16 * 1024;
const MAX_LINE = 4096;
const MAX_ITEMS = 50;
const MAX_NESTING = 4;

export type Level = LogLine["level"];

/** The log of one call: at most 100 lines and 16 KiB; what comes after is counted, not kept. */
export class Log {
  private lines: LogLine[] = [];
  private count = 0;
  private size = 0;

  add(level: Level, values: readonly unknown[]): void {
    if (this.count > MAX_LINES) return;
    let text = values.map((value) => (typeof value === "string" ? value : describe(value, 0))).join(" ");
    if (text.length > MAX_LINE) text = `${text.slice(0, MAX_LINE)}…`;
    if (this.count === MAX_LINES || this.size + text.length > MAX_TEXT) {
      this.count = MAX_LINES + 1;
      this.lines.push({
        level: "warn",
        text: `the log of this call is full (${MAX_LINES} lines or ${MAX_TEXT / 1024} KiB); the rest is dropped`,
      });
      return;
    }
    this.count++;
    this.size += text.length;
    this.lines.push({ level, text: text.toWellFormed() });
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
