import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonValue, TreeNode, ViewNode } from "../../../js/generated/protocol";
import { repaint } from "../../../js/host/repaint";
import { EMPTY_VIEW, layOut, type View } from "../../../js/host/view";
import { arg, Panel, Source, state } from "./host";

const literal = (value: JsonValue): ViewNode["props"][string] => ({ kind: "literal", value });

function panel(
  build: (source: Source) => ViewNode,
  states = [
    state("rows", "list", [
      { id: "a", n: 1 },
      { id: "b", n: 2 },
    ]),
    state("s", "any", null),
  ],
): Panel {
  const source = new Source(states);
  return new Panel(source.shows(build(source)));
}

/** What a page makes of trees and patches, in the page's own code. */
class Page {
  private view: View;

  constructor(tree: unknown) {
    this.view = layOut(tree, EMPTY_VIEW).view;
  }

  follow({ patch, tree }: { patch: unknown; tree: unknown }): readonly string[] {
    if (tree !== null) this.view = layOut(tree, this.view).view;
    if (patch === null) return [];
    const repainted = repaint(patch, this.view);
    if (repainted === null) throw new Error(`the patch does not fit: ${JSON.stringify(patch)}`);
    this.view = repainted.view;
    return repainted.changed.toSorted();
  }

  shown(): object {
    const { root, nodes, ids, problems } = this.view;
    return { root, nodes: new Map([...nodes].sort()), ids: [...ids].sort(), problems };
  }
}

/** A tree as short text: type#id(props)=value[children]. */
function short(node: TreeNode): string {
  const props = Object.entries(node.props)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(" ");
  const bound = node.bound ? `${node.writable ? "=" : "~"}${JSON.stringify(node.value)}` : "";
  const children = node.children.map(short).join(" ");
  return `${node.type}#${node.id}${props && `(${props})`}${bound}${children && `[${children}]`}`;
}

