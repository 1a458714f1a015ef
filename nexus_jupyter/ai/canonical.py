"""Canonical JSON (RFC 8785): the same value gives the same bytes in Python and in a page."""

from __future__ import annotations

import json
import math
import re

from pydantic import JsonValue

_EXACT = 2**53
_LONE = re.compile("[\ud800-\udfff]")


def canonical(value: JsonValue) -> bytes:
    """``value`` as canonical JSON in UTF-8.

    Keys are sorted by UTF-16 code units, numbers are written as ECMAScript does, there is no space.
    Where RFC 8785 has no answer, a lone surrogate, it is escaped as ``JSON.stringify`` does.

    Raises ValueError: a number is not finite.
    """
    return _write(value).encode("utf-8")


def _write(value: JsonValue) -> str:
    if value is None or value is True or value is False:
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, str):
        return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
    if isinstance(value, int):
        return str(value) if abs(value) <= _EXACT else number(float(value))
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return f"[{','.join(map(_write, value))}]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return f"{{{','.join(f'{_write(key)}:{_write(value[key])}' for key in keys)}}}"


def number(value: float) -> str:
    """A number as ECMAScript's ``String(value)`` writes it (Number::toString, radix 10).

    Raises ValueError: it is not finite.
    """
    if not math.isfinite(value):
        raise ValueError("canonical JSON has no number that is not finite")
    if value == 0:
        return "0"
    # repr gives the shortest digits that read back as the same number, as ECMAScript demands
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    sign = "-" if value < 0 else ""
    size = len(digits)
    if size <= point <= 21:
        return sign + digits + "0" * (point - size)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    shown = digits if size == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{sign}{shown}e{'+' if point > 0 else '-'}{abs(point - 1)}"
