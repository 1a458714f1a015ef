// How panel code sees the state: proxies that look like ordinary objects and lists.  Handlers get writable
// ones, expressions read-only ones.

import { impureError, stateError } from "./errors";
import type { Handle } from "./handles";
import { type Container, isContainer, type Json } from "./json";
import { NativeProxy } from "./native";
import { reading, readKey, readWhole } from "./reads";
import { dotted, type State } from "./state";

const INDEX = /^(?:0|[1-9]\d{0,8})$/;

type Slots = Record<PropertyKey, unknown>;
type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The index that a property key means, or -1. */
function indexOf(key: PropertyKey): number {
  return typeof key === "string" && INDEX.test(key) ? Number(key) : -1;
}

export class Proxies {
  private readonly writing: ProxyHandler<Container>;
  private readonly reading: ProxyHandler<Container>;

  constructor(private readonly state: State) {
    const mutators = listMutators(state, this);
    const refused = refusedMutators();
    this.writing = {
      get: (raw, key) => this.read(raw, key, mutators, true),
      set: (raw, key, value, receiver) => this.write(raw, key, value, receiver),
      deleteProperty: (raw, key) => {
        if (typeof key === "string") state.remove(this.handle(raw), Array.isArray(raw) ? indexOf(key) : key);
        return true;
      },
      defineProperty: (raw, key, descriptor) => {
        if (descriptor.get !== undefined || descriptor.set !== undefined)
          throw stateError("$state cannot hold getters or setters");
        return this.write(raw, key, descriptor.value, this.handle(raw).writable);
      },
      getOwnPropertyDescriptor: (raw, key) => this.describe(raw, key, true),
      preventExtensions: () => {
        throw stateError("$state cannot be frozen or sealed");
      },
      setPrototypeOf: () => {
        throw stateError("objects in $state have no other prototype");
      },
    };
    const refuse = (): never => {
      throw impureError(
        "an expression cannot change $state",
        "copy first, for example [...$state.rows], or do it in a tool",
      );
    };
    this.reading = {
      get: (raw, key) => {
        if (reading.observer !== null) readKey(this.handle(raw), key);
        return this.read(raw, key, refused, false);
      },
      set: refuse,
      deleteProperty: refuse,
      defineProperty: refuse,
      getOwnPropertyDescriptor: (raw, key) => {
        readKey(this.handle(raw), key);
        return this.describe(raw, key, false);
      },
      has: (raw, key) => {
        readKey(this.handle(raw), key);
        return Reflect.has(raw, key);
      },
      ownKeys: (raw) => {
        readWhole(this.handle(raw));
        return Reflect.ownKeys(raw);
      },
      preventExtensions: refuse,
      setPrototypeOf: refuse,
    };
  }

  /** The proxy of the container that `parent` holds at `key`. */
  wrap(parent: Handle, key: string | number, raw: Container, writable: boolean): object {
    return this.of(this.state.handles.child(parent, key, raw), writable);
  }

  of(handle: Handle, writable: boolean): object {
    const known = writable ? handle.writable : handle.readable;
    if (known !== undefined) return known;
    const proxy = new NativeProxy(handle.raw, writable ? this.writing : this.reading);
    if (writable) handle.writable = proxy;
    else handle.readable = proxy;
    this.state.handles.remember(proxy, handle);
    return proxy;
  }

  /** The items of a list as panel code sees them. */
  items(handle: Handle, writable: boolean): unknown[] {
    const list = handle.raw as Json[];
    const out: unknown[] = [];
    for (let i = 0; i < list.length; i++) {
      const item = list[i] as Json;
      out[i] = isContainer(item) ? this.wrap(handle, i, item, writable) : item;
    }
    return out;
  }

  private child(raw: Container, key: string | number, value: Container): Handle {
    return this.state.handles.child(this.handle(raw), key, value);
  }

  private handle(raw: Container): Handle {
    return this.state.handles.of(raw) as Handle;
  }

  private read(
    raw: Container,
    key: PropertyKey,
    methods: Map<PropertyKey, Method>,
    writable: boolean,
  ): unknown {
    const value = (raw as unknown as Slots)[key];
    if (typeof value === "object" && value !== null) {
      if (typeof key === "symbol") return value;
      const known = this.state.handles.of(value as Container) ?? this.child(raw, key, value as Container);
      return (writable ? known.writable : known.readable) ?? this.of(known, writable);
    }
    if (typeof value === "function" && Array.isArray(raw)) return methods.get(key) ?? value;
    return value;
  }

  private describe(raw: Container, key: PropertyKey, writable: boolean): PropertyDescriptor | undefined {
    const descriptor = Reflect.getOwnPropertyDescriptor(raw, key);
    if (descriptor !== undefined && isContainer(descriptor.value)) {
      descriptor.value = this.wrap(this.handle(raw), key as string, descriptor.value, writable);
    }
    return descriptor;
  }

