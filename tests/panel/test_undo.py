"""Undo and redo: what is one action, who may stand in the way, and that going back and forth loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter import NexusError, Panel, StaleError, StateError
from nexus_jupyter.protocol import Snapshot
from nexus_jupyter.sandbox import Limits

from .pages import Page

FORM = """
<NexusPanel id="form">
  <Data>
    <State name="count" type="number" default="0" max="5"/>
    <State name="name" type="string"/>
    <State name="mail" type="string" pattern="[a-z]+@[a-z]+"/>
    <State name="done" type="boolean"/>
    <State name="rows" type="list" default='[{"id": 1, "mark": 0}, {"id": 2, "mark": 0}]'/>
    <State name="note" type="string"/>
  </Data>
  <Logic>
    <Extension name="nexus.python" alias="py"/>
    <Tool name="add" description="d"><Arg name="by" type="number" default="1"/><Handler>$state.count += $args.by</Handler></Tool>
    <Tool name="steps" description="d"><Handler>$state.count += 1; await $ext.py.pause(); $state.name += '!'; $state.count += 1</Handler></Tool>
    <Tool name="twice" description="d"><Handler>$state.count += 1; $state.count -= 1</Handler></Tool>
    <Tool name="first" description="d"><Handler>$state.rows.unshift({id: 100 + $state.count, mark: 0}); $state.count += 1</Handler></Tool>
    <Tool name="drop" description="d"><Handler>$state.rows.shift()</Handler></Tool>
    <Tool name="turn" description="d"><Handler>$state.rows.reverse()</Handler></Tool>
    <Tool name="heard" description="d"><Handler>$state.note = 'heard ' + $state.name</Handler></Tool>
    <Tool name="mark" description="d"><Arg name="at" type="number"/><Handler>if ($state.rows[$args.at]) $state.rows[$args.at].mark += 1</Handler></Tool>
  </Logic>
  <View><Layout>
    <Button label="add" trigger="add"/><Button label="steps" trigger="steps"/><Button label="twice" trigger="twice"/>
    <Button label="first" trigger="first"/><Button label="drop" trigger="drop"/><Button label="turn" trigger="turn"/>
    <Input label="name" bind="$state.name"/><Input label="mail" bind="$state.mail"/><Input label="heard" bind="$state.name" on:change="heard"/>
    <Checkbox label="done" bind="$state.done"/>
  </Layout></View>
</NexusPanel>
"""


_BUTTONS = "".join(
    f'<Button label="{tool} {key}" trigger="{tool}" args="[\'{key}\']"/>' for tool in ("drop", "count", "only") for key in "abc"
)
MAP = f"""
<NexusPanel id="map">
  <Data><State name="map" type="object" default='{{"a": 0, "b": 0, "c": 0}}'/></Data>
  <Logic>
    <Tool name="drop" description="d"><Arg name="key" type="string"/><Handler>delete $state.map[$args.key]</Handler></Tool>
    <Tool name="count" description="d"><Arg name="key" type="string"/><Handler>$state.map[$args.key] = ($state.map[$args.key] ?? 0) + 1</Handler></Tool>
    <Tool name="only" description="d"><Arg name="key" type="string"/><Handler>$state.map = {{[$args.key]: 5}}</Handler></Tool>
  </Logic>
  <View><Layout>{_BUTTONS}</Layout></View>