describe("changes", () => {
  const rows = (count: number): { id: number; n: number; done: boolean }[] =>
    Array.from({ length: count }, (_, id) => ({ id, n: id, done: false }));

  /** A list of rows, with something else that shows their number, and tools that change them. */
  function list(count: number, actions: Record<string, string>): { p: Panel; page: Page } {
    const s = new Source([state("rows", "list", rows(count)), state("other", "number", 0)]).derived(
      "count",
      "$state.rows.length",
    );
    for (const [name, body] of Object.entries(actions)) s.tool(name, body);
    const row = s.node("Text", {
      props: {
        content: { kind: "text", parts: ["row ", s.expression("$scope.item.n")] },
        done: s.binding("$scope.item.done"),
      },
    });
    const p = new Panel(
      s.shows(
        s.node("Layout", {}, [
          s.node("Metric", { props: { value: s.binding("$state.count") } }),
          s.node("Iterate", { items: s.expression("$state.rows"), key: literal("id") }, [row]),
        ]),
      ),
    );
    return { p, page: new Page(p.tree()) };
  }

  function bytes(value: unknown): number {
    return new TextEncoder().encode(JSON.stringify(value)).length;
  }

  test("one changed row is one node, however many there are", () => {
    const { p, page } = list(2_000, { toggle: "$state.rows[700].done = true" });
    p.invoke("toggle");
    const change = p.change();
    expect(change.patch?.changed).toEqual([{ id: "0.1[700].0", props: { done: true } }]);
    expect(bytes(change)).toBeLessThan(200);
    expect(page.follow(change)).toEqual(["0.1[700].0"]);
    expect(p.change()).toEqual({ patch: null, tree: null });
  });

  test("rows that come, go and move are told by their ids", () => {
    const { p, page } = list(2_000, {
      insert: "$state.rows.unshift({ id: 9000, n: 1, done: true })",
      move: "const [row] = $state.rows.splice(3, 1); $state.rows.splice(1500, 0, row)",
      remove: "$state.rows.splice(10, 5)",
      swap: "const { rows } = $state; $state.rows = [rows[5], ...rows.slice(1, 5), rows[0], ...rows.slice(6)]",
    });
    p.invoke("insert");
    const inserted = p.change();
    expect(inserted.patch?.added.map((node) => node.id)).toEqual(["0.1[9000].0"]);
    expect(page.follow(inserted)).toEqual(["0", "0.0", "0.1[9000].0"]);
    for (const [tool, most] of [
      ["move", 300],
      ["remove", 300],
      ["swap", 500],
    ] as const) {
      p.invoke(tool);
      const change = p.change();
      expect(bytes(change)).toBeLessThan(most);
      expect(change.patch?.added).toEqual([]);
      page.follow(change);
      expect(page.shown()).toEqual(new Page(p.tree()).shown());
    }
  });

  test("a row that moves is told to what shows its position, and to nothing else", () => {
    const s = new Source([state("rows", "list", rows(40))]);
    s.tool("insert", "$state.rows.splice(20, 0, { id: 99, n: 1, done: false })").tool(
      "take",
      "return $args.at",
      [arg("at", "number")],
    );
    const shown = s.node("Text", { props: { content: s.binding("$scope.i % 10 === 9 ? $scope.i : null") } });
    const silent = s.node("Button", {
      props: { label: s.binding("$scope.item.n") },
      events: { press: { tool: "take", args: s.put("args", "{ at: $scope.i * 100 + $scope.j }") } },
    });
    const inner = s.node(
      "Iterate",
      { items: s.expression("[$scope.item]"), item_name: "one", index_name: "j" },
      [silent],
    );
    const outer = { items: s.expression("$state.rows"), key: literal("id"), index_name: "i" };
    const p = new Panel(s.shows(s.node("Layout", {}, [s.node("Iterate", outer, [shown, inner])])));
    const page = new Page(p.tree());
    p.invoke("insert");
    const change = p.change();
    expect(change.patch?.changed.map(({ id }) => id)).toEqual([
      ...["0.0[28].0", "0.0[29].0", "0.0[38].0", "0.0[39].0"],
    ]);
    page.follow(change);
    expect(page.shown()).toEqual(new Page(p.tree()).shown());
    expect(p.event("0.0[30].1[#0].0", "press").value).toBe(3100);
  });

  test("what stands in for no items comes when the items could not be told before", () => {
    const s = new Source([state("x", "any", 5)]);
    const empty = s.node("Empty", {}, [s.node("Text", { props: { content: literal("none") } })]);
    const loop = s.node("Iterate", { items: s.expression("$state.x"), key: literal("id") }, [empty]);
    const p = new Panel(s.shows(s.node("Layout", {}, [loop])));
    const page = new Page(p.tree());
    for (const x of [[], 5, [{ id: 1 }], [], 5]) {
      p.edit({ x });
      page.follow(p.change());
      expect(page.shown()).toEqual(new Page(p.tree()).shown());
    }
  });

  test("what does not change is not told: a computed value that stays, a state that nobody shows", () => {
    const { p } = list(20, {
      replace: "$state.rows[3] = { ...$state.rows[3] }",
      other: "$state.other++",
      back: "$state.rows[1].n = 5; $state.rows[1].n = 1",
      fail: "$state.rows.reverse(); throw new Error('no')",
    });
    for (const tool of ["replace", "other", "back", "fail"]) {
      p.invoke(tool);
      expect(p.change()).toEqual({ patch: null, tree: null });
    }
  });

  test("one that went and came again between two looks is told whole", () => {
    const s = new Source([state("on", "boolean", true), state("n", "number", 0)]);
    s.tool("flip", "$state.on = !$state.on").tool("add", "$state.n++");
    const p = new Panel(
      s.shows(
        s.node("Layout", {}, [
          s.node("If", { condition: s.expression("$state.on") }, [
            s.node("Container", {}, [s.node("Text", { props: { content: s.binding("$state.n") } })]),
          ]),
        ]),
      ),
    );
    const page = new Page(p.tree());
    for (const tool of ["flip", "add", "flip"]) p.edit(tool === "add" ? { n: 7 } : { on: tool !== "flip" });
    p.edit({ on: true });
    for (const tool of ["flip", "flip", "add"]) p.invoke(tool);
    page.follow(p.change());
    expect(page.shown()).toEqual(new Page(p.tree()).shown());
  });

  test("long values are told by what changed in them", () => {
    const s = new Source([state("rows", "list", rows(500))]);
    s.tool("change", "$state.rows[250].n = -1");
    const p = new Panel(s.shows(s.node("Table", { props: { data: s.binding("$state.rows") } })));
    const page = new Page(p.tree());
    p.invoke("change");
    const change = p.change();
    expect(change.patch?.changed).toEqual([
      { id: "0", edits: { data: [{ op: "replace", path: "/250/n", value: -1 }] } },
    ]);
    page.follow(change);
    expect(page.shown()).toEqual(new Page(p.tree()).shown());
  });

  test("computed values are evaluated only when what they read changes, and those that read them only when they differ", () => {
    const s = new Source([state("a", "number", 1), state("b", "number", 1)])
      .derived("sign", "Math.sign($state.a) + 0 * Math.random()")
      .derived("shown", "[$state.sign, Math.random()]");
    s.tool("grow", "$state.a++").tool("other", "$state.b++").tool("turn", "$state.a = -$state.a");
    const p = new Panel(s.shows(s.node("Text", { props: { content: s.binding("$state.shown") } })));
    const first = p.root();
    for (const [tool, same] of [
      ["grow", true],
      ["other", true],
      ["turn", false],
    ] as const) {
      p.invoke(tool);
      expect(p.change().patch === null).toBe(same);
    }
    expect(p.root()).not.toEqual(first);
  });
});