  private write(raw: Container, key: PropertyKey, value: unknown, receiver: unknown): boolean {
    const handle = this.handle(raw);
    if (receiver !== handle.writable)
      throw stateError("$state cannot be the prototype of an object that is written to");
    if (typeof key === "symbol") throw stateError("$state cannot hold symbols");
    if (!Array.isArray(raw)) {
      this.state.put(handle, key as string, value);
      return true;
    }
    const index = indexOf(key);
    const place = `$state${dotted(this.state.locate(handle).path)}`;
    if (key === "length") {
      const length = Number(value);
      if (length > raw.length || !Number.isInteger(length) || length < 0) {
        throw stateError(
          `the length of ${place} cannot become ${String(value)}: lists have no empty places`,
          "use push",
        );
      }
      this.state.splice(handle, length, raw.length - length, []);
    } else if (index < 0) {
      throw stateError(`${place} is a list and cannot hold the property ${String(key)}`);
    } else if (index > raw.length) {
      throw stateError(
        `${place} has ${raw.length} items; index ${index} would leave empty places`,
        "use push",
      );
    } else if (index === raw.length) {
      this.state.splice(handle, index, 0, [value]);
    } else {
      this.state.put(handle, index, value === undefined ? null : value);
    }
    return true;
  }
}

function relative(value: unknown, length: number, otherwise: number): number {
  if (value === undefined) return otherwise;
  const whole = Math.trunc(Number(value)) || 0;
  return whole < 0 ? Math.max(0, length + whole) : Math.min(whole, length);
}

/** The arguments of list methods that are positions or counts. */
const POSITIONS: Readonly<Record<string, readonly number[]>> = {
  splice: [0, 1],
  fill: [1, 2],
  copyWithin: [0, 1, 2],
};

/** List methods that change the list, recorded as what they do instead of item by item. */
function listMutators(state: State, proxies: Proxies): Map<PropertyKey, Method> {
  const listed: Record<string, (handle: Handle, list: Json[], args: unknown[], self: unknown) => unknown> = {
    push: (handle, list, args) => {
      state.splice(handle, list.length, 0, args);
      return list.length;
    },
    pop: (handle, list) =>
      list.length === 0 ? undefined : state.plain(state.splice(handle, list.length - 1, 1, [])[0], "item"),
    shift: (handle, list) =>
      list.length === 0 ? undefined : state.plain(state.splice(handle, 0, 1, [])[0], "item"),
    unshift: (handle, list, args) => {
      state.splice(handle, 0, 0, args);
      return list.length;
    },
    splice: (handle, list, args) => {
      const start = relative(args[0], list.length, 0);
      const most = list.length - start;
      const count =
        args.length === 0
          ? 0
          : args.length === 1
            ? most
            : Math.min(Math.max(Math.trunc(Number(args[1])) || 0, 0), most);
      return state.plain(state.splice(handle, start, count, args.slice(2)), "items");
    },
    sort: (handle, _list, args, self) => {
      const compare = args[0] as ((a: unknown, b: unknown) => number) | undefined;
      const sorted = state.steady(() => proxies.items(handle, true).sort(compare));
      state.rewrite(
        handle,
        sorted.map((item) => rawOf(state, item)),
      );
      return self;
    },
    reverse: (handle, list, _args, self) => {
      state.rewrite(handle, list.slice().reverse());
      return self;
    },
    fill: (handle, list, args, self) => {
      const from = relative(args[1], list.length, 0);
      const to = relative(args[2], list.length, list.length);
      const value = args[0] === undefined ? null : args[0];
      if (to > from) {
        const next = state.steady(() =>
          list.map((item, i) => (i >= from && i < to ? state.item(handle, value, "the item") : item)),
        );
        state.rewrite(handle, next);
      }
      return self;
    },
    copyWithin: (handle, list, args, self) => {
      const moved = list
        .slice()
        .copyWithin(
          Number(args[0]),
          Number(args[1] ?? 0),
          args[2] === undefined ? undefined : Number(args[2]),
        );
      const seen = new Set<Json>();
      state.rewrite(
        handle,
        moved.map((item) =>
          isContainer(item) && seen.size === seen.add(item).size ? state.plain(item, "item") : item,
        ),
      );
      return self;
    },
  };
  const methods = new Map<PropertyKey, Method>();
  for (const [name, change] of Object.entries(listed)) {
    const native = (Array.prototype as unknown as Record<string, Method>)[name] as Method;
    // A method, which unlike a function has no `prototype`: what all panel code shares must hold nothing.
    const { [name]: method } = {
      [name](this: unknown, ...args: unknown[]): unknown {
        const handle = isContainer(this) ? state.handles.behind(this) : undefined;
        if (handle === undefined || !Array.isArray(handle.raw)) return Reflect.apply(native, this, args);
        // Turning an object into a number runs panel code: before anything is read from the list.
        for (const i of POSITIONS[name] ?? []) if (args[i] !== undefined) args[i] = Number(args[i]);
        return change(handle, handle.raw, args, this);
      },
    };
    methods.set(name, Object.freeze(method as Method));
  }
  return methods;
}

function rawOf(state: State, item: unknown): Json {
  return isContainer(item) ? (state.handles.behind(item)?.raw as Json) : (item as Json);
}

function refusedMutators(): Map<PropertyKey, Method> {
  const copies: Record<string, string> = { sort: "toSorted", reverse: "toReversed", splice: "toSpliced" };
  const methods = new Map<PropertyKey, Method>();
  for (const name of ["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"]) {
    const hint =
      copies[name] === undefined ? "copy first: [...list]" : `use ${copies[name]}(), which makes a copy`;
    const refuse = (): never => {
      throw impureError(`${name}() would change $state, and an expression cannot change it`, hint);
    };
    methods.set(name, Object.freeze(refuse));
  }
  return methods;
}
