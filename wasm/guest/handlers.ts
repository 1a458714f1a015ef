// Running handlers: what they find in scope, and tools that call tools.

import type { Handler, Program, ToolDeclaration } from "../../js/generated/protocol";
import { frozen, type Given, givenInCall, matched } from "./arguments";
import { bounds } from "./bounds";
import type { Call } from "./call";
import type { CodeTable } from "./code";
import type { Data } from "./data";
import { argumentError, limitError, PanelError } from "./errors";
import type { Json } from "./json";
import type { Level } from "./log";
import { NativeProxy } from "./native";

const MAX_NAME = 128;

export class Handlers {
  /** The call whose step runs; only its own code runs in it. */
  current: Call | null = null;
  private readonly tools: ReadonlyMap<string, ToolDeclaration>;
  private readonly hooks: Program["lifecycle"];
  /** `$emit`, `$log`, `$progress`, `console`, `setTimeout`, `clearTimeout`. */
  private readonly shared: readonly unknown[];
  private readonly extensions: object;
  /** `$tools` by depth: what panel code gets hold of is the same each time, and holds nothing. */
  private readonly toolRoots: object[] = [];

  constructor(
    program: Program,
    private readonly code: CodeTable,
    private readonly data: Data,
  ) {
    this.tools = new Map(program.tools.map((tool) => [tool.name, tool]));
    this.hooks = program.lifecycle;
    this.extensions = this.extensionRoot(program);
    this.shared = this.sharedNames();
  }

  tool(name: string): ToolDeclaration {
    const tool = this.tools.get(name);
    if (tool === undefined) throw argumentError(`this panel has no tool called ${name}`, this.known());
    return tool;
  }

  /** Whether the tool called `name`, or else the lifecycle hook, is one transaction from start to end. */
  isAtomic(name: string, hook: number | null): boolean {
    const handler = hook === null ? this.tools.get(name)?.handler : this.hooks[hook]?.handler;
    return handler?.atomic ?? false;
  }

  /** Starts the call's tool; its outcome arrives in `call.outcome`. */
  start(call: Call, tool: ToolDeclaration, values: Given): void {
    this.follow(call, () => this.run(tool.handler, matched(tool, values), 1));
  }

  /** Starts a lifecycle hook, which finds `args` as they are. */
  startHook(call: Call, hook: number, args: object): void {
    const declared = this.hooks[hook];
    if (declared === undefined) throw argumentError("this panel has no such lifecycle hook");
    this.follow(call, () => this.run(declared.handler, frozen(args), 1));
  }

  private follow(call: Call, run: () => Promise<unknown>): void {
    run().then(
      (value) => {
        call.outcome ??= { ok: true, value };
      },
      (error) => {
        call.outcome = { ok: false, error };
      },
    );
  }

  private run(declared: Handler, args: object, depth: number): Promise<unknown> {
    const { shared } = this;
    const handler = this.code.handler(declared.code);
    return handler(
      this.data.writable,
      args,
      this.toolRoot(depth),
      shared[0],
      this.extensions,
      shared[1],
      shared[2],
      shared[3],
      shared[4],
      shared[5],
    );
  }

  private call(): Call {
    if (this.current === null)
      throw new PanelError("Error", "NO_CALL", "this is only available while a handler runs");
    return this.current;
  }

  private known(): string {
    return this.tools.size === 0 ? "" : `its tools are ${[...this.tools.keys()].join(", ")}`;
  }

  private toolRoot(depth: number): object {
    this.toolRoots[depth] ??= this.toolsAt(depth);
    return this.toolRoots[depth];
  }

  private toolsAt(depth: number): object {
    return new NativeProxy(Object.freeze(Object.create(null) as object), {
      get: (_target, name) => {
        if (typeof name !== "string") return undefined;
        const tool = this.tool(name);
        return async (...values: unknown[]): Promise<unknown> => {
          this.call();
          if (depth >= bounds.tool_depth)
            throw limitError(
              "TOOL_DEPTH",
              `tools may call each other ${bounds.tool_depth} deep`,
              bounds.tool_depth,
              depth + 1,
              "look for tools that call each other in a circle",
            );
          const given = values.map((value, i) =>
            value === undefined ? null : this.data.state.plain(value, `argument ${i + 1}`),
          );
          return this.run(tool.handler, matched(tool, givenInCall(given)), depth + 1);
        };
      },
    });
  }

  private extensionRoot(program: Program): object {
    const aliases = new Map<string, object>();
    for (const { alias } of program.extensions) aliases.set(alias, this.extension(alias));
    return new NativeProxy(Object.freeze(Object.create(null) as object), {
      get: (_target, name) => {
        if (typeof name !== "string") return undefined;
        const extension = aliases.get(name);
        if (extension === undefined) {
          throw new PanelError(
            "CapabilityError",
            "UNDECLARED_EXTENSION",
            `no extension is declared as ${name}`,
            `declare it: <Extension name="…" alias="${name}"/>`,
          );
        }
        return extension;
      },
    });
  }

  private extension(alias: string): object {
    return new NativeProxy(Object.freeze(Object.create(null) as object), {
      get: (_target, method) => {
        // Not a promise: `await $ext.http` must not call it.
        if (typeof method !== "string" || method === "then") return undefined;
        return async (...values: unknown[]): Promise<unknown> => {
          if (method.length > MAX_NAME) throw argumentError("the name of an extension's method is too long");
          const args = values.map((value, i) =>
            this.argument(value, `argument ${i + 1} of $ext.${alias}.${method}`),
          );
          return this.call().ask(alias, method, args);
        };
      },
    });
  }

  private argument(value: unknown, place: string): Json {
    return value === undefined ? null : this.data.state.plain(value, place);
  }

  private sharedNames(): readonly unknown[] {
    const emit = (event: unknown, payload?: unknown): void => {
      const name = String(event);
      if (name === "" || name.length > MAX_NAME)
        throw argumentError(`$emit needs the event's name, at most ${MAX_NAME} characters`);
      this.call().emit(name.toWellFormed(), this.argument(payload, `the payload of ${name}`));
    };
    const at =
      (level: Level) =>
      (...values: unknown[]): void =>
        this.call().log.add(level, values);
    const console = {
      log: at("info"),
      info: at("info"),
      debug: at("debug"),
      trace: at("debug"),
      warn: at("warn"),
      error: at("error"),
    };
    const progress = (done: unknown, total?: unknown, text?: unknown): void => {
      const now = Number(done);
      const all = total === undefined || total === null ? null : Number(total);
      if (!Number.isFinite(now) || (all !== null && !Number.isFinite(all)))
        throw argumentError("$progress(done, total, text) needs numbers");
      this.call().progress = {
        done: now,
        total: all,
        text: text === undefined ? "" : String(text).slice(0, 1000).toWellFormed(),
      };
    };
    const setTimeout = (
      run: (...values: unknown[]) => unknown,
      delay?: unknown,
      ...values: unknown[]
    ): number => this.call().setTimer(run, delay, values);
    const clearTimeout = (id?: unknown): void => this.call().clearTimer(id);
    const names = [emit, console.log, progress, console, setTimeout, clearTimeout];
    for (const name of [...names, ...Object.values(console)]) Object.freeze(name);
    return names;
  }
}
