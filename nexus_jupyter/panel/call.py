"""One run of a tool, and the gate that decides when it may start."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Generator, Hashable
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import JsonValue

from ..errors import LimitError, NexusError
from ..nxml.program import ToolDeclaration
from ..protocol import Cause
from ..sandbox.extensions.loop import extension_loop
from .mailbox import mailbox
from .revisions import Origin

_numbers = itertools.count(1)


def number() -> int:
    """A number between those of the calls that were made before and those that come."""
    return next(_numbers)


# The tools that are waiting, in this context, for the Python function that runs now: (runtime, tool).
callers: ContextVar[tuple[tuple[int, str], ...]] = ContextVar("nexus_callers", default=())


@dataclass(eq=False)
class Call:
    """A tool call from its request to its result.

    With ``hook``, a place in the program, it is a run of that lifecycle hook, which ``tool`` stands for.
    ``chain`` is what led to it: tools that wait for the Python function that made it, and hooks.
    ``announced`` is what its page knows of it.
    ``future`` is settled on the panel's thread, once.  ``began``, ``wall_deadline`` and ``timer_due`` are
    monotonic seconds, ``step_clock`` what its present step reads, ``cpu_used`` seconds of the processor in the steps so far.
    """

    tool: ToolDeclaration
    args: JsonValue
    cause: Cause
    seed: int
    zone: str
    hook: int | None = None
    clock: float | None = None
    began: float = field(default_factory=time.monotonic)
    step_clock: float | None = None
    depth: int = 0
    chain: tuple[tuple[int, str], ...] = ()
    id: int = field(default_factory=lambda: next(_numbers))
    future: Future[JsonValue] = field(default_factory=Future)
    wall_deadline: float | None = None
    timer_due: float | None = None
    waiting: bool = False
    announced: Literal["", "queued", "runs"] = ""
    cancelled: bool = False
    committed_steps: int = 0
    cpu_used: float = 0.0
    extension_calls: int = 0
    pending: set[Future[Any]] = field(default_factory=set)
    slots: asyncio.Semaphore | None = None
    cause_error: NexusError | None = None

    @property
    def key(self) -> Hashable:
        """Equal for all that one event of a page led to; else the call's own."""
        return self.id if self.cause.client is None else (self.cause.client, self.cause.seq)

    @property
    def origin(self) -> Origin:
        """What the cause of its commits leaves out."""
        return Origin(key=self.key, args=self.args, clock=self.step_clock, seed=self.seed, zone=self.zone, began=self.began)


class Gate:
    """Which calls of one tool run, and which wait: NXML's ``concurrency``.

    ``queue`` one after the other; ``latest`` the newest replaces those before it; ``drop`` refuses
    while one runs; ``parallel`` lets them interleave at their suspensions.
    Used on the panel's thread only.
    """

    def __init__(self, tool: ToolDeclaration, *, capacity: int) -> None:
        self.tool = tool
        self.capacity = capacity
        self.running: list[Call] = []
        self.waiting: deque[Call] = deque()

    def enter(self, call: Call, *, cancel: Callable[[Call], None]) -> bool:
        """Whether ``call`` may start now; else it waits.

        Raises LimitError (``queue``): it is refused.
        """
        policy = self.tool.concurrency
        if not self.running or policy == "parallel" or call.depth > 0:
            if call.depth == 0 and len(self.running) >= self.capacity:
                raise self._full()
            self.running.append(call)
            return True
        if policy == "drop":
            raise LimitError(f"{self.tool.name} is already running.", limit="queue", allowed=1, used=2, hint="Wait until it has ended.")
        if policy == "latest":
            for older in [*self.running, *self.waiting]:
                cancel(older)
            if not self.running:
                self.running.append(call)
                return True
        if len(self.waiting) >= self.capacity:
            raise self._full()
        self.waiting.append(call)
        return False

    def leave(self, call: Call) -> Call | None:
        """``call`` has ended; the call that may start now, if any."""
        if call in self.running:
            self.running.remove(call)
        elif call in self.waiting:
            self.waiting.remove(call)
        if self.running or not self.waiting:
            return None
        following = self.waiting.popleft()
        self.running.append(following)
        return following

    def _full(self) -> LimitError:
        return LimitError(
            f"{self.tool.name} has {self.capacity} calls waiting, which is the limit.",
            limit="queue",
            allowed=self.capacity,
            used=self.capacity + 1,
            hint="Wait for some of them to end.",
        )


class PendingCall:
    """A call that was started: await it, or ask for its ``result()``.

    It runs whether or not anybody waits.
    """

    __slots__ = ("_cancel", "_future", "tool")

    def __init__(self, tool: str, future: Future[JsonValue], cancel: Callable[[], None]) -> None:
        self.tool = tool
        self._future = future
        self._cancel = cancel

    def result(self, timeout: float | None = None) -> Any:
        """Block until the call has ended and give its value.  ``timeout`` in seconds.

        Raises what the call raised, or TimeoutError (the call goes on).  NexusError (``WOULD_BLOCK``):
        asked by a coroutine function that a panel called; there it must be awaited.
        """
        if extension_loop.runs_here and not self._future.done():
            raise NexusError(
                f"{self.tool} cannot be waited for in a coroutine function that a panel called, because its loop serves all panels.",
                hint=f"Write `await panel.tools.{self.tool}(…)`, or make it an ordinary function.",
                code="WOULD_BLOCK",
            )
        return mailbox.wait(self._future, timeout, on_interrupt=self._cancel)

    def when_done(self, callback: Callable[[Future[JsonValue]], object]) -> None:
        """Have ``callback`` called with the settled future: on the panel's thread, where it must only hand on, or at once."""
        self._future.add_done_callback(callback)

    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._future.done()

    def cancel(self) -> None:
        """Stop it.  Steps that were committed stay."""
        self._cancel()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._wait().__await__()

    async def _wait(self) -> Any:
        mailbox.attach()
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def wake(_: object) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits there any more
                loop.call_soon_threadsafe(ended.set)

        self._future.add_done_callback(wake)
        try:
            await ended.wait()
        except asyncio.CancelledError:
            self._cancel()
            raise
        mailbox.drain()
        return self._future.result()

    def __repr__(self) -> str:
        if not self.done():
            return f"<{self.tool} running>"
        error = self._future.exception()
        return f"<{self.tool} done>" if error is None else f"<{self.tool} failed: {error}>"
