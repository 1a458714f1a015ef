"""``await`` where the parser takes it for a name.

It does not know that a handler is the body of an async function, and reads ``await (f)()`` as a call of a function of
that name, there and in many an async function.  In its place another operator is read, as long and as strong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

STAND_IN = b"void "

_FUNCTIONS = frozenset(
    (
        *("function_declaration", "function_expression", "generator_function_declaration", "generator_function"),
        *("arrow_function", "method_definition"),
    )
)


def stood_in(source: bytes, places: Iterable[int]) -> bytes:
    """The text with the other operator at these places."""
    out = bytearray(source)
    for at in places:
        out[at : at + len(STAND_IN)] = STAND_IN
    return bytes(out)


def called_await(cursor: tree_sitter.TreeCursor, *, may: bool) -> Iterator[int]:
    """Where ``await`` was taken for a name in code that may wait: async functions, and the code itself if it ``may``."""
    above: list[bool] = []
    while True:
        node = cursor.node
        assert node is not None
        if may and node.end_byte - node.start_byte == len(STAND_IN) and node.type == "identifier" and node.text == b"await":
            yield node.start_byte
        if cursor.goto_first_child():
            above.append(may)
            if node.type in _FUNCTIONS:
                may = any(c.type == "async" for c in node.children)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            may = above.pop()
