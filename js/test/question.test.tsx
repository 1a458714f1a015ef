import { screen, within } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { mount, pass, someone, unmountAll } from "./mount";
import { node, snapshot } from "./scripted";

afterEach(unmountAll);

const button = (label: string, rest = {}) => node("Button", { label }, { events: ["press"], ...rest });

async function asked(question = "Delete all orders?") {
  const panel = mount(button("Delete"), { title: "Orders" });
  const user = someone();
  await user.click(screen.getByRole("button", { name: "Delete" }));
  const { client, seq } = panel.lastEvent();
  panel.say({ kind: "confirm", client, seq, tool: "clear", question });
  return { panel, user, client, seq };
}

const answers = (panel: { model: { sent: readonly { kind: string }[] } }) =>
  panel.model.sent.filter((message) => message.kind === "confirm_answer");

describe("a question before a tool runs", () => {
  it("is a dialog that says whose question it is, with a no that has the focus", async () => {
    const { panel, user, client, seq } = await asked();
    const dialog = screen.getByRole("alertdialog", { name: "Orders asks" });
    expect(document.getElementById(dialog.getAttribute("aria-describedby") ?? "")?.textContent).toBe(
      "Delete all orders?",
    );
    expect(document.activeElement?.textContent).toBe("No");
    const rules = { "color-contrast": { enabled: false }, region: { enabled: false } };
    expect((await axe.run(document.body, { rules })).violations).toEqual([]);
    await user.click(within(dialog).getByRole("button", { name: "Yes" }));
    expect(answers(panel)).toEqual([{ kind: "confirm_answer", client, seq, yes: true }]);
    expect(screen.queryByRole("alertdialog")).toBeNull();
    expect(document.activeElement?.textContent).toBe("Delete");
  });

  it("is answered with no by its button, by Escape, and by a press beside it", async () => {
    for (const way of ["button", "key", "beside"]) {
      const { panel, user, client, seq } = await asked();
      if (way === "button") await user.click(screen.getByRole("button", { name: "No" }));
      else if (way === "key") await user.keyboard("{Escape}");
      else await user.click(document.querySelector(".nx-veil") as Element);
      expect(answers(panel), way).toEqual([{ kind: "confirm_answer", client, seq, yes: false }]);
      expect(screen.queryByRole("alertdialog")).toBeNull();
      await panel.settle();
      expect(screen.queryByRole("alert")).toBeNull();
      unmountAll();
    }
  });

  it("is text, whatever is in it, and of bounded length", async () => {
    await asked(`<img src=x onerror=alert(1)>${"y".repeat(5_000)}`);
    const dialog = screen.getByRole("alertdialog");
    expect(dialog.querySelector("img")).toBeNull();
    expect(dialog.textContent?.length).toBeLessThan(1_100);
  });

  it("shows the call as running once it was answered, and not while it is open", async () => {
    vi.useFakeTimers();
    const { panel, user, client, seq } = await asked();
    await pass(4_000);
    expect(panel.el.querySelector(".nx-busy, .nx-pending")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Yes" }));
    panel.say({ kind: "started", client, seq, tool: "clear" });
    expect(screen.getByText("Running…")).toBeTruthy();
    await panel.settle({ message: "no such order" });
    expect(screen.getByRole("alert").textContent).toContain("no such order");
  });

  it("goes when its call ends otherwise, or the panel does, and is not another page's", async () => {
    const first = await asked();
    await first.panel.settle({ message: "the document was replaced" });
    expect(screen.queryByRole("alertdialog")).toBeNull();
    unmountAll();
    const second = await asked();
    second.panel.say({ kind: "closed", reason: "it was closed" });
    expect(screen.queryByRole("alertdialog")).toBeNull();
    unmountAll();
    const third = mount(button("Go"));
    third.say({ kind: "confirm", client: "somebody", seq: 1, tool: "clear", question: "Sure?" });
    expect(screen.queryByRole("alertdialog")).toBeNull();
  });

  it("comes after the one before it", async () => {
    const { panel, user, client, seq } = await asked("First?");
    const { seq: other } = { seq: seq + 1 };
    panel.say({ kind: "confirm", client, seq: other, tool: "clear", question: "Unknown?" });
    await user.click(screen.getByRole("button", { name: "Yes" }));
    expect(screen.queryByRole("alertdialog")).toBeNull();
    expect(answers(panel)).toHaveLength(1);
  });
});

describe("a call", () => {
  it("that waits in line says so", async () => {
    vi.useFakeTimers();
    const panel = mount(button("Go"));
    await someone().click(screen.getByRole("button", { name: "Go" }));
    const { client, seq } = panel.lastEvent();
    panel.say({ kind: "started", client, seq, tool: "go", queued: true });
    await pass(150);
    expect(screen.getByRole("status", { name: "Running" })).toBeTruthy();
    await pass(3_000);
    expect(screen.getByText("Waiting for its turn…")).toBeTruthy();
    panel.say({ kind: "started", client, seq, tool: "go", queued: false });
    expect(screen.getByText("Running…")).toBeTruthy();
  });

  it("that gave way to a newer one is no error, one that was dropped is", async () => {
    const panel = mount(button("Go"));
    const go = screen.getByRole("button", { name: "Go" });
    await someone().click(go);
    await panel.settle({ code: "SUPERSEDED", message: "a newer call took its place" });
    expect(screen.queryByRole("alert")).toBeNull();
    await someone().click(go);
    await panel.settle({
      code: "LIMIT_QUEUE",
      message: "go is already running",
      hint: "Wait until it has ended.",
    });
    expect(screen.getByRole("alert").textContent).toContain("go is already running");
  });
});

describe("errors", () => {
  const error = {
    code: "HANDLER_ERROR",
    name: "TypeError",
    message: "no rows",
    hint: "",
    line: 7,
    column: 3,
  };

  it("of hooks stand at the panel until the hook goes well or somebody dismisses them", async () => {
    const panel = mount(node("Text", { content: "x" }), {
      hooks: [{ kind: "hook", hook: "lifecycle mount", error }, { hook: "" }, 3],
    });
    expect(screen.getByRole("alert").textContent).toContain(
      "lifecycle mount: HANDLER_ERROR TypeError, line 7",
    );
    panel.say({ kind: "hook", hook: "lifecycle interval", error: { ...error, message: "no service" } });
    panel.say({ kind: "hook", hook: "lifecycle interval", error: { ...error, message: "still none" } });
    expect(screen.getAllByRole("alert")).toHaveLength(2);
    expect(screen.queryByText("no service")).toBeNull();
    panel.say({ kind: "hook", hook: "lifecycle interval", error: null });
    await someone().click(screen.getByRole("button", { name: "Dismiss the error" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("are short for visitors", async () => {
    const problems = [{ severity: "error", code: "TYPE", message: "no list", line: 4, column: 2 }];
    const root = button("Go");
    const panel = mount(undefined);
    panel.say(snapshot(root, { visitor: true, tree: { root, problems } }));
    await someone().click(screen.getByRole("button", { name: "Go" }));
    await panel.settle({ ...error, hint: "Look at line 7", stack: "at go (7:3)" });
    expect(screen.getByRole("alert").textContent).toBe("no rows×");
    expect(screen.getByRole("list", { name: "Problems" }).textContent).toBe("no list");
  });
});
