import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LONG_AFTER, SHOW_AFTER } from "../host/calls";
import { HELLO_TIMEOUT, PanelStore } from "../host/store";
import { someError } from "./mount";
import { node, ScriptedModel, snapshot } from "./scripted";

const text = (content: string, id = "t") => node("Text", { content }, { id });
const commit = (rev: number, root: object | null | undefined) => ({
  kind: "commit",
  rev,
  cause: { kind: "tool", tool: "t", client: null, seq: null },
  ops: [],
  tree: root === undefined ? null : { root, problems: [] },
});

let model: ScriptedModel;
let controller: AbortController;

function open(traits: object = {}): PanelStore {
  model = new ScriptedModel({ ...traits });
  return new PanelStore(model, controller.signal);
}

const shown = (store: PanelStore, id = "t") => store.node(id)?.props.content;
const hellos = () => model.sent.filter((message) => message.kind === "hello").length;

beforeEach(() => {
  vi.useFakeTimers();
  controller = new AbortController();
});

afterEach(() => controller.abort());

describe("opening", () => {
  it("says hello and shows the answer", () => {
    const store = open();
    const hello = {
      kind: "hello",
      client: store.client,
      protocol: 1,
      rev: null,
      document: 0,
      program: false,
    };
    expect(model.sent).toEqual([hello]);
    expect(store.panel()).toMatchObject({ ready: false, connection: "connecting" });
    model.say(snapshot(text("a"), { title: "Orders", rev: 4 }));
    expect(store.panel()).toMatchObject({ ready: true, connection: "live", title: "Orders", rev: 4 });
    expect(shown(store)).toBe("a");
  });

  it("shows what the model was saved with at once, and the kernel's answer even when its revision is lower", () => {
    const store = open({ _snapshot: JSON.stringify(snapshot(text("saved"), { rev: 40 })) });
    expect(shown(store)).toBe("saved");
    expect(hellos()).toBe(1);
    model.say({ kind: "emitted", event: "toast", payload: "hi" });
    model.say(snapshot(text("live"), { rev: 2 }));
    expect(shown(store)).toBe("live");
  });

  it("has no tree sent that it shows already", () => {
    const store = open({ _snapshot: JSON.stringify(snapshot(text("saved"), { rev: 7, document: 5 })) });
    expect(model.sent).toMatchObject([{ kind: "hello", rev: 7, document: 5 }]);
    model.say({
      kind: "snapshot",
      panel: "p",
      title: "t",
      rev: 7,
      document: 5,
      shown: true,
      tree: { root: null },
    });
    expect(store.panel()).toMatchObject({ ready: true, connection: "live", rev: 7 });
    expect(shown(store)).toBe("saved");
    model.say(commit(9, undefined)); // something is missing: now it may show anything
    expect(model.sent.slice(1)).toMatchObject([{ kind: "hello", rev: null }]);
  });

  it("takes what another page shows already for no answer of its own", () => {
    const store = open({ _snapshot: JSON.stringify(snapshot(text("saved"), { rev: 7 })) });
    model.say({ kind: "snapshot", panel: "p", title: "t", rev: 9, shown: true, tree: { root: null } });
    expect(store.panel()).toMatchObject({ rev: 7 });
    vi.advanceTimersByTime(HELLO_TIMEOUT);
    expect(hellos()).toBe(2);
    model.say(snapshot(text("live"), { rev: 9 }));
    expect([shown(store), store.panel().rev]).toEqual(["live", 9]);
  });

  it("has the tree sent of what was saved with problems", () => {
    const problems = [{ severity: "error", code: "LIMIT", message: "the view could not be resolved" }];
    open({
      _snapshot: JSON.stringify(snapshot(text("saved"), { rev: 7, tree: { root: text("saved"), problems } })),
    });
    expect(model.sent).toMatchObject([{ kind: "hello", rev: null }]);
  });

  it("passes by a saved snapshot that is none", () => {
    for (const saved of [null, 3, {}, { kind: "snapshot" }, { kind: "closed", reason: "no" }, "", "{", "[]"])
      expect(open({ _snapshot: saved }).panel().ready, String(saved)).toBe(false);
  });

  it("says that no kernel answers, and recovers when one does", () => {
    const store = open();
    vi.advanceTimersByTime(HELLO_TIMEOUT - 1);
    expect(store.panel().connection).toBe("connecting");
    vi.advanceTimersByTime(1);
    expect(store.panel().connection).toBe("silent");
    model.say(snapshot(text("late")));
    expect(store.panel().connection).toBe("live");
    vi.advanceTimersByTime(60_000);
    expect(store.panel().connection).toBe("live");
  });

  it("asks again, ever more seldom, until the snapshot is there", () => {
    open();
    vi.advanceTimersByTime(HELLO_TIMEOUT);
    expect(hellos()).toBe(2);
    vi.advanceTimersByTime(HELLO_TIMEOUT);
    expect(hellos()).toBe(2);
    vi.advanceTimersByTime(HELLO_TIMEOUT);
    expect(hellos()).toBe(3);
    model.say(snapshot(text("late")));
    vi.advanceTimersByTime(100 * HELLO_TIMEOUT);
    expect(hellos()).toBe(3);
  });

  it("is silent at once when the comm is gone", () => {
    model = new ScriptedModel();
    model.onSend = () => {
      throw new Error("comm closed");
    };
    const store = new PanelStore(model, controller.signal);
    expect(store.panel().connection).toBe("silent");
  });
});

