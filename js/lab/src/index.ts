/** Panels, graph, tools and reviews of the workspace in JupyterLab. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, MainAreaWidget, WidgetTracker } from "@jupyterlab/apputils";
import { URLExt } from "@jupyterlab/coreutils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { ServerConnection } from "@jupyterlab/services";
import type { ReactWidget } from "@jupyterlab/ui-components";
import { Widget } from "@lumino/widgets";
import { Api, ApiFailure } from "./api";
import { largeGraph, ReviewView, sidePanel } from "./documents";
import { nexusIcon } from "./icon";
import type { Nexus } from "./nexus";
import { LabNotebooks } from "./notebooks";
import { outputs } from "./outputs";
import { Reviews } from "./review";
import { WorkspaceSocket } from "./socket";
import { short } from "./visible";
import { Workspace } from "./workspace";

const OPEN = "nexus:open";
const GRAPH = "nexus:graph";
const REVIEW = "nexus:review";
const CATEGORY = "Nexus";

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker | null,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null,
): void {
  if (!tracker) return;
  const { commands, shell } = app;
  const nexus = connect(app, tracker);
  const side = sidePanel(nexus);
  const graphs = new WidgetTracker<MainAreaWidget<ReactWidget>>({ namespace: "nexus-graph" });
  const reviews = new WidgetTracker<MainAreaWidget<ReviewView>>({ namespace: "nexus-review" });

  function show<T extends ReactWidget>(
    kept: WidgetTracker<MainAreaWidget<T>>,
    id: string,
    label: string,
    make: () => T,
  ): void {
    let widget = kept.find((other) => other.id === id);
    if (!widget) {
      widget = new MainAreaWidget({ content: make() });
      widget.id = id;
      Object.assign(widget.title, { label, icon: nexusIcon, closable: true });
      void kept.add(widget);
    }
    if (!widget.isAttached) shell.add(widget, "main");
    shell.activateById(widget.id);
  }

  commands.addCommand(OPEN, {
    label: "Open the Nexus panel",
    caption: "Show panels, graph, tools and reviews",
    icon: nexusIcon,
    execute: () => shell.activateById(side.id),
    describedBy: { args: { type: "object", properties: {} } },
  });
  commands.addCommand(GRAPH, {
    label: "Open the graph of the workspace",
    icon: nexusIcon,
    execute: () => show(graphs, "nexus-graph", "Graph", () => largeGraph(nexus)),
    describedBy: { args: { type: "object", properties: {} } },
  });
  commands.addCommand(REVIEW, {
    label: "Review a proposed change",
    icon: nexusIcon,
    execute: (args) => {
      const id = args.id;
      if (typeof id !== "string" || id.length > 200) throw new Error("Name the proposal: {id: string}.");
      const known = nexus.workspace.state().proposals.find(({ proposal }) => proposal.id === id);
      const label = known ? `Review: ${short(known.proposal.title, 40)}` : "Review";
      show(reviews, `nexus-review-${id}`, label, () => new ReviewView(nexus, id));
    },
    describedBy: { args: { type: "object", properties: { id: { type: "string" } }, required: ["id"] } },
  });
  for (const command of [OPEN, GRAPH]) palette?.addItem({ command, category: CATEGORY });

  shell.add(side, "right", { rank: 700 });
  if (restorer) {
    restorer.add(side, side.id);
    void restorer.restore(graphs, { command: GRAPH, name: () => "graph" });
    void restorer.restore(reviews, {
      command: REVIEW,
      args: ({ content }) => ({ id: content.proposal }),
      name: ({ content }) => content.proposal,
    });
  }
}

/** Everything that the views share, and the connection that keeps it fresh for as long as the page lives. */
function connect(app: JupyterFrontEnd, tracker: INotebookTracker): Nexus {
  const settings = app.serviceManager.serverSettings;
  const workspace = new Workspace();
  const api = new Api((path, init) =>
    ServerConnection.makeRequest(URLExt.join(settings.baseUrl, path), init, settings),
  );
  const notebooks = new LabNotebooks(app, tracker, (widget, host) => Widget.attach(widget, host));
  // one key for each server of an origin: several can share one, below different paths
  const name = new URL(settings.baseUrl, location.href).pathname;
  const reviews = new Reviews(api, workspace, notebooks, name);

  const refresh = () => {
    void api.ai().then(
      (ai) => workspace.set({ ai }),
      (error: unknown) =>
        workspace.set({
          ai: { available: false, model: "", reason: error instanceof Error ? error.message : "" },
        }),
    );
    void api.proposals().then(
      ({ proposals }) => workspace.records(proposals),
      () => undefined, // the list stays as it was; the note about the connection says why
    );
  };
  const failed = async () => {
    const absent = await api.health().then(
      () => false,
      (error: unknown) => error instanceof ApiFailure && error.status === 404,
    );
    if (workspace.state().link !== "online") workspace.set({ link: absent ? "absent" : "offline" });
  };
  const socket = new WorkspaceSocket({
    connect: () => {
      const token =
        settings.appendToken && settings.token ? `?token=${encodeURIComponent(settings.token)}` : "";
      return new settings.WebSocket(URLExt.join(settings.wsUrl, "nexus/ws/v1/default") + token);
    },
    position: () => workspace.position(),
    receive: (message) => workspace.receive(message),
    status: (online) => {
      if (online) {
        workspace.set({ link: "online" });
        refresh();
      } else {
        if (workspace.state().link === "online") workspace.set({ link: "offline" });
        void failed();
      }
    },
  });
  return {
    workspace,
    api,
    notebooks,
    reviews,
    retry: () => socket.retry(),
    openReview: (id) => void app.commands.execute(REVIEW, { id }),
    openGraph: () => void app.commands.execute(GRAPH),
  };
}

const panels: JupyterFrontEndPlugin<void> = {
  id: "nexus-jupyter:panels",
  description: "Panels, graph, tools and reviews of the workspace.",
  autoStart: true,
  // where there are no notebooks to go to, e.g. in Voila, there is no side panel either
  optional: [INotebookTracker, ICommandPalette, ILayoutRestorer],
  activate,
};

export default [panels, outputs];
