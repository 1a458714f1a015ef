"""Cuts a document into tags, texts, comments and raw texts, in one pass and in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .limits import DEFAULT_LIMITS, Limits
from .nearest import short
from .segments import Rescue, Segments, starts_tag, text_segments, verbatim_segments

RAW_ELEMENTS = frozenset(("Handler", "State", "Computed"))

_SPACE = re.compile(r"[ \t\r\n\f]+")
_NAME = re.compile(r"[A-Za-z_][\w.:-]*")
_ATTRIBUTE_NAME = re.compile(r"[^\s\"'<>/=&{}]+")
_UNQUOTED = re.compile(r"[^\s\"'<>=]+")
_ANGLE = re.compile(r"[<>]")
_JUNK = re.compile(r"[\"'=&{}]+")
_DECLARATION = re.compile(r"[^\[\]\"'<>]+")


@dataclass(frozen=True, slots=True)
class AttributeToken:
    """An attribute: its name ``[start, name_end)`` and the text inside its quotes, or no value (-1)."""

    name: str
    start: int
    name_end: int
    value_start: int
    value_end: int
    end: int


@dataclass(frozen=True, slots=True)
class StartTag:
    """``<name …>`` or ``<name … />``; ``finished`` is false when the document ends inside it."""

    name: str
    start: int
    end: int
    attributes: tuple[AttributeToken, ...]
    empty: bool
    finished: bool = True


@dataclass(frozen=True, slots=True)
class EndTag:
    """``</name>``."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TextToken:
    """Text between tags, already cut into literals and expressions."""

    start: int
    end: int
    segments: Segments


