/** Why a guest did not answer: the same codes and sentences as the kernel's host gives (`nexus_jupyter/sandbox/limits.py`). */
import type { ErrorInfo } from "../generated/protocol";
import type { LossReason, MachineLimits } from "./machine";

const MIB = 1024 * 1024;

/** A request that was not answered; `lost` tells whether the guest is gone with it. */
export class GuestFailure extends Error {
  constructor(
    readonly info: ErrorInfo,
    readonly lost: boolean,
  ) {
    super(info.message);
  }
}

function info(
  code: string,
  name: string,
  message: string,
  hint = "",
  numbers: Partial<ErrorInfo> = {},
): ErrorInfo {
  return {
    ...{ code, name, message, hint, line: 0, column: 0, stack: "", allowed: null, used: null },
    ...numbers,
  };
}

function limit(
  name: string,
  message: string,
  hint: string,
  allowed: number | null,
  used: number | null,
): ErrorInfo {
  return info(`LIMIT_${name}`, "LimitError", message, hint, { allowed, used });
}

/** Milliseconds as a person reads them: `250 ms`, `1.5 s`. */
function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  return `${Number((milliseconds / 1000).toPrecision(3))} s`;
}

const count = (value: number): string => value.toLocaleString("en-US");

/** A step that did not end in time; both in milliseconds, told in seconds as everywhere. */
export function timeExceeded(used: number, allowed: number): ErrorInfo {
  return limit(
    "CPU",
    `the panel's code ran for ${duration(used)} without a pause; one step may take ${duration(allowed)}.`,
    "Look for a loop that does not end, or split the work.",
    allowed / 1000,
    used / 1000,
  );
}

export function memoryExceeded(allowed: number, used: number | null): ErrorInfo {
  return limit(
    "MEMORY",
    `the panel needs more memory than the ${Math.floor(allowed / MIB)} MiB it may use.`,
    "Keep less data in state, or let Python hold it.",
    allowed,
    used,
  );
}

export function stackExceeded(): ErrorInfo {
  return limit(
    "STACK",
    "the panel's code nests or calls itself too deeply.",
    "Look for a function that calls itself without an end, or for deeply nested data or code.",
    null,
    null,
  );
}

function jobsExceeded(allowed: number): ErrorInfo {
  return limit(
    "JOBS",
    `the panel's code ran more than ${allowed} promise reactions in one step.`,
    "Look for promises that start each other without an end.",
    allowed,
    allowed + 1,
  );
}

export function sizeExceeded(what: "request" | "reply", size: number, allowed: number): ErrorInfo {
  return limit(
    `${what.toUpperCase()}_BYTES`,
    `the panel's ${what} has ${count(size)} bytes; at most ${count(allowed)} may cross into or out of the sandbox.`,
    "Show or keep less data.",
    allowed,
    size,
  );
}

/** What the guest's memory holds is not what we put there. */
export function faulty(detail: string): ErrorInfo {
  return info("GUEST_FAULT", "NexusError", `the panel's sandbox failed: ${detail}`);
}

export function closed(): ErrorInfo {
  return info("CANCELLED", "CancelledError", "the panel's sandbox was closed");
}

/** What a lost machine means to the user. */
export function lossOf(
  reason: LossReason,
  detail: string,
  used: number | null,
  limits: MachineLimits,
): ErrorInfo {
  switch (reason) {
    case "memory":
      return memoryExceeded(limits.memory, used);
    case "stack":
      return stackExceeded();
    case "jobs":
      return jobsExceeded(limits.jobs);
    case "reply":
      return sizeExceeded("reply", used ?? 0, limits.reply);
    default:
      return faulty(detail);
  }
}
