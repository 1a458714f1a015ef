import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../../../js/generated/protocol";
import { applied, Panel, run, Source, state } from "./host";

const rows = (n: number): JsonValue[] =>
  Array.from({ length: n }, (_, id) => ({ id, name: `row ${id}`, done: false, tags: [] }));
const panel = (body: string, initial: JsonValue, type: "list" | "object" | "any" = "any"): Panel =>
  new Panel(new Source([state("x", type, initial), state("n", "number", 0)]).tool("t", body));

/** The operations of one run, checked: they lead to what the guest holds, and their inverses back. */
function ops(body: string, initial: JsonValue) {
  const p = panel(body, initial);
  const before = structuredClone(p.state);
  const reply = p.invoke("t");
  expect(reply.error).toBeNull();
  expect(p.state.x).toEqual(p.read("x"));
  expect(reply.inverse.reduce<JsonValue>(applied, p.state)).toEqual(before);
  return reply.ops;
}

describe("small operations", () => {
  const cases: [string, string, JsonValue, unknown[]][] = [
    ["a number", "$state.x = 2", 1, [["replace", "/x", 2]]],
    ["the same value", "$state.x = 1", 1, []],
    ["the same object", "$state.x = $state.x", { a: 1 }, []],
    [
      "many writes of one place",
      "for (let i = 0; i < 500; i++) $state.x = i",
      null,
      [["replace", "/x", 499]],
    ],
    ["a nested property", "$state.x.a.b = 2", { a: { b: 1 } }, [["replace", "/x/a/b", 2]]],
    ["a new property", "$state.x['a/b~c'] = 2", {}, [["add", "/x/a~1b~0c", 2]]],
    ["a deleted property", "delete $state.x.a", { a: 1, b: 2 }, [["remove", "/x/a", null]]],
    ["undefined deletes", "$state.x.a = undefined", { a: 1 }, [["remove", "/x/a", null]]],
    [
      "push",
      "$state.x.push(3, 4)",
      [1],
      [
        ["add", "/x/1", 3],
        ["add", "/x/2", 4],
      ],
    ],
    ["writing past the end by one", "$state.x[1] = 3", [1], [["add", "/x/1", 3]]],
    ["shift", "$state.x.shift()", [1, 2], [["remove", "/x/0", null]]],
    ["a shorter length", "$state.x.length = 1", [1, 2], [["remove", "/x/1", null]]],
    [
      "splice",
      "$state.x.splice(1, 1, 8, 9)",
      [1, 2, 3],
      [
        ["remove", "/x/1", null],
        ["add", "/x/1", 8],
        ["add", "/x/2", 9],
      ],
    ],
    [
      "a pushed object that is changed after",
      "$state.x.push({l: []}); $state.x[0].l.push(1)",
      [],
      [["add", "/x/0", { l: [1] }]],
    ],
    ["a spread object", "$state.x = {...$state.x, b: 3}", { a: 1, b: 2 }, [["replace", "/x/b", 3]]],
    ["a spread list", "$state.x = [...$state.x, 3]", [1, 2], [["add", "/x/2", 3]]],
  ];
  test.each(cases)("%s", (_name, body, initial, expected) => {
    expect(ops(body, initial).map((op) => [op.op, op.path, op.value])).toEqual(expected);
  });

  test("one changed row of 10,000 costs one small operation", () => {
    const changes = [
      "$state.x[5000].done = true",
      "$state.x = $state.x.map(r => r.id === 5000 ? {...r, done: true} : r)",
      "$state.x.find(r => r.id === 5000).done = true",
    ];
    for (const body of changes)
      expect(ops(body, rows(10_000))).toEqual([{ op: "replace", path: "/x/5000/done", value: true }]);
  });

  test("rows that are filtered out are removed, not the list replaced", () => {
    const found = ops("$state.x = $state.x.filter(r => r.id % 100 !== 7)", rows(1000));
    expect(found).toHaveLength(10);
    expect(new Set(found.map((op) => op.op))).toEqual(new Set(["remove"]));
  });

  test("a sorted list is told as an order, and later changes to its rows after it", () => {
    const found = ops(
      "const first = $state.x[0]; $state.x.reverse(); first.done = true; first.tags.push('a')",
      rows(20),
    );
    expect(found.map((op) => op.path)).toEqual(["/x", "/x/19/done", "/x/19/tags/0"]);
    expect(found[0]).toEqual({ op: "reorder", path: "/x", value: [...rows(20).keys()].reverse() });
  });

  test.each([
    ["$state.x.sort((a, b) => b.id - a.id)", rows(10_000)],
    ["$state.x = $state.x.toSorted((a, b) => (a.id % 7) - (b.id % 7))", rows(10_000)],
    ["$state.x.sort()", Array.from({ length: 5_000 }, (_, i) => `the name of row ${(i * 7919) % 5_000}`)],
    ["$state.x.reverse()", [...rows(50), 1, 1, "a", null]],
  ])("%s sends no row", (body, list) => {
    const found = ops(body, list as never);
    expect(found.map((op) => op.op)).toEqual(["reorder"]);
    expect(JSON.stringify(found).length).toBeLessThan(list.length * 6 + 100);
    expect(new Set(found[0]?.value as number[]).size).toBe(list.length);
  });

  test.each([
    ["a list that gets another row, too", "$state.x = [...$state.x.toReversed(), {id: 99}]", rows(20)],
    ["numbers, which are as short as their places", "$state.x.reverse()", [...rows(200).keys()]],
  ])("%s travels whole when it is put into another order", (_, body, list) => {
    expect(ops(body, list as never).map((op) => [op.op, op.path])).toEqual([["replace", "/x"]]);
  });
});

