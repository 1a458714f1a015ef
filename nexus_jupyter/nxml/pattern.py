"""Whether a text matches a ``pattern``: JavaScript's regular expressions, in time in proportion to both.

All ways are followed at once, character by character, so that no pattern tries many ways one after the other. What
needs more (references back, looking ahead or behind, properties other than general categories) is not told here;
the guest, which has the engine's own regular expressions, tells it when the panel is made.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

LEAST_STEPS = 2_000
STEPS_PER_CHARACTER = 8
MOST_STEPS = 50_000
_DEPTH = 50

_LAST = 0x10FFFF
_DIGITS = ((48, 57),)
_WORDS = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACES = ((9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F))
_CLASSES = {"d": _DIGITS, "w": _WORDS, "s": (*_SPACES, (0x3000, 0x3000), (0xFEFF, 0xFEFF))}
_CONTROLS = {"n": 10, "r": 13, "t": 9, "f": 12, "v": 11}
_LINE_ENDS = ((10, 10), (13, 13), (0x2028, 0x2029))
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")

_OFTEN = re.compile(r"(?:([*+?])|\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\})\??")
_CODE = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}")
_PROPERTY = re.compile(r"([pP])\{(L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?)\}")
_NAME = re.compile(r"\?<([A-Za-z_$][A-Za-z0-9_$]{0,63})>")


class _Untold(Exception):
    """The pattern is none, or holds what is not looked into here, or takes too many steps."""


@dataclass(frozen=True, slots=True)
class _Class:
    """A set of characters: ranges of code points and general categories (with whether they are meant, or all others)."""

    ranges: tuple[tuple[int, int], ...]
    categories: tuple[tuple[str, bool], ...] = ()
    negated: bool = False

    def holds(self, char: str) -> bool:
        code = ord(char)
        found = any(first <= code <= last for first, last in self.ranges)
        if not found and self.categories:
            category = unicodedata.category(char)
            if category == "Cn":
                raise _Untold  # the engine may know it
            found = any(category.startswith(name) is meant for name, meant in self.categories)
        return found is not self.negated


@dataclass(frozen=True, slots=True)
class _Place:
    """A place between characters: ``^``, ``$``, ``\\b`` and ``\\B``."""

    kind: Literal["^", "$", "b", "B"]

    def holds(self, text: str, at: int) -> bool:
        if self.kind in "^$":
            return at == (0 if self.kind == "^" else len(text))
        before, after = (0 <= n < len(text) and text[n].isascii() and (text[n].isalnum() or text[n] == "_") for n in (at - 1, at))
        return (before is not after) is (self.kind == "b")


@dataclass(frozen=True, slots=True)
class _Ways:
    """Goes on at all of these instructions, counted from this one."""

    offsets: tuple[int, ...]


_Code = list[_Class | _Place | _Ways]


def matches(pattern: str, text: str) -> bool | None:
    """Whether all of ``text`` matches ``pattern`` (flag ``u``, as in HTML); None when that cannot be told here."""
    most = min(LEAST_STEPS + STEPS_PER_CHARACTER * (len(pattern) + len(text)), MOST_STEPS)
    try:
        return _run(_Reader(pattern, most).all(), text, most)
    except _Untold:
        return None


def _run(code: _Code, text: str, steps: int) -> bool:
    current, at = {0}, 0
    while True:
        reached: set[int] = set()
        todo = sorted(current)
        while todo:
            place = todo.pop()
            if place in reached:
                continue
            reached.add(place)
            steps -= 1
            one = code[place] if place < len(code) else None
            if isinstance(one, _Ways):
                todo += [place + offset for offset in one.offsets]
            elif isinstance(one, _Place) and one.holds(text, at):
                todo.append(place + 1)
            elif isinstance(one, _Class):
                steps -= len(one.ranges) // 4
        if steps < 0:
            raise _Untold
        if at == len(text):
            return len(code) in reached
        current = {n + 1 for n in reached if n < len(code) and isinstance(one := code[n], _Class) and one.holds(text[at])}
        if not current:
            return False
        at += 1


class _Reader:
    """Reads a pattern into instructions."""

    def __init__(self, pattern: str, most: int) -> None:
        self._pattern = pattern
        self._left = most
        self._at = 0
        self._depth = 0
        self._names: set[str] = set()

    def all(self) -> _Code:
        code = self._either()
        if self._at < len(self._pattern):
            raise _Untold  # a parenthesis too many
        return code

    def _either(self) -> _Code:
        branches = [self._sequence()]
        while self._next("|"):
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        left = sum(map(len, branches)) + 2 * len(branches) - 2
        self._afford(left)
        code: _Code = []
        for branch in branches[:-1]:
            left -= len(branch) + 2
            code += [_Ways((1, len(branch) + 2)), *branch, _Ways((left + 1,))]
        return code + branches[-1]

    def _sequence(self) -> _Code:
        code: _Code = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            part = self._part()
            often = _OFTEN.match(self._pattern, self._at)
            if often is not None:
                if len(part) == 1 and isinstance(part[0], _Place) and self._pattern[self._at - 1] != ")":
                    raise _Untold  # nothing to repeat
                self._at = often.end()
                part = self._repeated(part, often)
            self._afford(len(part))
            code += part
        return code

    def _repeated(self, part: _Code, often: re.Match[str]) -> _Code:
        least, most = 0, 1
        if often[1] is None:
            least = int(often[2])
            most = least if often[3] is None else int(often[4]) if often[4] is not None else -1
            if 0 <= most < least:
                raise _Untold
        elif often[1] != "?":
            least, most = int(often[1] == "+"), -1
        if most < 0:
            self._afford(len(part) * (least + 1) + 2)
            return [*part * least, _Ways((1, len(part) + 2)), *part, _Ways((-len(part) - 1,))]
        self._afford((len(part) + 1) * most)
        code = part * least
        for left in range(most - least, 0, -1):
            code += [_Ways((1, (len(part) + 1) * left)), *part]
        return code

    def _part(self) -> _Code:
        char = self._pattern[self._at]
        self._at += 1
        if char == "(":
            return self._group()
        if char == "[":
            return [self._set()]
        if char == "^" or char == "$":
            return [_Place("^" if char == "^" else "$")]
        if char == ".":
            return [_Class(_LINE_ENDS, negated=True)]
        if char == "\\":
            if self._next("b"):
                return [_Place("b")]
            if self._next("B"):
                return [_Place("B")]
            return [self._escape()]
        if char in "*+?{}]":
            raise _Untold  # no pattern
        return [_Class(((ord(char), ord(char)),))]

    def _group(self) -> _Code:
        name = _NAME.match(self._pattern, self._at)
        if name is not None and name[1] not in self._names:
            self._names.add(name[1])
            self._at = name.end()
        elif self._next("?") and not self._next(":"):
            raise _Untold  # looks ahead or behind
        self._depth += 1
        if self._depth > _DEPTH:
            raise _Untold
        code = self._either()
        self._depth -= 1
        if not self._next(")"):
            raise _Untold
        return code

    def _set(self) -> _Class:
        negated = self._next("^")
        ranges: list[tuple[int, int]] = []
        categories: list[tuple[str, bool]] = []
        while not self._next("]"):
            first = self._member()
            if self._pattern.startswith("-", self._at) and not self._pattern.startswith("-]", self._at):
                self._at += 1
                begin, end = _only(first), _only(self._member())
                if begin > end:
                    raise _Untold
                ranges.append((begin, end))
            else:
                ranges += first.ranges
                categories += first.categories
        return _Class(tuple(ranges), tuple(categories), negated)

    def _member(self) -> _Class:
        if self._at >= len(self._pattern):
            raise _Untold
        char = self._pattern[self._at]
        self._at += 1
        if char != "\\":
            return _Class(((ord(char), ord(char)),))
        if self._next("b"):
            return _Class(((8, 8),))
        if self._next("-"):
            return _Class(((45, 45),))
        return self._escape()

    def _escape(self) -> _Class:
        """What stands after a backslash, as a set that is not negated."""
        if (found := _CODE.match(self._pattern, self._at)) is not None:
            self._at = found.end()
            code = int(found[1] or found[2] or found[3], 16)
            if code > _LAST or 0xD800 <= code <= 0xDFFF:
                raise _Untold
            return _Class(((code, code),))
        if (found := _PROPERTY.match(self._pattern, self._at)) is not None:
            self._at = found.end()
            return _Class((), ((found[2], found[1] == "p"),))
        char = self._pattern[self._at : self._at + 1]
        self._at += 1
        if char.lower() in _CLASSES and char:
            ranges = _CLASSES[char.lower()]
            return _Class(ranges if char.islower() else _others(ranges))
        if char in _CONTROLS or char in _SYNTAX:
            code = _CONTROLS.get(char) or ord(char)
            return _Class(((code, code),))
        raise _Untold

    def _next(self, char: str) -> bool:
        """Whether ``char`` is next; then it is passed."""
        found = self._pattern.startswith(char, self._at)
        self._at += found
        return found

    def _afford(self, instructions: int) -> None:
        self._left -= instructions
        if self._left < 0:
            raise _Untold


def _only(one: _Class) -> int:
    """The one character of a set, as the end of a range."""
    if one.categories or len(one.ranges) != 1 or one.ranges[0][0] != one.ranges[0][1]:
        raise _Untold
    return one.ranges[0][0]


def _others(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """All code points outside of ``ranges``, which are in order."""
    starts = (0, *(last + 1 for _, last in ranges))
    ends = (*(first - 1 for first, _ in ranges), _LAST)
    return tuple((first, last) for first, last in zip(starts, ends, strict=True) if first <= last)
