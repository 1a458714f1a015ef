/** The panel's one style sheet, in each document or shadow tree that shows panels, while it shows any. */
import css from "./panel.css?inline";

const users = new WeakMap<Document | ShadowRoot, { count: number; remove: () => void }>();

function insert(root: Document | ShadowRoot): () => void {
  const view = root.ownerDocument?.defaultView ?? (root as Document).defaultView;
  try {
    if (!view || !("adoptedStyleSheets" in root)) throw new TypeError("no constructed style sheets");
    const sheet = new view.CSSStyleSheet(); // the page's content policy does not forbid these
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    return () => {
      root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet);
    };
  } catch {
    const element = (root.ownerDocument ?? (root as Document)).createElement("style");
    element.textContent = css;
    ((root as Document).head ?? root).append(element);
    return () => element.remove();
  }
}

function use(root: Document | ShadowRoot): () => void {
  const entry = users.get(root) ?? { count: 0, remove: insert(root) };
  entry.count += 1;
  users.set(root, entry);
  return () => {
    entry.count -= 1;
    if (entry.count > 0) return;
    users.delete(root);
    entry.remove();
  };
}

/** Makes the theme apply where `el` is and where its overlays appear; the returned function ends that. */
export function adoptTheme(el: HTMLElement): () => void {
  const root = el.getRootNode();
  const document = el.ownerDocument;
  const releases = [use(document)]; // overlays live in the document's body
  if (root instanceof ShadowRoot) releases.push(use(root));
  let used = true;
  return () => {
    if (!used) return;
    used = false;
    for (const release of releases) release();
  };
}
