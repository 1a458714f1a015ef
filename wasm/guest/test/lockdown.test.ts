import { describe, expect, test } from "vitest";
import { CLOCK, Panel, run, Source, state, value } from "./host";

describe("the global scope", () => {
  test("holds exactly these names", () => {
    expect(
      (value("return Reflect.ownKeys(globalThis).map(String).sort()") as string[]).join(" "),
    ).toMatchInlineSnapshot(
      `"AggregateError Array BigInt Boolean Date Error EvalError Infinity InternalError Iterator JSON Map Math NaN Number Object Promise RangeError ReferenceError Reflect RegExp Set String Symbol SyntaxError TypeError URIError WeakMap WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape globalThis isFinite isNaN parseFloat parseInt undefined unescape"`,
    );
  });

  test.each([
    ...[
      "eval",
      "Function",
      "WebAssembly",
      "Atomics",
      "SharedArrayBuffer",
      "ArrayBuffer",
      "Uint8Array",
      "DataView",
      "Proxy",
    ],
    ...[
      "WeakRef",
      "FinalizationRegistry",
      "performance",
      "fetch",
      "process",
      "require",
      "std",
      "os",
      "queueMicrotask",
      "print",
    ],
    ...["__compile", "__clock", "__guest", "navigator", "scriptArgs", "DOMException", "gc"],
  ])("%s is not there", (name) => {
    expect(value(`return [typeof ${name}, ${JSON.stringify(name)} in globalThis]`)).toEqual([
      "undefined",
      false,
    ]);
  });

  test("cannot be added to or changed", () => {
    for (const attack of [
      "globalThis.a = 1",
      "Object.defineProperty(globalThis, 'a', {value: 1})",
      "Math = 1",
      "delete globalThis.Math",
      "undeclared = 1",
    ]) {
      expect(run(`${attack}; return typeof a`).status, attack).toBe("failed");
    }
  });
});

describe("no text becomes code", () => {
  const functions = [
    "(() => 1)",
    "(async () => 1)",
    "(function* () {})",
    "(async function* () {})",
    "(class {})",
    "$log",
    "$tools.t",
    "Math.max",
    "setTimeout",
    "[].map",
  ];
  test.each(functions)("the constructor of %s compiles nothing", (expression) => {
    const reply = run(`return ${expression}.constructor('return 1')()`);
    expect(reply).toMatchObject({ status: "failed", error: { name: "TypeError" } });
    expect(run(`return new (${expression}.constructor)('return 1')`).status).toBe("failed");
    expect(
      run(`return Reflect.construct(Object.getPrototypeOf(${expression}).constructor, ['return 1'])`).status,
    ).toBe("failed");
  });

  test("a name cannot bring back direct eval", () => {
    expect(run("const eval_ = globalThis['ev' + 'al']; return eval_('1')").error?.name).toBe("TypeError");
    expect(run("return (0, eval)('1')").error?.name).toBe("ReferenceError");
  });

  test("import finds nothing", () => {
    expect(run("return await import('fs')").error?.name).toBe("ReferenceError");
    expect(run("return await import('data:text/javascript,1')").error?.name).toBe("ReferenceError");
  });

  test("nothing reachable from panel code is a constructor of functions, a proxy or one of the guest's own", () => {
    const found = value(
      `
      const seen = new Set(), bad = [];
      const visit = (value, path) => {
        if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
        seen.add(value);
        if (value !== globalThis && !path.startsWith("local") && !Object.isFrozen(value)) bad.push(path + " is not frozen");
        for (const key of Reflect.ownKeys(value)) {
          const d = Reflect.getOwnPropertyDescriptor(value, key);
          visit(d.value, path + "." + String(key)); visit(d.get, path + ".get " + String(key)); visit(d.set, path + ".set " + String(key));
        }
        visit(Reflect.getPrototypeOf(value), path + ".__proto__");
      };
      visit(globalThis, "globalThis");
      let own; try { $state.nope = 1 } catch (e) { own = e }
      visit(own, "local"); visit(async function* () {}, "local"); visit($log, "$log"); visit(console, "console"); visit($progress, "$progress");
      visit("".matchAll(/x/g), "local"); visit([].values().map(x => x), "local"); visit(new Map().keys(), "local"); visit($args, "$args");
      for (const name of ["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"]) visit($state.list[name], "$state.list." + name);
      const names = [...seen].filter(f => typeof f === "function").map(f => f.name);
      return [bad, names.filter(n => ["eval", "compile", "clock", "Proxy", "AsyncFunction", "GeneratorFunction"].includes(n)), seen.size > 300];
    `,
      [state("list", "list", [])],
    );
    expect(found).toEqual([[], [], true]);
  });
});

