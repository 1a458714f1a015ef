// A part of the shown view: one declared element at one place, evaluated again when what it read changes.

import type { ViewNode } from "../../js/generated/protocol";
import { factsOf, PanelError } from "./errors";
import { type Json, scalar, toJson } from "./json";
import type { Found } from "./problems";
import { type Observer, observed, type Refreshed } from "./reads";
import { NO_SCOPE, type Scope } from "./scope";
import type { View, Waiting } from "./view";

export type Prop = ViewNode["props"][string];

const NONE: readonly never[] = [];

/** Something the view holds at a place: an element, or an item of a loop. */
export interface Holder {
  /** The component around it; null at the root. */
  readonly frame: Frame | null;
  readonly depth: number;
}

/** A component, whose children's change is told as one. */
export interface Frame {
  /** Its children, or their order, may differ from what was told. */
  rearranged(): void;
}

/** The problems of the part that is being evaluated. */
let found: Found[] | null = null;

export abstract class Part implements Holder, Observer, Waiting {
  epoch = 0;
  readonly depth: number;
  problems: readonly Found[] = NONE;
  protected ended = false;
  private stale = true;
  private doubtful = false;
  private computed: Refreshed[] | null = null;

  constructor(
    protected readonly view: View,
    readonly node: ViewNode,
    public scope: Scope,
    /** Its structural path. */
    readonly path: string,
    readonly frame: Frame | null,
    holder: Holder | null,
  ) {
    this.depth = holder === null ? 0 : holder.depth + 1;
  }

  changed(): void {
    if (this.ended || this.stale) return;
    if (!this.doubtful) this.view.queue(this);
    this.stale = true;
  }

  maybe(): void {
    if (this.ended || this.stale || this.doubtful) return;
    this.doubtful = true;
    this.view.queue(this);
  }

  depends(on: Refreshed): void {
    if (this.computed === null) this.computed = [on];
    else this.computed.push(on);
  }

  /** Brings the part up to date, if it is not. */
  refresh(): void {
    if (this.ended) return;
    for (const value of this.computed ?? NONE) {
      if (this.stale) break;
      value.refresh();
    }
    this.doubtful = false;
    if (!this.stale) return;
    this.stale = false;
    this.computed = null;
    const outer = found;
    found = null;
    try {
      observed(this, () => this.evaluate());
      this.noteProblems(found ?? NONE);
    } finally {
      found = outer;
    }
  }

  /** Takes it and all that is in it out of the view, and lets go of it all: else the memory is only found again much later. */
  end(): void {
    this.ended = true;
    this.epoch++;
    this.computed = null;
    this.scope = NO_SCOPE;
    this.noteProblems(NONE);
  }

  /** The loop variables around it are others now. */
  rescope(scope: Scope): void {
    this.scope = scope;
    this.changed();
  }

  /** Evaluates its expressions, and makes, keeps or ends the parts within. */
  protected abstract evaluate(): void;

  /** The given ids and behind them those of the components it shows where it stands, in order; may add to the given list. */
  abstract addIds(ids: string[]): string[];

  abstract addTexts(texts: string[]): void;

  /** What it shows, or the order of it, has changed. */
  protected rearrange(): void {
    if (this.frame === null) this.view.replaceRoot();
    else this.frame.rearranged();
  }

  private noteProblems(problems: Part["problems"]): void {
    if (problems.length === 0 && this.problems.length === 0) return;
    this.problems = problems;
    this.view.problems.note(this);
  }

  protected value(index: number | null, scope: Scope, place: string): unknown {
    return index === null ? undefined : this.view.show(index, scope, place);
  }

  /** A property's value; undefined when there is none. */
  protected prop(prop: Prop, scope: Scope, name: string, place: string): Json | undefined {
    if (prop.kind === "literal") return prop.value;
    if (prop.kind === "binding") {
      const value = this.view.show(prop.code, scope, place);
      return value === undefined ? undefined : toJson(value, name, this.view.shown);
    }
    let text = "";
    for (const part of prop.parts)
      text += typeof part === "string" ? part : this.text(this.view.show(part, scope, place), name);
    return text;
  }

  private text(value: unknown, name: string): string {
    if (value === undefined || value === null) return "";
    if (scalar(value) !== undefined || typeof value === "number") return String(value);
    const plain = toJson(value, name, this.view.shown);
    return typeof plain === "string" ? plain : JSON.stringify(plain);
  }

  /** What `action` gives; undefined, and a problem of this part, when it fails. */
  protected attempt<T>(index: number | null, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (factsOf(error)?.code === "LIMIT_NODES") throw error;
      this.report(this.view.problems.error(error, index, this.node));
      return undefined;
    }
  }

  protected warn(code: string, text: string, once: string): void {
    const error = new PanelError("Error", code, text);
    this.report([once, this.view.problems.problem("warning", error, null, this.node)]);
  }

  private report(one: Found): void {
    if (found === null) found = [one];
    else found.push(one);
  }
}

/** A key as part of a node's id, where brackets and dots have a meaning. */
export function escaped(key: string): string {
  return key.toWellFormed().replace(/[%[\].#]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

export const MAX_KEY = 200;
