"""Cuts a document into tags, texts, comments and raw texts, in one pass and in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from .javascript import ending, lexemes
from .limits import DEFAULT_LIMITS, Limits
from .nearest import short
from .segments import TAG_START, Rescue, Segments, starts_tag, text_segments, verbatim_segments
from .tokens import AttributeToken, Comment, EndTag, RawText, StartTag, TextToken, Token

__all__ = [
    "RAW_ELEMENTS",
    "AttributeToken",
    "Comment",
    "Edit",
    "EndTag",
    "Lexer",
    "RawText",
    "Report",
    "StartTag",
    "TextToken",
    "Token",
]

RAW_ELEMENTS = frozenset(("Handler", "State", "Computed"))

_SPACE = re.compile(r"[ \t\r\n\f]++")
_NAME = re.compile(r"[A-Za-z_][\w.:-]*+")
_ATTRIBUTE_NAME = re.compile(r"[^\s\"'<>/=&{},;][^\s\"'<>/=&{}]*+")
_UNQUOTED = re.compile(r"[^\s\"'<>=]++")
_ANGLE = re.compile(r"[<>]")
_JUNK = re.compile(r"[\"'=&{}]++")
_SEPARATOR = re.compile(r"[,;]++")
_WHITE = " \t\r\n\f"
_TAG_END = re.compile(r"/?>")
_NESTING = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
# A closing tag in the code of a handler that has none of its own, and what stands behind an unclosed State or Computed.
_CLOSING = re.compile(r"</[A-Za-z]")
_NEXT_ITEM = re.compile(r"[ \t\r\n\f]*+(?=<(?:State|Computed)[ \t\r\n\f/>]|</Data[ \t\r\n\f]*+>)")
_DECLARATION = re.compile(r"[^\[\]\"'<>]++")

# What most documents consist of, each in one match: the start of a start tag (1), an end tag (2), text without braces
# and references (3); and in a tag a quoted attribute (1, 2 or 3), the tag's end (4).  All else is read step by step.
_USUAL = re.compile(rf"<(?:({_NAME.pattern})|/({_NAME.pattern})[ \t\r\n\f]*+>)|([^{{}}&<]++)(?=\Z|{TAG_START})")
_QUOTED = r"(?:\"([^\"]*+)\"|'([^']*+)')(?=[ \t\r\n\f/>])"
_USUAL_IN_TAG = re.compile(rf"[ \t\r\n\f]*+(?:({_ATTRIBUTE_NAME.pattern})[ \t\r\n\f]*+=[ \t\r\n\f]*+{_QUOTED}|(/?>))")


Edit = tuple[str, int, int, str]


class Report(Protocol):
    """Takes a problem at ``[start, end)``; ``edit`` (title, start, end, replacement) mends it."""

    def __call__(self, code: str, message: str, start: int, end: int, hint: str, edit: Edit | None = None) -> None: ...


def _ignore(code: str, message: str, start: int, end: int, hint: str, edit: Edit | None = None) -> None:
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
    _rescue: Rescue = field(default_factory=lambda: Rescue(0))

    def tokens(self) -> Iterator[Token]:
        """The tokens in order.  Never raises for what the text contains."""
        source, size = self.source, len(self.source)
        self._rescue = Rescue(4 * size + 1000)
        self._at = 0
        self._prolog()
        usual = _USUAL.match
        while self._at < size:
            at = self._at
            found = usual(source, at)
            if found is None:
                token = self._unusual(at)
                if token is not None:
                    yield token
                continue
            self._at = end = found.end()
            kind = found.lastindex
            if kind == 2:
                yield EndTag(found[2], at, end)
            elif kind == 3:
                yield TextToken(at, end, Segments([found[3]], end))
            else:
                tag = self._start_tag(found)
                if tag is None:
                    return
                yield tag
                if tag.name in RAW_ELEMENTS and not tag.empty and tag.finished:
                    yield self._raw(tag.name)

    def _unusual(self, at: int) -> Token | None:
        """The token at ``at`` that is no start tag; None for what is skipped or broken off."""
        source = self.source
        if not starts_tag(source, at):
            segments = text_segments(source, at, len(source), self._rescue)
            self._at = segments.end
            self.complete = self.complete and not segments.exhausted
            return TextToken(at, segments.end, segments)
        if source.startswith("<!--", at):
            end = self._find("-->", at + 4)
            if end < 0:
                self._broken_off("UNCLOSED_TAG", "a comment is not closed", at, at + 4, "end it with -->")
                return None
            self._at = end + 3
            return Comment(at, end + 3)
        if source.startswith("<![CDATA[", at):
            end = self._find("]]>", at + 9)
            if end < 0:
                self._broken_off("UNCLOSED_TAG", "a CDATA section is not closed", at, at + 9, "end it with ]]>")
                return None
            self._at = end + 3
            return TextToken(at, end + 3, verbatim_segments(source, at + 9, end))
        if source[at + 1] in "!?":
            self._forbidden(at)
            return None
        return self._end_tag(at)

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
        """The end tag at ``start``, which lacks its ``>`` or holds more than a name."""
        source = self.source
        match = _NAME.match(source, start + 2)
        assert match is not None  # starts_tag saw its first character
        self._at = match.end()
        self._skip_space()
        angle = _ANGLE.search(source, self._at)
        if angle is None:
            self._at = len(source)
            return None
        stop, name, behind = angle.start(), short(match[0]), match.end()
        edit = (f"change to </{match[0]}>", behind, stop + 1, ">") if source[stop] == ">" else ("add >", behind, behind, ">")
        # what follows is blamed where it stands within the tag, else the tag
        first, last = (self._at, self._at + 1) if source[stop] == ">" else (start, behind)
        self.report("UNEXPECTED_CHARACTER", f"the closing tag </{name} must end with >", first, last, "", edit)
        self._at = stop + 1 if source[stop] == ">" else stop
        return EndTag(match[0], start, self._at)

    def _start_tag(self, opening: re.Match[str]) -> StartTag | None:
        """The tag that ``opening`` starts; None when a string in it never ends."""
        source, size = self.source, len(self.source)
        name, start = opening[1], opening.start()
        self._at = opening.end()
        attributes: list[AttributeToken] = []
        too_many = junk_seen = False
        usual, most = _USUAL_IN_TAG.match, self.limits.attributes
        while True:
            found = usual(source, self._at)
            if found is not None:
                self._at = end = found.end()
                kind = found.lastindex or 0
                if kind == 4:
                    return StartTag(name, start, end, tuple(attributes), found[4] == "/>")
                first, name_end = found.span(1)
                value_start, value_end = found.span(kind)
                attribute = AttributeToken(found[1], first, name_end, value_start, value_end, end)
            else:
                self._skip_space()
                at = self._at
                if at >= size:
                    return StartTag(name, start, size, tuple(attributes), empty=False, finished=False)
                if source.startswith("<!--", at) and (close := self._find("-->", at + 4)) >= 0:
                    self._at = close + 3
                    message = f"a comment has no place inside the tag <{short(name)}>"
                    self.report("UNEXPECTED_CHARACTER", message, at, self._at, "move it before the tag", ("remove it", at, self._at, ""))
                    continue
                if source[at] == "<" and starts_tag(source, at):
                    self._unfinished(name, at)
                    return StartTag(name, start, at, tuple(attributes), empty=False)
                word = _ATTRIBUTE_NAME.match(source, at)
                if (separator := _SEPARATOR.match(source, at)) is not None:
                    self._separator(separator)
                    continue
                if word is None:
                    self._junk(name, at, junk_seen)
                    junk_seen = True  # what follows in this tag is the same slip
                    continue
                unusual = self._attribute(word)
                if unusual is None:
                    return None
                attribute = unusual
            if len(attributes) < most:
                attributes.append(attribute)
            elif not too_many:
                too_many = True
                self.report(
                    "LIMIT_ATTRIBUTES",
                    f"<{short(name)}> has more than {most} attributes",
                    attribute.start,
                    attribute.name_end,
                    "split the element or move data into state",
                )

    def _unfinished(self, name: str, at: int) -> None:
        message = f"the tag <{short(name)}> is not finished before the next one starts"
        self.report("UNEXPECTED_CHARACTER", message, at, at + 1, "end it with > or />")

    def _separator(self, found: re.Match[str]) -> None:
        """Skips a comma between attributes."""
        at, self._at = found.span()
        space = "" if self.source[at - 1] in _WHITE or self.source[self._at : self._at + 1] in (*_WHITE, "/", ">", "") else " "
        message = f"attributes are separated by spaces, not by {short(found[0])!r}"
        self.report("UNEXPECTED_CHARACTER", message, at, self._at, "remove it", ("remove it", at, self._at, space))

    def _junk(self, name: str, at: int, known: bool) -> None:
        """Skips what can stand in no tag."""
        junk = _JUNK.match(self.source, at)
        self._at = junk.end() if junk else at + 1
        if not known:
            message = f"{short(self.source[at : self._at])!r} does not belong in the tag <{short(name)}>"
            self.report("UNEXPECTED_CHARACTER", message, at, self._at, 'attributes are written name="value"')

    def _attribute(self, found: re.Match[str]) -> AttributeToken | None:
        """An attribute that is not written ``name="value"``; None when its value has no closing quote."""
        source = self.source
        name, (start, name_end) = found[0], found.span()
        self._at = name_end
        self._skip_space()
        if not source.startswith("=", self._at):
            self._at = name_end
            return AttributeToken(name, start, name_end, -1, -1, name_end)
        self._at += 1
        self._skip_space()
        at = self._at
        quote = source[at : at + 1]
        if quote and quote in "\"'":
            return self._quoted(name, start, name_end, at)
        end = self._braced(at)
        if end < 0:
            unquoted = _UNQUOTED.match(source, at)
            end = at if unquoted is None else unquoted.end()
            # A value such as a/b is taken whole, but in <a b=c/> the slash belongs to the tag.
            if source.startswith("/>", end - 1):
                end -= 1
            if end <= at:
                self.report("UNEXPECTED_CHARACTER", f"{short(name)!r} has no value after =", name_end, at, 'write name="value"')
                return AttributeToken(name, start, name_end, at, at, at)
        self._at = end
        value = source[at:end]
        quote = "'" if '"' in value else '"'
        edit = None if quote in value else ("put it in quotes", at, end, f"{quote}{value}{quote}")
        self.report("UNEXPECTED_CHARACTER", f"the value of {short(name)!r} must stand in quotes", at, end, 'write name="value"', edit)
        return AttributeToken(name, start, name_end, at, end, end)

    def _braced(self, at: int) -> int:
        """Behind the ``{…}`` that stands at ``at`` instead of a string, as JSX writes it; -1 when there is none."""
        source, size = self.source, len(self.source)
        if not source.startswith("{", at) or self._rescue.left < 0:
            return -1
        stop = ending(source, at + 1, size, references=True, markup=True)
        if stop.reason == "brace":
            return stop.offset + 1
        self._rescue.take(stop.offset - at)
        return -1

    def _quoted(self, name: str, start: int, name_end: int, at: int) -> AttributeToken | None:
        """An attribute whose quote at ``at`` has no closing one, or one that is not followed by space or the tag's end."""
        source = self.source
        quote = source[at]
        close = self._find(quote, at + 1)
        if close < 0:
            message, hint = f"the value of {short(name)!r} has no closing {quote}", f"end the value with {quote}"
            self._broken_off("UNTERMINATED_STRING", message, at, at + 1, hint)
            return None
        end = self._around_quotes(at, close)
        if end > close:
            self._at = end + 1
            message = f"the value of {short(name)!r} ends at its first {quote}, which was not meant"
            other = "'" if quote == '"' else '"'
            value = source[at + 1 : end]
            edit = None if other in value else (f"put it in {other}…{other}", at, end + 1, f"{other}{value}{other}")
            hint = f"put {other}…{other} around a value that holds {quote}"
            self.report("UNEXPECTED_CHARACTER", message, at, close + 1, hint, edit)
            return AttributeToken(name, start, name_end, at + 1, end, end + 1)
        end = self._lost_quote(at + 1, close)
        if end < 0:
            self._at = close + 1
            return AttributeToken(name, start, name_end, at + 1, close, close + 1)
        self._at = end
        message, hint = f"the value of {short(name)!r} has no closing {quote} before what follows", f"end the value with {quote}"
        self.report("UNEXPECTED_CHARACTER", message, at, end, hint, (f"add {quote}", end, end, quote))
        return AttributeToken(name, start, name_end, at + 1, end, end)

    def _around_quotes(self, at: int, close: int) -> int:
        """Where the value behind the quote at ``at`` ends when it is an object or a list that holds such quotes itself,
        as in ``default="[{"id": 1}]"``; -1 when it is none, or when nobody can tell."""
        source = self.source
        first = _SPACE.match(source, at + 1)
        begin = at + 1 if first is None else first.end()
        if begin >= close or source[begin] not in "[{" or self._rescue.left < 0:
            return -1
        depth, end = 0, begin
        for lexeme in lexemes(source, begin, len(source), references=True, markup=True):
            end = lexeme.end
            if lexeme.kind in ("broken", "end", "markup"):
                depth = 1
                break
            if lexeme.kind == "punctuation":
                depth += _NESTING.get(source[lexeme.start], 0)
                if depth == 0 or end - begin > self.limits.expression:
                    break
        self._rescue.take(end - begin)
        space = _SPACE.match(source, end)
        end = end if space is None else space.end()
        return end if depth == 0 and end > close and source.startswith(source[at], end) else -1

    def _lost_quote(self, start: int, close: int) -> int:
        """Where the value that starts at ``start`` ends if the quote at ``close`` opens the next one; -1 if it does not.

        It does when the value ends in ``name=`` and text follows the quote at once: ``type="list default="[]"``.
        """
        value = self.source[start:close].rstrip(_WHITE)
        if not value.endswith("="):
            return -1
        last = max(value.rfind(char) for char in _WHITE) + 1
        word = _ATTRIBUTE_NAME.match(value, last)
        if last == 0 or word is None or word.end() != len(value) - 1:
            return -1
        tag_end = _TAG_END.search(value)
        return start + (len(value[:last].rstrip(_WHITE)) if tag_end is None else tag_end.start())

    def _raw(self, name: str) -> RawText:
        """The text up to the element's closing tag; without one up to where it was probably forgotten, or to the end."""
        source, start = self.source, self._at
        if name != "Handler" and (item := _NEXT_ITEM.match(source, start)) is not None:
            self._at = item.end()
            return RawText(start, self._at)
        needle = f"</{name}"
        at = start
        stop = len(source)
        while (at := self._find(needle, at)) >= 0:
            after = _SPACE.match(source, at + len(needle))
            behind = after.end() if after else at + len(needle)
            if source.startswith(">", behind):
                stop = at
                break
            at = behind
        if name == "Handler":
            stop = self._handler_end(start, stop, closed=at >= 0)
        self._at = stop
        return RawText(start, stop)

    def _handler_end(self, start: int, stop: int, *, closed: bool) -> int:
        """Where a handler ends that has no closing tag before the next handler starts: at a closing tag in its code."""
        source = self.source
        following = source.find("<Handler", start, stop)
        if following < 0 and closed:
            return stop
        for lexeme in lexemes(source, start, stop if following < 0 else following, markup=True):
            if lexeme.kind == "markup":
                return lexeme.start if _CLOSING.match(source, lexeme.start) else stop
        return stop
