"""A kernel's long messages, made short: every page of the kernel gets each, though most have no use for it."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any

# Shorter ones are sent as they are: unpacking costs more than it saves.
PACKED_FROM = 1_024


def compact(message: object) -> str:
    """JSON without spaces."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def pack(message: dict[str, Any], text: str | None = None) -> dict[str, Any]:
    """``message`` itself, or a ``Packed``: its JSON, which is ``text`` if it is known already, compressed by zlib, in base64."""
    text = compact(message) if text is None else text
    if len(text) < PACKED_FROM:
        return message
    packed = base64.b64encode(zlib.compress(text.encode("utf-8", "surrogatepass"))).decode("ascii")
    return {"kind": "packed", "packed": packed}


def unpack(data: object, *, most_bytes: int, most_objects: int) -> object:
    """The message in ``data``, which is returned as it is when nothing is packed in it.

    Raises ValueError: it cannot be unpacked, or holds more than ``most_bytes`` bytes of JSON or ``most_objects`` objects and lists.
    """
    if not isinstance(data, dict) or data.get("kind") != "packed" or not isinstance(data.get("packed"), str):
        return data
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(base64.b64decode(data["packed"], validate=True), most_bytes)
    except (zlib.error, binascii.Error) as error:
        raise ValueError(f"it cannot be unpacked: {error}") from None
    if stream.unconsumed_tail or not stream.eof:
        raise ValueError(f"it is cut off, or longer than {most_bytes} bytes")
    if text.count(b"{") + text.count(b"[") > most_objects:
        raise ValueError(f"it holds more than {most_objects} objects and lists")
    return json.loads(text)
