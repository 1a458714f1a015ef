// Operations from outside (JSON Patch): made through the state's own ways of changing, so that the journal knows them.

import type { Operation } from "../../js/generated/protocol";
import { PanelError } from "./errors";
import type { Handle } from "./handles";
import { isContainer, isForbiddenKey, type Json, MAX_DEPTH } from "./json";
import type { State } from "./state";

function misfit(problem: string): PanelError {
  return new PanelError("PatchError", "INVALID_PATCH", problem);
}

/** The tokens of a JSON Pointer (RFC 6901). */
function tokensOf(pointer: string): string[] {
  const raw = pointer.split("/");
  if (raw.shift() !== "" || raw.length === 0) throw misfit(`${pointer} is no pointer to a part of the state`);
  if (raw.length > MAX_DEPTH) throw misfit(`a pointer is deeper than ${MAX_DEPTH} levels`);
  return raw.map((token) => {
    if (/~(?![01])/.test(token)) throw misfit(`the pointer ${pointer} has a bad escape`);
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (isForbiddenKey(key)) throw misfit(`the pointer ${pointer} names the forbidden key ${key}`);
    return key;
  });
}

/** A token as an index of at most `last`: digits without a leading zero. */
function indexOf(token: string, last: number, { path }: Operation): number {
  const index = /^(?:0|[1-9]\d{0,14})$/.test(token) ? Number(token) : Number.POSITIVE_INFINITY;
  if (index > last) throw misfit(`${path} is no place in the list`);
  return index;
}

/** Applies operations in order.  Throws at the first that does not fit; taking back the others is the caller's part. */
export function applyOperations(
  state: State,
  ops: readonly Operation[],
  declared: (name: string) => boolean,
): void {
  for (const op of ops) {
    const tokens = tokensOf(op.path);
    const name = tokens[0] as string;
    if (!declared(name)) throw misfit(`this panel has no state called ${name}`);
    if (tokens.length === 1 && op.op === "remove")
      throw misfit(`state ${name} cannot be removed: it is declared`);
    if (op.op === "reorder") {
      reorder(state, holderOf(state, tokens, op), op);
    } else {
      const key = tokens.pop() as string;
      applyAt(state, holderOf(state, tokens, op), key, op);
    }
  }
}

/** Item i of the list becomes what item `value[i]` was. */
function reorder(state: State, holder: Handle, { path, value }: Operation): void {
  const { raw } = holder;
  if (!Array.isArray(raw)) throw misfit(`${path} is no list to reorder`);
  const order = Array.isArray(value) ? value : [];
  const named = new Set(order);
  const fits =
    order.length === raw.length &&
    named.size === raw.length &&
    order.every(
      (place) => Number.isInteger(place) && (place as number) >= 0 && (place as number) < raw.length,
    );
  if (!fits) throw misfit(`the order of ${path} does not name each of its ${raw.length} items once`);
  state.rewrite(
    holder,
    order.map((place) => raw[place as number] as Json),
  );
}

function holderOf(state: State, tokens: readonly string[], op: Operation): Handle {
  let handle = state.handles.root;
  for (const token of tokens) {
    const { raw } = handle;
    const key = Array.isArray(raw) ? indexOf(token, raw.length - 1, op) : token;
    if (!Object.hasOwn(raw, key)) throw misfit(`there is no ${op.path} to ${op.op}`);
    const part = (raw as Record<string | number, Json>)[key] as Json;
    if (!isContainer(part)) throw misfit(`${op.path} leads through a value that has no parts`);
    handle = state.handles.child(handle, key, part);
  }
  return handle;
}

function applyAt(state: State, holder: Handle, token: string, op: Operation): void {
  const { raw } = holder;
  if (Array.isArray(raw)) {
    if (op.op === "add") {
      const index = token === "-" ? raw.length : indexOf(token, raw.length, op);
      state.splice(holder, index, 0, [op.value]);
      return;
    }
    const index = indexOf(token, raw.length - 1, op);
    if (op.op === "remove") state.splice(holder, index, 1, []);
    else state.put(holder, index, op.value);
    return;
  }
  if (op.op !== "add" && !Object.hasOwn(raw, token)) throw misfit(`there is no ${op.path} to ${op.op}`);
  if (op.op === "remove") state.remove(holder, token);
  else state.put(holder, token, op.value);
}
