"""Interactive panels for Jupyter.

``%load_ext nexus_jupyter`` gives the cell magic ``%%nxml``; ``Panel`` and ``load`` do the same from
Python.  Importing this package loads no server, no AI and no WebAssembly; names are resolved when
they are first used.
"""

from __future__ import annotations

import sys
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .ai import AIContextBuilder, AIPatchGenerator
    from .errors import (
        ArgumentError,
        CancelledError,
        CapabilityError,
        DocumentError,
        EngineError,
        HandlerError,
        LimitError,
        NexusError,
        OptionError,
        PanelClosedError,
        StaleError,
        StateError,
    )
    from .nog import NOGEntity, NOGGraph, NOGPatch, NOGRelationship, NOGSerializer
    from .nog.kernel import graph
    from .panel import Panel, expose, load, panels, replay, unexpose
    from .sandbox import InstancePool, SandboxExecutor

__version__ = "0.1.0"

_HOMES = {
    "AIContextBuilder": ".ai",
    "AIPatchGenerator": ".ai",
    "ArgumentError": ".errors",
    "CancelledError": ".errors",
    "CapabilityError": ".errors",
    "DocumentError": ".errors",
    "EngineError": ".errors",
    "HandlerError": ".errors",
    "InstancePool": ".sandbox",
    "LimitError": ".errors",
    "NOGEntity": ".nog",
    "NOGGraph": ".nog",
    "NOGPatch": ".nog",
    "NOGRelationship": ".nog",
    "NOGSerializer": ".nog",
    "NexusError": ".errors",
    "OptionError": ".errors",
    "Panel": ".panel",
    "PanelClosedError": ".errors",
    "SandboxExecutor": ".sandbox",
    "StaleError": ".errors",
    "StateError": ".errors",
    "expose": ".panel",
    "graph": ".nog.kernel",
    "load": ".panel",
    "panels": ".panel",
    "replay": ".panel",
    "unexpose": ".panel",
}

__all__ = [
    "AIContextBuilder",
    "AIPatchGenerator",
    "ArgumentError",
    "CancelledError",
    "CapabilityError",
    "DocumentError",
    "EngineError",
    "HandlerError",
    "InstancePool",
    "LimitError",
    "NOGEntity",
    "NOGGraph",
    "NOGPatch",
    "NOGRelationship",
    "NOGSerializer",
    "NexusError",
    "OptionError",
    "Panel",
    "PanelClosedError",
    "SandboxExecutor",
    "StaleError",
    "StateError",
    "__version__",
    "expose",
    "graph",
    "load",
    "panels",
    "replay",
    "unexpose",
]


# Held while something of ours is imported for the first time: two threads that import modules of one package in different
# orders would get modules that are only half there, because Python breaks such ties rather than wait for ever.
_importing = RLock()


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _importing:
        value = getattr(import_module(home, __name__), name)
        if home == ".panel":
            _give_panels_a_face()
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


def _give_panels_a_face() -> None:
    from .widget import face

    if face.give() and "ipykernel" in sys.modules:
        from .widget import graph_comm

        graph_comm.register()


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Called by Jupyter Server, which the extension is enabled in by installing it."""
    from .server.app import NexusExtension

    return [{"module": "nexus_jupyter.server.app", "app": NexusExtension}]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by ``%load_ext nexus_jupyter``."""
    from .widget.magic import register

    register(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Called by ``%unload_ext nexus_jupyter``: ends all panels."""
    from .widget.magic import unregister

    unregister(shell)
