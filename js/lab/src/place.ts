/** A notebook as the output of one of its panels needs it: its kernel, its cells, its renderers. */
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMime, IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { Widget } from "@lumino/widgets";
import { DirectKernel } from "./direct";
import type { StaticFiles } from "./files";
import { Keeping, type Kept } from "./keeping";
import { liveWidget } from "./notebooks";

/** Milliseconds between looks for a model that the page may be about to get from its kernel: nothing tells of it. */
const LOOK = 500;

export interface OutputPlace {
  /** Whether a kernel has the model of a widget, and this page is connected with it. */
  has(model: string): boolean;
  /** Tries to get at a model that a busy kernel may have; `has` tells of it. */
  reach(model: string): void;
  /** Whether there is a kernel that may have it, and this page has not heard all of it yet. */
  readonly waiting: boolean;
  /** Called when `has` may have another answer; gives the end of it. */
  watch(listener: () => void): () => void;
  /** `take` is given what is to be kept of a model's panel whenever the notebook is saved; gives the end of it. */
  keep(model: string, take: (kept: Kept) => void): () => void;
  /** The text of the cell with this output; null when there is none. */
  cell(output: IRenderMime.IMimeModel): string | null;
  /** The view of a model that `has` knows; the caller disposes of it. */
  live(model: string, signal: AbortSignal): Promise<Widget>;
  /** HTML as the notebook shows that of others: nothing in it runs. */
  picture(html: string): IRenderMime.IRenderer;
}

type DocumentSaveState = "started" | "failed" | "completed" | "completed manually";

/** The outputs of a code cell. */
interface Outputs {
  readonly length: number;
  get(index: number): unknown;
}

/** One a notebook, for all of its views. */
export class NotebookPlace implements OutputPlace {
  readonly #context: NotebookPanel["context"];
  readonly #rendermime: IRenderMimeRegistry;
  readonly #files: StaticFiles;
  readonly #listeners = new Set<() => void>();
  #direct: DirectKernel | null = null;
  /** The kernel that has answered this page on its main shell: from such a one JupyterLab gets its widgets by itself. */
  #answered: unknown = null;

  constructor(context: NotebookPanel["context"], rendermime: IRenderMimeRegistry, files: StaticFiles) {
    this.#context = context;
    this.#rendermime = rendermime;
    this.#files = files;
    const { sessionContext: session } = context;
    session.kernelChanged.connect(() => this.#anew());
    session.statusChanged.connect((_, status) => {
      if (status === "restarting" || status === "autorestarting" || status === "dead") this.#anew();
      else this.#tell();
    });
    session.connectionStatusChanged.connect(() => this.#tell());
    context.disposed.connect(() => this.#anew());
    this.#listen();
  }

  has(model: string): boolean {
    return this.#known(model) || this.#direct?.model(model) !== undefined;
  }

  reach(model: string): void {
    const kernel = this.#kernel;
    if (!kernel || this.#answered === kernel || kernel.connectionStatus !== "connected") return;
    this.#direct ??= new DirectKernel(kernel, () => this.#tell());
    this.#direct.reach(model);
  }

  get waiting(): boolean {
    const kernel = this.#kernel;
    if (!kernel || kernel.status === "dead") return false;
    return this.#answered !== kernel || kernel.status !== "idle";
  }

  watch(listener: () => void): () => void {
    const timer = setInterval(() => this.#kernel && listener(), LOOK);
    this.#listeners.add(listener);
    return () => {
      clearInterval(timer);
      this.#listeners.delete(listener);
    };
  }

  keep(model: string, take: (kept: Kept) => void): () => void {
    const kernel = this.#kernel;
    if (!kernel) return () => undefined;
    const keeping = new Keeping(kernel, model);
    const { saveState } = this.#context;
    const save = (_: unknown, state: DocumentSaveState) => {
      if (state === "started" && keeping.latest) take(keeping.latest);
    };
    saveState.connect(save);
    return () => {
      saveState.disconnect(save);
      keeping.end();
    };
  }

  get #kernel() {
    return this.#context.sessionContext.session?.kernel;
  }

  /** Whether JupyterLab has it. */
  #known(model: string): boolean {
    return this.#kernel?.hasComm(model) ?? false;
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #listen(): void {
    const kernel = this.#kernel;
    if (!kernel || this.#answered === kernel) return;
    kernel.info.then(
      () => {
        this.#answered = kernel;
        this.#tell();
      },
      () => undefined, // it has ended before
    );
  }

  /** Another kernel, or none. */
  #anew(): void {
    this.#direct?.end();
    this.#direct = null;
    this.#listen();
    this.#tell();
  }

  cell(output: IRenderMime.IMimeModel): string | null {
    for (const cell of this.#context.model.cells) {
      if (cell.type !== "code") continue;
      const { outputs } = cell as unknown as { readonly outputs: Outputs };
      for (let at = 0; at < outputs.length; at += 1)
        if (outputs.get(at) === output) return cell.sharedModel.getSource();
    }
    return null;
  }

  async live(id: string, signal: AbortSignal): Promise<Widget> {
    const model = this.#known(id) ? undefined : this.#direct?.model(id);
    if (!model) return liveWidget(this.#rendermime, id, signal);
    const start = await this.#files.start(model.get("_bundle"));
    const host = new Widget();
    const over = AbortSignal.any([signal, model.ended]);
    start({ model, signal: over })({ model, el: host.node, signal: over });
    return host;
  }

  picture(html: string): IRenderMime.IRenderer {
    const renderer = this.#rendermime.createRenderer("text/html");
    void renderer.renderModel(this.#rendermime.createModel({ data: { "text/html": html }, trusted: false }));
    return renderer;
  }
}