describe("revisions", () => {
  it("applies commits in order and passes by old and repeated ones", () => {
    const store = open();
    model.say(snapshot(text("one"), { rev: 1 }));
    model.say(commit(2, text("two")));
    model.say(commit(3, text("three")));
    model.say(commit(2, text("two")));
    model.say(commit(3, text("again")));
    model.say(snapshot(text("older"), { rev: 2 }));
    expect(shown(store)).toBe("three");
    expect(store.panel().rev).toBe(3);
  });

  it("follows commits that leave the view as it was", () => {
    const store = open();
    model.say(snapshot(text("one"), { rev: 1 }));
    model.say(commit(2, undefined));
    expect(store.panel().rev).toBe(2);
    expect(shown(store)).toBe("one");
    expect(hellos()).toBe(1);
  });

  it("follows patches, and asks for everything when one is missing or does not fit", () => {
    const store = open();
    const patched = (rev: number, content: string, id = "t") => ({
      ...commit(rev, undefined),
      patch: { changed: [{ id, props: { content } }], children: [], added: [], problems: null },
    });
    const drawn: string[] = [];
    model.say(snapshot(text("one"), { rev: 1 }));
    store.subscribeNode("t", () => drawn.push(String(shown(store))));
    model.say(patched(2, "two"));
    model.say(patched(2, "again"));
    expect(drawn).toEqual(["two"]);
    model.say(patched(4, "four"));
    expect([shown(store), hellos()]).toEqual(["two", 2]);
    model.say(patched(5, "five"));
    expect([shown(store), hellos()]).toEqual(["two", 2]);
    model.say(snapshot(text("all five"), { rev: 5 }));
    model.say(patched(6, "six"));
    expect([shown(store), store.panel().rev]).toEqual(["six", 6]);
    model.say(patched(7, "seven", "nowhere"));
    expect([shown(store), hellos()]).toEqual(["six", 3]);
    model.say(snapshot(text("all seven"), { rev: 7 }));
    expect([shown(store), store.panel().rev]).toEqual(["all seven", 7]);
  });

  it("goes on over a gap when the tree is there", () => {
    const store = open();
    model.say(snapshot(text("one"), { rev: 1 }));
    model.say(commit(5, text("five")));
    model.say(commit(4, text("four")));
    expect(shown(store)).toBe("five");
    expect(hellos()).toBe(1);
  });

  it("asks for a snapshot once when a gap may hide a view", () => {
    const store = open();
    model.say(snapshot(text("one"), { rev: 1 }));
    model.say(commit(4, undefined));
    model.say(commit(5, undefined));
    expect(hellos()).toBe(2);
    model.say(snapshot(text("five"), { rev: 5 }));
    expect(shown(store)).toBe("five");
    model.say(commit(6, undefined));
    expect(store.panel().rev).toBe(6);
    expect(hellos()).toBe(2);
  });

  it("shows a commit that comes before the snapshot", () => {
    const store = open();
    model.say(commit(7, text("early")));
    expect(shown(store)).toBe("early");
    model.say(snapshot(text("full"), { rev: 7, title: "T" }));
    expect(store.panel().title).toBe("T");
  });

  it("takes a batch as its messages in order, and passes by what is none in it", () => {
    const store = open();
    const { seq } = store.dispatch("t", "press");
    model.say({
      kind: "batch",
      messages: [
        snapshot(text("one"), { rev: 1 }),
        null,
        { kind: "batch", messages: [commit(9, text("nested"))] },
        commit(2, text("two")),
        { kind: "result", client: store.client, seq, error: someError },
      ],
    });
    expect(shown(store)).toBe("two");
    expect(store.status("t").error).toEqual(someError);
    model.say({ kind: "batch", messages: "none" });
    expect(store.panel().rev).toBe(2);
  });

  it("wakes only who listens to what changed", () => {
    const store = open();
    const row = (content: string, id: string) => node("Text", { content }, { id });
    const tree = (b: string) => node("Layout", {}, { id: "root", children: [row("a", "a"), row(b, "b")] });
    model.say(snapshot(tree("b"), { rev: 1 }));
    const woken: string[] = [];
    for (const id of ["root", "a", "b"]) store.subscribeNode(id, () => woken.push(id));
    model.say(commit(2, tree("changed")));
    expect(woken).toEqual(["b"]);
  });
});

