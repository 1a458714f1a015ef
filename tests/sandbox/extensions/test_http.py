"""Requests as panels send them: what goes over the wire, what comes back, and where each limit is."""

from __future__ import annotations

import asyncio
import gzip
import os
import ssl
import tracemalloc
import zlib
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nexus_jupyter.catalog import catalog
from nexus_jupyter.errors import CapabilityError, HandlerError, LimitError, NexusError, OptionError
from nexus_jupyter.sandbox.extensions.exchange import MAX_RESPONSE, system_resolve
from nexus_jupyter.sandbox.extensions.http import MAX_REQUEST, Http

from .peer import OTHER, PUBLIC, Names, Network, Peer, Route, Seen, http, redirect, reply

A = "http://a.example"
B = "http://b.example"


def run(
    routes: dict[str, Route], *calls: tuple[Any, ...], hosts: tuple[str, ...] = ("a.example", "b.example")
) -> tuple[list[Any], list[Seen]]:
    """Call ``(method, *args)`` one after the other; a.example and b.example are the same server.  Results and requests."""

    async def scenario() -> tuple[list[Any], list[Seen]]:
        async with Peer(routes) as peer:
            panel = http(list(hosts), Network({PUBLIC: peer.port, OTHER: peer.port}))
            return [await panel.call(name, tuple(args)) for name, *args in calls], peer.seen

    return asyncio.run(scenario())


def failure(
    routes: dict[str, Route], *call: Any, kind: type[NexusError] = HandlerError, hosts: tuple[str, ...] = ("a.example", "b.example")
) -> NexusError:
    """What the call throws."""
    with pytest.raises(kind) as caught:
        run(routes, call, hosts=hosts)
    return caught.value


def test_it_does_what_the_catalog_says() -> None:
    entry = catalog().extensions[Http.name]
    assert {m.name: m.capability for m in entry.methods} == {name: Http.capability(name) for name in Http.methods()}


def test_an_answer_is_told_whole() -> None:
    body = b'{"rates": [1.5]}'
    [answer], [seen] = run({"/rates": reply(200, body, Content_Type="application/json", X_Part="one", x_part="two")}, ("get", f"{A}/rates"))
    assert answer == {
        "status": 200,
        "ok": True,
        "headers": {"content-type": "application/json", "x-part": "one, two", "content-length": "16"},
        "url": f"{A}/rates",
        "text": body.decode(),
        "json": {"rates": [1.5]},
    }
    assert (seen.method, seen.path, seen.body) == ("GET", "/rates", b"")


def test_a_refusal_of_the_server_is_an_answer() -> None:
    [answer], _ = run({}, ("get", f"{A}/none"))
    assert (answer["status"], answer["ok"], answer["text"], answer["json"]) == (404, False, "", None)


def test_a_panel_sends_methods_queries_headers_and_bodies() -> None:
    ok = reply(204)
    _, seen = run(
        {"/": ok},
        ("get", f"{A}/?a=1#there", {"query": {"b": ["x y", True, 2, 2.5], "c": None, "ü": "&"}}),
        ("post", A, {"json": {"ä": [1]}}),
        ("put", A, {"text": "größe"}),
        ("delete", A, {"headers": {"Authorization": "Bearer mine", "X-Any": " 1 "}}),
        ("request", "patch", A, {"text": "<a/>", "headers": {"Content-Type": "application/xml"}}),
        ("request", "HEAD", A),
        ("post", A),
        ("post", A, {"json": None}),
    )
    assert [each.method for each in seen] == ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "POST", "POST"]
    assert seen[0].path == "/?a=1&b=x+y&b=true&b=2&b=2.5&%C3%BC=%26"
    assert (seen[1].headers["content-type"], seen[1].body) == ("application/json", '{"ä": [1]}'.encode())
    assert (seen[2].headers["content-type"], seen[2].body) == ("text/plain; charset=utf-8", "größe".encode())
    assert (seen[3].headers["authorization"], seen[3].headers["x-any"]) == ("Bearer mine", "1")
    assert (seen[4].headers["content-type"], seen[4].body) == ("application/xml", b"<a/>")
    assert "content-length" not in seen[5].headers
    assert (seen[6].headers["content-length"], seen[6].body) == ("0", b"")
    assert seen[7].body == b"null"


