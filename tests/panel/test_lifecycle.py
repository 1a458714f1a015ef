"""Lifecycle hooks: when they run, what leads to them, and that they end."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import nexus_jupyter
from nexus_jupyter import HandlerError, Panel
from nexus_jupyter.panel import sight as sight_module
from nexus_jupyter.panel.hooks import Interval
from nexus_jupyter.protocol import Commit, Event, HookState, KernelMessage, Sight, Snapshot
from nexus_jupyter.sandbox import Limits
from nexus_jupyter.testing import Answer, render
from nexus_jupyter.testing.clock import START, ManualClock

from .notes import FS, Person
from .waiting import until


def source(logic: str, data: str = "", view: str = "") -> str:
    return f"""<NexusPanel id="life"><Data>
      <State name="n" type="number"/><State name="m" type="number"/><State name="seen" type="list"/>{data}
    </Data><Logic>
      <Tool name="add" description="d"><Handler>$state.n += 1; return $state.n;</Handler></Tool>
      <Tool name="fail" description="d"><Handler>throw new RangeError('too bad');</Handler></Tool>
      {logic}
    </Logic>{view}</NexusPanel>"""


def hook(on: str, code: str, more: str = "", handler: str = "") -> str:
    return f'<Lifecycle on="{on}" {more}><Handler {handler}>{code}</Handler></Lifecycle>'


def settled(panel: Panel) -> None:
    """Wait until what is due has run: a turn of one's own comes after it."""
    for _ in range(3):
        panel.runtime.ask(lambda: None).result(60)


@pytest.fixture
def commits() -> list[Commit]:
    return []


# --- mount ------------------------------------------------------------------------------------------


def test_mount_runs_once_and_before_anything_is_shown() -> None:
    view = "<View><Text>n is {$state.n}</Text></View>"
    with Panel(source(hook("mount", "$state.n += 5;"), view=view)) as panel:
        first = panel.runtime.snapshot().result(60)
        assert "n is 5" in first.model_dump_json()
        assert panel.runtime.snapshot().result(60) == first
        assert (panel.state.n, panel.rev) == (5, 1)


def test_a_slow_mount_holds_nothing_back() -> None:
    let_go = threading.Event()
    python = '<Extension name="nexus.python" alias="py"/>'
    mount = hook("mount", "$state.n = 1; $state.n = await $ext.py.slow();")
    with Panel(source(python + mount), functions={"slow": lambda: let_go.wait(60) and 7}) as panel:
        assert panel.state.n == 1
        assert panel.call("add") == 2
        let_go.set()
        until(lambda: panel.state.n == 7)


def test_a_mount_that_fails_is_told_to_who_looks_later_and_leaves_a_panel() -> None:
    with Panel(source(hook("mount", "$state.n = 1;\nthrow new TypeError('no rows');"), view="<View><Text>a</Text></View>")) as panel:
        assert panel.state.n == 0
        (told,) = panel.runtime.snapshot().result(60).hooks
        assert told.error is not None
        assert (told.hook, told.error.name, told.error.message) == ("lifecycle mount", "TypeError", "no rows")
        assert told.error.line > 1
        assert [line.text for line in panel.log if line.level == "error"] == ["lifecycle mount: no rows"]


def test_a_call_of_a_hook_is_a_call(commits: list[Commit]) -> None:
    logic = '<Tool name="later" description="d"><Handler>$state.m = 3;</Handler></Tool>'
    mount = hook("mount", "await new Promise(go => setTimeout(go, 1)); await $tools.later(); $log('mounted', new Date(0).getHours() * 0);")
    with Panel(source(logic + mount)) as panel:
        panel.on_commit(commits.append)
        until(lambda: [line.text for line in panel.log] == ["mounted 0"])
        assert panel.state.m == 3
        causes = [(c.cause.kind, c.cause.tool, c.cause.client) for c in commits]
        assert causes in ([], [("lifecycle", "lifecycle mount", None)])  # [] where it was quicker than we


