/**
 * The connection to the workspace.  It says what it has and gets what it missed; it comes back by itself,
 * later each time; it ends when it is disposed of.
 */
import type { FromClient, FromServer } from "../../generated/protocol";
import { readMessage } from "./wire";

/** The part of a browser's WebSocket that is used. */
export interface Channel {
  readonly readyState: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface SocketOptions {
  /** Makes a connection; called for each attempt. */
  connect: () => Channel;
  /** What the client has, to go on from: null for nothing. */
  position: () => { epoch: string; revision: number } | null;
  /** A message; false asks for a snapshot, because something was missed. */
  receive: (message: FromServer) => boolean;
  /** The connection came or went.  `failures` counts attempts in a row that led to nothing. */
  status: (online: boolean, failures: number) => void;
  /** Milliseconds before the attempt after `failures` failures. */
  delay?: (failures: number) => number;
  /** Milliseconds of silence after which the server is asked whether it is there, and as long again to answer. */
  patience?: number;
}

const OPEN = 1;

/** 1 s, 2 s, 4 s … 30 s, each a little different so that many pages do not come at once. */
export function backOff(failures: number): number {
  return Math.min(30_000, 1_000 * 2 ** Math.min(failures - 1, 10)) * (0.75 + Math.random() / 2);
}

export class WorkspaceSocket {
  #options: SocketOptions;
  #channel: Channel | null = null;
  #failures = 0;
  #greeted = false;
  #pings = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#open();
  }

  /** Try now instead of later; nothing when there is a connection. */
  retry(): void {
    if (this.#disposed || this.#channel) return;
    clearTimeout(this.#timer);
    this.#open();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #open(): void {
    let channel: Channel;
    try {
      channel = this.#options.connect();
    } catch {
      this.#lost();
      return;
    }
    this.#channel = channel;
    channel.onmessage = (event: { data: unknown }) => this.#receive(event.data);
    channel.onclose = () => this.#lost();
    channel.onerror = () => undefined; // a close follows
    this.#listen();
  }

  #receive(frame: unknown): void {
    this.#listen();
    const message = readMessage(frame);
    if (!message || this.#disposed) return;
    if (message.kind === "hello") this.#greet(message);
    else if (this.#greeted && !this.#options.receive(message)) this.#subscribe(null);
  }

  #greet(hello: Extract<FromServer, { kind: "hello" }>): void {
    this.#greeted = true;
    this.#failures = 0;
    const position = this.#options.position();
    this.#options.receive(hello);
    this.#options.status(true, 0);
    this.#subscribe(position?.epoch === hello.epoch ? position : null);
  }

  #subscribe(position: { epoch: string; revision: number } | null): void {
    this.#send({
      kind: "subscribe",
      topics: ["graph", "proposals"],
      epoch: position?.epoch ?? null,
      revision: position?.revision ?? null,
    });
  }

  #send(message: FromClient): void {
    if (this.#channel?.readyState === OPEN) this.#channel.send(JSON.stringify(message));
  }

  /** A connection can be dead without having been closed: ask after a silence, and give up on no answer. */
  #listen(): void {
    const patience = this.#options.patience ?? 30_000;
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#send({ kind: "ping", id: ++this.#pings });
      this.#watch = setTimeout(() => this.#lost(), patience);
    }, patience);
  }

  #lost(): void {
    this.#drop();
    if (this.#disposed) return;
    this.#failures += 1;
    this.#options.status(false, this.#failures);
    this.#timer = setTimeout(() => this.#open(), (this.#options.delay ?? backOff)(this.#failures));
  }

  #drop(): void {
    clearTimeout(this.#watch);
    const channel = this.#channel;
    this.#channel = null;
    this.#greeted = false;
    if (!channel) return;
    channel.onopen = channel.onmessage = channel.onclose = null;
    channel.close();
  }
}
