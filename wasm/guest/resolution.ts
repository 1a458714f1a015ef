// From the declared view to the tree that is shown: conditions and loops resolved away, expressions evaluated,
// plain JSON left.  A binding that fails costs its property, never the tree.  Nodes are written as JSON text at
// once, so that what did not change is not written again.

import type { Place, Problem, ViewNode } from "../../js/generated/protocol";
import { factsOf, PanelError } from "./errors";
import { type Conversion, isContainer, type Json, scalar, toJson } from "./json";
import { Memo } from "./memo";
import type { Bound } from "./places";
import type { Scope } from "./scope";
import type { Target, View } from "./view";

const MAX_NODES = 20_000;
const MAX_PROBLEMS = 50;
const MAX_KEY = 200;

const NOTHING: ReadonlyMap<string, number> = new Map();
const NONE: readonly never[] = [];

type Prop = ViewNode["props"][string];

interface Recording {
  readonly targets: [string, Target][];
  readonly problems: [string, Problem][];
  readonly inner: [string, Memo][];
}

export class Resolution {
  readonly problems: Problem[] = [];
  readonly targets = new Map<string, Target>();
  /** For the next resolution. */
  readonly kept = new Map<string, Memo>();
  private readonly reported = new Set<string>();
  private readonly shown: Conversion;
  /** What the loop items being resolved have added, innermost last. */
  private readonly recordings: Recording[] = [];
  /** The node whose expressions are being evaluated. */
  private place = "";

  constructor(
    private readonly view: View,
    /** Of the last resolution; emptied on the way. */
    private readonly memos: Map<string, Memo>,
  ) {
    this.shown = {
      known: (value) => view.data.state.handles.behind(value)?.raw,
      fail: (place, problem, hint) =>
        new PanelError("Error", "INVALID_VALUE", `${place} is ${problem}, which cannot be shown`, hint),
      lenient: true,
    };
  }

  /** The shown nodes of one declared element, comma-separated; `id` is its structural path. */
  element(node: ViewNode, scope: Scope, id: string): string {
    switch (node.type) {
      case "If":
        return this.condition(node, scope, id);
      case "Iterate":
        return this.loop(node, scope, id);
      case "Else":
      case "Empty":
        return "";
      default:
        return this.component(node, scope, id);
    }
  }

  private children(nodes: readonly ViewNode[], scope: Scope, id: string, omit = ""): string {
    const parts: string[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as ViewNode;
      const part = node.type === omit ? "" : this.element(node, scope, `${id}.${i}`);
      if (part !== "") parts.push(part);
    }
    return parts.join();
  }

  private branch(node: ViewNode, type: string, scope: Scope, id: string): string {
    const at = node.children.findIndex((child) => child.type === type);
    return at < 0 ? "" : this.children((node.children[at] as ViewNode).children, scope, `${id}.${at}`);
  }

  private condition(node: ViewNode, scope: Scope, id: string): string {
    this.place = id;
    const result = this.attempt(node, node.condition, () => Boolean(this.value(node.condition, scope)));
    if (result === undefined) return "";
    return result ? this.children(node.children, scope, id, "Else") : this.branch(node, "Else", scope, id);
  }

  private loop(node: ViewNode, scope: Scope, id: string): string {
    this.place = id;
    const items = this.attempt(node, node.items, () => {
      const value = this.value(node.items, scope);
      if (value === undefined || value === null) return [];
      if (Array.isArray(value)) return value as unknown[];
      throw new PanelError(
        "Error",
        "INVALID_VALUE",
        "Iterate needs a list",
        "use Object.entries() for an object",
      );
    });
    if (items === undefined) return "";
    if (items.length === 0) return this.branch(node, "Empty", scope, id);
    const parts: string[] = [];
    const used = new Set<string>();
    for (let i = 0; i < items.length; i++) {
      const inner = Object.assign(Object.create(null) as Scope, scope);
      inner[node.item_name] = items[i];
      if (node.index_name !== null) inner[node.index_name] = i;
      Object.freeze(inner);
      const part = this.item(node, inner, `${id}${this.itemId(node, inner, items[i], id, i, used)}`);
      if (part !== "") parts.push(part);
    }
    return parts.join();
  }

  private item(node: ViewNode, scope: Scope, id: string): string {
    const known = this.memos.get(id);
    this.memos.delete(id);
    if (known?.holds(scope)) {
      this.view.data.computed.noteReads(known.reads);
      this.reuse(id, known);
      this.keep(id, known);
      return known.shown.text;
    }
    const { computed } = this.view.data;
    const reads = new Map<string, number>();
    const recording: Recording = { targets: [], problems: [], inner: [] };
    this.recordings.push(recording);
    let text: string;
    try {
      text = computed.collect(reads, () => this.children(node.children, scope, id, "Empty"));
    } finally {
      this.recordings.pop();
    }
    const { targets, problems, inner } = recording;
    const shown = {
      text,
      targets,
      problems: problems.length ? problems : NONE,
      inner: inner.length ? inner : NONE,
    };
    this.keep(id, new Memo(scope, reads.size ? reads : NOTHING, this.view.data, shown));
    return text;
  }

  private keep(id: string, memo: Memo): void {
    this.kept.set(id, memo);
    this.recordings.at(-1)?.inner.push([id, memo]);
  }

  private reuse(id: string, memo: Memo): void {
    this.kept.set(id, memo);
    for (const [name, target] of memo.shown.targets) this.addTarget(name, target);
    for (const [once, problem] of memo.shown.problems) this.addProblem(problem, once);
    for (const [inner, part] of memo.shown.inner) this.reuse(inner, part);
  }

