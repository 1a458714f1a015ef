"""The clock that steps read."""

from __future__ import annotations

import time


def now_ms() -> float:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
