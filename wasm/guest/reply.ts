// A reply as text.  `JSON.stringify` costs the engine more for each property than the rest of a small step: the common
// parts are put together here.

import type { GuestReply, Operation } from "../../js/generated/protocol";
import type { Json } from "./json";

/** `treeText` and `patchText` are the tree and its patch as JSON text. */
export type Reply = Partial<Omit<GuestReply, "tree" | "patch">> &
  Pick<GuestReply, "status"> & { treeText?: string | undefined; patchText?: string | undefined };

export function replyText(reply: Reply): string {
  let text = `{"status":"${reply.status}"`;
  for (const name in reply) {
    const value = reply[name as keyof Reply];
    if (value === undefined || value === null) continue;
    switch (name) {
      case "status":
        break;
      case "ops":
      case "inverse":
        text += `,"${name}":${operationsText(value as readonly Operation[])}`;
        break;
      case "treeText":
        text += `,"tree":${value}`;
        break;
      case "patchText":
        text += `,"patch":${value}`;
        break;
      default:
        text += `,"${name}":${valueText(value as Json)}`;
    }
  }
  return `${text}}`;
}

function operationsText(ops: readonly Operation[]): string {
  let text = "";
  for (let i = 0; i < ops.length; i++) {
    const { op, path, value } = ops[i] as Operation;
    text += `${i === 0 ? "" : ","}{"op":"${op}","path":${JSON.stringify(path)},"value":${valueText(value)}}`;
  }
  return `[${text}]`;
}

function valueText(value: Json): string {
  switch (typeof value) {
    case "number": // finite: every value here is clean
    case "boolean":
      return `${value}`;
    default:
      return JSON.stringify(value);
  }
}
