import "fake-indexeddb/auto";
import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import type { ReactNode } from "react";
import { describe, expect, it, vi } from "vitest";
import { NexusProvider } from "../src/nexus";
import { GraphView } from "../src/views/GraphView";
import { ReviewDocument } from "../src/views/ReviewDocument";
import { SidePanel } from "../src/views/SidePanel";
import { type Scene, scene } from "./boundary";
import { ADD, COUNTER, entity, ORDERS, panel, proposal } from "./workspace";

const NOTEBOOK = "quick ü.ipynb";

function show(made: Scene, view: ReactNode = <SidePanel />): Scene {
  made.server.answers["POST reviewers"] ??= async (body) => {
    const { x, y } = (body as { public_key: JsonWebKey }).public_key;
    const named = JSON.stringify({ crv: "P-256", kty: "EC", x, y });
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(named));
    return { id: Buffer.from(digest).toString("base64url"), label: "here", status: "active", enrolled: "" };
  };
  made.server.answers["GET reviewers"] ??= () => ({ reviewers: [] });
  render(<NexusProvider value={made}>{view}</NexusProvider>);
  return made;
}

async function accessible(): Promise<void> {
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null); // jsdom has no canvas
  // contrast needs a rendering engine; a view is no page
  const found = await axe.run(document.body, {
    rules: {
      "color-contrast": { enabled: false },
      region: { enabled: false },
      "page-has-heading-one": { enabled: false },
    },
  });
  expect(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`)).toEqual(
    [],
  );
}

const tab = (name: RegExp) => screen.getByRole("tab", { name });

describe("the tree of panels", () => {
  it("goes to the cell of a panel that is clicked", async () => {
    const made = show(scene());
    made.texts.notebooks.set(NOTEBOOK, [{ id: "counter-cell", text: "" }]);
    await userEvent.click(screen.getByRole("treeitem", { name: /Counter/ }));
    expect(made.texts.calls).toEqual([`reveal ${NOTEBOOK} counter-cell`]);
    expect(made.workspace.state().selected).toBe(COUNTER);
    await userEvent.click(screen.getByRole("treeitem", { name: /Orders/ }));
    expect(made.texts.calls.at(-1)).toBe(`open ${NOTEBOOK}`);
    await accessible();
  });

  it("says when the cell is gone", async () => {
    show(scene());
    await userEvent.click(screen.getByRole("treeitem", { name: /Counter/ }));
    await screen.findByText(/no longer in the notebook/);
  });

  it("is walked with the arrow keys", async () => {
    show(scene());
    act(() => screen.getByRole("treeitem", { name: /quick/ }).focus());
    await userEvent.keyboard("{ArrowDown}{ArrowRight}");
    expect(screen.getByRole("treeitem", { name: /Counter/ }).getAttribute("aria-expanded")).toBe("true");
    await userEvent.keyboard("{ArrowRight}");
    expect(document.activeElement?.textContent).toContain("States");
    await userEvent.keyboard("{ArrowLeft}{ArrowLeft}");
    expect(document.activeElement?.textContent).toContain("Counter");
    await userEvent.keyboard("{End}");
    expect(document.activeElement?.textContent).toContain("Orders");
    expect(screen.getAllByRole("treeitem").filter((item) => item.tabIndex === 0)).toHaveLength(1);
    await accessible();
  });

  it("says what to do when there is nothing", async () => {
    const made = scene();
    made.workspace.receive({
      kind: "snapshot",
      graph: { revision: 1, entities: [], relationships: [] },
      panels: [],
    });
    show(made);
    screen.getByText("No panels yet");
    await accessible();
  });

  it("shows hostile names as text", () => {
    const made = scene();
    const title = '<img src=x onerror="alert(1)">\u202Egnp';
    made.workspace.receive({
      kind: "snapshot",
      graph: { revision: 1, entities: [], relationships: [] },
      panels: [panel(COUNTER, "counter", { title })],
    });
    show(made);
    expect(document.querySelector("img")).toBeNull();
    expect(screen.getByRole("treeitem", { name: /u\{202E\}gnp/ }).textContent).toContain(
      "<img src=x onerror=",
    );
  });
});

describe("the connection's note", () => {
  it("is there while it is broken, with a way to try again", async () => {
    const made = show(scene());
    expect(screen.queryByText(/Disconnected/)).toBeNull();
    act(() => made.workspace.set({ link: "offline" }));
    screen.getByText(/Disconnected/);
    await userEvent.click(screen.getByRole("button", { name: "Try now" }));
    expect(made.opened).toEqual(["retry"]);
    act(() => made.workspace.set({ link: "absent" }));
    screen.getByText(/has no Nexus/);
    await accessible();
  });
});

describe("the graph", () => {
  it("draws what is near the chosen panel, types in words", async () => {
    const made = scene();
    made.workspace.select(COUNTER);
    show(made);
    await userEvent.click(tab(/Graph/));
    const node = await screen.findByLabelText("tool add");
    expect(node.textContent).toContain("tool");
    screen.getByLabelText("state count");
    expect(screen.queryByLabelText("panel Orders")).toBeNull();
    fireEvent.click(node);
    const details = await screen.findByRole("region", { name: "Chosen entity" });
    within(details).getByText("writes");
    await accessible();
    await userEvent.click(within(details).getByRole("button", { name: "Go to cell" }));
    expect(made.texts.calls).toEqual([`reveal ${NOTEBOOK} counter-cell`]);
  });

  it("draws the whole workspace, and opens large", async () => {
    const made = show(scene());
    await userEvent.click(tab(/Graph/));
    await userEvent.click(screen.getByRole("radio", { name: "Whole workspace" }));
    await screen.findByLabelText("panel Orders");
    await userEvent.click(screen.getByRole("button", { name: "Open large" }));
    expect(made.opened).toEqual(["graph"]);
  });

  it("draws no more than can be seen", async () => {
    const made = scene();
    const many = Array.from({ length: 600 }, (_, at) => entity(`e${at}`, "state", `s${at}`));
    made.workspace.receive({
      kind: "snapshot",
      graph: {
        revision: 1,
        entities: [...many, entity(panel(COUNTER, "counter").entity, "panel", "Counter")],
        relationships: [],
      },
      panels: [panel(COUNTER, "counter")],
    });
    show(made, <GraphView large />);
    await screen.findByText(/too many to draw/);
    await screen.findByLabelText("panel Counter");
    expect(document.querySelectorAll(".react-flow__node")).toHaveLength(1);
  });
});

describe("tools", () => {
  async function open(part: object = {}): Promise<Scene> {
    const made = scene();
    made.workspace.receive({
      kind: "snapshot",
      graph: { revision: 1, entities: [], relationships: [] },
      panels: [panel(COUNTER, "counter", { tools: [{ ...ADD, ...part }] })],
    });
    show(made);
    await userEvent.click(tab(/Tools/));
    return made;
  }
  const run = () => userEvent.click(screen.getByRole("button", { name: /^Run/ }));

  it("run with what was filled in, and show the result as text", async () => {
    const made = await open();
    let called: unknown;
    made.server.answers["POST tools/call"] = (body) => {
      called = body;
      return { value: { total: "<b>3</b>" } };
    };
    await userEvent.type(screen.getByLabelText(/note/), "hi");
    await accessible();
    await run();
    await screen.findByText(/"total": "<b>3<\/b>"/);
    expect(called).toEqual({ panel: COUNTER, tool: "add", args: { by: 1, note: "hi", loud: false } });
  });

  it("say which field is wrong, and do not run", async () => {
    const made = await open();
    await userEvent.clear(screen.getByLabelText(/^by/));
    await run();
    screen.getByText("Needed.");
    expect(screen.getByLabelText(/^by/).getAttribute("aria-invalid")).toBe("true");
    expect(made.server.asked).toEqual([]);
    await accessible();
  });

  it("ask before they run when they should", async () => {
    const made = await open({ confirm: "Really add?" });
    made.server.answers["POST tools/call"] = () => ({ value: null });
    await run();
    screen.getByText("Really add?");
    expect(made.server.asked).toEqual([]);
    await accessible();
    await userEvent.click(screen.getByRole("button", { name: "Do not run" }));
    await run();
    await userEvent.click(screen.getByRole("button", { name: "Run" }));
    await screen.findByText("Done.");
  });

  it("are cancelled", async () => {
    const made = await open();
    made.server.answers["POST tools/call"] = (_, signal) =>
      new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    await run();
    screen.getByRole("progressbar");
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    await screen.findByText("Cancelled.");
  });

  it("show what went wrong", async () => {
    const made = await open();
    made.server.answers["POST tools/call"] = () =>
      Response.json({ code: "HANDLER_ERROR", message: "count is frozen", hint: "Thaw it." }, { status: 422 });
    await run();
    await screen.findByText("Count is frozen Thaw it.");
  });
});

describe("asking the AI", () => {
  it("sends the words with Ctrl+Enter and follows what comes of them", async () => {
    const made = scene();
    made.workspace.select(COUNTER);
    show(made);
    let asked: unknown;
    const ask = {
      id: "a",
      panel: COUNTER,
      request: "add a reset button",
      status: "running",
      phase: "Reading the panel",
      round: 1,
      proposal: null,
      error: null,
    } as const;
    made.server.answers["POST proposals"] = (body) => {
      asked = body;
      return ask;
    };
    await userEvent.type(
      screen.getByLabelText("What should change?"),
      "add a reset button{Control>}{Enter}{/Control}",
    );
    await screen.findByText("Reading the panel");
    expect(asked).toEqual({ panel: COUNTER, request: "add a reset button" });
    await accessible();
    made.server.answers["DELETE asks/a"] = () => new Response(null, { status: 204 });
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(made.server.asked).toContain("DELETE asks/a");
    act(() => void made.workspace.receive({ kind: "ask", ask: { ...ask, status: "done", proposal: "p1" } }));
    await userEvent.click(screen.getByRole("button", { name: "Review it" }));
    expect(made.opened).toEqual(["review p1"]);
    const error = { code: "UNUSABLE", message: "No usable answer.", hint: "Try another model." };
    act(
      () => void made.workspace.receive({ kind: "ask", ask: { ...ask, id: "b", status: "failed", error } }),
    );
    screen.getByText("Try another model.");
  });

  it("is off without an AI, and says why", async () => {
    const made = scene();
    made.workspace.set({
      ai: { available: false, model: "", reason: "no AI is set. Choose a model first." },
    });
    show(made);
    screen.getByText("Choose a model first.");
    screen.getByText("No AI is set.");
    expect(screen.queryByRole("button", { name: "Ask" })).toBeNull();
    await accessible();
  });
});

describe("the list of reviews", () => {
  it("enrols this page, counts what is open and opens it", async () => {
    const made = scene();
    made.workspace.record(proposal());
    show(made);
    expect(made.server.asked).toEqual([]);
    await userEvent.click(tab(/Review 1 open/));
    await waitFor(() => expect(made.server.asked).toEqual(["POST reviewers", "GET reviewers"]));
    await userEvent.click(screen.getByRole("button", { name: /add a reset button/ }));
    expect(made.opened).toEqual(["review p1"]);
    await accessible();
  });

  it("shows both pages the same thumbprint", async () => {
    const made = scene();
    const id = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";
    made.server.answers["GET reviewers"] = () => ({
      reviewers: [{ id, label: "Firefox on Linux", status: "pending", enrolled: "2026-01-01T00:00:00.000Z" }],
    });
    show(made);
    await userEvent.click(tab(/Review/));
    await screen.findByText(/abcdef ghijkl/);
    await accessible();
    // a click that no person made confirms nothing
    await userEvent.click(screen.getByRole("button", { name: "Confirm" }));
    await screen.findByText(/person/);
    expect(made.server.asked).not.toContain(`POST reviewers/${id}/challenge`);
  });
});

describe("a review", () => {
  function open(part: Parameters<typeof proposal>[0] = {}): Scene {
    const made = scene();
    made.workspace.record(proposal(part));
    made.texts.notebooks.set(NOTEBOOK, [
      { id: "counter-cell", text: `%%nxml\n${proposal().proposal.base_source}` },
    ]);
    made.server.answers["POST proposals/p1/preview"] = () => ({ id: "v", present: "m1", preview: "m2" });
    made.server.answers["DELETE proposals/p1/preview"] = () => new Response(null, { status: 204 });
    return show(made, <ReviewDocument id="p1" />);
  }

  it("shows everything there is to decide about, what it demands first", async () => {
    open();
    await screen.findByText("widget m1");
    await screen.findByText("widget m2");
    const sections = screen.getAllByRole("region").map((one) => one.getAttribute("aria-label"));
    expect(sections[0]).toBe("Capabilities");
    expect(sections).toEqual(
      expect.arrayContaining([
        "Decision",
        "Request",
        "Preview",
        "Difference",
        "Dry run",
        "Present panel",
        "Proposed panel",
      ]),
    );
    screen.getByText(/Dangerous/);
    screen.getByText("\\u{202E}");
    await waitFor(() =>
      expect((screen.getByRole("button", { name: "Approve" }) as HTMLButtonElement).disabled).toBe(false),
    );
    await accessible();
  });

  it("ends its preview when it is closed", async () => {
    const made = open();
    await screen.findByText("widget m2");
    cleanup();
    await waitFor(() => expect(made.server.asked).toContain("DELETE proposals/p1/preview"));
    expect(made.texts.listeners.size).toBe(0);
  });

  it("is not approved by a click that no person made", async () => {
    const made = open();
    const approve = screen.getByRole("button", { name: "Approve" }) as HTMLButtonElement;
    await waitFor(() => expect(approve.disabled).toBe(false));
    approve.click();
    await screen.findByText(/Only a person/);
    expect(made.server.asked).not.toContain("POST proposals/p1/challenge");
  });

  it("is off while the cell has another text, and says so", async () => {
    const made = open();
    act(() => made.texts.write(NOTEBOOK, "counter-cell", "%%nxml\nmine"));
    await screen.findByText(/edited since/);
    expect((screen.getByRole("button", { name: "Approve" }) as HTMLButtonElement).disabled).toBe(true);
    await waitFor(() =>
      expect((screen.getByRole("button", { name: "Reject" }) as HTMLButtonElement).disabled).toBe(false),
    );
  });

  it("offers to open the notebook", async () => {
    const made = scene();
    made.workspace.record(proposal());
    show(made, <ReviewDocument id="p1" />);
    await userEvent.click(await screen.findByRole("button", { name: /Open quick/ }));
    expect(made.texts.calls).toEqual([`open ${NOTEBOOK}`]);
    await accessible();
  });

  it("of an altered proposal cannot be approved", async () => {
    const record = proposal();
    record.proposal = { ...record.proposal, source: `${record.proposal.source}<!-- hidden -->` };
    open({ proposal: record.proposal });
    await screen.findByText(/altered after it was made/);
    expect((screen.getByRole("button", { name: "Approve" }) as HTMLButtonElement).disabled).toBe(true);
  });

  it("shows its other states, and the cell that was left behind", async () => {
    const made = open({ status: "applied", applied_hash: "x" });
    await userEvent.click(await screen.findByRole("button", { name: "Update the cell" }));
    await waitFor(() => expect(made.texts.notebooks.get(NOTEBOOK)?.[0]?.text).toContain('name="reset"'));
    screen.getByRole("button", { name: "Undo" });
    act(() => made.workspace.record(proposal({ status: "stale", notes: ["The panel was replaced."] })));
    screen.getByText(/changed after this was proposed/);
    screen.getByText("The panel was replaced.");
    expect(screen.queryByRole("button", { name: "Approve" })).toBeNull();
    act(() => made.workspace.record(proposal({ status: "rejected" })));
    screen.getByText(/Rejected/);
    await accessible();
  });

  it("is loaded when the page does not know it", async () => {
    const made = scene();
    made.server.answers["GET proposals/p1"] = () => proposal({ status: "rejected" });
    show(made, <ReviewDocument id="p1" />);
    await screen.findByText(/Change of Counter/);
    expect(made.workspace.state().selected).not.toBe(ORDERS);
  });

  it("without a secure context cannot be decided, and says why", async () => {
    vi.stubGlobal("isSecureContext", false);
    open();
    screen.getByText("Approval is off.");
    expect((screen.getByRole("button", { name: "Approve" }) as HTMLButtonElement).disabled).toBe(true);
    expect((screen.getByRole("button", { name: "Reject" }) as HTMLButtonElement).disabled).toBe(true);
  });
});
