import { deflateSync } from "node:zlib";
import { expect, it, vi } from "vitest";
import { Unpacking } from "../host/unpacking";

const packed = (message: unknown) => ({
  kind: "packed",
  packed: deflateSync(JSON.stringify(message)).toString("base64"),
});

function taking(): { unpacking: Unpacking; taken: unknown[] } {
  const taken: unknown[] = [];
  return { unpacking: new Unpacking((content) => taken.push(content)), taken };
}

it("hands on at once what is not packed", () => {
  const { unpacking, taken } = taking();
  for (const each of [{ kind: "batch" }, null, "text", { kind: "packed" }]) unpacking.put(each);
  expect(taken).toEqual([{ kind: "batch" }, null, "text", { kind: "packed" }]);
});

it("keeps the order around what is packed, whatever is in it", async () => {
  const { unpacking, taken } = taking();
  const long = { kind: "program", text: "ü☃😀".repeat(50_000) };
  unpacking.put("before");
  unpacking.put(packed(long));
  unpacking.put("between");
  unpacking.put(packed({ kind: "short" }));
  unpacking.put("after");
  expect(taken).toEqual(["before"]);
  await vi.waitFor(() => expect(taken).toHaveLength(5));
  expect(taken).toEqual(["before", long, "between", { kind: "short" }, "after"]);
  unpacking.put("at once again");
  expect(taken.at(-1)).toBe("at once again");
});

it("is not held up by what cannot be unpacked", async () => {
  const { unpacking, taken } = taking();
  for (const text of ["%", "", "AAAA", packed({}).packed.slice(0, -6)])
    unpacking.put({ kind: "packed", packed: text });
  unpacking.put("after");
  await vi.waitFor(() => expect(taken.at(-1)).toBe("after"));
  expect(taken).toEqual([null, null, null, null, "after"]);
});
