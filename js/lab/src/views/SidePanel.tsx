import { type ComponentType, type ReactNode, useState } from "react";
import { useNexus, useWorkspace } from "../nexus";
import { openProposals } from "../workspace";
import { AskBox } from "./AskBox";
import { GraphView } from "./GraphView";
import { Notice } from "./Notice";
import { PanelTree } from "./PanelTree";
import { ReviewList } from "./ReviewList";
import { type Tab, Tabs } from "./Tabs";
import { Tools } from "./Tools";

const VIEWS: { [id: string]: ComponentType } = {
  panels: PanelTree,
  graph: GraphView,
  tools: Tools,
  review: ReviewList,
};

/** The side panel: panels, graph, tools, review, and the Ask box below them all. */
export function SidePanel(): ReactNode {
  const state = useWorkspace();
  const [chosen, setChosen] = useState("panels");
  const tabs: Tab[] = [
    { id: "panels", label: "Panels" },
    { id: "graph", label: "Graph" },
    { id: "tools", label: "Tools" },
    { id: "review", label: "Review", count: openProposals(state), counts: "open" },
  ];
  const View = VIEWS[chosen] ?? PanelTree;
  return (
    <div className="nxl nxl-side">
      <LinkNote />
      <Tabs label="Nexus" tabs={tabs} chosen={chosen} onChoose={setChosen}>
        <View />
      </Tabs>
      <AskBox />
    </div>
  );
}

/** Says when what is shown is not what is. */
export function LinkNote(): ReactNode {
  const { retry } = useNexus();
  const { link } = useWorkspace();
  if (link === "online") return null;
  if (link === "connecting")
    return (
      <p className="nxl-small nxl-connecting" role="status">
        Connecting…
      </p>
    );
  const again = (
    <button type="button" className="nxl-button" onClick={retry}>
      Try now
    </button>
  );
  return link === "absent" ? (
    <Notice tone="warning">
      This server has no Nexus. Enable it with <code>jupyter server extension enable nexus_jupyter</code> and
      start the server again. {again}
    </Notice>
  ) : (
    <Notice tone="warning">Disconnected: what you see may be old. Trying again. {again}</Notice>
  );
}
