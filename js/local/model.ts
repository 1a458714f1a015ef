/** A panel's model whose other end is in the page: what a kernel would be told goes to a runtime here. */
import type { ClientMessage } from "../generated/protocol";
import type { GuestBytes } from "../guest/machine";
import type { WidgetModel } from "../host/model";
import type { LocalDocument } from "./document";
import { LocalRuntime } from "./runtime";

type Listener = (content: unknown, buffers: readonly unknown[]) => void;

export class LocalModel implements WidgetModel {
  readonly #listeners = new Set<Listener>();
  readonly #runtime: LocalRuntime;
  readonly #snapshot: unknown;

  constructor(document: LocalDocument, bytes: () => Promise<GuestBytes>, signal: AbortSignal) {
    this.#snapshot = document.snapshot;
    const publish = (messages: readonly object[]): void => {
      for (const listener of [...this.#listeners]) listener({ kind: "batch", messages }, []);
    };
    this.#runtime = new LocalRuntime(document, bytes, publish, signal);
  }

  get(name: string): unknown {
    return name === "_snapshot" ? this.#snapshot : undefined;
  }

  send(content: unknown): void {
    this.#runtime.take(content as ClientMessage);
  }

  on(event: string, callback: (...args: never[]) => void): void {
    if (event === "msg:custom") this.#listeners.add(callback as Listener);
  }

  off(_event: string, callback: (...args: never[]) => void): void {
    this.#listeners.delete(callback as Listener);
  }
}
