"""Places inside a piece of text whose own place is known."""

from __future__ import annotations

from ..diagnostics import Span


def sub_span(span: Span, text: str, start: int, end: int) -> Span:
    """The place of ``text[start:end)`` where ``text`` stands at ``span``.

    Exact unless references were decoded before it.
    """
    line_start = text.rfind("\n", 0, start) + 1
    lines = text.count("\n", 0, start)
    column = span.column + start if lines == 0 else start - line_start + 1
    return Span(start=span.start + start, end=span.start + end, line=span.line + lines, column=column)
