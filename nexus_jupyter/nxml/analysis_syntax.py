"""Panel code as a flat syntax tree.

Parsing is tree-sitter's, which reads any text and says where it is no JavaScript.  The tree is copied into
lists, so that whatever its depth nothing recurses, and numbered so that parents stand before their children.
"""

from __future__ import annotations

import re
import threading
from functools import cache
from typing import Literal

import tree_sitter
import tree_sitter_javascript

CodeKind = Literal["expression", "args", "body"]

# What the lexer may look at again, in bytes: a regular expression or template without an end makes it start over at
# each character of the rest, and time would grow with the square of the text.
_CHUNK = 512
_AGAIN = 16
_FLOOR = 65_536

_ESCAPE = re.compile(r"\\u(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{4}))")


@cache
def _language() -> tree_sitter.Language:
    return tree_sitter.Language(tree_sitter_javascript.language())


# A parser must not serve two threads at once.
_local = threading.local()


def _parser() -> tree_sitter.Parser:
    parser = getattr(_local, "parser", None)
    if not isinstance(parser, tree_sitter.Parser):
        parser = _local.parser = tree_sitter.Parser(_language())
    return parser


class Syntax:
    """A tree as columns: node *n* has ``kinds[n]``, ``fields[n]`` (its role in the parent), ``parents[n]``, ``children[n]``.

    Named nodes are kept, and of the others those with a role (operators).  Node 0 is the program.
    ``broken``: the text is not all JavaScript; what could be read is there.  ``given_up``: nothing could be.
    """

    __slots__ = ("_source", "broken", "children", "ends", "fields", "given_up", "kinds", "parents", "starts")

    def __init__(self, source: bytes) -> None:
        self._source = source
        self.kinds: list[str] = []
        self.fields: list[str | None] = []
        self.parents: list[int] = []
        self.children: list[list[int]] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        tree = _parse(source)
        self.given_up = tree is None
        self.broken = tree is None or tree.root_node.has_error
        if tree is not None:
            self._copy(tree.walk())
        else:
            self._add("program", None, -1, 0, len(source))

    def _copy(self, cursor: tree_sitter.TreeCursor) -> None:
        parent = -1
        above: list[int] = []
        while True:
            node = cursor.node
            assert node is not None
            kept = parent
            field = cursor.field_name
            if (node.is_named or field is not None) and not node.is_extra:
                kept = self._add(node.type, field, parent, node.start_byte, node.end_byte)
            elif node.is_error:
                kept = self._add("ERROR", field, parent, node.start_byte, node.end_byte)
            if cursor.goto_first_child():
                above.append(parent)
                parent = kept
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return
                parent = above.pop()

    def _add(self, kind: str, field: str | None, parent: int, start: int, end: int) -> int:
        number = len(self.kinds)
        self.kinds.append(kind)
        self.fields.append(field)
        self.parents.append(parent)
        self.children.append([])
        self.starts.append(start)
        self.ends.append(end)
        if parent >= 0:
            self.children[parent].append(number)
        return number

    def child(self, node: int, field: str) -> int | None:
        """The child in the role ``field``, or None."""
        fields = self.fields
        for number in self.children[node]:
            if fields[number] == field:
                return number
        return None

    def raw(self, node: int) -> str:
        """The text of a node."""
        return self._source[self.starts[node] : self.ends[node]].decode("utf-8", "replace")

    def name(self, node: int) -> str:
        """The name that an identifier means: one may write its characters as escapes."""
        text = self.raw(node)
        return text if "\\" not in text else _ESCAPE.sub(_character, text)

    def literal(self, node: int) -> str | None:
        """The value of a string or template that is written without escapes and substitutions, or None."""
        if self.kinds[node] not in ("string", "template_string"):
            return None
        if any(self.kinds[c] != "string_fragment" for c in self.children[node]):
            return None
        text = self.raw(node)
        return text[1:-1] if "\\" not in text else None

    def operator(self, node: int) -> str:
        """The operator of a node, or ""."""
        operator = self.child(node, "operator")
        return "" if operator is None else self.raw(operator)

    def called(self, callee: int) -> str | None:
        """The name after the last dot of what is called."""
        if self.kinds[callee] == "member_expression":
            name = self.child(callee, "property")
            return None if name is None else self.name(name)
        if self.kinds[callee] == "subscript_expression":
            index = self.child(callee, "index")
            return None if index is None else self.literal(index)
        return None

    def postorder(self) -> list[int]:
        """All nodes, children before their parents, else in the order of the text."""
        out: list[int] = []
        todo = [0]
        while todo:
            node = todo.pop()
            out.append(node)
            todo.extend(self.children[node])
        out.reverse()
        return out


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code <= 0x10FFFF else match[0]


def _parse(source: bytes) -> tree_sitter.Tree | None:
    """The tree; None when the text makes the lexer start over too often."""
    left = len(source) * _AGAIN + _FLOOR

    def piece(offset: int, _: object) -> bytes:
        nonlocal left
        left -= _CHUNK
        return source[offset : offset + _CHUNK]

    parser = _parser()
    try:
        return parser.parse(piece, encoding="utf8", progress_callback=lambda _offset, _error: left < 0)
    except ValueError:
        parser.reset()
        return None


def syntax_of(source: str, kind: CodeKind) -> Syntax:
    """The tree of a piece of code, read as what it is.

    The braces around ``args`` are an object when that makes sense and not a single shorthand name, else
    interpolation (NXML 1.0, section 3).
    """
    if kind == "body":
        return Syntax(_bytes(source))
    tree = Syntax(_bytes(f"({source}\n)"))
    text = source.strip()
    if kind == "args" and text.startswith("{") and text.endswith("}") and not _is_object(tree):
        return Syntax(_bytes(f"({text[1:-1]}\n)"))
    return tree


def _bytes(source: str) -> bytes:
    return source.encode("utf-8", "replace")


def _is_object(tree: Syntax) -> bool:
    if tree.broken:
        return False
    node = 0
    for kind in ("expression_statement", "parenthesized_expression", "object"):
        children = tree.children[node]
        if len(children) != 1 or tree.kinds[children[0]] != kind:
            return False
        node = children[0]
    members = tree.children[node]
    return len(members) != 1 or tree.kinds[members[0]] != "shorthand_property_identifier"
