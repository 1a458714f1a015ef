"""The contents of a guest's memory as a WebAssembly module that holds a memory and no code.

Such a module is compiled in a millisecond, and wasmtime maps it copy-on-write into each guest that begins with it.
Written after the binary format of the WebAssembly specification, section 5 (modules).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .machine import PAGE

_HEADER = b"\0asm\x01\0\0\0"
_MEMORY, _GLOBAL, _EXPORT, _DATA = 5, 6, 7, 11
_I32, _CONSTANT = 0x7F, 0
_I32_CONST, _END = 0x41, 0x0B
_MOST_PAGES = 1024
"""As the guest's code declares its memory (``wasm/build.mjs``): 64 MiB."""
_CHUNK = 1024
"""Bytes that are looked at together: a chunk of zeros is left out."""


def memory_image(memory: bytes, block: int) -> bytes:
    """The module that exports ``memory`` and the address ``block``; both as they are in the module that is built."""
    pages, rest = divmod(len(memory), PAGE)
    if rest:
        raise ValueError("a memory is a whole number of pages")
    segments = [b"\0" + _constant(start) + _sized(content) for start, content in _filled(memory)]
    exports = (_name("memory") + b"\x02\0", _name("block") + b"\x03\0")
    return b"".join(
        (
            _HEADER,
            _section(_MEMORY, [b"\x01" + _unsigned(pages) + _unsigned(_MOST_PAGES)]),
            _section(_GLOBAL, [bytes((_I32, _CONSTANT)) + _constant(block)]),
            _section(_EXPORT, exports),
            _section(_DATA, segments),
        )
    )


def _filled(memory: bytes) -> Iterator[tuple[int, bytes]]:
    """Where there is something, and what: runs of chunks that are not all zeros."""
    zeros = bytes(_CHUNK)
    start = None
    for at in range(0, len(memory), _CHUNK):
        empty = memory[at : at + _CHUNK] == zeros
        if empty and start is not None:
            yield start, memory[start:at]
            start = None
        elif not empty and start is None:
            start = at
    if start is not None:
        yield start, memory[start:]


def _section(number: int, items: Iterable[bytes]) -> bytes:
    items = tuple(items)
    return bytes((number,)) + _sized(_unsigned(len(items)) + b"".join(items))


def _sized(content: bytes) -> bytes:
    return _unsigned(len(content)) + content


def _name(text: str) -> bytes:
    return _sized(text.encode())


def _constant(value: int) -> bytes:
    return bytes((_I32_CONST,)) + _signed(value) + bytes((_END,))


def _unsigned(value: int) -> bytes:
    """LEB128."""
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        out.append(low | 0x80 if value else low)
        if not value:
            return bytes(out)


def _signed(value: int) -> bytes:
    """LEB128 of a signed number."""
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        if value == 0 and not low & 0x40:
            out.append(low)
            return bytes(out)
        out.append(low | 0x80)
