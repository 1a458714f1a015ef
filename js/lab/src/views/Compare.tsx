import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Proposal } from "../../../generated/protocol";
import { explain } from "../api";
import { useNexus, useWorkspace } from "../nexus";
import type { Shown } from "../notebooks";
import { short } from "../visible";
import type { Preview } from "../wire";
import { Notice } from "./Notice";
import { useCellChanges } from "./useCellChanges";

type Opened = { kind: "opening" } | { kind: "open"; preview: Preview } | { kind: "failed"; why: string };

/** The panel as it is and as it would be, both alive, beside each other. */
export function Compare({ proposal }: { proposal: Proposal }): ReactNode {
  const { notebooks } = useNexus();
  const { panels } = useWorkspace();
  useCellChanges();
  const open = notebooks.read(proposal.notebook) !== null;
  const [failed, setFailed] = useState("");
  if (!panels.has(proposal.panel))
    return (
      <Notice tone="info">
        The panel does not run now, so there is nothing to try. Run its cell to see the preview.
      </Notice>
    );
  if (!open)
    return (
      <Notice tone="info">
        The preview appears when the notebook is open.{" "}
        <button
          type="button"
          className="nxl-button"
          onClick={() =>
            notebooks.open(proposal.notebook).catch((error: unknown) => setFailed(explain(error)))
          }
        >
          Open {short(proposal.notebook, 60)}
        </button>
        {failed && <p className="nxl-wrong">{short(failed, 400)}</p>}
      </Notice>
    );
  return <Both proposal={proposal} />;
}

function Both({ proposal }: { proposal: Proposal }): ReactNode {
  const { api } = useNexus();
  const [opened, setOpened] = useState<Opened>({ kind: "opening" });
  useEffect(() => {
    let ended = false;
    setOpened({ kind: "opening" });
    const opening = api.openPreview(proposal.id);
    opening.then(
      (preview) => !ended && setOpened({ kind: "open", preview }),
      (error: unknown) => !ended && setOpened({ kind: "failed", why: explain(error) }),
    );
    return () => {
      ended = true;
      // the clone in the kernel ends with this view
      opening.then(() => api.closePreview(proposal.id)).catch(() => undefined);
    };
  }, [api, proposal.id]);
  if (opened.kind === "failed")
    return <Notice tone="warning">There is no live preview: {short(opened.why, 400)}</Notice>;
  return (
    <div className="nxl-compare">
      <View
        title="Present"
        notebook={proposal.notebook}
        model={opened.kind === "open" ? opened.preview.present : null}
      />
      <View
        title="Proposed"
        notebook={proposal.notebook}
        model={opened.kind === "open" ? opened.preview.preview : null}
      />
    </div>
  );
}

function View({
  title,
  notebook,
  model,
}: {
  title: string;
  notebook: string;
  model: string | null;
}): ReactNode {
  const { notebooks } = useNexus();
  const host = useRef<HTMLDivElement>(null);
  const [state, setState] = useState("Loading…");
  // before the element goes: a widget must leave the page before its host does
  useLayoutEffect(() => {
    if (model === null) return;
    const control = new AbortController();
    let shown: Shown | null = null;
    notebooks.show(notebook, model, control.signal).then(
      (view) => {
        if (control.signal.aborted || !host.current) return view.dispose();
        shown = view;
        view.attach(host.current);
        setState("");
      },
      (error: unknown) => control.signal.aborted || setState(explain(error)),
    );
    return () => {
      control.abort();
      shown?.dispose();
    };
  }, [notebooks, notebook, model]);
  return (
    <section className="nxl-view" aria-label={`${title} panel`}>
      <h3 className="nxl-heading">{title}</h3>
      {state && <p className="nxl-small">{short(state, 400)}</p>}
      <div ref={host} className="nxl-host" data-lm-suppress-shortcuts="true" />
    </section>
  );
}
