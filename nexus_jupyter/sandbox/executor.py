"""Running one piece of handler code once, in an instance that nothing else has been in."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from ..diagnostics import Span
from ..errors import CapabilityError, HandlerError, LimitError, NexusError, OptionError
from ..nxml.program import ArgDeclaration, Code, ExtensionDeclaration, Handler, Program, StateDeclaration, ToolDeclaration
from ..protocol import Emission, ErrorInfo, ExtensionCall, GuestInvoke, GuestReply, GuestResume, LogLine, Operation, Settled
from .engine import Engine
from .extensions.base import Extension
from .extensions.loop import extension_loop
from .extensions.serving import serve
from .guest import Guest
from .limits import DEFAULT_LIMITS, Limits, cpu_total_exceeded, wall_exceeded
from .machine import Image
from .values import to_json

_NOWHERE = Span(start=0, end=0, line=1, column=1)
_TOOL = "run"
_CONTEXT = frozenset({"state", "args", "clock", "seed", "zone"})


@dataclass(frozen=True)
class ExecutionResult:
    """What came of one run.

    ``value``: what the code returned.  ``operations`` lead from the given state to the one after it (JSON Patch), step by
    step; those of steps before an error stay.  ``events``: of ``$emit``.  ``calls``: what was asked of extensions, each
    with whether it was answered.  ``cpu`` and ``wall`` in seconds, ``memory_peak`` in bytes of linear memory.
    ``error``: why it failed; None when it did not.
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


@dataclass
class _Run:
    """What one run has gathered."""

    began: float = field(default_factory=time.monotonic)
    cpu: float = 0.0
    operations: list[Operation] = field(default_factory=list)
    events: list[Emission] = field(default_factory=list)
    logs: list[LogLine] = field(default_factory=list)
    calls: list[tuple[ExtensionCall, bool]] = field(default_factory=list)
    value: JsonValue = None
    memory: int = 0


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
        self._running: set[Guest] = set()

    def execute(
        self,
        handler_code: str,
        context: Mapping[str, Any] | None = None,
        capabilities: Iterable[str] = (),
        limits: Limits = DEFAULT_LIMITS,
    ) -> ExecutionResult:
        """Run the body of a handler (NXML 1.0, section 5).

        ``context`` may hold ``state`` and ``args`` (objects), ``clock`` (milliseconds since 1970), ``seed`` (32 bits) and
        ``zone`` (IANA name): the same inputs give the same result.  ``capabilities`` are the names that extensions' methods
        need, e.g. ``"http:request"``; nothing is granted without them.

        Whatever the code does ends up in the result.  Raises OptionError: a wrong context.  EngineError: the sandbox cannot
        run here.  KeyboardInterrupt while it waits stops the run.
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
        if threading.current_thread() is not threading.main_thread():
            return self._execute(key, invoke, allowed)
        # elsewhere: the main thread is where an interrupt arrives, and while a guest runs nothing can
        started: list[Guest] = []
        future = self._pool().submit(self._execute, key, invoke, allowed, started)
        try:
            return future.result()
        except KeyboardInterrupt:
            for guest in started:
                guest.interrupt()
            raise

    def close(self) -> None:
        """Stop what runs and free what is kept."""
        with self._lock:
            running, threads, self._threads = set(self._running), self._threads, None
            self._images.clear()
        for guest in running:
            guest.close()
        if threads is not None:
            threads.shutdown()

    def __enter__(self) -> SandboxExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- inside -----------------------------------------------------------------------------------

    def _pool(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(4, "nexus-executor")
            return self._threads

    def _execute(self, key: _Key, invoke: GuestInvoke, allowed: frozenset[str], started: list[Guest] | None = None) -> ExecutionResult:
        run = _Run()
        error: NexusError | None = None
        guest: Guest | None = None
        try:
            guest = self._guest(key)
            if started is not None:
                started.append(guest)
            with self._lock:
                self._running.add(guest)
            self._drive(guest, invoke, key.limits, allowed, run)
        except NexusError as failure:
            error = failure
        finally:
            if guest is not None:
                run.memory = max(run.memory, guest.memory_size)
                with self._lock:
                    self._running.discard(guest)
                guest.close()
        return ExecutionResult(
            run.value, tuple(run.operations), tuple(run.events), tuple(run.logs), tuple(run.calls),
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
        reply = self._step(guest, invoke, limits, deadline, run)
        while reply.status == "waiting":
            pause = deadline - time.monotonic()
            if reply.timer is not None:
                pause = min(pause, reply.timer / 1000)
            results = self._settle(reply.calls, limits, allowed, pause, run) if reply.calls else ()
            if not results:
                time.sleep(max(0.0, pause) if not reply.calls else 0)
            if time.monotonic() >= deadline:
                raise wall_exceeded(time.monotonic() - run.began, limits.wall)
            reply = self._step(guest, GuestResume(call=1, results=results, clock=time.time() * 1000), limits, deadline, run)
        run.value = reply.value

    def _step(self, guest: Guest, request: GuestInvoke | GuestResume, limits: Limits, deadline: float, run: _Run) -> GuestReply:
        left = limits.cpu_total - run.cpu
        try:
            reply = guest.request(request, timeout=max(0.001, min(limits.cpu, left)), wall=max(0.001, deadline - time.monotonic()))
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
            raise _error(reply.error)
        return reply

    def _settle(
        self, wishes: tuple[ExtensionCall, ...], limits: Limits, allowed: frozenset[str], timeout: float, run: _Run
    ) -> tuple[Settled, ...]:
        extension_loop.acquire()
        try:
            future = extension_loop.submit(self._all(wishes, limits, allowed))
            try:
                results = future.result(timeout)
            except TimeoutError:
                future.cancel()
                raise wall_exceeded(time.monotonic() - run.began, limits.wall) from None
        finally:
            extension_loop.release()
        run.calls += [(wish, result.error is None) for wish, result in zip(wishes, results, strict=True)]
        return tuple(results)

    async def _all(self, wishes: tuple[ExtensionCall, ...], limits: Limits, allowed: frozenset[str]) -> list[Settled]:
        slots = asyncio.Semaphore(limits.parallel)
        return list(await asyncio.gather(*(self._one(wish, limits, allowed, slots) for wish in wishes)))

    async def _one(self, wish: ExtensionCall, limits: Limits, allowed: frozenset[str], slots: asyncio.Semaphore) -> Settled:
        try:
            extension = self._extensions.get(wish.alias)
            if extension is None:
                raise CapabilityError(f"there is no extension {wish.alias!r} here.")
            needed = extension.capability(wish.method)
            if needed is not None and needed not in allowed:
                raise CapabilityError(f"{extension.name}.{wish.method} needs the capability {needed}, which was not given.")
            return Settled(id=wish.id, value=await serve(extension, wish, slots, limits))
        except NexusError as error:
            name = error.name if isinstance(error, HandlerError) else type(error).__name__
            return Settled(id=wish.id, error=ErrorInfo(code=error.code, name=name, message=error.message, hint=error.hint))


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


def _error(info: ErrorInfo) -> NexusError:
    if info.code.startswith("LIMIT_"):
        return LimitError(info.message, limit=info.code.removeprefix("LIMIT_").lower(), hint=info.hint)
    return HandlerError(info.message, name=info.name, line=info.line, column=info.column, stack=info.stack, hint=info.hint, code=info.code)