@pytest.mark.parametrize("decision", ["once", "panel", "deny"])
def test_a_mount_that_was_denied_asks_and_runs_again_when_it_is_allowed(attended: Path, decision: str) -> None:
    logic = FS + hook("mount", "$state.seen.push(await $ext.fs.read('a'));")
    with Panel(source(logic, view="<View><Text>a</Text></View>")) as panel:
        until(lambda: panel.runtime.snapshot().result(60).hooks)
        question = panel.runtime.snapshot().result(60).consent
        assert question is not None
        assert question.tool == "lifecycle mount"
        Person(panel).decide(decision, question.id)
        if decision == "deny":
            settled(panel)
            assert panel.state.seen == []
        else:
            until(lambda: panel.state.seen == ["data/a by fs:read"])
            until(lambda: not panel.runtime.snapshot().result(60).hooks)


# --- unmount ----------------------------------------------------------------------------------------


def test_unmount_runs_once_when_the_panel_ends_and_may_wait() -> None:
    kept: list[Any] = []
    python = '<Extension name="nexus.python" alias="py"/>'
    leave = hook("unmount", "$state.m += 1; await new Promise(go => setTimeout(go, 1)); await $ext.py.keep($state.n); $state.m += 1;")
    panel = Panel(source(python + leave), functions={"keep": kept.append})
    panel.call("add")
    panel.close()
    panel.close()
    assert (kept, panel.state.m) == ([1], 2)


def test_what_ran_when_the_panel_ended_is_stopped_before_unmount() -> None:
    tool = '<Tool name="spin" description="d"><Handler timeout="60s">$state.m = 1; while (true) {}</Handler></Tool>'
    panel = Panel(source(tool + hook("unmount", "$state.n = $state.m + 10;")))
    call = panel.tools.spin()
    until(lambda: panel.runtime._calls._current is not None)
    panel.close()
    assert call.done()
    assert panel.state.n == 10


@pytest.mark.parametrize(
    "code",
    [
        "while (true) {}",
        "await new Promise(() => 0);",
        "await new Promise(go => setTimeout(go, 60000));",
        "throw 1;",
        "await $ext.py.never();",
    ],
)
def test_an_unmount_that_does_not_end_is_ended(code: str) -> None:
    let_go = threading.Event()
    python = '<Extension name="nexus.python" alias="py"/>'
    leave = hook("unmount", f"$state.n = 1; {code}", handler='timeout="10m"')
    panel = Panel(source(python + leave), functions={"never": lambda: let_go.wait(60)}, limits=Limits(unmount=0.3))
    panel.close()
    let_go.set()
    assert panel.closed
    assert any(line.text.startswith("lifecycle unmount: ") for line in panel.log)


def test_a_panel_that_could_not_be_made_has_no_unmount() -> None:
    said: list[str] = []
    python = '<Extension name="nexus.python" alias="py"/>'
    with pytest.raises(Exception, match="must be a number"):
        Panel(source(python + hook("unmount", "await $ext.py.said('x');")), functions={"said": said.append}, state={"n": "x"})
    assert said == []


def test_a_panel_that_its_own_function_closes_ends_with_its_unmount() -> None:
    panels: list[Panel] = []
    python = '<Extension name="nexus.python" alias="py"/>'

    async def shut() -> None:
        panels[0].close()

    tool = '<Tool name="go" description="d"><Handler>await $ext.py.shut();</Handler></Tool>'
    panel = Panel(source(python + tool + hook("unmount", "$state.n = 4;")), functions=[shut])
    panels.append(panel)
    panel.tools.go()
    until(lambda: panel.state.n == 4)


# --- interval ---------------------------------------------------------------------------------------


