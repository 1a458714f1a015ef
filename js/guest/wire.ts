/** Between a page and the Worker in which its guest lives. */
import type { CompiledPair, GuestBytes, LossReason, MachineLimits } from "./machine";

/** The Worker's first word: its script runs. */
export const HELLO = "nexus-guest";

/** What a guest is made of: compiled already, where a page and its Worker may share that, or to be compiled there. */
export type Matter = { readonly compiled: CompiledPair } | { readonly bytes: GuestBytes };

export type ToWorker =
  | { readonly matter: Matter; readonly limits: MachineLimits }
  /** One step, in this time zone; `fresh` in a memory as it was built. */
  | { readonly request: string; readonly zone: string; readonly fresh: boolean };

export type FromWorker =
  | typeof HELLO
  | { readonly ready: true }
  /** WebAssembly does not run here. */
  | { readonly unable: string }
  /** `memory`: bytes that the guest has after the step. */
  | { readonly reply: string; readonly memory: number }
  | { readonly lost: LossReason; readonly detail: string; readonly used: number | null };
