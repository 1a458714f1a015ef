"""Lists and objects that are written out, and what spreading a value into them gives."""

from __future__ import annotations

from dataclasses import replace

from .bounded_binding import Bindings
from .bounded_names import FORBIDDEN_KEYS
from .bounded_sizes import ELEMENT, STEP, ZERO, Poly, constant
from .bounded_values import Value


class Lists(Bindings):
    """The part of :class:`~.bounded_code.Expressions` that looks at literals of lists and objects."""

    def array(self, node: int) -> Value:
        """The value of a list that is written out."""
        size = nodes = constant(2)
        sites = frozenset((self.fresh(),))
        foreign, live = 0, 2
        within: list[tuple[str, Poly] | None] = []
        extra = constant(2)
        for child in self.tree.children[node]:
            spread = self.tree.kinds[child] == "spread_element"
            value = self.spread(self.last(child)) if spread else self.value(child)
            size, nodes = size + value.size + constant(1), nodes + value.nodes
            sites, foreign = sites | value.sites, max(foreign, 2 * bool(value.foreign))
            live = live if value.scalar or value.live == 1 or (spread and value.live) else 0
            if spread and value.within is not None:
                within.append(value.within)
            else:
                extra = extra + value.size + constant(1)
        self.spend(nodes.times(STEP))
        if self._holes(node):
            raise self.refuse(node, "a list with holes is not looked into")
        inside = None if len(within) != 1 or within[0] is None else (within[0][0], within[0][1] + extra)
        return Value(size, nodes, "list", foreign, live, sites, inside, ZERO, True)

    def _holes(self, node: int) -> bool:
        """Whether more commas stand between the items of a list than separate them; those of comments count."""
        tree, begin = self.tree, self.tree.starts[node]
        text = tree.raw(node).encode()
        at = 0
        for child in tree.children[node]:
            if text[at : tree.starts[child] - begin].count(b",") != (at > 0):
                return True
            at = tree.ends[child] - begin
        return text[at:].count(b",") > (at > 0)

    def spread(self, value: Value) -> Value:
        """The items of a value: of a string its characters."""
        items = value.nodes if value.kind == "list" else value.nodes + value.size
        self.spend(items.times(ELEMENT))
        if value.kind == "list":
            return value
        return replace(value, size=value.size.times(4), nodes=items, kind="list", within=None)

    def fields(self, value: Value) -> Value:
        """The properties of a value: of a list or a string each item under its number."""
        if value.kind in ("num", "bool"):
            return replace(value, size=constant(2), kind="object")
        if value.kind == "object":
            self.spend(value.nodes.times(ELEMENT))
            return value
        items = value.nodes + value.size
        self.spend(items.times(ELEMENT))
        return replace(value, size=value.size.times(12), nodes=items, kind="object")

    def object(self, node: int) -> Value:
        """The value of an object that is written out."""
        size = nodes = constant(2)
        sites = frozenset((self.fresh(),))
        foreign = 0
        for child in self.tree.children[node]:
            kind = self.tree.kinds[child]
            name: Poly
            if kind == "spread_element":
                value, name = self.fields(self.last(child)), ZERO
            elif kind == "pair":
                name, computed = self.key_of(self.tree.part(child, "key"))
                value = self.value(self.tree.part(child, "value"))
                if computed and value.foreign:
                    raise self.refuse(child, "a function of the engine may get a name that the engine calls")
            elif kind == "shorthand_property_identifier":
                name, value = self.named(child, self.tree.name(child)), self.value(child)
            else:
                raise self.refuse(child, "methods, getters and setters are not looked into")
            size, nodes = size + value.size + name, nodes + value.nodes
            sites, foreign = sites | value.sites, max(foreign, 2 * bool(value.foreign))
        self.spend(nodes.times(STEP))
        return Value(size, nodes, "object", foreign, 0, sites, None, ZERO, True)

    def named(self, node: int, name: str) -> Poly:
        """What the name of a property adds.  Raises Unbounded for one that the engine looks for."""
        if name in FORBIDDEN_KEYS:
            raise self.refuse(node, f"the engine gives {name} a meaning")
        return constant(6 * len(name) + 4)

    def key_of(self, node: int) -> tuple[Poly, bool]:
        """What the name of a property adds, and whether it is computed."""
        kind = self.tree.kinds[node]
        if kind == "computed_property_name":
            value = self.last(node)
            self.spend(value.reading())
            return value.text() + constant(4), True
        name = self.tree.name(node) if kind == "property_identifier" else self.tree.literal(node)
        if name is None:
            # a number, or a string with escapes
            if kind != "number":
                raise self.refuse(node, "a name with escapes is not looked into")
            name = self.tree.raw(node)
        return self.named(node, name), False
