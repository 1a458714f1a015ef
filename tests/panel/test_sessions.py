"""Recorded sessions: they replay to the same, without any extension, and say where they do not."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nexus_jupyter
from nexus_jupyter import LimitError, NexusError, OptionError, Panel, replay
from nexus_jupyter.protocol.identity import document_hash
from nexus_jupyter.protocol.session import Session
from nexus_jupyter.sandbox import Limits

from .pages import Page

GAME = """
<NexusPanel id="game">
  <Data>
    <State name="count" type="number" default="0"/>
    <State name="at" type="any"/>
    <State name="rows" type="list" default="[]"/>
    <State name="name" type="string"/>
    <Computed name="now" value="[$state.count, Date.now(), Math.random()]"/>
  </Data>
  <Logic>
    <Extension name="nexus.python" alias="py"/>
    <Tool name="roll" description="d"><Handler>$state.count += Math.floor(Math.random() * 1000); $state.at = [Date.now(), new Date().getHours()]</Handler></Tool>
    <Tool name="ask" description="d"><Handler>$state.rows.push(await $ext.py.answer($state.count)); $state.at = Date.now()</Handler></Tool>
    <Tool name="wait" description="d"><Handler>$state.count += 1; await new Promise(go => setTimeout(go, 1)); $state.count += 1</Handler></Tool>
    <Tool name="look" description="d"><Handler>$state.at = $state.now</Handler></Tool>
    <Tool name="fail" description="d"><Handler>$state.count += 1; throw new Error('no')</Handler></Tool>
    <Tool name="spin" description="d"><Handler timeout="50ms">for (;;);</Handler></Tool>
  </Logic>
  <View><Layout>
    <Button label="roll" trigger="roll"/><Button label="look" trigger="look"/><Input label="name" bind="$state.name"/><Text>{$state.now}</Text>
  </Layout></View>