describe("identity", () => {
  test("a row keeps its identity while rows move around it", () => {
    const found = ops(
      "const r = $state.x[2]; $state.x = $state.x.filter(q => q.id !== 0); r.done = true",
      rows(4),
    );
    expect(found.map((op) => op.path)).toEqual(["/x/0", "/x/1/done"]);
  });

  test("a row that another list has elsewhere is taken out and put in again, and written there", () => {
    const found = ops(
      "const { x } = $state; $state.x = [x[1], x[0], ...x.slice(2)]; $state.x[0].done = true; $state.x[5].done = true",
      rows(20),
    );
    expect(found.map((op) => [op.op, op.path])).toEqual([
      ["remove", "/x/1"],
      ["add", "/x/0"],
      ["replace", "/x/0/done"],
      ["replace", "/x/5/done"],
    ]);
  });

  test("what is put in twice becomes two values", () => {
    expect(ops("const o = {a: 1}; $state.x = [o, o]; $state.x[0].a = 2", null)).toEqual([
      { op: "replace", path: "/x", value: [{ a: 2 }, { a: 1 }] },
    ]);
  });

  test("a popped row is a plain copy that can be changed and put back", () => {
    const found = ops("const r = $state.x.pop(); r.done = true; $state.x.unshift(r)", rows(3));
    expect(found.map((op) => [op.op, op.path])).toEqual([
      ["remove", "/x/2"],
      ["add", "/x/0"],
    ]);
  });

  test("a removed row cannot be written", () => {
    const reply = panel("const r = $state.x[0]; $state.x.shift(); r.done = true", rows(2)).invoke("t");
    expect(reply.error).toMatchObject({ code: "INVALID_STATE", name: "StateError" });
    expect(reply.error?.message).toContain("no longer part of $state");
  });
});

describe("a failed step", () => {
  test("changes nothing, and the next one starts from what was", () => {
    const p = panel(
      "$state.x.push(1); delete $state.x[0].a; $state.x.sort(); $state.x = $state.x.slice(); $state.n = 5; throw new Error('no')",
      [{ a: 1, b: 2 }],
    );
    const reply = p.invoke("t");
    expect(reply).toMatchObject({ status: "failed", ops: [], inverse: [], error: { message: "no" } });
    expect(JSON.stringify(p.read("x"))).toBe('[{"a":1,"b":2}]');
    expect(p.read("n")).toBe(0);
  });
});

