// What declarations demand of values: type, enum, min, max, pattern.

import type { StateDeclaration } from "../../js/generated/protocol";
import { equal, type Json } from "./json";

export const MAX_ITEMS = 10_000;

export type ValueType = StateDeclaration["type"];

export interface Rule {
  readonly type: ValueType;
  readonly enum: Json[] | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly pattern?: string | null;
}

/** What a value of the type is called in a sentence. */
const WANTED: Record<ValueType, string> = {
  string: "a string",
  number: "a number",
  boolean: "true or false",
  list: "a list",
  object: "an object",
  any: "a value",
  frame: "a frame",
};

/** A short form of a value for messages. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

export function fitsType(type: ValueType, value: Json): boolean {
  switch (type) {
    case "any":
      return true;
    case "list":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "frame":
      return typeof value === "object";
    default:
      return typeof value === type;
  }
}

/** What the value breaks, as a clause that follows its name ("must be …"); null when it breaks nothing. */
export function violation(rule: Rule, value: Json): string | null {
  if (!fitsType(rule.type, value))
    return `must be ${WANTED[rule.type]}, not ${value === null ? "null" : shown(value)}`;
  if (rule.type === "list" && (value as Json[]).length > MAX_ITEMS) {
    return `holds ${(value as Json[]).length} items, but a list takes at most ${MAX_ITEMS}; use type frame for larger tables`;
  }
  if (rule.enum !== null && !rule.enum.some((item) => equal(item, value))) {
    return `must be one of ${rule.enum.map(shown).join(", ")}, not ${shown(value)}`;
  }
  if (typeof value === "number") {
    if (rule.min !== null && value < rule.min) return `must be at least ${rule.min}, not ${value}`;
    if (rule.max !== null && value > rule.max) return `must be at most ${rule.max}, not ${value}`;
  }
  if (rule.pattern != null && typeof value === "string" && !matches(rule.pattern, value)) {
    return `must match the pattern ${rule.pattern}, but is ${shown(value)}`;
  }
  return null;
}

const patterns = new Map<string, RegExp | null>();

/** As in HTML: the whole value, Unicode mode; a pattern that is no regular expression demands nothing. */
function matches(pattern: string, value: string): boolean {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = compilePattern(pattern);
    patterns.set(pattern, compiled);
  }
  return compiled === null || compiled.test(value);
}

function compilePattern(pattern: string): RegExp | null {
  try {
    // Alone first: `a)|(b` is no pattern, though it would be one between the parentheses below.
    new RegExp(pattern, "u");
    return new RegExp(`^(?:${pattern})$`, "u");
  } catch {
    return null;
  }
}

/** The value of a type when nothing is declared. */
export function emptyValue(rule: Rule): Json {
  if (rule.enum !== null && rule.enum.length > 0) return rule.enum[0] as Json;
  switch (rule.type) {
    case "string":
      return "";
    case "number":
      return nearestToZero(rule.min, rule.max);
    case "boolean":
      return false;
    case "list":
      return [];
    case "object":
      return {};
    default:
      return null;
  }
}

function nearestToZero(min: number | null, max: number | null): number {
  if (min !== null && min > 0) return min;
  return max !== null && max < 0 ? max : 0;
}

/** A string that stands exactly for a number, as inputs give it; anything else stays as it is. */
export function coerced(type: ValueType, value: Json): Json {
  if (type !== "number" || typeof value !== "string") return value;
  const text = value.trim();
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return value;
  const number = Number(text);
  if (/^[+-]?\d+$/.test(text)) return Number.isSafeInteger(number) ? number : value;
  return Number.isFinite(number) ? number : value;
}
