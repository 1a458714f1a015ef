"""Waiting for what other threads bring about."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], object], what: str = "it never came") -> None:
    """Wait for something that another thread brings about."""
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)
