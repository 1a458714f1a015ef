import { type ReactNode, useContext, useMemo } from "react";
import { Button as PressButton } from "react-aria-components/Button";
import { ControlTip } from "../render/HoverTip";
import { EnabledContext, useHost } from "../render/host";
import { named, readProps } from "../render/props";
import type { ComponentArguments } from "../render/registry";
import { readStyle } from "../render/style";

function PressTool({ component, node, common }: ComponentArguments & { component: "Button" | "Action" }) {
  const props = useMemo(() => readProps(component, node.props), [component, node.props]);
  const host = useHost();
  const enabled = useContext(EnabledContext);
  const emit = (event: string) => {
    if (node.events.includes(event)) host.dispatch(node.id, event);
  };
  const label = props.label || "";
  return (
    <ControlTip text={common.tooltip}>
      <PressButton
        className="nx-button"
        data-variant={props.variant}
        style={readStyle(common.style) ?? {}}
        {...named(common.ariaLabel || (label ? undefined : component))}
        isDisabled={props.disabled === true || !enabled}
        isPending={props.loading === true}
        onPress={() => emit("press")}
        onFocus={() => emit("focus")}
        onBlur={() => emit("blur")}
      >
        {props.loading && <span className="nx-spinner" aria-hidden="true" />}
        <span className="nx-button-label">{label || "\u00a0"}</span>
      </PressButton>
    </ControlTip>
  );
}

/** Calls a tool when pressed. */
export function Button(given: ComponentArguments): ReactNode {
  return <PressTool {...given} component="Button" />;
}

/** A button whose trigger is required. */
export function Action(given: ComponentArguments): ReactNode {
  return <PressTool {...given} component="Action" />;
}
