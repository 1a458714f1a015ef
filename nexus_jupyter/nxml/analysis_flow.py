"""What a piece of code does with the panel: found by following values from ``$state`` and its like through variables.

It is told in names (which state, which tool), never in paths, and errs on the side of more: a value that may come
from two states comes from both, and ``$state`` handed to what is not known here is read and written as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from .analysis_calls import Calls
from .analysis_scope import FUNCTIONS, REFERENCES, parameters
from .analysis_syntax import Syntax
from .analysis_targets import aliases_of
from .analysis_values import GLOBAL, MANY, NOTHING, ROOTS, Value, element, held

_WHOLE: Value = frozenset((root,) for root in ROOTS)

# Each round follows values one step further through variables that are used before they are set.
_ROUNDS = 10

# Kinds of nodes that only look at a value as a whole.
_LOOKS = frozenset(("spread_element", "template_substitution", "binary_expression", "unary_expression", "return_statement"))
# Kinds of nodes whose treatment of a value is written out below.
_PASSES = frozenset(
    (
        *("parenthesized_expression", "sequence_expression", "ternary_expression", "await_expression", "member_expression"),
        *("subscript_expression", "variable_declarator", "assignment_expression", "augmented_assignment_expression"),
        *("arguments", "for_in_statement", "assignment_pattern", "object_assignment_pattern", "expression_statement"),
        *("call_expression", "new_expression", "program", "if_statement", "while_statement", "do_statement", "switch_statement"),
    )
)
# Where values go that nobody follows.
_LEAVES = frozenset(("throw_statement", "yield_expression", "field_definition", "class_body", "class_heritage"))
# Kinds of nodes that have a value or give one to others.
_ACTIVE = (
    REFERENCES
    | FUNCTIONS
    | {
        *("member_expression", "subscript_expression", "call_expression", "new_expression", "parenthesized_expression"),
        *("sequence_expression", "await_expression", "ternary_expression", "binary_expression", "variable_declarator"),
        *("assignment_expression", "augmented_assignment_expression", "catch_clause", "for_in_statement", "return_statement"),
        *("spread_element", "array", "object", "pair", "this"),
    }
)


class Flow(Calls):
    """Follows the values of one piece of code.  ``pure``: it is an expression, which can write nothing."""

    def __init__(self, tree: Syntax, *, pure: bool) -> None:
        super().__init__(tree, pure=pure)
        self._run()

    # --- the rounds ------------------------------------------------------------------------------

    def _run(self) -> None:
        kinds, due = self._tree.kinds, self._due
        order = self._tree.postorder()
        for _ in range(_ROUNDS):
            for node in order:
                if due[node]:
                    due[node] = 0
                    if kinds[node] in _ACTIVE:
                        self._visit(node)
            if not any(due):
                break
        else:
            self._give_up()
        if not self._pure:
            self._find_leaks()

    def _mark_around(self, node: int) -> None:
        """The value of ``node`` has changed: all that it stands in, which comes later, looks again."""
        due, parents = self._due, self._tree.parents
        node = parents[node]
        while node >= 0 and due[node] != 2:
            due[node] = 2
            node = parents[node]

    def function_of(self, node: int) -> int:
        """The function that a node belongs to, 0 for the code itself."""
        return self._scopes.function[node]

    def result(self) -> tuple[str, ...]:
        """The states in which the value of an expression lives, by name."""
        names: dict[str, None] = {}
        for node, kind in enumerate(self._tree.kinds):
            if kind == "expression_statement":
                for child in self._tree.children[node]:
                    names.update((o[1], None) for o in element(self._values[child]) if len(o) > 1 and isinstance(o[1], str))
        return tuple(sorted(names))

    @cached_property
    def aliases(self) -> Mapping[int, tuple[int, ...]]:
        """Variables that plainly stand for a root or a member of it: the nodes of the root and of that member.

        Those are set once, where they are declared: ``const s = $state``, ``const h = $ext.http``, ``const {http} = $ext``.
        """
        return aliases_of(self._tree, self._scopes, self.targets) if "variable_declarator" in self._tree.kinds else {}

    # --- one node --------------------------------------------------------------------------------

    def _visit(self, node: int) -> None:
        kind = self._tree.kinds[node]
        if kind in REFERENCES:
            value = self._reference(node)
        elif kind in ("member_expression", "subscript_expression"):
            value = self._lookup(node)
        elif kind in ("call_expression", "new_expression"):
            value = self._call(node, kind == "new_expression")
        elif kind in FUNCTIONS:
            value = self._function(node, kind)
        else:
            value = self._other(node, kind)
        if value:
            if len(value) > MANY:
                value = self._bounded(value)
            if value != self._values[node]:
                self._values[node] = value
                self._mark_around(node)
            if not _WHOLE.isdisjoint(value):
                self._escape(node, value)

    def _reference(self, node: int) -> Value:
        tree = self._tree
        if tree.fields[node] in ("name", "label", "key") and tree.kinds[tree.parents[node]] != "parenthesized_expression":
            return NOTHING
        variable = self._scopes.binding.get(node)
        if variable is not None:
            if node in self._targets:
                return NOTHING
            self._looked.setdefault(variable, set()).add(node)
            return self._variables[variable]
        name = tree.name(node)
        if name not in ROOTS:
            self._note(self.found.free, name, node)
            return GLOBAL if name == "globalThis" else NOTHING
        return NOTHING if node in self._targets else frozenset(((name,),))

    def _lookup(self, node: int) -> Value:
        tree = self._tree
        base = tree.part(node, "object")
        if not self._values[base]:
            return NOTHING
        name = tree.called(node)
        if name is None and tree.kinds[index := tree.part(node, "index")] == "number":
            name = tree.raw(index)
        if node in self._targets:
            self._write_into(self._values[base], name, node)
        if name == "length" and node not in self._only_written and tree.fields[node] != "object":
            return NOTHING if ("$state",) not in self._values[base] else self._member(self._values[base], name, node)
        return self._member(self._values[base], name, node, read=node not in self._only_written)

    def _function(self, node: int, kind: str) -> Value:
        tree = self._tree
        body = tree.child(node, "body")
        if kind == "arrow_function" and body is not None and tree.kinds[body] != "statement_block":
            self._give(node, self._values[body])
        for pattern in parameters(tree, node):
            self._assign(pattern, NOTHING)  # their defaults
        value: Value = frozenset((("function", node),))
        if kind in ("function_declaration", "function_expression"):
            name = tree.child(node, "name")
            if name is not None:
                self._assign(name, value)
        return value

    def _other(self, node: int, kind: str) -> Value:
        tree, values = self._tree, self._values
        children = tree.children[node]
        if kind == "this":
            return GLOBAL
        if kind in ("parenthesized_expression", "sequence_expression", "await_expression"):
            return values[children[-1]] if children and node not in self._targets else NOTHING
        if kind == "ternary_expression":
            return self._of(node, "consequence") | self._of(node, "alternative")
        if kind == "binary_expression":
            return self._of(node, "left") | self._of(node, "right") if self._tree.operator(node) in ("||", "&&", "??") else NOTHING
        if kind in ("variable_declarator", "assignment_expression"):
            left, right = tree.child(node, "name" if kind[0] == "v" else "left"), tree.child(node, "value" if kind[0] == "v" else "right")
            if left is None or right is None:
                return NOTHING
            self._assign(left, values[right])
            if kind == "assignment_expression":
                self._put_into(left, values[right])
                return values[right]
            return NOTHING
        if kind == "augmented_assignment_expression":
            left, right = tree.part(node, "left"), tree.part(node, "right")
            if tree.operator(node) not in ("||=", "&&=", "??="):
                return NOTHING
            self._assign(left, values[right])
            self._put_into(left, values[right])
            return values[left] | values[right]
        if kind == "catch_clause":
            left = tree.child(node, "parameter")
            if left is not None:
                self._assign(left, NOTHING)
            return NOTHING
        if kind == "for_in_statement":
            self._loop(node)
            return NOTHING
        if kind == "return_statement":
            if children:
                self._give(self._scopes.function[node], values[children[0]])
            return NOTHING
        if kind == "spread_element":
            return element(values[children[0]]) if children else NOTHING
        # an array, an object, or a pair in one
        if kind == "pair":
            return values[children[-1]] if children else NOTHING
        return frozenset(o for child in children for o in held(values[child]))

    def _loop(self, node: int) -> None:
        value = self._of(node, "right")
        if self._tree.operator(node) == "of":
            self._assign(self._tree.part(node, "left"), element(value))
        elif ("$state",) in value:
            self.found.all.add("reads")

    # --- what leaves -----------------------------------------------------------------------------

    def _find_leaks(self) -> None:
        """Looks at where each value stands, when all are known."""
        for node, value in enumerate(self._values):
            if value and not self._followed(node):
                self._leak_value(frozenset(o for o in value if len(o) > 1), node)
        for function in self._leaking:  # grows as functions are found that those return
            self._leak_value(frozenset(o for o in self._returns.get(function, NOTHING) if len(o) > 1), function)

    def _followed(self, node: int) -> bool:
        tree = self._tree
        parent = tree.parents[node]
        kind = tree.kinds[parent]
        if kind in _LEAVES:
            return False
        if kind in ("array", "object", "pair", "spread_element"):
            # of what is in a list or object functions are not followed
            return all(o[0] != "function" for o in self._values[node])
        if kind == "template_substitution":
            return tree.kinds[tree.parents[tree.parents[parent]]] != "call_expression" or tree.fields[tree.parents[parent]] != "arguments"
        return True

    def _escape(self, node: int, value: Value) -> None:
        """``$state``, ``$tools``, ``$ext`` or ``$scope`` itself stands where nobody follows it."""
        parent = self._tree.parents[node]
        kind = self._tree.kinds[parent] if parent >= 0 else "program"
        if self._tree.fields[node] in ("function", "constructor") or (
            kind in _PASSES and not (self._pure and kind == "expression_statement")
        ):
            return
        if kind == "binary_expression" and self._tree.operator(parent) in ("||", "&&", "??"):
            return
        if ("$state",) in value:
            if kind == "unary_expression":
                return
            self.found.all.add("reads")
            # what a function returns flows to whoever calls it
            if kind not in _LOOKS and kind != "arrow_function" and not self._pure:
                self.found.all.add("writes")
        self._lost(value)
