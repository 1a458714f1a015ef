/** Where a panel's code runs in this page: in a Worker, or on this very thread when it is known to end soon. */
import type { WidgetModel } from "../host/model";
import type { Guest } from "../host/replica";
import { guestBytes } from "./bytes";
import { GuestWorker } from "./guest";
import { LocalGuest } from "./local";

/** Milliseconds that the page may have other things to do while a guest waits to be started. */
const PATIENCE = 300;

/** The start on this thread before the next: each keeps the page for a moment, and of many panels the page is to be seen meanwhile. */
let before: Promise<unknown> = Promise.resolve();

function rest(): Promise<void> {
  return new Promise((done) => {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(() => done(), { timeout: PATIENCE });
    else setTimeout(done);
  });
}

/** Does `start` when those before it are done and the page rests. */
function inTurn<T>(start: () => Promise<T>): Promise<T> {
  const turn = before.then(rest).then(start);
  before = turn.catch(() => undefined);
  return turn;
}

/**
 * A guest for one panel; `near` when nothing needs to be able to stop it.  What a Worker says after a click reaches the page
 * with the next frame, so that it is painted a frame later than what happens here.
 * Throws `GuestUnavailable` or `OtherGuest`; or the reason of the signal.
 */
export async function seated(model: WidgetModel, signal: AbortSignal, near: boolean): Promise<Guest> {
  const bytes = await guestBytes(model, signal);
  if (!near) return GuestWorker.start(bytes, { signal });
  return inTurn(() => {
    signal.throwIfAborted();
    return LocalGuest.start(bytes);
  });
}
