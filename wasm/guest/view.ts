// From the declared view to the tree that is shown: conditions and loops resolved away, expressions evaluated,
// plain JSON left.  A binding that fails costs its property, never the tree.

import type { Place, Problem, Program, Tree, TreeNode, ViewNode } from "../../js/generated/protocol";
import type { CodeTable } from "./code";
import type { Data } from "./data";
import { PanelError } from "./errors";
import { type Conversion, isContainer, type Json, toJson } from "./json";
import { type Bound, Places } from "./places";
import { errorInfo } from "./report";
import type { Scope } from "./scope";

const MAX_NODES = 50_000;
const MAX_PROBLEMS = 50;
const MAX_KEY = 200;

type Prop = ViewNode["props"][string];

/** Where an event of a shown node leads. */
export interface Target {
  readonly node: ViewNode;
  readonly scope: Scope;
  readonly bound: Bound | null;
  readonly disabled: boolean;
}

export interface Resolved {
  readonly tree: Tree;
  readonly targets: ReadonlyMap<string, Target>;
}

export class View {
  private readonly places: Places;

  constructor(
    private readonly program: Program,
    private readonly code: CodeTable,
    private readonly data: Data,
  ) {
    this.places = new Places(data, (index, scope) => this.evaluate(index, scope, undefined));
  }

  resolve(): Resolved {
    const resolution = new Resolution(this, this.places, this.data);
    const view = this.program.view;
    const root = view === null ? null : (resolution.element(view, NO_SCOPE, "0")[0] ?? null);
    return { tree: { root, problems: resolution.problems }, targets: resolution.targets };
  }

  /** An expression's value; throws what it throws. */
  evaluate(index: number, scope: Scope, event: unknown): unknown {
    return this.code.expression(index)(this.data.readable, scope, event);
  }

  problem(severity: Problem["severity"], error: unknown, index: number | null, node: ViewNode): Problem {
    const info = errorInfo(error, this.code, "BINDING_ERROR");
    const start = index === null ? node.span : this.code.start(index);
    const message =
      info.name === "Error" || error instanceof PanelError ? info.message : `${info.name}: ${info.message}`;
    return {
      severity,
      code: info.code,
      message: info.hint === "" ? message : `${message}; ${info.hint}`,
      line: info.line || start.line,
      column: info.line ? info.column : start.column,
    };
  }
}

const NO_SCOPE: Scope = Object.freeze(Object.create(null) as Scope);

class Resolution {
  readonly problems: Problem[] = [];
  readonly targets = new Map<string, Target>();
  private readonly reported = new Set<string>();
  private readonly shown: Conversion;

  constructor(
    private readonly view: View,
    private readonly places: Places,
    data: Data,
  ) {
    this.shown = {
      known: (value) => data.state.handles.behind(value)?.raw,
      fail: (place, problem, hint) =>
        new PanelError("Error", "INVALID_VALUE", `${place} is ${problem}, which cannot be shown`, hint),
      lenient: true,
    };
  }

  /** The shown nodes of one declared element; `id` is its structural path. */
  element(node: ViewNode, scope: Scope, id: string): TreeNode[] {
    switch (node.type) {
      case "If":
        return this.condition(node, scope, id);
      case "Iterate":
        return this.loop(node, scope, id);
      case "Else":
      case "Empty":
        return [];
      default:
        return [this.component(node, scope, id)];
    }
  }

  private children(nodes: readonly ViewNode[], scope: Scope, id: string, omit = ""): TreeNode[] {
    const out: TreeNode[] = [];
    nodes.forEach((node, i) => {
      if (node.type === omit) return;
      for (const shown of this.element(node, scope, `${id}.${i}`)) out.push(shown);
    });
    return out;
  }

  private branch(node: ViewNode, type: string, scope: Scope, id: string): TreeNode[] {
    const at = node.children.findIndex((child) => child.type === type);
    return at < 0 ? [] : this.children((node.children[at] as ViewNode).children, scope, `${id}.${at}`);
  }

  private condition(node: ViewNode, scope: Scope, id: string): TreeNode[] {
    const result = this.attempt(node, node.condition, () => Boolean(this.value(node.condition, scope)));
    if (result === undefined) return [];
    return result ? this.children(node.children, scope, id, "Else") : this.branch(node, "Else", scope, id);
  }

  private loop(node: ViewNode, scope: Scope, id: string): TreeNode[] {
    const items = this.attempt(node, node.items, () => {
      const value = this.value(node.items, scope);
      if (value === undefined || value === null) return [];
      if (!Array.isArray(value))
        throw new PanelError(
          "Error",
          "INVALID_VALUE",
          "Iterate needs a list",
          "use Object.entries() for an object",
        );
      return value as unknown[];
    });
    if (items === undefined) return [];
    if (items.length === 0) return this.branch(node, "Empty", scope, id);
    const out: TreeNode[] = [];
    const used = new Set<string>();
    for (let i = 0; i < items.length; i++) {
      const inner = Object.assign(Object.create(null) as Scope, scope);
      inner[node.item_name] = items[i];
      if (node.index_name !== null) inner[node.index_name] = i;
      const step = this.itemId(node, Object.freeze(inner), items[i], i, used);
      for (const shown of this.children(node.children, inner, `${id}${step}`, "Empty")) out.push(shown);
    }
    return out;
  }

