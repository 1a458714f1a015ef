// One loaded panel: answers the host's requests, each in one step.

import type {
  ErrorInfo,
  GuestEdit,
  GuestEvent,
  GuestInvoke,
  GuestLoad,
  GuestPatch,
  GuestReply,
  GuestResume,
  Program,
} from "../../js/generated/protocol";
import { type Given, given } from "./arguments";
import { setBounds } from "./bounds";
import { Call } from "./call";
import { type CodeProblem, CodeTable } from "./code";
import { Data, type Evaluation } from "./data";
import { PanelError, stateError } from "./errors";
import { Handlers } from "./handlers";
import { type Conversion, type Json, toJson } from "./json";
import { Log } from "./log";
import { setClock } from "./native";
import { applyOperations } from "./patch";
import type { Places } from "./places";
import { PlacedSource, present } from "./random";
import type { Reply } from "./reply";
import { errorInfo } from "./report";
import type { Scope } from "./scope";
import { View } from "./view";

const EMPTY: Scope = Object.freeze(Object.create(null) as Scope);

/** The syntax errors of a program that was not loaded. */
export class CodeErrors extends Error {
  constructor(readonly problems: CodeProblem[]) {
    super("the panel's code has syntax errors");
  }
}

export class Panel {
  private readonly code = new CodeTable();
  private readonly data: Data;
  private readonly evaluation: Evaluation;
  private readonly handlers: Handlers;
  private readonly view: View;
  private readonly places: Places;
  private readonly calls = new Map<number, Call>();
  private readonly log = new Log();
  /** The clock and seed of the revision being shown, or of the step that may become the next one. */
  private shownClock: number;
  private shownSeed: number;
  /** Those of the last step that changed the state. */
  private revision: { readonly clock: number; readonly seed: number };
  /** Whether a call has begun. */
  private begun = false;
  private readonly conversion: Conversion = {
    known: (value) => this.data.state.handles.behind(value)?.raw,
    fail: (place, problem, hint) =>
      new PanelError("Error", "INVALID_VALUE", `${place} is ${problem}, which JSON cannot hold`, hint),
  };

  constructor(request: GuestLoad) {
    const program = request.program as unknown as Program;
    if (request.bounds != null) setBounds(request.bounds);
    this.shownClock = request.clock;
    this.shownSeed = request.seed;
    this.revision = { clock: request.clock, seed: request.seed };
    const problems = this.code.load(program.code);
    if (problems.length > 0) throw new CodeErrors(problems);
    const evaluation: Evaluation = {
      computed: (declaration) => this.evaluate(declaration.code),
      initial: (declaration) => this.evaluate(declaration.default_code as number),
    };
    this.data = new Data(program.states, program.computed, evaluation);
    this.handlers = new Handlers(program, this.code, this.data);
    this.view = new View(program.view, this.code, this.data);
    this.places = this.view.places;
    this.showMoment();
    this.evaluation = evaluation;
    this.start(request.state as Record<string, Json> | null);
  }

  private start(state: Record<string, Json> | null): void {
    this.data.start(state, this.evaluation, (name, problem) => {
      this.log.add("warn", [`the kept value of state ${name} was dropped: it ${problem}`]);
    });
  }

  /** The call whose step is running. */
  get current(): Call | null {
    return this.handlers.current;
  }

  loaded(): Reply {
    return { status: "done", state: { ...this.data.state.values }, logs: this.log.take() };
  }

  // --- calls: begun or resumed here, answered by `endStep` when all jobs have run -----------------------

  invoke(request: GuestInvoke): void {
    if (request.state != null) {
      if (this.begun) throw new PanelError("Error", "BEGUN", "this guest has a state already");
      this.start(request.state as Record<string, Json>);
    }
    const hook = request.hook ?? null;
    this.begin(request.call, request.tool, request.clock, request.seed, hook);
    const args = request.args ?? null;
    if (hook !== null) {
      this.data.state.writable = true;
      this.handlers.startHook(this.handlers.current as Call, hook, (args ?? {}) as object);
      return;
    }
    this.startTool(request.tool, given(args === null ? null : this.data.state.plain(args, "the arguments")));
  }

