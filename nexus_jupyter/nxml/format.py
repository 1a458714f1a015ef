"""The canonical text of a document (NXML 1.0, section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..catalog import catalog
from ..diagnostics import Diagnostic, LineIndex
from ..errors import DocumentError
from .codes import SEVERITIES
from .equality import same_meaning
from .format_tags import start_tag
from .format_text import Room, TooLong, code, filled, inline, kept_lines, words
from .lexer import RAW_ELEMENTS, Comment, EndTag, Lexer, RawText, StartTag, TextToken, Token
from .limits import DEFAULT_LIMITS, Limits
from .parser import Parser
from .problems import Problems
from .whitespace import SPACE, trimmed

# With one of these, part of the text was skipped or put where it was not written: it would be lost, or moved.
_LOSSES = frozenset(
    (
        *("UNCLOSED_TAG", "MISMATCHED_TAG", "UNTERMINATED_STRING", "UNTERMINATED_EXPRESSION", "UNEXPECTED_CHARACTER"),
        *("DOCTYPE_FORBIDDEN", "LIMIT_SOURCE", "LIMIT_DEPTH", "LIMIT_NODES", "LIMIT_ATTRIBUTES"),
    )
)
_STEP = "  "


class FormatError(DocumentError):
    """A document whose form is so broken that it cannot be formatted without loss; ``diagnostics`` say where."""

    code = "NOT_FORMATTED"

    def __init__(self, source: str, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(source, diagnostics)
        count = len(diagnostics)
        first = "a problem of its form is" if count == 1 else f"{count} problems of its form are"
        self.message = f"the document cannot be formatted without loss before {first} corrected"


def format_document(source: str, *, limits: Limits = DEFAULT_LIMITS) -> str:
    """The canonical text of a document, in time linear in its length.

    Two spaces a level, attributes in the order of the language's tables, one a line past 100 columns, handlers
    re-indented outside template literals, comments kept, at most one blank line between two things, one line break at
    the end.  Line ends are those of the document's first line; a byte order mark goes.  Formatting the result changes
    nothing, and it says the same as ``source`` (:func:`~nexus_jupyter.nxml.equality.same_meaning`).

    What the document means does not matter: unknown components and wrong references are kept as they are.  Raises
    :class:`FormatError`, a :class:`~nexus_jupyter.errors.DocumentError`, when its form is broken (an open tag, a string
    or comment without an end), or when it would pass a limit with its new indents.
    """
    text = _line_feeds(source)
    problems = Problems(limits.diagnostics)
    ast = Parser(text, limits=limits, problems=problems).parse()
    found = problems.diagnostics(ast.path)
    losses = [d for d in found if d.code in _LOSSES]
    if losses or problems.full:
        raise FormatError(text, losses or found)
    try:
        made = _Layout(text, limits).document()
        again = Parser(made, limits=limits)
        read = again.parse()
        if not same_meaning(ast, read) or _codes(again.problems.diagnostics(read.path)) != _codes(found):
            raise TooLong
    except TooLong:
        raise FormatError(text, [_no_room(text)]) from None
    return made.replace("\n", "\r\n") if source[max(0, source.find("\n") - 1) :].startswith("\r\n") else made


def _line_feeds(source: str) -> str:
    """``source`` with ``\\n`` as its only line end; a lone ``\\r`` is white space like any other."""
    return source if "\r\n" not in source else "\n".join(line.rstrip("\r") for line in source.split("\n"))


def _codes(problems: Sequence[Diagnostic]) -> set[str]:
    return {d.code for d in problems}


def _no_room(source: str) -> Diagnostic:
    return Diagnostic(
        code="LIMIT_SOURCE",
        severity=SEVERITIES["LIMIT_SOURCE"],
        message="with canonical indents the document, or a part of it, passes a limit of the language",
        span=LineIndex(source).span(0, 0),
        hint="nest less, or move data and long code out of the document",
    )


@dataclass(slots=True)
class _Inside:
    """What stands directly in an element, and the number of the token that ends it."""

    end: int
    elements: bool = False
    texts: bool = False
    comments: bool = False


class _Layout:
    """Writes the tokens of a document that was read whole, one after the other."""

    def __init__(self, source: str, limits: Limits) -> None:
        self._source = source
        self._room = Room(limits.source)
        self._tokens: list[Token] = list(Lexer(source, limits).tokens())
        self._inside = self._insides()
        self._out: list[str] = []
        self._depth = 0
        self._column = 0
        self._end = 0  # where the last thing that was written ends in the source
        self._last = ""  # what it was: "open" for a start tag, "text", or anything else

    def document(self) -> str:
        """The text; raises TooLong."""
        tokens, source = self._tokens, self._source
        start = len(source) - len(source.lstrip("\ufeff" + SPACE))
        if source.startswith("<?", start):
            self._end = source.index("?>", start) + 2
            self._write(source[start : self._end], "declaration")
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if isinstance(token, StartTag):
                at = self._element(at, token)
            elif isinstance(token, EndTag):
                self._depth -= 1
                self._write(self._before(token.start, closes=True) + f"</{token.name}>", "element")
                self._end = token.end
                at += 1
            else:
                at = self._run(at)
        if self._out:
            self._write("\n", "")
        return "".join(self._out)

    def _insides(self) -> dict[int, _Inside]:
        """What is in each element, by the number of its start tag."""
        out: dict[int, _Inside] = {}
        opened: list[_Inside] = [_Inside(0)]
        for number, token in enumerate(self._tokens):
            if isinstance(token, StartTag):
                opened[-1].elements = True
                out[number] = _Inside(number)
                if not token.empty:
                    opened.append(out[number])
            elif isinstance(token, EndTag):
                opened.pop().end = number
            elif isinstance(token, Comment):
                opened[-1].comments = True
            elif not self._blank(token):
                opened[-1].texts = True
        return out

    def _blank(self, token: TextToken | RawText) -> bool:
        return not self._source[token.start : token.end].strip(SPACE)

    # --- elements and texts ----------------------------------------------------------------------

    def _element(self, at: int, tag: StartTag) -> int:
        """Writes an element, or only its start tag when elements stand in it; gives the number of the next token."""
        source, inside = self._source, self._inside[at]
        indent = _STEP * self._depth
        before = self._before(tag.start)
        tokens = self._tokens[at + 1 : inside.end] if inside.texts and not inside.elements else []
        entry = catalog().components.get(tag.name)
        closing = self._tokens[inside.end]
        if tag.name in RAW_ELEMENTS and inside.texts:
            content = code(tag.name, source[tokens[0].start : tokens[0].end], indent, self._room)
        elif inside.texts and entry is not None and entry.keeps_lines:
            content = kept_lines(source, tag.end, closing.start, tokens, indent, self._room)
        elif tokens:
            content = inline(words(source, tokens), indent, self._room)
        elif inside.elements or inside.comments:
            self._write(before + start_tag(source, tag, indent), "open")
            self._end = tag.end
            self._depth += 1
            return at + 1
        else:
            content = None
        if content is None:
            self._write(before + start_tag(source, tag, indent, empty=True), "element")
        else:
            self._write(before + content.between(start_tag(source, tag, indent), f"</{tag.name}>", indent), "element")
        self._end = closing.end
        return inside.end + 1

    def _run(self, at: int) -> int:
        """Writes texts and comments up to the next tag; gives the number of that."""
        tokens, source = self._tokens, self._source
        start = at
        while at < len(tokens) and not isinstance(tokens[at], (StartTag, EndTag)):
            at += 1
        run = tokens[start:at]
        if all(isinstance(token, Comment) or source[token.start : token.end].strip(SPACE) == "" for token in run):
            for token in run:
                if isinstance(token, Comment):
                    same_line = bool(self._out) and "\n" not in source[self._end : token.start]
                    before = " " if same_line else self._before(token.start)
                    self._write(before + source[token.start : token.end], "comment")
                    self._end = token.end
            return at
        first, last = trimmed(source[run[0].start : run[-1].end])
        before = self._before(run[0].start + first, text=True)
        indent = _STEP * self._depth
        column = len(indent) if before else self._column
        self._write(before + filled(words(source, run), indent, column, self._room), "text")
        self._end = run[0].start + last
        return at

    # --- between things --------------------------------------------------------------------------

    def _before(self, start: int, *, closes: bool = False, text: bool = False) -> str:
        """What stands before the thing at ``start``: a line break, one more where there was a blank line, and the indent.

        Nothing where a text touches what is beside it, because white space there would be a space in the text.
        """
        gap = self._source[self._end : start]
        edge = closes or self._last == "open"
        if not self._out or (not gap and not edge and (text or self._last == "text")):
            return ""
        return ("\n\n" if gap.count("\n") > 1 and not edge else "\n") + _STEP * self._depth

    def _write(self, text: str, what: str) -> None:
        self._room.take(len(text))
        self._out.append(text)
        self._last = what
        self._column = len(text) - text.rfind("\n") - 1 if "\n" in text else self._column + len(text)