def test_half_characters_are_never_sent() -> None:
    _, [seen] = run({"/": reply()}, ("post", A, {"text": "a\ud800b", "query": {"q": "\udc00"}}))
    assert (seen.body, seen.path) == ("a\ufffdb".encode(), "/?q=%EF%BF%BD")


@pytest.mark.parametrize(
    "call",
    [
        ("get", A, {"json": 1}),
        ("get", A, {"cookies": {}}),
        ("get", A, {"timeout": 0}),
        ("get", A, {"timeout": 10_001}),
        ("get", A, {"timeout": "1s"}),
        ("get", A, {"query": {"a": {"b": 1}}}),
        ("get", A, {"query": {"a": [[1]]}}),
        ("get", A, {"headers": {"a": 1}}),
        ("get", 1),
        ("post", A, {"json": 1, "text": ""}),
        ("request", "GET", A, {"text": "x"}),
        ("request", "HEAD", A, {"json": None}),
        ("request", "CONNECT", A),
        ("request", "trace", A),
        ("request", "", A),
        ("request", "GET / HTTP/1.1\r\nX: 1\r\n\r\nGET", A),
        ("request", "GÉT", A),
    ],
)
def test_what_is_no_request_is_refused_before_anything_is_sent(call: tuple[Any, ...]) -> None:
    assert failure({}, *call).code == "INVALID_ARGUMENT"


OWN = [
    *(
        "Host",
        "Cookie",
        "Cookie2",
        "Set-Cookie",
        "Connection",
        "Keep-Alive",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Transfer-Encoding",
    ),
    *("Content-Length", "Upgrade", "TE", "Trailer", "Expect", "Accept-Encoding", "Via", "Forwarded", "X-Forwarded-For", "X-Real-IP"),
    *("Origin", "Referer", "Sec-Fetch-Site", "HOST", "cookie"),
]


@pytest.mark.parametrize("name", OWN)
def test_some_headers_are_the_kernels_own(name: str) -> None:
    assert "is for the kernel to set" in failure({}, "get", A, {"headers": {name: "x"}}).message


@pytest.mark.parametrize(
    "headers",
    [
        *({"X": "a\r\nHost: b"}, {"X": "a\nb"}, {"X": "a\rb"}, {"X": "a\x00b"}, {"X": "a\x7fb"}, {"X": "\u0130"}, {"X": "\ud800"}),
        *({"X\r\nHost": "b"}, {"X: y": "b"}, {"": "b"}, {"Ä": "b"}, {"X ": "b"}, {"Host\x00": "b"}, {"x": "1", "X": "2"}),
    ],
)
def test_headers_hold_one_line_each(headers: dict[str, str]) -> None:
    assert failure({}, "get", A, {"headers": headers}).code == "INVALID_ARGUMENT"


def test_the_size_of_a_request_is_bounded_to_the_byte() -> None:
    [answer], [seen] = run({"/": reply()}, ("post", A, {"text": "x" * MAX_REQUEST}))
    assert (answer["status"], len(seen.body)) == (200, MAX_REQUEST)
    error = failure({}, "post", A, {"text": "x" * (MAX_REQUEST + 1)}, kind=LimitError)
    assert error.code == "LIMIT_HTTP_REQUEST"
    assert failure({}, "post", A, {"json": "x" * (MAX_REQUEST - 1)}, kind=LimitError).code == "LIMIT_HTTP_REQUEST"


def test_the_headers_of_a_request_are_bounded() -> None:
    run({"/": reply()}, ("get", A, {"headers": {f"x-{n}": "v" for n in range(64)}}))
    assert failure({}, "get", A, {"headers": {f"x-{n}": "v" for n in range(65)}}, kind=LimitError).code == "LIMIT_HTTP_REQUEST_HEADERS"
    assert failure({}, "get", A, {"headers": {"x": "v" * 16_384}}, kind=LimitError).code == "LIMIT_HTTP_REQUEST_HEADERS"


