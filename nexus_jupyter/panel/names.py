"""Names that a panel knows, and the nearest to one that it does not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ..errors import ArgumentError
from ..nxml.program import Program, ToolDeclaration


def check_tool(program: Program, name: str) -> ToolDeclaration:
    """The tool called ``name``.  Raises ArgumentError with the nearest names."""
    tool = program.tool(name)
    if tool is None:
        raise ArgumentError(f"the panel has no tool {name!r}.", hint=nearest(name, (t.name for t in program.tools)))
    return tool


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest of ``known``, or all of them when few."""
    names = list(known)
    close = difflib.get_close_matches(str(name), names, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"It has: {', '.join(names)}." if names else "It has none."
