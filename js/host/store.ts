/**
 * A panel in the page: what the kernel last said, what this page waits for, and who wants to know.
 * One store a model, shared by all its views; made when the model is, ended by its signal.
 */
import type { Consent, ConsentEnded, ErrorInfo, HookState } from "../generated/protocol";
import type {
  Call,
  Connection,
  DispatchOptions,
  NodeStatus,
  PanelHost,
  PanelState,
  Turn,
} from "../render/host";
import { Again } from "./again";
import { Beside } from "./beside";
import { Calls, type Outcome } from "./calls";
import { type Channel, openChannel } from "./comm";
import { afterwards, type Decision } from "./consent";
import { type Can, type JsonObject, type Received, readSaved } from "./messages";
import type { WidgetModel } from "./model";
import { makeClientName, readMoment } from "./moment";
import { type Numbered, Outbox } from "./outbox";
import { Questions } from "./questions";
import { repaint } from "./repaint";
import type { Guest } from "./replica";
import { Sight } from "./sight";
import { addToast, readToast } from "./toasts";
import { Topics } from "./topics";
import { EMPTY_VIEW, layOut, type View, type ViewNode } from "./view";

/** The protocol of `nexus_jupyter/protocol/` that this page speaks. */
export const PROTOCOL = 1;
/** Milliseconds without an answer to hello after which the page says so, and says hello again. */
export const HELLO_TIMEOUT = 5_000;

function failed(hooks: readonly HookState[]): PanelState["hookErrors"] {
  return hooks.flatMap(({ hook, error }) => (error ? [[hook, error] as const] : []));
}

const IDLE: NodeStatus = { pending: null, error: null };
const PANEL = "panel";
/** Where errors of undo and redo stand: at no node of a view, so with the panel as a whole. */
const HISTORY = "\u0000history";
/**
 * Of a call that gave way to a newer one there is nothing to say: the newer one shows what becomes of it.  And a key that
 * is held down asks once more than there is something to undo.
 */
const SILENT = new Set(["SUPERSEDED", "NOTHING_TO_UNDO", "NOTHING_TO_REDO"]);
const TURNED: { readonly [turn in Turn]: string } = { undo: "Undone.", redo: "Redone." };

function localError(code: string, message: string): ErrorInfo {
  return { code, name: "Error", message, hint: "", line: 0, column: 0, stack: "", allowed: null, used: null };
}

/** Starts a guest for a panel in this page. */
export type Seat = (model: WidgetModel, signal: AbortSignal, near: boolean) => Promise<Guest>;

