"""A pool of instances under load: one owner each, nothing lost, nothing left."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nexus_jupyter.errors import CancelledError, NexusError
from nexus_jupyter.sandbox import Engine
from nexus_jupyter.sandbox.instance import Instance, live_instances
from nexus_jupyter.sandbox.machine import PAGE
from nexus_jupyter.sandbox.pool import MARK, InstancePool, PoolMetrics


def files() -> int:
    return len(os.listdir("/proc/self/fd")) if sys.platform.startswith("linux") else 0


@pytest.fixture
def lost(engine: Engine) -> Iterator[None]:
    """Nothing is left behind."""
    engine.prepare()
    gc.collect()
    instances, fds = len(live_instances()), files()
    yield
    gc.collect()
    assert len(live_instances()) == instances
    assert files() <= fds + 2  # pytest's own


def pool_of(engine: Engine, **options: Any) -> InstancePool:
    return InstancePool(**{"size": 2, "most": 4, "idle": 60.0, "engine": engine, **options})


PLACE = 40  # bytes before the end of the memory, where nothing of a fresh guest stands


def mark(instance: Instance, owner: str) -> str | None:
    """Write the owner's canary into the instance; whose canary was there."""
    machine = instance._machine
    assert machine is not None
    at = machine.memory_size // PAGE * PAGE - PLACE
    before = machine.read(at, 32).rstrip(b"\0").decode("latin-1")
    machine.write(at, owner.encode().ljust(32, b"\0"))
    return before or None


def check(metrics: PoolMetrics, made: int) -> None:
    """Every instance that ever was is somewhere."""
    assert metrics.size + sum(metrics.drops.values()) == made


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made: list[int] = []
    real = InstancePool._new

    def new(self: InstancePool) -> Instance:
        made.append(1)
        return real(self)

    monkeypatch.setattr(InstancePool, "_new", new)
    return made


def test_no_owner_ever_sees_what_another_wrote_and_the_numbers_add_up(engine: Engine, lost: None, counted: list[int]) -> None:
    pool = pool_of(engine, size=3, most=6)
    seen: list[tuple[str, str | None]] = []
    used: dict[Instance, str] = {}
    guard = threading.Lock()

    def lease(owner: str, instance: Instance) -> None:
        with guard:
            assert instance not in used, "leased to two at a time"
            used[instance] = owner
        seen.append((owner, mark(instance, owner)))
        time.sleep(random.random() / 5000)
        if random.random() < 0.1:
            instance.close()
        with guard:
            del used[instance]

    async def task(number: int) -> None:
        for i in range(31):
            owner = f"owner {(number * 7 + i) % 11}"
            async with pool.lease(owner) as instance:
                lease(owner, instance)
                await asyncio.sleep(0)

    def thread(number: int) -> None:
        for i in range(32):
            owner = f"owner {(number * 5 + i) % 11}"
            with pool.leased(owner) as instance:
                lease(owner, instance)

    async def tasks() -> None:
        await asyncio.gather(*(task(number) for number in range(16)))

    with ThreadPoolExecutor(17) as threads:
        futures = [threads.submit(thread, number) for number in range(16)]
        asyncio.run(tasks())
        for future in futures:
            future.result()
    assert len(seen) == 16 * 31 + 16 * 32 >= 1000
    assert all(before in (None, owner) for owner, before in seen)
    assert any(before == owner for owner, before in seen), "some came back to their owner"
    metrics = pool.metrics
    assert (metrics.leased, metrics.waiting, metrics.acquired) == (0, 0, len(seen))
    assert metrics.reused == sum(before is not None for _, before in seen)
    assert metrics.drops["lost"] > 0
    pool.close()
    check(pool.metrics, len(counted))
    assert pool.metrics.size == 0


def test_what_is_lost_or_has_grown_is_never_handed_on(engine: Engine, lost: None) -> None:
    pool = pool_of(engine)
    first = pool.take("a")
    first.close()
    pool.give_back(first)
    second = pool.take("a")
    assert second is not first
    assert second.alive
    machine = second._machine
    assert machine is not None
    machine.reserve(MARK + PAGE)
    assert machine.memory_size > MARK
    pool.give_back(second)
    assert not second.alive
    third = pool.take("a")
    assert third not in (first, second)
    pool.give_back(third)
    assert pool.take("a") is third
    pool.give_back(third)
    third.close()  # lost while it is kept
    fourth = pool.take("a")
    assert fourth is not third
    assert pool.metrics.drops == {"lost": 2, "grown": 1}
    pool.give_back(fourth)
    pool.give_back(fourth)
    assert pool.metrics.leased == 0
    pool.close()


def test_one_owner_may_have_several_and_one_of_them_is_kept(engine: Engine, lost: None) -> None:
    pool = pool_of(engine)
    both = [pool.take("a"), pool.take("a")]
    assert both[0] is not both[1]
    for each in both:
        pool.give_back(each)
    assert pool.metrics.kept == 1
    assert pool.metrics.drops == {"spare": 1}
    pool.close()


