// From what a caller gives to what a handler gets: matched with the tool's arguments, coerced, checked, frozen.

import type { ArgDeclaration, ToolDeclaration } from "../../js/generated/protocol";
import { argumentError } from "./errors";
import { isForbiddenKey, type Json, type JsonObject } from "./json";
import { coerced, violation } from "./rules";

/** By position or by name. */
export type Given = { readonly list: readonly Json[] } | { readonly fields: JsonObject };

/** An `args` value: a list is positional, an object by name, null nothing, anything else the first argument. */
export function given(value: Json): Given {
  if (Array.isArray(value)) return { list: value };
  if (value === null) return { list: [] };
  return typeof value === "object" ? { fields: value } : { list: [value] };
}

/** The arguments of `$tools.name(…)`: one object is by name, anything else positional. */
export function givenInCall(values: readonly Json[]): Given {
  const only = values[0];
  if (values.length === 1 && typeof only === "object" && only !== null && !Array.isArray(only))
    return { fields: only };
  return { list: values };
}

/** The frozen `$args` of a call; throws an ArgumentError that names the argument. */
export function matched(tool: ToolDeclaration, values: Given): object {
  const out: Record<string, Json> = {};
  const byName = "fields" in values ? values.fields : positional(tool, values.list);
  for (const name of Object.keys(byName)) {
    if (!tool.args.some((arg) => arg.name === name))
      throw argumentError(`tool ${tool.name} takes no argument called ${name}`, takes(tool));
  }
  for (const arg of tool.args) {
    const value = argument(tool, arg, Object.hasOwn(byName, arg.name) ? byName[arg.name] : undefined);
    if (value !== undefined && !isForbiddenKey(arg.name)) out[arg.name] = value;
  }
  return frozen(out);
}

function positional(tool: ToolDeclaration, list: readonly Json[]): JsonObject {
  if (list.length > tool.args.length) {
    throw argumentError(
      `tool ${tool.name} takes ${count(tool.args.length)}, but ${list.length} were given`,
      takes(tool),
    );
  }
  const fields: JsonObject = {};
  list.forEach((value, i) => {
    fields[(tool.args[i] as ArgDeclaration).name] = value;
  });
  return fields;
}

function argument(tool: ToolDeclaration, arg: ArgDeclaration, value: Json | undefined): Json | undefined {
  const missing = value === undefined || (value === null && arg.type !== "any");
  if (missing) {
    if (arg.required) throw argumentError(`tool ${tool.name} needs the argument ${arg.name}`, takes(tool));
    return arg.defaulted ? arg.default : undefined;
  }
  const candidate = coerced(arg.type, value);
  const broken = violation(arg, candidate);
  if (broken !== null) throw argumentError(`argument ${arg.name} of tool ${tool.name} ${broken}`);
  return candidate;
}

function count(n: number): string {
  return n === 0 ? "no arguments" : n === 1 ? "one argument" : `${n} arguments`;
}

function takes(tool: ToolDeclaration): string {
  return tool.args.length === 0 ? "" : `its arguments are ${tool.args.map((arg) => arg.name).join(", ")}`;
}

export function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    for (const item of Object.values(Object.freeze(value))) frozen(item);
  }
  return value;
}
