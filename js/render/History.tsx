/** Undo and redo: two quiet buttons below the view, and the keys that everyone knows. */
import { type ReactNode, type RefObject, useContext, useEffect } from "react";
import { EnabledContext, type PanelHost, type PanelState, type Turn, useHost } from "./host";

/** Kinds of `<input>` that have no text, and so no undo of their own. */
const WITHOUT_TEXT = new Set([
  "button",
  "checkbox",
  "color",
  "file",
  "image",
  "radio",
  "range",
  "reset",
  "submit",
]);

/** Whether the key's target undoes text by itself. */
function undoesText(target: Element): boolean {
  if (target.closest("textarea, [contenteditable]:not([contenteditable='false'])")) return true;
  return target.localName === "input" && !WITHOUT_TEXT.has(target.getAttribute("type") ?? "text");
}

/** What a key asks for: Ctrl or Cmd with Z, with Shift and Z, or with Y. */
function turnOf(event: KeyboardEvent): Turn | null {
  if (event.altKey || event.ctrlKey === event.metaKey || event.defaultPrevented) return null;
  const key = event.key.toLowerCase();
  if (key === "z") return event.shiftKey ? "redo" : "undo";
  return key === "y" && !event.shiftKey ? "redo" : null;
}

/** Takes the keys for undo and redo that are pressed in the panel, but in a text field. */
export function useHistoryKeys(panel: RefObject<HTMLElement | null>, host: PanelHost): void {
  useEffect(() => {
    const element = panel.current;
    if (!element) return;
    const take = (event: KeyboardEvent) => {
      const turn = turnOf(event);
      if (turn === null || !(event.target instanceof Element) || undoesText(event.target)) return;
      // Also when there is nothing to undo: the browser would undo text in some other field.
      event.preventDefault();
      event.stopPropagation();
      host.turn(turn);
    };
    element.addEventListener("keydown", take);
    return () => element.removeEventListener("keydown", take);
  }, [panel, host]);
}

const ARROW = "M5.5 3 2.5 6l3 3M3 6h6.5a4 4 0 0 1 0 8H6";

function TurnButton({ turn, can, label }: { turn: Turn; can: boolean; label: string }): ReactNode {
  const host = useHost();
  return (
    // Not `disabled`: a button that is would lose the focus of whoever has just pressed it for the last time.
    <button
      type="button"
      className="nx-quiet"
      aria-label={label}
      aria-disabled={!can}
      aria-keyshortcuts={turn === "undo" ? "Control+Z Meta+Z" : "Control+Shift+Z Meta+Shift+Z"}
      title={label}
      onClick={() => host.turn(turn)}
    >
      <svg className="nx-turn" data-turn={turn} viewBox="0 0 16 16" aria-hidden="true">
        <path d={ARROW} />
      </svg>
    </button>
  );
}

/** The region is always there, so that what appears in it is announced. */
export function History({ panel }: { panel: PanelState }): ReactNode {
  const enabled = useContext(EnabledContext);
  const shown = enabled && (panel.canUndo || panel.canRedo);
  return (
    <>
      <div className="nx-unseen" aria-live="polite">
        {panel.turned}
      </div>
      {shown && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields, and notebooks draw a frame around it
        <div className="nx-history" role="group" aria-label="Undo and redo">
          <TurnButton turn="undo" can={panel.canUndo} label="Undo" />
          <TurnButton turn="redo" can={panel.canRedo} label="Redo" />
        </div>
      )}
    </>
  );
}
