"""What code may refer to, and what the names that it declares stand for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

from .bounded_names import GLOBALS, METHODS, NUMERIC_FUNCTIONS, RESERVED
from .bounded_sizes import FAILS, READ, STEP, Poly
from .bounded_values import UNDEFINED, Value
from .bounded_visits import Visits


@dataclass
class Known:
    """What code may refer to: states and computed values by name, loop variables, arguments, and the names of tools."""

    states: Mapping[str, Value]
    computed: Mapping[str, Value] = field(default_factory=dict)
    scope: Mapping[str, Value] = field(default_factory=dict)
    arguments: Mapping[str, Value] | None = None
    """Of a handler."""
    event: Value | None = None
    """Of the code of ``args``."""
    failing: Set[str] = frozenset()
    """Computed values that may fail."""
    costs: Mapping[str, Poly] = field(default_factory=dict)
    """What finding each computed value takes, those that it reads included."""


class Bindings(Visits):
    """The part of :class:`~.bounded_code.Expressions` that looks at parameters and declarations."""

    known: Known
    all_arguments: Value | None
    """What ``$args`` is."""

    @abstractmethod
    def last(self, node: int) -> Value: ...

    def bind(self, pattern: int, value: Value, scope: dict[str, Value]) -> None:
        """Gives the names of a pattern the parts of a value."""
        tree = self.tree
        kind, children = tree.kinds[pattern], tree.children[pattern]
        self.spend(STEP)
        if kind in ("identifier", "shorthand_property_identifier_pattern"):
            self.declare(pattern, value, scope)
        elif kind in ("assignment_pattern", "object_assignment_pattern"):
            self.bind(children[0], value.join(self.value(children[1])), scope)
        elif kind == "array_pattern":
            items = self.spread(value)
            for child in children:
                if tree.kinds[child] == "rest_pattern":
                    sites = items.sites | {self.fresh()}
                    made = replace(items, live=2 if items.live else 0, sites=sites, within=None)
                    self.bind(tree.children[child][0], made, scope)
                else:
                    self.bind(child, items.part(), scope)
        elif kind == "object_pattern":
            for child in children:
                self._bind_field(child, value, scope)
        else:
            raise self.refuse(pattern, f"{kind.replace('_', ' ')} is not looked into")
        if not kind.endswith("identifier"):
            self.fails(FAILS)

    def argument(self, name: str) -> Value:
        """What ``$args`` has under a name."""
        found = (self.known.arguments or {}).get(name)
        return UNDEFINED.part(name in METHODS) if found is None else found

    def _bind_field(self, child: int, value: Value, scope: dict[str, Value]) -> None:
        tree = self.tree
        kind = tree.kinds[child]
        self.spend(READ)
        if kind == "rest_pattern":
            fields = self.fields(value)
            self.bind(
                tree.children[child][0], replace(fields, kind="object", live=0, sites=fields.sites | {self.fresh()}, within=None), scope
            )
            return
        place = child if kind == "shorthand_property_identifier_pattern" else tree.children[child][0]
        if tree.kinds[place] == "computed_property_name":
            key = self.last(place)
            self.spend(key.reading())
            part = value.part(foreign=key.kind not in ("num", "bool"))
        else:
            name = tree.name(place)
            part = self.argument(name) if value is self.all_arguments else value.part(name in METHODS)
        self.bind(tree.part(child, "value") if kind == "pair_pattern" else child, part, scope)

    def declare(self, node: int, value: Value, scope: dict[str, Value]) -> None:
        """A new variable."""
        name = self.tree.name(node)
        if name in GLOBALS or name in NUMERIC_FUNCTIONS or name in RESERVED or name[:1] == "$":
            raise self.refuse(node, f"{name} gets another meaning")
        scope[name] = value
