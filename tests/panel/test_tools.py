"""What pages are told of the calls they set off: questions, queues, calls that give way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from nexus_jupyter import CancelledError, LimitError, Panel
from nexus_jupyter.protocol import Confirm, ConfirmAnswer, Event, KernelMessage, Progress, Reject, Result, Started
from nexus_jupyter.sandbox import Limits

SOURCE = """<NexusPanel id="tools"><Data><State name="n" type="number"/><State name="at" type="number"/></Data><Logic>
  <Extension name="nexus.python" alias="py"/>
  <Tool name="clear" description="d" confirm="Delete all?"><Arg name="to" type="number"/>
    <Handler>$state.at = Date.now(); $state.n = $args.to;</Handler></Tool>
  <Tool name="line" description="d"><Handler>$progress(1, 2, 'half'); await $ext.py.wait(); $state.n += 1;</Handler></Tool>
  <Tool name="newest" description="d" concurrency="latest"><Handler>await $ext.py.wait(); $state.n += 1;</Handler></Tool>
  <Tool name="once" description="d" concurrency="drop"><Handler>await $ext.py.wait(); $state.n += 1;</Handler></Tool>
  <Tool name="beside" description="d" concurrency="parallel"><Handler>await $ext.py.wait(); $state.n += 1;</Handler></Tool>
</Logic><View><Layout>
  <Button label="clear" trigger="clear" args="{ to: $state.n + 1 }"/>
  <Button label="line" trigger="line"/><Button label="newest" trigger="newest"/>
  <Button label="once" trigger="once"/><Button label="beside" trigger="beside"/>
</Layout></View></NexusPanel>"""


class Page:
    """Presses the buttons of a panel, and hears what a page hears."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.heard: list[KernelMessage] = []
        self.go = threading.Event()
        self.seq = 0
        panel.expose(lambda: self.go.wait(60), name="wait")
        panel.runtime.subscribe(self.heard.extend)
        root = panel.runtime.snapshot().result(60).tree.root
        assert root is not None
        self.nodes = {str(node.props["label"]): node.id for node in root.children}

    def press(self, label: str, client: str = "ada") -> int:
        self.seq += 1
        event = Event(
            client=client, seq=self.seq, node=self.nodes[label], name="press", clock=1000, seed=1, zone="UTC", base=self.panel.rev
        )
        self.panel.runtime.event(event).result(60)
        self.turn()
        return self.seq

    def answer(self, seq: int, *, yes: bool, client: str = "ada") -> None:
        self.panel.runtime.confirm(ConfirmAnswer(client=client, seq=seq, yes=yes))
        self.turn()

    def turn(self) -> None:
        self.panel.runtime.ask(lambda: None).result(60)

    def result(self, seq: int) -> Result:
        deadline = time.monotonic() + 60
        while not (found := [m for m in self.heard if isinstance(m, Result) and m.seq == seq]):
            assert time.monotonic() < deadline, f"call {seq} never ended"
            time.sleep(0.005)
        (only,) = found
        return only

    def told(self, seq: int, kind: type) -> list[KernelMessage]:
        return [m for m in self.heard if isinstance(m, kind) and getattr(m, "seq", 0) == seq]


@pytest.fixture
def make() -> Iterator[Callable[..., Page]]:
    pages: list[Page] = []

    def make(**limits: int) -> Page:
        pages.append(Page(Panel(SOURCE, limits=Limits(**limits))))
        return pages[-1]

    yield make
    for page in pages:
        page.go.set()
        page.panel.close()


def test_a_tool_that_asks_runs_after_a_yes_with_what_was_meant_when_it_was_pressed(make: Callable[..., Page]) -> None:
    page = make()
    seq = page.press("clear")
    (question,) = page.told(seq, Confirm)
    assert question == Confirm(client="ada", seq=seq, tool="clear", question="Delete all?")
    assert (page.panel.rev, page.told(seq, Result), page.told(seq, Started)) == (0, [], [])
    page.panel.state.n = 5
    page.answer(seq, yes=True)
    assert page.result(seq).error is None
    assert page.panel.state.n == 1
    assert page.panel.state.at > 1000, "it reads the clock when it begins"


def test_a_no_runs_nothing_and_is_no_error(make: Callable[..., Page]) -> None:
    page = make()
    seq = page.press("clear")
    page.answer(seq, yes=False)
    assert page.result(seq).error is None
    page.answer(seq, yes=True)
    page.answer(99, yes=True)
    assert (page.panel.rev, page.panel.log) == (0, ())


