"""Clones of panels that a reviewer looks at: one a panel, with an end."""

from __future__ import annotations

import secrets
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field

from ..panel.panel import Panel
from ..panel.worker import Worker
from ..protocol.bridge import Preview
from .mimebundle import widget_of

# Seconds that a clone lives when nobody ends it.
LIFETIME = 30 * 60.0


@dataclass
class _Clone:
    panel: Panel
    owner: object
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    ends: float = field(default_factory=lambda: time.monotonic() + LIFETIME)


class Previews:
    """All clones of this process, by the panel they stand for.  Methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clones: dict[str, _Clone] = {}
        self._heard: weakref.WeakSet[Panel] = weakref.WeakSet()
        self._worker: Worker | None = None

    def open(self, panel: Panel, source: str, owner: object) -> Preview:
        """Make the clone of ``panel`` with document ``source``; another one of it ends.

        Raises DocumentError and what else making a panel raises; then the one before lives on.
        """
        clone = _Clone(panel.preview(source), owner)
        try:
            shown = Preview(id=clone.id, present=widget_of(panel).model_id, preview=widget_of(clone.panel).model_id)
        except BaseException:
            clone.panel.close()
            raise
        panel_id = panel.id
        with self._lock:
            before = self._clones.pop(panel_id, None)
            self._clones[panel_id] = clone
            heard = panel in self._heard
            self._heard.add(panel)
            if self._worker is None:
                self._worker = Worker("nexus-previews", next_due=self._next_end, on_due=self._end_old)
            self._worker.put(lambda: None)  # it looks at the clock again
        if before is not None:
            before.panel.close()
        if not heard:
            panel.at_close(lambda: self._close(lambda id, _: id == panel_id))
        if panel.closed:
            self.close(clone.id)
        return shown

    def close(self, id: str) -> None:
        """End the clone ``id``; if there is none, nothing happens."""
        self._close(lambda _, clone: clone.id == id)

    def any_of(self, owner: object) -> bool:
        """Whether ``owner`` has clones open."""
        with self._lock:
            return any(clone.owner is owner for clone in self._clones.values())

    def close_of(self, owner: object) -> None:
        """End all clones that ``owner`` opened."""
        self._close(lambda _, clone: clone.owner is owner)

    def _close(self, which: Callable[[str, _Clone], bool]) -> None:
        with self._lock:
            ended = [id for id, clone in self._clones.items() if which(id, clone)]
            clones = [self._clones.pop(id) for id in ended]
            worker = None
            if not self._clones:
                worker, self._worker = self._worker, None
        if worker is not None:
            worker.close(lambda: None, timeout=0.0)
        for clone in clones:
            clone.panel.close()

    def _next_end(self) -> float | None:
        with self._lock:
            return min((clone.ends for clone in self._clones.values()), default=None)

    def _end_old(self) -> None:
        now = time.monotonic()
        self._close(lambda _, clone: clone.ends <= now)


previews = Previews()
