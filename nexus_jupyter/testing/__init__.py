"""A kit for tests of panels: what a person does and sees, without a browser.

``render`` makes a panel of a document with the real runtime and sandbox; clicks and typing reach it as a page's do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .answers import Answer
    from .found import Found
    from .problems import NotOnScreen, Refused, UnseenErrors
    from .rendered import Rendered, render
    from .screen import ScreenError, Toast

_HOMES = {
    "Answer": ".answers",
    "Found": ".found",
    "NotOnScreen": ".problems",
    "Refused": ".problems",
    "Rendered": ".rendered",
    "ScreenError": ".screen",
    "Toast": ".screen",
    "UnseenErrors": ".problems",
    "render": ".rendered",
}

__all__ = ["Answer", "Found", "NotOnScreen", "Refused", "Rendered", "ScreenError", "Toast", "UnseenErrors", "render"]


def __getattr__(name: str) -> Any:
    # pytest imports this package with the plugin, in every project that has it installed
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