  private itemId(node: ViewNode, scope: Scope, item: unknown, index: number, used: Set<string>): string {
    if (node.key === null) return `[#${index}]`;
    const key = this.key(node, node.key, scope, item);
    if (key === undefined) return `[#${index}]`;
    if (used.has(key)) {
      const text = `two items of this Iterate have the key ${JSON.stringify(key)}; their positions are used instead`;
      this.report(
        this.view.problem("warning", new PanelError("Error", "DUPLICATE_KEY", text), null, node),
        `key:${node.span.start}`,
      );
      return `[#${index}]`;
    }
    used.add(key);
    return `[${escaped(key)}]`;
  }

  /** An unbraced key names a property of the item. */
  private key(node: ViewNode, key: Prop, scope: Scope, item: unknown): string | undefined {
    const code = key.kind === "binding" ? key.code : null;
    return this.attempt(node, code, () => {
      const value =
        key.kind === "literal"
          ? isContainer(item)
            ? (item as Record<string, unknown>)[String(key.value)]
            : undefined
          : this.prop(key, scope, "key");
      if (value === undefined || value === null || typeof value === "object") {
        throw new PanelError("Error", "INVALID_KEY", "a key must be a string or a number");
      }
      return String(value).slice(0, MAX_KEY);
    });
  }

  private component(node: ViewNode, scope: Scope, path: string): TreeNode {
    if (this.targets.size >= MAX_NODES) {
      throw new PanelError(
        "LimitError",
        "LIMIT_NODES",
        `the view shows more than ${MAX_NODES} components`,
        "show fewer items, or a Table",
      );
    }
    const key =
      node.key === null
        ? undefined
        : this.attempt(node, null, () => this.prop(node.key as Prop, scope, "key"));
    const id =
      key === undefined || key === null ? path : `${path}[${escaped(String(key).slice(0, MAX_KEY))}]`;
    const props: Record<string, Json> = {};
    for (const [name, prop] of Object.entries(node.props)) {
      const value = this.attempt(node, prop.kind === "binding" ? prop.code : null, () =>
        this.prop(prop, scope, name),
      );
      if (value !== undefined) props[name] = value;
    }
    const bound = node.bind === null ? null : this.bound(node, node.bind, scope);
    const events = Object.keys(node.events);
    if (bound?.writable && !events.includes("change")) events.push("change");
    this.targets.set(id, { node, scope, bound, disabled: props.disabled === true });
    return {
      id,
      type: node.type,
      props,
      bound: bound !== null,
      writable: bound?.writable ?? false,
      value: bound?.value ?? null,
      events,
      children: this.children(node.children, scope, path),
    };
  }

  private bound(node: ViewNode, place: Place, scope: Scope): (Bound & { value: Json }) | null {
    return (
      this.attempt(node, null, () => {
        const bound = this.places.find(place, scope);
        return {
          ...bound,
          value: bound.present === undefined ? null : toJson(bound.present, "the bound value", this.shown),
        };
      }) ?? null
    );
  }

  private value(index: number | null, scope: Scope): unknown {
    return index === null ? undefined : this.view.evaluate(index, scope, undefined);
  }

  /** A property's value; undefined when there is none. */
  private prop(prop: Prop, scope: Scope, name: string): Json | undefined {
    if (prop.kind === "literal") return prop.value;
    if (prop.kind === "binding") {
      const value = this.view.evaluate(prop.code, scope, undefined);
      return value === undefined ? undefined : toJson(value, name, this.shown);
    }
    let text = "";
    for (const part of prop.parts)
      text += typeof part === "string" ? part : this.text(this.view.evaluate(part, scope, undefined), name);
    return text;
  }

  private text(value: unknown, name: string): string {
    if (value === undefined || value === null) return "";
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      return String(value);
    const plain = toJson(value, name, this.shown);
    return typeof plain === "string" ? plain : JSON.stringify(plain);
  }

  /** What `action` gives; undefined, and a problem in the list, when it fails. */
  private attempt<T>(node: ViewNode, index: number | null, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (error instanceof PanelError && error.code === "LIMIT_NODES") throw error;
      const problem = this.view.problem("error", error, index, node);
      this.report(problem, `${problem.line}:${problem.column}:${problem.message}`);
      return undefined;
    }
  }

  private report(problem: Problem, once: string): void {
    if (this.reported.has(once) || this.problems.length >= MAX_PROBLEMS) return;
    this.reported.add(once);
    this.problems.push(problem);
  }
}

/** A key as part of a node's id, where brackets and dots have a meaning. */
function escaped(key: string): string {
  return key.toWellFormed().replace(/[%[\].#]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}
