"""One listening page: what it was told, what waits for it, and how it catches up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError

from ..protocol.workspace import ApiError, FromClient, Ping, Pong, ServerHello, SocketError, Subscribe, Topic
from .workspace import News, Workspace

MAX_WAITING = 16 * 1024 * 1024
"""Characters that may wait for one client."""

_TOPICS: dict[str, Topic] = {
    "revision": "graph",
    "commit": "commits",
    "proposal": "proposals",
    "ask": "proposals",
    "reviewers": "proposals",
}
_messages: TypeAdapter[FromClient] = TypeAdapter(FromClient)


@dataclass(frozen=True)
class _Behind:
    """What a client needs before it may follow: all revisions after ``since``, or everything if that is None."""

    since: int | None = None


@dataclass(frozen=True)
class _Message:
    """What waits to be sent; ``revision`` is the one it leads to, None if it is of something else."""

    topic: Topic | None
    text: str
    revision: int | None = None


class Client:
    """Follows a workspace for one connection.

    One task writes, in the order of ``_waiting``; the client is told of a revision exactly once: it is in the
    snapshot or among the missed ones up to ``_position``, or it comes live as ``_position + 1``.  When too much waits,
    all of it is dropped and a snapshot takes its place.
    """

    def __init__(self, workspace: Workspace, send: Callable[[str], Awaitable[None]], *, limit: int = 1_000) -> None:
        """``send`` returns when the connection took the text; ``limit`` is the number of messages that may wait."""
        self._workspace = workspace
        self._send = send
        self._limit = limit
        self._topics: frozenset[Topic] = frozenset()
        self._waiting: deque[_Message] = deque()
        self._size = 0
        self._position = 0
        self._given = -1  # the revision that the page has when all that was given to the connection has come
        self._behind: _Behind | None = None
        self._turn = 0  # another one makes what is being sent to catch up out of date
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="nexus-client")

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent."""
        return len(self._waiting)

    def receive(self, text: str | bytes) -> None:
        """What the client says.  What is not understood is answered with ``SocketError``."""
        try:
            message = _messages.validate_json(text) if isinstance(text, str) else None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            self._complain(f"the message was not understood: {f'{where}: ' if where else ''}{first['msg']}"[:500])
            return
        if message is None:
            self._complain("the message was not understood: it is binary")
        elif isinstance(message, Ping):
            self._push(_Message(None, Pong(id=message.id).model_dump_json()))
        else:
            self._subscribe(message)

    def offer(self, news: News) -> None:
        """Something happened in the workspace."""
        topic = _TOPICS[news.message.kind]
        if topic not in self._topics:
            return
        revision = None
        if news.message.kind == "revision":
            revision = news.message.revision
            if self._behind is not None or revision <= self._position:
                return  # it is in what the client gets to catch up
            self._position = revision
        self._push(_Message(topic, news.text, revision))

    async def close(self) -> None:
        """End the task; what waits is dropped."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._waiting.clear()

    # --- how it is done --------------------------------------------------------------------------

    def _subscribe(self, message: Subscribe) -> None:
        self._topics = frozenset(message.topics)
        self._drop(lambda topic: topic is not None)
        self._turn += 1
        self._behind = None
        if "graph" not in self._topics:
            return
        current = self._workspace.revision
        known = message.revision if message.epoch == self._workspace.epoch else None
        if known is not None and known < self._given:
            known = self._given  # it said so before it had all that is on its way
        if known == current:
            self._position = current
        else:
            self._behind = _Behind(known if known is not None and known < current else None)
            self._wake.set()

    def _push(self, message: _Message) -> None:
        if len(self._waiting) >= self._limit or self._size + len(message.text) > MAX_WAITING:
            self._drop(lambda _: True)
            self._turn += 1
            if "graph" in self._topics:
                self._behind = _Behind()
            error = ApiError(
                code="TOO_SLOW",
                message="the client reads more slowly than there is news; what waited was dropped",
                hint="Read the lists of panels and proposals anew.",
            )
            message = _Message(None, SocketError(error=error).model_dump_json())
        self._waiting.append(message)
        self._size += len(message.text)
        self._wake.set()

    def _drop(self, which: Callable[[Topic | None], bool]) -> None:
        self._waiting = deque(each for each in self._waiting if not which(each.topic))
        self._size = sum(len(each.text) for each in self._waiting)

    def _complain(self, message: str) -> None:
        error = ApiError(code="BAD_MESSAGE", message=message, hint="Send a subscribe or ping message as JSON text.")
        self._push(_Message(None, SocketError(error=error).model_dump_json()))

    async def _run(self) -> None:
        workspace = self._workspace
        try:
            hello = ServerHello(workspace=workspace.name, epoch=workspace.epoch, revision=workspace.revision)
            await self._send(hello.model_dump_json())
            while True:
                if self._behind is not None:
                    await self._catch_up(self._behind)
                elif self._waiting:
                    message = self._waiting.popleft()
                    self._size -= len(message.text)
                    await self._give(message.text, message.revision)
                else:
                    self._wake.clear()
                    await self._wake.wait()
        except (WebSocketClosedError, StreamClosedError):
            pass  # the handler is told by on_close

    async def _give(self, text: str, revision: int | None) -> None:
        if revision is not None:
            self._given = revision
        await self._send(text)

    async def _catch_up(self, behind: _Behind) -> None:
        """Send what was missed up to now; what happens from now on waits behind it."""
        turn = self._turn
        current = self._workspace.revision
        self._behind = None
        self._position = current
        if behind.since is None:
            revision, text = await self._workspace.snapshot_text()
            if turn == self._turn:
                await self._give(text, revision)
            return
        missed = await self._workspace.since(behind.since, current)
        if turn != self._turn:
            return
        if missed is None:
            self._drop(lambda topic: topic == "graph")
            self._behind = _Behind()
            return
        for revision, text in missed:
            await self._give(text, revision)
            if turn != self._turn:
                return
