"""Commits of live panels, thinned: who follows many panels needs to know that they changed, not each step."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from ..protocol import Commit
from ..protocol.bridge import KernelCommit, KernelDelta, KernelSnapshot

if TYPE_CHECKING:
    from ..panel.panel import Panel
    from ..panel.worker import Worker

Told = KernelSnapshot | KernelDelta | KernelCommit

# Seconds between two messages about one panel; those between are joined, the last revision wins.
INTERVAL = 0.05
MAX_PATHS = 100


class Commits:
    """Listens to panels while a worker is attached, and tells of their commits on that worker's thread."""

    def __init__(self, tell: Callable[[Told], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._watched: weakref.WeakKeyDictionary[Panel, Callable[[], None]] = weakref.WeakKeyDictionary()
        self._waiting: dict[str, KernelCommit] = {}
        self._last: dict[str, float] = {}

    def attach(self, worker: Worker) -> None:
        """Begin: nothing is watched yet."""
        with self._lock:
            self._worker = worker

    def detach(self) -> None:
        """End: no panel is watched any more, what waits is dropped."""
        with self._lock:
            self._worker = None
            watched = list(self._watched.values())
            self._watched.clear()
            self._waiting.clear()
            self._last.clear()
        for off in watched:
            off()

    def watch(self, live: Iterable[Panel]) -> None:
        """Listen to exactly these panels."""
        panels = set(live)
        with self._lock:
            gone = [panel for panel in self._watched if panel not in panels]
            new = [panel for panel in panels if panel not in self._watched]
            offs = [self._watched.pop(panel) for panel in gone]
            ids = {panel.id for panel in panels}
            for id in [id for id in self._last if id not in ids]:
                del self._last[id]
                self._waiting.pop(id, None)
            for panel in new:
                self._waiting.pop(panel.id, None)  # of the panel before it
                self._watched[panel] = panel.on_commit(partial(self._committed, weakref.ref(panel)))
        for off in offs:
            off()

    def next_due(self) -> float | None:
        """When ``send_due`` has something to do, in monotonic seconds."""
        with self._lock:
            return min((self._last.get(id, 0.0) + INTERVAL for id in self._waiting), default=None)

    def send_due(self) -> None:
        """Tell of the commits whose time has come; on the worker's thread."""
        now = time.monotonic()
        with self._lock:
            due = [id for id in self._waiting if self._last.get(id, 0.0) + INTERVAL <= now]
            messages = [self._waiting.pop(id) for id in due]
            self._last.update(dict.fromkeys(due, now))
        for message in messages:
            self._tell(message)

    def _committed(self, source: weakref.ref[Panel], commit: Commit) -> None:
        panel = source()
        if panel is None:
            return
        paths = tuple(op.path for op in commit.ops[:MAX_PATHS])
        with self._lock:
            worker = self._worker
            if worker is None or panel not in self._watched:
                return
            before = self._waiting.get(panel.id)
            if before is not None:
                paths = tuple(dict.fromkeys((*before.paths, *paths)))[:MAX_PATHS]
            self._waiting[panel.id] = KernelCommit(
                panel=panel.id, rev=commit.rev, cause=commit.cause.kind, tool=commit.cause.tool, paths=paths
            )
        if before is None:
            worker.put(self.send_due)
