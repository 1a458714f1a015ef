"""The body of an answer: decompressed within a bound, read as text, read as JSON that a panel can hold."""

from __future__ import annotations

import codecs
import json
import re
import zlib

from pydantic import JsonValue

from ...errors import HandlerError, LimitError
from ..values import FORBIDDEN_KEYS, MAX_DEPTH, MAX_SAFE_INTEGER

ACCEPT_ENCODING = "gzip, deflate"
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([\w.:-]{1,40})", re.IGNORECASE)
_JSON_TYPE = re.compile(r"(?:application|text)/(?:[\w.!#$&^-]{1,80}\+)?json\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
# Python's codecs include some that no text is written in, and slow ones
_CHARSETS = frozenset(
    [
        *("ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u"),
        *(f"iso8859-{part}" for part in (1, 2, 5, 7, 9, 15)),
        *(f"cp{page}" for page in range(1250, 1259)),
        *("big5", "gb2312", "gbk", "gb18030", "shift_jis", "euc_jp", "euc_kr"),
    ]
)


class Body:
    """The bytes of a body as they come in, never more than ``limit`` of them, packed or unpacked."""

    def __init__(self, encoding: str, limit: int) -> None:
        """``encoding`` is the answer's Content-Encoding.  Raises HandlerError when it was not asked for."""
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise HandlerError("the answer is packed in a way that was not asked for.", name="NetworkError", code="HTTP_ENCODING")
        self._gzip = encoding.endswith("gzip")
        self._packed = encoding not in ("", "identity")
        self._limit = limit
        self._received = 0
        self._unpacker: zlib._Decompress | None = None
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what came.  Raises LimitError when the body is larger than its bound, HandlerError when it is damaged."""
        self._received += len(data)
        if self._received <= self._limit:
            self._bytes += self._unpacked(data) if self._packed else data
        if max(self._received, len(self._bytes)) > self._limit:
            self._bytes.clear()
            raise LimitError(
                f"the answer is larger than {self._limit:,} bytes.",
                limit="http_response",
                allowed=self._limit,
                hint="Ask for less of it, or let Python fetch it.",
            )

    def end(self) -> bytes:
        """The whole body.  Raises HandlerError when its packing does not end."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise _damaged()
        return bytes(self._bytes)

    def _unpacked(self, data: bytes) -> bytes:
        if not data:
            return b""
        if self._unpacker is None:
            # "deflate" is zlib's format, and raw deflate for some servers; zlib's begins with x8 in its first byte
            wrapped = data[0] & 0x0F == 8
            self._unpacker = zlib.decompressobj(31 if self._gzip else 15 if wrapped else -15)
        if self._unpacker.eof:
            return b""  # what follows the packed text belongs to nothing
        try:
            # one byte more than there is room for tells that there is more
            return self._unpacker.decompress(data, self._limit - len(self._bytes) + 1)
        except zlib.error:
            raise _damaged() from None


def _damaged() -> HandlerError:
    return HandlerError("the answer is damaged: it cannot be unpacked.", name="NetworkError", code="HTTP_ENCODING")


def text_of(body: bytes, content_type: str) -> str:
    """``body`` as text in the charset that ``content_type`` names, else UTF-8; what is no text there is U+FFFD."""
    charset = "utf-8"
    found = _CHARSET.search(content_type)
    if found is not None:
        try:
            charset = codecs.lookup(found[1]).name
        except LookupError:
            charset = "utf-8"
    if charset not in _CHARSETS:
        charset = "utf-8"
    return body.decode(charset, "replace").removeprefix("\ufeff")


def json_of(text: str, content_type: str) -> JsonValue:
    """The value of ``text`` when ``content_type`` says JSON and a panel can hold it, else None.

    Whole numbers beyond 2**53 become what JavaScript makes of them, numbers beyond its range None; half characters
    become U+FFFD.  NaN, nesting that is too deep and keys that a panel never takes make all of it None.
    """
    if not _JSON_TYPE.fullmatch(content_type.strip()):
        return None
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_int=_integer, parse_float=_number)
        return _fitted(value, 1)  # the answer is an object around it
    except (ValueError, RecursionError):
        return None


def well_formed(text: str) -> str:
    """``text`` with half characters (lone surrogates) replaced by U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def _no_constant(name: str) -> JsonValue:
    raise ValueError(name)


def _integer(text: str) -> int | float | None:
    if len(text) < 16 or (len(text) < 18 and abs(int(text)) <= MAX_SAFE_INTEGER):
        return int(text)
    return _number(text)


def _number(text: str) -> float | None:
    value = float(text)
    return value if abs(value) != float("inf") else None


def _fitted(value: JsonValue, depth: int) -> JsonValue:
    if isinstance(value, str):
        return well_formed(value)
    if not isinstance(value, (list, dict)):
        return value
    if depth >= MAX_DEPTH:
        raise ValueError("too deep")
    if isinstance(value, list):
        return [_fitted(item, depth + 1) for item in value]
    if not FORBIDDEN_KEYS.isdisjoint(value):
        raise ValueError("a key that no panel takes")
    return {well_formed(key): _fitted(item, depth + 1) for key, item in value.items()}
