import { type ReactNode, useEffect, useState } from "react";
import type { ProposalRecord } from "../../../generated/protocol";
import { explain } from "../api";
import { useNexus, useWorkspace } from "../nexus";
import { short } from "../visible";
import { Empty, Notice } from "./Notice";
import { Reviewers } from "./Reviewers";
import { moment, STATUS } from "./status";

/** All proposals: those that wait for a decision, then those decided.  Opening it enrols this page as a reviewer. */
export function ReviewList(): ReactNode {
  const { reviews } = useNexus();
  const { proposals, link } = useWorkspace();
  const [failed, setFailed] = useState("");
  useEffect(() => {
    if (link !== "online") return;
    reviews.open().then(
      () => setFailed(""),
      (error: unknown) => setFailed(explain(error)),
    );
  }, [reviews, link]);
  const open = proposals.filter((record) => record.status === "open");
  const decided = proposals.filter((record) => record.status !== "open");
  return (
    <>
      <Reviewers />
      {failed && <Notice tone="error">{short(failed, 400)}</Notice>}
      {proposals.length === 0 ? (
        <Empty title="Nothing to review">
          Ask the AI for a change below or in a chat. Its proposal waits here; nothing changes before you
          approve it.
        </Empty>
      ) : (
        <>
          <Group title="Open" records={open} none="Nothing waits for a decision." />
          {decided.length > 0 && <Group title="Decided" records={decided} none="" />}
        </>
      )}
    </>
  );
}

function Group({
  title,
  records,
  none,
}: {
  title: string;
  records: ProposalRecord[];
  none: string;
}): ReactNode {
  const { openReview } = useNexus();
  return (
    <section aria-label={title}>
      <h3 className="nxl-heading">{title}</h3>
      {records.length === 0 && <p className="nxl-small">{none}</p>}
      <ul className="nxl-proposals">
        {records.map(({ proposal, status }) => (
          <li key={proposal.id}>
            <button type="button" onClick={() => openReview(proposal.id)}>
              <span className="nxl-name">{short(proposal.title) || short(proposal.panel_id)}</span>
              <span className="nxl-words">{short(proposal.request, 140)}</span>
              <span className="nxl-small">
                <span className={`nxl-status nxl-status-${status}`}>
                  <span aria-hidden="true">{STATUS[status].sign} </span>
                  {STATUS[status].word}
                </span>
                {proposal.capabilities.some((change) => change.dangerous) && (
                  <span className="nxl-danger-word"> demands more</span>
                )}{" "}
                {moment(proposal.created)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
