"""Where a cursor stands in a piece of JavaScript that is being written: lexemes only, no syntax.

A program that is being written is broken at the cursor, where a parser knows least; what stands to the left of it
says which names belong here.  Every lexeme is looked at a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .javascript import Lexeme, lexemes
from .values import identifier_problem

INDEX = "[]"

_DECLARE = frozenset(("const", "let", "var"))
_MOST_PARAMETERS = 64
_OPENING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class CodeAt:
    """The name at the end of a piece of code.

    ``word`` is what is written of it, from ``start`` on.  ``receiver``: what stands before its dot, the names from the
    root on, with ``[]`` for an index; () for a name of its own, None when that cannot be told.  ``key``: the names
    that lead to the call whose object argument the word may be a key of (``("$tools", "add")``; () for the outermost
    braces of the code), None elsewhere; ``keys`` are those that are there.  ``locals`` are the variables declared
    around it, inner ones first.
    """

    word: str
    start: int
    receiver: tuple[str, ...] | None
    key: tuple[str, ...] | None
    keys: tuple[str, ...]
    locals: tuple[str, ...]


@dataclass(slots=True)
class _Bracket:
    """An open bracket: ``index`` of its lexeme, the names declared in it, and what its words may turn out to be."""

    index: int
    char: str
    names: list[str] = field(default_factory=list)
    arrows: list[str] = field(default_factory=list)  # parameters of arrow functions without braces
    words: list[str] = field(default_factory=list)  # what would be parameters if an arrow followed
    keys: list[str] = field(default_factory=list)
    declaring: bool = False  # after const, let, var
    pattern: bool = False  # whether its words are declared

    def declares(self, before: str) -> bool:
        """Whether a name behind the lexeme ``before`` is one that is made up."""
        return (before == "," and self.declaring) or (self.pattern and before in ("(", "[", "{", ",", ":", "..."))


def code_at(source: str, start: int, end: int, *, references: bool) -> CodeAt | None:
    """The name at ``end`` in the code ``[start, end)``; None in strings, comments, numbers and where a name is made up."""
    found = [x for x in _all(source, start, end, references) if x.kind != "comment" or x.end == end]
    if found and found[-1].end == end and _closed_to_names(source, found[-1]):
        return None
    reader = _Reader(source, found)
    reader.read()
    at = len(found) - 1
    word, begin = "", end
    if found and found[-1].kind == "word" and found[-1].end == end:
        word, begin = source[found[-1].start : end], found[-1].start
        at -= 1
    before = reader.text(at)
    inner = reader.open[-1]
    if before in _DECLARE or before in ("function", "class") or inner.declares(before):
        return None
    receiver: tuple[str, ...] | None = ()
    if before in (".", "?."):
        receiver = reader.chain(at - 1)
    key = reader.callee(inner.index) if before in ("{", ",") and inner.char == "{" else None
    if word and inner.keys and inner.keys[-1] == word:
        inner.keys.pop()
    return CodeAt(word, begin, receiver, key, tuple(inner.keys), reader.visible())


def _closed_to_names(source: str, last: Lexeme) -> bool:
    if last.kind == "template":
        return not source.endswith("${", last.start, last.end)
    return last.kind in ("broken", "comment", "string", "number", "regex")


def _all(source: str, start: int, end: int, references: bool) -> Iterator[Lexeme]:
    """All lexemes, also those behind a brace that closes nothing."""
    at = start
    while at >= 0:
        begin, at = at, -1
        for lexeme in lexemes(source, begin, end, references=references):
            if lexeme.kind == "end":
                at = lexeme.end
            yield lexeme


class _Reader:
    """Goes through the lexemes once: which brackets are open at the end, which match, which names are declared."""

    def __init__(self, source: str, found: list[Lexeme]) -> None:
        self._source = source
        self._found = found
        self.open = [_Bracket(-1, "")]
        self._match: dict[int, int] = {}
        self._closed: _Bracket | None = None  # the parentheses that the last lexeme closed
        self._pending: list[str] = []  # parameters of an arrow that was just seen

    def text(self, at: int) -> str:
        """The text of a lexeme; "" before the first."""
        return self._source[self._found[at].start : self._found[at].end] if at >= 0 else ""

    def visible(self) -> tuple[str, ...]:
        """The names declared around the end, inner ones first."""
        names = (n for b in reversed(self.open) for n in (*reversed(b.arrows), *reversed(b.names)))
        return tuple(dict.fromkeys(n for n in (*self._pending, *names) if not identifier_problem(n)))

    def chain(self, at: int) -> tuple[str, ...] | None:
        """The names that lead to lexeme ``at``, or None when more than names and indexes does."""
        out: list[str] = []
        while at >= 0:
            if self.text(at) == "]":
                at = self._match.get(at, 0) - 1
                out.append(INDEX)
                continue
            if self._found[at].kind != "word":
                return None
            out.append(self.text(at))
            if self.text(at - 1) not in (".", "?."):
                return tuple(reversed(out))
            at -= 2
        return None

    def callee(self, brace: int) -> tuple[str, ...] | None:
        """What is called with the object that the bracket ``brace`` opens; () when it opens the code."""
        if brace == 0:
            return ()
        if brace > 0 and self.text(brace - 1) == "(" and brace > 1:
            return self.chain(brace - 2)
        return None

    def read(self) -> None:
        """Go through all of them."""
        source = self._source
        for index, lexeme in enumerate(self._found):
            text = source[lexeme.start : lexeme.end]
            if lexeme.kind == "template":
                if text.startswith("}"):
                    self._close(index, "`")
                if text.endswith("${"):
                    self.open.append(_Bracket(index, "`"))
                self._closed = None
            elif lexeme.kind == "word":
                self._word(index, text)
            elif text in _OPENING:
                self._opening(index, text)
            elif text in (")", "]", "}"):
                self._close(index, {")": "(", "]": "[", "}": "{"}[text])
            else:
                self._mark(index, text)

    def _word(self, index: int, text: str) -> None:
        before = self.text(index - 1)
        inner = self._flush()
        if before in (".", "?."):
            return
        if text in _DECLARE:
            inner.declaring = True
        elif before in _DECLARE or before == "function" or inner.declares(before):
            inner.names.append(text)
        if before in ("(", ",", "...", "{", "[", ":") and len(inner.words) < _MOST_PARAMETERS:
            inner.words.append(text)
        if inner.char == "{" and before in ("{", ","):
            inner.keys.append(text)

    def _opening(self, index: int, text: str) -> None:
        before, inner = self.text(index - 1), self.open[-1]
        bracket = _Bracket(index, text)
        if text == "(":
            bracket.pattern = before in ("function", "catch") or self.text(index - 2) == "function"
        elif before in _DECLARE or inner.declares(before):
            bracket.pattern = True
        if text == "{":
            bracket.names += self._pending
            if self._closed is not None:
                bracket.names += self._closed.names
            self._pending = []
        self._flush()
        self.open.append(bracket)

    def _close(self, index: int, char: str) -> None:
        self._flush()
        if char in "{`":
            while self.open[-1].char in ("(", "["):
                self.open.pop()
        if self.open[-1].char != char:
            return
        closed = self.open.pop()
        self._match[index] = closed.index
        inner = self.open[-1]
        if char == "(":
            self._closed = closed
            return
        inner.words += closed.words[: _MOST_PARAMETERS - len(inner.words)]
        if closed.pattern:
            inner.names += closed.names

    def _mark(self, index: int, text: str) -> None:
        closed = self._closed
        if text == ">" and self._pending:
            return
        inner = self._flush()
        if text == "=" and index + 1 < len(self._found) and self.text(index + 1) == ">":
            self._pending = closed.words if closed is not None else [self.text(index - 1)]
        elif text in (",", ";"):
            inner.arrows = []
            inner.declaring = inner.declaring and text == ","
        elif text == ":" and inner.pattern and inner.names:
            inner.names.pop()  # a key of a pattern: what follows is declared

    def _flush(self) -> _Bracket:
        """The innermost bracket, with the parameters of an arrow function that has no braces."""
        inner = self.open[-1]
        inner.arrows += self._pending
        self._closed, self._pending = None, []
        return inner
