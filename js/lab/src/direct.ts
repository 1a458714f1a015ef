/**
 * Panels of a kernel that was busy before this page came.  JupyterLab gets no widgets from such a kernel until it is idle,
 * because it asks on the shell that the running cell occupies.  A subshell that we have made by the control channel answers
 * at once, and a panel's model needs no more than messages.
 */
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import type { WidgetModel } from "../../host/model";
import { say } from "./keeping";
import { isObject } from "./shape";

/** Milliseconds until a kernel has answered: one without subshells, or without the panel, says nothing. */
const PATIENCE = 30_000;

type Listener = (content: unknown, buffers: readonly unknown[]) => void;
type Send = (content: object) => void;

/** A panel's model, as far as the page's bundle uses one. */
export class DirectModel implements WidgetModel {
  readonly #send: Send;
  readonly #state: { readonly [name: string]: unknown };
  readonly #listeners = new Set<Listener>();
  readonly #end = new AbortController();

  constructor(state: { readonly [name: string]: unknown }, send: Send) {
    this.#state = state;
    this.#send = send;
  }

  /** Aborted when the kernel has it no more. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  end(): void {
    this.#end.abort();
    this.#listeners.clear();
  }

  get(name: string): unknown {
    return this.#state[name];
  }

  send(content: unknown): void {
    if (!this.ended.aborted && isObject(content)) this.#send(content);
  }

  on(event: string, callback: (...args: never[]) => void): void {
    if (event === "msg:custom") this.#listeners.add(callback as Listener);
  }

  off(_event: string, callback: (...args: never[]) => void): void {
    this.#listeners.delete(callback as Listener);
  }

  /** What the kernel said. */
  receive(content: unknown, buffers: readonly unknown[]): void {
    for (const listener of [...this.#listeners]) listener(content, buffers);
  }
}

/** The models that were reached in one kernel; ended with its connection, or when it starts anew. */
export class DirectKernel {
  readonly #kernel: Kernel.IKernelConnection;
  readonly #changed: () => void;
  readonly #models = new Map<string, DirectModel>();
  readonly #asked = new Set<string>();
  readonly #subshell: Promise<string>;

  /** `changed` is called when a model was reached or has ended. */
  constructor(kernel: Kernel.IKernelConnection, changed: () => void) {
    this.#kernel = kernel;
    this.#changed = changed;
    kernel.iopubMessage.connect(this.#receive, this);
    this.#subshell = this.#ownSubshell();
    this.#subshell.catch(() => undefined); // each who waits for it is told
  }

  model(id: string): DirectModel | undefined {
    return this.#models.get(id);
  }

  /** Asks the kernel for a model, once; it may have none. */
  reach(id: string): void {
    if (this.#asked.has(id)) return;
    this.#asked.add(id);
    this.#say(id, {}, "request_state");
  }

  end(): void {
    this.#kernel.iopubMessage.disconnect(this.#receive, this);
    for (const id of [...this.#models.keys()]) this.#lose(id);
  }

  #lose(id: string): void {
    const model = this.#models.get(id);
    if (!model) return;
    this.#models.delete(id);
    model.end();
    this.#changed();
  }

  #receive(_: unknown, message: KernelMessage.IIOPubMessage): void {
    const type = message.header.msg_type;
    if (type !== "comm_msg" && type !== "comm_close") return;
    const { comm_id: id, data } = message.content as { comm_id: string; data: unknown };
    if (!this.#asked.has(id)) return;
    if (type === "comm_close") this.#lose(id);
    if (type === "comm_close" || !isObject(data)) return;
    const model = this.#models.get(id);
    if (
      !model &&
      data.method === "update" &&
      isObject(data.state) &&
      typeof data.state._bundle === "string"
    ) {
      this.#models.set(id, new DirectModel(data.state, (content) => this.#say(id, content)));
      this.#changed();
    } else if (data.method === "custom") {
      model?.receive(data.content, message.buffers ?? []);
    }
  }

  /** Messages reach the kernel in order: all wait for the same promise. */
  #say(id: string, content: object, method = "custom"): void {
    void this.#subshell.then(
      (subshell) => say(this.#kernel, id, content, method, subshell),
      () => undefined, // such a kernel is waited for, as JupyterLab does
    );
  }

  /** The subshell that this tab has in the kernel; the one from before a reload, so that none piles up. */
  async #ownSubshell(): Promise<string> {
    const key = `nexus-jupyter subshell ${this.#kernel.id}`;
    const former = sessionStorage.getItem(key);
    if (former !== null) {
      const { subshell_id: all } = await this.#control("list_subshell_request");
      if (Array.isArray(all) && all.includes(former)) return former;
    }
    const { subshell_id: made } = await this.#control("create_subshell_request");
    if (typeof made !== "string") throw new Error("The kernel has no subshells.");
    sessionStorage.setItem(key, made);
    return made;
  }

  async #control(
    type: "list_subshell_request" | "create_subshell_request",
  ): Promise<{ subshell_id?: unknown }> {
    const kernel = this.#kernel;
    const content = {};
    const message = KernelMessage.createMessage<KernelMessage.ICreateSubshellRequestMsg>({
      ...{ msgType: type as "create_subshell_request", channel: "control", username: kernel.username },
      ...{ session: kernel.clientId, content },
    });
    const future = kernel.sendControlMessage(message, true);
    const reply = await Promise.race([
      new Promise<KernelMessage.IControlMessage>((resolve) => {
        future.onReply = resolve;
      }),
      new Promise<never>((_, reject) =>
        setTimeout(() => reject(new Error("The kernel does not answer.")), PATIENCE),
      ),
    ]).finally(() => future.dispose());
    return reply.content as { subshell_id?: unknown };
  }
}
