"""Whether a panel may run where nothing can stop it: on the page's own thread.

All of its code must take little time, whatever its state and arguments are, as long as the state and the detail of an
event take no more than a number of characters of JSON.  This is proved by going through the code once, with an upper
bound of each size and time; where that does not go, the answer is no, and the panel runs in a Worker that can be ended.
Lifecycle hooks run in the kernel only and do not count.
"""

from __future__ import annotations

import re
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import cast

from .analysis_syntax import CodeKind, Syntax, syntax_of
from .bounded_binding import Known
from .bounded_handler import Handlers, Loosened
from .bounded_regex import matching
from .bounded_sizes import COMMIT, ELEMENT, FAILS, FAILURE, LIMIT, NODES, REQUEST, STATE, STATE_CAP, ZERO, Poly, Unbounded, constant
from .bounded_statements import Statements
from .bounded_values import NUMBER, TRUTH, UNDEFINED, Kind, Value, scalar
from .bounded_view import Scope, Views, measured
from .program import ArgDeclaration, Program, StateDeclaration, ToolDeclaration, ViewNode

__all__ = ["LIMIT", "STATE_CAP", "is_bounded", "state_cap", "unbounded"]

_SIZES = (STATE_CAP, 4096, 2048, 1024, 512)
_MAX_CODE = 65_536
_MAX_NODES = 8_000
_MAX_DEPTH = 80
_MAX_COMPUTED = 100
_MAX_LOOSE = 8
# What ends a line or begins a comment for one reader of JavaScript and not for another.
_AMBIGUOUS = re.compile("[\u2028\u2029]|\r(?!\n)|<!--|-->")


def state_cap(program: Program) -> int:
    """How large the state may be, with the detail of an event, in characters of JSON, for the page's own thread to run
    all code of the program: one event then takes less than ``LIMIT`` microseconds whatever the state is.

    One of a few sizes up to ``STATE_CAP``; 0 when there is none.  Never raises; takes some milliseconds.
    """
    proof = _Proof(program)
    return next((size for size in _SIZES if not proof.reason(size)), 0)


def is_bounded(program: Program, size: int = STATE_CAP) -> bool:
    """Whether that holds for states of up to ``size`` characters.  Never raises."""
    return not unbounded(program, size)


def unbounded(program: Program, size: int = STATE_CAP) -> str:
    """Why it does not hold for states of ``size`` characters, with the place; ``""`` when it does.  Never raises."""
    return _Proof(program).reason(size)


