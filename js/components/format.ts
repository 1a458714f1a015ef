/** Numbers and dates as the reader's locale writes them.  What cannot be written as asked is written as it is. */
import { toText } from "../render/props";

export type Format =
  | "auto"
  | "number"
  | "integer"
  | "percent"
  | "compact"
  | "currency"
  | "date"
  | "time"
  | "datetime";

export interface Formatting {
  readonly format?: Format | undefined;
  /** ISO 4217. */
  readonly currency?: string | undefined;
  /** IANA name; the reader's own zone when absent. */
  readonly timeZone?: string | undefined;
}

const DATE_STYLES: { [format: string]: Intl.DateTimeFormatOptions } = {
  date: { dateStyle: "medium" },
  time: { timeStyle: "short" },
  datetime: { dateStyle: "medium", timeStyle: "short" },
};

/** A date of an ISO 8601 text or milliseconds since 1970; null for anything else. */
function toDate(value: unknown): Date | null {
  const readable = typeof value === "number" || (typeof value === "string" && /^\d{4}-\d\d/.test(value));
  const date = readable ? new Date(value) : null;
  return date && !Number.isNaN(date.getTime()) ? date : null;
}

/** A date without a time (`2026-03-01`) is that day everywhere: it must not move with the reader's zone. */
function isDay(value: unknown): boolean {
  return typeof value === "string" && /^\d{4}-\d\d(-\d\d)?$/.test(value);
}

function formatDate(value: unknown, how: Formatting, locale: string): string | null {
  const date = toDate(value);
  if (!date) return null;
  const timeZone = isDay(value) ? "UTC" : how.timeZone;
  const style = DATE_STYLES[how.format ?? ""] ?? {};
  return new Intl.DateTimeFormat(locale, { ...style, ...(timeZone ? { timeZone } : {}) }).format(date);
}

function numberOptions(how: Formatting): Intl.NumberFormatOptions {
  const currency = how.currency?.toUpperCase();
  if (currency && (how.format === "currency" || how.format === "auto" || !how.format)) {
    return { style: "currency", currency };
  }
  switch (how.format) {
    case "integer":
      return { maximumFractionDigits: 0 };
    case "percent":
      return { style: "percent", maximumFractionDigits: 1 };
    case "compact":
      return { notation: "compact", maximumFractionDigits: 1 };
    default:
      return { maximumFractionDigits: 3 };
  }
}

/**
 * `value` as text.  With the format `auto`, numbers are grouped if `group` (a bare number in running
 * text, such as a year, is better left alone); texts, lists and objects are written as they are.
 */
export function formatValue(value: unknown, how: Formatting, locale: string, group: boolean): string {
  try {
    if (how.format && Object.hasOwn(DATE_STYLES, how.format)) {
      return formatDate(value, how, locale) ?? toText(value);
    }
    if (typeof value !== "number" || !Number.isFinite(value)) return toText(value);
    const plain = (how.format === undefined || how.format === "auto") && !how.currency && !group;
    return plain ? toText(value) : new Intl.NumberFormat(locale, numberOptions(how)).format(value);
  } catch {
    return toText(value); // an unknown currency or time zone
  }
}

/** A change: a number with its sign, anything else as it is. */
export function formatDelta(value: unknown, how: Formatting, locale: string): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return toText(value);
  const dated = how.format && Object.hasOwn(DATE_STYLES, how.format);
  try {
    const options = dated ? {} : numberOptions(how);
    return new Intl.NumberFormat(locale, { ...options, signDisplay: "exceptZero" }).format(value);
  } catch {
    return toText(value);
  }
}
