/** What a browser test drives: guests in Workers, as a panel's page runs them, and one on the main thread. */
import type { ErrorInfo, GuestRequest } from "../../generated/protocol";
import { GuestFailure } from "../../guest/failure";
import { GuestWorker } from "../../guest/guest";
import { GuestUnavailable, Launcher } from "../../guest/launch";
import type { GuestLimits } from "../../guest/limits";
import { LocalGuest } from "../../guest/local";
import type { GuestBytes } from "../../guest/machine";

/** What became of a request: the reply as the guest wrote it, or why there is none. */
interface Outcome {
  reply?: string;
  error?: ErrorInfo;
  lost?: boolean;
}

/** The requests of one guest, from its `load` on. */
type Talk = readonly GuestRequest[];

interface Held {
  readonly guest: GuestWorker;
  readonly end: AbortController;
  last: string;
}

/** Long: no test is about a slow machine. */
const PATIENT: Partial<GuestLimits> = { step: 60_000, load: 60_000 };

const held: Held[] = [];
let urls = 0;

// How many addresses of blobs the page holds.
const { createObjectURL, revokeObjectURL } = URL;
URL.createObjectURL = (blob) => {
  urls += 1;
  return createObjectURL.call(URL, blob);
};
URL.revokeObjectURL = (address) => {
  urls -= 1;
  revokeObjectURL.call(URL, address);
};

async function file(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(name)).arrayBuffer());
}

const bytes: Promise<GuestBytes> = Promise.all([file("guest-code.wasm"), file("guest-image.wasm")]).then(
  ([code, image]) => ({ code, image }),
);

function failureOf(error: unknown): Outcome {
  if (!(error instanceof GuestFailure)) throw error;
  return { error: error.info, lost: error.lost };
}

const lab = {
  /** A guest in a Worker: its number and how it was started, or why there is none. */
  async start(limits: Partial<GuestLimits> = PATIENT, script?: string, greeting?: number): Promise<object> {
    const end = new AbortController();
    const own: Held[] = [];
    try {
      const guest = await GuestWorker.start(await bytes, {
        ...{ limits, signal: end.signal },
        ...(script === undefined ? {} : { launcher: new Launcher(script, greeting) }),
        heard: (reply) => {
          for (const one of own) one.last = reply;
        },
      });
      const one = { guest, end, last: "" };
      own.push(one);
      return { number: held.push(one) - 1, way: guest.way };
    } catch (error) {
      if (error instanceof GuestUnavailable) return { reasons: error.reasons };
      throw error;
    }
  },

  /** All at once: they are answered in order. */
  async ask(number: number, requests: Talk, timeout?: number): Promise<Outcome[]> {
    const one = held[number] as Held;
    return Promise.all(
      requests.map((request) =>
        one.guest
          .request(request, timeout === undefined ? {} : { timeout })
          .then((): Outcome => ({ reply: one.last }))
          .catch(failureOf),
      ),
    );
  },

  alive: (number: number): boolean => (held[number] as Held).guest.alive,
  memory: (number: number): number => (held[number] as Held).guest.memorySize,
  urls: (): number => urls,
  abort(number: number): void {
    (held[number] as Held).end.abort();
  },

  /** Ends all. */
  close(): void {
    for (const { guest } of held) guest.end();
  },

  /** Each talk with a guest of its own, in two Workers that live as long as their guests are not lost. */
  async replay(talks: readonly Talk[], limits: Partial<GuestLimits>[] = []): Promise<Outcome[][]> {
    const outcomes: Outcome[][] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      let [number, ruled] = [-1, ""];
      while (next < talks.length) {
        const at = next++;
        const rules = JSON.stringify(limits[at] ?? {});
        if (number < 0 || rules !== ruled || !lab.alive(number)) {
          if (number >= 0) held[number]?.guest.end();
          number = ((await lab.start({ ...PATIENT, ...limits[at] })) as { number: number }).number;
          ruled = rules;
        }
        const said: Outcome[] = [];
        for (const request of talks[at] as Talk) said.push(...(await lab.ask(number, [request])));
        outcomes[at] = said;
      }
      if (number >= 0) held[number]?.guest.end();
    };
    await Promise.all([work(), work()]);
    return outcomes;
  },

  /** The same on the main thread. */
  async local(talks: readonly Talk[], limits: Partial<GuestLimits>[] = []): Promise<Outcome[][]> {
    const outcomes: Outcome[][] = [];
    let last = "";
    const heard = (reply: string): void => {
      last = reply;
    };
    let [guest, ruled] = [await LocalGuest.start(await bytes), "new"];
    for (const [at, talk] of talks.entries()) {
      const rules = JSON.stringify(limits[at] ?? {});
      if (rules !== ruled || !guest.alive) guest = await LocalGuest.start(await bytes, limits[at], heard);
      ruled = rules;
      outcomes.push(
        talk.map((request) => {
          try {
            guest.request(request);
            return { reply: last };
          } catch (error) {
            return failureOf(error);
          }
        }),
      );
    }
    guest.end();
    return outcomes;
  },
};

export type Lab = typeof lab;
Object.assign(globalThis, { lab });
