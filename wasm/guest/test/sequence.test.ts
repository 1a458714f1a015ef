import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exchanged, exchanges, splices } from "../sequence";

/** A list of ids, and another one that some of them, moved or not, and others make up. */
const lists = fc
  .array(fc.nat(80), { maxLength: 120 })
  .map((numbers) => [...new Set(numbers)].map(String))
  .chain((before) =>
    fc
      .array(fc.tuple(fc.constantFrom("out", "in", "move"), fc.nat(120), fc.nat(120)), { maxLength: 60 })
      .map((steps) => {
        const after = before.slice();
        for (const [i, [kind, from, to]] of steps.entries()) {
          const moved = kind === "in" ? [`new ${i}`] : after.splice(from, 1);
          if (kind !== "out") after.splice(to, 0, ...moved);
        }
        return [before, after] as const;
      }),
  );

describe("the difference of two lists", () => {
  test("leads from one to the other", () => {
    fc.assert(
      fc.property(lists, ([before, after]) => {
        const list = before.slice();
        for (const { at, remove, ids } of splices(before, after)) {
          expect(at + remove).toBeLessThanOrEqual(list.length);
          expect(remove + ids.length).toBeGreaterThan(0);
          list.splice(at, remove, ...ids);
        }
        expect(list).toEqual(after);
        const found = exchanges(before, after);
        const pieces = found.map(({ at, to }) => after.slice(at, to));
        expect(exchanged(before, found, pieces)).toEqual(after);
        const twice = (ids: readonly string[]): string[] => ids.flatMap((id) => [id, `${id}!`]);
        expect(exchanged(twice(before), found, pieces.map(twice), 2)).toEqual(twice(after));
      }),
      { numRuns: process.env.NEXUS_FULL === "1" ? 20_000 : 1_000 },
    );
  });

  test("is as small as the change, in whatever places it is", () => {
    const before = Array.from({ length: 1_000 }, (_, i) => `${i}`);
    const after = before.slice();
    after.push(...after.splice(3, 1));
    after.splice(500, 2, "a");
    after.unshift("b", "c");
    expect(exchanges(before, after)).toEqual([
      { from: 0, until: 0, at: 0, to: 2 },
      { from: 3, until: 4, at: 5, to: 5 },
      { from: 501, until: 503, at: 502, to: 503 },
      { from: 1_000, until: 1_000, at: 1_000, to: 1_001 },
    ]);
    expect(splices(before, after)).toEqual([
      { at: 501, remove: 2, ids: [] },
      { at: 3, remove: 1, ids: [] },
      { at: 0, remove: 0, ids: ["b", "c"] },
      { at: 502, remove: 0, ids: ["a"] },
      { at: 1_000, remove: 0, ids: ["3"] },
    ]);
    expect(splices(before, before.slice())).toEqual([]);
  });

  test("keeps what need not move", () => {
    const before = Array.from({ length: 50 }, (_, i) => `${i}`);
    const after = [...before.slice(25), ...before.slice(0, 25)];
    const moved = splices(before, after).reduce((sum, { remove }) => sum + remove, 0);
    expect(moved).toBe(25);
  });
});
