"""What calls do with the values that they get."""

from __future__ import annotations

from collections.abc import Iterable

from .analysis_scope import parameters
from .analysis_stores import Stores, functions_in
from .analysis_syntax import Syntax
from .analysis_values import (
    CALLING,
    GIVES_ELEMENT,
    GIVES_HELD,
    GIVES_SELF,
    HOLDING_GLOBALS,
    HOST,
    INSERTING,
    LISTING_GLOBALS,
    LIVING,
    MANY,
    MUTATORS,
    NESTING_GLOBALS,
    NOTHING,
    PAIRING_GLOBALS,
    PASSING_GLOBALS,
    READING_GLOBALS,
    READING_METHODS,
    READING_OBJECTS,
    WITH_ELEMENTS,
    WRITING_GLOBALS,
    Origin,
    Value,
    copied,
    element,
    held,
    named,
)

_CHANGING = frozenset(("call", "apply", "bind"))


class Calls(Stores):
    """Follows values into functions and out of them."""

    def __init__(self, tree: Syntax, *, pure: bool) -> None:
        super().__init__(tree, pure=pure)
        self._returns: dict[int, Value] = {}
        self._entered: dict[int, Value] = {}
        # Who has called a function.
        self._asked: dict[int, set[int]] = {}
        # Whether a function may look at its arguments whatever its parameters.
        self._all_arguments = tree.says("arguments")

    def _call(self, node: int, new: bool) -> Value:
        tree, values = self._tree, self._values
        callee = tree.part(node, "constructor" if new else "function")
        listed = tree.child(node, "arguments")
        given = [] if listed is None or tree.kinds[listed] != "arguments" else tree.children[listed]
        out: set[Origin] = set()
        known = False
        for function in functions_in(values[callee]):
            known = True
            self._asked.setdefault(function, set()).add(node)
            self._enter(function, self._passed(given))
            out |= self._returns.get(function, NOTHING)
        base = tree.child(callee, "object") if tree.kinds[callee] in ("member_expression", "subscript_expression") else None
        path = self.global_path(callee)
        if base is not None and not path:
            out |= self._method(base, tree.called(callee), given, node)
        elif any(values[argument] for argument in given) and not known:
            out |= self._global_call(path, callee, given, node)
        return frozenset(out)

    def _passed(self, given: list[int]) -> list[Value]:
        """What each parameter gets; behind a spread nobody knows which."""
        values = [self._values[argument] for argument in given]
        if any(self._tree.kinds[argument] == "spread_element" for argument in given):
            return [frozenset().union(*values)] * MANY
        return values

    def _global_call(self, path: str, callee: int, given: list[int], node: int) -> Value:
        """A call of a function of the language, or of one that is not known."""
        values = self._values
        first = values[given[0]]
        self._hand_over(given[path in WRITING_GLOBALS :])
        if path in WRITING_GLOBALS:
            self._assign_into(given, node)
            others: Value = frozenset().union(*(copied(values[a]) for a in given[1:]))
            self._put_into(given[0], element(others), inner=False)
            return first | others
        results = self._call_back(given[1:], [element(first)] * 3)
        if path in HOLDING_GLOBALS:
            return copied(element(first) if path in PAIRING_GLOBALS else first) | held(results)
        if path in NESTING_GLOBALS:
            return held(copied(first))
        if path in LISTING_GLOBALS:
            return held(frozenset().union(*(values[a] for a in given)))
        if path in PASSING_GLOBALS:
            return first
        if path not in READING_GLOBALS and path.partition(".")[0] not in READING_OBJECTS and values[callee] != HOST:
            self._leak_all(given)
        return NOTHING

    def _call_back(self, given: Iterable[int], passed: list[Value]) -> Value:
        """What the functions of the code among ``given`` return when they are called with ``passed``."""
        out: set[Origin] = set()
        for argument in given:
            for function in functions_in(self._values[argument]):
                self._asked.setdefault(function, set()).add(self._tree.parents[self._tree.parents[argument]])
                self._enter(function, passed)
                out |= self._returns.get(function, NOTHING)
        return frozenset(out)

    def _method(self, base: int, method: str | None, given: list[int], node: int) -> Value:
        """A method of something."""
        of = frozenset(o for o in self._values[base] if o[0] in LIVING)
        values = self._values
        arguments: Value = frozenset().union(*(values[a] for a in given))
        if not of and not arguments:
            return NOTHING
        self._hand_over(given)
        if any(o[0] in ("$tools", "$ext") for o in values[base]):
            return NOTHING
        if method in self._own_methods:
            method = None  # nobody knows whether the one of the language is meant
        elements = element(of)
        if method in MUTATORS:
            for origin in of:
                if origin[0] == "$state":
                    self._note_state(self.found.writes, "writes", named(origin), node)
        results: Value = NOTHING
        if method in CALLING:
            start = values[given[1]] if len(given) > 1 else elements
            passed = [elements, elements, of]
            if method in ("reduce", "reduceRight"):
                passed = [start, elements, NOTHING, of]
            elif method in ("then", "catch", "finally"):
                passed = [of]
            results = self._call_back(given, passed)
            if method in ("reduce", "reduceRight"):
                self._call_back(given[:1], [results])
                return results | start
            if method in WITH_ELEMENTS:
                self._leak_all(given[1:])
            if method == "map":
                return held(results)
            if method == "flatMap":
                return copied(results)
            if method in ("then", "catch", "finally"):
                return results | of
        elif method in INSERTING:
            # a key of a map that is a member of something is taken for a text
            keyed = method == "set" and len(given) > 1 and self._tree.kinds[given[0]] == "member_expression"
            self._put_into(base, frozenset().union(*(values[a] for a in given[keyed:])), inner=False)
        elif method not in READING_METHODS:
            self._call_back(given, [of | elements] * 3)
            if method is None or method in _CHANGING:
                self._leak_value(of, node)
            if method is None or method not in GIVES_HELD | GIVES_ELEMENT | GIVES_SELF | MUTATORS:
                self._leak_all(given)
        if method in GIVES_SELF:
            return of
        if method in GIVES_ELEMENT:
            return elements
        if method == "concat":
            return copied(of | arguments) | held(arguments)
        if method == "entries":
            return held(copied(of))
        if method == "flat":
            return copied(of) | copied(elements)
        if method in GIVES_HELD:
            return copied(of) | held(arguments) if method in ("with", "toSpliced") else copied(of)
        return NOTHING if method in READING_METHODS or method in WITH_ELEMENTS or method in MUTATORS else of | elements

    def _enter(self, function: int, given: list[Value]) -> None:
        if self._all_arguments:
            for value in given:
                self._leak_value(value, function)
        patterns = parameters(self._tree, function)
        for n, pattern in enumerate(patterns[: len(given)]):
            value = given[n]
            if self._tree.kinds[pattern] == "rest_pattern":
                value = frozenset().union(*given[n:])
            before = self._entered.get(pattern)
            if before is None or not value <= before:
                self._entered[pattern] = value | (before or NOTHING)
                self._assign(pattern, value)

    def _give(self, function: int, value: Value) -> None:
        before = self._returns.get(function, NOTHING)
        after = self._bounded(before | value)
        if after != before:
            self._returns[function] = after
            self._mark(self._asked.get(function, ()))

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

    def _hand_over(self, given: list[int]) -> None:
        """Arguments to what is not of the code."""
        for argument in given:
            if ("$state",) in self._values[argument]:
                self.found.all.add("reads")
            self._lost(self._values[argument])

    def _leak_all(self, nodes: Iterable[int]) -> None:
        for node in nodes:
            self._leak_value(self._values[node], node)
