/**
 * The page's bundle and the guest's modules, which are installed beside this extension at static addresses.  So a panel
 * starts without asking a kernel for them, which may be busy, and runs without any.
 */

import { type Modules, STORE } from "../../host/keep";
import type { WidgetModel } from "../../host/model";
import { offerGuest } from "../../host/offer";

declare const NEXUS_BUNDLE_ADDRESS: string;
declare const NEXUS_GUEST_ADDRESS: string;

/** Starts the panel of a model; what it gives shows it in an element. */
export type Start = (context: {
  model: WidgetModel;
  signal: AbortSignal;
}) => (view: { model: WidgetModel; el: HTMLElement; signal: AbortSignal }) => unknown;

/** What of the bundle (`js/bundle.tsx`) is used here. */
export interface Bundle {
  /** Gives what starts panels. */
  open(address: string): Start;
  /** Runs a panel in this page and shows it in `el` until the signal.  Throws an Error in words. */
  runHere(text: string, el: HTMLElement, signal: AbortSignal): void;
}

export interface Addresses {
  readonly bundle: string;
  readonly guest: string;
}

/** Those that this extension was built with. */
export function builtAddresses(): Addresses {
  return { bundle: NEXUS_BUNDLE_ADDRESS, guest: NEXUS_GUEST_ADDRESS };
}

export class StaticFiles {
  readonly #base: string;
  readonly #addresses: Addresses;
  readonly #load: (url: string) => Promise<unknown>;

  /** `base`: the absolute address of this extension's files. */
  constructor(
    base: string,
    addresses: Addresses,
    load: (url: string) => Promise<unknown> = (url) =>
      import(/* webpackIgnore: true */ /* @vite-ignore */ url),
  ) {
    this.#base = base;
    this.#addresses = addresses;
    this.#load = load;
  }

  /** The bundle; the browser loads it once a page. */
  async bundle(): Promise<Bundle> {
    return (await this.#load(this.#url("panel.js", this.#addresses.bundle))) as Bundle;
  }

  /** What starts the panels of a kernel whose bundle has this address.  Rejects with an Error in words. */
  async start(address: unknown): Promise<Start> {
    if (address !== this.#addresses.bundle)
      throw new Error(
        "The kernel runs another version of nexus-jupyter than this page. Wait until it is idle.",
      );
    return (await this.bundle()).open(this.#addresses.bundle);
  }

  /** Rejects where they are not to be had. */
  async guest(): Promise<Modules> {
    const names = ["guest-code.wasm", "guest-image.wasm"];
    const [code, image] = await Promise.all(
      names.map(async (name) => {
        const answer = await fetch(this.#url(name, this.#addresses.guest), { credentials: "same-origin" });
        if (!answer.ok) throw new Error(`The server has no ${name}: it answered ${answer.status}.`);
        return answer.arrayBuffer();
      }),
    );
    return { code: code as ArrayBuffer, image: image as ArrayBuffer };
  }

  /**
   * Has the loader of panels (`js/loader/loader.js`) and the guests' hosts look here.  Nothing is loaded before the first
   * panel asks.  A kernel with another version of this package has panels of another address: those look elsewhere.
   */
  offer(): void {
    const { bundle, guest } = this.#addresses;
    const page = globalThis as unknown as { [name: string]: { s?: PromiseLike<unknown> } | undefined };
    const entry = page[STORE + bundle] ?? {};
    page[STORE + bundle] = entry;
    let search: Promise<unknown> | undefined;
    entry.s ??= {
      // biome-ignore lint/suspicious/noThenProperty: the loader waits for a promise; this one begins when somebody does
      then: (found, missing) => {
        search ??= this.bundle().then((module) => module.open(bundle));
        return search.then(found, missing);
      },
    };
    offerGuest(guest, () => this.guest());
  }

  #url(name: string, address: string): string {
    // with the address in it the browser may keep the answer for good
    return `${this.#base}/${name}?v=${address}`;
  }
}
