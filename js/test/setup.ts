/** A test fails when React or a component warns: what is not meant to happen is an error here. */
import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach, expect, vi } from "vitest";

// Testing Library asks for this name to let faked time pass.
Object.assign(globalThis, { jest: { advanceTimersByTime: vi.advanceTimersByTime.bind(vi) } });

// jsdom has none, and React Aria's dialogs ask the window for it; some tests run where there is no window.
Object.assign(globalThis.window ?? {}, {
  CSS: { escape: (text: string) => text.replace(/[^\w-]/g, (char) => `\\${char}`) },
});

let complaints: string[] = [];

beforeEach(() => {
  complaints = [];
  for (const level of ["error", "warn"] as const) {
    vi.spyOn(console, level).mockImplementation((...words: unknown[]) => {
      complaints.push(words.map(String).join(" "));
    });
  }
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  expect(complaints).toEqual([]);
});

/** For tests in which a complaint is what should happen. */
export function takeComplaints(): string[] {
  return complaints.splice(0);
}
