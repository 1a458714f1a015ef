/** Decisions about proposals: each is made by a person's own gesture and signed with this page's key. */
import type { ProposalRecord, Reviewer, SignedDecision } from "../../generated/protocol";
import type { Api } from "./api";
import { type Cells, type CellText, findPlace, leftBehind, whyNotHere, writeDocument } from "./cells";
import { enrol, type ReviewKey, whyNoKey } from "./reviewer";
import { type Action, confirmStatement, proposalStatement, whyNotTrue } from "./statement";
import type { Workspace } from "./workspace";

/** A decision that this page does not make; the message says why. */
export class Refused extends Error {
  override readonly name = "Refused";
}

export interface Standing {
  /** Why this page cannot sign; "" when it can or may after a confirmation. */
  reason: string;
  /** This page's thumbprint and what the server makes of it; null before it is enrolled. */
  thumbprint: string;
  status: Reviewer["status"] | null;
}

export class Reviews {
  #api: Api;
  #workspace: Workspace;
  #cells: Cells;
  #name: string;
  #key: ReviewKey | null = null;
  #standing: Standing;
  #enrolling: Promise<void> | null = null;
  #listeners = new Set<() => void>();

  /** `name` names this page's key in the browser: one a server. */
  constructor(api: Api, workspace: Workspace, cells: Cells, name: string) {
    this.#api = api;
    this.#workspace = workspace;
    this.#cells = cells;
    this.#name = name;
    this.#standing = { reason: whyNoKey(globalThis), thumbprint: "", status: null };
    workspace.subscribe(() => this.#follow());
  }

  /** Another page may have confirmed this one. */
  #follow(): void {
    const { thumbprint, status } = this.#standing;
    const own = this.#workspace.state().reviewers.find(({ id }) => id === thumbprint);
    if (own && own.status !== status) this.#set({ ...this.#standing, status: own.status });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly standing = (): Standing => this.#standing;

  /** Enrol this page, if that was not done, and learn who may review.  Raises what the server answers. */
  async open(): Promise<void> {
    if (whyNoKey(globalThis) === "") {
      this.#enrolling ??= this.#enrol().finally(() => {
        this.#enrolling = null;
      });
      await this.#enrolling;
    }
    const { reviewers } = await this.#api.reviewers();
    this.#workspace.set({ reviewers });
  }

  async #enrol(): Promise<void> {
    const { key, reviewer } = await enrol(this.#api, this.#name);
    this.#key = key;
    this.#set({ reason: "", thumbprint: key.thumbprint, status: reviewer.status });
  }

  #set(standing: Standing): void {
    this.#standing = standing;
    for (const listener of [...this.#listeners]) listener();
  }

  /**
   * Decide about exactly the proposal that is shown.  The server's record after it; `written` says whether the
   * cell has the new text, too (null: there is none to change).
   *
   * Raises Refused: nothing was signed, and why.  ApiFailure: the server refused.
   */
  async decide(gesture: Event, action: Action, shown: ProposalRecord): Promise<Decided> {
    requireGesture(gesture);
    const { proposal } = shown;
    const hash = action === "undo" ? shown.applied_hash : proposal.base_hash;
    let cell: CellText | null = null;
    if (action !== "reject") {
      const untrue = await whyNotTrue(proposal);
      if (untrue) throw new Refused(untrue);
      const panel = this.#workspace.state().panels.get(proposal.panel);
      const place = await findPlace(this.#cells, proposal.notebook, panel, hash ?? "");
      const why = whyNotHere(place);
      if (why) throw new Refused(why);
      if (place.kind === "ready") cell = place.cell;
    }
    const key = await this.#signingKey();
    const { nonce, statement } = await this.#api.challenge(proposal.id, action);
    if (statement !== proposalStatement(action, proposal, nonce))
      throw new Refused(
        "The server asks to sign something else than what is shown here. Nothing was signed.",
      );
    const record = await this.#api.decide(proposal.id, await signed(key, action, nonce, statement));
    this.#workspace.record(record);
    let written: boolean | null = null;
    if (cell && (record.status === "applied" || record.status === "undone")) {
      const { source } = await leftBehind(proposal, record.status === "undone");
      written = writeDocument(this.#cells, proposal.notebook, cell, source);
    }
    return { record, written };
  }

  /** Let another page of this person's review.  Raises as `decide` does. */
  async confirm(gesture: Event, reviewer: Reviewer): Promise<void> {
    requireGesture(gesture);
    const key = await this.#signingKey();
    const { nonce, statement } = await this.#api.challengeReviewer(reviewer.id);
    if (statement !== confirmStatement(reviewer.id, nonce))
      throw new Refused("The server asks to sign something else than this confirmation. Nothing was signed.");
    await this.#api.confirm(reviewer.id, await signed(key, "confirm", nonce, statement));
    await this.open();
  }

  /** The cell that was left with the old text after a decision, e.g. because the page was closed; null for none. */
  async staleCell(record: ProposalRecord): Promise<CellText | null> {
    if (this.#standing.reason || (record.status !== "applied" && record.status !== "undone")) return null;
    const { proposal } = record;
    const { before } = await leftBehind(proposal, record.status === "undone");
    const panel = this.#workspace.state().panels.get(proposal.panel);
    const place = await findPlace(this.#cells, proposal.notebook, panel, before);
    return place.kind === "ready" ? place.cell : null;
  }

  /** Give such a cell the text that was decided on; whether it has it now. */
  async updateCell(record: ProposalRecord): Promise<boolean> {
    const cell = await this.staleCell(record);
    if (!cell) return false;
    const { source } = await leftBehind(record.proposal, record.status === "undone");
    return writeDocument(this.#cells, record.proposal.notebook, cell, source);
  }

  async #signingKey(): Promise<ReviewKey> {
    if (this.#standing.reason) throw new Refused(this.#standing.reason);
    if (!this.#key || this.#standing.status !== "active") await this.open();
    if (!this.#key || this.#standing.status !== "active")
      throw new Refused("This page waits for a confirmation. Confirm it in the page that reviewed first.");
    return this.#key;
  }
}

export interface Decided {
  record: ProposalRecord;
  written: boolean | null;
}

/** Only what a person did with mouse or keyboard counts: a script can click, too, but not like a person. */
function requireGesture(event: Event): void {
  if (!event.isTrusted || event.type !== "click")
    throw new Refused("Only a person's own click or key press decides.");
}

async function signed(
  key: ReviewKey,
  action: SignedDecision["action"],
  nonce: string,
  statement: string,
): Promise<SignedDecision> {
  return { reviewer: key.thumbprint, nonce, signature: await key.sign(statement), action };
}
