import type { ReactNode } from "react";
import { useWorkspace } from "../nexus";
import { Empty } from "./Notice";
import { PanelChoice } from "./PanelChoice";
import { ToolForm } from "./ToolForm";

/** The tools of the selected panel. */
export function Tools(): ReactNode {
  const { panels, selected } = useWorkspace();
  const panel = selected === null ? undefined : panels.get(selected);
  const tools = panel?.panel.tools ?? [];
  return (
    <>
      <PanelChoice label="Tools of" />
      {!panel ? (
        <Empty title="No panel chosen">Choose a panel to see what it can do.</Empty>
      ) : tools.length === 0 ? (
        <Empty title="No tools">
          This panel declares no tool. A <code>Tool</code> in its <code>Logic</code> appears here.
        </Empty>
      ) : (
        tools.map((tool) => (
          // another document may give the same name other arguments
          <ToolForm key={`${panel.key} ${panel.panel.edition} ${tool.name}`} panel={panel.key} tool={tool} />
        ))
      )}
    </>
  );
}
