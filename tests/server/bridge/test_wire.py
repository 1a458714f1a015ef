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


def test_a_kernel_that_overlooked_a_question_is_nudged() -> None:
    """It reads on only when more comes, as one does whose descriptor told of the first message while nobody looked."""

    async def story() -> tuple[dict[str, Any], int]:
        context = zmq.asyncio.Context()
        session = Session(key=b"")
        here, there = context.socket(zmq.DEALER), context.socket(zmq.ROUTER)
        port = there.bind_to_random_port("tcp://127.0.0.1")
        here.connect(f"tcp://127.0.0.1:{port}")

        async def kernel() -> int:
            seen = [session.feed_identities(await there.recv_multipart()) for _ in range(2)]
            identity, frames = seen[0]
            asked = session.deserialize(frames)
            reply = session.msg("comm_info_reply", {"status": "ok", "comms": {}}, parent=asked["header"])
            await there.send_multipart([*identity, *session.serialize(reply)])
            return len(seen)

        async def get_msg(timeout: float | None = None) -> dict[str, Any]:
            _, frames = session.feed_identities(await here.recv_multipart())
            message: dict[str, Any] = session.deserialize(frames)
            return message

        channel = SimpleNamespace(socket=here, send=lambda message: session.send(here, message), get_msg=get_msg)
        wire = Wire(SimpleNamespace(session=session, shell_channel=channel, control_channel=channel), lambda _: None, LOG)
        reading = asyncio.create_task(wire._read(channel, wire._reply))
        answering = asyncio.create_task(kernel())
        try:
            return await wire.ask("comm_info_request", {}, timeout=20), await answering
        finally:
            reading.cancel()
            await asyncio.wait([reading])
            here.close(linger=0)
            there.close(linger=0)
            context.term()

    reply, seen = asyncio.run(story())
    assert reply["comms"] == {}
    assert seen == 2
