"""One guest memory: bytes in, bytes out, within limits."""

from __future__ import annotations

import struct
import threading
import time
import weakref
from collections.abc import Callable

from ..errors import CancelledError, NexusError
from .engine import Engine, GuestTrap, Machine
from .limits import Limits, cpu_exceeded, jobs_exceeded, memory_exceeded, size_exceeded, stack_exceeded
from .stack import with_enough_stack

_BLOCK = struct.Struct("<8xIIIII")
_THREW, _JOB_THREW, _COLLECT_THREW, _JOBS, _MEMORY = 1, 2, 3, 4, 5


_made: weakref.WeakSet[Instance] = weakref.WeakSet()


def live_instances() -> list[Instance]:
    """Every instance of the process that still has its memory."""
    return [instance for instance in list(_made) if instance.alive]


class InstanceLost(Exception):
    """The guest's memory was dropped; ``cause`` is the error to tell the user."""

    def __init__(self, cause: NexusError) -> None:
        super().__init__(cause.message)
        self.cause = cause


class Instance:
    """Owns one ``Machine``.  Any thread may call; calls wait for each other.  ``close`` frees the memory."""

    def __init__(self, engine: Engine, limits: Limits, zone_offset: Callable[[int], int]) -> None:
        self._limits = limits
        self._engine = engine
        self._lock = threading.Lock()
        self._state = threading.Lock()
        self._running: Machine | None = None
        self._cancelled = False
        self._machine: Machine | None = with_enough_stack(lambda: engine.machine(limits.memory, zone_offset))
        _made.add(self)

    @property
    def alive(self) -> bool:
        """Whether it can take a call."""
        return self._machine is not None

    def call(self, request: bytes, seconds: float) -> bytes:
        """The reply to ``request`` within ``seconds`` of running.

        Raises ``InstanceLost`` when the guest is lost on the way: it must not be used again.
        """
        if len(request) > self._limits.request_bytes:
            raise size_exceeded("request", len(request), self._limits.request_bytes)
        with self._lock:
            machine = self._machine
            if machine is None:
                raise InstanceLost(CancelledError("the panel's sandbox was closed"))
            try:
                return with_enough_stack(lambda: self._run(machine, request, seconds))
            except InstanceLost:
                self._machine = None
                raise
            except BaseException:
                # Interrupted half-way, e.g. by KeyboardInterrupt: what the guest holds is unknown.
                self._machine = None
                raise

    def interrupt(self) -> None:
        """Stop the call that runs now, from another thread; it raises ``InstanceLost`` with a ``CancelledError``."""
        with self._state:
            if self._running is not None:
                self._cancelled = True
                self._running.stop()

    def close(self) -> None:
        """Free the memory; a call that runs now is stopped first."""
        self.interrupt()
        with self._lock:
            self._machine = None

    def _run(self, machine: Machine, request: bytes, seconds: float) -> bytes:
        started = time.monotonic()
        with self._state:
            machine.arm()
            self._running = machine
            self._cancelled = False
        token = self._engine.deadlines.set(started + seconds, machine.stop)
        try:
            return self._exchange(machine, request)
        except GuestTrap as trap:
            raise InstanceLost(self._explain(trap, time.monotonic() - started, seconds)) from None
        except IndexError:
            raise InstanceLost(NexusError("the panel's sandbox gave an impossible answer", code="GUEST_FAULT")) from None
        finally:
            self._engine.deadlines.clear(token)
            with self._state:
                self._running = None

    def _exchange(self, machine: Machine, request: bytes) -> bytes:
        block = machine.block
        start, capacity, _, _, _ = _BLOCK.unpack(machine.read(block, _BLOCK.size))
        if len(request) > capacity:
            start = machine.reserve(len(request))
            if start == 0:
                raise InstanceLost(memory_exceeded(self._limits.memory))
        machine.write(start, request)
        status = machine.step(len(request))
        _, _, reply, size, _ = _BLOCK.unpack(machine.read(block, _BLOCK.size))
        if status != 0:
            raise InstanceLost(self._refusal(status))
        if size > self._limits.reply_bytes:
            raise InstanceLost(size_exceeded("reply", size, self._limits.reply_bytes))
        return machine.read(reply, size)

    def _refusal(self, status: int) -> NexusError:
        if status == _JOBS:
            return jobs_exceeded(self._limits.jobs)
        if status in (_MEMORY, _THREW, _JOB_THREW, _COLLECT_THREW):
            return memory_exceeded(self._limits.memory)
        return NexusError("the panel's sandbox gave an impossible answer", code="GUEST_FAULT")

    def _explain(self, trap: GuestTrap, used: float, allowed: float) -> NexusError:
        if trap.reason == "interrupt":
            if self._cancelled:
                return CancelledError("the call was cancelled")
            return cpu_exceeded(used, allowed)
        if trap.reason == "stack":
            return stack_exceeded()
        return NexusError(f"the panel's sandbox failed: {trap}", code="GUEST_FAULT")
