"""An HTTP server of the tests' own, and a network in which every address can lead to it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import httpcore

from nexus_jupyter.sandbox.extensions import ExtensionContext
from nexus_jupyter.sandbox.extensions.http import Http

PUBLIC = "93.184.215.14"
OTHER = "8.8.4.4"


@dataclass(frozen=True)
class Seen:
    """One request as it came in; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    body: bytes


Route = bytes | Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


def reply(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of an answer; ``_`` in a header's name stands for ``-``."""
    lines = [f"HTTP/1.1 {status} Reason", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode("latin-1") + body


def redirect(location: str, status: int = 302) -> bytes:
    """An answer that leads to ``location``."""
    return reply(status, Location=location)


class Peer:
    """Listens on loopback while its block runs; ``routes`` by path, ``connections`` counts who came at all."""

    def __init__(self, routes: dict[str, Route] | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.routes = routes or {}
        self.seen: list[Seen] = []
        self.connections = 0
        self.port = 0
        self._tls = tls
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").rstrip().split("\r\n")
            method, path, _ = first.split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            seen = Seen(method, path, headers, head + body, body)
            self.seen.append(seen)
            route = self.routes.get(path.partition("?")[0], reply(404))
            if isinstance(route, bytes):
                writer.write(route)
            else:
                await route(seen, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class Network(httpcore.AnyIOBackend):
    """Leads each address to a port of this machine and remembers who was dialled; ``elsewhere`` is for all others."""

    def __init__(self, ports: dict[str, int] | None = None, *, elsewhere: int | None = None) -> None:
        self.ports = ports or {}
        self.elsewhere = elsewhere
        self.dialled: list[tuple[str, int]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        to = self.ports.get(host, self.elsewhere)
        if to is None:
            raise httpcore.ConnectError(f"[Errno 113] no route to {host}")
        return await super().connect_tcp("127.0.0.1", to, timeout=timeout)


class Names:
    """A resolver: a list per name, or a list of lists of which each query takes the next."""

    def __init__(self, table: dict[str, Sequence[str]] | None = None, *, turns: dict[str, list[Sequence[str]]] | None = None) -> None:
        self.table = table or {}
        self.turns = turns or {}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if self.turns.get(host):
            return self.turns[host].pop(0)
        if host not in self.table:
            raise OSError(-2, "Name or service not known")
        return self.table[host]


def http(
    hosts: list[str], network: Network, names: Names | None = None, *, tls: ssl.SSLContext | None = None, timeout: str = "10s"
) -> Http:
    """The extension of a panel that may call ``hosts``; ``a.example`` and ``b.example`` are there unless ``names`` says otherwise."""
    names = names or Names({"a.example": [PUBLIC], "b.example": [OTHER]})
    context = ExtensionContext(panel="p", options={"hosts": list(hosts), "timeout": timeout})
    return Http(context, resolve=names, backend=network, tls=tls)
