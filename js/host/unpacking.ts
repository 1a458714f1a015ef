/** Messages that the kernel packed; see `nexus_jupyter/protocol/packing.py`. */
import { isObject, own } from "./json";

/** What is packed in the message, or null when it is a message itself. */
function packedIn(content: unknown): string | null {
  const packed = isObject(content) && own(content, "kind") === "packed" ? own(content, "packed") : null;
  return typeof packed === "string" ? packed : null;
}

async function unpack(packed: string): Promise<unknown> {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Response(bytes).body?.pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** Hands messages on in the order in which they come, at once unless one before them is still being unpacked. */
export class Unpacking {
  readonly #take: (content: unknown) => void;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(take: (content: unknown) => void) {
    this.#take = take;
  }

  put(content: unknown): void {
    const packed = packedIn(content);
    if (packed === null && this.#waiting === 0) {
      this.#take(content);
      return;
    }
    this.#waiting += 1;
    // what cannot be unpacked is no message, and no reason to hold the others up
    const message = packed === null ? content : unpack(packed).catch(() => null);
    this.#last = this.#last.then(async () => {
      const unpacked = await message;
      this.#waiting -= 1;
      try {
        this.#take(unpacked);
      } catch (error) {
        reportError(error);
      }
    });
  }
}
