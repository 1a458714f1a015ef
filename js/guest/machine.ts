/**
 * A guest in a memory of its own: text in, text out.  The same two modules as under the kernel's wasmtime, and the same
 * one import.  Nothing here knows where it runs: a Worker, the page's main thread or Node.
 */
import { withMemoryLimit } from "./image";

/** Seconds east of UTC at a moment, in seconds since 1970. */
export type ZoneOffset = (seconds: number) => number;

/** The guest's modules as they were built: its code, and the memory it begins with. */
export interface GuestBytes {
  readonly code: Uint8Array<ArrayBuffer>;
  readonly image: Uint8Array<ArrayBuffer>;
}

/** What a machine may use: bytes of memory and of one reply, promise reactions of one step. */
export interface MachineLimits {
  readonly memory: number;
  readonly reply: number;
  readonly jobs: number;
}

/** Why a machine must not be used again. */
export type LossReason = "memory" | "stack" | "jobs" | "reply" | "fault";

/** `used` is what a passed limit was asked for, in its own unit. */
export class MachineLost extends Error {
  constructor(
    readonly reason: LossReason,
    detail: string,
    readonly used: number | null = null,
  ) {
    super(detail);
  }
}

export type CompiledPair = readonly [code: WebAssembly.Module, image: WebAssembly.Module];

/** By the bytes and the limit of memory. */
const known = new WeakMap<GuestBytes, Map<number, Promise<CompiledPair>>>();

/** The guest's modules, compiled: any number of machines begin with them. */
export class GuestModules {
  private constructor(
    readonly code: WebAssembly.Module,
    readonly image: WebAssembly.Module,
    readonly limits: MachineLimits,
  ) {}

  /** At once, which a page's main thread may refuse for modules of this size.  Throws what WebAssembly throws. */
  static compiled({ code, image }: GuestBytes, limits: MachineLimits): GuestModules {
    const limited = withMemoryLimit(image, limits.memory);
    return new GuestModules(new WebAssembly.Module(code), new WebAssembly.Module(limited), limits);
  }

  /** Of modules that were compiled with this limit of memory. */
  static of(compiled: CompiledPair, limits: MachineLimits): GuestModules {
    return new GuestModules(...compiled, limits);
  }

  /** As `compiled`, in the background; the same bytes are compiled once. */
  static async compile(bytes: GuestBytes, limits: MachineLimits): Promise<GuestModules> {
    return GuestModules.of(await compilation(bytes, limits.memory), limits);
  }
}

/** The modules, compiled in the background and once for all. */
export function compilation(bytes: GuestBytes, memory: number): Promise<CompiledPair> {
  const some = known.get(bytes) ?? new Map<number, Promise<CompiledPair>>();
  known.set(bytes, some);
  const running =
    some.get(memory) ??
    Promise.all([WebAssembly.compile(bytes.code), WebAssembly.compile(withMemoryLimit(bytes.image, memory))]);
  some.set(memory, running);
  return running;
}

// The guest's block (`wasm/build/glue/step.wat`).
const INPUT = 8;
const CAPACITY = 12;
const REPLY = 16;
const REPLY_LENGTH = 20;
const JOBS_ALLOWED = 32;
const JOBS = 4;
const MOST_STATUS = 5;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

type Entry = (block: number, size: number) => number;

/** Of JavaScript Promise Integration, which not every browser has: the call runs on a stack of its own. */
const { promising } = WebAssembly as { promising?: (entry: Entry) => (...args: number[]) => Promise<number> };

/** What is no trap of WebAssembly's own is the host's stack that ran out; its class differs by browser. */
function lossBy(error: unknown): MachineLost {
  if (error instanceof WebAssembly.RuntimeError) return new MachineLost("fault", error.message);
  return new MachineLost("stack", String(error));
}

