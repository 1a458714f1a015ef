/** The Worker's script: one guest.  It is built to text of its own (`js/build.mjs`), and asks nothing of the network. */
import { GuestModules, Machine, MachineLost } from "./machine";
import { type FromWorker, HELLO, type ToWorker } from "./wire";
import { zoneNamed } from "./zone";

const page = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

let modules: GuestModules | null = null;
let machine: Machine | null = null;

async function begin({ matter, limits }: Extract<ToWorker, { matter: unknown }>): Promise<FromWorker> {
  try {
    modules =
      "compiled" in matter
        ? GuestModules.of(matter.compiled, limits)
        : await GuestModules.compile(matter.bytes, limits);
    machine = new Machine(modules);
    return { ready: true };
  } catch (error) {
    return { unable: String(error) };
  }
}

async function answer({ request, zone, fresh }: Exclude<ToWorker, { matter: unknown }>): Promise<FromWorker> {
  try {
    if (modules === null || machine === null) throw new Error("a request before the bytes");
    if (fresh && machine.used) machine = new Machine(modules);
    machine.zoneOffset = zoneNamed(zone);
    return { reply: await machine.exchangeApart(request), memory: machine.memorySize };
  } catch (error) {
    if (error instanceof MachineLost) return { lost: error.reason, detail: error.message, used: error.used };
    return { lost: "fault", detail: String(error), used: null };
  }
}

// a step waits for the end of the one before
let turn: Promise<unknown> = Promise.resolve();
page.onmessage = ({ data }) => {
  turn = turn
    .then(() => ("matter" in data ? begin(data) : answer(data)))
    .then((said) => page.postMessage(said));
};
page.postMessage(HELLO);
