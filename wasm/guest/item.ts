// One item of a loop: its loop variables, and the parts that show it.

import { sameValue } from "./computed";
import type { Loop } from "./loop";
import type { Holder, Part } from "./part";
import { type Observer, observed, type Refreshed } from "./reads";
import { innerScope, NO_SCOPE, type Scope } from "./scope";
import type { View, Waiting } from "./view";

/** It observes what its key was read from. */
export class Item implements Holder, Observer, Waiting {
  epoch = 0;
  id = "";
  /** Undefined when its position stands in for one. */
  key: string | undefined;
  scope: Scope;
  /** Null until it is filled. */
  parts: readonly Part[] | null = null;
  private doubtful = false;

  constructor(
    private readonly view: View,
    private readonly loop: Loop,
    public value: unknown,
    private index: number,
  ) {
    this.scope = this.variables();
  }

  get frame(): Holder["frame"] {
    return this.loop.frame;
  }

  get depth(): number {
    return this.loop.depth;
  }

  /** Makes its parts. */
  fill(): void {
    const { node } = this.loop;
    this.parts = this.view.parts(node.children, this.scope, this.id, this.frame, this, "Empty");
  }

  /** Shows a value at a position, perhaps another one than before. */
  become(value: unknown, index: number): void {
    const same = sameValue(value, this.value);
    if (same && (index === this.index || this.loop.node.index_name === null)) {
      this.index = index;
      return;
    }
    if (!same) this.value = value;
    this.index = index;
    this.rescope();
  }

  /** The variables around the loop have changed, or its own. */
  rescope(): void {
    this.scope = this.variables();
    for (const part of this.parts ?? []) part.rescope(this.scope);
  }

  end(): void {
    this.epoch++;
    for (const part of this.parts ?? []) part.end();
    this.parts = null;
    this.value = undefined;
    this.scope = NO_SCOPE;
  }

  private variables(): Scope {
    const { item_name, index_name } = this.loop.node;
    return innerScope(this.loop.scope, item_name, this.value, index_name, this.index);
  }

  // --- as the observer of its key ---------------------------------------------------------------------

  observe<T>(action: () => T): T {
    this.doubtful = false;
    return observed(this, action);
  }

  changed(): void {
    if (this.doubtful) return;
    this.doubtful = true;
    this.view.queue(this);
  }

  maybe(): void {
    this.changed();
  }

  depends(_on: Refreshed): void {
    // `maybe` is told, and then the key is read again
  }

  refresh(): void {
    if (this.doubtful && this.parts !== null) this.loop.recheck(this);
  }
}
