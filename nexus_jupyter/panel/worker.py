"""A panel's own thread: one queue, one turn at a time, started on demand and gone when idle."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from .moment import CLOCK, Clock

logger = logging.getLogger(__name__)

Turn = Callable[[], None]

# Threads are cheap to start (about 0.1 ms) and a notebook may hold many panels: an idle one keeps none.
IDLE_SECONDS = 5.0


def _nothing() -> None:
    return


class Worker:
    """Runs turns in order on one daemon thread.

    ``next_due`` gives the time of the next timed turn, in monotonic seconds of ``clock``, or None; when it has come, ``on_due``
    runs as a turn.
    """

    def __init__(self, name: str, *, next_due: Callable[[], float | None], on_due: Turn, clock: Clock = CLOCK) -> None:
        self._name = name
        self._next_due = next_due
        self._on_due = on_due
        self._clock = clock
        self._changed = threading.Condition()
        self._turns: deque[tuple[Turn, Turn]] = deque()
        self._thread: threading.Thread | None = None
        self._was_due = False
        self._closed = False

    def put(self, turn: Turn, *, otherwise: Turn = _nothing) -> None:
        """Add a turn.  ``otherwise`` runs instead, on a closer's or the caller's thread, when the worker ends before it."""
        with self._changed:
            if not self._closed:
                self._turns.append((turn, otherwise))
                self._awake()
                return
        otherwise()

    @property
    def waiting(self) -> int:
        """How many turns wait, the present one apart."""
        return len(self._turns)

    def close(self, last: Turn, *, timeout: float = 10.0) -> None:
        """Run ``last`` as the final turn, drop the waiting ones, and end the thread.  Once only.

        Waits at most ``timeout`` seconds for it.
        """
        with self._changed:
            if self._closed:
                return
            self._closed = True
            dropped = [otherwise for _, otherwise in self._turns]
            self._turns.clear()
            self._turns.append((last, _nothing))
            thread = self._awake()
        for otherwise in dropped:
            otherwise()
        if thread is not threading.current_thread():
            thread.join(timeout)

    def _awake(self) -> threading.Thread:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        else:
            self._changed.notify()
        return self._thread

    def _run(self) -> None:
        while True:
            turn = self._take()
            if turn is None:
                return
            try:
                turn()
            except Exception:
                # A turn reports its own failures; one that does not must not end the panel.
                logger.exception("a turn of %s failed", self._name)
            del turn  # an idle worker keeps nothing alive

    def _take(self) -> Turn | None:
        with self._changed:
            idle_until = self._clock.monotonic() + IDLE_SECONDS
            while True:
                now = self._clock.monotonic()
                due = None if self._closed else self._next_due()
                # in turn with what waits: neither a full queue nor timers without a pause hold the other up
                if due is not None and due <= now and not (self._turns and self._was_due):
                    self._was_due = True
                    return self._on_due
                self._was_due = False
                if self._turns:
                    return self._turns.popleft()[0]
                if self._closed or (due is None and now >= idle_until):
                    self._thread = None
                    return None
                self._clock.wait(self._changed, (idle_until if due is None else due) - now)
