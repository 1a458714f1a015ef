"""Imports what the first cell needs: at the start of a kernel of ours, in another one while it has nothing to do.

Step by step on the kernel's own thread, not on another: when two threads import modules of one package in different
orders, Python breaks the tie by giving one of them a module that is only half there, and a person's first
``from nexus_jupyter import Panel`` fails.  A cell that comes meanwhile waits for one step at most.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from .. import _importing

logger = logging.getLogger(__name__)

# In the order in which they need each other, so that no step takes long.
MODULES = (
    "pydantic",
    "ipywidgets",
    "anywidget",
    "nexus_jupyter.catalog",
    "nexus_jupyter.nxml",
    "nexus_jupyter.sandbox",
    "nexus_jupyter.panel",
    "nexus_jupyter.widget.cell",
    "nexus_jupyter.widget.mimebundle",
    "nexus_jupyter.nog",
    "nexus_jupyter.widget.bridge_requests",
)
# Seconds between two steps, in which messages are answered.
REST = 0.03


def load() -> None:
    """Import all of it now, unless it is there.  Whatever may be the first to need our modules, on any thread, calls this before."""
    global _loaded
    if _loaded:
        return
    with _importing:
        for name in MODULES:
            import_module(name)
        _loaded = True


_loaded = False


class Warming:
    """The steps, one each time that ``loop`` (a tornado ``IOLoop``) has rested; ends by itself, or with ``stop``."""

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._steps = self._work()
        self._next: Any = loop.call_later(REST, self._step)

    def stop(self) -> None:
        """No further step."""
        if self._next is not None:
            self._loop.remove_timeout(self._next)
            self._next = None

    def _step(self) -> None:
        self._next = None
        try:
            next(self._steps)
        except StopIteration:
            return
        except Exception:
            # the first cell tells it
            logger.debug("warming failed", exc_info=True)
            return
        self._next = self._loop.call_later(REST, self._step)

    def _work(self) -> Iterator[None]:
        for name in MODULES:
            with _importing:
                import_module(name)
            yield
        load()
        from ..catalog import catalog
        from ..sandbox import warm

        catalog()
        warm()
