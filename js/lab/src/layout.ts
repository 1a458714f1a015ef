/** Where the entities of a part of the graph stand. */
import { Graph as Dagre, layout } from "@dagrejs/dagre";
import type { NOGRelationship } from "../../generated/protocol";
import type { Part } from "./graph";

export const NODE = { width: 150, height: 40 };
const GAP = 12;

export interface Place {
  x: number;
  y: number;
}

/** Left to right along the relationships, for where there is room.  Gives upper left corners. */
export function layOut(part: Part): Map<string, Place> {
  const graph = new Dagre({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: GAP, ranksep: 46 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of part.entities) graph.setNode(id, { ...NODE });
  for (const edge of drawn(part)) {
    // what contains is to the left of what it contains; other relationships only pull a little
    graph.setEdge(edge.source, edge.target, { weight: edge.type === "contains" ? 4 : 1 }, edge.id);
  }
  layout(graph);
  return new Map(
    part.entities.map(({ id }) => {
      const { x, y } = graph.node(id) as Place;
      return [id, { x: x - NODE.width / 2, y: y - NODE.height / 2 }];
    }),
  );
}

const ABOVE = new Set(["notebook", "cell", "panel", "python_name"]);
const ACTS = new Set(["tool", "lifecycle", "component"]);

/** Two columns that fit a side panel: what acts to the left, data to the right, panels and their names above. */
export function inColumns(part: Part): Map<string, Place> {
  const above = part.entities.filter(({ type }) => ABOVE.has(type));
  const rows = Math.ceil(above.length / 2);
  const places = new Map<string, Place>();
  const put = (id: string, column: number, row: number, under: number) =>
    places.set(id, { x: column * (NODE.width + 70), y: row * (NODE.height + GAP) + under });
  above.forEach(({ id }, at) => {
    put(id, at % 2, Math.floor(at / 2), 0);
  });
  const count = [rows, rows];
  for (const { id, type } of part.entities) {
    if (ABOVE.has(type)) continue;
    const column = ACTS.has(type) ? 0 : 1;
    put(id, column, count[column] as number, GAP);
    count[column] = (count[column] as number) + 1;
  }
  return places;
}

/** The relationships worth a line: `computes` is `reads` the other way round. */
export function drawn(part: Part): NOGRelationship[] {
  return part.relationships.filter((edge) => edge.type !== "computes");
}
