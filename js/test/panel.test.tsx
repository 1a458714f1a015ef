import { act, screen, within } from "@testing-library/react";
import { Profiler } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { start } from "../bundle";
import { registry } from "../components/registry";
import { PanelStore } from "../host/store";
import { Panel } from "../render/Panel";
import type { ComponentArguments, Registry } from "../render/registry";
import { mount, pass, someError, someone, unmountAll } from "./mount";
import { node, ScriptedModel, snapshot } from "./scripted";

afterEach(unmountAll);

const text = (content: string, rest = {}) => node("Text", { content }, rest);
const button = (label: string, rest = {}) => node("Button", { label }, { events: ["press"], ...rest });

function Fragile({ node: given }: ComponentArguments) {
  if (given.props.fail) throw new Error("no luck");
  return <p>fine again</p>;
}

const drawn: string[] = [];
function Row({ node: given }: ComponentArguments) {
  drawn.push(given.id);
  return <p>{String(given.props.content)}</p>;
}

describe("a panel", () => {
  it("is a region of the panel's name that keeps the notebook's shortcuts out", () => {
    mount(text("hello"), { title: "Orders" });
    const region = screen.getByRole("region", { name: "Orders" });
    expect(region).toHaveProperty("dataset.lmSuppressShortcuts", "true");
    expect(within(region).getByText("hello")).toBeTruthy();
  });

  it("keeps keys from the notebook's shortcuts, but lets saving through", () => {
    const { el } = mount(button("Go"));
    const go = el.querySelector("button") as HTMLElement;
    const seen: [string, boolean, boolean][] = [];
    // JupyterLab looks while the event is captured at the document: at the target first, then upwards.
    const listen = (event: KeyboardEvent) => {
      const marked = (element: Element) => element.hasAttribute("data-lm-suppress-shortcuts");
      seen.push([event.key, marked(event.target as Element), marked(screen.getByRole("region"))]);
    };
    document.addEventListener("keydown", listen, { capture: true });
    const keys = [
      ["a", false],
      ["s", true],
      ["d", false],
      ["Enter", true],
      ["s", false],
    ] as const;
    for (const [key, ctrlKey] of keys)
      go.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey, bubbles: true }));
    document.removeEventListener("keydown", listen, { capture: true });
    expect(seen).toEqual(keys.map(([key, ctrl]) => [key, !(key === "s" && ctrl), !(key === "s" && ctrl)]));
  });

  it("is shown by one model in several views, with one hello and one count of calls", async () => {
    const model = new ScriptedModel();
    const controller = new AbortController();
    const show = start({ model, signal: controller.signal });
    const places = [1, 2].map(() => document.body.appendChild(document.createElement("div")));
    const ends = places.map((el) => {
      let end: () => void = () => undefined;
      act(() => {
        end = show({ model, el });
      });
      return end;
    });
    act(() => model.say(snapshot(button("Go"))));
    const user = someone();
    for (const go of screen.getAllByRole("button", { name: "Go" })) await user.click(go);
    const sent = model.sent.filter(({ kind }) => kind !== "program"); // which it asks for when it has time
    expect(sent.map((message) => [message.kind, "seq" in message ? message.seq : 0])).toEqual([
      ["hello", 0],
      ["event", 1],
      ["event", 2],
    ]);
    act(() => ends[0]?.());
    expect(places.map((el) => el.textContent)).toEqual(["", "Go"]);
    act(() => ends[1]?.());
    controller.abort();
    for (const el of places) el.remove();
  });

  it("works without a view", () => {
    mount(null);
    expect(screen.getByRole("region").querySelector(".nx-view")).toBeNull();
  });

  it("lists problems with their place, the first few at first", async () => {
    const problems = Array.from({ length: 5 }, (_, i) => ({
      severity: "warning",
      code: "TYPE",
      message: `problem ${i}`,
      line: i,
      column: 2,
    }));
    mount(undefined, {}).say(snapshot(text("x"), { tree: { root: text("x"), problems } }));
    const list = screen.getByRole("list", { name: "Problems" });
    expect(within(list).getAllByRole("listitem")).toHaveLength(3);
    expect(list.textContent).toContain("TYPE, line 1, column 2");
    await someone().click(screen.getByRole("button", { name: "Show 2 more" }));
    expect(within(list).getAllByRole("listitem")).toHaveLength(5);
  });

  it("shows toasts that leave by themselves, errors until they are dismissed", async () => {
    vi.useFakeTimers();
    const { say } = mount(text("x"));
    say({ kind: "emitted", event: "toast", payload: "saved" });
    say({ kind: "emitted", event: "notify", payload: { level: "error", text: "service is down" } });
    expect(screen.getByText("saved").closest("[role=status]")).toBeTruthy();
    await pass(7_000);
    expect(screen.queryByText("saved")).toBeNull();
    await someone().click(screen.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByText("service is down")).toBeNull();
  });

  it("shows a notification as text, until it is dismissed when it does not close by itself", async () => {
    vi.useFakeTimers();
    const { say } = mount(text("x"));
    const payload = { level: "warning", text: "<b>low</b>", autoClose: false };
    say({ kind: "emitted", event: "notify", payload });
    say({ kind: "emitted", event: "notify", payload: { level: "info", text: "done", autoClose: true } });
    await pass(7_000);
    expect(screen.queryByText("done")).toBeNull();
    expect(screen.getByText("<b>low</b>").querySelector("b")).toBeNull();
    await someone().click(screen.getByRole("button", { name: "Dismiss" }));
    expect(screen.queryByText("<b>low</b>")).toBeNull();
  });

  it("stays as it was, disabled and with the reason, when it ends", () => {
    const { say } = mount(button("Go"));
    say({ kind: "closed", reason: "the cell was run again" });
    expect(screen.getByText("This panel has ended: the cell was run again")).toBeTruthy();
    expect(screen.getByRole("button", { name: "Go" })).toHaveProperty("disabled", true);
  });

  it("says when no kernel answers, and recovers", async () => {
    vi.useFakeTimers();
    const { say } = mount(undefined, {}, { _snapshot: snapshot(button("Go")) });
    expect(screen.getByRole("button", { name: "Go" })).toHaveProperty("disabled", false);
    await pass(5_000);
    expect(screen.getByText(/Not connected to a kernel/)).toBeTruthy();
    expect(screen.getByRole("button", { name: "Go" })).toHaveProperty("disabled", true);
    say(snapshot(button("Go"), { rev: 2 }));
    expect(screen.queryByText(/Not connected to a kernel/)).toBeNull();
    expect(screen.getByRole("button", { name: "Go" })).toHaveProperty("disabled", false);
  });
});

