import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../js/generated/protocol";
import { applied, arg, CLOCK, Lost, Panel, run, Source, state, value } from "./host";

describe("a handler that waits", () => {
  const source = (): Source =>
    new Source([state("n", "number", 0), state("l", "list", [])])
      .extension("http")
      .tool(
        "get",
        "$state.n = 1; const r = await $ext.http.get('u', {a: undefined, b: 1}); $state.n = r.v; return r.v * 2",
      )
      .tool("both", "return await Promise.all([$ext.http.get(1), $ext.http.get(2)])")
      .tool(
        "sleep",
        "await new Promise(r => setTimeout(r, 50, 1)); $state.n++; await new Promise(r => setTimeout(r, 20)); return 'slept'",
      )
      .tool("forget", "$ext.http.post('x').then(r => { $state.n = r })")
      .tool("add", "$state.l.push($args.v); await $ext.http.get(); $state.l.push($args.v)", [
        arg("v", "any"),
      ]);

  test("commits each step and goes on from the newest state", () => {
    const p = new Panel(source());
    const first = p.invoke("get");
    expect(first).toMatchObject({
      status: "waiting",
      timer: null,
      calls: [{ id: 1, alias: "http", method: "get", args: ["u", { b: 1 }] }],
      tool: "get",
    });
    expect(first.ops).toEqual([{ op: "replace", path: "/n", value: 1 }]);
    expect(p.resume(1, [{ id: 1, value: { v: 4 } }])).toMatchObject({
      status: "done",
      value: 8,
      ops: [{ path: "/n", value: 4 }],
    });
    expect(p.resume(1)).toMatchObject({ status: "failed", error: { code: "NO_CALL" } });
  });

  test("may wait for several calls, settled in any order", () => {
    const p = new Panel(source());
    expect(p.invoke("both").calls.map((call) => call.id)).toEqual([1, 2]);
    expect(p.resume(1, [{ id: 2, value: "b" }])).toMatchObject({ status: "waiting", calls: [] });
    expect(
      p.resume(1, [
        { id: 99, value: "x" },
        { id: 1, value: "a" },
      ]),
    ).toMatchObject({ status: "done", value: ["a", "b"] });
  });

  test("gets an extension's error as an exception with its code", () => {
    const p = new Panel(
      source()
        .tool(
          "t",
          "try { await $ext.http.get() } catch (e) { return [e instanceof Error, e.code, e.message] }",
        )
        .tool("u", "await $ext.http.get()"),
    );
    p.invoke("t");
    expect(p.resume(1, [{ id: 1, error: { code: "CAPABILITY_DENIED", message: "no" } }]).value).toEqual([
      true,
      "CAPABILITY_DENIED",
      "no",
    ]);
    p.invoke("u");
    expect(p.resume(2, [{ id: 1, error: { code: "CAPABILITY_DENIED", message: "no" } }]).error).toMatchObject(
      { code: "CAPABILITY_DENIED", message: "no" },
    );
  });

  test("sleeps by the step's clock", () => {
    const p = new Panel(source());
    expect(p.invoke("sleep")).toMatchObject({ status: "waiting", timer: 50 });
    expect(p.resume(1, [], CLOCK + 30)).toMatchObject({ status: "waiting", timer: 20, ops: [] });
    expect(p.resume(1, [], CLOCK + 50)).toMatchObject({
      status: "waiting",
      timer: 20,
      ops: [{ path: "/n", value: 1 }],
    });
    expect(p.resume(1, [], CLOCK + 75)).toMatchObject({ status: "done", value: "slept" });
  });

  test("ends only when what it started has ended", () => {
    const p = new Panel(source());
    expect(p.invoke("forget")).toMatchObject({ status: "waiting" });
    expect(p.resume(1, [{ id: 1, value: 9 }])).toMatchObject({
      status: "done",
      ops: [{ path: "/n", value: 9 }],
    });
  });

  test("shares the guest with others between its steps", () => {
    const p = new Panel(source());
    p.invoke("add", ["a"]);
    p.invoke("add", ["b"]);
    p.resume(2, [{ id: 1 }]);
    p.resume(1, [{ id: 1 }]);
    expect(p.state.l).toEqual(["a", "b", "b", "a"]);
  });

  test("is forgotten when cancelled", () => {
    const p = new Panel(source());
    p.invoke("get");
    expect(p.send({ op: "cancel", call: 1 }).status).toBe("done");
    expect(p.resume(1, [{ id: 1, value: { v: 4 } }])).toMatchObject({
      status: "failed",
      error: { code: "NO_CALL" },
    });
    expect(p.state.n).toBe(1);
  });

  test("that waits for nothing fails and changes nothing", () => {
    const p = new Panel(source().tool("t", "$state.n = 5; await new Promise(() => {})"));
    expect(p.invoke("t")).toMatchObject({ status: "failed", ops: [], error: { code: "HANDLER_STALLED" } });
    expect(p.read("n")).toBe(0);
  });

  test("may not use what is not declared", () => {
    const p = new Panel(
      source()
        .tool("t", "await $ext.nope.get()")
        .tool("u", "return [await $ext.http === $ext.http, typeof $ext.http.then]"),
    );
    expect(p.invoke("t").error).toMatchObject({
      code: "UNDECLARED_EXTENSION",
      message: "no extension is declared as nope",
    });
    expect(p.invoke("u").value).toEqual([true, "undefined"]);
  });

  test("may ask a hundred times", () => {
    const p = new Panel(
      source().tool(
        "t",
        "for (let i = 0; i < 101; i++) $ext.http.get(i).catch(e => { $state.l = [e.code] })",
      ),
    );
    const reply = p.invoke("t");
    expect(reply.calls).toHaveLength(100);
    expect(reply.ops).toMatchObject([{ op: "add", value: "LIMIT_CALLS" }]);
  });

  test("keeps its own clock and timers in order", () => {
    const p = new Panel(
      new Source([state("l", "list", [])]).tool(
        "t",
        "setTimeout(() => $state.l.push('b'), 20); setTimeout(() => $state.l.push('a'), 10); const x = setTimeout(() => $state.l.push('x'), 5); clearTimeout(x); clearTimeout(77); clearTimeout()",
      ),
    );
    expect(p.invoke("t")).toMatchObject({ status: "waiting", timer: 10 });
    expect(p.resume(1, [], CLOCK + 100)).toMatchObject({ status: "done", timer: null });
    expect(p.state.l).toEqual(["a", "b"]);
  });

  test("fails when a timer throws", () => {
    const p = new Panel(
      new Source([state("n", "number", 0)]).tool(
        "t",
        "setTimeout(() => { $state.n = 1; throw new Error('late') }, 1)",
      ),
    );
    p.invoke("t");
    expect(p.resume(1, [], CLOCK + 1)).toMatchObject({
      status: "failed",
      ops: [],
      error: { message: "late" },
    });
  });
});

