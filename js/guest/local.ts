/** A guest on this very thread, which it holds up while it computes and which nothing can stop: for code that is known to end. */
import type { GuestReply, GuestRequest } from "../generated/protocol";
import { closed, faulty, GuestFailure, lossOf, sizeExceeded } from "./failure";
import { type GuestLimits, limitsWith } from "./limits";
import { type GuestBytes, GuestModules, Machine, MachineLost } from "./machine";
import { bytesOf, endingError, readReply, requestText } from "./reply";
import { CallZones, zoneNamed } from "./zone";

export class LocalGuest {
  readonly #limits: GuestLimits;
  readonly #heard: (reply: string) => void;
  readonly #zones = new CallZones();
  readonly #modules: GuestModules;
  #machine: Machine | null;

  private constructor(modules: GuestModules, limits: GuestLimits, heard: (reply: string) => void) {
    this.#modules = modules;
    this.#machine = new Machine(modules);
    this.#limits = limits;
    this.#heard = heard;
  }

  /**
   * A guest that has no panel yet: its first request is to be `load`.  `heard` is told each reply as the guest wrote it.
   * Throws what WebAssembly throws.
   */
  static async start(
    bytes: GuestBytes,
    limits?: Partial<GuestLimits>,
    heard: (reply: string) => void = () => undefined,
  ): Promise<LocalGuest> {
    const whole = limitsWith(limits);
    return new LocalGuest(await GuestModules.compile(bytes, whole), whole, heard);
  }

  get alive(): boolean {
    return this.#machine !== null;
  }

  /** One step; each `load` begins in a fresh memory.  Throws a `GuestFailure`; one that is `lost` means that the guest is gone. */
  request(request: GuestRequest): GuestReply {
    if (this.#machine === null) throw new GuestFailure(closed(), true);
    const text = requestText(request);
    const size = bytesOf(text, this.#limits.request);
    if (size > this.#limits.request)
      throw new GuestFailure(sizeExceeded("request", size, this.#limits.request), false);
    if (request.op === "load" && this.#machine.used) this.#machine = new Machine(this.#modules);
    try {
      return this.#answered(this.#machine, request, text);
    } catch (error) {
      this.end();
      if (!(error instanceof MachineLost)) throw error;
      throw new GuestFailure(lossOf(error.reason, error.message, error.used, this.#limits), true);
    }
  }

  /** Gives its memory back.  More than once is fine. */
  end(): void {
    this.#machine = null;
  }

  #answered(machine: Machine, request: GuestRequest, text: string): GuestReply {
    machine.zoneOffset = zoneNamed(this.#zones.of(request));
    const answer = machine.exchange(text);
    const reply = readReply(answer);
    if (reply === null) throw new GuestFailure(faulty("an impossible answer"), true);
    this.#heard(answer);
    const ending = endingError(reply);
    if (ending !== null) throw new MachineLost(ending, "", machine.memorySize);
    this.#zones.note(request, reply);
    return reply;
  }
}
