"""How long an expression may take, and how large its value may get.

Only what is known here is allowed: each kind of syntax, each function and method.  What is left has no loops and no
recursion, can make no function that something might call later, and no list or object that holds itself.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count

from .analysis_syntax import Syntax
from .bounded_binding import Known
from .bounded_lists import Lists
from .bounded_names import CONSTANTS, GLOBALS, METHODS
from .bounded_sizes import APPEND, FAILS, MOVE, READ, STATE_CAP, STEP, ZERO, Poly, Unbounded, constant
from .bounded_values import NUMBER, TRUTH, UNDEFINED, Value, text_of

_numbers = count(1)


class Expressions(Lists):
    """Goes through one piece of code.  ``cost`` is what it takes so far, ``failure`` what it takes when it fails."""

    def __init__(self, tree: Syntax, known: Known) -> None:
        self.tree = tree
        self.known = known
        self.cost = ZERO
        self.failure = ZERO
        self.locals: list[dict[str, Value]] = [{}]
        self.inside = 0
        """How many callbacks are around."""
        self.growth = ZERO
        """How much larger the state gets."""
        parts = () if known.arguments is None else tuple(known.arguments.values())
        nodes = _sum(v.nodes for v in parts) + constant(1)
        self.all_arguments = None if known.arguments is None else Value(_sum(v.size for v in parts), nodes, "object", null=ZERO)
        self._forms: Mapping[str, Callable[[int], Value]] = {
            "parenthesized_expression": self.last,
            "sequence_expression": self.last,
            "number": self._number,
            "string": self._string,
            "template_string": self._template,
            "true": lambda _: TRUTH,
            "false": lambda _: TRUTH,
            "null": lambda _: UNDEFINED,
            "undefined": lambda _: UNDEFINED,
            "identifier": self._identifier,
            "shorthand_property_identifier": self._identifier,
            "member_expression": self._member,
            "subscript_expression": self._subscript,
            "unary_expression": self._unary,
            "binary_expression": self._binary,
            "ternary_expression": self._ternary,
            "array": self.array,
            "object": self.object,
            "call_expression": self.call,
            "new_expression": self.new,
            **self.statement_forms(),
        }

    @abstractmethod
    def statement_forms(self) -> Mapping[str, Callable[[int], Value]]: ...

    def refuse(self, node: int, reason: str) -> Unbounded:
        """The error that says why this is not bounded."""
        line = self.tree.raw(0).encode()[: self.tree.starts[node]].count(b"\n")
        return Unbounded(f"{reason} (line {line + 1})")

    def spend(self, *costs: Poly | float) -> None:
        """It takes so much more."""
        for cost in costs:
            self.cost = self.cost + (cost if isinstance(cost, Poly) else constant(cost))

    def fails(self, cost: Poly) -> None:
        """What it takes should it fail here."""
        self.failure = self.failure.most(cost)

    def value(self, node: int) -> Value:
        """The value of an expression."""
        form = self._forms.get(self.tree.kinds[node])
        if form is None:
            raise self.refuse(node, f"{self.tree.kinds[node].replace('_', ' ')} is not looked into")
        self.spend(STEP)
        return form(node)

    def fresh(self) -> int:
        """A number for something new."""
        return next(_numbers)

    # --- names and literals ------------------------------------------------------------------------------

    def last(self, node: int) -> Value:
        """The value of the last of the expressions within."""
        last = UNDEFINED
        for child in self.tree.children[node]:
            last = self.value(child)
        return last

    def _number(self, node: int) -> Value:
        if self.tree.raw(node).endswith("n"):
            raise self.refuse(node, "a BigInt may grow without end")
        return NUMBER

    def _string(self, node: int) -> Value:
        raw = self.tree.raw(node)
        return text_of(constant(2 * len(json.dumps(raw, ensure_ascii=False)) + 3 * raw.count("\\")))

    def _template(self, node: int) -> Value:
        size = self._string(node).size
        for child in self.tree.children[node]:
            if self.tree.kinds[child] == "template_substitution":
                value = self.last(child)
                self.spend(value.size.times(APPEND) if value.scalar else value.reading())
                size = size + value.text()
        return text_of(size)

    def local(self, name: str) -> Value | None:
        """The value of a variable of the code."""
        return next((scope[name] for scope in reversed(self.locals) if name in scope), None)

    def _identifier(self, node: int) -> Value:
        name = self.tree.name(node)
        found = self.local(name)
        if found is not None:
            return found
        if name == "$args" and self.all_arguments is not None:
            return self.all_arguments
        if name == "$event" and self.known.event is not None:
            return self.known.event
        if name in ("NaN", "Infinity"):
            return NUMBER
        raise self.refuse(node, f"{name} is not known as harmless here")

    def root(self, node: int) -> str:
        """The name of a part of the panel or the language that stands here, ``""`` for anything else."""
        if self.tree.kinds[node] != "identifier":
            return ""
        name = self.tree.name(node)
        return name if self.local(name) is None and (name in GLOBALS or name.startswith("$")) else ""

    def key(self, node: int) -> str | None:
        """The name of a property that is written out, None of one that is computed."""
        tree = self.tree
        if tree.kinds[node] == "member_expression":
            name = tree.part(node, "property")
            return tree.name(name) if tree.kinds[name] == "property_identifier" else None
        return tree.literal(tree.part(node, "index"))

    # --- properties --------------------------------------------------------------------------------------

    def _member(self, node: int) -> Value:
        name = self.key(node)
        if name is None:
            raise self.refuse(node, "private names are not looked into")
        return self._named(node, self.tree.part(node, "object"), name)

    def _named(self, node: int, target: int, name: str) -> Value:
        root = self.root(target)
        if root and root != "$event" and (root != "$args" or self.known.arguments is None):
            return self._of_root(node, root, name)
        if root == "$args":
            return self.argument(name)
        value = self.value(target)
        self.spend(READ)
        self._reads(node, value)
        return NUMBER if name == "length" and value.kind in ("text", "list") else value.part(name in METHODS)

    def _reads(self, node: int, value: Value) -> None:
        if self.tree.child(node, "optional_chain") is None:
            self.fails(value.null)

    def _of_root(self, node: int, root: str, name: str) -> Value:
        known = self.known
        self.spend(READ)
        if root == "$state" and name in known.states:
            return known.states[name]
        if root == "$state" and name in known.computed:
            self.computed(name)
            if name in known.failing:
                self.fails(FAILS)
            return known.computed[name]
        if root == "$scope" and name in known.scope:
            return known.scope[name]
        if f"{root}.{name}" in CONSTANTS:
            return NUMBER
        raise self.refuse(node, f"{root}.{name} is not known as harmless here")

    def computed(self, name: str) -> None:
        """A computed value is read; of a revision each is found once, which is counted elsewhere."""

    def _subscript(self, node: int) -> Value:
        target, index = self.tree.part(node, "object"), self.tree.part(node, "index")
        name = self.key(node)
        if name is not None:
            return self._named(node, target, name)
        if self.root(target) not in ("", "$args", "$event"):
            raise self.refuse(node, "which part is read is only known when it runs")
        value, at = self.value(target), self.value(index)
        self.spend(READ, at.reading())
        self._reads(node, value)
        return value.part(foreign=at.kind not in ("num", "bool"))

    # --- operators ---------------------------------------------------------------------------------------

    def _unary(self, node: int) -> Value:
        operator, argument = self.tree.operator(node), self.tree.part(node, "argument")
        if operator == "delete":
            return self.removed(node, argument)
        value = self.value(argument)
        if operator == "!":
            return TRUTH
        if operator == "typeof":
            return text_of(constant(16))
        if operator == "void":
            return UNDEFINED
        self.spend(value.reading())
        return NUMBER

    def removed(self, node: int, place: int) -> Value:
        """A property is deleted."""
        raise self.refuse(place, "delete is only looked into in handlers")

    def _binary(self, node: int) -> Value:
        operator = self.tree.operator(node)
        left = self.value(self.tree.part(node, "left"))
        right_node = self.tree.part(node, "right")
        if operator == "instanceof":
            if self.root(right_node) not in GLOBALS:
                raise self.refuse(node, "instanceof is only looked into for built-in classes")
            return TRUTH
        return self.combined(operator, left, self.value(right_node))

    def combined(self, operator: str, left: Value, right: Value) -> Value:
        """What an operator makes of two values."""
        if operator == "&&":
            return replace(NUMBER, null=FAILS).join(right)
        if operator in ("||", "??"):
            return replace(left, null=ZERO).join(right)
        if operator in ("===", "!=="):
            # strings are compared no longer than the shorter one is
            self.spend(min(left.size, right.size, key=_weight).times(MOVE))
            return TRUTH
        if operator == "+" and not {left.kind, right.kind} <= {"num", "bool"}:
            within = None if left.within is None or not left.scalar else (left.within[0], left.within[1] + right.text())
            out = replace(text_of(left.text() + right.text()), within=within)
            self.spend(*(part.size.times(APPEND) if part.scalar else part.reading() for part in (left, right)))
            return out
        self.spend(left.reading(), right.reading())
        return TRUTH if operator in ("==", "!=", "<", ">", "<=", ">=", "in") else NUMBER

    def _ternary(self, node: int) -> Value:
        self.value(self.tree.part(node, "condition"))
        return self.value(self.tree.part(node, "consequence")).join(self.value(self.tree.part(node, "alternative")))


def _sum(parts: Iterable[Poly]) -> Poly:
    total = ZERO
    for part in parts:
        total = total + part
    return total


def _weight(size: Poly) -> float:
    """The smaller of two sizes: what belongs to an item adds up to a list, all else comes with each item again."""
    inner = any(n > 0 for key in size.terms for n in key)
    return min(size.at(STATE_CAP), 256.0) if inner else size.at(STATE_CAP)
