"""Instances ready to be used, each for one owner only."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field

from ..errors import EngineError, NexusError
from .engine import Engine
from .instance import Instance
from .limits import DEFAULT_LIMITS, MIB, Limits

# Bytes an instance may have grown to and still be kept for its owner.
MARK = 16 * MIB


@dataclass(frozen=True)
class PoolMetrics:
    """What a pool has and did.

    ``ready`` instances nobody has had; ``kept`` those that wait for their owner; ``leased`` now, ``waiting`` for one.
    ``acquired``, ``reused`` (by the owner they had before), ``waits`` (that found all in use) since it was made.
    ``drops`` by reason: ``lost`` (a trap, a passed limit, closed), ``grown``, ``idle``, ``spare`` (its owner has one kept),
    ``closed``.
    """

    ready: int
    kept: int
    leased: int
    waiting: int
    acquired: int
    reused: int
    waits: int
    drops: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """All instances that are alive."""
        return self.ready + self.kept + self.leased


class InstancePool:
    """Pristine instances, made ahead of time, and those that one owner has had, for that owner alone.

    ``size``: how many are made ahead.  ``most``: how many may be leased at a time; who comes then waits.
    ``idle``: seconds after which what nobody asked for is freed; the next lease makes new ones.

    An instance that trapped, passed a limit or grew past a mark is never handed on, and none ever goes from one owner
    to another.  Any thread and any event loop may use it; ``close`` ends it.
    """

    def __init__(
        self, *, size: int = 10, most: int = 64, idle: float = 60.0, limits: Limits = DEFAULT_LIMITS, engine: Engine | None = None
    ) -> None:
        self.limits = limits
        self._engine = engine or Engine.shared()
        self._size = size
        self._most = most
        self._idle = idle
        self._lock = threading.RLock()
        self._ready: deque[Instance] = deque()
        self._kept: dict[str, tuple[Instance, float]] = {}
        self._leased: dict[Instance, str] = {}
        self._held = 0
        self._waiters: deque[Future[None]] = deque()
        self._counts: Counter[str] = Counter()
        self._drops: Counter[str] = Counter()
        self._filling: threading.Thread | None = None
        self._token: int | None = None
        self._used = time.monotonic()
        self._closed = False

    @property
    def metrics(self) -> PoolMetrics:
        """As it is now."""
        with self._lock:
            counts = self._counts
            waiting = sum(not turn.done() for turn in self._waiters)
            return PoolMetrics(
                ready=len(self._ready), kept=len(self._kept), leased=len(self._leased), waiting=waiting,
                acquired=counts["acquired"], reused=counts["reused"], waits=counts["waits"], drops=dict(self._drops),
            )  # fmt: skip

    def warm(self) -> None:
        """Make what is to be ready, on a thread of its own."""
        with self._lock:
            self._used = time.monotonic()
            self._fill()
            if not self._closed:
                self._watch()

    # --- leases -----------------------------------------------------------------------------------

    def take(self, owner: str, *, timeout: float | None = None) -> Instance:
        """An instance for ``owner``; waits while all are in use, at most ``timeout`` seconds.

        Raises TimeoutError, EngineError, NexusError (``POOL_CLOSED``).
        """
        turn = self._enter()
        if turn is not None:
            try:
                turn.result(timeout)
            except BaseException as error:
                self._give_up(turn)
                if isinstance(error, FutureTimeout):
                    raise TimeoutError(f"all {self._most} instances were in use for {timeout:g} s") from None
                raise
        return self._lease(owner)

    async def acquire(self, owner: str) -> Instance:
        """As ``take``; waits without holding the event loop up."""
        if not self._engine.ready:
            await asyncio.to_thread(self._engine.prepare)
        turn = self._enter()
        if turn is not None:
            try:
                await asyncio.wrap_future(turn)
            except BaseException:
                self._give_up(turn)
                raise
        return self._lease(owner)

    def give_back(self, instance: Instance) -> None:
        """End a lease.  Again, or for what was never leased, does nothing."""
        with self._lock:
            owner = self._leased.pop(instance, None)
        if owner is None:
            return
        size = instance.memory_size  # waits for a call that its owner may still have in it: nobody else does
        with self._lock:
            reason = self._unfit(instance, owner, size)
            if reason is None:
                self._kept[owner] = (instance, time.monotonic())
            else:
                self._drops[reason] += 1
        self._leave()
        if reason is not None:
            instance.close()

    async def release(self, instance: Instance) -> None:
        """As ``give_back``."""
        self.give_back(instance)

    @contextlib.asynccontextmanager
    async def lease(self, owner: str) -> AsyncIterator[Instance]:
        """An instance for the time of the context."""
        instance = await self.acquire(owner)
        try:
            yield instance
        finally:
            self.give_back(instance)

    @contextlib.contextmanager
    def leased(self, owner: str) -> Iterator[Instance]:
        """As ``lease``, for threads."""
        instance = self.take(owner)
        try:
            yield instance
        finally:
            self.give_back(instance)

    def close(self) -> None:
        """Free everything, also what is leased; those who wait are told.  Again does nothing."""
        with self._lock:
            self._closed = True
            ending = [*self._ready, *(each for each, _ in self._kept.values()), *self._leased]
            self._drops["closed"] += len(ending)
            self._ready.clear()
            self._kept.clear()
            self._leased.clear()
            waiters, self._waiters = self._waiters, deque()
            token, self._token = self._token, None
            filling = self._filling
        for turn in waiters:
            if turn.set_running_or_notify_cancel():
                turn.set_exception(_closed_error())
        if token is not None:
            self._engine.deadlines.clear(token)
        if filling is not None:
            filling.join()
        for instance in ending:
            instance.close()

    # --- inside -----------------------------------------------------------------------------------

    def _enter(self) -> Future[None] | None:
        """A place among those who hold an instance: at once, or when the future says so."""
        with self._lock:
            if self._closed:
                raise _closed_error()
            if self._held < self._most:
                self._held += 1
                return None
            self._counts["waits"] += 1
            turn: Future[None] = Future()
            self._waiters.append(turn)
            return turn

    def _leave(self) -> None:
        """Hand the place to who waits longest."""
        with self._lock:
            while self._waiters:
                turn = self._waiters.popleft()
                if turn.set_running_or_notify_cancel():
                    turn.set_result(None)
                    return
            self._held -= 1

    def _give_up(self, turn: Future[None]) -> None:
        with self._lock, contextlib.suppress(ValueError):
            self._waiters.remove(turn)
        if not turn.cancel() and not turn.cancelled() and turn.exception() is None:
            self._leave()  # it was given the place in this very moment

    def _lease(self, owner: str) -> Instance:
        try:
            with self._lock:
                instance = self._kept_for(owner)
                if instance is None and self._ready:
                    instance = self._ready.popleft()
            if instance is None:
                instance = self._new()  # not under the lock: it takes a moment, and seconds when it compiles
            with self._lock:
                if not self._closed:
                    self._used = time.monotonic()
                    self._counts["acquired"] += 1
                    self._leased[instance] = owner
                    self._fill()
                    self._watch()
                    return instance
            instance.close()
            raise _closed_error()
        except BaseException:
            self._leave()
            raise

    def _kept_for(self, owner: str) -> Instance | None:
        kept = self._kept.pop(owner, None)
        if kept is None:
            return None
        if not kept[0].alive:
            self._drops["lost"] += 1
            return None
        self._counts["reused"] += 1
        return kept[0]

    def _unfit(self, instance: Instance, owner: str, size: int) -> str | None:
        if self._closed:
            return "closed"
        if not instance.alive:
            return "lost"
        if size > MARK:
            return "grown"
        return "spare" if owner in self._kept else None

    def _new(self) -> Instance:
        return Instance(self._engine, self.limits)

    def _fill(self) -> None:
        if self._closed or self._filling is not None or len(self._ready) >= self._size:
            return
        thread = threading.Thread(target=self._fill_up, name="nexus-pool", daemon=True)
        with contextlib.suppress(RuntimeError):  # no thread can be had: then leases make what they need
            thread.start()
            self._filling = thread

    def _fill_up(self) -> None:
        try:
            while True:
                with self._lock:
                    if self._closed or len(self._ready) >= self._size:
                        return
                instance = self._new()
                with self._lock:
                    if not self._closed:
                        self._ready.append(instance)
                        continue
                instance.close()
        except EngineError:
            return  # whoever needs an instance is told
        finally:
            with self._lock:
                self._filling = None

    def _watch(self) -> None:
        if self._token is None:
            self._token = self._engine.deadlines.set(time.monotonic() + self._idle, self._tidy)

    def _tidy(self) -> float | None:
        """On the thread of deadlines: free what was not asked for, and say when to look again.

        Guests' deadlines wait for this: what is freed is freed elsewhere, and a lock that is taken is not waited for.
        """
        if not self._lock.acquire(blocking=False):
            return time.monotonic() + 0.01
        try:
            now = time.monotonic()
            ending = [owner for owner, (_, since) in self._kept.items() if now - since >= self._idle]
            freed = [self._kept.pop(owner)[0] for owner in ending]
            if now - self._used >= self._idle:
                freed += self._ready
                self._ready.clear()
            self._drops["idle"] += len(freed)
            again = bool(self._ready or self._kept or self._leased)
            if not again:
                self._token = None
        finally:
            self._lock.release()
        if freed:
            threading.Thread(target=_free, args=(freed,), name="nexus-pool-idle", daemon=True).start()
        return now + max(0.05, self._idle / 2) if again else None


def _free(instances: list[Instance]) -> None:
    for instance in instances:
        instance.close()


def _closed_error() -> NexusError:
    return NexusError("this pool of sandboxes was closed.", code="POOL_CLOSED")
