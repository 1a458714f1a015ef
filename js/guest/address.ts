/** The content address of the guest that this bundle was built with; the build puts it in (`js/build.mjs`). */
declare const NEXUS_GUEST_ADDRESS: string;

export const GUEST_ADDRESS: string = NEXUS_GUEST_ADDRESS;
