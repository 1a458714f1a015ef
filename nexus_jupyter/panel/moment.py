"""The time that a panel goes by, and its zone."""

from __future__ import annotations

import os
import re
import threading
import time
from pathlib import Path

# A wait has a greatest length, which a time far away would pass.
_LONGEST_WAIT = 3600.0


def now_ms() -> float:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Clock:
    """The machine's time.  A panel under test has a clock that goes only when it is told to."""

    def monotonic(self) -> float:
        """Seconds that never go back: for deadlines and timers."""
        return time.monotonic()

    def now_ms(self) -> float:
        """Milliseconds since 1970: what steps read."""
        return now_ms()

    def left(self, due: float) -> float:
        """Seconds of the machine's time to wait for ``due`` where nothing else is to be done."""
        return max(0.0, due - self.monotonic())

    def reach(self, due: float) -> None:
        """So long was waited for ``due``: a clock that does not go by itself goes on to it."""

    def wait(self, changed: threading.Condition, seconds: float) -> None:
        """Wait until the held ``changed`` is notified, or for ``seconds`` of this clock; may end earlier."""
        changed.wait(min(seconds, _LONGEST_WAIT))


CLOCK = Clock()


def local_zone() -> str:
    """The IANA name of this process's time zone, ``UTC`` where it cannot be told."""
    zone = os.environ.get("TZ", "").lstrip(":")
    if "/" in zone and not zone.startswith("/"):
        return zone
    try:
        target = str(Path("/etc/localtime").resolve(strict=True))
    except OSError:
        return "UTC"
    match = re.search(r"zoneinfo/(?:posix/|right/)?(.+)$", target)
    return match.group(1) if match else "UTC"