describe("built-ins", () => {
  test.each([
    "Object.prototype.polluted = 1",
    "Array.prototype.push = () => 0",
    "Promise.prototype.then = () => 0",
    "JSON.stringify = () => ''",
    "Object.prototype.toJSON = () => 1",
    "Error.prototype.name = 'x'",
    "Object.prototype.toString = () => 'x'",
    "Function.prototype.call = null",
    "Math.random = () => 4",
    "Date.now = () => 0",
    "Object.defineProperty(Array.prototype, 0, {set() {}})",
    "Map.prototype.get = null",
    "Object.setPrototypeOf(Object.prototype, {})",
    "Error.prepareStackTrace = (e, s) => s",
    "Error.stackTraceLimit = 0",
    "delete Array.prototype.map",
    "(async () => {}).constructor.prototype.x = 1",
    "[].values().__proto__ ?? Object.getPrototypeOf([].values()).next.x.y",
    "Symbol.iterator.description.x.y",
    "RegExp.prototype.exec = () => null",
    "console.log = 1",
    "$args.a = 1",
    "$tools.t = 1",
    "$ext.x = 1",
    "$log.x = 1",
  ])("refuse %s", (attack) => {
    expect(run(`${attack}; return 1`).status).toBe("failed");
  });

  test("do not hinder ordinary assignment on own objects", () => {
    expect(
      value(`
        class E extends Error { constructor(m) { super(m); this.name = 'E'; this.message = m + '!' } }
        const e = new E('m');
        const o = {}; o.toString = () => 'own'; o.constructor = 1; o.valueOf = () => 2; o.hasOwnProperty = 3;
        function F() {} F.prototype.toString = () => 'f'; F.prototype.constructor = F; F.toString = () => 'F';
        const m = new Map(); m.toString = () => 'map';
        class T { then(resolve) { resolve(5) } }
        const p = Object.create({ name: 'up' }); p.name = 'down';
        const a = []; a.name = 'list'; a.toString = () => 'a';
        return [String(e), e instanceof E, Object.keys(o).join(), String(o), +o, String(new F()), String(F), String(m), await new T(), p.name, a.name, String(a)]
      `),
    ).toEqual([
      "E: m!",
      true,
      "toString,constructor,valueOf,hasOwnProperty",
      "own",
      2,
      "f",
      "F",
      "map",
      5,
      "down",
      "list",
      "a",
    ]);
  });

  test("__proto__ is an ordinary word", () => {
    expect(
      value(
        'return [({}).__proto__ === undefined, Object.keys(JSON.parse(\'{"__proto__": {"a": 1}}\')), ({}).a]',
      ),
    ).toEqual([true, ["__proto__"], null]);
  });
});

describe("determinism", () => {
  test("the clock stands still and is the step's", () => {
    const reply = run(
      "const a = Date.now(); for (let i = 0; i < 1e5; i++); return [a, Date.now(), new Date().getTime(), new Date().toISOString()]",
    );
    expect(reply.value).toEqual([CLOCK, CLOCK, CLOCK, "2023-11-14T22:13:20.000Z"]);
  });

  test("random numbers follow the seed, and calls do not disturb each other", () => {
    const source = new Source()
      .extension("e")
      .tool("t", "const a = Math.random(); await $ext.e.wait(); return [a, Math.random()]");
    const alone = (seed: number): unknown => {
      const p = new Panel(source);
      p.invoke("t", null, seed);
      return p.resume(1, [{ id: 1 }]).value;
    };
    const p = new Panel(source);
    p.invoke("t", null, 1);
    p.invoke("t", null, 2);
    const second = p.resume(2, [{ id: 1 }]).value;
    const first = p.resume(1, [{ id: 1 }]).value;
    expect([first, second]).toEqual([alone(1), alone(2)]);
    expect(first).not.toEqual(second);
    expect((first as number[]).every((n) => n >= 0 && n < 1)).toBe(true);
  });

  test("two guests give the same bytes for the same requests", () => {
    const source = new Source([state("x", "any", null)]).tool(
      "t",
      "$state.x = [Math.random(), Date.now(), {b: 1, a: 2}]; console.log($state); return Object.keys($state.x[2])",
    );
    const replies = [1, 2].map(() => JSON.stringify(new Panel(source).invoke("t", null, 77)));
    expect(replies[0]).toBe(replies[1]);
  });

  test("the time zone is what the host says, also for summer time", () => {
    const offset = (seconds: number): number =>
      seconds > 1_680_000_000 && seconds < 1_690_000_000 ? 7200 : 3600;
    const p = new Panel(
      new Source().tool(
        "t",
        "return [new Date(1685000000000).getHours(), new Date(1700000000000).getHours(), new Date(1700000000000).getTimezoneOffset()]",
      ),
      { offset },
    );
    expect(p.invoke("t").value).toEqual([9, 23, -60]);
  });
});
