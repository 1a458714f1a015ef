"""The ``style`` attribute: CSS declarations from a fixed list of properties, with harmless values."""

from __future__ import annotations

import re
from collections.abc import Collection

# No backslash (escapes hide names), no colon or at-sign (addresses, at-rules), no braces or angle brackets.
_VALUE = re.compile(r"[\w\s.,%#()+\-*/\"'!]{1,200}", re.ASCII)
_FUNCTION = re.compile(r"([\w-]+)\(", re.ASCII)
_FUNCTIONS = frozenset(("calc", "min", "max", "clamp", "rgb", "rgba", "hsl", "hsla", "oklch", "var"))


def read_style(text: str, allowed: Collection[str]) -> tuple[str, list[str]]:
    """The safe declarations of ``text`` as canonical CSS, and for each of the others why it was dropped."""
    kept: list[str] = []
    dropped: list[str] = []
    for piece in text.split(";"):
        name, colon, value = piece.partition(":")
        name, value = name.strip().lower(), value.strip()
        if not name and not colon:
            continue
        if not colon:
            dropped.append(f"{name[:40]!r} is no declaration; write name: value")
        elif name not in allowed:
            dropped.append(f"the property {name[:40]!r} is not among the safe ones")
        elif not _VALUE.fullmatch(value) or any(f.lower() not in _FUNCTIONS for f in _FUNCTION.findall(value)):
            dropped.append(f"the value of {name!r} is not allowed")
        else:
            kept.append(f"{name}: {value}")
    return "; ".join(kept), dropped
