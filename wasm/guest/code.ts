// Panel code: parsed alone, then compiled by the engine.
//
// A piece of code is put between a prefix and a suffix only after it was parsed between several others, whose
// permitted next tokens have nothing in common.  Code that closes its own wrapper (`}) ; evil(); (() => {`)
// would need a token after the closing one that suits all of them, and there is none:
//   body        after `}`:  `)` or an operator  |  `,` or `}`  |  a class member, `;` or `}`, but neither `)` nor `,`
//   expression  after the value:  `)`  |  `]`
// Parsing runs nothing.
//
// The prefix ends with a line break: the engine counts the columns of a script's first line now from 0, now from 1,
// and those of all others from 1.

import type { Code, Span } from "../../js/generated/protocol";
import { parseOnly, runScript } from "./native";

const HANDLER_PARAMETERS = "$state,$args,$tools,$emit,$ext,$log,$progress,console,setTimeout,clearTimeout";
const BODY_CHECKS: readonly Wrapper[] = [
  ["(async function(){\n", "\n})"],
  ["({async m(){\n", "\n}})"],
  ["class C{async m(){\n", "\n}}"],
];
const BODY: Wrapper = [`(async function(${HANDLER_PARAMETERS}){"use strict";\n`, "\n})"];
const EXPRESSION_CHECKS: readonly Wrapper[] = [
  ["(\n", "\n)"],
  ["[\n", "\n]"],
];
const EXPRESSION: Wrapper = ['(function($state,$scope,$event){"use strict";return (\n', "\n)})"];
const OBJECT_CHECKS: readonly Wrapper[] = [
  ["(\n", "\n)"],
  ["[\n", "\n]"],
];
const FIELDS_CHECK: Wrapper = ["({x:{\n", "\n}})"];
const LONE_NAME = /^\s*[\p{ID_Start}$_][\p{ID_Continue}$]*\s*$/u;
const MARK = "code:";
const POSITION = /code:(\d+):(\d+)(?::(\d+))?/y;
const SHOWN_FRAMES = 8;
const STACK_READ = 16_384;

type Wrapper = readonly [prefix: string, suffix: string];

/** A syntax error in code `index`; line and column are 1-based and count in that code. */
export interface CodeProblem {
  index: number;
  line: number;
  column: number;
  message: string;
}

export interface Position {
  line: number;
  column: number;
}

export type Handler = (...values: unknown[]) => Promise<unknown>;
export type Expression = (state: object, scope: object, event: unknown) => unknown;

interface Unit {
  readonly span: Span;
  /** The code, kept when its columns need counting: when it is not all ASCII. */
  readonly wide: string | undefined;
  readonly run: unknown;
}

function wide(source: string): string | undefined {
  return /^[\0-\x7f]*$/.test(source) ? undefined : source;
}

/**
 * The place in the code, from 1 and in code points, of one that the engine gives in a script whose first line is
 * the prefix and whose columns are bytes of UTF-8.
 */
function placeIn(source: string | undefined, line: number, column: number): Position {
  if (line < 2) return { line: 1, column: 1 };
  let bytes = column - 1;
  if (source === undefined || bytes <= 0) return { line: line - 1, column: Math.max(1, column) };
  let points = 0;
  for (const char of source.split("\n", line - 1)[line - 2] ?? "") {
    if (bytes <= 0) break;
    const point = char.codePointAt(0) ?? 0;
    bytes -= point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    points += 1;
  }
  return { line: line - 1, column: points + Math.max(0, bytes) + 1 };
}

export class CodeTable {
  private readonly units: Unit[] = [];

  /** Compiles everything; gives the problems, none when all is well. */
  load(codes: readonly Code[]): CodeProblem[] {
    const problems: CodeProblem[] = [];
    codes.forEach((code, index) => {
      try {
        this.units[index] = compile(code, index);
      } catch (error) {
        problems.push(problemOf(error, index, code.source));
      }
    });
    return problems;
  }

  handler(index: number): Handler {
    return this.units[index]?.run as Handler;
  }

