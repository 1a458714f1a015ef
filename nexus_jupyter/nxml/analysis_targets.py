"""What a piece of code assigns to."""

from __future__ import annotations

from .analysis_scope import FUNCTIONS, parameters, pattern_parts
from .analysis_syntax import Syntax
from .analysis_values import MUTATORS

# Without any of these nothing is assigned to, and no mutating method is called for its effect.
_TARGETING = FUNCTIONS | {
    *("assignment_expression", "augmented_assignment_expression", "update_expression", "unary_expression", "variable_declarator"),
    *("for_in_statement", "catch_clause", "expression_statement"),
}


def find_targets(tree: Syntax) -> tuple[set[int], set[int]]:
    """The nodes that are assigned to, and those that are looked up only to write into what they name."""
    targets: set[int] = set()
    written: set[int] = set()
    if _TARGETING.isdisjoint(tree.kinds):
        return targets, written

    def target(pattern: int, *, plain: bool) -> None:
        for node in pattern_parts(tree, pattern):
            targets.add(node)
            if plain:
                _mark(tree, node, written)

    for node, kind in enumerate(tree.kinds):
        if kind == "assignment_expression":
            target(tree.part(node, "left"), plain=True)
        elif kind in ("augmented_assignment_expression", "update_expression"):
            target(tree.part(node, "left" if kind[0] == "a" else "argument"), plain=False)
        elif kind == "unary_expression" and tree.operator(node) == "delete":
            target(tree.part(node, "argument"), plain=True)
        elif kind == "variable_declarator":
            target(tree.part(node, "name"), plain=True)
        elif kind == "for_in_statement":
            target(tree.part(node, "left"), plain=True)
        elif kind == "catch_clause":
            target(tree.part(node, "parameter"), plain=True)
        elif kind == "call_expression" and tree.kinds[tree.parents[node]] == "expression_statement":
            callee = tree.part(node, "function")
            if tree.called(callee) in MUTATORS:
                _mark(tree, callee, written)
        if kind in FUNCTIONS:
            for pattern in parameters(tree, node):
                target(pattern, plain=True)
    return targets, written


def _mark(tree: Syntax, node: int, marked: set[int]) -> None:
    """Marks a chain of member lookups down to its root."""
    while node not in marked:
        marked.add(node)
        kind = tree.kinds[node]
        if kind in ("member_expression", "subscript_expression"):
            node = tree.part(node, "object")
        elif kind == "parenthesized_expression" and len(tree.children[node]) == 1:
            node = tree.children[node][0]
        else:
            return
