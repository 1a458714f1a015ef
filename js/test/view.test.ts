import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMessage } from "../host/messages";
import { EMPTY_VIEW, layOut, sameJson } from "../host/view";
import { node } from "./scripted";

const rows = (count: number, changed = -1) => ({
  root: node(
    "Layout",
    {},
    {
      id: "root",
      children: Array.from({ length: count }, (_, i) =>
        node("Text", { content: i === changed ? "new" : `row ${i}` }, { id: `r${i}` }),
      ),
    },
  ),
  problems: [],
});

describe("laying out a tree", () => {
  it("keeps every record that says the same", () => {
    const first = layOut(rows(1_000), EMPTY_VIEW).view;
    const { view, changed } = layOut(structuredClone(rows(1_000, 500)), first);
    expect(changed).toEqual(["r500"]);
    expect(view.nodes.get("root")).toBe(first.nodes.get("root"));
    expect(view.nodes.get("r1")).toBe(first.nodes.get("r1"));
    expect(view.nodes.get("r500")?.props).toEqual({ content: "new" });
  });

  it("names removed nodes and the parent that lost them", () => {
    const first = layOut(rows(3), EMPTY_VIEW).view;
    expect(layOut(rows(2), first).changed.sort()).toEqual(["r2", "root"]);
  });

  it("finds nothing changed in the same tree, whatever it is", () => {
    const tree = fc.letrec((tie) => ({
      node: fc.record({
        id: fc.string(),
        type: fc.constantFrom("Text", "Layout", "Nonsense"),
        props: fc.dictionary(fc.string(), fc.jsonValue()),
        bound: fc.boolean(),
        writable: fc.boolean(),
        value: fc.jsonValue(),
        events: fc.array(fc.string()),
        children: fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie("node"), { maxLength: 4 })),
      }),
    })).node;
    fc.assert(
      fc.property(tree, (root) => {
        const { view } = layOut({ root, problems: [] }, EMPTY_VIEW);
        expect(layOut(structuredClone({ root, problems: [] }), view).changed).toEqual([]);
      }),
    );
  });

  it("survives anything in the place of a tree", () => {
    fc.assert(
      fc.property(fc.anything(), (tree) => {
        expect(layOut(tree, EMPTY_VIEW).view.nodes.size).toBeLessThan(100_000);
      }),
    );
    fc.assert(
      fc.property(fc.anything(), (root) => {
        layOut({ root, problems: root }, EMPTY_VIEW);
      }),
    );
  });

  it("gives repeated ids keys of their own, and the kernel's id back", () => {
    const root = node(
      "Layout",
      {},
      { id: "a", children: [node("Text", {}, { id: "b" }), node("Text", {}, { id: "b" })] },
    );
    const { view } = layOut({ root, problems: [] }, EMPTY_VIEW);
    const keys = view.nodes.get("a")?.children ?? [];
    expect(new Set(keys).size).toBe(2);
    expect(keys.map((key) => view.nodes.get(key)?.id)).toEqual(["b", "b"]);
  });

  it("stops at a depth that no document has, and says so", () => {
    let root = node("Text");
    for (let depth = 0; depth < 2_000; depth += 1) root = node("Container", {}, { children: [root] });
    const { view } = layOut({ root, problems: [] }, EMPTY_VIEW);
    expect(view.nodes.size).toBeLessThan(300);
    expect(view.problems.map((problem) => problem.code)).toEqual(["TREE_SHAPE"]);
  });

  it("compares values too deep to follow as different instead of failing", () => {
    const deep = () => JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`) as unknown;
    expect(sameJson(deep(), deep())).toBe(false);
  });
});

describe("reading messages", () => {
  it("takes none of what is not a message of ours", () => {
    for (const message of [
      null,
      1,
      "x",
      [],
      {},
      { kind: "anywidget-command-response" },
      { kind: "commit", rev: -1 },
    ])
      expect(readMessage(message)).toBeNull();
    expect(readMessage({ kind: "result", client: "c", seq: "1" })).toBeNull();
    expect(readMessage({ kind: "progress", client: "c", seq: 1, done: "much" })).toBeNull();
    expect(readMessage(Object.create({ kind: "closed", reason: "inherited" }))).toBeNull();
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        readMessage(value);
        for (const kind of ["snapshot", "commit", "result", "reject", "emitted", "closed", "progress"])
          readMessage({
            ...(value as object),
            kind,
            rev: 1,
            client: "c",
            seq: 1,
            error: value,
            cause: value,
          });
      }),
    );
  });

  it("fills in what the protocol leaves out", () => {
    expect(readMessage({ kind: "reject", client: "c", seq: 1, error: { code: "X" } })).toMatchObject({
      error: { code: "X", name: "Error", hint: "", line: 0, stack: "" },
    });
  });
});
