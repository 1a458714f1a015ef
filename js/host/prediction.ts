/** What this page expects of one event that the kernel has not answered yet. */
import type { Cause, Operation } from "../generated/protocol";
import type { Json, JsonObject } from "./json";
import type { Moment } from "./moment";
import { sameJson } from "./view";

/** What the kernel has committed, as a replica follows it. */
export interface Committed {
  readonly rev: number;
  readonly cause: Cause;
  readonly ops: readonly Operation[];
  readonly clock: number;
  readonly seed: number;
}

/** An event as the kernel gets it, too. */
export interface Happening extends Moment {
  readonly seq: number;
  readonly node: string;
  readonly name: string;
  readonly detail: JsonObject;
}

/** One step of a prediction, which is to become one commit. */
export interface Part {
  readonly kind: "edit" | "tool";
  readonly ops: readonly Operation[];
  readonly inverse: readonly Operation[];
}

/** The place of an item in a list, or of a key that looks like one. */
const ITEM = /\/(?:\d+|-)$/;

export class Prediction {
  /** What is to be run to make it again: everything, its tool alone, or nothing because the kernel has got so far. */
  stage: "event" | "tool" | "over" = "event";
  /** The tool that it starts, once that is known. */
  call: { readonly tool: string; readonly args: Json } | null = null;
  /** Changes that stand in the guest and that the kernel has not committed. */
  parts: Part[] = [];
  /** Whether the call's first step was not its last. */
  waits = false;
  /** Whether it broke a guest, and is the kernel's alone from then on. */
  barred = false;
  /** The revision that has all that the event led to, once it has ended. */
  ends: number | null = null;

  constructor(readonly happening: Happening) {}

  get seq(): number {
    return this.happening.seq;
  }

  /** The kernel has come so far with it. */
  reached(kind: Cause["kind"]): void {
    if (this.stage === "event" && kind === "edit") this.stage = "tool";
    else this.stage = "over";
  }

  /** Whether a commit is exactly what was expected next. */
  expects(part: Part, commit: Committed): boolean {
    const { clock, seed } = this.happening;
    return (
      part.kind === commit.cause.kind &&
      clock === commit.clock &&
      seed === commit.seed &&
      sameOperations(part.ops, commit.ops)
    );
  }
}

function sameOperations(a: readonly Operation[], b: readonly Operation[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, at) => {
      const other = b[at] as Operation;
      return (
        one.op === other.op && one.path === other.path && sameJson(one.value ?? null, other.value ?? null)
      );
    })
  );
}

/**
 * Operations that take the parts of predictions back, the last first; null when they cannot restore the order of an object's
 * keys, which a removed key that comes back has lost.
 */
export function takingBack(predictions: readonly Prediction[]): Operation[] | null {
  const ops = predictions
    .flatMap(({ parts }) => parts)
    .reverse()
    .flatMap(({ inverse }) => inverse);
  const reorders = ops.some((op, at) => isAdded(op) && !isReplacedLater(op, ops.slice(at + 1)));
  return reorders ? null : ops;
}

/** Whether a key is added to an object, for all that can be told. */
function isAdded({ op, path }: Operation): boolean {
  return op === "add" && !ITEM.test(path);
}

/** Whether the object that a key is added to is replaced at last, by one whose keys are in order. */
function isReplacedLater({ path }: Operation, later: readonly Operation[]): boolean {
  for (const one of later) {
    if (one.op === "replace" && path.startsWith(`${one.path}/`)) return true;
    // from here on another item may stand there
    if (one.op === "reorder" && path.startsWith(`${one.path}/`)) return false;
    if ((one.op === "add" || one.op === "remove") && ITEM.test(one.path)) return false;
  }
  return false;
}
