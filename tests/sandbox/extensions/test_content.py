"""Bodies are unpacked within their bound; what a panel gets of them is always text and JSON that it can hold."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.errors import HandlerError, LimitError
from nexus_jupyter.sandbox.extensions.content import Body, json_of, text_of, well_formed
from nexus_jupyter.sandbox.values import to_json


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "X-Gzip": gzip.compress,
    "deflate": zlib.compress,
    " deflate ": raw_deflate,
}


@pytest.mark.parametrize("encoding", PACKINGS)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_body_comes_out_as_it_was_packed(encoding: str, step: int) -> None:
    data = b"some text " * 200
    packed = PACKINGS[encoding](data)
    body = Body(encoding, 2_000)
    for at in range(0, len(packed), step):
        body.feed(packed[at : at + step])
    assert body.end() == data


@pytest.mark.parametrize("encoding", PACKINGS)
def test_the_bound_holds_to_the_byte(encoding: str) -> None:
    packed = PACKINGS[encoding](b"x" * 1_001)
    Body(encoding, 1_001).feed(packed)
    with pytest.raises(LimitError):
        Body(encoding, 1_000).feed(packed)


def test_packing_that_gives_nothing_is_bounded_too() -> None:
    packer = zlib.compressobj()
    packed = b"".join(packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(100))
    assert zlib.decompressobj().decompress(packed) == b""
    with pytest.raises(LimitError):
        Body("deflate", 100).feed(packed)


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "deflate, gzip", "unknown"])
def test_packing_that_nobody_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(HandlerError):
        Body(encoding, 100)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_damaged_and_cut_bodies_are_told(encoding: str) -> None:
    packed = PACKINGS[encoding](b"some text " * 20)
    cut = Body(encoding, 1_000)
    cut.feed(packed[:-6])
    with pytest.raises(HandlerError):
        cut.end()
    with pytest.raises(HandlerError):
        Body(encoding, 1_000).feed(b"\x18 no packing at all")


def test_what_follows_a_packed_body_is_left_out() -> None:
    body = Body("gzip", 1_000)
    body.feed(gzip.compress(b"text") + b"more")
    body.feed(b"and more")
    assert body.end() == b"text"


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("größe".encode(), "text/plain", "größe"),
        ("größe".encode("latin-1"), "text/plain; charset=ISO-8859-1", "größe"),
        ("größe".encode("cp1252"), 'text/plain; Charset="windows-1252"', "größe"),
        ("größe".encode("utf-16"), "text/plain; charset=utf-16", "größe"),
        (b"\xef\xbb\xbfbegin", "text/plain", "begin"),
        (b"\xff\xfe", "text/plain", "\ufffd\ufffd"),
        (b"\xed\xa0\x80", "text/plain", "\ufffd\ufffd\ufffd"),
        (b"abc", "text/plain; charset=rot13", "abc"),
        (b"616263", "text/plain; charset=hex", "616263"),
        (b"\\ud800", "text/plain; charset=unicode_escape", "\\ud800"),
        (b"abc", "text/plain; charset=nothing-known", "abc"),
    ],
)
def test_text_follows_its_charset(body: bytes, kind: str, text: str) -> None:
    assert text_of(body, kind) == text


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/problem+json", "text/json"])
def test_json_is_read_when_its_type_says_so(kind: str) -> None:
    assert json_of('{"a": [1, 2.5, "x", null, true]}', kind) == {"a": [1, 2.5, "x", None, True]}


@pytest.mark.parametrize("kind", ["", "text/plain", "text/html", "application/jsonp", "application/json-seq", "x/json"])
def test_nothing_else_is_read_as_json(kind: str) -> None:
    assert json_of("[1]", kind) is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "NaN", "[Infinity]", "[-Infinity]", "[" * 100 + "]" * 100, "[" * 100_000, '{"__proto__": 1}', '[{"constructor": 1}]', "1 2"],
)
def test_what_a_panel_cannot_hold_is_null(text: str) -> None:
    assert json_of(text, "application/json") is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[" * 99 + "]" * 99, None),
        ("9007199254740992", 9007199254740992),
        ("-9007199254740992", -9007199254740992),
        ("9007199254740993", 9007199254740992.0),
        ("12345678901234567890123", 1.2345678901234568e22),
        ("9" * 5_000, None),
        ("[1e400, -1e400, 1]", [None, None, 1]),
        ('["\\ud800", "\\ud83d\\ude00", {"\\udc00": 1}]', ["\ufffd", "😀", {"\ufffd": 1}]),
    ],
)
def test_numbers_and_characters_become_what_javascript_can_hold(text: str, value: object) -> None:
    found = json_of(text, "application/json")
    if value is not None:
        assert found == value
    assert to_json({"json": found}, "the answer") == {"json": found}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_json_says_a_panel_can_hold_what_comes_of_it(value: object) -> None:
    found = json_of(json.dumps(value), "application/json")
    assert to_json({"json": found}, "the answer") == {"json": found}


@given(st.text(st.characters()))
def test_text_becomes_well_formed_and_stays_what_it_was_otherwise(text: str) -> None:
    whole = well_formed(text)
    whole.encode()
    assert len(whole) == len(text)
    assert all(new == old or (new == "\ufffd" and "\ud800" <= old <= "\udfff") for new, old in zip(whole, text, strict=True))
