/** A form from a JSON Schema of arguments by name, and the arguments from what was typed. */
import type { JsonValue } from "../../generated/protocol";
import { isObject } from "./shape";

export interface Field {
  name: string;
  kind: "text" | "number" | "flag" | "choice" | "json";
  description: string;
  required: boolean;
  /** What stands in the field at first. */
  initial: string;
  /** Of `choice`: the values; a choice's text is its position. */
  options: readonly JsonValue[];
  min: number | null;
  max: number | null;
  /** Of `json`: whether a list or an object is wanted. */
  wants: "array" | "object" | null;
}

/** Texts by field; "true" and "" for flags. */
export type Draft = { readonly [name: string]: string };
export type Read = { args: { [name: string]: JsonValue } } | { errors: { [name: string]: string } };

/** More arguments than a person would fill in. */
const MOST_FIELDS = 200;

/** The fields of a schema `{type: "object", properties, required}`; what is unclear in it is asked for as JSON. */
export function readFields(schema: { [key: string]: JsonValue }): Field[] {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(properties)
    .slice(0, MOST_FIELDS)
    .map(([name, property]) => field(name, isObject(property) ? property : {}, required.includes(name)));
}

function field(name: string, property: { [key: string]: unknown }, required: boolean): Field {
  const options = Array.isArray(property.enum) ? (property.enum as JsonValue[]) : [];
  const kind = options.length > 0 ? "choice" : kindOf(property.type);
  const preset = property.default as JsonValue | undefined;
  return {
    name,
    kind,
    description: typeof property.description === "string" ? property.description : "",
    required,
    initial: preset === undefined ? "" : initial(kind, preset, options),
    options,
    min: typeof property.minimum === "number" ? property.minimum : null,
    max: typeof property.maximum === "number" ? property.maximum : null,
    wants: property.type === "array" || property.type === "object" ? property.type : null,
  };
}

function kindOf(type: unknown): Field["kind"] {
  if (type === "string") return "text";
  if (type === "number" || type === "integer") return "number";
  return type === "boolean" ? "flag" : "json";
}

function initial(kind: Field["kind"], preset: JsonValue, options: readonly JsonValue[]): string {
  if (kind === "choice")
    return String(
      Math.max(
        0,
        options.findIndex((option) => same(option, preset)),
      ),
    );
  if (kind === "flag") return preset === true ? "true" : "";
  if (kind === "json") return JSON.stringify(preset, null, 2);
  return String(preset);
}

function same(a: JsonValue, b: JsonValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What stands in the fields at first. */
export function firstDraft(fields: readonly Field[]): Draft {
  return Object.fromEntries(fields.map((field) => [field.name, field.initial]));
}

/** The arguments, or what is wrong with which field. */
export function readDraft(fields: readonly Field[], draft: Draft): Read {
  const args: [string, JsonValue][] = [];
  const errors: [string, string][] = [];
  for (const field of fields) {
    const typed = Object.hasOwn(draft, field.name) ? (draft[field.name] as string) : "";
    const value = read(field, typed);
    if (value instanceof Error) errors.push([field.name, value.message]);
    else if (value !== undefined) args.push([field.name, value]);
  }
  return errors.length > 0 ? { errors: Object.fromEntries(errors) } : { args: Object.fromEntries(args) };
}

/** The value, undefined for an argument that is left out, or what is wrong. */
function read(field: Field, typed: string): JsonValue | undefined | Error {
  if (field.kind === "flag") return typed === "true";
  if (field.kind === "text") return typed === "" && !field.required ? undefined : typed;
  if (typed.trim() === "") return field.required ? new Error("Needed.") : undefined;
  if (field.kind === "choice") return field.options[Number(typed)] ?? new Error("Choose one.");
  return field.kind === "number" ? readNumber(field, typed) : readJson(field, typed);
}

function readNumber(field: Field, typed: string): number | Error {
  const value = Number(typed);
  if (!Number.isFinite(value)) return new Error("This is no number; write for example 12.5.");
  if (field.min !== null && value < field.min) return new Error(`At least ${field.min}.`);
  if (field.max !== null && value > field.max) return new Error(`At most ${field.max}.`);
  return value;
}

function readJson(field: Field, typed: string): JsonValue | Error {
  let value: JsonValue;
  try {
    value = JSON.parse(typed);
  } catch (error) {
    return new Error(`This is no JSON: ${error instanceof Error ? error.message : "it does not end"}.`);
  }
  if (field.wants === "array" && !Array.isArray(value)) return new Error("A list is wanted, e.g. [1, 2].");
  if (field.wants === "object" && !isObject(value)) return new Error('An object is wanted, e.g. {"a": 1}.');
  return value;
}
