"""Addresses of requests are read in one way only; a list of hosts grants what it says and nothing beside."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from nexus_jupyter.errors import CapabilityError, HandlerError, LimitError, OptionError
from nexus_jupyter.sandbox.extensions.origin import MAX_URL, AllowList, read_target


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example", "http://a.example/"),
        ("HTTPS://A.Example/X?y=1#z", "https://a.example/X?y=1"),
        ("https://a.example:443/", "https://a.example/"),
        ("http://a.example:443/", "http://a.example:443/"),
        ("https://a.example?q", "https://a.example/?q"),
        ("http://a.example/ä b?q=ü", "http://a.example/%C3%A4%20b?q=%C3%BC"),
        ("http://a.example/%2e%2e/x", "http://a.example/%2e%2e/x"),
        ("http://a.example/a@b:c/[d]", "http://a.example/a@b:c/[d]"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://8.8.8.8:8080/", "http://8.8.8.8:8080/"),
        ("http://[2606:4700:0::1111]/", "http://[2606:4700::1111]/"),
        ("http://[::ffff:8.8.8.8]/", "http://8.8.8.8/"),
        ("http://a_b.example/", "http://a_b.example/"),
    ],
)
def test_an_address_has_one_form(url: str, expected: str) -> None:
    assert read_target(url).url == expected
    assert read_target(expected).url == expected


@pytest.mark.parametrize(
    "url",
    [
        *("", "a.example", "//a.example/", "/x", "http:a.example", "http:/a.example", "http:///a.example", "http://", "http://?x"),
        *("ftp://a.example/", "file:///etc/passwd", "gopher://a.example", "data:,x", "javascript:1", "ws://a.example/", "unix:/run/x"),
        *("http://u@a.example/", "http://u:p@a.example/", "http://@a.example/", "http://a.example@b.example/"),
        *(
            "http://a.example\\b.example/",
            "http:\\\\a.example/",
            "http://a.example\\@b.example/",
            "http://a.exa\tmple/",
            "\nhttp://a.example/",
        ),
        *("http://a.example/\r\nHost: b", "http://a.example/\x00", " http://a.example/", "http:// a.example/", "http://a.example /"),
        *("http://a.example./", "http://a..example/", "http://.a.example/", "http://-a.example/", "http://%61.example/", "http://a,b/"),
        *(
            "http://a.example:/",
            "http://a.example:0/",
            "http://a.example:65536/",
            "http://a.example:8o/",
            "http://a.example:80:80/",
            "http://a.example:+80/",
        ),
        *(
            "http://a.example:٨٠/",
            "http://[::1/",
            "http://[::1]x/",
            "http://[a.example]/",
            "http://[127.0.0.1]/",
            "http://[fe80::1%25eth0]/",
        ),
        *(
            "http://2130706433/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.0.0.1.2/",
            "http://a.0x1/",
            "http://1.2.3.256/",
        ),
        *("http://a.example/\ud800", f"http://{'a' * 64}.example/", f"http://{'a.' * 130}example/"),
    ],
)
def test_what_two_programs_could_read_differently_is_refused(url: str) -> None:
    with pytest.raises(HandlerError) as caught:
        read_target(url)
    assert caught.value.code == "INVALID_URL"
    assert caught.value.message.isprintable()


def test_the_length_of_an_address_is_bounded() -> None:
    start = "http://a.example/"
    assert read_target(start + "x" * (MAX_URL - len(start)))
    with pytest.raises(LimitError):
        read_target(start + "x" * (MAX_URL - len(start) + 1))


GRANTS = [
    ("a.example", "http://a.example", True),
    ("a.example", "https://a.example", True),
    ("A.Example", "https://a.example", True),
    ("a.example", "http://a.example:8080", False),
    ("a.example", "http://a.example:443", False),
    ("a.example", "https://a.example:80", False),
    ("a.example", "http://sub.a.example", False),
    ("a.example", "http://xa.example", False),
    ("a.example", "http://a.example.evil", False),
    ("a.example:8080", "http://a.example:8080", True),
    ("a.example:8080", "https://a.example:8080", True),
    ("a.example:8080", "http://a.example", False),
    ("https://a.example", "https://a.example", True),
    ("https://a.example", "http://a.example", False),
    ("https://a.example", "https://a.example:8443", False),
    ("https://a.example:8443", "https://a.example:8443", True),
    ("https://a.example:8443", "http://a.example:8443", False),
    ("bücher.example", "http://xn--bcher-kva.example", True),
    ("*", "https://any.example", True),
    ("*", "http://8.8.8.8", True),
    ("*", "http://any.example:8080", False),
    ("*", "http://localhost", False),
    ("*", "http://127.0.0.1", False),
    ("*", "http://[::1]", False),
    ("*", "http://169.254.169.254", False),
    ("localhost", "http://localhost", True),
    ("localhost", "http://localhost:8888", False),
    ("localhost", "http://127.0.0.1", False),
    ("localhost:8888", "http://localhost:8888", True),
    ("127.0.0.1", "http://localhost", False),
    ("127.0.0.1", "http://127.0.0.1", True),
    ("127.0.0.1", "http://127.0.0.2", False),
    ("127.0.0.1", "http://[::ffff:127.0.0.1]", True),  # the same machine
    ("127.0.0.1", "http://[64:ff9b::127.0.0.1]", False),
    ("10.0.0.5:9000", "http://10.0.0.5:9000", True),
    ("10.0.0.5:9000", "http://10.0.0.5", False),
    ("[::1]:8080", "http://[::1]:8080", True),
    ("::1", "http://[::1]", True),
    ("::1", "http://[0:0::1]", True),
    ("0.0.0.0", "http://0.0.0.0", False),
    ("[::]", "http://[::]", False),
    ("224.0.0.1", "http://224.0.0.1", False),
    ("a.localhost", "http://localhost", False),
]


@pytest.mark.parametrize(("entry", "url", "granted"), GRANTS)
def test_an_entry_grants_what_it_says(entry: str, url: str, granted: bool) -> None:
    allowed = AllowList([entry])
    if granted:
        allowed.admit(read_target(url))
    else:
        with pytest.raises(CapabilityError):
            allowed.admit(read_target(url))


def test_nothing_is_granted_without_hosts() -> None:
    refused: list[JsonValue] = [[], None, "*", {"*": True}]
    for hosts in refused:
        with pytest.raises(CapabilityError):
            AllowList(hosts).admit(read_target("http://a.example"))


def test_localhost_is_this_machine_whatever_resolvers_say() -> None:
    assert AllowList(["localhost"]).admit(read_target("http://localhost")) == ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    "entry",
    [
        "*.example",
        "https://*",
        "*:8080",
        "http://",
        "a.example/path",
        "u@a.example",
        "ftp://a.example",
        "127.1",
        "10.0.0.0/8",
        "a b",
        "a.example:x",
    ],
)
def test_an_entry_that_names_no_origin_is_told(entry: str) -> None:
    with pytest.raises(OptionError, match="hosts: "):
        AllowList(["a.example", entry])


def test_credentials_in_an_address_are_pointed_to_a_header() -> None:
    with pytest.raises(HandlerError, match="user name") as caught:
        read_target("http://me:secret@a.example/")
    assert caught.value.hint == "Send credentials in a header."
