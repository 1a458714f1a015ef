"""What a document is cut into: tags, texts, comments and raw texts, each with its offsets."""

from __future__ import annotations

from typing import NamedTuple

from .segments import Segments


class AttributeToken(NamedTuple):
    """An attribute: its name ``[start, name_end)`` and the text inside its quotes, or no value (-1)."""

    name: str
    start: int
    name_end: int
    value_start: int
    value_end: int
    end: int


class StartTag(NamedTuple):
    """``<name …>`` or ``<name … />``; ``finished`` is false when the document ends inside it."""

    name: str
    start: int
    end: int
    attributes: tuple[AttributeToken, ...]
    empty: bool
    finished: bool = True


class EndTag(NamedTuple):
    """``</name>``."""

    name: str
    start: int
    end: int


class TextToken(NamedTuple):
    """Text between tags, already cut into literals and expressions."""

    start: int
    end: int
    segments: Segments


class RawText(NamedTuple):
    """The undecoded content of a ``Handler``, ``State`` or ``Computed``."""

    start: int
    end: int


class Comment(NamedTuple):
    """``<!-- … -->``; the text between is ``[start + 4, end - 3)``."""

    start: int
    end: int


Token = StartTag | EndTag | TextToken | RawText | Comment