describe("what state refuses", () => {
  const refused: [string, string, RegExp][] = [
    ["BigInt", "$state.x = {a: [1n]}", /\$state\.x\.a\[0\] is a BigInt/],
    ["function", "$state.x = () => 1", /\$state\.x is a function/],
    ["symbol", "$state.x = Symbol()", /\$state\.x is a symbol/],
    ["NaN", "$state.x = {a: NaN}", /\$state\.x\.a is NaN/],
    ["infinity", "$state.n = 1 / 0", /\$state\.n is Infinity/],
    ["Map", "$state.x = new Map()", /\$state\.x is a Map/],
    ["Set", "$state.x = {s: new Set()}", /\$state\.x\.s is a Set/],
    ["RegExp", "$state.x = /a/", /a regular expression/],
    ["Promise", "$state.x = Promise.resolve(1)", /a Promise.*/],
    ["cycle", "const a = {}; a.a = {b: a}; $state.x = a", /\$state\.x\.a\.b is part of a cycle/],
    ["depth", "let a = {}; for (let i = 0; i < 150; i++) a = {a}; $state.x = a", /nested more than 100 deep/],
    ["invalid date", "$state.x = new Date(NaN)", /an invalid Date/],
    ["undefined at the top", "$state.x = undefined", /\$state\.x is undefined/],
    ["a hole", "$state.x = []; $state.x[3] = 1", /would leave empty places/],
    ["a property of a list", "$state.x = []; $state.x.foo = 1", /is a list and cannot hold the property foo/],
    ["an undeclared name", "$state.nope = 1", /no state is called nope/],
    ["__proto__", "$state.x = {}; $state.x['__proto__'] = 1", /__proto__ cannot be a key/],
    ["constructor", "$state.x = {['constructor']: 1}", /constructor/],
    ["prototype", "$state.x = JSON.parse('{\"prototype\": 1}')", /prototype/],
    [
      "a getter",
      "$state.x = {}; Object.defineProperty($state.x, 'a', {get() { return 1 }})",
      /getters or setters/,
    ],
    ["freezing", "$state.x = {}; Object.freeze($state.x)", /frozen or sealed/],
    ["another prototype", "$state.x = {}; Object.setPrototypeOf($state.x, null)", /no other prototype/],
    ["inheriting", "$state.x = {}; const o = Object.create($state.x); o.a = 1", /cannot be the prototype/],
    ["deleting a state", "delete $state.x", /cannot be deleted/],
  ];
  test.each(refused)("%s", (_name, body, message) => {
    const reply = run(body, [state("x", "any", null), state("n", "number", 0)]);
    expect(reply).toMatchObject({ status: "failed", ops: [], error: { code: "INVALID_STATE" } });
    expect(reply.error?.message).toMatch(message);
    expect(reply.error?.line).toBe(1);
  });

  test("what it takes in another form", () => {
    const p = panel(
      "class P { constructor() { this.a = 1; this.b = undefined } get c() { return 2 } } $state.x = [new P(), new Date(0), -0, undefined, 'a\\ud800b', {['k\\udc00']: 1}]",
      null,
    );
    p.invoke("t");
    expect(p.state.x).toEqual([{ a: 1 }, "1970-01-01T00:00:00.000Z", 0, null, "a\ufffdb", { "k\ufffd": 1 }]);
  });
});

describe("$state looks like ordinary data", () => {
  const alike = [
    "JSON.stringify($)",
    "Object.keys($)",
    "Object.entries($).length",
    "Array.isArray($.l)",
    "$.l.map(i => i * 2)",
    "[...$.l]",
    "$.l.includes(2)",
    "$.l.indexOf(3)",
    "$.l.concat([9])",
    "$.l.slice(-2)",
    "$.l.toSorted((a, b) => b - a)",
    "$.l.at(-1)",
    "[9].concat($.l)",
    "'a' in $.o",
    "Object.hasOwn($.o, 'toString')",
    "$.o.hasOwnProperty('a')",
    "({...$.o})",
    "Object.assign({}, $.o)",
    "$.l.length",
    "$.l.findLast(i => i < 3)",
    "$.l.entries().toArray()",
    "$.l.join('-')",
    "$.l.flatMap(i => [i, i])",
    "$.l.reduce((a, b) => a + b)",
    "Object.getOwnPropertyNames($.o)",
    "(() => { const { o: { a } } = $; return a })()",
    "$.o.a?.b?.c ?? 'none'",
    "typeof $.o",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: panel code
    "`${$.l}`",
    "$.rows.filter(r => r.id).map(r => r.name)",
    "$.rows.some(r => r.id === 2)",
    "$.rows.indexOf($.rows[1])",
    "Object.groupBy($.rows, r => r.id).length ?? 0",
  ];
  const data = {
    l: [1, 2, 3],
    o: { a: { b: null }, c: "x" },
    rows: [
      { id: 0, name: "a" },
      { id: 2, name: "b" },
    ],
  };
  test.each(alike)("%s", (expression) => {
    const p = panel(`const $ = $state.x; return ${expression}`, data);
    const q = panel(`const $ = ${JSON.stringify(data)}; return ${expression}`, null);
    expect(p.invoke("t")).toMatchObject({ error: null, value: q.invoke("t").value });
  });
});

