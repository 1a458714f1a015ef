// Bound places: what `bind` points at now, and how to write it.

import type { Place } from "../../js/generated/protocol";
import type { Data } from "./data";
import { stateError } from "./errors";
import type { Handle } from "./handles";
import { isContainer, isForbiddenKey, type Json } from "./json";
import { coerced } from "./rules";
import type { Scope } from "./scope";

export interface Bound {
  readonly present: unknown;
  readonly writable: boolean;
}

interface Slot {
  readonly handle: Handle;
  readonly key: string | number;
}

export class Places {
  constructor(
    private readonly data: Data,
    private readonly evaluate: (index: number, scope: Scope) => unknown,
  ) {}

  find(place: Place, scope: Scope): Bound {
    const keys = this.keys(place, scope);
    let present: unknown = place.root === "$state" ? this.data.readable : scope;
    for (const key of keys)
      present = isContainer(present) ? (present as Record<string, unknown>)[key] : undefined;
    return { present, writable: this.slot(place, keys, scope) !== null };
  }

  /** Writes the place; throws when it takes no edits or the value breaks the declaration. */
  write(place: Place, scope: Scope, value: Json): void {
    const slot = this.slot(place, this.keys(place, scope), scope);
    if (slot === null)
      throw stateError("the bound place is read-only", "bind to $state, or to an object held in $state");
    const { handle, key } = slot;
    const declaration = handle.parent === null ? this.data.declaration(String(key)) : undefined;
    const state = this.data.state;
    if (Array.isArray(handle.raw) && key === handle.raw.length)
      state.splice(handle, handle.raw.length, 0, [value]);
    else state.put(handle, key, declaration === undefined ? value : coerced(declaration.type, value));
  }

  private keys(place: Place, scope: Scope): (string | number)[] {
    return place.path.map((part) => {
      if (typeof part === "string") return part;
      const key = this.evaluate(part, scope);
      return typeof key === "number" ? key : String(key);
    });
  }

  /** The container and key that a write would change; null when the place takes none. */
  private slot(place: Place, keys: readonly (string | number)[], scope: Scope): Slot | null {
    const last = keys.at(-1);
    if (last === undefined) return null;
    const handles = this.data.state.handles;
    let handle: Handle | undefined = handles.root;
    let from = 0;
    if (place.root === "$scope") {
      const item = scope[String(keys[0])];
      handle = isContainer(item) ? handles.behind(item) : undefined;
      from = 1;
      if (keys.length < 2) return null;
    } else if (this.data.declaration(String(keys[0])) === undefined) {
      return null;
    }
    for (const key of keys.slice(from, -1)) {
      if (handle === undefined) return null;
      const next: unknown = Object.hasOwn(handle.raw, key)
        ? (handle.raw as Record<string | number, Json>)[key]
        : undefined;
      handle = isContainer(next) ? handles.child(handle, key, next) : undefined;
    }
    if (handle === undefined || handles.locate(handle) === null) return null;
    return fits(handle, last) ? { handle, key: Array.isArray(handle.raw) ? Number(last) : last } : null;
  }
}

function fits(handle: Handle, key: string | number): boolean {
  if (!Array.isArray(handle.raw)) return !isForbiddenKey(String(key));
  const index = Number(key);
  return Number.isInteger(index) && index >= 0 && index <= handle.raw.length;
}
