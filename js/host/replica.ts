/**
 * A panel that runs in this page beside the kernel: what the kernel has committed, and on top of it what this page expects
 * of its own events.  The kernel decides: each of its commits either is what was expected next, or everything expected is
 * taken back, the commit applied, and the rest expected anew.
 */
import type { GuestReply, GuestRequest, Operation } from "../generated/protocol";
import { GuestFailure } from "../guest/failure";
import { isObject, type Json, type JsonObject } from "./json";
import { applyOperations } from "./operations";
import { type Committed, type Happening, Prediction, takingBack } from "./prediction";

/** Where the panel's code runs in this page: a Worker, or this very thread. */
export interface Guest {
  readonly alive: boolean;
  request(request: GuestRequest): GuestReply | Promise<GuestReply>;
  end(): void;
}

/** What the kernel gave: the program, and the committed state of a revision. */
export interface Source {
  readonly document: number;
  readonly rev: number;
  readonly program: JsonObject;
  readonly state: JsonObject;
  readonly clock: number;
  readonly seed: number;
  readonly zone: string;
  /** Characters of JSON of a state, with the detail of an event, on which this very thread may run its code; 0 for none. */
  readonly near: number;
}

/** Who shows what a replica gives. */
export interface Watcher {
  /** Whether the view of revision `rev`, and nothing else, is shown: then the replica's word counts from now on. */
  takes(rev: number): boolean;
  /** The view is another one: a difference to the last, or all of it. */
  shows(patch: unknown, tree: unknown): void;
  /** Whether all that an event does is shown already. */
  expects(seq: number, whole: boolean): void;
  /** The replica has ended: the kernel's word counts again.  `reason` is null when it only lost the thread. */
  left(reason: unknown): void;
}

/** A guest that breaks so often is not made again. */
const MAX_LOSSES = 3;
/** More events than this without an answer are the kernel's alone. */
const MAX_PENDING = 500;

/** Events without an answer that this thread may have to run again at once; with more the guest moves to a Worker. */
const MAX_NEAR = 50;
/** Milliseconds of one step on this thread after which the guest moves to a Worker: longer than a person takes for at once. */
const SLOW = 100;

/** The state, or what waits, is no longer so small that this thread may run the panel's code. */
class Outgrown extends Error {}

type Task = () => void | Promise<void>;

export class Replica {
  readonly document: number;
  readonly #client: string;
  readonly #source: Source;
  readonly #make: (near: boolean) => Promise<Guest>;
  readonly #watcher: Watcher;
  readonly #policies: ReadonlyMap<string, Policy>;
  /** Whether any tool has a question before it begins. */
  readonly #asking: boolean;
  #state: JsonObject;
  #rev: number;
  #clock: number;
  #seed: number;
  #pending: Prediction[] = [];
  #guest: Guest | null = null;
  #phase: "asleep" | "starting" | "loaded" | "shown" | "ended" = "asleep";
  #losses = 0;
  /** Whether the guest is on this thread, and the size of the state, at the least; in characters. */
  #near: boolean;
  #size: number;
  /** Milliseconds that the longest step has held this thread. */
  #slowest = 0;
  #calls = 0;
  /** How often the guest was asked something that may change the view, and how often when the view was looked at last. */
  #asked = 0;
  #seen = 0;
  #tasks: Task[] = [];
  #working = false;
  /** What runs now, to know what broke the guest. */
  #suspect: Prediction | null = null;

  /** `make` starts a guest, `near` on this very thread; nothing is started before `wake`. */
  constructor(client: string, source: Source, make: (near: boolean) => Promise<Guest>, watcher: Watcher) {
    this.document = source.document;
    this.#client = client;
    this.#source = source;
    this.#make = make;
    this.#watcher = watcher;
    this.#policies = policies(source.program);
    this.#asking = [...this.#policies.values()].some(({ asks }) => asks);
    this.#state = source.state;
    this.#rev = source.rev;
    this.#clock = source.clock;
    this.#seed = source.seed;
    this.#size = source.near > 0 ? sizeOf(source.state) : 0;
    this.#near = source.near > 0 && this.#size <= source.near;
  }

  /** Whether its word counts for what is shown. */
  get shown(): boolean {
    return this.#phase === "shown";
  }

  /** Whether it waits for the kernel's answer to an event. */
  get expects(): boolean {
    return this.#pending.length > 0;
  }

