/**
 * Starting a Worker where a page's content policy lets one: from a blob: URL, else from a data: URL (VS Code's policy takes
 * only those), else nowhere, which is said.
 */

import { HELLO } from "./wire";
import script from "./worker.ts?script";

const WAYS = ["blob", "data"] as const;
export type Way = (typeof WAYS)[number];

/** A Worker that runs says so within this many milliseconds, on a busy machine, too. */
const GREETING = 10_000;

/** No guest can run in this page; `reasons` tells why, one for each way that was tried. */
export class GuestUnavailable extends Error {
  constructor(readonly reasons: readonly string[]) {
    super(`no panel code can run in this page: ${reasons.join("; ")}`);
  }
}

export interface Launched {
  readonly worker: Worker;
  readonly way: Way;
}

/** Starts Workers, all in the way that was found to work first. */
export class Launcher {
  #found: Way | null = null;
  readonly #script: string;
  readonly #greeting: number;

  constructor(text: string = script, greeting: number = GREETING) {
    this.#script = text;
    this.#greeting = greeting;
  }

  /** A Worker that has said hello.  Throws `GuestUnavailable`, or the reason of the signal. */
  async launch(signal: AbortSignal): Promise<Launched> {
    const first = this.#found;
    const ways = first === null ? WAYS : [first, ...WAYS.filter((way) => way !== first)];
    const reasons: string[] = [];
    for (const way of ways) {
      try {
        const worker = await this.#attempt(way, signal);
        this.#found = way;
        return { worker, way };
      } catch (error) {
        signal.throwIfAborted();
        reasons.push(`${way}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    throw new GuestUnavailable(reasons);
  }

  #attempt(way: Way, signal: AbortSignal): Promise<Worker> {
    const address = way === "blob" ? blobAddress(this.#script) : dataAddress(this.#script);
    return greeted(() => new Worker(address), this.#greeting, signal).finally(() => {
      if (way === "blob") URL.revokeObjectURL(address);
    });
  }
}

function blobAddress(text: string): string {
  return URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}

function dataAddress(text: string): string {
  return `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`;
}

/** A policy may forbid a Worker by an exception, by an error event, or by silence. */
function greeted(make: () => Worker, wait: number, signal: AbortSignal): Promise<Worker> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const worker = make();
    const over = new AbortController();
    const refuse = (reason: unknown): void => {
      over.abort();
      worker.terminate();
      reject(reason);
    };
    const timer = setTimeout(() => refuse(new Error("the Worker said nothing")), wait);
    over.signal.addEventListener("abort", () => clearTimeout(timer));
    const listening = { signal: over.signal };
    signal.addEventListener("abort", () => refuse(signal.reason), listening);
    worker.addEventListener(
      "error",
      (event) => {
        event.preventDefault();
        refuse(new Error(event.message || "the page's content policy forbids the Worker"));
      },
      listening,
    );
    worker.addEventListener(
      "message",
      ({ data }) => {
        if (data !== HELLO) return;
        over.abort();
        resolve(worker);
      },
      listening,
    );
  });
}

/** The page's own: what works for one panel works for all. */
export const launcher = new Launcher();
