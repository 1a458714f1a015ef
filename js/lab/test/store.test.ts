import { describe, expect, it } from "vitest";
import { buildTree, fullName } from "../src/tree";
import { readMessage } from "../src/wire";
import { openProposals, Workspace } from "../src/workspace";
import { scene } from "./boundary";
import { COUNTER, ORDERS, panel, proposal } from "./workspace";

describe("the workspace", () => {
  it("selects the only panel by itself, and none of several", () => {
    const workspace = new Workspace();
    workspace.receive({
      kind: "snapshot",
      graph: { revision: 1, entities: [], relationships: [] },
      panels: [panel(COUNTER, "counter")],
    });
    expect(workspace.state().selected).toBe(COUNTER);
    expect(scene().workspace.state().selected).toBeNull();
  });

  it("forgets a selection whose panel ended", () => {
    const { workspace } = scene();
    workspace.select(ORDERS);
    workspace.receive({
      kind: "revision",
      revision: 8,
      panels: [],
      ended: [ORDERS],
      patch: { put_entities: [], put_relationships: [], delete_entities: [], delete_relationships: [] },
    });
    expect(workspace.state().selected).toBe(COUNTER);
    expect([...workspace.state().panels.keys()]).toEqual([COUNTER]);
  });

  it("keeps one record a proposal, newest first, and counts the open ones", () => {
    const { workspace } = scene();
    const older = proposal();
    older.proposal = { ...older.proposal, id: "p0", created: "2025-01-01T00:00:00.000Z" };
    workspace.receive({ kind: "proposal", record: older });
    workspace.receive({ kind: "proposal", record: proposal() });
    expect(openProposals(workspace.state())).toBe(2);
    workspace.receive({ kind: "proposal", record: proposal({ status: "applied" }) });
    expect(workspace.state().proposals.map((record) => [record.proposal.id, record.status])).toEqual([
      ["p1", "applied"],
      ["p0", "open"],
    ]);
    expect(openProposals(workspace.state())).toBe(1);
  });
});

describe("a message", () => {
  const frame = (value: unknown) => readMessage(JSON.stringify(value));

  it("is taken when it has its shape", () => {
    expect(frame({ kind: "pong", id: 1 })).toEqual({ kind: "pong", id: 1 });
    expect(frame({ kind: "proposal", record: proposal() })?.kind).toBe("proposal");
  });

  it("is none when it is broken, of another kind or of another shape", () => {
    const record = proposal();
    for (const value of [
      null,
      [],
      "hello",
      { kind: "toString" },
      { kind: "hello", epoch: 1, revision: 1, version: 1, workspace: "w" },
      { kind: "revision", revision: "8", patch: {}, panels: [], ended: [] },
      { kind: "proposal", record: { ...record, status: "open<script>" } },
      { kind: "proposal", record: { ...record, proposal: { ...record.proposal, source: 7 } } },
      { kind: "proposal", record: { ...record, proposal: { ...record.proposal, diagnostics: [null] } } },
      { kind: "snapshot", graph: { revision: 1, entities: [{ id: "a" }], relationships: [] }, panels: [] },
    ])
      expect(frame(value)).toBeNull();
    expect(readMessage("{")).toBeNull();
    expect(readMessage(new ArrayBuffer(8))).toBeNull();
  });
});

describe("the tree", () => {
  it("goes from notebooks to panels to what is in them", () => {
    const { workspace } = scene();
    const [notebook] = buildTree(workspace.state().panels, workspace.state().graph);
    expect(notebook?.label).toBe("quick ü.ipynb");
    expect(notebook?.children.map((one) => one.label)).toEqual(["Counter", "Orders"]);
    const groups = notebook?.children[0]?.children ?? [];
    expect(groups.map((one) => [one.label, one.children.map((part) => part.label)])).toEqual([
      ["States", ["count"]],
      ["Computed", ["double"]],
      ["Tools", ["add"]],
    ]);
  });

  it("orders names as people do, and has no two lines of one name", () => {
    const panels = new Map(
      ["p10", "p9", "p1"].map((id, at) => [
        String(at),
        { ...panel(String(at), id), notebook: `a/${id}.ipynb` },
      ]),
    );
    const tree = buildTree(panels, scene().workspace.state().graph);
    expect(tree.map((one) => [one.label, one.detail])).toEqual([
      ["p1.ipynb", "a"],
      ["p9.ipynb", "a"],
      ["p10.ipynb", "a"],
    ]);
    expect(new Set(tree.flatMap((one) => [one.id, ...one.children.map((child) => child.id)])).size).toBe(6);
  });

  it("tells panels of the same title apart", () => {
    const panels = new Map([
      ["1", panel("1", "orders")],
      ["2", panel("2", "invoices")],
    ]);
    expect([...panels.values()].map((one) => fullName(one, panels))).toEqual([
      "Orders (orders)",
      "Orders (invoices)",
    ]);
  });
});
