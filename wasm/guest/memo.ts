// What one item of a loop looked like, and whether it still does: then it need not be resolved again.

import type { Problem } from "../../js/generated/protocol";
import type { Data } from "./data";
import { isContainer } from "./json";
import type { Scope } from "./scope";
import type { Target } from "./view";

export interface Shown {
  readonly text: string;
  readonly targets: readonly (readonly [string, Target])[];
  readonly problems: readonly (readonly [string, Problem])[];
  /** The items of loops within, by their places. */
  readonly inner: readonly (readonly [string, Memo])[];
}

export class Memo {
  private readonly values: [value: unknown, stamp: number][] = [];

  constructor(
    scope: Scope,
    /** State → version it had. */
    readonly reads: ReadonlyMap<string, number>,
    private readonly data: Data,
    readonly shown: Shown,
  ) {
    for (const name of Object.keys(scope)) this.values.push([scope[name], this.stamp(scope[name])]);
  }

  /** Whether the same item under the same states would look the same. */
  holds(scope: Scope): boolean {
    let i = 0;
    for (const name of Object.keys(scope)) {
      const known = this.values[i++];
      if (known === undefined || !Object.is(known[0], scope[name]) || known[1] !== this.stamp(known[0]))
        return false;
    }
    for (const [name, version] of this.reads) if (this.data.state.version(name) !== version) return false;
    return i === this.values.length;
  }

  /** Changes when something in a state's object does; other objects in a scope never change. */
  private stamp(value: unknown): number {
    return isContainer(value) ? (this.data.state.handles.behind(value)?.stamp ?? 0) : 0;
  }
}
