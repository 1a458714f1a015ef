"""How long the statements of a function may take; it runs from top to bottom, as there are no loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .analysis_syntax import Syntax
from .bounded_binding import Known
from .bounded_code import Expressions
from .bounded_sizes import CATCH, NODES, STATE, ZERO, constant
from .bounded_values import NUMBER, UNDEFINED, Value


class Statements(Expressions):
    """Goes through code with functions that have statements, which may change their own variables.

    ``size`` is what the state takes so far.
    """

    def __init__(self, tree: Syntax, known: Known, size: float = 0.0) -> None:
        super().__init__(tree, known)
        self.size = size
        self._thrown = ZERO
        self._redeclared: set[str] = set()
        self._unsure = 0
        """How much is around that may be left at any place: assignments add to what may be there."""
        self.unused = -1
        """An expression whose value nobody uses."""
        self._statements: Mapping[str, Callable[[int], Value | None]] = {
            "expression_statement": self._expression,
            "lexical_declaration": self._declaration,
            "variable_declaration": self._declaration,
            "statement_block": self.block,
            "if_statement": self._if,
            "else_clause": self.block,
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

    def settle(self) -> None:
        """What was done counts from now on."""

    # --- statements --------------------------------------------------------------------------------------

    def _statement(self, node: int) -> Value | None:
        form = self._statements.get(self.tree.kinds[node])
        if form is None:
            raise self.refuse(node, f"{self.tree.kinds[node].replace('_', ' ')} is not looked into")
        result = form(node)
        self.settle()
        return result

    def block(self, node: int) -> Value | None:
        """What statements return, None when they come to their end."""
        result = None
        for child in self.tree.children[node]:
            result = _either(result, self._statement(child))
        return result

    def _expression(self, node: int) -> None:
        self.unused = self.tree.children[node][0]
        self.last(node)

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
        self.settle()
        begin, variables = self.size, [dict(scope) for scope in self.locals]
        after, largest = variables, begin
        result = None
        for branch in branches:
            self.locals, self.size = [dict(scope) for scope in variables], begin
            result = _either(result, branch())
            self.settle()
            largest = max(largest, self.size)
            after = [_merged(a, b) for a, b in zip(after, self.locals, strict=True)]
        self.locals, self.size = after, largest
        return result

    def _if(self, node: int) -> Value | None:
        self.last(self.tree.part(node, "condition"))
        other = self.tree.child(node, "alternative")
        return self._branches(
            lambda: self._statement(self.tree.part(node, "consequence")), lambda: None if other is None else self._statement(other)
        )

    def _switch(self, node: int) -> Value | None:
        tree = self.tree
        self.last(tree.part(node, "value"))
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
                # the language's messages and the places in its stack are short
                size = STATE.times(3) + self._thrown + constant(6144)
                self.bind(parameter, Value(size, NODES + self._thrown), self.locals[-1])
            result = _either(result, self._statement(tree.part(handler, "body")))
        if final is not None:
            result = _either(result, self._statement(tree.part(final, "body")))
        return result

    def _return(self, node: int) -> Value | None:
        return self.last(node) if self.tree.children[node] else UNDEFINED

    def _throw(self, node: int) -> None:
        value = self.last(node)
        if value.foreign or value.sites:
            raise self.refuse(node, "only errors and plain values may be thrown")
        self.spend(value.plain(), CATCH)
        self._thrown = self._thrown + value.size

    def body(self, node: int) -> Value:
        """The value that the block of a function returns."""
        unsure, self._unsure = self._unsure, 1
        result = self.block(node)
        self._unsure = unsure
        return UNDEFINED if result is None else result.join(UNDEFINED)

    # --- variables ---------------------------------------------------------------------------------------

    def _assignment(self, node: int) -> Value:
        unused = self.unused == node
        value = self.value(self.tree.part(node, "right"))
        return self.assign(node, self.tree.part(node, "left"), value, unused)

    def _augmented(self, node: int) -> Value:
        unused = self.unused == node
        left = self.tree.part(node, "left")
        right = self.value(self.tree.part(node, "right"))
        return self.assign(node, left, self.combined(self.tree.operator(node)[:-1], self.value(left), right), unused)

    def _update(self, node: int) -> Value:
        argument = self.tree.part(node, "argument")
        if "\n" in self.tree.raw(node):
            # the language may see the end of a statement there
            raise self.refuse(node, "++ and -- must stand beside their variable")
        self.spend(self.value(argument).reading())
        return self.assign(node, argument, NUMBER, False)

    def assign(self, node: int, place: int, value: Value, unused: bool) -> Value:
        """A place gets a value."""
        if self.tree.kinds[place] != "identifier":
            raise self.refuse(place, "only handlers change anything but their variables")
        self.assign_local(place, value)
        return value

    def assign_local(self, place: int, value: Value) -> None:
        """A variable gets a value."""
        name = self.tree.name(place)
        scope = next((scope for scope in reversed(self.locals) if name in scope), None)
        if scope is None or (self.inside and scope is not self.locals[-1]):
            raise self.refuse(place, f"{name} is no variable of this function")
        sure = not self._unsure and name not in self._redeclared
        scope[name] = value if sure else scope[name].join(value)


def _either(a: Value | None, b: Value | None) -> Value | None:
    return b if a is None else a if b is None else a.join(b)


def _merged(a: Mapping[str, Value], b: Mapping[str, Value]) -> dict[str, Value]:
    return {name: b[name] if name not in a else a[name] if name not in b else a[name].join(b[name]) for name in {**a, **b}}
