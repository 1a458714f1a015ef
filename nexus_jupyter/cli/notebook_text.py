"""The text of a notebook's file, of which single cells can be replaced and everything else stays as it is."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^ \t\r\n,\]}]+")
# What one character of a string's value is written as.
_CHARACTER = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)
_STRINGS = json.JSONDecoder(strict=False)
_ESCAPED = re.compile(r"\\u(?!00[0-7])")


@dataclass(frozen=True)
class Piece:
    """A string of the file: its value, and where it stands between its quotes."""

    value: str
    start: int
    end: int


@dataclass(frozen=True)
class CellText:
    """The ``source`` of a cell: one string, or a list of them; ``[start, end)`` is all of it in ``file``."""

    file: str
    start: int
    end: int
    pieces: tuple[Piece, ...]
    _places: dict[int, list[int]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def text(self) -> str:
        """The source as the notebook shows it."""
        return "".join(piece.value for piece in self.pieces)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each piece starts in the text."""
        starts, at = [], 0
        for piece in self.pieces:
            starts.append(at)
            at += len(piece.value)
        return starts

    def in_file(self, start: int, end: int) -> tuple[int, int]:
        """Where ``text[start:end)`` stands in the file; an empty range stands before its character."""
        first = self._offset(start)
        return first, first if start == end else self._offset(end - 1, after=True)

    def _offset(self, at: int, *, after: bool = False) -> int:
        """The offset in the file of the character at ``at``, or of what follows it."""
        number = bisect_right(self._starts, at) - 1
        return self._offsets(number)[at - self._starts[number] + after]

    def _offsets(self, number: int) -> list[int]:
        """Where each character of a piece stands in the file, and where the piece ends."""
        if number not in self._places:
            piece = self.pieces[number]
            self._places[number] = [m.start() for m in _CHARACTER.finditer(self.file, piece.start, piece.end)] + [piece.end]
        return self._places[number]

    def written(self, text: str) -> str:
        """``text`` written the way this source is: as a string or a list of lines, with the same white space around them."""
        raw = self.file[self.start : self.end]
        ascii_only = raw.isascii() and _ESCAPED.search(raw) is not None
        if not raw.startswith("["):
            return json.dumps(text, ensure_ascii=ascii_only)
        lines = [json.dumps(line, ensure_ascii=ascii_only) for line in text.splitlines(keepends=True)]
        first, last = self.pieces[0], self.pieces[-1]
        before, after = raw[1 : first.start - 1 - self.start], raw[last.end + 1 - self.start : -1]
        between = f",{before}" if before else ", "
        if len(self.pieces) > 1:
            between = self.file[first.end + 1 : self.pieces[1].start - 1]
        return f"[{before}{between.join(lines)}{after}]"


def cell_texts(file: str) -> tuple[CellText | None, ...]:
    """The sources of the cells of a notebook of format 4, in order; None for a cell without one.

    ``file`` must be JSON that was found to be a valid notebook.
    """
    return _Scanner(file).cells()


_OPENING = {"]": "[", "}": "{"}


class _Scanner:
    """Goes through JSON that is known to be valid, without recursion, and looks at ``cells[*].source`` only."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._at = 0

    def cells(self) -> tuple[CellText | None, ...]:
        out: list[CellText | None] = []
        for key in self._keys():
            if key == "cells":
                out = [self._cell() for _ in self._items("]")]  # of two equal keys the last counts
            else:
                self._skip()
        return tuple(out)

    def _cell(self) -> CellText | None:
        found: CellText | None = None
        for key in self._keys():
            if key == "source":
                found = self._source()
            else:
                self._skip()
        return found

    def _keys(self) -> Iterator[str]:
        """The keys of the object at this place; after each, its value must be taken."""
        for _ in self._items("}"):
            key = self._string().value
            self._next(":")
            yield key

    def _items(self, closing: Literal["]", "}"]) -> Iterator[None]:
        """Stops before each item of the array or object at this place; a value of another kind is left behind."""
        self._space()
        if not self._file.startswith(_OPENING[closing], self._at):
            self._skip()
            return
        self._at += 1
        self._space()
        while not self._file.startswith(closing, self._at):
            yield
            self._space()
            if self._file.startswith(",", self._at):
                self._next(",")
        self._at += 1

    def _space(self) -> None:
        match = _SPACE.match(self._file, self._at)
        assert match is not None  # it matches nothing, too
        self._at = match.end()

    def _next(self, mark: str) -> None:
        self._space()
        self._at += len(mark)
        self._space()

    def _string(self) -> Piece:
        start = self._at + 1
        value, self._at = _STRINGS.raw_decode(self._file, self._at)
        return Piece(value, start, self._at - 1)

    def _source(self) -> CellText:
        start = self._at
        pieces: list[Piece] = []
        if self._file.startswith('"', start):
            pieces.append(self._string())
        else:
            for _ in self._items("]"):
                if not self._file.startswith('"', self._at):
                    self._skip()
                else:
                    pieces.append(self._string())
        return CellText(self._file, start, self._at, tuple(pieces))

    def _skip(self) -> None:
        """Goes past the value at this place."""
        depth = 0
        while True:
            self._space()
            char = self._file[self._at]
            if char == '"':
                self._string()
            elif char in "[{":
                depth += 1
                self._at += 1
            elif char in "]}":
                depth -= 1
                self._at += 1
            elif char in ",:":
                self._at += 1
            else:
                match = _SCALAR.match(self._file, self._at)
                assert match is not None  # a number, or true, false, null
                self._at = match.end()
            if not depth:
                return