def test_no_more_than_most_are_leased_and_who_waits_longest_is_next(engine: Engine, lost: None) -> None:
    pool = pool_of(engine, most=2)
    held = [pool.take("a"), pool.take("b")]
    with pytest.raises(TimeoutError, match="all 2 instances"):
        pool.take("c", timeout=0.05)
    assert pool.metrics.waiting == 0
    order: list[str] = []

    async def wait(owner: str) -> None:
        async with pool.lease(owner):
            order.append(owner)

    async def all_of_them() -> None:
        waiting = []
        for owner in "defgh":
            waiting.append(asyncio.create_task(wait(owner)))
            await asyncio.sleep(0)
        assert pool.metrics.waiting == 5
        for instance in held:
            pool.give_back(instance)
        await asyncio.gather(*waiting)

    asyncio.run(all_of_them())
    assert order == list("defgh")
    assert pool.metrics.waits == 6
    pool.close()


@pytest.mark.parametrize("steps", range(6))
def test_a_waiter_that_is_cancelled_at_any_moment_gives_its_place_on(engine: Engine, lost: None, steps: int) -> None:
    pool = pool_of(engine, most=1)

    async def run() -> None:
        held = await pool.acquire("holder")
        waiter = asyncio.create_task(pool.acquire("waiter"))
        for _ in range(2):
            await asyncio.sleep(0)
        if steps >= 3:  # the place is given first, the cancellation meets it on its way
            pool.give_back(held)
            for _ in range(steps - 3):
                await asyncio.sleep(0)
        else:
            for _ in range(steps):
                await asyncio.sleep(0)
        waiter.cancel()
        if steps < 3:
            pool.give_back(held)
        got = (await asyncio.gather(waiter, return_exceptions=True))[0]
        if isinstance(got, Instance):
            pool.give_back(got)
        else:
            assert isinstance(got, asyncio.CancelledError)
        pool.give_back(await asyncio.wait_for(pool.acquire("next"), 30))

    asyncio.run(run())
    assert (pool.metrics.leased, pool.metrics.waiting) == (0, 0)
    assert pool._held == 0
    pool.close()


def test_waiters_that_give_up_by_the_hundred_lose_no_place(engine: Engine, lost: None) -> None:
    pool = pool_of(engine, most=2)

    def impatient(number: int) -> int:
        got = 0
        for _ in range(10):
            try:
                instance = pool.take(f"owner {number}", timeout=random.random() / 500)
            except TimeoutError:
                continue
            got += 1
            time.sleep(0.0005)
            pool.give_back(instance)
        return got

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(impatient, range(16))) > 0
    assert (pool.metrics.leased, pool.metrics.waiting, pool._held, len(pool._waiters)) == (0, 0, 0, 0)
    pool.close()


def test_closing_tells_who_waits_and_stops_what_runs(engine: Engine, lost: None) -> None:
    pool = pool_of(engine, most=1)
    held = pool.take("a")
    told: list[BaseException] = []

    def wait() -> None:
        try:
            pool.take("b")
        except NexusError as error:
            told.append(error)

    async def wait_here() -> None:
        task = asyncio.create_task(pool.acquire("c"))
        while pool.metrics.waiting < 2:
            await asyncio.sleep(0.001)
        pool.close()
        with pytest.raises(NexusError, match="closed"):
            await task

    thread = threading.Thread(target=wait)
    thread.start()
    asyncio.run(wait_here())
    thread.join()
    assert [getattr(error, "code", "") for error in told] == ["POOL_CLOSED"]
    assert not held.alive
    pool.give_back(held)
    pool.close()
    with pytest.raises(NexusError, match="closed"):
        pool.take("d")
    pool.warm()
    assert pool.metrics.size == 0


def test_what_nobody_asks_for_is_freed_and_made_again(engine: Engine, lost: None) -> None:
    pool = pool_of(engine, idle=0.1)
    pool.warm()
    pool.give_back(pool.take("a"))
    deadline = time.monotonic() + 60
    while pool.metrics.size and time.monotonic() < deadline:
        time.sleep(0.02)
    assert pool.metrics.size == 0
    assert pool.metrics.drops["idle"] >= 1
    instance = pool.take("a")
    assert instance.alive
    pool.give_back(instance)
    pool.close()


def test_tidying_never_holds_the_deadlines_of_guests_up(engine: Engine, lost: None) -> None:
    pool = pool_of(engine, idle=0.02)
    pool.give_back(pool.take("a"))
    with pool._lock:  # somebody is busy with the pool for long
        acted = threading.Event()
        time.sleep(0.1)
        engine.deadlines.set(time.monotonic(), lambda: acted.set())
        assert acted.wait(30)
    pool.close()


def test_what_is_given_back_while_a_call_runs_in_it_holds_nobody_else_up(engine: Engine, lost: None) -> None:
    pool = pool_of(engine)
    instance = pool.take("a")
    busy, go = threading.Event(), threading.Event()

    def slow() -> None:
        with instance._lock:  # as a call does
            busy.set()
            go.wait(60)

    caller = threading.Thread(target=slow)
    caller.start()
    busy.wait(60)
    giver = threading.Thread(target=pool.give_back, args=(instance,))
    giver.start()
    other = pool.take("b", timeout=30)
    pool.give_back(other)
    go.set()
    caller.join()
    giver.join()
    assert pool.metrics.kept == 2
    pool.close()


def test_a_call_that_starts_as_its_instance_is_closed_does_not_run(engine: Engine, lost: None) -> None:
    pool = pool_of(engine)
    instance = pool.take("a")
    with instance._state:
        instance._closing = True
    with pytest.raises(Exception, match="closed") as ended:
        instance.call(b"{}", 10)
    assert isinstance(getattr(ended.value, "cause", None), CancelledError)
    pool.give_back(instance)
    pool.close()
