"""The nearest known name, for messages such as *did you mean …?*, and safe quoting of names in them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

_LONGEST = 64
_MOST = 500


def nearest(name: str, known: Iterable[str]) -> str:
    """The one of ``known`` most like ``name``; "" when none is near.

    Case counts less than letters: ``button`` is near ``Button``.  Long names and long lists are cut,
    so that a hostile document cannot make the search expensive.
    """
    if not name or len(name) > _LONGEST:
        return ""
    folded: dict[str, str] = {}
    for candidate in islice(known, _MOST):
        if len(candidate) <= _LONGEST:
            folded.setdefault(candidate.casefold(), candidate)
    found = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def short(text: str, width: int = 60) -> str:
    """``text`` cut to ``width`` characters for use in a message."""
    return text if len(text) <= width else text[: width - 1] + "\N{HORIZONTAL ELLIPSIS}"
