/** One node of the view: its frame, its component, and what there is to say about it. */
import { createContext, memo, type ReactNode, useContext, useMemo } from "react";
import { components } from "../generated/catalog";
import { own } from "../host/messages";
import type { ViewNode } from "../host/view";
import { ErrorBoundary } from "./ErrorBoundary";
import { StillTip } from "./HoverTip";
import { useHost, useNodeStatus, useViewNode } from "./host";
import { ErrorNote, isNoteworthy, PendingNote } from "./Notes";
import { NamesContext, pageId } from "./names";
import { type Common, defaultSpan, readCommon, toText } from "./props";
import type { Drawing, Registry } from "./registry";
import { readClasses, readStyle } from "./style";

export const RegistryContext = createContext<Registry>({});

function drawingOf(registry: Registry, type: string): Drawing | undefined {
  return Object.hasOwn(registry, type) ? registry[type] : undefined;
}

/** The nodes of a list of keys. */
export function Nodes({ keys }: { keys: readonly string[] }): ReactNode {
  return keys.map((key) => <Node key={key} nodeKey={key} />);
}

/** Draws the node of that key, and draws it again when its own content changes, not when its children's does. */
export const Node = memo(function Node({ nodeKey }: { nodeKey: string }): ReactNode {
  const node = useViewNode(nodeKey);
  return node ? <Framed node={node} /> : null;
});

const Framed = memo(function Framed({ node }: { node: ViewNode }): ReactNode {
  const registry = useContext(RegistryContext);
  const names = useContext(NamesContext);
  const common = useMemo(() => readCommon(node.props), [node.props]);
  const drawing = drawingOf(registry, node.type);
  if (common.hidden) return null;

  const Drawn = drawing?.component;
  const content = Drawn ? <Drawn node={node} common={common} /> : <Placeholder node={node} />;
  // a control that is disabled takes no focus, and what it has to say is often why
  const tells = !drawing?.control || own(node.props, "disabled") === true;
  const still = common.tooltip && tells ? common.tooltip : null;
  return (
    <div
      id={pageId(names, common.id)}
      className={frameClass(node, common, drawing)}
      data-span={common.colSpan ?? defaultSpan(node.type)}
      style={drawing?.ownStyle ? undefined : readStyle(common.style)}
    >
      <ErrorBoundary name={node.type.slice(0, 64)} attempt={node}>
        {still ? (
          <StillTip text={still} className="nx-still">
            {content}
          </StillTip>
        ) : (
          content
        )}
      </ErrorBoundary>
      <Status node={node} />
    </div>
  );
});

function frameClass(node: ViewNode, common: Common, drawing: Drawing | undefined): string {
  const type = drawing ? `nx-is-${node.type}` : "nx-is-unknown";
  const own = readClasses(common.class);
  return own ? `nx-node ${type} ${own}` : `nx-node ${type}`;
}

/** Apart from the component, so that a pending call does not draw it again. */
function Status({ node }: { node: ViewNode }): ReactNode {
  const host = useHost();
  const { pending, error } = useNodeStatus(node.id);
  return (
    <>
      {pending && !isNoteworthy(pending) && <span className="nx-busy" role="status" aria-label="Running" />}
      {pending && isNoteworthy(pending) && (
        <PendingNote pending={pending} name={toText(own(node.props, "label")) || node.type} />
      )}
      {error && <ErrorNote error={error} onDismiss={() => host.dismissError(node.id)} />}
    </>
  );
}

/** In the place of a component that there is not: its name, and its children. */
function Placeholder({ node }: { node: ViewNode }): ReactNode {
  const name = node.type.slice(0, 64);
  const known = Object.hasOwn(components, node.type);
  return (
    <div className="nx-placeholder">
      <p>
        <code>{`<${name}>`}</code> {known ? "is not available in this version." : "is not a component."}
      </p>
      <Nodes keys={node.children} />
    </div>
  );
}
