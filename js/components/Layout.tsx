import { type CSSProperties, type ReactNode, useMemo } from "react";
import { Nodes } from "../render/Node";
import { group, readProps } from "../render/props";
import type { ComponentArguments } from "../render/registry";

const ALIGN = {
  start: "start",
  center: "center",
  end: "end",
  stretch: "stretch",
  baseline: "baseline",
} as const;

const JUSTIFY = {
  start: "start",
  center: "center",
  end: "end",
  between: "space-between",
  around: "space-around",
  evenly: "space-evenly",
} as const;

/** Arranges its children. */
export function Layout({ node, common }: ComponentArguments): ReactNode {
  const props = useMemo(() => readProps("Layout", node.props), [node.props]);
  const strategy = props.strategy ?? "auto";
  const style: CSSProperties & { "--nx-columns"?: number } = {
    alignItems: ALIGN[props.align ?? "stretch"],
    justifyContent: JUSTIFY[props.justify ?? "start"],
    "--nx-columns": props.columns ?? 2,
  };
  return (
    <div className="nx-layout" data-strategy={strategy} {...group(common.ariaLabel)}>
      <div className={`nx-${strategy}`} data-direction={props.direction} data-gap={props.gap} style={style}>
        <Nodes keys={node.children} />
      </div>
    </div>
  );
}