// Random programs of mutations do the same to $state as to plain data, and the operations tell exactly that.
const mutations = [
  "$.list.push({id: K, l: []})",
  "$.list.pop()",
  "$.list.shift()",
  "$.list.unshift(K)",
  "$.list.splice(K % 4, K % 3, K, {id: K})",
  "$.list.reverse()",
  "$.list.sort((a, b) => (a?.id ?? a ?? 0) - (b?.id ?? b ?? 0))",
  "$.list = $.list.filter((_, i) => i % 3 !== K % 3)",
  "$.list = [...$.list].reverse()",
  "$.list = $.list.map(r => r?.id > K ? {...r, id: r.id - 1} : r)",
  "$.list.length = Math.min($.list.length, K)",
  "$.list[0] = {id: K, l: [1]}",
  "if ($.list[1]?.l) $.list[1].l.push(K)",
  "if ($.list[0]?.l) $.list[0].l = [...$.list[0].l, {q: K}]",
  "if ($.list.at(-1)?.l?.[0]?.q) $.list.at(-1).l[0].q++",
  "$.obj['k' + K] = {v: K}",
  "delete $.obj['k' + K]",
  "$.obj = {...$.obj, z: K}",
  "if ($.obj['k' + K]) $.obj['k' + K].v += 1",
  "$.obj = Object.fromEntries(Object.entries($.obj).reverse())",
  "$.obj.list = $.list",
  "$.list = $.obj.list ?? []",
  "if (typeof $.list[2] === 'object' && $.list[2]) $.list[2].m = K",
  "$.list.fill({id: K, l: []}, 1, 3)",
  "$.list.copyWithin(0, 2)",
  "{ const r = $.list.find(r => r?.l); $.list = $.list.filter(q => q !== r || true); if (r && $.list.includes(r)) r.l.push('r') }",
  "$.list = $.list.concat([{id: K, l: [[K]]}])",
  "if ($.list[0]?.l?.[0]?.push) $.list[0].l[0].push(K)",
  "$.list = $.list.toSorted((a, b) => (b?.id ?? 0) - (a?.id ?? 0))",
  "$.list = [...$.list.slice(-1), ...$.list.slice(0, -1)]",
  "$.list.sort((a, b) => ((a?.id ?? 3) * 7 % 5) - ((b?.id ?? 3) * 7 % 5)); if ($.list[K]?.l) $.list[K].l.unshift({s: K})",
  "$.list = $.list.map((r, i) => [r, i * (K + 2) % 7]).sort(([, a], [, b]) => a - b).map(([r]) => r)",
  "$.list = [...$.list.slice(K + 1, K + 3), {id: K, l: [[K]]}, ...$.list.slice(0, K + 1), ...$.list.slice(K + 3)]",
];

describe("random mutations", () => {
  const program = fc.array(fc.tuple(fc.nat(mutations.length - 1), fc.nat(5)), {
    minLength: 1,
    maxLength: 14,
  });
  const body = (steps: [number, number][]): string =>
    steps.map(([i, k]) => (mutations[i] as string).replaceAll("K", String(k))).join(";\n");
  const initial = {
    list: [{ id: 3, l: [] }, { id: 1, l: [{ q: 1 }] }, 7, { id: 2, l: [[0]] }],
    obj: { a: 1, k1: { v: 1 } },
  };
  const long = {
    ...initial,
    list: initial.list.concat(Array.from({ length: 36 }, (_, id) => ({ id, l: [] }))),
  };

  test("do what they do to plain data; operations and inverses are exact; a failed step leaves nothing", () => {
    fc.assert(
      fc.property(
        fc.array(program, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.boolean(),
        (steps, fail, few) => {
          const first = few ? initial : long;
          const source = new Source([state("x", "object", first)]);
          for (const [i, step] of steps.entries())
            source.tool(`t${i}`, `const $ = $state.x;\n${body(step).replaceAll("$.", "$state.x.")}`);
          source.tool(
            "undone",
            `${body(steps[0] as [number, number][]).replaceAll("$.", "$state.x.")}; throw 1`,
          );
          const p = new Panel(source);
          const plain: { x: typeof initial } = { x: structuredClone(first) };
          for (const [i, step] of steps.entries()) {
            const before = structuredClone(p.state);
            if (fail) {
              const reply = p.invoke("undone");
              expect(reply.status).toBe("failed");
              expect(JSON.stringify(p.read("x"))).toBe(JSON.stringify(before.x));
            }
            const reply = p.invoke(`t${i}`);
            expect(reply.error).toBeNull();
            expect(JSON.stringify(p.state.x)).toBe(JSON.stringify(p.read("x")));
            expect(reply.inverse.reduce<JsonValue>(applied, p.state)).toEqual(before);
            mutate(plain, body(step));
            expect(p.state.x).toEqual(plain.x);
          }
        },
      ),
      { numRuns: process.env.NEXUS_FULL === "1" ? 5_000 : 200 },
    );
  }, 600_000);
});

/** The same program on plain data, where values are copied in as state copies them. */
function mutate(root: { x: object }, source: string): void {
  const plain = new Panel(
    new Source([]).tool(
      "t",
      `let $ = JSON.parse($args.x);\n${source
        .split(";\n")
        .map((s) => `${s};\n$ = JSON.parse(JSON.stringify($));`)
        .join("")}\nreturn $`,
      [
        {
          name: "x",
          type: "string",
          required: true,
          default: null,
          description: "",
          enum: null,
          min: null,
          max: null,
        },
      ],
    ),
  );
  const reply = plain.invoke("t", { x: JSON.stringify(root.x) });
  expect(reply.error).toBeNull();
  root.x = reply.value as object;
}
