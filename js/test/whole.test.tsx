/** A panel as a whole: its accessibility, its theme, and that nothing of it stays behind. */
import { act, screen } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, describe, expect, it, vi } from "vitest";
import define, { start } from "../bundle";
import { mount, pass, someone, unmountAll } from "./mount";
import { node, ScriptedModel, snapshot } from "./scripted";

afterEach(unmountAll);

const sample = () =>
  node(
    "Layout",
    {},
    {
      children: [
        node("Text", { content: "Orders", variant: "h2" }),
        node("Metric", { label: "Open", value: 12, trend: "up", delta: 2, tooltip: "this week" }),
        node(
          "Input",
          { label: "Search", placeholder: "name", description: "help", error: "wrong" },
          { bound: true, writable: true, value: "x" },
        ),
        node(
          "Input",
          { label: "Notes", multiline: true, required: true },
          { bound: true, writable: false, value: "x" },
        ),
        node("Checkbox", { label: "Paid", error: "Please" }, { bound: true, writable: true, value: true }),
        node(
          "Container",
          { title: "More", collapsible: true },
          {
            children: [
              node(
                "Container",
                { title: "Inner", variant: "panel" },
                { children: [node("Text", { content: "x" })] },
              ),
            ],
          },
        ),
        node("Button", { label: "Go", tooltip: "does it" }, { id: "go", events: ["press"] }),
        node("Action", { label: "Save", loading: true }, { events: ["press"] }),
        node("Nonsense"),
      ],
    },
  );

describe("accessibility", () => {
  it("has nothing that axe would object to, whatever the state", async () => {
    const problems = [{ severity: "error", code: "E", message: "broken", line: 1, column: 1 }];
    const panel = mount(undefined, {});
    panel.say(snapshot(sample(), { tree: { root: sample(), problems } }));
    await someone().click(screen.getByRole("button", { name: "Go" }));
    await panel.settle({ hint: "hint", stack: "stack" });
    panel.say({ kind: "emitted", event: "toast", payload: "saved" });
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null); // jsdom has no canvas
    // Contrast needs a rendering engine; the theme's colours are looked at in a browser.
    const check = () => axe.run(panel.el, { rules: { "color-contrast": { enabled: false } } });
    expect((await check()).violations).toEqual([]);
    panel.say({ kind: "closed", reason: "done" });
    expect((await check()).violations).toEqual([]);
  });
});

describe("the theme", () => {
  const sheets = () =>
    document.head.querySelectorAll("style").length + (document.adoptedStyleSheets?.length ?? 0);

  it("is in the page once while panels are, and not after them", () => {
    const before = sheets();
    const panels = [1, 2, 3].map(() => mount(sample()));
    expect(sheets()).toBe(before + 1);
    panels[0]?.unmount();
    panels[0]?.unmount();
    expect(sheets()).toBe(before + 1);
    unmountAll();
    expect(sheets()).toBe(before);
  });

  it("reaches into a shadow tree", () => {
    const place = document.body.appendChild(document.createElement("div"));
    const shadow = place.attachShadow({ mode: "open" });
    const el = shadow.appendChild(document.createElement("div"));
    const model = new ScriptedModel();
    const controller = new AbortController();
    let end: () => void = () => undefined;
    act(() => {
      end = start({ model, signal: controller.signal })({ model, el });
    });
    expect(shadow.querySelectorAll("style").length + (shadow.adoptedStyleSheets?.length ?? 0)).toBe(1);
    act(() => end());
    expect(shadow.innerHTML).toBe("<div></div>");
    controller.abort();
    place.remove();
  });
});

describe("the end", () => {
  /** Counts listeners that were added and not removed. */
  function countListeners(): () => number {
    const open = new Map<string, number>();
    const name = (target: object, type: string, listener: unknown, options: unknown) => {
      if (!keys.has(listener as object)) keys.set(listener as object, keys.size);
      const capture =
        typeof options === "object"
          ? Boolean((options as AddEventListenerOptions)?.capture)
          : Boolean(options);
      return `${target.constructor.name} ${type} ${keys.get(listener as object)} ${capture}`;
    };
    const keys = new Map<object, number>();
    for (const target of [window, document, document.body]) {
      const add = target.addEventListener.bind(target);
      const remove = target.removeEventListener.bind(target);
      vi.spyOn(target, "addEventListener").mockImplementation(
        (type: string, listener: unknown, options?: unknown) => {
          if (listener) open.set(name(target, type, listener, options), 1);
          add(type, listener as EventListener, options as boolean);
        },
      );
      vi.spyOn(target, "removeEventListener").mockImplementation(
        (type: string, listener: unknown, options?: unknown) => {
          if (listener) open.delete(name(target, type, listener, options));
          remove(type, listener as EventListener, options as boolean);
        },
      );
    }
    return () => open.size;
  }

  async function live(): Promise<void> {
    const panel = mount(sample());
    const user = someone();
    await user.click(screen.getByRole("button", { name: "Go" }));
    await user.type(screen.getByLabelText("Search"), "abc");
    await user.hover(screen.getByRole("group", { name: "Open" }));
    await pass(700);
    panel.say({ kind: "emitted", event: "toast", payload: "saved" });
    unmountAll();
    await pass(1_000);
  }

  it("leaves no listener, no timer and no element of a panel", async () => {
    vi.useFakeTimers();
    await live(); // what the library sets up once a page is set up now
    const listeners = countListeners();
    await live();
    const after = listeners();
    await live();
    expect(listeners()).toBe(after);
    expect(after).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(document.body.querySelectorAll(".nexus-panel, .nexus-panel-overlay")).toHaveLength(0);
  });

  it("comes by signal as well as by the returned function", () => {
    const model = new ScriptedModel();
    const whole = new AbortController();
    const view = new AbortController();
    const el = document.body.appendChild(document.createElement("div"));
    act(() => {
      start({ model, signal: whole.signal })({ model, el, signal: view.signal });
    });
    expect(el.querySelector(".nexus-panel")).toBeTruthy();
    act(() => view.abort());
    expect(el.innerHTML).toBe("");
    whole.abort();
    expect(model.listeners.size).toBe(0);
    el.remove();
  });
});

it("the bundle is a definition of anywidget's shape, too", () => {
  const model = new ScriptedModel();
  const controller = new AbortController();
  const el = document.body.appendChild(document.createElement("div"));
  const definition = define();
  expect(definition.initialize({ model, signal: controller.signal })).toBeUndefined();
  let end: (() => void) | undefined;
  act(() => {
    end = definition.render({ model, el });
  });
  act(() => model.say(snapshot(node("Text", { content: "hello" }))));
  expect(el.textContent).toBe("hello");
  act(() => end?.());
  controller.abort();
  el.remove();
});