describe("an atomic handler", () => {
  const states = [
    state("l", "list", [{ id: 1 }, { id: 2 }]),
    state("o", "any", 0),
    state("n", "number", 0, { max: 5 }),
  ];
  const body = `
    const row = $state.l[1];
    $state.l.sort((a, b) => b.id - a.id); $state.l.push({ id: 3, tags: [] }); $state.n = 99; $emit('early');
    await $ext.e.one();
    row.done = true; $state.l[2].tags.push($state.d); $state.l = $state.l.filter(r => r.id !== 1); $state.n = 4;
    await $ext.e.two();
    row.last = $state.l.length; delete row.done;
    return $state.n`;
  const start = (more = body): Panel => {
    const source = new Source(states)
      .extension("e")
      .derived("d", "$state.o")
      .tool("t", more, [arg("v", "string", { required: false })])
      .tool("other", "$state.o = 1")
      .tool("touch", "$state.n = 1");
    const program = source.program();
    Object.assign(program.tools[0]?.handler as object, { atomic: true });
    return new Panel(Object.assign(source, { program: () => program }));
  };

  test("commits once, at its end", () => {
    const p = start();
    expect(p.invoke("t")).toMatchObject({
      status: "waiting",
      ops: [],
      emits: [],
      calls: [{ method: "one" }],
    });
    expect(p.read("l")).toEqual(states[0]?.default);
    expect(p.resume(1, [{ id: 1 }])).toMatchObject({ status: "waiting", ops: [] });
    expect(p.read("n")).toBe(0);
    const before = structuredClone(p.state);
    const reply = p.resume(1, [{ id: 2 }]);
    expect(reply).toMatchObject({ status: "done", value: 4, emits: [{ event: "early" }] });
    expect(p.state).toEqual({
      l: [
        { id: 2, last: 2 },
        { id: 3, tags: [0] },
      ],
      o: 0,
      n: 4,
    });
    expect(p.read("l")).toEqual(p.state.l);
    expect(reply.inverse.reduce<JsonValue>(applied, p.state)).toEqual(before);
  });

  test("fails when what it used was changed meanwhile, and changes nothing", () => {
    for (const name of ["touch", "other"]) {
      const p = start();
      p.invoke("t");
      p.resume(1, [{ id: 1 }]);
      p.invoke(name);
      expect(p.resume(1, [{ id: 2 }])).toMatchObject({
        status: "failed",
        ops: [],
        error: { code: "CONFLICT", name: "ConflictError" },
      });
      expect(p.read("l")).toEqual(states[0]?.default);
      expect(p.resume(1)).toMatchObject({ error: { code: "NO_CALL" } });
    }
  });

  test("does not mind changes elsewhere", () => {
    const p = start("$state.n = 2; await $ext.e.one(); return $state.n");
    p.invoke("t");
    p.invoke("other");
    p.edit({ l: [] });
    expect(p.resume(1, [{ id: 1 }])).toMatchObject({ status: "done", value: 2, ops: [{ path: "/n" }] });
  });

  test("that breaks a rule at its end changes nothing", () => {
    const p = start("$state.o = 7; $state.n = 99; await $ext.e.one()");
    p.invoke("t");
    expect(p.resume(1, [{ id: 1 }])).toMatchObject({
      status: "failed",
      ops: [],
      error: { code: "INVALID_STATE" },
    });
    expect([p.read("n"), p.read("o")]).toEqual([0, 0]);
  });

  test("two of them do not disturb each other when they use different states", () => {
    const p = start("$state[$args.v] = 3; await $ext.e.one(); return $state[$args.v] + 1");
    p.invoke("t", ["n"]);
    p.invoke("t", ["o"]);
    p.invoke("t", ["o"]);
    expect(p.resume(1, [{ id: 1 }]).value).toBe(4);
    expect(p.resume(2, [{ id: 1 }]).value).toBe(4);
    expect(p.resume(3, [{ id: 1 }]).error?.code).toBe("CONFLICT");
    expect(p.state).toMatchObject({ n: 3, o: 3 });
  });
});

