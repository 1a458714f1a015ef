"""What may stand at a cursor in an attribute's value."""

from __future__ import annotations

from ..catalog import PropEntry, catalog, foreign_names
from ..diagnostics import LineIndex
from .completion_declared import state, tool
from .completion_item import NOT_BUILT, Completion, item, said, writable
from .cursor import Cursor
from .cursor_shapes import fields, loop_shapes, record_shape
from .elements import ELEMENTS, LIFECYCLES, ElementRule
from .values import VALUE_TYPES, names

_TYPES = {
    "string": "Text.",
    "number": "A number.",
    "boolean": "True or false.",
    "list": "A list of any JSON values, at most 10,000.",
    "object": "An object of any JSON values.",
    "any": "Any JSON value, null included.",
    "frame": "A table assigned from Python: pandas, polars, Arrow and the like.",
}
_LIFECYCLES = {
    "mount": "Runs once when the panel is made.",
    "unmount": "Runs once when the panel ends.",
    "interval": "Runs again and again, as often as `every` says.",
    "change": "Runs when one of the names in `of` has changed.",
    "error": "Runs when a handler has failed.",
}


def values(cursor: Cursor, source: str, everything: bool) -> tuple[int, list[Completion]]:
    """Where the value's word starts, and what may stand there."""
    start, offset = cursor.start, cursor.offset
    while start < offset and source[start] in " \t\r\n\f":
        start += 1
    name = cursor.attribute
    if not cursor.in_view:
        return _of_element(cursor, source, start, everything)
    if name == "trigger" or name.startswith("on:"):
        lines = LineIndex(source)
        return start, [tool(t, lines.place(t.start)[0]) for t in cursor.names.tools.values()]
    if name == "key":
        shapes = loop_shapes(cursor)
        return start, fields(next(reversed(shapes.values()), None) if shapes else None)
    known = catalog()
    entry = known.components.get(cursor.element)
    prop = entry.prop_by_name.get(name) if entry else None
    prop = prop or known.common.get(known.aliases.get(name, name))
    if prop is None:
        return start, []
    if name in ("xKey", "yKey"):
        return start, fields(record_shape(cursor))
    if name == "columns" and prop.type == "list":
        return _of_list(cursor, source, start, fields(record_shape(cursor)), everything)
    if prop.type == "style":
        begin = source.rfind(";", start, offset) + 1 or start
        begin += len(source[begin:offset]) - len(source[begin:offset].lstrip())
        return begin, [] if ":" in source[begin:offset] else [item(s, "value", "", "A safe CSS property.") for s in known.styles]
    if prop.type == "boolean":
        return start, [item(v, "value", _default(prop, v == "true"), prop.description) for v in ("true", "false")]
    return start, [item(v, "value", _default(prop, v), prop.description) for v in prop.enum]


def _default(prop: PropEntry, value: object) -> str:
    return "default" if prop.default == value else ""


def _of_element(cursor: Cursor, source: str, start: int, everything: bool) -> tuple[int, list[Completion]]:
    element, name = cursor.element, cursor.attribute
    if (element, name) == ("Lifecycle", "of"):
        lines = LineIndex(source)
        states = [state(s, lines.place(s.start)[0]) for s in cursor.names.states.values()]
        return _of_list(cursor, source, start, states, everything)
    if name == "capabilities":
        capabilities = [
            item(c.name, "capability", "dangerous" if c.dangerous else "", c.description)
            for c in catalog().capabilities_with(d.attributes.get("name", "").strip() for d in cursor.names.extensions.values()).values()
        ]
        return _of_list(cursor, source, start, capabilities, everything)
    return start, _of_scalar(cursor, everything)


def _of_list(cursor: Cursor, source: str, start: int, items: list[Completion], everything: bool) -> tuple[int, list[Completion]]:
    """Items of a comma list that are not in it yet."""
    begin = source.rfind(",", start, cursor.offset) + 1 or start
    begin += len(source[begin : cursor.offset]) - len(source[begin : cursor.offset].lstrip())
    present = set() if everything else set(names(cursor.attributes.get(cursor.attribute, ""))) - {source[begin : cursor.offset].strip()}
    return begin, [i for i in items if i.label not in present]


def _foreign(name: str) -> Completion:
    # its description would need its package to be loaded, and nothing declares it yet
    return item(name, "extension", "", "An extension of another package that is installed here.")


def _of_scalar(cursor: Cursor, everything: bool) -> list[Completion]:
    element, name = cursor.element, cursor.attribute
    if element == "Extension":
        entries = catalog().extensions
        if name == "name":
            ours = [
                item(e.name, "extension", "", e.description, "" if e.available else NOT_BUILT)
                for e in entries.values()
                if e.available or everything
            ]
            return [*ours, *map(_foreign, foreign_names())]
        entry = catalog().extension(cursor.attributes.get("name", "").strip())
        option = next((o for o in entry.options if o.name == name), None) if entry else None
        return [item(v, "value", "", option.description) for v in option.enum] if option else []
    if element == "Lifecycle" and name == "on":
        return [item(n, "event", "", _LIFECYCLES[n]) for n in LIFECYCLES]
    rule = (ELEMENTS[element] if element in ELEMENTS else ElementRule("")).attribute(name)
    kind = rule.kind if rule else "text"
    if rule is not None and rule.choices:
        return [item(n, "value", "default" if n == rule.default else "", rule.description) for n in rule.choices if n not in rule.unbuilt]
    if kind == "type":
        return [item(n, "type", "", _TYPES[n]) for n in VALUE_TYPES]
    declared = cursor.attributes.get("type", "").strip()
    if kind == "boolean" or (name == "default" and declared == "boolean"):
        return [item(v, "value", "boolean", rule.description if rule else "") for v in ("true", "false")]
    if name == "default":
        return [
            item(v, "value", said(declared), "One of the values that `enum` lists.")
            for v in names(cursor.attributes.get("enum", ""))
            if writable(v)
        ]
    return []
