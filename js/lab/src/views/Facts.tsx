import type { ReactNode } from "react";
import type { CapabilityChange, DryRun, Proposal } from "../../../generated/protocol";
import { Notice } from "./Notice";
import { Plain } from "./Plain";

/** What the new document demands that the present one does not: always above everything else. */
export function Capabilities({ changes }: { changes: readonly CapabilityChange[] }): ReactNode {
  if (changes.length === 0) return null;
  const dangerous = changes.some((change) => change.dangerous);
  return (
    <section className={`nxl-capabilities${dangerous ? " nxl-dangerous" : ""}`} aria-label="Capabilities">
      <h2 className="nxl-heading">
        {dangerous ? "⚠ This change demands more" : "This change demands something else"}
      </h2>
      <ul>
        {changes.map((change, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a frozen list
          <li key={at} className={change.dangerous ? "nxl-danger" : ""}>
            <strong>
              {change.dangerous && "Dangerous: "}
              {change.kind} <Plain text={change.extension || change.alias} />
              {change.extension && change.alias && (
                <>
                  {" "}
                  as <Plain text={change.alias} />
                </>
              )}
            </strong>
            {change.before && (
              <p className="nxl-words">
                − <Plain text={change.before} />
              </p>
            )}
            {change.after && (
              <p className="nxl-words">
                + <Plain text={change.after} />
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What the checker says of the new document. */
export function Diagnostics({ proposal }: { proposal: Proposal }): ReactNode {
  if (proposal.diagnostics.length === 0) return null;
  return (
    <section aria-label="Diagnostics">
      <h2 className="nxl-heading">Diagnostics</h2>
      {proposal.diagnostics.map((diagnostic, at) => (
        <Notice
          // biome-ignore lint/suspicious/noArrayIndexKey: a frozen list
          key={at}
          tone={
            diagnostic.severity === "error" ? "error" : diagnostic.severity === "warning" ? "warning" : "info"
          }
        >
          <span className="nxl-small">
            {diagnostic.severity} line {diagnostic.span.line} <Plain text={diagnostic.code} />
          </span>
          <p>
            <Plain text={diagnostic.message} />
          </p>
          {diagnostic.hint && (
            <p className="nxl-small">
              <Plain text={diagnostic.hint} />
            </p>
          )}
        </Notice>
      ))}
    </section>
  );
}

/** Operations of one trial that are shown. */
const MOST_OPS = 20;
/** What is said of an operation instead of its value. */
const SAID: Readonly<Record<string, string>> = { remove: "removed", reorder: "put in another order" };

/** What came of the new document in a clone with the panel's state. */
export function Trials({ run }: { run: DryRun | null }): ReactNode {
  if (!run) return null;
  return (
    <section aria-label="Dry run">
      <h2 className="nxl-heading">Tried in a copy of the panel</h2>
      {run.problems.map((problem, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a frozen list
        <Notice key={at} tone={problem.severity}>
          <Plain text={problem.message} />
        </Notice>
      ))}
      {run.resets.length === 0 ? (
        <p className="nxl-small">All state is kept.</p>
      ) : (
        <ul>
          {run.resets.map((reset, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a frozen list
            <li key={at}>
              <Plain text={reset} />
            </li>
          ))}
        </ul>
      )}
      {run.trials.map((trial, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a frozen list
        <div key={at} className="nxl-trial">
          <strong>
            <Plain text={trial.tool} />
          </strong>{" "}
          {trial.error ? (
            <span className="nxl-wrong">
              fails: <Plain text={trial.error.message} />
            </span>
          ) : trial.ops.length === 0 ? (
            "runs and changes nothing"
          ) : (
            <>
              runs and changes
              <ul>
                {trial.ops.slice(0, MOST_OPS).map((op, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a frozen list
                  <li key={at}>
                    <code>
                      <Plain text={op.path} /> {SAID[op.op] ?? "→ "}
                      {!SAID[op.op] && <Plain text={brief(op.value)} />}
                    </code>
                  </li>
                ))}
                {trial.ops.length > MOST_OPS && <li>… and {trial.ops.length - MOST_OPS} more</li>}
              </ul>
            </>
          )}
        </div>
      ))}
    </section>
  );
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
