import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TreeNode } from "../generated/protocol";
import { applyOperations } from "../host/operations";
import { repaint } from "../host/repaint";
import { EMPTY_VIEW, layOut, type View } from "../host/view";
import { node } from "./scripted";

const text = (id: string, content = id): TreeNode => node("Text", { content }, { id });

function view(...children: TreeNode[]): View {
  return layOut({ root: node("Layout", {}, { id: "root", children }), problems: [] }, EMPTY_VIEW).view;
}

/** Where the patch leads, as text; null when it does not fit. */
function patched(before: View, patch: object): { ids: string; changed: string[]; view: View } | null {
  const repainted = repaint({ changed: [], children: [], added: [], problems: null, ...patch }, before);
  if (!repainted) return null;
  const write = (key: string): string => {
    const one = repainted.view.nodes.get(key);
    if (!one) return `!${key}`;
    return one.children.length ? `${key}(${one.children.map(write).join(" ")})` : key;
  };
  return { ids: write("root"), changed: repainted.changed.toSorted(), view: repainted.view };
}

const splice = (id: string, ...splices: [at: number, remove: number, ...ids: string[]][]): object => ({
  id,
  splices: splices.map(([at, remove, ...ids]) => ({ at, remove, ids })),
});

describe("a patch", () => {
  it("changes properties and what a node is bound to, and nothing else", () => {
    const before = view(node("Input", { label: "a", hint: "b", rows: [1, 2, 3] }, { id: "i" }), text("t"));
    const other = before.nodes.get("t");
    const place = { bound: true, writable: true, value: "x", events: ["change"] };
    const edits = { rows: [{ op: "remove", path: "/1", value: null }] };
    const found = patched(before, {
      changed: [{ id: "i", props: { label: "c" }, gone: ["hint"], edits, place }],
    });
    expect(found?.changed).toEqual(["i"]);
    expect(found?.view.nodes.get("i")).toMatchObject({ props: { label: "c", rows: [1, 3] }, ...place });
    expect(found?.view.nodes.get("i")?.props).not.toHaveProperty("hint");
    expect(found?.view.nodes.get("t")).toBe(other);
  });

  it("moves, removes and adds children, and forgets what is gone with all below it", () => {
    const inner = node("Container", {}, { id: "c", children: [text("x"), text("y")] });
    const found = patched(view(text("a"), inner, text("b")), {
      children: [splice("root", [1, 1], [0, 0, "b"], [2, 1], [2, 0, "n"])],
      added: [node("Container", {}, { id: "n", children: [text("m")] })],
    });
    expect(found?.ids).toBe("root(b a n(m))");
    expect(found?.changed).toEqual(["c", "m", "n", "root", "x", "y"]);
    expect([...(found?.view.ids ?? [])].sort()).toEqual(["a", "b", "m", "n", "root"]);
  });

  it("replaces a node where it is", () => {
    const inner = node("Container", {}, { id: "c", children: [text("x"), text("y")] });
    const found = patched(view(inner, text("b")), {
      added: [node("Container", {}, { id: "c", children: [text("y"), text("z")] })],
    });
    expect(found?.ids).toBe("root(c(y z) b)");
    expect(found?.changed).toEqual(["c", "x", "z"]);
  });

  it("is refused when it does not fit", () => {
    const inner = (): View => view(node("Container", {}, { id: "c", children: [text("x")] }), text("b"));
    for (const patch of [
      { changed: [{ id: "nowhere", props: {} }] },
      { changed: [{ id: "b", edits: { content: [{ op: "remove", path: "/0", value: null }] } }] },
      { changed: [{ id: "b", edits: { missing: [] } }] },
      { children: [splice("nowhere", [0, 0])] },
      { children: [splice("root", [0, 3])] },
      { children: [splice("root", [3, 0, "new"])], added: [text("new")] },
      { children: [splice("root", [0, 0, "new"])] },
      { children: [splice("root", [-1, 1])] },
      { children: [{ id: "root", splices: [{ at: 0.5, remove: 0, ids: [] }] }] },
      { children: [{ id: "root", splices: [{ at: 0, remove: 0, ids: [7] }] }] },
      { added: [text("new")] },
      { added: [{ id: "b" }] },
    ])
      expect(patched(inner(), patch), JSON.stringify(patch)).toBeNull();
    for (const none of [null, 3, "x", []]) expect(repaint(none, inner())).toBeNull();
  });

  it("cannot give a node two places or put it into itself", () => {
    const before = (): View => view(node("Container", {}, { id: "c", children: [text("x")] }), text("b"));
    for (const patch of [
      { children: [splice("root", [0, 0, "b"])] },
      { children: [splice("c", [0, 0, "b"])] },
      { children: [splice("c", [0, 0, "c"])] },
      { children: [splice("c", [0, 0, "root"])] },
      { children: [splice("root", [1, 1]), splice("c", [0, 0, "b"])] },
      {
        children: [splice("c", [0, 0, "n"])],
        added: [node("Container", {}, { id: "n", children: [text("root")] })],
      },
      {
        children: [splice("c", [0, 0, "n"])],
        added: [node("Container", {}, { id: "n", children: [text("n")] })],
      },
      { children: [splice("root", [0, 0, "n"]), splice("c", [0, 0, "n"])], added: [text("n")] },
      { added: [node("Layout", {}, { id: "root", children: [] })] },
    ])
      expect(patched(before(), patch), JSON.stringify(patch)).toBeNull();
  });

  it("of any kind leaves a tree or is refused", () => {
    const id = fc.constantFrom("root", "a", "b", "c", "x", "n", "m");
    const count = fc.integer({ min: 0, max: 3 });
    const tree = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        fc.record({ id, type: fc.constant("Text") }),
        fc.record({ id, type: fc.constant("Text"), children: fc.array(tie("node"), { maxLength: 2 }) }),
      ),
    })).node;
    const change = fc.record({
      id,
      splices: fc.array(fc.record({ at: count, remove: count, ids: fc.array(id, { maxLength: 3 }) }), {
        maxLength: 3,
      }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 2 }), fc.array(tree, { maxLength: 2 }), (children, added) => {
        const before = view(text("a"), node("Container", {}, { id: "c", children: [text("x")] }), text("b"));
        const found = patched(before, { children, added });
        if (!found) return;
        const seen = new Set<string>();
        const walk = (key: string): void => {
          expect(seen.has(key)).toBe(false);
          seen.add(key);
          const one = found.view.nodes.get(key);
          expect(one).toBeDefined();
          for (const child of one?.children ?? []) walk(child);
        };
        walk("root");
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("operations", () => {
  it("change no value they are given", () => {
    const value = Object.freeze({ rows: Object.freeze([Object.freeze({ n: 1 }), Object.freeze({ n: 2 })]) });
    const ops = [
      { op: "replace", path: "/rows/0/n", value: 5 },
      { op: "add", path: "/rows/2", value: { n: 3 } },
      { op: "remove", path: "/rows/1" },
      { op: "add", path: "/a~1b~0c", value: null },
      { op: "add", path: "/__proto__", value: 1 },
    ];
    const now = applyOperations(value as never, ops);
    expect(JSON.stringify(now)).toBe('{"rows":[{"n":5},{"n":3}],"a/b~c":null,"__proto__":1}');
  });

  it("put a list into another order", () => {
    const value = Object.freeze({ rows: Object.freeze(["x", "y", "z"]) });
    const order = { op: "reorder", path: "/rows", value: [2, 0, 1] };
    expect(applyOperations(value as never, [order, { op: "add", path: "/rows/3", value: 1 }])).toEqual({
      rows: ["z", "x", "y", 1],
    });
    expect(applyOperations([7, 8], [{ op: "reorder", path: "", value: [1, 0] }])).toEqual([8, 7]);
  });

  it("that do not fit give nothing", () => {
    for (const op of [
      { op: "replace", path: "/x", value: 1 },
      { op: "remove", path: "" },
      { op: "remove", path: "/rows/2" },
      { op: "add", path: "/rows/3", value: 1 },
      { op: "add", path: "/rows/-", value: 1 },
      { op: "add", path: "/rows/01", value: 1 },
      { op: "add", path: "/rows/0/1", value: 1 },
      { op: "add", path: "rows", value: 1 },
      { op: "move", path: "/rows/0", value: 1 },
      { op: "reorder", path: "/rows", value: [0] },
      { op: "reorder", path: "/rows", value: [0, 0] },
      { op: "reorder", path: "/rows", value: [0, 2] },
      { op: "reorder", path: "/rows", value: [0, "1"] },
      { op: "reorder", path: "/rows", value: ["length", 1] },
      { op: "reorder", path: "/rows", value: 1 },
      { op: "reorder", path: "/rows/0", value: [] },
      { op: "reorder", path: "", value: [] },
      { path: 3 },
      null,
    ])
      expect(applyOperations({ rows: [1, 2] }, [op]), JSON.stringify(op)).toBeUndefined();
  });
});
