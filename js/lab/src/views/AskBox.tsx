import { type KeyboardEvent, type ReactNode, useId, useState } from "react";
import type { Ask } from "../../../generated/protocol";
import { explain } from "../api";
import { useNexus, useWorkspace } from "../nexus";
import { Notice } from "./Notice";
import { PanelChoice } from "./PanelChoice";
import { Plain } from "./Plain";

/** Asks the AI for a change of the selected panel.  What comes of it is a proposal, never a change. */
export function AskBox(): ReactNode {
  const { workspace, api } = useNexus();
  const { ai, selected, asks, link } = useWorkspace();
  const [words, setWords] = useState("");
  const [failed, setFailed] = useState("");
  const [sending, setSending] = useState(false);
  const id = useId();
  const mine = [...asks.values()].filter((ask) => ask.panel === selected);
  const running = mine.some((ask) => ask.status === "running");
  const reason = ai && !ai.available ? ai.reason || "No AI is configured." : "";
  const ready =
    selected !== null && words.trim() !== "" && !reason && !sending && !running && link === "online";

  const send = async () => {
    if (!ready) return;
    setSending(true);
    setFailed("");
    try {
      workspace.ask(await api.ask(selected, words.trim()));
      setWords("");
    } catch (error) {
      setFailed(explain(error));
    } finally {
      setSending(false);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    event.stopPropagation();
    void send();
  };
  return (
    <section className="nxl-ask" aria-label="Ask the AI">
      <PanelChoice label="Ask the AI to change" />
      {reason ? (
        <Off reason={reason} />
      ) : (
        <>
          <textarea
            id={id}
            className="nxl-input"
            rows={3}
            maxLength={20_000}
            aria-label="What should change?"
            placeholder="What should change? e.g. add a reset button"
            value={words}
            onChange={(event) => setWords(event.target.value)}
            onKeyDown={onKey}
          />
          <div className="nxl-row">
            <span className="nxl-small">{ai?.available && ai.model ? <Plain text={ai.model} /> : ""}</span>
            <button
              type="button"
              className="nxl-button nxl-main"
              disabled={!ready}
              onClick={() => void send()}
              title="Ctrl+Enter"
            >
              Ask
            </button>
          </div>
        </>
      )}
      {failed && (
        <Notice tone="error">
          <Plain text={failed} />
        </Notice>
      )}
      {mine.map((ask) => (
        <Progress key={ask.id} ask={ask} />
      ))}
    </section>
  );
}

/** Why nobody can be asked: what is missing at once, what to do about it on demand. */
function Off({ reason }: { reason: string }): ReactNode {
  const end = reason.indexOf(". ");
  const first = end < 0 ? reason : reason.slice(0, end + 1);
  const rest = end < 0 ? "" : reason.slice(end + 2);
  return (
    <Notice tone="info">
      <Plain text={first.charAt(0).toUpperCase() + first.slice(1)} />
      {rest && (
        <details>
          <summary>What to do</summary>
          <Plain text={rest} />
        </details>
      )}
    </Notice>
  );
}

function Progress({ ask }: { ask: Ask }): ReactNode {
  const { workspace, api, openReview } = useNexus();
  const [failed, setFailed] = useState("");
  const forget = (
    <button type="button" className="nxl-button" onClick={() => workspace.forgetAsk(ask.id)}>
      Dismiss
    </button>
  );
  const proposal = ask.proposal;
  return (
    <div className="nxl-asked">
      <p className="nxl-words">
        <Plain text={ask.request.slice(0, 300)} />
      </p>
      {ask.status === "running" && (
        <>
          <div className="nxl-progress" role="progressbar" aria-label="The AI is working" />
          <div className="nxl-row">
            <span role="status">
              <Plain text={ask.phase || "Waiting for the AI…"} />
            </span>
            <button
              type="button"
              className="nxl-button"
              onClick={() => api.cancel(ask.id).catch((error: unknown) => setFailed(explain(error)))}
            >
              Cancel
            </button>
          </div>
        </>
      )}
      {ask.status === "cancelled" && <div className="nxl-row">Cancelled.{forget}</div>}
      {ask.status === "failed" && (
        <Notice tone="error">
          <Plain text={ask.error?.message ?? "The AI did not answer with a usable change."} />
          {ask.error?.hint && (
            <p className="nxl-small">
              <Plain text={ask.error.hint} />
            </p>
          )}
          {forget}
        </Notice>
      )}
      {ask.status === "done" && (
        <div className="nxl-row">
          <span role="status">A proposal is ready.</span>
          {proposal !== null && (
            <button type="button" className="nxl-button nxl-main" onClick={() => openReview(proposal)}>
              Review it
            </button>
          )}
          {forget}
        </div>
      )}
      {failed && (
        <Notice tone="error">
          <Plain text={failed} />
        </Notice>
      )}
    </div>
  );
}
