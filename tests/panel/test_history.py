"""The log of revisions, why a value is as it is, and checkpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from nexus_jupyter import LimitError, OptionError, Panel, StateError
from nexus_jupyter.panel.paths import Paths, back
from nexus_jupyter.protocol import Operation
from nexus_jupyter.sandbox import Limits

from .pages import Page

SHOP = """
<NexusPanel id="shop">
  <Data>
    <State name="count" type="number" default="0"/>
    <State name="rate" type="number" default="2"/>
    <State name="other" type="string"/>
    <State name="rows" type="list" default='[{"id": 1}, {"id": 2}, {"id": 3}]'/>
    <State name="map" type="object" default='{"1": {"n": 0}, "2": {"n": 0}}'/>
    <Computed name="total" value="$state.count * $state.rate"/>
    <Computed name="label" value="'total ' + $state.total"/>
  </Data>
  <Logic>
    <Tool name="add" description="d"><Arg name="by" type="number" default="1"/><Handler>$state.count += $args.by</Handler></Tool>
    <Tool name="say" description="d"><Arg name="text" type="string"/><Handler>$state.other = $args.text.slice(0, 20)</Handler></Tool>
    <Tool name="insert" description="d"><Arg name="at" type="number"/><Handler>$state.rows.splice($args.at, 0, {id: 0})</Handler></Tool>
    <Tool name="remove" description="d"><Arg name="at" type="number"/><Handler>$state.rows.splice($args.at, 1)</Handler></Tool>
    <Tool name="check" description="d"><Arg name="at" type="number"/><Handler>$state.rows[$args.at].done = true</Handler></Tool>
    <Tool name="bump" description="d"><Arg name="key" type="string"/><Handler>$state.map[$args.key].n += 1</Handler></Tool>
    <Tool name="drop" description="d"><Arg name="key" type="string"/><Handler>delete $state.map[$args.key]</Handler></Tool>
    <Tool name="roll" description="d"><Handler>$state.count = Math.floor(Math.random() * 1000)</Handler></Tool>
  </Logic>
  <View><Layout><Button label="add" trigger="add" args="{{ by: 5 }}"/><Input label="other" bind="$state.other"/></Layout></View>
