"""One live panel from Python: state, tools, events, limits, replacement."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import traitlets

import nexus_jupyter
from nexus_jupyter import Panel
from nexus_jupyter.errors import (
    ArgumentError,
    CancelledError,
    CapabilityError,
    DocumentError,
    HandlerError,
    LimitError,
    OptionError,
    PanelClosedError,
    StateError,
)
from nexus_jupyter.sandbox import Limits

COUNTER = """
<NexusPanel id="counter" title="Counter">
  <Data>
    <State name="count" type="number" default="0" min="-10" max="100" />
    <State name="label" type="string" default="x" enum="x,y" />
    <State name="items" type="list" />
    <State name="log" type="string" default="a name that collides with nothing" />
    <State name="observe" type="string" default="a name that collides" />
    <Computed name="double" value="$state.count * 2" />
  </Data>
  <Logic>
    <Tool name="add" description="Add"><Arg name="by" type="number" default="1" /><Handler>$state.count += $args.by; return $state.count;</Handler></Tool>
    <Tool name="fail" description="Throw after writing"><Handler>$state.count = 50; throw new RangeError('too bad');</Handler></Tool>
    <Tool name="spin" description="Never end"><Handler timeout="200ms">$state.count = 9; while (true) {}</Handler></Tool>
    <Tool name="long" description="Spin for long"><Handler timeout="20s">while (true) {}</Handler></Tool>
    <Tool name="hoard" description="Take memory"><Handler timeout="10s">const a = []; while (true) a.push('x'.repeat(1e6) + a.length);</Handler></Tool>
    <Tool name="submit" description="Emit"><Handler>$emit('submitted', { count: $state.count });</Handler></Tool>
    <Tool name="beyond" description="Break a rule"><Handler>$state.count = 1000;</Handler></Tool>
    <Tool name="wait" description="Wait"><Arg name="ms" type="number" /><Handler>$state.count += 1; await new Promise(go => setTimeout(go, $args.ms)); $state.count += 1; return 'waited';</Handler></Tool>
  </Logic>
</NexusPanel>
"""

PYTHON = """
<NexusPanel id="python">
  <Data><State name="seen" type="any" /><State name="n" type="number" /></Data>
  <Logic>
    <Extension name="nexus.python" alias="py" />
    <Tool name="ask" description="d"><Arg name="name" type="string" /><Arg name="values" type="list" default="[]" />
      <Handler>$state.seen = await $ext.py[$args.name](...$args.values); return $state.seen;</Handler></Tool>
    <Tool name="both" description="d"><Handler>const [a, b] = await Promise.all([$ext.py.slow(1), $ext.py.slow(2)]); return a + b;</Handler></Tool>
    <Tool name="steps" description="d"><Handler>$state.n = 1; await $ext.py.slow(0); $state.n = 2; await $ext.py.broken();</Handler></Tool>
    <Tool name="caught" description="d"><Handler>try { await $ext.py.broken(); } catch (e) { return e.message; }</Handler></Tool>
    <Tool name="narrow" description="d"><Handler capabilities="http:request">await $ext.py.slow(1);</Handler></Tool>
    <Tool name="again" description="d"><Arg name="n" type="number" /><Handler>return $args.n > 0 ? 1 + await $ext.py.recurse($args.n - 1) : 0;</Handler></Tool>
  </Logic>
