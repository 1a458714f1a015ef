"""Typed edits of a document, and their application by places in its text.

All paths name elements of the document as it is before any edit; what no edit names stays as it is, to the
byte.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..errors import NexusError
from ..nxml import DEFAULT_LIMITS, ElementNode, NexusPanelAST, Parser, RawNode, read
from ..nxml.elements import ELEMENTS
from ..nxml.problems import Problems

MAX_EDITS = 100
MAX_BYTES = 256 * 1024

Path = Annotated[str, Field(min_length=1, max_length=4_096)]
Fragment = Annotated[str, Field(min_length=1, max_length=MAX_BYTES)]


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Insert(_Edit):
    """Put ``nxml`` inside the element ``into``: at its start, its end, or before its child element number ``at`` (from 0)."""

    op: Literal["insert"]
    into: Path
    at: Literal["start", "end"] | Annotated[int, Field(ge=0, le=20_000)] = "end"
    nxml: Fragment


class InsertBefore(_Edit):
    """Put ``nxml`` before the element ``path``."""

    op: Literal["insert_before"]
    path: Path
    nxml: Fragment


class InsertAfter(_Edit):
    """Put ``nxml`` after the element ``path``."""

    op: Literal["insert_after"]
    path: Path
    nxml: Fragment


class Replace(_Edit):
    """Put ``nxml`` in place of the element ``path``."""

    op: Literal["replace"]
    path: Path
    nxml: Fragment


class Remove(_Edit):
    """Take the element ``path`` out, with its line if it stands alone there."""

    op: Literal["remove"]
    path: Path


class SetAttribute(_Edit):
    """Give the element's attribute this value, as plain text; None takes the attribute away."""

    op: Literal["set_attribute"]
    path: Path
    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_:.\-]*$", max_length=200)
    value: Annotated[str, Field(max_length=100_000)] | None


Edit = Annotated[Insert | InsertBefore | InsertAfter | Replace | Remove | SetAttribute, Field(discriminator="op")]


class EditError(NexusError):
    """Edits that cannot be applied to this document.

    Codes: UNKNOWN_PATH, BAD_FRAGMENT, OVERLAPPING_EDITS, BAD_EDIT.  ``edit`` is the edit's number, from 1.
    """

    code = "BAD_EDIT"

    def __init__(self, message: str, *, edit: int, hint: str = "", code: str | None = None) -> None:
        super().__init__(f"edit {edit}: {message}", hint=hint, code=code)
        self.edit = edit


@dataclass(frozen=True, slots=True)
class _Splice:
    """Replace ``[start, end)`` by ``text``; ``edit`` asked for it."""

    start: int
    end: int
    text: str
    edit: int


def apply_edits(source: str, edits: Sequence[Edit]) -> str:
    """The document after ``edits``.

    Raises EditError: an edit names what is not there, contradicts another, or brings no well-formed piece.
    """
    splices = _Splices(source)
    for number, edit in enumerate(edits, 1):
        splices.add(number, edit)
    return splices.apply()


# Faults by which a piece could change what stands around it.
_BROKEN = {
    "UNCLOSED_TAG",
    "MISMATCHED_TAG",
    "UNTERMINATED_STRING",
    "UNTERMINATED_EXPRESSION",
    "UNEXPECTED_CHARACTER",
    "DOCTYPE_FORBIDDEN",
    "DUPLICATE_ATTRIBUTE",
    "LIMIT_DEPTH",
    "LIMIT_NODES",
    "LIMIT_SOURCE",
    "LIMIT_ATTRIBUTES",
}
# What ends a line in JavaScript or in an editor.  A document's lines end at "\n" only: a break that a reviewer
# sees as one more character of a comment would have code run that looks like part of it.
_BREAKS = re.compile("\r\n?|[\u2028\u2029]")
_REFERENCE = re.compile(r"&(?=(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);)")


