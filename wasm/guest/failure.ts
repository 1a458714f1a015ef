// What an evaluation threw, kept without the object that was thrown: panel code can put things into that one,
// and would find them there again.

import { anew, type Facts, factsOf } from "./errors";
import { describe } from "./log";

const MAX_TEXT = 2000;
const MAX_STACK = 16_384;

export interface Failure {
  /** Of an error that the guest raised. */
  readonly facts: Facts | undefined;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** `place` names in the message what threw, when it threw something else than an error. */
export function failureOf(thrown: unknown, place: string): Failure {
  if (!(thrown instanceof Error)) {
    const message = `${place} threw ${describe(thrown, 0)}`.slice(0, MAX_TEXT);
    return { facts: undefined, name: "Error", message, stack: "" };
  }
  return {
    facts: factsOf(thrown),
    name: textOf(thrown, "name", MAX_TEXT),
    message: textOf(thrown, "message", MAX_TEXT),
    stack: textOf(thrown, "stack", MAX_STACK),
  };
}

/** A new error each time. */
export function thrownAgain({ facts, name, message, stack }: Failure): Error {
  const error = facts === undefined ? new Error(message) : anew(facts);
  const own = { configurable: true, writable: true };
  if (facts === undefined) Object.defineProperty(error, "name", { value: name, ...own });
  if (stack !== "") Object.defineProperty(error, "stack", { value: stack, ...own });
  return error;
}

function textOf(error: Error, key: "name" | "message" | "stack", most: number): string {
  try {
    const value: unknown = error[key];
    return typeof value === "string" ? value.slice(0, most) : "";
  } catch {
    return "";
  }
}
