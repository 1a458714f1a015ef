"""How long showing the view may take: all of its components made anew, once for each item of a loop."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count

from .bounded_code import Expressions
from .bounded_sizes import (
    COMPONENT,
    COPY,
    ELEMENT,
    FAILS,
    FAILURE,
    ITEM,
    MAX_COMPONENTS,
    MOVE,
    NODES,
    PROPERTY,
    STATE,
    ZERO,
    Poly,
    Unbounded,
    constant,
    variable,
)
from .bounded_values import NUMBER, Value
from .program import Prop, ViewNode

MAX_NODES = 2_000
MAX_NESTING = 64

Scope = Mapping[str, Value]
Run = Callable[[int, Scope, str], tuple[Value, Expressions]]
_variables = count(-1, -1)


class Views:
    """Goes through a view.  ``run`` goes through one piece of code with loop variables, as an expression or ``args``."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._sums: list[tuple[Mapping[int, Poly], Poly]] = []
        """Of the loops around."""
        self.cost = ZERO
        self.components = ZERO
        self.arguments: dict[str, list[tuple[Value, Poly]]] = {}
        """What each tool is given, and what finding that takes."""

    def time(self, size: float) -> float:
        """What all of it takes on a state of ``size`` characters, in microseconds."""
        return self.cost.at(size) + COMPONENT * min(self.components.at(size), MAX_COMPONENTS)

    def node(self, node: ViewNode, scope: Scope) -> None:
        """Adds one element with all that is in it."""
        if node.type == "Iterate":
            self._loop(node, scope)
            return
        if node.type in ("If", "Else"):
            self.cost = self.cost + constant(ITEM)
        else:
            self.components = self.components + constant(1)
        if node.condition is not None:
            self._code(node.condition, scope)
        self._properties(node, scope)
        for child in node.children:
            self.node(child, scope)

    def _code(self, index: int, scope: Scope) -> Value:
        value, done = self._run(index, scope, "expression")
        self.cost = self.cost + done.cost + done.failure + constant(PROPERTY)
        return value

    def _properties(self, node: ViewNode, scope: Scope) -> None:
        for prop in (*node.props.values(), *([node.key] if node.key is not None else [])):
            self._property(prop, scope)
        if node.bind is not None:
            value = scope.get("".join(str(part) for part in node.bind.path[:1])) if node.bind.root == "$scope" else None
            for part in node.bind.path:
                if isinstance(part, int):
                    self._code(part, scope)
            shown = self._whole if value is None else value
            self.cost = self.cost + shown.nodes.times(COPY) + shown.size.times(MOVE)
        for trigger in node.events.values():
            self.cost = self.cost + constant(PROPERTY)
            if trigger.args is None:
                continue
            value, done = self._run(trigger.args, scope, "args")
            size, nodes, cost = (self._once(x) for x in (value.size, value.nodes, done.cost + value.plain()))
            self.arguments.setdefault(trigger.tool, []).append((replace(value, size=size, nodes=nodes), cost))

    _whole = Value(STATE, NODES)

    def _once(self, poly: Poly) -> Poly:
        """For one item of each loop around."""
        for sums, _ in reversed(self._sums):
            poly = poly.over(sums, constant(1))
        return poly

    def _property(self, prop: Prop, scope: Scope) -> None:
        if prop.kind == "literal":
            self.cost = self.cost + constant(PROPERTY + MOVE * len(json.dumps(prop.value)))
            return
        for part in (prop.code,) if prop.kind == "binding" else prop.parts:
            if isinstance(part, str):
                self.cost = self.cost + constant(MOVE * len(part))
                continue
            value = self._code(part, scope)
            if prop.kind == "binding" or not value.scalar:
                # read as JSON, and compared with what was told before
                self.cost = self.cost + value.plain() + value.nodes.times(ELEMENT)
            self.cost = self.cost + value.text().times(MOVE)

    def _loop(self, node: ViewNode, scope: Scope) -> None:
        value = NUMBER if node.items is None else self._code(node.items, scope)
        count_, p, q = value.nodes, next(_variables), next(_variables)
        sums = {p: value.size, q: value.nodes}
        null = variable(p).times(FAILURE / 5) if value.live else FAILS
        item = Value(variable(p), variable(q), "any", value.foreign, int(value.live > 0), null=null)
        inner = {**scope, node.item_name: item}
        if node.index_name is not None:
            inner[node.index_name] = NUMBER
        before = self.cost, self.components
        self.cost, self.components = constant(ITEM + ELEMENT), ZERO
        self._sums.append((sums, count_))
        if node.key is not None:
            # two of the same key are told as a problem
            self._property(node.key, inner)
            self.cost = self.cost + FAILS
        for child in node.children:
            if child.type != "Empty":
                self.node(child, inner)
        self._sums.pop()
        self.cost = before[0] + self.cost.over(sums, count_)
        self.components = before[1] + self.components.over(sums, count_)
        for empty in node.children:
            for child in empty.children if empty.type == "Empty" else ():
                self.node(child, scope)


def measured(view: ViewNode) -> None:
    """Raises Unbounded when the view as it is written is too large."""
    todo, nodes = [(view, 1)], 0
    while todo:
        node, depth = todo.pop()
        nodes += 1
        if nodes > MAX_NODES or depth > MAX_NESTING:
            raise Unbounded("the view is too large")
        todo.extend((child, depth + 1) for child in node.children)
