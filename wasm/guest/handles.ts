// Where a container stands in the state.  State is a tree: every container has one place.  A handle is made
// when a container is first reached and follows it when it moves within its list.

import { type Container, type Json, pointerToken } from "./json";
import type { Source } from "./reads";

export interface Handle {
  readonly raw: Container;
  parent: Handle | null;
  /** Where the parent held it last; verified before use. */
  key: string | number;
  /** Whether its keys are told apart. */
  large?: boolean;
  /** Who reads its keys (of an object), all of them or the items (of a list), and anything in it at any depth. */
  keys?: Record<string, Source>;
  whole?: Source;
  deep?: Source;
  writable?: object;
  readable?: object;
}

export interface Location {
  /** JSON Pointer. */
  readonly path: string;
  /** The top-level state; "" for the root itself. */
  readonly name: string;
}

export class Handles {
  readonly root: Handle;
  private readonly byRaw = new WeakMap<Container, Handle>();
  private readonly byProxy = new WeakMap<object, Handle>();

  constructor(values: Container) {
    this.root = { raw: values, parent: null, key: "" };
    this.byRaw.set(values, this.root);
  }

  /** The handle of a container that `parent` holds at `key`. */
  child(parent: Handle, key: string | number, raw: Container): Handle {
    let handle = this.byRaw.get(raw);
    if (handle === undefined) {
      handle = { raw, parent, key };
      this.byRaw.set(raw, handle);
    }
    return handle;
  }

  of(raw: Container): Handle | undefined {
    return this.byRaw.get(raw);
  }

  remember(proxy: object, handle: Handle): void {
    this.byProxy.set(proxy, handle);
  }

  /** The handle behind a proxy that the guest made. */
  behind(proxy: object): Handle | undefined {
    return this.byProxy.get(proxy);
  }

  /** Where the container is now; null when it is no longer part of the state. */
  locate(handle: Handle): Location | null {
    let path = "";
    let name = "";
    for (let at = handle; at.parent !== null; at = at.parent) {
      const key = keyOf(at, at.parent.raw);
      if (key === null) return null;
      name = String(key);
      path = `/${pointerToken(key)}${path}`;
    }
    return { path, name };
  }
}

function keyOf(handle: Handle, holder: Container): string | number | null {
  if ((holder as Record<string | number, Json>)[handle.key] === handle.raw) return handle.key;
  if (!Array.isArray(holder)) return null;
  const index = holder.indexOf(handle.raw);
  if (index < 0) return null;
  handle.key = index;
  return index;
}