export class Machine {
  /** What the guest is told of its time zone. */
  zoneOffset: ZoneOffset = () => 0;
  private readonly memory: WebAssembly.Memory;
  private readonly block: number;
  private readonly guest: Record<"step" | "reserve", Entry>;
  private readonly stepApart: ((block: number, size: number) => Promise<number>) | null;
  private readonly limits: MachineLimits;
  private lost = false;
  private begun = false;

  constructor(modules: GuestModules) {
    const { memory, block } = new WebAssembly.Instance(modules.image).exports;
    this.memory = memory as WebAssembly.Memory;
    this.block = (block as WebAssembly.Global<"i32">).value;
    this.limits = modules.limits;
    const zone_offset = (high: number, low: number): number => this.zoneOffset(high * 2 ** 32 + (low >>> 0));
    this.guest = new WebAssembly.Instance(modules.code, { nexus: { memory: this.memory, zone_offset } })
      .exports as typeof this.guest;
    this.stepApart = promising?.(this.guest.step) ?? null;
    new DataView(this.memory.buffer).setUint32(this.block + JOBS_ALLOWED, this.limits.jobs, true);
  }

  /** Whether its memory may hold anything but what was built. */
  get used(): boolean {
    return this.begun;
  }

  /** Bytes of memory now. */
  get memorySize(): number {
    return this.memory.buffer.byteLength;
  }

  /** One step: the reply to a request, both as JSON text.  Throws `MachineLost`, and after that nothing else. */
  exchange(request: string): string {
    const length = this.put(request);
    return this.take(this.enter(() => this.guest.step(this.block, length)));
  }

  /**
   * As `exchange`, on a stack of WebAssembly's own where the browser has one: a Worker's is half of what a page has, and of
   * what the guest was measured for.  The next step waits for the end of this one.
   */
  async exchangeApart(request: string): Promise<string> {
    if (this.stepApart === null) return this.exchange(request);
    const length = this.put(request);
    let status: number;
    try {
      status = await this.stepApart(this.block, length);
    } catch (error) {
      throw lossBy(error);
    }
    return this.take(status);
  }

  /** Hands the request over; gives its length. */
  private put(request: string): number {
    if (this.lost) throw new MachineLost("fault", "the guest is lost");
    this.lost = true;
    this.begun = true;
    const bytes = encoder.encode(request);
    let at = this.word(INPUT);
    if (bytes.length > this.word(CAPACITY))
      at = this.enter(() => this.guest.reserve(this.block, bytes.length));
    if (at === 0) throw new MachineLost("memory", "no room for the request", this.memorySize);
    this.part(at, bytes.length).set(bytes);
    return bytes.length;
  }

  private take(status: number): string {
    if (status !== 0) throw this.refusal(status);
    const length = this.word(REPLY_LENGTH);
    if (length > this.limits.reply) throw new MachineLost("reply", "the reply is too long", length);
    const reply = this.text(this.word(REPLY), length);
    this.lost = false;
    return reply;
  }

  private enter(call: () => number): number {
    try {
      return call();
    } catch (error) {
      throw lossBy(error);
    }
  }

  private refusal(status: number): MachineLost {
    if (status === JOBS) return new MachineLost("jobs", "too many promise reactions", this.limits.jobs + 1);
    if (status > 0 && status <= MOST_STATUS) {
      return new MachineLost("memory", `the guest gave up (status ${status})`, this.memorySize);
    }
    return new MachineLost("fault", `an unknown status: ${status}`);
  }

  private text(at: number, length: number): string {
    try {
      return decoder.decode(this.part(at, length));
    } catch (error) {
      if (error instanceof MachineLost) throw error;
      throw new MachineLost("fault", "the reply is no text");
    }
  }

  private part(at: number, length: number): Uint8Array<ArrayBuffer> {
    // an address is an i32, which JavaScript reads with its sign
    const start = at >>> 0;
    if (start + length > this.memorySize) throw new MachineLost("fault", "an address outside of the memory");
    return new Uint8Array(this.memory.buffer as ArrayBuffer, start, length);
  }

  private word(offset: number): number {
    return new DataView(this.memory.buffer).getUint32(this.block + offset, true);
  }
}
