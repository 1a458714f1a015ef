"""Literal attribute values of components, coerced to the type that the catalog gives."""

from __future__ import annotations

from pydantic import JsonValue

from ..catalog import Catalog, PropEntry
from .ast import Attribute
from .nearest import nearest, short
from .style import read_style
from .values import boolean, duration, json_value, names, number


def literal(prop: PropEntry, text: str, catalog: Catalog) -> JsonValue:
    """``text`` as a value of ``prop``; ``ValueError`` says what is expected."""
    kind = prop.type
    if kind == "boolean":
        return boolean(text)
    if kind in ("number", "integer"):
        return _number(prop, text)
    if kind == "duration":
        return duration(text)
    if kind == "enum":
        value = text.strip()
        if value not in prop.enum:
            near = nearest(value, prop.enum)
            raise ValueError(f"must be one of {', '.join(prop.enum)}" + (f"; did you mean {near}?" if near else ""))
        return value
    if kind == "list":
        return _list(text)
    if kind == "object":
        found = json_value(text)
        if not isinstance(found, dict):
            raise ValueError("must be a JSON object or one {expression}")
        return found
    if kind == "style":
        kept, dropped = read_style(text, catalog.styles)
        if dropped:
            raise ValueError(f"is not all safe: {'; '.join(dropped[:3])}")
        return kept
    return text


def _number(prop: PropEntry, text: str) -> JsonValue:
    value = number(text)
    if prop.type == "integer" and not isinstance(value, int):
        raise ValueError("must be a whole number")
    low, high = prop.min, prop.max
    if (low is not None and value < low) or (high is not None and value > high):
        if low is None or high is None:
            raise ValueError(f"must be at least {low:g}" if low is not None else f"must be at most {high:g}")
        raise ValueError(f"must be from {low:g} to {high:g}")
    return value


def _list(text: str) -> JsonValue:
    if not text.lstrip().startswith("["):
        return list(names(text))
    return json_value(text)  # what starts with a bracket and is JSON is an array


def absent_value(prop: PropEntry) -> JsonValue:
    """What an attribute without a value stands for: true, where a truth value fits."""
    if prop.type not in ("boolean", "any"):
        raise ValueError("needs a value")
    return True


def of_attribute(prop: PropEntry, attribute: Attribute, catalog: Catalog) -> JsonValue:
    """The literal value of an attribute that holds no expression."""
    if attribute.value is None:
        return absent_value(prop)
    return literal(prop, "".join(p for p in attribute.parts if isinstance(p, str)), catalog)


def shown(attribute: Attribute) -> str:
    """An attribute's value for a message."""
    return repr(short(attribute.value)) if attribute.value is not None else "nothing"
