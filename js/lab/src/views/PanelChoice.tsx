import { type ReactNode, useId } from "react";
import { useNexus, useWorkspace } from "../nexus";
import { fullName } from "../tree";
import { short } from "../visible";

/** Which panel is meant; the same everywhere. */
export function PanelChoice({ label }: { label: string }): ReactNode {
  const { workspace } = useNexus();
  const { panels, selected } = useWorkspace();
  const id = useId();
  return (
    <div className="nxl-choice">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="nxl-input"
        value={selected ?? ""}
        onChange={(event) => workspace.select(event.target.value || null)}
      >
        <option value="">{panels.size === 0 ? "no panel yet" : "choose a panel"}</option>
        {[...panels.values()].map((panel) => (
          <option key={panel.key} value={panel.key}>
            {short(fullName(panel, panels), 80)}
          </option>
        ))}
      </select>
    </div>
  );
}
