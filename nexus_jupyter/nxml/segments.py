"""Text with ``{…}`` in it, cut into literal text and expressions (NXML 1.0, section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from .javascript import ending
from .references import reference_at

_PLAIN = re.compile(r"[^{}&<]++")
# What starts a tag, comment, CDATA section or declaration, as a pattern.
TAG_START = r"<(?:/?[A-Za-z_]|!--|!\[CDATA\[|![A-Za-z]|\?)"

_TAG = re.compile(TAG_START)


class Slot(NamedTuple):
    """Where an expression stands: the text between its braces."""

    start: int
    end: int


@dataclass(slots=True)
class Segments:
    """A text's literal parts, decoded, and its expressions, in order.

    ``end`` is where the text stops.  ``open`` lists the braces of expressions that have no end.
    ``exhausted`` says that an unfinished expression took the rest of the document with it.
    """

    parts: list[str | Slot] = field(default_factory=list)
    end: int = 0
    open: list[int] = field(default_factory=list)
    exhausted: bool = False


@dataclass(slots=True)
class Rescue:
    """How much text may still be read a second time to go on after an unfinished expression.

    An unfinished string or comment can reach far beyond its element.  Reading on right behind the
    place that was meant to end it gives better diagnostics, but only a bounded amount of text is
    read twice, so that the time stays linear in the document.
    """

    left: int

    def take(self, amount: int) -> bool:
        """Whether ``amount`` characters may be read again."""
        self.left -= amount
        return self.left >= 0


def starts_tag(source: str, offset: int) -> bool:
    """Whether the ``<`` at ``offset`` starts a tag, comment, CDATA section or declaration."""
    return _TAG.match(source, offset) is not None


def attribute_segments(source: str, start: int, end: int) -> Segments:
    """The segments of an attribute value ``[start, end)``."""
    return _segments(source, start, end, None)


def text_segments(source: str, start: int, end: int, rescue: Rescue) -> Segments:
    """The segments of the text from ``start`` up to the next tag, or ``end``."""
    return _segments(source, start, end, rescue)


def verbatim_segments(source: str, start: int, end: int) -> Segments:
    """The segments of a CDATA section's content ``[start, end)``: no references, no tags."""
    return _segments(source, start, end, None, references=False)


def _segments(source: str, start: int, end: int, rescue: Rescue | None, *, references: bool = True) -> Segments:
    out = Segments()
    literal: list[str] = []
    at = start
    while at < end:
        match = _PLAIN.match(source, at, end)
        if match is not None:
            literal.append(match[0])
            at = match.end()
            continue
        char = source[at]
        if char == "<":
            if rescue is not None and starts_tag(source, at):
                break
            literal.append(char)
            at += 1
        elif char == "&":
            found = reference_at(source, at, end) if references else None
            literal.append(found[0] if found else char)
            at += found[1] if found else 1
        elif char == "}" or source.startswith("{{", at, end):
            literal.append(char)
            at += 2 if source.startswith(char, at + 1, end) else 1
        else:
            stop = ending(source, at + 1, end, references=references, markup=rescue is not None)
            if stop.reason == "brace":
                if literal:
                    out.parts.append("".join(literal))
                    literal.clear()
                out.parts.append(Slot(at + 1, stop.offset))
                at = stop.offset + 1
                continue
            out.open.append(at)
            if rescue is None:
                at = end
                break
            at = _resume(source, stop.offset, stop.broken, end, rescue)
            if at < 0:
                out.exhausted = True
                at = end
                break
    if literal:
        out.parts.append("".join(literal))
    out.end = at
    return out


def _resume(source: str, stop: int, broken: int, end: int, rescue: Rescue) -> int:
    """Where to read on after an expression that ended without its brace at ``stop``; -1 if nowhere."""
    if broken < 0:
        return stop if stop < end else -1
    back = source.find("</", broken, end)
    if 0 <= back < stop and rescue.take(stop - back):
        return back
    return stop if stop < end else -1
