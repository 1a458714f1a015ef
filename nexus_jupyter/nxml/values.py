"""Reads literal values: numbers, truth values, durations, sizes, lists, names, JSON.

Every reader takes text and returns the value, or raises ``ValueError`` with what is expected, worded
to follow "the value ``x`` of ``name`` ".
"""

from __future__ import annotations

import json
import math
import re
from typing import get_args

from pydantic import JsonValue

from .program import ValueType

VALUE_TYPES: tuple[str, ...] = get_args(ValueType)
TYPE_ALIASES = {"array": "list"}

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s?(ms|s|m|h)?")
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s?(B|kB|KB|MB|GB)?")
_UNITS = {"ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0}
_BYTES = {"B": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000}
_EXACT = 2**53
_NESTING = 100

RESERVED = frozenset(
    (
        *("await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do"),
        *("else", "enum", "export", "extends", "false", "finally", "for", "function", "if", "implements", "import"),
        *("in", "instanceof", "interface", "let", "new", "null", "package", "private", "protected", "public", "return", "static"),
        *("super", "switch", "this", "throw", "true", "try", "typeof", "var", "void", "while", "with", "yield", "__proto__"),
        *("constructor", "prototype"),
    )
)
NAME_LENGTH = 64


def identifier_problem(name: str) -> str:
    """Why ``name`` cannot name a state, tool, argument, alias or loop variable; "" when it can."""
    if not name:
        return "is empty"
    if len(name) > NAME_LENGTH:
        return f"is longer than {NAME_LENGTH} characters"
    if name in RESERVED:
        return "is a reserved word"
    if not name.replace("$", "_").isidentifier():
        return "is not a JavaScript identifier: letters, digits, _ and $, no digit first"
    return ""


def number(text: str) -> float | int:
    """A finite decimal number; a whole one is an ``int``."""
    text = text.strip()
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        raise ValueError("must be a number")
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("is too large a number")
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def boolean(text: str) -> bool:
    """``true`` or ``false``."""
    text = text.strip()
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def duration(text: str) -> float:
    """Milliseconds of ``150ms``, ``5s``, ``2m``, ``1h``; a bare number is milliseconds."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError("must be a duration such as 250ms or 5s")
    value = float(match[1]) * _UNITS[match[2] or "ms"]
    return int(value) if value.is_integer() else value


def size(text: str) -> int:
    """Bytes of ``16MB``, ``512kB``; a bare number is bytes."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError("must be a size such as 512kB or 16MB")
    return int(float(match[1]) * _BYTES[match[2] or "B"])


def names(text: str) -> tuple[str, ...]:
    """The items of a comma list, trimmed, empty ones left out."""
    return tuple(item for item in (piece.strip() for piece in text.split(",")) if item)


def json_value(text: str) -> JsonValue:
    """JSON as a panel can hold it: finite numbers, whole characters, at most 100 levels."""
    try:
        value: JsonValue = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError(f"is nested more than {_NESTING} deep") from None
    except ValueError as error:
        reason = f"{error.msg[:1].lower()}{error.msg[1:]}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise ValueError(f"is not valid JSON ({reason})") from None
    return _portable(value)


def _no_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is no JSON")


def _portable(value: JsonValue) -> JsonValue:
    """``value`` if it means the same everywhere; whole numbers past 2**53 become floats, as in JavaScript."""
    root: list[JsonValue] = [value]
    todo: list[tuple[list[JsonValue] | dict[str, JsonValue], int]] = [(root, 0)]
    while todo:
        holder, depth = todo.pop()
        if depth > _NESTING:
            raise ValueError(f"is nested more than {_NESTING} deep")
        items: list[tuple[int | str, JsonValue]] = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for key, item in items:
            if isinstance(key, str):
                _whole(key)
            if isinstance(item, str):
                _whole(item)
            elif isinstance(item, float) and not math.isfinite(item):
                raise ValueError("holds too large a number")
            elif isinstance(item, int) and not isinstance(item, bool) and abs(item) > _EXACT:
                try:
                    exact = float(item)
                except OverflowError:
                    raise ValueError("holds too large a number") from None
                holder[key] = exact  # type: ignore[index]
            elif isinstance(item, (list, dict)):
                todo.append((item, depth + 1))
    return root[0]


def _whole(text: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("holds half of a surrogate pair")


def fits(value: JsonValue, kind: str) -> bool:
    """Whether a JSON value is of a state's type; a frame is written as a list."""
    if kind == "any":
        return True
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "string":
        return isinstance(value, str)
    return isinstance(value, dict if kind == "object" else list)
