"""Where a cursor stands in a document that is being written.

The text before the cursor is read as a document that has broken off: the elements that are open there are the
cursor's surroundings.  What comes after it is read from the tag at the cursor or the next one on, so that a
half-written piece spoils neither.  Time is linear in the document.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from .cursor_names import Declared, Names, attributes_of
from .lexer import Edit, EndTag, Lexer, RawText, StartTag, TextToken, Token
from .limits import DEFAULT_LIMITS
from .segments import attribute_segments
from .whitespace import SPACE

CursorKind = Literal["nothing", "text", "element", "closing", "attribute", "value", "code"]
CodeKind = Literal["", "expression", "args", "place", "body"]

_CLOSING = re.compile(r"</([\w.:-]*)")
_NEXT_TAG = re.compile(r"</?[A-Za-z_]|<!--")
_CDATA = re.compile(r"[ \t\r\n\f]*<!\[CDATA\[")


@dataclass(slots=True)
class Frame:
    """An element that is open at the cursor, and the names of its children; the outermost frame has no name."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Loop:
    """An ``Iterate`` around the cursor: its variables (``index`` may be ""), and what it goes over as written."""

    variable: str
    index: str
    items: str


@dataclass(slots=True)
class Cursor:
    """A place in a document.

    ``start`` is where the piece begins that the cursor stands in: the name, the value, the code.  ``frames`` are the
    open elements, outermost first.  In a tag, ``element``, ``attributes`` and ``attribute`` say which; ``quoted`` is
    false for a value without quotes.  ``code`` is the kind of a piece of code (``place`` is what ``bind`` holds).
    """

    kind: CursorKind
    start: int
    offset: int
    names: Names = field(default_factory=Names)
    frames: list[Frame] = field(default_factory=lambda: [Frame("")])
    element: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    attribute: str = ""
    quoted: bool = True
    code: CodeKind = ""

    @property
    def parent(self) -> Frame:
        """The innermost open element."""
        return self.frames[-1]

    @property
    def in_view(self) -> bool:
        """Whether components stand here."""
        return any(frame.name == "View" for frame in self.frames)

    @property
    def tool(self) -> Declared | None:
        """The tool that the cursor stands in."""
        named = next((f.attributes.get("name", "").strip() for f in reversed(self.frames) if f.name == "Tool"), "")
        return self.names.tools.get(named)

    @property
    def moment(self) -> str:
        """The moment of the lifecycle hook that the cursor stands in, "" outside of one."""
        return next((f.attributes.get("on", "").strip() for f in reversed(self.frames) if f.name == "Lifecycle"), "")

    @property
    def loops(self) -> list[Loop]:
        """The loops whose variables can be read here, outermost first; ``Empty`` stands outside of its own."""
        around = [(f.name, f.attributes) for f in self.frames if f.name]
        if self.attribute == "key":
            around.append((self.element, self.attributes))
        out: list[Loop] = []
        for at, (name, attributes) in enumerate(around):
            if name == "Iterate" and [n for n, _ in around[at + 1 : at + 2]] != ["Empty"]:
                items = attributes.get("items") or attributes.get("over", "")
                out.append(Loop(attributes.get("as", "").strip() or "item", attributes.get("index", "").strip(), items))
        return out


