"""What values at a cursor look like, learnt from the defaults of states: the fields of a list's records."""

from __future__ import annotations

import re

from pydantic import JsonValue

from .completion_item import Completion, code, item, writable
from .cursor import Cursor
from .cursor_code import INDEX

_PLACE = re.compile(r"\s*\{?\s*(\$(?:state|scope)(?:\s*\.\s*[\w$]+)+)")
_REST = re.compile(r"\s*\}?\s*")
_KEEPING = frozenset(("filter", "slice", "toSorted", "toReversed", "toSpliced"))
_MOST_FIELDS = 200


def loop_shapes(cursor: Cursor) -> dict[str, JsonValue]:
    """An example of each loop variable that can be read at the cursor, outermost first; None when there is none."""
    out: dict[str, JsonValue] = {}
    for loop in cursor.loops:
        listed = _written(loop.items, cursor, out)
        out.pop(loop.variable, None)
        out[loop.variable] = listed[0] if isinstance(listed, list) and listed else None
        if loop.index:
            index = out.pop(loop.variable)
            out[loop.index] = 0
            out[loop.variable] = index
    return out


def record_shape(cursor: Cursor) -> JsonValue:
    """An example of a record of the list that the tag at the cursor shows as its ``data``; None when there is none."""
    listed = _written(cursor.attributes.get("data", ""), cursor, loop_shapes(cursor))
    return listed[0] if isinstance(listed, list) and listed else None


def shape(path: tuple[str, ...], cursor: Cursor, loops: dict[str, JsonValue]) -> JsonValue:
    """An example of the value that ``path`` leads to, such as ``("$state", "rows", "[]")``; None when there is none."""
    if len(path) < 2:
        return None
    if path[0] == "$state":
        declared = cursor.names.states.get(path[1])
        value = declared.example() if declared is not None and declared.element == "State" else None
    else:
        value = loops.get(path[1]) if path[0] == "$scope" else None
    for step in path[2:]:
        if isinstance(value, list):
            value = value[0] if step == INDEX and value else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _written(text: str, cursor: Cursor, loops: dict[str, JsonValue]) -> JsonValue:
    """An example of what a loop goes over."""
    match = _PLACE.match(text)
    if match is None:
        return None
    path = tuple(name.strip() for name in match[1].split("."))
    if path[-1] in _KEEPING and text.startswith("(", match.end()):
        return shape(path[:-1], cursor, loops)
    return shape(path, cursor, loops) if _REST.fullmatch(text, match.end()) else None


def fields(value: JsonValue) -> list[Completion]:
    """The members of an object."""
    members = [m for m in list(value.items())[:_MOST_FIELDS] if writable(m[0])] if isinstance(value, dict) else []
    return [
        item(name, "field", kind_of(v), f"In the default: {code(str(v))}." if not isinstance(v, (list, dict)) else "")
        for name, v in members
    ]


def kind_of(value: JsonValue) -> str:
    """The name of a JSON value's type."""
    for kind, name in ((bool, "boolean"), ((int, float), "number"), (str, "string"), (list, "list"), (dict, "object")):
        if isinstance(value, kind):
            return name
    return "any"
