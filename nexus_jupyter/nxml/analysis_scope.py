"""Which variable each name in a piece of code means."""

from __future__ import annotations

from collections.abc import Iterator

from .analysis_syntax import Syntax

FUNCTIONS = frozenset(
    (
        *("function_declaration", "function_expression", "generator_function_declaration", "generator_function"),
        *("arrow_function", "method_definition"),
    )
)
_DECLARED_FUNCTIONS = frozenset(("function_declaration", "generator_function_declaration"))
_NAMED_INSIDE = frozenset(("function_expression", "generator_function", "class"))
_SCOPES = FUNCTIONS | {
    *("program", "statement_block", "for_statement", "for_in_statement", "catch_clause"),
    *("switch_body", "class_static_block", "class_declaration", "class"),
}
# Without any of these there are no variables.
_DECLARING = FUNCTIONS | {"variable_declarator", "for_in_statement", "catch_clause", "class_declaration", "class"}
_FUNCTION_SCOPES = FUNCTIONS | {"program", "class_static_block"}

# Inside of patterns: which of the children are targets again.
_PATTERNS: dict[str, str | None] = {
    "object_pattern": None,
    "array_pattern": None,
    "rest_pattern": None,
    "pair_pattern": "value",
    "assignment_pattern": "left",
    "object_assignment_pattern": "left",
    # what a parser takes for an expression until it sees that it is assigned to
    "parenthesized_expression": None,
}
_NAMES = frozenset(("identifier", "shorthand_property_identifier_pattern"))
REFERENCES = frozenset(("identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"))


def pattern_parts(tree: Syntax, pattern: int) -> Iterator[int]:
    """All nodes of a pattern that are patterns or targets, parents first; defaults and computed keys left out."""
    todo = [pattern]
    while todo:
        node = todo.pop()
        yield node
        kind = tree.kinds[node]
        if kind in _PATTERNS:
            field = _PATTERNS[kind]
            todo.extend(c for c in tree.children[node] if field is None or tree.fields[c] == field)


def parameters(tree: Syntax, function: int) -> list[int]:
    """The patterns of a function's parameters, in order."""
    single = tree.child(function, "parameter")
    if single is not None:
        return [single]
    listed = tree.child(function, "parameters")
    return [] if listed is None else list(tree.children[listed])


class Scopes:
    """``binding[n]`` is the variable that name node *n* means; a name without one is free.

    Variables are numbered; ``function[n]`` is the function that node *n* belongs to, 0 for the code itself.
    """

    def __init__(self, tree: Syntax) -> None:
        self.binding: dict[int, int] = {}
        self.count = 0
        self.function = [0] * len(tree.kinds)
        self._declared: dict[int, dict[str, int]] = {}
        if not _DECLARING.isdisjoint(tree.kinds):
            self._declare(tree)
            self._resolve(tree)

    def _declare(self, tree: Syntax) -> None:
        kinds, parents = tree.kinds, tree.parents
        size = len(kinds)
        scope = [0] * size  # the nearest scope, itself if it is one
        hoisted = [0] * size  # the nearest function's or the program's
        for node in range(size):
            kind, parent = kinds[node], parents[node]
            outer = scope[parent] if parent >= 0 else 0
            scope[node] = node if kind in _SCOPES else outer
            hoisted[node] = node if kind in _FUNCTION_SCOPES else hoisted[parent] if parent >= 0 else 0
            self.function[node] = node if kind in FUNCTIONS else self.function[parent] if parent >= 0 else 0
            if kind == "variable_declarator":
                var = kinds[parent] == "variable_declaration"
                self._names(tree, tree.child(node, "name"), hoisted[node] if var else outer)
            elif kind == "for_in_statement":
                word = tree.child(node, "kind")
                if word is not None:
                    self._names(tree, tree.child(node, "left"), hoisted[parent] if tree.raw(word) == "var" else node)
            elif kind == "catch_clause":
                self._names(tree, tree.child(node, "parameter"), node)
            if kind in FUNCTIONS:
                for pattern in parameters(tree, node):
                    self._names(tree, pattern, node)
            if kind in _DECLARED_FUNCTIONS or kind == "class_declaration":
                self._names(tree, tree.child(node, "name"), outer)
            elif kind in _NAMED_INSIDE:
                self._names(tree, tree.child(node, "name"), node)

    def _names(self, tree: Syntax, pattern: int | None, scope: int) -> None:
        if pattern is None:
            return
        declared = self._declared.setdefault(scope, {})
        for node in pattern_parts(tree, pattern):
            if tree.kinds[node] in _NAMES and (name := tree.name(node)) not in declared:
                declared[name] = self.count
                self.count += 1

    def _resolve(self, tree: Syntax) -> None:
        """Goes through the tree once, in and out of scopes, with what every name means at that place."""
        kinds = tree.kinds
        meaning: dict[str, list[int]] = {}
        todo = [0]
        while todo:
            node = todo.pop()
            if node < 0:
                for name in self._declared[~node]:
                    meaning[name].pop()
                continue
            declared = self._declared.get(node)
            if declared is not None:
                for name, variable in declared.items():
                    meaning.setdefault(name, []).append(variable)
                todo.append(~node)
            if kinds[node] in REFERENCES:
                variables = meaning.get(tree.name(node))
                if variables:
                    self.binding[node] = variables[-1]
            todo.extend(tree.children[node])
