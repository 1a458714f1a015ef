"""What a page expects of its own events, and what becomes of it when the kernel answers, or somebody else is faster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter import Panel

from .network import Network
from .pages import Pages

DOCUMENT = """<NexusPanel title="Desk">
  <Data>
    <State name="count" type="number" default="0" max="100" />
    <State name="text" type="string" default="" />
    <State name="map" type="object" default='{"x": 1, "y": 2}' />
  </Data>
  <Logic>
    <Tool name="add" description="Add"><Handler>$state.count += 1;</Handler></Tool>
    <Tool name="twice" description="Double"><Handler>$state.count *= 2;</Handler></Tool>
    <Tool name="luck" description="By chance and time"><Handler>$state.text = Math.random() + ' ' + Date.now();</Handler></Tool>
    <Tool name="fail" description="Fail"><Handler>$state.count += 10; throw new Error('no');</Handler></Tool>
    <Tool name="wait" description="Begin, and end later">
      <Handler>$state.text = 'begun'; await new Promise(done => setTimeout(done, 60000)); $state.text = 'ended';</Handler></Tool>
    <Tool name="sure" description="Ask" confirm="Sure?"><Handler>$state.count = 0;</Handler></Tool>
    <Tool name="spin" description="Never end"><Handler>for (;;);</Handler></Tool>
    <Tool name="move" description="Change the order"><Handler>const x = $state.map.x; delete $state.map.x; $state.map.x = x;</Handler></Tool>
  </Logic>
  <View>
    <Container title="{$state.count + ' ' + $state.text}">
      <Input label="text" bind="$state.text" />
      <Text>{Object.keys($state.map).join()}</Text>
      <Button label="add" trigger="add" /><Button label="twice" trigger="twice" /><Button label="luck" trigger="luck" />
      <Button label="fail" trigger="fail" /><Button label="wait" trigger="wait" /><Button label="sure" trigger="sure" />
      <Button label="move" trigger="move" />
      <If condition="$state.count === 0"><Button label="gone" trigger="add" /></If>
    </Container>
  </View>
