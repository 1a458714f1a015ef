"""Python values on their way into a panel."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import decimal
import enum
import math
import pickle
import uuid
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.errors import StateError
from nexus_jupyter.sandbox.values import freeze, thaw, to_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text().filter(lambda k: k not in ("__proto__", "constructor", "prototype")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_json_is_itself(value: Any) -> None:
    assert to_json(value, "x") == value


@given(JSON)
def test_freezing_and_thawing_keep_the_value(value: Any) -> None:
    frozen = freeze(value)
    assert frozen == value
    assert thaw(frozen) == value
    assert copy.deepcopy(frozen) == value
    assert pickle.loads(pickle.dumps(frozen)) == value
    assert freeze(frozen) is frozen or not isinstance(frozen, (list, dict))


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, 2), [1, 2]),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),
        (decimal.Decimal("1.5"), 1.5),
        (Color.RED, "red"),
        (Point(1, 2.5), {"x": 1, "y": 2.5}),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({3, 1, 2}, [1, 2, 3]),
        ([math.nan], [None]),
        (range(3), [0, 1, 2]),
        (pd.Series([1, 2]).to_numpy(), [1, 2]),
        (pd.Series([1.5])[0], 1.5),
        (pd.Timestamp("2026-01-02"), "2026-01-02T00:00:00"),
        ([pd.NaT, pd.NA], [None, None]),
    ],
)
def test_common_python_values_have_one_meaning(value: object, expected: object) -> None:
    assert to_json(value, "x") == expected


def test_a_data_frame_becomes_records() -> None:
    frame = pd.DataFrame({"name": ["a", "b"], "n": [1, 2], "x": [0.5, math.nan], "t": pd.Series([pd.Timestamp("2026-01-02"), pd.NaT])})
    assert to_json(frame, "rows") == [
        {"name": "a", "n": 1, "x": 0.5, "t": "2026-01-02T00:00:00"},
        {"name": "b", "n": 2, "x": None, "t": None},
    ]


def _cycle() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (math.nan, "rows is nan"),
        (math.inf, "finite"),
        (2**60, "JavaScript cannot hold exactly"),
        ({1: 2}, "the key 1"),
        ({"__proto__": {}}, "never takes"),
        ([{"a": object()}], "rows[0]['a'] is of type object"),
        (b"bytes", "of type bytes"),
        (_cycle(), "contains itself"),
        (lambda: 1, "of type function"),
        (1j, "of type complex"),
    ],
)
def test_what_has_no_meaning_is_refused_with_its_place(value: object, says: str) -> None:
    with pytest.raises(StateError) as caught:
        to_json(value, "rows")
    assert says in str(caught.value)


def test_a_reading_refuses_to_be_changed_and_says_what_to_do() -> None:
    reading = freeze({"items": [1]})
    with pytest.raises(StateError, match="Assign a new one"):
        reading["items"].append(2)
    with pytest.raises(StateError, match="Assign a new one"):
        reading["more"] = 1
    with pytest.raises(StateError):
        reading["items"][0] = 3
    with pytest.raises(StateError):
        reading["items"] += [1]
    assert reading == {"items": [1]}