</NexusPanel>
"""


@pytest.fixture
def panel() -> Iterator[Panel]:
    with Panel(FORM) as panel:
        yield panel


@pytest.fixture
def page(panel: Panel) -> Page:
    return Page(panel)


def test_an_action_is_undone_and_redone_from_the_page_and_from_python(panel: Panel, page: Page) -> None:
    page.press("add")
    page.press("add")
    assert page.undo() is None
    assert panel.state.count == 1
    assert panel.undo() == 4
    assert (panel.state.count, panel.can_undo, panel.can_redo) == (0, False, True)
    assert page.redo() is None
    assert panel.redo() == 6
    assert (panel.state.count, panel.can_undo, panel.can_redo) == (2, True, False)
    assert [entry.kind for entry in panel.history] == ["tool", "tool", "undo", "undo", "redo", "redo"]


def test_pages_are_told_whether_there_is_something_to_undo(panel: Panel, page: Page) -> None:
    def told() -> list[tuple[bool, bool]]:
        snapshot = panel.runtime.snapshot().result(60)
        assert isinstance(snapshot, Snapshot)
        return [(page.last().can_undo, page.last().can_redo), (snapshot.can_undo, snapshot.can_redo)]

    panel.state.note = "python"
    assert told() == [(False, False)] * 2
    page.press("add")
    assert told() == [(True, False)] * 2
    page.undo()
    assert told() == [(False, True)] * 2
    assert (page.last().cause.kind, page.last().cause.client, page.last().cause.seq) == ("undo", "page", page.seq)


def test_a_new_action_ends_what_could_be_redone(panel: Panel, page: Page) -> None:
    page.press("add")
    page.undo()
    page.type("name", "x")
    assert not panel.can_redo
    error = page.redo()
    assert error is not None
    assert error.code == "NOTHING_TO_REDO"


def test_nothing_to_undo_is_said(panel: Panel, page: Page) -> None:
    panel.state.count = 3
    with pytest.raises(NexusError, match="nothing to undo") as caught:
        panel.undo()
    assert caught.value.code == "NOTHING_TO_UNDO"
    error = page.undo()
    assert error is not None
    assert error.code == "NOTHING_TO_UNDO"
    assert panel.state.count == 3


def test_all_steps_of_a_tool_are_one_action_that_can_be_undone_when_it_has_ended() -> None:
    go, ran = threading.Event(), threading.Event()

    def pause() -> None:
        ran.set()
        go.wait(60)

    with Panel(FORM, functions=[pause]) as panel:
        page = Page(panel)
        seq = page.happen("steps", "press")
        assert ran.wait(60)
        with pytest.raises(NexusError, match="has not ended") as caught:
            panel.undo()
        assert caught.value.code == "BUSY"
        go.set()
        while panel.runtime.ask(panel.runtime.running).result(60):
            pass
        assert page.answer(seq) is None
        assert (panel.state.count, panel.state.name) == (2, "!")
        assert len({entry.action for entry in panel.history}) == 1
        panel.undo()
        assert (panel.state.count, panel.state.name) == (0, "")
        panel.redo()
        assert (panel.state.count, panel.state.name) == (2, "!")


def test_typing_into_one_field_is_one_action_until_a_pause(panel: Panel, page: Page) -> None:
    for text in ("a", "ab", "abc"):
        page.type("name", text)
    page.type("name", "abc d", after=10_000)
    panel.undo()
    assert panel.state.name == "abc"
    panel.undo()
    assert panel.state.name == ""
    panel.redo()
    assert panel.state.name == "abc"
    page.type("name", "abcx", after=0)  # what was redone is an action of its own
    panel.undo()
    assert panel.state.name == "abc"


def test_typing_elsewhere_and_other_controls_are_actions_of_their_own(panel: Panel, page: Page) -> None:
    page.type("name", "a")
    page.type("mail", "a@b")
    page.type("name", "ab")
    page.type("done", True)
    page.type("done", False)
    page.type("done", True)
    for expected in (False, True, False):
        panel.undo()
        assert panel.state.done is expected
    panel.undo()
    assert (panel.state.name, panel.state.mail) == ("a", "a@b")


def test_an_edit_and_the_tool_that_it_starts_are_one_action(panel: Panel, page: Page) -> None:
    page.type("heard", "a")
    page.type("heard", "ab")
    assert panel.state.note == "heard ab"
    panel.undo()
    assert (panel.state.name, panel.state.note) == ("", "")


def test_a_value_that_only_the_beginning_may_have_comes_back(panel: Panel, page: Page) -> None:
    page.type("mail", "a@b")
    panel.undo()
    assert panel.state.mail == ""


def test_what_changed_nothing_is_passed_over(panel: Panel, page: Page) -> None:
    page.press("add")
    page.press("twice")
    panel.undo()
    assert panel.state.count == 0


def test_what_others_have_changed_since_stands_in_the_way(panel: Panel, page: Page) -> None:
    page.press("add")
    panel.state.note = "elsewhere"
    panel.state.count = 5
    error = page.undo()
    assert error is not None
    assert error.code == "STALE"
    assert "add()" in error.message
    assert "revision 3, by Python" in error.message
    assert (panel.state.count, panel.rev, panel.can_undo) == (5, 3, True)
    panel.undo(3)  # Python's own write, named
    assert panel.state.count == 1
    panel.undo()
    assert (panel.state.count, panel.state.note) == (0, "elsewhere")


def test_what_python_did_is_undone_by_name_and_can_be_redone(panel: Panel) -> None:
    panel.state.update(count=2, name="x")
    panel.call("add", by=2)
    panel.undo(panel.history[-1])
    assert panel.state.count == 2
    panel.undo(1)
    assert (panel.state.count, panel.state.name) == (0, "")
    panel.redo()
    panel.redo()
    assert (panel.state.count, panel.state.name) == (4, "x")
    with pytest.raises(NexusError, match="not in force"):
        panel.undo(1)
    with pytest.raises(NexusError, match="not in the history"):
        panel.undo(99)


def test_an_undo_out_of_order_leaves_the_others(panel: Panel, page: Page) -> None:
    page.press("add")
    page.type("name", "x")
    panel.undo(1)
    assert (panel.state.count, panel.state.name) == (0, "x")
    panel.undo()
    assert panel.state.name == ""
    panel.redo()
    panel.redo()
    assert (panel.state.count, panel.state.name) == (1, "x")


def test_a_removed_key_comes_back_to_its_place() -> None:
    with Panel(MAP) as panel:
        page = Page(panel)
        page.press("drop a")
        assert list(panel.state.map) == ["b", "c"]
        panel.undo()
        assert list(panel.state.map.items()) == [("a", 0), ("b", 0), ("c", 0)]
        panel.redo()
        assert list(panel.state.map) == ["b", "c"]


def test_a_key_comes_back_alone_where_another_has_changed_since() -> None:
    with Panel(MAP) as panel:
        page = Page(panel)
        page.press("drop a")
        panel.call("count", key="b")
        panel.undo()
        assert list(panel.state.map.items()) == [("b", 1), ("c", 0), ("a", 0)]


@given(st.lists(st.tuples(st.sampled_from(["drop", "count", "only"]), st.sampled_from("abc")), max_size=8))
def test_undoing_and_redoing_keep_the_order_of_keys(steps: list[tuple[str, str]]) -> None:
    with Panel(MAP) as panel:
        page = Page(panel)
        seen = [list(panel.state.map.items())]
        for word, key in steps:
            page.press(f"{word} {key}")
            seen.append(list(panel.state.map.items()))
        first, last = seen[0], seen[-1]
        while panel.can_undo:
            panel.undo()
            assert list(panel.state.map.items()) in seen
        assert list(panel.state.map.items()) == first
        while panel.can_redo:
            panel.redo()
        assert list(panel.state.map.items()) == last


def test_rows_that_have_moved_are_not_taken_for_others(panel: Panel, page: Page) -> None:
    page.press("drop")  # row 2 stands first now
    panel.call("mark", at=0)
    with pytest.raises(StaleError, match="mark"):
        panel.undo()
    assert panel.state.rows == [{"id": 2, "mark": 1}]


def test_an_order_is_taken_back_as_long_as_nobody_changed_what_it_moved(panel: Panel, page: Page) -> None:
    page.press("first")
    page.press("turn")
    assert [op.op for op in panel.history[-1].ops] == ["reorder"]
    assert [row["id"] for row in panel.state.rows] == [2, 1, 100]
    assert [each.tool for each in panel.history.why("rows/2/id")] == ["first"]
    panel.undo()
    assert [row["id"] for row in panel.state.rows] == [100, 1, 2]
    panel.redo()
    assert [row["id"] for row in panel.state.rows] == [2, 1, 100]
    panel.call("mark", at=0)
    with pytest.raises(StaleError, match="mark"):
        panel.undo()
    assert panel.state.rows[0] == {"id": 2, "mark": 1}


def test_why_passes_by_an_order_that_was_undone(panel: Panel, page: Page) -> None:
    page.press("first")
    page.press("drop")
    page.press("turn")
    panel.undo()
    panel.undo()
    assert [row["id"] for row in panel.state.rows] == [100, 1, 2]
    assert panel.history.why("rows/2").value == {"id": 2, "mark": 0}


def test_two_pages_share_what_can_be_undone(panel: Panel, page: Page) -> None:
    other = Page(panel, "other")
    page.press("add")
    other.type("name", "x")
    assert page.undo() is None
    assert (panel.state.count, panel.state.name) == (1, "")
    assert other.undo() is None
    assert panel.state.count == 0


def test_another_document_ends_what_can_be_undone(panel: Panel, page: Page) -> None:
    page.press("add")
    page.press("add")
    panel.undo()
    panel.replace_document(FORM.replace('max="5"', 'max="6"'))
    assert (panel.can_undo, panel.can_redo, panel.state.count) == (False, False, 1)
    with pytest.raises(NexusError, match="document was replaced"):
        panel.undo()
    with pytest.raises(NexusError, match="replaced in revision 4"):
        panel.undo(1)
    page.press("add")
    panel.undo()
    assert panel.state.count == 1


def test_what_the_rules_do_not_let_back_changes_nothing(panel: Panel, page: Page) -> None:
    panel.checkpoint("none")
    page.press("add")
    page.type("name", "x")
    panel.replace_document(FORM.replace('default="0" max="5"', 'default="1" min="1"'))
    rev = panel.rev
    with pytest.raises(StateError, match="at least 1"):
        panel.restore("none")
    assert (panel.state.count, panel.state.name, panel.rev) == (1, "x", rev)


def test_an_action_that_has_fallen_out_of_the_history_cannot_be_undone() -> None:
    with Panel(FORM, limits=Limits(history=3)) as panel:
        page = Page(panel)
        for _ in range(5):
            page.press("add")
        for expected in (4, 3):  # undoing takes its place in the history, too
            panel.undo()
            assert panel.state.count == expected
        with pytest.raises(NexusError, match="nothing to undo"):
            panel.undo()
        with pytest.raises(NexusError, match="not in the history"):
            panel.undo(1)
        panel.redo()
        panel.redo()
        assert panel.state.count == 5


def test_undo_goes_through_the_guest_so_that_what_follows_builds_on_it(panel: Panel, page: Page) -> None:
    page.press("add")
    panel.undo()
    page.press("add")
    assert panel.state.count == 1
    guest = panel.runtime.guest
    assert guest is not None
    guest.close()  # a new one goes on from what was committed
    panel.undo()
    page.press("add")
    assert panel.state.count == 1


# --- any sequence ---------------------------------------------------------------------------------------------------

PERSON = st.sampled_from(["press add", "press first", "press drop", "press turn", "type a", "type b", "check"])
OTHERS = st.sampled_from(["mark 0", "mark 1", "mark 2", "note"])
BACK = st.sampled_from(["undo", "undo", "redo"])


class Model:
    """What a person should see: whole states, one below the other.  Others change only ``mark`` and ``note``."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.done: list[dict[str, Any]] = []
        self.undone: list[dict[str, Any]] = []
        self.marks: dict[int, int] = {}
        self.dropped: dict[int, int] = {}
        self.met = False
        """Whether others have changed what a person may change, too."""

    def seen(self) -> dict[str, Any]:
        state = self.panel.state
        return {"count": state.count, "name": state.name, "done": state.done, "rows": [row["id"] for row in state.rows]}

    def mark(self, at: int) -> None:
        if at < len(self.panel.state.rows):
            self.marks[self.panel.state.rows[at]["id"]] = self.panel.state.rows[at]["mark"] + 1
            self.met = True
        self.panel.call("mark", at=at)

    def refused(self, step: str) -> str:
        try:
            getattr(self.panel, step)()
        except NexusError as error:
            return error.code
        return ""

    def acted(self, before: dict[str, Any]) -> None:
        for gone in set(before["rows"]) - set(self.seen()["rows"]):
            self.dropped[gone] = self.marks.get(gone, 0)
        if self.seen() != before:
            self.done.append(before)
            self.undone.clear()

    def back(self, step: str) -> None:
        before, note = self.seen(), self.panel.state.note
        source, target = (self.done, self.undone) if step == "undo" else (self.undone, self.done)
        refused = self.refused(step)
        if refused == "":
            assert self.seen() == source.pop()
            target.append(before)
        else:
            assert self.seen() == before
            assert (refused == "STALE" and self.met) or not source
        assert self.panel.state.note == note
        for gone in set(before["rows"]) - set(self.seen()["rows"]):
            # a row that an undo takes away was never marked, one that a redo takes away not since it was dropped first
            assert self.marks.get(gone, 0) == (0 if step == "undo" else self.dropped[gone])

    def check(self) -> None:
        """What others did is never lost."""
        for row in self.panel.state.rows:
            assert row["mark"] == self.marks.get(row["id"], 0)


