import { type MouseEvent, type ReactNode, useState } from "react";
import type { Reviewer } from "../../../generated/protocol";
import { explain } from "../api";
import { useNexus, useStanding, useWorkspace } from "../nexus";
import { grouped } from "../reviewer";
import { short } from "../visible";
import { Notice } from "./Notice";
import { moment } from "./status";

/** Whether this page may review, and other pages of this person that wait to. */
export function Reviewers(): ReactNode {
  const standing = useStanding();
  const { reviewers } = useWorkspace();
  const { reviews } = useNexus();
  const [failed, setFailed] = useState("");
  const pending = reviewers.filter((other) => other.status === "pending" && other.id !== standing.thumbprint);
  if (standing.reason)
    return (
      <Notice tone="warning">
        <strong>Approval is off.</strong> {standing.reason}
      </Notice>
    );
  return (
    <>
      {standing.status === "pending" && (
        <Notice tone="warning">
          <strong>This page waits for confirmation.</strong> Open the review list in the browser that reviewed
          first, compare this key and confirm it there.
          <Thumbprint id={standing.thumbprint} />
          <button
            type="button"
            className="nxl-button"
            onClick={() =>
              reviews.open().then(
                () => setFailed(""),
                (error: unknown) => setFailed(explain(error)),
              )
            }
          >
            Look again
          </button>
        </Notice>
      )}
      {standing.status === "active" &&
        pending.map((reviewer) => <Waiting key={reviewer.id} reviewer={reviewer} />)}
      {failed && <Notice tone="error">{short(failed, 400)}</Notice>}
    </>
  );
}

function Waiting({ reviewer }: { reviewer: Reviewer }): ReactNode {
  const { reviews } = useNexus();
  const [failed, setFailed] = useState("");
  const confirm = (event: MouseEvent) => {
    reviews.confirm(event.nativeEvent, reviewer).catch((error: unknown) => setFailed(explain(error)));
  };
  return (
    <Notice tone="warning">
      <strong>Another page wants to review:</strong> {short(reviewer.label, 80)}, {moment(reviewer.enrolled)}.
      Confirm it only if it is yours and shows this key:
      <Thumbprint id={reviewer.id} />
      <button type="button" className="nxl-button" onClick={confirm}>
        Confirm
      </button>
      {failed && <p className="nxl-wrong">{short(failed, 400)}</p>}
    </Notice>
  );
}

function Thumbprint({ id }: { id: string }): ReactNode {
  return <code className="nxl-thumbprint">{short(grouped(id), 80)}</code>;
}
