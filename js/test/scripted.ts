/** A model whose other end is a script: the boundary at which tests and the demo page play the kernel. */
import type { ClientMessage, TreeNode } from "../generated/protocol";
import type { WidgetModel } from "../host/model";

type Listener = (content: unknown, buffers: unknown[]) => void;

export class ScriptedModel implements WidgetModel {
  readonly sent: ClientMessage[] = [];
  readonly listeners = new Set<Listener>();
  onSend: (message: ClientMessage) => void = () => undefined;
  #traits: { [name: string]: unknown };

  constructor(traits: { [name: string]: unknown } = {}) {
    this.#traits = traits;
  }

  get(name: string): unknown {
    return this.#traits[name];
  }

  send(content: unknown): void {
    this.sent.push(content as ClientMessage);
    this.onSend(content as ClientMessage);
  }

  on(event: string, callback: (...args: never[]) => void): void {
    if (event === "msg:custom") this.listeners.add(callback as Listener);
  }

  off(_event: string, callback: (...args: never[]) => void): void {
    this.listeners.delete(callback as Listener);
  }

  /** A message from the kernel. */
  say(content: unknown, buffers: unknown[] = []): void {
    for (const listener of [...this.listeners]) listener(structuredClone(content), buffers);
  }
}

let ids = 0;

/** A node with the protocol's defaults filled in. */
export function node(type: string, props: TreeNode["props"] = {}, rest: Partial<TreeNode> = {}): TreeNode {
  ids += 1;
  return {
    id: `n${ids}`,
    type,
    props,
    bound: false,
    writable: false,
    value: null,
    events: [],
    children: [],
    ...rest,
  };
}

export function snapshot(root: TreeNode | null, rest: object = {}): object {
  return { kind: "snapshot", panel: "p", title: "A panel", rev: 1, tree: { root, problems: [] }, ...rest };
}
