"""What is told on one comm, gathered: a cell that makes twenty panels says so in a few messages, not in forty."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from ..panel.worker import Worker
from ..protocol.packing import compact

# Seconds between two messages.  The first after a rest goes at once; those between are joined.
INTERVAL = 0.25
# Characters of JSON that are joined to one message: what takes it takes all of it in one go.
MOST = 200_000

Told = dict[str, Any]


class Gathering:
    """Takes messages on any thread, and sends them in order, several as one.

    ``send`` is called with one message or more, on a thread of the gathering's own or that of ``flush``.
    """

    def __init__(self, send: Callable[[tuple[Told, ...]], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._sending = threading.Lock()  # what was taken first is sent first
        self._waiting: list[Told] = []
        self._size = 0
        self._sent = 0.0
        self._worker = Worker("nexus-bridge", next_due=self._next_due, on_due=self.flush)

    def put(self, message: Told) -> None:
        """Have it sent soon."""
        size = len(compact(message))
        with self._lock:
            full = bool(self._waiting) and self._size + size > MOST
        if full:
            self.flush()
        with self._lock:
            first = not self._waiting
            self._waiting.append(message)
            self._size += size
        if first:
            self._worker.put(lambda: None)  # it looks when it is due

    def flush(self) -> None:
        """Send what waits, now."""
        with self._sending:
            with self._lock:
                messages, self._waiting, self._size = tuple(self._waiting), [], 0
                self._sent = time.monotonic()
            if messages:
                self._send(messages)

    def close(self) -> None:
        """Drop what waits, and send nothing more."""
        with self._lock:
            self._waiting.clear()
        self._worker.close(lambda: None, timeout=0.0)

    def _next_due(self) -> float | None:
        with self._lock:
            return self._sent + INTERVAL if self._waiting else None
