/**
 * Pages of one panel, as a test in Python plays with them: each has a store of its own and runs the panel beside the kernel.
 * A command a line on standard input, an answer a line on standard output.  Time passes only when the test says so.
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { mock } from "node:test";
import type { GuestReply, GuestRequest } from "../../generated/protocol";
import { LocalGuest } from "../../guest/local";
import type { GuestBytes } from "../../guest/machine";
import type { JsonObject } from "../../host/json";
import type { WidgetModel } from "../../host/model";
import type { Guest } from "../../host/replica";
import { PanelStore } from "../../host/store";

type Listener = (content: unknown, buffers: unknown[]) => void;

interface Command {
  readonly do:
    | ("open" | "close" | "hear" | "wake" | "act" | "turn")
    | ("cancel" | "answer" | "pass" | "look" | "break");
  readonly page: number;
  /** Of `open`: whether its guest answers at once, as on a page's own thread, or later, as a Worker does. */
  readonly near?: boolean;
  /** Of `open`: the view that its model begins with, as JSON. */
  readonly saved?: string | null;
  readonly content?: unknown;
  readonly label?: string;
  readonly event?: string;
  readonly detail?: JsonObject;
  readonly turn?: "undo" | "redo";
  readonly seq?: number;
  readonly yes?: boolean;
  readonly time?: number;
  /** Of `look`: whether it waits until the page has done what it knows of. */
  readonly settled?: boolean;
}

const [, , folder] = process.argv;
const file = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(`${folder}/${name}`));
const bytes: GuestBytes = { code: file("guest-code.wasm"), image: file("guest-image.wasm") };

const soon = (): Promise<void> => new Promise((done) => setImmediate(done));

class Model implements WidgetModel {
  readonly listeners = new Set<Listener>();
  sent: unknown[] = [];

  /** With the view that the page finds in its model, as JSON. */
  constructor(readonly saved: string | null) {}

  get(name: string): unknown {
    return name === "_snapshot" ? this.saved : null;
  }

  send(content: unknown): void {
    this.sent.push(content);
  }

  on(_event: string, callback: (...args: never[]) => void): void {
    this.listeners.add(callback as Listener);
  }

  off(_event: string, callback: (...args: never[]) => void): void {
    this.listeners.delete(callback as Listener);
  }
}

/** A guest that answers as late as one in a Worker: other things happen meanwhile. */
class Distant implements Guest {
  constructor(private readonly guest: LocalGuest) {}

  get alive(): boolean {
    return this.guest.alive;
  }

  async request(request: GuestRequest): Promise<GuestReply> {
    await soon();
    const reply = this.guest.request(request);
    await soon();
    return reply;
  }

  end(): void {
    this.guest.end();
  }
}

interface Page {
  readonly model: Model;
  readonly store: PanelStore;
  readonly end: AbortController;
  readonly guests: Guest[];
  /** Where the panel has run. */
  readonly seats: string[];
  /** What has become of its calls. */
  readonly outcomes: { [seq: string]: string | null };
  /** Components that something was done to. */
  readonly nodes: Set<string>;
  /** How often something in its view was painted. */
  painted: number;
}

const pages = new Map<number, Page>();

function open({ near, saved }: Command): Page {
  const model = new Model(saved ?? null);
  const end = new AbortController();
  const guests: Guest[] = [];
  const seats: string[] = [];
  const seat = async (_model: WidgetModel, _signal: AbortSignal, here: boolean): Promise<Guest> => {
    const local = await LocalGuest.start(bytes);
    const guest = near || here ? local : new Distant(local);
    guests.push(guest);
    seats.push(here ? "near" : "far");
    return guest;
  };
  return {
    model,
    end,
    guests,
    seats,
    nodes: new Set(),
    store: new PanelStore(model, end.signal, seat),
    outcomes: {},
    painted: 0,
  };
}

/** What the page shows: the tree as the protocol has it. */
function shown(store: PanelStore): unknown {
  const tree = (key: string): unknown => {
    const node = store.node(key);
    if (!node) return null;
    const { id, type, props, bound, writable, value, events, children } = node;
    return { id, type, props, bound, writable, value, events, children: children.map(tree) };
  };
  const { root } = store.panel();
  return root === null ? null : tree(root);
}

/** The component that is labelled so, and does something at this event. */
function target(store: PanelStore, label: string, event: string): string | null {
  const waiting = [store.panel().root];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const node = key === null ? undefined : store.node(key);
    if (!node) continue;
    const takes = node.events.includes(event) || (event === "change" && node.writable);
    if ((node.props.label === label || node.props.text === label) && takes) return node.id;
    waiting.push(...node.children);
  }
  return null;
}

function act(page: Page, { label = "", event = "press", detail = {} }: Command): number | null {
  const node = target(page.store, label, event);
  if (node === null) return null;
  page.nodes.add(node);
  const { seq, done } = page.store.dispatch(node, event, detail);
  void done.then(({ error }) => {
    page.outcomes[seq] = error?.code ?? null;
  });
  return seq;
}

async function obey(command: Command): Promise<unknown> {
  if (command.do === "open") {
    const page = open(command);
    pages.set(command.page, page);
    // the root stands for the view: its title shows the state
    page.store.subscribeNode("0", () => {
      page.painted += 1;
    });
    return null;
  }
  if (command.do === "pass") {
    mock.timers.tick(command.time ?? 0);
    return null;
  }
  const page = pages.get(command.page) as Page;
  const { store, model } = page;
  switch (command.do) {
    case "hear":
      for (const listener of [...model.listeners]) listener(command.content, []);
      return null;
    case "wake":
      store.wake();
      while (store.busy) await soon();
      return null;
    case "act":
      return act(page, command);
    case "turn":
      store.turn(command.turn ?? "undo");
      return null;
    case "cancel":
      store.cancel(command.seq ?? 0);
      return null;
    case "answer":
      store.answer(store.panel().question?.seq ?? 0, command.yes ?? false);
      return null;
    case "break":
      for (const guest of page.guests) guest.end();
      return null;
    case "look": {
      while (command.settled && store.busy) await soon();
      const { rev, connection, overdue, here } = store.panel();
      const { expected } = store;
      const { outcomes, painted, seats, nodes } = page;
      const pending = [...nodes].filter((node) => store.status(node).pending !== null).length;
      return {
        rev,
        connection,
        overdue,
        expected,
        here,
        tree: shown(store),
        outcomes,
        painted,
        pending,
        guests: seats,
        alive: page.guests.filter(({ alive }) => alive).length,
      };
    }
    case "close":
      page.end.abort();
      pages.delete(command.page);
      return null;
    default:
      throw new Error(`unknown: ${command.do}`);
  }
}

mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
for await (const line of createInterface({ input: process.stdin })) {
  const commands = JSON.parse(line) as Command[];
  const answers: unknown[] = [];
  for (const command of commands) {
    answers.push(await obey(command));
    await soon();
  }
  const sent: [number, unknown[]][] = [];
  for (const [number, { model }] of pages) {
    if (model.sent.length === 0) continue;
    sent.push([number, model.sent]);
    model.sent = [];
  }
  process.stdout.write(`${JSON.stringify({ answers, sent })}\n`);
}