def test_an_interval_ticks_until_the_panel_ends() -> None:
    with Panel(source(hook("interval", "$state.n += 1;", 'every="100ms"'))) as panel:
        until(lambda: panel.state.n >= 3)
    ended = panel.state.n
    assert not [t for t in threading.enumerate() if t.name == "nexus-panel-life"]
    assert panel.state.n == ended


def test_a_tick_that_comes_while_the_last_runs_is_left_out() -> None:
    slow = Answer()
    python = '<Extension name="nexus.python" alias="py"/>'
    with render(source(python + hook("interval", "await $ext.py.slow();", 'every="100ms"')), functions={"slow": slow}) as shown:
        shown.advance(0.55)
        assert len(slow.calls) == 1
        assert shown.panel.call("add") == 1
        slow.give()
        assert shown.state.n == 1
        assert slow.calls == []
        shown.advance(0.05)
        assert len(slow.calls) == 1


def test_ticks_that_were_left_out_are_not_made_up_for() -> None:
    declared = Panel(source(hook("interval", "", 'every="2s"')))
    with closing(declared):
        tick = Interval(0, "lifecycle interval", declared.program.lifecycle[0], least=0.1, now=100.0)
    assert tick.next_due() == 102.0
    tick.take(102.5)
    assert tick.due == 104.0
    tick.ended(109.0, used=0.1)
    assert tick.due == 110.0
    tick.take(110.0)
    tick.ended(110.9, used=3.0)
    assert tick.due == pytest.approx(113.9), "it rests for as long as it computed"


def test_an_interval_of_a_millisecond_leaves_the_panel_to_others() -> None:
    ticks = hook("interval", "$state.m += 1; const end = Date.now(); for (let i = 0; i < 200000; i++) {}", 'every="1ms"')
    with Panel(source(ticks * 3)) as panel:
        until(lambda: panel.state.m >= 3)
        for number in range(1, 20):
            assert panel.call("add") == number
    with Panel(source(ticks)) as panel:
        assert panel.runtime.lifecycle._hooks[0].every == pytest.approx(0.1)  # type: ignore[attr-defined]


def test_a_paused_interval_ticks_while_a_page_shows_the_panel() -> None:
    logic = hook("interval", "$state.n += 1;", 'every="10s" whenHidden="pause"') + hook("interval", "$state.m += 1;", 'every="10s"')
    with render(source(logic)) as shown:
        assert shown.panel.runtime.snapshot().result(60).sight
        shown.advance(300)
        assert (shown.state.n, shown.state.m) == (30, 30)
        other = Sight(client="other", shown=True)
        shown.panel.runtime.sight(other)
        shown.look_away()
        shown.advance(50)
        assert (shown.state.n, shown.state.m) == (35, 35), "the other page shows it"
        shown.panel.runtime.sight(other.model_copy(update={"shown": False}))
        shown.advance(100)
        assert (shown.state.n, shown.state.m) == (35, 45)
        shown.look_back()
        assert shown.state.n == 36, "what came due meanwhile runs once"
        shown.advance(10)
        assert (shown.state.n, shown.state.m) == (37, 46)


def test_a_page_that_ended_without_a_word_shows_nothing() -> None:
    clock = ManualClock(START)
    seen = sight_module.Sight(clock)
    assert not seen.open
    seen.tell("a", shown=True)
    clock.set(30)
    seen.tell("b", shown=True)
    seen.tell("a", shown=True)
    clock.set(80)
    assert seen.open
    clock.set(90)
    assert not seen.open
    for page in range(1000):
        seen.tell(f"page {page}", shown=True)
    assert len(seen._until) == sight_module.MAX_PAGES


def test_an_idle_panel_whose_intervals_pause_keeps_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    from nexus_jupyter.panel import worker

    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.05)
    with Panel(source(hook("interval", "$state.n += 1;", 'every="100ms" whenHidden="pause"'))) as panel:
        until(lambda: not [t for t in threading.enumerate() if t.name == "nexus-panel-life"])
        panel.runtime.sight(Sight(client="a", shown=True))
        until(lambda: panel.state.n >= 1)