describe("resolving", () => {
  test("conditions, loops and their alternatives disappear", () => {
    const p = panel((s) =>
      s.node("Layout", {}, [
        s.node("If", { condition: s.expression("$state.rows.length > 1") }, [
          s.node("Text", { props: { content: literal("many") } }),
          s.node("Else", {}, [s.node("Text", { props: { content: literal("few") } })]),
        ]),
        s.node("Iterate", { items: s.expression("$state.rows"), key: literal("id"), index_name: "i" }, [
          s.node("Text", {
            props: {
              content: {
                kind: "text",
                parts: [s.expression("$scope.i"), ": ", s.expression("$scope.item.n")],
              },
            },
          }),
          s.node("Empty", {}, [s.node("Text", { props: { content: literal("none") } })]),
        ]),
        s.node("Strange", { props: { a: literal([1]), hidden: literal(true) } }),
      ]),
    );
    expect(short(p.root())).toBe(
      'Layout#0[Text#0.0.0(content="many") Text#0.1[a].0(content="0: 1") Text#0.1[b].0(content="1: 2") Strange#0.2(a=[1] hidden=true)]',
    );
    p.edit({ rows: [] });
    expect(short(p.root())).toBe(
      'Layout#0[Text#0.0.1.0(content="few") Text#0.1.1.0(content="none") Strange#0.2(a=[1] hidden=true)]',
    );
  });

  test("an inner loop variable shadows an outer one", () => {
    const p = panel((s) =>
      s.node("Layout", {}, [
        s.node("Iterate", { items: s.expression("[1, 2]"), item_name: "x", index_name: "i" }, [
          s.node("Iterate", { items: s.expression("[$scope.x * 10, $scope.x * 20]"), item_name: "x" }, [
            s.node("Text", { props: { content: s.binding("[$scope.x, $scope.i]") } }),
          ]),
        ]),
      ]),
    );
    expect(p.root().children.map((node) => node.props.content)).toEqual([
      [10, 0],
      [20, 0],
      [20, 1],
      [40, 1],
    ]);
    expect(new Set(p.root().children.map((node) => node.id)).size).toBe(4);
  });

  test("values keep their type in bindings and become strings in text", () => {
    const p = panel((s) => {
      const props: ViewNode["props"] = {};
      for (const [name, source] of Object.entries({
        n: "1.5",
        o: "({a: [null]})",
        u: "undefined",
        z: "null",
        d: "new Date(0)",
        nan: "0/0",
        neg: "-0",
        lone: "'\\ud83d'",
      })) {
        props[name] = s.binding(source);
        props[`${name}T`] = { kind: "text", parts: ["<", s.expression(source), ">"] };
      }
      return s.node("X", { props });
    });
    expect(p.tree().problems).toEqual([]);
    expect(p.root().props).toEqual({
      ...{
        n: 1.5,
        nT: "<1.5>",
        o: { a: [null] },
        oT: '<{"a":[null]}>',
        uT: "<>",
        z: null,
        zT: "<>",
        d: "1970-01-01T00:00:00.000Z",
        dT: "<1970-01-01T00:00:00.000Z>",
      },
      ...{ nan: null, nanT: "<NaN>", neg: 0, negT: "<0>", lone: "\ufffd", loneT: "<\ufffd>" },
    });
  });

  test("a failing binding costs its property and is told once, with its place", () => {
    const p = panel((s) => {
      const bad = s.put("expression", "$scope.item.x.y", 7, 12);
      const node = s.node("Text", {
        props: { content: { kind: "binding", code: bad }, variant: literal("h1") },
      });
      const fn = s.node("Text", {
        props: { content: s.binding("() => 1"), map: s.binding("new Map()"), big: s.binding("1n") },
      });
      const cond = s.node("If", { condition: s.expression("null.x") }, [s.node("Text")]);
      const items = s.node("Iterate", { items: s.expression("({a: 1})") }, [s.node("Text")]);
      return s.node("Layout", {}, [
        s.node("Iterate", { items: s.expression("$state.rows") }, [node]),
        fn,
        cond,
        items,
      ]);
    });
    const { root, problems } = p.tree();
    expect(short(root as TreeNode)).toBe(
      'Layout#0[Text#0.0[#0].0(variant="h1") Text#0.0[#1].0(variant="h1") Text#0.1]',
    );
    const placed = problems.find((problem) => problem.line === 7);
    expect(placed).toEqual({
      severity: "error",
      code: "BINDING_ERROR",
      message: expect.stringContaining("TypeError") as string,
      line: 7,
      column: expect.any(Number) as number,
    });
    expect(placed?.column).toBeGreaterThanOrEqual(12);
    expect(problems.filter((problem) => problem !== placed).map((problem) => problem.message)).toEqual([
      expect.stringContaining("TypeError"),
      "Iterate needs a list; use Object.entries() for an object",
      "big is a BigInt, which cannot be shown",
      "content is a function, which cannot be shown",
      "map is a Map, which cannot be shown; use an object, for example Object.fromEntries(map)",
    ]);
  });

  test("an expression that writes is told how to copy", () => {
    const p = panel((s) => s.node("Table", { props: { data: s.binding("$state.rows.sort()") } }));
    expect(p.tree().problems).toMatchObject([
      { code: "IMPURE_EXPRESSION", message: expect.stringContaining("use toSorted()") as string },
    ]);
  });

  test("duplicate keys are told once and fall back to positions", () => {
    const p = panel((s) =>
      s.node("Layout", {}, [
        s.node("Iterate", { items: s.expression("['a', 'a', 'b', 'a']"), key: s.binding("$scope.item") }, [
          s.node("Text"),
        ]),
      ]),
    );
    const { root, problems } = p.tree();
    expect(root?.children.map((node) => node.id)).toEqual(["0.0[a].0", "0.0[#1].0", "0.0[b].0", "0.0[#3].0"]);
    expect(problems).toMatchObject([{ severity: "warning", code: "DUPLICATE_KEY" }]);
  });

  test("no key can pretend to be another place", () => {
    const keys = ["a].0", "#0", "%5b", "[", "\ud800", "", "0.0[a]"];
    const p = panel((s) =>
      s.node("Layout", {}, [
        s.node("Iterate", { items: s.expression(JSON.stringify(keys)), key: s.binding("$scope.item") }, [
          s.node("Text"),
        ]),
      ]),
    );
    const ids = p.root().children.map((node) => node.id);
    expect(new Set(ids).size).toBe(keys.length);
    for (const id of ids) expect(id).toMatch(/^0\.0\[[^[\].#]*\]\.0$/);
  });

  test("bad keys are told and positions used", () => {
    const p = panel((s) =>
      s.node("Layout", {}, [
        s.node("Iterate", { items: s.expression("[{}, 5, null]"), key: literal("id") }, [s.node("Text")]),
      ]),
    );
    expect(p.root().children.map((node) => node.id)).toEqual(["0.0[#0].0", "0.0[#1].0", "0.0[#2].0"]);
    expect(p.tree().problems).toMatchObject([{ code: "INVALID_KEY" }]);
  });

  test("nodes change when something they show does", () => {
    const p = panel(
      (s) => {
        const content = s.binding("[$scope.item.n, $scope.item.deep?.[0], $state.s, $state.total]");
        const inner = s.node("Text", { props: { content }, bind: { root: "$scope", path: ["item", "n"] } });
        const scope = s.node("Text", {
          props: { content: s.binding("[$scope.item.n, $scope.tag]") },
        });
        const tags = s.node("Iterate", { items: s.expression("['p', 'q']"), item_name: "tag" }, [scope]);
        return s
          .derived("total", "$state.rows.length")
          .tool("t", "$state.rows[$args.i].n = $args.n; if ($args.fail) throw 1", [
            arg("i", "number"),
            arg("n", "any"),
            arg("fail", "boolean", { required: false }),
          ])
          .tool("deep", "$state.rows[1].deep = [1]; await $ext.e.f(); $state.rows[1].deep[0]++")
          .extension("e")
          .node("Layout", {}, [
            s.node("Iterate", { items: s.expression("$state.rows"), key: literal("id") }, [inner, tags]),
          ]);
      },
      [
        state("rows", "list", [
          { id: 1, n: 1 },
          { id: 2, n: 2 },
          { id: 3, n: 3 },
        ]),
        state("s", "any", 0),
        state("other", "any", 0),
      ],
    );
    const look = (): string[] =>
      p.root().children.map((node) => JSON.stringify([node.value, node.props.content]));
    const changed = (action: () => unknown): number[] => {
      const before = look();
      action();
      return look().flatMap((text, i) => (text === before[i] ? [] : [i]));
    };
    expect(changed(() => p.edit({ other: 1 }))).toEqual([]);
    expect(changed(() => p.invoke("t", [1, 20]))).toEqual([3, 4, 5]);
    expect(changed(() => p.invoke("deep"))).toEqual([3]);
    expect(changed(() => p.resume(2, [{ id: 1 }]))).toEqual([3]);
    expect(changed(() => p.edit({ s: 1 }))).toEqual([0, 3, 6]);
    expect(changed(() => p.event("0.0[3].0", "change", { value: "x" }))).toEqual([6, 7, 8]);
    const values = (): unknown => p.root().children.map((node) => (node.props.content as JsonValue[])[0]);
    const before = values();
    p.invoke("t", [0, 99, true]);
    expect(values()).toEqual(before);
  });

  test("ids stay while other rows come and go", () => {
    const p = panel((s) =>
      s.node("Layout", {}, [
        s.node("Iterate", { items: s.expression("$state.rows"), key: literal("id") }, [s.node("Text")]),
      ]),
    );
    const before = p.root().children.map((node) => node.id);
    p.edit({ rows: [{ id: "z" }, { id: "b" }, { id: "a" }] });
    expect(
      p
        .root()
        .children.map((node) => node.id)
        .slice(1),
    ).toEqual(before.reverse());
  });

  test("too many components are one clear error", () => {
    const p = panel((s) =>
      s.node("Layout", {}, [
        s.node("Iterate", { items: s.expression("Array.from({length: 300})") }, [
          s.node("Iterate", { items: s.expression("Array.from({length: 300})") }, [s.node("Text")]),
        ]),
      ]),
    );
    expect(p.send({ op: "view" }).error).toMatchObject({ code: "LIMIT_NODES" });
  });

  test("random numbers belong to their place and the seed, not to what was evaluated before", () => {
    const build = (s: Source): ViewNode =>
      s.node("Layout", {}, [
        s.node("Iterate", { items: s.expression("$state.rows"), key: literal("id") }, [
          s.node("Text", { props: { content: s.binding("[$scope.item.n, Math.random()]") } }),
        ]),
      ]);
    const numbers = (p: Panel): unknown[] =>
      p.root().children.map((node) => (node.props.content as number[])[1]);
    const whole = panel(build);
    expect(new Set(numbers(whole)).size).toBe(2);
    const stepwise = panel(build);
    numbers(stepwise);
    stepwise.edit({
      rows: [
        { id: "b", n: 5 },
        { id: "a", n: 7 },
      ],
    });
    expect(numbers(stepwise)).toEqual(numbers(whole).reverse());
  });

  test("a view resolved step by step is the view of a fresh guest", () => {
    const actions = [
      "$state.rows.push({ id: K + 10, n: K, tags: ['a'] })",
      "$state.rows.shift()",
      "$state.rows.reverse()",
      "if ($state.rows[1]) $state.rows[1].n = K",
      "$state.rows = $state.rows.filter(r => r.id % 3 !== K % 3)",
      "$state.rows = $state.rows.map(r => r.id % 2 ? {...r, n: K} : r)",
      "$state.rows.at(-1)?.tags.push('t' + K)",
      "$state.s = K % 3",
      "$state.rows.sort((a, b) => b.n - a.n)",
      "$state.rows[0]?.tags.pop()",
      "$state.rows.push({ id: 1, n: 9, tags: [] }); throw 1",
      "for (const r of $state.rows) r.tags.reverse(); throw 1",
      "$state.rows.unshift({ id: K, n: 0, tags: ['q', 'q'] })",
      "$state.rows.splice(K, 1, { id: K + 20, n: K, tags: ['b'] }, { id: K + 30, n: 1, tags: [] })",
      "$state.rows.push(...$state.rows.splice(K % 3, 1))",
      "if ($state.rows[K]) $state.rows[K].id = K + 10",
      "$state.rows = [...$state.rows.slice(K), ...$state.rows.slice(0, K)]",
    ];
    const build = (
      states = [
        state("rows", "list", [
          { id: 1, n: 1, tags: ["x"] },
          { id: 2, n: 2, tags: [] },
        ]),
        state("s", "any", 0),
      ],
    ): Source => {
      const s = new Source(states)
        .derived("big", "$state.rows.filter(r => r.n > 1)")
        .derived("sum", "$state.big.reduce((a, r) => a + r.n, 0)");
      for (const [i, action] of actions.entries())
        s.tool(`t${i}`, action.replaceAll("K", "$args.k"), [arg("k", "number")]);
      const tag = s.node("Text", {
        props: {
          content: s.binding("[$scope.tag, $scope.item.n, $state.s, Math.random()]"),
          bad: s.binding("$scope.item.n > 3 ? null.x : 1"),
        },
      });
      const tags = s.node(
        "Iterate",
        {
          items: s.expression("$scope.item.tags"),
          item_name: "tag",
          index_name: "i",
          key: s.binding("[$scope.item.id, $scope.tag].join(' ')"),
        },
        [tag, s.node("Empty", {}, [s.node("Text")])],
      );
      const field = s.node("Input", {
        bind: { root: "$scope", path: ["item"] },
        props: { disabled: s.binding("$state.s === 1") },
      });
      const more = s.node("If", { condition: s.expression("$state.s === 2") }, [
        s.node("Metric", { props: { value: s.binding("$state.sum") } }),
      ]);
      const zero = s.expression("0");
      Object.assign(field.bind as object, { path: ["item", "tags", zero] });
      const loop = (items: string, index: string | null): ViewNode =>
        s.node("Iterate", { items: s.expression(items), key: literal("id"), index_name: index }, [
          field,
          tags,
          more,
        ]);
      const place = s.node("Text", { props: { content: s.binding("$scope.i") } });
      const places = s.node(
        "Iterate",
        { items: s.expression("$state.rows"), key: literal("id"), index_name: "i" },
        [s.node("Text"), place],
      );
      const byPlace = s.node(
        "Iterate",
        { items: s.expression("$state.big"), key: s.binding("$scope.i - $state.s % 2"), index_name: "i" },
        [place],
      );
      const loops = [loop("$state.rows", null), loop("$state.big", "at"), places, byPlace];
      return s.shows(s.node("Layout", {}, [...loops, more]));
    };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(actions.length - 1), fc.nat(6)), { minLength: 1, maxLength: 12 }),
        (steps) => {
          const p = new Panel(build());
          const page = new Page(p.tree());
          for (const [i, k] of steps) {
            p.invoke(`t${i}`, [k]);
            page.follow(p.change());
            const fresh = new Panel(build(), { known: p.state }).tree();
            expect(page.shown()).toEqual(new Page(fresh).shown());
            if (k === 0) expect(p.tree()).toEqual(fresh);
          }
        },
      ),
      { numRuns: process.env.NEXUS_FULL === "1" ? 1_000 : 40 },
    );
  }, 600_000);

  test("as many as are allowed fit into memory, time after time", () => {
    const p = panel(
      (s) =>
        s.node("Layout", {}, [
          s.node("Iterate", { items: s.expression("$state.rows"), key: literal("id") }, [
            s.node("Iterate", { items: s.expression("[1, 2]") }, [
              s.node("Text", { props: { content: s.binding("$scope.item") } }),
            ]),
          ]),
        ]),
      [
        state(
          "rows",
          "list",
          Array.from({ length: 9000 }, (_, id) => ({ id })),
        ),
      ],
    );
    for (let i = 0; i < 4; i++) {
      p.edit({ rows: Array.from({ length: 9000 }, (_, id) => ({ id, i })) });
      expect(p.root().children).toHaveLength(18_000);
    }
  });

  test("no view is no tree", () => {
    expect(new Panel(new Source()).tree()).toEqual({ root: null, problems: [] });
  });
});

