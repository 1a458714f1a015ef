// Panel code that the guest itself runs, in getters and conversions, gets no chance to bend the state.

import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../js/generated/protocol";
import { Panel, run, Source, state, value } from "./host";

const COUNT = state("count", "number", 1, { min: 0, max: 10 });
const invoked = (source: Source, tool = "t"): { p: Panel; reply: ReturnType<Panel["invoke"]> } => {
  const p = new Panel(source);
  return { p, reply: p.invoke(tool) };
};

describe("writes are taken only while a handler runs", () => {
  test.each([
    ["the result", "return { get a() { $state.count = 9; return 1 } }"],
    [
      "a thrown error's message",
      "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { $state.count = 9; return 'm' } }); throw e",
    ],
    [
      "a thrown error's name",
      "const e = new Error('x'); Object.defineProperty(e, 'name', { get() { $state.count = 9; return 'm' } }); throw e",
    ],
    ["a thrown object", "throw { get a() { $state.count = 9; return 1 } }"],
    [
      "an error's code",
      "try { $state.zz = 1 } catch (e) { e.code = { toJSON() { $state.count = 9; return 'HI' } }; throw e }",
    ],
  ])("not while %s is read", (_name, body) => {
    const { p, reply } = invoked(new Source([COUNT]).tool("t", body).tool("nop", "return $state.count"));
    expect(reply).toMatchObject({ status: "failed", ops: [] });
    expect(p.invoke("nop")).toMatchObject({ value: 1, ops: [] });
  });

  test("not while an unhandled rejection is logged", () => {
    const body = "Promise.reject({ get a() { $state.count = 777; return 1 } }); return 1";
    const { p, reply } = invoked(new Source([COUNT]).tool("t", body));
    expect(reply.ops).toEqual([]);
    expect(p.read("count")).toBe(1);
  });

  test("not by jobs that outlive a failed step", () => {
    const { p } = invoked(
      new Source([COUNT])
        .tool(
          "t",
          "Promise.resolve().then(() => {}).then(() => {}).then(() => { $state.count = 5 }); throw 1",
        )
        .tool("nop", "return $state.count"),
    );
    expect(p.invoke("nop")).toMatchObject({ value: p.state.count, ops: [] });
  });
});

describe("a value that changes the state while it is read", () => {
  const bodies = [
    "$state.x[0] = { get a() { $state.x.shift(); return 1 } }",
    "$state.x.push({ get a() { $state.x.shift(); return 1 } })",
    "$state.x.splice(0, 1, { get a() { $state.x = []; return 1 } })",
    "$state.x.fill({ get a() { $state.x.pop(); return 1 } })",
    "$state.x.sort(() => { $state.x.pop(); return 1 })",
    "$state.x = [$state.x[1], { get a() { $state.x.shift(); return 1 } }]",
  ];
  test.each(bodies)("is refused: %s", (body) => {
    const initial: JsonValue = [{ a: 1 }, { b: 2 }, { c: 3 }];
    expect(run(body, [state("x", "list", initial)]).error?.message).toBe(
      "$state changed while a value was being read for it",
    );
    const caught = `try { ${body} } catch (e) {}`;
    const { p, reply } = invoked(new Source([state("x", "list", initial)]).tool("t", caught));
    expect(reply.error).toBeNull();
    expect(p.state.x).toEqual(p.read("x"));
  });

  test("positions are read first", () => {
    for (const call of [
      "splice({ valueOf() { $state.x = [1]; return 0 } }, 2, 7)",
      "copyWithin({ valueOf() { $state.x.length = 1; return 0 } }, 1)",
      "fill(7, { valueOf() { $state.x.length = 1; return 0 } })",
    ]) {
      const { p, reply } = invoked(
        new Source([state("x", "list", [1, 2, 3])]).tool("t", `try { $state.x.${call} } catch (e) {}`),
      );
      expect(reply.error).toBeNull();
      expect(p.state.x, call).toEqual(p.read("x"));
    }
  });
});

describe("nothing that panel code shares holds anything", () => {
  test("list methods are frozen", () => {
    const names = ["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"];
    const source = new Source([state("x", "list", [])]);
    const shown = source.expression(
      `${JSON.stringify(names)}.map(n => [Object.isFrozen($state.x[n]), 'prototype' in $state.x[n]])`,
    );
    source.tool(
      "t",
      `return ${JSON.stringify(names)}.map(n => [Object.isFrozen($state.x[n]), 'prototype' in $state.x[n]])`,
    );
    source.shows(source.node("Text", { props: { value: { kind: "binding", code: shown } } }));
    const p = new Panel(source);
    const expected = names.map(() => [true, false]);
    expect(p.invoke("t").value).toEqual(expected);
    expect(p.root().props.value).toEqual(expected);
    expect(run("$state.x.push.leak = 1", [state("x", "list", [])]).status).toBe("failed");
  });

  test.each(["throw {}", "throw new Error('e')", "$state.x = 1"])(
    "a computed value that fails with %s fails anew each time",
    (failing) => {
      const source = new Source([state("x", "any", 1)])
        .derived("bad", `(() => { ${failing} })()`)
        .tool(
          "t",
          "let a, b; try { $state.bad } catch (e) { a = e; e.leak = 1 } try { $state.bad } catch (e) { b = e } return [a === b, b.leak ?? null, b instanceof Error]",
        );
      expect(invoked(source).reply.value).toEqual([false, null, true]);
    },
  );
});