  /** An edit of the bound place, then the start of a tool; the reply at once when none is started. */
  event(request: GuestEvent): Reply | null {
    this.showMoment();
    const target = this.view.at(request.node);
    const events = target?.node.events;
    const trigger =
      events !== undefined && Object.hasOwn(events, request.name) ? events[request.name] : undefined;
    const edits =
      request.name === "change" && target?.node.bind != null && Object.hasOwn(request.detail, "value");
    if (target === undefined || (trigger === undefined && !edits)) {
      throw new PanelError("StaleError", "STALE_VIEW", "the view has changed; try again");
    }
    if (target.disabled) throw new PanelError("StaleError", "DISABLED", "this control is disabled");
    const detail = frozenCopy(request.detail);
    this.begin(request.call, trigger?.tool ?? "", request.clock, request.seed);
    if (edits && target.node.bind !== null) {
      const { bind } = target.node;
      const given = this.data.state.plain(request.detail.value, "the new value");
      this.data.state.permit(() => this.places.write(bind, target.scope, given));
    }
    const value =
      trigger == null || trigger.args === null
        ? null
        : this.view.evaluate(trigger.args, target.scope, detail);
    const args = value === undefined || value === null ? null : this.data.state.plain(value, "the arguments");
    if (trigger !== undefined && request.call !== 0) {
      this.startTool(trigger.tool, given(args));
      return null;
    }
    this.calls.delete(request.call);
    this.handlers.current = null;
    this.data.checkTouched();
    return { ...this.committed(), tool: trigger?.tool ?? null, value: args };
  }

  resume(request: GuestResume): void {
    const call = this.calls.get(request.call);
    if (call === undefined) throw new PanelError("Error", "NO_CALL", "this call has ended");
    this.enter(call, request.clock);
    this.data.state.writable = true;
    for (const result of request.results) call.settle(result);
    call.runTimers();
  }

  cancel(id: number): Reply {
    this.calls.delete(id);
    return { status: "done" };
  }

  /** The reply of the step that `invoke`, `event` or `resume` began. */
  endStep(): Reply {
    const call = this.handlers.current as Call;
    this.handlers.current = null;
    this.data.state.writable = false;
    const outcome = call.outcome;
    if (outcome !== null && !outcome.ok) return this.failed(outcome.error, call);
    try {
      if (call.isWaiting) return this.waiting(call);
      if (outcome === null) {
        throw new PanelError(
          "Error",
          "HANDLER_STALLED",
          `${call.named} waits for something that never happens`,
          "await only extension calls, timers and promises that settle",
        );
      }
      const value = outcome.value === undefined ? null : toJson(outcome.value, "the result", this.conversion);
      for (const reason of call.unhandled?.values() ?? [])
        call.log.add("error", ["nothing handles this rejection:", reason]);
      this.data.checkTouched();
      this.calls.delete(call.id);
      const reply = this.committed(call);
      if (value !== null) reply.value = value;
      return reply;
    } catch (error) {
      return this.failed(error, call);
    }
  }

  /** The reply to a request that threw; what it wrote is taken back. */
  failed(error: unknown, call: Call | null = this.handlers.current): Reply {
    this.handlers.current = null;
    this.data.state.writable = false;
    // Reading the error can run panel code: before the rollback, so that nothing of it outlives the step.
    const reply: Reply = { status: "failed", error: errorInfo(error, this.code) };
    this.data.state.rollback();
    this.keepMoment();
    if (call !== null) {
      this.calls.delete(call.id);
      call.tell(reply, "fails");
    }
    return reply;
  }

  // --- requests without a call ---------------------------------------------------------------------------

  edit(request: GuestEdit): Reply {
    setClock(request.clock);
    this.shownClock = request.clock;
    for (const [name, value] of Object.entries(request.values)) {
      if (this.data.declaration(name) === undefined)
        throw stateError(`this panel has no state called ${name}`);
      this.data.state.permit(() => this.data.state.put(this.data.state.handles.root, name, value));
    }
    this.data.checkTouched();
    return this.committed();
  }

  /** Operations on committed state from outside: all or none.  What the panel may begin with it may come back to. */
  patch(request: GuestPatch): Reply {
    setClock(request.clock);
    this.shownClock = request.clock;
    if (request.seed != null) this.shownSeed = request.seed;
    const { state } = this.data;
    state.permit(() =>
      applyOperations(state, request.ops, (name) => this.data.declaration(name) !== undefined),
    );
    this.data.checkTouched(true);
    return this.committed();
  }

