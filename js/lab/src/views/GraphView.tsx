import {
  Background,
  Controls,
  type Edge,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { type KeyboardEvent, memo, type ReactNode, useEffect, useMemo, useState } from "react";
import type { NOGEntity, NOGRelationship, WorkspacePanel } from "../../../generated/protocol";
import { explain } from "../api";
import type { Graph, Part } from "../graph";
import { drawn, inColumns, layOut, NODE, type Place } from "../layout";
import { useNexus, useWorkspace } from "../nexus";
import { short } from "../visible";
import { Empty, Notice } from "./Notice";
import { PanelChoice } from "./PanelChoice";

/** From this many entities on only a neighbourhood is drawn. */
export const DRAWN_LIMIT = 500;
const NEAR_LIMIT = 150;

/** Each type's sign and word, so that no colour is needed to tell them apart. */
const TYPES: { [type: string]: { sign: string; word: string } } = {
  notebook: { sign: "▤", word: "notebook" },
  cell: { sign: "▭", word: "cell" },
  panel: { sign: "◫", word: "panel" },
  state: { sign: "●", word: "state" },
  computed: { sign: "ƒ", word: "computed" },
  tool: { sign: "▸", word: "tool" },
  lifecycle: { sign: "↻", word: "lifecycle" },
  component: { sign: "▣", word: "component" },
  extension: { sign: "⬡", word: "extension" },
  python_name: { sign: "π", word: "Python name" },
};

const typeOf = (type: string) =>
  (Object.hasOwn(TYPES, type) ? TYPES[type] : undefined) ?? { sign: "?", word: short(type, 20) };

/** The workspace's graph, or what is near the selected panel. */
export function GraphView({ large = false }: { large?: boolean }): ReactNode {
  const { openGraph } = useNexus();
  const { graph, panels, selected } = useWorkspace();
  const [whole, setWhole] = useState(large);
  const panel = selected === null ? undefined : panels.get(selected);
  const tooMany = graph.size >= DRAWN_LIMIT;
  const part = useMemo<Part | null>(() => {
    if (whole && !tooMany) return graph.whole();
    return panel ? graph.around(panel.entity, 8, NEAR_LIMIT) : null;
  }, [graph, panel, whole, tooMany]);

  return (
    <div className="nxl-graph">
      <div className="nxl-row nxl-wrap">
        <fieldset className="nxl-switch">
          <legend className="nxl-unshown">What to draw</legend>
          {[false, true].map((all) => (
            <label key={String(all)}>
              <input type="radio" checked={whole === all} onChange={() => setWhole(all)} />
              {all ? "Whole workspace" : "One panel"}
            </label>
          ))}
        </fieldset>
        {!large && (
          <button type="button" className="nxl-button" onClick={openGraph}>
            Open large
          </button>
        )}
      </div>
      {!whole || tooMany ? <PanelChoice label="Around" /> : null}
      {whole && tooMany && (
        <Notice tone="info">
          The workspace has {graph.size} entities, too many to draw at once. What is near one panel is shown
          instead.
        </Notice>
      )}
      {graph.size === 0 ? (
        <Empty title="Nothing to draw yet">
          Run a cell that starts with <code>%%nxml</code>; its panel and what it is made of appear here.
        </Empty>
      ) : part === null || part.entities.length === 0 ? (
        <Empty title="No panel chosen">Choose a panel to see what it is made of.</Empty>
      ) : (
        <ReactFlowProvider>
          <Drawing part={part} graph={graph} panels={panels} narrow={!large && !whole} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

type EntityNode = Node<{ entity: NOGEntity }, "entity">;

const NODE_TYPES = { entity: memo(EntityCard) };

function Drawing({
  part,
  graph,
  panels,
  narrow,
}: {
  part: Part;
  graph: Graph;
  panels: ReadonlyMap<string, WorkspacePanel>;
  narrow: boolean;
}): ReactNode {
  const [chosen, setChosen] = useState<string | null>(null);
  const { fitView, zoomIn, zoomOut } = useReactFlow();
  const places = useMemo(() => (narrow ? inColumns(part) : layOut(part)), [part, narrow]);
  const nodes = useMemo(() => nodesOf(part, places), [part, places]);
  const edges = useMemo(
    // in columns, containment is told by the place
    () => drawn(part).flatMap((edge) => (narrow && edge.type === "contains" ? [] : [edgeOf(edge, places)])),
    [part, places, narrow],
  );
  const shown = useMemo(
    () => nodes.map((node) => (node.id === chosen ? { ...node, selected: true } : node)),
    [nodes, chosen],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: other nodes are to be seen whole
  useEffect(() => {
    // after the new nodes are in place
    const frame = requestAnimationFrame(() => void fitView({ padding: 0.06, maxZoom: 1 }));
    return () => cancelAnimationFrame(frame);
  }, [nodes, fitView]);
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") void zoomIn();
    else if (event.key === "-") void zoomOut();
    else if (event.key === "0") void fitView({ padding: 0.06, maxZoom: 1 });
    else if (event.key === "Escape") setChosen(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const entity = chosen === null ? undefined : graph.get(chosen);
  const types = [...new Set(part.entities.map(({ type }) => type))];
  return (
    <>
      {!part.complete && (
        <Notice tone="info">Only the {part.entities.length} nearest entities are shown.</Notice>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys for what the buttons in it do */}
      <div className="nxl-canvas" onKeyDown={onKey} data-lm-suppress-shortcuts="true">
        <ReactFlow
          nodes={shown}
          edges={edges}
          nodeTypes={NODE_TYPES}
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          deleteKeyCode={null}
          disableKeyboardA11y={false}
          minZoom={0.1}
          maxZoom={2}
          fitView
          fitViewOptions={{ padding: 0.06, maxZoom: 1 }}
          onNodesChange={(changes) => {
            for (const change of changes)
              if (change.type === "select" && change.selected) setChosen(change.id);
          }}
          onNodeClick={(_, node) => setChosen(node.id)}
          onPaneClick={() => setChosen(null)}
          aria-label="Graph"
        >
          <Background gap={20} />
          <Controls showInteractive={false} />
        </ReactFlow>
      </div>
      {entity && <Details entity={entity} graph={graph} panels={panels} onChoose={setChosen} />}
      <ul className="nxl-legend" aria-label="Legend">
        {types.map((type) => (
          <li key={type}>
            <span
              className={`nxl-type nxl-type-${Object.hasOwn(TYPES, type) ? type : "other"}`}
              aria-hidden="true"
            >
              {typeOf(type).sign}
            </span>
            {typeOf(type).word}
          </li>
        ))}
        {!narrow && (
          <li>
            <span aria-hidden="true">┄</span> contains
          </li>
        )}
        <li>
          <span aria-hidden="true">→</span> as its label says
        </li>
      </ul>
    </>
  );
}

function EntityCard({ data, selected }: NodeProps<EntityNode>): ReactNode {
  const { entity } = data;
  const { sign, word } = typeOf(entity.type);
  return (
    <div
      className={`nxl-card nxl-type-${Object.hasOwn(TYPES, entity.type) ? entity.type : "other"}`}
      data-chosen={selected}
    >
      <Handle id="in-left" type="target" position={Position.Left} isConnectable={false} />
      <Handle id="out-left" type="source" position={Position.Left} isConnectable={false} />
      <span className="nxl-type" aria-hidden="true">
        {sign}
      </span>
      <span className="nxl-card-text">
        <span className="nxl-card-type">{word}</span>
        <span className="nxl-card-name">{short(entity.name, 60) || "–"}</span>
      </span>
      <Handle id="in-right" type="target" position={Position.Right} isConnectable={false} />
      <Handle id="out-right" type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
}

function nodesOf(part: Part, places: ReadonlyMap<string, Place>): EntityNode[] {
  return part.entities.map((entity) => ({
    id: entity.id,
    type: "entity",
    position: places.get(entity.id) ?? { x: 0, y: 0 },
    ...NODE,
    data: { entity },
    ariaLabel: `${typeOf(entity.type).word} ${short(entity.name)}`,
  }));
}

function edgeOf(relationship: NOGRelationship, places: ReadonlyMap<string, Place>): Edge {
  const from = places.get(relationship.source)?.x ?? 0;
  const to = places.get(relationship.target)?.x ?? 0;
  const contains = relationship.type === "contains";
  return {
    id: relationship.id,
    source: relationship.source,
    target: relationship.target,
    // a line leaves and arrives on the side that looks to the other end; in one column, to the inside
    sourceHandle: from < to || (from === to && from === 0) ? "out-right" : "out-left",
    targetHandle: from > to || (from === to && from === 0) ? "in-right" : "in-left",
    zIndex: contains ? 0 : 1,
    className: contains ? "nxl-contains" : "nxl-relates",
    focusable: false,
    ...(contains ? {} : { label: short(relationship.type, 20), markerEnd: { type: MarkerType.ArrowClosed } }),
  };
}

/** The chosen entity: what it is, what it is related to, and the way to its cell. */
function Details(props: {
  entity: NOGEntity;
  graph: Graph;
  panels: ReadonlyMap<string, WorkspacePanel>;
  onChoose: (id: string) => void;
}): ReactNode {
  const { entity, graph, panels, onChoose } = props;
  const { workspace, notebooks } = useNexus();
  const [note, setNote] = useState("");
  const panel = ownerOf(entity.id, graph, panels);
  const go = () => {
    if (!panel) return;
    workspace.select(panel.key);
    const cell = panel.panel.cell.replace(/^cell-/, "");
    notebooks.reveal(panel.notebook, cell).then(
      (found) => setNote(found ? "" : "Its cell is no longer in the notebook."),
      (error: unknown) => setNote(explain(error)),
    );
  };
  const related = graph.touching(entity.id).filter((edge) => edge.type !== "contains");
  return (
    <section className="nxl-details" aria-label="Chosen entity">
      <div className="nxl-row">
        <span>
          <span className="nxl-small">{typeOf(entity.type).word} </span>
          <strong>{short(entity.name)}</strong>
        </span>
        {panel?.panel.cell && (
          <button type="button" className="nxl-button" onClick={go}>
            Go to cell
          </button>
        )}
      </div>
      {typeof entity.properties.description === "string" && (
        <p className="nxl-words">{short(entity.properties.description, 400)}</p>
      )}
      {note && <Notice tone="warning">{note}</Notice>}
      {related.length > 0 && (
        <ul>
          {related.slice(0, 30).map((edge) => {
            const out = edge.source === entity.id;
            const other = graph.get(out ? edge.target : edge.source);
            return (
              other && (
                <li key={edge.id}>
                  {out ? `${short(edge.type, 20)} ` : ""}
                  <button type="button" className="nxl-link" onClick={() => onChoose(other.id)}>
                    {typeOf(other.type).word} {short(other.name)}
                  </button>
                  {out ? "" : ` ${short(edge.type, 20)} it`}
                </li>
              )
            );
          })}
          {related.length > 30 && <li>… and {related.length - 30} more</li>}
        </ul>
      )}
    </section>
  );
}

/** The panel that an entity is, or is a part of. */
export function ownerOf(
  id: string,
  graph: Graph,
  panels: ReadonlyMap<string, WorkspacePanel>,
): WorkspacePanel | undefined {
  const byEntity = new Map([...panels.values()].map((panel) => [panel.entity, panel]));
  const seen = new Set<string>();
  let edge = [id];
  while (edge.length > 0) {
    for (const entity of edge) if (byEntity.has(entity)) return byEntity.get(entity);
    for (const entity of edge) seen.add(entity);
    edge = edge.flatMap((entity) =>
      graph
        .touching(entity)
        .filter((up) => up.type === "contains" && up.target === entity && !seen.has(up.source))
        .map((up) => up.source),
    );
  }
  return undefined;
}
