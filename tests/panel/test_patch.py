"""JSON Patch on frozen state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.panel.patch import PatchError, apply, parse_pointer, pointer_of
from nexus_jupyter.protocol import Operation
from nexus_jupyter.sandbox.values import freeze

TOKENS = st.lists(st.text(max_size=5).filter(lambda t: t not in ("__proto__", "constructor", "prototype")), max_size=5)


def patched(document: Any, *operations: tuple[Any, ...]) -> Any:
    ops = [Operation(op=o[0], path=o[1], value=o[2] if len(o) > 2 else None) for o in operations]
    return apply(freeze(document), ops)


@given(TOKENS)
def test_a_pointer_round_trips(tokens: list[str]) -> None:
    assert list(parse_pointer(pointer_of(tokens))) == tokens


@pytest.mark.parametrize(
    ("document", "operations", "expected"),
    [
        ({"a": 1}, [("replace", "/a", 2)], {"a": 2}),
        ({"a": [1, 3]}, [("add", "/a/1", 2)], {"a": [1, 2, 3]}),
        ({"a": [1]}, [("add", "/a/-", 2)], {"a": [1, 2]}),
        ({"a": [1, 2]}, [("remove", "/a/0")], {"a": [2]}),
        ({"a": {"b": 1}}, [("remove", "/a/b")], {"a": {}}),
        ({"a": {"x/y": 1, "m~n": 2}}, [("replace", "/a/x~1y", 3), ("replace", "/a/m~0n", 4)], {"a": {"x/y": 3, "m~n": 4}}),
        ({"a": [{"b": 1}]}, [("replace", "/a/0/b", 2), ("add", "/a/1", 5)], {"a": [{"b": 2}, 5]}),
        ({"a": ["x", "y", "z"]}, [("reorder", "/a", [2, 0, 1])], {"a": ["z", "x", "y"]}),
        ({"a": [[], [5, 6]]}, [("reorder", "/a/1", [1, 0])], {"a": [[], [6, 5]]}),
        ({"a": []}, [("reorder", "/a", [])], {"a": []}),
    ],
)
def test_operations_do_what_the_standard_says(document: Any, operations: list[tuple[Any, ...]], expected: Any) -> None:
    assert patched(document, *operations) == expected


@pytest.mark.parametrize(
    "operation",
    [
        ("replace", "", {}),
        ("replace", "a", 1),
        ("replace", "/b", 1),
        ("remove", "/b"),
        ("add", "/a/x", 1),
        ("add", "/a/01", 1),
        ("add", "/a/9", 1),
        ("replace", "/a/-", 1),
        ("replace", "/a/٣", 1),
        ("replace", "/a/-1", 1),
        ("replace", "/n/x", 1),
        ("add", "/~2", 1),
        ("add", "/__proto__/x", 1),
        ("add", "/constructor", 1),
        ("add", "/a/" + "9" * 400, 1),
        ("reorder", "/a", [0]),
        ("reorder", "/a", [0, 0]),
        ("reorder", "/a", [0, 2]),
        ("reorder", "/a", [-1, 0]),
        ("reorder", "/a", [0, True]),
        ("reorder", "/a", [0, 1.0]),
        ("reorder", "/a", ["0", "1"]),
        ("reorder", "/a", 1),
        ("reorder", "/a/0", []),
        ("reorder", "/n", []),
        ("reorder", "/b", []),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(operation: tuple[Any, ...]) -> None:
    document = freeze({"a": [1, 2], "n": 3})
    with pytest.raises(PatchError):
        patched(document, ("replace", "/n", 4), operation)
    assert document == {"a": [1, 2], "n": 3}


def test_unchanged_parts_are_shared() -> None:
    document = freeze({"a": [{"x": 1}, {"y": 2}], "b": {"c": []}})
    after = apply(document, [Operation(op="replace", path="/a/0/x", value=9)])
    assert after["b"] is document["b"]
    assert after["a"][1] is document["a"][1]
    assert document["a"][0]["x"] == 1
