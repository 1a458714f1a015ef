/**
 * A value under editing.  What the user has typed stands until the kernel has taken it; echoes of older
 * values never replace newer typing, and a value that was refused is kept with the reason.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import type { ErrorInfo } from "../generated/protocol";
import type { Call } from "../render/host";

export interface DraftOptions<T> {
  /** The committed value. */
  readonly value: T;
  /** Milliseconds of rest after which a change is sent. */
  readonly delay: number;
  /** Hands a value over; null when there is nowhere to send it and the draft is all there is. */
  readonly send: ((value: T) => Call) | null;
  /** Whether a refused value gives way to the committed one. */
  readonly revert?: boolean;
}

export interface Draft<T> {
  readonly value: T;
  /** Why the value was refused, until another one is accepted. */
  readonly error: ErrorInfo | null;
  /** Takes a new value; it is sent after the delay. */
  set(value: T): void;
  /** Sends what has not been sent yet, now. */
  flush(): void;
  /** While held (an input method is composing), nothing is sent. */
  hold(held: boolean): void;
}

interface Held<T> {
  readonly value: T;
}

export function useDraft<T>(options: DraftOptions<T>): Draft<T> {
  const [draft, setDraft] = useState<Held<T> | null>(null);
  const [error, setError] = useState<ErrorInfo | null>(null);
  const latest = useRef({
    options,
    draft: null as Held<T> | null,
    unsent: false,
    held: false,
    mounted: true,
  });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  latest.current.options = options;

  const change = useCallback((next: Held<T> | null) => {
    latest.current.draft = next;
    if (latest.current.mounted) setDraft(next);
  }, []);

  const flush = useCallback(() => {
    clearTimeout(timer.current);
    const now = latest.current;
    const sent = now.draft;
    if (!sent || !now.unsent || now.held) return;
    now.unsent = false;
    const call = now.options.send?.(sent.value);
    call?.done.then((outcome) => {
      const later = latest.current;
      if (!later.mounted) return;
      setError(outcome.error);
      const newer = later.draft !== sent;
      if (newer || (outcome.error && !later.options.revert)) return;
      change(null);
    });
  }, [change]);

  const set = useCallback(
    (value: T) => {
      clearTimeout(timer.current);
      change({ value });
      latest.current.unsent = latest.current.options.send !== null;
      if (latest.current.held) return;
      if (latest.current.options.delay > 0) timer.current = setTimeout(flush, latest.current.options.delay);
      else flush();
    },
    [change, flush],
  );

  const hold = useCallback(
    (held: boolean) => {
      latest.current.held = held;
      clearTimeout(timer.current);
      if (!held && latest.current.unsent) timer.current = setTimeout(flush, latest.current.options.delay);
    },
    [flush],
  );

  // A refused value stands only as long as the place itself does not get another value.
  const committed = useRef(options.value);
  useEffect(() => {
    if (Object.is(committed.current, options.value)) return;
    committed.current = options.value;
    if (!error || latest.current.unsent) return;
    change(null);
    setError(null);
  }, [options.value, error, change]);

  useEffect(() => {
    const now = latest.current;
    now.mounted = true;
    return () => {
      now.held = false;
      now.mounted = false;
      flush(); // what was typed last is not lost with the field
    };
  }, [flush]);

  return { value: draft ? draft.value : options.value, error, set, flush, hold };
}
