"""Documents that were read before: a bounded store of what reading them gave.

A notebook's document is read again and again: by the cell, by completion at each keystroke, by the graph and by the
tools of an AI.  What reading gives is frozen, so that all of them can share one answer.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .limits import DEFAULT_LIMITS, Limits

VERSION = "1.0"

T = TypeVar("T")
Key = tuple[bytes, str, Limits]


@dataclass(frozen=True, slots=True)
class CacheMetrics:
    """What a cache did since it was made or cleared, and what it holds: ``size`` documents of ``characters`` in all."""

    hits: int
    misses: int
    evictions: int
    size: int
    characters: int

    @property
    def hit_rate(self) -> float:
        """The share of questions that were answered from the cache, 0 to 1; 0 before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0


class ASTCache(Generic[T]):
    """Keeps the documents used last: at most ``capacity`` of them, with sources of at most ``characters`` together.

    What is kept of a document takes some 70 times the room of its source, so that the sources are what bounds it.
    A document is known by the SHA-256 of its source, the version of the language and the limits it was read with.
    Safe to use from several threads; none waits while another one reads, so that two which ask for the same new
    document at once both read it, and then share the first answer.
    """

    def __init__(self, capacity: int = 1_000, *, characters: int = 1_000_000) -> None:
        if capacity < 1 or characters < 1:
            raise ValueError("a cache holds at least one document of one character")
        self.capacity = capacity
        self.characters = characters
        # Taken for moments only; a finalizer or signal handler that asks meanwhile must not wait for itself.
        self._lock = threading.RLock()
        self._kept: OrderedDict[Key, tuple[T, int]] = OrderedDict()
        self._held = self._hits = self._misses = self._evictions = 0

    def get(self, source: str, read: Callable[[str, Limits], T], limits: Limits = DEFAULT_LIMITS) -> T:
        """What ``read(source, limits)`` gives or gave; what ``read`` raises is passed on, and nothing is kept."""
        key = _key(source, limits)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                self._hits += 1
                return found[0]
            self._misses += 1
        return self._keep(key, read(source, limits), len(source))

    def _keep(self, key: Key, value: T, length: int) -> T:
        """Stores ``value``, unless another thread was first, and gives the one that is kept."""
        if length > self.characters:
            return value  # it would push out all others and then itself
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                return found[0]
            self._kept[key] = (value, length)
            self._held += length
            while len(self._kept) > self.capacity or self._held > self.characters:
                _, (_, gone) = self._kept.popitem(last=False)
                self._held -= gone
                self._evictions += 1
            return value

    def clear(self) -> None:
        """Forgets all documents and starts counting anew."""
        with self._lock:
            self._kept.clear()
            self._held = self._hits = self._misses = self._evictions = 0

    @property
    def metrics(self) -> CacheMetrics:
        """The numbers of this moment."""
        with self._lock:
            return CacheMetrics(self._hits, self._misses, self._evictions, len(self._kept), self._held)


def _key(source: str, limits: Limits) -> Key:
    # Half a surrogate pair is no character of UTF-8, but a document may hold one.
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).digest(), VERSION, limits