# --- change -----------------------------------------------------------------------------------------


def test_change_hears_of_every_writer_and_of_nothing_else() -> None:
    logic = hook("change", "$state.seen.push($args.changed);", 'of="n, m"')
    view = '<View><Input label="m" bind="$state.text"/></View>'
    with Panel(source(logic, data='<State name="text" type="string"/>', view=view)) as panel:
        panel.state.n = 1
        until(lambda: panel.state.seen == [["n"]])
        panel.call("add")
        until(lambda: panel.state.seen == [["n"], ["n"]])
        panel.state.update(m=1, n=7)
        until(lambda: panel.state.seen == [["n"], ["n"], ["n", "m"]])
        panel.state.n = 7
        tree = panel.runtime.snapshot().result(60).tree
        assert tree.root is not None
        node = tree.root.id
        edit = Event(client="c", seq=1, node=node, name="change", detail={"value": "x"}, clock=0, seed=0, zone="UTC", base=panel.rev)
        panel.runtime.event(edit).result(60)
        settled(panel)
        assert panel.state.text == "x"
        assert len(panel.state.seen) == 3


def test_change_of_a_computed_value_is_a_change_of_its_value() -> None:
    data = '<Computed name="many" value="$state.n > 2"/><Computed name="odd">$state.n === 3 ? (() => { throw new Error("odd") })() : 1</Computed>'
    logic = hook("change", "$state.seen.push($args.changed);", 'of="many, odd"')
    with Panel(source(logic, data)) as panel:
        for n in (1, 2, 0):
            panel.state.n = n
            settled(panel)
        assert panel.state.seen == []
        panel.state.n = 3
        until(lambda: panel.state.seen == [["many", "odd"]])
        panel.state.n = 4
        until(lambda: panel.state.seen == [["many", "odd"], ["odd"]])


def test_debounced_changes_come_together_after_a_pause() -> None:
    logic = hook("change", "$state.seen.push([$state.n, ...$args.changed]);", 'of="n, m" debounce="400ms"')
    with render(source(logic)) as shown:
        for n in range(1, 6):
            shown.state.n = n
            shown.advance(0.3)
        shown.state.m = 1
        shown.advance(0.399)
        assert shown.state.seen == []
        shown.advance(0.001)
        assert shown.state.seen == [[5, "n", "m"]]


def test_a_hook_does_not_hear_of_its_own_writes_nor_of_its_functions() -> None:
    panels: list[Panel] = []

    def write(n: int) -> None:
        panels[0].state.n = n
        panels[0].call("add")

    python = '<Extension name="nexus.python" alias="py"/>'
    code = "$state.m += 1; $state.n += 1; await $tools.add(); await $ext.py.write($state.n + 1);"
    logic = hook("change", code, 'of="n, big"') + hook("change", "$state.seen.push(1)", 'of="m"')
    with Panel(source(python + logic, '<Computed name="big" value="$state.n * 2"/>'), functions=[write]) as panel:
        panels.append(panel)
        panel.state.n = 1
        until(lambda: panel.state.n == 5)
        until(lambda: panel.state.seen == [1])
        settled(panel)
        assert (panel.state.m, panel.state.n) == (1, 5)


