// The kit for tests of panels (nexus_jupyter/panel/wording.py) writes values without a browser: both are held to one list.
import { describe, expect, it } from "vitest";
import list from "../../tests/testing/wordings.json";
import { type Formatting, formatDelta, formatValue } from "../components/format";

interface Wording {
  value: unknown;
  how: Formatting;
  shown: string;
  group?: boolean;
  delta?: boolean;
}

const wordings = list as Wording[];

describe("the wordings that the kit for tests of panels shares", () => {
  it.each(wordings)("$value with $how is $shown", ({ value, how, shown, group = false, delta }) => {
    const written = delta ? formatDelta(value, how, "en-US") : formatValue(value, how, "en-US", group);
    expect(written.replace(/[\u00a0\u202f]/g, " ")).toBe(shown);
  });
});
