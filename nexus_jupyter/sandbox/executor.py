"""Running one piece of handler code once, in an instance that nothing else has been in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from ..diagnostics import Span
from ..errors import CancelledError, CapabilityError, EngineError, LimitError, NexusError, OptionError
from ..nxml.program import ArgDeclaration, Code, ExtensionDeclaration, Handler, Program, StateDeclaration, ToolDeclaration
from ..protocol import Emission, ExtensionCall, GuestInvoke, GuestReply, GuestResume, LogLine, Operation, Settled
from .engine import Engine
from .extensions.base import Extension
from .extensions.loop import extension_loop
from .extensions.serving import serve
from .failure import error_from, info_of
from .guest import Guest
from .limits import DEFAULT_LIMITS, Limits, cpu_total_exceeded, wall_exceeded
from .machine import Image
from .values import to_json

logger = logging.getLogger(__name__)

_NOWHERE = Span(start=0, end=0, line=1, column=1)
_TOOL = "run"
_CONTEXT = frozenset({"state", "args", "clock", "seed", "zone"})


@dataclass(frozen=True)
class ExecutionResult:
    """What came of one run.

    ``value``: what the code returned.  ``operations`` lead from the given state to the one after it (JSON Patch, and
    ``reorder``: ``protocol.Operation``), step by step; those of steps before an error stay.  ``events``: of ``$emit``.
    ``calls``: what was asked of extensions, each with whether it was answered.  ``cpu`` and ``wall`` in seconds,
    ``memory_peak`` in bytes of linear memory.  ``error``: why it failed; None when it did not.
    """

    value: JsonValue = None
    operations: tuple[Operation, ...] = ()
    events: tuple[Emission, ...] = ()
    logs: tuple[LogLine, ...] = ()
    calls: tuple[tuple[ExtensionCall, bool], ...] = ()
    cpu: float = 0.0
    wall: float = 0.0
    memory_peak: int = 0
    error: NexusError | None = None

    @property
    def ok(self) -> bool:
        """Whether it came to its end."""
        return self.error is None


@dataclass(frozen=True)
class _Key:
    code: str
    states: tuple[str, ...]
    args: tuple[str, ...]
    aliases: tuple[tuple[str, str], ...]
    limits: Limits


@dataclass(eq=False)
class _Run:
    """One run: what it has gathered, what it waits for, and how to stop it.

    ``clock`` is what the code reads next; with ``given`` it moves by timers only, so that the same inputs give the same.
    """

    clock: float
    given: bool
    began: float = field(default_factory=time.monotonic)
    cpu: float = 0.0
    operations: list[Operation] = field(default_factory=list)
    events: list[Emission] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    asked: list[ExtensionCall] = field(default_factory=list)
    answered: set[int] = field(default_factory=set)
    pending: set[Future[Settled]] = field(default_factory=set)
    value: JsonValue = None
    memory: int = 0
    guest: Guest | None = None
    stopped: bool = False
    changed: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """End it where it is, from another thread."""
        self.stopped = True
        guest = self.guest
        if guest is not None:
            guest.interrupt()
        self.changed.set()

    def check(self) -> None:
        if self.stopped:
            raise CancelledError("the code was cancelled")

    def take(self, due: float) -> tuple[Settled, ...]:
        """What extensions have answered: waits for the first answer, at most until ``due``."""
        while True:
            self.changed.clear()
            self.check()
            done = [future for future in self.pending if future.done()]
            if done:
                self.pending.difference_update(done)
                return tuple(sorted((future.result() for future in done), key=lambda settled: settled.id))
            left = due - time.monotonic()
            if left <= 0:
                return ()
            self.changed.wait(left)


class SandboxExecutor:
    """Runs handler code that belongs to no panel: each run in a fresh instance of its own.

    ``extensions`` are reachable as ``$ext.alias`` where a run's ``capabilities`` allow their methods.  What was compiled is
    kept as an image for the next run of the same code, ``kept`` of them at most.  Any thread may use it; ``close`` frees it.
    """

    def __init__(self, *, extensions: Mapping[str, Extension] | None = None, kept: int = 32, engine: Engine | None = None) -> None:
        self._engine = engine or Engine.shared()
        self._extensions = dict(extensions or {})
        self._kept = kept
        self._lock = threading.Lock()
        self._images: OrderedDict[_Key, Image | None] = OrderedDict()
        self._threads: ThreadPoolExecutor | None = None
        self._running: set[_Run] = set()
        self._closed = False

    def execute(
        self,
        handler_code: str,
        context: Mapping[str, Any] | None = None,
        capabilities: Iterable[str] = (),
        limits: Limits = DEFAULT_LIMITS,
    ) -> ExecutionResult:
        """Run the body of a handler (NXML 1.0, section 5).

        ``context`` may hold ``state`` and ``args`` (objects), ``clock`` (milliseconds since 1970), ``seed`` (32 bits) and
        ``zone`` (IANA name): the same inputs give the same result.  A clock that is given moves by timers only.
        ``capabilities`` are the names that extensions' methods need, e.g. ``"http:request"``; nothing is granted without
        them.

        Whatever the code does ends up in the result.  Raises OptionError: a wrong context.  EngineError: the sandbox cannot
        run here.  NexusError (``EXECUTOR_CLOSED``).  KeyboardInterrupt while it waits stops the run.
        """
        given = dict(context or {})
        if unknown := sorted(set(given) - _CONTEXT):
            raise OptionError(f"context holds {', '.join(map(repr, unknown))}.", hint=f"It may hold {', '.join(sorted(_CONTEXT))}.")
        state = _object(given.get("state"), "state")
        args = _object(given.get("args"), "args")
        aliases = tuple((alias, extension.name) for alias, extension in sorted(self._extensions.items()))
        key = _Key(handler_code, tuple(state), tuple(args), aliases, limits)
        invoke = GuestInvoke(
            call=1, tool=_TOOL, args=args or None, state=state,
            clock=time.time() * 1000 if given.get("clock") is None else float(given["clock"]),
            seed=random.getrandbits(32) if given.get("seed") is None else int(given["seed"]),
            zone=str(given.get("zone") or "UTC"),
        )  # fmt: skip
        allowed = frozenset(capabilities)
        run = _Run(clock=invoke.clock, given=given.get("clock") is not None)
        if threading.current_thread() is not threading.main_thread():
            return self._execute(key, invoke, allowed, run)
        # elsewhere: the main thread is where an interrupt arrives, and while a guest runs nothing can
        future = self._thread_for(key, invoke, allowed, run)
        try:
            return future.result()
        except KeyboardInterrupt:
            run.stop()
            raise

    def close(self) -> None:
        """Stop what runs, which ends as cancelled, and free what is kept.  Again does nothing."""
        with self._lock:
            self._closed = True
            running, threads, self._threads = set(self._running), self._threads, None
            self._images.clear()
        for run in running:
            run.stop()
        if threads is not None:
            threads.shutdown()

    def __enter__(self) -> SandboxExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- inside -----------------------------------------------------------------------------------

    def _thread_for(self, key: _Key, invoke: GuestInvoke, allowed: frozenset[str], run: _Run) -> Future[ExecutionResult]:
        with self._lock:
            if self._closed:
                raise _closed_error()
            if self._threads is None:
                self._threads = ThreadPoolExecutor(4, "nexus-executor")
            return self._threads.submit(self._execute, key, invoke, allowed, run)

    def _execute(self, key: _Key, invoke: GuestInvoke, allowed: frozenset[str], run: _Run) -> ExecutionResult:
        error: NexusError | None = None
        with self._lock:
            if self._closed:
                raise _closed_error()
            self._running.add(run)
        try:
            run.guest = self._guest(key)
            self._drive(run.guest, invoke, key.limits, allowed, run)
        except EngineError:
            raise  # not what the code did
        except NexusError as failure:
            error = failure
        finally:
            with self._lock:
                self._running.discard(run)
            for future in run.pending:
                future.cancel()
            if run.guest is not None:
                run.memory = max(run.memory, run.guest.memory_size)
                run.guest.close()
        calls = tuple((wish, wish.id in run.answered) for wish in run.asked)
        return ExecutionResult(
            run.value, tuple(run.operations), tuple(run.events), tuple(run.logs), calls,
            cpu=run.cpu, wall=time.monotonic() - run.began, memory_peak=run.memory, error=error,
        )  # fmt: skip

    def _guest(self, key: _Key) -> Guest:
        with self._lock:
            seen = key in self._images
            image = self._images.get(key)
            self._images[key] = image
            self._images.move_to_end(key)
            while len(self._images) > self._kept:
                self._images.popitem(last=False)
        if image is not None:
            return Guest.of_image(image, limits=key.limits, engine=self._engine)
        guest = Guest(_program(key), limits=key.limits, engine=self._engine, clock=0, seed=0)
        if seen:  # worth keeping: it takes ten times as long as loading once
            image = guest.keep()
            with self._lock:
                if key in self._images:
                    self._images[key] = image
        return guest

    def _drive(self, guest: Guest, invoke: GuestInvoke, limits: Limits, allowed: frozenset[str], run: _Run) -> None:
        deadline = run.began + limits.wall
        slots = asyncio.Semaphore(limits.parallel)
        with contextlib.ExitStack() as leases:
            reply = self._step(guest, invoke, limits, deadline, run)
            while reply.status == "waiting":
                if reply.calls and not run.asked:
                    extension_loop.acquire()
                    leases.callback(extension_loop.release)
                for wish in reply.calls:
                    run.asked.append(wish)
                    future: Future[Settled] = extension_loop.submit(self._one(wish, limits, allowed, slots))
                    run.pending.add(future)
                    future.add_done_callback(lambda _: run.changed.set())
                due = deadline if reply.timer is None else min(deadline, time.monotonic() + reply.timer / 1000)
                results = run.take(due)
                if time.monotonic() >= deadline:
                    raise wall_exceeded(time.monotonic() - run.began, limits.wall)
                run.answered.update(result.id for result in results if result.error is None)
                if not results and reply.timer is not None:
                    run.clock += reply.timer
                elif not run.given:
                    run.clock = max(run.clock, time.time() * 1000)
                reply = self._step(guest, GuestResume(call=1, results=results, clock=run.clock), limits, deadline, run)
        run.value = reply.value

    def _step(self, guest: Guest, request: GuestInvoke | GuestResume, limits: Limits, deadline: float, run: _Run) -> GuestReply:
        left = limits.cpu_total - run.cpu
        try:
            cpu, wall = max(0.001, min(limits.cpu, left)), max(0.001, deadline - time.monotonic())
            reply = guest.request(request, timeout=cpu, wall=wall, cancelled=lambda: run.stopped)
        except LimitError as error:
            if error.limit == "cpu" and left < limits.cpu:
                raise cpu_total_exceeded("the code", run.cpu + guest.used, limits.cpu_total) from None
            raise
        finally:
            run.cpu += guest.used
        run.operations += reply.ops
        run.events += reply.emits
        run.logs += reply.logs
        if reply.error is not None:
            raise error_from(reply.error)
        return reply

    async def _one(self, wish: ExtensionCall, limits: Limits, allowed: frozenset[str], slots: asyncio.Semaphore) -> Settled:
        try:
            extension = self._extensions.get(wish.alias)
            if extension is None:
                raise CapabilityError(f"there is no extension {wish.alias!r} here.")
            needed = extension.capability(wish.method)
            if needed is not None and needed not in allowed:
                raise CapabilityError(f"{extension.name}.{wish.method} needs the capability {needed}, which was not given.")
            return Settled(id=wish.id, value=await serve(extension, wish, slots, limits))
        except Exception as error:
            if not isinstance(error, NexusError):
                # a mistake of the extension: its text may hold what the code is not to see
                logger.exception("%s.%s() failed", wish.alias, wish.method)
            return Settled(id=wish.id, error=info_of(error))


def _object(value: object, name: str) -> dict[str, JsonValue]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise OptionError(f"context[{name!r}] is {type(value).__name__}, and must be a dict.")
    converted = to_json(value, name)
    assert isinstance(converted, dict)
    return converted


def _program(key: _Key) -> Program:
    return Program(
        states=tuple(StateDeclaration(name=name, type="any", span=_NOWHERE) for name in key.states),
        extensions=tuple(ExtensionDeclaration(name=name, alias=alias, span=_NOWHERE) for alias, name in key.aliases),
        tools=(
            ToolDeclaration(
                name=_TOOL, handler=Handler(code=0), span=_NOWHERE, args=tuple(ArgDeclaration(name=name, type="any") for name in key.args)
            ),
        ),
        code=(Code(kind="body", source=key.code, span=_NOWHERE),),
    )


def _closed_error() -> NexusError:
    return NexusError("this executor was closed.", code="EXECUTOR_CLOSED")