@pytest.mark.parametrize("through_python", [False, True])
def test_hooks_that_start_each_other_are_stopped(through_python: bool) -> None:
    panels: list[Panel] = []

    def add(name: str) -> None:
        panels[0].state[name] = panels[0].state[name] + 1

    python = '<Extension name="nexus.python" alias="py"/>'
    ways = ("await $ext.py.add('m')", "await $ext.py.add('n')") if through_python else ("$state.m += 1", "$state.n += 1")
    logic = hook("change", ways[0], 'of="n"') + hook("change", ways[1], 'of="m"') + hook("error", "$state.seen.push(1)")
    heard: list[KernelMessage] = []
    with Panel(source(python + logic), functions=[add], limits=Limits(hooks=6)) as panel:
        panels.append(panel)
        panel.runtime.subscribe(heard.extend)
        panel.state.n = 1
        until(lambda: [m for m in heard if isinstance(m, HookState)])
        settled(panel)
        assert (panel.state.n, panel.state.m) == (4, 3)
        (told,) = [m for m in heard if isinstance(m, HookState)]
        assert told.error is not None
        assert told.error.code == "LIMIT_HOOKS"
        assert "6 times in a row" in told.error.message
        assert "lifecycle change 2 and lifecycle change" in told.error.hint
        assert panel.state.seen == []
        panel.state.n = 1  # and it goes on afterwards
        until(lambda: panel.state.n == 4)


def test_changes_while_the_hook_runs_come_after_it_and_once() -> None:
    let_go = threading.Event()
    python = '<Extension name="nexus.python" alias="py"/>'
    logic = hook("change", "$state.seen.push($state.n); await $ext.py.slow();", 'of="n"')
    with Panel(source(python + logic), functions={"slow": lambda: let_go.wait(60)}) as panel:
        panel.state.n = 1
        until(lambda: panel.state.seen == [1])
        for n in (2, 3, 4):
            panel.state.n = n
        settled(panel)
        assert panel.state.seen == [1]
        let_go.set()
        until(lambda: panel.state.seen == [1, 4])
        settled(panel)
        assert panel.state.seen == [1, 4]


# --- error ------------------------------------------------------------------------------------------


def test_error_hears_of_tools_and_hooks_that_failed() -> None:
    logic = hook("error", "$state.seen.push($args);") + hook("mount", "null.x")
    with Panel(source(logic)) as panel:
        until(lambda: len(panel.state.seen) == 1)
        with pytest.raises(HandlerError):
            panel.call("fail")
        until(lambda: len(panel.state.seen) == 2)
        mount, tool = panel.state.seen
        assert (mount["source"], mount["error"]["name"]) == ("lifecycle mount", "TypeError")
        assert tool["source"] == "fail"
        assert (tool["error"]["code"], tool["error"]["name"], tool["error"]["message"]) == ("HANDLER_ERROR", "RangeError", "too bad")
        assert tool["error"]["line"] > 0


def test_an_error_in_an_error_hook_does_not_run_it_again() -> None:
    logic = hook("error", "console.warn('heard', $args.source); throw new Error('me too');") * 2
    with Panel(source(logic)) as panel:
        with pytest.raises(HandlerError):
            panel.call("fail")
        until(lambda: len(panel.log) == 5)
        settled(panel)
        assert sorted(line.text for line in panel.log) == [
            "fail: too bad",
            "heard fail",
            "heard fail",
            "lifecycle error 2: me too",
            "lifecycle error: me too",
        ]


def test_what_was_cancelled_or_refused_is_no_failure() -> None:
    tools = (
        """<Tool name="wait" description="d" concurrency="drop"><Handler>await new Promise(go => setTimeout(go, 60000));</Handler></Tool>"""
    )
    with Panel(source(tools + hook("error", "$state.seen.push($args.source);"))) as panel:
        first = panel.tools.wait()
        with pytest.raises(Exception, match="already running"):
            panel.tools.wait().result(60)
        first.cancel()
        until(first.done)
        settled(panel)
        assert panel.state.seen == []


def test_many_failures_at_a_time_are_a_bounded_number_of_runs() -> None:
    let_go = threading.Event()
    python = '<Extension name="nexus.python" alias="py"/>'
    logic = python + hook("error", "$state.m += 1; await $ext.py.slow();")
    with Panel(source(logic), functions={"slow": lambda: let_go.wait(60)}, limits=Limits(queue=4)) as panel:
        for _ in range(20):
            with pytest.raises(HandlerError):
                panel.call("fail")
        assert any("too many failures wait" in line.text for line in panel.log)
        let_go.set()
        until(lambda: panel.state.m == 5)
        settled(panel)
        assert panel.state.m == 5


