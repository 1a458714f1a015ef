/** A small workspace to show: one notebook with two panels, and a proposal that the server's own code made. */
import type {
  GraphState,
  NOGEntity,
  NOGRelationship,
  ProposalRecord,
  WorkspacePanel,
} from "../../generated/protocol";
import made from "./proposal.json";

export const COUNTER = "0123456789abcdef";
export const ORDERS = "fedcba9876543210";

export function proposal(part: Partial<ProposalRecord> = {}): ProposalRecord {
  return { ...(structuredClone(made) as ProposalRecord), ...part };
}

export function panel(key: string, id: string, part: Partial<WorkspacePanel["panel"]> = {}): WorkspacePanel {
  return {
    key,
    notebook: "quick ü.ipynb",
    kernel: "k",
    entity: `quick ü.ipynb#panel:${id}`,
    panel: {
      id,
      title: id === "counter" ? "Counter" : "Orders",
      description: "",
      python_name: id,
      cell: `cell-${id}-cell`,
      hash: "00",
      edition: 0,
      rev: 0,
      has_view: true,
      tools: [],
      ...part,
    },
  };
}

export const ADD = {
  name: "add",
  description: "Adds to the count",
  confirm: null,
  ai: "ask" as const,
  input_schema: {
    type: "object",
    properties: {
      by: { type: "number", minimum: 1, maximum: 10, default: 1, description: "How much" },
      note: { type: "string" },
      loud: { type: "boolean" },
      mode: { enum: ["up", "down"] },
      tags: { type: "array" },
    },
    required: ["by"],
  },
};

export function entity(id: string, type: NOGEntity["type"], name: string): NOGEntity {
  return { id, type, name, properties: {} };
}

export function edge(source: string, type: NOGRelationship["type"], target: string): NOGRelationship {
  return { id: `${source} ${type} ${target}`, type, source, target, properties: {} };
}

export function graph(): GraphState {
  const at = (id: string) => `quick ü.ipynb#${id}`;
  return {
    revision: 7,
    entities: [
      entity(at("notebook"), "notebook", "quick ü.ipynb"),
      entity(at("cell:counter-cell"), "cell", "counter-cell"),
      entity(at("panel:counter"), "panel", "Counter"),
      entity(at("panel:orders"), "panel", "Orders"),
      entity(at("state:counter/count"), "state", "count"),
      entity(at("computed:counter/double"), "computed", "double"),
      entity(at("tool:counter/add"), "tool", "add"),
    ],
    relationships: [
      edge(at("notebook"), "contains", at("cell:counter-cell")),
      edge(at("cell:counter-cell"), "contains", at("panel:counter")),
      edge(at("panel:counter"), "contains", at("state:counter/count")),
      edge(at("panel:counter"), "contains", at("computed:counter/double")),
      edge(at("panel:counter"), "contains", at("tool:counter/add")),
      edge(at("tool:counter/add"), "writes", at("state:counter/count")),
      edge(at("computed:counter/double"), "reads", at("state:counter/count")),
    ],
  };
}
