"""The graph of the live panels of a process, and who follows it."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import nexus_jupyter
from nexus_jupyter import Panel
from nexus_jupyter.nog import NOGEntity, NOGGraph
from nexus_jupyter.nog.commits import INTERVAL
from nexus_jupyter.nog.kernel import KernelGraph, kernel_graph, panel_document
from nexus_jupyter.protocol.bridge import KernelCommit, KernelDelta, KernelSnapshot, PanelDocument
from nexus_jupyter.protocol.identity import document_hash

COUNTER = """<NexusPanel id="counter" title="Counter" description="counts">
  <Data><State name="count" type="number" default="0" /></Data>
  <Logic>
    <Tool name="add" description="one more" confirm="Sure?"><Handler>$state.count += 1;</Handler></Tool>
    <Tool name="many" description="d"><Handler>for (let i = 0; i &lt; 100; i++) { $state.count += 1; await new Promise(go => setTimeout(go, 1)); }</Handler></Tool>
  </Logic>
  <View><Button id="add" label="{$state.count}" trigger="add" /></View>
</NexusPanel>"""
OTHER = '<NexusPanel id="other"><Data><State name="a" type="string" /></Data></NexusPanel>'


class Follower:
    """Keeps what it was told, and the graph that comes of it."""

    def __init__(self, graph: KernelGraph) -> None:
        self.told: list[Any] = []
        self.graph = NOGGraph()
        self.threads: set[str] = set()
        self._of = graph
        self.off = graph.follow(self)
        self.until(KernelSnapshot)

    def __call__(self, message: Any) -> None:
        self.threads.add(threading.current_thread().name)
        if isinstance(message, KernelSnapshot):
            self.graph = NOGGraph(message.graph)
        elif isinstance(message, KernelDelta) and message.revision > self.graph.revision:
            self.graph.apply(message.patch)
            assert self.graph.revision == message.revision
        self.told.append(message)

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.told if isinstance(message, kind)]

    def until(self, kind: type, count: int = 1) -> Any:
        wait(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]

    def settled(self) -> None:
        """Wait until it knows what the graph is now."""
        now = self._of.graph.state()
        wait(lambda: self.graph.revision >= now.revision)
        mine = self.graph.state()
        assert (set(map(repr, mine.entities)), set(map(repr, mine.relationships))) == (
            set(map(repr, now.entities)),
            set(map(repr, now.relationships)),
        )


def wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def graph() -> KernelGraph:
    return KernelGraph()


@pytest.fixture
def follower(graph: KernelGraph) -> Iterator[Follower]:
    follower = Follower(graph)
    yield follower
    follower.off()


def test_the_graph_is_there_without_a_kernel_or_a_server() -> None:
    with Panel(COUNTER, name="c"), Panel(OTHER):
        graph = nexus_jupyter.graph()
        assert graph is kernel_graph().graph
        assert {p.id for p in graph.entities("panel")} == {"panel:counter", "panel:other"}
        assert "state:counter/count" in {e.id for e in graph.dependencies("tool:counter/add").entities}
        assert graph.entity("panel:counter").properties["edition"] == 0
        assert graph.entity("python:c").type == "python_name"
    assert nexus_jupyter.graph().entities("panel") == ()
    assert "python:c" not in graph


def test_nothing_is_mapped_while_nobody_asks(graph: KernelGraph) -> None:
    with Panel(COUNTER):
        assert len(graph._graph) == 0
        assert graph._worker is None
        assert len(graph.graph) > 1


def test_the_notebook_is_named_by_its_session(graph: KernelGraph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "story.ipynb"))
    notebook = graph.graph.entity("notebook")
    assert (notebook.name, notebook.properties["path"]) == ("story.ipynb", str(tmp_path / "story.ipynb"))
    monkeypatch.delenv("JPY_SESSION_NAME")
    assert KernelGraph().graph.entity("notebook").name == ""


def test_a_cells_panel_stands_in_its_cell(graph: KernelGraph) -> None:
    with Panel(COUNTER, _cell="cell-abc"):
        assert graph.graph.relationships("contains", source="cell:abc", target="panel:counter")
        assert graph.graph.relationships("contains", source="notebook", target="cell:abc")
        (info,) = graph.snapshot().panels
        assert (info.cell, info.title, info.description, info.has_view) == ("abc", "Counter", "counts", True)
        assert (info.tools[0].name, info.tools[0].confirm) == ("add", "Sure?")


def test_two_graphs_have_two_epochs() -> None:
    assert KernelGraph().epoch != KernelGraph().epoch


def test_a_follower_gets_the_whole_and_then_each_change(graph: KernelGraph) -> None:
    with Panel(COUNTER) as panel:
        follower = Follower(graph)
        (snapshot,) = follower.told
        assert [p.id for p in snapshot.panels] == ["counter"]
        with Panel(OTHER):
            made = follower.until(KernelDelta)
            assert ([p.id for p in made.panels], made.ended, made.revision) == (["other"], (), snapshot.graph.revision + 1)
            follower.settled()
        assert follower.until(KernelDelta, 2).ended == ("other",)
        follower.settled()
        panel.replace_document(COUNTER.replace("counts", "counts on"))
        replaced = follower.until(KernelDelta, 3)
        assert [(p.id, p.edition, p.description, p.hash) for p in replaced.panels] == [("counter", 1, "counts on", panel.hash)]
        follower.settled()
        follower.off()
        assert follower.threads == {"nexus-graph"}


def test_a_cell_that_is_run_again_is_one_change(follower: Follower) -> None:
    with Panel(COUNTER, _cell="cell-1") as first:
        follower.until(KernelDelta)
        first.state.count = 3
        follower.until(KernelCommit)
        with Panel(COUNTER, _cell="cell-1"):
            again = follower.until(KernelDelta, 2)
            assert [(p.id, p.rev) for p in again.panels] == [("counter", 0)]
            assert (again.ended, again.patch.put_entities, again.patch.delete_entities) == ((), (), ())
            with Panel(OTHER, _cell="cell-1"):
                edited = follower.until(KernelDelta, 3)
                assert ([p.id for p in edited.panels], edited.ended) == (["other"], ("counter",))
                follower.settled()
                assert len(follower.of(KernelDelta)) == 3


def test_commits_are_told_thinned_and_the_last_one_wins(follower: Follower) -> None:
    with Panel(COUNTER) as panel:
        begun = time.monotonic()
        panel.call("many")
        panel.state.count = 7
        wait(lambda: follower.of(KernelCommit) and follower.of(KernelCommit)[-1].rev == panel.rev)
        took = time.monotonic() - begun
        commits = follower.of(KernelCommit)
        assert panel.rev == 101
        assert [c.rev for c in commits] == sorted({c.rev for c in commits})
        assert len(commits) <= took / INTERVAL + 2
        assert {c.paths for c in commits} == {("/count",)}
        assert commits[0].cause == "python"
        assert commits[0].tool == "many"


def test_a_delta_of_a_panel_comes_before_its_commits(follower: Follower) -> None:
    with Panel(COUNTER) as panel:
        panel.call("add")
        follower.until(KernelDelta)
        panel.call("add")
        wait(lambda: follower.of(KernelCommit) and follower.of(KernelCommit)[-1].rev == 2)
        kinds = [type(m) for m in follower.told]
        assert kinds.index(KernelDelta) < kinds.index(KernelCommit)


def test_one_more_follower_hears_the_same_and_the_last_ends_it_all(graph: KernelGraph) -> None:
    one = Follower(graph)
    with Panel(COUNTER) as panel:
        one.until(KernelDelta)
        two = Follower(graph)
        assert [p.id for p in two.told[0].panels] == ["counter"]
        one.off()
        panel.call("add")
        two.until(KernelCommit)
        assert not one.of(KernelCommit)
        two.off()
        heard = len(two.told)
        assert graph._worker is None
        panel.call("add")
        with Panel(OTHER):
            assert len(two.told) == heard
            assert panel._commit_listeners == ()
            three = Follower(graph)
            assert {p.id for p in three.told[0].panels} == {"counter", "other"}
            three.off()


def test_a_follower_may_ask_for_the_whole_again(graph: KernelGraph, follower: Follower) -> None:
    with Panel(COUNTER):
        follower.until(KernelDelta)
        graph.resend(follower)
        assert [p.id for p in follower.until(KernelSnapshot, 2).panels] == ["counter"]
        follower.settled()


def test_a_follower_that_fails_is_no_reason_for_others(graph: KernelGraph, caplog: pytest.LogCaptureFixture) -> None:
    def broken(message: object) -> None:
        raise ValueError("broken")

    off = graph.follow(broken)
    follower = Follower(graph)
    with Panel(COUNTER):
        follower.until(KernelDelta)
    off()
    follower.off()
    assert "a follower of the graph failed" in caplog.text


def test_what_a_user_adds_to_the_graph_stays_and_is_told(graph: KernelGraph, follower: Follower) -> None:
    graph.graph.add_entity(NOGEntity(id="python:mine", type="python_name", name="mine"))
    with Panel(COUNTER):
        follower.until(KernelDelta, 2)
        follower.settled()
        assert "python:mine" in follower.graph
    follower.until(KernelDelta, 3)
    assert "python:mine" in graph.graph


def test_a_graph_that_was_spoilt_by_hand_is_made_anew(graph: KernelGraph, caplog: pytest.LogCaptureFixture) -> None:
    with Panel(COUNTER):
        graph.graph.delete_entity("panel:counter")
    assert graph.graph.entities("panel") == ()
    with Panel(OTHER):
        assert "panel:other" in graph.graph
    assert "made anew" in caplog.text


def test_the_graph_keeps_no_ended_panel_alive(graph: KernelGraph) -> None:
    panel = Panel(COUNTER)
    assert "panel:counter" in graph.graph
    panel.close()
    gone = weakref.ref(panel)
    del panel
    wait(lambda: gc.collect() is not None and gone() is None)


def test_panels_of_many_threads_end_up_in_one_graph(graph: KernelGraph, follower: Follower) -> None:
    panels: list[Panel] = []

    def make(number: int) -> None:
        for each in range(5):
            panels.append(Panel(f'<NexusPanel id="p{number}-{each}" />'))
            graph.graph.statistics()

    threads = [threading.Thread(target=make, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    follower.settled()
    assert len(follower.graph.entities("panel")) == 20
    for panel in panels:
        panel.close()
    follower.settled()
    assert follower.graph.entities("panel") == ()


def test_what_is_told_of_a_panel_is_of_one_document_while_it_is_replaced() -> None:
    short = "<NexusPanel id='p'><Logic><Tool name='a' description='A'><Handler>1</Handler></Tool></Logic></NexusPanel>"
    long = short.replace("</Logic>", "<Tool name='b' description='B'><Handler>2</Handler></Tool></Logic>")
    tools = {document_hash(short): ["a"], document_hash(long): ["a", "b"]}
    done = threading.Event()
    wrong: list[PanelDocument] = []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with Panel(short) as panel:

            def look() -> None:
                while not done.is_set():
                    told = panel_document(panel)
                    if document_hash(told.source) != told.panel.hash or [t.name for t in told.panel.tools] != tools[told.panel.hash]:
                        wrong.append(told)

            looking = threading.Thread(target=look)
            looking.start()
            for _ in range(20):
                panel.replace_document(long)
                panel.replace_document(short)
            done.set()
            looking.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