def test_a_hook_that_goes_well_again_is_told_once() -> None:
    heard: list[KernelMessage] = []
    logic = hook("change", "if ($state.n < 3) throw new Error('low');", 'of="n"')
    with Panel(source(logic, view="<View><Text>a</Text></View>")) as panel:
        panel.runtime.subscribe(heard.extend)
        for n in (1, 2, 4, 5):
            panel.state.n = n
            settled(panel)
        told = [m.error and m.error.message for m in heard if isinstance(m, HookState)]
        assert told == ["low", None]
        assert panel.runtime.snapshot().result(60).hooks == ()


# --- documents --------------------------------------------------------------------------------------


def test_hooks_of_a_replaced_document_stop_and_those_of_the_new_one_begin() -> None:
    before = source(hook("interval", "$state.n += 1;", 'every="100ms"') + hook("mount", "await new Promise(go => setTimeout(go, 60000));"))
    after = source(hook("interval", "$state.m += 1;", 'every="100ms"') + hook("unmount", "$state.seen.push('bye');"))
    with Panel(before) as panel:
        until(lambda: panel.state.n >= 2)
        panel.replace_document(after)
        stopped = panel.state.n
        until(lambda: panel.state.m >= 3)
        assert panel.state.n == stopped
        assert panel.state.seen == []
    assert panel.state.seen == ["bye"]


def test_a_mount_that_has_run_does_not_run_again_in_another_document() -> None:
    mount = hook("mount", "$state.seen.push('one');")
    with Panel(source(mount)) as panel:
        panel.replace_document(source(mount + hook("change", "$state.m += 1", 'of="n"')))
        settled(panel)
        assert panel.state.seen == ["one"]
        panel.state.n = 3
        until(lambda: panel.state.m == 1)
        panel.replace_document(source(hook("mount", "$state.seen.push('two');")))
        until(lambda: panel.state.seen == ["one", "two"])
        with panel.preview(panel.source) as preview:
            settled(preview)
            assert preview.state.seen == ["one", "two"]


def test_pages_learn_with_the_new_document_whether_to_tell_that_they_show_it() -> None:
    heard: list[KernelMessage] = []
    view = "<View><Text>a</Text></View>"
    with Panel(source(hook("interval", "throw 1", 'every="100ms"'), view=view)) as panel:
        panel.runtime.subscribe(heard.extend)
        until(lambda: panel.runtime.snapshot().result(60).hooks)
        assert not panel.runtime.snapshot().result(60).sight
        panel.replace_document(source(hook("interval", "$log(1)", 'every="9s" whenHidden="pause"'), view=view))
        (shown,) = [m for m in heard if isinstance(m, Snapshot)]
        assert shown.sight
        assert shown.hooks == ()


# --- what is kept of it -----------------------------------------------------------------------------


def test_a_recorded_session_has_its_hooks_and_replays_to_the_same() -> None:
    logic = hook("interval", "$state.m = Math.random() + Date.now();", 'every="100ms"') + hook(
        "change", "$state.seen.push($state.n);", 'of="n"'
    )
    with Panel(source(logic)) as panel:
        recorder = panel.record()
        panel.call("add")
        until(lambda: panel.state.seen == [1] and panel.state.m > 1)
        session = recorder.stop()
    played = nexus_jupyter.replay(session)
    assert played.same, played
    assert played.state["seen"] == [1]


def test_taking_back_is_a_change() -> None:
    with Panel(source(hook("change", "$state.seen.push($state.n);", 'of="n"'), view="<View><Text>a</Text></View>")) as panel:
        panel.call("add")
        until(lambda: panel.state.seen == [1])
        panel.undo(1)
        until(lambda: panel.state.seen == [1, 0])
