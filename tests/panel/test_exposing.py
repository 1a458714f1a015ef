"""Functions and frames that Python exposes to panels: at any time, to one or to all, until it withdraws them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

import nexus_jupyter
from nexus_jupyter import Panel, expose, unexpose
from nexus_jupyter.errors import CapabilityError, HandlerError, LimitError, OptionError
from nexus_jupyter.sandbox.extensions.exposed import everywhere
from nexus_jupyter.sandbox.limits import Limits

DOCUMENT = """
<NexusPanel id="exposing">
  <Logic>
    <Extension name="nexus.python" alias="py" />
    <Tool name="ask" description="d"><Arg name="name" type="string" /><Arg name="values" type="list" default="[]" />
      <Handler>return await $ext.py[$args.name](...$args.values);</Handler></Tool>
    <Tool name="twice" description="d"><Handler>await $ext.py.wait(); return await $ext.py.late();</Handler></Tool>
    <Tool name="big" description="d"><Handler>return await $ext.py.count(Array(200000).fill(1));</Handler></Tool>
  </Logic>
</NexusPanel>
"""


@pytest.fixture
def panel() -> Iterator[Panel]:
    with Panel(DOCUMENT) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    for name in list(everywhere):
        unexpose(name)


def ask(panel: Panel, name: str, *values: Any) -> Any:
    return panel.call("ask", name=name, values=list(values))


def test_a_function_is_exposed_in_each_way_and_stays_what_it_was(panel: Panel) -> None:
    @panel.expose
    def double(n: int) -> int:
        return 2 * n

    @panel.expose(name="total")
    async def add(*values: int) -> int:
        return sum(values)

    assert panel.expose(len, name="size") is len
    assert double(4) == 8
    assert (ask(panel, "double", 2), ask(panel, "total", 1, 2), ask(panel, "size", [1, 2, 3])) == (4, 3, 3)
    with pytest.raises(CapabilityError):
        ask(panel, "add", 1)


def test_a_running_call_finds_what_was_exposed_since(panel: Panel) -> None:
    entered, go = threading.Event(), threading.Event()

    @panel.expose
    def wait() -> None:
        entered.set()
        go.wait(20)

    running = panel.tools.twice()
    assert entered.wait(20)
    panel.expose(lambda: "there", name="late")
    go.set()
    assert running.result() == "there"


def test_another_function_of_the_name_takes_its_place_and_it_ends(panel: Panel) -> None:
    panel.expose(lambda: 1, name="f")
    panel.expose(lambda: "two", name="f")
    assert ask(panel, "f") == "two"
    panel.unexpose("f")
    with pytest.raises(CapabilityError):
        ask(panel, "f")
    with pytest.raises(OptionError, match="'f' is not exposed"):
        panel.unexpose("f")


def test_all_panels_made_before_and_after_may_call_what_is_exposed_to_all(panel: Panel) -> None:
    @expose
    def everyone() -> str:
        return "all"

    assert ask(panel, "everyone") == "all"
    with Panel(DOCUMENT, id="after", functions={"everyone": lambda: "mine"}) as after:
        assert ask(after, "everyone") == "mine"
        after.unexpose("everyone")
        assert ask(after, "everyone") == "all"
    unexpose(everyone)
    with pytest.raises(CapabilityError):
        ask(panel, "everyone")
    with pytest.raises(OptionError):
        nexus_jupyter.unexpose("everyone")


def test_a_bound_method_can_be_withdrawn_by_itself(panel: Panel) -> None:
    values = [1, 2]
    panel.expose(values.count, name="count")
    panel.expose(panel.on)
    panel.unexpose(panel.on)
    assert ask(panel, "count", 2) == 1
    with pytest.raises(CapabilityError):
        ask(panel, "on")


def test_a_preview_may_call_nothing_that_is_exposed_to_all(panel: Panel) -> None:
    expose(lambda: 1, name="f")
    with panel.preview(DOCUMENT) as preview, pytest.raises(CapabilityError):
        ask(preview, "f")


def test_a_panel_that_does_not_declare_it_may_call_nothing() -> None:
    expose(lambda: 1, name="f")
    document = """<NexusPanel><Logic><Extension name="nexus.store" alias="py" /><Tool name="ask" description="d"><Arg name="name" type="string" />
      <Handler>return await $ext.py[$args.name]();</Handler></Tool></Logic></NexusPanel>"""
    with Panel(document) as other, pytest.raises(HandlerError, match="no method 'f'"):
        other.call("ask", name="f")


@pytest.mark.parametrize("thing", [3, "f", [len]])
def test_only_functions_are_exposed(panel: Panel, thing: Any) -> None:
    with pytest.raises(OptionError):
        panel.expose(thing, name="x")
    with pytest.raises(OptionError):
        panel.expose(name="x")(thing)
    with pytest.raises(OptionError):
        expose(lambda: 1)  # has no name of its own
    with pytest.raises(OptionError):
        unexpose(3)  # type: ignore[arg-type]


def test_many_elements_are_an_argument_like_any_other_within_the_limits() -> None:
    patient = Limits(cpu=60, cpu_max=60)  # the machine may be busy
    with Panel(DOCUMENT, limits=patient, functions={"count": len}) as panel:
        assert panel.call("big") == 200_000
    with (
        Panel(DOCUMENT, limits=Limits(cpu=60, cpu_max=60, reply_bytes=100_000), functions={"count": len}) as small,
        pytest.raises(LimitError) as caught,
    ):
        small.call("big")
    assert caught.value.limit == "reply_bytes"


def test_frames_are_exposed_when_the_panel_is_made_and_later() -> None:
    frame = pd.DataFrame({"a": [1]})
    with Panel(DOCUMENT, frames={"orders": frame}) as panel:
        panel.expose_frame("more", frame)
        panel.unexpose_frame("orders")
        with pytest.raises(OptionError):
            panel.unexpose_frame("orders")
        with pytest.raises(OptionError):
            panel.expose_frame("bad name", frame)
    for frames in ([frame], {"x": 1}, {"bad name": frame}):
        with pytest.raises(OptionError):
            Panel(DOCUMENT, frames=frames)  # type: ignore[arg-type]
