/** The question whether a panel may use something: what it shows, when it takes an answer, and which. */
import { act, screen, within } from "@testing-library/react";
import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HELLO_TIMEOUT } from "../host/store";
import { GUARD } from "../render/ConsentBar";
import { type Mounted, mount, pass, someone, unmountAll } from "./mount";
import { node, snapshot } from "./scripted";

const files = {
  extension: "nexus.fs",
  alias: "fs",
  description: "Files beneath one granted folder.",
  abilities: [
    { label: "fs:read", text: "Read files", dangerous: false },
    { label: "fs:write", text: "Write files", dangerous: true },
  ],
  scope: [
    { label: "root", text: "data", dangerous: false },
    { label: "mode", text: "write", dangerous: true },
  ],
  reason: "Keeps <b>notes</b>",
};
const hosts = {
  ...files,
  extension: "nexus.http",
  alias: "http",
  abilities: [{ label: "http:request", text: "Send a request", dangerous: false }],
  scope: [{ label: "hosts", text: "https://api.example.org", dangerous: false }],
  reason: "",
};
const question = (rest: object = {}) => ({
  kind: "consent",
  id: "q1",
  tool: "go",
  demands: [files],
  renewal: false,
  diff: "",
  ...rest,
});
const view = () => node("Button", { label: "Go" }, { id: "go", events: ["press"] });
const answers = (panel: Mounted) => panel.model.sent.filter((message) => message.kind === "consent_answer");
const bar = () => screen.queryByRole("region", { name: /This panel/ });
const choice = (name: string) => screen.getByRole("button", { name });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(unmountAll);

