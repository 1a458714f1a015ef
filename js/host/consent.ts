/**
 * Reading a request for permission.  What cannot be read entirely is no request: a person is asked about all of it or
 * about nothing.
 */
import type { Consent, ConsentAnswer, ConsentDemand, ConsentEnded, ConsentLine } from "../generated/protocol";
import { isObject, own, string } from "./json";

export type Decision = ConsentAnswer["decision"];

const OUTCOMES: readonly string[] = ["once", "panel", "deny", "void"] satisfies ConsentEnded["outcome"][];

/**
 * What to say after a request was answered; "" when there is nothing to say. `tool` is what was denied: a hook, whose
 * name has a space in it, has no button.
 */
export function afterwards(outcome: ConsentEnded["outcome"], tool: string): string {
  const again = tool.includes(" ") ? "" : " Press the button again.";
  const said: Record<Decision, string> = {
    once: `Allowed once.${again}`,
    panel: `Allowed.${again}`,
    deny: "Denied. This panel does not ask again until its cell is run again.",
  };
  return outcome === "void" ? "" : said[outcome];
}

function readAll<T>(value: unknown, read: (item: unknown) => T | null): T[] | null {
  if (!Array.isArray(value)) return null;
  const items = value.map(read);
  return items.every((item) => item !== null) ? (items as T[]) : null;
}

function readLine(value: unknown): ConsentLine | null {
  if (!isObject(value)) return null;
  const label = own(value, "label");
  const text = own(value, "text");
  if (typeof label !== "string" || typeof text !== "string") return null;
  return { label, text, dangerous: own(value, "dangerous") === true };
}

function readDemand(value: unknown): ConsentDemand | null {
  if (!isObject(value)) return null;
  const extension = own(value, "extension");
  const abilities = readAll(own(value, "abilities"), readLine);
  const scope = readAll(own(value, "scope"), readLine);
  if (typeof extension !== "string" || !extension || !abilities?.length || !scope) return null;
  return {
    extension,
    alias: string(own(value, "alias")),
    description: string(own(value, "description")),
    abilities,
    scope,
    reason: string(own(value, "reason")),
  };
}

export function readConsent(value: unknown): Consent | null {
  if (!isObject(value)) return null;
  const id = own(value, "id");
  const demands = readAll(own(value, "demands"), readDemand);
  if (typeof id !== "string" || !id || !demands?.length) return null;
  return {
    kind: "consent",
    id,
    tool: string(own(value, "tool")),
    demands,
    renewal: own(value, "renewal") === true,
    diff: string(own(value, "diff")),
  };
}

export function readConsentEnded(value: object): ConsentEnded | null {
  const id = own(value, "id");
  const outcome = own(value, "outcome");
  if (typeof id !== "string" || typeof outcome !== "string" || !OUTCOMES.includes(outcome)) return null;
  return { kind: "consent_ended", id, outcome: outcome as ConsentEnded["outcome"] };
}
