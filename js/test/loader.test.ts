// @vitest-environment node
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { buildLoader, LOADER_LIMIT } from "../build.mjs";
import { keepBundle, STORE } from "../host/keep";
import { ScriptedModel } from "./scripted";

interface Definition {
  initialize(context: object): void;
  render(view: object): Promise<unknown>;
}

const text = await buildLoader();
const { default: load } = (await import(
  /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`
)) as { default: () => Definition };

/** A bundle of one line: notes what it is given, as the real one does. */
const bundle = (name: string) =>
  `export function open(address, bytes) {
    self.log.push("open ${name}");
    self["nexus-jupyter" + address].d = 1;
    return ({ model }) => { self.log.push("start " + model.name); return (view) => { view.el.said = "${name} " + model.name; return "end"; }; };
  }`;
const bytes = (source: string) => new DataView(new TextEncoder().encode(source).buffer);
const settled = () => vi.advanceTimersByTimeAsync(20);

class Model extends ScriptedModel {
  constructor(
    readonly address: string,
    readonly name = "panel",
  ) {
    super({ _bundle: address });
  }
}

/** A kernel that answers for this model. */
function answering(model: Model, source = bundle("fresh"), delay = 5) {
  model.onSend = () =>
    void setTimeout(() => model.say({ kind: "bundle", address: model.address }, [bytes(source)]), delay);
  return model;
}

function open(model: Model) {
  const definition = load();
  expect(definition.initialize({ model })).toBeUndefined(); // a promise would hold up every message
  const el = { said: "" };
  return { el, shown: definition.render({ model, el }) };
}

let log: string[];
let addresses = 0;
let address: string;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.stubGlobal("self", globalThis);
  vi.stubGlobal("indexedDB", new IDBFactory());
  log = [];
  vi.stubGlobal("log", log);
  // Node imports no blob: URLs; data: URLs stand in for them.
  class PlainBlob {
    constructor(
      readonly parts: unknown[],
      readonly options: { type: string },
    ) {}
  }
  vi.stubGlobal("Blob", PlainBlob);
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    const { parts, options } = blob as unknown as PlainBlob;
    const [part] = parts;
    const source =
      part instanceof ArrayBuffer || ArrayBuffer.isView(part) ? new TextDecoder().decode(part) : String(part);
    return `data:${options.type},${encodeURIComponent(source)}`;
  });
  addresses += 1;
  address = `a${addresses}`;
});

afterEach(() => {
  delete (globalThis as { [name: string]: unknown })[STORE + address];
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) {
    await new Promise((done) => setImmediate(done)); // the real clock: imports and the database
    await settled();
  }
}

describe("the loader", () => {
  it(`has at most ${LOADER_LIMIT} bytes`, () => {
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(600);
    expect(text).not.toMatch(/\beval\b|\bFunction\b|innerHTML/);
  });

  it("asks the kernel when the browser has no bundle, and hands over to it", async () => {
    const model = answering(new Model(address));
    const { el, shown } = open(model);
    await settle();
    expect(model.sent).toEqual([{ kind: "bundle" }]);
    expect(await shown).toBe("end");
    expect(el.said).toBe("fresh panel");
  });

  it("asks once for twenty panels", async () => {
    const models = Array.from({ length: 20 }, (_, i) => answering(new Model(address, `p${i}`)));
    const reads = vi.spyOn(indexedDB, "open");
    const views = models.map(open);
    await settle();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await Promise.all(views.map((view) => view.shown))).toEqual(Array(20).fill("end"));
    expect(models.flatMap((model) => model.sent)).toHaveLength(1);
    expect(reads).toHaveBeenCalledTimes(1);
    expect(log.filter((line) => line.startsWith("open"))).toHaveLength(1);
    expect(views[7]?.el.said).toBe("fresh p7");
  });

  it("takes the bundle from the browser's store without asking", async () => {
    keepBundle(address, bytes(bundle("kept")));
    await settle();
    delete (globalThis as { [name: string]: unknown })[STORE + address]; // a new page
    const models = [new Model(address, "one"), new Model(address, "two")];
    const views = models.map(open);
    await settle();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await Promise.all(views.map((view) => view.shown))).toEqual(["end", "end"]);
    expect(views[1]?.el.said).toBe("kept two");
    expect(models.flatMap((model) => model.sent)).toEqual([]);
  });

  it("takes the bundle where the extension of JupyterLab has it, or asks the kernel", async () => {
    const page = globalThis as { [name: string]: unknown };
    const reads = vi.spyOn(indexedDB, "open");
    const start =
      ({ model }: { model: Model }) =>
      (view: { el: { said: string } }) => {
        view.el.said = `static ${model.name}`;
        return "end";
      };
    page[STORE + address] = { s: Promise.resolve(start) };
    const models = [new Model(address, "one"), new Model(address, "two")];
    const views = models.map(open);
    await settle();
    expect(views.map((view) => view.el.said)).toEqual(["static one", "static two"]);
    expect(models.flatMap((model) => model.sent)).toEqual([]);
    expect(reads).not.toHaveBeenCalled();
    page[STORE + address] = { s: Promise.reject(new Error("404")) };
    const model = answering(new Model(address));
    const { el } = open(model);
    await settle();
    expect(el.said).toBe("fresh panel");
  });

  it("asks the kernel when what was stored is broken", async () => {
    keepBundle(address, bytes("this is not { a module"));
    await settle();
    delete (globalThis as { [name: string]: unknown })[STORE + address];
    const model = answering(new Model(address));
    const { el } = open(model);
    await settle();
    expect(el.said).toBe("fresh panel");
  });

  it("does not wait for a kernel that is silent when another panel's answers", async () => {
    const silent = new Model(address, "silent");
    const live = answering(new Model(address, "live"));
    const views = [open(silent), open(live)];
    await settle();
    expect(live.sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(3_000);
    await settle();
    expect(live.sent).toEqual([{ kind: "bundle" }]);
    expect(views.map((view) => view.el.said)).toEqual(["fresh silent", "fresh live"]);
  });

  it("works without IndexedDB", async () => {
    vi.stubGlobal("indexedDB", undefined);
    const { el } = open(answering(new Model(address)));
    await settle();
    expect(el.said).toBe("fresh panel");
  });

  it("works when IndexedDB may not be opened", async () => {
    vi.stubGlobal("indexedDB", {
      open() {
        const request: { onerror?: () => void } = {};
        queueMicrotask(() => request.onerror?.());
        return request;
      },
    });
    const { el } = open(answering(new Model(address)));
    await settle();
    expect(el.said).toBe("fresh panel");
  });

  it("takes no notice of other messages on the comm", async () => {
    const model = new Model(address);
    const { el } = open(model);
    await settle();
    model.say({ kind: "snapshot", rev: 1 });
    model.say({ kind: "bundle", address: "another" }, [bytes(bundle("wrong"))]);
    model.say({ id: "x", kind: "anywidget-command-response" }, []);
    await settle();
    expect(el.said).toBe("");
    answering(model).say({ kind: "bundle", address }, [bytes(bundle("right"))]);
    await settle();
    expect(el.said).toBe("right panel");
  });

  it("leaves no empty database behind when it finds none", async () => {
    open(new Model(address));
    await settle();
    expect(await indexedDB.databases()).toEqual([]);
  });
});

describe("the bundle's keeping", () => {
  const stored = async () => {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open(STORE);
      opening.onsuccess = () => resolve(opening.result);
    });
    const store = database.transaction(STORE).objectStore(STORE);
    const keys = await new Promise<IDBValidKey[]>((resolve) => {
      const request = store.getAllKeys();
      request.onsuccess = () => resolve(request.result);
    });
    database.close();
    return keys;
  };

  it("replaces older bundles", async () => {
    keepBundle("old", bytes("export {}"));
    await settle();
    expect(await stored()).toEqual(["old"]);
    keepBundle(address, bytes("export {}"));
    await settle();
    expect(await stored()).toEqual([address]);
    delete (globalThis as { [name: string]: unknown })[`${STORE}old`];
  });

  it("stores only the bundle's part of a network message", async () => {
    const whole = new Uint8Array([1, 2, 3, 4, 5, 6]);
    keepBundle(address, new DataView(whole.buffer, 2, 3));
    await settle();
    const database = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open(STORE);
      opening.onsuccess = () => resolve(opening.result);
    });
    const kept = await new Promise((resolve) => {
      const request = database.transaction(STORE).objectStore(STORE).get(address);
      request.onsuccess = () => resolve(request.result);
    });
    expect(new Uint8Array(kept as ArrayBuffer)).toEqual(new Uint8Array([3, 4, 5]));
    database.close();
  });

  it("does nothing where there is no IndexedDB", () => {
    vi.stubGlobal("indexedDB", undefined);
    expect(() => keepBundle(address, new ArrayBuffer(1))).not.toThrow();
  });
});