describe("the guest's own errors", () => {
  test("cannot be made by panel code", () => {
    const forge =
      "try { $state.zz = 1 } catch (e) { throw new e.constructor('X', 'LIMIT_MEMORY', 'forged') }";
    expect(run(forge).error).toMatchObject({ code: "HANDLER_ERROR", name: "Error" });
    expect(
      value(
        "try { $state.zz = 1 } catch (e) { return e.constructor === Error && Object.getPrototypeOf(e).constructor === Error }",
      ),
    ).toBe(true);
    expect(
      run(
        "try { $state.zz = 1 } catch (e) { throw Object.create(Object.getPrototypeOf(e), { code: { value: 'LIMIT_MEMORY' } }) }",
      ).error?.code,
    ).toBe("HANDLER_ERROR");
  });

  test.each(["5", "'x'.repeat(5e6)", "'LIMIT_MEMORY'", "{}"])(
    "keep their code when it is set to %s",
    (code) => {
      expect(run(`try { $state.zz = 1 } catch (e) { e.code = ${code}; throw e }`).error).toMatchObject({
        code: "INVALID_STATE",
      });
    },
  );
});

describe("bounds of the state", () => {
  const ANY = [state("x", "any", {})];

  test("it nests 100 deep, however it is built", () => {
    const grow = (levels: number): string =>
      `let p = $state.x; for (let i = 1; i < ${levels}; i++) { p.x = {}; p = p.x }`;
    expect(run(`${grow(100)}; p.leaf = 1`, ANY).error).toBeNull();
    expect(run(grow(101), ANY).error).toMatchObject({
      code: "INVALID_STATE",
      message: expect.stringContaining("nested more than 100 deep"),
    });
    expect(run(`${grow(60)}; const q = $state.x.x; p.l = [q]`, ANY).error?.code).toBe("INVALID_STATE");
    expect(run(`${grow(99)}; p.l = []; p.l.push({})`, ANY).error?.code).toBe("INVALID_STATE");
    expect(run(`${grow(99)}; p.l = [1]; p.l.fill({})`, ANY).error?.code).toBe("INVALID_STATE");
  });

  test("keys are well-formed", () => {
    const { p, reply } = invoked(
      new Source(ANY)
        .tool("t", "$state.x['\\ud800'] = 1; $state.x['\\udfff'] = 2")
        .tool("d", "delete $state.x['\\ud800']"),
    );
    expect(reply.error).toBeNull();
    expect(p.state.x).toEqual({ "\ufffd": 2 });
    expect(p.read("x")).toEqual(p.state.x);
    expect(p.invoke("d").error).toBeNull();
    expect([p.state.x, p.read("x")]).toEqual([{}, {}]);
  });

  test("it holds at most 6 MB, and a step that goes beyond changes nothing", () => {
    const source = new Source([state("x", "any", []), state("y", "any", "")])
      .tool("fill", "$state.x = Array.from({ length: 50 }, () => 'x'.repeat(100_000))")
      .tool("more", "$state.y = 'y'.repeat(2_000_000)")
      .tool("wide", "$state.y = 'é'.repeat(700_000)")
      .tool("swap", "$state.x[0] = 'z'.repeat(100_000)")
      .tool("empty", "$state.x = []");
    const p = new Panel(source);
    expect(p.invoke("fill").error).toBeNull();
    const before = p.state;
    for (const tool of ["more", "wide"]) {
      expect(p.invoke(tool)).toMatchObject({
        status: "failed",
        ops: [],
        error: { code: "LIMIT_STATE_BYTES", name: "LimitError" },
      });
      expect(p.state).toBe(before);
    }
    for (let i = 0; i < 30; i++) expect(p.invoke("swap").error).toBeNull();
    expect(p.edit({ y: "e".repeat(2_000_000) }).error?.code).toBe("LIMIT_STATE_BYTES");
    expect(p.invoke("empty").error).toBeNull();
    expect(p.invoke("more").error).toBeNull();
    expect(p.read("y")).toBe(p.state.y);
  });
});
