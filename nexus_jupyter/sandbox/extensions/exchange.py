"""One request and its answer, on a connection of its own to an address that was checked."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore

from ...errors import CapabilityError, HandlerError, LimitError, NexusError
from .address import is_public, read_address
from .content import Body
from .loop import in_thread
from .origin import Target

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Headers = list[tuple[str, str]]

MAX_RESPONSE = 5 * 1024 * 1024
MAX_HEADERS = 100
MAX_HEADER_BYTES = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_DIALS = 4


async def system_resolve(host: str, port: int) -> list[str]:
    """The addresses of ``host`` as the system knows them, in the order to try.  Raises OSError."""
    # not loop.getaddrinfo: its pool's threads outlive the loop, and a resolver that hangs would use them all up
    found = await in_thread(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def public_addresses(target: Target, resolve: Resolve) -> tuple[str, ...]:
    """Resolve the name of ``target``, once, to addresses that are all public.

    One address that is not spoils them all: nobody who means well mixes them.

    Raises CapabilityError; HandlerError when there are none.
    """
    try:
        texts = await resolve(target.host, target.port)
    except (OSError, UnicodeError):
        texts = []
    if not texts:
        raise HandlerError(f"there is no host {target.host}.", name="NetworkError", code="HTTP_UNKNOWN_HOST")
    addresses = [read_address(text) for text in texts]
    public = [str(address) for address in addresses if address is not None and is_public(address)]
    if len(public) != len(addresses):
        # which address it is stays here: a panel must not map the network that the kernel sees
        raise CapabilityError(
            f"{target.host} leads to an address that is not public.",
            hint="Such an address is granted only by an entry of hosts that writes the address itself, or localhost.",
        )
    return tuple(public)


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the addresses it was given, whatever host it is asked for: no name is looked up a second time."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend, addresses: Sequence[str], deadline: float) -> None:
        """``deadline``: the loop's time at which the whole request must have ended; each address gets a share of it."""
        self._backend = backend
        self._addresses = addresses[:_MAX_DIALS]
        self._deadline = deadline

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for number, address in enumerate(self._addresses):
            left = self._deadline - asyncio.get_running_loop().time()
            share = max(left, 0) / (len(self._addresses) - number)
            try:
                return await self._backend.connect_tcp(address, port, timeout=share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


@dataclass(frozen=True)
class Answer:
    """``headers`` have lower-case names, in the order they came in; ``body`` is unpacked, empty for a redirect."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """The values of the header called ``name``, "" when there is none."""
        return ", ".join(value for each, value in self.headers if each == name)


async def exchange(
    target: Target,
    addresses: Sequence[str],
    method: str,
    headers: Headers,
    body: bytes,
    *,
    tls: ssl.SSLContext,
    backend: httpcore.AsyncNetworkBackend,
    deadline: float,
) -> Answer:
    """Send one request to one of ``addresses`` and read its answer; the connection ends with it.

    Certificates are checked against the name, which is also what the server is told (SNI, Host).

    Raises HandlerError (``NetworkError``) and LimitError.
    """
    connection = httpcore.AsyncHTTPConnection(
        httpcore.Origin(target.scheme.encode(), target.host.encode(), target.port),
        ssl_context=tls,
        network_backend=PinnedBackend(backend, addresses, deadline),
    )
    request = httpcore.Request(
        method,
        httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
        headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers],
        content=body,
    )
    try:
        async with connection:
            response = await connection.handle_async_request(request)
            try:
                return await _read(target, response)
            finally:
                await response.aclose()
    except NexusError:
        raise
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        # its text may name addresses and files
        raise _failed(target, error) from None


async def _read(target: Target, response: httpcore.Response) -> Answer:
    if response.status < 200:
        raise HandlerError(f"{target.origin} wants to speak another protocol.", name="NetworkError", code="HTTP_PROTOCOL")
    if len(response.headers) > MAX_HEADERS or sum(len(n) + len(v) for n, v in response.headers) > MAX_HEADER_BYTES:
        raise _too_many_headers(target)
    headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers]
    answer = Answer(response.status, headers, b"")
    if answer.status in REDIRECTS and answer.header("location"):
        return answer
    body = Body(answer.header("content-encoding"), MAX_RESPONSE)
    async for chunk in response.aiter_stream():
        body.feed(chunk)
    return Answer(answer.status, headers, body.end())


def _too_many_headers(target: Target) -> LimitError:
    return LimitError(
        f"the answer of {target.origin} has more than {MAX_HEADERS} headers, or more than {MAX_HEADER_BYTES:,} bytes of them.",
        limit="http_headers",
        allowed=MAX_HEADER_BYTES,
    )


def _failed(target: Target, error: Exception) -> NexusError:
    """What a panel is told of a failure."""
    cause = error.__cause__ or error.__context__
    if isinstance(error, httpcore.RemoteProtocolError):
        if getattr(cause, "error_status_hint", 0) == 431:
            return _too_many_headers(target)
        return HandlerError(f"{target.origin} did not answer as HTTP prescribes.", name="NetworkError", code="HTTP_PROTOCOL")
    if isinstance(error, httpcore.LocalProtocolError):
        return HandlerError("the request is not as HTTP prescribes.", name="TypeError", code="INVALID_REQUEST")
    if isinstance(cause, ssl.SSLCertVerificationError):
        return HandlerError(f"the certificate of {target.origin} is not to be trusted.", name="NetworkError", code="HTTP_TLS")
    if isinstance(error, (httpcore.ConnectError, httpcore.ConnectTimeout)):
        return HandlerError(f"{target.origin} cannot be reached.", name="NetworkError", code="HTTP_UNREACHABLE")
    return HandlerError(f"{target.origin} broke off.", name="NetworkError", code="HTTP_BROKEN_OFF")
