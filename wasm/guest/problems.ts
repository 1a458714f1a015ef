// What went wrong in a view, as a reader of the document understands it.

import type { Problem, ViewNode } from "../../js/generated/protocol";
import type { CodeTable } from "./code";
import { factsOf } from "./errors";
import type { Part } from "./part";
import { errorPlace } from "./report";

const MAX_PROBLEMS = 50;

/** A problem, and the text by which the same one in other places is known: all are told once. */
export type Found = readonly [once: string, problem: Problem];

/** An error as it was told. */
interface Known {
  readonly name: unknown;
  readonly message: unknown;
  readonly stack: unknown;
  readonly code: string | undefined;
  readonly hint: string | undefined;
  readonly found: Found;
}

export class Problems {
  private readonly troubled = new Set<Part>();
  /** The last error of each piece of code: in a loop most are alike, and to read one takes longer than to compare. */
  private readonly known = new Map<number, Known>();

  constructor(private readonly code: CodeTable) {}

  note(part: Part): void {
    if (part.problems.length === 0) this.troubled.delete(part);
    else this.troubled.add(part);
  }

  clear(): void {
    this.troubled.clear();
  }

  /** An error of `node`; `index` is the code, null if none. */
  error(error: unknown, index: number | null, node: ViewNode): Found {
    if (index === null || !(error instanceof Error)) return this.read(error, index, node);
    const name = property(error, "name");
    const message = property(error, "message");
    const stack = property(error, "stack");
    const facts = factsOf(error);
    const last = this.known.get(index);
    if (
      last !== undefined &&
      last.stack === stack &&
      last.message === message &&
      last.name === name &&
      last.code === facts?.code &&
      last.hint === facts?.hint
    )
      return last.found;
    const found = this.read(error, index, node);
    // anything else than a text panel code may have put there, and it may change
    if (typeof name === "string" && typeof message === "string" && typeof stack === "string")
      this.known.set(index, { name, message, stack, code: facts?.code, hint: facts?.hint, found });
    return found;
  }

  private read(error: unknown, index: number | null, node: ViewNode): Found {
    const problem = this.problem("error", error, index, node);
    return [`${problem.line}:${problem.column}:${problem.message}`, problem];
  }

  problem(severity: Problem["severity"], error: unknown, index: number | null, node: ViewNode): Problem {
    const { info } = errorPlace(error, this.code, "BINDING_ERROR");
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

  /** In the order of the document: that in which they were found depends on what was evaluated before. */
  all(): Problem[] {
    if (this.troubled.size === 0) return [];
    const found = new Map<string, Problem>();
    for (const part of this.troubled)
      for (const [once, problem] of part.problems) {
        const other = found.get(once);
        if (other === problem) continue;
        if (other === undefined || compareProblems(problem, other) < 0) found.set(once, problem);
      }
    return [...found.values()].sort(compareProblems).slice(0, MAX_PROBLEMS);
  }
}

function property(error: Error, name: "name" | "message" | "stack"): unknown {
  try {
    return error[name];
  } catch {
    return undefined;
  }
}

function compareProblems(a: Problem, b: Problem): number {
  const apart = a.line - b.line || a.column - b.column;
  if (apart !== 0) return apart;
  const here = `${a.code} ${a.message}`;
  const there = `${b.code} ${b.message}`;
  return here < there ? -1 : here > there ? 1 : 0;
}