  expression(index: number): Expression {
    return this.units[index]?.run as Expression;
  }

  /** Where a piece of code begins in the document. */
  start(index: number): Position {
    const span = this.units[index]?.span;
    return span === undefined ? { line: 0, column: 0 } : { line: span.line, column: span.column };
  }

  /** Where in the document an error arose: the innermost frame of panel code. */
  place(stack: string): Position {
    const text = stack.length > STACK_READ ? stack.slice(0, STACK_READ) : stack;
    for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + 1)) {
      POSITION.lastIndex = at;
      const match = POSITION.exec(text);
      if (match === null) continue;
      const position = this.map(Number(match[1]), Number(match[2]), Number(match[3] ?? 1));
      if (position !== undefined) return position;
    }
    return { line: 0, column: 0 };
  }

  /** The stack as a reader of the document understands it: only frames of panel code. */
  readable(stack: string): string {
    const lines: string[] = [];
    for (const line of stack.slice(0, STACK_READ).split("\n")) {
      const match = /^\s*at (.*?) ?\(?code:(\d+):(\d+)(?::(\d+))?\)?$/.exec(line);
      if (match === null || lines.length >= SHOWN_FRAMES) continue;
      const position = this.map(Number(match[2]), Number(match[3]), Number(match[4] ?? 1));
      if (position === undefined) continue;
      const place = `line ${position.line}, column ${position.column}`;
      lines.push(match[1] === "" || match[1] === "<anonymous>" ? `at ${place}` : `at ${match[1]} (${place})`);
    }
    return lines.join("\n");
  }

  private map(index: number, line: number, column: number): Position | undefined {
    const unit = this.units[index];
    if (unit === undefined) return undefined;
    const place = placeIn(unit.wide, line, column);
    const { span } = unit;
    if (place.line === 1) return { line: span.line, column: span.column + place.column - 1 };
    return { line: span.line + place.line - 1, column: place.column };
  }
}

function check(source: string, wrappers: readonly Wrapper[], file: string): void {
  for (const [prefix, suffix] of wrappers) parseOnly(prefix + source + suffix, file);
}

function define(source: string, [prefix, suffix]: Wrapper, span: Span, file: string): Unit {
  return { span, wide: wide(source), run: runScript(prefix + source + suffix, file) };
}

function compile(code: Code, index: number): Unit {
  const file = `code:${index}`;
  if (code.kind === "body") {
    check(code.source, BODY_CHECKS, file);
    return define(code.source, BODY, code.span, file);
  }
  const source = code.kind === "args" ? argumentsExpression(code.source, file) : code.source;
  check(source, EXPRESSION_CHECKS, file);
  return define(source, EXPRESSION, code.span, file);
}

/**
 * The expression that an `args` text means.  Braced text is an object literal when it parses as one that is
 * not a lone shorthand name; otherwise its outer braces only mark it as an expression.
 */
function argumentsExpression(text: string, file: string): string {
  const open = text.length - text.trimStart().length;
  const close = text.trimEnd().length - 1;
  if (text[open] !== "{" || text[close] !== "}" || close === open) return text;
  const inner = text.slice(open + 1, close);
  if (!LONE_NAME.test(inner) && parses(text, OBJECT_CHECKS, file) && parses(inner, [FIELDS_CHECK], file))
    return text;
  // A space in the brace's place keeps columns true.
  return `${text.slice(0, open)} ${inner}`;
}

function parses(source: string, wrappers: readonly Wrapper[], file: string): boolean {
  try {
    check(source, wrappers, file);
    return true;
  } catch {
    return false;
  }
}

function problemOf(error: unknown, index: number, source: string): CodeProblem {
  const reason = error as Error | null;
  const match = /code:\d+:(\d+)(?::(\d+))?/.exec(String(reason?.stack ?? ""));
  const place = placeIn(wide(source), Number(match?.[1] ?? 1), Number(match?.[2] ?? 1));
  return { index, ...place, message: String(reason?.message ?? error) };
}
