import type { ClientMessage } from "../generated/protocol";
import { isObject, own, type Received, readMessage } from "./messages";
import type { WidgetModel } from "./model";
import { Unpacking } from "./unpacking";

/** A typed way to the kernel over a model's comm. */
export interface Channel {
  /** False when the message could not be handed over (the comm is gone). */
  send(message: ClientMessage): boolean;
}

/** Opens the channel; it ends with `signal`.  Messages of others on the same comm are passed by. */
export function openChannel(
  model: WidgetModel,
  receive: (message: Received) => void,
  signal: AbortSignal,
): Channel {
  const unpacking = new Unpacking((content) => {
    if (signal.aborted) return;
    // What one turn of the panel brought comes as one message of the comm.
    const batch = isObject(content) && own(content, "kind") === "batch" ? own(content, "messages") : null;
    for (const each of Array.isArray(batch) ? batch : [content]) {
      const message = readMessage(each);
      if (message) receive(message);
    }
  });
  const listen = (content: unknown): void => unpacking.put(content);
  if (!signal.aborted) {
    model.on("msg:custom", listen);
    signal.addEventListener("abort", () => model.off("msg:custom", listen), { once: true });
  }
  return {
    send(message) {
      if (signal.aborted) return false;
      try {
        const sent = model.send(message);
        // A comm may answer with a promise; its failure must not become an unhandled rejection.
        if (sent instanceof Promise) sent.catch(() => undefined);
        return true;
      } catch {
        return false;
      }
    },
  };
}
