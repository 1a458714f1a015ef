import { fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TreeNode } from "../generated/protocol";
import { mount, pass, someone, unmountAll } from "./mount";
import { node } from "./scripted";

beforeEach(() => void vi.useFakeTimers());
afterEach(unmountAll);

const input = (value: unknown, props: object = {}, rest: object = {}) =>
  node(
    "Input",
    { label: "Name", ...props },
    { id: "i", bound: true, writable: true, value: value as TreeNode["value"], ...rest },
  );
const field = () => screen.getByLabelText<HTMLInputElement>("Name");
const type = (value: string) => fireEvent.change(field(), { target: { value } });
const values = (panel: ReturnType<typeof mount>) => panel.events().map((event) => event.detail.value);

describe("Input", () => {
  it("commits what was typed after a rest", async () => {
    const panel = mount(input(""));
    const user = someone();
    await user.type(field(), "Ad");
    await pass(149);
    expect(panel.events()).toEqual([]);
    await user.type(field(), "a");
    await pass(150);
    expect(panel.events()).toMatchObject([{ node: "i", name: "change", detail: { value: "Ada" } }]);
  });

  it("rests as long as the document says", async () => {
    for (const [debounce, waits] of [
      [0, 0],
      [400, 400],
      ["1s", 1_000],
      ["nonsense", 150],
      [-5, 150],
      [9e9, 10_000],
    ] as const) {
      const panel = mount(input("", { debounce }));
      type("x");
      await pass(Math.max(0, waits - 1));
      expect(panel.events(), String(debounce)).toHaveLength(waits === 0 ? 1 : 0);
      await pass(1);
      expect(panel.events()).toHaveLength(1);
      unmountAll();
    }
  });

  it("commits at once on Enter and when left, and only what is new", async () => {
    const panel = mount(input(""));
    const user = someone();
    await user.type(field(), "a{Enter}");
    expect(values(panel)).toEqual(["a"]);
    await user.type(field(), "b");
    await user.tab();
    expect(values(panel)).toEqual(["a", "ab"]);
    await pass(1_000);
    expect(panel.events()).toHaveLength(2);
  });

  it("commits before the press of the button that takes the focus", async () => {
    const panel = mount(
      node(
        "Layout",
        {},
        { children: [input(""), node("Button", { label: "Add" }, { id: "b", events: ["press"] })] },
      ),
    );
    const user = someone();
    await user.type(field(), "card");
    await user.click(screen.getByRole("button", { name: "Add" }));
    expect(panel.events().map(({ name, seq }) => [name, seq])).toEqual([
      ["change", 1],
      ["press", 2],
    ]);
  });

  it("commits what was typed last when it leaves the view", () => {
    const panel = mount(node("Layout", {}, { id: "l", children: [input("")] }));
    type("last words");
    panel.show(node("Layout", {}, { id: "l", children: [] }));
    expect(values(panel)).toEqual(["last words"]);
  });

  it("commits what was typed last when the whole view is taken away", () => {
    const panel = mount(input(""));
    type("last words");
    panel.unmount();
    expect(values(panel)).toEqual(["last words"]);
  });

  it("is not changed by echoes of older values, and does not move the caret", async () => {
    const panel = mount(input("", { debounce: 0 }));
    const user = someone();
    await user.type(field(), "abc");
    field().setSelectionRange(1, 1);
    panel.show(input("a", { debounce: 0 }));
    expect(field().value).toBe("abc");
    panel.show(input("abc", { debounce: 0 }));
    await panel.settle();
    expect(field().value).toBe("abc");
    expect(field().selectionStart).toBe(1);
  });

  it("keeps typing that is newer than the accepted value", async () => {
    const panel = mount(input(""));
    type("one");
    await pass(150);
    type("one two");
    panel.show(input("one"));
    await panel.settle();
    expect(field().value).toBe("one two");
    await pass(150);
    expect(values(panel)).toEqual(["one", "one two"]);
  });

  it("follows the kernel when nothing is being edited", async () => {
    const panel = mount(input("a"));
    panel.show(input("b"));
    expect(field().value).toBe("b");
    type("c");
    await pass(150);
    panel.show(input("C")); // a rule of the panel made it upper case
    await panel.settle();
    expect(field().value).toBe("C");
  });

  it("keeps text that breaks a rule, shows the rule, and commits when it holds", async () => {
    const panel = mount(input(""));
    type("A");
    await pass(150);
    await panel.settle({ code: "STATE_RULE", message: "At least two characters" });
    expect(field().value).toBe("A");
    expect(field().getAttribute("aria-invalid")).toBe("true");
    const described = (field().getAttribute("aria-describedby") ?? "").split(" ");
    expect(described.map((id) => document.getElementById(id)?.textContent).join()).toContain(
      "At least two characters",
    );
    expect(screen.queryByRole("alert")).toBeNull(); // said once, at the field
    panel.show(input("", { placeholder: "unrelated" }));
    expect(field().value).toBe("A");
    type("Ada");
    await pass(150);
    panel.show(input("Ada"));
    await panel.settle();
    expect(screen.queryByText("At least two characters")).toBeNull();
    expect(field().value).toBe("Ada");
  });

  it("gives refused text up when the place gets another value", async () => {
    const panel = mount(input("x"));
    type("bad");
    await pass(150);
    await panel.settle({ message: "No" });
    panel.show(input("reset"));
    expect(field().value).toBe("reset");
    expect(screen.queryByText("No")).toBeNull();
  });

  it("sends nothing while an input method composes, also not on its Enter", async () => {
    const panel = mount(input(""));
    fireEvent.compositionStart(field());
    type("か");
    fireEvent.keyDown(field(), { key: "Enter", keyCode: 229 });
    await pass(5_000);
    expect(panel.events()).toEqual([]);
    fireEvent.compositionEnd(field());
    await pass(150);
    expect(values(panel)).toEqual(["か"]);
  });

  it("tells of Enter only who listens", async () => {
    const silent = mount(input("x"));
    await someone().type(field(), "{Enter}");
    expect(silent.events()).toEqual([]);
    unmountAll();
    const panel = mount(input("x", {}, { events: ["submit", "focus", "blur"] }));
    const user = someone();
    await user.click(field());
    await user.keyboard("y{Enter}");
    await user.tab();
    expect(panel.events().map((event) => event.name)).toEqual(["focus", "change", "submit", "blur"]);
    expect(panel.events()[2]?.detail).toEqual({ value: "xy" });
  });

  it("takes lines when it has several, and commits on Ctrl+Enter", async () => {
    const panel = mount(input("", { multiline: true, rows: 5 }));
    expect(field().tagName).toBe("TEXTAREA");
    expect(field().getAttribute("rows")).toBe("5");
    await someone().type(field(), "a{Enter}b{Control>}{Enter}{/Control}");
    expect(values(panel)).toEqual(["a\nb"]);
  });

  it("shows its error, help, placeholder and marks", () => {
    mount(
      input("", {
        error: "Wrong",
        description: "Help",
        placeholder: "Ada",
        required: true,
        inputType: "email",
      }),
    );
    expect(field()).toMatchObject({ placeholder: "Ada", type: "email" });
    expect(field().getAttribute("aria-required")).toBe("true");
    expect(field().getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByText("Wrong")).toBeTruthy();
    expect(screen.getByText("Help")).toBeTruthy();
  });

  it("that is bound to a place nobody may write is read-only", async () => {
    const panel = mount(input("fixed", {}, { writable: false }));
    expect(field().readOnly).toBe(true);
    await someone().type(field(), "x");
    await pass(1_000);
    expect(panel.events()).toEqual([]);
  });

  it("that is not bound keeps its text to itself, or tells who listens", async () => {
    const alone = mount(input(null, {}, { bound: false, writable: false }));
    await someone().type(field(), "x");
    await pass(1_000);
    expect(field().value).toBe("x");
    expect(alone.events()).toEqual([]);
    unmountAll();
    const panel = mount(input(null, {}, { bound: false, writable: false, events: ["change"] }));
    await someone().type(field(), "x");
    await pass(150);
    expect(values(panel)).toEqual(["x"]);
  });

  it("has a name without a label", () => {
    mount(node("Input", { ariaLabel: "Search orders" }, { bound: true, writable: true, value: "" }));
    expect(screen.getByLabelText("Search orders")).toBeTruthy();
  });

  it("leaves no timer when the panel is gone", () => {
    const panel = mount(input(""));
    type("x");
    panel.unmount();
    panel.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("Checkbox", () => {
  const box = (value: unknown, props: object = {}, rest: object = {}) =>
    node(
      "Checkbox",
      { label: "Paid", ...props },
      { id: "c", bound: true, writable: true, value: value as TreeNode["value"], ...rest },
    );
  const control = () => screen.getByRole<HTMLInputElement>("checkbox", { name: "Paid" });

  it("answers pointer and keyboard at once, and says so to the kernel", async () => {
    const panel = mount(box(false));
    const user = someone();
    await user.click(control());
    expect(control().checked).toBe(true);
    await user.keyboard(" ");
    expect(control().checked).toBe(false);
    expect(values(panel)).toEqual([true, false]);
  });

  it("goes back and says why when the change is refused", async () => {
    const panel = mount(box(false));
    await someone().click(control());
    await panel.settle({ message: "Please read the terms first" });
    expect(control().checked).toBe(false);
    expect(screen.getByText("Please read the terms first")).toBeTruthy();
  });

  it("shows error and help, and can be read-only or disabled", async () => {
    const panel = mount(box(true, { error: "Please accept", description: "Needed", readOnly: true }));
    expect(screen.getByText("Please accept")).toBeTruthy();
    expect(screen.getByText("Needed")).toBeTruthy();
    await someone().click(control());
    expect(control().checked).toBe(true);
    panel.show(box(true, { disabled: true }));
    expect(control().disabled).toBe(true);
    expect(panel.events()).toEqual([]);
  });

  it("is empty for anything that is not true", () => {
    for (const value of ["true", 1, {}, null]) {
      mount(box(value));
      expect(control().checked).toBe(false);
      unmountAll();
    }
  });
});
