"""One guest memory: bytes in, bytes out, within limits."""

from __future__ import annotations

import struct
import threading
import time
import weakref
from collections.abc import Callable

from ..errors import CancelledError, NexusError
from .engine import Engine
from .limits import Limits, cpu_exceeded, jobs_exceeded, memory_exceeded, size_exceeded, stack_exceeded, wall_exceeded
from .machine import GuestTrap, Image, Machine
from .processor import thread_clock
from .stack import has_enough_stack, with_enough_stack

_BLOCK = struct.Struct("<8xIIIII")
_JOBS_AT = 32
_THREW, _JOB_THREW, _COLLECT_THREW, _JOBS, _MEMORY = 1, 2, 3, 4, 5


_made: weakref.WeakSet[Instance] = weakref.WeakSet()


def live_instances() -> list[Instance]:
    """Every instance of the process that still has its memory."""
    return [instance for instance in list(_made) if instance.alive]


def _utc(_: int) -> int:
    return 0


def _offset_of(instance: weakref.ref[Instance], seconds: int) -> int:
    found = instance()
    return 0 if found is None else found.zone_offset(seconds)


class InstanceLost(Exception):
    """The guest's memory was dropped; ``cause`` is the error to tell the user."""

    def __init__(self, cause: NexusError) -> None:
        super().__init__(cause.message)
        self.cause = cause


class Instance:
    """Owns one ``Machine``.  Any thread may call; calls wait for each other.  ``close`` frees the memory."""

    def __init__(self, engine: Engine, limits: Limits, image: Image | None = None) -> None:
        self._limits = limits
        self._engine = engine
        self._lock = threading.Lock()
        self._state = threading.Lock()
        self._running: Machine | None = None
        self._cancelled = False
        self._closing = False
        self._passed: NexusError | None = None
        self.used = 0.0
        """Seconds of the processor that the last call took."""
        self.zone_offset: Callable[[int], int] = _utc
        """What the guest is told of its time zone (``machine.ZoneOffset``)."""
        here = weakref.ref(self)
        machine = engine.machine(limits.memory, lambda seconds: _offset_of(here, seconds), image)
        machine.write(machine.block + _JOBS_AT, limits.jobs.to_bytes(4, "little"))
        self._machine: Machine | None = machine
        _made.add(self)

    @property
    def alive(self) -> bool:
        """Whether it can take a call."""
        return self._machine is not None

    @property
    def memory_size(self) -> int:
        """Bytes of linear memory now; 0 when it is gone."""
        with self._lock:
            return 0 if self._machine is None else self._machine.memory_size

    def keep(self) -> Image:
        """Its memory as an image for others to begin with.  Raises EngineError, CancelledError."""
        with self._lock:
            if self._machine is None:
                raise CancelledError("the panel's sandbox was closed")
            return self._engine.keep(self._machine)

    def call(self, request: bytes, seconds: float, wall: float | None = None, cancelled: Callable[[], bool] | None = None) -> bytes:
        """The reply to ``request`` within ``seconds`` of the processor's time and ``wall`` by the clock.

        ``cancelled`` is asked once when ``interrupt`` would reach the call: it says what was wanted before.

        Raises ``InstanceLost`` when the guest is lost on the way: it must not be used again.
        """
        if len(request) > self._limits.request_bytes:
            raise size_exceeded("request", len(request), self._limits.request_bytes)
        with self._lock:
            machine = self._machine
            if machine is None:
                raise InstanceLost(CancelledError("the panel's sandbox was closed"))
            try:
                if has_enough_stack():
                    return self._run(machine, request, seconds, wall, cancelled)
                return with_enough_stack(lambda: self._run(machine, request, seconds, wall, cancelled))
            except BaseException:
                # Lost, or interrupted half-way, e.g. by KeyboardInterrupt: what the guest holds is unknown.
                self._drop(machine)
                raise

    def interrupt(self) -> None:
        """Stop the call that runs now, from another thread; it raises ``InstanceLost`` with a ``CancelledError``."""
        with self._state:
            if self._running is not None:
                self._cancelled = True
                self._running.stop()

    def close(self) -> None:
        """Free the memory; a call that runs now is stopped first."""
        with self._state:
            self._closing = True  # for a call that is just about to run
        self.interrupt()
        with self._lock:
            if self._machine is not None:
                self._drop(self._machine)

    def _drop(self, machine: Machine) -> None:
        self._machine = None
        machine.close()

    def _run(self, machine: Machine, request: bytes, seconds: float, wall: float | None, cancelled: Callable[[], bool] | None) -> bytes:
        clock, started = thread_clock(), time.monotonic()
        began = clock()
        most = seconds * self._limits.starved if wall is None else wall
        with self._state:
            if self._closing:
                raise InstanceLost(CancelledError("the panel's sandbox was closed"))
            machine.arm()
            self._running = machine
            self._cancelled = False
            self._passed = None

        def expire() -> float | None:
            used, passed = clock() - began, time.monotonic() - started
            if used >= seconds or (passed >= most and 0.9 * seconds <= most <= seconds):
                self._passed = cpu_exceeded(max(used, seconds), seconds)  # both end together: it computed all the time
            elif passed >= most:
                self._passed = wall_exceeded(passed, most)
            else:
                return time.monotonic() + max(0.001, min(seconds - used, most - passed))
            machine.stop()
            return None

        token = None
        try:
            token = self._engine.deadlines.set(started + min(seconds, most), expire)
            if cancelled is not None and cancelled():
                raise InstanceLost(CancelledError("the call was cancelled"))
            return self._exchange(machine, request)
        except GuestTrap as trap:
            raise InstanceLost(self._explain(trap)) from None
        except IndexError:
            raise InstanceLost(NexusError("the panel's sandbox gave an impossible answer", code="GUEST_FAULT")) from None
        finally:
            if token is not None:
                self._engine.deadlines.clear(token)
            self.used = clock() - began
            with self._state:
                self._running = None

    def _exchange(self, machine: Machine, request: bytes) -> bytes:
        block = machine.block
        start, capacity, _, _, _ = _BLOCK.unpack(machine.read(block, _BLOCK.size))
        if len(request) > capacity:
            start = machine.reserve(len(request))
            if start == 0:
                raise InstanceLost(memory_exceeded(self._limits.memory, machine.memory_size))
        machine.write(start, request)
        status = machine.step(len(request))
        _, _, reply, size, _ = _BLOCK.unpack(machine.read(block, _BLOCK.size))
        if status != 0:
            raise InstanceLost(self._refusal(status, machine.memory_size))
        if size > self._limits.reply_bytes:
            raise InstanceLost(size_exceeded("reply", size, self._limits.reply_bytes))
        return machine.read(reply, size)

    def _refusal(self, status: int, memory: int) -> NexusError:
        if status == _JOBS:
            return jobs_exceeded(self._limits.jobs)
        if status in (_MEMORY, _THREW, _JOB_THREW, _COLLECT_THREW):
            return memory_exceeded(self._limits.memory, memory)
        return NexusError("the panel's sandbox gave an impossible answer", code="GUEST_FAULT")

    def _explain(self, trap: GuestTrap) -> NexusError:
        if trap.reason == "interrupt":
            if self._cancelled or self._passed is None:
                return CancelledError("the call was cancelled")
            return self._passed
        if trap.reason == "stack":
            return stack_exceeded()
        return NexusError(f"the panel's sandbox failed: {trap}", code="GUEST_FAULT")
