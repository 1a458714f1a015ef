"""A kernel's long messages, made short: every page of the kernel gets them, too, and has no use for them."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any

# Shorter ones are sent as they are: unpacking costs more than it saves.
PACKED_FROM = 4_096


def pack(message: dict[str, Any]) -> dict[str, Any]:
    """``message`` itself, or ``{"packed": …}``: its JSON, compressed by zlib (RFC 1950), in base64."""
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    if len(text) < PACKED_FROM:
        return message
    return {"packed": base64.b64encode(zlib.compress(text.encode("utf-8", "surrogatepass"))).decode("ascii")}


def unpack(data: object, *, most_bytes: int, most_objects: int) -> object:
    """The message in ``data``, which is returned as it is when nothing is packed in it.

    Raises ValueError: it cannot be unpacked, or holds more than ``most_bytes`` bytes of JSON or ``most_objects`` objects and lists.
    """
    if not isinstance(data, dict) or set(data) != {"packed"} or not isinstance(data["packed"], str):
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