describe("calls", () => {
  function ready() {
    const store = open();
    model.say(snapshot(node("Button", { label: "go" }, { id: "b", events: ["press"] }), { rev: 3 }));
    return store;
  }

  it("sends what the kernel needs to run and replay the call", () => {
    const store = ready();
    vi.setSystemTime(1_700_000_000_123);
    store.dispatch("b", "press");
    store.dispatch("b", "press", { a: 1 });
    const [first, second] = model.sent.filter((message) => message.kind === "event");
    expect(first).toMatchObject({
      client: store.client,
      seq: 1,
      node: "b",
      name: "press",
      detail: {},
      clock: 1_700_000_000_123,
      base: 3,
    });
    expect(second).toMatchObject({ seq: 2, detail: { a: 1 } });
    expect(first?.zone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
    expect(Number.isInteger(first?.seed) && (first?.seed ?? -1) >= 0 && (first?.seed ?? 0) < 2 ** 32).toBe(
      true,
    );
    expect(first?.seed).not.toBe(second?.seed);
    expect(store.client.length).toBeLessThanOrEqual(64);
  });

  it("shows a call that is not answered within 150 milliseconds, and then what it waits for", () => {
    const store = ready();
    const { seq } = store.dispatch("b", "press");
    expect(store.status("b").pending).toBeNull();
    expect(SHOW_AFTER).toBeLessThanOrEqual(150);
    vi.advanceTimersByTime(SHOW_AFTER);
    expect(store.status("b").pending).toMatchObject({ shown: true, long: false, tool: null });
    vi.advanceTimersByTime(LONG_AFTER - SHOW_AFTER);
    expect(store.status("b").pending).toMatchObject({ long: true, tool: null });
    model.say({ kind: "started", client: store.client, seq, tool: "go" });
    expect(store.status("b").pending).toMatchObject({ tool: "go" });
    model.say({ kind: "progress", client: store.client, seq, done: 1, total: 4, text: "x" });
    expect(store.status("b").pending?.progress).toEqual({ done: 1, total: 4, text: "x" });
    model.say({ kind: "result", client: store.client, seq, error: null });
    expect(store.status("b")).toEqual({ pending: null, error: null });
  });

  it("never shows a call that is answered quickly", () => {
    const store = ready();
    const woken = vi.fn();
    store.subscribeStatus("b", woken);
    const { seq } = store.dispatch("b", "press");
    model.say({ kind: "result", client: store.client, seq, error: null });
    vi.advanceTimersByTime(10_000);
    expect(woken).not.toHaveBeenCalled();
  });

  it("puts errors and refusals at the component, until the next try", async () => {
    const store = ready();
    for (const kind of ["result", "reject"]) {
      const { seq, done } = store.dispatch("b", "press");
      model.say({ kind, client: store.client, seq, error: someError });
      expect(store.status("b").error).toEqual(someError);
      expect(await done).toEqual({ error: someError });
    }
    store.dispatch("b", "press");
    expect(store.status("b").error).toBeNull();
  });

  it("takes no notice of other clients' calls", () => {
    const store = ready();
    const { seq } = store.dispatch("b", "press");
    model.say({ kind: "result", client: "another", seq, error: someError });
    vi.advanceTimersByTime(SHOW_AFTER);
    expect(store.status("b")).toMatchObject({ pending: { seq }, error: null });
  });

  it("sends a cancellation once for a call that runs", () => {
    const store = ready();
    const { seq } = store.dispatch("b", "press");
    vi.advanceTimersByTime(SHOW_AFTER);
    store.cancel(seq);
    store.cancel(99);
    expect(model.sent.filter((message) => message.kind === "cancel")).toEqual([
      { kind: "cancel", client: store.client, seq },
    ]);
    expect(store.status("b").pending?.cancelling).toBe(true);
  });

  it("tells of errors whose component left the view", () => {
    const store = ready();
    const { seq } = store.dispatch("b", "press");
    model.say(commit(4, text("gone")));
    model.say({ kind: "result", client: store.client, seq, error: someError });
    expect(store.panel().strayErrors).toEqual([["b", someError]]);
    store.dismissError("b");
    expect(store.panel().strayErrors).toEqual([]);
  });

  it("fails a call that cannot be sent, with the reason", async () => {
    const store = ready();
    model.onSend = () => {
      throw new Error("comm closed");
    };
    const { done } = store.dispatch("b", "press");
    expect((await done).error?.code).toBe("NOT_CONNECTED");
    expect(store.status("b").error?.message).toContain("Run this cell again");
  });
});

describe("the end", () => {
  it("settles what waits and takes no more when the kernel closes the panel", async () => {
    const store = open();
    model.say(snapshot(text("a")));
    const { done } = store.dispatch("t", "press");
    model.say({ kind: "closed", reason: "the cell was run again" });
    expect((await done).error?.code).toBe("CLOSED");
    expect(store.panel()).toMatchObject({ connection: "closed", closedReason: "the cell was run again" });
    model.say(commit(9, text("after")));
    expect(shown(store)).toBe("a");
    const sent = model.sent.length;
    expect((await store.dispatch("t", "press").done).error?.code).toBe("NOT_CONNECTED");
    expect(model.sent).toHaveLength(sent);
  });

  it("leaves no listener and no timer behind", async () => {
    const store = open();
    store.dispatch("t", "press");
    controller.abort();
    expect(model.listeners.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("opens nothing for a model that has already ended", () => {
    controller.abort();
    open();
    expect(model.listeners.size).toBe(0);
    expect(model.sent).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("toasts", () => {
  it("shows texts and objects, and no more than a few", () => {
    const store = open();
    for (const payload of [
      "one",
      { text: "two", level: "warn" },
      { message: "three", level: "error" },
      4,
      null,
      {},
      [],
    ])
      model.say({ kind: "emitted", event: "toast", payload });
    model.say({ kind: "emitted", event: "notify", payload: { text: "five", level: "loud" } });
    model.say({ kind: "emitted", event: "submitted", payload: "not for the page" });
    expect(store.panel().toasts.map(({ level, text: said }) => [level, said])).toEqual([
      ["warn", "two"],
      ["error", "three"],
      ["info", "4"],
      ["info", "five"],
    ]);
    store.dismissToast(store.panel().toasts[0]?.id ?? 0);
    expect(store.panel().toasts).toHaveLength(3);
  });
});