  /** Whether it has not done yet all that it knows of. */
  get busy(): boolean {
    return this.#working || this.#phase === "starting";
  }

  get rev(): number {
    return this.#rev;
  }

  /** Somebody is about to use the panel: start the guest.  More than once is fine. */
  wake(): void {
    if (this.#phase !== "asleep") return;
    this.#phase = "starting";
    const near = this.#near;
    this.#make(near).then(
      (guest) => {
        if (this.#phase === "ended") guest.end();
        else this.#do(() => this.#begin(guest, near));
      },
      (reason: unknown) => this.#leave(reason),
    );
  }

  /** The first guest is there; one that the state has outgrown meanwhile gives way to another. */
  #begin(guest: Guest, near: boolean): void | Promise<void> {
    if (near === this.#near) return this.#load(guest);
    guest.end();
    this.#phase = "asleep";
    this.wake();
  }

  /** An event of this page, which the kernel is told, too. */
  predict(happening: Happening): void {
    this.wake();
    this.#do(async () => {
      const prediction = new Prediction(happening);
      if (this.#pending.length >= MAX_PENDING) prediction.barred = true;
      this.#pending.push(prediction);
      if (this.#near && this.#pending.length > MAX_NEAR) throw new Outgrown();
      if (this.#phase !== "shown") return;
      // what is asked in one go takes one way to the Worker and back
      for (const part of await Promise.allSettled([this.#run(prediction), this.#show()]))
        if (part.status === "rejected") throw part.reason;
    });
  }

  /** The kernel has committed a revision. */
  commit(commit: Committed): void {
    this.#do(() => this.#commit(commit));
  }

  /** An event has ended, with all that it led to in revisions up to `rev`. */
  settle(seq: number, rev: number): void {
    this.#do(() => {
      const prediction = this.#pending.find((each) => each.seq === seq);
      if (prediction) prediction.ends = rev;
      return this.#forgetEnded();
    });
  }

  /** Frees the guest.  More than once is fine. */
  end(): void {
    this.#phase = "ended";
    this.#tasks = [];
    this.#guest?.end();
    this.#guest = null;
  }

  // --- one thing after the other -------------------------------------------------------------------

  #do(task: Task): void {
    if (this.#phase === "ended") return;
    this.#tasks.push(task);
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#tasks.length > 0) {
      try {
        for (let task = this.#tasks.shift(); task; task = this.#tasks.shift()) await task();
        await this.#look();
        if (this.#near && this.#slowest > SLOW) throw new Outgrown();
      } catch (error) {
        if (this.#phase !== "ended") await this.#recover(error);
      }
    }
    this.#working = false;
  }

  /** The guest is gone, or does not make sense: another one goes on from the committed state. */
  async #recover(error: unknown): Promise<void> {
    const lost = error instanceof GuestFailure && error.lost;
    const outgrown = error instanceof Outgrown;
    if (lost && this.#suspect) this.#suspect.barred = true;
    if (lost) this.#losses += 1;
    this.#suspect = null;
    if (!(lost || outgrown) || this.#losses > MAX_LOSSES) return this.#leave(error);
    this.#near &&= !outgrown;
    this.#slowest = 0;
    if (this.#guest === null && (this.#phase === "asleep" || this.#phase === "starting")) return;
    this.#guest?.end();
    this.#guest = null;
    try {
      const guest = await this.#make(this.#near);
      if ((this.#phase as string) === "ended") guest.end();
      else this.#tasks.unshift(() => this.#load(guest));
    } catch (reason) {
      this.#leave(reason);
    }
  }

  #leave(reason: unknown): void {
    if (this.#phase === "ended") return;
    this.end();
    this.#watcher.left(reason);
  }

  async #ask(request: GuestRequest): Promise<GuestReply> {
    if (this.#guest?.alive === false) this.#suspect = null; // it was gone before
    if (request.op !== "view") this.#asked += 1;
    const start = performance.now();
    const answer = this.#guest?.request(request);
    // the first view makes everything, which is done once; on this thread the answer is there by now
    if (this.#phase === "shown" && request.op !== "load")
      this.#slowest = Math.max(this.#slowest, performance.now() - start);
    const reply = await answer;
    if (reply === undefined || this.#phase === "ended") throw new Error("the replica has ended");
    return reply;
  }

  // --- the guest -----------------------------------------------------------------------------------

  /** Puts the committed state into a guest, and all that is expected on top of it if that is shown. */
  async #load(guest: Guest): Promise<void> {
    this.#guest = guest;
    const reply = await this.#ask({
      ...{ op: "load", program: this.#source.program, state: this.#state, bounds: null },
      ...{ clock: this.#clock, seed: this.#seed, zone: this.#source.zone },
    } as GuestRequest);
    if (reply.status === "failed") throw new Error(reply.error?.message ?? "The panel could not be loaded.");
    this.#pending = this.#pending.filter(({ ends }) => ends === null || ends > this.#rev);
    for (const prediction of this.#pending) prediction.parts = [];
    if (this.#phase === "shown") await this.#runAll(this.#pending);
    else this.#phase = "loaded";
  }

  /** Shows what has changed; of a guest that has just begun it is looked at what is shown already. */
  async #look(): Promise<void> {
    if (this.#guest === null || this.#phase === "starting") return;
    if (this.#phase === "loaded") {
      if (this.#seen !== this.#asked) await this.#view();
      if (this.#tasks.length > 0 || !this.#watcher.takes(this.#rev)) return;
      this.#phase = "shown";
      await this.#runAll(this.#pending);
    }
    await this.#show();
  }

  async #show(): Promise<void> {
    if (this.#seen === this.#asked) return;
    const { patch, tree } = await this.#view();
    if (patch !== null || tree !== null) this.#watcher.shows(patch, tree);
  }

  async #view(): Promise<GuestReply> {
    this.#seen = this.#asked;
    const reply = await this.#ask({ op: "view", whole: false });
    if (reply.status === "failed") throw new Error(reply.error?.message ?? "The view could not be resolved.");
    return reply;
  }

  // --- what is expected ----------------------------------------------------------------------------

  async #runAll(predictions: readonly Prediction[]): Promise<void> {
    for (const prediction of predictions) await this.#run(prediction);
  }

  /** Does what the kernel will do with an event, as far as it needs nothing but the panel itself. */
  async #run(prediction: Prediction): Promise<void> {
    prediction.parts = [];
    prediction.waits = false;
    if (prediction.barred) this.#watcher.expects(prediction.seq, false);
    if (prediction.barred || prediction.stage === "over") return;
    const { seq, ...event } = prediction.happening;
    this.#grow(0, sizeOf(event.detail));
    this.#suspect = prediction;
    let whole = true;
    if (prediction.stage === "event" && event.name !== "change" && this.#free) {
      // nothing is edited and no tool asks or waits: it may begin in the same step
      this.#calls += 1;
      const call = this.#calls;
      const reply = await this.#ask({ op: "event", call, ...event } as GuestRequest);
      whole = reply.status === "done";
      if (reply.status !== "failed" && reply.tool !== null)
        prediction.call = { tool: reply.tool, args: null };
      await this.#began(prediction, call, reply);
    } else if (prediction.stage === "event") {
      const reply = await this.#ask({ op: "event", call: 0, ...event } as GuestRequest);
      whole = reply.status !== "failed";
      prediction.call = whole && reply.tool !== null ? { tool: reply.tool, args: reply.value as Json } : null;
      this.#changed(prediction, "edit", reply);
      if (whole && prediction.call !== null) whole = await this.#start(prediction, prediction.call);
    } else if (prediction.call !== null) whole = await this.#start(prediction, prediction.call);
    this.#suspect = null;
    this.#watcher.expects(seq, whole);
  }

  /** The first step of a tool; whether it was the last, too. */
  async #start(prediction: Prediction, { tool, args }: { tool: string; args: Json }): Promise<boolean> {
    const policy = this.#policies.get(tool);
    const before = this.#pending.slice(0, this.#pending.indexOf(prediction));
    const meets = before.some((each) => each.waits && each.call?.tool === tool);
    const later = meets && (policy?.concurrency === "queue" || policy?.concurrency === "drop");
    if (!policy || policy.asks || later) return false;
    this.#calls += 1;
    const call = this.#calls;
    const { clock, seed, zone } = prediction.happening;
    const moment = { clock, seed, zone };
    const reply = await this.#ask({ op: "invoke", call, tool, args, ...moment, state: null, hook: null });
    await this.#began(prediction, call, reply);
    return reply.status === "done";
  }

  /** The first step of a call has been made. */
  async #began(prediction: Prediction, call: number, reply: GuestReply): Promise<void> {
    this.#changed(prediction, "tool", reply);
    prediction.waits = reply.status === "waiting";
    // what it waits for is the kernel's to give
    if (prediction.waits) await this.#ask({ op: "cancel", call });
  }

  /** Whether nothing keeps any tool from beginning at once. */
  get #free(): boolean {
    return !this.#asking && !this.#pending.some(({ waits }) => waits);
  }

  #changed(prediction: Prediction, kind: "edit" | "tool", { ops, inverse }: GuestReply): void {
    if (ops.length === 0) return;
    prediction.parts.push({ kind, ops, inverse });
    if (this.#near) this.#grow(sizeOf(ops));
  }

  /** The state has grown by so much at the most; `passing` goes with one event.  Throws `Outgrown`. */
  #grow(by: number, passing = 0): void {
    if (!this.#near) return;
    this.#size += by;
    if (this.#size + passing <= this.#source.near) return;
    this.#size = sizeOf(this.#state) + sizeOf(this.#pending.map(({ parts }) => parts.map(({ ops }) => ops)));
    if (this.#size + passing > this.#source.near) throw new Outgrown();
  }

  // --- what the kernel says ------------------------------------------------------------------------

  async #commit(commit: Committed): Promise<void> {
    if (commit.rev <= this.#rev) return;
    const state = applyOperations(this.#state as Json, commit.ops);
    if (commit.rev !== this.#rev + 1 || !isObject(state)) return this.#leave(null);
    const { cause } = commit;
    const own = cause.client === this.#client && (cause.kind === "edit" || cause.kind === "tool");
    const prediction = own ? this.#pending.find((each) => each.seq === cause.seq) : undefined;
    const first = this.#pending.find((each) => each.parts.length > 0);
    const part = first?.parts[0];
    const expected = part !== undefined && first === prediction && first?.expects(part, commit) === true;
    if (expected) first.parts.shift();
    const back = expected ? [] : takingBack(this.#pending);
    this.#state = state as JsonObject;
    this.#rev = commit.rev;
    this.#clock = commit.clock;
    this.#seed = commit.seed;
    prediction?.reached(cause.kind);
    if (!expected && this.#near) this.#grow(sizeOf(commit.ops));
    if (!expected && this.#guest !== null && this.#phase !== "starting")
      await this.#return(back && [...back, ...commit.ops], this.#pending);
    await this.#forgetEnded();
  }

  /** Takes the guest to the committed state by operations, and expects anew what is to be expected. */
  async #return(ops: readonly Operation[] | null, again: readonly Prediction[]): Promise<void> {
    for (const prediction of again) prediction.parts = [];
    const moment = { clock: this.#clock, seed: this.#seed };
    const reply = ops && (await this.#ask({ op: "patch", ops: [...ops], ...moment }));
    if (reply?.status !== "done") return this.#load(this.#guest as Guest);
    if (this.#phase === "shown") await this.#runAll(again);
  }

  /** Forgets events that have ended; what was expected of them and has not come is taken back. */
  async #forgetEnded(): Promise<void> {
    const at = this.#pending.findIndex(({ ends }) => ends !== null && ends <= this.#rev);
    if (at < 0) return;
    const [ended] = this.#pending.slice(at, at + 1);
    const later = this.#pending.slice(at + 1);
    const back = takingBack(this.#pending.slice(at));
    const stands = (ended?.parts.length ?? 0) > 0;
    this.#pending.splice(at, 1);
    if (stands && this.#guest !== null) {
      if (back === null) await this.#load(this.#guest);
      else await this.#return(back, later);
    }
    await this.#forgetEnded();
  }
}

function sizeOf(value: unknown): number {
  return JSON.stringify(value).length;
}

/** What decides when a call of a tool starts, and whether somebody is asked before. */
interface Policy {
  readonly concurrency: unknown;
  readonly asks: boolean;
}

function policies(program: JsonObject): Map<string, Policy> {
  const found = new Map<string, Policy>();
  const tools: readonly unknown[] = Array.isArray(program.tools) ? program.tools : [];
  for (const tool of tools) {
    if (!isObject(tool)) continue;
    const { name, concurrency, confirm } = tool as JsonObject;
    found.set(String(name), { concurrency, asks: confirm !== null && confirm !== "" });
  }
  return found;
}
