"""TCP_NODELAY on the WebSockets of kernels."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
from typing import Any

import pytest
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from traitlets.config import Config

from nexus_jupyter.server import nodelay


@pytest.fixture
def setting() -> bool | None:
    return None


@pytest.fixture
def jp_server_config(jp_server_config: Config, setting: bool | None) -> Config:
    if setting is not None:
        jp_server_config.NexusExtension.tcp_nodelay = setting
    return jp_server_config


async def accepted_option(jp_fetch: Any, jp_ws_fetch: Any) -> int:
    """The option of the server's end of a kernel's WebSocket, after the kernel said something on it."""
    answer = await jp_fetch("api", "kernels", method="POST", body=json.dumps({"name": "echo"}))
    kernel = json.loads(answer.body)["id"]
    connection = await jp_ws_fetch("api", "kernels", kernel, "channels")
    async with asyncio.timeout(30):
        await connection.read_message()
    [handler] = [each for each in gc.get_objects() if type(each) is KernelWebsocketHandler and each.kernel_id == kernel]
    option = handler.ws_connection.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    connection.close()
    await jp_fetch("api", "kernels", kernel, method="DELETE")
    return int(option != 0)


@pytest.mark.parametrize(("setting", "expected"), [(None, 1), (True, 1), (False, 0)])
async def test_a_kernels_websocket_answers_at_once_unless_it_is_set_off(
    jp_fetch: Any, jp_ws_fetch: Any, setting: bool | None, expected: int
) -> None:
    assert await accepted_option(jp_fetch, jp_ws_fetch) == expected


async def test_it_is_undone_when_the_extension_stops(jp_fetch: Any, jp_ws_fetch: Any, jp_serverapp: Any) -> None:
    patched = KernelWebsocketHandler.open
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert KernelWebsocketHandler.open is not patched
    assert KernelWebsocketHandler.open.__module__ == "jupyter_server.services.kernels.websocket"
    assert await accepted_option(jp_fetch, jp_ws_fetch) == 0


def test_two_servers_in_a_process_share_it() -> None:
    original = KernelWebsocketHandler.open
    nodelay.install()
    patched = KernelWebsocketHandler.open
    nodelay.install()
    assert KernelWebsocketHandler.open is patched
    nodelay.remove()
    assert KernelWebsocketHandler.open is patched
    nodelay.remove()
    assert KernelWebsocketHandler.open is original


def test_who_wrapped_it_later_keeps_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    original = KernelWebsocketHandler.open
    nodelay.install()
    ours = KernelWebsocketHandler.open

    async def theirs(self: Any, *args: Any) -> None:
        await ours(self, *args)

    KernelWebsocketHandler.open = theirs
    nodelay.remove()
    assert KernelWebsocketHandler.open is theirs
    KernelWebsocketHandler.open = original
