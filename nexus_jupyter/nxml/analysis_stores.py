"""Where the values of a piece of code are kept, and what is put into what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from .analysis_scope import FUNCTIONS, REFERENCES, Scopes
from .analysis_syntax import Syntax
from .analysis_targets import find_targets, method_names, sources_of
from .analysis_values import (
    GIVES_ELEMENT,
    GIVES_SELF,
    HELD,
    HOLDING_GLOBALS,
    HOST,
    INSERTING,
    LIVING,
    MANY,
    NOTHING,
    ROOTS,
    Origin,
    Value,
    element,
    held,
    named,
)

_Name = TypeVar("_Name", str, tuple[str, str])

# New things, and what is no thing that could hold another.
_FRESH = frozenset(("array", "object", "string", "template_string", "number", "true", "false", "null", "undefined", "regex", *FUNCTIONS))


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


class Stores:
    """What each node and variable of a piece of code may be.  ``pure``: it is an expression, which can write nothing."""

    def __init__(self, tree: Syntax, *, pure: bool) -> None:
        self.found = Found()
        self._tree = tree
        self._pure = pure
        self.scopes = self._scopes = Scopes(tree)
        self._variables: list[Value] = [NOTHING] * self._scopes.count
        self._values: list[Value] = [NOTHING] * len(tree.kinds)
        self._sources: dict[int, list[tuple[int, int]]] | None = None
        # The functions that are called nobody knows where, in the order in which they were found.
        self._leaking: list[int] = []
        self._leaked: set[int] = set()
        # The nodes to look at, again when something that they use has changed; 2: those around them are marked too.
        self._due = bytearray(b"\2") * len(tree.kinds)
        # Who has used a variable.
        self._looked: dict[int, set[int]] = {}
        self.targets, self._only_written = find_targets(tree)
        self._targets = self.targets
        self._own_methods: frozenset[str] = frozenset() if pure else method_names(tree)

    def _mark(self, nodes: Iterable[int]) -> None:
        for node in nodes:
            self._due[node] = self._due[node] or 1

    def _give_up(self) -> None:
        """Values are passed on in too many ways: say more rather than search on."""
        self.found.all.update(("reads",) if self._pure else ("reads", "writes"))

    def _bounded(self, value: Value) -> Value:
        if len(value) <= MANY:
            return value
        self._give_up()
        return NOTHING

    # --- members and variables ---------------------------------------------------------------------

    def _member(self, value: Value, name: str | None, node: int, *, read: bool = True) -> Value:
        """What ``value.name`` is."""
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
            elif root in HELD:
                out |= element(frozenset((origin,)))
            elif root == "$tools":
                self._note_named(self.found.tools, "tools", name, node)
                out |= HOST
            elif root == "global" and name in ROOTS:
                out.add((name,))
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
                    out |= HOST
        return frozenset(out)

    def _assign(self, pattern: int, value: Value) -> None:
        """Lets ``value`` flow into a name or pattern."""
        todo: list[tuple[int, Value]] = [(pattern, value)]
        tree = self._tree
        while todo:
            node, value = todo.pop()
            kind = tree.kinds[node]
            if kind in REFERENCES:
                variable = self._scopes.binding.get(node)
                if variable is not None:
                    self._flow_into(variable, value)
            elif kind in ("assignment_pattern", "object_assignment_pattern"):
                todo.append((tree.part(node, "left"), value | self._of(node, "right")))
            elif kind == "parenthesized_expression":
                todo.extend((c, value) for c in tree.children[node])
            elif kind == "rest_pattern":
                todo.extend((c, held(value)) for c in tree.children[node])
            elif kind == "array_pattern":
                todo.extend((c, element(value)) for c in tree.children[node])
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

    def _flow_into(self, variable: int, value: Value) -> None:
        if not value <= self._variables[variable]:
            self._variables[variable] = self._bounded(self._variables[variable] | value)
            self._mark(self._looked.get(variable, ()))

    def _sources_of(self, variable: int) -> list[tuple[int, int]] | None:
        """All that is assigned to a variable, as nodes and how deep in them it lies; None when that cannot be told."""
        if self._sources is None:
            self._sources = sources_of(self._tree, self._scopes)
        return self._sources.get(variable)

    def _write_into(self, value: Value, name: str | None, node: int) -> None:
        """A member ``name`` of ``value`` is set or deleted."""
        for origin in value:
            if origin[0] == "$state":
                at = name if len(origin) == 1 else origin[1]
                self._note_state(self.found.writes, "writes", at if isinstance(at, str) else None, node)

    # --- what is put into what, and what leaves ------------------------------------------------------

    def _put_into(self, target: int, value: Value, *, inner: bool = True) -> None:
        """``value`` becomes a part of what ``target`` names; ``inner``: ``target`` is the member that it becomes."""
        value = frozenset(o for o in value if o[0] in LIVING or o[0] == "function")
        tree = self._tree
        if not value or self._pure:
            return
        if inner:
            if tree.kinds[target] == "identifier" and target not in self._scopes.binding:
                self._leak_value(value, target)
            if tree.kinds[target] not in ("member_expression", "subscript_expression"):
                return
            target = tree.part(target, "object")
        living = held(value)
        self._leak_value(value - {o for o in value if o[0] in LIVING}, target)
        if ("$state",) in value:
            self.found.all.add("reads")
        todo, seen = [(target, living)], {target}
        while todo:
            node, living = todo.pop()
            kind = tree.kinds[node]
            more: list[tuple[int, Value]] = []
            if any(o[0] == "$state" for o in self._values[node]) or kind in _FRESH:
                continue  # it becomes a part of a state, or of something that has no other name
            if kind == "new_expression" and self.global_path(tree.part(node, "constructor")) in HOLDING_GLOBALS:
                continue
            if kind == "identifier" and (variable := self._scopes.binding.get(node)) is not None:
                self._flow_into(variable, living)
                found = self._sources_of(variable)
                if found is None:
                    self._leak_value(living, node)
                    continue
                for source, depth in found:
                    deep = living
                    for _ in range(depth):
                        deep = held(deep)
                    more.append((source, deep))
            elif kind in ("member_expression", "subscript_expression"):
                more.append((tree.part(node, "object"), held(living)))
            elif kind in ("parenthesized_expression", "sequence_expression", "await_expression") and tree.children[node]:
                more.append((tree.children[node][-1], living))
            elif kind == "ternary_expression":
                more += [(tree.part(node, "consequence"), living), (tree.part(node, "alternative"), living)]
            elif kind in ("binary_expression", "assignment_expression", "augmented_assignment_expression"):
                more += [(tree.part(node, "left"), living), (tree.part(node, "right"), living)]
            elif (
                kind == "call_expression"
                and (method := tree.called(callee := tree.part(node, "function"))) is not None
                and method in GIVES_ELEMENT | GIVES_SELF | INSERTING
            ):
                more.append((tree.part(callee, "object"), held(living) if method not in GIVES_SELF | INSERTING else living))
            else:
                self._leak_value(living, node)
            for step in more:
                if step[0] not in seen:
                    seen.add(step[0])
                    todo.append(step)
            if len(seen) > MANY:
                self._leak_value(living, node)
                return

    def _leak_value(self, value: Value, node: int) -> None:
        """``value`` goes where nobody follows it: whatever it lives in may be written."""
        if self._pure:
            return
        for origin in value:
            if origin[0] in LIVING:
                if origin == ("$state",):
                    self.found.all.add("reads")
                self._note_state(self.found.writes, "writes", named(origin), node)
            elif origin[0] == "function":
                found = [f for f in functions_in(frozenset((origin,))) if f not in self._leaked]
                self._leaked.update(found)
                self._leaking.extend(found)

    def _lost(self, value: Value) -> None:
        for root, what in (("$tools", "tools"), ("$ext", "extensions"), ("$scope", "scope")):
            if (root,) in value:
                self.found.all.add(what)

    def global_path(self, callee: int) -> str:
        """``Object.assign`` and the like, when no variable of the code has that name; else ""."""
        tree = self._tree
        if tree.kinds[callee] == "identifier":
            return tree.name(callee) if callee not in self._scopes.binding else ""
        base = tree.child(callee, "object")
        method = self._tree.called(callee)
        if base is None or method is None or tree.kinds[base] != "identifier" or base in self._scopes.binding:
            return ""
        return f"{tree.name(base)}.{method}"

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


def functions_in(value: Value) -> list[int]:
    """The functions of the code that a value may be, by their nodes."""
    return [o[1] for o in value if o[0] == "function" and len(o) > 1 and isinstance(o[1], int)]
