/**
 * The resolved view, laid out flat: one record a node, with its children's keys instead of its
 * children.  Between two trees a record whose own content is unchanged stays the same object, so that
 * whoever draws a node can tell by identity that nothing is to be done.
 */
import type { Problem } from "../generated/protocol";
import { isObject, type Json, type JsonObject, own, readProblem } from "./messages";

/** `key` is unique in the view; `id` is the node's name for the kernel (equal unless a tree repeats an id). */
export interface ViewNode {
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly props: JsonObject;
  readonly bound: boolean;
  readonly writable: boolean;
  readonly value: Json;
  readonly events: readonly string[];
  readonly children: readonly string[];
}

export interface View {
  readonly root: string | null;
  readonly nodes: ReadonlyMap<string, ViewNode>;
  readonly ids: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

export const EMPTY_VIEW: View = { root: null, nodes: new Map(), ids: new Set(), problems: [] };

const MAX_DEPTH = 256;
const MAX_NODES = 100_000;
const MAX_PROBLEMS = 200;
const MAX_EQUAL_DEPTH = 64;

/** Whether two JSON values are equal; anything nested deeper than 64 levels counts as different. */
export function sameJson(a: unknown, b: unknown, depth = 0): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (depth > MAX_EQUAL_DEPTH) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameJson(item, b[index], depth + 1));
  }
  if (Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && sameJson(own(a, name), own(b, name), depth + 1));
}

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}

/** The old node if the new one says the same, else the new one with whatever parts did not change. */
function keep(old: ViewNode | undefined, now: ViewNode): ViewNode {
  if (!old) return now;
  const props = sameJson(old.props, now.props) ? old.props : now.props;
  const value = sameJson(old.value, now.value) ? old.value : now.value;
  const events = sameKeys(old.events, now.events) ? old.events : now.events;
  const children = sameKeys(old.children, now.children) ? old.children : now.children;
  const same =
    old.id === now.id &&
    old.type === now.type &&
    old.bound === now.bound &&
    old.writable === now.writable &&
    old.props === props &&
    old.value === value &&
    old.events === events &&
    old.children === children;
  return same ? old : { ...now, props, value, events, children };
}

/** Puts trees into `nodes`, one record a node; a record that says the same as the one in `previous` is that one. */
export class Layer {
  readonly ids = new Set<string>();
  readonly changed: string[] = [];
  /** How many parts of trees were no nodes, or lay too deep. */
  dropped = 0;
  /** Whether an id came twice. */
  doubled = false;

  constructor(
    private readonly nodes: Map<string, ViewNode>,
    private readonly previous: ReadonlyMap<string, ViewNode>,
  ) {}

  /** The key of the tree's root; null when it is no node. */
  add(raw: unknown, depth = 0): string | null {
    const { nodes } = this;
    const id = isObject(raw) ? own(raw, "id") : undefined;
    const type = isObject(raw) ? own(raw, "type") : undefined;
    if (
      !isObject(raw) ||
      depth > MAX_DEPTH ||
      nodes.size >= MAX_NODES ||
      typeof id !== "string" ||
      typeof type !== "string"
    ) {
      this.dropped += 1;
      return null;
    }
    let key = id;
    for (let turn = 2; nodes.has(key); turn += 1) key = `${id}\u0000${turn}`;
    if (key !== id) this.doubled = true;
    const props = own(raw, "props");
    const events = own(raw, "events");
    const below = own(raw, "children");
    const now: ViewNode = {
      key,
      id,
      type,
      props: isObject(props) ? (props as JsonObject) : {},
      bound: own(raw, "bound") === true,
      writable: own(raw, "writable") === true,
      value: (own(raw, "value") ?? null) as Json,
      events: Array.isArray(events) ? events.filter((name): name is string => typeof name === "string") : [],
      children: [],
    };
    nodes.set(key, now); // taken before the children are visited, so that none of them gets this key
    this.ids.add(id);
    const children: string[] = [];
    if (Array.isArray(below)) {
      for (const child of below) {
        const childKey = this.add(child, depth + 1);
        if (childKey !== null) children.push(childKey);
      }
    }
    const old = this.previous.get(key);
    const kept = keep(old, { ...now, children });
    nodes.set(key, kept);
    if (kept !== old) this.changed.push(key);
    return key;
  }
}

export function readProblems(listed: readonly unknown[]): Problem[] {
  const problems: Problem[] = [];
  for (const item of listed.slice(0, MAX_PROBLEMS)) {
    const problem = readProblem(item);
    if (problem) problems.push(problem);
  }
  return problems;
}

/**
 * Lays out a tree as the kernel sent it.  Nodes that are no nodes, or lie too deep, are left out and
 * named in the problems.  `changed` lists the keys whose record differs from `previous`, also removed ones.
 */
export function layOut(tree: unknown, previous: View): { view: View; changed: string[] } {
  const nodes = new Map<string, ViewNode>();
  const layer = new Layer(nodes, previous.nodes);
  const raw = isObject(tree) ? tree : {};
  const rawRoot = own(raw, "root");
  const root = rawRoot == null ? null : layer.add(rawRoot);
  const listed = own(raw, "problems");
  const problems = Array.isArray(listed) ? readProblems(listed) : [];
  const { changed, dropped, ids } = layer;
  if (dropped > 0) {
    problems.push({
      severity: "error",
      code: "TREE_SHAPE",
      message: `${dropped} part${dropped === 1 ? "" : "s"} of the view could not be shown: not a component, or nested too deeply.`,
      line: 0,
      column: 0,
    });
  }
  for (const key of previous.nodes.keys()) if (!nodes.has(key)) changed.push(key);
  const sameProblems = sameJson(previous.problems, problems) ? previous.problems : problems;
  return { view: { root, nodes, ids, problems: sameProblems }, changed };
}
