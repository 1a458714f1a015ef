/** A test fails when React or a view warns: what is not meant to happen is an error here. */
import { webcrypto } from "node:crypto";
import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach, expect, vi } from "vitest";

// What a browser has and jsdom has not: sizes to observe, a matrix to read, a secure context with its keys.
class NoSizes {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
class NoMatrix {
  m22 = 1;
}
Object.assign(globalThis, { ResizeObserver: NoSizes, DOMMatrixReadOnly: NoMatrix, isSecureContext: true });
Object.defineProperty(globalThis, "crypto", { value: webcrypto, configurable: true });

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
  expect(complaints).toEqual([]);
});
