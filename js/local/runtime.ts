/**
 * A panel without a kernel: the guest in this page decides.  To the rest of the page it is what a kernel is: it takes the
 * same messages and says the same.  Everything happens in turns, one after the other.
 */
import type { Cause, ClientMessage, ErrorInfo, GuestReply, GuestRequest } from "../generated/protocol";
import { GuestFailure } from "../guest/failure";
import { GuestWorker } from "../guest/guest";
import { GuestUnavailable } from "../guest/launch";
import type { GuestBytes } from "../guest/machine";
import type { Json, JsonObject } from "../host/json";
import { isObject, own } from "../host/json";
import { readMoment } from "../host/moment";
import { applyOperations } from "../host/operations";
import { Gate, type LocalCall } from "./call";
import { type LocalDocument, toolOf } from "./document";
import type { Chain, Hook, Run } from "./hooks";
import { Lifecycle } from "./lifecycle";

type Said = { readonly kind: string } & Record<string, unknown>;
type ClientEvent = Extract<ClientMessage, { kind: "event" }>;

function errorInfo(code: string, name: string, message: string, hint = ""): ErrorInfo {
  return { code, name, message, hint, line: 0, column: 0, stack: "", allowed: null, used: null };
}

const NO_KERNEL = errorInfo(
  "NO_KERNEL",
  "CapabilityError",
  "This needs a running kernel, and here is none.",
  "Open the notebook and run its cell.",
);

export class LocalRuntime {
  readonly #document: LocalDocument;
  readonly #bytes: () => Promise<GuestBytes>;
  readonly #publish: (messages: readonly Said[]) => void;
  readonly #signal: AbortSignal;
  #guest: GuestWorker | null = null;
  #state: JsonObject;
  #rev = 0;
  /** Whether the page was told of the view that the guest has now. */
  #told = false;
  #number = 0;
  readonly #calls = new Map<number, LocalCall>();
  readonly #gates = new Map<string, Gate>();
  /** The last event that was taken, by client: a page tells again what has no answer yet. */
  readonly #taken = new Map<string, number>();
  readonly #lifecycle: Lifecycle;
  #outbox: Said[] = [];
  #turns: Promise<void> = Promise.resolve();
  #closed = false;

