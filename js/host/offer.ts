/**
 * What the JupyterLab extension offers to the bundles of a page: it has the guest's modules at a static address, so that
 * nobody needs to ask a kernel for them, which may be busy or gone.
 */
import { keptGuest, type Modules, STORE } from "./keep";

/** Gets the modules; rejects where they cannot be had. */
export type GuestOffer = () => Promise<Modules>;

type Page = { [name: string]: unknown };

function place(address: string): string {
  return `${STORE} guest ${address}`;
}

/** Offers the guest with this address to all panels of the page. */
export function offerGuest(address: string, offer: GuestOffer): void {
  (globalThis as unknown as Page)[place(address)] = offer;
}

/** The modules of the guest with this address from the browser's store, else as offered; null when they are in neither. */
export async function guestHere(address: string): Promise<Modules | null> {
  const kept = await keptGuest(address);
  const offer = (globalThis as unknown as Page)[place(address)];
  if (kept !== null || typeof offer !== "function") return kept;
  return (offer as GuestOffer)().catch(() => null);
}
