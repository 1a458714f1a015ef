/** The Worker's script: one guest.  It is built to text of its own (`js/build.mjs`), and asks nothing of the network. */
import { GuestModules, Machine, MachineLost } from "./machine";
import { type FromWorker, HELLO, type ToWorker } from "./wire";
import { zoneNamed } from "./zone";

const page = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

let machine: Machine | null = null;

async function begin({ bytes, limits }: Extract<ToWorker, { bytes: unknown }>): Promise<void> {
  try {
    machine = new Machine(await GuestModules.compile(bytes, limits));
    page.postMessage({ ready: true });
  } catch (error) {
    page.postMessage({ unable: String(error) });
  }
}

async function answer(guest: Machine, request: string, zone: string): Promise<FromWorker> {
  try {
    guest.zoneOffset = zoneNamed(zone);
    return { reply: await guest.exchangeApart(request), memory: guest.memorySize };
  } catch (error) {
    if (error instanceof MachineLost) return { lost: error.reason, detail: error.message, used: error.used };
    return { lost: "fault", detail: String(error), used: null };
  }
}

page.onmessage = ({ data }) => {
  if ("bytes" in data) void begin(data);
  else if (machine !== null)
    void answer(machine, data.request, data.zone).then((said) => page.postMessage(said));
};
page.postMessage(HELLO);
