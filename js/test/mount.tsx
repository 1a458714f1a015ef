import { act } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { vi } from "vitest";
import { start } from "../bundle";
import type { ErrorInfo, Event, TreeNode } from "../generated/protocol";
import { ScriptedModel, snapshot } from "./scripted";

export interface Mounted {
  model: ScriptedModel;
  el: HTMLElement;
  /** The kernel says something. */
  say(content: unknown): void;
  /** The kernel shows another tree, as the next revision. */
  show(root: TreeNode | null, rest?: object): void;
  events(): Event[];
  lastEvent(): Event;
  /** The kernel ends the last call. */
  settle(error?: Partial<ErrorInfo> | null): Promise<void>;
  /** Ends the model, as anywidget does. */
  close(): void;
  /** Takes the view away. */
  unmount(): void;
}

export const someError: ErrorInfo = {
  code: "TOOL_ERROR",
  name: "Error",
  message: "no card 7",
  hint: "",
  line: 0,
  column: 0,
  stack: "",
  allowed: null,
  used: null,
};

const mounted = new Set<Mounted>();

/** Ends all panels of the test. */
export function unmountAll(): void {
  for (const panel of mounted) {
    panel.unmount();
    panel.close();
    panel.el.remove();
  }
  mounted.clear();
}

/** Starts the real bundle on a model, shows it in the page, and lets the kernel answer hello with `root`. */
export function mount(root?: TreeNode | null, rest: object = {}, traits: object = {}): Mounted {
  const model = new ScriptedModel({ ...traits });
  const controller = new AbortController();
  const el = document.createElement("div");
  document.body.append(el);
  let end: () => void = () => undefined;
  act(() => {
    end = start({ model, signal: controller.signal })({ model, el });
  });
  let rev = 1;
  const panel: Mounted = {
    model,
    el,
    say: (content) => act(() => model.say(content)),
    show(next, more = {}) {
      rev += 1;
      panel.say({
        kind: "commit",
        rev,
        cause: { kind: "python", tool: null, client: null, seq: null },
        ops: [],
        tree: { root: next, problems: [] },
        ...more,
      });
    },
    events: () => model.sent.filter((message) => message.kind === "event"),
    lastEvent() {
      const event = panel.events().at(-1);
      if (!event) throw new Error("the page sent no event");
      return event;
    },
    async settle(error = null) {
      const { client, seq } = panel.lastEvent();
      await act(async () =>
        model.say({ kind: "result", client, seq, error: error && { ...someError, ...error } }),
      );
    },
    close: () => act(() => controller.abort()),
    unmount: () => act(() => end()),
  };
  mounted.add(panel);
  if (root !== undefined) panel.say(snapshot(root, rest));
  return panel;
}

/** A user with keyboard and pointer, also under fake timers. */
export function someone() {
  return userEvent.setup(vi.isFakeTimers() ? { advanceTimers: vi.advanceTimersByTime.bind(vi) } : {});
}

export async function pass(milliseconds: number): Promise<void> {
  await act(async () => {
    await vi.advanceTimersByTimeAsync(milliseconds);
  });
}
