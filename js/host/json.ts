/** Looking into values of which nothing is known yet. */
import type { JsonValue } from "../generated/protocol";

export type Json = JsonValue;
export type JsonObject = { [key: string]: JsonValue };

export function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object's own property, never one of its prototype's. */
export function own(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as { [key: string]: unknown })[name] : undefined;
}

/** The text, or what stands for anything else. */
export function string(value: unknown, fallback = ""): string {
  return typeof value === "string" ? value : fallback;
}
