"""The main thread's mailbox: callbacks of users run there, and only there.

A panel's own thread posts; the main thread delivers, either from its event loop (a kernel) or while
it is blocked in a call on a panel, so that such a call can never deadlock with a callback.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
Delivery = Callable[[], object]

# A blocked main thread looks up this often for signals: a lock wait without a timeout would hold
# KeyboardInterrupt back on some platforms.
_SIGNAL_INTERVAL = 0.2


class Mailbox:
    """Callbacks waiting for the main thread, in order."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[Delivery] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._delivering = False
        self.delivered = 0
        """How many callbacks have been called."""
        self._tasks: set[asyncio.Future[Any]] = set()

    def attach(self) -> None:
        """Deliver from the event loop that the caller runs in, whenever it is free, if it is the main thread's."""
        if threading.current_thread() is threading.main_thread():
            with contextlib.suppress(RuntimeError):  # no loop runs: blocked callers deliver
                self._loop = asyncio.get_running_loop()

    def post(self, delivery: Delivery) -> None:
        """Add a callback; any thread."""
        with self._changed:
            self._queue.append(delivery)
            self._changed.notify_all()
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop closed in between: the next drain delivers
                loop.call_soon_threadsafe(self.drain)

    def drain(self) -> None:
        """Deliver what waits.  Does nothing off the main thread, or inside a delivery."""
        if threading.current_thread() is not threading.main_thread() or self._delivering:
            return
        self._delivering = True
        try:
            while True:
                with self._changed:
                    if not self._queue:
                        return
                    delivery = self._queue.popleft()
                self.delivered += 1
                self._deliver(delivery)
        finally:
            self._delivering = False

    def wait(self, future: Future[T], timeout: float | None = None, *, on_interrupt: Callable[[], object] | None = None) -> T:
        """The result of ``future``; on the main thread callbacks are delivered meanwhile.

        ``timeout`` is in seconds.  ``on_interrupt`` runs when KeyboardInterrupt ends the wait.

        Raises TimeoutError, KeyboardInterrupt, or what the future raises.
        """
        if threading.current_thread() is not threading.main_thread():
            return future.result(timeout)
        self.attach()
        future.add_done_callback(self._wake)
        deadline = None if timeout is None else time.monotonic() + timeout
        nested, self._delivering = self._delivering, False
        try:
            while not future.done():
                self.drain()
                with self._changed:
                    if future.done() or self._queue:
                        continue
                    left = _SIGNAL_INTERVAL if deadline is None else min(_SIGNAL_INTERVAL, deadline - time.monotonic())
                    if left <= 0:
                        raise TimeoutError("the panel did not answer in time")
                    self._changed.wait(left)
            if not nested:
                # what the call caused has been seen by its observers when the call returns
                self.drain()
        except KeyboardInterrupt:
            if on_interrupt is not None:
                on_interrupt()
            raise
        finally:
            self._delivering = nested
        return future.result()

    def _wake(self, _: object) -> None:
        with self._changed:
            self._changed.notify_all()

    def _deliver(self, delivery: Delivery) -> None:
        try:
            result = delivery()
            if asyncio.iscoroutine(result):
                self._run(result)
        except Exception:
            # A callback belongs to the user: its error is shown and the next callback runs.
            traceback.print_exc(file=sys.stderr)

    def _run(self, coroutine: Any) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(coroutine)
            return
        task = loop.create_task(coroutine)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            traceback.print_exception(task.exception(), file=sys.stderr)


mailbox = Mailbox()