describe("bound places", () => {
  test("tell their value and whether they take edits", () => {
    const p = panel(
      (s) =>
        s
          .derived("big", "$state.rows.filter(r => r.n > 1)")
          .node("Layout", {}, [
            s.node("Input", { bind: { root: "$state", path: ["text"] } }),
            s.node("Input", { bind: { root: "$state", path: ["o", s.expression("'k' + 1"), "x"] } }),
            s.node("Input", { bind: { root: "$state", path: ["o", "missing", "x"] } }),
            s.node("Input", { bind: { root: "$state", path: ["big"] } }),
            s.node("Iterate", { items: s.expression("$state.big"), key: literal("id") }, [
              s.node("Input", { bind: { root: "$scope", path: ["item", "n"] } }),
              s.node("Input", { bind: { root: "$scope", path: ["item"] } }),
            ]),
            s.node("Iterate", { items: s.expression("[{n: 5}]") }, [
              s.node("Input", { bind: { root: "$scope", path: ["item", "n"] } }),
            ]),
            s.node("Iterate", { items: s.expression("$state.list"), index_name: "i" }, [
              s.node("Input", { bind: { root: "$state", path: ["list", s.expression("$scope.i")] } }),
            ]),
          ]),
      [
        state("rows", "list", [
          { id: "a", n: 1 },
          { id: "b", n: 2 },
        ]),
        state("text", "string", "t"),
        state("o", "object", { k1: { x: 3 } }),
        state("list", "list", ["p"]),
      ],
    );
    expect(p.root().children.map(short)).toEqual([
      'Input#0.0="t"',
      "Input#0.1=3",
      "Input#0.2~null",
      'Input#0.3~[{"id":"b","n":2}]',
      "Input#0.4[b].0=2",
      'Input#0.4[b].1~{"id":"b","n":2}',
      "Input#0.5[#0].0~5",
      'Input#0.6[#0].0="p"',
    ]);
    expect(p.event("0.4[b].0", "change", { value: 9 }).ops).toEqual([
      { op: "replace", path: "/rows/1/n", value: 9 },
    ]);
    expect(p.event("0.1", "change", { value: [1] }).ops).toEqual([
      { op: "replace", path: "/o/k1/x", value: [1] },
    ]);
    expect(p.event("0.6[#0].0", "change", { value: "q" }).ops).toEqual([
      { op: "replace", path: "/list/0", value: "q" },
    ]);
    expect(p.event("0.2", "change", { value: 1 }).error).toMatchObject({
      code: "INVALID_STATE",
      message: "the bound place is read-only",
    });
    expect(p.event("0.5[#0].0", "change", { value: 1 }).status).toBe("failed");
  });

  test("take numbers as text and hold the rules", () => {
    const p = panel(
      (s) => s.node("NumberInput", { bind: { root: "$state", path: ["n"] } }),
      [state("n", "number", 1, { max: 5 })],
    );
    expect(p.event("0", "change", { value: "4" }).ops).toEqual([{ op: "replace", path: "/n", value: 4 }]);
    expect(p.event("0", "change", { value: 6 })).toMatchObject({ status: "failed", ops: [], tool: null });
    expect(p.event("0", "change", { value: "x" })).toMatchObject({ status: "failed" });
    expect(p.root().value).toBe(4);
  });
});

