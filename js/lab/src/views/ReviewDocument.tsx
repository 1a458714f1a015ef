import { type ReactNode, useEffect, useMemo, useState } from "react";
import type { ProposalRecord } from "../../../generated/protocol";
import { explain } from "../api";
import { readDiff } from "../diff";
import { useNexus, useWorkspace } from "../nexus";
import { short } from "../visible";
import { Compare } from "./Compare";
import { Decision } from "./Decision";
import { Diff, SHOWN_ROWS } from "./Diff";
import { Capabilities, Diagnostics, Trials } from "./Facts";
import { Notice } from "./Notice";
import { Plain } from "./Plain";
import { moment } from "./status";

/** One proposal, with everything its reviewer decides about. */
export function ReviewDocument({ id }: { id: string }): ReactNode {
  const { api, workspace, reviews } = useNexus();
  const { proposals, link } = useWorkspace();
  const record = proposals.find(({ proposal }) => proposal.id === id);
  const [failed, setFailed] = useState("");
  const known = record !== undefined;
  useEffect(() => {
    if (link !== "online") return;
    if (!known)
      api.proposal(id).then(
        (found) => workspace.record(found),
        (error: unknown) => setFailed(explain(error)),
      );
    // to decide here one has to be enrolled, whether the list was opened or not
    reviews.open().catch((error: unknown) => setFailed(explain(error)));
  }, [api, workspace, reviews, id, known, link]);
  return (
    <article className="nxl nxl-review">
      {failed && <Notice tone="error">{short(failed, 400)}</Notice>}
      {link === "offline" && <Notice tone="warning">The server does not answer; trying again.</Notice>}
      {record ? (
        <Whole key={record.proposal.hash} record={record} />
      ) : (
        <p className="nxl-small">Loading the proposal…</p>
      )}
    </article>
  );
}

function Whole({ record }: { record: ProposalRecord }): ReactNode {
  const { proposal } = record;
  const rows = useMemo(() => readDiff(proposal.diff), [proposal.diff]);
  const [all, setAll] = useState(false);
  const live = record.status === "open";
  return (
    <>
      <header className="nxl-top">
        <h1>Change of {short(proposal.title) || short(proposal.panel_id)}</h1>
        <p className="nxl-small">
          {short(proposal.notebook, 200)} · {short(proposal.author, 100)} · {moment(proposal.created)}
          {proposal.rounds > 1 && ` · ${proposal.rounds} rounds`}
        </p>
      </header>
      <Capabilities changes={proposal.capabilities} />
      <Decision record={record} seen={all || (rows?.length ?? 0) <= SHOWN_ROWS} />
      <section aria-label="Request">
        <h2 className="nxl-heading">Asked for</h2>
        <blockquote className="nxl-quote">
          <Plain text={proposal.request} />
        </blockquote>
        <h2 className="nxl-heading">The AI’s words</h2>
        <blockquote className="nxl-quote nxl-ai">
          <Plain text={proposal.reason || "It gave no reason."} />
        </blockquote>
      </section>
      {live && (
        <section aria-label="Preview">
          <h2 className="nxl-heading">Preview</h2>
          <Compare proposal={proposal} />
        </section>
      )}
      <Diagnostics proposal={proposal} />
      <section aria-label="Difference">
        <h2 className="nxl-heading">Difference</h2>
        {rows === null ? (
          <Notice tone="error">The difference cannot be read, so the change cannot be approved.</Notice>
        ) : (
          <Diff rows={rows} onAll={() => setAll(true)} />
        )}
      </section>
      <Trials run={proposal.dry_run} />
    </>
  );
}
