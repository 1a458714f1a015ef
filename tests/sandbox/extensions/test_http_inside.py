"""Whatever a panel writes, whatever a resolver or a server says: nothing inside is ever called.

Behind every address of the tests' network, but for the public ones, stands a canary.
"""

from __future__ import annotations

import asyncio
import base64
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import httpcore
import pytest

from nexus_jupyter.errors import CapabilityError, HandlerError, NexusError
from nexus_jupyter.sandbox.extensions import ExtensionContext
from nexus_jupyter.sandbox.extensions.http import Http

from .peer import PUBLIC, Names, Network, Peer, Route, Seen, http, redirect, reply

INSIDE_4 = [
    *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.254"),
    *(
        "100.64.0.1",
        "100.127.255.254",
        "100.100.100.200",
        "169.254.169.254",
        "192.0.0.192",
        "168.63.129.16",
        "198.18.0.1",
        "255.255.255.255",
    ),
]
INSIDE_6 = ["::1", "::", "fe80::1", "fd00:ec2::254", "fc00::1", "fec0::1", "ff02::1", "::127.0.0.1", "64:ff9b:1::7f00:1", "2001:db8::1"]
INSIDE_NAMES = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost:8888",
    "a.localhost",
    "metadata.google.internal",
    "metadata",
    "ⓛocalhost",
    "internal.example",
]


def written(text: str) -> dict[str, str]:
    """The ways to write an IPv4 address that some program somewhere understands, as hosts of a URL."""
    address = IPv4Address(text)
    number = int(address)
    a, b, c, d = address.packed
    low = number & 0xFFFF
    six = {
        "mapped": IPv6Address(0xFFFF << 32 | number),
        "nat64": IPv6Address(0x64FF9B << 96 | number),
        "6to4": IPv6Address(0x2002 << 112 | number << 80),
        "teredo": IPv6Address(0x20010000 << 96 | (number ^ 0xFFFFFFFF)),
        "compatible": IPv6Address(number),
        "isatap": IPv6Address(0x2A001450 << 96 | 0x5EFE << 32 | number),
    }
    return {
        "dotted": text,
        "decimal": str(number),
        "hex": hex(number),
        "octal": oct(number).replace("o", ""),
        "dotted hex": ".".join(hex(part) for part in address.packed),
        "dotted octal": ".".join(f"0{part:o}" for part in address.packed),
        "padded octal": ".".join(f"{part:04o}" for part in address.packed),
        "two parts": f"{a}.{number & 0xFFFFFF}",
        "three parts": f"{a}.{b}.{low}",
        "mixed": f"{a:#x}.{b}.0{c:o}.{d}",
        "beyond 32 bits": str(number + 2**32),
        "last dot": f"{text}.",
        "percent": "".join(f"%{ord(char):02x}" for char in text),
        "percent dots": text.replace(".", "%2e"),
        "full width": text.translate({ord(char): ord(char) + 0xFEE0 for char in "0123456789."}),
        "ideographic dots": text.replace(".", "。"),
        "circled": text.translate({ord(str(n)): 0x2460 + n - 1 for n in range(1, 10)}),
        "user name": f"a.example@{text}",
        "user and password": f"a.example:80@{text}",
        "encoded user": f"a.example%40@{text}",
        "backslash": f"a.example\\@{text}",
        "backslash after": f"{text}\\@a.example",
        "tab": f"{text[:3]}\t{text[3:]}",
        "line break": f"{text[:3]}\n{text[3:]}",
        "space before": f" {text}",
        "space after": f"{text} ",
        "nul": f"{text}\0.a.example",
        "fragment": f"{text}#@a.example/",
        "query": f"{text}?@a.example/",
        "port": f"{text}:80",
        "jupyter": f"{text}:8888",
        "secure port": f"{text}:443",
        **{name: f"[{each}]" for name, each in six.items()},
        "mapped, dotted": f"[::ffff:{text}]",
        "zone": f"[{six['mapped']}%25lo]",
        "name of it": f"{text.replace('.', '-')}.rebind.example",
    }