describe("tools that call tools", () => {
  const source = new Source([state("n", "number", 0)])
    .tool("inc", "$state.n += $args.by; return $state.n", [
      arg("by", "number", { required: false, default: 1 }),
    ])
    .tool(
      "twice",
      "const a = await $tools.inc({by: 2}); const b = await $tools.inc(3); const c = await $tools.inc(); return [a, b, c]",
    )
    .tool("broken", "await $tools.inc(); throw new TypeError('after')")
    .tool("caught", "try { await $tools.inc('x') } catch (e) { return [e.name, e.code, $state.n] }")
    .tool("endless", "await $tools.endless()")
    .tool("unknown", "await $tools.nope()");

  test("join the caller's transaction", () => {
    const p = new Panel(source);
    expect(p.invoke("twice")).toMatchObject({
      value: [2, 5, 6],
      ops: [{ op: "replace", path: "/n", value: 6 }],
    });
    expect(p.invoke("broken")).toMatchObject({
      status: "failed",
      ops: [],
      tool: "broken",
      error: { name: "TypeError" },
    });
    expect(p.read("n")).toBe(6);
    expect(p.invoke("caught").value).toEqual(["ArgumentError", "ARGUMENT_MISMATCH", 6]);
  });

  test("may do so sixteen deep", () => {
    expect(new Panel(source).invoke("endless").error).toMatchObject({ code: "LIMIT_TOOL_DEPTH" });
  });

  test("must exist", () => {
    expect(new Panel(source).invoke("unknown").error).toMatchObject({
      code: "ARGUMENT_MISMATCH",
      message: "this panel has no tool called nope",
    });
    expect(new Panel(source).invoke("nope").error?.hint).toContain("inc, twice");
  });
});

