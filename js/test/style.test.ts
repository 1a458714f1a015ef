import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { registry } from "../components/registry";
import { commonProps, components } from "../generated/catalog";
import { readCommon, readProps, toMilliseconds, toText } from "../render/props";
import { readClasses, readStyle } from "../render/style";

describe("style", () => {
  it("keeps what only looks", () => {
    expect(
      readStyle(
        "color: red; font-weight:600; margin-top: -4px; width: calc(100% - 8px); border: 1px solid #ccc",
      ),
    ).toEqual({
      color: "red",
      fontWeight: "600",
      marginTop: "-4px",
      width: "calc(100% - 8px)",
      border: "1px solid #ccc",
    });
    expect(readStyle("color: rgb(1 2 3 / 50%)")).toBeUndefined(); // a slash is not needed often enough
    expect(readStyle("color: oklch(0.7, 0.1, 200)")).toEqual({ color: "oklch(0.7, 0.1, 200)" });
  });

  it("drops what could load, reach out or hide", () => {
    for (const declaration of [
      "position: fixed",
      "z-index: 9",
      "inset: 0",
      "background: url(//evil)",
      "background-color: url(//evil)",
      "background-color: URL('x')",
      "background-color: u\\72l(//evil)",
      "color: image-set('x' 1x)",
      "color: var(--secret)",
      "width: attr(data-x px)",
      "width: env(safe-area-inset-top)",
      "color: red !important",
      "color: expression(alert(1))",
      "color: red/**/",
      "color: red} body {display: none",
      "color: @import",
      "behavior: url(x)",
      "content: 'x'",
      "font-family: 'a;b'",
      "--x: 1",
      "color",
      "__proto__: red",
    ])
      expect(readStyle(declaration), declaration).toBeUndefined();
  });

  it("never throws and never lets through what is not plain", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (value) => {
        const style = readStyle(`color: ${value}; ${value}`) ?? {};
        for (const kept of Object.values(style)) expect(String(kept)).toMatch(/^[-\w\s.,%#()+*]+$/);
      }),
    );
  });
});

describe("class", () => {
  it("gives names that no style sheet or script of the page knows", () => {
    expect(readClasses("big  jp-Cell big2")).toBe("nxu-big nxu-jp-Cell nxu-big2");
    expect(readClasses('<b> "x" 1a lm;x')).toBe("");
    expect(readClasses(Array(99).fill("a").join(" ")).split(" ")).toHaveLength(20);
  });
});

describe("properties", () => {
  it("are the catalog's, whatever they hold", () => {
    const names = Object.keys(registry) as (keyof typeof registry & "Text")[];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.anything(), (name, value) => {
        const entries = components[name]?.props ?? {};
        const given = Object.fromEntries(
          [...Object.keys(entries), ...Object.keys(commonProps)].map((prop) => [prop, value]),
        );
        const read = { ...readProps(name, given as never), ...readCommon(given as never) };
        for (const [prop, kept] of Object.entries(read)) {
          const entry = entries[prop] ?? commonProps[prop];
          if (kept === undefined || !entry) continue;
          if (entry.type === "enum") expect(entry.enum).toContain(kept);
          if (entry.type === "string") expect(typeof kept).toBe("string");
          if (entry.type === "boolean") expect(typeof kept).toBe("boolean");
          if (entry.type === "integer") expect(Number.isInteger(kept)).toBe(true);
        }
      }),
    );
  });

  it("that the catalog does not list are never read", () => {
    const read = readProps("Text", { content: "x", onClick: "alert(1)", children: "y", ref: "z" });
    expect(Object.keys(read).sort()).toEqual(["content", "format", "variant"]);
  });

  it("have the catalog's defaults, and booleans as people mean them", () => {
    expect(readProps("Button", {})).toEqual({
      label: "",
      variant: "secondary",
      loading: false,
      disabled: false,
    });
    for (const [value, meant] of [
      ["false", false],
      ["", false],
      [0, false],
      ["yes", true],
      [[], true],
    ] as const)
      expect(readProps("Button", { disabled: value as never }).disabled).toBe(meant);
  });

  it("draws all that the catalog calls available, and nothing else", () => {
    const available = Object.entries(components)
      .filter(([, entry]) => entry.available && entry.group !== "control")
      .map(([name]) => name);
    expect(Object.keys(registry).sort()).toEqual(available.sort());
  });
});

describe("values", () => {
  it("read as durations", () => {
    for (const [value, meant] of [
      [150, 150],
      ["150ms", 150],
      ["1.5s", 1500],
      ["7", 7],
      ["-1s", null],
      ["1h", null],
      [-1, null],
      [{}, null],
    ] as const)
      expect(toMilliseconds(value)).toBe(meant);
  });

  it("read as text, also when they are too deep or too long", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as unknown;
    expect(toText(deep)).toBeTypeOf("string");
    expect(toText("x".repeat(200_000)).length).toBeLessThan(100_010);
  });
});
