/**
 * The question whether a panel may use what lies outside of its sandbox.  All of it is text; what the panel itself
 * says is marked as its own words.
 */
import { type ReactNode, useEffect, useId, useState } from "react";
import { Button } from "react-aria-components/Button";
import type { Consent, ConsentDemand, ConsentLine } from "../generated/protocol";
import type { Decision } from "../host/consent";
import { useHost } from "./host";

/** Milliseconds in which a new or changed question takes no answer: a press that was meant for something else. */
export const GUARD = 500;

// All alike: none of them is the one to press.
const CHOICES: readonly (readonly [Decision, string])[] = [
  ["once", "Allow once"],
  ["panel", "Allow for this panel"],
  ["deny", "Deny"],
];

/** The region is always there, so that what appears in it is announced. */
export function ConsentBar({ consent, note }: { consent: Consent | null; note: string }): ReactNode {
  const host = useHost();
  return (
    <div className="nx-consent-place" aria-live="polite">
      {consent && <Question consent={consent} />}
      {!consent && note && (
        <div className="nx-note nx-consent-note">
          <span>{note}</span>
          <Button className="nx-quiet" aria-label="Dismiss" onPress={() => host.dismissConsentNote()}>
            ×
          </Button>
        </div>
      )}
    </div>
  );
}

/** Whether the question has been there, as it is, for long enough to be answered. */
function useStill(id: string): boolean {
  const [still, setStill] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setStill(id), GUARD);
    return () => clearTimeout(timer);
  }, [id]);
  return still === id;
}

function Question({ consent }: { consent: Consent }): ReactNode {
  const host = useHost();
  const heading = useId();
  const still = useStill(consent.id);
  const [sent, setSent] = useState("");
  const [failed, setFailed] = useState("");
  const ready = still && sent !== consent.id;
  const answer = (decision: Decision) => {
    if (!ready) return;
    if (host.decide(consent.id, decision)) setSent(consent.id);
    else setFailed(consent.id);
  };
  return (
    <section className="nx-consent" aria-labelledby={heading}>
      <div className="nx-consent-head" id={heading}>
        <Shield />
        {consent.renewal
          ? "This panel has changed since it was allowed to"
          : "This panel asks for permission to"}
      </div>
      <ul className="nx-consent-demands">
        {consent.demands.map((demand) => (
          <Demand key={demand.alias} demand={demand} />
        ))}
      </ul>
      {consent.renewal && consent.diff && <Difference diff={consent.diff} />}
      <div className="nx-consent-choices">
        {CHOICES.map(([decision, label]) => (
          // Pending and not disabled: a button that is disabled would lose the focus that somebody put there.
          <Button
            key={decision}
            className="nx-button"
            data-variant="secondary"
            isPending={!ready}
            onPress={() => answer(decision)}
          >
            <span className="nx-button-label">{label}</span>
          </Button>
        ))}
      </div>
      {failed === consent.id && <div role="alert">The kernel cannot be reached. Run this cell again.</div>}
    </section>
  );
}

function Demand({ demand }: { demand: ConsentDemand }): ReactNode {
  return (
    <li className="nx-consent-demand">
      <ul className="nx-consent-abilities">
        {demand.abilities.map((line) => (
          <li key={line.label}>
            {line.text}
            <Mark line={line} />
          </li>
        ))}
      </ul>
      {demand.scope.length > 0 && (
        // No list of terms: JupyterLab lays those out in its own way.
        <ul className="nx-consent-scope" aria-label="Within these bounds">
          {demand.scope.map((line) => (
            <li key={line.label}>
              <span className="nx-consent-label">{line.label}</span> <code>{line.text}</code>
              <Mark line={line} />
            </li>
          ))}
        </ul>
      )}
      <p className="nx-consent-what">
        <code>{demand.extension}</code> {demand.description}
      </p>
      {demand.reason && (
        <p className="nx-consent-reason">
          The panel’s own words: <q>{demand.reason}</q>
        </p>
      )}
    </li>
  );
}

function Mark({ line }: { line: ConsentLine }): ReactNode {
  if (!line.dangerous) return null;
  return (
    <span className="nx-consent-mark">
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M8 2 14.5 13.5h-13zM8 6.5v3M8 11.6v.1" />
      </svg>
      dangerous
    </span>
  );
}

function Shield(): ReactNode {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <path d="M8 1.5 13.5 3.5v4c0 3.3-2.2 5.8-5.5 7-3.3-1.2-5.5-3.7-5.5-7v-4zM8 5v3.5M8 10.9v.1" />
    </svg>
  );
}

const KINDS: { readonly [first: string]: string } = { "+": "added", "-": "removed", "@": "place" };

function Difference({ diff }: { diff: string }): ReactNode {
  // The first two lines name the texts; any other that looks like them is a line of the document.
  const lines = diff.replace(/\n$/, "").split("\n").slice(2);
  return (
    <details className="nx-details nx-consent-diff">
      <summary>Show what has changed in it</summary>
      <pre>
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines have no other identity and hold no state
          <span key={index} data-kind={KINDS[line.charAt(0)]}>
            {`${line}\n`}
          </span>
        ))}
      </pre>
    </details>
  );
}
