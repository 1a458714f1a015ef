"""All live panels of this process, by identity: one panel an id and a cell, the newest wins."""

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
    """Make ``panel`` the one of its id and of its cell; those before it end."""
    with _lock:
        # its cell may have made one of another id: the document was edited
        previous = [p for p in _panels.values() if p.id == panel.id or (panel.cell and p.cell == panel.cell)]
        for replaced in previous:
            del _panels[replaced.id]
        _panels[panel.id] = panel
    for replaced in previous:
        replaced._end("it was replaced by a newer run of its cell")


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
