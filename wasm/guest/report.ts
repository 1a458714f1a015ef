// An error as data, with its place in the document.

import type { ErrorInfo } from "../../js/generated/protocol";
import type { CodeTable } from "./code";
import { factsOf } from "./errors";
import { describe } from "./log";

const MAX_MESSAGE = 2000;
const MAX_NAME = 100;

function text(value: unknown, most: number): string {
  const string = typeof value === "string" ? value : describe(value, 0);
  return (string.length > most ? `${string.slice(0, most)}…` : string).toWellFormed();
}

function property(error: object, name: string): unknown {
  try {
    return (error as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** What was thrown, whatever it was.  `code` is given to errors that have none of their own. */
export function errorInfo(thrown: unknown, table: CodeTable | null, code?: string): ErrorInfo {
  const { info, stack } = errorPlace(thrown, table, code);
  if (table !== null && stack !== "") info.stack = table.readable(stack).toWellFormed();
  return info;
}

/** As above, but with the stack as the engine tells it beside it: to make it readable takes longer than all else. */
export function errorPlace(
  thrown: unknown,
  table: CodeTable | null,
  code = "HANDLER_ERROR",
): { info: ErrorInfo; stack: string } {
  const info: ErrorInfo = {
    code,
    name: "Error",
    message: "",
    hint: "",
    line: 0,
    column: 0,
    stack: "",
    allowed: null,
    used: null,
  };
  if (!(thrown instanceof Error)) {
    info.message = `a handler threw ${text(thrown, MAX_MESSAGE)}`;
    return { info, stack: "" };
  }
  info.name = text(property(thrown, "name") ?? "Error", MAX_NAME);
  info.message = text(property(thrown, "message") ?? "", MAX_MESSAGE);
  const facts = factsOf(thrown);
  if (facts !== undefined) {
    info.name = text(facts.name, MAX_NAME);
    info.code = text(facts.code, MAX_NAME);
    info.hint = text(facts.hint, MAX_MESSAGE);
    if (facts.allowed != null) info.allowed = facts.allowed;
    if (facts.used != null) info.used = facts.used;
  } else if (info.name === "InternalError" && info.message === "out of memory") {
    info.code = "LIMIT_MEMORY";
    info.message = "the panel's memory is used up";
  }
  const stack = table === null ? "" : property(thrown, "stack");
  if (table === null || typeof stack !== "string") return { info, stack: "" };
  const { line, column } = table.place(stack);
  info.line = line;
  info.column = column;
  return { info, stack };
}
