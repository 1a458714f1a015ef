"""What a piece of code does with the panel: found by following values from ``$state`` and its like through variables.

It is told in names (which state, which tool), never in paths, and errs on the side of more: a value that may come
from two states comes from both, and ``$state`` handed to what is not known here is read and written as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from .analysis_scope import FUNCTIONS, REFERENCES, Scopes, parameters
from .analysis_syntax import Syntax
from .analysis_targets import find_targets
from .analysis_values import (
    GIVES_ELEMENT,
    GIVES_HELD,
    GIVES_SELF,
    HOLDING_GLOBALS,
    MANY,
    MUTATORS,
    NOTHING,
    READING_GLOBALS,
    READING_OBJECTS,
    ROOTS,
    WITH_ELEMENTS,
    WRITING_GLOBALS,
    Origin,
    Value,
    element,
    held,
)

_Name = TypeVar("_Name", str, tuple[str, str])

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
# Kinds of nodes that have a value or give one to others.
_ACTIVE = (
    REFERENCES
    | FUNCTIONS
    | {
        *("member_expression", "subscript_expression", "call_expression", "new_expression", "parenthesized_expression"),
        *("sequence_expression", "await_expression", "ternary_expression", "binary_expression", "variable_declarator"),
        *("assignment_expression", "augmented_assignment_expression", "catch_clause", "for_in_statement", "return_statement"),
        *("spread_element", "array", "object", "pair"),
    }
)


@dataclass(slots=True)
class Found:
    """What was found, each name with the place where it stands first."""

    reads: dict[str, int] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)
    tools: dict[str, int] = field(default_factory=dict)
    extensions: dict[tuple[str, str], int] = field(default_factory=dict)
    scope: dict[str, int] = field(default_factory=dict)
    free: dict[str, int] = field(default_factory=dict)
    all: set[str] = field(default_factory=set)


class Flow:
    """Follows the values of one piece of code.  ``pure``: it is an expression, which can write nothing."""

    def __init__(self, tree: Syntax, *, pure: bool) -> None:
        self.found = Found()
        self._tree = tree
        self._pure = pure
        self.scopes = self._scopes = Scopes(tree)
        self._variables: list[Value] = [NOTHING] * self._scopes.count
        self._values: list[Value] = [NOTHING] * len(tree.kinds)
        self._returns: dict[int, Value] = {}
        self._entered: dict[int, Value] = {}
        self._changed = True
        # The variables and functions whose values were used in this round: who used them must look again when they change.
        self._looked: set[int] = set()
        self._asked: set[int] = set()
        self.targets, self._only_written = find_targets(tree)
        self._targets = self.targets
        self._run()

    # --- the rounds ------------------------------------------------------------------------------

    def _run(self) -> None:
        kinds = self._tree.kinds
        order = [node for node in self._tree.postorder() if kinds[node] in _ACTIVE]
        rounds = 0
        while self._changed:
            self._changed = False
            self._looked.clear()
            self._asked.clear()
            rounds += 1
            if rounds > _ROUNDS:
                self._give_up()
                break
            for node in order:
                self._visit(node)

    def _give_up(self) -> None:
        """Values are passed on in too many ways: say more rather than search on."""
        self.found.all.update(("reads",) if self._pure else ("reads", "writes"))

    def _bounded(self, value: Value) -> Value:
        if len(value) <= MANY:
            return value
        self._give_up()
        return NOTHING

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
            self._values[node] = value = self._bounded(value)
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
            self._looked.add(variable)
            return self._variables[variable]
        name = tree.name(node)
        if name not in ROOTS:
            self._note(self.found.free, name, node)
            return NOTHING
        return NOTHING if node in self._targets else frozenset(((name,),))

    def _lookup(self, node: int) -> Value:
        tree = self._tree
        base = tree.part(node, "object")
        name = tree.called(node)
        if name is None and tree.kinds[index := tree.part(node, "index")] == "number":
            name = tree.raw(index)
        if node in self._targets:
            self._write_into(self._values[base], name, node)
        return self._member(self._values[base], name, node, read=node not in self._only_written)

    def _member(self, value: Value, name: str | None, node: int, *, read: bool = True) -> Value:
        """What ``value.name`` is."""
        if not value:
            return NOTHING
        out: set[Origin] = set()
        for origin in value:
            root = origin[0]
            if root == "$state":
                if len(origin) == 1:
                    if read:
                        self._note_state(self.found.reads, "reads", name, node)
                    out.add(("$state", name))
                else:
                    out.add(origin)
            elif root == "held":
                out.add(("$state", origin[1]) if len(origin) > 1 else ("$state", None))
            elif root == "$tools" and len(origin) == 1:
                self._note_named(self.found.tools, "tools", name, node)
            elif root == "$scope" and len(origin) == 1:
                self._note_named(self.found.scope, "scope", name, node)
            elif root == "$ext":
                if len(origin) == 1:
                    if name is None:
                        self.found.all.add("extensions")
                    else:
                        self._note(self.found.extensions, (name, ""), node)
                        out.add(("$ext", name))
                else:
                    self._note(self.found.extensions, (str(origin[1]), name or ""), node)
        return frozenset(out)

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
            return values[right] if kind == "assignment_expression" else NOTHING
        if kind == "augmented_assignment_expression":
            left, right = tree.part(node, "left"), tree.part(node, "right")
            if tree.operator(node) not in ("||=", "&&=", "??="):
                return NOTHING
            self._assign(left, values[right])
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
            return held(values[children[0]]) if children else NOTHING
        # an array, an object, or a pair in one
        last = children[-1:] if kind == "pair" else children
        return frozenset(o for child in last for o in held(values[child]))

    def _loop(self, node: int) -> None:
        value = self._of(node, "right")
        if self._tree.operator(node) == "of":
            self._assign(self._tree.part(node, "left"), element(value))
        elif ("$state",) in value:
            self.found.all.add("reads")

    # --- calls -----------------------------------------------------------------------------------

    def _call(self, node: int, new: bool) -> Value:
        tree, values = self._tree, self._values
        callee = tree.part(node, "constructor" if new else "function")
        listed = tree.child(node, "arguments")
        given = [] if listed is None or tree.kinds[listed] != "arguments" else tree.children[listed]
        base = tree.child(callee, "object") if tree.kinds[callee] in ("member_expression", "subscript_expression") else None
        of = NOTHING if base is None else values[base]
        method = self._tree.called(callee)
        out: set[Origin] = set()
        known = False
        for function in [o[1] for o in values[callee] if o[0] == "function" and len(o) > 1 and isinstance(o[1], int)]:
            known = True
            self._asked.add(function)
            self._enter(function, [values[a] for a in given])
            out |= self._returns.get(function, NOTHING)
        if of and method is not None:
            out |= self._method_call(of, method, given, node)
        path = self._global_path(callee)
        if path in WRITING_GLOBALS and given:
            self._assign_into(given, node)
            out |= values[given[0]]
        elif path in HOLDING_GLOBALS and given:
            out |= held(values[given[0]])
        if not known:
            self._hand_over(given[1:] if path in WRITING_GLOBALS else given, path)
        return frozenset(out)

    def _method_call(self, of: Value, method: str, given: list[int], node: int) -> Value:
        states: Value = frozenset(o for o in of if o[0] in ("$state", "held") and len(o) > 1)
        if not states:
            return NOTHING
        if method in MUTATORS:
            for origin in states:
                if origin[0] == "$state" and len(origin) > 1:
                    self._note_state(self.found.writes, "writes", origin[1] if isinstance(origin[1], str) else None, node)
        if given and (method in WITH_ELEMENTS or method in ("reduce", "reduceRight")):
            elements = element(states)
            start = self._values[given[1]] if len(given) > 1 else elements
            passed = [start, elements] if method in ("reduce", "reduceRight") else [elements] * (2 if method in ("sort", "toSorted") else 1)
            for origin in self._values[given[0]]:
                if origin[0] == "function" and len(origin) > 1 and isinstance(origin[1], int):
                    self._enter(origin[1], passed)
        if method in GIVES_SELF:
            return states
        if method in GIVES_ELEMENT:
            return element(states)
        return held(states) if method in GIVES_HELD else NOTHING

    def _enter(self, function: int, given: list[Value]) -> None:
        for pattern, value in zip(parameters(self._tree, function), given, strict=False):
            before = self._entered.get(pattern)
            if before is None or not value <= before:
                self._entered[pattern] = value | (before or NOTHING)
                self._assign(pattern, value)

    def _give(self, function: int, value: Value) -> None:
        before = self._returns.get(function, NOTHING)
        after = self._bounded(before | value)
        if after != before:
            self._returns[function] = after
            self._changed = self._changed or function in self._asked

    def _global_path(self, callee: int) -> str:
        """``Object.assign`` and the like, when no variable of the code has that name; else ""."""
        tree = self._tree
        if tree.kinds[callee] == "identifier":
            return tree.name(callee) if callee not in self._scopes.binding else ""
        base = tree.child(callee, "object")
        method = self._tree.called(callee)
        if base is None or method is None or tree.kinds[base] != "identifier" or base in self._scopes.binding:
            return ""
        return f"{tree.name(base)}.{method}"

    def _assign_into(self, given: list[int], node: int) -> None:
        """``Object.assign(target, …)`` and its like."""
        target = self._values[given[0]]
        if ("$state",) not in target:
            self._write_into(target, None, node)
            return
        for source in given[1:]:
            for member in self._tree.children[source] if self._tree.kinds[source] == "object" else [source]:
                kind = self._tree.kinds[member]
                name: str | None = None
                if kind == "shorthand_property_identifier":
                    name = self._tree.name(member)
                elif kind == "pair":
                    name = self._key(member)
                elif self._tree.literal(member) is not None:
                    name = self._tree.literal(member)  # Reflect.set($state, "name", value)
                self._note_state(self.found.writes, "writes", name, member)
                if self._tree.literal(member) is not None:
                    return

    def _hand_over(self, given: list[int], path: str) -> None:
        """Arguments to what is not known here."""
        looks = path in READING_GLOBALS or path.partition(".")[0] in READING_OBJECTS
        for argument in given:
            if ("$state",) in self._values[argument]:
                self.found.all.add("reads")
                if not looks and not self._pure:
                    self.found.all.add("writes")
            self._lost(self._values[argument])

    # --- assignment ------------------------------------------------------------------------------

    def _assign(self, pattern: int, value: Value) -> None:
        """Lets ``value`` flow into a name or pattern."""
        todo: list[tuple[int, Value]] = [(pattern, value)]
        tree = self._tree
        while todo:
            node, value = todo.pop()
            kind = tree.kinds[node]
            if kind in REFERENCES:
                variable = self._scopes.binding.get(node)
                if variable is not None and not value <= self._variables[variable]:
                    self._variables[variable] = self._bounded(self._variables[variable] | value)
                    self._changed = self._changed or variable in self._looked
            elif kind in ("assignment_pattern", "object_assignment_pattern"):
                todo.append((tree.part(node, "left"), value | self._of(node, "right")))
            elif kind == "parenthesized_expression":
                todo.extend((c, value) for c in tree.children[node])
            elif kind == "rest_pattern":
                todo.extend((c, held(value)) for c in tree.children[node])
            elif kind == "array_pattern":
                todo.extend((c, held(value) if tree.kinds[c] == "rest_pattern" else element(value)) for c in tree.children[node])
            elif kind == "object_pattern":
                todo.extend(self._members(node, value))

    def _members(self, pattern: int, value: Value) -> list[tuple[int, Value]]:
        tree = self._tree
        out: list[tuple[int, Value]] = []
        for part in tree.children[pattern]:
            kind = tree.kinds[part]
            if kind == "shorthand_property_identifier_pattern":
                out.append((part, self._member(value, tree.name(part), part)))
            elif kind == "object_assignment_pattern":
                left = tree.part(part, "left")
                out.append((left, self._member(value, tree.name(left), part) | self._of(part, "right")))
            elif kind == "pair_pattern":
                out.append((tree.part(part, "value"), self._member(value, self._key(part), part)))
            elif kind == "rest_pattern":
                if ("$state",) in value:
                    self.found.all.add("reads")
                self._lost(value)
                out.append((part, value))
        return out

    def _key(self, pair: int) -> str | None:
        key = self._tree.part(pair, "key")
        return self._tree.name(key) if self._tree.kinds[key] in ("property_identifier", "identifier") else self._tree.literal(key)

    def _write_into(self, value: Value, name: str | None, node: int) -> None:
        """A member ``name`` of ``value`` is set or deleted."""
        for origin in value:
            if origin[0] == "$state":
                at = name if len(origin) == 1 else origin[1]
                self._note_state(self.found.writes, "writes", at if isinstance(at, str) else None, node)

    # --- whole roots -----------------------------------------------------------------------------

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

    def _lost(self, value: Value) -> None:
        for root, what in (("$tools", "tools"), ("$ext", "extensions"), ("$scope", "scope")):
            if (root,) in value:
                self.found.all.add(what)

    # --- notes -----------------------------------------------------------------------------------

    def _of(self, node: int, field: str) -> Value:
        child = self._tree.child(node, field)
        return NOTHING if child is None else self._values[child]

    def _note(self, names: dict[_Name, int], name: _Name, node: int) -> None:
        at = self._tree.ends[node]
        names[name] = min(at, names.get(name, at))

    def _note_named(self, names: dict[str, int], what: str, name: str | None, node: int) -> None:
        if name is None:
            self.found.all.add(what)
        else:
            self._note(names, name, node)

    def _note_state(self, names: dict[str, int], what: str, name: str | int | None, node: int) -> None:
        self._note_named(names, what, name if isinstance(name, str) else None, node)
