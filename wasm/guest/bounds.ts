// The limits that the guest keeps, as the host sets them when a panel is loaded.

import type { GuestBounds } from "../../js/generated/protocol";

/** What holds until a panel is loaded: the defaults of the host. */
export const bounds: { -readonly [name in keyof GuestBounds]: GuestBounds[name] } = {
  state_bytes: 6 * 1024 * 1024,
  calls: 100,
  tool_depth: 16,
  log_lines: 100,
  log_bytes: 16 * 1024,
};

export function setBounds(given: GuestBounds): void {
  Object.assign(bounds, given);
}
