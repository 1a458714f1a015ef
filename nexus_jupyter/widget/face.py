"""How notebooks show panels, by the widget, which is imported when the first panel is shown; and whose configuration holds for them."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..panel import keeping, policy
from ..panel import panel as panels
from ..sandbox import limits
from . import configuration
from .visitors import serves_visitors

if TYPE_CHECKING:
    from ..panel.panel import Panel


def give() -> bool:
    """Have panels shown so from now on; whether they had no face before."""
    if panels.face is not None:
        return False
    panels.face = _show
    panels.file_face = _write
    policy.configured = configuration.read
    keeping.serves_visitors = serves_visitors
    limits.configured = configuration.read_limits
    return True


def _show(shown: Panel) -> tuple[dict[str, Any], dict[str, Any]]:
    from .mimebundle import mimebundle

    return mimebundle(shown)


def _write(shown: Panel, file: str | PathLike[str]) -> Path:
    from ..export import write_html

    return write_html(shown, file)
