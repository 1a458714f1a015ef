"""What calls take and give: of functions and methods of the language, with a function for each item of a list."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from .analysis_syntax import Syntax
from .bounded_names import (
    CASES,
    GLOBALS,
    MANY,
    NUMERIC_FUNCTIONS,
    NUMERIC_METHODS,
    PIECES,
    SAME,
    SAYING,
    SEARCHES,
    VISITS,
    WRITTEN,
)
from .bounded_regex import matching
from .bounded_sizes import CATCH, CHANGE, CHARACTER, COLLATE, DATE, ELEMENT, FAILS, MOVE, SEARCH, ZERO, Poly, Unbounded, constant
from .bounded_values import NUMBER, TRUTH, UNDEFINED, Kind, Value, text_of

# Longest texts of numbers: of toString(2), else.
_BINARY = 1200.0
_LONG = 128.0
_MOST_PADDING = 1000
# Half a character of two parts is written as its number.
_HALF = 12


class Calls:
    """The part of :class:`~.bounded_code.Expressions` that looks at calls."""

    tree: Syntax
    cost: Poly
    failure: Poly
    locals: list[dict[str, Value]]
    inside: int
    growth: Poly

    @abstractmethod
    def value(self, node: int) -> Value: ...
    @abstractmethod
    def refuse(self, node: int, reason: str) -> Unbounded: ...
    @abstractmethod
    def spend(self, *costs: Poly | float) -> None: ...
    @abstractmethod
    def fails(self, cost: Poly) -> None: ...
    @abstractmethod
    def fresh(self) -> int: ...
    @abstractmethod
    def root(self, node: int) -> str: ...
    @abstractmethod
    def local(self, name: str) -> Value | None: ...
    @abstractmethod
    def spread(self, value: Value) -> Value: ...
    @abstractmethod
    def fields(self, value: Value) -> Value: ...
    @abstractmethod
    def combined(self, operator: str, left: Value, right: Value) -> Value: ...

    @abstractmethod
    def body(self, node: int) -> Value: ...

    def changes(self, node: int, target: int, value: Value, name: str, arguments: list[Value]) -> Value:
        """The value of a method that changes what it is called on."""
        if name in ("pop", "shift") and not value.scalar:
            # an expression has no list in state whose items it could take away
            self.spend(value.nodes.times(CHANGE))
            return replace(value.part(), live=0)
        raise self.refuse(node, f"{name} is not known as harmless here")

    # --- functions ---------------------------------------------------------------------------------------

    def call(self, node: int) -> Value:
        """The value of a call."""
        tree = self.tree
        callee, given = tree.part(node, "function"), tree.part(node, "arguments")
        if tree.kinds[given] != "arguments":
            raise self.refuse(node, "tagged templates are not looked into")
        nodes = tree.children[given]
        while tree.kinds[callee] == "parenthesized_expression":
            callee = tree.children[callee][0]
        if tree.kinds[callee] == "arrow_function":
            return self.called(callee, self.arguments(nodes, ""))
        if tree.kinds[callee] == "member_expression":
            target, name = tree.part(callee, "object"), tree.name(tree.part(callee, "property"))
            root = self.root(target)
            if root in GLOBALS:
                return self._function(node, f"{root}.{name}", nodes)
            if tree.kinds[target] == "regex" and name == "test" and len(nodes) == 1:
                return self._tested(target, self.arguments(nodes, name)[0])
            value = self.value(target)
            self.fails(FAILS if value.kind == "any" or tree.child(callee, "optional_chain") is None else ZERO)
            return self._method(node, target, value, name, nodes)
        return self._function(node, self.root(callee) or self._global(callee), nodes)

    def _tested(self, regex: int, value: Value) -> Value:
        flags = self.tree.child(regex, "flags")
        try:
            cost = matching(self.tree.raw(self.tree.part(regex, "pattern")), value.text(), "" if flags is None else self.tree.raw(flags))
        except Unbounded as reason:
            raise self.refuse(regex, str(reason)) from None
        self.spend(cost, value.reading())
        return TRUTH

    def _global(self, node: int) -> str:
        name = self.tree.name(node) if self.tree.kinds[node] == "identifier" else ""
        return name if name in NUMERIC_FUNCTIONS and self.local(name) is None else ""

    def arguments(self, nodes: list[int], name: str) -> list[Value]:
        """The values of arguments, spread ones as a list."""
        out = []
        for child in nodes:
            if self.tree.kinds[child] == "spread_element":
                if name not in MANY:
                    raise self.refuse(child, "arguments must be counted")
                out.append(self.spread(self.value(self.tree.children[child][0])))
            else:
                out.append(self.value(child))
        return out

    def _function(self, node: int, name: str, nodes: list[int]) -> Value:
        if name == "Object.groupBy":
            return self.grouped(node, nodes)
        values = self.arguments(nodes, name)
        self.spend(ELEMENT, *(value.reading() for value in values))
        first = values[0] if values else UNDEFINED
        if name in NUMERIC_FUNCTIONS:
            return TRUTH if name in ("Boolean", "Array.isArray", "Object.is", "Object.hasOwn") else NUMBER
        if name == "String":
            return text_of(first.text())
        if name in SAYING and self.says:
            self.spend(ELEMENT, *(value.plain() for value in values))
            return UNDEFINED
        known = {"keys": (10, 1), "values": (4, 1), "entries": (16, 3), "fromEntries": (7, 1)}.get(name.removeprefix("Object."))
        if known is not None and name.startswith("Object."):
            self.fails(FAILS)
            return self._object_list(node, name, first, *known)
        if name == "Object.assign" and nodes and self.tree.kinds[nodes[0]] == "object":
            parts = [self.fields(value) for value in values]
            out = parts[0]
            for part in parts[1:]:
                out = replace(_both(out, part), kind="object", live=0, within=None, null=ZERO)
            return out
        if name == "JSON.stringify":
            self.spend(first.nodes.times(2 * ELEMENT))
            if len(values) == 1:
                return text_of(first.size.times(2) + constant(16))
            if len(values) == 3 and self.tree.kinds[nodes[1]] in ("null", "undefined") and self.tree.kinds[nodes[2]] == "number":
                # at the most ten characters for each of a hundred containers around
                return text_of(first.size.times(2) + first.nodes.times(1010))
        if name == "JSON.parse" and len(values) == 1:
            text = first.text()
            self.spend(text.times(CHARACTER))
            self.fails(FAILS)
            return Value(text.times(6), text + constant(1), sites=frozenset((self.fresh(),)))
        raise self.refuse(node, f"{name} is not known as harmless here" if name else "only known functions may be called")

    says = False
    """Whether the code may emit events and write the log."""

    def _object_list(self, node: int, name: str, value: Value, size: int, nodes: int) -> Value:
        if name == "Object.fromEntries" and value.foreign:
            raise self.refuse(node, "a function of the engine may get a name that the engine calls")
        items = value.nodes if value.kind in ("list", "object") else value.nodes + value.size
        self.spend(items.times(ELEMENT * nodes))
        if value.kind == "object":
            # its names and what they name were counted
            size = min(size, 2)
        live = 2 if name == "Object.values" and value.live == 1 else 0
        kind: Kind = "object" if name == "Object.fromEntries" else "list"
        made = value.sites | {self.fresh()}
        return Value(
            value.size.times(size) + constant(2), items.times(nodes) + constant(1), kind, value.foreign, live, made, None, ZERO,
        )  # fmt: skip

    def new(self, node: int) -> Value:
        """The value of ``new``."""
        name = self.root(self.tree.part(node, "constructor"))
        given = self.tree.child(node, "arguments")
        values = self.arguments(self.tree.children[given], name) if given is not None else []
        self.spend(CATCH, *(value.reading() for value in values))
        if name == "Date":
            return Value(constant(64), constant(1), null=ZERO)
        if name in ("Error", "TypeError", "RangeError") and len(values) <= 1:
            size = values[0].text() if values else ZERO
            return Value(size.times(2) + constant(8192), constant(4), null=ZERO)
        if name == "Set" and len(values) == 1:
            items = self.spread(values[0])
            # values that collide in its table are compared with each other
            self.spend(items.nodes.times(CATCH / 10), items.nodes * items.nodes.times(MOVE / 4))
            return replace(items, live=0, sites=items.sites | {self.fresh()}, within=None, null=ZERO)
        raise self.refuse(node, "only new Date, Set and Error are looked into")

    # --- methods -----------------------------------------------------------------------------------------

    def _method(self, node: int, target: int, value: Value, name: str, nodes: list[int]) -> Value:
        if value.foreign > 1:
            raise self.refuse(node, f"{name} may be another function of the engine")
        if name in VISITS:
            return self.visit(node, target, value, name, nodes)
        values = self.arguments(nodes, name)
        self.spend(ELEMENT, *(v.reading() for v in values))
        size, items = value.size, value.nodes
        walked = items.times(0 if value.scalar else ELEMENT)
        first = values[0] if values else UNDEFINED
        made = value.sites | {self.fresh()}
        if name in SAME:
            self.spend(size.times(MOVE), walked)
            if name in PIECES:
                return text_of(size + constant(_HALF))
            if name == "at":
                return value.part()
            if name == "reverse" and value.live == 1:
                return self.changes(node, target, value, name, values)
            if name == "flat":
                return replace(value, kind="list", live=0, sites=made, within=None, null=ZERO)
            if value.scalar:
                return text_of(size + constant(_HALF))
            return replace(value, live=2 if value.live else 0, sites=made, null=ZERO)
        if name == "concat":
            out = text_of(size) if value.scalar else replace(value, live=2 if value.live else 0, sites=made, within=None, null=ZERO)
            for other in values:
                out = text_of(out.size + other.text()) if value.scalar else _both(out, other)
            self.spend(walked, out.size.times(MOVE))
            return out
        if name in CASES:
            self.spend(size.times(CHARACTER))
            return text_of(value.text().times(3))
        if name in SEARCHES:
            self.spend(self._search(value, first), size.times(MOVE), walked)
            return NUMBER
        if name in NUMERIC_METHODS:
            self.spend(DATE if name[:3] in ("get", "set") else ELEMENT, (size + first.size).times(COLLATE))
            return NUMBER
        if name in WRITTEN:
            self.spend(DATE, value.reading())
            if value.kind in ("num", "bool"):
                return text_of(constant(_BINARY if values and name == "toString" else _LONG))
            return text_of(value.text().times(2) + constant(_BINARY))
        if name == "split":
            self.spend(size.times(CHARACTER), self._search(value, first))
            return Value(size.times(10) + constant(4), size + constant(2), "list", live=2, sites=made, null=ZERO)
        if name == "join":
            separator = first.text() if values else constant(1)
            out = text_of(value.text() + items * separator)
            self.spend(value.reading(), out.size.times(MOVE))
            return out
        if name in ("replace", "replaceAll") and len(values) == 2:
            return self._replaced(value, name, values, nodes)
        if name in ("padStart", "padEnd", "repeat"):
            return self._padded(node, value, name, values, nodes)
        return self.changes(node, target, value, name, values)

    def _search(self, value: Value, wanted: Value) -> Poly:
        """What finding one text in another takes: at each place as much as is looked for.

        As what is found is no longer than what it is in, that is no more than a quarter of the latter's square.
        """
        if set(wanted.text().terms) <= {()}:
            return value.size * wanted.text().times(SEARCH)
        if value.scalar or value.kind == "any":
            return value.size * value.size.times(SEARCH / 4)
        return ZERO

    def _replaced(self, value: Value, name: str, values: list[Value], nodes: list[int]) -> Value:
        text, by = value.text(), values[1].text()
        # "$`" in it stands for all that comes before
        one = by if "$" not in (self.tree.literal(nodes[1]) or "$") else by + by * text
        out = text_of(text + (one if name == "replace" else one * (text + constant(1))))
        self.spend(self._search(value, values[0]), text.times(CHARACTER), out.size.times(MOVE))
        return out

    def _padded(self, node: int, value: Value, name: str, values: list[Value], nodes: list[int]) -> Value:
        raw = self.tree.raw(nodes[0]) if nodes else ""
        if not raw.isdecimal() or int(raw[:9]) > _MOST_PADDING or len(raw) > 9:
            raise self.refuse(node, f"{name} needs a written number up to {_MOST_PADDING}")
        count = constant(int(raw))
        out = text_of(value.text() * count if name == "repeat" else value.text() + count.times(6))
        self.spend(out.size.times(MOVE))
        return out

    @abstractmethod
    def visit(self, node: int, target: int, value: Value, name: str, nodes: list[int]) -> Value: ...
    @abstractmethod
    def grouped(self, node: int, nodes: list[int]) -> Value: ...
    @abstractmethod
    def called(self, function: int, given: list[Value]) -> Value: ...


def _both(a: Value, b: Value) -> Value:
    """What holds the items of both."""
    foreign = 2 * bool(a.foreign or b.foreign)
    live = 2 if a.live and b.live else 0
    return Value(a.size + b.size + constant(1), a.nodes + b.nodes, a.kind, foreign, live, a.sites | b.sites, None, a.null)
