// The guest's three entries: `step` takes a request, `collect` gives the reply when all jobs have run,
// `rejection` hears of promises that nobody handles.

import type { ErrorInfo, GuestRequest } from "../../js/generated/protocol";
import { damage, PanelError } from "./errors";
import { lockDown } from "./lockdown";
import { CodeErrors, Panel } from "./panel";
import type { Reply } from "./reply";
import { replyText } from "./reply";
import { errorInfo } from "./report";

let panel: Panel | null = null;
/** The reply that is ready; null while a call's step runs. */
let reply: Reply | null = null;

function step(text: string): void {
  reply = null;
  try {
    reply = answer(JSON.parse(text) as GuestRequest);
  } catch (error) {
    reply = panel === null ? unloaded(error) : panel.failed(error);
  }
}

function answer(request: GuestRequest): Reply | null {
  if (request.op === "load") {
    if (panel !== null) throw new PanelError("Error", "LOADED", "this guest has a panel already");
    panel = new Panel(request);
    return panel.loaded();
  }
  if (panel === null) throw new PanelError("Error", "NOT_LOADED", "this guest has no panel yet");
  switch (request.op) {
    case "invoke":
      panel.invoke(request);
      return null;
    case "event":
      return panel.event(request);
    case "resume":
      panel.resume(request);
      return null;
    case "cancel":
      return panel.cancel(request.call);
    case "edit":
      return panel.edit(request);
    case "patch":
      return panel.patch(request);
    case "view":
      return panel.show(request.whole);
    case "read":
      return panel.read(request.name);
    default:
      throw new PanelError("Error", "UNKNOWN_REQUEST", "this guest knows no such request");
  }
}

function unloaded(error: unknown): Reply {
  const info = errorInfo(error, null);
  if (!(error instanceof CodeErrors)) return { status: "failed", error: info };
  return {
    status: "failed",
    error: { ...info, code: "JS_SYNTAX" },
    value: error.problems.map((problem) => ({ ...problem })),
  };
}

/** The reply as text; what it leaves out is as `GuestReply` says. */
function collect(): string {
  let ended = reply ?? (panel as Panel).endStep();
  if (damage.reason !== "") ended = { status: "failed", error: lost(damage.reason) };
  return wellFormed(replyText(ended));
}

function lost(reason: string): ErrorInfo {
  const memory = reason.includes("memory");
  return {
    code: memory ? "LIMIT_MEMORY" : "LIMIT_STACK",
    name: "LimitError",
    message: memory ? "the panel's memory is used up" : "the panel's code calls itself too deeply",
    hint: "",
    line: 0,
    column: 0,
    stack: reason,
    allowed: null,
    used: null,
  };
}

/** JSON text without lone surrogates, which no UTF-8 text can hold; `stringify` wrote them as escapes. */
function wellFormed(json: string): string {
  if (!json.includes("\\ud")) return json;
  return json.replace(/\\(?:u[dD][89a-fA-F][0-9a-fA-F]{2}|[\s\S])/g, (sequence) =>
    sequence.length > 2 ? "\\ufffd" : sequence,
  );
}

function rejection(promise: object, reason: unknown, handled: boolean): void {
  const call = panel?.current;
  if (handled) call?.unhandled?.delete(promise);
  else if (call) {
    call.unhandled ??= new Map();
    call.unhandled.set(promise, reason);
  }
}

const entry = globalThis as unknown as Record<string, unknown>;
lockDown(["__compile", "__clock", "__guest"], [PanelError]);
entry.__guest = { step, collect, rejection };
