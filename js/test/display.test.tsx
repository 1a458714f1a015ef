import { screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { formatDelta, formatValue } from "../components/format";
import type { TreeNode } from "../generated/protocol";
import { mount, someone, unmountAll } from "./mount";
import { node } from "./scripted";

afterEach(unmountAll);

const text = (content: unknown, props: object = {}) =>
  node("Text", { content, ...props } as TreeNode["props"]);

describe("Text", () => {
  it("is a heading of its level, or a paragraph", () => {
    mount(
      node(
        "Layout",
        {},
        { children: (["h1", "h2", "h3", "h4"] as const).map((variant) => text(variant, { variant })) },
      ),
    );
    for (const level of [1, 2, 3, 4])
      expect(screen.getByRole("heading", { level }).textContent).toBe(`h${level}`);
    mount(text("plain"));
    expect(screen.getByText("plain").tagName).toBe("P");
    mount(text("x = 1", { variant: "code" }));
    expect(screen.getByText("x = 1").tagName).toBe("CODE");
  });

  it("shows any value as text, and nothing for none", () => {
    for (const [value, shown] of [
      ["a", "a"],
      [2026, "2026"],
      [0, "0"],
      [true, "true"],
      [null, ""],
      [[1, { a: 2 }], '[1,{"a":2}]'],
    ] as const) {
      const { el } = mount(text(value));
      expect(el.querySelector(".nx-text")?.textContent).toBe(shown);
    }
  });

  it("is body text when its variant is none", () => {
    mount(text("x", { variant: { toString: "h1" } }));
    expect(screen.getByText("x").className).toContain("nx-text-body");
  });
});

describe("formats", () => {
  const write = (value: unknown, how: object, locale = "en-US") => formatValue(value, how, locale, true);

  it("follow the reader's locale", () => {
    expect(write(1234.5, {})).toBe("1,234.5");
    expect(write(1234.5, {}, "de-DE")).toBe("1.234,5");
    expect(write(0.256, { format: "percent" })).toBe("25.6%");
    expect(write(1234.5, { format: "integer" })).toBe("1,235");
    expect(write(1_250_000, { format: "compact" })).toBe("1.3M");
    expect(write(3, { format: "currency", currency: "eur" })).toBe("€3.00");
    expect(write(3, { format: "currency" })).toBe("3");
    expect(formatValue(2026, {}, "en-US", false)).toBe("2026");
    expect(formatValue(2026, { format: "number" }, "en-US", false)).toBe("2,026");
  });

  it("write dates in the zone that is asked for, and days as they are", () => {
    const at = Date.UTC(2026, 2, 1, 23, 30);
    expect(write(at, { format: "date", timeZone: "Asia/Tokyo" })).toBe("Mar 2, 2026");
    expect(write("2026-03-01T23:30:00Z", { format: "datetime", timeZone: "UTC" })).toBe(
      "Mar 1, 2026, 11:30 PM",
    );
    expect(write("2026-03-01", { format: "date", timeZone: "America/Los_Angeles" })).toBe("Mar 1, 2026");
  });

  it("leave alone what they cannot write", () => {
    expect(write("soon", { format: "date" })).toBe("soon");
    expect(write("n/a", { format: "currency", currency: "EUR" })).toBe("n/a");
    expect(write(3, { format: "currency", currency: "nonsense" })).toBe("3");
    expect(write(1e20, { format: "date" })).toBe("100000000000000000000");
    expect(write(5, { format: "date", timeZone: "Mars/Olympus" })).toBe("5");
    expect(write(Number.NaN, { format: "number" })).toBe("NaN");
  });

  it("sign changes", () => {
    expect(formatDelta(12, {}, "en-US")).toBe("+12");
    expect(formatDelta(-0.02, { format: "percent" }, "en-US")).toBe("-2%");
    expect(formatDelta(0, {}, "en-US")).toBe("0");
    expect(formatDelta("stable", {}, "en-US")).toBe("stable");
  });
});

describe("Metric", () => {
  it("is a number under its name, with unit and change", () => {
    mount(node("Metric", { label: "Latency", value: 1184, unit: "ms", trend: "down", delta: -12.5 }));
    const metric = screen.getByRole("group", { name: "Latency" });
    expect(metric.textContent).toBe("Latency1,184ms-12.5");
    expect(within(metric).getByRole("img", { name: "down" })).toBeTruthy();
  });

  it("shows a dash for no value and ignores an unknown trend", () => {
    mount(node("Metric", { label: "Latency", value: null, trend: "sideways" }));
    expect(screen.getByRole("group", { name: "Latency" }).textContent).toBe("Latency–");
  });
});

describe("Button", () => {
  const button = (props: object, rest: object = { events: ["press"] }, type = "Button") =>
    node(type, { label: "Go", ...props } as TreeNode["props"], { id: "b", ...rest });

  it("presses by pointer, Enter and space", async () => {
    const panel = mount(button({}));
    const user = someone();
    await user.click(screen.getByRole("button", { name: "Go" }));
    await user.keyboard("{Enter}");
    await user.keyboard(" ");
    expect(panel.events().map(({ node: id, name, detail }) => [id, name, detail])).toEqual(
      Array(3).fill(["b", "press", {}]),
    );
  });

  it("can be pressed again while a call goes on", async () => {
    const panel = mount(button({}));
    const user = someone();
    for (let i = 0; i < 3; i += 1) await user.click(screen.getByRole("button"));
    expect(panel.events().map((event) => event.seq)).toEqual([1, 2, 3]);
  });

  it("sends nothing when disabled, loading or without anything to do", async () => {
    for (const made of [button({ disabled: true }), button({ loading: true }), button({}, {})]) {
      const panel = mount(made);
      await someone().click(screen.getByRole("button"));
      expect(panel.events()).toEqual([]);
      unmountAll();
    }
  });

  it("has the weight the catalog gives it unless it says otherwise", () => {
    const weight = (made: TreeNode) => mount(made).el.querySelector("button")?.getAttribute("data-variant");
    expect(weight(button({}))).toBe("secondary");
    expect(weight(button({}, {}, "Action"))).toBe("primary");
    expect(weight(button({ variant: "ghost" }))).toBe("ghost");
    expect(weight(button({ variant: ["danger"] }))).toBe("secondary");
  });

  it("takes a name of its own, and has one in any case", () => {
    mount(button({ label: "−", ariaLabel: "decrease" }));
    expect(screen.getByRole("button", { name: "decrease" }).textContent).toBe("−");
    mount(button({ label: "" }));
    expect(screen.getByRole("button", { name: "Button" })).toBeTruthy();
  });

  it("tells of focus only who listens", async () => {
    const panel = mount(button({}, { events: ["focus", "blur"] }));
    const user = someone();
    await user.tab();
    await user.tab();
    expect(panel.events().map((event) => event.name)).toEqual(["focus", "blur"]);
  });
});

describe("Layout", () => {
  const layout = (props: object, children: TreeNode[] = [text("a")]) =>
    mount(node("Layout", props as TreeNode["props"], { children })).el.querySelector(".nx-layout");

  it("flows in twelve columns with each component's own span", () => {
    const shown = layout({}, [
      text("t"),
      node("Metric"),
      node("Input", { label: "i" }),
      node("Button", { label: "b", colSpan: 99 }),
      node("Chart"),
      node("Nonsense"),
    ]);
    expect(shown?.firstElementChild?.className).toBe("nx-auto");
    const spans = [...(shown?.firstElementChild?.children ?? [])].map((child) =>
      child.getAttribute("data-span"),
    );
    expect(spans).toEqual(["12", "3", "6", "12", "6", "6"]);
  });

  it("takes its arrangement from the catalog's words only", () => {
    const inner = layout({ strategy: "row", gap: "xl", align: "end", justify: "between" })?.firstElementChild;
    expect(inner?.className).toBe("nx-row");
    expect(inner?.getAttribute("data-gap")).toBe("xl");
    expect((inner as HTMLElement).style.alignItems).toBe("end");
    expect((inner as HTMLElement).style.justifyContent).toBe("space-between");
    const odd = layout({
      strategy: "spiral",
      gap: 7,
      align: "url(x)",
      justify: [],
      columns: "many",
    })?.firstElementChild;
    expect(odd?.className).toBe("nx-auto");
    expect(odd?.getAttribute("data-gap")).toBe("md");
    expect((odd as HTMLElement).style.alignItems).toBe("stretch");
  });

  it("has as many columns as a grid is given", () => {
    const grid = layout({ strategy: "grid", columns: 3 })?.firstElementChild as HTMLElement;
    expect(grid.style.getPropertyValue("--nx-columns")).toBe("3");
  });
});

describe("Container", () => {
  const container = (props: object, rest: object = {}) =>
    node("Container", props as TreeNode["props"], { children: [text("inside")], ...rest });

  it("is a group under its title, deeper ones under deeper headings", () => {
    mount(container({ title: "Orders" }, { children: [container({ title: "Open" })] }));
    expect(screen.getByRole("group", { name: "Orders" })).toBeTruthy();
    expect(screen.getByRole("heading", { level: 3 }).textContent).toBe("Orders");
    expect(screen.getByRole("heading", { level: 4 }).textContent).toBe("Open");
  });

  it("folds by keyboard and says so to who listens", async () => {
    const panel = mount(container({ title: "Orders", collapsible: true }, { events: ["toggle"] }));
    const fold = screen.getByRole("button", { name: "Orders" });
    expect(fold.getAttribute("aria-expanded")).toBe("true");
    const user = someone();
    await user.tab();
    await user.keyboard("{Enter}");
    expect(fold.getAttribute("aria-expanded")).toBe("false");
    await user.keyboard(" ");
    expect(fold.getAttribute("aria-expanded")).toBe("true");
    expect(panel.events().map((event) => [event.name, event.detail])).toEqual([
      ["toggle", { open: false }],
      ["toggle", { open: true }],
    ]);
  });
});
