/** JupyterLab's notebooks: going to cells, reading and replacing their texts, showing their kernels' widgets. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMime, IRenderMimeRegistry } from "@jupyterlab/rendermime";
import type { Cells, CellText } from "./cells";

const WIDGET = "application/vnd.jupyter.widget-view+json";
/** Milliseconds until a widget that the kernel made is known in the page. */
const WIDGET_PATIENCE = 15_000;

/** What the panels' views do with notebooks. */
export interface NotebookAccess extends Cells {
  /** Open it, if it is not, and bring it to the front. */
  open(notebook: string): Promise<void>;
  /** The same, then scroll to the cell and select it; false when there is no such cell. */
  reveal(notebook: string, cell: string): Promise<boolean>;
  /** A view of a widget of the notebook's kernel; the caller disposes of it. */
  show(notebook: string, model: string, signal: AbortSignal): Promise<Shown>;
  /** Called when notebooks open or close, or the text of their cells changes; gives the end of it. */
  watch(listener: () => void): () => void;
}

/** A Lumino widget, as far as needed to put it into an element and take it out. */
export interface Shown {
  attach(host: HTMLElement): void;
  dispose(): void;
}

/** The part of the widgets' extension that tells which models the page knows.  It is not public: its absence is planned for. */
interface WidgetRenderer extends IRenderMime.IRenderer {
  _manager?: { promise?: Promise<{ has_model?: (id: string) => boolean } | null> };
}

export class LabNotebooks implements NotebookAccess {
  #app: JupyterFrontEnd;
  #tracker: INotebookTracker;
  #attach: (widget: IRenderMime.IRenderer, host: HTMLElement) => void;

  constructor(
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    attach: (widget: IRenderMime.IRenderer, host: HTMLElement) => void,
  ) {
    this.#app = app;
    this.#tracker = tracker;
    this.#attach = attach;
  }

  async open(notebook: string): Promise<void> {
    await this.#open(notebook);
  }

  async reveal(notebook: string, cell: string): Promise<boolean> {
    const { content } = await this.#open(notebook);
    const at = content.widgets.findIndex(({ model }) => model.id === cell);
    const target = content.widgets[at];
    if (!target) return false;
    content.deselectAll();
    content.activeCellIndex = at;
    await content.scrollToCell(target, "smart");
    return true;
  }

  read(notebook: string): CellText[] | null {
    const found = this.#find(notebook);
    if (!found?.content.model) return null;
    return [...found.content.model.cells]
      .filter((cell) => cell.type === "code")
      .map((cell) => ({ id: cell.id, text: cell.sharedModel.getSource() }));
  }

  write(notebook: string, cell: string, text: string): void {
    for (const model of this.#find(notebook)?.content.model?.cells ?? [])
      if (model.id === cell) model.sharedModel.setSource(text);
  }

  watch(listener: () => void): () => void {
    const watched = new Map<NotebookPanel, () => void>();
    const follow = (_: unknown, panel: NotebookPanel) => {
      panel.content.modelContentChanged.connect(listener);
      const gone = () => {
        watched.delete(panel);
        listener();
      };
      panel.disposed.connect(gone);
      watched.set(panel, () => {
        panel.content.modelContentChanged.disconnect(listener);
        panel.disposed.disconnect(gone);
      });
      void panel.context.ready.then(listener, () => undefined);
    };
    this.#tracker.forEach((panel) => {
      follow(null, panel);
    });
    this.#tracker.widgetAdded.connect(follow);
    return () => {
      this.#tracker.widgetAdded.disconnect(follow);
      for (const end of watched.values()) end();
    };
  }

  async show(notebook: string, model: string, signal: AbortSignal): Promise<Shown> {
    const panel = this.#find(notebook);
    if (!panel) throw new Error("The notebook is not open.");
    const renderer = await liveWidget(panel.content.rendermime, model, signal);
    return { attach: (host) => this.#attach(renderer, host), dispose: () => renderer.dispose() };
  }

  async #open(notebook: string): Promise<NotebookPanel> {
    const open = this.#find(notebook);
    const panel: NotebookPanel | undefined =
      open ?? (await this.#app.commands.execute("docmanager:open", { path: notebook, factory: "Notebook" }));
    if (!panel) throw new Error(`The notebook ${notebook} cannot be opened.`);
    this.#app.shell.activateById(panel.id);
    await panel.context.ready;
    await panel.revealed;
    return panel;
  }

  #find(notebook: string): NotebookPanel | undefined {
    return this.#tracker.find(
      (panel) =>
        !panel.isDisposed && this.#app.serviceManager.contents.localPath(panel.context.path) === notebook,
    );
  }
}

/** A view of a widget of the kernel whose notebook has this registry; the caller disposes of it.  Throws an Error in words. */
export async function liveWidget(
  rendermime: IRenderMimeRegistry,
  model: string,
  signal: AbortSignal,
): Promise<IRenderMime.IRenderer> {
  let renderer: WidgetRenderer;
  try {
    renderer = rendermime.createRenderer(WIDGET);
  } catch {
    throw new Error("This JupyterLab cannot show widgets: install jupyterlab_widgets.");
  }
  try {
    await known(renderer, model, signal);
    const data = { [WIDGET]: { version_major: 2, version_minor: 0, model_id: model } };
    await renderer.renderModel(rendermime.createModel({ data, trusted: true }));
    signal.throwIfAborted();
  } catch (error) {
    renderer.dispose();
    throw error;
  }
  return renderer;
}

/** Wait until the page knows the model: the kernel announces it on its own, maybe after we are told of it. */
async function known(renderer: WidgetRenderer, model: string, signal: AbortSignal): Promise<void> {
  const manager = await renderer._manager?.promise;
  if (typeof manager?.has_model !== "function") return;
  const deadline = Date.now() + WIDGET_PATIENCE;
  while (!manager.has_model(model)) {
    signal.throwIfAborted();
    if (Date.now() > deadline)
      throw new Error("The kernel's view has not reached this page. Reload the page.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