</NexusPanel>
"""


@pytest.fixture
def counter() -> Iterator[Panel]:
    with Panel(COUNTER) as panel:
        yield panel


def test_state_reads_and_writes_typed(counter: Panel) -> None:
    assert counter.state.count == 0
    counter.state.count = 5
    assert counter.state.count == 5
    assert counter.state["count"] == 5
    assert counter.state.double == 10
    assert counter.rev == 1
    assert dict(counter.state) == {
        "count": 5,
        "label": "x",
        "items": [],
        "log": "a name that collides with nothing",
        "observe": "a name that collides",
    }


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("count", "five", "number"),
        ("count", True, "number"),
        ("count", 101, "100"),
        ("count", float("nan"), "finite"),
        ("label", "z", "x"),
        ("items", {"a": 1}, "list"),
        ("items", [object()], "items[0]"),
        ("double", 1, "computed"),
        ("cuont", 1, "count"),
    ],
)
def test_a_wrong_write_is_a_clear_error_and_changes_nothing(counter: Panel, name: str, value: object, says: str) -> None:
    before = dict(counter.state)
    with pytest.raises(StateError) as caught:
        counter.state[name] = value
    assert says in str(caught.value)
    assert dict(counter.state) == before
    assert counter.rev == 0
    with pytest.raises(StateError):
        setattr(counter.state, name, value)


def test_several_states_are_written_together_or_not_at_all(counter: Panel) -> None:
    assert counter.state.update(count=1, label="y") == 1
    with pytest.raises(StateError):
        counter.state.update(count=2, label="nope")
    assert (counter.state.count, counter.state.label, counter.rev) == (1, "y", 1)


def test_a_name_that_collides_is_reached_by_index(counter: Panel) -> None:
    counter.state["observe"] = "still"
    assert counter.state["observe"] == "still"
    assert callable(counter.state.observe)
    assert counter.state.log.startswith("a name")


def test_observers_hear_of_writes_and_of_handlers_before_the_call_returns(counter: Panel) -> None:
    heard: list[tuple[Any, Any]] = []
    counter.state.observe(lambda change: heard.append((change.old, change.new)), "count")
    counter.state.count = 3
    counter.call("add", by=4)
    counter.state.label = "y"
    assert heard == [(0, 3), (3, 7)]


def test_an_observer_may_write_and_call_without_a_deadlock(counter: Panel) -> None:
    def follow(change: Any) -> None:
        if change.new < 5:
            counter.state.count = change.new + 1
            counter.call("add")

    counter.state.observe(follow, "count")
    counter.state.count = 1
    assert counter.state.count >= 5


def test_an_observer_that_fails_keeps_no_other_state_untold(counter: Panel, capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[str] = []
    counter.state.observe(lambda change: 1 // 0, "count")
    counter.state.observe(lambda change: heard.append(change.name), "label")
    counter.state.update(count=1, label="y")
    assert heard == ["label"]
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "says"), [("cuont", "Did you mean 'count'"), ("double", "computed value and cannot be observed")])
def test_what_cannot_change_cannot_be_observed(counter: Panel, name: str, says: str) -> None:
    with pytest.raises(StateError, match=says):
        counter.state.observe(print, name)
    with pytest.raises(StateError, match=says):
        counter.state.observe(print, ["label", name])


def test_first_values_are_no_change(counter: Panel) -> None:
    heard: list[Any] = []

    def make() -> None:
        # off the main thread nothing is delivered before the observer is there
        panel = Panel(COUNTER, id="elsewhere", state={"count": 5})
        panel.state.observe(heard.append)
        made.append(panel)

    made: list[Panel] = []
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    counter.call("add")
    made[0].close()
    assert heard == []


def test_first_values_may_take_the_time_of_loading() -> None:
    document = '<NexusPanel id="rows"><Data><State name="rows" type="list" /></Data></NexusPanel>'
    rows = [{"id": number, "name": f"row {number}"} for number in range(3_000)]
    with Panel(document, state={"rows": rows}, limits=Limits(cpu=0.01, load_cpu=60)) as panel:
        assert len(panel.state.rows) == 3_000
        with pytest.raises(LimitError):
            panel.state.rows = rows[1:]


def test_notifications_can_be_held_back(counter: Panel) -> None:
    heard: list[Any] = []
    counter.state.observe(lambda change: heard.append(change.new), "count")
    with counter.state.hold_trait_notifications():
        counter.state.count = 1
        counter.state.count = 2
    assert heard == [2]


class Slider(traitlets.HasTraits):
    value = traitlets.Int()


def test_a_link_that_is_moved_from_another_thread_does_not_jump_back(counter: Panel, capsys: pytest.CaptureFixture[str]) -> None:
    slider, moves = Slider(), []
    traitlets.link((counter.state, "count"), (slider, "value"))
    slider.observe(lambda change: moves.append(change.new), "value")

    def drag() -> None:  # as a slider's comm on a subshell does, while the main thread is busy
        for value in range(1, 6):
            slider.value = value

    thread = threading.Thread(target=drag)
    thread.start()
    thread.join()
    counter.call("submit")
    assert moves == [1, 2, 3, 4, 5]
    assert capsys.readouterr().err == ""


def test_a_link_whose_source_moves_on_while_it_is_told_is_told_again(counter: Panel, capsys: pytest.CaptureFixture[str]) -> None:
    slider = Slider()
    counter.state.observe(lambda change: counter.call("add", by=10) if change.new == 1 else None, "count")
    traitlets.link((counter.state, "count"), (slider, "value"))
    counter.state.count = 1
    assert (counter.state.count, slider.value) == (11, 11)
    assert capsys.readouterr().err == ""


def test_a_link_with_another_object_goes_both_ways(counter: Panel) -> None:
    slider = Slider()
    traitlets.link((counter.state, "count"), (slider, "value"))
    counter.state.count = 7
    assert slider.value == 7
    slider.value = 8
    assert counter.state.count == 8
    counter.call("add")
    assert slider.value == 9


def test_tools_take_arguments_by_name_and_in_order(counter: Panel) -> None:
    assert counter.call("add") == 1
    assert counter.call("add", by=2) == 3
    assert counter.call("add", [3]) == 6
    assert counter.call("add", {"by": 4}) == 10
    assert counter.tools.add(5).result() == 15
    assert counter.tools["add"](by=-5).result() == 10


def test_tools_can_be_awaited(counter: Panel) -> None:
    async def use() -> list[Any]:
        return [await counter.tools.add(by=2), *await asyncio.gather(counter.tools.add(), counter.tools.add())]

    assert asyncio.run(use()) == [2, 3, 4]


def test_a_pending_call_can_be_awaited_twice_and_given_up(counter: Panel) -> None:
    complaints: list[Any] = []

    async def use() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        pending = counter.tools.add()
        assert (await pending, await pending) == (1, 1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(counter.tools.wait(ms=60_000), 0.05)
        await asyncio.sleep(0.05)
        gc.collect()

    asyncio.run(use())
    assert complaints == []


def test_callbacks_come_from_the_event_loop_that_runs_without_any_display() -> None:
    heard: list[Any] = []

    async def use() -> None:
        with Panel(COUNTER) as panel:
            panel.on("submitted", heard.append)
            thread = threading.Thread(target=panel.call, args=("submit",))
            thread.start()
            for _ in range(200):
                await asyncio.sleep(0.01)
                if heard:
                    break
            thread.join()

    asyncio.run(use())
    assert heard == [{"count": 0}]


def test_a_pending_call_says_how_it_went(counter: Panel) -> None:
    good, bad = counter.tools.add(), counter.tools.fail()
    good.result()
    with pytest.raises(HandlerError):
        bad.result()
    assert (repr(good), repr(bad)) == ("<add done>", "<fail failed: too bad>")


@pytest.mark.parametrize(
    ("tool", "args", "says"),
    [
        ("ad", None, "'add'"),
        (5, None, "no tool 5"),
        ("add", {"to": 1}, "to"),
        ("add", {"by": "much"}, "by"),
        ("add", {"by": object()}, "the argument by of add is of type object"),
        ("add", {"__proto__": 1}, "no argument called '__proto__'"),
        ("add", {1: 1}, "no argument called 1"),
        ("add", [float("inf")], "argument 1 of add is inf"),
        ("add", [1, 2], "2"),
        ("add", 5, "of type int"),
        ("add", "12", "of type str"),
        ("wait", None, "ms"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_before_the_handler_runs(counter: Panel, tool: str, args: Any, says: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        counter.call(tool, args)
    assert says in str(caught.value)
    assert counter.rev == 0


def test_a_handler_that_throws_changes_nothing_and_says_where(counter: Panel) -> None:
    with pytest.raises(HandlerError) as caught:
        counter.call("fail")
    assert caught.value.message == "too bad"
    assert caught.value.name == "RangeError"
    assert caught.value.line == COUNTER[: COUNTER.index("too bad")].count("\n") + 1
    assert counter.state.count == 0
    assert counter.call("add") == 1


def test_a_handler_that_never_ends_meets_its_deadline_and_harms_nothing(counter: Panel) -> None:
    counter.state.count = 3
    with pytest.raises(LimitError) as caught:
        counter.call("spin")
    assert caught.value.code == "LIMIT_CPU"
    assert counter.state.count == 3
    assert counter.call("add") == 4


def test_a_handler_that_takes_all_memory_is_stopped(counter: Panel) -> None:
    with pytest.raises((LimitError, HandlerError), match="memory"):
        counter.call("hoard")
    assert counter.call("add") == 1


def test_a_rule_holds_for_handlers_too(counter: Panel) -> None:
    with pytest.raises(StateError, match="100"):
        counter.call("beyond")
    assert counter.state.count == 0


def test_events_reach_python_on_the_main_thread(counter: Panel) -> None:
    heard: list[Any] = []
    off = counter.on("submitted", lambda payload: heard.append((payload, threading.current_thread() is threading.main_thread())))
    counter.call("submit")
    off()
    counter.call("submit")
    assert heard == [({"count": 0}, True)]


def test_steps_commit_one_by_one_and_other_calls_go_between(counter: Panel) -> None:
    waiting = counter.tools.wait(ms=150)
    deadline = time.monotonic() + 5
    while counter.state.count == 0 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert counter.state.count == 1
    assert counter.call("add", by=10) == 11
    assert waiting.result() == "waited"
    assert counter.state.count == 12


def test_a_running_call_can_be_cancelled(counter: Panel) -> None:
    spinning = counter.tools.long()
    time.sleep(0.2)
    start = time.monotonic()
    spinning.cancel()
    with pytest.raises(CancelledError):
        spinning.result(5)
    assert time.monotonic() - start < 2
    waiting = counter.tools.wait(ms=60_000)
    time.sleep(0.05)
    waiting.cancel()
    with pytest.raises(CancelledError):
        waiting.result(5)
    assert counter.call("add") == 2


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_python_waits_stops_the_call(counter: Panel) -> None:
    threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        counter.call("long")
    assert counter.call("add") == 1


def test_a_tools_argument_may_have_a_name_that_python_reserves() -> None:
    tool = '<Tool name="between" description="d"><Arg name="from" type="number" /><Arg name="to" type="number" /><Handler>return $args.to - $args.from;</Handler></Tool>'
    with Panel(f'<NexusPanel id="reserved"><Logic>{tool}</Logic></NexusPanel>') as panel:
        assert panel.tools.between(**{"from": 1, "to": 3}).result() == 2
        assert repr(panel.tools.between) == "<tool between(to: float)>"


@pytest.mark.parametrize("name", ["_panel_runtime", "_panel_program", "_trait_values", "__call__", "__slots__", "__qualname__", "_own"])
def test_a_states_name_never_breaks_the_state_object(name: str) -> None:
    with Panel(f'<NexusPanel id="names"><Data><State name="{name}" type="number" default="7" /></Data></NexusPanel>') as panel:
        panel.state[name] = 8
        assert dict(panel.state) == {name: 8}


def test_names_are_completed_after_a_bracket(counter: Panel) -> None:
    assert counter.state._ipython_key_completions_() == ["count", "label", "items", "log", "observe", "double"]
    assert "add" in counter.tools._ipython_key_completions_()


def test_a_live_panel_is_not_copied(counter: Panel) -> None:
    for live in (counter, counter.state):
        for way in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match=r"dict\(panel\.state\)"):
                way(live)
    assert pickle.loads(pickle.dumps(dict(counter.state))) == dict(counter.state)


def test_a_callback_that_is_there_twice_ends_one_by_one(counter: Panel) -> None:
    heard: list[Any] = []
    first, _ = counter.on("submitted", heard.append), counter.on("submitted", heard.append)
    first()
    first()
    counter.call("submit")
    assert len(heard) == 1


def test_a_view_that_breaks_the_sandbox_fails_the_call_that_waits_there() -> None:
    source = """<NexusPanel id="breaking"><Data><State name="n" type="number" /></Data>
    <Logic><Tool name="two" description="d"><Handler>$state.n = 1; await new Promise(go => setTimeout(go, 50)); $state.n = 2;</Handler></Tool></Logic>
    <View><Text>{(() => { while ($state.n === 1) {} return $state.n; })()}</Text></View></NexusPanel>"""
    with Panel(source) as panel:
        panel.runtime.subscribe(lambda messages: None)
        with pytest.raises(LimitError, match="broke the panel's sandbox"):
            panel.call("two")
        assert panel.state.n == 1
        panel.state.n = 3


def test_a_mistake_of_ours_ends_the_call_instead_of_holding_its_caller(
    counter: Panel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(counter.runtime, "_on_emit", lambda event, payload: 1 // 0)
    with pytest.raises(HandlerError, match="ZeroDivisionError"):
        counter.tools.submit().result(5)
    counter.close()  # the log is written when the turn has ended
    assert "ZeroDivisionError" in caplog.text


def test_first_values_are_checked_and_nothing_is_half_made() -> None:
    with Panel(COUNTER, state={"count": 7}) as panel:
        assert panel.state.count == 7
        assert panel.rev == 0
    for state in ({"count": "x"}, {"nope": 1}, {"count": 1000}):
        with pytest.raises(StateError):
            Panel(COUNTER, state=state)
    assert nexus_jupyter.panels() == {}


def test_a_data_frame_becomes_the_value_of_a_list() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    with Panel(COUNTER, state={"items": frame}) as panel:
        assert panel.state.items == [{"a": 1}, {"a": 2}]


def test_documents_with_errors_raise_all_of_them() -> None:
    with pytest.raises(DocumentError) as caught:
        Panel('<NexusPanel><Data><State name="1x" type="number"/><State name="y" type="decimal"/></Data></NexusPanel>')
    assert {d.code for d in caught.value.diagnostics} == {"INVALID_IDENTIFIER", "INVALID_TYPE"}
    assert "^" in str(caught.value)


def test_a_syntax_error_in_a_handler_points_into_the_document() -> None:
    source = (
        '<NexusPanel>\n<Logic>\n<Tool name="t" description="d">\n<Handler>\n  const a = ;\n</Handler>\n</Tool>\n</Logic>\n</NexusPanel>'
    )
    with pytest.raises(DocumentError) as caught:
        Panel(source)
    (diagnostic,) = [d for d in caught.value.diagnostics if d.code == "JS_SYNTAX"]
    assert diagnostic.span.line == 5
    assert nexus_jupyter.panels() == {}


def test_making_a_panel_of_the_same_identity_ends_the_one_before() -> None:
    first = Panel(COUNTER)
    with Panel(COUNTER) as second:
        assert first.closed
        assert nexus_jupyter.panels() == {"counter": second}
        with pytest.raises(PanelClosedError, match="Run its cell again"):
            first.call("add")
        with pytest.raises(PanelClosedError):
            first.state.count = 1
    assert first.state.count == 0


def test_its_text_is_the_same_every_time(counter: Panel) -> None:
    text = "<Panel counter: count=0, label='x', items=[], log='a name that collides with nothing', observe='a name that collides'>"
    assert repr(counter) == text
    counter.state.items = list(range(100))
    assert "items=[… 100 items]" in repr(counter)


def test_load_reads_a_file_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    (tmp_path / "counter.nxml").write_text(COUNTER, encoding="utf-8")
    with nexus_jupyter.load(tmp_path / "counter.nxml") as panel:
        assert panel.id == "counter"
    with pytest.raises(OptionError, match=r"In that folder: counter\.nxml"):
        nexus_jupyter.load(tmp_path / "contuer.nxml")
    (tmp_path / "bad.nxml").write_bytes(b"\xff\xfe<")
    with pytest.raises(OptionError, match="UTF-8"):
        nexus_jupyter.load(tmp_path / "bad.nxml")
    with pytest.raises(OptionError, match="folder"):
        nexus_jupyter.load(tmp_path)


# --- Python functions ------------------------------------------------------------------------------


def slow(n: int) -> int:
    time.sleep(0.05)
    return n


async def later(name: str) -> str:
    await asyncio.sleep(0.01)
    return f"hello {name}"


def broken() -> None:
    raise ValueError("the reason")


def files() -> None:
    Path("/nonexistent/secret").read_text()


def keywords(*, a: int, b: int = 2) -> dict[str, int]:
    return {"a": a, "b": b}


@pytest.fixture
def python() -> Iterator[Panel]:
    with Panel(PYTHON, functions=[slow, later, broken, files, keywords]) as panel:
        yield panel


def test_a_function_that_was_handed_over_can_be_called(python: Panel) -> None:
    assert python.call("ask", name="slow", values=[5]) == 5
    assert python.call("ask", name="later", values=["you"]) == "hello you"
    assert python.call("ask", name="keywords", values=[{"a": 1}]) == {"a": 1, "b": 2}
    assert python.call("both") == 3


@pytest.mark.parametrize("name", ["open", "eval", "__class__", "slow.__globals__", "keys"])
def test_any_other_function_is_denied(python: Panel, name: str) -> None:
    with pytest.raises(CapabilityError):
        python.call("ask", name=name)


def test_a_function_of_one_panel_is_not_one_of_another(python: Panel) -> None:
    with Panel(PYTHON, id="other") as other, pytest.raises(CapabilityError, match="not handed to this panel"):
        other.call("ask", name="slow", values=[1])


def test_a_handler_may_narrow_what_it_uses(python: Panel) -> None:
    with pytest.raises(CapabilityError, match="capabilities"):
        python.call("narrow")


def test_other_extensions_are_denied() -> None:
    source = """<NexusPanel><Logic><Extension name="nexus.http" hosts="127.0.0.1" />
    <Tool name="ask" description="d"><Handler>return await $ext.http.get("http://127.0.0.1/")</Handler></Tool></Logic></NexusPanel>"""
    with Panel(source, functions=[slow]) as panel, pytest.raises(CapabilityError, match=r"nexus\.http"):
        panel.call("ask")


def test_what_a_function_raises_reaches_the_handler_as_a_sentence_and_python_as_the_cause(python: Panel) -> None:
    assert python.call("caught") == "broken() raised ValueError: the reason"
    with pytest.raises(HandlerError, match="the reason") as caught:
        python.call("ask", name="broken")
    cause = caught.value.__cause__
    assert cause is not None
    assert isinstance(cause.__cause__, ValueError)
    with pytest.raises(HandlerError) as hidden:
        python.call("ask", name="files")
    assert "secret" not in str(hidden.value)


def test_earlier_steps_stay_when_a_later_one_fails(python: Panel) -> None:
    with pytest.raises(HandlerError, match="2 earlier steps stay"):
        python.call("steps")
    assert python.state.n == 2


def test_only_an_error_that_came_through_is_the_cause() -> None:
    source = PYTHON.replace("return e.message;", "throw new Error('another');")
    with Panel(source, functions=[broken]) as panel, pytest.raises(HandlerError, match="another") as caught:
        panel.call("caught")
    assert caught.value.__cause__ is None


def test_a_result_that_has_no_meaning_is_an_error_of_the_handler() -> None:
    def thing() -> object:
        return object()

    with Panel(PYTHON, functions=[thing]) as panel, pytest.raises(HandlerError, match=r"the result of thing\(\) is of type object"):
        panel.call("ask", name="thing")


def test_a_call_that_waits_for_a_function_can_be_cancelled_and_meets_its_deadline() -> None:
    go = threading.Event()

    def stuck() -> None:
        go.wait(10)

    source = PYTHON.replace("<Handler>$state.seen =", '<Handler timeout="300ms">$state.seen =')
    with Panel(source, functions=[stuck]) as panel:
        waiting = panel.tools.ask(name="stuck")
        time.sleep(0.05)
        waiting.cancel()
        with pytest.raises(CancelledError):
            waiting.result(5)
        with pytest.raises(LimitError, match="did not end within 300 ms"):
            panel.tools.ask(name="stuck").result(5)
        go.set()


def test_a_function_that_is_cancelled_ends_the_wait() -> None:
    async def gone() -> None:
        raise asyncio.CancelledError

    with Panel(PYTHON, functions=[gone]) as panel, pytest.raises(HandlerError, match="was cancelled"):
        panel.tools.ask(name="gone").result(5)


def test_a_coroutine_function_must_await_and_not_block_its_loop() -> None:
    async def blocks() -> Any:
        return panel.call("both")

    async def awaits() -> Any:
        return await panel.tools.both()

    with Panel(PYTHON, functions=[slow, blocks, awaits]) as panel:
        with pytest.raises(HandlerError, match="await panel") as caught:
            panel.tools.ask(name="blocks").result(5)
        assert caught.value.code == "WOULD_BLOCK"
        assert panel.call("ask", name="awaits") == 3


@pytest.mark.parametrize("kind", ["ordinary", "coroutine"])
def test_a_function_may_close_its_panel(kind: str) -> None:
    def ordinary() -> None:
        panel.close()

    async def coroutine() -> None:
        panel.close()

    panel = Panel(PYTHON, functions=[ordinary, coroutine])
    start = time.monotonic()
    with pytest.raises(PanelClosedError):
        panel.tools.ask(name=kind).result(5)
    while any(thread.name.startswith(("nexus-panel", "nexus-extensions")) for thread in threading.enumerate()):
        assert time.monotonic() - start < 2
        time.sleep(0.01)


def test_arguments_that_a_function_does_not_take_are_refused(python: Panel) -> None:
    with pytest.raises(HandlerError, match="slow"):
        python.call("ask", name="slow", values=[1, 2, 3])


def test_a_function_may_call_the_tool_that_waits_for_it() -> None:
    def recurse(n: int) -> Any:
        return panel.call("again", n=n)

    with Panel(PYTHON, functions=[recurse]) as panel:
        assert panel.call("again", n=3) == 3
        with pytest.raises(Exception, match="levels deep"):
            panel.call("again", n=40)


def test_a_function_may_write_the_panels_state() -> None:
    def write(n: int) -> int:
        panel.state.n = n
        return n

    with Panel(PYTHON, functions=[write]) as panel:
        assert panel.call("ask", name="write", values=[9]) == 9
        assert panel.state.n == 9


@pytest.mark.parametrize(
    ("functions", "says"),
    [
        (slow, "functions=[f]"),
        ([1], "not callable"),
        ([lambda: 1], "usable name"),
        ({"no name": slow}, "usable name"),
        ([slow, {"slow": 1}], "not callable"),
    ],
)
def test_functions_of_the_wrong_kind_are_refused(functions: Any, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        Panel(PYTHON, functions=functions)
    assert says in str(caught.value)
    assert nexus_jupyter.panels() == {}


def test_closing_ends_calls_that_wait() -> None:
    panel = Panel(COUNTER)
    waiting = panel.tools.wait(ms=60_000)
    time.sleep(0.05)
    panel.close()
    panel.close()
    with pytest.raises(PanelClosedError):
        waiting.result(5)


def test_closing_ends_what_runs_and_what_is_still_in_the_queue() -> None:
    panel = Panel(COUNTER)
    running = panel.tools.long()
    time.sleep(0.1)
    queued, written = panel.tools.add(), panel.runtime.write({"count": 1})
    panel.close()
    for outcome in (running, queued, written):
        with pytest.raises(PanelClosedError):
            outcome.result(5)


def test_panels_work_from_any_thread(counter: Panel) -> None:
    def work() -> None:
        for _ in range(20):
            counter.call("add", by=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.state.count == 80
    assert counter.rev == 80


def test_who_comes_after_the_end_is_told_of_it_at_once() -> None:
    told: list[str] = []
    panel = Panel('<NexusPanel id="p"/>')
    panel.at_close(lambda: told.append("before"))
    panel.close()
    panel.at_close(lambda: told.append("after"))
    panel.close()
    assert told == ["before", "after"]
