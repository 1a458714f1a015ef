"""A real Jupyter server in a process of its own, and what a program can do with its token."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from nexus_jupyter.nog import NOGGraph
from nexus_jupyter.protocol.graph import GraphState, NOGPatch

HEADERS = {"Authorization": "token test"}
PATIENCE = 40.0


class Api:
    """The server's REST interface."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, headers=HEADERS, timeout=30)

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        answer = self._client.get(path, params=query)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    def post(self, path: str, body: Any) -> httpx.Response:
        return self._client.post(path, json=body)

    def delete(self, path: str) -> httpx.Response:
        return self._client.delete(path)

    def session(self, notebook: str, kernel: str = "nexus") -> str:
        """Start a kernel for a notebook; its id."""
        answer = self.post("/api/sessions", {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": kernel}})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["kernel"]["id"])

    def graph(self) -> NOGGraph:
        return NOGGraph(GraphState.model_validate(self.get("/nexus/api/v1/graph")))

    def panels(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/nexus/api/v1/panels")["panels"]
        return found


async def until(what: Callable[[], Any], message: str = "it did not happen") -> Any:
    """Ask until the answer is true, and give it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            found = what()
        except (httpx.HTTPError, AssertionError):
            found = None  # the server may be starting
        if found:
            return found
        assert time.monotonic() < deadline, message
        await asyncio.sleep(0.1)


async def execute(url: str, kernel: str, code: str) -> str:
    """Run code in a kernel as a page does; what it printed."""
    socket = await connect(f"{url}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}")
    request = uuid.uuid4().hex
    header = {"msg_id": request, "msg_type": "execute_request", "session": "s", "username": "u", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell", "buffers": []}
    await socket.write_message(json.dumps(message))
    printed: list[str] = []
    try:
        while True:
            text = await asyncio.wait_for(socket.read_message(), PATIENCE)
            assert text is not None, "the kernel's socket was closed"
            answer = json.loads(text)
            if answer.get("parent_header", {}).get("msg_id") != request:
                continue
            if answer["msg_type"] == "stream":
                printed.append(answer["content"]["text"])
            if answer["msg_type"] == "error":
                raise AssertionError("\n".join(answer["content"]["traceback"]))
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                return "".join(printed)
    finally:
        await end(socket)


async def end(socket: WebSocketClientConnection) -> None:
    """Close it and wait until it is closed."""
    socket.close()
    with suppress(asyncio.TimeoutError):
        while await asyncio.wait_for(socket.read_message(), 5) is not None:
            pass
    if socket.protocol is not None:
        socket.protocol._abort()  # the end of the connection itself is not waited for by tornado's close


async def connect(address: str, headers: dict[str, str] | None = None) -> WebSocketClientConnection:
    """A WebSocket with the token."""
    return await websocket_connect(HTTPRequest(address.replace("http://", "ws://"), headers=HEADERS if headers is None else headers))


class Mirror:
    """The workspace as a client of its socket knows it: a graph that is built from nothing but messages."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self.epoch = ""
        self._resumed_from = ""
        self.graph = NOGGraph()
        self.revision = -1
        self.snapshots = 0
        self.heard: list[dict[str, Any]] = []

    async def message(self) -> dict[str, Any] | None:
        """The next message, taken in; None when the socket was closed."""
        text = await asyncio.wait_for(self._socket.read_message(), PATIENCE)
        if text is None:
            return None
        message: dict[str, Any] = json.loads(text)
        self.heard.append(message)
        if message["kind"] == "hello":
            self.epoch = message["epoch"]
        elif message["kind"] == "snapshot":
            self.snapshots += 1
            self._resumed_from = ""
            self.graph = NOGGraph(GraphState.model_validate(message["graph"]))
            self.revision = message["graph"]["revision"]
        elif message["kind"] == "revision":
            assert message["revision"] == self.revision + 1, "a revision is missing, doubled or out of order"
            self.graph.apply(NOGPatch.model_validate(message["patch"]))
            self.revision = message["revision"]
        return message

    async def until_revision(self, revision: int) -> None:
        """Take in messages until the graph is at ``revision`` or later, and of this epoch."""
        if self._resumed_from not in ("", self.epoch):
            self.revision = -1
        while self.revision < revision:
            assert await self.message() is not None, "the socket was closed"

    def same_as(self, graph: NOGGraph) -> bool:
        """Whether it has the same entities and relationships."""
        mine, theirs = self.graph.state(), graph.state()
        return {e.id: e for e in mine.entities} == {e.id: e for e in theirs.entities} and {r.id: r for r in mine.relationships} == {
            r.id: r for r in theirs.relationships
        }


@asynccontextmanager
async def mirror(url: str, *, epoch: str | None = None, revision: int | None = None, of: Mirror | None = None) -> AsyncIterator[Mirror]:
    """A client of the workspace's socket; with ``of`` it goes on from what that one knew."""
    socket = await connect(f"{url}/nexus/ws/v1/default")
    try:
        client = Mirror(socket)
        if of is not None:
            client.graph, client.revision = NOGGraph(of.graph.state()), of.revision
            epoch, revision = of.epoch, of.revision
            client._resumed_from = of.epoch
        await client.message()
        await socket.write_message(json.dumps({"kind": "subscribe", "epoch": epoch, "revision": revision}))
        yield client
    finally:
        await end(socket)
