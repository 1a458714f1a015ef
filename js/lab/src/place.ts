/** A notebook as the output of one of its panels needs it: its kernel, its cells, its renderers. */
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMime, IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { liveWidget } from "./notebooks";

/** Milliseconds between looks for a model that the page may be about to get from its kernel: nothing tells of it. */
const LOOK = 500;

export interface OutputPlace {
  /** Whether a kernel has the model of a widget, and this page is connected with it. */
  has(model: string): boolean;
  /** Whether there is a kernel that may have it, and this page has not heard all of it yet. */
  readonly waiting: boolean;
  /** Called when `has` may have another answer; gives the end of it. */
  watch(listener: () => void): () => void;
  /** The text of the cell with this output; null when there is none. */
  cell(output: IRenderMime.IMimeModel): string | null;
  /** The view of a widget; the caller disposes of it. */
  live(model: string, signal: AbortSignal): Promise<IRenderMime.IRenderer>;
  /** HTML as the notebook shows that of others: nothing in it runs. */
  picture(html: string): IRenderMime.IRenderer;
}

/** The outputs of a code cell. */
interface Outputs {
  readonly length: number;
  get(index: number): unknown;
}

export class NotebookPlace implements OutputPlace {
  readonly #context: NotebookPanel["context"];
  readonly #rendermime: IRenderMimeRegistry;

  constructor(context: NotebookPanel["context"], rendermime: IRenderMimeRegistry) {
    this.#context = context;
    this.#rendermime = rendermime;
  }

  has(model: string): boolean {
    return this.#context.sessionContext.session?.kernel?.hasComm(model) ?? false;
  }

  get waiting(): boolean {
    const kernel = this.#context.sessionContext.session?.kernel;
    return kernel ? kernel.status !== "idle" && kernel.status !== "dead" : false;
  }

  watch(listener: () => void): () => void {
    const { sessionContext: session } = this.#context;
    const signals = [session.kernelChanged, session.statusChanged, session.connectionStatusChanged];
    for (const signal of signals) signal.connect(listener);
    const timer = setInterval(() => session.session?.kernel && listener(), LOOK);
    return () => {
      clearInterval(timer);
      for (const signal of signals) signal.disconnect(listener);
    };
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

  live(model: string, signal: AbortSignal): Promise<IRenderMime.IRenderer> {
    return liveWidget(this.#rendermime, model, signal);
  }

  picture(html: string): IRenderMime.IRenderer {
    const renderer = this.#rendermime.createRenderer("text/html");
    void renderer.renderModel(this.#rendermime.createModel({ data: { "text/html": html }, trusted: false }));
    return renderer;
  }
}
