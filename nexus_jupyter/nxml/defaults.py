"""First values of states and arguments (NXML 1.0, section 1, *Defaults*)."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from ..diagnostics import Span
from .ast import Element, Expression
from .javascript import ending
from .nearest import listed, short
from .pattern import matches
from .spans import sub_span
from .values import TYPE_ALIASES, VALUE_TYPES, boolean, fits, json_value, names, number
from .whitespace import SPACE, trimmed

MAX_ITEMS = 10_000


@dataclass(frozen=True, slots=True)
class Constraints:
    """What every value of a state or argument must fulfil."""

    type: str
    enum: tuple[JsonValue, ...] | None = None
    min: float | int | None = None
    max: float | int | None = None
    pattern: str | None = None


def value_type(text: str) -> str | None:
    """The type that ``text`` names (``array`` is ``list``), or None."""
    name = TYPE_ALIASES.get(text.strip(), text.strip())
    return name if name in VALUE_TYPES else None


def constraints(element: Element) -> Constraints:
    """The constraints that a ``State`` or ``Arg`` declares; parts that are wrong are left out."""
    kind = value_type(element.text("type")) or "any"
    listed: tuple[JsonValue, ...] | None = None
    try:
        listed = enum_values(element.text("enum"), kind) or None
    except ValueError:
        listed = None
    pattern = element.get("pattern")
    return Constraints(
        kind,
        listed,
        min=_bound(element, kind, "min"),
        max=_bound(element, kind, "max"),
        pattern=pattern.value if pattern is not None and element.name == "State" and kind == "string" else None,
    )


def _bound(element: Element, kind: str, name: str) -> float | int | None:
    attribute = element.get(name)
    if attribute is None or attribute.value is None or kind != "number":
        return None
    try:
        return number(attribute.value)
    except ValueError:
        return None


def enum_values(text: str, kind: str) -> tuple[JsonValue, ...]:
    """The values of a comma list, read as ``kind``; ``ValueError`` when one is none."""
    items = names(text)
    if not items:
        return ()
    if kind == "number":
        return tuple(number(item) for item in items)
    if kind in ("string", "any"):
        return items
    raise ValueError(f"has no meaning for the type {kind}")


def default_text(element: Element) -> tuple[str, Span] | None:
    """The written default of a ``State`` or ``Arg`` and its place, or None."""
    attribute = element.get("default")
    if attribute is not None:
        return ("true" if attribute.value is None else attribute.value), attribute.value_span
    raw = element.raw
    return None if raw is None else (raw.text, raw.span)


def default_of(rule: Constraints, text: str, span: Span) -> JsonValue | Expression:
    """The value that ``text`` writes, or the expression that computes it; ``ValueError`` says what is wrong."""
    if rule.type == "string":
        return checked(rule, text)
    try:
        value = json_value(text)
    except ValueError as error:
        expression = one_expression(text, span)
        if expression is not None:
            return expression
        raise ValueError(f"{_unreadable(rule.type, text, error)}, or one {{expression}}") from None
    if value is None and rule.type != "any":
        raise ValueError("is a value of the type any only")
    if not fits(value, rule.type):
        raise ValueError(f"is no value of the type {rule.type}")
    return checked(rule, value)


def _unreadable(kind: str, text: str, error: ValueError) -> str:
    """Why ``text`` is no value of a type, and what one would be."""
    try:
        if kind == "boolean":
            boolean(text)
        elif kind == "number":
            number(text)
    except ValueError as problem:
        return str(problem)
    return f"{error}; write JSON"


def checked(rule: Constraints, value: JsonValue) -> JsonValue:
    """``value`` when it keeps to ``enum``, ``min``, ``max``, ``pattern`` and the length of a list.

    The empty text needs no match: it may stand until something is written.  Of a pattern that is not
    looked into here the guest tells it.
    """
    if rule.enum is not None and value not in rule.enum:
        raise ValueError(f"is not among {listed(map(str, rule.enum), len(rule.enum))}")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if rule.min is not None and value < rule.min:
            raise ValueError(f"is less than the min {rule.min:g}")
        if rule.max is not None and value > rule.max:
            raise ValueError(f"is more than the max {rule.max:g}")
    if rule.pattern is not None and isinstance(value, str) and value and matches(rule.pattern, value) is False:
        raise ValueError(f"does not match the pattern {short(rule.pattern)}")
    if rule.type == "list" and isinstance(value, list) and len(value) > MAX_ITEMS:
        raise ValueError(f"holds {len(value)} items, but a list takes at most {MAX_ITEMS}; use type frame for larger tables")
    return value


def implied_default(rule: Constraints) -> JsonValue:
    """The first value when none is written."""
    if rule.enum:
        return rule.enum[0]
    if rule.type == "number":
        zero: float | int = 0
        if rule.min is not None:
            zero = max(zero, rule.min)
        return min(zero, rule.max) if rule.max is not None else zero
    empty: dict[str, JsonValue] = {"string": "", "boolean": False, "list": [], "object": {}, "frame": [], "any": None}
    return empty[rule.type]


def one_expression(text: str, span: Span) -> Expression | None:
    """The expression when ``text`` is exactly one ``{…}``."""
    start, end = trimmed(text)
    if not text.startswith("{", start) or ending(text, start + 1, end) != ("brace", end - 1, -1):
        return None
    source = text[start + 1 : end - 1].strip(SPACE)
    at = text.index(source, start + 1)
    if not source:
        return None
    # Counted from the end, the end is exact also where references were decoded.
    first, last = sub_span(span, text, at, at), span.end - (len(text) - at - len(source))
    return Expression(source=source, span=first.model_copy(update={"end": max(first.start, last)}))
