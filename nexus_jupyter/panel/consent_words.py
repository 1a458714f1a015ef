"""A request for permission in plain words.

Everything that comes from the document is shown as text whose every character can be seen, and cut where it could
push the rest out of sight; whatever is cut is marked as worth a second look.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from pydantic import JsonValue

from ..catalog import catalog
from ..catalog.model import ExtensionEntry, OptionEntry
from ..diagnostics import visible
from ..protocol import ConsentDemand, ConsentLine
from .demand import Demand
from .difference import unified_diff

VALUE_CHARACTERS = 200
VALUES = 20
REASON_CHARACTERS = 300
DIFF_CHARACTERS = 60_000
# Format, surrogate, private and unassigned characters, and separators of lines: none of them can be seen.
_UNSEEN = frozenset(("Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def words_of(demand: Demand) -> ConsentDemand:
    """What is asked for, and which parts of it are dangerous by the catalog; of what it does not know, all."""
    entry = catalog().extension(demand.extension)
    return ConsentDemand(
        extension=plain(demand.extension),
        alias=plain(demand.alias),
        description=entry.description if entry is not None else "An extension from another package.",
        abilities=tuple(_ability(entry, name) for name in demand.capabilities),
        scope=tuple(_scope(entry, demand)),
        reason=_cut(plain(" ".join(demand.reason.split())), REASON_CHARACTERS),
    )


def diff_of(allowed: str, present: str) -> str:
    """The difference between the text that was allowed and the present one, line by line."""
    lines = unified_diff(allowed, present, names=("allowed", "present")).split("\n")
    return _cut("\n".join(plain(line) for line in lines), DIFF_CHARACTERS)


def plain(text: str) -> str:
    """``text`` with every character that cannot be seen, or that turns others around, written as its number."""
    return "".join(f"\\u{{{ord(c):x}}}" if unicodedata.category(c) in _UNSEEN else c for c in visible(text))


def _ability(entry: ExtensionEntry | None, capability: str) -> ConsentLine:
    known = next((each for each in entry.capabilities if each.name == capability), None) if entry is not None else None
    if known is None:
        return ConsentLine(label=plain(capability), text="What this does is not known here", dangerous=True)
    return ConsentLine(label=known.name, text=known.description.rstrip("."), dangerous=known.dangerous)


def _scope(entry: ExtensionEntry | None, demand: Demand) -> Iterable[ConsentLine]:
    known = {option.name: option for option in entry.options} if entry is not None else {}
    for name in dict.fromkeys((*known, *demand.options)):
        value = demand.options.get(name)
        if value is not None:
            yield _line(name, value, known.get(name))


def _line(name: str, value: JsonValue, option: OptionEntry | None) -> ConsentLine:
    values = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    shown = [_value(each) for each in values[:VALUES]]
    if len(values) > VALUES:
        shown.append(f"and {len(values) - VALUES} more that are not shown")
    hidden = len(values) > VALUES or any(len(each) > VALUE_CHARACTERS or not each.isascii() for each in values)
    dangerous = option is not None and any(each.strip() in option.dangerous or _is_any(each, option) for each in values)
    text = "any" if option is not None and values == ["*"] else ", ".join(shown)
    return ConsentLine(label=plain(name), text=text, dangerous=dangerous or hidden)


def _is_any(value: str, option: OptionEntry) -> bool:
    return "*" in option.dangerous and "*" in value


def _value(text: str) -> str:
    shown = _cut(plain(text), VALUE_CHARACTERS)
    # letters of other alphabets look like ours: a name that has some is spelled out, too
    return shown if text.isascii() else f"{shown} (spelled {_cut(ascii(text)[1:-1], VALUE_CHARACTERS)})"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"
