"""All clients of a workspace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .client import Client
from .workspace import News, Workspace


class Hub:
    """Hands the workspace's news to every client; none waits for another."""

    def __init__(self, workspace: Workspace, *, limit: int = 1_000) -> None:
        self.workspace = workspace
        self._limit = limit
        self._clients: dict[Client, Callable[[], None]] = {}
        self._end = workspace.watch(self._tell)
        self._closed = False

    def __len__(self) -> int:
        return len(self._clients)

    def join(self, send: Callable[[str], Awaitable[None]], hang_up: Callable[[], None]) -> Client:
        """A new client; ``hang_up`` is called when the server stops."""
        client = Client(self.workspace, send, limit=self._limit)
        self._clients[client] = hang_up
        if self._closed:
            hang_up()
        return client

    async def leave(self, client: Client) -> None:
        """The client's connection is closed."""
        if self._clients.pop(client, None) is not None:
            await client.close()

    async def close(self) -> None:
        """Hang up on all."""
        self._closed = True
        self._end()
        clients = dict(self._clients)
        for hang_up in clients.values():
            hang_up()
        await asyncio.gather(*(self.leave(client) for client in clients))

    def _tell(self, news: News) -> None:
        for client in self._clients:
            client.offer(news)
