"""Stopping what runs too long: one thread that acts at deadlines, and only lives while there are some."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable

_LINGER = 0.25

logger = logging.getLogger(__name__)

Expire = Callable[[], float | None]


class DeadlineKeeper:
    """Calls ``expire`` of every entry whose deadline passed while it was set; what it gives is the next deadline.

    Safe from any thread.  While ``expire`` runs everybody waits, so it must not; what it raises is logged.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._entries: dict[int, tuple[float, Expire]] = {}
        self._next_token = 0
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0
        _keepers.add(self)

    def set(self, deadline: float, expire: Expire) -> int:
        """Arrange that ``expire`` is called at ``deadline`` (``time.monotonic``); gives a token for ``clear``."""
        with self._changed:
            self._next_token += 1
            token = self._next_token
            self._entries[token] = (deadline, expire)
            if self._thread is None:
                self._wakes_at = deadline
                thread = threading.Thread(target=self._keep, name="nexus-epoch", daemon=True)
                try:
                    thread.start()
                except BaseException:  # no thread can be had: the next one tries again
                    del self._entries[token]
                    raise
                self._thread = thread
            elif deadline < self._wakes_at:
                self._changed.notify()
            return token

    def clear(self, token: int) -> bool:
        """Take an entry back; False when its ``expire`` was called.  After this it is not called any more."""
        with self._changed:
            return self._entries.pop(token, None) is not None

    def _begin_anew(self) -> None:
        """In a process that was forked from ours, where the thread is not."""
        self._changed = threading.Condition()
        self._thread = None

    def _keep(self) -> None:
        with self._changed:
            idle_since = time.monotonic()
            while True:
                now = time.monotonic()
                for token in [token for token, (deadline, _) in self._entries.items() if deadline <= now]:
                    _, expire = self._entries.pop(token)
                    try:
                        again = expire()
                    except Exception:
                        logger.exception("a deadline could not be acted upon")  # the other ones hold all the same
                        continue
                    if again is not None:
                        self._entries[token] = (again, expire)
                if self._entries:
                    idle_since = now
                elif now - idle_since >= _LINGER:
                    self._thread = None
                    return
                self._wakes_at = min((deadline for deadline, _ in self._entries.values()), default=now + _LINGER)
                self._wakes_at = min(self._wakes_at, now + _LINGER)
                self._changed.wait(max(0.0, self._wakes_at - now))


_keepers: weakref.WeakSet[DeadlineKeeper] = weakref.WeakSet()
_forking = threading.Lock()
_held: list[DeadlineKeeper] = []


def _before_fork() -> None:
    _forking.acquire()
    _held.extend(_keepers)
    for keeper in _held:
        keeper._changed.acquire()  # its thread is in the middle of nothing then


def _after_fork_in_parent() -> None:
    while _held:
        _held.pop()._changed.release()
    _forking.release()


def _after_fork_in_child() -> None:
    # a server that forks by itself may tell the child only: nothing is held then
    global _forking
    _forking = threading.Lock()
    _held.clear()
    for keeper in list(_keepers):
        keeper._begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
