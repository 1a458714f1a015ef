"""How long a handler may take, and how large it may make the state.

It runs from top to bottom, as it has no loops.  What the state may have grown to counts for all that comes after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .analysis_syntax import Syntax
from .bounded_binding import Known
from .bounded_names import CHANGING
from .bounded_sizes import CHANGE, ELEMENT, LIMIT, NODES, WRITE, ZERO, Poly, Unbounded, constant
from .bounded_statements import Statements
from .bounded_values import NUMBER, TRUTH, Value

_FLAT = ("bool", "num")
_FITS: Mapping[str, tuple[str, ...]] = {"bool": ("bool",), "num": _FLAT, "text": (*_FLAT, "text"), "list": ("list",), "object": ("object",)}


class Loosened(Exception):
    """A state may for a while hold another type than the declared one; the message is its name."""


class Handlers(Statements):
    """Goes through one handler that begins with a state of ``size`` characters.  ``time`` is what it takes."""

    says = True

    def __init__(self, tree: Syntax, known: Known, size: float) -> None:
        super().__init__(tree, known, size)
        self.time = 0.0

    def run(self) -> None:
        """Goes through all of it.  Raises Unbounded."""
        result = self.block(0)
        if result is not None:
            self.spend(result.plain())
        self.settle()

    def settle(self) -> None:
        """What was done counts from now on."""
        if self.inside:
            return
        self.time += self.cost.at(self.size)
        self.size += self.growth.at(self.size)
        self.cost = self.growth = ZERO
        if not self.time <= LIMIT:
            raise Unbounded(f"a handler may take {self.time / 1000:.0f} ms on a state of that size")

    def computed(self, name: str) -> None:
        """A computed value is read, which may have to be found again."""
        self.spend(self.known.costs[name])

    # --- changes -----------------------------------------------------------------------------------------

    def assign(self, node: int, place: int, value: Value, unused: bool) -> Value:
        """A variable or something in the state gets a value."""
        kind = self.tree.kinds[place]
        if kind == "identifier":
            self.assign_local(place, value)
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
            if name is None or name == "length":
                # of a list it may take away items
                self.spend(NODES.times(CHANGE))
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
        self.settle()

    def removed(self, node: int, place: int) -> Value:
        """A property is deleted."""
        if self.tree.kinds[place] not in ("member_expression", "subscript_expression"):
            raise self.refuse(node, "only properties are deleted")
        self.value(place)
        self.spend(WRITE, NODES.times(ELEMENT))
        # an item of a list becomes null
        self.growth = self.growth + constant(4)
        return TRUTH

    def changes(self, node: int, target: int, value: Value, name: str, arguments: list[Value]) -> Value:
        """The value of a method that changes what it is called on."""
        if name not in CHANGING or value.scalar:
            return super().changes(node, target, value, name, arguments)
        added = arguments[2:] if name == "splice" else arguments if name in ("push", "unshift") else []
        unused = self.unused == node
        self.spend(value.nodes.times(ELEMENT if name in ("push", "unshift") else CHANGE))
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
        if not holder.own:
            # it may be something in state after all
            self.growth = self.growth + added
