/**
 * Reading what the kernel sends.  Everything is `unknown` until it has been looked at: a message that
 * is not of the expected shape is null, an optional field that is missing has the protocol's default.
 * Trees are checked node by node where they are laid out (`view.ts`).
 */
import type {
  Cause,
  Consent,
  ConsentEnded,
  ErrorInfo,
  HookState,
  JsonValue,
  KernelMessage,
  Operation,
  Problem,
} from "../generated/protocol";
import { readConsent, readConsentEnded } from "./consent";
import { isObject, type JsonObject, own, string } from "./json";
import type { Committed } from "./prediction";
import type { Source } from "./replica";

export { isObject, type Json, type JsonObject, own } from "./json";

/** Whether there is something to undo or redo. */
export interface Can {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

/** A kernel message whose tree, or difference of trees, has not been looked into yet. */
export type Received =
  | {
      kind: "snapshot";
      panel: string;
      title: string;
      rev: number;
      /** The revision that the document began with. */
      document: number;
      tree: unknown;
      /** The page shows this view already. */
      shown: boolean;
      consent: Consent | null;
      hooks: readonly HookState[];
      sight: boolean;
      visitor: boolean;
      can: Can;
    }
  | Consent
  | ConsentEnded
  | ({ kind: "commit"; patch: unknown; tree: unknown; can: Can } & Committed)
  | ({ kind: "program"; client: string } & Source)
  | Extract<
      KernelMessage,
      {
        kind:
          | "started"
          | "confirm"
          | "result"
          | "reject"
          | "missed"
          | "progress"
          | "emitted"
          | "hook"
          | "closed";
      }
    >;

/** Of a question in a dialog: as much as fits without a scroll. */
const MAX_QUESTION = 1_000;

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function position(value: unknown): number {
  return count(value) ?? 0;
}

function amount(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function readError(value: unknown): ErrorInfo {
  const raw = isObject(value) ? value : {};
  return {
    code: string(own(raw, "code"), "ERROR"),
    name: string(own(raw, "name"), "Error"),
    message: string(own(raw, "message")) || "The call failed without saying why.",
    hint: string(own(raw, "hint")),
    line: position(own(raw, "line")),
    column: position(own(raw, "column")),
    stack: string(own(raw, "stack")),
    allowed: amount(own(raw, "allowed")),
    used: amount(own(raw, "used")),
  };
}

export function readProblem(value: unknown): Problem | null {
  if (!isObject(value)) return null;
  const message = string(own(value, "message"));
  if (!message) return null;
  const severity = own(value, "severity");
  return {
    severity: severity === "warning" || severity === "info" ? severity : "error",
    code: string(own(value, "code")),
    message,
    line: position(own(value, "line")),
    column: position(own(value, "column")),
  };
}

const CAUSES: readonly Cause["kind"][] = ["tool", "edit", "lifecycle", "undo", "redo", "restore", "reset"];

function readCan(value: object): Can {
  return { canUndo: own(value, "can_undo") === true, canRedo: own(value, "can_redo") === true };
}

function readCause(value: unknown): Cause {
  const raw = isObject(value) ? value : {};
  const kind = own(raw, "kind");
  const tool = own(raw, "tool");
  const client = own(raw, "client");
  return {
    kind: CAUSES.find((known) => known === kind) ?? "python",
    tool: typeof tool === "string" ? tool : null,
    client: typeof client === "string" ? client : null,
    seq: count(own(raw, "seq")),
  };
}

/** Whether they fit the state is seen when they are applied. */
function readOperations(value: unknown): readonly Operation[] {
  return Array.isArray(value) ? (value as Operation[]) : [];
}

function readHook(value: unknown): HookState | null {
  const hook = isObject(value) ? string(own(value, "hook")) : "";
  if (!isObject(value) || !hook) return null;
  const error = own(value, "error");
  return { kind: "hook", hook, error: error == null ? null : readError(error) };
}

function readHooks(value: unknown): readonly HookState[] {
  const read = Array.isArray(value) ? value.map(readHook) : [];
  return read.filter((hook) => hook !== null);
}

/** The message, or null when it is none of ours (other users of the comm exist) or is malformed. */
export function readMessage(value: unknown): Received | null {
  if (!isObject(value)) return null;
  const kind = own(value, "kind");
  const rev = count(own(value, "rev"));
  const client = own(value, "client");
  const seq = count(own(value, "seq"));
  const call = typeof client === "string" && seq !== null ? { client, seq } : null;
  switch (kind) {
    case "snapshot":
      if (rev === null) return null;
      return {
        kind,
        panel: string(own(value, "panel")),
        title: string(own(value, "title")),
        rev,
        document: position(own(value, "document")),
        tree: own(value, "tree"),
        shown: own(value, "shown") === true,
        consent: readConsent(own(value, "consent")),
        hooks: readHooks(own(value, "hooks")),
        sight: own(value, "sight") === true,
        visitor: own(value, "visitor") === true,
        can: readCan(value),
      };
    case "commit":
      if (rev === null) return null;
      return {
        kind,
        rev,
        cause: readCause(own(value, "cause")),
        ops: readOperations(own(value, "ops")),
        clock: amount(own(value, "clock")) ?? 0,
        seed: position(own(value, "seed")),
        patch: own(value, "patch") ?? null,
        tree: own(value, "tree") ?? null,
        can: readCan(value),
      };
    case "started":
      return (
        call && { kind, ...call, tool: string(own(value, "tool")), queued: own(value, "queued") === true }
      );
    case "confirm": {
      const question = string(own(value, "question")).slice(0, MAX_QUESTION);
      return call && { kind, ...call, tool: string(own(value, "tool")), question };
    }
    case "result": {
      const error = own(value, "error");
      return call && { kind, ...call, rev: rev ?? 0, error: error == null ? null : readError(error) };
    }
    case "reject":
      return call && { kind, ...call, rev: rev ?? 0, error: readError(own(value, "error")) };
    case "missed":
      return call && { kind, ...call };
    case "program": {
      const program = own(value, "program");
      const state = own(value, "state");
      if (rev === null || typeof client !== "string" || !isObject(program) || !isObject(state)) return null;
      return {
        ...{ kind, client, rev, document: position(own(value, "document")) },
        ...{ program: program as JsonObject, state: state as JsonObject },
        ...{ clock: amount(own(value, "clock")) ?? 0, seed: position(own(value, "seed")) },
        zone: string(own(value, "zone"), "UTC"),
        near: position(own(value, "near")),
      };
    }
    case "progress": {
      const done = own(value, "done");
      const total = own(value, "total");
      if (!call || typeof done !== "number" || !Number.isFinite(done)) return null;
      const known = typeof total === "number" && Number.isFinite(total) && total > 0;
      return { kind, ...call, done, total: known ? total : null, text: string(own(value, "text")) };
    }
    case "emitted":
      return {
        kind,
        event: string(own(value, "event")),
        payload: (own(value, "payload") ?? null) as JsonValue,
      };
    case "hook":
      return readHook(value);
    case "consent":
      return readConsent(value);
    case "consent_ended":
      return readConsentEnded(value);
    case "closed":
      return { kind, reason: string(own(value, "reason")) };
    default:
      return null;
  }
}

/** The message that a model was saved with, as JSON; null when it is none. */
export function readSaved(value: unknown): Received | null {
  try {
    return readMessage(typeof value === "string" ? JSON.parse(value) : value);
  } catch {
    return null;
  }
}
