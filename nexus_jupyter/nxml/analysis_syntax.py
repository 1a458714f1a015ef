"""Panel code as a flat syntax tree.

Parsing is tree-sitter's, which reads any text and says where it is no JavaScript.  The tree is copied into
lists, so that whatever its depth nothing recurses, and numbered so that parents stand before their children.
"""

from __future__ import annotations

import re
import threading
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Literal, NamedTuple

from .analysis_waiting import STAND_IN, called_await, stood_in

if TYPE_CHECKING:
    import tree_sitter

CodeKind = Literal["expression", "args", "body"]

# What the lexer may look at again, in bytes: a regular expression or template without an end makes it start over at
# each character of the rest, and time would grow with the square of the text.
_CHUNK = 512
_AGAIN = 16
_FLOOR = 65_536

_ERROR = 65_535  # tree-sitter's number for what it skipped
_COMMENTS = ("comment", "html_comment")
_BRACES = re.compile(r"(\s*)\{(.*)\}(\s*)", re.DOTALL)
_ESCAPE = re.compile(r"\\u(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{4}))")


class Fault(NamedTuple):
    """Where the text stops being JavaScript, in characters of the code, and why."""

    start: int
    end: int
    message: str


class _Grammar(NamedTuple):
    language: tree_sitter.Language
    kinds: tuple[str, ...]
    """Names of kinds by number, "" for those that are kept only in a role: punctuation and comments."""
    fields: tuple[str | None, ...]


@cache
def _grammar() -> _Grammar:
    import tree_sitter
    import tree_sitter_javascript

    language = tree_sitter.Language(tree_sitter_javascript.language())
    kinds = [language.node_kind_for_id(n) or "" for n in range(language.node_kind_count)]
    named = tuple(
        kind if language.node_kind_is_named(n) and kind not in _COMMENTS else "\0" * (kind in _COMMENTS) for n, kind in enumerate(kinds)
    )
    return _Grammar(language, named, (None, *(language.field_name_for_id(n) for n in range(1, language.field_count + 1))))


# A parser must not serve two threads at once.
_local = threading.local()


def _parser() -> tree_sitter.Parser:
    parser: tree_sitter.Parser | None = getattr(_local, "parser", None)
    if parser is None:
        import tree_sitter

        parser = _local.parser = tree_sitter.Parser(_grammar().language)
    return parser


