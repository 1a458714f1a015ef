/**
 * The page's one bundle.  The loader (`loader/loader.js`) opens it once a page; every panel starts
 * with its model and shows itself in as many views as the page has.
 */
import { createRoot } from "react-dom/client";
import { registry } from "./components/registry";
import { GUEST_ADDRESS } from "./guest/address";
import { bytesOf } from "./guest/bytes";
import type { GuestBytes } from "./guest/machine";
import { seated } from "./guest/seat";
import { keepBundle, markBundle } from "./host/keep";
import type { InitializeContext, RenderContext } from "./host/model";
import { guestHere } from "./host/offer";
import { PanelStore } from "./host/store";
import { readDocument } from "./local/document";
import { LocalModel } from "./local/model";
import { makeNames } from "./render/names";
import { Panel } from "./render/Panel";
import { adoptTheme } from "./theme/theme";

/** Shows a started panel in an element; the returned function takes it away. */
export type Show = (view: RenderContext) => () => void;

/** Starts the panel of a model; nothing is shown yet. */
export function start(context: InitializeContext): Show {
  const ended = context.signal ?? new AbortController().signal;
  const store = new PanelStore(context.model, ended, seated);
  return ({ el, signal }) => {
    const releaseTheme = adoptTheme(el);
    const place = el.ownerDocument.createElement("div");
    el.replaceChildren(place);
    const names = makeNames();
    const root = createRoot(place, { identifierPrefix: names });
    root.render(<Panel host={store} registry={registry} names={names} />);
    const leave = store.showIn(el);
    let shown = true;
    const end = (): void => {
      if (!shown) return;
      shown = false;
      signal?.removeEventListener("abort", end);
      leave();
      root.unmount();
      place.remove();
      releaseTheme();
    };
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted) end();
    return end;
  };
}

/**
 * For the loader: takes note of the bundle's own bytes, and hands out what starts panels.  Without bytes it came from a
 * static address, and the browser keeps it.
 */
export function open(address: string, bytes?: ArrayBuffer | ArrayBufferView): typeof start {
  if (import.meta.url.startsWith("blob:")) URL.revokeObjectURL(import.meta.url);
  markBundle(address);
  if (bytes) keepBundle(address, bytes);
  return start;
}

/**
 * For the JupyterLab extension: runs a panel in this page, without a kernel, and shows it in `el` until the signal.
 * `text` is the JSON of a `LocalDocument`.  Throws an Error in words: it is none.
 */
export function runHere(text: string, el: HTMLElement, signal: AbortSignal): void {
  const saved = readDocument(text);
  if (!saved) throw new Error("The program cannot be read.");
  const model = new LocalModel(saved, guestOfPage, signal);
  start({ model, signal })({ model, el, signal });
}

async function guestOfPage(): Promise<GuestBytes> {
  const modules = await guestHere(GUEST_ADDRESS);
  if (!modules) throw new Error("The parts that run panels are not in this page. Reload it.");
  return bytesOf(modules);
}

/** For a page that has the bundle without the loader: a definition in anywidget's shape, one a model. */
export default () => {
  let show: Show | undefined;
  return {
    initialize(context: InitializeContext): void {
      show = start(context);
    },
    render(view: RenderContext): (() => void) | undefined {
      return show?.(view);
    },
  };
};