describe("arguments", () => {
  const source = new Source().tool("t", "return $args", [
    arg("n", "number", { min: 0, max: 10 }),
    arg("s", "string", { required: false, enum: ["a", "b"] }),
    arg("l", "list", { required: false, default: [1] }),
  ]);
  const good: [unknown, unknown][] = [
    [[1], { n: 1, l: [1] }],
    [["7.50", "b", [2]], { n: 7.5, s: "b", l: [2] }],
    [
      { n: " 3 ", s: null },
      { n: 3, l: [1] },
    ],
    [5, { n: 5, l: [1] }],
  ];
  test.each(good)("%j", (given, expected) => {
    expect(new Panel(source).invoke("t", given as never)).toMatchObject({ error: null, value: expected });
  });

  test.each([
    [null, "tool t needs the argument n"],
    [[1, 2], "argument s of tool t must be a string, not 2"],
    [{ n: 1, q: 2 }, "tool t takes no argument called q"],
    [[1, "a", [], 4], "tool t takes 3 arguments, but 4 were given"],
    [["12abc"], 'argument n of tool t must be a number, not "12abc"'],
    [["9007199254740993"], "argument n of tool t must be a number"],
    [[11], "argument n of tool t must be at most 10, not 11"],
    [[-1], "argument n of tool t must be at least 0, not -1"],
    [[1, "c"], 'argument s of tool t must be one of "a", "b", not "c"'],
    [[true], "argument n of tool t must be a number, not true"],
    [JSON.parse('{"n": 1, "__proto__": 2}'), "__proto__"],
  ])("%j is refused", (given, message) => {
    const { error } = new Panel(source).invoke("t", given as never);
    expect(error?.message).toContain(message);
  });

  test("are frozen all through", () => {
    const p = new Panel(new Source().tool("t", "$args.o.a.b = 2", [arg("o", "object")]));
    expect(p.invoke("t", [{ a: { b: 1 } }]).error?.name).toBe("TypeError");
  });
});

