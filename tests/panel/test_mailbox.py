"""Callbacks run on the main thread, and a blocked caller delivers them."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from nexus_jupyter.panel.mailbox import Mailbox


def on_another_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_blocked_main_thread_delivers_callbacks_while_it_waits() -> None:
    box, future, seen = Mailbox(), Future[str](), []

    def work() -> None:
        box.post(lambda: seen.append(threading.current_thread() is threading.main_thread()))
        time.sleep(0.05)
        box.post(lambda: future.set_result("delivered"))  # only a delivery can end the wait

    thread = on_another_thread(work)
    assert box.wait(future, 5) == "delivered"
    thread.join()
    assert seen == [True]


def test_callbacks_come_in_order_and_one_that_fails_stops_none(capsys: pytest.CaptureFixture[str]) -> None:
    box, seen = Mailbox(), []
    box.post(lambda: seen.append(1))
    box.post(lambda: 1 // 0)
    box.post(lambda: seen.append(2))
    box.drain()
    assert seen == [1, 2]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_callback_that_waits_itself_delivers_what_it_waits_for() -> None:
    box, inner, seen = Mailbox(), Future[int](), []

    def outer() -> None:
        box.post(lambda: inner.set_result(7))
        seen.append(box.wait(inner, 5))

    box.post(outer)
    box.drain()
    assert seen == [7]


def test_a_wait_ends_at_its_timeout() -> None:
    with pytest.raises(TimeoutError):
        Mailbox().wait(Future[None](), 0.05)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_wait_and_tells() -> None:
    box, told = Mailbox(), []

    def interrupt() -> None:
        time.sleep(0.2)
        signal.raise_signal(signal.SIGINT)

    thread = on_another_thread(interrupt)
    with pytest.raises(KeyboardInterrupt):
        box.wait(Future[None](), 10, on_interrupt=lambda: told.append(True))
    thread.join()
    assert told == [True]


async def _loop_delivers(box: Mailbox) -> list[str]:
    box.attach()
    seen: list[str] = []

    async def later() -> None:
        await asyncio.sleep(0)
        seen.append("coroutine")

    def work() -> None:
        box.post(lambda: seen.append("plain"))
        box.post(later)

    thread = on_another_thread(work)
    for _ in range(200):
        await asyncio.sleep(0.01)
        if len(seen) == 2:
            break
    thread.join()
    return seen


def test_an_event_loop_delivers_when_it_is_free() -> None:
    assert asyncio.run(_loop_delivers(Mailbox())) == ["plain", "coroutine"]


async def _only_the_main_threads_loop_delivers(box: Mailbox) -> list[bool]:
    seen: list[bool] = []
    box.attach()

    async def elsewhere() -> None:
        box.attach()

    def work() -> None:
        asyncio.run(elsewhere())
        box.post(lambda: seen.append(threading.current_thread() is threading.main_thread()))

    thread = on_another_thread(work)
    for _ in range(200):
        await asyncio.sleep(0.01)
        if seen:
            break
    thread.join()
    return seen


def test_a_loop_of_another_thread_takes_no_callbacks_away() -> None:
    assert asyncio.run(_only_the_main_threads_loop_delivers(Mailbox())) == [True]
