// One item of a loop: its loop variables, and the parts that show it.

import { sameValue } from "./computed";
import type { Loop } from "./loop";
import type { Holder, Part } from "./part";
import { type Observer, observed, type Refreshed, Source } from "./reads";
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
  /** Whether nothing shows it any more, unless something is found that does. */
  leaving = false;
  private readonly position: Position | undefined;
  private doubtful = false;

  constructor(
    private readonly view: View,
    private readonly loop: Loop,
    public value: unknown,
    index: number,
  ) {
    if (loop.node.index_name !== null) this.position = new Position(index);
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
    this.move(index);
    if (sameValue(value, this.value)) return;
    this.value = value;
    this.rescope();
  }

  /** Stands at a position, perhaps another one than before. */
  move(index: number): void {
    this.position?.become(index);
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
    return innerScope(this.loop.scope, item_name, this.value, index_name, this.position?.read);
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

/** Where an item stands, as its parts read it. */
class Position {
  private readonly readers = new Source();
  /** Frozen, as all panel code of the view could put something into it. */
  readonly read = Object.freeze((): number => {
    this.readers.read();
    return this.index;
  });

  constructor(private index: number) {}

  become(index: number): void {
    if (index === this.index) return;
    this.index = index;
    this.readers.changed();
  }
}