@dataclass(frozen=True, slots=True)
class RawText:
    """The undecoded content of a ``Handler``, ``State`` or ``Computed``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Comment:
    """``<!-- … -->``; the text between is ``[start + 4, end - 3)``."""

    start: int
    end: int


Token = StartTag | EndTag | TextToken | RawText | Comment
Report = Callable[[str, str, int, int, str], None]


def _ignore(code: str, message: str, start: int, end: int, hint: str) -> None:
    """Takes a problem and forgets it: for callers who want the tokens only."""


@dataclass(slots=True)
class Lexer:
    """The tokens of ``source``; problems go to ``report(code, message, start, end, hint)``.

    ``complete`` turns false when the document broke off (an open string, comment or expression), so
    that nothing can be said about what is absent from it.
    """

    source: str
    limits: Limits = DEFAULT_LIMITS
    report: Report = _ignore
    complete: bool = True
    _at: int = 0
    _absent: set[str] = field(default_factory=set)

    def tokens(self) -> Iterator[Token]:
        """The tokens in order.  Never raises for what the text contains."""
        source, size = self.source, len(self.source)
        rescue = Rescue(4 * size + 1000)
        self._at = 0
        self._prolog()
        while self._at < size:
            at = self._at
            if source[at] != "<" or not starts_tag(source, at):
                segments = text_segments(source, at, size, rescue)
                self._at = segments.end
                self.complete = self.complete and not segments.exhausted
                yield TextToken(at, segments.end, segments)
            elif source.startswith("<!--", at):
                end = self._find("-->", at + 4)
                if end < 0:
                    self._broken_off("UNCLOSED_TAG", "a comment is not closed", at, at + 4, "end it with -->")
                    return
                self._at = end + 3
                yield Comment(at, end + 3)
            elif source.startswith("<![CDATA[", at):
                end = self._find("]]>", at + 9)
                if end < 0:
                    self._broken_off("UNCLOSED_TAG", "a CDATA section is not closed", at, at + 9, "end it with ]]>")
                    return
                self._at = end + 3
                yield TextToken(at, end + 3, verbatim_segments(source, at + 9, end))
            elif source[at + 1] in "!?":
                self._forbidden(at)
            elif source[at + 1] == "/":
                token = self._end_tag(at)
                if token is not None:
                    yield token
            else:
                tag = self._start_tag(at)
                if tag is None:
                    return
                yield tag
                if tag.name in RAW_ELEMENTS and not tag.empty and tag.finished:
                    yield self._raw(tag.name)

    @property
    def position(self) -> int:
        """The offset behind the last token."""
        return self._at

    def _find(self, needle: str, start: int) -> int:
        """``source.find`` that searches for an absent needle only once: positions only grow."""
        if needle in self._absent:
            return -1
        found = self.source.find(needle, start)
        if found < 0:
            self._absent.add(needle)
        return found

    def _broken_off(self, code: str, message: str, start: int, end: int, hint: str) -> None:
        self.report(code, message, start, end, hint)
        self.complete = False
        self._at = len(self.source)

    def _prolog(self) -> None:
        """Skips a byte order mark and an XML declaration."""
        if self.source.startswith("\ufeff"):
            self._at = 1
        self._skip_space()
        if self.source.startswith("<?xml", self._at) and self.source[self._at + 5 : self._at + 6].isspace():
            end = self._find("?>", self._at)
            if end >= 0:
                self._at = end + 2

    def _skip_space(self) -> None:
        match = _SPACE.match(self.source, self._at)
        if match is not None:
            self._at = match.end()

    def _forbidden(self, start: int) -> None:
        """Reports and skips ``<!…>`` (with its ``[…]``) or ``<?…?>``."""
        if self.source[start + 1] == "?":
            what, hint = "a processing instruction", "remove it"
            close = self._find("?>", start + 2)
            self._at = len(self.source) if close < 0 else close + 2
        else:
            what = "a document type or entity declaration"
            hint = "remove it; only &lt; &gt; &amp; &quot; &apos; and numeric references exist"
            self._at = self._declaration_end(start + 2)
        shown = min(self._at, start + 60)
        self.report("DOCTYPE_FORBIDDEN", f"{what} is not allowed in a panel", start, shown, hint)

    def _declaration_end(self, at: int) -> int:
        source, size = self.source, len(self.source)
        depth = 0
        while at < size:
            match = _DECLARATION.match(source, at)
            if match is not None:
                at = match.end()
                continue
            char = source[at]
            self._at = at
            if source.startswith("<!--", at):
                close = self._find("-->", at + 4)
                at = size if close < 0 else close + 3
                continue
            if char in "\"'":
                close = self._find(char, at + 1)
                at = at + 1 if close < 0 else close + 1
                continue
            at += 1
            if char == "[":
                depth += 1
            elif char == "]":
                depth = max(0, depth - 1)
            elif char == ">" and depth == 0:
                return at
        return size

    def _end_tag(self, start: int) -> EndTag | None:
        source = self.source
        match = _NAME.match(source, start + 2)
        assert match is not None  # starts_tag saw its first character
        self._at = match.end()
        self._skip_space()
        if source.startswith(">", self._at):
            self._at += 1
        else:
            angle = _ANGLE.search(source, self._at)
            if angle is None:
                self._at = len(source)
                return None
            stop = angle.start()
            self.report("UNEXPECTED_CHARACTER", f"the closing tag </{short(match[0])} must end with >", self._at, self._at + 1, "")
            self._at = stop + 1 if source[stop] == ">" else stop
        return EndTag(match[0], start, self._at)

    def _start_tag(self, start: int) -> StartTag | None:
        """The tag at ``start``; None when a string in it never ends."""
        source, size = self.source, len(self.source)
        match = _NAME.match(source, start + 1)
        assert match is not None  # starts_tag saw its first character
        name = match[0]
        self._at = match.end()
        attributes: list[AttributeToken] = []
        too_many = junk_seen = False
        while True:
            self._skip_space()
            at = self._at
            if at >= size:
                return StartTag(name, start, size, tuple(attributes), empty=False, finished=False)
            char = source[at]
            if char == ">":
                self._at = at + 1
                return StartTag(name, start, self._at, tuple(attributes), empty=False)
            if char == "/" and source.startswith(">", at + 1):
                self._at = at + 2
                return StartTag(name, start, self._at, tuple(attributes), empty=True)
            if char == "<" and starts_tag(source, at):
                self.report(
                    "UNEXPECTED_CHARACTER",
                    f"the tag <{short(name)}> is not finished before the next one starts",
                    at,
                    at + 1,
                    "end it with > or />",
                )
                return StartTag(name, start, at, tuple(attributes), empty=False)
            found = _ATTRIBUTE_NAME.match(source, at)
            if found is None:
                junk = _JUNK.match(source, at)
                self._at = junk.end() if junk else at + 1
                if not junk_seen:
                    junk_seen = True  # what follows in this tag is the same slip
                    self.report(
                        "UNEXPECTED_CHARACTER",
                        f"{short(source[at : self._at])!r} does not belong in the tag <{short(name)}>",
                        at,
                        self._at,
                        'attributes are written name="value"',
                    )
                continue
            attribute = self._attribute(found)
            if attribute is None:
                return None
            if len(attributes) < self.limits.attributes:
                attributes.append(attribute)
            elif not too_many:
                too_many = True
                self.report(
                    "LIMIT_ATTRIBUTES",
                    f"<{short(name)}> has more than {self.limits.attributes} attributes",
                    attribute.start,
                    attribute.name_end,
                    "split the element or move data into state",
                )

    def _attribute(self, found: re.Match[str]) -> AttributeToken | None:
        source = self.source
        start, name_end = found.span()
        self._at = name_end
        self._skip_space()
        if not source.startswith("=", self._at):
            self._at = name_end
            return AttributeToken(found[0], start, name_end, -1, -1, name_end)
        self._at += 1
        self._skip_space()
        at = self._at
        quote = source[at : at + 1]
        if quote and quote in "\"'":
            close = self._find(quote, at + 1)
            if close < 0:
                self._broken_off(
                    "UNTERMINATED_STRING",
                    f"the value of {short(found[0])!r} has no closing {quote}",
                    at,
                    at + 1,
                    f"end the value with {quote}",
                )
                return None
            self._at = close + 1
            return AttributeToken(found[0], start, name_end, at + 1, close, close + 1)
        unquoted = _UNQUOTED.match(source, at)
        if unquoted is None:
            self.report("UNEXPECTED_CHARACTER", f"{short(found[0])!r} has no value after =", name_end, at, 'write name="value"')
            return AttributeToken(found[0], start, name_end, at, at, at)
        # A value such as a/b is taken whole, but in <a b=c/> the slash belongs to the tag.
        end = unquoted.end()
        if source[end - 1] == "/" and source.startswith(">", end):
            end -= 1
        self._at = end
        self.report("UNEXPECTED_CHARACTER", f"the value of {short(found[0])!r} must stand in quotes", at, end, 'write name="value"')
        return AttributeToken(found[0], start, name_end, at, end, end)

    def _raw(self, name: str) -> RawText:
        """The text up to the element's closing tag, or to the end when there is none."""
        start = self._at
        needle = f"</{name}"
        at = start
        while (at := self._find(needle, at)) >= 0:
            after = _SPACE.match(self.source, at + len(needle))
            stop = after.end() if after else at + len(needle)
            if self.source.startswith(">", stop):
                self._at = at
                return RawText(start, at)
            at = stop
        self._at = len(self.source)
        return RawText(start, self._at)
