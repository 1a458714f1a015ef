/** Small notes at a component: its error, and what it waits for. */
import { Button } from "react-aria-components/Button";
import type { ErrorInfo } from "../generated/protocol";
import type { PendingCall } from "../host/calls";
import { useHost, usePanel } from "./host";

export function place(line: number, column: number): string {
  return line > 0 ? `line ${line}${column > 0 ? `, column ${column}` : ""}` : "";
}

interface ErrorProperties {
  readonly error: ErrorInfo;
  /** What failed, where that is not plain from the place of the note. */
  readonly of?: string;
  readonly onDismiss?: () => void;
}

/** An error: the sentence for everyone, and on request what the panel's author needs; not for visitors. */
export function ErrorNote({ error, of, onDismiss }: ErrorProperties) {
  const { visitor } = usePanel();
  const where = place(error.line, error.column);
  return (
    <div className="nx-error" role="alert">
      <div className="nx-error-head">
        <span className="nx-error-text">{error.message}</span>
        {onDismiss && (
          <Button className="nx-quiet" aria-label="Dismiss the error" onPress={onDismiss}>
            ×
          </Button>
        )}
      </div>
      {!visitor && error.hint && <div className="nx-error-hint">{error.hint}</div>}
      {!visitor && (
        <details className="nx-details">
          <summary>Details</summary>
          <div>
            {of && `${of}: `}
            <code>{error.code}</code>
            {error.name && error.name !== "Error" && ` ${error.name}`}
            {where && `, ${where}`}
          </div>
          {error.stack && <pre>{error.stack}</pre>}
        </details>
      )}
    </div>
  );
}

/** Whether there is more to say about a call than that it goes on. */
export function isNoteworthy(pending: PendingCall): boolean {
  return pending.long || pending.progress !== null;
}

/** What a call waits for once that takes long, with a way out. */
export function PendingNote({ pending, name }: { pending: PendingCall; name: string }) {
  const host = useHost();
  const { progress } = pending;
  const share = progress?.total ? Math.min(1, Math.max(0, progress.done / progress.total)) : null;
  let text = pending.tool === null ? "Waiting for the kernel…" : "Running…";
  if (pending.queued) text = "Waiting for its turn…";
  if (progress?.text) text = progress.text;
  else if (share !== null) text = `${Math.round(share * 100)}%`;
  if (pending.cancelling) text = "Cancelling…";
  return (
    <div className="nx-pending" role="status">
      {share !== null && (
        <span
          className="nx-bar"
          role="progressbar"
          aria-label={`Progress of ${name}`}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
        >
          <span style={{ width: `${share * 100}%` }} />
        </span>
      )}
      <span>{text}</span>
      {pending.long && !pending.cancelling && (
        <Button className="nx-link" onPress={() => host.cancel(pending.seq)}>
          Cancel
        </Button>
      )}
    </div>
  );
}
