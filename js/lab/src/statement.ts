/** What a reviewer signs, built here from what the page shows. */
import type { ChallengeRequest, Proposal } from "../../generated/protocol";
import { leadsTo, readDiff } from "./diff";
import { documentHash, sha256 } from "./document";

export type Action = ChallengeRequest["action"];

const PREAMBLE = "nexus-jupyter approval 1";

/** The statement about a proposal. */
export function proposalStatement(action: Action, proposal: Proposal, nonce: string): string {
  return [
    PREAMBLE,
    action,
    proposal.id,
    proposal.hash,
    proposal.base_hash,
    String(proposal.base_edition),
    nonce,
  ].join("\n");
}

/** The statement that lets another page review; a reviewer's id is the thumbprint of its key. */
export function confirmStatement(reviewer: string, nonce: string): string {
  return [PREAMBLE, "confirm", reviewer, reviewer, "-", "-", nonce].join("\n");
}

/** Canonical JSON (RFC 8785). */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 over everything of a proposal but its hash. */
export async function proposalHash(proposal: Proposal): Promise<string> {
  const { hash: _, ...rest } = proposal;
  return sha256(canonical(rest));
}

/**
 * Why what the page shows of a proposal is not what would be signed; "" when it is: the hash names the
 * proposal's content, the base is the one named, and the shown difference is the whole difference.
 */
export async function whyNotTrue(proposal: Proposal): Promise<string> {
  if ((await proposalHash(proposal)) !== proposal.hash)
    return "The proposal is not what its hash names: it was altered after it was made.";
  if ((await documentHash(proposal.base_source)) !== proposal.base_hash)
    return "The text that the proposal starts from is not the one it names.";
  const rows = readDiff(proposal.diff);
  if (!rows || !leadsTo(rows, proposal.base_source, proposal.source))
    return "The difference shown is not the whole difference between the two documents.";
  return "";
}
