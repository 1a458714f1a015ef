"""Guests for tests: made from a document, closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nexus_jupyter.nxml import load_program
from nexus_jupyter.protocol import GuestInvoke, GuestReply
from nexus_jupyter.sandbox import Engine, Guest

CLOCK = 1_700_000_000_000.0

MakeGuest = Callable[..., Guest]
Run = Callable[..., GuestReply]


def document(
    body: str = "", *, data: str = '<State name="x" type="any"/><State name="n" type="number"/>', logic: str = "", view: str = ""
) -> str:
    """A panel whose tool ``t`` has ``body`` as its handler."""
    handler = f'<Tool name="t"><Handler><![CDATA[{body}]]></Handler></Tool>'
    return f"<NexusPanel><Data>{data}</Data><Logic>{logic}{handler}</Logic><View>{view or '<Text/>'}</View></NexusPanel>"


@pytest.fixture(scope="session", params=["direct", "public"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """One engine for each way to run guests."""
    engine = Engine(way=request.param)
    assert engine.way == request.param
    return engine


@pytest.fixture
def make_guest() -> Iterator[MakeGuest]:
    """``make_guest(body, state=None, **document and Guest options)``."""
    made: list[Guest] = []

    def make(body: str = "", *, data: str | None = None, logic: str = "", view: str = "", **options: Any) -> Guest:
        text = document(body, logic=logic, view=view, **({} if data is None else {"data": data}))
        guest = Guest(load_program(text)[0], **{"clock": CLOCK, **options})
        made.append(guest)
        return guest

    yield make
    for guest in made:
        guest.close()


@pytest.fixture
def run() -> Run:
    """``run(guest, tool="t", args=None, call=1, timeout=None)``."""

    def invoke(
        guest: Guest, tool: str = "t", args: Any = None, call: int = 1, timeout: float | None = None, zone: str = "UTC"
    ) -> GuestReply:
        return guest.request(GuestInvoke(call=call, tool=tool, args=args, clock=CLOCK, seed=1, zone=zone), timeout=timeout)

    return invoke
