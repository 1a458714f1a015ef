/** Requests to `/nexus/api/v1/`. */
import type {
  AiStatus,
  Ask,
  Challenge,
  CompiledPanel,
  JsonValue,
  ProposalList,
  ProposalRecord,
  Reviewer,
  ReviewerList,
  SignedDecision,
  ToolResult,
} from "../../generated/protocol";
import { any, type Shape } from "./shape";
import type { Action } from "./statement";
import {
  isAiStatus,
  isApiError,
  isAsk,
  isChallenge,
  isCompiled,
  isPreview,
  isProposalList,
  isRecord,
  isReviewer,
  isReviewerList,
  isToolResult,
  type Preview,
} from "./wire";

/** What went wrong, for people (`message`, `hint`) and programs (`code`; `status` is HTTP's, 0 without an answer). */
export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint = "",
  ) {
    super(message);
    this.name = "ApiFailure";
  }
}

/** Sends one request below the server's base address; rejects only when there is no answer. */
export type Send = (path: string, init: RequestInit) => Promise<Response>;

const BASE = "nexus/api/v1";

export class Api {
  #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  ai = (): Promise<AiStatus> => this.#ask("GET", "ai", isAiStatus);
  /** Whether the server extension is there at all. */
  health = (): Promise<unknown> => this.#ask("GET", "health", any);

  call = (panel: string, tool: string, args: { [name: string]: JsonValue }, signal: AbortSignal) =>
    this.#ask<ToolResult>("POST", "tools/call", isToolResult, { panel, tool, args }, signal);

  /** What it takes to run a document without a kernel. */
  compile = (source: string, signal: AbortSignal) =>
    this.#ask<CompiledPanel>("POST", "programs", isCompiled, { source }, signal);

  ask = (panel: string, request: string): Promise<Ask> =>
    this.#ask("POST", "proposals", isAsk, { panel, request });
  cancel = (ask: string): Promise<unknown> => this.#ask("DELETE", `asks/${part(ask)}`, any);

  proposals = (): Promise<ProposalList> => this.#ask("GET", "proposals", isProposalList);
  proposal = (id: string): Promise<ProposalRecord> => this.#ask("GET", `proposals/${part(id)}`, isRecord);
  openPreview = (id: string): Promise<Preview> =>
    this.#ask("POST", `proposals/${part(id)}/preview`, isPreview);
  closePreview = (id: string): Promise<unknown> => this.#ask("DELETE", `proposals/${part(id)}/preview`, any);
  challenge = (id: string, action: Action): Promise<Challenge> =>
    this.#ask("POST", `proposals/${part(id)}/challenge`, isChallenge, { action });
  decide = (id: string, decision: SignedDecision): Promise<ProposalRecord> =>
    this.#ask("POST", `proposals/${part(id)}/decision`, isRecord, decision);

  reviewers = (): Promise<ReviewerList> => this.#ask("GET", "reviewers", isReviewerList);
  enrol = (publicKey: JsonWebKey, label: string): Promise<Reviewer> =>
    this.#ask("POST", "reviewers", isReviewer, { public_key: publicKey, label });
  challengeReviewer = (id: string): Promise<Challenge> =>
    this.#ask("POST", `reviewers/${part(id)}/challenge`, isChallenge);
  confirm = (id: string, decision: SignedDecision): Promise<Reviewer> =>
    this.#ask("POST", `reviewers/${part(id)}/confirm`, isReviewer, decision);

  async #ask<T>(
    method: string,
    path: string,
    shape: Shape<T>,
    body?: object,
    signal?: AbortSignal,
  ): Promise<T> {
    let answer: Response;
    try {
      const init: RequestInit = { method };
      if (body) init.body = JSON.stringify(body);
      if (signal) init.signal = signal;
      answer = await this.#send(`${BASE}/${path}`, init);
    } catch (error) {
      if (signal?.aborted) throw new ApiFailure(0, "CANCELLED", "Cancelled.");
      const reason = error instanceof Error ? error.message : String(error);
      throw new ApiFailure(0, "NO_ANSWER", "The server does not answer.", reason);
    }
    const value: unknown = await answer.json().catch(() => null);
    if (!answer.ok) throw failure(answer.status, value);
    if (answer.status === 204 && shape === (any as Shape<unknown>)) return undefined as T;
    if (!shape(value))
      throw new ApiFailure(answer.status, "BAD_ANSWER", "The server's answer makes no sense.");
    return value;
  }
}

function failure(status: number, value: unknown): ApiFailure {
  if (isApiError(value)) return new ApiFailure(status, value.code, value.message, value.hint);
  if (status === 404)
    return new ApiFailure(
      404,
      "ABSENT",
      "The server has no such thing.",
      "Is the extension nexus_jupyter enabled?",
    );
  if (status === 403)
    return new ApiFailure(403, "FORBIDDEN", "You may not do this on this server.", "Sign in again.");
  return new ApiFailure(status, "FAILED", `The server answered ${status}.`);
}

function part(text: string): string {
  return encodeURIComponent(text);
}

/** The error as one text. */
export function explain(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  return error instanceof ApiFailure && error.hint ? `${sentence} ${error.hint}` : sentence;
}
