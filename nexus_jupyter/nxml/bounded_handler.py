"""How long a handler may take, and how large it may make the state.

It runs from top to bottom, as it has no loops.  What the state may have grown to counts for all that comes after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from .analysis_syntax import Syntax
from .bounded_code import Expressions, Known
from .bounded_names import CHANGING
from .bounded_sizes import (
    CATCH,
    CONVERT,
    ELEMENT,
    LIMIT,
    NODES,
    NUMBER,
    STATE,
    TRUTH,
    UNDEFINED,
    WRITE,
    ZERO,
    Poly,
    Unbounded,
    Value,
    constant,
)

_FLAT = ("bool", "num")
_FITS: Mapping[str, tuple[str, ...]] = {"bool": ("bool",), "num": _FLAT, "text": (*_FLAT, "text"), "list": ("list",)}


class Loosened(Exception):
    """A state may for a while hold another type than the declared one; the message is its name."""


class Handlers(Expressions):
    """Goes through one handler that begins with a state of ``size`` characters.  ``time`` is what it takes."""

    says = True

    def __init__(self, tree: Syntax, known: Known, size: float) -> None:
        super().__init__(tree, known)
        self.size = size
        self.time = 0.0
        self._thrown = ZERO
        self._redeclared: set[str] = set()
        self._unsure = 0
        """How much is around that may be left at any place: assignments add to what may be there."""
        self._unused = -1
        """An expression whose value nobody uses."""
        self._statements: Mapping[str, Callable[[int], Value | None]] = {
            "expression_statement": self._expression,
            "lexical_declaration": self._declaration,
            "variable_declaration": self._declaration,
            "statement_block": self._block,
            "if_statement": self._if,
            "else_clause": self._block,
            "switch_statement": self._switch,
            "try_statement": self._try,
            "return_statement": self._return,
            "throw_statement": self._throw,
            "break_statement": lambda _: None,
            "empty_statement": lambda _: None,
        }

    def statement_forms(self) -> Mapping[str, Callable[[int], Value]]:
        """What changes something."""
        return {
            "assignment_expression": self._assignment,
            "augmented_assignment_expression": self._augmented,
            "update_expression": self._update,
        }

    def run(self) -> None:
        """Goes through all of it.  Raises Unbounded."""
        result = self._block(0)
        if result is not None:
            self.spend(result.plain())
        self._settle()

    def _settle(self) -> None:
        """What was done counts from now on."""
        if self.inside:
            return
        self.size += self.growth.at(self.size)
        self.time += self.cost.at(self.size)
        self.cost = self.growth = ZERO
        if not self.time <= LIMIT:
            raise Unbounded("this handler may take too long on a state of that size")

    def computed(self, name: str) -> None:
        """A computed value is read, which may have to be found again."""
        super().computed(name)
        self.spend(self.known.costs[name])

    # --- statements --------------------------------------------------------------------------------------

    def _statement(self, node: int) -> Value | None:
        form = self._statements.get(self.tree.kinds[node])
        if form is None:
            raise self.refuse(node, f"{self.tree.kinds[node].replace('_', ' ')} is not looked into")
        result = form(node)
        self._settle()
        return result

    def _block(self, node: int) -> Value | None:
        result = None
        for child in self.tree.children[node]:
            result = _either(result, self._statement(child))
        return result

    def _expression(self, node: int) -> None:
        self._unused = self.tree.children[node][0]
        self._last(node)

    def _declaration(self, node: int) -> None:
        for child in self.tree.children[node]:
            if self.tree.kinds[child] == "variable_declarator":
                value = self.tree.child(child, "value")
                self.bind(self.tree.part(child, "name"), UNDEFINED if value is None else self.value(value), self.locals[-1])

    def declare(self, node: int, value: Value, scope: dict[str, Value]) -> None:
        """A new variable; of equal names in several blocks each may be meant."""
        name = self.tree.name(node)
        before = scope.get(name)
        if before is not None:
            self._redeclared.add(name)
        super().declare(node, value if before is None else before.join(value), scope)

    def _branches(self, *branches: Callable[[], Value | None]) -> Value | None:
        """One of several ways to go on."""
        self._settle()
        begin, variables = self.size, [dict(scope) for scope in self.locals]
        after, largest = variables, begin
        result = None
        for branch in branches:
            self.locals, self.size = [dict(scope) for scope in variables], begin
            result = _either(result, branch())
            self._settle()
            largest = max(largest, self.size)
            after = [_merged(a, b) for a, b in zip(after, self.locals, strict=True)]
        self.locals, self.size = after, largest
        return result

    def _if(self, node: int) -> Value | None:
        self._last(self.tree.part(node, "condition"))
        other = self.tree.child(node, "alternative")
        return self._branches(
            lambda: self._statement(self.tree.part(node, "consequence")), lambda: None if other is None else self._statement(other)
        )

    def _switch(self, node: int) -> Value | None:
        tree = self.tree
        self._last(tree.part(node, "value"))
        self._unsure += 1
        result: Value | None = None
        cases: list[list[int]] = [[]]
        for case in tree.children[tree.part(node, "body")]:
            label = tree.child(case, "value")
            if label is not None:
                self.value(label)
            inside = [child for child in tree.children[case] if child != label]
            cases[-1].extend(inside)
            if inside and self._leaves(inside[-1]):
                cases.append([])
        for case_ in cases:
            result = _either(result, self._branches(lambda inside=case_: self._all(inside)))  # type: ignore[misc]
        self._unsure -= 1
        return result

    def _all(self, nodes: list[int]) -> Value | None:
        result = None
        for node in nodes:
            result = _either(result, self._statement(node))
        return result

    def _leaves(self, node: int) -> bool:
        while self.tree.kinds[node] == "statement_block" and self.tree.children[node]:
            node = self.tree.children[node][-1]
        return self.tree.kinds[node] in ("break_statement", "return_statement", "throw_statement")

    def _try(self, node: int) -> Value | None:
        tree = self.tree
        self.spend(CATCH)
        self._unsure += 1
        result = self._statement(tree.part(node, "body"))
        self._unsure -= 1
        handler, final = tree.child(node, "handler"), tree.child(node, "finalizer")
        if handler is not None:
            parameter = tree.child(handler, "parameter")
            if parameter is not None:
                size = STATE.times(3) + self._thrown + constant(16_384)
                self.bind(parameter, Value(size, size), self.locals[-1])
            result = _either(result, self._statement(tree.part(handler, "body")))
        if final is not None:
            result = _either(result, self._statement(tree.part(final, "body")))
        return result

    def _return(self, node: int) -> Value | None:
        return self._last(node) if self.tree.children[node] else UNDEFINED

    def _throw(self, node: int) -> None:
        value = self._last(node)
        if value.foreign or value.sites:
            raise self.refuse(node, "only errors and plain values may be thrown")
        self.spend(value.plain(), CATCH)
        self._thrown = self._thrown + value.size

    def body(self, node: int) -> Value:
        """The value that the block of a function returns."""
        unsure, self._unsure = self._unsure, 1
        result = self._block(node)
        self._unsure = unsure
        return UNDEFINED if result is None else result.join(UNDEFINED)

    # --- changes -----------------------------------------------------------------------------------------

    def _assignment(self, node: int) -> Value:
        unused = self._unused == node
        value = self.value(self.tree.part(node, "right"))
        return self._assign(node, self.tree.part(node, "left"), value, unused)

    def _augmented(self, node: int) -> Value:
        unused = self._unused == node
        left = self.tree.part(node, "left")
        right = self.value(self.tree.part(node, "right"))
        return self._assign(node, left, self.combined(self.tree.operator(node)[:-1], self.value(left), right), unused)

    def _update(self, node: int) -> Value:
        argument = self.tree.part(node, "argument")
        if "\n" in self.tree.raw(node):
            # the language may see the end of a statement there
            raise self.refuse(node, "++ and -- must stand beside their variable")
        self.spend(self.value(argument).reading())
        return self._assign(node, argument, NUMBER, False)

    def _assign(self, node: int, place: int, value: Value, unused: bool) -> Value:
        kind = self.tree.kinds[place]
        if kind == "identifier":
            self._assign_local(place, value)
        elif kind in ("member_expression", "subscript_expression"):
            target = self.tree.part(place, "object")
            name = self.key(place)
            if self.root(target) == "$state":
                self._assign_state(node, name, value)
            else:
                self._assign_part(node, place, target, name, value, unused)
        else:
            raise self.refuse(place, "assigning to a pattern is not looked into")
        return value

    def _assign_local(self, place: int, value: Value) -> None:
        name = self.tree.name(place)
        scope = next((scope for scope in reversed(self.locals) if name in scope), None)
        if scope is None or (self.inside and scope is not self.locals[-1]):
            raise self.refuse(place, f"{name} is no variable of this function")
        sure = not self._unsure and name not in self._redeclared
        scope[name] = value if sure else scope[name].join(value)

    def _assign_state(self, node: int, name: str | None, value: Value) -> None:
        declared = self.known.states.get(name or "")
        if name is None or declared is None:
            raise self.refuse(node, "which state is written is only known when it runs")
        if declared.kind != "any" and value.kind not in _FITS[declared.kind]:
            raise Loosened(name)
        within = value.within
        self._grow(node, within[1] if within is not None and within[0] == name else value.size, value)

    def _assign_part(self, node: int, place: int, target: int, name: str | None, value: Value, unused: bool) -> None:
        holder = self.value(target)
        if name is None:
            key = self.value(self.tree.part(place, "index"))
            self.spend(key.reading())
            added = key.text() + constant(4)
        else:
            added = self.named(place, name)
        if holder.live == 1:
            self._grow(node, added + value.size, value)
        elif name is None or name == "length":
            raise self.refuse(place, "what is made here gets only properties whose names are written out")
        else:
            self._change_local(node, target, holder, [value], added, unused)

    def _grow(self, node: int, size: Poly, value: Value) -> None:
        """The state takes a value, by so much larger."""
        if self.inside and value.kind not in _FLAT:
            raise self.refuse(node, "only numbers and booleans are written again and again")
        self.spend(WRITE, value.plain())
        if not value.scalar:
            self.spend(NODES.times(ELEMENT))
        self.growth = self.growth + size
        self._settle()

    def removed(self, node: int, place: int) -> Value:
        """A property is deleted."""
        if self.tree.kinds[place] not in ("member_expression", "subscript_expression"):
            raise self.refuse(node, "only properties are deleted")
        self.value(place)
        self.spend(WRITE, NODES.times(ELEMENT))
        return TRUTH

    def changes(self, node: int, target: int, value: Value, name: str, arguments: list[Value]) -> Value:
        """The value of a method that changes what it is called on."""
        if name not in CHANGING or value.scalar:
            return super().changes(node, target, value, name, arguments)
        added = arguments[2:] if name == "splice" else arguments if name in ("push", "unshift") else []
        unused = self._unused == node
        self.spend(value.nodes.times(ELEMENT if name in ("push", "unshift") else CONVERT))
        if value.live == 1:
            for one in added or [NUMBER]:
                self._grow(node, one.size + constant(1), one)
        elif added or name == "splice":
            self._change_local(node, target, value, added, ZERO, unused)
        if name in ("push", "unshift"):
            return NUMBER
        if name in ("sort", "reverse"):
            return value
        return replace(value, live=0, within=None) if name == "splice" else replace(value.part(), live=0)

    def _change_local(self, node: int, target: int, holder: Value, values: list[Value], added: Poly, unused: bool) -> None:
        """What was made here gets something more, which must not be or hold it; no other variable may hold it."""
        name = self.tree.name(target) if self.tree.kinds[target] == "identifier" else ""
        others = [v.sites for scope in self.locals for n, v in scope.items() if n != name]
        alone = bool(holder.sites) and not any(sites & holder.sites for sites in others)
        if self.inside or not unused or not name or not alone or any(v.sites & holder.sites or v.foreign for v in values):
            raise self.refuse(node, "lists and objects are only changed where nothing else may hold them")
        nodes, live = holder.nodes, holder.live
        for value in values:
            added, nodes = added + value.size + constant(1), nodes + value.nodes
            live = live if value.scalar or value.live == 1 else 0
        sites = holder.sites.union(*(v.sites for v in values))
        scope = next(scope for scope in reversed(self.locals) if name in scope)
        scope[name] = replace(holder, size=holder.size + added, nodes=nodes, live=live, sites=sites, within=None)
        # it may be something in state after all
        self.growth = self.growth + added


def _either(a: Value | None, b: Value | None) -> Value | None:
    return b if a is None else a if b is None else a.join(b)


def _merged(a: Mapping[str, Value], b: Mapping[str, Value]) -> dict[str, Value]:
    return {name: b[name] if name not in a else a[name] if name not in b else a[name].join(b[name]) for name in {**a, **b}}
