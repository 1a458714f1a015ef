/**
 * What a notebook keeps of a panel is to be the panel as it was when the notebook was saved, not as it was when its cell ran.
 * A notebook is written at once, so the kernel is asked before: whenever the panel has changed and then rested.
 */
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import { isObject } from "./shape";

/** Milliseconds of rest. */
const REST = 400;
/** Milliseconds in which the kernel says whether the cell's output is of the panel as it is. */
const BEGINNING = 3_000;

/** What to keep, by MIME type. */
export type Kept = { readonly [mime: string]: unknown };

export class Keeping {
  /** The last answer. */
  latest: Kept | null = null;
  readonly #kernel: Kernel.IKernelConnection;
  readonly #model: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether an answer is waited for: a busy kernel is asked once. */
  #asked = false;
  /** Whether the panel has changed since it was asked. */
  #changed = false;

  /** Of the panel whose widget has this model. */
  constructor(kernel: Kernel.IKernelConnection, model: string) {
    this.#kernel = kernel;
    this.#model = model;
    kernel.iopubMessage.connect(this.#receive, this);
    this.#rest(BEGINNING);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#kernel.iopubMessage.disconnect(this.#receive, this);
  }

  #receive(_: unknown, message: KernelMessage.IIOPubMessage): void {
    if (message.header.msg_type !== "comm_msg") return;
    const { comm_id: id, data } = message.content as { comm_id: string; data: unknown };
    const content = id === this.#model && isObject(data) ? data.content : null;
    if (!isObject(content)) return;
    if (content.kind === "batch" && Array.isArray(content.messages))
      this.#heard(content.messages.filter(isObject));
    else if (content.kind === "kept" && isObject(content.data)) {
      this.latest = content.data;
      this.#asked = false;
      if (this.#changed) this.#rest();
    }
  }

  #heard(messages: readonly { readonly [key: string]: unknown }[]): void {
    if (messages.some(({ kind }) => kind === "commit")) this.#rest();
    else if (messages.some(({ kind, rev, displayed }) => kind === "snapshot" && rev === displayed)) {
      this.#changed = false;
      clearTimeout(this.#timer);
    }
  }

  #rest(pause = REST): void {
    this.#changed = true;
    clearTimeout(this.#timer);
    if (!this.#asked) this.#timer = setTimeout(() => this.#ask(), pause);
  }

  #ask(): void {
    this.#asked = true;
    this.#changed = false;
    say(this.#kernel, this.#model, { kind: "kept" });
  }
}

/** Says something to a widget's model in the kernel; in a subshell, or where its cells run. */
export function say(
  kernel: Kernel.IKernelConnection,
  model: string,
  content: object,
  method = "custom",
  subshell: string | null = null,
): void {
  if (kernel.isDisposed || kernel.status === "dead") return;
  const data = method === "custom" ? { method, content } : { method };
  kernel.sendShellMessage(
    KernelMessage.createMessage<KernelMessage.ICommMsgMsg<"shell">>({
      ...{ msgType: "comm_msg", channel: "shell", username: kernel.username, session: kernel.clientId },
      ...{ subshellId: subshell, content: { comm_id: model, data } as KernelMessage.ICommMsgMsg["content"] },
    }),
    false,
    true,
  );
}
