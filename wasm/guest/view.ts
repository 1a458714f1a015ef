// The view of a panel: its expressions, its bound places, and the parts that it shows now.  What a change touches is
// evaluated again, and the host is told the difference.

import type { ViewNode } from "../../js/generated/protocol";
import { Branch } from "./branch";
import type { CodeTable } from "./code";
import { Component } from "./component";
import type { Data } from "./data";
import { PanelError } from "./errors";
import type { Conversion } from "./json";
import { Loop } from "./loop";
import type { Frame, Holder, Part } from "./part";
import { Places } from "./places";
import { Problems } from "./problems";
import { PlacedSource, present } from "./random";
import { readDeep } from "./reads";
import { NO_SCOPE, type Scope } from "./scope";

const MAX_NODES = 20_000;

/** Something that is brought up to date with the next look at the view. */
export interface Waiting {
  readonly depth: number;
  refresh(): void;
}

const NO_PARTS: readonly Part[] = [];

export class View {
  readonly places: Places;
  readonly problems: Problems;
  /** How values become what is shown. */
  readonly shown: Conversion;
  /** Of the revision being shown. */
  seed = 0;
  /** Components whose own content, or whose children's order, may differ from what the host was told. */
  readonly repainted = new Set<Component>();
  readonly rearranged = new Set<Component>();
  /** How many of the shown components the host does not know. */
  untold = 0;
  private readonly components = new Map<string, Component>();
  private shownCount = 0;
  private waiting: Waiting[] = [];
  private top: readonly Part[] | null = null;
  /** The problems that the host was told, as JSON; null when it was not told of this view at all. */
  private told: string | null = null;

  constructor(
    private readonly root: ViewNode | null,
    private readonly code: CodeTable,
    readonly data: Data,
  ) {
    this.problems = new Problems(code);
    this.places = new Places(data, (index, scope) => this.evaluate(index, scope, undefined));
    const { handles } = data.state;
    this.shown = {
      known: (value) => {
        const handle = handles.behind(value);
        if (handle !== undefined) readDeep(handle);
        return handle?.raw;
      },
      fail: (place, problem, hint) =>
        new PanelError("Error", "INVALID_VALUE", `${place} is ${problem}, which cannot be shown`, hint),
      lenient: true,
    };
  }

  // --- for the panel ---------------------------------------------------------------------------------------

  /** The shown component of this id, up to date. */
  at(id: string): Component | undefined {
    this.update();
    return this.components.get(id);
  }

  /** The protocol's `Tree` as JSON text.  The next difference is told from here. */
  tree(): string {
    this.update();
    const texts: string[] = [];
    for (const part of this.top ?? NO_PARTS) part.addTexts(texts);
    this.repainted.clear();
    this.rearranged.clear();
    this.told = JSON.stringify(this.problems.all());
    return `{"root":${texts.length === 0 ? "null" : texts.join("")},"problems":${this.told}}`;
  }

  /** The protocol's `TreePatch` as JSON text, "" when nothing changed; null when the host must be told the whole tree. */
  patch(): string | null {
    this.update();
    if (this.told === null) return null;
    const changed: string[] = [];
    for (const component of this.repainted) {
      const change = component.takeChange();
      if (change !== null) changed.push(change);
    }
    this.repainted.clear();
    const children: object[] = [];
    const added: string[] = [];
    for (const component of this.rearranged) {
      const splices = component.takeSplices(added);
      if (splices !== null) children.push({ id: component.id, splices });
    }
    if (this.untold > 0) for (const component of this.rearranged) component.takeReturned(added);
    this.rearranged.clear();
    const problems = JSON.stringify(this.problems.all());
    const same = problems === this.told;
    this.told = problems;
    if (changed.length === 0 && children.length === 0 && same) return "";
    return (
      `{"changed":[${changed.join()}],"children":${JSON.stringify(children)},"added":[${added.join("")}],` +
      `"problems":${same ? "null" : problems}}`
    );
  }

