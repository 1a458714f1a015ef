import { describe, expect, test } from "vitest";
import type { GuestReply } from "../../../js/generated/protocol";
import { arg, Host, Panel, Source, state } from "./host";

function load(source: Source): GuestReply {
  return new Host().request({
    op: "load",
    program: source.program() as never,
    state: null,
    clock: 0,
    seed: 1,
    zone: "UTC",
  });
}

function problems(reply: GuestReply): unknown {
  expect(reply).toMatchObject({ status: "failed", error: { code: "JS_SYNTAX" } });
  return reply.value;
}

describe("a body that is not one body", () => {
  test.each([
    "}); evil(); (async()=>{",
    "}); globalThis.evil = 1; (async function(){",
    "}[evil()] = function(){",
    "}, async function(){",
    "}, m(){",
    "}, async m(){",
    "} m2(){",
    "}; static { evil() } async m2(){",
    "}} evil(); {{",
    "}}); evil(); ({async m(){",
    "}} class D{async m(){",
    "})(evil()); (async function(){",
    "}) /* */ + (function(){",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: panel code
    "}`${evil()}`; function f(){",
    "}}/*",
    "/*",
    "`",
    "`${",
    "'",
    '"',
    "/",
    "/[",
    "{",
    "(",
    "}",
    ")",
    "<!-- \n}",
    "-->\n}",
    "//\n}); evil(); (async()=>{",
    "return 1 }); evil(); (async()=>{",
    "\u2028}); evil(); (() => {",
    "import x from 'y'",
    "export default 1",
    "super()",
    "super.x",
    "with ({}) {}",
    "let $state = 1",
    "await = 1",
    "arguments = 1",
    "010",
    "delete x",
    "import.meta",
    "break",
    "#!/bin/sh",
    "class { #x }; this.#x",
    "label: function f() {}",
    "\0",
    "1 +",
    "\\u007d); evil(); (() => {",
  ])("%j", (body) => {
    expect(problems(load(new Source().tool("t", body)))).toHaveLength(1);
  });
});

describe("bodies that are fine", () => {
  test.each([
    ["", null],
    ["return 1", 1],
    ["return 1 // }", 1],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: panel code
    ["/* } */ return `}${'}'}`", "}}"],
    ["return /}\\)/.test('})')", true],
    ["<!-- a comment\nreturn 1", 1],
    ["return 1\n--> a comment", 1],
    ["return await (async () => 2)()", 2],
    ["function f() { return 3 } return f()", 3],
    ["for await (const x of [4]) return x", 4],
    ["'use strict'; return typeof this", "undefined"],
    ["return new.target === undefined", true],
    ["return (function() { return typeof arguments })()", "object"],
    ["{ const $state = 5; return $state }", 5],
    ["return '\u2028'.length", 1],
  ])("%j", (body, expected) => {
    expect(new Panel(new Source().tool("t", body)).invoke("t")).toMatchObject({
      error: null,
      value: expected,
    });
  });
});

describe("an expression that is not one expression", () => {
  test.each([
    "",
    " ",
    "1) + (2",
    "1] + [2",
    "1); evil(); (2",
    "1, ...x",
    "...x",
    "x) => (y",
    "1;",
    "return 1",
    "let x = 1",
    "1 /*",
    "1 //*/\n)",
    "`",
    "a,",
    ",a",
    "await x",
    "yield x",
    "if (a) b",
    "1\n})(); evil(); (function(){ return (1",
    "1)}) + (function(){ return (1",
    "function",
    "import.meta",
    "new.target",
    "super.x",
    "}",
    "/",
    "'",
    "<!--",
    "x: 1",
    "010",
  ])("%j", (expression) => {
    const source = new Source();
    source.expression(expression);
    expect(problems(load(source))).toHaveLength(1);
  });

  test("comments, templates and trailing line comments are fine", () => {
    const source = new Source()
      .derived("a", "1 // one")
      // biome-ignore lint/suspicious/noTemplateCurlyInString: panel code
      .derived("b", "/* ) */ `${2})`")
      .derived("c", "(3, 4)")
      .derived("d", "\n5\n")
      .derived("e", "{}.x ?? 6".replace("{}", "({})"));
    const p = new Panel(source);
    expect(["a", "b", "c", "d", "e"].map((name) => p.read(name))).toEqual([1, "2)", 4, 5, 6]);
  });
});

