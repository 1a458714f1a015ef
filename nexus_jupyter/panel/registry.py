"""All live panels of this process, by identity: one panel an id and a cell, the newest wins."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .panel import Panel

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PanelEvent:
    """Something that happened to the live panels.

    ``added``: ``panel`` was made and those of ``ended`` gave way to it.  ``removed``: it ended.
    ``replaced``: its document was replaced in place.
    """

    kind: Literal["added", "removed", "replaced"]
    panel: Panel
    ended: tuple[Panel, ...] = ()


Listener = Callable[[PanelEvent], None]

_lock = threading.Lock()
_listeners: tuple[Listener, ...] = ()
_panels: dict[str, Panel] = {}
_numbers = itertools.count(1)


def number() -> int:
    """A number that no panel without a name has had."""
    return next(_numbers)


def add(panel: Panel) -> None:
    """Make ``panel`` the one of its id and of its cell; those before it end."""
    with _lock:
        # its cell may have made one of another id: the document was edited
        previous = [p for p in _panels.values() if p.id == panel.id or (panel.cell and p.cell == panel.cell)]
        for replaced in previous:
            del _panels[replaced.id]
        _panels[panel.id] = panel
    for replaced in previous:
        replaced._end("it was replaced by a newer run of its cell")
    _tell(PanelEvent("added", panel, tuple(previous)))


def remove(panel: Panel) -> None:
    """Forget ``panel`` if it is still the one of its id."""
    with _lock:
        known = _panels.get(panel.id) is panel
        if known:
            del _panels[panel.id]
    if known:
        _tell(PanelEvent("removed", panel))


def replaced(panel: Panel) -> None:
    """Tell that the document of ``panel`` was replaced in place."""
    _tell(PanelEvent("replaced", panel))


def subscribe(listener: Listener) -> Callable[[], None]:
    """Have ``listener`` called after each event, on whatever thread it happened; gives the way to end it."""
    global _listeners
    with _lock:
        _listeners = (*_listeners, listener)

    def unsubscribe() -> None:
        global _listeners
        with _lock:
            _listeners = tuple(each for each in _listeners if each is not listener)

    return unsubscribe


def _tell(event: PanelEvent) -> None:
    for listener in _listeners:
        try:
            listener(event)
        except Exception:
            # whoever listens is no reason for a panel to fail
            logger.exception("a listener of the panels failed")


def get(panel_id: str) -> Panel | None:
    """The live panel of this id, or None."""
    with _lock:
        return _panels.get(panel_id)


def panels() -> dict[str, Panel]:
    """All live panels by id, in the order they were made."""
    with _lock:
        return dict(_panels)


def close_all() -> None:
    """End every live panel."""
    for panel in panels().values():
        panel.close()
