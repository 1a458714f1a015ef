"""Addresses of requests, read strictly, and the list of origins that a panel was granted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn
from urllib.parse import quote

import idna
from pydantic import JsonValue

from ...errors import CapabilityError, HandlerError, LimitError, OptionError
from .address import Address, is_public, read_address

MAX_URL = 16 * 1024
_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"(https?)://([^/?#]+)([^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL)
_ENTRY = re.compile(r"(?:(https?)://)?([^/?#]+)", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[0-9]{1,5}")
# what may stand in a path or query as it is; all else is written as %XX, and a % stays what it was
_SAFE = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True)
class Target:
    """Where one request goes.

    ``host`` is a name in its ASCII form and lower case, or an address in its canonical form without brackets.
    ``path`` is the path with its query, from the ``/`` on.
    """

    scheme: str
    host: str
    port: int
    path: str

    @cached_property
    def address(self) -> Address | None:
        """The address that ``host`` is, None when it is a name."""
        return read_address(self.host)

    @property
    def authority(self) -> str:
        """``host`` or ``host:port``, as a Host header says it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """``scheme://host[:port]``"""
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        """The whole address, in the one form that it is sent in."""
        return self.origin + self.path


def read_target(url: str) -> Target:
    """The target that ``url`` names, read so strictly that no two programs can take it for two hosts.

    Raises HandlerError (``INVALID_URL``): not http or https, a user name, a backslash, control characters, a host
    in a form other than a name, dotted decimals or [IPv6].  LimitError: longer than 16 KiB.
    """
    if len(url) > MAX_URL:
        raise LimitError(f"the address has more than {MAX_URL:,} characters.", limit="url", allowed=MAX_URL)
    if any(c < " " or c == "\x7f" or c == "\\" or "\ud800" <= c <= "\udfff" for c in url):
        _refuse(url, "it holds a backslash or a control character, which readers of addresses take differently")
    match = _URL.fullmatch(url)
    if match is None:
        _refuse(url, "it must be whole and begin with http:// or https://")
    scheme, authority, path = match[1].lower(), match[2], match[3]
    if "@" in authority:
        _refuse(url, "it holds a user name or an @ before its path", "Send credentials in a header.")
    try:
        host, port = _read_authority(authority)
    except ValueError as error:
        _refuse(url, str(error))
    path = quote(path, safe=_SAFE)
    return Target(scheme, host, _PORTS[scheme] if port is None else port, path if path.startswith("/") else f"/{path}")


def _refuse(url: str, reason: str, hint: str = "") -> NoReturn:
    shown = url[:120].encode("ascii", "backslashreplace").decode()
    raise HandlerError(f"the address {shown!r} cannot be called: {reason}.", name="TypeError", hint=hint, code="INVALID_URL")


def _read_authority(authority: str) -> tuple[str, int | None]:
    """Host and port.  Raises ValueError with the reason."""
    if authority.startswith("["):
        text, bracket, rest = authority[1:].partition("]")
        address = read_address(text) if ":" in text else None
        if not bracket or address is None or (rest and not rest.startswith(":")):
            raise ValueError("what stands in brackets is no IPv6 address")
        return str(address), _read_port(rest[1:] if rest else None)
    host, colon, port = authority.partition(":")
    return _read_host(host), _read_port(port if colon else None)


def _read_port(text: str | None) -> int | None:
    if text is None:
        return None
    if not _PORT.fullmatch(text) or not 0 < int(text) < 65536:
        raise ValueError("its port is no number from 1 to 65535")
    return int(text)


def _read_host(text: str) -> str:
    """A name in ASCII or dotted decimals.  Raises ValueError with the reason."""
    if text.isascii():
        name = text.lower()
    else:
        try:
            name = idna.encode(text, uts46=True).decode("ascii").lower()
        except (idna.IDNAError, UnicodeError):
            raise ValueError("its host is no name") from None
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError("its host is no name and no address (a last dot, % and spaces are refused, too)")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        # 2130706433, 0x7f.1 and 0177.0.0.1 are addresses to some programs and names to others
        address = read_address(name)
        if address is None:
            raise ValueError("its host ends in a number and is no address such as 192.0.2.1")
        return str(address)
    return name


@dataclass(frozen=True)
class Entry:
    """One item of the option ``hosts``; None is "any" for the scheme and "the scheme's own" for the port."""

    host: str
    scheme: str | None = None
    port: int | None = None

    @classmethod
    def read(cls, text: str) -> Entry:
        """``host``, ``host:port``, ``scheme://host[:port]`` or ``*``.  Raises OptionError."""
        if text == "*":
            return cls("*")
        match = _ENTRY.fullmatch(text)
        try:
            if match is None:
                raise ValueError("it is no host")
            bare = read_address(match[2]) if ":" in match[2] else None  # an IPv6 address needs no brackets here
            host, port = (str(bare), None) if bare is not None else _read_authority(match[2])
        except ValueError as error:
            raise OptionError(
                f"hosts: {text[:120]!r} cannot be granted: {error}.",
                hint="Write host, host:port, an origin such as https://api.example.org, or * alone.",
            ) from None
        return cls(host, match[1].lower() if match[1] else None, port)

    def covers(self, target: Target) -> bool:
        """Whether a request to ``target`` is within this entry, as far as its text goes."""
        if self.host not in ("*", target.host) or self.scheme not in (None, target.scheme):
            return False
        return target.port == (_PORTS[target.scheme] if self.port is None else self.port)


class AllowList:
    """The origins that the option ``hosts`` grants."""

    def __init__(self, hosts: JsonValue) -> None:
        """Raises OptionError: an item that names no origin."""
        self.entries = tuple(Entry.read(str(each).strip()) for each in hosts) if isinstance(hosts, list) else ()

    def admit(self, target: Target) -> tuple[str, ...] | None:
        """The addresses that ``target`` is granted as; None for a name, of which each address must be public.

        An address that is not public, and ``localhost``, are granted by an entry that writes the very same and by
        nothing else: not by ``*``, and not by a name that leads there.

        Raises CapabilityError.
        """
        covering = [entry for entry in self.entries if entry.covers(target)]
        if not covering:
            raise CapabilityError(
                f"{target.origin} is not among the hosts that this panel may call.",
                hint=f'Declare it, <Extension name="nexus.http" hosts="{target.origin}" />, and grant it.',
            )
        address = target.address
        if address is None and target.host != "localhost":
            return None
        named = any(entry.host == target.host for entry in covering)
        if address is None:
            if named:
                return ("127.0.0.1", "::1")  # whatever a resolver says, it is this machine
        elif address.is_unspecified or address.is_multicast:
            named = False
        elif named or is_public(address):
            return (str(address),)
        raise CapabilityError(
            f"{target.origin} is no public address.",
            hint="" if named else "Only an entry of hosts that names this very address grants it.",
        )
