"""What is told on one comm in quick succession goes in a few messages, in order."""

from __future__ import annotations

import threading
import time

from nexus_jupyter.widget import gathering
from nexus_jupyter.widget.gathering import Gathering, Told


class Line:
    """Where the messages go; it knows which came together."""

    def __init__(self) -> None:
        self.sent: list[tuple[Told, ...]] = []
        self.arrived = threading.Semaphore(0)
        self.gathering = Gathering(self.send)

    def send(self, messages: tuple[Told, ...]) -> None:
        self.sent.append(messages)
        self.arrived.release()

    def order(self) -> list[int]:
        return [n for together in self.numbers() for n in together]

    def numbers(self) -> list[list[int]]:
        return [[each["n"] for each in messages] for messages in self.sent]


def test_the_first_goes_at_once_and_what_follows_together_and_in_order() -> None:
    line = Line()
    line.gathering.put({"n": 0})
    assert line.arrived.acquire(timeout=60)
    for n in range(1, 40):
        line.gathering.put({"n": n})
    while sum(map(len, line.sent)) < 40:
        assert line.arrived.acquire(timeout=60)
    assert line.order() == list(range(40))
    assert line.numbers()[0] == [0]
    assert len(line.sent) < 10  # two, where the machine is not very busy
    line.gathering.close()


def test_what_is_waited_for_takes_all_before_it_along() -> None:
    line = Line()
    line.gathering.put({"n": 0})
    assert line.arrived.acquire(timeout=60)
    line.gathering.put({"n": 1})
    line.gathering.put({"n": 2})
    line.gathering.flush()
    assert line.order() == [0, 1, 2]
    line.gathering.close()


def test_no_message_grows_without_bound() -> None:
    line = Line()
    text = "x" * (gathering.MOST // 3)
    for n in range(10):
        line.gathering.put({"n": n, "text": text})
    line.gathering.flush()
    assert line.order() == list(range(10))
    assert max(map(len, line.sent)) <= 2
    line.gathering.close()


def test_after_the_end_nothing_is_sent_and_no_thread_is_left() -> None:
    line = Line()
    line.gathering.put({"n": 0})
    assert line.arrived.acquire(timeout=60)
    line.gathering.put({"n": 1})
    line.gathering.close()
    line.gathering.flush()
    deadline = time.monotonic() + 60
    while any(thread.name == "nexus-bridge" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert line.numbers() == [[0]]