def test_nothing_of_the_kernel_is_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No cookies, no proxies, no netrc, no token: the server sees what is listed here."""
    secret = "s3cr3t-of-the-kernel"
    (tmp_path / ".netrc").write_text(f"machine a.example login me password {secret}\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("JUPYTER_TOKEN", "JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN"):
        monkeypatch.setenv(name, secret)

    async def scenario() -> None:
        async with Peer({"/": reply(200, b"", Set_Cookie=f"session={secret}; Path=/")}) as peer, Peer() as proxy:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://me:{secret}@127.0.0.1:{proxy.port}")
                monkeypatch.setenv(name.lower(), f"http://me:{secret}@127.0.0.1:{proxy.port}")
            network = Network({PUBLIC: peer.port})
            panel = http(["a.example"], network)
            answers: list[Any] = [await panel.call("get", (A,)) for _ in range(2)]
            assert [set(answer["headers"]) for answer in answers] == [{"content-length"}] * 2
            assert proxy.connections == 0
            assert network.dialled == [(PUBLIC, 80)] * 2
            assert [each.headers for each in peer.seen] == [
                {
                    "host": "a.example",
                    "connection": "close",
                    "accept-encoding": "gzip, deflate",
                    "accept": "*/*",
                    "user-agent": "nexus-jupyter",
                }
            ] * 2
            assert not any(secret.encode() in each.raw for each in peer.seen)

    asyncio.run(scenario())


# ---- redirects


@pytest.mark.parametrize(
    ("status", "before", "after"),
    [
        *((301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "POST", "POST")),
        *(
            (301, "PUT", "PUT"),
            (302, "DELETE", "DELETE"),
            (303, "PUT", "GET"),
            (303, "HEAD", "HEAD"),
            (303, "GET", "GET"),
            (307, "PUT", "PUT"),
        ),
    ],
)
def test_redirects_keep_or_change_the_method_as_the_standard_has_it(status: int, before: str, after: str) -> None:
    options = {"text": "body"} if before in ("POST", "PUT", "DELETE") else {}
    [answer], [first, second] = run({"/": redirect("/there?x=1", status), "/there": reply()}, ("request", before, A, options))
    assert answer["url"] == f"{A}/there?x=1"
    assert (first.method, second.method, second.path) == (before, after, "/there?x=1")
    carried = options and after == before
    assert second.body == (first.body if carried else b"")
    assert ("content-type" in second.headers) == bool(carried)


def test_a_redirect_without_a_place_is_an_answer() -> None:
    [answer], _ = run({"/": reply(302, b"look elsewhere")}, ("get", A))
    assert (answer["status"], answer["text"]) == (302, "look elsewhere")
    [answer], _ = run({"/": reply(300, b"choose", Location="/x")}, ("get", A))
    assert answer["status"] == 300


def test_three_redirects_are_followed_and_no_fourth() -> None:
    routes: dict[str, Route] = {f"/{n}": redirect(f"/{n + 1}") for n in range(5)}
    [answer], seen = run({**routes, "/3": reply()}, ("get", f"{A}/0"))
    assert (answer["url"], len(seen)) == (f"{A}/3", 4)
    assert failure(routes, "get", f"{A}/0", kind=LimitError).code == "LIMIT_HTTP_REDIRECTS"


HEADERS = {"Authorization": "Bearer mine", "X-Api-Key": "mine", "Accept": "text/csv", "Accept-Language": "de"}


@pytest.mark.parametrize("elsewhere", [f"{B}/there", "//b.example/there", "http://a.example:8080/there", "https://b.example:8080/there"])
def test_keys_do_not_follow_to_another_origin(elsewhere: str) -> None:
    hosts = ("a.example", "b.example", "http://a.example:8080")
    if elsewhere.startswith("https"):
        assert failure({"/": redirect(elsewhere)}, "get", A, {"headers": HEADERS}, kind=CapabilityError, hosts=hosts)
        return
    _, [first, second] = run({"/": redirect(elsewhere), "/there": reply()}, ("get", A, {"headers": HEADERS}), hosts=hosts)
    assert first.headers["authorization"] == first.headers["x-api-key"].replace("mine", "Bearer mine")
    assert not {"authorization", "x-api-key"} & set(second.headers)
    assert (second.headers["accept"], second.headers["accept-language"]) == ("text/csv", "de")
    assert b"mine" not in second.raw


def test_keys_that_were_lost_stay_lost_on_the_way_back() -> None:
    routes: dict[str, Route] = {"/": redirect(f"{B}/there"), "/there": redirect(f"{A}/back"), "/back": reply()}
    _, seen = run(routes, ("get", A, {"headers": HEADERS}))
    assert ["authorization" in each.headers for each in seen] == [True, False, False]


def test_keys_stay_on_the_same_origin() -> None:
    _, seen = run({"/": redirect("there"), "/there": reply()}, ("get", A, {"headers": HEADERS}))
    assert [each.headers["authorization"] for each in seen] == ["Bearer mine"] * 2


@pytest.mark.parametrize(
    "location",
    ["ftp://a.example/", "http://u@a.example/", "/a b", "\\\\b.example/", "http://[::1", "http://a.example:0/", "http://2130706433/"],
)
def test_a_redirect_is_read_as_strictly(location: str) -> None:
    assert failure({"/": redirect(location)}, "get", A).code == "HTTP_REDIRECT"


# ---- limits of answers


def test_the_size_of_an_answer_is_bounded_to_the_byte() -> None:
    [answer], _ = run({"/": reply(200, b"x" * MAX_RESPONSE)}, ("get", A))
    assert len(answer["text"]) == MAX_RESPONSE
    assert failure({"/": reply(200, b"x" * (MAX_RESPONSE + 1))}, "get", A, kind=LimitError).code == "LIMIT_HTTP_RESPONSE"


def test_a_stream_without_an_end_is_broken_off() -> None:
    sent = 0

    async def endless(seen: Seen, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    assert failure({"/": endless}, "get", A, kind=LimitError).code == "LIMIT_HTTP_RESPONSE"
    # what the system holds between the two is not ours to bound
    assert MAX_RESPONSE - 65_536 <= sent < 10 * MAX_RESPONSE


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_costs_no_more_memory_than_its_bound(encoding: str) -> None:
    size = 1024 if os.environ.get("NEXUS_FULL") == "1" else 96
    packer = zlib.compressobj(wbits=31 if encoding == "gzip" else 15)
    mebibyte = bytes(1024 * 1024)
    bomb = b"".join(packer.compress(mebibyte) for _ in range(size)) + packer.flush()
    assert len(bomb) < MAX_RESPONSE
    routes: dict[str, Route] = {"/": reply(200, bomb, Content_Encoding=encoding)}
    tracemalloc.start()
    try:
        error = failure(routes, "get", A, kind=LimitError)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert error.code == "LIMIT_HTTP_RESPONSE"
    assert peak < 5 * MAX_RESPONSE


def test_a_packed_answer_is_unpacked() -> None:
    packed = gzip.compress(b"[1, 2]")
    [answer], _ = run({"/": reply(200, packed, Content_Encoding="gzip", Content_Type="application/json")}, ("get", A))
    assert answer["json"] == [1, 2]
    [answer], _ = run({"/": reply(204, Content_Encoding="gzip").replace(b"Content-Length: 0\r\n", b"")}, ("get", A))
    assert answer["text"] == ""
    assert failure({"/": reply(200, b"x", Content_Encoding="br")}, "get", A).code == "HTTP_ENCODING"


def test_a_large_answer_is_read_beside_the_loop() -> None:
    body = b"[" + b",".join([b'"\\ud800"'] * 30_000) + b"]"
    [answer], _ = run({"/": reply(200, body, Content_Type="application/json")}, ("get", A))
    assert answer["json"] == ["\ufffd"] * 30_000


@pytest.mark.parametrize("headers", [{f"X-{n}": "v" for n in range(100)}, {f"X-{n}": "v" * 7_000 for n in range(10)}, {"X": "v" * 200_000}])
def test_the_headers_of_an_answer_are_bounded(headers: dict[str, str]) -> None:
    assert failure({"/": reply(200, b"", **headers)}, "get", A, kind=LimitError).code == "LIMIT_HTTP_HEADERS"


async def silent(seen: Seen, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def dripping(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def informing(seen: Seen, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("route", [silent, dripping, informing])
def test_a_request_ends_with_its_time_whatever_the_server_does(route: Route) -> None:
    error = failure({"/": route}, "get", A, {"timeout": 150})
    assert (error.code, error.message) == ("HTTP_TIMEOUT", "http://a.example did not answer within 0.15 s.")


def test_redirects_and_resolving_share_one_time() -> None:
    async def slow(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(redirect("/"))

    assert failure({"/": slow}, "get", A, {"timeout": 250}).code == "HTTP_TIMEOUT"

    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    panel = http(["a.example"], Network())
    panel._resolve = never
    with pytest.raises(HandlerError) as caught:
        asyncio.run(panel.call("get", (A, {"timeout": 50})))
    assert caught.value.code == "HTTP_TIMEOUT"


def test_the_declared_time_is_the_longest() -> None:
    async def scenario(timeout: str) -> NexusError:
        async with Peer({"/": silent}) as peer:
            with pytest.raises(NexusError) as caught:
                await http(["a.example"], Network({PUBLIC: peer.port}), timeout=timeout).call("get", (A,))
        return caught.value

    assert asyncio.run(scenario("80ms")).message.endswith("within 0.08 s.")
    assert isinstance(asyncio.run(scenario("soon")), OptionError)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", "HTTP_PROTOCOL"),
        (b"no http at all\r\n\r\n", "HTTP_PROTOCOL"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "HTTP_PROTOCOL"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "HTTP_PROTOCOL"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP_PROTOCOL"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "HTTP_PROTOCOL"),
    ],
)
def test_what_is_no_answer_is_told(answer: bytes, code: str) -> None:
    assert failure({"/": answer}, "get", A).code == code


# ---- connections


def test_a_failure_names_no_address() -> None:
    async def scenario() -> list[NexusError]:
        errors = []
        for names in (
            Names(),
            Names({"a.example": []}),
            Names({"a.example": [PUBLIC]}),
            Names({"a.example": ["10.1.2.3"]}),
            Names({"a.example": ["fd12::34"]}),
        ):
            with pytest.raises(NexusError) as caught:
                await http(["a.example"], Network(), names).call("get", (A,))
            errors.append(caught.value)
        return errors

    errors = asyncio.run(scenario())
    assert [error.code for error in errors] == [
        "HTTP_UNKNOWN_HOST",
        "HTTP_UNKNOWN_HOST",
        "HTTP_UNREACHABLE",
        "CAPABILITY_DENIED",
        "CAPABILITY_DENIED",
    ]
    for error in errors:
        assert not any(part in str(error) for part in (PUBLIC, "10.1", "fd12", "Errno", "/", "\\") if part not in A)
        assert error.__suppress_context__ or error.__context__ is None


def test_the_next_address_is_tried_when_one_cannot_be_reached() -> None:
    async def scenario() -> None:
        async with Peer({"/": reply()}) as peer:
            network = Network({OTHER: peer.port})
            names = Names({"a.example": ["2606:4700::1", PUBLIC, OTHER, "1.1.1.1"]})
            assert await http(["a.example"], network, names).call("get", (A,))
            assert [address for address, _ in network.dialled] == ["2606:4700::1", PUBLIC, OTHER]

    asyncio.run(scenario())


@pytest.mark.parametrize("entry", ["localhost", "127.0.0.1"])
def test_this_machine_is_reached_when_it_is_named(entry: str) -> None:
    async def scenario() -> Any:
        async with Peer({"/": reply(200, b"here")}) as peer:
            context = http([f"{entry}:{peer.port}"], Network()).context
            return await Http(context).call("get", (f"http://{entry}:{peer.port}/",))

    assert asyncio.run(scenario())["text"] == "here"


def test_the_systems_resolver_knows_this_machine() -> None:
    assert asyncio.run(system_resolve("127.0.0.1", 80)) == ["127.0.0.1"]


def certificate(name: str, folder: Path) -> Path:
    """A certificate for ``name`` that vouches for itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return file


def test_certificates_are_checked_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    file = certificate("a.example", tmp_path)
    told: list[str | None] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    server.sni_callback = lambda connection, name, context: told.append(name)

    async def scenario(tls: ssl.SSLContext | None, url: str) -> Any:
        async with Peer({"/": reply(200, b"sealed")}, tls=server) as peer:
            panel = http(["a.example", "b.example"], Network({PUBLIC: peer.port, OTHER: peer.port}), tls=tls)
            return await panel.call("get", (url,))

    def quiet(scenario: Coroutine[Any, Any, Any]) -> Any:
        async def whole() -> Any:
            # the server's side of a refused handshake is no news
            asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
            return await scenario

        return asyncio.run(whole())

    assert asyncio.run(scenario(ssl.create_default_context(cafile=file), "https://a.example/"))["text"] == "sealed"
    assert told == ["a.example"]
    for tls, url in ((ssl.create_default_context(cafile=file), "https://b.example/"), (None, "https://a.example/")):
        with pytest.raises(HandlerError) as caught:
            quiet(scenario(tls, url))
        assert caught.value.code == "HTTP_TLS"
