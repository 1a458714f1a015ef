"""Diagnostics: what the reader of a panel document has to say, as values.

A diagnostic is data; printers turn it into text or HTML.  Lines and columns are 1-based,
offsets 0-based, all counted in code points (NXML 1.0, section 2).
"""

from __future__ import annotations

import html
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field


class Severity(StrEnum):
    """How much a diagnostic matters: an error keeps the panel from being made."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Value(BaseModel):
    """Frozen data of which a document's tree and diagnostics consist."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    _names: ClassVar[set[str]] = set()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        cls._names = set(cls.model_fields)

    @classmethod
    def known(cls, **values: object) -> Self:
        """A value of fields that are known right, all of them, in the order of the class: made without a check.

        Checking costs more than all else in reading a document, and the reader's own numbers need none.
        """
        made = object.__new__(cls)
        _set(made, "__dict__", values)
        _set(made, "__pydantic_fields_set__", cls._names)
        _set(made, "__pydantic_extra__", None)
        _set(made, "__pydantic_private__", None)
        return made


_set = object.__setattr__


class Span(Value):
    """A half-open piece ``[start, end)`` of the source with the place of its first character."""

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    line: Annotated[int, Field(ge=1)]
    column: Annotated[int, Field(ge=1)]


class Fix(Value):
    """A text edit that removes the problem: replace ``span`` by ``replacement``."""

    title: str
    span: Span
    replacement: str


class Diagnostic(Value):
    """One problem: stable ``code``, the place, the reason and the remedy.

    ``path`` names the element in the document (``NexusPanel/Data/State[2]``), empty if unknown.
    """

    code: str
    severity: Severity
    message: str
    span: Span
    path: str = ""
    hint: str = ""
    fix: Fix | None = None


class LineIndex:
    """Places in one source text: offset to (line, column) in O(log n)."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._size = len(source)
        starts = [0]
        find = source.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        self._starts = starts

    def span(self, start: int, end: int) -> Span:
        """The span ``[start, end)``; both are clamped to the text."""
        if not 0 <= start <= end <= self._size:
            start = max(0, min(start, self._size))
            end = max(start, min(end, self._size))
        line = bisect_right(self._starts, start)
        return Span.known(start=start, end=end, line=line, column=start - self._starts[line - 1] + 1)

    def place(self, offset: int) -> tuple[int, int]:
        """1-based line and column of ``offset``."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of 1-based ``line`` without its line break; empty past the end."""
        if not 1 <= line <= len(self._starts):
            return ""
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self.source)
        return self.source[start:end].rstrip("\r")


_EXCERPT_WIDTH = 100
_CONTROL = {i: chr(0x2400 + i) for i in range(32)} | {
    0x7F: "\N{SYMBOL FOR DELETE}",
    9: " ",
    **dict.fromkeys((*range(128, 160), *range(8234, 8239), *range(8294, 8298)), "�"),
}


def visible(text: str) -> str:
    """``text`` with control and bidirectional override characters made visible.

    Source text is hostile: printed raw, such characters could move a terminal's cursor or
    reorder the excerpt.  One character always becomes one character, so columns stay true.
    """
    return text.translate(_CONTROL)


def excerpt(index: LineIndex, span: Span) -> tuple[str, str]:
    """The line ``span`` starts on and a caret line beneath it, cut to a readable width."""
    text = index.line_text(span.line)
    column = span.column - 1
    length = max(1, min(span.end - span.start, len(text) - column))
    first = max(0, column - _EXCERPT_WIDTH * 2 // 3) if len(text) > _EXCERPT_WIDTH else 0
    shown = text[first : first + _EXCERPT_WIDTH]
    lead = "\N{HORIZONTAL ELLIPSIS}" if first else ""
    tail = "\N{HORIZONTAL ELLIPSIS}" if first + _EXCERPT_WIDTH < len(text) else ""
    carets = "^" * max(1, min(length, _EXCERPT_WIDTH - (column - first)))
    return visible(lead + shown + tail), " " * (len(lead) + column - first) + carets


def render_text(source: str, diagnostics: Sequence[Diagnostic], *, name: str = "") -> str:
    """Diagnostics as plain text, each with its source line and a caret."""
    index = LineIndex(source)
    blocks: list[str] = []
    for d in diagnostics:
        where = f"{name}:" if name else ""
        head = f"{where}{d.span.line}:{d.span.column}: {d.severity} {d.code}: {visible(d.message)}"
        line, caret = excerpt(index, d.span)
        gutter = f"{d.span.line:>5} | "
        block = [head, gutter + line, " " * (len(gutter) - 2) + "| " + caret]
        if d.hint:
            block.append(" " * (len(gutter) - 2) + f"= help: {visible(d.hint)}")
        blocks.append("\n".join(block))
    return "\n\n".join(blocks)


def render_html(source: str, diagnostics: Sequence[Diagnostic], *, name: str = "") -> str:
    """Diagnostics as inert HTML: every piece of document text is escaped, nothing is styled by it."""
    index = LineIndex(source)
    color = {
        Severity.ERROR: "var(--jp-error-color1, #d32f2f)",
        Severity.WARNING: "var(--jp-warn-color1, #b26a00)",
        Severity.INFO: "var(--jp-info-color1, #0277bd)",
    }
    out = [
        '<div class="nexus-diagnostics" role="alert" style="font-family:var(--jp-code-font-family,monospace);'
        'font-size:var(--jp-code-font-size,13px);line-height:1.4">'
    ]
    for d in diagnostics:
        line, caret = excerpt(index, d.span)
        where = f"{name}, " if name else ""
        gutter = f"{d.span.line:>5} | "
        body = f"{gutter}{line}\n{' ' * (len(gutter) - 2)}| {caret}"
        out.append(
            f'<div style="border-left:3px solid {color[d.severity]};padding:4px 10px;margin:6px 0">'
            f'<div><strong style="color:{color[d.severity]}">{html.escape(d.code)}</strong> '
            f"{html.escape(visible(d.message))} "
            f'<span style="opacity:.75">({html.escape(where)}line {d.span.line}, column {d.span.column})</span></div>'
            f'<pre style="margin:4px 0;overflow-x:auto">{html.escape(body)}</pre>'
            + (f"<div>{html.escape(visible(d.hint))}</div>" if d.hint else "")
            + "</div>"
        )
    out.append("</div>")
    return "".join(out)


def errors_of(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Only those that keep a panel from being made."""
    return [d for d in diagnostics if d.severity is Severity.ERROR]
