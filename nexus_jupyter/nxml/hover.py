"""What the name at a place of a document means: ``hover``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..diagnostics import LineIndex, Span
from .completion import offers
from .completion_item import Completion, markdown

_WORD = re.compile(r"[\w$]*")
_SAID = {"name": "sandbox"}


@dataclass(frozen=True, slots=True)
class Hover:
    """What is known about the name at ``span``: as plain text, and as Markdown in which the document's own words are inert."""

    span: Span
    title: str
    text: str
    markdown: str


def hover(source: str, offset: int) -> Hover | None:
    """What the name at ``offset`` (code points) means: an element, an attribute, a value, a name in code; else None.

    Never raises for what the document contains; takes time linear in it.
    """
    offset = max(0, min(offset, len(source)))
    end = _end(_WORD, source, offset)
    found = offers(source, end, everything=True)
    if found is not None and found.cursor.kind != "code" and (longer := _end(found.rest, source, offset)) != end:
        end = longer
        found = offers(source, end, everything=True)
    if found is None or found.start > offset:
        return None
    name = source[found.start : end]
    item = next((i for i in found.items if i.label == name), None) if name else None
    if item is None:
        return None
    title, kind = _title(item, in_tag=found.cursor.kind in ("element", "closing"))
    text = f"{title} ({kind})\n\n{item.documentation}".rstrip()
    shown = f"**`{title}`** {markdown(kind)}\n\n{markdown(item.documentation)}".rstrip()
    return Hover(LineIndex(source).span(found.start, end), title, text, shown)


def _title(item: Completion, *, in_tag: bool) -> tuple[str, str]:
    """How the name is written, with its signature if it has one, and what it is."""
    if item.kind in ("unavailable", "global"):
        return item.label, item.detail
    if item.kind in ("name", "tool", "method") and "(" in item.detail:
        return item.detail, _SAID.get(item.kind, item.kind)
    kind = _SAID.get(item.kind, item.kind)
    return f"<{item.label}>" if in_tag else item.label, f"{kind}, {item.detail}" if item.detail else kind


def _end(run: re.Pattern[str], source: str, offset: int) -> int:
    match = run.match(source, offset)
    return match.end() if match else offset
