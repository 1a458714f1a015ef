"""Python values as JSON and back: what may cross between Python and a panel.

| Python | JSON |
| --- | --- |
| None, bool, int within ±2**53, finite float, str | itself |
| numpy scalar | its Python value |
| list, tuple, other sequences, numpy array | array |
| mapping with string keys, dataclass, Pydantic model | object |
| date, time, datetime, pandas Timestamp | ISO 8601 text |
| Decimal, UUID, Path, Enum | number or text: float, str, str, its value |
| pandas, polars or Arrow table | array of records |
| NaN, NaT, pandas NA inside a list, record or table | null (missing) |

Everything else is refused with the place where it stands.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import math
import pathlib
import uuid
from collections.abc import Mapping, Sequence, Set
from typing import Any, NoReturn, cast

from pydantic import BaseModel, JsonValue

from ..errors import StateError

MAX_DEPTH = 100
MAX_SAFE_INTEGER = 2**53
FORBIDDEN_KEYS = frozenset({"__proto__", "constructor", "prototype"})


def to_json(value: object, where: str) -> JsonValue:
    """``value`` as plain JSON; ``where`` names it in errors.

    Raises StateError: a value or key that has no meaning as JSON, a cycle, or nesting deeper than 100.
    """
    return _convert(value, where, 0, False)


def _convert(value: object, where: str, depth: int, inside: bool) -> JsonValue:
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        return cast(str, value)
    if kind is int:
        return _integer(cast(int, value), where)
    if kind is float:
        return _number(cast(float, value), where, inside)
    if depth >= MAX_DEPTH:
        raise StateError(f"{where} is nested deeper than {MAX_DEPTH} levels, or contains itself.", hint="Flatten it first.")
    if isinstance(value, Mapping):
        return _object(value, where, depth)
    if isinstance(value, (list, tuple)):
        return [_convert(item, f"{where}[{i}]", depth + 1, True) for i, item in enumerate(value)]
    return _other(value, where, depth, inside)


def _integer(value: int, where: str) -> int:
    if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return value
    raise StateError(f"{where} is {value}, which JavaScript cannot hold exactly.", hint="Pass it as text: str(value).")


def _number(value: float, where: str, inside: bool) -> float | None:
    if math.isfinite(value):
        return value
    if inside and math.isnan(value):
        return None
    raise StateError(f"{where} is {value}, and a number in a panel is finite.", hint="Replace it first, e.g. by None or 0.")


def _object(value: Mapping[Any, Any], where: str, depth: int) -> dict[str, JsonValue]:
    result: dict[str, JsonValue] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise StateError(f"{where} has the key {key!r}, and keys in a panel are text.", hint="Convert the keys with str().")
        if key in FORBIDDEN_KEYS:
            raise StateError(f"{where} has the key {key!r}, which a panel never takes.", hint="Rename it.")
        result[key] = _convert(item, f"{where}[{key!r}]", depth + 1, True)
    return result


def _other(value: object, where: str, depth: int, inside: bool) -> JsonValue:
    if isinstance(value, enum.Enum):
        return _convert(value.value, where, depth + 1, inside)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return _integer(int(value), where)
    if isinstance(value, (float, decimal.Decimal)):
        return _number(float(value), where, inside)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return None if value != value else value.isoformat()  # NaT is a datetime that differs from itself
    if isinstance(value, (uuid.UUID, pathlib.PurePath)):
        return str(value)
    if isinstance(value, BaseModel):
        return _object(value.model_dump(), where, depth)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _object({f.name: getattr(value, f.name) for f in dataclasses.fields(value)}, where, depth)
    if type(value).__name__ in ("NAType", "NaTType") and inside:
        return None
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return _convert(value.tolist(), where, depth + 1, inside)
    records = _records(value)
    if records is not None:
        return [_object(row, f"{where}[{i}]", depth + 1) for i, row in enumerate(records)]
    if isinstance(value, (Sequence, Set)) and not isinstance(value, (bytes, bytearray, memoryview)):
        items = sorted(value, key=repr) if isinstance(value, Set) else list(value)
        return [_convert(item, f"{where}[{i}]", depth + 1, True) for i, item in enumerate(items)]
    _refuse(value, where)


def _records(value: object) -> list[dict[str, Any]] | None:
    """The rows of a table, or None if ``value`` is no table.  Imports narwhals only for candidates."""
    if not (hasattr(value, "columns") or hasattr(value, "column_names")):
        return None
    import narwhals.stable.v2 as nw

    table = nw.from_native(cast(Any, value), eager_only=True, pass_through=True)
    if not isinstance(table, nw.DataFrame):
        return None
    return [{str(k): v for k, v in row.items()} for row in table.iter_rows(named=True)]


def _refuse(value: object, where: str) -> NoReturn:
    raise StateError(
        f"{where} is of type {type(value).__name__}, which has no meaning in a panel.",
        hint="Panels hold text, numbers, booleans, lists, dicts with text keys, dates and tables; convert it first.",
    )


class FrozenList(list[Any]):
    """A list read from a panel.  Changing it in place would change nothing, so it refuses."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise StateError(
            "this list is a reading of the panel's state and cannot be changed in place.",
            hint="Assign a new one: panel.state.name = [*panel.state.name, item].",
        )

    append = extend = insert = remove = pop = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, object]) -> list[Any]:
        return [thaw(item) for item in self]

    def __reduce__(self) -> tuple[object, ...]:
        return (list, (list(map(thaw, self)),))


class FrozenDict(dict[str, Any]):
    """A dict read from a panel.  Changing it in place would change nothing, so it refuses."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise StateError(
            "this dict is a reading of the panel's state and cannot be changed in place.",
            hint="Assign a new one: panel.state.name = {**panel.state.name, 'key': value}.",
        )

    update = setdefault = pop = popitem = clear = _refuse
    __setitem__ = __delitem__ = __ior__ = _refuse

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, object]) -> dict[str, Any]:
        return {key: thaw(item) for key, item in self.items()}

    def __reduce__(self) -> tuple[object, ...]:
        return (dict, (thaw(self),))


def freeze(value: JsonValue) -> Any:
    """``value`` with every list and dict frozen; what is frozen already is kept as it is."""
    if isinstance(value, dict):
        return value if type(value) is FrozenDict else FrozenDict({k: freeze(v) for k, v in value.items()})
    if isinstance(value, list):
        return value if type(value) is FrozenList else FrozenList([freeze(v) for v in value])
    return value


def thaw(value: Any) -> Any:
    """An ordinary, changeable copy of a frozen value."""
    if isinstance(value, dict):
        return {k: thaw(v) for k, v in value.items()}
    if isinstance(value, list):
        return [thaw(v) for v in value]
    return value
