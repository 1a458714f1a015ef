/** A proposal's status in words, the same in the list and in its document. */
import type { ProposalRecord } from "../../../generated/protocol";

export const STATUS: { [status in ProposalRecord["status"]]: { word: string; sign: string } } = {
  open: { word: "Waits for you", sign: "○" },
  applied: { word: "Approved", sign: "✓" },
  rejected: { word: "Rejected", sign: "×" },
  undone: { word: "Undone", sign: "↶" },
  stale: { word: "Stale", sign: "!" },
};

/** A moment in the reader's own way of writing it. */
export function moment(instant: string | null): string {
  const date = new Date(instant ?? Number.NaN);
  return Number.isNaN(date.getTime())
    ? ""
    : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
