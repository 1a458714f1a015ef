// @vitest-environment node
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { FromServer } from "../../generated/protocol";
import { backOff, type Channel, WorkspaceSocket } from "../src/socket";
import { Workspace } from "../src/workspace";
import { COUNTER, entity, graph, panel } from "./workspace";

/** A server on loopback that says what the test wants, and keeps what it heard. */
class Server {
  readonly heard: { [key: string]: unknown }[] = [];
  readonly #server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  readonly listening = new Promise((resolve) => this.#server.once("listening", resolve));
  connections = 0;
  epoch = "e1";
  revision = 7;
  onSubscribe: (say: (message: unknown) => void) => void = () => undefined;
  answerPings = true;

  constructor() {
    this.#server.on("connection", (socket) => {
      this.connections += 1;
      const say = (message: unknown) =>
        socket.send(typeof message === "string" ? message : JSON.stringify(message));
      say({ kind: "hello", version: 1, workspace: "default", epoch: this.epoch, revision: this.revision });
      socket.on("message", (data) => {
        const message = JSON.parse(String(data));
        this.heard.push(message);
        if (message.kind === "subscribe") this.onSubscribe(say);
        if (message.kind === "ping" && this.answerPings) say({ kind: "pong", id: message.id });
      });
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  say(message: unknown): void {
    for (const socket of this.#server.clients) socket.send(JSON.stringify(message));
  }

  drop(): void {
    for (const socket of this.#server.clients) socket.terminate();
  }

  get open(): number {
    return this.#server.clients.size;
  }

  async end(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function until(what: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!what()) {
    if (Date.now() > deadline) throw new Error("it does not come");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

let server: Server;
let socket: WorkspaceSocket;
let workspace: Workspace;
let states: [boolean, number][];

async function begin(patience = 10_000): Promise<void> {
  server = new Server();
  await server.listening;
  workspace = new Workspace();
  states = [];
  server.onSubscribe = (say) =>
    say({ kind: "snapshot", graph: graph(), panels: [panel(COUNTER, "counter")] });
  const { url } = server;
  socket = new WorkspaceSocket({
    connect: () => new WebSocket(url) as unknown as Channel,
    position: () => workspace.position(),
    receive: (message: FromServer) => workspace.receive(message),
    status: (online, failures) => states.push([online, failures]),
    delay: () => 10,
    patience,
  });
}

afterEach(async () => {
  socket.dispose();
  await server.end();
});

const revision = (number: number, name: string) => ({
  kind: "revision",
  revision: number,
  panels: [],
  ended: [],
  patch: {
    put_entities: [entity(name, "state", name)],
    put_relationships: [],
    delete_entities: [],
    delete_relationships: [],
  },
});

describe("the connection", () => {
  it("subscribes to everything at first and follows revisions", async () => {
    await begin();
    await until(() => workspace.state().panels.size === 1);
    expect(server.heard[0]).toMatchObject({ kind: "subscribe", epoch: null, revision: null });
    server.say(revision(8, "new"));
    await until(() => workspace.state().graph.revision === 8);
    expect(workspace.state().graph.get("new")?.name).toBe("new");
  });

  it("goes on from where it was after a break", async () => {
    await begin();
    await until(() => workspace.state().panels.size === 1);
    server.onSubscribe = (say) => say(revision(8, "missed"));
    server.drop();
    await until(() => workspace.state().graph.get("missed") !== undefined);
    expect(server.heard.at(-1)).toMatchObject({ kind: "subscribe", epoch: "e1", revision: 7 });
    expect(states.map(([online]) => online)).toEqual([true, false, true]);
  });

  it("starts from nothing when the server counts anew", async () => {
    await begin();
    await until(() => workspace.state().panels.size === 1);
    server.epoch = "e2";
    server.drop();
    await until(() => server.heard.length === 2);
    expect(server.heard[1]).toMatchObject({ kind: "subscribe", epoch: null, revision: null });
  });

  it("asks for a snapshot when a revision is missing, and takes none on faith", async () => {
    await begin();
    await until(() => workspace.state().panels.size === 1);
    server.say(revision(9, "too early"));
    await until(() => server.heard.length === 2);
    expect(server.heard[1]).toMatchObject({ kind: "subscribe", epoch: null, revision: null });
    expect(workspace.state().graph.get("too early")).toBeUndefined();
  });

  it("does not care for what it does not understand", async () => {
    await begin();
    await until(() => workspace.state().panels.size === 1);
    server.say({ kind: "surprise" });
    server.say({ kind: "snapshot", graph: 5, panels: "no" });
    server.say({ kind: "__proto__" });
    server.say(revision(8, "after"));
    await until(() => workspace.state().graph.get("after") !== undefined);
    expect(states).toEqual([[true, 0]]);
  });

  it("notices a connection that died in silence", async () => {
    await begin(60);
    await until(() => workspace.state().panels.size === 1);
    await until(() => server.heard.some((message) => message.kind === "ping"));
    expect(server.connections).toBe(1);
    server.answerPings = false;
    await until(() => server.connections > 1);
  });

  it("ends for good when it is disposed of", async () => {
    await begin();
    await until(() => workspace.state().panels.size === 1);
    socket.dispose();
    await until(() => server.open === 0);
    socket.retry();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(server.connections).toBe(1);
  });

  it("waits longer after each failure, up to half a minute", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 20].map(backOff);
    waits.forEach((wait, at) => {
      const middle = Math.min(30_000, 1_000 * 2 ** at);
      expect(wait).toBeGreaterThanOrEqual(middle * 0.75);
      expect(wait).toBeLessThanOrEqual(middle * 1.25);
    });
  });
});