def test_nobody_answers_for_another_page(make: Callable[..., Page]) -> None:
    page = make()
    seq = page.press("clear")
    page.answer(seq, yes=True, client="eve")
    assert page.panel.rev == 0
    page.answer(seq, yes=True)
    assert page.panel.state.n == 1


def test_python_is_not_asked(make: Callable[..., Page]) -> None:
    page = make()
    page.panel.tools.clear(to=3).result(60)
    page.panel.call("clear", to=4)
    assert page.panel.state.n == 4
    assert not [m for m in page.heard if isinstance(m, Confirm)]


def test_questions_end_with_the_call_the_document_and_the_panel(make: Callable[..., Page]) -> None:
    page = make(events=2)
    first = page.press("clear")
    page.panel.runtime.cancel_event("ada", first)
    error = page.result(first).error
    assert error is not None
    assert error.code == "CANCELLED"
    others = [page.press("clear") for _ in range(3)]
    assert page.result(others[0]).error is not None, "the oldest gives way"
    page.panel.replace_document(SOURCE.replace("Delete all?", "Really?"))
    for seq in others[1:]:
        replaced = page.result(seq).error
        assert replaced is not None
        assert "replaced" in replaced.message
        page.answer(seq, yes=True)
    assert page.panel.state.n == 0
    last = page.press("clear")
    assert [m.question for m in page.told(last, Confirm) if isinstance(m, Confirm)] == ["Really?"]
    page.panel.close()
    ended = page.result(last).error
    assert ended is not None
    assert ended.code == "PANEL_CLOSED"


def test_calls_in_a_queue_are_told_that_they_wait_and_that_they_run(make: Callable[..., Page]) -> None:
    page = make(queue=2)
    running, *waiting, refused = [page.press("line") for _ in range(4)]
    assert [(m.queued, m.tool) for m in page.told(running, Started) if isinstance(m, Started)] == [(False, "line")]
    assert [m.text for m in page.told(running, Progress) if isinstance(m, Progress)] == ["half"]
    for seq in waiting:
        assert [m.queued for m in page.told(seq, Started) if isinstance(m, Started)] == [True]
    full = page.result(refused).error
    assert full is not None
    assert (full.code, full.hint) == ("LIMIT_QUEUE", "Wait for some of them to end.")
    page.go.set()
    for seq in (running, *waiting):
        assert page.result(seq).error is None
    assert [m.queued for m in page.told(waiting[-1], Started) if isinstance(m, Started)] == [True, False]
    assert page.panel.state.n == 3


def test_the_newest_takes_the_place_of_those_before_it_and_says_so(make: Callable[..., Page]) -> None:
    page = make()
    presses = [page.press("newest") for _ in range(3)]
    for seq in presses[:2]:
        error = page.result(seq).error
        assert error is not None
        assert (error.code, error.message) == ("SUPERSEDED", "newest was cancelled: a newer call took its place.")
    older = page.panel.tools.newest()
    page.panel.tools.newest()
    with pytest.raises(CancelledError, match="a newer call took its place"):
        older.result(60)
    page.go.set()
    assert {line.level for line in page.panel.log} == {"info"}


def test_a_dropped_press_is_told(make: Callable[..., Page]) -> None:
    page = make()
    first, second = page.press("once"), page.press("once")
    error = page.result(second).error
    assert error is not None
    assert (error.code, error.message, error.hint) == ("LIMIT_QUEUE", "once is already running.", "Wait until it has ended.")
    with pytest.raises(LimitError, match="already running"):
        page.panel.call("once")
    page.go.set()
    assert page.result(first).error is None


def test_parallel_calls_run_beside_one_another(make: Callable[..., Page]) -> None:
    page = make()
    presses = [page.press("beside") for _ in range(3)]
    for seq in presses:
        assert [m.queued for m in page.told(seq, Started) if isinstance(m, Started)] == [False]
    page.go.set()
    assert [page.result(seq).error for seq in presses] == [None] * 3
    assert page.panel.state.n == 3


def test_every_press_is_answered(make: Callable[..., Page]) -> None:
    """Whatever becomes of it: run, refused, dropped, too late, or at a component that is gone."""
    page = make(queue=1)
    presses = [page.press(label) for label in ("line", "line", "line", "once", "once", "newest", "newest", "beside", "beside")]
    page.nodes["gone"] = "no such node"
    lost = page.press("gone")
    page.go.set()
    for seq in presses:
        page.result(seq)
    assert len(page.told(lost, Reject)) == 1
