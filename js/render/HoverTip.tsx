import { type ReactElement, type ReactNode, useRef } from "react";
import { mergeProps } from "react-aria/mergeProps";
import { useTooltipTrigger } from "react-aria/useTooltipTrigger";
import { Tooltip, TooltipTrigger, TooltipTriggerStateContext } from "react-aria-components/Tooltip";
import { useTooltipTriggerState } from "react-stately/useTooltipTriggerState";

const DELAY = 500;

/** A tooltip's bubble lives outside the panel's element, so it brings the theme's class along. */
function Bubble({ children }: { children: ReactNode }) {
  return (
    <Tooltip className="nexus-panel-overlay nx-tooltip" offset={6}>
      {children}
    </Tooltip>
  );
}

/** A tooltip at a control that takes focus itself. */
export function ControlTip({ text, children }: { text: string | undefined; children: ReactElement }) {
  if (!text) return children;
  return (
    <TooltipTrigger delay={DELAY}>
      {children}
      <Bubble>{text}</Bubble>
    </TooltipTrigger>
  );
}

/** A tooltip at something that takes no focus: it becomes a stop of its own, so that the keyboard gets there. */
export function StillTip({
  text,
  className,
  children,
}: {
  text: string;
  className: string;
  children: ReactNode;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const options = { delay: DELAY };
  const state = useTooltipTriggerState(options);
  const { triggerProps, tooltipProps } = useTooltipTrigger(options, state, ref);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the tooltip must be reachable without a pointer
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups fields, this is any content
    <div {...mergeProps(triggerProps)} ref={ref} className={className} role="group" tabIndex={0}>
      {children}
      <TooltipTriggerStateContext.Provider value={state}>
        <Tooltip
          {...(tooltipProps as object)}
          className="nexus-panel-overlay nx-tooltip"
          offset={6}
          triggerRef={ref}
        >
          {text}
        </Tooltip>
      </TooltipTriggerStateContext.Provider>
    </div>
  );
}
