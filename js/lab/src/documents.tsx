/** The extension's widgets in JupyterLab: the side panel, the large graph, a review. */
import { ReactWidget } from "@jupyterlab/ui-components";
import type { ReactNode } from "react";
import { nexusIcon } from "./icon";
import { type Nexus, NexusProvider } from "./nexus";
import { GraphView } from "./views/GraphView";
import { ReviewDocument } from "./views/ReviewDocument";
import { LinkNote, SidePanel } from "./views/SidePanel";

class View extends ReactWidget {
  #nexus: Nexus;
  #draw: () => ReactNode;

  constructor(nexus: Nexus, draw: () => ReactNode) {
    super();
    this.#nexus = nexus;
    this.#draw = draw;
    this.addClass("nxl-widget");
  }

  protected override render(): JSX.Element {
    return <NexusProvider value={this.#nexus}>{this.#draw()}</NexusProvider>;
  }
}

export function sidePanel(nexus: Nexus): ReactWidget {
  const view = new View(nexus, () => <SidePanel />);
  view.id = "nexus-panel";
  view.title.icon = nexusIcon;
  view.title.caption = "Nexus";
  view.node.setAttribute("role", "region");
  view.node.setAttribute("aria-label", "Nexus");
  return view;
}

export function largeGraph(nexus: Nexus): ReactWidget {
  return new View(nexus, () => (
    <div className="nxl nxl-large">
      <LinkNote />
      <GraphView large />
    </div>
  ));
}

/** A review in the main area; `proposal` is its id. */
export class ReviewView extends View {
  constructor(
    nexus: Nexus,
    readonly proposal: string,
  ) {
    super(nexus, () => <ReviewDocument id={proposal} />);
  }
}