def where(source: str, offset: int) -> Cursor:
    """What stands at ``offset`` (code points, clamped to the text).  Never raises for what the text contains."""
    offset = max(0, min(offset, len(source)))
    if len(source) > DEFAULT_LIMITS.source:
        return Cursor("nothing", offset, offset)
    broken: list[tuple[str, int]] = []

    def report(code: str, message: str, start: int, end: int, hint: str, edit: Edit | None = None) -> None:
        broken.append((code, start))

    lexer = Lexer(source[:offset], report=report)
    tokens = list(lexer.tokens())
    cursor = Cursor("nothing", offset, offset)
    tail = offset
    last = tokens[-1] if tokens else None
    if not lexer.complete and broken and broken[-1][0] == "UNTERMINATED_STRING":
        tail = _in_value(cursor, source, tokens, broken[-1][1])
    elif not lexer.complete and broken and broken[-1][0] == "UNCLOSED_TAG":
        return cursor  # in a comment or a CDATA section
    elif isinstance(last, StartTag) and not last.finished:
        tokens.pop()
        _in_tag(cursor, source, last)
        tail = last.start
    elif isinstance(last, RawText) and last.end == offset:
        tokens.pop()
        _open(cursor, source, tokens)
        tail = _in_raw(cursor, source, last)
        _after(cursor, source, tail, in_tag=False)
        return cursor
    elif isinstance(last, TextToken) and last.end == offset:
        _in_text(cursor, source, last)
    else:
        _between(cursor, source, last.end if last is not None else 0)
    _open(cursor, source, tokens)
    in_tag = tail < offset
    _after(cursor, source, tail if in_tag else _next_tag(source, offset), in_tag=in_tag)
    if cursor.kind == "value":
        _value_code(cursor, source)
    return cursor


def _in_tag(cursor: Cursor, source: str, tag: StartTag) -> None:
    """The cursor is in an unfinished tag, outside of quotes."""
    cursor.element = tag.name
    cursor.attributes = attributes_of(source, tag)
    if tag.start + 1 + len(tag.name) == cursor.offset:
        cursor.kind, cursor.start = "element", tag.start + 1
        return
    last = tag.attributes[-1] if tag.attributes else None
    if last is None or last.end < cursor.offset:
        if source[cursor.offset - 1] in SPACE:
            cursor.kind = "attribute"
    elif last.value_start < 0:
        cursor.kind, cursor.start, cursor.attribute = "attribute", last.start, last.name
    elif last.value_end == last.end:
        cursor.kind, cursor.start, cursor.attribute, cursor.quoted = "value", last.value_start, last.name, False


def _in_value(cursor: Cursor, source: str, tokens: list[Token], quote: int) -> int:
    """The cursor is in a quoted value whose quote stands at ``quote``; gives where its tag starts."""
    tag = next(iter(deque(Lexer(source[:quote]).tokens(), maxlen=1)), None)
    if isinstance(tag, StartTag) and tag.attributes and tag.attributes[-1].end == quote:
        cursor.kind, cursor.start = "value", quote + 1
        cursor.element, cursor.attribute = tag.name, tag.attributes[-1].name
        cursor.attributes = attributes_of(source, tag)
        return tag.start
    return cursor.offset


def _in_raw(cursor: Cursor, source: str, token: RawText) -> int:
    """The cursor is in raw text; gives where that may end."""
    name = cursor.parent.name
    closing = _closing(source, max(token.start, cursor.offset - len(name) - 2), cursor.offset)
    if closing >= 0 and name.startswith(source[closing : cursor.offset]):
        cursor.kind, cursor.start = "closing", closing
    elif name != "State":
        wrapper = _CDATA.match(source, token.start, cursor.offset)
        cursor.kind, cursor.start = "code", wrapper.end() if wrapper else token.start
        cursor.code = "body" if name == "Handler" else "expression"
    end = source.find(f"</{name}", cursor.offset)
    return len(source) if end < 0 else end


def _in_text(cursor: Cursor, source: str, token: TextToken) -> None:
    """The cursor is in text between tags, perhaps in one of its expressions."""
    if token.segments.exhausted:
        cursor.kind, cursor.start, cursor.code = "code", token.segments.open[-1] + 1, "expression"
        return
    written = source[token.start : cursor.offset]
    if written.endswith("<"):
        cursor.kind = "element"
    elif written.endswith("</"):
        cursor.kind = "closing"
    elif not written.strip(SPACE):
        cursor.kind = "text"


