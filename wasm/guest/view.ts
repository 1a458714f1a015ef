// The view of a panel: its expressions, its bound places, and the tree it shows now.

import type { Problem, ViewNode } from "../../js/generated/protocol";
import type { CodeTable } from "./code";
import type { Data } from "./data";
import { factsOf } from "./errors";
import type { Memo } from "./memo";
import { Places } from "./places";
import { PlacedSource, present } from "./random";
import { errorInfo } from "./report";
import { Resolution } from "./resolution";
import type { Scope } from "./scope";

/** Where an event of a shown node leads. */
export interface Target {
  readonly node: ViewNode;
  readonly scope: Scope;
  readonly disabled: boolean;
}

export interface Resolved {
  /** A protocol `Tree` as JSON text. */
  readonly text: string;
  readonly targets: ReadonlyMap<string, Target>;
}

const NO_SCOPE: Scope = Object.freeze(Object.create(null) as Scope);

export class View {
  readonly places: Places;
  /** Of the revision being shown. */
  seed = 0;
  private memos = new Map<string, Memo>();
  private disturbances = 0;

  constructor(
    private readonly root: ViewNode | null,
    private readonly code: CodeTable,
    readonly data: Data,
  ) {
    this.places = new Places(data, (index, scope) => this.evaluate(index, scope, undefined));
  }

  resolve(): Resolved {
    if (this.disturbances !== this.data.state.disturbances) this.memos = new Map();
    this.disturbances = this.data.state.disturbances;
    const resolution = new Resolution(this, this.memos);
    this.memos = new Map();
    const root = this.root === null ? "" : resolution.element(this.root, NO_SCOPE, "0");
    this.memos = resolution.kept;
    // In the order of the document: that in which they were found depends on what was resolved before.
    const problems = resolution.problems.sort(
      (a, b) =>
        a.line - b.line ||
        a.column - b.column ||
        (`${a.code} ${a.message}` < `${b.code} ${b.message}` ? -1 : 1),
    );
    const text = `{"root":${root || "null"},"problems":${JSON.stringify(problems)}}`;
    return { text, targets: resolution.targets };
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

  /** What went wrong in `node`, as a reader of the document understands it; `index` is the code, null if none. */
  problem(severity: Problem["severity"], error: unknown, index: number | null, node: ViewNode): Problem {
    const info = errorInfo(error, this.code, "BINDING_ERROR");
    const start = index === null ? node.span : this.code.start(index);
    const message =
      info.name === "Error" || factsOf(error) !== undefined ? info.message : `${info.name}: ${info.message}`;
    return {
      severity,
      code: info.code,
      message: info.hint === "" ? message : `${message}; ${info.hint}`,
      line: info.line || start.line,
      column: info.line ? info.column : start.column,
    };
  }
}
