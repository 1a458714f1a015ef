"""From places in a piece of code to places in the document."""

from __future__ import annotations

from bisect import bisect_right

from ..diagnostics import LineIndex, Span
from .analysis import CodeSite
from .references import reference_at
from .whitespace import SPACE, with_indent


class Places:
    """Finds the document's places of code.  ``source`` is the document, "" when it is not at hand.

    With it places are exact, also where references were decoded or a handler lost its indent; without it they are
    exact but for decoded references, and never leave the piece of code.
    """

    def __init__(self, source: str = "") -> None:
        self._source = source
        self._index: LineIndex | None = None
        self._written: dict[int, Written] = {}

    def span(self, site: CodeSite, start: int, end: int) -> Span:
        """The place of the characters ``[start, end)`` of the code of ``site``."""
        written = self._of(site)
        first = written.at(start)
        last = min(written.at(end - 1) + 1, len(written.text)) if end > start else first
        if self._source:
            if self._index is None:
                self._index = LineIndex(self._source)
            return self._index.span(site.span.start + first, site.span.start + last)
        return written.span(site.span, first, last)

    def literal(self, site: CodeSite, span: Span, text: str) -> bool:
        """Whether ``text`` itself stands at ``span``."""
        if self._source:
            return self._source[span.start : span.end] == text
        return self._of(site).text[span.start - site.span.start : span.end - site.span.start] == text

    def _of(self, site: CodeSite) -> Written:
        known = self._written.get(site.span.start)
        if known is None:
            text = self._source[site.span.start : site.span.end] if self._source else with_indent(site.source, site.indent)
            known = self._written[site.span.start] = Written(site.source, text)
        return known


class Written:
    """Code as it is meant beside its ``text`` in the document: they differ in references and indents."""

    def __init__(self, meant: str, text: str) -> None:
        self.text = text
        # Where the two run side by side from: offsets in ``meant``, and how far ahead the text is there.
        self._from = [0]
        self._ahead = [0]
        if meant != text:
            self._align(meant)

    def _align(self, meant: str) -> None:
        text, size = self.text, len(self.text)
        # An indent aside the code is as long as its text, unless references in it were decoded.
        decoded = sum(map(len, meant.split())) != sum(map(len, text.split()))
        at = there = 0
        while at < len(meant) and there < size:
            char = meant[at]
            reference = reference_at(text, there, size) if decoded and text[there] == "&" else None
            if reference is not None and reference[0] == char:
                there += reference[1]
                at += 1
                self._note(at, there)
            elif text[there] != char and text[there] in SPACE:
                there += 1
                self._note(at, there)
            else:
                at += 1
                there += 1

    def _note(self, at: int, there: int) -> None:
        if self._from[-1] == at:
            self._ahead[-1] = there - at
        else:
            self._from.append(at)
            self._ahead.append(there - at)

    def at(self, offset: int) -> int:
        """Where the character ``offset`` of the code stands in the text."""
        offset = max(offset, 0)
        return min(offset + self._ahead[bisect_right(self._from, offset) - 1], len(self.text))

    def span(self, outer: Span, start: int, end: int) -> Span:
        """The place of ``text[start:end)`` when the text stands at ``outer``."""
        line = self.text.count("\n", 0, start)
        column = outer.column + start if line == 0 else start - self.text.rfind("\n", 0, start)
        return Span(
            start=min(outer.start + start, outer.end),
            end=min(outer.start + end, outer.end),
            line=outer.line + line,
            column=column,
        )
