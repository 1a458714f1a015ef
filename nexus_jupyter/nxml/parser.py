"""Builds the syntax tree from tokens, going on after every problem that leaves a plain meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from ..diagnostics import Fix, LineIndex, Span
from .ast import Attribute, CommentNode, ElementNode, Expression, NexusPanelAST, Node, Part, RawNode, TextNode
from .handlers import unescaped
from .javascript import ending, lexemes
from .lexer import RAW_ELEMENTS, Edit, Lexer
from .limits import DEFAULT_LIMITS, Limits
from .nearest import nearest, short
from .problems import Problems
from .references import decode
from .segments import Segments, Slot, attribute_segments
from .tokens import AttributeToken, Comment, EndTag, RawText, StartTag, TextToken
from .whitespace import SPACE, trimmed, without_indent

# Attributes of elements in the view that are names rather than text.
_PLAIN = frozenset(("trigger", "as", "index"))
Mode = Literal["plain", "text", "expression"]
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(slots=True)
class _Open:
    """An element whose closing tag has not come yet."""

    number: int
    tag: StartTag
    in_view: bool
    attributes: tuple[Attribute, ...]
    children: list[int] = field(default_factory=list)
    after_text: bool = False  # whether the last child, comments apart, is text


class Parser:
    """Reads one document: ``Parser(source).parse()``.

    ``problems`` afterwards holds what was wrong with its form; what it means is checked elsewhere.
    """

    def __init__(self, source: str, *, limits: Limits = DEFAULT_LIMITS, problems: Problems | None = None) -> None:
        self.limits = limits
        self.problems = problems if problems is not None else Problems(limits.diagnostics)
        self._lines = LineIndex(source)
        self._nodes: list[Node | None] = []
        self._top: list[int] = []
        self._stack: list[_Open] = []
        self._names: dict[str, int] = {}
        self._owed: dict[str, int] = {}  # closing tags that may still come for elements closed without them
        self._readable = source if len(source) > limits.source else self._without_unreadable(source)
        self._lexer = Lexer(self._readable, limits, self._report)
        self._complete = True

    def parse(self) -> NexusPanelAST:
        """The tree; never raises for what the document contains."""
        if len(self._readable) > self.limits.source:
            message = f"the document is longer than {self.limits.source:,} characters"
            self._report("LIMIT_SOURCE", message, 0, 0, "move data into Python and assign it to a state")
            return NexusPanelAST(complete=False)
        for token in self._lexer.tokens():
            if isinstance(token, StartTag):
                alive = self._start(token)
            elif isinstance(token, EndTag):
                alive = self._end(token)
            elif isinstance(token, TextToken):
                alive = self._text(token)
            elif isinstance(token, RawText):
                alive = self._raw(token)
            else:
                alive = self._comment(token)
            if not alive:
                self._complete = False
                break
        if self._stack:
            if self._complete and self._lexer.complete:
                self._unclosed_at_end()
            self._complete = False
            while self._stack:
                self._close(len(self._readable), forgotten=True)
        nodes = tuple(n for n in self._nodes if n is not None)  # every number has its node by now
        root = next((i for i in self._top if isinstance(nodes[i], ElementNode)), None)
        return NexusPanelAST(nodes=nodes, top=tuple(self._top), root=root, complete=self._complete and self._lexer.complete)

    # --- tokens ----------------------------------------------------------------------------------

    def _start(self, tag: StartTag) -> bool:
        if len(self._stack) >= self.limits.depth:
            self._report(
                "LIMIT_DEPTH",
                f"elements are nested more than {self.limits.depth} deep",
                tag.start,
                tag.end,
                "flatten the view, or repeat with Iterate",
            )
            return False
        if self._stack and self._stack[-1].tag.name in RAW_ELEMENTS:
            self._unclosed_item(self._stack[-1], tag.start)
        parent = self._stack[-1] if self._stack else None
        number = self._number()
        if number < 0:
            return False
        in_view = parent is not None and (parent.in_view or (parent.tag.name == "View" and len(self._stack) == 2))
        opened = _Open(number, tag, in_view, self._attributes(tag, in_view, number))
        self._adopt(number)
        self._stack.append(opened)
        self._names[tag.name] = self._names.get(tag.name, 0) + 1
        if tag.empty:
            self._close(tag.end)
        return True

    def _end(self, tag: EndTag) -> bool:
        if self._stack and self._stack[-1].tag.name == tag.name:
            self._close(tag.end)
            return True
        if not self._names.get(tag.name):
            self._closes_nothing(tag)
            return True
        span = self._lines.span(tag.start, tag.end)
        name = short(tag.name)
        inner_tag = self._stack[-1].tag
        line, column = self._lines.place(inner_tag.start)
        childless = self._childless(self._stack[-1])
        end = inner_tag.end
        self._problem(
            "MISMATCHED_TAG",
            f"</{name}> closes <{name}> while <{short(inner_tag.name)}> of line {line}, column {column} is still open",
            span,
            node=self._stack[-1].number,
            hint="end its tag with />" if childless else f"add </{short(inner_tag.name)}> before it",
            fix=Fix(title="end its tag with />", span=self._lines.span(end - 1, end), replacement=" />")
            if childless
            else Fix(
                title=f"add </{inner_tag.name}>",
                span=self._lines.span(tag.start, tag.start),
                replacement=f"</{inner_tag.name}>",
            ),
        )
        while self._stack[-1].tag.name != tag.name:
            forgotten = self._stack[-1].tag.name
            self._owed[forgotten] = self._owed.get(forgotten, 0) + 1
            self._close(tag.start, forgotten=True)
        self._close(tag.end)
        return True

    def _childless(self, opened: _Open) -> bool:
        """Whether an open element is one that holds nothing, and its start tag could have ended it."""
        from ..catalog import catalog

        entry = catalog().components.get(opened.tag.name)
        holds = entry is None or entry.children != "none" or entry.content is not None
        return not holds and opened.in_view and self._readable.startswith(">", opened.tag.end - 1)

    def _closes_nothing(self, tag: EndTag) -> None:
        """A closing tag without an open element: one closed above already, a slip of the pen, or too many."""
        if self._owed.get(tag.name):
            self._owed[tag.name] -= 1  # that it stands too late was said when its element was closed
            return
        span = self._lines.span(tag.start, tag.end)
        name = short(tag.name)
        inner = self._stack[-1].tag.name if self._stack else ""
        near = nearest(tag.name, (inner,)) or self.problems.nearest(tag.name, (o.tag.name for o in reversed(self._stack)))
        self._problem(
            "MISMATCHED_TAG",
            f"</{name}> closes nothing; no <{name}> is open",
            span,
            node=self._stack[-1].number if self._stack else -1,
            hint=f"did you mean </{near}>?" if near else f"remove it, or close <{short(inner)}>" if inner else "remove it",
            fix=Fix(title=f"change to </{near}>", span=span, replacement=f"</{near}>") if near and near == inner else None,
        )
        if near and near == inner:
            self._close(tag.end)  # what follows then stands where it is meant to

    def _unclosed_at_end(self) -> None:
        """Says that the innermost open element is not closed; one for all of them."""
        tag = self._stack[-1].tag
        size = len(self._readable)
        fix: Fix | None = None
        if tag.finished and tag.name not in RAW_ELEMENTS:
            closing = "".join(f"</{opened.tag.name}>" for opened in reversed(self._stack))
            fix = Fix(title="close what is open", span=self._lines.span(size, size), replacement=closing)
        self._problem(
            "UNCLOSED_TAG",
            f"<{short(tag.name)}> {'is not closed' if tag.finished else 'is not finished'}",
            self._lines.span(tag.start, tag.start + 1 + len(tag.name)),
            node=self._stack[-1].number,
            hint=f"add </{short(tag.name)}>" if tag.finished else "end the tag with > or />",
            fix=fix,
        )

    def _unclosed_item(self, opened: _Open, end: int) -> None:
        """A ``State`` or ``Computed`` whose next sibling starts before it was closed."""
        tag = opened.tag
        if self._readable.startswith(">", tag.end - 1):  # else it was said that the tag has no end
            self._problem(
                "UNCLOSED_TAG",
                f"<{tag.name}> is not closed",
                self._lines.span(tag.start, tag.start + 1 + len(tag.name)),
                node=opened.number,
                hint=f"end its tag with />, or add </{tag.name}>",
                fix=Fix(title="end the tag with />", span=self._lines.span(tag.end - 1, tag.end), replacement=" />"),
            )
        self._close(end)

    def _text(self, token: TextToken) -> bool:
        parent = self._stack[-1] if self._stack else None
        segments = token.segments
        kept = parent is not None and parent.after_text  # after text even white space means something
        if not kept and all(not isinstance(p, Slot) and not p.strip(SPACE) for p in segments.parts) and not segments.open:
            return True
        parts = self._parts(segments, parent.number if parent else -1)
        if not kept and not parts and not segments.open:
            return True
        number = self._number()
        if number < 0:
            return False
        if parent:
            parent.after_text = True
        self._adopt(number)
        self._nodes[number] = TextNode.known(
            kind="text",
            id=number,
            parent=parent.number if parent else None,
            parts=tuple(parts),
            broken=bool(segments.open),
            span=self._visible_span(token.start, token.end),
        )
        return True

    def _raw(self, token: RawText) -> bool:
        parent = self._stack[-1]
        start, end = self._raw_bounds(token.start, token.end)
        if start == end:
            return True
        number = self._number()
        if number < 0:
            return False
        text = self._readable[start:end]
        expression: Expression | None = None
        indent = ""
        if parent.tag.name == "Handler":
            if len(text) > self.limits.handler:
                message = f"the handler is longer than {self.limits.handler:,} characters"
                tag = parent.tag
                self._report("LIMIT_HANDLER", message, tag.start, tag.start + 1 + len(tag.name), "split it into several tools")
            plain = unescaped(text) if len(text) <= self.limits.handler else None
            if plain is not None:
                whole = self._lines.span(start, end)
                self._problem(
                    "ESCAPED_HANDLER",
                    "the handler's code is written with entities such as &lt;",
                    self._visible_span(start, end),
                    node=parent.number,
                    hint="a handler is raw text: write < and & as they are",
                    # decoded, the code may hold what ends a handler
                    fix=None if "</Handler" in plain else Fix(title="write the characters themselves", span=whole, replacement=plain),
                )
                text = plain
            clean = without_indent(text, code=True)
            text, indent, start = clean.text, clean.indent, start + clean.start
        elif parent.tag.name == "Computed":
            expression = self._expression(start, end, parent.number, keep_braces=False)
            first = trimmed(text)[0]
            text, start = decode(text).strip(SPACE), start + first
        else:
            clean = without_indent(decode(text))
            # white space written as a reference is cut off as well, but stays within the place of the text
            start += clean.start if "&" not in text else without_indent(text).start
            text, indent = clean.text, clean.indent
        self._adopt(number)
        self._nodes[number] = RawNode.known(
            kind="raw",
            id=number,
            parent=parent.number,
            text=text,
            indent=indent,
            expression=expression,
            span=self._lines.span(start, start + len(self._readable[start:end].rstrip(SPACE))),
        )
        return True

    def _comment(self, token: Comment) -> bool:
        number = self._number()
        if number < 0:
            return False
        self._adopt(number)
        self._nodes[number] = CommentNode.known(
            kind="comment",
            id=number,
            parent=self._stack[-1].number if self._stack else None,
            text=self._readable[token.start + 4 : token.end - 3],
            span=self._lines.span(token.start, token.end),
        )
        return True

    # --- nodes -----------------------------------------------------------------------------------

    def _number(self) -> int:
        """A place in the node table, or -1 when it is full."""
        if len(self._nodes) >= self.limits.nodes:
            at = self._lexer.position
            message = f"the document has more than {self.limits.nodes:,} nodes"
            self._report("LIMIT_NODES", message, at, at, "repeat with Iterate, or move data into state")
            return -1
        self._nodes.append(None)
        return len(self._nodes) - 1

    def _adopt(self, number: int) -> None:
        (self._stack[-1].children if self._stack else self._top).append(number)

    def _close(self, end: int, *, forgotten: bool = False) -> None:
        opened = self._stack.pop()
        if forgotten:
            self.problems.forgive(opened.number, opened.children)
        tag = opened.tag
        self._names[tag.name] -= 1
        if self._stack:
            self._stack[-1].after_text = False
        self._nodes[opened.number] = ElementNode.known(
            kind="element",
            id=opened.number,
            parent=self._stack[-1].number if self._stack else None,
            name=tag.name,
            attributes=opened.attributes,
            children=tuple(opened.children),
            span=self._lines.span(tag.start, end),
            open_span=self._lines.span(tag.start, tag.end),
        )

    # --- attributes and expressions --------------------------------------------------------------

    def _attributes(self, tag: StartTag, in_view: bool, node: int) -> tuple[Attribute, ...]:
        seen: set[str] = set()
        out: list[Attribute] = []
        for token in tag.attributes:
            if token.name in seen:
                span = self._lines.span(token.start, token.end)
                self._problem(
                    "DUPLICATE_ATTRIBUTE",
                    f"<{short(tag.name)}> has the attribute {short(token.name)!r} twice",
                    span,
                    node=node,
                    hint="keep one of them",
                    fix=Fix(title="remove the second", span=span, replacement=""),
                )
                continue
            seen.add(token.name)
            out.append(self._attribute(tag.name, token, in_view, node))
        return tuple(out)

    def _attribute(self, element: str, token: AttributeToken, in_view: bool, node: int) -> Attribute:
        name, at, _, start, end, behind = token
        span = self._lines.span(at, behind)
        value: str | None = None
        mode: Mode = "plain"
        parts: tuple[Part, ...] = ()
        broken = False
        value_span = span
        if start >= 0:
            written = self._readable[start:end]
            value_span = self._lines.span(start, end)
            mode = self._mode(element, name, written, in_view)
            if mode == "expression" and (name != "bind" or written.strip(SPACE)):  # an empty place has a check of its own
                expression = self._expression(start, end, node, keep_braces=name == "args")
                broken = expression is None
                parts = (expression,) if expression else ()
            elif mode == "text" and written:
                if "{" in written or "}" in written or "&" in written:
                    segments = attribute_segments(self._readable, start, end)
                    parts = tuple(self._parts(segments, node))
                    broken = bool(segments.open)
                else:
                    parts = (written,)
            value = decode(written)
        return Attribute.known(name=name, value=value, mode=mode, parts=parts, broken=broken, span=span, value_span=value_span)

    def _mode(self, element: str, name: str, written: str, in_view: bool) -> Mode:
        if not in_view:
            return "expression" if element == "Computed" and name == "value" else "plain"
        if name in ("args", "bind") or (element == "If" and name == "condition") or (element == "Iterate" and name in ("items", "over")):
            return "expression"
        if name == "key":
            return "expression" if written.lstrip(SPACE).startswith("{") else "plain"
        return "plain" if name in _PLAIN or name.startswith("on:") else "text"

    def _expression(self, start: int, end: int, node: int, *, keep_braces: bool) -> Expression | None:
        """The expression ``[start, end)``, one pair of outer braces taken off; None when it has no end."""
        source = self._readable
        first, last = trimmed(source[start:end])
        begin, stop = start + first, start + last
        if source.startswith("{", begin, stop):
            found = ending(source, begin + 1, stop, references=True)
            if found.reason == "text":
                self._open_expression(begin, node)
                return None
            if not keep_braces and found.offset + 1 == stop:
                begin, stop = begin + 1, stop - 1
        return self._checked_expression(begin, stop, node, "write an expression, such as $state.name")

    def _parts(self, segments: Segments, node: int) -> list[Part]:
        for at in segments.open:
            self._open_expression(at, node)
        parts: list[Part] = []
        for part in segments.parts:
            if isinstance(part, Slot):
                expression = self._checked_expression(part.start, part.end, node)
                if expression is not None:
                    parts.append(expression)
            else:
                parts.append(part)
        return parts

    def _checked_expression(
        self, start: int, end: int, node: int, missing: str = "write {{ and }} for braces in text"
    ) -> Expression | None:
        first, last = trimmed(self._readable[start:end])
        begin, stop = start + first, start + last
        if stop - begin > self.limits.expression:
            self._problem(
                "LIMIT_EXPRESSION",
                f"the expression is longer than {self.limits.expression:,} characters",
                self._lines.span(begin, stop),
                node=node,
                hint="give it a name with Computed, or move it into a tool",
            )
            return None
        source = decode(self._readable[begin:stop])
        comment = source.startswith("/") and all(x.kind == "comment" for x in lexemes(source, 0, len(source)))
        if comment or not source:
            self._problem(
                "JS_SYNTAX",
                "an expression is missing here",
                self._lines.span(max(0, start - 1), end + 1) if start == end else self._lines.span(start, end),
                node=node,
                hint="comments are written <!-- … -->" if comment else missing,
            )
            return None
        return Expression.known(source=source, span=self._lines.span(begin, stop))

    def _open_expression(self, at: int, node: int) -> None:
        self._problem(
            "UNTERMINATED_EXPRESSION",
            "the expression has no closing }",
            self._lines.span(at, at + 1),
            node=node,
            hint="close it with }, or write {{ for a brace in text",
        )

    # --- places ----------------------------------------------------------------------------------

    def _raw_bounds(self, start: int, end: int) -> tuple[int, int]:
        """Raw text without white space around it and without a CDATA wrapper around all of it."""
        first, last = trimmed(self._readable[start:end])
        begin, stop = start + first, start + last
        if self._readable.startswith("<![CDATA[", begin, stop) and self._readable.endswith("]]>", begin + 9, stop):
            begin, stop = begin + 9, stop - 3
            if not self._readable[begin:stop].strip(SPACE):
                return begin, begin
            return begin, stop
        # White space before the first line stays: it is the line's indent.
        return (start, end) if begin < stop else (start, start)

    def _visible_span(self, start: int, end: int) -> Span:
        first, last = trimmed(self._readable[start:end])
        return self._lines.span(start + first, start + last)

    def _without_unreadable(self, source: str) -> str:
        """``source`` with U+FFFD for NUL and for halves of surrogate pairs, which text cannot hold."""
        first = _UNREADABLE.search(source)
        if first is None:
            return source
        self._report(
            "UNEXPECTED_CHARACTER",
            "the document contains a character that is none (NUL or half of a surrogate pair)",
            first.start(),
            first.end(),
            "remove it",
        )
        return _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", source)

    def _report(self, code: str, message: str, start: int, end: int, hint: str, edit: Edit | None = None) -> None:
        fix = None if edit is None else Fix(title=edit[0], span=self._lines.span(edit[1], edit[2]), replacement=edit[3])
        node = self._stack[-1].number if self._stack else -1
        self._problem(code, message, self._lines.span(start, end), node=node, hint=hint, fix=fix)

    def _problem(self, code: str, message: str, span: Span, *, node: int = -1, hint: str = "", fix: Fix | None = None) -> None:
        self.problems.report(code, message, span, node=node, hint=hint, fix=fix)
