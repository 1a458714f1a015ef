"""The syntax tree of a panel document.

The nodes stand in one flat table and name their children by number, so that a tree of any depth is
read, written and compared without recursion; :class:`Element` gives tree-shaped access on top.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from ..diagnostics import Span, Value

NodeId = Annotated[int, Field(ge=0)]


class Expression(Value):
    """A JavaScript expression, references decoded; ``span`` is exactly its text, braces left out.

    For an ``args`` attribute the outer braces belong to the text: what they mean is decided later.
    """

    source: str
    span: Span


Part = str | Expression


class Attribute(Value):
    """An attribute.  ``value`` is its decoded text, None when it was written without one.

    ``parts`` cuts the value of a ``text`` attribute into literals (``{{`` and ``}}`` already single) and
    expressions; an ``expression`` attribute has exactly one part; a ``plain`` one has none.
    ``broken``: an expression in it has no end, so that the attribute means nothing.
    ``value_span`` is the text inside the quotes, or the name when there is no value.
    """

    name: str
    value: str | None = None
    mode: Literal["plain", "text", "expression"] = "plain"
    parts: tuple[Part, ...] = ()
    broken: bool = False
    span: Span
    value_span: Span

    @property
    def name_span(self) -> Span:
        """The place of the name."""
        return Span(start=self.span.start, end=self.span.start + len(self.name), line=self.span.line, column=self.span.column)

    @property
    def expression(self) -> Expression | None:
        """The only expression, when the whole value is one; white space around it does not count."""
        found: Expression | None = None
        for part in self.parts:
            if isinstance(part, Expression):
                if found is not None:
                    return None
                found = part
            elif part.strip():
                return None
        return found


class ElementNode(Value):
    """An element; ``open_span`` is its start tag, ``span`` all of it."""

    kind: Literal["element"] = "element"
    id: NodeId
    parent: NodeId | None
    name: str
    attributes: tuple[Attribute, ...] = ()
    children: tuple[NodeId, ...] = ()
    span: Span
    open_span: Span


class TextNode(Value):
    """Text between elements; ``broken`` when an expression in it has no end."""

    kind: Literal["text"] = "text"
    id: NodeId
    parent: NodeId | None
    parts: tuple[Part, ...]
    broken: bool = False
    span: Span


class RawNode(Value):
    """The content of a ``Handler`` (JavaScript), a ``State`` or a ``Computed`` (then also ``expression``).

    ``text`` has lost its common ``indent``, outside template literals, and the white space around it;
    ``span`` starts at its first character.
    """

    kind: Literal["raw"] = "raw"
    id: NodeId
    parent: NodeId | None
    text: str
    indent: str = ""
    expression: Expression | None = None
    span: Span


class CommentNode(Value):
    """A comment, its text without ``<!--`` and ``-->``."""

    kind: Literal["comment"] = "comment"
    id: NodeId
    parent: NodeId | None
    text: str
    span: Span


Node = Annotated[ElementNode | TextNode | RawNode | CommentNode, Field(discriminator="kind")]


class NexusPanelAST(Value):
    """A document as it was read.

    ``top`` lists the nodes outside any element, ``root`` is the ``NexusPanel`` element, None when there
    is none.  ``complete`` is false when the document broke off, so that what is absent from it cannot
    be blamed.
    """

    version: Literal["1.0"] = "1.0"
    nodes: tuple[Node, ...] = ()
    top: tuple[NodeId, ...] = ()
    root: NodeId | None = None
    complete: bool = True

    @cached_property
    def panel(self) -> Element | None:
        """The root element, or None."""
        return None if self.root is None else self.element(self.root)

    def element(self, number: int) -> Element:
        """The element of that number, always the same object; ``TypeError`` when the node is none."""
        found = self._elements.get(number)
        if found is None:
            node = self.nodes[number]
            if not isinstance(node, ElementNode):
                raise TypeError(f"node {number} is a {node.kind}, not an element")
            found = self._elements.setdefault(number, Element(self, node))
        return found

    @cached_property
    def _elements(self) -> dict[int, Element]:
        """The elements that were asked for: a document is gone through many times."""
        return {}

    def path(self, number: int) -> str:
        """Where a node stands: ``NexusPanel/Data/State[2]``, counted among equal names from 1, 1 left out."""
        names: list[str] = []
        at: int | None = number
        while at is not None:
            node: Node = self.nodes[at]
            if isinstance(node, ElementNode):
                nth = self._positions.get(at, 1)
                names.append(node.name if nth == 1 else f"{node.name}[{nth}]")
            at = node.parent
        return "/".join(reversed(names))

    @cached_property
    def _positions(self) -> dict[int, int]:
        """The position among equally named siblings of every element that is not the first."""
        out: dict[int, int] = {}
        for siblings in (self.top, *(n.children for n in self.nodes if isinstance(n, ElementNode))):
            seen: dict[str, int] = {}
            for number in siblings:
                node = self.nodes[number]
                if isinstance(node, ElementNode):
                    seen[node.name] = nth = seen.get(node.name, 0) + 1
                    if nth > 1:
                        out[number] = nth
        return out


class Element:
    """An element with its attributes by name and its children as objects; ``id`` is its node's number, ``name`` as written."""

    __slots__ = ("_attributes", "_inside", "ast", "id", "name", "node")

    def __init__(self, ast: NexusPanelAST, node: ElementNode) -> None:
        self.ast = ast
        self.node = node
        self.id = node.id
        self.name = node.name
        self._attributes: Mapping[str, Attribute] | None = None
        self._inside: tuple[Element, ...] | None = None

    def __reduce__(self) -> tuple[type[Element], tuple[NexusPanelAST, ElementNode]]:
        return Element, (self.ast, self.node)  # a tree that was looked at is pickled and copied like any other

    def __repr__(self) -> str:
        return f"<{self.name} at line {self.node.span.line}>"

    @property
    def span(self) -> Span:
        """The start tag: the place to point at."""
        return self.node.open_span

    @property
    def name_span(self) -> Span:
        """The name in the start tag."""
        at = self.node.open_span
        return Span(start=at.start + 1, end=at.start + 1 + len(self.name), line=at.line, column=at.column + 1)

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """The attributes by name; of repeated ones the first.  Read-only: one tree serves all who read the document."""
        if self._attributes is None:
            found: dict[str, Attribute] = {}
            for attribute in self.node.attributes:
                found.setdefault(attribute.name, attribute)
            self._attributes = MappingProxyType(found)
        return self._attributes

    def get(self, name: str) -> Attribute | None:
        """The attribute, or None."""
        known = self._attributes
        return (self.attributes if known is None else known).get(name)

    def text(self, name: str, default: str = "") -> str:
        """The decoded value of an attribute; ``default`` when it is absent or without a value."""
        attribute = self.get(name)
        return default if attribute is None or attribute.value is None else attribute.value

    def elements(self, name: str | None = None) -> Iterator[Element]:
        """The child elements, all or those called ``name``."""
        inside = self._inside
        if inside is None:
            ast = self.ast
            inside = self._inside = tuple(ast.element(n) for n in self.node.children if isinstance(ast.nodes[n], ElementNode))
        return iter(inside) if name is None else (element for element in inside if element.name == name)

    def texts(self) -> Iterator[TextNode]:
        """The child texts."""
        nodes = self.ast.nodes
        for number in self.node.children:
            node = nodes[number]
            if isinstance(node, TextNode):
                yield node

    @property
    def raw(self) -> RawNode | None:
        """The raw text inside, or None."""
        nodes = self.ast.nodes
        for number in self.node.children:
            node = nodes[number]
            if isinstance(node, RawNode):
                return node
        return None
