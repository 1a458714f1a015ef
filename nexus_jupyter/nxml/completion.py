"""What may be written at a place of a document: ``complete``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..diagnostics import LineIndex
from .completion_code import names_in_code
from .completion_item import Completion
from .completion_markup import attributes, closing, elements
from .completion_values import values
from .cursor import Cursor, where
from .cursor_code import code_at
from .limits import DEFAULT_LIMITS

# More than a person looks through; the answer travels to the page.
_MOST = 1_000

_NAME = re.compile(r"[\w.-]*(?::[\w.-]+)*")
_PROPERTY = re.compile(r"[\w-]*")
_WORD = re.compile(r"[\w$]*")


@dataclass(frozen=True, slots=True)
class Completions:
    """The names that fit, best first, and the piece ``[start, end)`` of the source that one of them replaces (code points)."""

    start: int
    end: int
    items: tuple[Completion, ...] = ()


@dataclass(frozen=True, slots=True)
class Offers:
    """All that may stand at a cursor: the word being written starts at ``start``; ``rest`` finds what is left of it."""

    cursor: Cursor
    start: int
    rest: re.Pattern[str]
    items: list[Completion]


def complete(source: str, offset: int) -> Completions:
    """What may stand at ``offset`` (code points) of a document that is being written.

    Only names that exist at that place, those that start with what is written there (in any case of letters).
    Never raises for what the document contains; takes time linear in it and runs none of its code.
    """
    offset = max(0, min(offset, len(source)))
    found = offers(source, offset)
    if found is None:
        return Completions(offset, offset)
    word = source[found.start : found.cursor.offset]
    # A cursor before a name inserts; inside of one it replaces what follows, too.
    rest = found.rest.match(source, found.cursor.offset) if word else None
    end = rest.end() if rest else found.cursor.offset
    folded = word.casefold()
    fitting = [i for i in found.items if i.label.casefold().startswith(folded)][:_MOST]
    return Completions(found.start, end, tuple(_written(i, found.cursor, source, end) for i in fitting))


def offers(source: str, offset: int, *, everything: bool = False) -> Offers | None:
    """All that may stand at ``offset``, whatever is written there; None where no name belongs.

    ``everything``: also what is there already, what is not built yet, and what belongs elsewhere.
    """
    cursor = where(source, offset)
    if cursor.kind == "code":
        body = cursor.code == "body"
        if cursor.offset - cursor.start > (DEFAULT_LIMITS.handler if body else DEFAULT_LIMITS.expression):
            return None  # no such code can run
        at = code_at(source, cursor.start, cursor.offset, references=not body)
        if at is None:
            return None
        return Offers(cursor, at.start, _WORD, names_in_code(cursor, at, LineIndex(source), everything))
    if cursor.kind == "value":
        start, items = values(cursor, source, everything)
        return Offers(cursor, start, _PROPERTY if cursor.attribute == "style" else _NAME, items)
    if cursor.kind == "attribute":
        return Offers(cursor, cursor.start, _NAME, attributes(cursor, everything))
    if cursor.kind in ("element", "text"):
        return Offers(cursor, cursor.start, _NAME, elements(cursor, everything))
    return Offers(cursor, cursor.start, _NAME, closing(cursor)) if cursor.kind == "closing" else None


def _written(item: Completion, cursor: Cursor, source: str, end: int) -> Completion:
    """``item`` with what is to be inserted at this place."""
    insert = item.insert
    if cursor.kind == "text":
        insert = f"<{insert}"
    elif cursor.kind == "closing" and not source.startswith(">", end):
        insert = f"{insert}>"
    elif cursor.kind == "value" and not cursor.quoted:
        insert = f'"{insert}"'
    else:
        return item
    return Completion(item.label, item.kind, insert, item.detail, item.documentation)
