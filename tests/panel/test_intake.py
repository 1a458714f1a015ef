"""Events that wait: each is run once or not at all, and its page hears which."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest

from nexus_jupyter import Panel
from nexus_jupyter.protocol import Event, Reject, Result, Undo
from nexus_jupyter.sandbox import Limits

from .pages import Page

COUNTER = """<NexusPanel id="counter">
  <Data><State name="count" type="number"/></Data>
  <Logic><Tool name="add" description="d"><Handler>$state.count += 1</Handler></Tool></Logic>
  <View><Button label="add" trigger="add"/></View>
</NexusPanel>"""
ALLOWED = 4


class Sender(Page):
    """A page that waits for nothing."""

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self._node = self.nodes()["add"]

    def send(self, *numbers: int) -> None:
        for seq in numbers:
            self.panel.runtime.event(
                Event(client=self.client, seq=seq, node=self._node, name="press", clock=self.clock, seed=7, zone="UTC", base=0)
            )

    def answers(self) -> list[tuple[int, str | None]]:
        """The number of each event that was answered, and the code of its error."""
        self.panel.runtime.ask(lambda: None).result(60)
        found = [m for m in self.heard if isinstance(m, Result | Reject)]
        return [(m.seq, m.error.code if m.error is not None else None) for m in found]


@pytest.fixture
def panel() -> Iterator[Panel]:
    with Panel(COUNTER, limits=Limits(events=ALLOWED)) as panel:
        yield panel


@pytest.fixture
def page(panel: Panel) -> Sender:
    return Sender(panel)


@contextlib.contextmanager
def busy(panel: Panel) -> Iterator[None]:
    """The panel's thread has no turn for anybody in the context."""
    begun, free = threading.Event(), threading.Event()

    def turn() -> None:
        begun.set()
        free.wait(60)

    panel.runtime.put(turn)
    assert begun.wait(60)
    try:
        yield
    finally:
        free.set()


def test_what_is_cancelled_before_its_turn_is_not_run(panel: Panel, page: Sender) -> None:
    with busy(panel):
        page.send(1, 2, 3)
        panel.runtime.cancel_event(page.client, 2)
    assert page.answers() == [(1, None), (2, "CANCELLED"), (3, None)]
    assert panel.state.count == 2


def test_what_waits_for_a_lost_event_can_be_cancelled_too(panel: Panel, page: Sender) -> None:
    page.send(2, 3)
    panel.runtime.cancel_event(page.client, 2)
    page.send(1)
    assert page.answers() == [(1, None), (2, "CANCELLED"), (3, None)]
    assert panel.state.count == 2


def test_an_undo_is_cancelled_before_its_turn(panel: Panel, page: Sender) -> None:
    page.send(1)
    with busy(panel):
        panel.runtime.event(Undo(client=page.client, seq=2))
        panel.runtime.cancel_event(page.client, 2)
    assert page.answers() == [(1, None), (2, "CANCELLED")]
    assert panel.state.count == 1


def test_what_has_ended_is_not_cancelled(panel: Panel, page: Sender) -> None:
    page.send(1)
    assert page.answers() == [(1, None)]
    panel.runtime.cancel_event(page.client, 1)
    page.send(1, 2)
    assert page.answers() == [(1, None), (1, None), (2, None)]
    assert panel.state.count == 2


def test_what_comes_again_while_it_waits_is_not_refused(panel: Panel, page: Sender) -> None:
    with busy(panel):
        for _ in range(3):
            page.send(*range(1, ALLOWED + 1))
    assert page.answers() == [(seq, None) for seq in range(1, ALLOWED + 1)]
    assert panel.state.count == ALLOWED


def test_what_was_taken_early_is_not_refused_when_it_comes_again(panel: Panel, page: Sender) -> None:
    numbers = range(1, 2 * ALLOWED + 1)
    for seq in numbers[1:]:
        page.send(seq)
        page.answers()  # it has had its turn, and waits for the first
    with busy(panel):
        page.send(*numbers)
    answers = page.answers()
    assert sorted(set(answers)) == [(seq, None) for seq in numbers]
    assert panel.state.count == len(numbers)


def test_of_too_many_the_last_are_refused(panel: Panel, page: Sender) -> None:
    with busy(panel):
        page.send(*range(1, ALLOWED + 3))
    codes = dict(page.answers())
    assert [codes[seq] is None for seq in range(1, ALLOWED + 3)] == [True] * ALLOWED + [False] * 2
    assert panel.state.count == ALLOWED