</NexusPanel>"""


class Desk(Network):
    """A panel and two pages that run it, with nothing on its way."""

    def title(self, page: int) -> str:
        tree = self.do("look", page, settled=True)["tree"]
        return str(tree["props"]["title"])

    def press(self, page: int, label: str) -> int:
        return int(self.do("act", page, label=label))

    def look(self, page: int) -> dict[str, Any]:
        found: dict[str, Any] = self.do("look", page, settled=True)
        return found

    def outcome(self, page: int, seq: int) -> str | None:
        found: str | None = self.look(page)["outcomes"][str(seq)]
        return found


@pytest.fixture(params=["far", pytest.param("near", marks=pytest.mark.full)])
def desk(script: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    panel = Panel(DOCUMENT, id="desk")
    with Pages(script) as pages:
        desk = Desk(pages, panel)
        for page in (1, 2):
            desk.open(page, near=request.param == "near")
        desk.settle()
        for page in (1, 2):
            desk.do("wake", page)
            assert desk.look(page)["here"]
        yield desk
        desk.end()
    panel.close()


def test_a_click_shows_before_the_kernel_has_heard_of_it_and_its_commit_changes_nothing_more(desk: Desk) -> None:
    desk.press(1, "add")
    desk.press(1, "add")
    assert desk.title(1) == "2 "
    assert desk.panel.state.count == 0
    painted = desk.look(1)["painted"]
    desk.settle()
    assert (desk.panel.state.count, desk.title(1), desk.title(2)) == (2, "2 ", "2 ")
    assert desk.look(1)["painted"] == painted


def test_chance_and_time_are_the_kernels_too(desk: Desk) -> None:
    desk.press(1, "luck")
    shown = desk.title(1)
    desk.settle()
    assert desk.panel.state.text == shown.removeprefix("0 ")
    assert desk.title(2) == desk.title(1) == shown


def test_what_another_does_first_counts_first(desk: Desk) -> None:
    desk.press(1, "add")
    desk.press(2, "twice")
    desk.panel.state.count = 5
    desk.gather()
    desk.take(2, faulty=False)
    assert (desk.title(1), desk.title(2)) == ("1 ", "0 ")
    desk.settle()
    assert desk.panel.state.count == 11
    assert desk.title(1) == desk.title(2) == "11 "


def test_a_commit_that_was_lost_with_all_that_came_after_it_is_made_up_for(desk: Desk) -> None:
    desk.press(1, "add")
    desk.panel.state.count = 40
    desk.gather()
    desk.take(1, faulty=False)
    desk.down[1].clear()
    desk.settle()
    assert (desk.title(1), desk.title(2)) == ("41 ", "41 ")
    desk.press(1, "add")
    desk.take(1, faulty=False)
    desk.down[1].clear()  # what is shown is right; the page must hear that nothing is expected any more
    desk.settle()
    assert (desk.look(1)["rev"], desk.title(1)) == (desk.panel.rev, "42 ")


def test_an_expectation_stands_on_what_others_commit(desk: Desk) -> None:
    desk.press(1, "add")
    desk.panel.state.count = 40
    desk.gather()
    while desk.down[1]:
        desk.give(1, faulty=False)
    assert desk.title(1) == "41 "
    desk.settle()
    assert desk.panel.state.count == 41


def test_what_the_kernel_refuses_is_taken_back(desk: Desk) -> None:
    desk.panel.state.count = 100
    desk.gather()
    desk.panel.state.count = 99
    seq = desk.press(1, "add")  # this page has heard of neither
    desk.panel.state.count = 100
    desk.gather()
    assert desk.title(1) == "1 "
    desk.settle()
    assert desk.outcome(1, seq) is not None
    assert desk.title(1) == desk.title(2) == "100 "


def test_a_component_that_is_gone_by_then_does_nothing(desk: Desk) -> None:
    desk.press(2, "add")
    desk.take(2, faulty=False)
    seq = desk.press(1, "gone")
    assert desk.title(1) == "1 "
    desk.settle()
    assert desk.outcome(1, seq) == "STALE_VIEW"
    assert desk.panel.state.count == 1
    assert desk.title(1) == desk.title(2) == "1 "


def test_a_failure_shows_when_the_kernel_says_so_and_changes_nothing_before(desk: Desk) -> None:
    seq = desk.press(1, "fail")
    assert desk.title(1) == "0 "
    desk.settle()
    assert desk.outcome(1, seq) == "HANDLER_ERROR"
    assert desk.title(1) == "0 "


def test_the_first_step_of_what_takes_long_shows_at_once(desk: Desk) -> None:
    desk.press(1, "wait")
    assert desk.title(1) == "0 begun"
    second = desk.press(1, "wait")
    desk.press(1, "add")
    assert desk.title(1) == "1 begun"
    while desk.up[1]:
        desk.take(1, faulty=False)
    while desk.down[1]:
        desk.give(1, faulty=False)
    assert desk.title(1) == "1 begun"
    desk.do("cancel", 1, seq=second)
    desk.do("cancel", 1, seq=second - 1)
    desk.settle()
    assert desk.outcome(1, second) == "CANCELLED"
    assert desk.title(1) == desk.title(2) == "1 begun"


def test_what_is_asked_first_is_not_expected(desk: Desk) -> None:
    desk.press(1, "add")
    desk.settle()
    desk.press(1, "sure")
    assert desk.title(1) == "1 "
    while desk.up[1] or desk.down[1]:
        if desk.up[1]:
            desk.take(1, faulty=False)
        else:
            desk.give(1, faulty=False)
    desk.do("answer", 1, yes=True)
    desk.settle()
    assert desk.panel.state.count == 0
    assert desk.title(1) == desk.title(2) == "0 "


def test_the_order_of_keys_comes_back_with_what_is_taken_back(desk: Desk) -> None:
    desk.press(1, "move")
    assert desk.look(1)["tree"]["children"][1]["props"]["content"] == "y,x"
    desk.panel.state.map = {"x": 1, "y": 2, "z": 3}
    desk.gather()
    while desk.down[1]:
        desk.give(1, faulty=False)
    assert desk.look(1)["tree"]["children"][1]["props"]["content"] == "y,z,x"
    desk.settle()
    assert desk.look(2)["tree"]["children"][1]["props"]["content"] == "y,z,x"


def test_a_guest_that_is_gone_is_made_again_with_what_is_expected(desk: Desk) -> None:
    desk.press(1, "add")
    desk.do("break", 1)
    desk.press(1, "add")
    assert desk.title(1) == "2 "
    assert desk.look(1)["here"]
    desk.settle()
    assert desk.panel.state.count == 2
    assert desk.title(1) == "2 "


def test_a_page_whose_guests_always_break_follows_the_kernel(desk: Desk) -> None:
    for _ in range(5):
        desk.do("break", 1)
        desk.press(1, "add")
        desk.settle()
    assert not desk.look(1)["here"]
    desk.press(1, "add")
    assert desk.title(1) == "5 "
    desk.settle()
    assert desk.title(1) == desk.title(2) == "6 "


def test_what_is_shown_no_longer_is_told_as_waiting(desk: Desk) -> None:
    desk.press(1, "add")
    desk.do("pass", time=1_000)
    assert (desk.title(1), desk.look(1)["pending"]) == ("1 ", 0)
    for _ in range(4):
        desk.do("break", 1)
        desk.press(1, "add")
        desk.look(1)
    assert not desk.look(1)["here"]
    desk.do("pass", time=1_000)
    assert desk.look(1)["pending"] == 1
    desk.settle()
    assert (desk.title(1), desk.look(1)["pending"]) == ("5 ", 0)


def test_typing_shows_and_arrives(desk: Desk) -> None:
    for text in ("A", "Ad", "Ada"):
        desk.do("act", 1, label="text", event="change", detail={"value": text})
    assert desk.title(1) == "0 Ada"
    desk.settle()
    assert desk.panel.state.text == "Ada"
    assert desk.title(2) == "0 Ada"


def test_another_document_is_run_by_the_page_when_it_has_it(desk: Desk) -> None:
    desk.press(1, "add")
    desk.settle()
    desk.panel.replace_document(DOCUMENT.replace("$state.count += 1", "$state.count += 7"))
    desk.panel.runtime.ask(lambda: None).result(60)
    desk.gather()
    desk.settle()
    desk.do("wake", 1)
    desk.press(1, "add")
    assert desk.title(1) == "8 "
    desk.settle()
    assert desk.title(2) == "8 "


def test_a_change_that_waits_for_long_is_told(desk: Desk) -> None:
    desk.press(1, "add")
    assert desk.look(1)["overdue"] == 0
    desk.do("pass", time=5_000)
    assert desk.look(1)["overdue"] == 1
    desk.settle()
    assert desk.look(1)["overdue"] == 0


BOUNDED = """<NexusPanel title="Small">
  <Data><State name="text" type="string" /></Data>
  <View><Container title="{$state.text}"><Input label="text" bind="$state.text" /></Container></View>
