"""The attributes of the elements outside the view."""

from __future__ import annotations

from collections.abc import Iterable

from ...diagnostics import Fix
from ..ast import Attribute, Element
from ..elements import ELEMENTS, AttributeRule
from ..nearest import like, nearest, short
from ..values import TYPE_ALIASES, VALUE_TYPES, boolean, duration, identifier_problem, names, number, size
from .rule import Context, Site, rule

_ALL = tuple(ELEMENTS)
# The names that other languages have for the types.
_MEANT = {
    **dict.fromkeys(("int", "integer", "float", "double", "decimal", "long"), "number"),
    **dict.fromkeys(("text", "date", "datetime", "time", "char", "url"), "string"),
    **dict.fromkeys(("dict", "map", "record", "struct"), "object"),
    **dict.fromkeys(("tuple", "set", "vector"), "list"),
    **dict.fromkeys(("dataframe", "table", "df"), "frame"),
    **dict.fromkeys(("json", "unknown", "null"), "any"),
}
# What HTML calls an attribute that components have.
_OF_HTML = {"title": "tooltip"}


@rule("MISSING_ATTRIBUTE", on=_ALL)
def required_attributes(site: Site, context: Context) -> None:
    """What: an element has the attributes that it cannot do without.

    Why: a state without a type or a tool without a name cannot be used.  Remedy: add the attribute.
    """
    element = site.element
    for attribute in ELEMENTS[element.name].attributes:
        if attribute.required and attribute.name not in element.attributes:
            hint = f'add {attribute.name}="…"' + (f", one of {', '.join(VALUE_TYPES)}" if attribute.kind == "type" else "")
            rules = ELEMENTS[element.name]
            report_missing(context, element, (attribute.name,), [] if rules.open else [a.name for a in rules.attributes], hint)


def report_missing(context: Context, element: Element, wanted: tuple[str, ...], known: Iterable[str], hint: str) -> None:
    """Reports that none of ``wanted`` is there, at the attribute that is one of them misspelt, if any."""
    names_ = frozenset(known)
    message = f"<{element.name}> needs the attribute {' or '.join(map(repr, wanted))}"
    for name, attribute in element.attributes.items() if names_ and not context.problems.full else ():
        near = next((w for w in wanted if name not in names_ and like(name, w)), "")
        if near:
            context.slips.add((element.id, name))
            span = attribute.name_span
            message += f"; did you mean {near!r} by {short(name)!r}?"
            context.report("MISSING_ATTRIBUTE", message, element, span, fix=context.corrected(span, name, near))
            return
    context.report("MISSING_ATTRIBUTE", message, element, hint=hint)


@rule("UNKNOWN_ATTRIBUTE", on=_ALL)
def known_attributes(site: Site, context: Context) -> None:
    """What: attributes are those that the language lists.

    Why: an unknown one does nothing, and is often a misspelt one.  Remedy: correct or remove it.
    """
    element = site.element
    rules = ELEMENTS[element.name]
    if rules.open:
        return
    for name, attribute in element.attributes.items():
        if rules.attribute(name) is None:
            report_unknown(context, element, attribute, [a.name for a in rules.attributes])


def report_unknown(context: Context, element: Element, attribute: Attribute, known: list[str]) -> None:
    """Warns of an attribute that nobody reads, unless it was told that another was meant."""
    if (element.id, attribute.name) in context.slips:
        return
    meant = _OF_HTML.get(attribute.name, "")
    near = meant if meant in known else context.nearest(attribute.name, known)
    span = attribute.name_span
    context.report(
        "UNKNOWN_ATTRIBUTE",
        f"<{short(element.name)}> has no attribute {short(attribute.name)!r}" + (f"; did you mean {near!r}?" if near else ""),
        element,
        span,
        hint="" if near else "it is ignored; remove it",
        fix=Fix(title=f"change to {near}", span=span, replacement=near) if near and near not in element.attributes else None,
    )


@rule("INVALID_ATTRIBUTE", "INVALID_IDENTIFIER", "INVALID_TYPE", "ALIAS", on=_ALL)
def attribute_values(site: Site, context: Context) -> None:
    """What: names are JavaScript identifiers, types are known, numbers and choices are what they must be.

    Why: panel code refers to names as ``$state.name``, and a wrong value would be ignored silently.
    Remedy: correct the value as the message says.
    """
    element = site.element
    for rules in ELEMENTS[element.name].attributes:
        attribute = element.get(rules.name)
        if attribute is not None and rules.kind not in ("text", "expression"):
            _check(rules, attribute, element, context)


def _check(rules: AttributeRule, attribute: Attribute, element: Element, context: Context) -> None:
    text = attribute.value
    kind = rules.kind
    if kind == "identifier":
        problem = identifier_problem(text or "")
        if problem:
            what = f"the {rules.name} {short(text)!r}" if text else f"the {rules.name}"
            context.report(
                "INVALID_IDENTIFIER", f"{what} of <{element.name}> {problem}", element, attribute.value_span, hint="choose another name"
            )
        return
    if kind == "dotted":
        return  # the extension rule knows the names there are
    if kind == "type":
        _check_type(text or "", attribute, element, context)
        return
    if text is None:
        if kind != "boolean":
            _invalid(attribute, element, context, "needs a value")
        return
    try:
        if kind == "number":
            number(text)
        elif kind == "boolean":
            boolean(text)
        elif kind == "duration":
            more_than_zero(duration(text))
        elif kind == "size":
            more_than_zero(size(text))
        elif kind == "choice":
            if text not in rules.choices:
                near = nearest(text, rules.choices)
                raise ValueError(f"must be one of {', '.join(rules.choices)}" + (f"; did you mean {near}?" if near else ""))
        elif kind == "capabilities":
            _check_capabilities(text, context)
    except ValueError as error:
        _invalid(attribute, element, context, str(error))


def more_than_zero(value: float) -> None:
    """Raises ``ValueError`` for a duration or size of nothing."""
    if value <= 0:
        raise ValueError("must be more than zero")


def _check_type(text: str, attribute: Attribute, element: Element, context: Context) -> None:
    name = text.strip()
    if name in TYPE_ALIASES:
        context.report(
            "ALIAS",
            f"the type {name!r} is read as {TYPE_ALIASES[name]!r}",
            element,
            attribute.value_span,
            hint=f"write {TYPE_ALIASES[name]}",
            fix=Fix(title=f"change to {TYPE_ALIASES[name]}", span=attribute.value_span, replacement=TYPE_ALIASES[name]),
        )
    elif name not in VALUE_TYPES:
        near = _MEANT.get(name.lower()) or context.nearest(name, VALUE_TYPES)
        context.report(
            "INVALID_TYPE",
            f"unknown type {short(name)!r} of <{element.name}>" + (f"; did you mean {near!r}?" if near else ""),
            element,
            attribute.value_span,
            hint=f"types are {', '.join(VALUE_TYPES)}",
            fix=Fix(title=f"change to {near}", span=attribute.value_span, replacement=near) if near else None,
        )


def _check_capabilities(text: str, context: Context) -> None:
    known = context.known_capabilities
    for name in names(text):
        if name not in known:
            near = context.nearest(name, known)
            raise ValueError(f"names the unknown capability {short(name)!r}" + (f"; did you mean {near}?" if near else ""))


def _invalid(attribute: Attribute, element: Element, context: Context, problem: str) -> None:
    value = f"the value {short(attribute.value)!r} of {attribute.name!r}" if attribute.value else f"the attribute {attribute.name!r}"
    context.report("INVALID_ATTRIBUTE", f"{value} {problem}", element, attribute.value_span)
