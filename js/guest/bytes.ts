/**
 * How the guest's bytes get into a page: looked for in the page, then in the browser's store, then where the JupyterLab
 * extension has them, and at last asked of the kernel over the panel's own comm.  However many panels want them, one asks; if
 * the page has none three seconds later, the others ask as well, so that a kernel that is gone keeps nobody waiting.
 */
import { isObject, own } from "../host/json";
import { keepGuest, type Modules, pure } from "../host/keep";
import type { WidgetModel } from "../host/model";
import { guestHere } from "../host/offer";
import { GUEST_ADDRESS } from "./address";
import type { GuestBytes } from "./machine";

/** How long the second panel waits for the answer to the first one's question; milliseconds. */
const NEXT_ASKS = 3_000;

/** The kernel has another guest than this page's bundle was built with: the two would not mean the same. */
export class OtherGuest extends Error {
  constructor() {
    super("the kernel runs another version of nexus-jupyter than this page; reload the page");
  }
}

class Search {
  readonly found: Promise<GuestBytes>;
  /** Whether there was none in this browser and at no static address. */
  readonly missing: Promise<boolean>;
  /** Whether anyone has asked. */
  asked = false;
  #take!: (bytes: GuestBytes) => void;
  readonly #address: string;

  constructor(address: string) {
    this.#address = address;
    this.found = new Promise((resolve) => {
      this.#take = resolve;
    });
    this.missing = guestHere(address).then((kept) => {
      if (kept !== null) this.#take(bytesOf(kept));
      return kept === null;
    });
  }

  /** From a kernel. */
  take(modules: Modules): void {
    keepGuest(this.#address, modules);
    this.#take(bytesOf(modules));
  }
}

const searches = new Map<string, Search>();

export function bytesOf({ code, image }: Modules): GuestBytes {
  return { code: new Uint8Array(code), image: new Uint8Array(image) };
}

/**
 * The bytes of the guest with this address.  Throws the reason of the signal, or `OtherGuest`; without an answer of the
 * kernel it waits until the signal.
 */
export async function guestBytes(
  model: WidgetModel,
  signal: AbortSignal,
  address: string = GUEST_ADDRESS,
): Promise<GuestBytes> {
  signal.throwIfAborted();
  const search = searches.get(address) ?? new Search(address);
  searches.set(address, search);
  const over = new AbortController();
  const refused = new Promise<never>((_, reject) => {
    const listen = (content: unknown, buffers: unknown): void => {
      if (!isObject(content) || own(content, "kind") !== "guest") return;
      const modules = modulesOf(buffers);
      if (own(content, "address") !== address) reject(new OtherGuest());
      else if (modules !== null) search.take(modules);
    };
    model.on("msg:custom", listen);
    over.signal.addEventListener("abort", () => model.off("msg:custom", listen));
    signal.addEventListener("abort", () => reject(signal.reason), { signal: over.signal });
  });
  void ask(model, search, over.signal);
  try {
    return await Promise.race([search.found, refused]);
  } finally {
    over.abort();
  }
}

async function ask(model: WidgetModel, search: Search, signal: AbortSignal): Promise<void> {
  if (!(await search.missing) || signal.aborted) return;
  const send = (): void => {
    // A comm may throw, or answer with a promise whose failure must not become an unhandled rejection.
    void Promise.resolve()
      .then(() => model.send({ kind: "guest" }))
      .catch(() => undefined);
  };
  if (!search.asked) {
    search.asked = true;
    return send();
  }
  const timer = setTimeout(send, NEXT_ASKS);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/** The two buffers of the kernel's answer. */
function modulesOf(buffers: unknown): Modules | null {
  if (!Array.isArray(buffers)) return null;
  const [code, image] = buffers.map((part: unknown) =>
    part instanceof ArrayBuffer || ArrayBuffer.isView(part) ? pure(part) : null,
  );
  return code && image ? { code, image } : null;
}
