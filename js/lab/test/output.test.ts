// biome-ignore assist/source/organizeImports: Lumino looks for what jsdom has not when it is loaded
import "./dragging";
import { createModel } from "./mime";
import { Widget } from "@lumino/widgets";
import { describe, expect, it, vi } from "vitest";
import { Api } from "../src/api";
import { DirectKernel } from "../src/direct";
import { documentHash } from "../src/document";
import { StaticFiles } from "../src/files";
import { Keeping, type Kept } from "../src/keeping";
import { OUTPUT, PanelView, type RunHere } from "../src/output";
import { running } from "../src/here";
import type { OutputPlace } from "../src/place";
import { SpokenTo } from "./kernel";

const WIDGET = "application/vnd.jupyter.widget-view+json";
const DOCUMENT = '<NexusPanel id="p" title="P"><View><Text>hello</Text></View></NexusPanel>';
const CELL = `%%nxml p\n${DOCUMENT}\n`;

const saved = async (more: object = {}) => ({
  ...{ version: 1 as const, panel: "p", title: "P", hash: await documentHash(DOCUMENT), state: { n: 1 } },
  ...more,
});

/** A notebook whose kernel has the models that are put into it. */
class Place implements OutputPlace {
  readonly models = new Set<string>();
  readonly reached: string[] = [];
  readonly takers = new Map<string, (kept: Kept) => void>();
  waiting = false;
  text: string | null = CELL;
  listener: (() => void) | null = null;

  has = (model: string) => this.models.has(model);
  reach = (model: string) => void this.reached.push(model);
  watch(listener: () => void): () => void {
    this.listener = listener;
    return () => {
      this.listener = null;
    };
  }
  keep(model: string, take: (kept: Kept) => void): () => void {
    this.takers.set(model, take);
    return () => this.takers.delete(model);
  }
  cell = () => this.text;
  async live(model: string): Promise<Widget> {
    if (model === "broken") throw new Error("The kernel's view has not reached this page.");
    const made = new Widget();
    made.node.textContent = `live ${model}`;
    return made;
  }
  picture(html: string) {
    const made = new Widget();
    made.node.innerHTML = html; // as a notebook's own renderer would
    return Object.assign(made, { renderModel: async () => undefined });
  }
}

async function shown(place: Place, data: object, { trusted = true, run = (async () => {}) as RunHere } = {}) {
  const view = new PanelView(place, run);
  const model = createModel({ "text/html": "<p>picture</p>", ...data }, trusted);
  await view.renderModel(model);
  const button = (name: string) =>
    [...view.node.querySelectorAll("button")].find((each) => each.textContent === name) ?? null;
  return { view, model, button, text: () => view.node.textContent ?? "" };
}

