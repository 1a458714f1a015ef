// The built guest in Node, in the machine that also runs it in pages, one memory each.

import { readFileSync } from "node:fs";
import type {
  ArgDeclaration,
  Code,
  GuestReply,
  GuestRequest,
  JsonValue,
  Operation,
  Program,
  StateDeclaration,
  ToolDeclaration,
  TreeNode,
  ViewNode,
} from "../../../js/generated/protocol";
import { limitsWith } from "../../../js/guest/limits";
import { GuestModules, Machine } from "../../../js/guest/machine";
import { readReply, requestText } from "../../../js/guest/reply";

export { MachineLost as Lost } from "../../../js/guest/machine";

const built = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../../nexus_jupyter/static/${name}`, import.meta.url)));
const modules = GuestModules.compiled(
  { code: built("guest-code.wasm"), image: built("guest-image.wasm") },
  limitsWith(),
);

export const CLOCK = 1_700_000_000_000;
const SPAN = { start: 0, end: 0, line: 1, column: 1 };

export class Host {
  private readonly machine = new Machine(modules);

  constructor(offset: (seconds: number) => number = () => 0) {
    this.machine.zoneOffset = offset;
  }

  request(request: GuestRequest): GuestReply {
    const text = this.exchange(requestText(request));
    const reply = readReply(text);
    if (reply === null) throw new Error(`this is no reply: ${text.slice(0, 500)}`);
    return reply;
  }

  exchange(text: string): string {
    return this.machine.exchange(text);
  }
}

// --- programs, built the way the compiler builds them ------------------------------------------------------

export function state(
  name: string,
  type: StateDeclaration["type"],
  value: JsonValue,
  more: Partial<StateDeclaration> = {},
): StateDeclaration {
  return {
    ...{ name, type, default: value, default_code: null, description: "", min: null, max: null, step: null },
    ...{ enum: null, pattern: null, persist: "none", span: SPAN },
    ...more,
  };
}

export function arg(
  name: string,
  type: ArgDeclaration["type"],
  more: Partial<ArgDeclaration> = {},
): ArgDeclaration {
  return {
    name,
    type,
    required: true,
    default: null,
    defaulted: more.default !== undefined,
    description: "",
    enum: null,
    min: null,
    max: null,
    ...more,
  };
}

export class Source {
  private readonly code: Code[] = [];
  private readonly tools: ToolDeclaration[] = [];
  private readonly computed: Program["computed"] = [];
  private readonly extensions: Program["extensions"] = [];
  private readonly hooks: Program["lifecycle"] = [];
  private view: ViewNode | null = null;

  constructor(private readonly states: StateDeclaration[] = []) {}

  put(kind: Code["kind"], source: string, line = 1, column = 1): number {
    this.code.push({ kind, source, span: { ...SPAN, line, column } });
    return this.code.length - 1;
  }

  expression(source: string): number {
    return this.put("expression", source);
  }

  tool(name: string, body: string, args: ArgDeclaration[] = [], line = 1, column = 1): this {
    const handler = {
      code: this.put("body", body, line, column),
      timeout: null,
      memory: null,
      capabilities: null,
      atomic: false,
    };
    const rest = {
      description: "",
      icon: null,
      confirm: null,
      concurrency: "queue" as const,
      ai: "ask" as const,
      span: SPAN,
    };
    this.tools.push({ name, args, handler, ...rest });
    return this;
  }

  hook(on: Program["lifecycle"][number]["on"], body: string, atomic = false): this {
    const handler = {
      ...{ code: this.put("body", body), timeout: null, memory: null, capabilities: null, atomic },
    };
    const rest = { every: null, of: [], debounce: null, when_hidden: "run" as const, span: SPAN };
    this.hooks.push({ on, handler, ...rest });
    return this;
  }

  derived(name: string, source: string): this {
    this.computed.push({ name, code: this.expression(source), type: null, description: "", span: SPAN });
    return this;
  }

  extension(alias: string): this {
    this.extensions.push({ name: `nexus.${alias}`, alias, reason: "", options: {}, span: SPAN });
    return this;
  }

  shows(view: ViewNode): this {
    this.view = view;
    return this;
  }

  node(type: string, more: Partial<ViewNode> = {}, children: ViewNode[] = []): ViewNode {
    return {
      ...{ type, span: SPAN, props: {}, bind: null, events: {}, key: null, condition: null, items: null },
      ...{ item_name: "item", index_name: null, children },
      ...more,
    };
  }

  binding(source: string): ViewNode["props"][string] {
    return { kind: "binding", code: this.expression(source) };
  }

  program(): Program {
    return {
      ...{ nxml: "1.0", id: null, title: "", version: "", description: "", lifecycle: this.hooks },
      ...{ states: this.states, computed: this.computed, extensions: this.extensions, tools: this.tools },
      ...{ view: this.view, code: this.code },
    };
  }
}

/** A loaded panel with short ways to speak to it. */
export class Panel {
  readonly host: Host;
  readonly first: GuestReply;
  state: Record<string, JsonValue>;
  private calls = 0;

  constructor(
    source: Source,
    {
      known = null,
      seed = 1,
      offset,
    }: { known?: Record<string, JsonValue> | null; seed?: number; offset?: (s: number) => number } = {},
  ) {
    this.host = new Host(offset);
    const program = source.program() as unknown as Record<string, JsonValue>;
    this.first = this.host.request({ op: "load", program, state: known, clock: CLOCK, seed, zone: "UTC" });
    this.state = this.first.state ?? {};
  }

  /** Sends a request and applies its operations to `state`. */
  send(request: GuestRequest): GuestReply {
    const reply = this.host.request(request);
    for (const op of reply.ops) this.state = applied(this.state, op) as Record<string, JsonValue>;
    return reply;
  }

  /** Runs the lifecycle hook of that number. */
  run(hook: number, args: JsonValue = {}): GuestReply {
    const name = `lifecycle ${hook}`;
    return this.send({
      op: "invoke",
      call: ++this.calls,
      tool: name,
      hook,
      args,
      clock: CLOCK,
      seed: 1,
      zone: "UTC",
    });
  }

  invoke(tool: string, args: JsonValue = null, seed = 1, clock = CLOCK): GuestReply {
    return this.send({ op: "invoke", call: ++this.calls, tool, args, clock, seed, zone: "UTC" });
  }

  resume(
    call: number,
    results: { id: number; value?: JsonValue; error?: { code: string; message: string } }[] = [],
    clock = CLOCK,
  ): GuestReply {
    const settled = results.map(({ id, value, error }) => ({
      id,
      value: value ?? null,
      error:
        error === undefined ? null : { name: "Error", hint: "", line: 0, column: 0, stack: "", ...error },
    }));
    return this.send({ op: "resume", call, results: settled, clock });
  }

  event(node: string, name: string, detail: Record<string, JsonValue> = {}, call = ++this.calls): GuestReply {
    return this.send({ op: "event", call, node, name, detail, clock: CLOCK, seed: 1, zone: "UTC" });
  }

  edit(values: Record<string, JsonValue>): GuestReply {
    return this.send({ op: "edit", values, clock: CLOCK });
  }

  read(name: string): JsonValue {
    const reply = this.send({ op: "read", name });
    if (reply.error !== null) throw new Error(reply.error.message);
    return reply.value;
  }

  tree(): NonNullable<GuestReply["tree"]> {
    const { tree, error } = this.send({ op: "view", whole: true });
    if (tree === null) throw new Error(error?.message ?? "no tree");
    return tree;
  }

  /** What changed in the view since it was last told: a patch, a whole tree, or neither. */
  change(): Pick<GuestReply, "patch" | "tree"> {
    const { patch, tree, error } = this.send({ op: "view", whole: false });
    if (error !== null) throw new Error(error.message);
    return { patch, tree };
  }

  root(): TreeNode {
    return this.tree().root as TreeNode;
  }
}

/** One handler body on its own, run once. */
export function run(body: string, states: StateDeclaration[] = [state("x", "any", null)]): GuestReply {
  return new Panel(new Source(states).tool("t", body)).invoke("t");
}

/** The value of a handler body; throws its error's message. */
export function value(body: string, states?: StateDeclaration[]): JsonValue {
  const reply = run(body, states);
  if (reply.error !== null)
    throw new Error(`${reply.error.code}: ${reply.error.name}: ${reply.error.message}`);
  return reply.value;
}

/** RFC 6902 add, remove and replace, and reorder, strictly: what must exist must exist. */
export function applied(document: JsonValue, { op, path, value: given }: Operation): JsonValue {
  const copy = structuredClone(document);
  const tokens = path
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = tokens.pop() as string;
  let holder = copy as Record<string, JsonValue>;
  for (const token of tokens) {
    if (!Object.hasOwn(holder, token)) throw new Error(`${path} does not exist`);
    holder = holder[token] as Record<string, JsonValue>;
  }
  const fresh = structuredClone(given);
  if (op === "reorder") {
    const list = holder[last];
    const order = given as number[];
    if (!Array.isArray(list)) throw new Error(`${path} is no list`);
    if ([...order].sort((a, b) => a - b).join() !== [...list.keys()].join())
      throw new Error(`${order} is no order of ${list.length} items`);
    holder[last] = order.map((place) => list[place] as JsonValue);
  } else if (Array.isArray(holder)) {
    const index = Number(last);
    if (!Number.isInteger(index) || index < 0 || index > holder.length - (op === "add" ? 0 : 1))
      throw new Error(`${path} is outside`);
    if (op === "add") holder.splice(index, 0, fresh);
    else if (op === "remove") holder.splice(index, 1);
    else holder[index] = fresh;
  } else {
    if (op !== "add" && !Object.hasOwn(holder, last)) throw new Error(`${path} does not exist`);
    if (op === "remove") delete holder[last];
    else holder[last] = fresh;
  }
  return copy;
}