class _Splices:
    def __init__(self, source: str) -> None:
        self._source = source
        self._ast: NexusPanelAST = read(source).ast
        self._break = "\r\n" if "\r\n" in source else "\n"
        self._paths = {self._ast.path(n.id): n for n in self._ast.nodes if isinstance(n, ElementNode)}
        self._splices: list[_Splice] = []
        # an element without content gets one, whoever fills it
        self._filled: dict[int, list[tuple[int, str]]] = {}
        self._attributes: set[tuple[int, str]] = set()

    def add(self, number: int, edit: Edit) -> None:
        if isinstance(edit, Insert):
            self._insert(number, self._node(number, edit.into), edit.at, self._piece(number, edit.nxml))
        elif isinstance(edit, SetAttribute):
            self._set(number, self._node(number, edit.path), edit.name, edit.value)
        elif isinstance(edit, Remove):
            node = self._node(number, edit.path)
            self._beneath_root(number, node)
            self._put(number, *self._with_line(node.span.start, node.span.end), "")
        else:
            node = self._node(number, edit.path)
            piece = self._piece(number, edit.nxml)
            span = node.span
            if isinstance(edit, Replace):
                self._put(number, span.start, span.end, self._fit(piece, self._indent(span.start)))
                return
            self._beneath_root(number, node)
            own_line = self._starts_line(span.start)
            indent = self._indent(span.start)
            if isinstance(edit, InsertBefore):
                gap = self._break + indent if own_line else ""
                self._put(number, span.start, span.start, self._fit(piece, indent) + gap)
            else:
                gap = self._break + indent if own_line and self._ends_line(span.end) else ""
                self._put(number, span.end, span.end, gap + self._fit(piece, indent))

    def apply(self) -> str:
        for element, pieces in self._filled.items():
            self._fill(element, pieces)
        # stable: what is inserted at one place comes in the order of the edits
        ordered = sorted(self._splices, key=lambda s: (s.start, s.end))
        out: list[str] = []
        at = 0
        for splice in ordered:
            if splice.start < at:
                raise EditError(
                    "it overlaps another edit.",
                    edit=splice.edit,
                    hint="Paths name the document before all edits: change each place in one edit only.",
                    code="OVERLAPPING_EDITS",
                )
            out += (self._source[at : splice.start], splice.text)
            at = splice.end
        out.append(self._source[at:])
        return "".join(out)

    # --- kinds ------------------------------------------------------------------------------------

    def _insert(self, number: int, node: ElementNode, at: str | int, piece: str) -> None:
        rule = ELEMENTS.get(node.name)
        if rule is not None and rule.text:
            raise EditError(f"nothing can be inserted into <{node.name}>.", edit=number, hint="Replace the whole element.")
        if rule is not None and not rule.children and node.name != "View":
            raise EditError(f"<{node.name}> takes no elements.", edit=number)
        start, end = self._content(node)
        if not self._source[start:end].strip():
            self._filled.setdefault(node.id, []).append((number, piece))
            return
        children = [c for c in (self._ast.nodes[i] for i in node.children) if isinstance(c, ElementNode)]
        if isinstance(at, int) and at > len(children):
            raise EditError(f"{at} is past the end: the element has {len(children)} child elements.", edit=number)
        if isinstance(at, int) and at < len(children):
            first = children[at].span.start
            indent = self._indent(first)
            gap = self._break + indent if self._starts_line(first) else ""
            self._put(number, first, first, self._fit(piece, indent) + gap)
            return
        # beside what is there, in its indentation
        indent = self._indent(children[0].span.start) if children else self._indent(node.span.start) + "  "
        if at == "start":
            gap = self._break + indent if self._ends_line(start) else ""
            self._put(number, start, start, gap + self._fit(piece, indent))
        elif self._starts_line(end):
            line = self._line_start(end)
            self._put(number, line, line, indent + self._fit(piece, indent) + self._break)
        else:
            self._put(number, end, end, self._fit(piece, indent))

    def _fill(self, element: int, pieces: list[tuple[int, str]]) -> None:
        node = self._ast.nodes[element]
        assert isinstance(node, ElementNode)
        outer = self._indent(node.span.start)
        inner = outer + "  "
        content = "".join(f"{self._break}{inner}{self._fit(piece, inner)}" for _, piece in pieces) + self._break + outer
        start, end = self._content(node)
        if start < end or self._source[start - 2 : start] != "/>" or start != node.span.end:
            self._put(pieces[0][0], start, end, content)
            return
        slash = start - 2
        while self._source[slash - 1].isspace():
            slash -= 1
        self._put(pieces[0][0], slash, start, f">{content}</{node.name}>")

    def _set(self, number: int, node: ElementNode, name: str, value: str | None) -> None:
        if (node.id, name) in self._attributes:
            raise EditError(f"{name} of this element is set twice.", edit=number, code="OVERLAPPING_EDITS")
        self._attributes.add((node.id, name))
        present = next((a for a in node.attributes if a.name == name), None)
        if present is None:
            if value is not None:
                end = node.attributes[-1].span.end if node.attributes else node.open_span.start + 1 + len(node.name)
                self._put(number, end, end, f" {name}={_quoted(value)}")
            return
        start, end = present.span.start, present.span.end
        if value is not None:
            self._put(number, start, end, f"{name}={_quoted(value)}")
            return
        while self._source[start - 1].isspace():
            start -= 1
        self._put(number, start, end, "")

    # --- places -----------------------------------------------------------------------------------

    def _put(self, number: int, start: int, end: int, text: str) -> None:
        self._splices.append(_Splice(start, end, text, number))

    def _node(self, number: int, path: str) -> ElementNode:
        node = self._paths.get(path.replace("[1]", ""))
        if node is None:
            near = get_close_matches(path, list(self._paths)[:2_000], n=1, cutoff=0.5)
            raise EditError(
                f"there is no element {path[:200]}.",
                edit=number,
                hint=f"Did you mean {near[0]}?" if near else "Use a path as the outline gives it.",
                code="UNKNOWN_PATH",
            )
        return node

    def _beneath_root(self, number: int, node: ElementNode) -> None:
        if node.parent is None:
            raise EditError("the document consists of this element; it can only be replaced.", edit=number)

    def _content(self, node: ElementNode) -> tuple[int, int]:
        """Where the element's content is; empty and at its end when it closes itself."""
        start, end = node.open_span.end, node.span.end
        if start >= end:
            return end, end
        return start, self._source.rindex("</", start, end)

    def _line_start(self, at: int) -> int:
        return self._source.rfind("\n", 0, at) + 1

    def _starts_line(self, at: int) -> bool:
        return not self._source[self._line_start(at) : at].strip()

    def _ends_line(self, at: int) -> bool:
        end = self._source.find("\n", at)
        return not self._source[at : len(self._source) if end < 0 else end].strip()

    def _indent(self, at: int) -> str:
        line = self._source[self._line_start(at) : at]
        return line[: len(line) - len(line.lstrip())]

    def _with_line(self, start: int, end: int) -> tuple[int, int]:
        """The place, with its whole lines when nothing else stands on them."""
        if not (self._starts_line(start) and self._ends_line(end)):
            return start, end
        after = self._source.find("\n", end)
        return (start, end) if after < 0 else (self._line_start(start), after + 1)

    # --- pieces -----------------------------------------------------------------------------------

    def _piece(self, number: int, nxml: str) -> str:
        """A well-formed piece without the indentation that its lines have in common."""
        text = _BREAKS.sub("\n", nxml)
        problems = Problems(20)
        Parser(text, limits=DEFAULT_LIMITS, problems=problems).parse()
        broken = next((d for d in problems.diagnostics(lambda _: "") if d.code in _BROKEN), None)
        if broken is not None:
            raise EditError(
                f"its nxml is not well-formed: {broken.message} (line {broken.span.line}, {broken.code})",
                edit=number,
                hint=broken.hint,
                code="BAD_FRAGMENT",
            )
        first = len(text) - len(text.lstrip())
        piece = text[text.rfind("\n", 0, first) + 1 :].rstrip()
        if not piece:
            raise EditError("its nxml is empty.", edit=number, code="BAD_FRAGMENT")
        return piece.lstrip(" \t") if _literal_lines(piece) else textwrap.dedent(piece)

    def _fit(self, piece: str, indent: str) -> str:
        """The piece for a place of this indentation; its first line starts there already."""
        lines = piece.split("\n")
        if _literal_lines(piece):
            return self._break.join(lines)
        return self._break.join([lines[0], *(indent + line if line.strip() else "" for line in lines[1:])])


def _literal_lines(piece: str) -> bool:
    """Whether some line break of the piece is part of a value, so that indentation would change it."""
    for node in Parser(piece, limits=DEFAULT_LIMITS, problems=Problems(1)).parse().nodes:
        if isinstance(node, ElementNode):
            if any("\n" in (a.value or "") for a in node.attributes):
                return True
        elif isinstance(node, RawNode) and "`" in node.text:
            return True
    return False


def _quoted(value: str) -> str:
    """An attribute value as it is written so that reading it gives ``value``, with its line breaks as ``\\n``."""
    text = _REFERENCE.sub("&amp;", _BREAKS.sub("\n", value))
    if '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return '"' + text.replace('"', "&quot;") + '"'
