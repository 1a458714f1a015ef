/** The outputs of panels in JupyterLab's notebooks, and where this page finds what shows and runs them. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { PageConfig, URLExt } from "@jupyterlab/coreutils";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ServerConnection } from "@jupyterlab/services";
import { Api } from "./api";
import { builtAddresses, StaticFiles } from "./files";
import { running } from "./here";
import { OUTPUT, PanelView } from "./output";
import { NotebookPlace } from "./place";

/** Before the widgets' own (-10): their renderer shows nothing of a model that no kernel has. */
const RANK = -20;

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
