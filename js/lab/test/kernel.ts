/** A kernel as JupyterLab's connection to it looks: what is sent to it, and what it says. */
import type { Kernel } from "@jupyterlab/services";

interface Message {
  header: { msg_type: string; subshell_id?: string | null };
  channel: string;
  content: { comm_id?: string; data?: { method: string; content?: { kind?: string } } };
}
type Listener = (sender: unknown, message: unknown) => void;

export class SpokenTo {
  readonly id: string;
  readonly username = "";
  readonly clientId = "page";
  status = "busy";
  isDisposed = false;
  readonly sent: Message[] = [];
  /** The subshells that it has; null: it knows of none and says nothing. */
  subshells: string[] | null = [];
  readonly #listeners = new Map<Listener, unknown>();

  constructor(id = `kernel ${Math.random()}`) {
    this.id = id;
  }

  readonly iopubMessage = {
    connect: (listener: Listener, owner: unknown) => this.#listeners.set(listener, owner),
    disconnect: (listener: Listener) => this.#listeners.delete(listener),
  };

  get heard(): number {
    return this.#listeners.size;
  }

  get connection(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }

  say(comm: string, data: unknown, type = "comm_msg"): void {
    const message = { header: { msg_type: type }, content: { comm_id: comm, data }, buffers: [] };
    for (const [listener, owner] of [...this.#listeners]) listener.call(owner, this, message);
  }

  sendShellMessage(message: Message): void {
    this.sent.push(message);
  }

  sendControlMessage(message: Message): { onReply: (reply: unknown) => void; dispose(): void } {
    const future = { onReply: (_: unknown) => {}, dispose: () => {} };
    const { subshells } = this;
    if (subshells === null) return future;
    const listing = message.header.msg_type === "list_subshell_request";
    if (!listing) subshells.push(`subshell ${subshells.length + 1}`);
    const content = { status: "ok", subshell_id: listing ? [...subshells] : subshells.at(-1) };
    setTimeout(() => future.onReply({ content }));
    return future;
  }

  /** What was said to a model: the method or the kind of message, and where. */
  get said(): string[] {
    return this.sent.map(({ header, content }) => {
      const { method, content: inner } = content.data ?? { method: "" };
      return `${content.comm_id} ${inner?.kind ?? method} ${header.subshell_id ?? "main"}`;
    });
  }
}
