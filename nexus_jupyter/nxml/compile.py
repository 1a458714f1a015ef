"""From the tree of a correct document to a :class:`Program`: plain JSON for the guest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from pydantic import JsonValue

from ..catalog import Catalog, catalog
from ..diagnostics import Span
from .ast import Element, Expression, NexusPanelAST
from .compile_view import compile_view
from .defaults import Constraints, constraints, default_of, default_text, implied_default, value_type
from .outline import Outline, alias_of
from .program import (
    ArgDeclaration,
    Code,
    ComputedDeclaration,
    ExtensionDeclaration,
    Handler,
    LifecycleDeclaration,
    Program,
    StateDeclaration,
    ToolDeclaration,
)
from .values import boolean, duration, names, number, size
from .whitespace import with_indent


class CodeTable:
    """The pieces of code of a program, in the order in which they were added."""

    def __init__(self) -> None:
        self.entries: list[Code] = []

    def expression(self, expression: Expression) -> int:
        """The index of an expression."""
        return self._add(Code(kind="expression", source=expression.source, span=expression.span))

    def args(self, expression: Expression) -> int:
        """The index of the text of an ``args`` attribute."""
        return self._add(Code(kind="args", source=expression.source, span=expression.span))

    def body(self, source: str, span: Span) -> int:
        """The index of a handler's body."""
        return self._add(Code(kind="body", source=source, span=span))

    def _add(self, code: Code) -> int:
        self.entries.append(code)
        return len(self.entries) - 1


def compile_program(ast: NexusPanelAST, *, catalog: Callable[[], Catalog] = catalog) -> Program:
    """The program of a document without errors, its components and extensions read with ``catalog``.

    Raises ``ValueError`` when the document has errors that make this impossible; use
    :func:`nexus_jupyter.nxml.load_program` to get them as diagnostics.
    """
    panel = ast.panel
    if panel is None or panel.name != "NexusPanel" or not ast.complete:
        raise ValueError("a document with errors cannot be compiled; read it first and look at its diagnostics")
    outline = Outline(ast)
    known = catalog()
    code = CodeTable()
    return Program(
        id=panel.text("id") or None,
        title=panel.text("title"),
        version=panel.text("version"),
        description=panel.text("description"),
        states=tuple(_state(e, code) for e in outline.states),
        computed=tuple(_computed(e, code) for e in outline.computed),
        extensions=tuple(_extension(e, known) for e in outline.extensions),
        tools=tuple(_tool(e, code) for e in outline.tools),
        lifecycle=tuple(_lifecycle(e, code) for e in outline.lifecycles),
        view=compile_view(outline.view, code, known) if outline.view is not None else None,
        code=tuple(code.entries),
    )


def _state(element: Element, code: CodeTable) -> StateDeclaration:
    rule = constraints(element)
    value, expression = _default(element, rule)
    return StateDeclaration(
        name=element.text("name"),
        type=cast(Any, rule.type),
        default=value,
        default_code=None if expression is None else code.expression(expression),
        description=element.text("description"),
        min=rule.min,
        max=rule.max,
        step=number(element.text("step")) if rule.type == "number" and "step" in element.attributes else None,
        enum=rule.enum,
        pattern=element.text("pattern") or None if rule.type == "string" else None,
        persist=cast(Any, element.text("persist", "none")),
        span=element.span,
    )


def _default(element: Element, rule: Constraints) -> tuple[JsonValue, Expression | None]:
    written = default_text(element)
    if written is None:
        return implied_default(rule), None
    value = default_of(rule, *written)
    return (None, value) if isinstance(value, Expression) else (value, None)


def _computed(element: Element, code: CodeTable) -> ComputedDeclaration:
    attribute, raw = element.get("value"), element.raw
    expression = raw.expression if raw is not None else None
    if attribute is not None:
        expression = next((p for p in attribute.parts if isinstance(p, Expression)), None)
    if expression is None:
        raise ValueError(f"the computed value {element.text('name')!r} has no expression")
    return ComputedDeclaration(
        name=element.text("name"),
        code=code.expression(expression),
        type=cast(Any, value_type(element.text("type"))),
        description=element.text("description"),
        span=element.span,
    )


def _extension(element: Element, known: Catalog) -> ExtensionDeclaration:
    entry = known.extension(element.text("name"))
    options: dict[str, JsonValue] = {}
    for option in entry.options if entry is not None else ():
        attribute = element.get(option.name)
        if attribute is None:
            if option.default is not None:
                options[option.name] = option.default
        elif option.type == "list":
            options[option.name] = list(names(attribute.value or ""))
        elif option.type == "number":
            options[option.name] = number(attribute.value or "")
        elif option.type == "boolean":
            options[option.name] = attribute.value is None or boolean(attribute.value)
        else:
            options[option.name] = attribute.value
    return ExtensionDeclaration(
        name=element.text("name"), alias=alias_of(element), reason=element.text("reason"), options=options, span=element.span
    )


def _tool(element: Element, code: CodeTable) -> ToolDeclaration:
    return ToolDeclaration(
        name=element.text("name"),
        handler=_handler(element, code),
        args=tuple(_arg(e) for e in element.elements("Arg")),
        description=element.text("description"),
        icon=element.text("icon") or None,
        confirm=element.text("confirm") or None,
        concurrency=cast(Any, element.text("concurrency", "queue")),
        ai=cast(Any, element.text("ai", "ask")),
        span=element.span,
    )


def _arg(element: Element) -> ArgDeclaration:
    rule = constraints(element)
    written = default_text(element)
    required = element.get("required")
    value: JsonValue = None
    if written is not None:
        value, expression = _default(element, rule)
        if expression is not None:
            raise ValueError(f"the default of the argument {element.text('name')!r} is an expression")
    return ArgDeclaration(
        name=element.text("name"),
        type=cast(Any, rule.type),
        required=written is None if required is None else required.value is None or boolean(required.value),
        default=value,
        defaulted=written is not None,
        description=element.text("description"),
        enum=rule.enum,
        min=rule.min,
        max=rule.max,
    )


def _handler(owner: Element, code: CodeTable) -> Handler:
    element = next(owner.elements("Handler"), None)
    if element is None:
        raise ValueError(f"<{owner.name}> in line {owner.span.line} has no handler")
    raw = element.raw
    timeout, memory, capabilities, atomic = (element.get(n) for n in ("timeout", "memory", "capabilities", "atomic"))
    return Handler(
        # Columns are put back, so that a place the engine names is a place in the document.
        code=code.body("" if raw is None else with_indent(raw.text, raw.indent), element.span if raw is None else raw.span),
        timeout=None if timeout is None else duration(timeout.value or "") / 1000,
        memory=None if memory is None else size(memory.value or ""),
        capabilities=None if capabilities is None else names(capabilities.value or ""),
        atomic=atomic is not None and (atomic.value is None or boolean(atomic.value)),
    )


def _lifecycle(element: Element, code: CodeTable) -> LifecycleDeclaration:
    every, debounce = element.get("every"), element.get("debounce")
    return LifecycleDeclaration(
        on=cast(Any, element.text("on")),
        handler=_handler(element, code),
        every=None if every is None else duration(every.value or "") / 1000,
        of=names(element.text("of")),
        debounce=None if debounce is None else duration(debounce.value or "") / 1000,
        when_hidden=cast(Any, element.text("whenHidden", "run")),
        span=element.span,
    )
