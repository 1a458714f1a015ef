// Makes the built-ins safe to share with panel code: nothing that compiles text, tells time or keeps hidden
// state is reachable, and nothing can be changed.  Runs once, while the guest is built.

import { random } from "./random";

/** What panel code finds in the global scope; everything else is removed. */
export const GLOBALS: readonly string[] = [
  ...[
    "Object",
    "Array",
    "String",
    "Number",
    "Boolean",
    "Symbol",
    "BigInt",
    "Math",
    "JSON",
    "Reflect",
    "RegExp",
    "Date",
  ],
  ...["Map", "Set", "WeakMap", "WeakSet", "Promise", "Iterator"],
  ...[
    "Error",
    "AggregateError",
    "EvalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
    "InternalError",
  ],
  ...["globalThis", "undefined", "NaN", "Infinity"],
  ...[
    "parseInt",
    "parseFloat",
    "isNaN",
    "isFinite",
    "encodeURI",
    "encodeURIComponent",
    "decodeURI",
    "decodeURIComponent",
  ],
  ...["escape", "unescape"],
];

/** Names on prototypes that programs commonly give to their own objects by plain assignment. */
const ASSIGNABLE = [
  "constructor",
  "toString",
  "toLocaleString",
  "valueOf",
  "toJSON",
  "name",
  "message",
  "then",
  "catch",
  "finally",
];

const functionPrototype = Function.prototype;

function hiddenIntrinsics(): object[] {
  const prototypeOf = Reflect.getPrototypeOf as (value: object) => object;
  const asyncFunction = prototypeOf(async () => {});
  const generatorFunction = prototypeOf(function* () {});
  const asyncGeneratorFunction = prototypeOf(async function* () {});
  return [
    asyncFunction,
    generatorFunction,
    asyncGeneratorFunction,
    prototypeOf([][Symbol.iterator]()),
    prototypeOf(new Map()[Symbol.iterator]()),
    prototypeOf(new Set()[Symbol.iterator]()),
    prototypeOf(""[Symbol.iterator]()),
    prototypeOf("".matchAll(/x/g)),
    prototypeOf([].values().map((item) => item)),
    prototypeOf(Iterator.from({ next: () => ({ done: true, value: undefined }) })),
  ];
}

function removeFunctionConstructors(): void {
  const refused = function refusedConstructor(): never {
    throw new TypeError("code cannot be made from text here");
  };
  Object.defineProperty(refused, "prototype", { value: functionPrototype });
  Object.defineProperty(refused, "name", { value: "Function" }); // not what the minifier happens to call it
  const asyncFunction = Reflect.getPrototypeOf(async () => {}) as object;
  const generatorFunction = Reflect.getPrototypeOf(function* () {}) as object;
  const asyncGeneratorFunction = Reflect.getPrototypeOf(async function* () {}) as object;
  for (const prototype of [functionPrototype, asyncFunction, generatorFunction, asyncGeneratorFunction]) {
    Object.defineProperty(prototype, "constructor", { value: refused, writable: false, configurable: false });
  }
}

function removeGlobals(kept: ReadonlySet<PropertyKey>): void {
  for (const key of Reflect.ownKeys(globalThis)) {
    if (!kept.has(key)) Reflect.deleteProperty(globalThis, key);
  }
}

/** Leaves only these; a property that cannot be deleted is an error of the build. */
function remove(holder: object, names: readonly string[]): void {
  for (const name of names) {
    if (Object.hasOwn(holder, name) && !Reflect.deleteProperty(holder, name))
      throw new Error(`cannot remove ${name}`);
  }
}

/**
 * A frozen data property on a prototype would refuse `object.name = value` on objects that inherit it.  An
 * accessor that defines the property on the object itself keeps such programs working.
 */
function allowOverride(prototype: object, key: PropertyKey): void {
  const descriptor = Reflect.getOwnPropertyDescriptor(prototype, key);
  if (descriptor === undefined || !("value" in descriptor) || descriptor.configurable !== true) return;
  const { value, enumerable } = descriptor;
  const accessor = {
    get: () => value,
    set(this: unknown, replacement: unknown) {
      if (typeof this !== "object" && typeof this !== "function") return;
      if (this === null || this === prototype)
        throw new TypeError(`${String(key)} of a built-in object cannot be changed`);
      Object.defineProperty(this, key, {
        value: replacement,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    },
  };
  Object.freeze(accessor.get);
  Object.freeze(accessor.set);
  Object.defineProperty(prototype, key, {
    ...accessor,
    enumerable: enumerable ?? false,
    configurable: false,
  });
}

function isErrorPrototype(value: object): boolean {
  return value === Error.prototype || Object.create(value) instanceof Error;
}

/** Freezes `roots` and everything reachable from them. */
function freezeAll(roots: readonly object[], apart: ReadonlySet<object>): void {
  const seen = new Set<object>(apart);
  const queue: object[] = [];
  const visit = (value: unknown): void => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value))
      return;
    seen.add(value);
    queue.push(value);
  };
  for (const root of roots) visit(root);
  for (let i = 0; i < queue.length; i++) {
    const value = queue[i] as object;
    visit(Reflect.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
      visit(descriptor.value);
      visit(descriptor.get);
      visit(descriptor.set);
    }
  }
  for (const value of queue) {
    const all = value === Object.prototype || isErrorPrototype(value);
    const owner = Object.getOwnPropertyDescriptor(value, "constructor");
    if (all || (owner !== undefined && typeof value === "object") || value === functionPrototype) {
      for (const key of Reflect.ownKeys(value)) {
        if (all || ASSIGNABLE.includes(key as string)) allowOverride(value, key);
      }
    }
  }
  for (const value of queue) Object.freeze(value);
}

/** `more` are the guest's own objects that panel code can reach. */
export function lockDown(kept: readonly string[], more: readonly object[]): void {
  const hidden = hiddenIntrinsics();
  removeFunctionConstructors();
  removeGlobals(new Set([...GLOBALS, ...kept]));
  remove(Object.prototype, [
    "__proto__",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
  ]);
  (Error as unknown as { stackTraceLimit: number }).stackTraceLimit = 64;
  remove(Error, ["captureStackTrace", "prepareStackTrace", "stackTraceLimit"]);
  remove(RegExp.prototype, ["compile"]);
  // named by its place, whatever the bundler calls ours, and without a `prototype`
  const named = {
    random(): number {
      return random();
    },
  };
  Object.defineProperty(Math, "random", { value: named.random });
  const globals: object[] = [];
  for (const name of GLOBALS) {
    const value = (globalThis as Record<string, unknown>)[name];
    if ((typeof value === "object" || typeof value === "function") && value !== null && value !== globalThis)
      globals.push(value);
  }
  freezeAll([...hidden, ...globals, ...more], new Set([globalThis]));
  for (const name of GLOBALS)
    Object.defineProperty(globalThis, name, { writable: false, configurable: false });
}
