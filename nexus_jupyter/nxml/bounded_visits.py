"""What methods take and give that call a function for each item of a list."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace

from .bounded_calls import Calls
from .bounded_names import CALLABLE
from .bounded_sizes import APPEND, COMPARE, ELEMENT, FAILS, FAILURE, MOVE, STATE, ZERO, Poly, constant, rounds, variable
from .bounded_values import NUMBER, TRUTH, UNDEFINED, Value, text_of


class Visits(Calls):
    """The part of :class:`~.bounded_code.Expressions` that looks at functions."""

    def visit(self, node: int, target: int, value: Value, name: str, nodes: list[int]) -> Value:
        """The value of a method that calls a function for each item of a list."""
        p, q = self.fresh(), self.fresh()
        sums: Mapping[int, Poly] = {p: value.size, q: value.nodes}
        # of a list in state an item that is null takes five characters
        null = variable(p).times(FAILURE / 5) if value.live else FAILS
        item = Value(variable(p), variable(q), "any", value.foreign, int(value.live > 0), value.sites, null=null)
        if name in ("sort", "toSorted"):
            self._compared(node, value, item, sums, nodes)
            if name == "sort" and value.live == 1:
                return self.changes(node, target, value, name, [])
            return replace(value, live=2 if value.live else 0, sites=value.sites | {self.fresh()}, kind="list", null=ZERO)
        if not nodes or len(nodes) > 1 + name.startswith("reduce"):
            raise self.refuse(node, f"{name} needs one function")
        if name.startswith("reduce"):
            return self._reduced(node, value, item, sums, nodes)
        # a Set, which has forEach alone, gives each value twice
        index = NUMBER.join(item) if name == "forEach" else NUMBER
        result = self._each(value, sums, nodes[0], [item, index, value])
        if name == "forEach":
            return UNDEFINED
        if name in ("some", "every", "findIndex", "findLastIndex"):
            return NUMBER if name.startswith("find") else TRUTH
        if name in ("find", "findLast"):
            return value.part()
        made = value.sites | result.sites | {self.fresh()}
        if name == "filter":
            return replace(value, kind="list", live=2 if value.live else 0, sites=made, null=ZERO, own=True)
        live = 2 if result.scalar or result.live == 1 else 0
        size = (result.size + constant(1)).over(sums, value.nodes) + constant(2)
        self.spend(size.times(MOVE))
        count = result.nodes.over(sums, value.nodes) + constant(1)
        return Value(size, count, "list", 2 * bool(result.foreign), live if name == "map" else 0, made, None, ZERO, True)

    def _each(self, value: Value, sums: Mapping[int, Poly], function: int, given: list[Value]) -> Value:
        """What the function gives for one item; it is called for all."""
        before, self.cost = self.cost, constant(ELEMENT)
        grown, self.growth = self.growth, ZERO
        result = self.called(function, given)
        more = self.growth.over(sums, value.nodes)
        each = self.cost
        if more.terms:
            # of what was written for one item the next ones may read
            each = each.over({0: STATE + more}, constant(1))
            sums = {number: total + more for number, total in sums.items()}
        self.cost = before + each.over(sums, value.nodes)
        self.growth = grown + more
        if self.failure.names(sums):
            self.failure = FAILS
        return result

    def called(self, function: int, given: list[Value]) -> Value:
        """What a function that is written there gives, called once."""
        tree = self.tree
        if tree.kinds[function] == "identifier" and tree.name(function) in CALLABLE and self.local(tree.name(function)) is None:
            self.spend(given[0].reading())
            return text_of(given[0].text()) if tree.name(function) == "String" else NUMBER
        if tree.kinds[function] != "arrow_function" or tree.raw(function).startswith("async"):
            raise self.refuse(function, "only a plain arrow function may stand here")
        single = tree.child(function, "parameter")
        parameters = [single] if single is not None else tree.children[tree.part(function, "parameters")]
        scope: dict[str, Value] = {}
        self.locals.append(scope)
        self.inside += 1
        for parameter, value in zip(parameters, [*given, *[UNDEFINED] * len(parameters)], strict=False):
            self.bind(parameter, value, scope)
        body = tree.part(function, "body")
        result = self.body(body) if tree.kinds[body] == "statement_block" else self.value(body)
        self.inside -= 1
        self.locals.pop()
        return result

    @abstractmethod
    def bind(self, pattern: int, value: Value, scope: dict[str, Value]) -> None: ...

    def _compared(self, node: int, value: Value, item: Value, sums: Mapping[int, Poly], nodes: list[int]) -> None:
        before, self.cost = self.cost, constant(COMPARE)
        if nodes:
            self.called(nodes[0], [item, item])
        else:
            # each is made a string once
            before = before + value.reading()
            self.spend(item.text().times(2 * APPEND))
        each = self.cost
        if self.growth.terms:
            raise self.refuse(node, "the state must not change meanwhile")
        if any(sum(n in sums for n in key) > 1 for key in each.terms):
            raise self.refuse(node, "comparing two items may take too long")
        # Each item is looked at in so many rounds; once it may be compared with all others, who share the state with it.
        often = rounds(value.nodes)
        shared = Poly({key: x for key, x in each.terms.items() if any(n in sums for n in key)})
        all_pairs = shared.over(sums, ZERO) * value.nodes.times(0.25)
        self.cost = before + each.over(sums, value.nodes).times(often) + all_pairs + value.nodes.times(ELEMENT)
        if self.failure.names(sums):
            self.failure = FAILS

    def _reduced(self, node: int, value: Value, item: Value, sums: Mapping[int, Poly], nodes: list[int]) -> Value:
        first = self.arguments(nodes[1:], "")[0] if len(nodes) > 1 else value.part()
        if first.kind in ("num", "bool"):
            # as long as it stays a number
            cost, failure = self.cost, self.failure
            if self._each(value, sums, nodes[0], [NUMBER, item, NUMBER, value]).kind in ("num", "bool"):
                return NUMBER
            self.cost, self.failure = cost, failure
        a = self.fresh()
        so_far = replace(first, size=variable(a), nodes=first.nodes if first.scalar else variable(a), live=0, within=None)
        so_far = replace(so_far, kind="text" if first.scalar else first.kind)
        before, self.cost = self.cost, constant(ELEMENT)
        result = self.called(nodes[0], [so_far, item, NUMBER, value])
        each, self.cost = self.cost, before
        if self.growth.terms:
            raise self.refuse(node, "the state must not change meanwhile")
        grown = Poly({key: x for key, x in result.size.terms.items() if key != (a,)})
        if result.size.terms.get((a,), 0.0) > 1 or grown.names({a: ZERO}) or (so_far.scalar and not result.scalar):
            raise self.refuse(node, "what it has so far may stand in the result once, and alone")
        if not so_far.scalar:
            raise self.refuse(node, "only numbers and texts are added up")
        total = first.text() + grown.over(sums, value.nodes)
        self.cost = before + each.over(sums, value.nodes).over({a: total}, constant(1))
        if self.failure.names({**sums, a: ZERO}):
            self.failure = FAILS
        return text_of(total)

    def grouped(self, node: int, nodes: list[int]) -> Value:
        """The value of ``Object.groupBy``."""
        if len(nodes) != 2:
            raise self.refuse(node, "Object.groupBy needs a list and a function")
        value = self.spread(self.value(nodes[0]))
        p, q = self.fresh(), self.fresh()
        sums: Mapping[int, Poly] = {p: value.size, q: value.nodes}
        item = Value(variable(p), variable(q), "any", value.foreign, int(value.live > 0), value.sites)
        key = self._each(value, sums, nodes[1], [item, NUMBER])
        self.spend(key.reading().over(sums, value.nodes))
        self.fails(FAILS)
        size = value.size + (key.text() + constant(8)).over(sums, value.nodes)
        return Value(size, value.nodes.times(2), "object", value.foreign, 0, value.sites | {self.fresh()}, None, ZERO)
