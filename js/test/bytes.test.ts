// @vitest-environment node
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { guestBytes, OtherGuest } from "../guest/bytes";
import { keepBundle, keepGuest, keptGuest, STORE } from "../host/keep";
import { offerGuest } from "../host/offer";
import { ScriptedModel } from "./scripted";

const CODE = new Uint8Array([1, 2, 3]);
const IMAGE = new Uint8Array([4, 5]);
const never = new AbortController().signal;

let addresses = 0;
let address: string;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.stubGlobal("indexedDB", new IDBFactory());
  addresses += 1;
  address = `g${addresses}`;
});

/** The real clock: the database. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => setImmediate(done));
}

/** What the kernel says; its buffers are views into one network message. */
function answer(model: ScriptedModel, of = address): void {
  const message = new Uint8Array([9, 9, ...CODE, ...IMAGE, 9]);
  model.say({ kind: "guest", address: of }, [
    new DataView(message.buffer, 2, CODE.length),
    new DataView(message.buffer, 2 + CODE.length, IMAGE.length),
  ]);
}

describe("the guest's bytes", () => {
  it("are asked of the kernel once for all panels, and kept", async () => {
    const models = Array.from({ length: 5 }, () => new ScriptedModel());
    const found = models.map((model) => guestBytes(model, never, address));
    await settle();
    expect(models.flatMap((model) => model.sent)).toEqual([{ kind: "guest" }]);
    answer(models.find((model) => model.sent.length > 0) as ScriptedModel);
    expect(await Promise.all(found)).toEqual(Array(5).fill({ code: CODE, image: IMAGE }));
    await settle();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(models.flatMap((model) => model.sent)).toHaveLength(1);
    expect(models.flatMap((model) => [...model.listeners])).toEqual([]);
    expect(await keptGuest(address)).toEqual({ code: CODE.buffer, image: IMAGE.buffer });
    const late = new ScriptedModel();
    expect(await guestBytes(late, never, address)).toEqual({ code: CODE, image: IMAGE });
    expect(late.sent).toEqual([]);
  });

  it("come from the browser's store without asking", async () => {
    keepGuest(address, { code: CODE.slice().buffer, image: IMAGE.slice().buffer });
    await settle();
    const model = new ScriptedModel();
    expect(await guestBytes(model, never, address)).toEqual({ code: CODE, image: IMAGE });
    expect(model.sent).toEqual([]);
  });

  it("are asked for by the next panel when the first one's kernel is gone", async () => {
    const [gone, next] = [new ScriptedModel(), new ScriptedModel()];
    const end = new AbortController();
    const first = guestBytes(gone, end.signal, address);
    const second = guestBytes(next, never, address);
    await settle();
    expect([gone.sent.length, next.sent.length]).toEqual([1, 0]);
    end.abort(new Error("the panel ended"));
    await expect(first).rejects.toThrow("the panel ended");
    expect(gone.listeners.size).toBe(0);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(next.sent).toEqual([{ kind: "guest" }]);
    answer(next);
    expect(await second).toEqual({ code: CODE, image: IMAGE });
  });

  it("are taken where the extension of JupyterLab offers them, and asked for when it cannot get them", async () => {
    offerGuest(address, async () => ({ code: CODE.slice().buffer, image: IMAGE.slice().buffer }));
    const model = new ScriptedModel();
    expect(await guestBytes(model, never, address)).toEqual({ code: CODE, image: IMAGE });
    expect(model.sent).toEqual([]);
    const other = `${address} other`;
    offerGuest(other, () => Promise.reject(new Error("404")));
    const found = guestBytes(model, never, other);
    await settle();
    expect(model.sent).toEqual([{ kind: "guest" }]);
    answer(model, other);
    expect(await found).toEqual({ code: CODE, image: IMAGE });
  });

  it("are not those of another version", async () => {
    const model = new ScriptedModel();
    const found = guestBytes(model, never, address);
    await settle();
    answer(model, "other");
    await expect(found).rejects.toThrow(OtherGuest);
    expect(model.listeners.size).toBe(0);
  });

  it("are waited for when the answer holds none", async () => {
    const model = new ScriptedModel();
    const found = guestBytes(model, never, address);
    await settle();
    for (const buffers of [[], [CODE], ["a", "b"]]) model.say({ kind: "guest", address }, buffers);
    model.say({ kind: "snapshot" });
    model.say("guest");
    answer(model);
    expect(await found).toEqual({ code: CODE, image: IMAGE });
  });

  it("are asked for in a browser that stores nothing, and over a comm that fails", async () => {
    vi.stubGlobal("indexedDB", undefined);
    const model = new ScriptedModel();
    model.onSend = () => {
      throw new Error("the comm is closed");
    };
    const end = new AbortController();
    const found = guestBytes(model, end.signal, address);
    await settle();
    expect(model.sent).toEqual([{ kind: "guest" }]);
    end.abort(new Error("over"));
    await expect(found).rejects.toThrow("over");
    await expect(guestBytes(model, end.signal, address)).rejects.toThrow("over");
  });
});

describe("the browser's store", () => {
  const keys = async (): Promise<IDBValidKey[]> => {
    const opening = indexedDB.open(STORE);
    await new Promise((done) => {
      opening.onsuccess = done;
    });
    const asked = opening.result.transaction(STORE).objectStore(STORE).getAllKeys();
    await new Promise((done) => {
      asked.onsuccess = done;
    });
    opening.result.close();
    return asked.result;
  };

  it("holds one bundle and one guest, the newest", async () => {
    const bytes = (): ArrayBuffer => new ArrayBuffer(1);
    for (const name of ["a", "b"]) {
      keepBundle(name, bytes());
      await settle();
      keepGuest(name, { code: bytes(), image: bytes() });
      await settle();
    }
    expect(await keys()).toEqual(["b", "guest b"]);
    expect(await keptGuest("a")).toBeNull();
  });

  it("gives nothing that is no guest", async () => {
    keepGuest("x", { code: "text", image: 5 } as never);
    await settle();
    expect(await keptGuest("x")).toBeNull();
  });
});
