import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";

export interface Tab {
  id: string;
  label: string;
  /** A number beside the label, left out at 0. */
  count?: number;
  /** What the number counts, for who does not see it. */
  counts?: string;
}

const STEPS: { [key: string]: (at: number, last: number) => number } = {
  ArrowRight: (at, last) => (at === last ? 0 : at + 1),
  ArrowLeft: (at, last) => (at === 0 ? last : at - 1),
  Home: () => 0,
  End: (_, last) => last,
};

/** Views of which one is shown; arrow keys go from tab to tab. */
export function Tabs(props: {
  label: string;
  tabs: readonly Tab[];
  chosen: string;
  onChoose: (id: string) => void;
  children: ReactNode;
}): ReactNode {
  const { tabs, chosen, onChoose } = props;
  const id = useId();
  const bar = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === chosen);
    const to = STEPS[event.key]?.(at, tabs.length - 1);
    if (to === undefined) return;
    event.preventDefault();
    onChoose((tabs[to] as Tab).id);
    (bar.current?.children[to] as HTMLElement | undefined)?.focus();
  };
  return (
    <>
      <div className="nxl-tabs" role="tablist" aria-label={props.label} ref={bar}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}${tab.id}`}
            aria-selected={tab.id === chosen}
            aria-controls={tab.id === chosen ? `${id}shown` : undefined}
            tabIndex={tab.id === chosen ? 0 : -1}
            onClick={() => onChoose(tab.id)}
            onKeyDown={move}
          >
            {tab.label}{" "}
            {tab.count ? (
              <span className="nxl-badge">
                {tab.count} <span className="nxl-unshown">{tab.counts}</span>
              </span>
            ) : null}
          </button>
        ))}
      </div>
      <div className="nxl-tab" role="tabpanel" id={`${id}shown`} aria-labelledby={`${id}${chosen}`}>
        {props.children}
      </div>
    </>
  );
}