</NexusPanel>
"""

OTHER = SHOP.replace('name="other" type="string"', 'name="another" type="string" default="new"').replace("$state.other", "$state.another")


@pytest.fixture
def panel() -> Iterator[Panel]:
    with Panel(SHOP) as panel:
        yield panel


def revs(entries: object) -> list[int]:
    return [entry.rev for entry in entries]  # type: ignore[attr-defined]


def test_a_revision_says_who_did_what_with_what_and_when(panel: Panel) -> None:
    page = Page(panel, "a-page-with-a-long-name")
    page.press("add")
    page.type("other", "x")
    panel.call("add", by=2)
    panel.state.update(count=1, rate=3)
    press, edit, call, write = panel.history
    assert (press.kind, press.tool, press.args, press.cause.client, press.cause.seq) == ("tool", "add", {"by": 5}, page.client, 1)
    assert (press.seed, press.zone, press.clock) == (7, "UTC", 1_700_000_000_000.0)
    assert (edit.kind, edit.tool, edit.clock, edit.states) == ("edit", None, page.clock, ("other",))
    assert (call.kind, call.tool, call.args, call.who) == ("python", "add", {"by": 2}, "Python")
    assert (write.kind, write.tool, write.states, write.seed) == ("python", None, ("count", "rate"), None)
    assert write.duration >= 0
    assert press.at <= edit.at <= call.at <= write.at
    assert press.when.tzinfo is not None
    assert [op.model_dump() for op in press.inverse] == [{"op": "replace", "path": "/count", "value": 0}]
    assert repr(press).startswith("<1: add(by=5) by page a-page-w at ")
    assert repr(edit).startswith("<2: an edit of other by page a-page-w at ")
    assert repr(write).startswith("<4: a change of count, rate by Python at ")


def test_the_history_is_a_sequence_that_shows_itself(panel: Panel) -> None:
    assert len(panel.history) == 0
    assert repr(panel.history) == "nothing has changed yet"
    panel.call("add")
    panel.call("say", text="<b>&\x1b[31m")
    assert (len(panel.history), panel.history[-1].rev, revs(panel.history[:1]), revs(panel.history)) == (2, 2, [1], [1, 2])
    assert repr(panel.history).splitlines()[0] == "2 revisions:"
    shown = panel.history._repr_html_()
    assert "&lt;b&gt;&amp;" in shown
    assert "<b>" not in shown
    assert "\x1b" not in shown + repr(panel.history)


def test_only_the_last_revisions_are_kept() -> None:
    with Panel(SHOP, limits=Limits(history=3)) as panel:
        for _ in range(5):
            panel.call("add")
        assert revs(panel.history) == [3, 4, 5]
        assert panel.history.why("count").before == ""
        assert panel.history.why("rows").before == "what came before revision 3 is no longer kept"
    with Panel(SHOP, limits=Limits(history_bytes=1500)) as panel:
        for _ in range(3):
            panel.state.rows = [{"id": "x" * 300}]
            panel.state.rows = [{"id": "y" * 300}]
        assert revs(panel.history) == [5, 6]
        panel.state.rows = [{"id": "x" * 3000}]
        assert len(panel.history) == 0
        assert panel.rev == 7


def test_long_arguments_are_told_by_their_size(panel: Panel) -> None:
    panel.call("say", text="x" * 10_000)
    assert panel.history[-1].args == "10,012 bytes"


def test_why_a_state_is_as_it_is(panel: Panel) -> None:
    panel.call("add")
    panel.state.other = "y"
    panel.call("add", by=2)
    why = panel.history.why("count")
    assert (why.value, why.path, revs(why), why.before) == (3, "count", [3], "")
    assert repr(why).splitlines()[0] == "count is 3"
    assert (revs(panel.history.why("rate")), panel.history.why("rate").before) == ([], "before that it is as the panel began")
    assert "add" in why._repr_html_()


def test_why_a_computed_value_is_as_it_is(panel: Panel) -> None:
    panel.state.rate = 10
    panel.state.other = "y"
    panel.call("add", by=2)
    why = panel.history.why("label")
    assert (why.value, sorted(why.reads), revs(why), why.before) == ("total 20", ["count", "rate"], [3, 1], "")


def test_why_follows_an_item_to_where_it_stood(panel: Panel) -> None:
    panel.call("check", at=2)  # id 3
    panel.call("insert", at=0)
    panel.call("check", at=1)  # id 1
    panel.call("remove", at=2)  # id 2
    assert [row["id"] for row in panel.state.rows] == [0, 1, 3]
    assert revs(panel.history.why("rows/2/done")) == [1]
    assert revs(panel.history.why("rows/1")) == [3]
    assert revs(panel.history.why("/rows/0")) == [2]
    assert revs(panel.history.why("rows")) == [4, 3, 2, 1]
    assert panel.history.why("rows/2/id").before == "before that it is as the panel began"


def test_keys_that_look_like_indexes_are_keys(panel: Panel) -> None:
    panel.call("bump", key="2")
    panel.call("drop", key="1")
    assert revs(panel.history.why("map/2/n")) == [1]


def test_what_was_undone_is_left_out_of_why(panel: Panel) -> None:
    panel.call("add", by=1)
    panel.call("add", by=2)
    panel.undo(2)
    assert revs(panel.history.why("count")) == [3, 1]
    panel.redo()
    assert revs(panel.history.why("count")) == [4]
    assert panel.history[-1].of == (3,)


@pytest.mark.parametrize("path", ["nothing", "total/x", "rows/9", "rows/x", "count/a", "rows/0/none"])
def test_why_of_nothing_is_an_error(panel: Panel, path: str) -> None:
    with pytest.raises(StateError):
        panel.history.why(path)


def test_a_replaced_document_is_a_revision_of_its_own(panel: Panel) -> None:
    panel.call("add")
    panel.replace_document(OTHER)
    assert (panel.history[-1].kind, panel.history[-1].what) == ("reset", "the document was replaced")
    assert revs(panel.history.why("another")) == [2]
    assert revs(panel.history.why("count")) == [1]


# --- checkpoints ----------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_gone_back_to_as_one_change_that_can_be_undone(panel: Panel) -> None:
    panel.call("add", by=3)
    kept = panel.checkpoint("before cleaning")
    assert (kept.rev, kept.state["count"], list(panel.checkpoints)) == (1, 3, ["before cleaning"])
    panel.call("remove", at=0)
    panel.state.update(count=9, other="y")
    assert panel.restore("before cleaning") == 4
    assert dict(panel.state) == dict(kept.state)
    assert (panel.history[-1].kind, panel.history[-1].args) == ("restore", "before cleaning")
    assert panel.history[-1].states == ("count", "other", "rows")
    assert panel.restore("before cleaning") == 4  # there is nothing to change
    panel.undo()
    assert (panel.state.count, panel.state.other, len(panel.state.rows)) == (9, "y", 2)
    panel.redo()
    assert dict(panel.state) == dict(kept.state)


def test_checkpoints_are_named_and_few() -> None:
    with Panel(SHOP, limits=Limits(checkpoints=2)) as panel:
        for name in ("a", "b", "a"):
            panel.state.count += 1
            panel.checkpoint(name)
        assert [(name, each.rev) for name, each in panel.checkpoints.items()] == [("b", 2), ("a", 3)]
        with pytest.raises(LimitError) as caught:
            panel.checkpoint("c")
        assert (caught.value.limit, caught.value.allowed, caught.value.used) == ("checkpoints", 2, 3)
        del panel.checkpoints["b"]
        panel.checkpoint("c")
        with pytest.raises(OptionError, match="no checkpoint 'b'"):
            panel.restore("b")
        with pytest.raises(OptionError, match="no checkpoint"):
            del panel.checkpoints["b"]
        with pytest.raises(OptionError, match="needs a name"):
            panel.checkpoint("")
        assert "b" not in panel.checkpoints
        assert repr(panel.checkpoints["c"]).startswith("<checkpoint 'c': revision 3 at ")


def test_a_checkpoint_of_another_document_gives_what_is_still_declared(panel: Panel) -> None:
    panel.state.update(count=3, other="y")
    panel.checkpoint("old")
    panel.replace_document(OTHER)
    panel.state.count = 8
    panel.restore("old")
    assert (panel.state.count, panel.state.another) == (3, "new")


# --- paths ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "other", "meet"),
    [
        ("replace /a", "replace /b", False),
        ("replace /a", "replace /a/x/y", True),
        ("replace /a/x/y", "replace /a", True),
        ("replace /a/x", "replace /a/xy", False),
        ("replace /a/3/x", "replace /a/3/y", False),
        ("replace /a/3/x", "add /a/4", False),
        ("replace /a/3/x", "add /a/3", True),
        ("replace /a/3/x", "remove /a/0", True),
        ("add /a/3", "replace /a/2/x", False),
        ("add /a/3", "replace /a/4/x", True),
        ("add /a/3", "add /a/9", True),
        ("remove /a/3", "remove /a/0", True),
        ("add /a/3/b/1", "replace /a/4/b/2", False),
        ("add /a/3/b/1", "replace /a/3/b/0", False),
        ("add /a/3/b/1", "replace /a/3/b/1", True),
        ("add /a/x", "add /a/y", False),
        ("add /a/x", "remove /a/x", True),
        ("reorder /a [0,2,1]", "replace /a/0/x", False),
        ("reorder /a [0,2,1]", "replace /a/1/x", True),
        ("reorder /a [0,2,1]", "add /a/3", True),
        ("reorder /a [0,2,1]", "add /a/0", True),
        ("reorder /a [0,2,1]", "replace /a", True),
        ("reorder /a [0,2,1]", "reorder /a [1,0,2]", True),
        ("reorder /a [0,2,1]", "reorder /b [1,0,2]", False),
        ("reorder /a/0/b [1,0]", "replace /a/0/c", False),
        ("reorder /a/0/b [1,0]", "replace /a/0", True),
    ],
)
def test_changes_meet_where_one_of_them_moves_or_holds_the_other(mine: str, other: str, meet: bool) -> None:
    assert Paths([operation(mine)]).meet(operation(other)) is meet
    assert Paths([operation(other)]).meet(operation(mine)) is meet


@pytest.mark.parametrize(
    ("place", "change", "effect", "before"),
    [
        ("/a/3/x", "add /a/0", "none", "/a/2/x"),
        ("/a/3/x", "add /a/4", "none", "/a/3/x"),
        ("/a/3/x", "add /a/3", "sets", "/a/3/x"),
        ("/a/3/x", "remove /a/3", "none", "/a/4/x"),
        ("/a/3/x", "remove /a/4", "none", "/a/3/x"),
        ("/a/3/x", "replace /a", "sets", "/a/3/x"),
        ("/a/3", "replace /a/3/x", "touches", "/a/3"),
        ("/a/3", "replace /a/2/x", "none", "/a/3"),
        ("/a/1/x", "reorder /a [2,0,1]", "none", "/a/0/x"),
        ("/a", "reorder /a [2,0,1]", "touches", "/a"),
        ("/a", "reorder /a/0/b [1,0]", "touches", "/a"),
        ("/a/1/x", "reorder /a/0 [1,0]", "none", "/a/1/x"),
        ("/a/5", "reorder /a/3 [1,0]", "none", "/a/5"),
    ],
)
def test_a_place_is_followed_back(place: str, change: str, effect: str, before: str) -> None:
    tokens = tuple(place.split("/")[1:])
    lists = tuple(token.isdigit() for token in tokens)
    assert back(tokens, lists, operation(change)) == (effect, tuple(before.split("/")[1:]))


def operation(text: str) -> Operation:
    op, path, *value = text.split()
    return Operation.model_validate({"op": op, "path": path, "value": json.loads(value[0]) if value else 1})
