"""A panel's own thread: one queue, one turn at a time, started on demand and gone when idle."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

logger = logging.getLogger(__name__)

Turn = Callable[[], None]

# Threads are cheap to start (about 0.1 ms) and a notebook may hold many panels: an idle one keeps none.
IDLE_SECONDS = 5.0


class Worker:
    """Runs turns in order on one daemon thread.

    ``next_due`` gives the monotonic time of the next timed turn, or None; when it has come, ``on_due``
    runs as a turn.
    """

    def __init__(self, name: str, *, next_due: Callable[[], float | None], on_due: Turn) -> None:
        self._name = name
        self._next_due = next_due
        self._on_due = on_due
        self._changed = threading.Condition()
        self._turns: deque[Turn] = deque()
        self._thread: threading.Thread | None = None
        self._closed = False

    def put(self, turn: Turn) -> bool:
        """Add a turn; False if the worker is closed and the turn will never run."""
        with self._changed:
            if self._closed:
                return False
            self._turns.append(turn)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            else:
                self._changed.notify()
            return True

    @property
    def on_its_thread(self) -> bool:
        """Whether the caller runs inside a turn."""
        return threading.current_thread() is self._thread

    def close(self, last: Turn, timeout: float | None = 10.0) -> None:
        """Run ``last`` as the final turn, drop the waiting ones, and end the thread.  Once only."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._turns.clear()
            self._turns.append(last)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._changed.notify()
            thread = self._thread
        if thread is not threading.current_thread():
            thread.join(timeout)

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
            idle_until = time.monotonic() + IDLE_SECONDS
            while not self._turns:
                if self._closed:
                    self._thread = None
                    return None
                now = time.monotonic()
                due = self._next_due()
                if due is not None and due <= now:
                    return self._on_due
                if due is None and now >= idle_until:
                    self._thread = None
                    return None
                self._changed.wait((idle_until if due is None else due) - now)
            return self._turns.popleft()
