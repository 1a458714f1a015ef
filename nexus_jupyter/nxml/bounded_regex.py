"""How long matching a regular expression may take: of those that try few ways."""

from __future__ import annotations

import re
from typing import NamedTuple

from .bounded_sizes import SEARCH, Poly, Unbounded, constant

MOST_ATOMS = 200

# A class, an escape or a character, and how often it may come; parentheses that only hold together.
_ATOM = re.compile(
    r"(?P<set>\[\^?(?:\\.|[^\]\\])*\]|\\[dDwWsSnrtfv]|\\[pP]\{\w+(?:=\w+)?\}|\\[^0-9A-Za-z]|[^\\^$.*+?()\[\]{}|]|\.)(?P<often>(?:[*+?]|\{\d+(?:,\d*)?\})\??)?"
    r"|\((?:\?:)?|\)(?![*+?{])"
)
# An escape that stands for more than is looked into.
_UNKNOWN = re.compile(r"\\[0-9A-Za-z]")
_MEMBER = re.compile(r"(\\.|[^\\])(?:-(\\.|[^\\]))?", re.DOTALL)
_OTHER = 128  # stands for all characters that are no ASCII
_ALL = frozenset(range(_OTHER + 1))
_DIGITS = frozenset(range(48, 58))
_WORDS = _DIGITS | frozenset(map(ord, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"))
_SPACES = frozenset((*map(ord, " \t\n\r\f\v"), _OTHER))
_ESCAPES = {"d": _DIGITS, "D": _ALL - _DIGITS, "w": _WORDS, "W": _ALL - _WORDS, "s": _SPACES, "S": (_ALL - _SPACES) | {_OTHER}}
_KNOWN = "dDwWsSnrtfv"
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}


class _Atom(NamedTuple):
    characters: frozenset[int]
    repeated: bool
    optional: bool


def matching(pattern: str, size: Poly, flags: str = "") -> Poly:
    """What finding a match in a text of a size takes.

    A repeated part has as many ways to end as it has characters, unless what follows cannot be one of them.
    Raises Unbounded for anything but plain sequences.
    """
    if not set(flags) <= set("iu"):
        raise Unbounded("flags of regular expressions other than i and u are not looked into")
    anchored = pattern.startswith("^")
    end = len(pattern) - (pattern.endswith("$") and not pattern.endswith("\\$"))
    atoms: list[_Atom] = []
    at = int(anchored)
    while at < end:
        match = _ATOM.match(pattern, at, end)
        if match is None or len(atoms) > MOST_ATOMS:
            raise Unbounded("this regular expression may try too many ways")
        at = match.end()
        if match["set"]:
            often = match["often"] or ""
            least = often[:1] in ("*", "?") or often.startswith(("{0,", "{0}"))
            atoms.append(_Atom(_characters(match["set"], "i" in flags), bool(often), least))
    ways = sum(_ambiguous(atoms, n) for n in range(len(atoms))) + (not anchored)
    steps = size + constant(2 * len(atoms) + 2)
    for _ in range(ways):
        steps = steps * (size + constant(1))
    # the later one begins, the less is left
    return steps.times(SEARCH / 2 if ways else SEARCH)


def _ambiguous(atoms: list[_Atom], number: int) -> bool:
    """Whether a repeated part may end at several places and go on."""
    if not atoms[number].repeated:
        return False
    for after in atoms[number + 1 :]:
        if after.characters & atoms[number].characters:
            return True
        if not after.optional:
            return False
    return False


def _characters(text: str, any_case: bool) -> frozenset[int]:
    if text == "." or any(found[1] not in _KNOWN for found in _UNKNOWN.findall(text.replace("\\\\", "//"))):
        return _ALL
    found: frozenset[int]
    if text[0] == "[":
        found = frozenset().union(*(_range(a, b) for a, b in _MEMBER.findall(text[1 + (text[1] == "^") : -1])))
    else:
        found = _range(text, "")
    if any_case:
        found |= frozenset(ord(case) for c in found if c < _OTHER for case in chr(c).swapcase()) | {_OTHER}
    return (_ALL - found) | {_OTHER} if text[:2] == "[^" else found


def _range(first: str, last: str) -> frozenset[int]:
    if first[0] == "\\" and first[1:] in _ESCAPES:
        # a class is no end of a range
        return _ESCAPES[first[1:]] | (_range(last, "") | {45} if last else frozenset())
    begin, end = _code(first), _code(last or first)
    return frozenset(range(begin, end + 1))


def _code(text: str) -> int:
    letter = _CONTROLS.get(text[1:], text[1:]) if text[0] == "\\" else text
    return min(ord(letter), _OTHER)
