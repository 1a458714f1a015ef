/** The outputs of panels in JupyterLab's notebooks, and where this page finds what shows and runs them. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { PageConfig, URLExt } from "@jupyterlab/coreutils";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ServerConnection } from "@jupyterlab/services";
import { Api } from "./api";
import { splitCell } from "./document";
import { builtAddresses, StaticFiles } from "./files";
import { OUTPUT, PanelView, type RunHere } from "./output";
import { NotebookPlace } from "./place";

/** Before the widgets' own (-10): their renderer shows nothing of a model that no kernel has. */
const RANK = -20;

/** Runs a panel's document in this page: the server compiles it, the page's guest runs it. */
export function running(api: Api, files: StaticFiles): RunHere {
  return async (output, cell, el, signal) => {
    const parts = cell === null ? null : splitCell(cell);
    if (!parts)
      throw new Error(
        "This panel's document does not stand in its cell, so it cannot run here. Run the cell.",
      );
    const [bundle, compiled] = await Promise.all([files.bundle(), api.compile(parts.document, signal)]);
    if (compiled.hash !== output.hash)
      throw new Error(
        "The cell has been changed since this view was saved. Run the cell to see what it is now.",
      );
    signal.throwIfAborted();
    const document = {
      panel: output.panel,
      title: output.title,
      program: compiled.program,
      state: output.state ?? {}, // a state that is not there begins with its default
      snapshot: null,
    };
    bundle.runHere(JSON.stringify(document), el, signal);
  };
}

function activate(app: JupyterFrontEnd, tracker: INotebookTracker | null): void {
  const extensions = new URL(PageConfig.getOption("fullLabextensionsUrl"), location.href).href;
  const files = new StaticFiles(URLExt.join(extensions, "nexus-jupyter", "static"), builtAddresses());
  files.offer();
  if (!tracker) return;
  const settings = app.serviceManager.serverSettings;
  const api = new Api((path, init) =>
    ServerConnection.makeRequest(URLExt.join(settings.baseUrl, path), init, settings),
  );
  const run = running(api, files);
  const follow = (_: unknown, { content, context }: NotebookPanel) => {
    const { rendermime } = content;
    const place = new NotebookPlace(context, rendermime, files);
    const createRenderer = () => new PanelView(place, run);
    rendermime.addFactory({ safe: true, mimeTypes: [OUTPUT], createRenderer }, RANK);
  };
  tracker.forEach((panel) => {
    follow(null, panel);
  });
  tracker.widgetAdded.connect(follow);
}

/** Shows the outputs of panels. */
export const outputs: JupyterFrontEndPlugin<void> = {
  id: "nexus-jupyter:outputs",
  description: "Shows panels below their cells, with and without a kernel.",
  autoStart: true,
  optional: [INotebookTracker],
  activate,
};