const live = (id: string) => ({ [WIDGET]: { version_major: 2, version_minor: 0, model_id: id } });
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("a panel's output", () => {
  it("is the panel's widget and nothing else while a kernel has it", async () => {
    const place = new Place();
    place.models.add("m");
    const { view, text, button } = await shown(place, { [OUTPUT]: await saved(), ...live("m") });
    expect(text()).toBe("live m");
    expect(button("Run here")).toBeNull();
    view.dispose();
    expect([place.listener, place.takers.size]).toEqual([null, 0]);
  });

  it("is the saved view when none has it, then the widget, then the saved view again", async () => {
    const place = new Place();
    const { text, button } = await shown(place, { [OUTPUT]: await saved(), ...live("m") });
    expect(text()).toContain("picture");
    expect(text()).toContain("No kernel has this panel. Run the cell to make it live.");
    expect(button("Run here")).not.toBeNull();
    expect(place.reached).toEqual(["m"]);
    place.waiting = true;
    place.listener?.();
    expect(text()).toContain("Waiting for the kernel.");
    place.models.add("m");
    place.listener?.();
    await settled();
    expect(text()).toBe("live m");
    place.models.clear();
    place.listener?.();
    expect(text()).toContain("picture");
    expect(place.takers.size).toBe(0);
  });

  it("shows no widget of a notebook that is not trusted", async () => {
    const place = new Place();
    place.models.add("m");
    const { text } = await shown(place, { [OUTPUT]: await saved(), ...live("m") }, { trusted: false });
    expect(text()).toContain("picture");
    expect(place.reached).toEqual([]);
  });

  it("says why a widget cannot be shown", async () => {
    const place = new Place();
    place.models.add("broken");
    const { text } = await shown(place, { [OUTPUT]: await saved(), ...live("broken") });
    expect(text()).toContain("picture");
    expect(text()).toContain("The kernel's view has not reached this page.");
  });

  it("offers nothing to run for data of another version", async () => {
    const { button, text } = await shown(new Place(), { [OUTPUT]: await saved({ version: 2 }) });
    expect(text()).toContain("picture");
    expect(button("Run here")).toBeNull();
  });

  it("keeps what is newer when the notebook is saved, and shows the same widget on", async () => {
    const place = new Place();
    place.models.add("m");
    const { view, model } = await shown(place, { [OUTPUT]: await saved(), ...live("m") });
    const widget = view.widgets[0];
    const kept = { "text/html": "<p>newer</p>", [OUTPUT]: await saved({ state: { n: 2 } }) };
    place.takers.get("m")?.(kept);
    expect(model.data).toEqual({ ...kept, ...live("m") });
    await view.renderModel(model);
    expect(view.widgets[0]).toBe(widget);
    const set = vi.spyOn(model, "setData");
    place.takers.get("m")?.(kept);
    expect(set).not.toHaveBeenCalled(); // what is the same leaves the notebook as it is
  });

  it("runs here until it is stopped, or a kernel has the panel", async () => {
    const place = new Place();
    const ends: AbortSignal[] = [];
    const run: RunHere = async (_output, cell, el, signal) => {
      ends.push(signal);
      el.textContent = `here ${cell?.length}`;
    };
    const { text, button } = await shown(
      place,
      { [OUTPUT]: await saved({ state: null }), ...live("m") },
      { run },
    );
    button("Run here")?.click();
    await settled();
    expect(text()).toContain(`here ${CELL.length}`);
    expect(text()).toContain("nothing is kept. It began with its defaults.");
    place.listener?.();
    expect(text()).toContain("here");
    button("Stop")?.click();
    expect(ends[0]?.aborted).toBe(true);
    expect(text()).toContain("picture");
    button("Run here")?.click();
    await settled();
    place.models.add("m");
    place.listener?.();
    await settled();
    expect(text()).toBe("live m");
    expect(ends[1]?.aborted).toBe(true);
  });

  it("says why it does not run here", async () => {
    const place = new Place();
    const run: RunHere = async () => {
      throw new Error("the cell has been changed");
    };
    const { text, button } = await shown(place, { [OUTPUT]: await saved() }, { run });
    button("Run here")?.click();
    await settled();
    expect(text()).toContain("The cell has been changed");
    place.listener?.();
    expect(text()).toContain("The cell has been changed"); // it stands until something else is shown
    expect(button("Run here")).not.toBeNull();
  });
});

describe("running here", () => {
  const compiled = async (more: object = {}) => ({
    ...{ hash: await documentHash(DOCUMENT), title: "P", program: { view: null } },
    ...more,
  });

  async function run(cell: string | null, answer: object, output: object = {}): Promise<unknown[]> {
    const ran: unknown[] = [];
    const api = new Api(async (path, init) => {
      expect([path, JSON.parse(String(init.body))]).toEqual([
        "nexus/api/v1/programs",
        { source: `${DOCUMENT}\n` },
      ]);
      return Response.json(answer);
    });
    const bundle = { open: () => undefined, runHere: (text: string) => void ran.push(JSON.parse(text)) };
    const files = new StaticFiles("http://x", { bundle: "b", guest: "g" }, async () => bundle);
    await running(api, files)(
      await saved(output),
      cell,
      document.createElement("div"),
      new AbortController().signal,
    );
    return ran;
  }

  it("takes the document from the cell and the state from the output", async () => {
    const program = { view: null };
    expect(await run(CELL, await compiled())).toEqual([
      { panel: "p", title: "P", program, state: { n: 1 }, mounted: true, snapshot: null },
    ]);
    expect(await run(CELL, await compiled(), { state: null })).toMatchObject([{ state: {}, mounted: false }]);
  });

  it("runs no other document than the one that was saved", async () => {
    await expect(run(CELL, await compiled({ hash: "0".repeat(64) }))).rejects.toThrow(/has been changed/);
    await expect(run("p.show()", {})).rejects.toThrow(/does not stand in its cell/);
    await expect(run(null, {})).rejects.toThrow(/does not stand in its cell/);
  });
});

describe("the extension's static files", () => {
  const page = globalThis as unknown as { [name: string]: { s: PromiseLike<unknown> } };

  it("are offered to the loader, and loaded when it looks", async () => {
    const loaded: string[] = [];
    const files = new StaticFiles("http://x/static", { bundle: "abc", guest: "def" }, async (url) => {
      loaded.push(url);
      return { open: (address: string) => `start ${address}` };
    });
    files.offer();
    expect(loaded).toEqual([]);
    const entry = page["nexus-jupyter" + "abc"];
    expect(await entry?.s).toBe("start abc");
    expect(await entry?.s).toBe("start abc");
    expect(loaded).toEqual(["http://x/static/panel.js?v=abc"]);
    await expect(files.start("other")).rejects.toThrow(/another version/);
  });

  it("leave the loader to its other ways when they cannot be loaded", async () => {
    new StaticFiles("http://x", { bundle: "none", guest: "g" }, () =>
      Promise.reject(new Error("404")),
    ).offer();
    await expect(Promise.resolve(page["nexus-jupyter" + "none"]?.s)).rejects.toThrow("404");
  });
});

