// @vitest-environment node
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GuestRequest } from "../generated/protocol";
import { setDeadline } from "../guest/deadline";
import { GuestFailure } from "../guest/failure";
import { GuestWorker } from "../guest/guest";
import { withMemoryLimit } from "../guest/image";
import { GuestUnavailable, Launcher } from "../guest/launch";
import { LocalGuest } from "../guest/local";
import type { GuestBytes } from "../guest/machine";
import { readReply } from "../guest/reply";
import script from "../guest/worker.ts?script";
import { zoneNamed } from "../guest/zone";

const built = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../nexus_jupyter/static/${name}`, import.meta.url)));
const bytes: GuestBytes = { code: built("guest-code.wasm"), image: built("guest-image.wasm") };
const PAGE = 65_536;

const SPAN = { start: 0, end: 0, line: 1, column: 1 };
const rest = { description: "", icon: null, confirm: null, concurrency: "queue", ai: "ask", span: SPAN };

/** A panel with a counter; its one tool has this body. */
function load(body: string, state: { n: number } | null = null): GuestRequest {
  const handler = { code: 0, timeout: null, memory: null, capabilities: null, atomic: false };
  const program = {
    ...{ nxml: "1.0", id: null, title: "", version: "", description: "", lifecycle: [], computed: [] },
    ...{ extensions: [], view: null, code: [{ kind: "body", source: body, span: SPAN }] },
    states: [
      {
        ...{ name: "n", type: "number", default: 0, default_code: null, description: "", min: null },
        ...{ max: null, step: null, enum: null, pattern: null, persist: "none", span: SPAN },
      },
    ],
    tools: [{ name: "t", args: [], handler, ...rest }],
  };
  return { op: "load", program, state, clock: 0, seed: 1, zone: "UTC", bounds: null };
}

const invoke: GuestRequest = {
  ...{
    op: "invoke",
    call: 1,
    tool: "t",
    args: null,
    clock: 0,
    seed: 1,
    zone: "UTC",
    state: null,
    hook: null,
  },
};

function failure(action: () => unknown): GuestFailure {
  try {
    action();
  } catch (error) {
    if (error instanceof GuestFailure) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

describe("a guest on this thread", () => {
  it("answers, and each load begins in a fresh memory", async () => {
    const guest = await LocalGuest.start(bytes);
    expect(guest.request(load("return ++$state.n;")).state).toEqual({ n: 0 });
    expect(guest.request(invoke)).toMatchObject({ status: "done", value: 1, calls: [], error: null });
    expect(guest.request(load("return ++$state.n;", { n: 7 })).state).toEqual({ n: 7 });
    expect(guest.request(invoke).value).toBe(8);
  });

  it.each([
    ["const all = []; for (;;) all.push(new Array(1000).fill(1));", { memory: 8 * 2 ** 20 }, "LIMIT_MEMORY"],
    ["for (;;) await null;", { jobs: 100 }, "LIMIT_JOBS"],
    ["return 'x'.repeat(5000);", { reply: 4000 }, "LIMIT_REPLY_BYTES"],
  ])("is lost by a passed limit: %s", async (body, limits, code) => {
    const guest = await LocalGuest.start(bytes, limits);
    guest.request(load(body));
    const passed = failure(() => guest.request(invoke));
    expect([passed.info.code, passed.info.allowed, passed.lost]).toEqual([
      code,
      Object.values(limits)[0],
      true,
    ]);
    expect(guest.alive).toBe(false);
    expect(failure(() => guest.request(invoke)).info.code).toBe("CANCELLED");
  });

  it("refuses a request that is too long and lives on", async () => {
    const guest = await LocalGuest.start(bytes, { request: 5000 });
    guest.request(load("return 1;"));
    const refused = failure(() => guest.request({ ...invoke, args: ["é".repeat(2600)] } as GuestRequest));
    expect([refused.info.code, refused.lost]).toEqual(["LIMIT_REQUEST_BYTES", false]);
    expect(guest.request(invoke).value).toBe(1);
  });
});

describe("where there are no Workers", () => {
  it("a guest says so", async () => {
    await expect(GuestWorker.start(bytes, { launcher: new Launcher() })).rejects.toThrow(GuestUnavailable);
  });

  it("the Worker's script runs no text and asks for nothing", () => {
    expect(script.length).toBeGreaterThan(1000);
    expect(script).not.toMatch(/\beval\b|\bFunction\(|innerHTML|fetch|importScripts|import\(|XMLHttp/);
  });
});

describe("the limit of memory", () => {
  const memoryOf = (image: Uint8Array<ArrayBuffer>): WebAssembly.Memory =>
    new WebAssembly.Instance(new WebAssembly.Module(image)).exports.memory as WebAssembly.Memory;
  const first = memoryOf(bytes.image).buffer.byteLength / PAGE;

  it.each([0, 1, 127, 128, 200, 1023])("of %i pages more is the last that it grows to", (more) => {
    const wanted = Math.min(first + more, 1024);
    const memory = memoryOf(withMemoryLimit(bytes.image, wanted * PAGE + 5));
    expect(memory.grow(wanted - first)).toBe(first);
    expect(() => memory.grow(1)).toThrow(RangeError);
  });

  it("is never less than what the guest begins with, and leaves its content alone", () => {
    const memory = memoryOf(withMemoryLimit(bytes.image, 1));
    expect(Buffer.from(memory.buffer).equals(Buffer.from(memoryOf(bytes.image).buffer))).toBe(true);
  });

  it("is not written into what is no image", () => {
    expect(() => withMemoryLimit(bytes.code, PAGE)).toThrow("damaged");
    expect(() => withMemoryLimit(bytes.image.slice(0, 10), PAGE)).toThrow("damaged");
  });
});

describe("a reply", () => {
  it("is completed with what it leaves out", () => {
    expect(readReply('{"status":"done"}')).toEqual({
      ...{ status: "done", ops: [], inverse: [], value: null, tool: null, calls: [], timer: null },
      ...{ emits: [], logs: [], progress: null, tree: null, patch: null, state: null, error: null },
    });
  });

  it.each([
    "",
    "null",
    "[]",
    "{}",
    '{"status":"done",}',
    '{"status":"gone"}',
    '{"status":"done","__proto__":{"x":1}}',
    '{"status":"done","ops":[{"op":"test","path":"/a","value":1}]}',
    '{"status":"done","ops":[{"op":"add","path":5,"value":1}]}',
    '{"status":"done","ops":{"length":1}}',
    '{"status":"done","calls":[{"id":1.5,"alias":"a","method":"m","args":[]}]}',
    '{"status":"done","calls":[{"id":1,"alias":"a","method":"m","args":{}}]}',
    '{"status":"done","logs":[{"level":"fatal","text":""}]}',
    '{"status":"done","tree":[]}',
    '{"status":"done","state":[]}',
    '{"status":"failed","error":"no"}',
    '{"status":"failed","error":{"code":"X","name":"Error","message":{}}}',
    '{"status":"done","progress":{"done":"1","total":null,"text":""}}',
    '{"status":"waiting","timer":"5"}',
  ])("that is none is refused: %s", (text) => {
    expect(readReply(text)).toBeNull();
  });
});

describe("a time zone", () => {
  it.each([
    ["UTC", 1_700_000_000, 0],
    ["Europe/Berlin", 1_700_000_000, 3600],
    ["Europe/Berlin", 1_720_000_000, 7200],
    ["Asia/Kathmandu", 1_700_000_000, 20_700],
    ["America/New_York", -3_000_000_000, -17_762],
    ["europe/berlin", 1_700_000_000, 0],
    ["+01:00", 1_700_000_000, 0],
    ["Nowhere", 1_700_000_000, 0],
  ])("%s at %i is %i seconds from UTC", (name, seconds, offset) => {
    expect(zoneNamed(name)(seconds)).toBe(offset);
  });

  it("stays what it is beyond all years", () => {
    const zone = zoneNamed("Asia/Tokyo");
    expect([zone(1e13), zone(-1e13)]).toEqual([zone(94_867_200_000), zone(-47_433_600_000)]);
  });
});

describe("a deadline", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("passes once, when its time is over", () => {
    const passed = vi.fn();
    setDeadline(1000, new AbortController().signal, passed);
    vi.advanceTimersByTime(999);
    expect(passed).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(passed).toHaveBeenCalledExactlyOnceWith(1000);
  });

  it("never passes after its end, and leaves no timer", () => {
    const passed = vi.fn();
    const end = new AbortController();
    setDeadline(1000, end.signal, passed);
    end.abort();
    setDeadline(1000, end.signal, passed);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(5000);
    expect(passed).not.toHaveBeenCalled();
  });
});
