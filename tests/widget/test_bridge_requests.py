"""The kernel's end of the bridge, with a transport that is a list."""

from __future__ import annotations

import threading
import time
from typing import Any

from nexus_jupyter.nog.kernel import kernel_graph
from nexus_jupyter.protocol.bridge import BRIDGE_VERSION
from nexus_jupyter.widget.bridge_requests import BridgeComm


class Comm:
    comm_id = "listed"
    handle_close: Any = None

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send(self, data: dict[str, Any]) -> None:
        self.sent.append(data)


def test_a_comm_that_is_closed_while_it_opens_follows_nothing() -> None:
    busy, free = threading.Event(), threading.Event()

    def slow(_: object) -> None:
        busy.set()
        free.wait(20)

    end = kernel_graph().follow(slow)
    assert busy.wait(20)
    comm = Comm()
    opening = threading.Thread(target=BridgeComm.open, args=(comm, {"content": {"data": {"version": BRIDGE_VERSION, "bridge": "b"}}}))
    opening.start()
    deadline = time.monotonic() + 20
    while comm.handle_close is None and time.monotonic() < deadline:
        time.sleep(0.01)
    comm.handle_close({})
    free.set()
    opening.join(20)
    end()
    assert kernel_graph()._followers == {}
    assert comm.sent == []
