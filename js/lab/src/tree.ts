/** Notebooks, their panels, and what is in them, as a tree to walk through. */
import type { NOGEntity, WorkspacePanel } from "../../generated/protocol";
import type { Graph } from "./graph";

export interface Branch {
  /** Unique in the tree. */
  id: string;
  kind: "notebook" | "panel" | "group" | "part";
  label: string;
  /** More about it, shown small. */
  detail: string;
  panel: WorkspacePanel | null;
  entity: string | null;
  children: Branch[];
}

const GROUPS = [
  ["state", "States"],
  ["computed", "Computed"],
  ["tool", "Tools"],
] as const;

/** The tree, notebooks and panels in the order of their names. */
export function buildTree(panels: ReadonlyMap<string, WorkspacePanel>, graph: Graph): Branch[] {
  const notebooks = new Map<string, WorkspacePanel[]>();
  for (const panel of panels.values()) {
    const known = notebooks.get(panel.notebook);
    if (known) known.push(panel);
    else notebooks.set(panel.notebook, [panel]);
  }
  return [...notebooks]
    .sort(([a], [b]) => compare(a, b))
    .map(([path, members]) => ({
      id: `notebook ${path}`,
      kind: "notebook",
      label: path.slice(path.lastIndexOf("/") + 1),
      detail: path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "",
      panel: null,
      entity: null,
      children: members
        .sort((a, b) => compare(panelName(a), panelName(b)))
        .map((panel) => branch(panel, graph)),
    }));
}

/** What a panel is called: its title, else its Python name, else its id. */
export function panelName({ panel }: WorkspacePanel): string {
  return panel.title || panel.python_name || panel.id;
}

/** A panel's name that tells it from the others: with its notebook when there are several. */
export function fullName(panel: WorkspacePanel, all: ReadonlyMap<string, WorkspacePanel>): string {
  const name = panelName(panel);
  const several = [...all.values()].some((other) => other.notebook !== panel.notebook);
  const same = [...all.values()].some((other) => other.key !== panel.key && panelName(other) === name);
  const own = same ? `${name} (${panel.panel.id})` : name;
  return several ? `${own} – ${panel.notebook}` : own;
}

function branch(panel: WorkspacePanel, graph: Graph): Branch {
  const parts = graph.targets(panel.entity, "contains");
  return {
    id: `panel ${panel.key}`,
    kind: "panel",
    label: panelName(panel),
    detail: panel.panel.title ? panel.panel.python_name : "",
    panel,
    entity: panel.entity,
    children: GROUPS.flatMap(([type, label]) => {
      const members = parts.filter((part) => part.type === type);
      return members.length === 0 ? [] : [group(panel, type, label, members)];
    }),
  };
}

function group(panel: WorkspacePanel, type: string, label: string, members: NOGEntity[]): Branch {
  return {
    id: `group ${panel.key} ${type}`,
    kind: "group",
    label,
    detail: String(members.length),
    panel,
    entity: null,
    children: members.map((member) => ({
      id: `part ${panel.key} ${member.id}`,
      kind: "part",
      label: member.name,
      detail: typeof member.properties.type === "string" ? member.properties.type : "",
      panel,
      entity: member.id,
      children: [],
    })),
  };
}

function compare(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