describe("a node", () => {
  it("of no known component is a placeholder with its children", () => {
    mount(node("Buton", {}, { children: [text("inside")] }));
    expect(screen.getByText("<Buton>").parentElement?.textContent).toBe("<Buton> is not a component.");
    expect(screen.getByText("inside")).toBeTruthy();
  });

  it("of a component that is not built yet says so", () => {
    mount(node("Chart", { type: "line" }));
    expect(screen.getByText("<Chart>").parentElement?.textContent).toContain("not available in this version");
  });

  it("cannot name an object's own machinery as its component", () => {
    for (const type of ["constructor", "__proto__", "toString"]) mount(node(type));
    expect(screen.getAllByText(/is not a component/)).toHaveLength(3);
  });

  it("that fails to draw takes nothing else down, and is tried again when it changes", () => {
    const parts: Registry = { ...registry, Fragile: { component: Fragile } };
    const model = new ScriptedModel();
    const controller = new AbortController();
    const store = new PanelStore(model, controller.signal);
    const el = document.body.appendChild(document.createElement("div"));
    const root = createRoot(el, { onCaughtError: () => undefined });
    act(() => root.render(<Panel host={store} registry={parts} names="t-" />));
    const tree = (fail: boolean) =>
      node(
        "Layout",
        {},
        { id: "l", children: [node("Fragile", { fail }, { id: "f" }), text("beside", { id: "t" })] },
      );
    act(() => model.say(snapshot(tree(true))));
    expect(el.textContent).toContain("Fragile could not be shown: no luck");
    expect(el.textContent).toContain("beside");
    act(() => model.say(snapshot(tree(false), { rev: 2 })));
    expect(el.textContent).toContain("fine again");
    act(() => root.unmount());
    controller.abort();
    el.remove();
  });

  it("shows the error of its call, with details for the author, until dismissed", async () => {
    const panel = mount(button("Go"));
    await someone().click(screen.getByRole("button", { name: "Go" }));
    await panel.settle({
      ...someError,
      hint: "Look at the list",
      line: 24,
      column: 7,
      stack: "at go (24:7)",
    });
    const alert = screen.getByRole("alert");
    expect(alert.textContent).toContain("no card 7");
    expect(alert.textContent).toContain("Look at the list");
    expect(alert.querySelector("details")?.textContent).toContain("TOOL_ERROR, line 24, column 7");
    expect(alert.querySelector("pre")?.textContent).toBe("at go (24:7)");
    await someone().click(within(alert).getByRole("button", { name: "Dismiss the error" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("shows its call as pending in time, what it waits for, and a way out", async () => {
    vi.useFakeTimers();
    const panel = mount(button("Go"));
    await someone().click(screen.getByRole("button", { name: "Go" }));
    await pass(150);
    expect(panel.el.querySelector(".nx-busy")).toBeTruthy();
    await pass(3_000);
    expect(screen.getByText("Waiting for the kernel…")).toBeTruthy();
    const { client, seq } = panel.lastEvent();
    panel.say({ kind: "started", client, seq, tool: "go" });
    expect(screen.getByText("Running…")).toBeTruthy();
    panel.say({ kind: "progress", client, seq, done: 1, total: 4, text: "" });
    expect(screen.getByRole("progressbar", { name: "Progress of Go" }).getAttribute("aria-valuenow")).toBe(
      "25",
    );
    await someone().click(screen.getByRole("button", { name: "Cancel" }));
    expect(panel.model.sent.at(-1)).toEqual({ kind: "cancel", client, seq });
    expect(screen.getByText("Cancelling…")).toBeTruthy();
    await panel.settle({ message: "cancelled" });
    expect(panel.el.querySelector(".nx-pending, .nx-busy")).toBeNull();
  });

  it("that is hidden is not in the page", () => {
    mount(node("Text", { content: "secret", hidden: true }));
    expect(screen.queryByText("secret")).toBeNull();
  });

  it("carries only harmless common properties into the page", () => {
    const { el } = mount(
      node("Text", {
        content: "x",
        id: "main",
        class: "big jp-Notebook 1bad <b>",
        style: "color: red; position: fixed; background-color: url(//evil)",
        colSpan: 4,
        onClick: "alert(1)",
        "data-commandlinker-command": "x",
        dangerouslySetInnerHTML: { __html: "<img src=x>" },
      }),
    );
    const frame = el.querySelector(".nx-node");
    expect(frame?.className).toBe("nx-node nx-is-Text nxu-big nxu-jp-Notebook");
    expect(frame?.getAttribute("style")).toBe("color: red;");
    expect(frame?.getAttribute("data-span")).toBe("4");
    expect(frame?.id).toMatch(/^nx\d+-u-main$/);
    expect(el.innerHTML).not.toMatch(/commandlinker|onclick|<img/i);
  });

  it("gives the same document's ids different names in each view", () => {
    const ids = [1, 2].map(
      () => mount(node("Text", { content: "x", id: "main" })).el.querySelector(".nx-node")?.id,
    );
    expect(ids[0]).not.toBe(ids[1]);
  });

  it("shows its tooltip to pointer and keyboard, with the theme's class", async () => {
    mount(
      node(
        "Layout",
        {},
        {
          children: [
            node("Button", { label: "Go", tooltip: "does it" }, { events: ["press"] }),
            node("Metric", { label: "Orders", value: 1, tooltip: "this week" }),
          ],
        },
      ),
    );
    const user = someone();
    await user.tab();
    expect((await screen.findByRole("tooltip")).textContent).toBe("does it");
    expect(screen.getByRole("tooltip").className).toContain("nexus-panel-overlay");
    expect(screen.getByRole("button").getAttribute("aria-describedby")).toBe(screen.getByRole("tooltip").id);
    await user.tab();
    expect((await screen.findByText("this week")).getAttribute("role")).toBe("tooltip");
    await user.keyboard("{Escape}");
    expect(screen.queryByText("this week")).toBeNull();
  });
});

describe("a changed row of a thousand", () => {
  it("draws that row alone", () => {
    drawn.length = 0;
    const model = new ScriptedModel();
    const controller = new AbortController();
    const store = new PanelStore(model, controller.signal);
    const el = document.body.appendChild(document.createElement("div"));
    const root = createRoot(el);
    let commits = 0;
    act(() =>
      root.render(
        <Profiler id="panel" onRender={() => (commits += 1)}>
          <Panel host={store} registry={{ ...registry, Text: { component: Row } }} names="t-" />
        </Profiler>,
      ),
    );
    const tree = (changed: number) => ({
      root: node(
        "Layout",
        { strategy: "stack" },
        {
          id: "l",
          children: Array.from({ length: 1_000 }, (_, i) =>
            node("Text", { content: i === changed ? "new" : `row ${i}` }, { id: `r${i}` }),
          ),
        },
      ),
      problems: [],
    });
    act(() => model.say(snapshot(null, { tree: tree(-1) })));
    expect(drawn).toHaveLength(1_000);
    drawn.length = 0;
    commits = 0;
    const cause = { kind: "python", tool: null, client: null, seq: null };
    act(() => model.say({ kind: "commit", rev: 2, cause, ops: [], tree: tree(500) }));
    expect(drawn).toEqual(["r500"]);
    expect(commits).toBe(1);
    expect(el.textContent).toContain("new");
    act(() => root.unmount());
    controller.abort();
    el.remove();
  });
});