class Syntax:
    """A tree as columns: node *n* has ``kinds[n]``, ``fields[n]`` (its role in the parent), ``parents[n]``, ``children[n]``.

    Named nodes are kept, and of the others those with a role (operators).  Node 0 is the program; ``starts`` and
    ``ends`` count bytes of what was parsed, in which the code begins at byte ``shift``.
    ``broken``: the text is not all JavaScript; what could be read is there.  ``given_up``: nothing could be.
    ``fault`` says where, None when it is JavaScript or nobody can tell.
    """

    __slots__ = (
        *("_characters", "_names", "_source", "broken", "children", "ends", "fault", "fields", "given_up"),
        *("kinds", "parents", "shift", "starts"),
    )

    def __init__(self, source: bytes, shift: int = 0) -> None:
        self._source = source
        self._characters: list[int] | None = None
        self._names: dict[int, str] = {}
        self.shift = shift
        self.kinds: list[str] = []
        self.fields: list[str | None] = []
        self.parents: list[int] = []
        self.children: list[list[int]] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.fault: Fault | None = None
        tree = _parse(source)
        waits: frozenset[int] = frozenset()
        if tree is not None and b"await" in source:
            tree, waits = _waiting(source, tree, shift)
        self.given_up = tree is None
        self.broken = tree is None or tree.root_node.has_error
        if tree is None:
            self.kinds, self.fields, self.parents, self.children = ["program"], [None], [-1], [[]]
            self.starts, self.ends = [0], [len(source)]
            return
        self._copy(tree.walk(), waits)
        if self.broken:
            self.fault = _fault(self, tree.root_node)
        elif shift:
            self._one_expression()

    def _copy(self, cursor: tree_sitter.TreeCursor, waits: frozenset[int]) -> None:
        _, names, roles = _grammar()
        kinds, fields, parents, children, starts, ends = self.kinds, self.fields, self.parents, self.children, self.starts, self.ends
        down, along, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
        parent = -1
        above: list[int] = []
        number = 0
        while True:
            node = cursor.node
            assert node is not None
            kind_id = node.kind_id
            field = cursor.field_id
            kept = parent
            kind = "ERROR" if kind_id == _ERROR else names[kind_id]
            if kind == "" and field:
                kind = node.type
            if waits and node.start_byte in waits:
                # the operator is left out, as it is of one that the parser sees itself
                kind = "await_expression" if kind == "unary_expression" else "" if kind == STAND_IN.decode().strip() else kind
            if kind > "\0":
                kinds.append(kind)
                fields.append(roles[field] if field else None)
                parents.append(parent)
                children.append([])
                starts.append(node.start_byte)
                ends.append(node.end_byte)
                if parent >= 0:
                    children[parent].append(number)
                kept = number
                number += 1
            if down():
                above.append(parent)
                parent = kept
                continue
            while not along():
                if not up():
                    return
                parent = above.pop()

    def _one_expression(self) -> None:
        """An expression was put in parentheses; one that closes them itself (``a) + (b``) is none."""
        node = 0
        for kind in ("expression_statement", "parenthesized_expression"):
            inside = self.children[node]
            if len(inside) == 1 and self.kinds[inside[0]] == kind:
                node = inside[0]
                continue
            closed = min((self.ends[n] for n, start in enumerate(self.starts) if start == 0 and self.raw(n)[-1:] == ")"), default=0)
            at = self.offset(max(closed - 1, self.shift))
            self.broken = True
            self.fault = Fault(at, at + 1, "this is not one expression")
            return

    def offset(self, byte: int) -> int:
        """Where ``byte`` of what was parsed stands in the code, in characters."""
        if self._characters is None:
            source = self._source
            self._characters = [] if source.isascii() else [0, *accumulate((b & 0xC0) != 0x80 for b in source)]
        return (self._characters[byte] if self._characters else byte) - self.shift

    def place(self, node: int) -> tuple[int, int]:
        """Where a node starts and ends in the code, in characters."""
        return self.offset(self.starts[node]), self.offset(self.ends[node])

    def child(self, node: int, field: str) -> int | None:
        """The child in the role ``field``, or None."""
        fields = self.fields
        for number in self.children[node]:
            if fields[number] == field:
                return number
        return None

    def part(self, node: int, field: str) -> int:
        """The child in a role that the grammar always fills; the program, which has no value, should it be empty."""
        found = self.child(node, field)
        return 0 if found is None else found

    def says(self, word: str) -> bool:
        """Whether a word stands in the text, be it in a comment."""
        return word.encode() in self._source

    def raw(self, node: int) -> str:
        """The text of a node."""
        return self._source[self.starts[node] : self.ends[node]].decode("utf-8", "replace")

    def name(self, node: int) -> str:
        """The name that an identifier means: one may write its characters as escapes."""
        known = self._names.get(node)
        if known is None:
            text = self.raw(node)
            known = self._names[node] = text if "\\" not in text else _ESCAPE.sub(_character, text)
        return known

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
            return self.name(self.part(callee, "property"))
        if self.kinds[callee] == "subscript_expression":
            return self.literal(self.part(callee, "index"))
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


def _waiting(source: bytes, tree: tree_sitter.Tree, shift: int) -> tuple[tree_sitter.Tree, frozenset[int]]:
    """The tree with each ``await`` understood, and where those stand that needed help (:mod:`~.analysis_waiting`)."""
    waits = frozenset(called_await(tree.walk(), may=not shift))
    other = _parse(stood_in(source, waits)) if waits else None
    if other is None or (other.root_node.has_error and not tree.root_node.has_error):
        return tree, frozenset()
    return other, waits


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code <= 0x10FFFF else match[0]


def _fault(tree: Syntax, root: tree_sitter.Node) -> Fault:
    """The first place that the parser could not make sense of."""
    from .analysis_faults import fault_of

    start, end, message = fault_of(root, tree.shift)
    return Fault(tree.offset(start), tree.offset(end), message)


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
    tree = Syntax(_bytes(f"({source}\n)"), 1)
    if kind == "args" and not _is_object(tree) and (braces := _BRACES.fullmatch(source)) is not None:
        # A space in the brace's place keeps places true.
        return Syntax(_bytes(f"({braces[1]} {braces[2]} {braces[3]}\n)"), 1)
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
