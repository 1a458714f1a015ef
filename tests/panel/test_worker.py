"""A panel's own thread."""

from __future__ import annotations

import threading
import time

import pytest

from nexus_jupyter.panel import worker as worker_module
from nexus_jupyter.panel.worker import Worker


def quiet(name: str = "nexus-test") -> Worker:
    return Worker(name, next_due=lambda: None, on_due=lambda: None)


def test_turns_run_in_order_on_one_thread() -> None:
    worker, seen, done = quiet(), [], threading.Event()
    for i in range(100):
        worker.put(lambda i=i: seen.append((i, threading.current_thread().name)))  # type: ignore[misc]
    worker.put(done.set)
    assert done.wait(5)
    worker.close(lambda: None)
    assert seen == [(i, "nexus-test") for i in range(100)]


def test_a_turn_that_fails_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    worker, done = quiet(), threading.Event()
    worker.put(lambda: 1 // 0)  # type: ignore[arg-type]
    worker.put(done.set)
    assert done.wait(5)
    worker.close(lambda: None)
    assert "ZeroDivisionError" in caplog.text


def test_an_idle_worker_keeps_no_thread_and_wakes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "IDLE_SECONDS", 0.05)
    worker, done = quiet("nexus-idle"), threading.Event()
    worker.put(lambda: None)
    deadline = time.monotonic() + 5
    while any(t.name == "nexus-idle" for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    worker.put(done.set)
    assert done.wait(5)
    worker.close(lambda: None)


def test_a_due_turn_runs_when_its_time_has_come() -> None:
    due: list[float] = [time.monotonic() + 0.1]
    ran = threading.Event()

    def on_due() -> None:
        due.clear()
        ran.set()

    worker = Worker("nexus-due", next_due=lambda: due[0] if due else None, on_due=on_due)
    worker.put(lambda: None)
    assert ran.wait(5)
    worker.close(lambda: None)


def test_a_closed_worker_runs_its_last_turn_and_takes_no_more() -> None:
    worker, seen = quiet(), []
    worker.close(lambda: seen.append("last"))
    assert seen == ["last"]
    worker.put(lambda: seen.append("late"), otherwise=lambda: seen.append("told"))
    worker.close(lambda: seen.append("again"))
    assert seen == ["last", "told"]


def test_closing_from_inside_a_turn_does_not_deadlock() -> None:
    worker, ended = quiet(), threading.Event()
    worker.put(lambda: worker.close(ended.set))
    assert ended.wait(5)


def test_a_turn_that_the_end_overtakes_is_told() -> None:
    worker, seen, busy, go = quiet(), [], threading.Event(), threading.Event()

    def hold() -> None:
        busy.set()
        go.wait(5)

    def told() -> None:
        seen.append("told")
        go.set()

    worker.put(hold)
    worker.put(lambda: seen.append("ran"), otherwise=told)
    assert busy.wait(5)
    worker.close(lambda: seen.append("last"))
    assert seen == ["told", "last"]


def test_a_full_queue_does_not_hold_up_a_due_turn_nor_the_other_way_round() -> None:
    ran: list[str] = []
    worker = Worker("nexus-fair", next_due=lambda: 0.0 if len(ran) < 100 else None, on_due=lambda: ran.append("due"))

    def again() -> None:
        ran.append("turn")
        if len(ran) < 100:
            worker.put(again)

    worker.put(again)
    deadline = time.monotonic() + 5
    while len(ran) < 100 and time.monotonic() < deadline:
        time.sleep(0.01)
    worker.close(lambda: None)
    assert 40 < ran.count("due") < 60