  private itemId(
    node: ViewNode,
    scope: Scope,
    item: unknown,
    id: string,
    index: number,
    used: Set<string>,
  ): string {
    if (node.key === null) return `[#${index}]`;
    this.place = `${id}#${index}`;
    const key = this.key(node, node.key, scope, item);
    if (key === undefined) return `[#${index}]`;
    if (used.has(key)) {
      const text = `two items of this Iterate have the key ${JSON.stringify(key)}; their positions are used instead`;
      const problem = this.view.problem(
        "warning",
        new PanelError("Error", "DUPLICATE_KEY", text),
        null,
        node,
      );
      this.report(problem, `key:${node.span.start}`);
      return `[#${index}]`;
    }
    used.add(key);
    return `[${escaped(key)}]`;
  }

  /** An unbraced key names a property of the item. */
  private key(node: ViewNode, key: Prop, scope: Scope, item: unknown): string | undefined {
    const code = key.kind === "binding" ? key.code : null;
    return this.attempt(node, code, () => {
      let value: unknown;
      if (key.kind !== "literal") value = this.prop(key, scope, "key");
      else if (isContainer(item)) value = (item as Record<string, unknown>)[String(key.value)];
      if (value === undefined || value === null || typeof value === "object") {
        throw new PanelError("Error", "INVALID_KEY", "a key must be a string or a number");
      }
      return String(value).slice(0, MAX_KEY);
    });
  }

  private component(node: ViewNode, scope: Scope, path: string): string {
    this.place = path;
    const key =
      node.key === null ? null : this.attempt(node, null, () => this.prop(node.key as Prop, scope, "key"));
    const id =
      key === undefined || key === null ? path : `${path}[${escaped(String(key).slice(0, MAX_KEY))}]`;
    const props: string[] = [];
    let disabled = false;
    for (const name of Object.keys(node.props)) {
      const prop = node.props[name] as Prop;
      const value = this.attempt(node, prop.kind === "binding" ? prop.code : null, () =>
        this.prop(prop, scope, name),
      );
      if (value === undefined) continue;
      props.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
      if (name === "disabled") disabled = value === true;
    }
    const bound = node.bind === null ? null : this.bound(node, node.bind, scope);
    const events = Object.keys(node.events);
    if (bound?.writable && !events.includes("change")) events.push("change");
    this.target(id, { node, scope, disabled });
    const children = node.children.length === 0 ? "" : this.children(node.children, scope, path);
    return (
      `{"id":${JSON.stringify(id)},"type":${JSON.stringify(node.type)},"props":{${props.join()}},"bound":${bound !== null},` +
      `"writable":${bound?.writable ?? false},"value":${bound === null ? "null" : JSON.stringify(bound.value)},` +
      `"events":${events.length === 0 ? "[]" : JSON.stringify(events)},"children":[${children}]}`
    );
  }

  private bound(node: ViewNode, place: Place, scope: Scope): (Bound & { value: Json }) | null {
    const bound = this.attempt(node, null, () => {
      const found = this.view.places.find(place, scope);
      const value = found.present === undefined ? null : toJson(found.present, "the bound value", this.shown);
      return { ...found, value };
    });
    return bound ?? null;
  }

  private value(index: number | null, scope: Scope): unknown {
    return index === null ? undefined : this.view.show(index, scope, this.place);
  }

  /** A property's value; undefined when there is none. */
  private prop(prop: Prop, scope: Scope, name: string): Json | undefined {
    if (prop.kind === "literal") return prop.value;
    if (prop.kind === "binding") {
      const value = this.view.show(prop.code, scope, this.place);
      return value === undefined ? undefined : toJson(value, name, this.shown);
    }
    let text = "";
    for (const part of prop.parts) {
      text += typeof part === "string" ? part : this.text(this.view.show(part, scope, this.place), name);
    }
    return text;
  }

  private text(value: unknown, name: string): string {
    if (value === undefined || value === null) return "";
    if (scalar(value) !== undefined || typeof value === "number") return String(value);
    const plain = toJson(value, name, this.shown);
    return typeof plain === "string" ? plain : JSON.stringify(plain);
  }

  /** What `action` gives; undefined, and a problem in the list, when it fails. */
  private attempt<T>(node: ViewNode, index: number | null, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (factsOf(error)?.code === "LIMIT_NODES") throw error;
      const problem = this.view.problem("error", error, index, node);
      this.report(problem, `${problem.line}:${problem.column}:${problem.message}`);
      return undefined;
    }
  }

  private target(id: string, target: Target): void {
    this.addTarget(id, target);
    this.recordings.at(-1)?.targets.push([id, target]);
  }

  private addTarget(id: string, target: Target): void {
    if (this.targets.size >= MAX_NODES) {
      const text = `the view shows more than ${MAX_NODES} components`;
      throw new PanelError("LimitError", "LIMIT_NODES", text, "show fewer items, or a Table");
    }
    this.targets.set(id, target);
  }

  private report(problem: Problem, once: string): void {
    this.addProblem(problem, once);
    this.recordings.at(-1)?.problems.push([once, problem]);
  }

  private addProblem(problem: Problem, once: string): void {
    if (this.reported.has(once) || this.problems.length >= MAX_PROBLEMS) return;
    this.reported.add(once);
    this.problems.push(problem);
  }
}

/** A key as part of a node's id, where brackets and dots have a meaning. */
function escaped(key: string): string {
  return key.toWellFormed().replace(/[%[\].#]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}
