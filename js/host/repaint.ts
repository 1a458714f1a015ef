/**
 * A difference of trees, made in the flat view.  What a patch names is changed in place, so that one row of
 * ten thousand costs one row; every node keeps exactly one place, whatever a patch says.
 */
import { isObject, type Json, type JsonObject, own } from "./json";
import { applyOperations, setOwn } from "./operations";
import { Layer, readProblems, type View, type ViewNode } from "./view";

/** Keys whose record differs now, also removed ones; null when the patch does not fit and the view is not to be used any more. */
export function repaint(patch: unknown, view: View): { view: View; changed: string[] } | null {
  if (!isObject(patch)) return null;
  const nodes = view.nodes as Map<string, ViewNode>;
  const changed = new Set<string>();
  for (const change of list(patch, "changed")) {
    const now = changedNode(change, nodes);
    if (now === null) return null;
    nodes.set(now.key, now);
    changed.add(now.key);
  }

  const entering = new Set<string>();
  const leaving: string[] = [];
  for (const change of list(patch, "children")) {
    const id = isObject(change) ? own(change, "id") : undefined;
    const node = typeof id === "string" ? nodes.get(id) : undefined;
    const spliced = node && spliceAll(node.children, list(change as object, "splices"));
    if (!node || !spliced) return null;
    nodes.set(node.key, { ...node, children: spliced.children });
    changed.add(node.key);
    for (const key of spliced.inserted) {
      if (entering.has(key)) return null;
      entering.add(key);
    }
    leaving.push(...spliced.removed);
  }

  const added = list(patch, "added");
  const before = new Map<string, ViewNode>();
  for (const tree of added) {
    const id = isObject(tree) ? own(tree, "id") : undefined;
    if (typeof id !== "string") return null;
    if (!entering.delete(id)) {
      if (!nodes.has(id) || id === view.root) return null;
      leaving.push(id); // it comes anew where it is
    }
  }
  if (entering.size > 0) return null;
  for (const key of leaving) takeOut(key, nodes, before);

  const layer = new Layer(nodes, before);
  for (const tree of added) if (layer.add(tree) === null) return null;
  if (layer.dropped > 0 || layer.doubled) return null;
  for (const key of layer.changed) changed.add(key);
  for (const key of before.keys()) {
    if (!nodes.has(key)) {
      changed.add(key);
      (view.ids as Set<string>).delete(key);
    }
  }
  for (const id of layer.ids) (view.ids as Set<string>).add(id);
  const problems = own(patch, "problems");
  return {
    view: { ...view, problems: Array.isArray(problems) ? readProblems(problems) : view.problems },
    changed: [...changed],
  };
}

function list(object: object, name: string): readonly unknown[] {
  const value = own(object, name);
  return Array.isArray(value) ? value : [];
}

function changedNode(change: unknown, nodes: ReadonlyMap<string, ViewNode>): ViewNode | null {
  if (!isObject(change)) return null;
  const id = own(change, "id");
  const old = typeof id === "string" ? nodes.get(id) : undefined;
  if (!old) return null;
  let { props, bound, writable, value, events } = old;
  const set = own(change, "props");
  const edits = own(change, "edits");
  const gone = list(change, "gone");
  if (isObject(set) || isObject(edits) || gone.length > 0) {
    props = { ...props };
    for (const name of gone) if (typeof name === "string") delete props[name];
    for (const [name, now] of Object.entries(isObject(set) ? set : {})) setOwn(props, name, now as Json);
    for (const [name, operations] of Object.entries(isObject(edits) ? edits : {})) {
      if (!Object.hasOwn(props, name) || !Array.isArray(operations)) return null;
      const now = applyOperations((props as JsonObject)[name] as Json, operations);
      if (now === undefined) return null;
      setOwn(props, name, now);
    }
  }
  const place = own(change, "place");
  if (isObject(place)) {
    bound = own(place, "bound") === true;
    writable = own(place, "writable") === true;
    value = (own(place, "value") ?? null) as Json;
    events = list(place, "events").filter((name): name is string => typeof name === "string");
  }
  return { ...old, props, bound, writable, value, events };
}

interface Spliced {
  readonly children: string[];
  /** Keys that went for good, and keys that came and were not there before. */
  readonly removed: string[];
  readonly inserted: string[];
}

function spliceAll(before: readonly string[], splices: readonly unknown[]): Spliced | null {
  const children = before.slice();
  const out = new Set<string>();
  const into = new Set<string>();
  for (const splice of splices) {
    if (!isObject(splice)) return null;
    const at = own(splice, "at");
    const remove = own(splice, "remove");
    if (!isCount(at) || !isCount(remove) || at + remove > children.length) return null;
    const ids = list(splice, "ids");
    if (!ids.every((id): id is string => typeof id === "string")) return null;
    const taken = remove === children.length ? children.splice(0) : children.splice(at, remove);
    // one that an earlier splice of this patch put there counts as never come
    for (const key of taken) if (!into.delete(key)) out.add(key);
    for (const id of ids) {
      if (into.has(id)) return null;
      if (!out.delete(id)) into.add(id);
    }
    insert(children, at, ids);
  }
  return { children, removed: [...out], inserted: [...into] };
}

/** As `splice`, for more items than a call takes arguments. */
function insert(children: string[], at: number, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const rest = children.splice(at);
  for (const id of ids) children.push(id);
  for (const key of rest) children.push(key);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Takes a node and all below it out of `nodes`, into `before`. */
function takeOut(key: string, nodes: Map<string, ViewNode>, before: Map<string, ViewNode>): void {
  const waiting = [key];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const node = nodes.get(at);
    if (!node) continue;
    nodes.delete(at);
    before.set(at, node);
    waiting.push(...node.children);
  }
}
