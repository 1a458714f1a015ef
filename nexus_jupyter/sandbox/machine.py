"""One instantiated guest as its host sees it: two functions and a memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

ZoneOffset = Callable[[int], int]
"""Seconds east of UTC at a moment, in seconds since 1970."""

STORE_MEMORY = 96 * 1024 * 1024
"""Bytes that no guest's memory passes, whatever its limits say."""
PAGE = 65_536


class GuestTrap(Exception):
    """The guest ended in a trap; ``reason`` is ``interrupt``, ``stack`` or ``fault``.  Its memory is not to be used again."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Image:
    """A memory that guests begin with: ours as it was built, or one that was kept after loading.

    ``block`` is the address of the guest's block (``wasm/build/glue/step.wat``).  ``modules`` is the host's own.
    """

    block: int
    modules: Any


class Machine(ABC):
    """Not safe for several threads at a time, but for ``stop``.  ``close`` frees the memory."""

    block: int

    @abstractmethod
    def arm(self) -> None:
        """Let the next ``stop`` interrupt what runs then."""

    @abstractmethod
    def stop(self) -> None:
        """Interrupt the guest; callable from any thread at any time."""

    @abstractmethod
    def step(self, length: int) -> int:
        """Run one step on the ``length`` bytes at the input; gives the status.  Raises ``GuestTrap``."""

    @abstractmethod
    def reserve(self, size: int) -> int:
        """Make room for a request of ``size`` bytes; its address, 0 when memory is short.  Raises ``GuestTrap``."""

    @abstractmethod
    def read(self, start: int, size: int) -> bytes:
        """Bytes of the guest's memory; ``IndexError`` outside of it."""

    @abstractmethod
    def write(self, start: int, content: bytes) -> None:
        """Put bytes into the guest's memory; ``IndexError`` outside of it."""

    @property
    @abstractmethod
    def memory_size(self) -> int:
        """Bytes of linear memory now."""

    @abstractmethod
    def close(self) -> None:
        """Free the memory.  More than once is fine; nothing else may be called after it."""


class Host(ABC):
    """Makes machines from compiled modules: one implementation for each way to use wasmtime."""

    kind: Literal["public", "direct"]
    error: type[Exception]
    """What wasmtime raises."""

    @abstractmethod
    def compile(self, wasm: bytes) -> bytes:
        """Native code for this machine, as ``load`` takes it.  Raises ``wasmtime.WasmtimeError``."""

    @abstractmethod
    def fits(self, compiled: bytes) -> bool:
        """Whether compiled code was made by this wasmtime for such a machine."""

    @abstractmethod
    def code(self, compiled: bytes) -> None:
        """The engine's code for all machines to come.  Raises ``wasmtime.WasmtimeError``."""

    @abstractmethod
    def image(self, compiled: bytes) -> Image:
        """An image of compiled memory.  Raises ``wasmtime.WasmtimeError``."""

    @abstractmethod
    def machine(self, image: Image, memory_limit: int, zone_offset: ZoneOffset) -> Machine:
        """A new machine that begins with ``image``.  Raises ``wasmtime.WasmtimeError``."""


def answer_zone(zone_offset: ZoneOffset, high: int, low: int) -> int:
    """The guest's question in two halves.  Nothing is raised into wasmtime, which keeps one slot for all threads."""
    try:
        return zone_offset((high << 32) | (low & 0xFFFFFFFF))
    except Exception:
        return 0
