/**
 * A guest in a Worker of its own.  `terminate` is its deadline: a step that does not end in time ends with the Worker, and
 * the panel's guest is made again from the committed state (a new one, and `load` with `state`).
 */
import type { GuestReply, GuestRequest } from "../generated/protocol";
import { isObject } from "../host/json";
import { setDeadline } from "./deadline";
import { closed, faulty, GuestFailure, lossOf, sizeExceeded, timeExceeded } from "./failure";
import { GuestUnavailable, type Launcher, launcher, type Way } from "./launch";
import { type GuestLimits, limitsWith } from "./limits";
import { compilation, type GuestBytes, type LossReason } from "./machine";
import { bytesOf, endingError, readReply, requestText } from "./reply";
import type { Matter, ToWorker } from "./wire";
import { CallZones } from "./zone";

export interface GuestOptions {
  readonly limits?: Partial<GuestLimits>;
  /** Ends the guest. */
  readonly signal?: AbortSignal;
  /** Is told each reply as the guest wrote it. */
  readonly heard?: (reply: string) => void;
  readonly launcher?: Launcher;
}

interface Ticket {
  readonly request: GuestRequest;
  readonly text: string;
  readonly timeout: number;
  readonly over: AbortController;
  resolve(reply: GuestReply): void;
  reject(failure: GuestFailure): void;
}

/** WebAssembly is ready within this many milliseconds after the Worker's hello, on a busy machine, too. */
const COMPILING = 60_000;

export class GuestWorker {
  /** How its Worker was started. */
  readonly way: Way;
  readonly limits: GuestLimits;
  readonly #worker: Worker;
  readonly #heard: (reply: string) => void;
  /** Aborted when the guest has ended. */
  readonly #end = new AbortController();
  readonly #zones = new CallZones();
  /** What the Worker has been asked and has not answered. */
  #flight: Ticket[] = [];
  #memory = 0;