HOSTS = [
    *(host for text in INSIDE_4 for host in written(text).values()),
    *(f"[{form}]" for text in INSIDE_6 for form in (text, IPv6Address(text).exploded, text.upper(), f"{text}%25eth0")),
    *(f"[{text}]:8888" for text in INSIDE_6),
    *INSIDE_NAMES,
]
URLS = [
    *(f"http://{host}/latest/meta-data/" for host in HOSTS),
    *(f"https://{host}/" for host in HOSTS[:: len(written("127.0.0.1")) // 3]),
    *("http:127.0.0.1/", "http:/127.0.0.1/", "http:///127.0.0.1/", "//127.0.0.1/", "http:\\\\127.0.0.1/", "http://127.0.0.1"),
    *(
        "file:///etc/passwd",
        "file://127.0.0.1/etc/passwd",
        "gopher://127.0.0.1:80/_x",
        "dict://127.0.0.1:80/",
        "unix:///run/docker.sock",
        "ftp://127.0.0.1/",
    ),
]


async def refusal(panel: Http, method: str, *args: Any) -> str:
    """The code with which a call is refused, "" when it is not."""
    try:
        await panel.call(method, args)
    except NexusError as error:
        return error.code
    return ""


async def inside(host: str, port: int) -> list[str]:
    """Names lead inside, as a resolver of an attacker's may say; what looks like a number it reads as C libraries do."""
    return ["127.0.0.1"]


def test_the_matrix_is_large_enough() -> None:
    assert len(set(URLS)) >= 600


def test_nothing_inside_is_called_however_it_is_written() -> None:
    """With the widest list there is: any public host, and a name of one's own."""

    async def scenario() -> list[str]:
        reached = []
        async with Peer({"/": reply()}) as canary:
            network = Network(elsewhere=canary.port)
            context = ExtensionContext(panel="p", options={"hosts": ["*", "a.example", "rebind.example:8888"], "timeout": "250ms"})
            panel = Http(context, resolve=inside, backend=network)
            for url in URLS:
                if await refusal(panel, "get", url) not in ("CAPABILITY_DENIED", "INVALID_URL"):
                    reached.append(url)
            assert (network.dialled, canary.connections) == ([], 0)
        return reached

    assert asyncio.run(scenario()) == []


def test_the_canary_sings() -> None:
    """The same call with a public address does go out, so that the silence above means something."""

    async def scenario() -> int:
        async with Peer({"/": reply()}) as canary:
            await http(["*"], Network(elsewhere=canary.port)).call("get", (f"http://{PUBLIC}/",))
            return canary.connections

    assert asyncio.run(scenario()) == 1


@pytest.mark.parametrize(
    "address",
    [
        *INSIDE_4,
        *INSIDE_6,
        *(
            host.strip("[]")
            for text in ("127.0.0.1", "169.254.169.254")
            for host in written(text).values()
            if host.startswith(("[::", "[64", "[2002"))
        ),
    ],
)
def test_a_granted_name_that_leads_inside_is_not_called(address: str) -> None:
    """A real server on this machine, real connections; only the resolver is the attacker's."""

    async def scenario() -> None:
        async with Peer({"/": reply()}) as canary:
            for addresses in ([address], [PUBLIC, address], [address, PUBLIC]):
                context = ExtensionContext(panel="p", options={"hosts": [f"a.example:{canary.port}"]})
                panel = Http(context, resolve=Names({"a.example": addresses}))
                with pytest.raises(CapabilityError) as caught:
                    await panel.call("get", (f"http://a.example:{canary.port}/",))
                assert address not in str(caught.value)
            assert canary.connections == 0

    asyncio.run(scenario())


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked() -> None:
    async def scenario() -> None:
        async with Peer({"/": reply(200, b"public")}) as outside, Peer() as canary:
            network = Network({PUBLIC: outside.port}, elsewhere=canary.port)
            names = Names(turns={"a.example": [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]]})
            panel = http(["a.example"], network, names)
            answer: Any = await panel.call("get", ("http://a.example/",))
            assert (answer["text"], names.asked, network.dialled) == ("public", ["a.example"], [(PUBLIC, 80)])
            with pytest.raises(CapabilityError):
                await panel.call("get", ("http://a.example/",))
            assert canary.connections == 0

    asyncio.run(scenario())


def test_a_redirect_to_the_same_name_is_resolved_and_checked_anew() -> None:
    async def scenario() -> None:
        async with Peer({"/": redirect("/again")}) as outside, Peer() as canary:
            network = Network({PUBLIC: outside.port}, elsewhere=canary.port)
            names = Names(turns={"a.example": [[PUBLIC], ["127.0.0.1"]]})
            with pytest.raises(CapabilityError):
                await http(["a.example"], network, names).call("get", ("http://a.example/",))
            assert (network.dialled, canary.connections) == ([(PUBLIC, 80)], 0)

    asyncio.run(scenario())


LOCATIONS = [
    *(f"http://{host}/" for text in ("127.0.0.1", "169.254.169.254", "10.0.0.1") for host in written(text).values()),
    *(f"http://{host}/" for host in INSIDE_NAMES),
    *(f"//{text}/" for text in ("127.0.0.1", "169.254.169.254", "[::1]", "localhost")),
    *(
        "\\\\127.0.0.1/",
        "/\\127.0.0.1/",
        "http:\\\\127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "javascript:alert(1)",
    ),
]


def test_no_chain_of_redirects_leads_inside() -> None:
    async def scenario() -> list[str]:
        reached = []

        async def lead(seen: Seen, writer: asyncio.StreamWriter) -> None:
            location = base64.urlsafe_b64decode(seen.path.rpartition("=to=")[2])
            writer.write(b"HTTP/1.1 307 Elsewhere\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n")

        routes: dict[str, Route] = {"/lead": lead}
        async with Peer(routes) as outside, Peer({"/": reply(200, b"inside")}) as canary:
            for location in LOCATIONS:
                if any(char in location for char in "\n\0"):
                    continue  # an answer cannot say these in a header
                network = Network({PUBLIC: outside.port}, elsewhere=canary.port)

                async def names(host: str, port: int) -> list[str]:
                    return [PUBLIC] if host == "a.example" else ["127.0.0.1"]

                panel = Http(ExtensionContext(panel="p", options={"hosts": ["*"]}), resolve=names, backend=network)
                final = base64.urlsafe_b64encode(location.encode()).decode()
                step = base64.urlsafe_b64encode(f"http://a.example/lead?=to={final}".encode()).decode()
                for path in (f"/lead?=to={final}", f"/lead?=to={step}"):
                    if await refusal(panel, "post", f"http://a.example{path}", {"text": "x"}) not in ("CAPABILITY_DENIED", "HTTP_REDIRECT"):
                        reached.append(location)
                assert {address for address, _ in network.dialled} == {PUBLIC}
            assert canary.connections == 0
        return reached

    assert asyncio.run(scenario()) == []


def test_an_origin_beside_the_granted_ones_is_not_asked_for_its_name() -> None:
    """Not even a query of names leaves, for it could carry data to whoever answers it."""

    async def scenario() -> None:
        names = Names({"a.example": [PUBLIC]})
        for url in ("http://secret.evil.example/", "http://a.example.evil/", "http://a.example:8080/"):
            with pytest.raises(CapabilityError):
                await http(["a.example"], Network(), names).call("get", (url,))
        assert names.asked == []

    asyncio.run(scenario())


def test_the_network_of_these_tests_is_the_real_one_underneath() -> None:
    assert issubclass(Network, httpcore.AnyIOBackend)
    with pytest.raises(HandlerError, match="cannot be reached"):
        asyncio.run(http(["a.example"], Network()).call("get", ("http://a.example/",)))