  /** `publish` is told what each turn brought, in order.  `signal` ends everything. */
  constructor(
    document: LocalDocument,
    bytes: () => Promise<GuestBytes>,
    publish: (messages: readonly Said[]) => void,
    signal: AbortSignal,
  ) {
    this.#document = document;
    this.#state = document.state;
    this.#bytes = bytes;
    this.#publish = publish;
    this.#signal = signal;
    this.#lifecycle = new Lifecycle({
      turn: (work) => this.#turn(work),
      run: (hook, run) => this.#runHook(hook, run),
      read: (name) => this.#read(name),
      tell: (hook, error) => this.#say("hook", { hook, error }),
    });
    signal.addEventListener("abort", () => this.#forgetCalls(), { once: true });
  }

  /** A message of a page. */
  take(message: ClientMessage): void {
    switch (message.kind) {
      case "hello":
        this.#turn(() => this.#snapshot());
        break;
      case "event":
        if (message.seq <= (this.#taken.get(message.client) ?? 0)) break;
        this.#taken.set(message.client, message.seq);
        this.#turn(() => this.#event(message));
        break;
      case "cancel":
        this.#turn(() => this.#cancel(message.client, message.seq));
        break;
      case "confirm_answer":
        this.#turn(() => this.#confirmed(message.client, message.seq, message.yes));
        break;
      case "sight":
        this.#turn(async () => this.#lifecycle.sight(message.client, message.shown));
        break;
      default: // there is nothing to permit and nothing to fetch here
    }
  }

  #turn(work: () => Promise<void>): void {
    this.#turns = this.#turns.then(async () => {
      if (this.#closed || this.#signal.aborted) return;
      try {
        await work();
      } catch (error) {
        if (this.#signal.aborted) return;
        this.#close(error instanceof Error ? error.message : String(error));
      }
      const messages = this.#outbox;
      this.#outbox = [];
      if (messages.length > 0) this.#publish(messages);
    });
  }

  #say(kind: string, content: object): void {
    this.#outbox.push({ kind, ...content });
  }

  #close(reason: string): void {
    this.#closed = true;
    this.#forgetCalls();
    this.#say("closed", { reason });
  }

  #forgetCalls(): void {
    this.#lifecycle.end();
    for (const call of this.#calls.values()) clearTimeout(call.timer);
    this.#calls.clear();
  }

  // --- the guest -----------------------------------------------------------------------------------

  /** One request to a guest that has the panel; a guest that is gone is made again from the committed state. */
  async #ask(request: GuestRequest): Promise<GuestReply> {
    const guest = this.#guest?.alive ? this.#guest : await this.#load();
    try {
      return await guest.request(request);
    } catch (error) {
      if (error instanceof GuestFailure && error.lost) this.#lost(error.info);
      throw error;
    }
  }

  async #load(): Promise<GuestWorker> {
    const guest = await GuestWorker.start(await this.#bytes(), { signal: this.#signal });
    const { program } = this.#document;
    const reply = await guest.request({
      ...{ op: "load", program, state: this.#state, ...readMoment(), bounds: null },
    } as GuestRequest);
    if (reply.status === "failed" || reply.state === null) {
      guest.end();
      throw new Error(reply.error?.message ?? "The panel could not be loaded.");
    }
    this.#state = reply.state;
    this.#guest = guest;
    this.#told = false;
    return guest;
  }

  /** The guest is gone, and with it every call that waits. */
  #lost(error: ErrorInfo): void {
    this.#guest = null;
    for (const call of [...this.#calls.values()]) if (call.timer !== undefined) this.#finish(call, error);
  }

  // --- what is shown -------------------------------------------------------------------------------

  async #snapshot(): Promise<void> {
    try {
      this.#guest ??= await this.#load();
      await this.#lifecycle.begin(this.#document.program, this.#document.mounted);
      const { tree } = await this.#ask({ op: "view", whole: true });
      this.#told = true;
      const { panel, title } = this.#document;
      const { failures: hooks, wantsSight: sight } = this.#lifecycle;
      this.#say("snapshot", { panel, title, rev: this.#rev, tree, consent: null, hooks, sight });
    } catch (error) {
      if (!(error instanceof GuestUnavailable)) throw error;
      const saved = this.#document.snapshot;
      if (isObject(saved)) this.#say("snapshot", saved);
      this.#close(`It can only be looked at here: ${error.message}`);
    }
  }

  async #commit(reply: GuestReply, cause: Cause, chain: Chain): Promise<void> {
    if (reply.ops.length === 0) return;
    const before = this.#state;
    const state = applyOperations(this.#state as Json, reply.ops);
    if (!isObject(state)) {
      this.#guest?.end();
      throw new Error("The panel's state could not be followed.");
    }
    this.#state = state as JsonObject;
    this.#rev += 1;
    const { patch, tree } = await this.#ask({ op: "view", whole: !this.#told });
    this.#told = true;
    this.#say("commit", { rev: this.#rev, cause, ops: reply.ops, patch, tree });
    await this.#lifecycle.committed(before, this.#state, chain);
  }

  // --- calls ---------------------------------------------------------------------------------------

  async #event(event: ClientEvent): Promise<void> {
    const { client, seq, node, name, detail, clock, seed, zone } = event;
    let reply: GuestReply;
    try {
      reply = await this.#ask({ op: "event", call: 0, node, name, detail, clock, seed, zone });
    } catch (error) {
      if (!(error instanceof GuestFailure)) throw error;
      this.#say("reject", { client, seq, error: error.info });
      return;
    }
    if (reply.status === "failed") {
      this.#say("reject", { client, seq, error: whole(reply.error) });
      return;
    }
    await this.#commit(reply, { kind: "edit", tool: null, client, seq } as Cause, []);
    if (reply.tool === null) {
      this.#say("result", { client, seq, error: null });
      return;
    }
    const call = this.#call({
      ...{ tool: reply.tool, hook: null, args: reply.value, asked: { client, seq }, chain: [] },
      moment: { clock, seed, zone },
    });
    const { confirm: question } = toolOf(this.#document, call.tool);
    if (question === "") await this.#enter(call);
    else this.#say("confirm", { client, seq, tool: call.tool, question });
  }

  #call(what: Pick<LocalCall, "tool" | "hook" | "args" | "asked" | "chain" | "moment">): LocalCall {
    this.#number += 1;
    const call: LocalCall = {
      ...{ id: this.#number, ...what, began: false, spent: 0 },
      ...{ announced: false, confirmed: false, timer: undefined },
    };
    this.#calls.set(call.id, call);
    return call;
  }

  /** A hook waits for no other run: it never runs twice at a time. */
  async #runHook(hook: Hook, { args, chain }: Run): Promise<void> {
    const moment = readMoment();
    const what = {
      tool: hook.name,
      hook: hook.index,
      args,
      asked: null,
      chain: [...chain, hook.name],
      moment,
    };
    await this.#begin(this.#call(what));
  }

  /** What a computed value is now, or its error. */
  async #read(name: string): Promise<Json> {
    try {
      const { status, value, error } = await this.#ask({ op: "read", name });
      return status === "failed" ? `${error?.code} ${error?.message}` : value;
    } catch (error) {
      if (!(error instanceof GuestFailure)) throw error;
      return `${error.info.code} ${error.info.message}`;
    }
  }

  async #confirmed(client: string, seq: number, yes: boolean): Promise<void> {
    const call = [...this.#calls.values()].find(({ asked }) => asked?.client === client && asked.seq === seq);
    if (!call || call.confirmed) return;
    call.confirmed = true;
    if (yes) await this.#enter(call);
    else this.#finish(call, null);
  }

  async #enter(call: LocalCall): Promise<void> {
    const entry = this.#gate(call.tool).enter(call);
    if (entry === "refused") {
      this.#finish(
        call,
        errorInfo(
          "LIMIT_QUEUE",
          "LimitError",
          `${call.tool} is already running.`,
          "Wait until it has ended.",
        ),
      );
    } else if (entry === "waits") {
      this.#announce(call, true);
    } else {
      if (entry !== "runs") for (const older of entry.replaces) await this.#drop(older);
      await this.#begin(call);
    }
  }

  #gate(tool: string): Gate {
    let gate = this.#gates.get(tool);
    if (!gate) {
      gate = new Gate(toolOf(this.#document, tool).concurrency);
      this.#gates.set(tool, gate);
    }
    return gate;
  }

  #begin(call: LocalCall): Promise<void> {
    const { id, tool, args, moment, hook } = call;
    call.began = true;
    return this.#step(call, { op: "invoke", call: id, tool, args, ...moment, state: null, hook });
  }

  async #step(call: LocalCall, request: GuestRequest): Promise<void> {
    call.timer = undefined;
    const { tool, hook, asked, chain } = call;
    const who = { client: null, seq: null, ...asked };
    const since = performance.now();
    let reply: GuestReply;
    try {
      reply = await this.#ask(request);
      call.spent += performance.now() - since;
      await this.#commit(reply, { kind: hook === null ? "tool" : "lifecycle", tool, ...who } as Cause, chain);
    } catch (error) {
      if (!(error instanceof GuestFailure)) throw error;
      call.spent += performance.now() - since;
      this.#finish(call, error.info);
      return;
    }
    for (const { event, payload } of reply.emits)
      if (event === "toast" || event === "notify") this.#say("emitted", { event, payload });
    if (reply.status === "failed") this.#finish(call, whole(reply.error));
    else if (reply.status === "done") this.#finish(call, null);
    else this.#wait(call, reply);
  }

  /** Until its timer, or until it has heard that nobody here does what it asks for. */
  #wait(call: LocalCall, reply: GuestReply): void {
    this.#announce(call);
    if (reply.progress && call.asked) this.#say("progress", { ...call.asked, ...reply.progress });
    const results = reply.calls.map(({ id }) => ({ id, value: null, error: NO_KERNEL }));
    const wait = results.length > 0 ? 0 : (reply.timer ?? 0);
    call.timer = setTimeout(() => {
      this.#turn(async () => {
        if (!this.#calls.has(call.id)) return;
        await this.#step(call, { op: "resume", call: call.id, results, clock: Date.now() });
      });
    }, wait);
  }

  #announce(call: LocalCall, queued = false): void {
    if (call.asked === null || (call.announced && queued)) return;
    call.announced = true;
    this.#say("started", { ...call.asked, tool: call.tool, queued });
  }

  async #cancel(client: string, seq: number): Promise<void> {
    for (const call of [...this.#calls.values()])
      if (call.asked?.client === client && call.asked.seq === seq) await this.#drop(call);
  }

  async #drop(call: LocalCall): Promise<void> {
    if (!this.#calls.has(call.id)) return;
    if (call.timer !== undefined && this.#guest?.alive) await this.#ask({ op: "cancel", call: call.id });
    this.#finish(call, errorInfo("CANCELLED", "CancelledError", `${call.tool} was cancelled.`));
  }

  #finish(call: LocalCall, error: ErrorInfo | null): void {
    if (!this.#calls.delete(call.id)) return;
    clearTimeout(call.timer);
    if (call.asked) this.#say("result", { ...call.asked, error });
    if (call.hook !== null) this.#lifecycle.ended(call.hook, error, call.spent);
    if (error && call.began) this.#lifecycle.failed(call.tool, error, call.chain);
    if (call.hook !== null) return;
    const next = this.#gate(call.tool).leave(call);
    if (next) this.#turn(() => this.#begin(next));
  }
}

/** An error as the guest wrote it, with what it left out. */
function whole(error: unknown): ErrorInfo {
  const none = errorInfo("HANDLER_ERROR", "Error", "The call failed without saying why.");
  if (!isObject(error)) return none;
  return { ...none, ...(error as Partial<ErrorInfo>), message: String(own(error, "message")) };
}
