"""What a piece of code assigns to."""

from __future__ import annotations

from .analysis_scope import FUNCTIONS, parameters, pattern_parts
from .analysis_syntax import Syntax
from .analysis_values import MUTATORS


def find_targets(tree: Syntax) -> tuple[set[int], set[int]]:
    """The nodes that are assigned to, and those that are looked up only to write into what they name."""
    targets: set[int] = set()
    written: set[int] = set()

    def target(pattern: int | None, *, plain: bool) -> None:
        if pattern is None:
            return
        for node in pattern_parts(tree, pattern):
            targets.add(node)
            if plain:
                _mark(tree, node, written)

    for node, kind in enumerate(tree.kinds):
        if kind == "assignment_expression":
            target(tree.child(node, "left"), plain=True)
        elif kind in ("augmented_assignment_expression", "update_expression"):
            target(tree.child(node, "left" if kind[0] == "a" else "argument"), plain=False)
        elif kind == "unary_expression" and tree.operator(node) == "delete":
            target(tree.child(node, "argument"), plain=True)
        elif kind == "variable_declarator":
            target(tree.child(node, "name"), plain=True)
        elif kind == "for_in_statement":
            target(tree.child(node, "left"), plain=True)
        elif kind == "catch_clause":
            target(tree.child(node, "parameter"), plain=True)
        elif kind == "call_expression" and tree.kinds[tree.parents[node]] == "expression_statement":
            callee = tree.child(node, "function")
            if callee is not None and tree.called(callee) in MUTATORS:
                _mark(tree, callee, written)
        if kind in FUNCTIONS:
            for pattern in parameters(tree, node):
                target(pattern, plain=True)
    return targets, written


def _mark(tree: Syntax, node: int | None, marked: set[int]) -> None:
    """Marks a chain of member lookups down to its root."""
    while node is not None and node not in marked:
        marked.add(node)
        kind = tree.kinds[node]
        if kind in ("member_expression", "subscript_expression"):
            node = tree.child(node, "object")
        elif kind == "parenthesized_expression" and len(tree.children[node]) == 1:
            node = tree.children[node][0]
        else:
            return
