/** A whole panel: the view, and around it what has to be said about it. */
import { memo, type ReactNode, useContext, useRef } from "react";
import { ConsentBar } from "./ConsentBar";
import { ErrorBoundary } from "./ErrorBoundary";
import { History, useHistoryKeys } from "./History";
import { EnabledContext, HostContext, type PanelHost, useHost, usePanel } from "./host";
import { SUPPRESS, useOwnKeys } from "./keys";
import { ConnectionNote, HookErrors, Problems, StrayErrors, Toasts } from "./Messages";
import { Node, RegistryContext } from "./Node";
import { NamesContext } from "./names";
import { QuestionDialog } from "./QuestionDialog";
import type { Registry } from "./registry";

interface Properties {
  readonly host: PanelHost;
  readonly registry: Registry;
  /** The prefix of the panel's ids in the page, from `makeNames`. */
  readonly names: string;
}

export function Panel({ host, registry, names }: Properties): ReactNode {
  return (
    <HostContext.Provider value={host}>
      <RegistryContext.Provider value={registry}>
        <NamesContext.Provider value={names}>
          <Frame />
        </NamesContext.Provider>
      </RegistryContext.Provider>
    </HostContext.Provider>
  );
}

function Frame(): ReactNode {
  const panel = usePanel();
  const host = useHost();
  const names = useContext(NamesContext);
  const attend = () => host.attend(names);
  const wake = () => host.wake();
  const element = useRef<HTMLElement>(null);
  useOwnKeys(element);
  useHistoryKeys(element, host);
  const enabled = panel.connection === "connecting" || panel.connection === "live";
  return (
    <section
      className="nexus-panel"
      aria-label={panel.title || "Panel"}
      data-connection={panel.connection}
      data-here={panel.here || undefined}
      ref={element}
      onPointerEnter={wake}
      onFocusCapture={wake}
      onPointerDownCapture={attend}
      onKeyDownCapture={attend}
      {...{ [SUPPRESS]: "true" }}
    >
      <ConsentBar consent={panel.consent} note={panel.consentNote} />
      <ConnectionNote panel={panel} />
      <Problems problems={panel.problems} brief={panel.visitor} />
      <HookErrors errors={panel.hookErrors} />
      <StrayErrors errors={panel.strayErrors} />
      <ErrorBoundary name="The panel" attempt={panel.rev}>
        <EnabledContext.Provider value={enabled}>
          {panel.root !== null && <View root={panel.root} />}
        </EnabledContext.Provider>
      </ErrorBoundary>
      <EnabledContext.Provider value={enabled}>
        <History panel={panel} />
      </EnabledContext.Provider>
      <Toasts toasts={panel.toasts} />
      <QuestionDialog />
    </section>
  );
}

/** Apart from the frame, so that a toast or a message does not draw the view again. */
const View = memo(function View({ root }: { root: string }): ReactNode {
  return (
    <div className="nx-view">
      <Node nodeKey={root} />
    </div>
  );
});
