/** What the panel has to say as a whole: problems, errors without a place, connection, toasts. */
import { useEffect, useRef, useState } from "react";
import { Button } from "react-aria-components/Button";
import type { Problem } from "../generated/protocol";
import { type PanelState, type Toast, useHost } from "./host";
import { ErrorNote, place } from "./Notes";

const FEW = 3;
const TOAST_TIME = 6_000;

function ProblemLine({ problem, brief }: { problem: Problem; brief: boolean }) {
  const where = place(problem.line, problem.column);
  return (
    <li className="nx-problem" data-severity={problem.severity}>
      <span className="nx-problem-text">{problem.message}</span>
      {!brief && (problem.code || where) && (
        <span className="nx-problem-where">{[problem.code, where].filter(Boolean).join(", ")}</span>
      )}
    </li>
  );
}

export function Problems({ problems, brief }: { problems: readonly Problem[]; brief: boolean }) {
  const [all, setAll] = useState(false);
  if (problems.length === 0) return null;
  const shown = all ? problems : problems.slice(0, FEW);
  const more = problems.length - shown.length;
  return (
    <div className="nx-problems">
      <ul aria-label="Problems">
        {shown.map((problem, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list has no other identity and holds no state
          <ProblemLine key={index} problem={problem} brief={brief} />
        ))}
      </ul>
      {more > 0 && (
        <Button className="nx-link" onPress={() => setAll(true)}>
          Show {more} more
        </Button>
      )}
    </div>
  );
}

export function StrayErrors({ errors }: { errors: PanelState["strayErrors"] }) {
  const host = useHost();
  return errors.map(([node, error]) => (
    <ErrorNote key={node} error={error} onDismiss={() => host.dismissError(node)} />
  ));
}

/** What the panel does by itself has no component at which to say that it failed. */
export function HookErrors({ errors }: { errors: PanelState["hookErrors"] }) {
  const host = useHost();
  return errors.map(([hook, error]) => (
    <ErrorNote key={hook} error={error} of={hook} onDismiss={() => host.dismissHookError(hook)} />
  ));
}

export function ConnectionNote({ panel }: { panel: PanelState }) {
  if (panel.connection === "closed") {
    return (
      <div className="nx-note" role="status">
        This panel has ended{panel.closedReason ? `: ${panel.closedReason}` : "."}
      </div>
    );
  }
  if (panel.connection === "silent") {
    return (
      <div className="nx-note" role="status">
        Not connected to a kernel. If the kernel is not busy, run this cell again.
      </div>
    );
  }
  if (!panel.ready) {
    return (
      <div className="nx-note nx-note-quiet" role="status">
        Loading…
      </div>
    );
  }
  if (panel.overdue > 0) {
    const changes = panel.overdue === 1 ? "One change waits" : `${panel.overdue} changes wait`;
    return (
      <div className="nx-note nx-note-quiet" role="status">
        The kernel is busy. {changes} for it.
      </div>
    );
  }
  return null;
}

function ToastCard({ toast }: { toast: Toast }) {
  const host = useHost();
  const [held, setHeld] = useState(false);
  const card = useRef<HTMLLIElement>(null);
  useEffect(() => {
    // An error stays until it is dismissed; the rest leaves by itself, but never under the pointer or focus.
    if (held || toast.stays) return;
    const timer = setTimeout(() => host.dismissToast(toast.id), TOAST_TIME);
    return () => clearTimeout(timer);
  }, [held, host, toast]);
  return (
    <li
      ref={card}
      className="nx-toast"
      data-level={toast.level}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span>{toast.text}</span>
      <Button className="nx-quiet" aria-label="Dismiss" onPress={() => host.dismissToast(toast.id)}>
        ×
      </Button>
    </li>
  );
}

/** The region is always there, so that what appears in it is announced. */
export function Toasts({ toasts }: { toasts: readonly Toast[] }) {
  return (
    <div className="nx-toasts" role="status" aria-live="polite">
      {toasts.length > 0 && (
        <ul>
          {toasts.map((toast) => (
            <ToastCard key={toast.id} toast={toast} />
          ))}
        </ul>
      )}
    </div>
  );
}
