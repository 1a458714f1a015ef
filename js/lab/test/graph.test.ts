import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NOGPatch } from "../../generated/protocol";
import { Graph } from "../src/graph";
import { inColumns, layOut } from "../src/layout";
import { edge, entity, graph } from "./workspace";

const patch = (part: Partial<NOGPatch>): NOGPatch => ({
  put_entities: [],
  put_relationships: [],
  delete_entities: [],
  delete_relationships: [],
  ...part,
});

describe("a patch", () => {
  it("deletes an entity's relationships with it, before it puts", () => {
    const before = Graph.of({
      revision: 1,
      entities: [entity("a", "panel", "a"), entity("b", "state", "b")],
      relationships: [edge("a", "contains", "b")],
    });
    const after = before.apply(
      2,
      patch({ delete_entities: ["b"], put_entities: [entity("b", "tool", "new")] }),
    );
    expect(after.get("b")?.type).toBe("tool");
    expect(after.relationships()).toEqual([]);
    expect(after.revision).toBe(2);
    expect(before.relationships()).toHaveLength(1);
  });

  it("leaves what a plain list of things would be, whatever it says", () => {
    const id = fc.constantFrom<string[]>("a", "b", "c", "__proto__", "constructor");
    const anyEdge = fc.tuple(id, id).map(([from, to]) => edge(from, "reads", to));
    const anyEntity = fc.tuple(id, fc.string()).map(([name, text]) => entity(name, "state", text));
    const anyPatch = fc.record({
      put_entities: fc.array(anyEntity),
      put_relationships: fc.array(anyEdge),
      delete_entities: fc.array(id),
      delete_relationships: fc.array(anyEdge.map((one) => one.id)),
    });
    fc.assert(
      fc.property(fc.array(anyPatch, { maxLength: 6 }), (patches) => {
        let made = Graph.empty;
        let entities: [string, unknown][] = [];
        let edges: ReturnType<typeof edge>[] = [];
        patches.forEach((one, at) => {
          made = made.apply(at + 1, one);
          edges = edges.filter(
            (old) =>
              !one.delete_relationships.includes(old.id) &&
              !one.delete_entities.includes(old.source) &&
              !one.delete_entities.includes(old.target),
          );
          entities = entities.filter(([name]) => !one.delete_entities.includes(name));
          for (const put of one.put_entities)
            entities = [...entities.filter(([n]) => n !== put.id), [put.id, put]];
          for (const put of one.put_relationships) edges = [...edges.filter((old) => old.id !== put.id), put];
        });
        expect(new Map(made.entities().map((one) => [one.id, one]))).toEqual(new Map(entities));
        expect(new Set(made.relationships().map((one) => one.id))).toEqual(
          new Set(edges.map((one) => one.id)),
        );
      }),
    );
  });
});

describe("a neighbourhood", () => {
  it("goes as far as asked, in both directions, but not up to what contains it", () => {
    const all = Graph.of(graph());
    const near = all.around("quick ü.ipynb#state:counter/count", 1, 100);
    expect(near.entities.map((one) => one.name).sort()).toEqual(["add", "count", "double"]);
    expect(near.complete).toBe(true);
    expect(near.relationships).toHaveLength(2);
    const panel = all.around("quick ü.ipynb#panel:counter", 8, 100);
    expect(panel.entities.map((one) => one.name).sort()).toEqual(["Counter", "add", "count", "double"]);
  });

  it("is bounded and says so", () => {
    const near = Graph.of(graph()).around("quick ü.ipynb#panel:counter", 2, 3);
    expect(near.entities).toHaveLength(3);
    expect(near.complete).toBe(false);
  });

  it("of nothing is nothing", () => {
    expect(Graph.of(graph()).around("missing", 2, 3).entities).toEqual([]);
  });

  it("is laid out without two entities in one place, cycles and loops included", () => {
    const part = Graph.of({
      revision: 1,
      entities: [entity("a", "tool", "a"), entity("b", "tool", "b"), entity("c", "state", "c")],
      relationships: [
        edge("a", "calls", "b"),
        edge("b", "calls", "a"),
        edge("a", "calls", "a"),
        edge("a", "reads", "c"),
      ],
    }).whole();
    for (const layout of [layOut, inColumns]) {
      const places = [...layout(part).values()].map(({ x, y }) => `${x} ${y}`);
      expect(new Set(places).size).toBe(3);
    }
  });
});
