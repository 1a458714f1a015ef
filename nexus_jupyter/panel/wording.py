"""Values as the page writes them for a reader whose language is American English.

What ``js/components/format.ts`` does with the browser's own formats; narrow and hard spaces are plain ones here.
``tests/testing/wordings.json`` holds both to the same.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from pydantic import JsonValue

_SIGNS = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "CNY": "CN¥", "KRW": "₩", "BRL": "R$", "CAD": "CA$", "AUD": "A$",
    "MXN": "MX$", "ILS": "₪", "VND": "₫", "NZD": "NZ$", "HKD": "HK$", "TWD": "NT$", "PHP": "₱",
}  # fmt: skip
_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "HUF": 0, "ISK": 0, "UGX": 0, "IQD": 0, "KWD": 3, "BHD": 3, "TND": 3}
_SCALES = tuple((Decimal(10) ** (3 * step), letter) for step, letter in enumerate(("", "K", "M", "B", "T")))
_DATES = ("date", "time", "datetime")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY = re.compile(r"\d{4}-\d\d(-\d\d)?")


def to_text(value: JsonValue) -> str:
    """A value as plain text: "" for none, JSON for lists and objects."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return _plain(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def formatted(value: JsonValue, how: Mapping[str, JsonValue], zone: str, *, group: bool) -> str:
    """``value`` by ``format``, ``currency`` and ``timeZone`` of ``how``; what cannot be written so is written as it is."""
    wanted = to_text(how.get("format")) or "auto"
    if wanted in _DATES:
        return _date(value, wanted, to_text(how.get("timeZone")) or zone, zone) or to_text(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return to_text(value)
    currency = to_text(how.get("currency")).upper()
    if wanted == "auto" and not currency and not group:
        return to_text(value)
    return _number(value, wanted, currency) or to_text(value)


def changed_by(value: JsonValue, how: Mapping[str, JsonValue]) -> str:
    """A change: a number with its sign, anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return to_text(value)
    wanted = to_text(how.get("format"))
    text = _number(value, "auto", "") if wanted in _DATES else _number(value, wanted or "auto", to_text(how.get("currency")).upper())
    if text is None:
        return to_text(value)
    if not re.search("[1-9]", text):
        return text.removeprefix("-")
    return text if text.startswith("-") else f"+{text}"


def _number(value: float, wanted: str, currency: str) -> str | None:
    exact = Decimal(repr(value))
    if currency and wanted in ("currency", "auto"):
        if not re.fullmatch("[A-Z]{3}", currency):
            return None
        digits = _DIGITS.get(currency, 2)
        sign = _SIGNS.get(currency, f"{currency} ")
        return _signed(exact, f"{sign}{_grouped(abs(exact), digits, digits)}")
    if wanted == "integer":
        return _signed(exact, _grouped(abs(exact), 0))
    if wanted == "percent":
        return _signed(exact, f"{_grouped(abs(exact) * 100, 1)}%")
    if wanted == "compact":
        return _signed(exact, _compact(abs(exact)))
    return _signed(exact, _grouped(abs(exact), 3))


def _signed(exact: Decimal, text: str) -> str:
    return f"-{text}" if exact.is_signed() else text


def _grouped(size: Decimal, most: int, least: int = 0) -> str:
    rounded = size.quantize(Decimal(1).scaleb(-most), rounding=ROUND_HALF_UP) if size < Decimal(10) ** 20 else size
    whole, _, fraction = f"{rounded:,f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least, "0")
    return f"{whole}.{fraction}" if fraction else whole


def _compact(size: Decimal) -> str:
    for scale, letter in _SCALES:
        part = (size / scale).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
        if part < 1000 or letter == "T":
            text = _grouped(part, 1) if part >= 10000 else f"{part:f}".removesuffix(".0")
            return f"{text}{letter}"
    raise AssertionError("the last scale takes all")


def _plain(value: float) -> str:
    """A number as JavaScript writes it."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    if "e" not in text:
        return text
    digits, exponent = text.split("e")
    if -7 < int(exponent) < 0:
        return f"{Decimal(text):f}"
    return f"{digits}e{int(exponent):+d}"


def _date(value: JsonValue, wanted: str, zone: str, reader: str) -> str | None:
    found = _moment(value, zone, reader)
    if found is None:
        return None
    day = f"{_MONTHS[found.month - 1]} {found.day}, {found.year}"
    clock = f"{found.hour % 12 or 12}:{found:%M} {'AM' if found.hour < 12 else 'PM'}"
    return {"date": day, "time": clock, "datetime": f"{day}, {clock}"}[wanted]


def _moment(value: JsonValue, zone: str, reader: str) -> datetime | None:
    """The date of an ISO 8601 text or of milliseconds since 1970; one without a time is that day everywhere."""
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return datetime.fromisoformat(f"{value}-01" if len(value) == 7 else value).replace(tzinfo=UTC)
        local = ZoneInfo(zone)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, local)
        if not isinstance(value, str):
            return None
        if _DAY.fullmatch(value):
            return datetime.fromisoformat(f"{value}-01" if len(value) == 7 else value).replace(tzinfo=UTC)
        if not re.match(r"\d{4}-\d\d", value):
            return None
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(reader))).astimezone(local)
    except (ValueError, OverflowError, OSError, KeyError):
        return None
