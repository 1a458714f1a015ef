/** What one guest in a page may use: the numbers of the kernel's host (`nexus_jupyter/sandbox/limits.py`). */
import type { MachineLimits } from "./machine";

const MIB = 1024 * 1024;

/**
 * Milliseconds: `step` of one request, `load` of the first, which compiles.  A Worker's time is by the clock: nothing tells
 * how much of the processor it had.  Bytes of JSON text: `request`, `reply`.
 */
export interface GuestLimits extends MachineLimits {
  readonly step: number;
  readonly load: number;
  readonly request: number;
}

const DEFAULTS: GuestLimits = {
  step: 1_000,
  load: 5_000,
  memory: 64 * MIB,
  request: 8 * MIB,
  reply: 16 * MIB,
  jobs: 10_000,
};

export function limitsWith(some: Partial<GuestLimits> = {}): GuestLimits {
  return { ...DEFAULTS, ...some };
}