describe("args", () => {
  const detail = { a: 1, value: "v" };
  const given = (text: string): unknown => {
    const source = new Source([state("n", "number", 7)]).tool("t", "return $args", [
      arg("a", "any", { required: false }),
      arg("b", "any", { required: false }),
    ]);
    const args = source.put("args", text);
    const p = new Panel(source.shows(source.node("Button", { events: { press: { tool: "t", args } } })));
    return p.event("0", "press", detail).value;
  };
  test.each([
    ["{ a: 1 }", { a: 1 }],
    ["{ a: $event.a, b: $state.n }", { a: 1, b: 7 }],
    ["{$event}", undefined],
    ["{$event.value}", { a: "v" }],
    ["{[1, 2]}", { a: 1, b: 2 }],
    ["{{a: 1}}", { a: 1 }],
    ["{{a: 1, b: {c: 2}}}", { a: 1, b: { c: 2 } }],
    ["  {  'a' : `}` }  ", { a: "}" }],
    ["{...{a: 3}}", { a: 3 }],
    ["{}", {}],
    ["[$state.n]", { a: 7 }],
    ["$state.n", { a: 7 }],
    ["{null}", {}],
  ])("%s", (text, expected) => {
    if (expected === undefined) expect(given(text)).toBeNull();
    else expect(given(text)).toEqual(expected);
  });

  test.each(["{a: 1}, {b: 2", "{a} {b}", "{a: 1}) + ({", "{", "}", "{a: 1", "{a}, {b", "{;}"])(
    "%s is no expression",
    (text) => {
      const source = new Source();
      source.put("args", text);
      problems(load(source));
    },
  );
});

describe("places in the document", () => {
  test("of syntax errors count in the code", () => {
    const source = new Source().tool("t", "const a = 1;\n  const b = ;\n");
    source.expression("1 +* 2");
    expect(problems(load(source))).toEqual([
      { index: 0, line: 2, column: 13, message: expect.any(String) },
      { index: 1, line: 1, column: 4, message: expect.any(String) },
    ]);
  });

  test("count code points, whatever stands before them on the line", () => {
    const source = new Source().tool("t", 'const a = "日本語é😀" 3;\n/* ü😀 */ const b = 1 2;');
    source.expression('"😀é" 1');
    expect(problems(load(source))).toMatchObject([
      { index: 0, line: 1, column: 19 },
      { index: 1, line: 1, column: 6 },
    ]);
    const second = new Source().tool("t", "1;\n/* ü😀 */ const b = 1 2;");
    expect(problems(load(second))).toMatchObject([{ line: 2, column: 22 }]);
    const p = new Panel(
      new Source().tool("t", '"日本語é😀"; null.x', [], 10, 5).tool("u", '\n"日本語é😀"; null.x', [], 20, 5),
    );
    expect(p.invoke("t").error).toMatchObject({ line: 10, column: 14 });
    expect(p.invoke("u").error).toMatchObject({ line: 21, column: 10 });
  });

  test("of errors that a handler throws", () => {
    const p = new Panel(
      new Source([state("n", "number", 0)])
        .tool("t", "const f = () => {\n  null.x;\n};\nf()", [], 10, 5)
        .tool("u", "  null.x", [], 20, 7)
        .tool("w", "$state.n = 'x'.repeat(\n3)", [], 30, 1),
    );
    expect(p.invoke("t").error).toMatchObject({ name: "TypeError", code: "HANDLER_ERROR", line: 11 });
    expect(p.invoke("t").error?.stack).toBe("at f (line 11, column 3)\nat line 13, column 1");
    expect(p.invoke("u").error).toMatchObject({ line: 20, column: 9 });
    expect(p.invoke("w").error).toMatchObject({
      code: "INVALID_STATE",
      message: 'state n must be a number, not "xxx"',
    });
  });
});