export class PanelStore implements PanelHost {
  readonly client = makeClientName();
  #channel: Channel;
  #outbox: Outbox;
  /** The panel as it runs in this page; null where none can. */
  #beside: Beside | null = null;
  #topics = new Topics();
  #calls: Calls;
  #view: View = EMPTY_VIEW;
  #rev = 0;
  #seq = 0;
  #toastCount = 0;
  /** Whether what is shown came from the kernel, not from what the model was saved with. */
  #synced = false;
  #resyncing = false;
  readonly #greeting = new Again(() => {
    if (this.#panel.connection === "connecting") this.#connect("silent");
    return this.#greet();
  });
  /** Whether hello asked for the program, too. */
  #asksProgram = false;
  /** The document of the view that the model was saved with; null when it had none, or one with problems. */
  #saved: number | null = null;
  #statuses = new Map<string, NodeStatus>();
  #errors = new Map<string, ErrorInfo>();
  #ownErrors = new Set<number>();
  #sight = new Sight((shown) => this.#channel.send({ kind: "sight", client: this.client, shown }));
  #questions = new Questions();
  #panel: PanelState = {
    title: "",
    rev: 0,
    ready: false,
    root: null,
    problems: [],
    strayErrors: [],
    hookErrors: [],
    toasts: [],
    question: null,
    visitor: false,
    consent: null,
    consentNote: "",
    canUndo: false,
    canRedo: false,
    turned: "",
    here: false,
    overdue: 0,
    connection: "connecting",
    closedReason: "",
  };

  /**
   * Shows the model's `_snapshot` at once, if it has one, and says hello to the kernel.  With a `seat` the panel also runs in
   * this page, and shows at once what an event is expected to do.
   */
  constructor(model: WidgetModel, signal: AbortSignal, seat: Seat | null = null) {
    this.#calls = new Calls((node) => this.#refreshStatus(node));
    this.#channel = openChannel(model, (message) => this.#receive(message), signal);
    this.#outbox = new Outbox(
      this.client,
      (message) => this.#channel.send(message),
      () => this.#hello(),
    );
    if (seat) this.#beside = this.#runBeside((near) => seat(model, signal, near));
    signal.addEventListener("abort", () => this.#end(), { once: true });
    const saved = readSaved(model.get("_snapshot"));
    if (saved?.kind === "snapshot") {
      this.#show(saved.tree, saved.rev, saved.title);
      if (this.#view.problems.length === 0) this.#saved = saved.document;
    }
    if (!signal.aborted) this.#hello();
  }

  // --- for the renderer --------------------------------------------------------------------------

  subscribePanel(listener: () => void): () => void {
    return this.#topics.subscribe(PANEL, listener);
  }

  panel(): PanelState {
    return this.#panel;
  }

  subscribeNode(key: string, listener: () => void): () => void {
    return this.#topics.subscribe(`node ${key}`, listener);
  }

  node(key: string): ViewNode | undefined {
    return this.#view.nodes.get(key);
  }

  subscribeStatus(node: string, listener: () => void): () => void {
    return this.#topics.subscribe(`status ${node}`, listener);
  }

  status(node: string): NodeStatus {
    return this.#statuses.get(node) ?? IDLE;
  }

  /** A view of the panel is in the page; the returned function takes it out. */
  showIn(place: Element): () => void {
    return this.#sight.add(place);
  }

  attend(view: string): void {
    this.#questions.attended = view;
  }

  /** Listeners that have not left; 0 after the last view is gone. */
  get listeners(): number {
    return this.#topics.size;
  }

  /** Whether the panel in this page is about to show something else. */
  get busy(): boolean {
    return this.#beside?.busy ?? false;
  }

  /** How many of its events have no answer yet. */
  get expected(): number {
    return this.#outbox.size;
  }

  dispatch(node: string, event: string, detail: JsonObject = {}, options: DispatchOptions = {}): Call {
    this.#seq += 1;
    const seq = this.#seq;
    if (options.ownErrors) this.#ownErrors.add(seq);
    else this.dismissError(node);
    this.dismissConsentNote();
    const done = this.#calls.open(seq, node);
    this.#questions.made(seq);
    const happening = { seq, node, name: event, detail, ...readMoment() };
    if (this.#tell({ kind: "event", client: this.client, ...happening, base: this.#rev }))
      this.#beside?.predict(happening);
    return { seq, done };
  }

  /** Tells the kernel, or ends the call with the reason. */
  #tell(message: Numbered): boolean {
    const closed = this.#panel.connection === "closed";
    if (!closed && this.#outbox.send(message)) return true;
    const text = closed
      ? "This panel has ended. Run its cell again to use it."
      : "The kernel cannot be reached. Run this cell again.";
    this.#settle(message.seq, { error: localError("NOT_CONNECTED", text) });
    return false;
  }

  wake(): void {
    this.#beside?.wake();
  }

  cancel(seq: number): void {
    if (!this.#calls.has(seq)) return;
    this.#calls.update(seq, { cancelling: true });
    if (!this.#channel.send({ kind: "cancel", client: this.client, seq })) {
      this.#settle(seq, { error: localError("NOT_CONNECTED", "The kernel cannot be reached any more.") });
    }
  }

  answer(seq: number, yes: boolean): void {
    if (!this.#questions.take(seq)) return;
    this.#ask();
    const sent = this.#channel.send({ kind: "confirm_answer", client: this.client, seq, yes });
    if (!sent)
      this.#settle(seq, { error: localError("NOT_CONNECTED", "The kernel cannot be reached any more.") });
    else if (yes) this.#calls.update(seq, { asking: false });
    else this.#settle(seq, { error: null });
  }

  dismissHookError(hook: string): void {
    this.#update({ hookErrors: this.#panel.hookErrors.filter(([name]) => name !== hook) });
  }

  turn(turn: Turn): void {
    if (!(turn === "undo" ? this.#panel.canUndo : this.#panel.canRedo)) return;
    this.#seq += 1;
    const seq = this.#seq;
    this.dismissError(HISTORY);
    this.#update({ turned: "" });
    this.#calls.open(seq, HISTORY).then(({ error }) => {
      if (!error) this.#update({ turned: TURNED[turn] });
    });
    this.#tell({ kind: turn, client: this.client, seq });
  }

  dismissError(node: string): void {
    if (!this.#errors.delete(node)) return;
    this.#refreshStatus(node);
    this.#refreshStray();
  }

  dismissToast(id: number): void {
    this.#update({ toasts: this.#panel.toasts.filter((toast) => toast.id !== id) });
  }

  decide(id: string, decision: Decision): boolean {
    if (this.#panel.consent?.id !== id || this.#panel.connection === "closed") return false;
    return this.#channel.send({ kind: "consent_answer", client: this.client, id, decision });
  }

  dismissConsentNote(): void {
    if (this.#panel.consentNote) this.#update({ consentNote: "" });
  }

  // --- from the kernel ---------------------------------------------------------------------------

  #receive(message: Received): void {
    if (this.#panel.connection === "closed") return;
    this.#connect("live");
    switch (message.kind) {
      case "snapshot":
        // every page of the panel hears the answer to one
        if (message.shown && !(this.#panel.ready && this.#rev === message.rev)) break;
        this.#greeting.stop();
        this.#resyncing = false;
        this.#asked(message.consent);
        this.#sight.ask(message.sight);
        this.#outbox.again();
        // What the model was saved with may be of another life of the panel: the first answer wins over it.
        if (this.#synced && message.rev < this.#rev) break;
        this.#synced = true;
        this.#update({ visitor: message.visitor, hookErrors: failed(message.hooks) });
        // what this page has not heard of cannot be what it expects
        if (message.rev > this.#rev) this.#beside?.end();
        if (!message.visitor) this.#beside?.renew(message.document, message.rev, this.#asksProgram);
        if (!this.#beside?.shown && !message.shown) this.#show(message.tree, message.rev, message.title);
        this.#can(message.can);
        break;
      case "commit":
        this.#commit(message.rev, message.patch, message.tree);
        if (message.rev === this.#rev) this.#can(message.can);
        this.#beside?.commit(message);
        break;
      case "program":
        if (message.client === this.client) this.#beside?.take(message, this.#rev);
        break;
      case "missed":
        if (message.client === this.client) this.#outbox.missed(message.seq);
        break;
      case "started":
        if (message.client !== this.client) break;
        this.#outbox.heard(message.seq);
        this.#calls.update(message.seq, { tool: message.tool, queued: message.queued, asking: false });
        break;
      case "confirm":
        if (message.client === this.client && this.#calls.has(message.seq)) {
          const { seq, question } = message;
          this.#outbox.heard(seq);
          this.#calls.update(seq, { asking: true });
          this.#questions.ask(seq, question);
          this.#ask();
        }
        break;
      case "hook":
        this.dismissHookError(message.hook);
        this.#update({ hookErrors: [...this.#panel.hookErrors, ...failed([message])] });
        break;
      case "progress": {
        const { done, total, text } = message;
        if (message.client === this.client)
          this.#calls.update(message.seq, { progress: { done, total, text } });
        break;
      }
      case "result":
      case "reject":
        if (message.client === this.client) {
          this.#beside?.settle(message.seq, message.rev);
          this.#settle(message.seq, { error: message.error });
        }
        break;
      case "emitted": {
        const known = message.event === "toast" || message.event === "notify";
        const toast = known ? readToast(this.#toastCount + 1, message.payload) : null;
        if (!toast) break;
        this.#toastCount += 1;
        this.#update({ toasts: addToast(this.#panel.toasts, toast) });
        break;
      }
      case "consent":
        this.#asked(message);
        break;
      case "consent_ended":
        this.#answered(message);
        break;
      case "closed":
        this.#update({ connection: "closed", closedReason: message.reason, consent: null });
        this.#stop();
        break;
    }
  }

  #can({ canUndo, canRedo }: Can): void {
    if (canUndo !== this.#panel.canUndo || canRedo !== this.#panel.canRedo)
      this.#update({ canUndo, canRedo });
  }

  /** The request that is open.  Only the kernel opens one: what a notebook was saved with is never looked at for it. */
  #asked(consent: Consent | null): void {
    if (consent?.id === this.#panel.consent?.id) return;
    this.#update(consent ? { consent, consentNote: "" } : { consent });
  }

  #answered({ id, outcome }: ConsentEnded): void {
    const { consent } = this.#panel;
    if (consent?.id !== id) return;
    this.#update({ consent: null, consentNote: afterwards(outcome, consent.tool) });
    if (outcome !== "once" && outcome !== "panel") return;
    const denied = (error: ErrorInfo) => error.code === "CAPABILITY_DENIED";
    this.#update({ hookErrors: this.#panel.hookErrors.filter(([, error]) => !denied(error)) });
    for (const [node, error] of this.#errors) if (denied(error)) this.dismissError(node);
  }

  #ask(): void {
    const { first: question } = this.#questions;
    if (question !== this.#panel.question) this.#update({ question });
  }

  /** Commits in order; an old one is passed by, a gap that no tree closes asks for a snapshot. */
  #commit(rev: number, patch: unknown, tree: unknown): void {
    if (this.#synced && rev <= this.#rev) return;
    if (this.#beside?.shown && rev === this.#rev + 1) {
      this.#rev = rev; // the replica shows what it means
      this.#update({ rev });
    } else if (tree !== null) {
      this.#synced = true;
      this.#show(tree, rev);
    } else if (this.#resyncing) {
      // the snapshot that was asked for has it
    } else if (!this.#synced || rev !== this.#rev + 1) {
      this.#resync();
    } else if (patch === null) {
      this.#rev = rev;
      this.#update({ rev });
    } else {
      const repainted = repaint(patch, this.#view);
      if (repainted) this.#draw(repainted, rev, this.#panel.title);
      else this.#resync();
    }
  }

  #resync(): void {
    this.#resyncing = true;
    this.#beside?.end();
    this.#hello();
  }

  #runBeside(start: (near: boolean) => Promise<Guest>): Beside {
    return new Beside(this.client, start, (message) => this.#channel.send(message), {
      shows: (rev) => this.#synced && !this.#resyncing && rev === this.#rev,
      here: (here) => {
        if (!here) this.#calls.unexpect();
        this.#update({ here });
      },
      paint: (patch, tree) => {
        const painted = tree === null ? repaint(patch, this.#view) : layOut(tree, this.#view);
        if (painted) this.#draw(painted, this.#rev, this.#panel.title);
        else this.#resync();
      },
      expects: (seq, whole) => this.#calls.update(seq, { expected: whole }),
      lost: () => this.#resync(),
    });
  }

  #show(tree: unknown, rev: number, title = this.#panel.title): void {
    this.#draw(layOut(tree, this.#view), rev, title);
  }

  #draw({ view, changed }: { view: View; changed: readonly string[] }, rev: number, title: string): void {
    this.#view = view;
    this.#rev = rev;
    for (const key of changed) this.#topics.notify(`node ${key}`);
    this.#update({
      title,
      rev,
      ready: true,
      root: view.root,
      problems: view.problems,
      strayErrors: this.#strayErrors(),
    });
  }

  #settle(seq: number, outcome: Outcome): void {
    const node = this.#calls.settle(seq, outcome);
    this.#outbox.done(seq);
    const own = this.#ownErrors.delete(seq);
    if (this.#questions.ended(seq)) this.#ask();
    if (node === null || own || !outcome.error || SILENT.has(outcome.error.code)) return;
    this.#errors.set(node, outcome.error);
    this.#refreshStatus(node);
    this.#refreshStray();
  }

  #settleAll(): void {
    this.#calls.settleAll({ error: localError("CLOSED", "The panel ended before the call did.") });
    this.#questions.clear();
    this.#ask();
  }

  // --- connection --------------------------------------------------------------------------------

  /** Says hello, and again after ever longer times until the snapshot is there. */
  #hello(): void {
    this.#greeting.stop();
    if (this.#greet()) this.#greeting.start(HELLO_TIMEOUT, 2 * HELLO_TIMEOUT);
    else if (!this.#synced) this.#connect("silent");
  }

  #greet(): boolean {
    // what the model was saved with is still what is shown
    const rev = this.#synced || this.#saved === null ? null : this.#rev;
    const program = this.#beside?.wants ?? false;
    this.#asksProgram = program;
    this.#outbox.ask();
    const { client } = this;
    return this.#channel.send({
      ...{ kind: "hello", client, protocol: PROTOCOL, rev, document: this.#saved ?? 0, program },
    });
  }

  #connect(connection: Connection): void {
    if (this.#panel.connection !== connection) this.#update({ connection });
  }

  #end(): void {
    this.#greeting.stop();
    this.#stop();
    if (this.#panel.connection !== "closed") {
      this.#update({ connection: "closed", closedReason: "Its widget was closed.", consent: null });
    }
  }

  #stop(): void {
    this.#sight.stop();
    this.#settleAll();
    this.#outbox.end();
    this.#beside?.end();
  }

  // --- news --------------------------------------------------------------------------------------

  #update(part: Partial<PanelState>): void {
    this.#panel = { ...this.#panel, ...part };
    this.#topics.notify(PANEL);
  }

  #refreshStatus(node: string): void {
    const { overdue } = this.#calls;
    if (overdue !== this.#panel.overdue) this.#update({ overdue });
    const pending = this.#calls.shown(node);
    const error = this.#errors.get(node) ?? null;
    const old = this.status(node);
    if (old.pending === pending && old.error === error) return;
    if (pending || error) this.#statuses.set(node, { pending, error });
    else this.#statuses.delete(node);
    this.#topics.notify(`status ${node}`);
  }

  #strayErrors(): PanelState["strayErrors"] {
    const stray = [...this.#errors].filter(([node]) => !this.#view.ids.has(node));
    const old = this.#panel.strayErrors;
    const same =
      stray.length === old.length &&
      stray.every(([node, error], i) => old[i]?.[0] === node && old[i]?.[1] === error);
    return same ? old : stray;
  }

  #refreshStray(): void {
    const strayErrors = this.#strayErrors();
    if (strayErrors !== this.#panel.strayErrors) this.#update({ strayErrors });
  }
}
