"""What values written in code are: as much as can be told without running it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import JsonValue

from .analysis_syntax import Syntax
from .values import number

ShapeKind = Literal["string", "number", "boolean", "null", "undefined", "list", "object", "unknown"]

_WORDS: dict[str, tuple[ShapeKind, JsonValue]] = {
    "true": ("boolean", True),
    "false": ("boolean", False),
    "null": ("null", None),
}


class Shape(NamedTuple):
    """What is known of a value; ``value`` for a string, number or boolean whose value is known too."""

    kind: ShapeKind
    start: int
    end: int
    value: JsonValue = None


class Given(NamedTuple):
    """Arguments as written: in order (``items``), or by name (``fields``: name, where it stands, value).

    ``open``: there are more that cannot be told (a spread, a computed name).
    """

    start: int
    end: int
    items: tuple[Shape, ...] | None = None
    fields: tuple[tuple[str, int, int, Shape], ...] | None = None
    open: bool = False


def given_of(tree: Syntax, arguments: int) -> Given | None:
    """The arguments of a call of a tool: one object is by name, anything else in order; None when nobody can tell."""
    start, end = tree.place(arguments)
    if tree.kinds[arguments] != "arguments":
        return None
    values = tree.children[arguments]
    if len(values) == 1:
        only = _inside(tree, values[0])
        if tree.kinds[only] == "object":
            return _fields(tree, only)
        if shape_of(tree, only).kind == "unknown":
            return None  # it may hold an object
    spread = any(tree.kinds[v] == "spread_element" for v in values)
    return Given(start, end, items=_items(tree, values), open=spread)


def given_in_args(tree: Syntax) -> Given | None:
    """What an ``args`` attribute gives: an object by name, a list in order, another value first; None: nobody can tell."""
    node = 0
    for kind in ("expression_statement", "parenthesized_expression"):
        if len(tree.children[node]) != 1 or tree.kinds[tree.children[node][0]] != kind:
            return None
        node = tree.children[node][0]
    if len(tree.children[node]) != 1:
        return None
    node = _inside(tree, tree.children[node][0])
    start, end = tree.place(node)
    if tree.kinds[node] == "object":
        return _fields(tree, node)
    if tree.kinds[node] == "array":
        values = tree.children[node]
        known = not _holes(tree, node) and all(tree.kinds[v] != "spread_element" for v in values)
        return Given(start, end, items=_items(tree, values) if known else (), open=not known)
    shape = shape_of(tree, node)
    if shape.kind == "unknown":
        return None
    return Given(start, end, items=() if shape.kind in ("null", "undefined") else (shape,))


def _holes(tree: Syntax, array: int) -> bool:
    """Whether a list may leave places out, as in ``[1, , 2]``."""
    text, at = tree.raw(array), tree.starts[array]
    if "," not in text:
        return False
    gaps = text.encode("utf-8", "replace")
    before = 1
    for n, item in enumerate(tree.children[array]):
        if gaps[before : tree.starts[item] - at].count(b",") != (n > 0):
            return True
        before = tree.ends[item] - at
    return gaps[before:].count(b",") > 1


def _items(tree: Syntax, values: list[int]) -> tuple[Shape, ...]:
    out: list[Shape] = []
    for value in values:
        if tree.kinds[value] == "spread_element":
            break  # what follows may stand anywhere
        out.append(shape_of(tree, value))
    return tuple(out)


def _fields(tree: Syntax, node: int) -> Given:
    fields: list[tuple[str, int, int, Shape]] = []
    unknown = False
    for member in tree.children[node]:
        kind = tree.kinds[member]
        value: int | None = None
        key = member if kind == "shorthand_property_identifier" else tree.child(member, "name" if kind == "method_definition" else "key")
        name: str | None = None
        if key is not None:
            if tree.kinds[key] in ("property_identifier", "shorthand_property_identifier"):
                name = tree.name(key)
            elif tree.kinds[key] == "string":
                name = tree.literal(key)
        if kind == "pair":
            value = tree.child(member, "value")
        if name is None or key is None:
            unknown = True
            continue
        start, end = tree.place(key)
        quoted = tree.kinds[key] == "string"
        shape = Shape("unknown", start, end) if value is None else shape_of(tree, value)
        fields.append((name, start + quoted, end - quoted, shape))
    return Given(*tree.place(node), fields=tuple(fields), open=unknown)


def _inside(tree: Syntax, node: int) -> int:
    while tree.kinds[node] == "parenthesized_expression" and len(tree.children[node]) == 1:
        node = tree.children[node][0]
    return node


def shape_of(tree: Syntax, node: int) -> Shape:
    """What is known of the value of a node."""
    node = _inside(tree, node)
    start, end = tree.place(node)
    kind = tree.kinds[node]
    if kind in _WORDS:
        word, known = _WORDS[kind]
        return Shape(word, start, end, known)
    if kind == "undefined":
        return Shape("undefined", start, end)
    if kind == "number":
        return Shape("number", start, end, _number(tree.raw(node)))
    if kind == "unary_expression" and tree.operator(node) in ("-", "+"):
        operand = tree.child(node, "argument")
        if operand is not None and tree.kinds[operand] == "number":
            return Shape("number", start, end, _number(tree.operator(node) + tree.raw(operand)))
    if kind == "unary_expression" and tree.operator(node) == "!":
        return Shape("boolean", start, end)
    if kind in ("string", "template_string"):
        return Shape("string", start, end, tree.literal(node))
    if kind == "array":
        return Shape("list", start, end)
    if kind == "object":
        return Shape("object", start, end)
    return Shape("unknown", start, end)


def _number(text: str) -> float | int | None:
    try:
        return number(text)
    except ValueError:
        return None
