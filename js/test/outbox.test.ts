import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientMessage } from "../generated/protocol";
import { FIRST_DOUBT, type Numbered, Outbox } from "../host/outbox";

let sent: ClientMessage[];
let doubts: number;
let reachable: boolean;
let outbox: Outbox;

const undo = (seq: number): Numbered => ({ kind: "undo", client: "me", seq });
const numbers = () => sent.map((message) => ("seq" in message ? message.seq : 0));

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  doubts = 0;
  reachable = true;
  const send = (message: ClientMessage): boolean => {
    if (reachable) sent.push(message);
    return reachable;
  };
  outbox = new Outbox("me", send, () => {
    doubts += 1;
  });
});

afterEach(() => outbox.end());

describe("the outbox", () => {
  it("tells again what has no answer, in order, if it was told before the kernel was asked", () => {
    for (const seq of [1, 2, 3]) outbox.send(undo(seq));
    outbox.done(2);
    outbox.ask();
    outbox.send(undo(4));
    sent = [];
    outbox.again();
    expect(numbers()).toEqual([1, 3]);
  });

  it("sends again from a number that the kernel misses", () => {
    for (const seq of [1, 2, 3]) outbox.send(undo(seq));
    sent = [];
    outbox.missed(2);
    expect(numbers()).toEqual([2, 3]);
  });

  it("says that a number will not come when there is nothing to send for it", () => {
    for (const seq of [1, 2, 3]) outbox.send(undo(seq));
    outbox.done(1);
    outbox.done(2);
    sent = [];
    outbox.missed(1);
    expect(sent).toEqual([{ kind: "skip", client: "me", seq: 2 }, undo(3)]);
    outbox.done(3);
    sent = [];
    outbox.missed(3);
    expect(sent).toEqual([{ kind: "skip", client: "me", seq: 3 }]);
  });

  it("forgets what could not be handed over, and says so when it is missed", () => {
    outbox.send(undo(1));
    reachable = false;
    expect(outbox.send(undo(2))).toBe(false);
    reachable = true;
    outbox.send(undo(3));
    sent = [];
    outbox.missed(2);
    expect(sent).toEqual([{ kind: "skip", client: "me", seq: 2 }, undo(3)]);
  });

  it("asks after what nobody has taken up, ever more seldom", () => {
    outbox.send(undo(1));
    vi.advanceTimersByTime(FIRST_DOUBT);
    expect(doubts).toBe(1);
    vi.advanceTimersByTime(FIRST_DOUBT);
    expect(doubts).toBe(1);
    vi.advanceTimersByTime(FIRST_DOUBT);
    expect(doubts).toBe(2);
    outbox.done(1);
    vi.advanceTimersByTime(100 * FIRST_DOUBT);
    expect(doubts).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not ask after what runs", () => {
    outbox.send(undo(1));
    outbox.heard(1);
    vi.advanceTimersByTime(100 * FIRST_DOUBT);
    expect(doubts).toBe(0);
  });

  it("leaves no timer", () => {
    outbox.send(undo(1));
    outbox.end();
    expect(vi.getTimerCount()).toBe(0);
    expect(outbox.size).toBe(0);
  });
});
