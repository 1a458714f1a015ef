"""The WebSocket of a real server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from nexus_jupyter.protocol.graph import NOGEntity, NOGPatch
from nexus_jupyter.protocol.workspace import Pong, SocketError, WorkspaceCommit
from nexus_jupyter.server.client import MAX_WAITING
from nexus_jupyter.server.workspace import Workspace

from .mirror import Mirror, contents
from .speaker import Speaker, counter, name

WS = ("nexus", "ws", "v1", "default")


@pytest.fixture
def workspace(jp_serverapp: Any) -> Workspace:
    found: Workspace = jp_serverapp.web_app.settings["nexus_workspace"]
    return found


async def until_revision(socket: WebSocketClientConnection, mirror: Mirror, revision: int) -> None:
    async with asyncio.timeout(20):
        while mirror.graph is None or mirror.graph.revision < revision:
            text = await socket.read_message()
            assert isinstance(text, str)
            mirror.take(text)


async def until_other(socket: WebSocketClientConnection, mirror: Mirror, kind: type) -> Any:
    async with asyncio.timeout(20):
        while True:
            text = await socket.read_message()
            assert isinstance(text, str)
            message = mirror.take(text)
            if isinstance(message, kind):
                return message


async def test_a_page_follows_the_workspace(jp_ws_fetch: Any, workspace: Workspace) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    socket, mirror = await jp_ws_fetch(*WS), Mirror()
    await socket.write_message('{"kind":"subscribe"}')
    await until_revision(socket, mirror, 1)
    kernel.run(two=counter())
    kernel.commit("one", 2, "/count")
    assert (await until_other(socket, mirror, WorkspaceCommit)).rev == 2
    assert contents(mirror.graph) == contents(workspace.graph)
    assert mirror.hello is not None
    assert (mirror.hello.workspace, mirror.hello.epoch) == ("default", workspace.epoch)
    socket.close()


async def test_a_page_resumes_after_a_break_in_the_connection(jp_ws_fetch: Any, workspace: Workspace) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    socket, mirror = await jp_ws_fetch(*WS), Mirror()
    await socket.write_message('{"kind":"subscribe"}')
    await until_revision(socket, mirror, 1)
    socket.close()
    for n in range(50):
        kernel.change(name(n))
    resume, mirror.hello = mirror.resume(), None
    socket = await jp_ws_fetch(*WS)
    await socket.write_message(resume)
    kernel.change(name(50))
    await until_revision(socket, mirror, 52)
    assert (mirror.snapshots, mirror.revisions) == (1, list(range(2, 53)))
    assert contents(mirror.graph) == contents(workspace.graph)
    socket.close()


async def test_a_message_that_is_not_understood_leaves_the_connection_open(jp_ws_fetch: Any) -> None:
    socket, mirror = await jp_ws_fetch(*WS), Mirror()
    await socket.write_message("}{")
    assert (await until_other(socket, mirror, SocketError)).error.code == "BAD_MESSAGE"
    await socket.write_message(b"\x00\xff", binary=True)
    assert (await until_other(socket, mirror, SocketError)).error.code == "BAD_MESSAGE"
    await socket.write_message('{"kind":"ping","id":3}')
    assert await until_other(socket, mirror, Pong) == Pong(id=3)
    socket.close()


async def test_a_message_that_is_too_long_closes_the_connection(jp_ws_fetch: Any) -> None:
    socket, mirror = await jp_ws_fetch(*WS), Mirror()
    await socket.write_message(json.dumps({"kind": "ping", "pad": "x" * 250_000}))
    assert isinstance(await until_other(socket, mirror, SocketError), SocketError)
    await socket.write_message("x" * 300_000)
    async with asyncio.timeout(20):
        while await socket.read_message() is not None:
            pass
    assert socket.close_code == 1009
    with pytest.raises(WebSocketClosedError):
        await socket.write_message("{}")
    socket.close()


async def test_the_end_of_the_server_closes_all_connections(jp_ws_fetch: Any, jp_serverapp: Any) -> None:
    sockets = [await jp_ws_fetch(*WS) for _ in range(3)]
    for socket in sockets:
        await socket.read_message()
    hub = jp_serverapp.web_app.settings["nexus_hub"]
    assert len(hub) == 3
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert len(hub) == 0
    for socket in sockets:
        assert await socket.read_message() is None
        assert socket.close_code == 1001
        socket.close()
    late = await jp_ws_fetch(*WS)
    async with asyncio.timeout(20):
        while await late.read_message() is not None:
            pass
    late.close()


async def test_a_page_that_goes_is_forgotten(jp_ws_fetch: Any, jp_serverapp: Any, workspace: Workspace) -> None:
    hub = jp_serverapp.web_app.settings["nexus_hub"]
    socket = await jp_ws_fetch(*WS)
    await socket.read_message()
    socket.close()
    async with asyncio.timeout(20):
        while len(hub):
            await asyncio.sleep(0.01)
    Speaker(workspace).snapshot(one=counter())


async def test_a_page_that_never_reads_holds_nobody_up(
    jp_ws_fetch: Any, jp_serverapp: Any, jp_http_port: int, jp_base_url: str, workspace: Workspace
) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot()
    # by hand, for tornado's client reads whether it is asked to or not
    _, writer = await asyncio.open_connection("127.0.0.1", jp_http_port, limit=1_024)
    writer.write(
        f"GET {jp_base_url}nexus/ws/v1/default?token={jp_serverapp.identity_provider.token} HTTP/1.1\r\nHost: localhost\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        + bytes([0x81, 0x80 + 20, 0, 0, 0, 0])
        + b'{"kind":"subscribe"}'
    )
    hub = jp_serverapp.web_app.settings["nexus_hub"]
    socket, mirror = await jp_ws_fetch(*WS), Mirror()
    await socket.write_message('{"kind":"subscribe"}')
    await until_revision(socket, mirror, workspace.revision)
    async with asyncio.timeout(20):
        while len(hub) < 2:
            await asyncio.sleep(0.01)
    big = {"x": "y" * 20_000}  # more than the operating system holds for a connection
    most = 0
    for n in range(1_000):
        kernel.change(NOGPatch(put_entities=(NOGEntity(id="python:x", type="python_name", name=f"{n}", properties={**big}),)))
        await until_revision(socket, mirror, workspace.revision)
        most = max(most, *(client.waiting for client in hub._clients))
        assert all(client._size <= MAX_WAITING for client in hub._clients)
    assert most > 100, "the deaf page is deaf"
    assert mirror.snapshots == 1
    socket.close()
    writer.transport.abort()
