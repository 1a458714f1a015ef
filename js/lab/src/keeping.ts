/**
 * What a notebook keeps of a panel is to be the panel as it was when the notebook was saved, not as it was when its cell ran.
 * A notebook is written at once, so the kernel is asked before: whenever the panel has changed and then rested.
 */
import { type Kernel, KernelMessage } from "@jupyterlab/services";
import { isObject } from "./shape";

/** Milliseconds of rest. */
const REST = 400;

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
    this.#rest();
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
    if (content.kind === "batch") this.#rest();
    else if (content.kind === "kept" && isObject(content.data)) {
      this.latest = content.data;
      this.#asked = false;
      if (this.#changed) this.#rest();
    }
  }

  #rest(): void {
    this.#changed = true;
    clearTimeout(this.#timer);
    if (!this.#asked) this.#timer = setTimeout(() => this.#ask(), REST);
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