  // --- for its parts ---------------------------------------------------------------------------------------

  /** The parts of declared elements; those of type `omit` are left out. */
  parts(
    nodes: readonly ViewNode[],
    scope: Scope,
    path: string,
    frame: Frame | null,
    holder: Holder | null,
    omit = "",
  ): readonly Part[] {
    if (nodes.length === 0) return NO_PARTS;
    const parts: Part[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as ViewNode;
      if (node.type === omit) continue;
      const part = this.part(node, scope, `${path}.${i}`, frame, holder);
      if (part !== null) parts.push(part);
    }
    return parts;
  }

  /** The parts of the child of type `type`, `Else` or `Empty`. */
  alternative(
    node: ViewNode,
    type: string,
    scope: Scope,
    path: string,
    frame: Frame | null,
    holder: Holder,
  ): readonly Part[] {
    const at = node.children.findIndex((child) => child.type === type);
    if (at < 0) return NO_PARTS;
    return this.parts((node.children[at] as ViewNode).children, scope, `${path}.${at}`, frame, holder);
  }

  queue(one: Waiting): void {
    this.waiting.push(one);
  }

  know(component: Component): void {
    this.components.set(component.id, component);
  }

  /** The component is shown no more. */
  leave(component: Component): void {
    this.shownCount--;
    this.forget(component);
  }

  forget(component: Component): void {
    this.repainted.delete(component);
    this.rearranged.delete(component);
    if (this.components.get(component.id) === component) this.components.delete(component.id);
  }

  component(id: string): Component | undefined {
    return this.components.get(id);
  }

  /** The root is another component: the host must be told the whole tree. */
  replaceRoot(): void {
    this.told = null;
  }

  /** The value that an expression shows at the node `place`; throws what it throws. */
  show(index: number, scope: Scope, place: string): unknown {
    present.source = new PlacedSource(this.seed, index, place);
    return this.evaluate(index, scope, undefined);
  }

  /** An expression's value; throws what it throws. */
  evaluate(index: number, scope: Scope, event: unknown): unknown {
    const { state } = this.data;
    const before = state.writable;
    state.writable = false;
    try {
      return this.code.expression(index)(this.data.readable, scope, event);
    } finally {
      state.writable = before;
    }
  }

  // --- inside ----------------------------------------------------------------------------------------------

  private part(
    node: ViewNode,
    scope: Scope,
    path: string,
    frame: Frame | null,
    holder: Holder | null,
  ): Part | null {
    if (node.type === "Else" || node.type === "Empty") return null;
    const kind = node.type === "If" ? Branch : node.type === "Iterate" ? Loop : Component;
    if (kind === Component) this.count();
    const part = new kind(this, node, scope, path, frame, holder);
    // not at once: documents may be as deep as the stack is
    this.waiting.push(part);
    return part;
  }

  private count(): void {
    if (this.shownCount >= MAX_NODES) {
      const text = `the view shows more than ${MAX_NODES} components`;
      throw new PanelError("LimitError", "LIMIT_NODES", text, "show fewer items, or a Table");
    }
    this.shownCount++;
    this.untold++;
  }

  private update(): void {
    try {
      if (this.top === null) {
        const part = this.root === null ? null : this.part(this.root, NO_SCOPE, "0", null, null);
        this.top = part === null ? NO_PARTS : [part];
      }
      while (this.waiting.length > 0) {
        // From the outside in: what is taken away need not be evaluated.
        const batch = this.waiting.sort((a, b) => a.depth - b.depth);
        this.waiting = [];
        for (const one of batch) one.refresh();
      }
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** After a failure in the midst of an update nothing here is worth keeping. */
  private abandon(): void {
    this.told = null;
    this.top = null;
    this.waiting = [];
    for (const component of [...this.components.values()]) component.end();
    this.components.clear();
    this.shownCount = 0;
    this.untold = 0;
    this.problems.clear();
  }
}
