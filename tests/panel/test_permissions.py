"""What a panel is permitted: nothing before somebody said so, and then exactly that."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from nexus_jupyter import CapabilityError, HandlerError, Panel
from nexus_jupyter.panel import policy
from nexus_jupyter.panel.policy import Policy, Rule
from nexus_jupyter.protocol import Emitted

from .conftest import NOTEBOOK
from .notes import FS, HTTP, READ, Notes, Person, document, granted, records
from .waiting import until

CAUGHT = "try { await $ext.fs.read('a'); return 'read' } catch (error) { return error.code + ': ' + error.message }"


# --- default deny and the one question ------------------------------------------------------------


def test_a_call_that_nobody_granted_is_an_error_that_the_handler_can_catch_and_one_question(attended: Path) -> None:
    with Panel(document(CAUGHT)) as panel:
        person = Person(panel)
        assert panel.call("go").startswith("CAPABILITY_DENIED: nexus.fs.read is not granted")
        (question,) = person.questions()
        (demand,) = question.demands
        assert (demand.extension, demand.reason, question.tool, question.renewal) == ("nexus.fs", "Keeps notes", "go", False)
        assert [(a.label, a.dangerous) for a in demand.abilities] == [("fs:read", False)]
        assert [(s.label, s.text) for s in demand.scope] == [("root", "data"), ("mode", "read")]
        assert Notes.made == []


def test_a_storm_of_calls_is_one_question(attended: Path) -> None:
    storm = "let denied = 0; for (let i = 0; i < 100; i++) { try { await $ext.fs.read('a') } catch { denied++ } } return denied"
    with Panel(document(storm)) as panel:
        person = Person(panel)
        assert sum(panel.call("go") for _ in range(10)) == 1000
        assert len(person.questions()) == 1


def test_several_extensions_are_asked_for_in_one_question(attended: Path) -> None:
    with Panel(document(READ, "return await $ext.http.get('https://api.example.org')", extensions=FS + HTTP)) as panel:
        person = Person(panel)
        for tool in ("go", "go2"):
            with pytest.raises(CapabilityError):
                panel.call(tool)
        (question,) = person.questions()
        assert [d.alias for d in question.demands] == ["fs", "http"]
        person.decide("panel")
        assert panel.call("go") == "data/a by fs:read"
        assert panel.call("go2") == "answer of https://api.example.org"


def test_a_page_that_opens_later_is_shown_the_question_and_one_that_was_saved_is_not(attended: Path) -> None:
    with Panel(document(READ)) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        (question,) = person.questions()
        assert panel.runtime.snapshot().result().consent == question
        person.decide("deny")
        assert panel.runtime.snapshot().result().consent is None


def test_running_cells_asks_nothing_and_where_no_page_is_there_nobody_is_asked(data: Path) -> None:
    with Panel(document(CAUGHT)) as panel:
        person = Person(panel)
        assert panel.call("go").startswith("CAPABILITY_DENIED")
        assert person.questions() == []
    assert not data.exists()


def test_a_preview_is_granted_nothing_and_asks_nothing(attended: Path) -> None:
    with Panel(document(READ)) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        person.decide("panel")
        assert panel.call("go")
        with panel.preview(panel.source) as preview:
            watcher = Person(preview)
            with pytest.raises(CapabilityError, match="preview"):
                preview.call("go")
            assert watcher.questions() == []


# --- decisions ------------------------------------------------------------------------------------


def test_once_is_for_the_first_run_that_uses_it(attended: Path) -> None:
    with Panel(document("await $ext.fs.read('a'); " + READ, "return 1")) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        person.decide("once")
        assert panel.call("go2") == 1, "a run that uses nothing leaves it"
        assert panel.call("go") == "data/a by fs:read"
        with pytest.raises(CapabilityError):
            panel.call("go")
        assert len(person.questions()) == 2
        assert Notes.made[0].context.granted() == frozenset()
    assert records(attended) == []


def test_once_is_not_for_a_run_that_began_before(attended: Path) -> None:
    lurking = """while (!$state.over) {
      try { return await $ext.fs.read('a') } catch { $state.tries++; await new Promise(go => setTimeout(go, 2)) } } return 'nothing'"""
    states = '<Data><State name="over" type="boolean" default="false"/><State name="tries" type="number" default="0"/></Data><Logic>'
    with Panel(document(lurking, READ).replace("<Logic>", states)) as panel:
        person = Person(panel)
        lurker = panel.tools.go()
        while not person.questions():
            time.sleep(0.001)
        with pytest.raises(CapabilityError):
            panel.call("go2")
        person.decide("once")
        tries = panel.state.tries
        while panel.state.tries < tries + 2 and not lurker.done():
            time.sleep(0.001)
        assert panel.call("go2") == "data/a by fs:read"
        panel.state.over = True
        assert lurker.result() == "nothing"


def test_once_is_for_the_tool_that_asked(attended: Path) -> None:
    with Panel(document(READ, READ)) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        person.decide("once")
        with pytest.raises(CapabilityError):
            panel.call("go2")
        assert panel.call("go") == "data/a by fs:read"


def test_once_is_for_the_click_that_asked_and_not_for_a_tick_that_comes_before_it(attended: Path) -> None:
    tick = "$state.ticks += 1; try { await $ext.fs.read('a'); $state.reads += 1 } catch { $state.denied += 1 }"
    states = "".join(f'<State name="{name}" type="number"/>' for name in ("ticks", "reads", "denied"))
    hook = f'<Lifecycle on="interval" every="100ms"><Handler>{tick}</Handler></Lifecycle>'
    text = document(READ).replace("</Logic>", f"{hook}</Logic>").replace("<Logic>", f"<Data>{states}</Data><Logic>")
    with Panel(text) as panel:
        person = Person(panel)
        until(person.questions)
        assert person.questions()[-1].tool == "lifecycle interval"
        with pytest.raises(CapabilityError):
            panel.call("go")
        assert [question.tool for question in person.questions()] == ["lifecycle interval", "go"]
        person.decide("once")
        seen = panel.state.denied
        until(lambda: panel.state.denied > seen + 1)
        assert panel.state.reads == 0
        assert panel.call("go") == "data/a by fs:read"


def test_once_is_for_the_next_tick_where_only_the_interval_asked(attended: Path) -> None:
    hook = '<Lifecycle on="interval" every="100ms"><Handler>$state.said.push(await $ext.fs.read(\'a\'));</Handler></Lifecycle>'
    text = document(READ).replace("</Logic>", f"{hook}</Logic>").replace("<Logic>", '<Data><State name="said" type="list"/></Data><Logic>')
    with Panel(text) as panel:
        person = Person(panel)
        until(person.questions)
        person.decide("once")
        until(lambda: len(person.questions()) > 1)
        assert panel.state.said == ["data/a by fs:read"]


def test_deny_is_final_for_this_panel_and_its_next_run_asks_again(attended: Path) -> None:
    with Panel(document(READ)) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        person.decide("deny")
        for _ in range(3):
            with pytest.raises(CapabilityError, match="was denied"):
                panel.call("go")
        panel.replace_document(document("return 1 + " + READ[len("return ") :]))
        with pytest.raises(CapabilityError, match="was denied"):
            panel.call("go")
        assert len(person.questions()) == 1
    with Panel(document(READ)) as again:
        person = Person(again)
        with pytest.raises(CapabilityError):
            again.call("go")
        assert len(person.questions()) == 1


def test_what_is_kept_holds_for_the_next_run_of_the_cell(attended: Path) -> None:
    with Panel(document(READ)) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        person.decide("panel")
        assert panel.call("go")
    with Panel(document(READ)) as again:
        assert again.call("go") == "data/a by fs:read"
        again.revoke()
        with pytest.raises(CapabilityError):
            again.call("go")
    assert records(attended) == []


def test_without_a_notebook_it_is_kept_in_this_process_only(attended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME")
    with Panel(document(READ)) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        person.decide("panel")
    with Panel(document(READ)) as again:
        assert again.call("go")
        assert records(attended) == []
        again.revoke()


@pytest.mark.parametrize("decision", ["once", "panel", "deny"])
def test_an_old_answer_is_refused_and_changes_nothing(attended: Path, decision: str) -> None:
    with Panel(document(READ)) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        old = person.decide("once")
        panel.call("go")
        person.decide(decision, old)  # nothing is asked
        with pytest.raises(CapabilityError):
            panel.call("go")
        assert len(person.questions()) == 2
        person.decide(decision, old)  # another question of the same content is open
        with pytest.raises(CapabilityError, match="Answer the question"):
            panel.call("go")
        assert person.questions()[-1].id != old
    assert records(attended) == []


def test_an_answer_to_what_was_asked_of_another_panel_or_document_is_refused(attended: Path) -> None:
    with Panel(document(READ)) as one, Panel(document(READ, id="other")) as other:
        first, second = Person(one), Person(other)
        for panel in (one, other):
            with pytest.raises(CapabilityError):
                panel.call("go")
        second.decide("panel", first.questions()[0].id)
        with pytest.raises(CapabilityError):
            other.call("go")
        asked = first.questions()[0].id
        one.replace_document(document(READ + " + 1"))
        assert (asked, "void") in first.endings()
        first.decide("panel", asked)
        with pytest.raises(CapabilityError):
            one.call("go")
    assert records(attended) == []


# --- what a grant opens ---------------------------------------------------------------------------


def test_only_the_capabilities_that_were_asked_for_are_granted(attended: Path) -> None:
    # the analysis sees the method that is named, not the one that is made up
    hidden = "const f = $ext.fs; await f.read('a'); const name = 'wri' + 'te'; return await f[name]('a', 'b')"
    with Panel(document(hidden, extensions=FS.replace("/>", ' mode="write"/>'))) as panel:
        person = Person(panel)
        for capabilities in (["fs:read"], ["fs:read", "fs:write"]):
            with pytest.raises(CapabilityError):
                panel.call("go")
            assert [a.label for a in person.questions()[-1].demands[0].abilities] == capabilities
            person.decide("panel")
        assert panel.call("go") is None
    with Panel(panel.source) as again:
        assert again.call("go") is None, "what was seen and allowed is kept"


def test_a_mode_that_reads_is_never_asked_for_more(attended: Path) -> None:
    with Panel(document("return await $ext.fs.write('a', 'b')")) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError, match="do not allow fs:write"):
            panel.call("go")
        assert person.questions() == []


def test_a_handler_that_narrows_itself_is_held_to_it_and_asks_for_no_more(attended: Path) -> None:
    body = "return await $ext.fs[$args.what]('a', 'b')"
    source = document(body, READ, extensions=FS.replace("/>", ' mode="write"/>')).replace(
        '"d"><Handler>' + body, '"d"><Arg name="what" type="string"/><Handler capabilities="fs:read">' + body
    )
    with Panel(source) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError, match="capabilities are fs:read"):
            panel.call("go", what="write")
        assert person.questions() == []
        with pytest.raises(CapabilityError):
            panel.call("go2")
        assert [a.label for a in person.questions()[0].demands[0].abilities] == ["fs:read"]


def test_a_grant_of_one_panel_is_none_of_another_in_the_same_notebook(attended: Path) -> None:
    with Panel(document(READ)) as one, Panel(document(READ, id="other")) as other:
        person = Person(one)
        with pytest.raises(CapabilityError):
            one.call("go")
        person.decide("panel")
        assert one.call("go")
        with pytest.raises(CapabilityError):
            other.call("go")


def test_an_unknown_method_or_alias_asks_nothing(attended: Path) -> None:
    with Panel(
        document("return await $ext.fs[$args.name]('a')").replace("<Handler>", '<Arg name="name" type="string"/><Handler>')
    ) as panel:
        person = Person(panel)
        for name in ("nothing", "close", "call", "context"):
            with pytest.raises(HandlerError, match="no method"):
                panel.call("go", name=name)
        assert person.questions() == []


# --- the life of an extension ---------------------------------------------------------------------


def test_an_extension_knows_whose_it_is_and_ends_with_the_panel(attended: Path, caplog: pytest.LogCaptureFixture) -> None:
    body = "await $ext.fs.write('a', 'b'); try { await $ext.fs.delete('a') } catch (error) { return error.message }"
    with Panel(document(body, extensions=FS.replace("/>", ' mode="write"/>'))) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        person.decide("panel")
        with caplog.at_level(logging.CRITICAL):
            assert "/secret" not in panel.call("go")
        (made,) = Notes.made
        assert (made.context.panel, made.context.notebook, made.context.options) == ("p", NOTEBOOK, {"root": "data", "mode": "write"})
        assert made.context.granted() == {"fs:write", "fs:delete"}
        person.questions()
        assert [m.payload for m in person.heard if isinstance(m, Emitted)] == ["wrote a"]
        panel.replace_document(document(body + "; return 1", extensions=FS.replace("/>", ' mode="write"/>')))
        assert made.closed == 1
        panel.call("go")
    assert [each.closed for each in Notes.made] == [1, 1]


# --- replacing the document -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "next",
    [
        document(READ, "return 2"),
        document(READ, extensions=FS.replace("Keeps notes", "Other words")),
        document(READ, extensions=FS + HTTP),
    ],
    ids=["other code", "other words", "declared but not used"],
)
def test_a_replaced_document_that_wants_no_more_goes_on_and_is_kept(attended: Path, next: str) -> None:
    panel, person = granted(document(READ))
    with panel:
        panel.replace_document(next)
        assert panel.call("go")
        assert len(person.questions()) == 1
    with Panel(next) as again:
        assert again.call("go")


@pytest.mark.parametrize(
    "next",
    [
        document(READ, "return await $ext.fs.write('a', 'b')", extensions=FS.replace("/>", ' mode="write"/>')),
        document(READ, extensions=FS.replace('"data"', '"/"')),
        document(READ, "return await $ext.http.get('x')", extensions=FS + HTTP),
    ],
    ids=["another mode", "another folder", "another extension"],
)
def test_a_replaced_document_that_wants_more_is_asked_for_again(attended: Path, next: str) -> None:
    panel, person = granted(document(READ))
    with panel:
        panel.replace_document(next)
        with pytest.raises(CapabilityError):
            panel.call("go")
        assert len(person.questions()) == 2
        assert not person.questions()[1].renewal


def test_fewer_hosts_are_no_more(attended: Path) -> None:
    get = "return await $ext.http.get('x')"
    both = HTTP.replace('.org"', '.org, https://b.example.org"')
    panel, person = granted(document(get, extensions=both))
    with panel:
        panel.replace_document(document(get, extensions=HTTP))
        assert panel.call("go")
        panel.replace_document(document(get, extensions=both))
        with pytest.raises(CapabilityError):
            panel.call("go")
        assert len(person.questions()) == 2


def test_what_was_allowed_once_ends_with_the_document(attended: Path) -> None:
    with Panel(document(READ)) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        person.decide("once")
        panel.replace_document(document(READ + " "))
        with pytest.raises(CapabilityError):
            panel.call("go")


def test_an_edited_cell_is_renewed_in_one_gesture_that_shows_the_difference(attended: Path) -> None:
    granted(document(READ))[0].close()
    edited = document(READ, "return 'a\u202e\u200b'")
    with Panel(edited) as panel:
        person = Person(panel)
        with pytest.raises(CapabilityError):
            panel.call("go")
        (question,) = person.questions()
        assert question.renewal
        assert "+" in question.diff
        assert "go2" in question.diff
        assert not {"\u202e", "\u200b"} & set(question.diff)
        person.decide("panel")
        assert panel.call("go")
    with Panel(document(READ)) as former, pytest.raises(CapabilityError):
        former.call("go")


# --- configuration --------------------------------------------------------------------------------


def configure(
    monkeypatch: pytest.MonkeyPatch, mode: policy.Verdict = "ask", always: tuple[str, ...] = (), never: tuple[str, ...] = ()
) -> None:
    rules = Policy(mode, tuple(map(Rule.of, always)), tuple(map(Rule.of, never)))
    monkeypatch.setattr(policy, "configured", lambda: rules)


def test_what_the_configuration_allows_is_granted_without_anybody(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, always=("nexus.fs root=data",))
    with Panel(document(READ)) as panel:
        assert panel.call("go") == "data/a by fs:read"
        panel.replace_document(document(READ, extensions=FS.replace('"data"', '"/"')))
        with pytest.raises(CapabilityError):
            panel.call("go")


def test_what_the_configuration_forbids_is_denied_though_it_was_kept(attended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, person = granted(document(READ))
    with panel:
        configure(monkeypatch, always=("nexus.fs root=data",), never=("nexus.fs",))
        with pytest.raises(CapabilityError, match="configuration of this kernel forbids"):
            panel.call("go")
        configure(monkeypatch, mode="never")
        with pytest.raises(CapabilityError, match="forbids"):
            panel.call("go")
        assert len(person.questions()) == 1


def test_a_part_that_is_forbidden_is_neither_asked_for_nor_granted(attended: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, never=("nexus.fs capabilities=fs:delete",))
    source = document(READ, "return await $ext.fs.delete('a')", extensions=FS.replace("/>", ' mode="write"/>'))
    panel, person = granted(source)
    with panel:
        assert [a.label for a in person.questions()[0].demands[0].abilities] == ["fs:read"]
        with pytest.raises(CapabilityError, match="forbids"):
            panel.call("go2")


def test_what_was_kept_does_not_count_where_nobody_is(attended: Path) -> None:
    granted(document(READ))[0].close()
    policy.unattend()
    with Panel(document(READ)) as panel, pytest.raises(CapabilityError, match="NexusPolicy"):
        panel.call("go")
