"""Operations that a guest is given from outside: the same state as the host's own patch, all or none, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.nxml import load_program
from nexus_jupyter.panel import patch
from nexus_jupyter.protocol import GuestInvoke, GuestPatch, GuestRead, GuestReply, Operation
from nexus_jupyter.sandbox import Guest
from nexus_jupyter.sandbox.values import freeze, thaw

CLOCK = 1_700_000_000_000.0
MakeGuest = Callable[..., Guest]


def patched(guest: Guest, *ops: tuple[Any, ...]) -> GuestReply:
    operations = tuple(Operation(op=op[0], path=op[1], value=op[2] if len(op) > 2 else None) for op in ops)
    return guest.request(GuestPatch(ops=operations, clock=CLOCK))


@pytest.mark.parametrize(
    ("before", "ops", "after"),
    [
        (1, [("replace", "/x", {"a": [1]})], {"a": [1]}),
        ([1, 3], [("add", "/x/1", 2), ("add", "/x/-", 4), ("remove", "/x/0")], [2, 3, 4]),
        (
            [{"k": 1}, {"k": 2}, {"k": 3}],
            [("reorder", "/x", [2, 0, 1]), ("add", "/x/0/on", True)],
            [{"k": 3, "on": True}, {"k": 1}, {"k": 2}],
        ),
        ({"l": [5, 6]}, [("reorder", "/x/l", [1, 0]), ("reorder", "/x/l", [0, 1])], {"l": [6, 5]}),
        ({"a/b": 1, "m~n": 2}, [("replace", "/x/a~1b", 3), ("remove", "/x/m~0n"), ("add", "/x/c", None)], {"a/b": 3, "c": None}),
        ([{"d": []}], [("add", "/x/0/d/0", {"e": 1}), ("replace", "/x/0/d/0/e", 2)], [{"d": [{"e": 2}]}]),
        ({"b": 1, "a": 2}, [("replace", "/x", {"a": 2, "b": 1})], {"a": 2, "b": 1}),
    ],
)
def test_operations_are_applied_as_given_and_told_with_their_inverse(make_guest: MakeGuest, before: Any, ops: Any, after: Any) -> None:
    guest = make_guest("return $state.x", state={"x": before, "n": 0})
    reply = patched(guest, *ops)
    assert reply.status == "done"
    value = guest.request(GuestRead(name="x")).value
    assert value == after
    if isinstance(after, dict):
        assert isinstance(value, dict)
        assert list(value) == list(after)
    start = freeze({"x": before, "n": 0})
    told = patch.apply(start, reply.ops)
    assert told["x"] == after
    assert patch.apply(told, reply.inverse) == start
    assert guest.request(GuestInvoke(call=1, tool="t", clock=CLOCK, seed=1, zone="UTC")).value == after


@pytest.mark.parametrize(
    ("op", "code"),
    [
        (("replace", "", {}), "INVALID_PATCH"),
        (("replace", "x", 1), "INVALID_PATCH"),
        (("replace", "/none", 1), "INVALID_PATCH"),
        (("remove", "/x"), "INVALID_PATCH"),
        (("remove", "/x/9"), "INVALID_PATCH"),
        (("add", "/x/01", 1), "INVALID_PATCH"),
        (("add", "/x/9", 1), "INVALID_PATCH"),
        (("replace", "/x/-", 1), "INVALID_PATCH"),
        (("replace", "/x/٣", 1), "INVALID_PATCH"),
        (("add", "/x/1e0", 1), "INVALID_PATCH"),
        (("replace", "/n/y", 1), "INVALID_PATCH"),
        (("add", "/x/~2", 1), "INVALID_PATCH"),
        (("add", "/x/1/__proto__", 1), "INVALID_PATCH"),
        (("add", "/x/1/constructor", 1), "INVALID_PATCH"),
        (("add", "/x/length", 1), "INVALID_PATCH"),
        (("replace", "/x/1/toString", 1), "INVALID_PATCH"),
        (("replace", "/n", "text"), "INVALID_STATE"),
        (("add", "/x/0" * 200, 1), "INVALID_PATCH"),
        (("reorder", "/x", [0, 1]), "INVALID_PATCH"),
        (("reorder", "/x", [0, 1, 1]), "INVALID_PATCH"),
        (("reorder", "/x", [0, 1, 3]), "INVALID_PATCH"),
        (("reorder", "/x", [0, 1, -1]), "INVALID_PATCH"),
        (("reorder", "/x", [0, 1, "2"]), "INVALID_PATCH"),
        (("reorder", "/x", [0, 1, 1.5]), "INVALID_PATCH"),
        (("reorder", "/x", "012"), "INVALID_PATCH"),
        (("reorder", "/x/2", []), "INVALID_PATCH"),
        (("reorder", "/n", []), "INVALID_PATCH"),
        (("reorder", "/none", []), "INVALID_PATCH"),
    ],
)
def test_what_does_not_fit_changes_nothing(make_guest: MakeGuest, op: tuple[Any, ...], code: str) -> None:
    guest = make_guest("return [$state.x, $state.n]", state={"x": [1, {"a": 2}], "n": 0})
    reply = patched(guest, ("replace", "/n", 5), ("add", "/x/0", 9), op)
    assert (reply.status, reply.ops) == ("failed", ())
    assert reply.error is not None
    assert reply.error.code == code
    assert guest.request(GuestInvoke(call=1, tool="t", clock=CLOCK, seed=1, zone="UTC")).value == [[1, {"a": 2}], 0]


PROGRAM = load_program('<NexusPanel><Data><State name="x" type="any"/></Data></NexusPanel>')[0]
KEYS = st.sampled_from(["a", "b", "0", "1", "2"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "é", "\U0001f600"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
OPS = st.builds(
    lambda op, path, value: Operation(op=op, path="/x" + "".join(f"/{key}" for key in path), value=value),
    st.sampled_from(["add", "remove", "replace"]),
    st.lists(KEYS | st.just("-"), max_size=3),
    VALUES,
)


@given(VALUES, st.lists(OPS, max_size=6))
def test_a_guest_and_the_hosts_patch_come_to_the_same(before: Any, ops: list[Operation]) -> None:
    start = freeze({"x": before})
    fit: list[Operation] = []
    expected = start
    for op in ops:  # of what does not fit one by itself is enough
        try:
            expected = patch.apply(expected, [op])
        except patch.PatchError:
            misfit: Operation | None = op
            break
        if "x" not in expected:
            misfit = op
            expected = patch.apply(start, fit)
            break
        fit.append(op)
    else:
        misfit = None
    with Guest(PROGRAM, thaw(start), clock=CLOCK) as guest:
        if misfit is not None:
            reply = guest.request(GuestPatch(ops=(*fit, misfit), clock=CLOCK))
            assert (reply.status, reply.ops) == ("failed", ())
            assert guest.request(GuestRead(name="x")).value == before
        reply = guest.request(GuestPatch(ops=tuple(fit), clock=CLOCK))
        assert reply.status == "done"
        assert guest.request(GuestRead(name="x")).value == thaw(expected["x"])
        assert patch.apply(start, reply.ops) == expected
        back = guest.request(GuestPatch(ops=reply.inverse, clock=CLOCK))
        assert back.status == "done"
        assert guest.request(GuestRead(name="x")).value == before
