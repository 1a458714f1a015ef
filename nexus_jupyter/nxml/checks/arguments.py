"""Whether what a tool is given fits the arguments that it declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from ..analysis import CodeSite
from ..analysis_shapes import Given, Shape
from ..ast import Element
from ..defaults import Constraints, checked, constraints
from ..nearest import listed, short
from .references import named
from .rule import COMPONENT, Context, Site, code_rule, rule

_FITTING: dict[str, tuple[str, ...]] = {
    "string": ("string",),
    "number": ("number",),
    "boolean": ("boolean",),
    "list": ("list",),
    "object": ("object",),
    "frame": ("list", "object"),
}
_WANTED = {
    "string": "a string",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "object": "an object",
    "frame": "a frame",
    "null": "null",
}
# A string that stands exactly for a number is taken as one (the guest's rules.ts).
_NUMERIC = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class _Argument:
    name: str
    rule: Constraints
    required: bool


@dataclass(frozen=True, slots=True)
class _Signature:
    """What a tool declares; ``by_name``: of equal names the first counts."""

    declared: tuple[_Argument, ...]
    by_name: dict[str, _Argument]
    required: tuple[_Argument, ...]
    takes: str

    def missing(self, seen: Mapping[str, Shape]) -> tuple[int, str]:
        """How many required arguments are not in ``seen``, and their names; in time linear in what is seen."""
        needs = self.by_name
        given = sum(1 for name, shape in seen.items() if name in needs and needs[name].required and not _absent(shape, needs[name]))
        count = len(self.required) - given
        absent = (repr(short(a.name)) for a in self.required if _absent(seen.get(a.name), a))
        return count, listed(absent, count) if count else ""


Report = Callable[[str, int, int, str, tuple[str, str] | None], None]


def _declared(tool: Element, context: Context) -> _Signature:
    found: _Signature | None = context.arguments.get(tool.id)
    if found is None:
        found = context.arguments[tool.id] = _signature(tool)
    return found


def _signature(tool: Element) -> _Signature:
    declared = tuple(
        _Argument(
            element.text("name"),
            constraints(element),
            "default" not in element.attributes and element.raw is None and element.text("required") != "false",
        )
        for element in tool.elements("Arg")
    )
    by_name: dict[str, _Argument] = {}
    for each in declared:
        by_name.setdefault(each.name, each)
    takes = f"its arguments are {listed(by_name, len(by_name))}" if by_name else "it takes none"
    return _Signature(declared, by_name, tuple(a for a in by_name.values() if a.required), takes)


@code_rule("ARGUMENT_MISMATCH", roots=("$tools",))
def calls_fit(site: CodeSite, context: Context) -> None:
    """What: ``$tools.name(…)`` gives the arguments that the tool declares: one object by name, anything else in order.

    Why: a call with others is refused.  What cannot be told before it runs is not looked at.
    Remedy: name the arguments as the tool's ``Arg`` elements do, and give those that are required.
    """
    if site.kind != "handler":
        return

    def report(message: str, start: int, end: int, hint: str, instead: tuple[str, str] | None) -> None:
        context.report_code("ARGUMENT_MISMATCH", message, site, start, end, hint=hint, instead=instead)

    for mention, _, name in named(site, "$tools"):
        tool = context.outline.tool_by_name.get(name)
        if mention.given is not None and tool is not None:
            _check(name, tool, mention.given, context, report)


@rule("ARGUMENT_MISMATCH", on=COMPONENT)
def triggers_fit(site: Site, context: Context) -> None:
    """What: ``args`` gives the arguments that the triggered tool declares: an object by name, a list in order, another
    value as the first; without ``args`` nothing is given.

    Why: a call with others is refused.  What cannot be told before it runs is not looked at.
    Remedy: name the arguments as the tool's ``Arg`` elements do, and give those that are required.
    """
    element = site.element
    trigger = element.get("trigger")
    called = [(trigger, True)] if trigger is not None else []
    # What `args` says belongs to the trigger, or to all events when there is none.
    called += [(a, trigger is None) for name, a in element.attributes.items() if name.startswith("on:")]
    for attribute, gives in called:
        tool = context.outline.tool_by_name.get((attribute.value or "").strip())
        if tool is None:
            continue
        name = tool.text("name")
        args = element.get("args") if gives else None
        if args is None:
            signature = _declared(tool, context)
            otherwise = "give it a default: only the trigger has args"
            missing, missed = signature.missing({})
            if missing:
                context.report(
                    "ARGUMENT_MISMATCH",
                    f"the tool {short(name)!r} needs the argument{'s' if missing > 1 else ''} {missed}",
                    element,
                    attribute.value_span,
                    hint=f'add args="{{ {short(signature.required[0].name)}: … }}"' if gives else otherwise,
                )
            continue
        piece = next((p for p in context.analysis.of(element.id) if p.kind == "args"), None)
        if piece is None or piece.facts.broken or piece.facts.given is None:
            continue
        _check(name, tool, piece.facts.given, context, _reporter(context, piece))


def _reporter(context: Context, piece: CodeSite) -> Report:
    def report(message: str, start: int, end: int, hint: str, instead: tuple[str, str] | None) -> None:
        context.report_code("ARGUMENT_MISMATCH", message, piece, start, end, hint=hint, instead=instead)

    return report


def _check(name: str, tool: Element, given: Given, context: Context, report: Report) -> None:
    signature = _declared(tool, context)
    declared, by_name, takes = signature.declared, signature.by_name, signature.takes
    title = f"the tool {short(name)!r}"
    seen: dict[str, Shape] = {}
    if given.fields is not None:
        for key, start, end, shape in given.fields:
            seen[key] = shape
            if key not in by_name:
                near = context.nearest(key, by_name)
                hint = "" if near else takes
                message = f"{title} takes no argument called {short(key)!r}" + (f"; did you mean {near}?" if near else "")
                report(message, start, end, hint, (key, near) if near else None)
    for at, shape in enumerate(given.items or ()):
        if at < len(declared):
            seen[declared[at].name] = shape
        else:
            count = f"{len(declared)} argument{'' if len(declared) == 1 else 's'}" if declared else "no arguments"
            report(
                f"{title} takes {count}, and this is number {at + 1}", shape.start, given.items[-1].end if given.items else 0, takes, None
            )
            break
    missing, missed = signature.missing(seen)
    # What is misspelt is not missing as well.
    unknown = given.fields is not None and any(key not in by_name for key, *_ in given.fields)
    if missing and not given.open and not unknown:
        report(f"{title} needs the argument{'s' if missing > 1 else ''} {missed}", given.start, given.end, takes, None)
    for key, shape in seen.items():
        argument = by_name.get(key)
        problem = "" if argument is None else _misfit(argument.rule, shape)
        if problem:
            report(f"the argument {short(key)!r} of {title} {problem}", shape.start, shape.end, "", None)


def _absent(shape: Shape | None, argument: _Argument) -> bool:
    return shape is None or shape.kind == "undefined" or (shape.kind == "null" and argument.rule.type != "any")


def _misfit(rule_: Constraints, shape: Shape) -> str:
    """Why a value surely is not of the declared type or range; "" when it may be."""
    if shape.kind in ("unknown", "undefined", "null") or rule_.type == "any":
        value: JsonValue = shape.value
    elif rule_.type == "number" and shape.kind == "string" and (shape.value is None or _NUMERIC.fullmatch(str(shape.value).strip())):
        return ""
    elif shape.kind not in _FITTING[rule_.type]:
        return f"must be {_WANTED[rule_.type]}, not {_WANTED[shape.kind]}"
    else:
        value = shape.value
    if value is None:
        return ""
    try:
        checked(rule_, value)
    except ValueError as error:
        return str(error)
    return ""
