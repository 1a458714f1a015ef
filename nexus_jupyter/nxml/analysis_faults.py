"""Where code stops being JavaScript, from what a forgiving parser skipped or made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

_OPENING = {"(": ")", "[": "]", "{": "}", "${": "}", "`": "`", "'": "'", '"': '"'}
# After these an operand must follow, so that what is wrong is what follows.
_WANTING = frozenset(
    (
        *("=", "+", "-", "*", "/", "%", "**", "==", "!=", "===", "!==", "<", ">", "<=", ">=", "&&", "||", "??", "?", ":", ",", "."),
        *("?.", "=>", "(", "[", "!", "~", "&", "|", "^", "<<", ">>", ">>>", "+=", "-=", "*=", "/=", "%=", "**=", "&&=", "||="),
        *("??=", "typeof", "new", "await", "return", "throw", "in", "of", "instanceof", "const", "let", "var"),
    )
)
_SHOWN = 20


def fault_of(root: tree_sitter.Node, shift: int) -> tuple[int, int, str]:
    """The first fault under ``root``: its first byte, the byte after it, and what is wrong.

    ``shift`` bytes before the code and as many lines after it are wrapping (:class:`~.analysis_syntax.Syntax`).
    """
    size = root.end_byte - 2 if shift else root.end_byte
    bad = _first_bad(root)
    if bad.is_missing:
        at = min(bad.start_byte, size)
        what = "an operand" if bad.type == "identifier" else f"'{bad.type}'"
        return at, at, f"{what} is missing here"
    leaves = _leaves(bad)
    opened: list[tree_sitter.Node] = []
    for leaf in leaves:
        if opened and leaf.type == _OPENING[opened[-1].type]:
            opened.pop()
        elif leaf.type in _OPENING and leaf.end_byte > shift:
            opened.append(leaf)
    if opened and bad.end_byte >= size:
        return opened[0].start_byte, opened[0].end_byte, f"this '{opened[0].type}' is not closed"
    last = leaves[-1] if leaves else None
    wrong = leaves[0] if leaves else bad
    if last is not None and last.type in _WANTING:
        following = _after(bad)
        if following is None or following.start_byte >= size:
            return size, size, f"an operand is missing after '{last.type}'"
        wrong = following
    if wrong.start_byte >= size or (shift and wrong.start_byte < shift):
        return size, size, "the code ends too early" if size > shift else "there is no expression"
    text = (wrong.text or b"").decode("utf-8", "replace").split("\n")[0]
    shown = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return wrong.start_byte, min(wrong.end_byte, size), f"'{shown}' is not expected here"


def _first_bad(node: tree_sitter.Node) -> tree_sitter.Node:
    while not (node.is_error or node.is_missing):
        # some child has the fault, else the node itself
        node = next(c for c in (*node.children, node) if c.is_missing or c.has_error)
    return node


def _leaves(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    out: list[tree_sitter.Node] = []
    todo = list(node.children)[::-1]
    while todo:
        node = todo.pop()
        if node.type == "comment":
            continue
        if node.child_count:
            todo.extend(list(node.children)[::-1])
        else:
            out.append(node)
    return out


def _after(node: tree_sitter.Node) -> tree_sitter.Node | None:
    """The first token behind ``node`` that is no comment."""
    at: tree_sitter.Node | None = node
    while at is not None:
        following = at.next_sibling
        if following is None:
            at = at.parent
        elif following.type == "comment":
            at = following
        else:
            while following.child_count:
                following = following.children[0]
            return following
    return None