describe("rules", () => {
  const states = [
    state("s", "string", "", { pattern: "[a-z]+" }),
    state("n", "number", 5, { min: 1, max: 10 }),
    state("e", "string", "a", { enum: ["a", "b"] }),
    state("l", "list", []),
    state("o", "object", {}),
    state("b", "boolean", false),
    state("v", "any", null),
    state("p", "string", "x", { pattern: "a)|(x" }),
  ];
  test.each([
    ["$state.s = 'Abc'", 'state s must match the pattern [a-z]+, but is "Abc"'],
    ["$state.s = 'a'; $state.s = ''", "state s must match the pattern"],
    ["$state.s = 'abc\\n'", "state s must match the pattern"],
    ["$state.n = 11", "state n must be at most 10, not 11"],
    ["$state.n = '5'", 'state n must be a number, not "5"'],
    ["$state.e = 'c'", 'state e must be one of "a", "b", not "c"'],
    ["$state.l = {}", "state l must be a list, not an object"],
    ["$state.o = []", "state o must be an object, not a list of 0"],
    ["$state.o = null", "state o must be an object, not null"],
    ["$state.b = 1", "state b must be true or false, not 1"],
    [
      "$state.l = Array.from({length: 10001}, (_, i) => i)",
      "state l holds 10001 items, but a list takes at most 10000; use type frame",
    ],
  ])("%s", (body, message) => {
    const p = new Panel(new Source(states).tool("t", body));
    expect(p.invoke("t")).toMatchObject({
      status: "failed",
      ops: [],
      error: { code: "INVALID_STATE", message: expect.stringContaining(message) as string },
    });
  });

  test("hold at the end of a step, not within it", () => {
    const p = new Panel(
      new Source(states).tool(
        "t",
        "$state.n = 99; $state.n = 3; $state.s = 'ok'; $state.p = 'anything'; $state.v = {a: [1]}",
      ),
    );
    expect(p.invoke("t").error).toBeNull();
  });

  test("hold for writes from outside, all or none", () => {
    const p = new Panel(new Source(states));
    expect(p.edit({ n: 2, e: "zzz" })).toMatchObject({
      status: "failed",
      ops: [],
      error: { code: "INVALID_STATE" },
    });
    expect(p.edit({ n: 2, e: "b" }).ops).toHaveLength(2);
    expect(p.edit({ nope: 1 }).error?.message).toBe("this panel has no state called nope");
    expect(p.read("n")).toBe(2);
  });

  test("choose the first values", () => {
    const p = new Panel(
      new Source([
        state("a", "number", null, { min: 3 }),
        state("b", "number", null, { max: -2 }),
        state("c", "string", null, { enum: ["q", "r"] }),
        state("d", "list", null),
        state("e", "any", null),
        state("f", "string", "", { pattern: "x+" }),
      ]),
    );
    expect(p.first.state).toEqual({ a: 3, b: -2, c: "q", d: [], e: null, f: "" });
  });

  test("drop kept values that no longer hold, and say so", () => {
    const p = new Panel(new Source(states), { known: { n: 99, e: "b", gone: 1, s: "" } });
    expect(p.first.state).toMatchObject({ n: 5, e: "b", s: "" });
    expect(p.first.logs).toEqual([
      { level: "warn", text: "the kept value of state n was dropped: it must be at most 10, not 99" },
    ]);
  });

  test("a default may be an expression", () => {
    const source = new Source();
    const code = source.expression("[1, 2].map(i => i * 2)");
    const bad = new Source();
    const wrong = bad.expression("'x'");
    expect(
      new Panel(Object.assign(source, { states: [state("d", "list", null, { default_code: code })] })).first
        .state,
    ).toEqual({ d: [2, 4] });
    expect(
      new Panel(Object.assign(bad, { states: [state("d", "list", null, { default_code: wrong })] })).first
        .error,
    ).toMatchObject({ code: "INVALID_DEFAULT" });
  });
});

describe("computed values", () => {
  test("are lazy, kept, and follow what they read", () => {
    const source = new Source([state("a", "number", 1), state("b", "number", 1)])
      .derived("x", "(Math.random(), { a: $state.a, r: Math.random() })")
      .derived("y", "$state.x.a * 10")
      .derived("bad", "null.x");
    const p = new Panel(source);
    const first = p.read("x");
    expect(p.read("x")).toEqual(first);
    p.edit({ b: 2 });
    expect(p.read("y")).toBe(10);
    expect(p.read("x")).toEqual(first);
    p.edit({ a: 2 });
    expect(p.read("y")).toBe(20);
    expect(() => p.read("bad")).toThrow();
  });

  test("cannot depend on themselves", () => {
    const p = new Panel(new Source().derived("a", "$state.b + 1").derived("b", "$state.a + 1"));
    expect(() => p.read("a")).toThrow("computed values depend on each other: a → b → a");
  });

  test.each([
    ["$state.big = 1", "ASSIGN_TO_COMPUTED"],
    ["$state.big[0].id = 1", "IMPURE_EXPRESSION"],
    ["$state.big.push(1)", "HANDLER_ERROR"],
    ["$state.made.a.b = 1", "HANDLER_ERROR"],
  ])("are read-only: %s", (body, code) => {
    const p = new Panel(
      new Source([state("rows", "list", [{ id: 5 }])])
        .derived("big", "$state.rows.filter(r => r.id > 3)")
        .derived("made", "({a: {b: 0}})")
        .tool("t", body),
    );
    expect(p.invoke("t").error?.code).toBe(code);
  });

  test.each([
    "$state.rows.sort()",
    "$state.rows.push(1)",
    "$state.rows[0].id = 2",
    "delete $state.rows[0]",
    "$state.rows = []",
    "Object.assign($state.rows[0], {id: 1})",
  ])("cannot change state: %s", (expression) => {
    const p = new Panel(new Source([state("rows", "list", [{ id: 5 }])]).derived("c", expression));
    expect(p.send({ op: "read", name: "c" }).error).toMatchObject({
      code: "IMPURE_EXPRESSION",
      hint: expect.stringMatching(/./) as string,
    });
    expect(p.read("rows")).toEqual([{ id: 5 }]);
  });

  test("see the state of the step that reads them", () => {
    const p = new Panel(
      new Source([state("n", "number", 1)])
        .derived("d", "$state.n * 2")
        .tool("t", "const a = $state.d; $state.n = 5; return [a, $state.d]")
        .tool("u", "$state.n = 9; $state.d; throw 1"),
    );
    expect(p.invoke("t").value).toEqual([2, 10]);
    p.invoke("u");
    expect(p.read("d")).toBe(10);
  });
});

