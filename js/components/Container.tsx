import { type ReactNode, useContext, useId, useMemo } from "react";
import { Button } from "react-aria-components/Button";
import { Disclosure, DisclosurePanel } from "react-aria-components/Disclosure";
import { Heading } from "react-aria-components/Heading";
import { useHost } from "../render/host";
import { Nodes } from "../render/Node";
import { HeadingContext } from "../render/names";
import { group, named, readProps } from "../render/props";
import type { ComponentArguments } from "../render/registry";

/** A titled group of components. */
export function Container({ node, common }: ComponentArguments): ReactNode {
  const props = useMemo(() => readProps("Container", node.props), [node.props]);
  const host = useHost();
  const level = useContext(HeadingContext);
  const heading = useId();
  const title = props.title || "";
  const body = (
    <HeadingContext.Provider value={title ? Math.min(6, level + 1) : level}>
      <div className="nx-container-body">
        <Nodes keys={node.children} />
      </div>
    </HeadingContext.Provider>
  );

  if (props.collapsible) {
    const toggled = (open: boolean) => {
      for (const event of ["toggle", "press"]) {
        if (node.events.includes(event)) host.dispatch(node.id, event, { open });
      }
    };
    return (
      <Disclosure
        className="nx-container"
        data-variant={props.variant}
        defaultExpanded
        onExpandedChange={toggled}
      >
        <Heading level={level} className="nx-container-title">
          <Button slot="trigger" className="nx-fold" {...named(common.ariaLabel)}>
            <svg className="nx-chevron" viewBox="0 0 16 16" aria-hidden="true">
              <path d="m6 4 4 4-4 4" />
            </svg>
            <span>{title || "Details"}</span>
          </Button>
        </Heading>
        <DisclosurePanel className="nx-fold-panel">{body}</DisclosurePanel>
      </Disclosure>
    );
  }
  return (
    <div
      className="nx-container"
      data-variant={props.variant}
      {...group(common.ariaLabel, title ? heading : undefined)}
    >
      {title && (
        <Heading id={heading} level={level} className="nx-container-title">
          {title}
        </Heading>
      )}
      {body}
    </div>
  );
}
