import { type ReactNode, useId, useMemo } from "react";
import { useLocale } from "react-aria/I18nProvider";
import { group, readProps } from "../render/props";
import type { ComponentArguments } from "../render/registry";
import { formatDelta, formatValue } from "./format";

const TREND = {
  up: { word: "up", path: "M8 13V3M3.5 7.5 8 3l4.5 4.5" },
  down: { word: "down", path: "M8 3v10M3.5 8.5 8 13l4.5-4.5" },
  flat: { word: "unchanged", path: "M3 8h10M8.5 3.5 13 8l-4.5 4.5" },
} as const;

/** One important number with its name. */
export function Metric({ node, common }: ComponentArguments): ReactNode {
  const props = useMemo(() => readProps("Metric", node.props), [node.props]);
  const { locale } = useLocale();
  const label = useId();
  const trend = props.trend ? TREND[props.trend] : null;
  const value = formatValue(props.value, props, locale, true);
  const delta = formatDelta(props.delta, props, locale);
  return (
    <div className="nx-metric" {...group(common.ariaLabel, props.label ? label : undefined)}>
      {props.label && (
        <div id={label} className="nx-metric-label">
          {props.label}
        </div>
      )}
      <div className="nx-metric-value">
        <span>{value || "–"}</span>
        {props.unit && <span className="nx-metric-unit">{props.unit}</span>}
      </div>
      {(trend || delta) && (
        <div className="nx-metric-change" data-trend={props.trend}>
          {trend && (
            <svg viewBox="0 0 16 16" role="img" aria-label={trend.word}>
              <path d={trend.path} />
            </svg>
          )}
          {delta && <span>{delta}</span>}
        </div>
      )}
    </div>
  );
}