class _Proof:
    """Looks at one program; each piece of its code is parsed once."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._trees: dict[int, Syntax] = {}
        self._nodes = 0
        # An edit in the view is only checked after the tool that it starts.
        self._loose: set[str] = set(_edited(program.view))
        self._final = ""

    def reason(self, size: float) -> str:
        """Why not, ``""`` when it is bounded."""
        if self._final:
            return self._final
        try:
            self._declarations()
            for _ in range(_MAX_LOOSE):
                try:
                    self._all(size)
                except Loosened as name:
                    self._loose.add(str(name))
                else:
                    return ""
            return "states take values of other types"
        except Unbounded as reason:
            return str(reason)

    def _declarations(self) -> None:
        program = self._program
        if sum(len(code.source) for code in program.code) > _MAX_CODE or len(program.computed) > _MAX_COMPUTED:
            self._never("there is too much code")
        for state in program.states:
            if state.type == "frame":
                self._never(f"state {state.name} is a frame")
        if program.view is not None:
            measured(program.view)

    def _never(self, reason: str) -> None:
        self._final = reason
        raise Unbounded(reason)

    # --- the parts of a program --------------------------------------------------------------------------

    def _all(self, cap: float) -> None:
        program = self._program
        known = Known({s.name: self._state(s) for s in program.states})
        time = REQUEST + COMMIT * cap + FAILURE
        for state in program.states:
            if state.pattern is not None:
                # as in HTML all of the value must match
                time += matching(f"^{state.pattern.removeprefix('^').removesuffix('$')}$", STATE, "u").at(cap)
            if state.default_code is not None:
                value, done = self._expression(state.default_code, "expression", replace(known, states={}))
                time += (done.cost + value.plain()).at(cap)
        time += self._computed(known).at(cap)
        views = Views(lambda index, scope, kind: self._in_view(index, known, scope, kind))
        if program.view is not None:
            views.node(program.view, {})
        time += views.time(cap)
        if not time <= LIMIT:
            raise Unbounded(f"showing the view may take {time / 1000:.0f} ms on a state of {cap:.0f} characters")
        # what handlers read of computed values they cannot change
        fixed = replace(known, computed={name: replace(value, live=0) for name, value in known.computed.items()})
        for tool in program.tools:
            self._tool(tool, fixed, views.arguments.get(tool.name, []), cap, time)

    def _state(self, state: StateDeclaration) -> Value:
        kind = "any" if state.name in self._loose else state.type
        if kind in ("number", "boolean"):
            return NUMBER if kind == "number" else TRUTH
        within = (state.name, ZERO)
        if kind == "string":
            return replace(scalar("text", STATE), within=within)
        null = FAILS if kind == "any" else ZERO
        return Value(STATE, NODES, cast(Kind, kind), live=1, within=within, null=null)

    def _computed(self, known: Known) -> Poly:
        """Fills in the computed values; what finding all of them takes."""
        declared = {c.name: c.code for c in self._program.computed}
        reads = {name: self._mentions(self._tree(code, "expression")) & declared.keys() for name, code in declared.items()}
        values: dict[str, Value] = {}
        own: dict[str, Poly] = {}
        below: dict[str, frozenset[str]] = {}
        failing: set[str] = set()
        known.computed, known.failing, known.costs = values, failing, {}
        try:
            order = list(TopologicalSorter(reads).static_order())
        except CycleError:
            raise Unbounded("computed values depend on each other") from None
        for name in order:
            value, done = self._expression(declared[name], "expression", known)
            own[name] = done.cost + value.plain() + value.nodes.times(ELEMENT)
            below[name] = frozenset((name,)).union(*(below[other] for other in reads[name]))
            if done.failure.terms or value.foreign:
                failing.add(name)
            values[name] = replace(value, foreign=0, sites=frozenset(), within=None)
        known.costs = {name: _sum(own[other] for other in below[name]) for name in order}
        return _sum(own.values())

    def _tool(self, tool: ToolDeclaration, known: Known, given: list[tuple[Value, Poly]], cap: float, time: float) -> None:
        size, nodes, cost = STATE, NODES, ZERO
        for value, taken in given:
            size, nodes, cost = size.most(value.size), nodes.most(value.nodes), cost.most(taken)
        arguments = {arg.name: _argument(arg, size, nodes) for arg in tool.args}
        tree = self._tree(tool.handler.code, "body")
        handler = Handlers(tree, replace(known, arguments=arguments), cap)
        handler.spend(cost, *(value.plain() for value in arguments.values()))
        handler.run()
        time += handler.time + COMMIT * (handler.size - cap)
        if not time <= LIMIT:
            raise Unbounded(f"tool {tool.name} and then the view may take {time / 1000:.0f} ms on a state of {cap:.0f} characters")

    def _in_view(self, index: int, known: Known, scope: Scope, kind: str) -> tuple[Value, Statements]:
        event = Value(STATE, NODES, null=ZERO) if kind == "args" else None
        # an attribute may hold an expression as well
        return self._expression(index, cast(CodeKind, kind), replace(known, scope=scope, event=event))

    def _expression(self, index: int, kind: CodeKind, known: Known) -> tuple[Value, Statements]:
        tree = self._tree(index, kind)
        done = Statements(tree, known)
        value = UNDEFINED
        for statement in tree.children[0]:
            value = done.last(statement)
        return value, done

    # --- code --------------------------------------------------------------------------------------------

    def _tree(self, index: int, kind: CodeKind) -> Syntax:
        code = self._program.code[index] if index < len(self._program.code) else None
        if code is None or code.kind != kind:
            raise Unbounded("the program is not one that was compiled")
        tree = self._trees.get(index)
        if tree is None:
            tree = self._trees[index] = syntax_of(code.source, kind)
            self._nodes += len(tree.kinds)
            if tree.broken or _AMBIGUOUS.search(code.source) or self._nodes > _MAX_NODES or _depth(tree) > _MAX_DEPTH:
                self._never(f"the code in line {code.span.line} cannot be looked into")
            for node, name in enumerate(tree.kinds):
                if "identifier" in name and "\\" in tree.raw(node):
                    self._never(f"the code in line {code.span.line} has names with escapes")
        return tree

    def _mentions(self, tree: Syntax) -> set[str]:
        """The names that stand behind ``$state``."""
        out = set()
        for node, kind in enumerate(tree.kinds):
            if kind == "member_expression":
                out.add(tree.name(tree.part(node, "property")))
            elif kind == "subscript_expression" and (name := tree.literal(tree.part(node, "index"))) is not None:
                out.add(name)
        return out


def _argument(arg: ArgDeclaration, size: Poly, nodes: Poly) -> Value:
    if arg.type in ("number", "boolean"):
        return replace(NUMBER if arg.type == "number" else TRUTH, null=FAILS)
    if arg.type == "string":
        return scalar("text", size + constant(16), FAILS)
    return Value(size + constant(16), nodes, "any" if arg.type == "frame" else cast(Kind, arg.type))


def _edited(view: ViewNode | None) -> set[str]:
    """The states that an edit in the view writes before it starts a tool."""
    out: set[str] = set()
    todo = [] if view is None else [view]
    while todo:
        node = todo.pop()
        todo.extend(node.children)
        if node.bind is not None and node.bind.root == "$state" and node.events:
            out.update(str(part) for part in node.bind.path[:1])
    return out


def _depth(tree: Syntax) -> int:
    depths = [0]
    for parent in tree.parents[1:]:
        depths.append(depths[parent] + 1)
    return max(depths)


def _sum(parts: object) -> Poly:
    total = ZERO
    for part in parts:  # type: ignore[attr-defined]
        total = total + part
    return total
