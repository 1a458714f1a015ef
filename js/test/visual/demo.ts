/** Panels to look at: every component in its variants, and the states that a panel can be in. */

import { start } from "../../bundle";
import type { ErrorInfo, TreeNode } from "../../generated/protocol";
import { node, ScriptedModel, snapshot } from "../scripted";

const button = (label: string, props: object = {}, id?: string) =>
  node("Button", { label, ...props }, { events: ["press"], ...(id ? { id } : {}) });
const input = (label: string, value: string, props: object = {}) =>
  node("Input", { label, ...props }, { bound: true, writable: true, value });
const check = (label: string, value: boolean, props: object = {}) =>
  node("Checkbox", { label, ...props }, { bound: true, writable: true, value });
const text = (content: string, variant = "body") => node("Text", { content, variant });
const layout = (props: object, children: TreeNode[]) => node("Layout", { ...props }, { children });
const container = (props: object, children: TreeNode[]) => node("Container", { ...props }, { children });

const counter = layout({ strategy: "row", gap: "sm", align: "center" }, [
  button("−", { ariaLabel: "decrease" }),
  node("Metric", { label: "Count (even)", value: 1284 }),
  button("+", { ariaLabel: "increase", variant: "primary" }),
  button("Reset", { variant: "ghost" }),
]);

const dashboard = layout({ strategy: "auto" }, [
  text("Orders this week", "h2"),
  node("Metric", {
    label: "Revenue",
    value: 48_219.5,
    currency: "EUR",
    trend: "up",
    delta: 0.042,
    format: "auto",
  }),
  node("Metric", { label: "Orders", value: 1_204, trend: "up", delta: 37 }),
  node("Metric", { label: "p95 latency", value: 184.25, unit: "ms", trend: "down", delta: -12.5 }),
  node("Metric", { label: "Refund rate", value: 0.0173, format: "percent", trend: "flat" }),
  input("Search", "", { placeholder: "Order, customer or SKU" }),
  input("Note", "Check the Monday batch", { description: "Shown to everyone who opens the notebook." }),
  container({ title: "Filters", collapsible: true, variant: "panel" }, [
    layout({ strategy: "row", gap: "md", align: "center" }, [
      check("Paid only", true),
      check("Include returns", false),
      check("Archived", false, { disabled: true }),
    ]),
  ]),
  node("Action", { label: "Refresh", variant: "primary" }, { events: ["press"] }),
  button("Export", {}),
  button("Clear", { variant: "danger" }),
  button("Help", { variant: "ghost", tooltip: "Opens the handbook" }),
  text("Updated a minute ago by the nightly job.", "caption"),
]);

const board = layout({ strategy: "stack", gap: "md" }, [
  layout({ strategy: "row", gap: "sm", align: "end" }, [
    input("New card", "", { placeholder: "What is to be done?" }),
    button("Add", { variant: "primary" }),
    input("Filter", ""),
  ]),
  layout(
    { strategy: "grid", columns: 3 },
    ["todo (2)", "doing (1)", "done (0)"].map((title, column) =>
      container(
        { title, variant: "panel" },
        column === 2
          ? [text("Nothing here", "caption")]
          : ["Write the language page", "Measure the loader"]
              .slice(column)
              .map((card) =>
                container({ variant: "card" }, [
                  text(card),
                  layout({ strategy: "row", gap: "xs" }, [
                    button("←", { ariaLabel: "move left", variant: "ghost" }),
                    button("→", { ariaLabel: "move right", variant: "ghost" }),
                    button("✕", { ariaLabel: "delete", variant: "danger" }),
                  ]),
                ]),
              ),
      ),
    ),
  ),
]);

const form = container({ title: "Sign up" }, [
  input("Name", "A", { required: true, error: "At least two characters" }),
  input("E-mail", "ada@example.org", { inputType: "email" }),
  input("About", "First line\nSecond line", { multiline: true, rows: 3 }),
  input("Reference", "A-1042", { readOnly: true, description: "Given by the registry" }),
  check("I accept the terms", false, { error: "Please accept", required: true }),
  button("Create account", { variant: "primary" }),
]);

const states = layout({ strategy: "stack" }, [
  layout({ strategy: "row", gap: "sm" }, [
    button("Secondary"),
    button("Primary", { variant: "primary" }),
    button("Danger", { variant: "danger" }),
    button("Ghost", { variant: "ghost" }),
    button("Disabled", { disabled: true }),
    button("Saving", { loading: true, variant: "primary" }),
  ]),
  layout({ strategy: "row", gap: "lg", align: "start" }, [
    button("Quick", {}, "busy"),
    button("Long", {}, "long"),
    button("Import", {}, "import"),
    button("Broken", {}, "broken"),
  ]),
  text("const total = rows.reduce((sum, row) => sum + row.amount, 0);", "code"),
  node("Chart", { type: "line" }),
  node("Buton", {}, { children: [text("Its children are still shown.")] }),
]);

const error: ErrorInfo = {
  code: "TOOL_ERROR",
  name: "TypeError",
  message: "cannot read property 'title' of undefined",
  hint: "Check that the card exists before its title is read.",
  line: 24,
  column: 17,
  stack: "    at move (panel:24:17)",
  allowed: null,
  used: null,
};

function show(
  id: string,
  root: TreeNode,
  more: object = {},
  after: (model: ScriptedModel) => void = () => undefined,
) {
  const el = document.getElementById(id);
  if (!el) return;
  const model = new ScriptedModel();
  start({ model })({ model, el });
  model.say(snapshot(root, { title: id, ...more }));
  after(model);
}

/** Presses a button of the demo by its text. */
function press(id: string, label: string) {
  const found = [...document.querySelectorAll(`#${id} button`)].find((b) => b.textContent?.trim() === label);
  (found as HTMLElement | undefined)?.click();
}

show("counter", counter);
show("dashboard", dashboard);
show("board", board);
show("form", form);
show(
  "states",
  states,
  {
    tree: {
      root: states,
      problems: [
        {
          severity: "warning",
          code: "TYPE",
          message: "<Metric>: value is a list, not a number.",
          line: 31,
          column: 7,
        },
        { severity: "error", code: "ERROR", message: "total is not defined", line: 12, column: 0 },
      ],
    },
  },
  (model) => {
    model.say({ kind: "emitted", event: "toast", payload: { level: "success", text: "Saved 3 rows" } });
    model.say({ kind: "emitted", event: "toast", payload: { level: "error", text: "Service is down" } });
    setTimeout(() => {
      for (const label of ["Quick", "Long", "Import", "Broken"]) press("states", label);
      for (const message of model.sent) {
        if (message.kind !== "event") continue;
        const call = { client: message.client, seq: message.seq };
        if (message.node === "import")
          model.say({ kind: "progress", ...call, done: 340, total: 1000, text: "340 of 1,000 rows" });
        if (message.node === "broken") model.say({ kind: "reject", ...call, error });
        if (message.node === "long") model.say({ kind: "started", ...call, tool: "long" });
      }
    }, 50);
  },
);
show("closed", counter, {}, (model) => model.say({ kind: "closed", reason: "the cell was run again" }));