def _between(cursor: Cursor, source: str, end: int) -> None:
    """The cursor stands behind the last token, which ends at ``end``."""
    if source[end : cursor.offset].strip(SPACE + "\ufeff") == "":
        cursor.kind = "text"
        return
    closing = _closing(source, end, cursor.offset)
    if closing >= 0:
        cursor.kind, cursor.start = "closing", closing


def _closing(source: str, start: int, end: int) -> int:
    """Where the name starts when ``[start, end)`` ends with an unfinished closing tag, else -1."""
    at = source.rfind("</", start, end)
    return at + 2 if at >= 0 and _CLOSING.fullmatch(source, at, end) else -1


def _open(cursor: Cursor, source: str, tokens: list[Token]) -> None:
    """Fill in what is open at the cursor and what was declared before it."""
    cursor.names.add(source, tokens)
    frames = cursor.frames
    tags: list[StartTag] = []
    count: dict[str, int] = {}
    for token in tokens:
        if isinstance(token, StartTag):
            frames[-1].children.append(token.name)
            if not token.empty:
                frames.append(Frame(token.name))
                tags.append(token)
                count[token.name] = count.get(token.name, 0) + 1
        elif isinstance(token, EndTag) and count.get(token.name):
            name = ""
            while name != token.name:
                frames.pop()
                name = tags.pop().name
                count[name] -= 1
    for frame, tag in zip(frames[1:], tags, strict=True):
        frame.attributes = attributes_of(source, tag)


def _after(cursor: Cursor, source: str, tail: int, *, in_tag: bool) -> None:
    """Take in the document from ``tail`` on; ``in_tag``: the tag there is the one the cursor stands in."""
    text = source[tail:]
    tag: StartTag | None = None
    depth = 0
    if in_tag:
        tag, sound = _first(text)
        if not sound and cursor.kind == "value" and cursor.quoted:
            # The value may lack its closing quote: read on as if that stood at the cursor.
            at = cursor.offset - tail
            text = text[:at] + source[cursor.start - 1] + text[at:]
            tag, sound = _first(text)
        if tag is None:
            text = source[_next_tag(source, cursor.offset) :]
        else:
            cursor.attributes = attributes_of(text, tag)
            depth = 1 if sound and not tag.empty else 0
    tokens = list(Lexer(text).tokens())
    cursor.names.add(text, tokens, len(source) - len(text))
    for token in tokens if tag is None else tokens[1:]:
        if isinstance(token, StartTag):
            if depth == 0:
                cursor.parent.children.append(token.name)
            depth += not token.empty
        elif isinstance(token, EndTag):
            depth -= 1
            if depth < 0:
                return


def _next_tag(source: str, offset: int) -> int:
    found = _NEXT_TAG.search(source, offset)
    return found.start() if found else len(source)


def _first(text: str) -> tuple[StartTag | None, bool]:
    """The tag that ``text`` starts with, and whether nothing is wrong with it."""
    sound = True

    def report(code: str, message: str, start: int, end: int, hint: str, edit: Edit | None = None) -> None:
        nonlocal sound
        sound = False

    token = next(Lexer(text, report=report).tokens(), None)
    return (token, sound and token.finished) if isinstance(token, StartTag) else (None, False)


def _value_code(cursor: Cursor, source: str) -> None:
    """See whether the cursor, in a value, is in code."""
    name, element = cursor.attribute, cursor.element
    if not cursor.in_view:
        if element == "Computed" and name == "value":
            cursor.kind, cursor.code = "code", "expression"
    elif name == "bind":
        cursor.kind, cursor.code = "code", "place"
    elif name == "args":
        cursor.kind, cursor.code = "code", "args"
    elif (element, name) in (("If", "condition"), ("Iterate", "items"), ("Iterate", "over")):
        cursor.kind, cursor.code = "code", "expression"
    elif name not in ("trigger", "as", "index") and not name.startswith("on:"):
        segments = attribute_segments(source, cursor.start, cursor.offset)
        if segments.open:
            cursor.kind, cursor.code, cursor.start = "code", "expression", segments.open[-1] + 1
