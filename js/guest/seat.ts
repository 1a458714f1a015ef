/** Where a panel's code runs in this page. */
import type { WidgetModel } from "../host/model";
import type { Guest } from "../host/replica";
import { guestBytes } from "./bytes";
import { GuestWorker } from "./guest";

/** A guest for one panel.  Throws `GuestUnavailable` or `OtherGuest`; or the reason of the signal. */
export async function seated(model: WidgetModel, signal: AbortSignal): Promise<Guest> {
  return GuestWorker.start(await guestBytes(model, signal), { signal });
}
