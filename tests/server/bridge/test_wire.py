"""What a hostile kernel can do to the connection itself."""

from __future__ import annotations

import asyncio
import logging
import time
from types import SimpleNamespace
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.session import Session

from nexus_jupyter.server.bridge.bridge import MAX_FRAME, MAX_WAITING, Bridge
from nexus_jupyter.server.bridge.wire import MOST_OBJECTS, TURN, Wire

LOG = logging.getLogger("nexus.test")


def test_a_kernel_that_floods_leaves_the_loop_to_others() -> None:
    async def story() -> tuple[int, int]:
        context = zmq.asyncio.Context()
        session = Session(key=b"")
        here = context.socket(zmq.PAIR)
        there: zmq.Socket[bytes] = zmq.Context.shadow(context.underlying).socket(zmq.PAIR)
        handled = ticks = 0

        def received(message: dict[str, Any]) -> None:
            nonlocal handled
            handled += 1
            end = time.monotonic() + TURN / 2
            while time.monotonic() < end:
                pass

        here.bind("inproc://flood")
        there.connect("inproc://flood")
        content = {"comm_id": "c", "data": {}}
        for _ in range(100):
            there.send_multipart([b"comm-c", *session.serialize(session.msg("comm_msg", content))])
        wire = Wire(SimpleNamespace(session=session), received, LOG)
        reading = asyncio.create_task(wire._read_topics(here))
        while handled < 100:
            await asyncio.sleep(0)
            ticks += 1
        reading.cancel()
        await asyncio.wait([reading])
        there.close(linger=0)
        here.close(linger=0)
        context.term()
        return handled, ticks

    handled, ticks = asyncio.run(story())
    assert handled == 100
    assert ticks >= 20


def test_a_message_of_too_many_objects_is_not_read() -> None:
    session = Session(key=b"")
    heard: list[Any] = []
    wire = Wire(SimpleNamespace(session=session), heard.append, LOG)

    async def sent(data: object) -> None:
        frames = session.serialize(session.msg("comm_msg", {"comm_id": "c", "data": data}))
        wire._topic(None, [b"comm-c", *frames])  # type: ignore[arg-type]

    asyncio.run(sent([{}] * (MOST_OBJECTS // 2)))
    assert len(heard) == 1
    asyncio.run(sent([{}] * (MOST_OBJECTS + 1)))
    assert len(heard) == 1


def test_no_socket_takes_endless_messages_or_endlessly_many() -> None:
    async def story() -> list[int]:
        async def none() -> list[Any]:
            return []

        bridge = Bridge(SimpleNamespace(list_kernel_ids=list), SimpleNamespace(list_sessions=none), SimpleNamespace())
        await bridge.start()
        try:
            assert bridge._context is not None
            with bridge._context.socket(zmq.SUB) as socket:
                return [int(socket.getsockopt(option)) for option in (zmq.MAXMSGSIZE, zmq.RCVHWM)]
        finally:
            await bridge.stop()

    assert asyncio.run(story()) == [MAX_FRAME, MAX_WAITING]
