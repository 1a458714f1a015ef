import { type MouseEvent, type ReactNode, useEffect, useState } from "react";
import type { ProposalRecord } from "../../../generated/protocol";
import { explain } from "../api";
import { findPlace, whyNotHere } from "../cells";
import { useNexus, useStanding, useWorkspace } from "../nexus";
import { type Action, whyNotTrue } from "../statement";
import { short } from "../visible";
import { Notice } from "./Notice";
import { Reviewers } from "./Reviewers";
import { moment, STATUS } from "./status";
import { useCellChanges } from "./useCellChanges";

const DOING: { [action in Action]: string } = {
  approve: "Approving…",
  reject: "Rejecting…",
  undo: "Undoing…",
};

/** What was or can be decided about a proposal.  `seen`: all of its difference has been on the screen. */
export function Decision({ record, seen }: { record: ProposalRecord; seen: boolean }): ReactNode {
  const { reviews } = useNexus();
  const standing = useStanding();
  const { link } = useWorkspace();
  const [doing, setDoing] = useState<Action | null>(null);
  const [failed, setFailed] = useState("");
  const [unwritten, setUnwritten] = useState(false);
  const obstacle = useObstacle(record);

  const decide = (action: Action) => (event: MouseEvent) => {
    setDoing(action);
    setFailed("");
    reviews
      .decide(event.nativeEvent, action, record)
      .then(
        ({ written }) => setUnwritten(written === false),
        (error: unknown) => setFailed(explain(error)),
      )
      .finally(() => setDoing(null));
  };
  const able = !standing.reason && standing.status === "active" && link === "online" && doing === null;
  const { status } = record;
  return (
    <section className="nxl-decision" aria-label="Decision">
      <div className="nxl-row nxl-wrap">
        <span className={`nxl-status nxl-status-${status}`} role="status">
          <span aria-hidden="true">{STATUS[status].sign} </span>
          {doing ? DOING[doing] : STATUS[status].word}
          {record.decided && !doing && <span className="nxl-small"> {moment(record.decided)}</span>}
        </span>
        <span className="nxl-buttons">
          {status === "open" && (
            <>
              <button type="button" className="nxl-button" disabled={!able} onClick={decide("reject")}>
                Reject
              </button>
              <button
                type="button"
                className="nxl-button nxl-main"
                disabled={!able || obstacle !== "" || !seen}
                onClick={decide("approve")}
              >
                Approve
              </button>
            </>
          )}
          {status === "applied" && (
            <button
              type="button"
              className="nxl-button"
              disabled={!able || obstacle !== ""}
              onClick={decide("undo")}
            >
              Undo
            </button>
          )}
        </span>
      </div>
      {(status === "open" || status === "applied") && <Reviewers />}
      {obstacle && <Notice tone="warning">{obstacle}</Notice>}
      {status === "open" && !seen && (
        <Notice tone="info">Show all lines of the difference before you approve.</Notice>
      )}
      {status === "stale" && (
        <Notice tone="warning">
          The panel changed after this was proposed, so it cannot be applied any more. Ask for the change
          again.
        </Notice>
      )}
      {record.notes.map((note, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: notes have no other name
        <Notice key={at} tone="info">
          {short(note, 400)}
        </Notice>
      ))}
      {unwritten && (
        <Notice tone="warning">
          The panel changed, but its cell was edited meanwhile and keeps its own text.
        </Notice>
      )}
      {failed && <Notice tone="error">{short(failed, 600)}</Notice>}
      <Leftover record={record} />
    </section>
  );
}

/** Why the next decision cannot be made now; "" when it can. */
function useObstacle(record: ProposalRecord): string {
  const { notebooks, workspace } = useNexus();
  const standing = useStanding();
  const { panels } = useWorkspace();
  const changes = useCellChanges();
  const [obstacle, setObstacle] = useState("");
  const { proposal, status } = record;
  const panel = panels.get(proposal.panel);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the cells say changes with them
  useEffect(() => {
    const hash = status === "open" ? proposal.base_hash : status === "applied" ? record.applied_hash : null;
    if (hash === null || standing.reason) {
      setObstacle("");
      return;
    }
    let ended = false;
    const look = async () => {
      const untrue = await whyNotTrue(proposal);
      if (untrue) return untrue;
      if (!panel) return "The panel does not run now. Run its cell first.";
      return whyNotHere(await findPlace(notebooks, proposal.notebook, panel, hash));
    };
    look().then(
      (why) => !ended && setObstacle(why),
      (error: unknown) => !ended && setObstacle(explain(error)),
    );
    return () => {
      ended = true;
    };
  }, [record, panel, changes, standing.reason, notebooks, workspace]);
  return obstacle;
}

/** A cell that kept the old text after a decision. */
function Leftover({ record }: { record: ProposalRecord }): ReactNode {
  const { reviews } = useNexus();
  const changes = useCellChanges();
  const [stale, setStale] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the cells say changes with them
  useEffect(() => {
    let ended = false;
    reviews.staleCell(record).then(
      (cell) => !ended && setStale(cell !== null),
      () => !ended && setStale(false),
    );
    return () => {
      ended = true;
    };
  }, [record, reviews, changes]);
  if (!stale) return null;
  return (
    <Notice tone="warning">
      The cell still has the text from before this decision.{" "}
      <button
        type="button"
        className="nxl-button"
        onClick={() => void reviews.updateCell(record).then((done) => setStale(!done))}
      >
        Update the cell
      </button>
    </Notice>
  );
}
