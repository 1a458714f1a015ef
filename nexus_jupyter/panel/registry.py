"""All live panels of this process, by identity: one panel an id, the newest wins."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .panel import Panel

_lock = threading.Lock()
_panels: dict[str, Panel] = {}
_numbers = itertools.count(1)


def number() -> int:
    """A number that no panel without a name has had."""
    return next(_numbers)


def add(panel: Panel) -> None:
    """Make ``panel`` the one of its id; the one before it ends."""
    with _lock:
        previous = _panels.get(panel.id)
        _panels[panel.id] = panel
    if previous is not None and previous is not panel:
        previous._end("it was replaced by a newer run of its cell")


def remove(panel: Panel) -> None:
    """Forget ``panel`` if it is still the one of its id."""
    with _lock:
        if _panels.get(panel.id) is panel:
            del _panels[panel.id]


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