describe("the question", () => {
  it("says what, why and what is dangerous, as text, in a region that is announced and takes no focus", async () => {
    const panel = mount(view());
    const go = choice("Go");
    go.focus();
    panel.say(question({ demands: [files, hosts] }));
    const region = bar() as HTMLElement;
    expect(document.activeElement).toBe(go);
    expect(region.closest("[aria-live=polite]")).not.toBeNull();
    for (const text of ["Read files", "Write files", "data", "Keeps <b>notes</b>", "https://api.example.org"])
      expect(within(region).getByText(text, { exact: true, ignore: "style" }), text).toBeTruthy();
    expect(region.querySelector("b")).toBeNull();
    expect(within(region).getByText(/own words/).textContent).toContain("Keeps <b>notes</b>");
    const dangerous = within(region).getAllByText("dangerous");
    expect(dangerous.map((mark) => mark.parentElement?.textContent)).toEqual([
      "Write filesdangerous",
      "mode writedangerous",
    ]);
    vi.useRealTimers();
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
    expect((await axe.run(panel.el, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual(
      [],
    );
  });

  it("takes no answer until it has been there, as it is, for a while", async () => {
    const panel = mount(view());
    panel.say(question());
    await someone().click(choice("Allow once"));
    await pass(GUARD - 1);
    await someone().click(choice("Allow for this panel"));
    expect(answers(panel)).toEqual([]);
    await pass(1);
    panel.say(question({ id: "q2", demands: [files, hosts] }));
    await someone().click(choice("Allow for this panel"));
    expect(answers(panel)).toEqual([]);
    await pass(GUARD);
    await someone().click(choice("Allow for this panel"));
    expect(answers(panel)).toMatchObject([{ id: "q2", decision: "panel" }]);
  });

  it("keeps the focus on a button when the question changes under it", async () => {
    const panel = mount(view());
    panel.say(question());
    await pass(GUARD);
    choice("Deny").focus();
    panel.say(question({ id: "q2", demands: [files, hosts] }));
    expect(document.activeElement).toBe(choice("Deny"));
  });

  it.each([
    ["Allow once", "once", "Allowed once. Press the button again."],
    ["Allow for this panel", "panel", "Allowed. Press the button again."],
    ["Deny", "deny", /^Denied\./],
  ])("sends %s by keyboard, once, and says what to do then", async (name, decision, said) => {
    const panel = mount(view());
    panel.say(question());
    await pass(GUARD);
    const user = someone();
    choice(name).focus();
    await user.keyboard("{Enter}");
    await user.keyboard("{Enter}");
    expect(answers(panel)).toHaveLength(1);
    expect(answers(panel)).toMatchObject([{ id: "q1", decision }]);
    panel.say({ kind: "consent_ended", id: "q1", outcome: decision });
    expect(bar()).toBeNull();
    expect(screen.getByText(said)).toBeTruthy();
    await user.click(choice("Go"));
    expect(screen.queryByText(said)).toBeNull();
  });

  it("takes the error away that led to it, and leaves others", async () => {
    const panel = mount(view());
    await someone().click(choice("Go"));
    await panel.settle({ code: "CAPABILITY_DENIED", message: "not granted" });
    panel.say(question());
    expect(screen.getByText("not granted")).toBeTruthy();
    panel.say({ kind: "consent_ended", id: "q1", outcome: "panel" });
    expect(screen.queryByText("not granted")).toBeNull();
    await someone().click(choice("Go"));
    await panel.settle({ code: "TOOL_ERROR", message: "no luck" });
    panel.say(question({ id: "q2" }));
    panel.say({ kind: "consent_ended", id: "q2", outcome: "once" });
    expect(screen.getByText("no luck")).toBeTruthy();
  });

  it("goes without a word when it no longer applies, and stays when another one ended", () => {
    const panel = mount(view());
    panel.say(question());
    panel.say({ kind: "consent_ended", id: "q0", outcome: "void" });
    expect(bar()).not.toBeNull();
    panel.say({ kind: "consent_ended", id: "q1", outcome: "void" });
    expect(bar()).toBeNull();
    expect(panel.el.querySelector(".nx-consent-note")).toBeNull();
  });

  it("shows the difference when only the text has changed, folded", () => {
    const panel = mount(view());
    const diff = "--- allowed\n+++ present\n@@ -1 +1 @@\n-<Text>a</Text>\n+<Text>b</Text>\n+++ evil\n";
    panel.say(question({ renewal: true, diff }));
    const region = screen.getByRole("region", { name: /has changed since it was allowed/ });
    const details = region.querySelector("details") as HTMLDetailsElement;
    expect(details.open).toBe(false);
    expect(details.querySelector("[data-kind=added]")?.textContent).toBe("+<Text>b</Text>\n");
    expect(details.textContent).toContain("+++ evil"); // a line that begins with `++`
    expect(details.textContent).not.toContain("+++ present");
    expect(details.querySelector("[data-kind=removed]")?.textContent).toBe("-<Text>a</Text>\n");
  });
});

describe("where the question comes from", () => {
  it("is there for a page that opens later", () => {
    mount(view(), { consent: question() });
    expect(bar()).not.toBeNull();
  });

  it("is never what a notebook was saved with", async () => {
    const panel = mount(undefined, {}, { _snapshot: snapshot(view(), { consent: question() }) });
    await pass(HELLO_TIMEOUT + GUARD);
    expect(screen.getByRole("button", { name: "Go" })).toBeTruthy();
    expect(bar()).toBeNull();
    expect(answers(panel)).toEqual([]);
  });

  it.each([
    ["no id", { id: "" }],
    ["no demands", { demands: [] }],
    ["a demand that cannot be read", { demands: [files, { ...hosts, abilities: [{ label: "x" }] }] }],
    ["a demand without abilities", { demands: [{ ...files, abilities: [] }] }],
    ["a scope that cannot be read", { demands: [{ ...files, scope: [null] }] }],
  ])("is not asked with %s", (_, rest) => {
    const panel = mount(view());
    panel.say(question(rest));
    expect(bar()).toBeNull();
  });

  it("ends with the panel", async () => {
    const panel = mount(view());
    panel.say(question());
    await pass(GUARD);
    panel.say({ kind: "closed", reason: "it was closed" });
    expect(bar()).toBeNull();
  });

  it("says when the kernel cannot be told", async () => {
    const panel = mount(view());
    panel.say(question());
    await pass(GUARD);
    vi.spyOn(panel.model, "send").mockImplementation(() => {
      throw new Error("gone");
    });
    await someone().click(choice("Deny"));
    await act(async () => undefined);
    expect(screen.getByText(/cannot be reached/)).toBeTruthy();
  });
});
