"""Panels that mean harm: to the kernel's threads, to its limits, to other panels."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from nexus_jupyter import Panel
from nexus_jupyter.errors import HandlerError, LimitError, StateError
from nexus_jupyter.panel.patch import PatchError, parse_pointer
from nexus_jupyter.protocol import Event, Reject
from nexus_jupyter.sandbox.limits import DEFAULT_LIMITS


def document(logic: str, *, data: str = "", view: str = "") -> str:
    shown = f"<View>{view}</View>" if view else ""
    return (
        f'<NexusPanel id="hostile"><Data><State name="n" type="number" /><State name="any" type="any" />{data}</Data>'
        f'<Logic><Extension name="nexus.python" alias="py" />{logic}</Logic>{shown}</NexusPanel>'
    )


def tool(name: str, body: str, attributes: str = "") -> str:
    return f'<Tool name="{name}" description="d"><Handler {attributes}>{body}</Handler></Tool>'


def repeat(panel: Panel, name: str, times: int) -> None:
    for _ in range(times):
        panel.call(name)


def leave() -> None:
    raise SystemExit(2)


async def leave_later() -> None:
    raise KeyboardInterrupt


class Nasty(Exception):
    def __str__(self) -> str:
        raise SystemExit(3)


def nasty() -> None:
    raise Nasty


def fine() -> int:
    return 7


@pytest.mark.parametrize("name", ["leave", "leave_later", "nasty"])
def test_a_function_that_wants_the_process_to_end_ends_its_call_only(name: str) -> None:
    source = document(tool("bad", f"await $ext.py.{name}();") + tool("good", "return await $ext.py.fine();"))
    with Panel(source, functions=[leave, leave_later, nasty, fine]) as panel:
        with pytest.raises(HandlerError, match=r"SystemExit|KeyboardInterrupt"):
            panel.call("bad")
        assert panel.call("good") == 7


def test_a_timeout_of_years_neither_kills_the_thread_nor_lifts_the_limit() -> None:
    source = document(
        tool("wait", "return await $ext.py.fine();", 'timeout="99999999h"') + tool("spin", "while (true) {}", 'timeout="99999999h"')
    )
    with Panel(source, functions=[fine], limits=replace(DEFAULT_LIMITS, cpu_max=0.3)) as panel:
        assert panel.call("wait") == 7
        started = time.monotonic()
        with pytest.raises(LimitError, match="300 ms"):
            panel.call("spin")
        assert time.monotonic() - started < 5
        panel.state.n = 1
        assert panel.state.n == 1


def test_a_result_that_is_too_big_is_an_error_that_the_handler_can_catch() -> None:
    def big() -> str:
        return "x" * 5_000_000

    source = document(tool("ask", "try { await $ext.py.big(); } catch (e) { return e.message; }"))
    with Panel(source, functions=[big]) as panel:
        assert "may enter the sandbox" in panel.call("ask")


def test_state_can_not_be_nested_without_end() -> None:
    dig = "let at = $state; for (let k = 'any'; ; k = 'a') { if (at[k] === null || at[k] === undefined) { at[k] = DEEP; break; } at = at[k]; }"
    deep = "{a:" * 80 + "null" + "}" * 80
    with Panel(document(tool("dig", dig.replace("DEEP", deep)) + tool("count", "$state.n += 1;"))) as panel:
        panel.call("dig")
        with pytest.raises(StateError, match="deep"):
            repeat(panel, "dig", 15)
        panel.call("count")
        assert panel.state.n == 1
    with pytest.raises(PatchError, match="deeper"):
        parse_pointer("/a" * 200)


def test_a_panel_cannot_grow_until_it_can_not_be_loaded_again() -> None:
    grow = tool("grow", "$state.any = ($state.any ?? '') + 'x'.repeat(3_000_000);")
    patient = replace(DEFAULT_LIMITS, cpu=60.0, cpu_total=600.0)  # sizes are what this is about, on a busy machine, too
    with Panel(document(grow + tool("spin", "while (true) {}", 'timeout="100ms"')), limits=patient) as panel:
        with pytest.raises(LimitError, match=r"MB|bytes|state"):
            repeat(panel, "grow", 6)
        with pytest.raises(LimitError):
            panel.call("spin")
        panel.state.any = None
        panel.call("grow")
        assert len(panel.state.any) == 3_000_000


def test_a_view_that_is_too_big_says_so() -> None:
    items = '<Iterate items="{Array.from({length: 6000}, (_, i) => i)}" key="{$scope.item}"><Text>1</Text><Text>2</Text><Text>3</Text><Text>4</Text></Iterate>'
    with Panel(document("", view=items)) as panel:
        problems = panel.runtime.snapshot().result(30).tree.problems
        assert any("could not be resolved" in p.message for p in problems)


def test_views_may_be_as_deep_as_documents() -> None:
    view = "<Container>" * 190 + "<Text>deep</Text>" + "</Container>" * 190
    with Panel(document("", view=view)) as panel:
        assert panel.runtime.snapshot().result(30).tree.root is not None


def test_a_flood_of_events_is_refused_and_python_keeps_its_turn() -> None:
    heard: list[Any] = []
    slow = tool("slow", "const end = Date.now(); let x = 0; for (let i = 0; i < 3e5; i++) x += i; $state.n += 1;")
    with Panel(document(slow, view='<Button label="b" trigger="slow" />')) as panel:
        panel.runtime.subscribe(heard.extend)
        root = panel.runtime.snapshot().result(10).tree.root
        assert root is not None
        node = root.id if root.type == "Button" else root.children[0].id
        for seq in range(1, 1001):
            panel.runtime.event(Event(client="c", seq=seq, node=node, name="press", clock=0, seed=0, zone="UTC", base=0))
        panel.state.any = "Python"
        refused = [m for m in heard if isinstance(m, Reject)]
        assert len(refused) > 800
        assert {m.error.code for m in refused} == {"LIMIT_EVENTS"}


@pytest.mark.parametrize("name", ["mro", "traits", "class_traits", "_private", "__dict__"])
def test_a_state_may_have_the_name_of_anything(name: str) -> None:
    source = f'<NexusPanel id="p"><Data><State name="{name}" type="number" /></Data></NexusPanel>'
    with Panel(source) as panel:
        panel.state[name] = 3
        assert panel.state[name] == 3


def test_its_text_cannot_drive_a_terminal() -> None:
    with Panel('<NexusPanel id="a\x1b[31m&#x202e;b" title="t"/>') as panel:
        assert "\x1b" not in repr(panel)
        assert "\u202e" not in repr(panel)