describe("what a call says", () => {
  test("log lines keep their level and are capped", () => {
    const reply = run(`
      $log('a', 1, {b: [null, undefined, 'q']}); console.warn(new Error('w')); console.error(new Map([[1, new Set([2])]])); console.debug(10n, Symbol('s'), () => 1);
      const o = {}; o.o = o; console.info(o, { get x() { throw 1 } }, 'x\\ud800');
      for (let i = 0; i < 200; i++) console.log(i);
    `);
    expect(reply.logs.slice(0, 5)).toEqual([
      { level: "info", text: 'a 1 { b: [null, undefined, "q"] }' },
      { level: "warn", text: "Error: w" },
      { level: "error", text: "Map {1 => Set {2}}" },
      { level: "debug", text: "10n Symbol(s) [function anonymous]" },
      { level: "info", text: "{ o: { o: { o: { o: {…} } } } } [unprintable] x\ufffd" },
    ]);
    expect(reply.logs).toHaveLength(101);
    expect(reply.logs.at(-1)).toMatchObject({
      level: "warn",
      text: expect.stringContaining("is full") as string,
    });
    expect(
      run(
        "console.log('x'.repeat(1e6)); console.log('y'.repeat(20000)); console.log(1); console.log('z'.repeat(20000));console.log('z'.repeat(20000));console.log('z'.repeat(20000))",
      ).logs.reduce((n, l) => n + l.text.length, 0),
    ).toBeLessThan(17_000);
  });

  test("events and progress travel with the step that commits", () => {
    const reply = run("$emit('toast', {a: new Date(0)}); $emit('x'); $progress(1, 4, 'one'); $progress(2)");
    expect(reply.emits).toEqual([
      { event: "toast", payload: { a: "1970-01-01T00:00:00.000Z" } },
      { event: "x", payload: null },
    ]);
    expect(reply.progress).toEqual({ done: 2, total: null, text: "" });
    expect(run("$emit('toast'); throw 1").emits).toEqual([]);
    expect(run("$emit('')").error?.code).toBe("ARGUMENT_MISMATCH");
    expect(run("$progress('x')").error?.code).toBe("ARGUMENT_MISMATCH");
    expect(run("for (let i = 0; i < 200; i++) $emit('e')").error?.code).toBe("LIMIT_EMITS");
  });

  test("the result is JSON or a clear error", () => {
    expect(value("return {a: [undefined, new Date(0)], b: undefined}")).toEqual({
      a: [null, "1970-01-01T00:00:00.000Z"],
    });
    expect(run("return {a: new Map()}").error).toMatchObject({
      code: "INVALID_VALUE",
      message: expect.stringContaining("the result.a is a Map") as string,
    });
    expect(run("return $state.x", [state("x", "any", { q: [1] })]).value).toEqual({ q: [1] });
  });

  test("rejections that nobody handles are told", () => {
    expect(run("(async () => { throw new Error('lost') })(); return 1")).toMatchObject({
      status: "done",
      logs: [{ level: "error", text: expect.stringContaining("Error: lost") as string }],
    });
    expect(
      run("const p = Promise.reject(new Error('found')); await null; try { await p } catch {} return 1").logs,
    ).toEqual([]);
  });

  test.each([
    ["throw null", "a handler threw null"],
    ["throw {a: 1}", "a handler threw { a: 1 }"],
    ["throw 'text'", 'a handler threw "text"'.replace(/"/g, "")],
    ["throw { toString() { throw 1 } }", "a handler threw"],
    ["const e = new Error('m'); Object.defineProperty(e, 'message', {get() { throw 1 }}); throw e", ""],
    ["class E extends Error { get name() { return 5 } } throw new E('m')", "m"],
    ["const e = new Error('m'); e.stack = 'code:0:99999:1'; throw e", "m"],
    ["throw new Error('x'.repeat(1e6))", "xxx"],
    ["throw new Error('\\ud800')", "\ufffd"],
  ])("%s is reported", (body, message) => {
    const reply = run(body);
    expect(reply.status).toBe("failed");
    expect(reply.error?.message).toContain(message);
    expect(reply.error?.message.length).toBeLessThan(2100);
  });
});

describe("what breaks a guest", () => {
  test("endless promise reactions", () => {
    expect(() => run("const f = () => Promise.resolve().then(f); await f()")).toThrow(Lost);
    expect(() => run("for (;;) await null")).toThrow(Lost);
  });

  test("deep recursion is an ordinary error, even in the middle of a write", () => {
    expect(run("const f = () => f(); f()").error).toMatchObject({ name: "RangeError" });
    const p = new Panel(
      new Source([state("x", "list", [])]).tool(
        "t",
        "let n = 0; const f = () => { try { f() } finally { if (n++ < 200) try { $state.x.push({n}); $state.x[0].n = n } catch {} } }; try { f() } catch {} return 1",
      ),
    );
    const reply = p.invoke("t");
    if (reply.status === "failed") expect(reply.error?.code).toBe("LIMIT_STACK");
    else expect(p.state.x).toEqual(p.read("x"));
  });

  test("nonsense requests get an answer", () => {
    const p = new Panel(new Source([state("x", "any", 0)]).tool("t", "return 1"));
    for (const text of [
      "",
      "null",
      "[]",
      "{}",
      '{"op":"nope"}',
      '{"op":"invoke"}',
      '{"op":"event"}',
      '{"op":"resume","call":1}',
      '"x"',
      '{"op":"edit"}',
      '{"op":"load"}',
    ]) {
      expect(JSON.parse(p.host.exchange(text)), text).toMatchObject({ status: "failed" });
    }
    expect(p.invoke("t")).toMatchObject({ status: "done", value: 1 });
  });
});

describe("a lifecycle hook", () => {
  const source = (): Source =>
    new Source([state("n", "number", 0), state("seen", "any", null)])
      .extension("http")
      .tool("add", "$state.n += $args.by; return $state.n", [arg("by", "number")])
      .hook("mount", "$state.seen = $args; return await $tools.add(2)")
      .hook("change", "$args.changed.push('x')")
      .hook("interval", "$state.n; await $ext.http.get(); $state.n += 1", true)
      .hook("error", "await new Promise(() => 0)");

  test("is a handler: it calls tools, commits, and finds what the host gives it", () => {
    const p = new Panel(source());
    expect(p.run(0, { a: [1] })).toMatchObject({ status: "done", value: 2, tool: "lifecycle 0" });
    expect(p.state).toEqual({ n: 2, seen: { a: [1] } });
  });

  test("finds its arguments frozen, all the way down", () => {
    expect(new Panel(source()).run(1, { changed: ["n"] })).toMatchObject({
      status: "failed",
      error: { name: "TypeError" },
    });
  });

  test("can be one transaction", () => {
    const p = new Panel(source());
    expect(p.run(2)).toMatchObject({ status: "waiting", ops: [] });
    p.invoke("add", [5]);
    expect(p.resume(1, [{ id: 1 }])).toMatchObject({ status: "failed", error: { code: "CONFLICT" } });
  });

  test("is named as what it is", () => {
    const stalled = new Panel(source()).run(3);
    expect(stalled.error?.message).toBe("lifecycle 3 waits for something that never happens");
    expect(new Panel(source()).run(9)).toMatchObject({
      status: "failed",
      error: { code: "ARGUMENT_MISMATCH" },
    });
  });
});
