/**
 * The output of a panel's cell.  While a kernel has the panel, it is the panel's widget and nothing else.  Else it is the view
 * as it was saved, what brings the panel back, and *Run here*, which runs its document in this page.
 */
import type { IRenderMime } from "@jupyterlab/rendermime";
import { Panel, Widget } from "@lumino/widgets";
import type { PanelOutput } from "../../generated/protocol";
import { explain } from "./api";
import type { Kept } from "./keeping";
import type { OutputPlace } from "./place";
import { isObject } from "./shape";
import { isPanelOutput } from "./wire";

export const OUTPUT = "application/vnd.nexus.panel+json";
const WIDGET = "application/vnd.jupyter.widget-view+json";

/** Runs the panel of a cell with this text in `el` until the signal; rejects with an Error in words. */
export type RunHere = (
  output: PanelOutput,
  cell: string | null,
  el: HTMLElement,
  signal: AbortSignal,
) => Promise<void>;

/** What is shown: the saved view, the kernel's panel of a model, or a panel of this page. */
type Shown = { kind: "saved" } | { kind: "live"; model: string } | { kind: "here" };

export class PanelView extends Panel implements IRenderMime.IRenderer {
  readonly #place: OutputPlace;
  readonly #run: RunHere;
  readonly #unwatch: () => void;
  #output: IRenderMime.IMimeModel | null = null;
  #shown: Shown | null = null;
  /** Ends what is shown, or is about to be. */
  #end = new AbortController();
  #note: HTMLElement | null = null;

  constructor(place: OutputPlace, run: RunHere) {
    super();
    this.addClass("nxl-output");
    this.#place = place;
    this.#run = run;
    this.#unwatch = place.watch(() => void this.#refresh());
  }

  async renderModel(output: IRenderMime.IMimeModel): Promise<void> {
    this.#output = output;
    // the same panel again, e.g. with a newer picture, needs nothing
    if (this.#alive && this.#shown?.kind === "live" && this.#shown.model === this.#model) return;
    this.#shown = null;
    await this.#refresh();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#unwatch();
    this.#end.abort();
    super.dispose();
  }

  /** The model of the panel's widget, "" when nothing may be shown of it. */
  get #model(): string {
    const view = this.#output?.trusted ? this.#output.data[WIDGET] : null;
    const model = isObject(view) ? view.model_id : null;
    return typeof model === "string" ? model : "";
  }

  get #alive(): boolean {
    return this.#model !== "" && this.#place.has(this.#model);
  }

  async #refresh(): Promise<void> {
    if (this.isDisposed || this.#output === null) return;
    const model = this.#model;
    if (this.#alive) {
      if (this.#shown?.kind === "live" && this.#shown.model === model) return;
      return this.#live(model);
    }
    if (this.#shown === null || this.#shown.kind === "live") this.#saved();
    else if (this.#shown.kind === "saved") this.#tell();
    if (model !== "") this.#place.reach(model);
  }

  /** Takes away what is shown; what comes lives until the signal. */
  #begin(shown: Shown): AbortSignal {
    this.#end.abort();
    this.#end = new AbortController();
    this.#shown = shown;
    return this.#end.signal;
  }

  #clear(): void {
    this.#note = null;
    for (const widget of [...this.widgets]) widget.dispose();
  }

  // --- the kernel's ----------------------------------------------------------------------------------

  async #live(model: string): Promise<void> {
    const signal = this.#begin({ kind: "live", model });
    try {
      const view = await this.#place.live(model, signal);
      if (signal.aborted) view.dispose();
      else {
        this.#clear();
        this.addWidget(view);
        signal.addEventListener(
          "abort",
          this.#place.keep(model, (kept) => this.#keep(kept)),
        );
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#saved();
      this.#say(explain(error), true);
    }
  }

  /** The newer picture and state, in the notebook that is about to be written. */
  #keep(kept: Kept): void {
    const output = this.#output;
    if (!output || JSON.stringify({ ...output.data, ...kept }) === JSON.stringify(output.data)) return;
    output.setData({ data: { ...output.data, ...kept } as IRenderMime.IMimeModel["data"] });
  }

  // --- the saved view --------------------------------------------------------------------------------

  #saved(): void {
    this.#begin({ kind: "saved" });
    this.#clear();
    const html = this.#output?.data["text/html"];
    const picture = this.#place.picture(typeof html === "string" ? html : "");
    picture.addClass("nxl-picture");
    this.addWidget(picture);
    const output = this.#output?.data[OUTPUT];
    const readable = isPanelOutput(output);
    const run = element("button", "nxl-button", "Run here");
    run.title = "Run the panel in this page, without a kernel";
    run.addEventListener("click", () => readable && void this.#here(output));
    this.#bar(readable ? run : null);
    this.#tell();
  }

  #tell(): void {
    this.#say(
      this.#place.waiting
        ? "Waiting for the kernel. This is the panel as it was saved."
        : "No kernel has this panel. Run the cell to make it live.",
    );
  }

  #bar(button: HTMLElement | null): void {
    const bar = element("div", "nxl nxl-bar");
    this.#note = element("span", "nxl-bar-note");
    this.#note.setAttribute("role", "status");
    bar.append(this.#note);
    if (button) bar.append(button);
    this.addWidget(new Widget({ node: bar }));
  }

  #say(words: string, wrong = false): void {
    const note = this.#note;
    if (!note || (note.textContent === words && !wrong)) return;
    // what went wrong stands until something else is shown
    if (note.classList.contains("nxl-wrong") && !wrong) return;
    note.textContent = words;
    note.classList.toggle("nxl-wrong", wrong);
  }

  // --- this page's -----------------------------------------------------------------------------------

  async #here(output: PanelOutput): Promise<void> {
    const model = this.#output;
    if (model === null) return;
    const signal = this.#begin({ kind: "here" });
    const host = new Widget();
    try {
      await this.#run(output, this.#place.cell(model), host.node, signal);
      signal.throwIfAborted();
    } catch (error) {
      host.dispose();
      if (signal.aborted) return;
      this.#saved();
      this.#say(explain(error), true);
      return;
    }
    this.#clear();
    this.addWidget(host);
    const stop = element("button", "nxl-button", "Stop");
    stop.addEventListener("click", () => this.#saved());
    this.#bar(stop);
    const began = output.state === null ? " It began with its defaults." : "";
    this.#say(`Running in this page, without a kernel: nothing is kept.${began}`);
  }
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  classes: string,
  text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = classes;
  made.textContent = text;
  return made;
}