</NexusPanel>
"""


def answer(n: float) -> dict[str, Any]:
    return {"n": n, "thread": threading.get_ident()}


def test_a_session_is_replayed_to_the_same_state_without_any_extension() -> None:
    with Panel(GAME, functions=[answer]) as panel:
        page = Page(panel)
        panel.call("roll")
        with panel.record() as recorder:
            page.press("roll")
            page.press("look")
            page.type("name", "x")
            panel.call("ask")
            panel.call("wait")
            panel.call("look")
            panel.state.update(count=7, name="python")
            with pytest.raises(NexusError):
                panel.call("fail")
            panel.undo(panel.history[-1])
            panel.redo()
            panel.checkpoint("here")
            panel.call("ask")
            panel.restore("here")
        panel.call("roll")  # after the record
        session = recorder.session
        assert session.first != session.last != dict(panel.state)
        assert (session.source, session.hash, session.ended) == (panel.source, document_hash(panel.source), "")
    found = replay(session)
    assert found.difference is None
    assert found.same
    assert found.state == session.last
    assert (found.steps, repr(found)) == (len(session.steps), f"<replay of {len(session.steps)} steps: the same>")


def test_a_session_is_kept_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    with Panel(GAME) as panel, panel.record(file) as recorder:
        panel.call("roll")
        with pytest.raises(NexusError, match="still being recorded"):
            recorder.session  # noqa: B018
        assert not file.exists()
    assert nexus_jupyter.replay(file).state == replay(str(file)).state == recorder.session.last
    assert recorder.stop() is recorder.session
    assert [each.name for each in tmp_path.iterdir()] == ["session.json"]
    with pytest.raises(OptionError, match="cannot be written"):
        recorder.save(tmp_path / "none" / "x.json")


def test_a_guest_that_was_lost_is_lost_in_the_replay_too() -> None:
    with Panel(GAME) as panel, panel.record() as recorder:
        panel.call("roll")
        with pytest.raises(LimitError):
            panel.call("spin")
        panel.call("look")
        panel.call("roll")
    assert replay(recorder.session).difference is None
    assert [step.lost for step in recorder.session.steps if step.kind == "step" and step.lost] == ["LIMIT_CPU"]


def test_a_document_that_was_replaced_is_replaced_in_the_replay_too() -> None:
    with Panel(GAME) as panel, panel.record() as recorder:
        panel.call("roll")
        panel.state.name = "x"
        panel.replace_document(GAME.replace("* 1000", "* 10").replace('name="name" type="string"', 'name="name" type="any" default="7"'))
        panel.call("roll")
        panel.call("look")
    found = replay(recorder.session)
    assert (found.difference, found.state) == (None, recorder.session.last)


def test_a_call_that_ran_before_is_replayed_by_what_it_changed() -> None:
    asked, go = threading.Event(), threading.Event()

    def answer(n: float) -> float:
        asked.set()
        go.wait(60)
        return n

    with Panel(GAME, functions=[answer]) as panel:
        call = panel.tools.ask()
        assert asked.wait(60)
        with panel.record() as recorder:
            panel.call("roll")
            go.set()
            call.result(60)
            panel.call("look")
        assert panel.state.rows == [0]
    found = replay(recorder.session)
    assert found.state["rows"] == [0]
    assert found.state["count"] == recorder.session.last["count"]


def test_a_record_ends_with_its_panel_and_at_its_limit() -> None:
    with Panel(GAME) as panel:
        recorder = panel.record()
        panel.call("roll")
    assert recorder.stop().ended == "the panel has ended"
    assert replay(recorder.session).same
    with Panel(GAME, limits=Limits(record_bytes=3000)) as panel:
        recorder = panel.record()
        for _ in range(50):
            panel.call("roll")
        session = recorder.stop()
        assert "record_bytes" in session.ended
        assert session.last != dict(panel.state)
    assert replay(session).same


def changed(session: Session, **parts: Any) -> Session:
    return Session.model_validate({**session.model_dump(), **parts})


@pytest.fixture(scope="module")
def session() -> Session:
    with Panel(GAME, functions=[answer]) as panel, panel.record() as recorder:
        panel.state.count = 5
        panel.call("ask")
    return recorder.session


def test_the_first_difference_is_told(session: Session) -> None:
    steps = session.model_dump()["steps"]
    (number,) = [n for n, step in enumerate(steps) if step["kind"] == "step" and step["request"]["op"] == "resume"]
    steps[number]["request"]["results"][0]["value"] = "another answer"
    found = replay(changed(session, steps=steps))
    assert found.difference is not None
    assert found.difference.step == number
    assert found.difference.what == "resume"
    assert "another answer" in found.difference.found
    assert "another answer" not in found.difference.expected
    assert found.state["rows"] == ["another answer"]
    assert f"step {number} (resume) came to" in repr(found)


def test_another_document_or_end_is_told(session: Session) -> None:
    source = session.source.replace("$state.rows.push(", "$state.count += 1; $state.rows.push(")
    with pytest.raises(OptionError, match="somebody has changed it"):
        replay(changed(session, source=source))
    found = replay(changed(session, source=source, hash=document_hash(source)))
    assert found.difference is not None
    assert "/count" in found.difference.found
    found = replay(changed(session, last={**session.last, "count": -1}))
    assert found.difference is not None
    assert (found.difference.step, found.difference.what) == (len(session.steps), "the state count at the end")
    assert found.difference.expected == "-1"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("{", "no recorded session"),
        ("[]", "no recorded session"),
        ('{"format": "nexus-session", "version": "1"}', "no recorded session"),
        ('{"format": "nexus-session", "version": 99}', "version 99"),
        ('{"format": "nexus-session", "version": 1}', "damaged session: panel"),
    ],
)
def test_what_is_no_session_is_refused(tmp_path: Path, text: str | None, says: str) -> None:
    file = tmp_path / "s.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(OptionError, match=says):
        replay(file)


def test_a_file_is_plain_json(tmp_path: Path, session: Session) -> None:
    file = tmp_path / "s.json"
    file.write_text(session.model_dump_json())
    kept = json.loads(file.read_text())
    assert (kept["format"], kept["version"], kept["first"]["count"]) == ("nexus-session", 1, 0)
    assert replay(file).state == session.last


STEPS = st.sampled_from(["roll", "look", "fail", "wait", "ask", "press", "type", "write", "undo", "redo"])


@given(st.lists(STEPS, max_size=8), st.integers(0, 3))
def test_any_session_replays_to_the_same(steps: list[str], before: int) -> None:
    with Panel(GAME, functions=[answer]) as panel:
        page = Page(panel)
        recorder = None
        for number, step in enumerate([*steps, "roll"]):
            if number == before:
                recorder = panel.record()
            try:
                if step == "press":
                    page.press("look")
                elif step == "type":
                    page.type("name", panel.state.name + "x")
                elif step == "write":
                    panel.state.rows = [panel.rev]
                elif step in ("undo", "redo"):
                    getattr(panel, step)()
                else:
                    panel.call(step)
            except NexusError:
                pass
        session = (recorder or panel.record()).stop()
        assert session.last == dict(panel.state)
    found = replay(Session.model_validate_json(session.model_dump_json()))
    assert found.difference is None
    assert found.state == session.last