</NexusPanel>"""


@pytest.fixture
def unused(script: Path) -> Iterator[Desk]:
    """A panel that is bounded, in one page."""
    with contextlib.closing(Panel(BOUNDED, id="small")) as panel, Pages(script) as pages:
        desk = Desk(pages, panel)
        desk.open(1, near=False)
        desk.settle()
        yield desk
        desk.end()


@pytest.fixture
def small(unused: Desk) -> Desk:
    """It is about to be used."""
    unused.do("wake", 1)
    return unused


def grow(desk: Desk) -> None:
    """The state becomes longer than what a page's own thread may have."""
    desk.panel.state.text = "long " * 4_000
    desk.panel.runtime.ask(lambda: None).result(60)
    desk.gather()


def test_a_state_that_grows_starts_no_guest_of_a_panel_that_nobody_uses(unused: Desk) -> None:
    grow(unused)
    unused.settle()
    assert (unused.look(1)["guests"], unused.look(1)["here"]) == ([], False)
    assert unused.title(1) == "long " * 4_000
    unused.do("wake", 1)
    assert (unused.look(1)["guests"], unused.look(1)["here"]) == (["far"], True)


def test_a_state_that_grows_while_a_guest_starts_has_it_give_way_to_another(unused: Desk) -> None:
    grow(unused)
    clicked = {"do": "act", "page": 1, "label": "text", "event": "change", "detail": {"value": "short"}}
    unused.do_all(clicked, *({"do": "hear", "page": 1, "content": each} for each in unused.down[1]))
    unused.down[1].clear()
    found = unused.look(1)
    assert (found["guests"], found["alive"], found["here"]) == (["near", "far"], 1, True)
    assert unused.title(1) == "short"
    unused.settle()
    assert unused.panel.state.text == unused.title(1) == "short"


def test_a_small_panel_runs_on_the_pages_own_thread_until_its_state_has_grown(small: Desk) -> None:
    small.do("act", 1, label="text", event="change", detail={"value": "Ada"})
    assert (small.title(1), small.look(1)["guests"][0]) == ("Ada", "near")
    small.settle()
    grow(small)
    small.settle()
    assert small.look(1)["guests"] == ["near", "far"]
    assert small.title(1) == "long " * 4_000
    small.do("act", 1, label="text", event="change", detail={"value": "short"})
    assert small.title(1) == "short"
    small.settle()
    assert small.panel.state.text == "short"


def test_a_page_that_waits_for_many_answers_leaves_its_own_thread(small: Desk) -> None:
    for number in range(60):
        small.do("act", 1, label="text", event="change", detail={"value": str(number)})
    assert small.title(1) == "59"
    assert small.look(1)["guests"] == ["near", "far"]
    small.settle()
    assert small.panel.state.text == small.title(1) == "59"


def test_of_many_panels_the_one_that_was_not_used_for_longest_leaves_room_until_it_is_used_again(script: Path) -> None:
    with contextlib.closing(Panel(DOCUMENT, id="many")) as panel, Pages(script) as pages:
        desk = Desk(pages, panel)
        numbers = range(1, 12)
        for page in numbers:
            desk.open(page, near=True)
        desk.settle()
        for page in numbers:
            desk.do("wake", page)
        assert [page for page in numbers if not desk.look(page)["here"]] == [1]
        desk.press(1, "add")
        desk.settle()
        desk.do("wake", 1)
        assert [page for page in numbers if not desk.look(page)["here"]] == [2]
        assert {desk.title(page) for page in numbers} == {"1 "}
        desk.end()
