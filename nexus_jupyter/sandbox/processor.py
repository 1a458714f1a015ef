"""How much of the processor a thread has used: a loop on a busy machine is not longer than on an idle one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

Clock = Callable[[], float]


def thread_clock() -> Clock:
    """A clock of the calling thread's own processor time in seconds, readable from any thread while this one lives.

    Where the platform tells it of no other thread (Windows, macOS) it is the wall clock.
    """
    clock_id = getattr(time, "pthread_getcpuclockid", None)
    if clock_id is None:
        return time.monotonic
    number = clock_id(threading.get_ident())
    return lambda: time.clock_gettime(number)
