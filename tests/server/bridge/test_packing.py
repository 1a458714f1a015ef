"""Long messages of kernels travel packed; what is packed is as hostile as anything else."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.protocol.packing import PACKED_FROM, pack, unpack

LIMITS = {"most_bytes": 1_000_000, "most_objects": 10_000}


def packed(data: bytes) -> dict[str, Any]:
    return {"kind": "packed", "packed": base64.b64encode(data).decode()}


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.lists(st.text(max_size=50), max_size=50), max_size=30))
def test_what_is_packed_is_unpacked(message: dict[str, Any]) -> None:
    message = {**message, "long": "x" * PACKED_FROM}
    assert pack(message)["kind"] == "packed"
    assert unpack(pack(message), **LIMITS) == message


def test_a_short_message_travels_as_it_is() -> None:
    assert pack({"kind": "commit"}) == {"kind": "commit"}
    assert unpack({"kind": "commit"}, **LIMITS) == {"kind": "commit"}


def test_a_long_graph_becomes_a_fraction() -> None:
    message = {
        "entities": [{"id": f"state:panel/{n}", "type": "state", "name": str(n), "properties": {"type": "number"}} for n in range(500)]
    }
    assert len(json.dumps(pack(message))) < len(json.dumps(message)) / 5


@pytest.mark.parametrize(
    "data",
    [
        packed(b"nothing of the kind"),
        packed(zlib.compress(b"x" * 100_000_000)),
        packed(zlib.compress(b"[" * 900_000)),
        packed(zlib.compress(b"{}" * 900)[:-4]),
        packed(zlib.compress(b"{")),
        packed(zlib.compress(b"\xff\xfe")),
        {"kind": "packed", "packed": "no base64 !"},
        {"kind": "packed", "packed": "é"},
    ],
)
def test_what_cannot_be_unpacked_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(data, **LIMITS)


@pytest.mark.parametrize("data", [None, [], "x", {"kind": "packed", "packed": 1}, {"packed": "eJw=", "kind": "x"}, {"kind": "packed"}, {}])
def test_what_is_not_packed_is_left_to_the_next_check(data: object) -> None:
    assert unpack(data, **LIMITS) == data
