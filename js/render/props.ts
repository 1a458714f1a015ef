/**
 * A component's properties as the catalog describes them.  Values come from a sandbox: what is not in
 * the catalog is never read, and what is not of the declared type becomes the default or is absent.
 */
import { type ComponentProps, commonProps, components, type PropEntry } from "../generated/catalog";
import { isObject, type JsonObject, own } from "../host/messages";

const MAX_TEXT = 100_000;

/** A value as text: "" for null, JSON for lists and objects. */
export function toText(value: unknown): string {
  if (value == null) return "";
  if (typeof value === "string") return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  if (typeof value === "object") {
    try {
      return toText(JSON.stringify(value));
    } catch {
      return ""; // nested too deeply to be written
    }
  }
  return String(value);
}

/** Milliseconds of `150`, `"150ms"` or `"1.5s"`; null for anything else. */
export function toMilliseconds(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : null;
  const match = typeof value === "string" ? /^\s*(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s)?\s*$/.exec(value) : null;
  return match ? Number(match[1]) * (match[2] === "s" ? 1000 : 1) : null;
}

function toBoolean(value: unknown): boolean {
  return typeof value === "string" ? value !== "" && value !== "false" : Boolean(value);
}

function coerce(value: unknown, entry: PropEntry): unknown {
  if (value == null) return entry.default;
  switch (entry.type) {
    case "string":
      return toText(value);
    case "style":
      return typeof value === "string" ? value : undefined;
    case "number":
    case "integer": {
      if (typeof value !== "number" || !Number.isFinite(value)) return entry.default;
      const whole = entry.type === "integer" ? Math.round(value) : value;
      return Math.min(entry.max ?? Infinity, Math.max(entry.min ?? -Infinity, whole));
    }
    case "boolean":
      return toBoolean(value);
    case "enum":
      return typeof value === "string" && entry.enum?.includes(value) ? value : entry.default;
    case "list":
      return Array.isArray(value) ? value : entry.default;
    case "object":
      return isObject(value) ? value : entry.default;
    case "duration":
      return toMilliseconds(value) ?? entry.default;
    case "any":
      return value;
  }
}

function readBy(
  table: { readonly [name: string]: PropEntry },
  props: JsonObject,
): { [name: string]: unknown } {
  const read: { [name: string]: unknown } = {};
  for (const [name, entry] of Object.entries(table)) {
    const value = coerce(own(props, name), entry);
    if (value !== undefined) read[name] = value;
  }
  return read;
}

/** What every component takes. */
export interface Common {
  readonly id?: string;
  readonly class?: string;
  readonly style?: string;
  readonly hidden: boolean;
  readonly colSpan?: number;
  readonly tooltip?: string;
  readonly ariaLabel?: string;
}

export type Component = keyof ComponentProps;

/** The common properties of a node of any type. */
export function readCommon(props: JsonObject): Common {
  return { hidden: false, ...readBy(commonProps, props) };
}

/** The properties of a component, with the catalog's defaults filled in. */
export function readProps<C extends Component>(component: C, props: JsonObject): ComponentProps[C] {
  return readBy(components[component]?.props ?? {}, props) as ComponentProps[C];
}

/** Columns of 12 that a component takes unless its `colSpan` says otherwise. */
export function defaultSpan(type: string): number {
  return Object.hasOwn(components, type) ? (components[type]?.span ?? 6) : 6;
}

/** The attribute that names an element for assistive technology, or none. */
export function named(label: string | undefined): { "aria-label"?: string } {
  return label ? { "aria-label": label } : {};
}

/** The attributes of a named group, by a text or by the id of its heading; none when it has no name. */
export function group(label: string | undefined, headingId?: string): object {
  if (label) return { role: "group", "aria-label": label };
  return headingId ? { role: "group", "aria-labelledby": headingId } : {};
}