describe("a kernel that was busy before the page", () => {
  it("is asked in a subshell, and its model carries what both say", async () => {
    const kernel = new SpokenTo();
    const changed = vi.fn();
    const direct = new DirectKernel(kernel.connection, changed);
    direct.reach("m");
    direct.reach("m");
    await vi.waitFor(() => expect(kernel.said).toEqual(["m request_state subshell 1"]));
    kernel.say("other", { method: "update", state: { _bundle: "b" } });
    kernel.say("m", { method: "update", state: { n: 1 } });
    expect(direct.model("m")).toBeUndefined();
    kernel.say("m", { method: "update", state: { _bundle: "b" } });
    const model = direct.model("m");
    expect([model?.get("_bundle"), changed.mock.calls.length]).toEqual(["b", 1]);
    const heard: unknown[] = [];
    const listen = (content: unknown) => void heard.push(content);
    model?.on("msg:custom", listen);
    kernel.say("m", { method: "custom", content: { kind: "batch" } });
    expect(heard).toEqual([{ kind: "batch" }]);
    model?.send({ kind: "hello" });
    await vi.waitFor(() => expect(kernel.said.at(-1)).toBe("m hello subshell 1"));
    kernel.say("m", {}, "comm_close");
    expect([model?.ended.aborted, direct.model("m"), changed.mock.calls.length]).toEqual([
      true,
      undefined,
      2,
    ]);
    direct.end();
    expect(kernel.heard).toBe(0);
  });

  it("has one subshell for this tab, also after a reload", async () => {
    const kernel = new SpokenTo();
    for (let turn = 0; turn < 3; turn += 1) {
      const direct = new DirectKernel(kernel.connection, () => undefined);
      direct.reach("m");
      await vi.waitFor(() => expect(kernel.said).toHaveLength(turn + 1));
      direct.end();
    }
    expect(kernel.subshells).toEqual(["subshell 1"]);
    kernel.subshells = []; // it was restarted
    new DirectKernel(kernel.connection, () => undefined).reach("m");
    await vi.waitFor(() => expect(kernel.said).toHaveLength(4));
    expect(kernel.subshells).toEqual(["subshell 1"]);
  });

  it("is waited for when it has no subshells", async () => {
    const kernel = new SpokenTo();
    kernel.subshells = null;
    const direct = new DirectKernel(kernel.connection, () => undefined);
    direct.reach("m");
    await settled();
    expect(kernel.sent).toEqual([]);
    direct.end();
  });
});

describe("what is kept", () => {
  it("is asked for when the panel rests, once until the answer", async () => {
    const kernel = new SpokenTo();
    const keeping = new Keeping(kernel.connection, "m");
    const batch = (...messages: object[]) =>
      kernel.say("m", { method: "custom", content: { kind: "batch", messages } });
    await vi.waitFor(() => expect(kernel.said).toEqual(["m kept main"]), { timeout: 20_000 });
    for (let n = 0; n < 3; n += 1) batch({ kind: "commit", rev: n });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(kernel.sent).toHaveLength(1);
    kernel.say("m", { method: "custom", content: { kind: "kept", data: { "text/html": "a" } } });
    expect(keeping.latest).toEqual({ "text/html": "a" });
    await vi.waitFor(() => expect(kernel.sent).toHaveLength(2));
    keeping.end();
    expect(kernel.heard).toBe(0);
  });

  it("is not asked for while the cell's output is of the panel as it is", async () => {
    vi.useFakeTimers();
    const kernel = new SpokenTo();
    const keeping = new Keeping(kernel.connection, "m");
    const batch = (...messages: object[]) =>
      kernel.say("m", { method: "custom", content: { kind: "batch", messages } });
    batch({ kind: "snapshot", rev: 3, displayed: 3 });
    vi.advanceTimersByTime(60_000);
    expect(kernel.said).toEqual([]);
    batch({ kind: "commit", rev: 4 });
    vi.advanceTimersByTime(60_000);
    expect(kernel.said).toEqual(["m kept main"]);
    keeping.end();
    const later = new Keeping(kernel.connection, "m");
    batch({ kind: "snapshot", rev: 4, displayed: 3 });
    vi.advanceTimersByTime(60_000);
    expect(kernel.said).toHaveLength(2);
    later.end();
    vi.useRealTimers();
  });
});