@given(st.lists(st.one_of(PERSON, PERSON, OTHERS, BACK), max_size=14))
def test_any_actions_and_undos_are_as_a_stack_of_states_and_lose_nothing_of_others(steps: list[str]) -> None:
    with Panel(FORM.replace('max="5"', "")) as panel:
        page, model = Page(panel), Model(panel)
        for step in steps:
            before = model.seen()
            word, _, rest = step.partition(" ")
            if word in ("undo", "redo"):
                model.back(step)
            elif word == "mark":
                model.mark(int(rest))
            elif word == "note":
                panel.state.note += "."
            else:
                if word == "press":
                    page.press(rest)
                elif word == "type":
                    page.type("name", panel.state.name + rest, after=5_000)
                else:
                    page.type("done", not panel.state.done)
                model.acted(before)
            model.check()


@given(st.lists(PERSON, max_size=6))
def test_undoing_everything_gives_the_first_state_and_redoing_the_last(steps: list[str]) -> None:
    with Panel(FORM.replace('max="5"', "")) as panel:
        page, first = Page(panel), dict(panel.state)
        for step in steps:
            word, _, rest = step.partition(" ")
            if word == "press":
                page.press(rest)
            elif word == "type":
                page.type("name", panel.state.name + rest)
            else:
                page.type("done", not panel.state.done)
        last = dict(panel.state)
        while panel.can_undo:
            panel.undo()
        assert dict(panel.state) == first
        while panel.can_redo:
            panel.redo()
        assert dict(panel.state) == last
