import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { leadsTo, readDiff } from "../src/diff";
import { documentHash, replaceDocument, splitCell } from "../src/document";
import { firstDraft, readDraft, readFields } from "../src/form";
import { pieces, short, visible } from "../src/visible";
import { ADD, proposal } from "./workspace";

describe("text that others wrote", () => {
  it("shows what cannot be seen", () => {
    expect(visible("a\u202Eb\u200Bc\u0000d\uFEFFe\u2028f\u{E0041}g\u00ADh\u3164i\u00A0j\uD800k")).toBe(
      "a\\u{202E}b\\u{200B}c\\u{0}d\\u{FEFF}e\\u{2028}f\\u{E0041}g\\u{AD}h\\u{3164}i\\u{A0}j\\u{D800}k",
    );
    expect(visible("\r")).toBe("\\u{D}");
  });

  it("leaves ordinary text alone, in every script", () => {
    for (const text of ["Größe ☃ 日本語 עברית हिन्दी 😀 a\tb\nc", "x".repeat(500)])
      expect(visible(text)).toBe(text);
  });

  it("tells long runs of blanks instead of drawing them", () => {
    expect(visible(`a${" ".repeat(300)}evil()`)).toBe("a⟨300 blanks⟩evil()");
    expect(visible(`a${"\t".repeat(60)}b`)).toBe("a⟨60 blanks⟩b");
  });

  it("loses nothing that is plain", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const plain = pieces(text)
          .filter((piece) => !piece.stands)
          .map((piece) => piece.text)
          .join("");
        let at = 0;
        for (const character of plain) {
          at = text.indexOf(character, at);
          expect(at).toBeGreaterThanOrEqual(0);
          at += character.length;
        }
        expect(visible(visible(text))).toBe(visible(text));
      }),
    );
  });

  it("is cut to one bounded line where it names something", () => {
    expect(short("a\n b\u202E")).toBe("a b\\u{202E}");
    expect(short("x".repeat(5_000))).toHaveLength(120);
    expect(short("\u202E".repeat(5_000))).toHaveLength(120);
  });
});

describe("a difference", () => {
  const { base_source, source, diff } = proposal().proposal;

  it("is read line by line with its numbers", () => {
    const rows = readDiff(diff) ?? [];
    expect(rows.filter((row) => row.kind === "added").map((row) => [row.after, row.text.trim()])).toEqual([
      [7, '<Tool name="reset"><Handler>$state.count = 0</Handler></Tool>'],
      [11, '<Button label="Reset" trigger="reset" />'],
    ]);
    expect(leadsTo(rows, base_source, source)).toBe(true);
  });

  it("that leaves something out is not the whole difference", () => {
    const rows = readDiff(diff) ?? [];
    expect(leadsTo(rows, base_source, source.replace("= 0", "= 1"))).toBe(false);
    expect(
      leadsTo(
        rows.filter((row) => row.kind !== "added"),
        base_source,
        source,
      ),
    ).toBe(false);
    expect(leadsTo(rows, `${base_source} `, source)).toBe(false);
    expect(leadsTo([], base_source, base_source)).toBe(true);
  });

  it("that is broken is none", () => {
    for (const text of [
      "nonsense",
      "@@ -1 +1 @@\n",
      "@@ -1,2 +1,2 @@\n a\n",
      "@@ -1 +1 @@\n-a\n+b\n+hidden\n",
    ])
      expect(readDiff(text)).toBeNull();
  });

  it("reads ranges without lines as difflib writes them", () => {
    const rows = readDiff("--- a\n+++ b\n@@ -0,0 +1,2 @@\n+a\n+b\n") ?? [];
    expect(leadsTo(rows, "", "a\nb\n")).toBe(true);
    expect(rows[1]?.after).toBe(1);
  });
});

describe("a cell", () => {
  it("is the magic's line and the document", () => {
    expect(splitCell("%%nxml counter --hide\n<a>\n</a>\n")).toEqual({
      head: "%%nxml counter --hide\n",
      document: "<a>\n</a>\n",
    });
    expect(splitCell("\n  \n%%nxml\n<a/>")?.document).toBe("<a/>");
    expect(splitCell("%%nxmlish\n<a/>")).toBeNull();
    expect(splitCell("# %%nxml\n<a/>")).toBeNull();
    expect(splitCell("%%nxml")?.document).toBe("");
  });

  it("keeps its first line and its end when the document is replaced", () => {
    expect(replaceDocument("%%nxml c\n<a/>", "<b/>\n")).toBe("%%nxml c\n<b/>");
    expect(replaceDocument("%%nxml c\n<a/>\n\n", "<b/>\n")).toBe("%%nxml c\n<b/>\n\n");
    expect(replaceDocument("print(1)", "<b/>")).toBeNull();
  });

  it("is named as the kernel names it, whatever its line ends", async () => {
    const { base_source, base_hash } = proposal().proposal;
    expect(await documentHash(base_source)).toBe(base_hash);
    expect(await documentHash(`${base_source.replaceAll("\n", "\r\n")}\n\n`)).toBe(base_hash);
    expect(await documentHash(`${base_source} `)).not.toBe(base_hash);
  });
});

describe("a form", () => {
  const fields = readFields(ADD.input_schema);

  it("has a field for each argument, by its type", () => {
    expect(fields.map((field) => [field.name, field.kind, field.required])).toEqual([
      ["by", "number", true],
      ["note", "text", false],
      ["loud", "flag", false],
      ["mode", "choice", false],
      ["tags", "json", false],
    ]);
    expect(firstDraft(fields).by).toBe("1");
  });

  it("gives the arguments, and leaves out what was left empty", () => {
    expect(readDraft(fields, { by: "2.5", note: "", loud: "true", mode: "1", tags: "[1]" })).toEqual({
      args: { by: 2.5, loud: true, mode: "down", tags: [1] },
    });
  });

  it("says what is wrong, field by field", () => {
    expect(readDraft(fields, { by: "eleven", tags: "{}", mode: "9" })).toMatchObject({
      errors: {
        by: expect.stringContaining("no number"),
        tags: expect.stringContaining("list"),
        mode: "Choose one.",
      },
    });
    expect(readDraft(fields, { by: "11" })).toEqual({ errors: { by: "At most 10." } });
    expect(readDraft(fields, { by: "" })).toEqual({ errors: { by: "Needed." } });
    expect(readDraft(fields, { by: "1", tags: "[" })).toMatchObject({
      errors: { tags: expect.stringContaining("JSON") },
    });
  });

  it("takes any schema, however strange", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (schema, typed) => {
        const strange = readFields({
          properties: { x: schema as never, constructor: schema as never },
          required: schema as never,
        });
        readDraft(strange, { x: typed });
        expect(strange.length).toBe(2);
      }),
    );
  });
});
