"""Whether two documents say the same: their trees compared, spans and layout aside."""

from __future__ import annotations

from ..catalog import catalog
from .ast import Attribute, CommentNode, ElementNode, Expression, NexusPanelAST, RawNode, TextNode
from .whitespace import collapsed, dedented

# What a tree is made of, in document order; an int is the number of a node that is still to be written out.
Shape = tuple[object, ...]


def same_meaning(first: NexusPanelAST, second: NexusPanelAST) -> bool:
    """Whether two trees have the same nodes: kinds, names, attributes, texts, raw texts and comments.

    Aside are spans, the indents that were taken away, the order of attributes, CDATA sections, and the white space of
    texts as far as the language reads it away (NXML 1.0, section 2): collapsed in the text of components, the common
    indent where lines are kept.
    """
    return shape(first) == shape(second)


def shape(ast: NexusPanelAST) -> list[Shape]:
    """The tree as a flat list that is equal for documents of the same meaning."""
    out: list[Shape] = [("document", ast.version, ast.complete)]
    todo: list[Shape | int] = _contents(ast, ast.top, keeps_lines=False)[::-1]
    while todo:
        item = todo.pop()
        if isinstance(item, tuple):
            out.append(item)
            continue
        node = ast.nodes[item]
        if isinstance(node, ElementNode):
            attributes = sorted((_attribute(a) for a in node.attributes), key=lambda a: str(a[0]))
            out.append(("element", node.name, *attributes))
            todo.append(("end",))
            entry = catalog().components.get(node.name)
            todo += _contents(ast, node.children, keeps_lines=entry is not None and entry.keeps_lines)[::-1]
        elif isinstance(node, RawNode):
            out.append(("raw", node.text, node.expression and node.expression.source))
        else:
            assert isinstance(node, CommentNode)  # texts are written out with the element they stand in
            out.append(("comment", node.text))
    return out


def _contents(ast: NexusPanelAST, children: tuple[int, ...], *, keeps_lines: bool) -> list[Shape | int]:
    """The children of one element, white space of its texts as the language reads it.

    The texts of an element are one text, whatever stands between them.
    """
    parts: list[str | Expression | int] = []
    out: list[Shape | int] = []
    for number in children:
        node = ast.nodes[number]
        if isinstance(node, TextNode):
            parts += node.parts
            if node.broken:
                out.append(("broken",))
        else:
            parts.append(number)
    read: tuple[str | Expression | int, ...] = dedented(tuple(parts)) if keeps_lines else collapsed(tuple(parts))
    out += [each if isinstance(each, int) else _part(each) for each in read]
    return out


def _part(part: str | Expression) -> Shape:
    return ("text", part) if isinstance(part, str) else ("expression", part.source)


def _attribute(attribute: Attribute) -> Shape:
    return attribute.name, attribute.value, attribute.mode, attribute.broken, *map(_part, attribute.parts)
