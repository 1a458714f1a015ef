import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RENEW_AFTER } from "../host/sight";
import { PanelStore } from "../host/store";
import { node, ScriptedModel, snapshot } from "./scripted";

type Entry = { target: Element; isIntersecting: boolean };

/** The browser's part: jsdom has none. */
class Observer {
  static all: Observer[] = [];
  readonly observed = new Set<Element>();
  constructor(readonly heard: (entries: Entry[]) => void) {
    Observer.all.push(this);
  }
  observe(place: Element): void {
    this.observed.add(place);
  }
  unobserve(place: Element): void {
    this.observed.delete(place);
  }
  disconnect(): void {
    this.observed.clear();
  }
}

let model: ScriptedModel;
let controller: AbortController;
let store: PanelStore;

const said = () => model.sent.flatMap((message) => (message.kind === "sight" ? [message.shown] : []));
const scroll = (target: Element, isIntersecting: boolean) =>
  Observer.all.at(-1)?.heard([{ target, isIntersecting }]);
function turn(state: "visible" | "hidden"): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("IntersectionObserver", Observer);
  Observer.all = [];
  model = new ScriptedModel();
  controller = new AbortController();
  store = new PanelStore(model, controller.signal);
});

afterEach(() => {
  controller.abort();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const answer = (sight: boolean, rev = 1) => model.say(snapshot(node("Text", {}), { sight, rev }));

describe("whether the panel is seen", () => {
  it("is nobody's business unless the kernel asks", () => {
    const place = document.createElement("div");
    store.showIn(place);
    answer(false);
    turn("hidden");
    turn("visible");
    vi.advanceTimersByTime(10 * RENEW_AFTER);
    expect(said()).toEqual([]);
    expect(Observer.all).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is told when it changes: by scrolling, and by another page coming to the front", () => {
    const place = document.createElement("div");
    store.showIn(place);
    answer(true);
    expect(said()).toEqual([]);
    scroll(place, true);
    scroll(place, true);
    expect(said()).toEqual([true]);
    turn("hidden");
    expect(said()).toEqual([true, false]);
    turn("visible");
    scroll(place, false);
    expect(said()).toEqual([true, false, true, false]);
  });

  it("is said again while it is, and when the kernel asks again", () => {
    const place = document.createElement("div");
    store.showIn(place);
    answer(true);
    scroll(place, true);
    vi.advanceTimersByTime(2 * RENEW_AFTER);
    expect(said()).toEqual([true, true, true]);
    answer(true, 2);
    expect(said()).toEqual([true, true, true, true]);
    scroll(place, false);
    vi.advanceTimersByTime(5 * RENEW_AFTER);
    expect(said().slice(4)).toEqual([false]);
  });

  it("is so while any view is seen, and over when the last is gone or the page goes", () => {
    const [one, two] = [document.createElement("div"), document.createElement("div")];
    const leave = store.showIn(one);
    answer(true);
    store.showIn(two);
    scroll(one, true);
    scroll(two, true);
    leave();
    expect(said()).toEqual([true]);
    expect(Observer.all.at(-1)?.observed).toEqual(new Set([two]));
    window.dispatchEvent(new Event("pagehide"));
    expect(said()).toEqual([true, false]);
    window.dispatchEvent(new Event("pageshow"));
    expect(said()).toEqual([true, false, true]);
  });

  it("ends with the panel, and leaves nothing that watches", () => {
    const place = document.createElement("div");
    store.showIn(place);
    answer(true);
    scroll(place, true);
    controller.abort();
    turn("hidden");
    turn("visible");
    vi.advanceTimersByTime(10 * RENEW_AFTER);
    expect(said()).toEqual([true]);
    expect(Observer.all.at(-1)?.observed.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is taken for granted where nobody can tell what is scrolled out of sight", () => {
    vi.stubGlobal("IntersectionObserver", undefined);
    store.showIn(document.createElement("div"));
    answer(true);
    expect(said()).toEqual([true]);
  });
});
