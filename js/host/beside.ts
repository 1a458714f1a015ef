/** The life of a panel in this page, beside the kernel: when its program is asked for, when it runs, and when no longer. */
import type { ClientMessage } from "../generated/protocol";
import { Again } from "./again";
import type { Committed, Happening } from "./prediction";
import { type Guest, Replica, type Source } from "./replica";

/** Milliseconds after which the program is asked for that came too late, and that nobody promised. */
const SOON = 200;
/** Milliseconds without the program that was asked for, after which it is asked for again; then ever more. */
const PATIENCE = 5_000;

/** So many panels run in one page; of more, the one that was not used for longest runs in the kernel only. */
export const MOST = 10;

/** Those that run in this page, the last used last. */
const running = new Set<Beside>();

/** Who shows the panel, and knows what the kernel has said. */
export interface Display {
  /** Whether the view of revision `rev`, and nothing else, is shown. */
  shows(rev: number): boolean;
  /** Whether it comes from here from now on. */
  here(here: boolean): void;
  /** The view is another one. */
  paint(patch: unknown, tree: unknown): void;
  /** Whether all that an event does is shown already. */
  expects(seq: number, whole: boolean): void;
  /** What is shown is no longer from here, and the kernel is to say what it is. */
  lost(): void;
}

export class Beside {
  readonly #client: string;
  readonly #start: (near: boolean) => Promise<Guest>;
  readonly #display: Display;
  #replica: Replica | null = null;
  readonly #asking: Again;
  /** Whether no guest can run here. */
  #unable = false;
  /** Whether somebody has been about to use the panel. */
  #wanted = false;
  /** Whether it made room for others: it has no use for the program until it is used again. */
  #resting = false;

  constructor(
    client: string,
    start: (near: boolean) => Promise<Guest>,
    send: (message: ClientMessage) => boolean,
    display: Display,
  ) {
    this.#client = client;
    this.#start = start;
    this.#asking = new Again(() => send({ kind: "program", client }));
    this.#display = display;
  }

  /** Whether what is shown comes from here. */
  get shown(): boolean {
    return this.#replica?.shown ?? false;
  }

  /** Whether it has use for the program. */
  get wants(): boolean {
    return !this.#replica && !this.#unable && !this.#resting;
  }

  /** Whether something else is about to be shown. */
  get busy(): boolean {
    return this.#replica?.busy ?? false;
  }

  /**
   * The kernel has said where it is: what runs here of another document ends, and the program is asked for, unless hello `asked`
   * for it already.
   */
  renew(document: number, rev: number, asked: boolean): void {
    const replica = this.#replica;
    if (replica && (replica.document !== document || replica.rev > rev)) this.end();
    if (!this.#replica) this.#ask(asked && !replica ? PATIENCE : SOON);
  }

  /** The program has come; `rev` is the revision that the page knows. */
  take(source: Source, rev: number): void {
    if (this.#replica || this.#unable) return;
    if (source.rev < rev) {
      this.#ask(SOON); // it was on its way for too long
      return;
    }
    this.#asking.stop();
    const replica = new Replica(this.#client, source, this.#start, {
      takes: (now) => {
        const takes = this.#display.shows(now);
        if (takes) this.#display.here(true);
        return takes;
      },
      shows: (patch, tree) => this.#display.paint(patch, tree),
      expects: (seq, whole) => this.#display.expects(seq, whole),
      left: (reason) => {
        if (this.#replica !== replica) return;
        this.#unable ||= reason !== null;
        this.end();
        this.#display.lost();
      },
    });
    this.#replica = replica;
    if (this.#wanted) this.wake();
  }

  /** Somebody is about to use the panel. */
  wake(): void {
    this.#wanted = true;
    if (this.#resting) {
      this.#resting = false;
      this.#ask(0);
    }
    if (!this.#replica) return;
    running.delete(this);
    running.add(this);
    this.#replica.wake();
    for (const other of running) {
      if (running.size <= MOST) break;
      if (other !== this && !other.#replica?.expects) other.#rest();
    }
  }

  predict(happening: Happening): void {
    this.wake();
    this.#replica?.predict(happening);
  }

  commit(commit: Committed): void {
    this.#replica?.commit(commit);
  }

  settle(seq: number, rev: number): void {
    this.#replica?.settle(seq, rev);
  }

  /** The panel runs here no longer; it may again when the kernel has said where it is. */
  end(): void {
    this.#asking.stop();
    running.delete(this);
    if (!this.#replica) return;
    this.#replica.end();
    this.#replica = null;
    this.#display.here(false);
  }

  /** Makes room for others until the panel is used again. */
  #rest(): void {
    const behind = this.shown && this.busy;
    this.#wanted = false;
    this.#resting = true;
    this.end();
    if (behind) this.#display.lost();
  }

  #ask(wait: number): void {
    if (!this.#unable && !this.#resting) this.#asking.start(wait, PATIENCE);
  }
}
