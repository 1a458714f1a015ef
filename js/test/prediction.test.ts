import { expect, it } from "vitest";
import type { Operation } from "../generated/protocol";
import { Prediction, takingBack } from "../host/prediction";

function back(...inverse: Operation[]): Operation[] | null {
  const prediction = new Prediction({
    seq: 1,
    node: "0",
    name: "press",
    detail: {},
    clock: 0,
    seed: 0,
    zone: "UTC",
  });
  prediction.parts.push({ kind: "tool", ops: [], inverse });
  return takingBack([prediction]);
}

const add = (path: string): Operation => ({ op: "add", path, value: 1 });
const replace = (path: string): Operation => ({ op: "replace", path, value: {} });
const reorder = (path: string): Operation => ({ op: "reorder", path, value: [1, 0] });

it.each([
  ["an item", [add("/rows/0")]],
  ["a value", [replace("/map/a")]],
  ["a key whose object comes back after it", [add("/map/a"), replace("/map")]],
  ["a key deep in one that comes back after it", [add("/map/a/b"), replace("/n"), replace("/map")]],
  ["an order", [reorder("/rows")]],
  [
    "a key whose item comes back before the list is put in order",
    [add("/rows/0/a"), replace("/rows/0"), reorder("/rows")],
  ],
  [
    "a key whose item comes back after another list was put in order",
    [add("/rows/0/a"), reorder("/row"), replace("/rows/0")],
  ],
])("is done by operations where they bring back %s", (_, inverse) => {
  expect(back(...inverse)).toEqual(inverse);
});

it.each([
  ["a key", [add("/map/a")]],
  ["a key after its object", [replace("/map"), add("/map/a")]],
  ["a key beside an object of a longer name", [add("/map/a"), replace("/mapped")]],
  ["a key of an item that may be another by then", [add("/rows/0/a"), add("/rows/0"), replace("/rows/0")]],
  ["a key of an item that is another by then", [add("/rows/0/a"), reorder("/rows"), replace("/rows/0")]],
])("is not where they bring back %s", (_, inverse) => {
  expect(back(...inverse)).toBeNull();
});
