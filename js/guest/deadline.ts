/**
 * A time-out that counts only time in which this page was awake: a page that was busy, hidden or asleep gets to hear the
 * answers that came meanwhile before it gives anyone up.
 */

/** It is passed at the end of the last of so many parts, between which messages arrive. */
const PARTS = 5;

/** Calls `passed` with the milliseconds by the clock, once, unless `signal` is aborted before. */
export function setDeadline(timeout: number, signal: AbortSignal, passed: (elapsed: number) => void): void {
  if (signal.aborted) return;
  const start = performance.now();
  let left = PARTS;
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    passed(performance.now() - start);
  }, timeout / PARTS);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
