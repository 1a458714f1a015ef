"""States, computed values, and what arguments have in common with them."""

from __future__ import annotations

from dataclasses import replace

from ..analysis import CodeSite
from ..ast import Element
from ..defaults import checked, constraints, default_of, default_text, enum_values, value_type
from ..nearest import short
from ..values import number
from .references import mentions
from .rule import Context, Site, code_rule, rule


@rule("DUPLICATE_STATE", on="NexusPanel")
def state_names_once(site: Site, context: Context) -> None:
    """What: states and computed values share one set of names.

    Why: ``$state.name`` must mean one thing.  Remedy: rename one of them.
    """
    both = sorted((*context.outline.states, *context.outline.computed), key=lambda e: e.id)
    report_duplicates("DUPLICATE_STATE", "state or computed value", both, context)


def report_duplicates(code: str, what: str, elements: list[Element], context: Context) -> None:
    """Reports each element whose ``name`` an earlier one has."""
    seen: dict[str, int] = {}
    for element in elements:
        name = element.text("name")
        if not name:
            continue
        if name in seen:
            context.report(
                code,
                f"the {what} {short(name)!r} is declared twice; first in line {seen[name]}",
                element,
                element.attributes["name"].value_span,
                hint="give one of them another name",
            )
        else:
            seen[name] = element.span.line


@rule("INVALID_DEFAULT", on=("State", "Arg"))
def default_values(site: Site, context: Context) -> None:
    """What: a default is valid JSON of the declared type, or (for a state) one ``{expression}``; within
    ``enum``, ``min``, ``max`` and ``pattern``.  For the type string it is the text itself.

    Why: the same rules hold at every later write.  Remedy: write the value as JSON, for example ``[]``.
    """
    element = site.element
    written = default_text(element)
    if written is None or value_type(element.text("type")) is None:
        return
    low, high = _bounds(element)
    if value_type(element.text("type")) == "number" and low is not None and high is not None and low > high:
        return  # nothing lies between them, and that is told
    text, span = written
    try:
        value = default_of(constraints(element), text, span)
        if element.name == "Arg" and not isinstance(value, (str, int, float, bool, list, dict, type(None))):
            raise ValueError("must be a plain value: an argument's default is no expression")
    except ValueError as error:
        context.report("INVALID_DEFAULT", f"the default {short(text)!r} {error}", element, span)


@code_rule("INVALID_DEFAULT", roots=("$state",))
def defaults_come_first(site: CodeSite, context: Context) -> None:
    """What: a default that is an expression reads no ``$state``.

    Why: it is evaluated once, when the panel is made, before there are any values.
    Remedy: make it a ``Computed``, or let a hook for ``mount`` write the state.
    """
    if site.kind != "default":
        return
    for mention in mentions(site):
        if mention.root == "$state":
            context.report_code(
                "INVALID_DEFAULT",
                "a default cannot read $state",
                site,
                mention.start,
                mention.end,
                hint='compute it: <Computed name="…" value="…"/>',
            )


@rule("UNEXPECTED_TEXT", on=("State", "Computed"))
def one_way_of_writing(site: Site, context: Context) -> None:
    """What: a default or an expression is an attribute or the text between the tags, not both.

    Why: one of the two would be ignored.  Remedy: remove one.
    """
    element = site.element
    name = "default" if element.name == "State" else "value"
    raw = element.raw
    if raw is not None and name in element.attributes:
        context.report("UNEXPECTED_TEXT", f"<{element.name}> has both {name!r} and text", element, raw.span, hint="keep one of them")


@rule("MISSING_ATTRIBUTE", on="Computed", whole=True)
def computed_has_expression(site: Site, context: Context) -> None:
    """What: a computed value has an expression.

    Why: without one it has no value.  Remedy: add ``value="…"`` or write it between the tags.
    """
    element = site.element
    if "value" not in element.attributes and element.raw is None:
        context.report("MISSING_ATTRIBUTE", "<Computed> needs the attribute 'value'", element, hint='add value="…"')
    elif (value := element.get("value")) is not None and value.value is None:
        context.report("INVALID_ATTRIBUTE", "the attribute 'value' needs a value", element, value.span)


@rule("INVALID_ATTRIBUTE", "UNKNOWN_ATTRIBUTE", on=("State", "Arg"))
def bounds_make_sense(site: Site, context: Context) -> None:
    """What: ``min``, ``max`` and ``step`` belong to numbers, ``pattern`` to strings, ``enum`` to both;
    ``min`` is not above ``max``.

    Why: a rule that cannot hold would refuse every write, and one of another type is never looked at.
    Remedy: correct the bounds or the type.
    """
    element = site.element
    kind = value_type(element.text("type"))
    if kind is None:
        return
    for name, meant in (("min", "number"), ("max", "number"), ("step", "number"), ("pattern", "string")):
        attribute = element.get(name)
        if attribute is not None and kind != meant:
            context.report(
                "UNKNOWN_ATTRIBUTE",
                f"{name!r} has no meaning for the type {kind}",
                element,
                attribute.name_span,
                hint=f"it belongs to the type {meant}",
            )
    enum = element.get("enum")
    if enum is not None and enum.value is not None:
        try:
            rule_ = replace(constraints(element), enum=None)  # each value is among them
            for value in enum_values(enum.value, kind):
                checked(rule_, value)
        except ValueError as error:
            context.report("INVALID_ATTRIBUTE", f"the enum {short(enum.value)!r} {error}", element, enum.value_span)
    if kind != "number":
        return
    (low, high), step = _bounds(element), _number(element, "step")
    if low is not None and high is not None and low > high:
        context.report("INVALID_ATTRIBUTE", f"min {low:g} is above max {high:g}", element, element.attributes["min"].value_span)
    if step is not None and step <= 0:
        context.report("INVALID_ATTRIBUTE", "step must be more than zero", element, element.attributes["step"].value_span)


def _bounds(element: Element) -> tuple[float | int | None, float | int | None]:
    return _number(element, "min"), _number(element, "max")


def _number(element: Element, name: str) -> float | int | None:
    try:
        return number(element.text(name))
    except ValueError:
        return None


@rule("NOT_AVAILABLE", on="State")
def persistence(site: Site, context: Context) -> None:
    """What: this version keeps states with the kernel or with the notebook, and shares none between notebooks.

    Why: whoever reads ``persist="workspace"`` expects a value that another notebook sees.  Remedy: write
    ``persist="notebook"`` for a value that is to outlive the kernel.
    """
    attribute = site.element.get("persist")
    if attribute is not None and attribute.value == "workspace":
        context.report(
            "NOT_AVAILABLE",
            "persist='workspace' is read but not done by this version",
            site.element,
            attribute.span,
            hint='the state lives as long as the kernel; persist="notebook" keeps it for this notebook',
        )