  read(name: string): Reply {
    if (!this.data.has(name)) throw stateError(`this panel has no state or computed value called ${name}`);
    this.showMoment();
    const value = this.data.read(name);
    return {
      status: "done",
      value: value === undefined ? null : toJson(value, name, { ...this.conversion, lenient: true }),
    };
  }

  /** The whole view, or what changed since the host was last told. */
  show(whole: boolean): Reply {
    this.showMoment();
    const patch = whole ? null : this.view.patch();
    if (patch === null) return { status: "done", treeText: this.view.tree() };
    return patch === "" ? { status: "done" } : { status: "done", patchText: patch };
  }

  errorOf(error: unknown): ErrorInfo {
    return errorInfo(error, this.code);
  }

  // --- inside --------------------------------------------------------------------------------------------

  private begin(id: number, tool: string, clock: number, seed: number, hook: number | null = null): void {
    if (this.calls.has(id)) throw new PanelError("Error", "DUPLICATE_CALL", `call ${id} is already running`);
    this.begun = true;
    const call = new Call(id, tool, seed, this.handlers.isAtomic(tool, hook));
    this.calls.set(id, call);
    this.enter(call, clock);
  }

  private enter(call: Call, clock: number): void {
    setClock(clock);
    this.shownClock = clock;
    this.shownSeed = call.seed;
    present.source = call;
    this.handlers.current = call;
    if (call.atomic) this.reopen(call);
  }

  /** An atomic call goes on where it was, unless others have changed what it used. */
  private reopen(call: Call): void {
    const { state } = this.data;
    const open = call.open;
    call.open = null;
    for (const [name, commits] of open?.used ?? []) {
      if (state.committed(name) === commits) continue;
      const text = `state ${name} was changed by others while ${call.named}, which is atomic, was waiting`;
      throw new PanelError("ConflictError", "CONFLICT", text, "run it again");
    }
    if (open !== null) state.reopen(open.journal);
    state.used = new Set(open?.used.keys());
  }

  private waiting(call: Call): Reply {
    const wishes: Reply = { status: "waiting", calls: call.takeOutbox(), timer: call.nextTimer };
    if (!call.atomic) {
      this.data.checkTouched();
      return { ...this.committed(call), ...wishes };
    }
    const { state } = this.data;
    const used = new Map([...(state.used ?? [])].map((name) => [name, state.committed(name)]));
    call.open = { journal: state.suspend(), used };
    this.keepMoment();
    call.tell(wishes, "waits");
    return wishes;
  }

  private startTool(name: string, values: Given): void {
    const call = this.handlers.current as Call;
    const tool = this.handlers.tool(name);
    this.data.state.writable = true;
    this.handlers.start(call, tool, values);
  }

  private committed(call?: Call): Reply {
    const { ops, inverse } = this.data.state.commit();
    const reply: Reply = { status: "done" };
    if (ops.length > 0) {
      reply.ops = ops as GuestReply["ops"];
      reply.inverse = inverse as GuestReply["inverse"];
      this.revision = { clock: this.shownClock, seed: this.shownSeed };
    } else this.keepMoment();
    call?.tell(reply, "commits");
    return reply;
  }

  /** A step that changed nothing makes no revision: what is shown is still the last one. */
  private keepMoment(): void {
    this.shownClock = this.revision.clock;
    this.shownSeed = this.revision.seed;
  }

  /** Expressions read the clock and seed of the revision being shown. */
  private showMoment(): void {
    setClock(this.shownClock);
    this.view.seed = this.shownSeed;
  }

  private evaluate(index: number): unknown {
    const source = present.source;
    present.source = new PlacedSource(this.shownSeed, index, "");
    try {
      return this.view.evaluate(index, EMPTY, undefined);
    } finally {
      present.source = source;
    }
  }
}

function frozenCopy<T extends Json>(value: T): T {
  const freeze = (item: Json): void => {
    if (typeof item === "object" && item !== null)
      for (const inner of Object.values(Object.freeze(item))) freeze(inner);
  };
  const copy = toJson(value, "$event") as T;
  freeze(copy);
  return copy;
}
