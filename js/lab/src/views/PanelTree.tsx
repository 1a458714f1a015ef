import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from "react";
import type { WorkspacePanel } from "../../../generated/protocol";
import { explain } from "../api";
import { useNexus, useWorkspace } from "../nexus";
import { type Branch, buildTree, panelName } from "../tree";
import { short } from "../visible";
import { Empty, Notice } from "./Notice";

/** One visible line of the tree. */
interface Line {
  branch: Branch;
  level: number;
  parent: string | null;
  position: number;
  siblings: number;
}

const SIGNS = { notebook: "▤", panel: "◫", group: "", part: "" } as const;
const PART_SIGNS: { [group: string]: string } = { state: "●", computed: "ƒ", tool: "▸" };

/** Notebooks and their panels; a click on a panel goes to its cell. */
export function PanelTree(): ReactNode {
  const { workspace, notebooks } = useNexus();
  const { panels, graph, selected } = useWorkspace();
  const tree = useMemo(() => buildTree(panels, graph), [panels, graph]);
  // notebooks are open at first, panels are not
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<string | null>(null);
  const [note, setNote] = useState("");
  const root = useRef<HTMLDivElement>(null);

  const isOpen = (branch: Branch) =>
    (branch.kind === "panel") === toggled.has(branch.id) && branch.children.length > 0;
  const lines = flatten(tree, isOpen);
  const current = lines.some((line) => line.branch.id === focused) ? focused : (lines[0]?.branch.id ?? null);

  const toggle = (branch: Branch, open: boolean) => {
    if (branch.children.length === 0 || isOpen(branch) === open) return;
    const next = new Set(toggled);
    if (!next.delete(branch.id)) next.add(branch.id);
    setToggled(next);
  };
  const focus = (id: string) => {
    setFocused(id);
    const at = lines.findIndex((line) => line.branch.id === id);
    (root.current?.children[at] as HTMLElement | undefined)?.focus();
  };
  const go = (panel: WorkspacePanel) => {
    workspace.select(panel.key);
    setNote("");
    const cell = panel.panel.cell.replace(/^cell-/, "");
    const going = cell
      ? notebooks.reveal(panel.notebook, cell)
      : notebooks.open(panel.notebook).then(() => true);
    going.then(
      (found) => setNote(found ? "" : `The cell of ${short(panelName(panel))} is no longer in the notebook.`),
      (error: unknown) => setNote(explain(error)),
    );
  };
  const use = (branch: Branch) => {
    if (branch.kind === "notebook" || branch.kind === "group") toggle(branch, !isOpen(branch));
    else if (branch.panel) go(branch.panel);
  };
  const onKey = (event: KeyboardEvent, line: Line) => {
    const at = lines.indexOf(line);
    const { branch } = line;
    const steps: { [key: string]: () => void } = {
      ArrowDown: () => lines[at + 1] && focus((lines[at + 1] as Line).branch.id),
      ArrowUp: () => lines[at - 1] && focus((lines[at - 1] as Line).branch.id),
      Home: () => focus((lines[0] as Line).branch.id),
      End: () => focus((lines[lines.length - 1] as Line).branch.id),
      ArrowRight: () => (isOpen(branch) ? focus((lines[at + 1] as Line).branch.id) : toggle(branch, true)),
      ArrowLeft: () => (isOpen(branch) ? toggle(branch, false) : line.parent && focus(line.parent)),
      Enter: () => use(branch),
      " ": () => use(branch),
    };
    const step = steps[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    step();
  };

  if (tree.length === 0)
    return (
      <Empty title="No panels yet">
        Run a cell that starts with <code>%%nxml</code> in a notebook with the kernel “Python (Nexus)”. Its
        panel appears here.
      </Empty>
    );
  return (
    <>
      {note && <Notice tone="warning">{note}</Notice>}
      <div className="nxl-tree" role="tree" aria-label="Notebooks and panels" ref={root}>
        {lines.map((line) => {
          const { branch } = line;
          const open = branch.children.length > 0 ? isOpen(branch) : undefined;
          return (
            <div
              key={branch.id}
              role="treeitem"
              className={`nxl-line nxl-${branch.kind}`}
              aria-level={line.level}
              aria-posinset={line.position}
              aria-setsize={line.siblings}
              aria-expanded={open}
              aria-selected={branch.kind === "panel" && branch.panel?.key === selected}
              tabIndex={branch.id === current ? 0 : -1}
              style={{ paddingInlineStart: 4 + (line.level - 1) * 14 }}
              title={short(branch.detail ? `${branch.label} – ${branch.detail}` : branch.label, 300)}
              onFocus={() => setFocused(branch.id)}
              onClick={() => use(branch)}
              onKeyDown={(event) => onKey(event, line)}
            >
              <span
                className="nxl-twist"
                aria-hidden="true"
                onClick={(event) => {
                  if (open === undefined) return;
                  event.stopPropagation();
                  toggle(branch, !open);
                }}
              >
                {open === undefined ? "" : open ? "▾" : "▸"}
              </span>
              <span className="nxl-glyph" aria-hidden="true">
                {branch.kind === "part"
                  ? PART_SIGNS[line.parent?.split(" ").at(-1) ?? ""]
                  : SIGNS[branch.kind]}
              </span>
              <span className="nxl-name">{short(branch.label)}</span>
              {branch.detail && <span className="nxl-detail">{short(branch.detail)}</span>}
            </div>
          );
        })}
      </div>
    </>
  );
}

function flatten(tree: readonly Branch[], isOpen: (branch: Branch) => boolean): Line[] {
  const lines: Line[] = [];
  const add = (branches: readonly Branch[], level: number, parent: string | null) => {
    branches.forEach((branch, at) => {
      lines.push({ branch, level, parent, position: at + 1, siblings: branches.length });
      if (isOpen(branch)) add(branch.children, level + 1, branch.id);
    });
  };
  add(tree, 1, null);
  return lines;
}
