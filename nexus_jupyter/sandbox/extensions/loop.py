"""The event loop that all extensions of the process share."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from ...errors import HandlerError

logger = logging.getLogger(__name__)


class ExtensionLoop:
    """One event loop in a thread of its own, alive while anybody holds a lease.

    Extensions and user functions run here, never on a panel's own thread and never on the kernel's
    main thread; so a caller that blocks the main thread cannot deadlock with them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leases = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def acquire(self) -> None:
        """Take a lease; the first one starts the thread."""
        with self._lock:
            self._leases += 1
            if self._loop is not None:
                return
            loop = asyncio.new_event_loop()
            self._loop = loop
            self._thread = threading.Thread(target=self._serve, args=(loop,), name="nexus-extensions", daemon=True)
            self._thread.start()

    def release(self) -> None:
        """Give a lease back; the last one stops the thread, which cancels what still runs."""
        with self._lock:
            self._leases -= 1
            if self._leases:
                return
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            if thread is not threading.current_thread():
                thread.join(timeout=5)

    @property
    def runs_here(self) -> bool:
        """Whether the caller is a coroutine on this loop: it must await, for blocking would stop every extension."""
        return threading.current_thread() is self._thread

    def submit(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Run ``coroutine`` on the loop.  The caller holds a lease."""
        with self._lock:
            loop = self._loop
        if loop is None:
            coroutine.close()
            raise RuntimeError("the extension loop is not running; acquire a lease first")
        return asyncio.run_coroutine_threadsafe(_contained(coroutine), loop)

    @staticmethod
    def _serve(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            while not _ended(loop):
                pass
            pending = asyncio.all_tasks(loop)
            for task in pending:
                task.cancel()
            if pending:
                loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _ended(loop: asyncio.AbstractEventLoop) -> bool:
    """Run ``loop`` until it is stopped; a task of a user that wants the process to end does not end it."""
    try:
        loop.run_forever()
    except (SystemExit, KeyboardInterrupt) as error:
        logger.warning("a task on the extension loop raised %s; it was ignored", type(error).__name__)
        return False
    return True


async def _contained(coroutine: Coroutine[Any, Any, Any]) -> Any:
    # SystemExit in a task would end the loop that all panels share
    try:
        return await coroutine
    except (SystemExit, KeyboardInterrupt) as error:
        raise HandlerError(f"the Python function raised {type(error).__name__}", name=type(error).__name__, code="PYTHON_ERROR") from error


async def in_thread(function: Callable[[], Any]) -> Any:
    """Run a blocking function in a short-lived daemon thread and await its result.

    A thread of its own and not the loop's executor: a function that never returns must keep neither
    the loop nor the interpreter from ending, and must not use up a pool that others need.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if outcome.cancelled():
            return
        if error is None:
            outcome.set_result(value)
        else:
            outcome.set_exception(error)

    def report(value: Any, error: BaseException | None) -> None:
        # the loop may have ended while the function was still busy: then nobody waits for the result
        if not loop.is_closed():
            try:
                loop.call_soon_threadsafe(settle, value, error)
            except RuntimeError:
                return

    def work() -> None:
        try:
            value = function()
        except StopIteration as error:  # a future refuses StopIteration
            report(None, RuntimeError(f"StopIteration: {error}"))
        except BaseException as error:
            report(None, error)
        else:
            report(value, None)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), name="nexus-function", daemon=True).start()
    return await outcome


extension_loop = ExtensionLoop()
