/** Where a panel's code runs in this page: in a Worker, or on this very thread when it is known to end soon. */
import type { WidgetModel } from "../host/model";
import type { Guest } from "../host/replica";
import { guestBytes } from "./bytes";
import { GuestWorker } from "./guest";
import { LocalGuest } from "./local";

/**
 * A guest for one panel; `near` when nothing needs to be able to stop it.  What a Worker says after a click reaches the page
 * with the next frame, so that it is painted a frame later than what happens here.
 * Throws `GuestUnavailable` or `OtherGuest`; or the reason of the signal.
 */
export async function seated(model: WidgetModel, signal: AbortSignal, near: boolean): Promise<Guest> {
  const bytes = await guestBytes(model, signal);
  return near ? LocalGuest.start(bytes) : GuestWorker.start(bytes, { signal });
}
