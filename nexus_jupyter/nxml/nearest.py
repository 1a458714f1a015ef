"""The nearest known name, for messages such as *did you mean …?*, and safe quoting of names in them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice

_LONGEST = 64
CONSIDERED = 500
# Names that a message lists at most.
_LISTED = 8
# How much two names must have in common, 0 to 1: for names of one list, and for one among all names there are.
LIKE = 0.6
VERY_LIKE = 0.8


def nearest(name: str, known: Iterable[str], *, likeness: float = LIKE) -> str:
    """The one of ``known`` most like ``name``; "" when none is near (``likeness``: 0 to 1).

    Case counts less than letters: ``button`` is near ``Button``.  Long names and long lists are cut,
    so that a hostile document cannot make the search expensive.
    """
    if not name or len(name) > _LONGEST:
        return ""
    folded: dict[str, str] = {}
    for candidate in islice(known, CONSIDERED):
        if len(candidate) <= _LONGEST:
            folded.setdefault(candidate.casefold(), candidate)
    found = get_close_matches(name.casefold(), folded, n=1, cutoff=likeness)
    return folded[found[0]] if found else ""


@lru_cache(maxsize=1_024)
def like(name: str, wanted: str) -> bool:
    """Whether ``name`` is ``wanted`` misspelt, and not itself."""
    return name != wanted and bool(nearest(name, (wanted,)))


def listed(names: Iterable[str], count: int) -> str:
    """The first of ``count`` names with commas, for a message of bounded length: ``a, b and 12 more``."""
    first = [short(name) for name in islice(names, _LISTED)]
    more = count - len(first)
    return ", ".join(first) + (f" and {more} more" if more > 0 else "")


def short(text: str, width: int = 60) -> str:
    """``text`` cut to ``width`` characters for use in a message."""
    return text if len(text) <= width else text[: width - 1] + "\N{HORIZONTAL ELLIPSIS}"
