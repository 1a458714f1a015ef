"""A log that others may make us write to, but not fill."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

MOST = 10
# Seconds after which the same is said again.
SPAN = 300.0
# Different things that are counted; a kernel cannot make up new ones.
KEPT = 10_000

Log = logging.Logger | logging.LoggerAdapter[logging.Logger]


class Complaints(logging.LoggerAdapter[logging.Logger]):
    """Says the same of the same kernel at most ``MOST`` times in ``SPAN`` seconds; the rest is dropped.

    What is said is the text before its arguments are put in, and its first argument, which is the kernel.
    ``clock`` gives monotonic seconds.
    """

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(log, {})
        self._clock = clock
        self._said: dict[tuple[object, object], tuple[float, int]] = {}

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if not self.isEnabledFor(level):
            return
        now, key = self._clock(), (msg, args[0] if args else None)
        since, count = self._said.get(key, (now, 0))
        if now - since >= SPAN:
            since, count = now, 0
        if len(self._said) >= KEPT:
            self._said.clear()
        self._said[key] = (since, count + 1)
        if count < MOST:
            super().log(level, msg, *args, **kwargs)
        elif count == MOST:
            super().log(level, "nexus: of the following there is more than is written here for the next minutes")
            super().log(level, msg, *args, **kwargs)
