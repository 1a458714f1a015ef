"""What stands between tags in canonical form: words, texts that keep their lines, and code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .format_tags import WIDTH
from .handlers import unescaped
from .lexer import TextToken, Token
from .references import decode
from .segments import Slot
from .whitespace import SPACE, lines_in_templates, trimmed, without_indent

_SPACES = re.compile(r"[ \t\r\n\f]+")
_NUMERIC = re.compile(r"&#(?:[0-9]{1,8}|[xX][0-9A-Fa-f]{1,8});")
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
_STEP = "  "


class TooLong(Exception):
    """The text with its indents passes the limit of a document's length."""


class Room:
    """How many characters may still be written."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, amount: int) -> None:
        """Counts what was written; raises TooLong."""
        self.check(amount)
        self.left -= amount

    def check(self, amount: int) -> None:
        """Raises TooLong when so much cannot be written: asked before a long text is made."""
        if amount > self.left:
            raise TooLong


class Content(NamedTuple):
    """What stands in an element: ``short`` for one line with both tags, None if it has none; ``whole`` for lines of its own."""

    whole: str
    short: str | None = None

    def between(self, head: str, closing: str, indent: str) -> str:
        """The element; ``indent`` is what stands before it in its line."""
        short = self.short
        if short is not None and "\n" not in head and len(indent) + len(head) + len(short) + len(closing) <= WIDTH:
            return head + short + closing
        return head + self.whole + closing


def words(source: str, tokens: Iterable[Token]) -> list[str]:
    """Texts cut where white space stands between expressions, comments and CDATA sections; these stay whole."""
    out: list[str] = []
    word: list[str] = []
    for token in tokens:
        slots = _slots(source, token)
        if slots is None:
            word.append(source[token.start : token.end])
            continue
        at = token.start
        for slot in (*slots, None):
            first, *rest = _SPACES.split(source[at : token.end if slot is None else slot.start - 1])
            word.append(first)
            for each in rest:
                out.append("".join(word))
                word = [each]
            if slot is not None:
                at = slot.end + 1
                word.append(source[slot.start - 1 : at])
    out.append("".join(word))
    return [each for each in out if each]


def filled(units: Sequence[str], indent: str, column: int, room: Room) -> str:
    """Words in lines of at most ``WIDTH`` columns where they allow it; the first stands at ``column`` (from 0)."""
    out: list[str] = []
    for unit in units:
        first, _, _ = unit.partition("\n")
        if out and column + 1 + len(first) > WIDTH:
            room.take(len(indent))
            out.append(f"\n{indent}")
            column = len(indent)
        elif out:
            out.append(" ")
            column += 1
        out.append(unit)
        column = len(unit) - unit.rfind("\n") - 1 if "\n" in unit else column + len(unit)
    return "".join(out)


def inline(units: Sequence[str], indent: str, room: Room) -> Content:
    """Words as the content of an element that stands at ``indent``."""
    inner = indent + _STEP
    short = " ".join(units)
    whole = f"\n{inner}{filled(units, inner, len(inner), room)}\n{indent}"
    return Content(whole, None if "\n" in short else short)


def kept_lines(source: str, start: int, end: int, tokens: Sequence[Token], indent: str, room: Room) -> Content:
    """The text of a component that keeps its lines, re-indented as far as that changes nothing.

    Where other things stand in the text, or white space is written as references, ``source[start:end)`` stays as it is.
    """
    exact = Content(source[start:end])
    slots = _slots(source, tokens[0]) if len(tokens) == 1 else None
    if slots is None or _has_own_indent(exact.whole):
        return exact
    literals: list[str] = []
    expressions: list[str] = []
    at = start
    for slot in slots:
        literals.append(source[at : slot.start - 1])
        at = slot.end + 1
        expressions.append(source[slot.start - 1 : at])
    # A document that is formatted holds no NUL (the reader reports it), so that it can stand for an expression.
    clean = without_indent("\0".join((*literals, source[at:end]))).text
    text = _indented(clean, indent + _STEP, frozenset(), room)
    pieces = zip(text.split("\0"), (*expressions, ""), strict=True)
    text = "".join(piece + expression for piece, expression in pieces)
    # a form feed is no indent: beside the tag it would be taken for the space before the text
    short = "\n" not in text and not clean.startswith("\f")
    return Content(f"\n{text}\n{indent}", text[len(indent) + len(_STEP) :] if short else None)


def code(name: str, raw: str, indent: str, room: Room) -> Content | None:
    """The raw text of a ``Handler``, ``State`` or ``Computed``, its CDATA wrapper kept; None when nothing is in it."""
    before = after = ""
    visible = slice(*trimmed(raw))
    text = raw[visible]
    if text.startswith(_CDATA) and text.endswith(_CDATA_END) and len(text) >= len(_CDATA + _CDATA_END):
        before, after = _CDATA, _CDATA_END
        raw = text[len(_CDATA) : -len(_CDATA_END)]
        visible = slice(*trimmed(raw))
        text = raw[visible]
        if not text:
            return None
    fixed: frozenset[int] = frozenset()
    if name == "Handler":
        if unescaped(raw) is not None:
            return Content(f"{before}{raw}{after}")  # where its templates are is seen only when it is decoded
        text = without_indent(raw, code=True).text
        fixed = lines_in_templates(text)
    elif name == "Computed":
        fixed = frozenset(range(1, text.count("\n") + 1))  # the lines of an expression are its own
    elif _has_own_indent(raw):
        return Content(f"{before}{raw}{after}")
    else:
        text = without_indent(raw).text
    lines = _indented(text, indent + _STEP, fixed, room)
    return Content(f"{before}\n{lines}\n{indent}{after}", None if "\n" in text else f"{before}{text}{after}")


def _indented(text: str, indent: str, fixed: frozenset[int], room: Room) -> str:
    """The lines of ``text`` with ``indent`` before them, ``fixed`` and empty ones apart."""
    lines = text.split("\n")
    room.check(len(text) + len(lines) * len(indent))
    return "\n".join(line if not line or number in fixed else indent + line for number, line in enumerate(lines))


def _slots(source: str, token: Token) -> list[Slot] | None:
    """Where the expressions of a text are; None for what is written as it is: a comment or a CDATA section."""
    if not isinstance(token, TextToken) or source.startswith(_CDATA, token.start):
        return None
    return [part for part in token.segments.parts if isinstance(part, Slot)]


def _has_own_indent(text: str) -> bool:
    """Whether other indents would change what the reader makes of ``text``, or what its author sees in it.

    So it is when white space is written as references, because it is seen as an indent only when it is decoded.
    """
    return "&#" in text and any(decode(match[0]) in SPACE for match in _NUMERIC.finditer(text))