  private constructor(worker: Worker, way: Way, limits: GuestLimits, options: GuestOptions) {
    this.way = way;
    this.limits = limits;
    this.#worker = worker;
    this.#heard = options.heard ?? (() => undefined);
    const listening = { signal: this.#end.signal };
    worker.addEventListener("message", ({ data }) => this.#receive(data), listening);
    worker.addEventListener("messageerror", () => this.#fault("its message cannot be read"), listening);
    worker.addEventListener(
      "error",
      (event) => {
        event.preventDefault();
        this.#fault(event.message);
      },
      listening,
    );
    options.signal?.addEventListener("abort", () => this.end(), listening);
    if (options.signal?.aborted) this.end();
  }

  /**
   * A guest that has no panel yet: its first request is to be `load`.
   * Throws `GuestUnavailable`: none can run in this page; or the reason of the signal.
   */
  static async start(bytes: GuestBytes, options: GuestOptions = {}): Promise<GuestWorker> {
    const limits = limitsWith(options.limits);
    const signal = options.signal ?? new AbortController().signal;
    const { worker, way } = await (options.launcher ?? launcher).launch(signal);
    try {
      await prepared(worker, { matter: await matterFor(way, bytes, limits.memory), limits }, signal);
    } catch (error) {
      worker.terminate();
      signal.throwIfAborted();
      throw new GuestUnavailable([`${way}: ${error instanceof Error ? error.message : String(error)}`]);
    }
    return new GuestWorker(worker, way, limits, options);
  }

  /** Whether it takes requests.  After a passed limit or `end` it never does again. */
  get alive(): boolean {
    return !this.#end.signal.aborted;
  }

  /** Bytes of its memory after the last reply. */
  get memorySize(): number {
    return this.#memory;
  }

  /**
   * One step, after those that were asked for before it; `timeout` in milliseconds.  Each `load` begins in a fresh memory:
   * it is the way back to a committed state, too.
   *
   * A reply with status `failed` leaves the guest as it was.  Rejects with a `GuestFailure`; one that is `lost` means that
   * the guest is gone, and with it fail all requests that wait.
   */
  request(request: GuestRequest, { timeout }: { timeout?: number } = {}): Promise<GuestReply> {
    const text = requestText(request);
    const size = bytesOf(text, this.limits.request);
    const allowed = timeout ?? (request.op === "load" ? this.limits.load : this.limits.step);
    return new Promise((resolve, reject) => {
      if (!this.alive) reject(new GuestFailure(closed(), true));
      else if (size > this.limits.request)
        reject(new GuestFailure(sizeExceeded("request", size, this.limits.request), false));
      else {
        this.#post({ request, text, timeout: allowed, over: new AbortController(), resolve, reject });
      }
    });
  }

  /** Frees the Worker; requests that wait are rejected.  More than once is fine. */
  end(): void {
    this.#lose(new GuestFailure(closed(), true));
  }

  /** Hands a request to the Worker, which answers in order: what is asked in one go is answered in one go. */
  #post(ticket: Ticket): void {
    const message: ToWorker = {
      request: ticket.text,
      zone: this.#zones.of(ticket.request),
      fresh: ticket.request.op === "load",
    };
    this.#worker.postMessage(message);
    if (this.#flight.push(ticket) === 1) this.#time(ticket);
  }

  /** The time of the first of them runs. */
  #time({ timeout, over }: Ticket): void {
    setDeadline(timeout, over.signal, (elapsed) =>
      this.#lose(new GuestFailure(timeExceeded(elapsed, timeout), true)),
    );
  }

  /** A message of the Worker, whose script is ours and whose words are the guest's. */
  #receive(data: unknown): void {
    const ticket = this.#flight[0];
    if (ticket === undefined || !isObject(data)) {
      this.#fault("it spoke without being asked");
      return;
    }
    try {
      const reply = this.#read(data);
      this.#zones.note(ticket.request, reply);
      this.#flight.shift();
      ticket.over.abort();
      ticket.resolve(reply);
    } catch (error) {
      if (error instanceof GuestFailure) this.#lose(error);
      else this.#fault(String(error));
    }
    const [next] = this.#flight;
    if (next !== undefined) this.#time(next);
  }

  /** The reply in a message.  Throws a `GuestFailure` when it is none, or one that ends the guest. */
  #read({ reply: text, memory, lost, detail, used }: { [key: string]: unknown }): GuestReply {
    if (typeof lost === "string") {
      const amount = typeof used === "number" ? used : null;
      throw new GuestFailure(lossOf(lost as LossReason, String(detail), amount, this.limits), true);
    }
    if (typeof text !== "string" || typeof memory !== "number")
      throw new GuestFailure(faulty("an impossible answer"), true);
    this.#memory = memory;
    const size = bytesOf(text, this.limits.reply);
    if (size > this.limits.reply)
      throw new GuestFailure(sizeExceeded("reply", size, this.limits.reply), true);
    const reply = readReply(text);
    if (reply === null) throw new GuestFailure(faulty("an impossible answer"), true);
    this.#heard(text);
    const ending = endingError(reply);
    if (ending !== null) throw new GuestFailure(lossOf(ending, "", memory, this.limits), true);
    return reply;
  }

  #fault(detail: string): void {
    this.#lose(new GuestFailure(faulty(detail), true));
  }

  #lose(failure: GuestFailure): void {
    if (!this.alive) return;
    this.#end.abort();
    this.#worker.terminate();
    const tickets = this.#flight;
    this.#flight = [];
    for (const ticket of tickets) {
      ticket.over.abort();
      ticket.reject(failure);
    }
  }
}

/** A Worker of the page's own origin gets the page's compiled modules; where the page may compile none, it says itself why. */
async function matterFor(way: Way, bytes: GuestBytes, memory: number): Promise<Matter> {
  if (way !== "blob") return { bytes };
  try {
    return { compiled: await compilation(bytes, memory) };
  } catch {
    return { bytes };
  }
}

/** Hands over the guest's modules, and waits until they are compiled. */
function prepared(worker: Worker, message: ToWorker, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  return new Promise<void>((resolve, reject) => {
    const listening = { signal: over.signal };
    setDeadline(COMPILING, over.signal, () => reject(new Error("WebAssembly was not ready in time")));
    signal.addEventListener("abort", () => reject(signal.reason), listening);
    worker.addEventListener("error", (event) => reject(new Error(event.message)), listening);
    worker.addEventListener(
      "message",
      ({ data }) => {
        if (isObject(data) && data.ready === true) resolve();
        else reject(new Error(isObject(data) ? String(data.unable) : "an impossible answer"));
      },
      listening,
    );
    worker.postMessage(message);
  }).finally(() => over.abort());
}
