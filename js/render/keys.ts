import { type RefObject, useEffect } from "react";

/** Looked for by JupyterLab and Notebook on the way up from a key's target: from it on no shortcut is found. */
export const SUPPRESS = "data-lm-suppress-shortcuts";

/** Keys that mean the notebook also while the focus is in a panel: saving it. */
function isForTheNotebook(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s";
}

/** Marks an element as one whose keys are no shortcuts, or takes the mark away. */
function mark(element: Element, own: boolean): void {
  if (own) element.setAttribute(SUPPRESS, "true");
  else element.removeAttribute(SUPPRESS);
}

/**
 * Keeps keys that are typed in the panel from being shortcuts of the notebook (`a` would add a cell, `dd`
 * delete one), but lets saving through.  Many of the notebook's shortcuts belong to whatever element has
 * the focus, so the mark on the panel alone would come too late: the key's target must carry it, too.
 * The host looks while the event is captured at the document; the mark is set before that, at the window.
 */
export function useOwnKeys(panel: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = panel.current;
    const view = element?.ownerDocument.defaultView;
    if (!element || !view) return;
    const decide = (event: KeyboardEvent) => {
      if (!(event.target instanceof view.Element) || !element.contains(event.target)) return;
      const own = !isForTheNotebook(event);
      mark(element, own);
      if (event.target !== element) mark(event.target, own);
    };
    view.addEventListener("keydown", decide, { capture: true });
    return () => view.removeEventListener("keydown", decide, { capture: true });
  }, [panel]);
}
