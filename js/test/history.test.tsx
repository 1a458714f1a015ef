/** Undo and redo in the page: keys, buttons, what is told to the kernel and to whoever listens. */
import { act, screen, within } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, describe, expect, it } from "vitest";
import type { TreeNode } from "../generated/protocol";
import { type Mounted, mount, someError, someone, unmountAll } from "./mount";
import { node, snapshot } from "./scripted";

afterEach(unmountAll);

const view = (): TreeNode =>
  node(
    "Layout",
    {},
    {
      id: "0",
      children: [
        node("Button", { label: "Go" }, { events: ["press"] }),
        node("Input", { label: "Name" }, { bound: true, writable: true, value: "x" }),
        node("Input", { label: "Text", multiline: true }, { bound: true, writable: true, value: "x" }),
        node("Checkbox", { label: "Done" }, { bound: true, writable: true, value: false }),
      ],
    },
  );

const both = { can_undo: true, can_redo: true };
const turns = (panel: Mounted) =>
  panel.model.sent.flatMap((message) =>
    message.kind === "undo" || message.kind === "redo" ? [message.kind] : [],
  );

/** The kernel answers the last undo or redo. */
async function answer(panel: Mounted, message: object): Promise<void> {
  const asked = panel.model.sent.at(-1);
  if (asked?.kind !== "undo" && asked?.kind !== "redo") throw new Error("nothing was asked");
  const { client, seq } = asked;
  await act(async () => panel.model.say({ client, seq, ...message }));
}

describe("keys", () => {
  it.each([
    ["{Control>}z{/Control}", "undo"],
    ["{Meta>}z{/Meta}", "undo"],
    ["{Control>}{Shift>}Z{/Shift}{/Control}", "redo"],
    ["{Meta>}{Shift>}Z{/Shift}{/Meta}", "redo"],
    ["{Control>}y{/Control}", "redo"],
  ])("%s asks to %s, and nobody else hears of it", async (keys, turn) => {
    const panel = mount(view(), both);
    const heard: string[] = [];
    const listen = (event: KeyboardEvent) => heard.push(event.key);
    document.body.addEventListener("keydown", listen);
    const user = someone();
    screen.getByRole("button", { name: "Go" }).focus();
    await user.keyboard(keys);
    screen.getByRole("checkbox").focus();
    await user.keyboard(keys);
    document.body.removeEventListener("keydown", listen);
    expect(turns(panel)).toEqual([turn, turn]);
    expect(heard.filter((key) => key.length === 1)).toEqual([]);
  });

  it("leaves text fields their own undo, and other keys alone", async () => {
    const panel = mount(view(), both);
    const user = someone();
    for (const field of screen.getAllByRole("textbox")) {
      field.focus();
      await user.keyboard("{Control>}z{/Control}{Control>}y{/Control}");
    }
    screen.getByRole("button", { name: "Go" }).focus();
    await user.keyboard(
      "z{Alt>}{Control>}z{/Control}{/Alt}{Control>}a{/Control}{Control>}{Shift>}Y{/Shift}{/Control}",
    );
    expect(turns(panel)).toEqual([]);
  });

  it("asks for nothing when there is nothing to undo, and keeps the key from the browser all the same", () => {
    const panel = mount(view());
    const event = new KeyboardEvent("keydown", { key: "z", ctrlKey: true, bubbles: true, cancelable: true });
    screen.getByRole("button", { name: "Go" }).dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(turns(panel)).toEqual([]);
  });
});

describe("buttons", () => {
  it("are there as soon as there is something to undo", () => {
    const panel = mount(view());
    expect(screen.queryByRole("group", { name: "Undo and redo" })).toBeNull();
    panel.show(view(), { can_undo: true, can_redo: false });
    const group = within(screen.getByRole("group", { name: "Undo and redo" }));
    const can = () => group.getAllByRole("button").map((button) => button.getAttribute("aria-disabled"));
    expect(can()).toEqual(["false", "true"]);
    panel.show(view(), { can_undo: false, can_redo: true });
    expect(can()).toEqual(["true", "false"]);
    panel.say(snapshot(view(), { rev: 9 }));
    expect(screen.queryByRole("group", { name: "Undo and redo" })).toBeNull();
  });

  it("are pressed by pointer and keyboard, keep the focus, and say what came of it", async () => {
    const panel = mount(view(), { can_undo: true });
    const user = someone();
    await user.click(screen.getByRole("button", { name: "Undo" }));
    expect(panel.model.sent.at(-1)).toEqual({ kind: "undo", client: expect.any(String), seq: 1 });
    panel.show(view(), { can_undo: false, can_redo: true });
    await answer(panel, { kind: "result", error: null });
    expect(screen.getByText("Undone.").getAttribute("aria-live")).toBe("polite");
    expect(document.activeElement).toBe(screen.getByRole("button", { name: "Undo" }));
    await user.keyboard("{Enter}");
    await user.tab();
    await user.keyboard("{Enter}");
    expect(turns(panel)).toEqual(["undo", "redo"]);
    expect(screen.queryByText("Undone.")).toBeNull();
    await answer(panel, { kind: "result", error: null });
    expect(screen.getByText("Redone.")).toBeTruthy();
  });

  it("have nothing that axe would object to", async () => {
    const panel = mount(view(), { can_undo: true });
    const { violations } = await axe.run(panel.el, { rules: { "color-contrast": { enabled: false } } });
    expect(violations).toEqual([]);
  });

  it("are not there when the panel has ended", () => {
    const panel = mount(view(), both);
    panel.say({ kind: "closed", reason: "it was closed" });
    expect(screen.queryByRole("group", { name: "Undo and redo" })).toBeNull();
  });
});

describe("a refusal", () => {
  it("is shown until it is dismissed or something else is tried", async () => {
    const panel = mount(view(), both);
    const user = someone();
    const refuse = () =>
      answer(panel, { kind: "reject", error: { ...someError, code: "STALE", message: "changed by add()" } });
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await refuse();
    expect(within(screen.getByRole("alert")).getByText("changed by add()")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Redo" }));
    expect(screen.queryByRole("alert")).toBeNull();
    await refuse();
    await user.click(screen.getByRole("button", { name: "Dismiss the error" }));
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("for there being nothing left is no news", async () => {
    const panel = mount(view(), both);
    await someone().click(screen.getByRole("button", { name: "Undo" }));
    await answer(panel, { kind: "reject", error: { ...someError, code: "NOTHING_TO_UNDO" } });
    expect(screen.queryByRole("alert")).toBeNull();
    expect(screen.queryByText("Undone.")).toBeNull();
  });

  it("says that the kernel cannot be reached", async () => {
    const panel = mount(view(), both);
    panel.model.onSend = () => {
      throw new Error("comm closed");
    };
    await someone().click(screen.getByRole("button", { name: "Undo" }));
    expect(screen.getByRole("alert").textContent).toContain("cannot be reached");
  });
});