describe("events", () => {
  const source = (): Source => {
    const s = new Source([state("n", "number", 0), state("rows", "list", [{ id: 1 }, { id: 2 }])])
      .tool("add", "$state.n += $args.by; return $state.n", [arg("by", "number")])
      .tool("fail", "throw new Error('no')");
    const args = s.put("args", "{ by: $event.detail ?? $scope.item.id }");
    return s.shows(
      s.node("Layout", {}, [
        s.node("Iterate", { items: s.expression("$state.rows"), key: literal("id") }, [
          s.node("Button", { events: { press: { tool: "add", args } } }),
        ]),
        s.node("Input", {
          bind: { root: "$state", path: ["n"] },
          events: {
            change: { tool: "add", args: s.put("args", "{$event.value}") },
            blur: { tool: "fail", args: null },
          },
        }),
        s.node("Button", {
          props: { disabled: s.binding("$state.n > 100") },
          events: { press: { tool: "add", args: s.put("args", "1") } },
        }),
        s.node("Button", { events: { press: { tool: "add", args: s.put("args", "null.x", 4, 4) } } }),
      ]),
    );
  };

  test("start the tool with its arguments", () => {
    const p = new Panel(source());
    expect(p.event("0.0[2].0", "press")).toMatchObject({ status: "done", tool: "add", value: 2 });
    expect(p.event("0.0[1].0", "press", { detail: 5 })).toMatchObject({ value: 7 });
  });

  test("edit first, then call, in one transaction", () => {
    const p = new Panel(source());
    const reply = p.event("0.1", "change", { value: 3 });
    expect(reply).toMatchObject({ tool: "add", value: 6, ops: [{ op: "replace", path: "/n", value: 6 }] });
    expect(reply.inverse).toEqual([{ op: "replace", path: "/n", value: 0 }]);
    expect(p.event("0.1", "blur")).toMatchObject({
      status: "failed",
      tool: "fail",
      error: { message: "no" },
    });
  });

  test("for a host that queues calls only tell what to call", () => {
    const p = new Panel(source());
    expect(p.event("0.1", "change", { value: 3 }, 0)).toMatchObject({
      status: "done",
      tool: "add",
      value: 3,
      ops: [{ path: "/n", value: 3 }],
    });
    expect(p.event("0.0[2].0", "press", {}, 0)).toMatchObject({
      status: "done",
      tool: "add",
      value: { by: 2 },
      ops: [],
    });
    expect(p.event("0.0[2].0", "press", {}, 0).status).toBe("done");
  });

  test("from a view that is gone are refused", () => {
    const p = new Panel(source());
    p.root();
    p.edit({ rows: [{ id: 1 }] });
    for (const [node, name] of [
      ["0.0[2].0", "press"],
      ["nope", "press"],
      ["0", "press"],
      ["0.0[1].0", "toString"],
      ["0.0[1].0", "change"],
      ["__proto__", "press"],
    ]) {
      expect(p.event(node as string, name as string, { value: 1 }).error, `${node} ${name}`).toMatchObject({
        code: "STALE_VIEW",
        message: "the view has changed; try again",
      });
    }
  });

  test("of disabled controls are refused", () => {
    const p = new Panel(source());
    expect(p.event("0.2", "press").status).toBe("done");
    p.edit({ n: 101 });
    expect(p.event("0.2", "press").error?.code).toBe("DISABLED");
  });

  test("whose arguments fail say where", () => {
    expect(new Panel(source()).event("0.3", "press")).toMatchObject({
      status: "failed",
      error: { name: "TypeError", line: 4 },
    });
  });
});
