/** Hostile text in every place where data or panel text reaches the page. */
import { act } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { registry } from "../components/registry";
import { commonProps, components } from "../generated/catalog";
import type { TreeNode } from "../generated/protocol";
import corpus from "./fixtures/xss.json";
import { mount, someError, someone, unmountAll } from "./mount";
import { node, snapshot } from "./scripted";

afterEach(unmountAll);

const payloads = [
  ...corpus.cases.map((item) => item.payload),
  "<script>globalThis.pwned = 1</script>",
  "<img src=x onerror='globalThis.pwned = 1'>",
  "javascript:globalThis.pwned=1",
  "{{constructor.constructor('globalThis.pwned=1')()}}",
  '" onfocus="globalThis.pwned=1" autofocus x="',
  "</textarea><svg onload=globalThis.pwned=1>",
];

/** The elements that components are made of; nothing else may ever appear. */
const PLAIN = new Set(
  "section div span p h1 h2 h3 h4 h5 h6 pre code ul li button input textarea label svg path details summary".split(
    " ",
  ),
);

/** React Aria's own style of a checkbox's native control. */
const HIDDEN_BOX = "border: 0px; clip: rect(0px); clip-path: inset(50%); height: 1px; margin: -1px;";

function inspect(root: Element): void {
  for (const element of root.querySelectorAll("*")) {
    expect(PLAIN, element.outerHTML.slice(0, 200)).toContain(element.localName);
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(
        /^(on|href|src|action|formaction|srcdoc|poster|ping|xlink|data-commandlinker)/,
      );
      if (name === "style" && !value.startsWith(HIDDEN_BOX))
        expect(value).not.toMatch(/url|image|import|expression|position|javascript/i);
      if (name === "id" || name === "for" || name === "name")
        expect(value).toMatch(/^(react-aria-?)?_?(nx|r|«|:)/);
    }
  }
  expect((globalThis as { pwned?: number }).pwned).toBeUndefined();
}

/** All components with `payload` in each property and as bound value. */
function everywhere(payload: string): TreeNode {
  const made = Object.keys(registry).flatMap((type) => {
    const names = [...Object.keys(components[type]?.props ?? {}), ...Object.keys(commonProps)].filter(
      (name) => name !== "hidden",
    );
    const props = Object.fromEntries(names.map((name) => [name, payload]));
    const rest = { bound: true, writable: true, value: payload, events: ["press", payload] };
    return [
      node(type, props, { ...rest, id: `${type} ${payload}` }),
      node(type, { ...props, label: "x", multiline: true, collapsible: true, variant: "code" }, rest),
    ];
  });
  return node("Layout", {}, { children: [...made, node(payload, { [payload]: payload })] });
}

describe("hostile text", () => {
  it("is text wherever it is put", () => {
    for (const payload of payloads) {
      const { el } = mount(everywhere(payload), { title: payload });
      expect(el.querySelectorAll("button").length).toBeGreaterThan(3);
      expect(el.textContent).toContain(payload.slice(0, 64));
      inspect(el);
      inspect(document.body);
      unmountAll();
    }
  }, 120_000);

  it("is text in errors, problems, toasts, progress and reasons", async () => {
    for (const payload of payloads.slice(-30)) {
      const panel = mount(node("Button", { label: "Go" }, { id: payload, events: ["press"] }));
      await someone().click(panel.el.querySelector("button") as Element);
      const { client, seq } = panel.lastEvent();
      await panel.settle({
        ...someError,
        code: payload,
        name: payload,
        message: payload,
        hint: payload,
        stack: payload,
      });
      const problem = { severity: payload, code: payload, message: payload, line: 1, column: 1 };
      panel.say({ kind: "progress", client, seq, done: 1, total: 2, text: payload });
      panel.say({ kind: "emitted", event: "toast", payload: { text: payload, level: payload } });
      panel.say(
        snapshot(null, { rev: 2, tree: { root: node("Text", { content: "x" }), problems: [problem] } }),
      );
      inspect(panel.el);
      panel.say({ kind: "closed", reason: payload });
      expect(panel.el.textContent).toContain(payload);
      inspect(panel.el);
      unmountAll();
    }
  }, 60_000);

  it("of wrong types in every property breaks nothing", () => {
    const odd: unknown[] = [
      null,
      0,
      -1,
      1e308,
      true,
      [],
      {},
      [[{}]],
      { __html: "<b>x</b>" },
      { toString: 1, valueOf: 2 },
      "\u0000",
      "\ud800",
    ];
    for (const value of odd) {
      for (const type of Object.keys(registry)) {
        const names = [...Object.keys(components[type]?.props ?? {}), ...Object.keys(commonProps)];
        const props = Object.fromEntries(names.map((name) => [name, value])) as TreeNode["props"];
        const { el } = mount(
          node(type, { ...props, hidden: false }, { bound: true, value: value as TreeNode["value"] }),
        );
        expect(el.textContent).not.toContain("could not be shown");
        inspect(el);
        unmountAll();
      }
    }
  });

  it("of no shape at all breaks nothing", () => {
    const panel = mount(node("Text", { content: "still here" }));
    for (const content of [
      null,
      [],
      "x",
      7,
      { kind: "commit", rev: "9" },
      { kind: "result" },
      { kind: ["snapshot"] },
    ])
      act(() => panel.model.say(content));
    panel.say({ kind: "snapshot", rev: 2, tree: { root: { id: 1 }, problems: "none" } });
    expect(panel.el.textContent).toContain("could not be shown: not a component");
    panel.say({ kind: "snapshot", rev: 3, tree: { root: node("Text", { content: "back" }) } });
    expect(panel.el.textContent).toContain("back");
  });
});
