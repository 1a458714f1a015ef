"""Kernels' graphs as one: merged, renamed, taken away, kept over restarts; hostile data changes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from nexus_jupyter.errors import NexusError
from nexus_jupyter.nog import NOGGraph
from nexus_jupyter.nog.store import WorkspaceStore
from nexus_jupyter.protocol.bridge import CallTool, KernelSnapshot, PanelDocument, ReadPanel
from nexus_jupyter.protocol.graph import GraphState, NOGEntity, NOGPatch, NOGRelationship
from nexus_jupyter.protocol.identity import document_key
from nexus_jupyter.protocol.workspace import FromServer, WorkspaceCommit, WorkspaceRevision
from nexus_jupyter.server import part
from nexus_jupyter.server.bridge import KernelAnswerError, KernelUnavailableError
from nexus_jupyter.server.workspace import UnknownPanelError, Workspace

from .mirror import contents
from .speaker import Speaker, counter, name


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    made = Workspace()
    yield made
    made.close()


@pytest.fixture
def heard(workspace: Workspace) -> list[FromServer]:
    messages: list[FromServer] = []
    workspace.subscribe(messages.append)
    return messages


def ids(workspace: Workspace, *types: str) -> list[str]:
    return sorted(e.id for e in workspace.graph.entities() if not types or e.type in types)


# --- merging -------------------------------------------------------------------------------------


def test_a_snapshot_is_one_revision_with_ids_behind_the_notebook(workspace: Workspace, heard: list[FromServer]) -> None:
    Speaker(workspace, notebook="sub/a.ipynb").snapshot(one=counter())
    assert workspace.revision == 1
    assert all(id.startswith("sub/a.ipynb#") for id in ids(workspace))
    assert {"sub/a.ipynb#panel:one", "sub/a.ipynb#state:one/count", "sub/a.ipynb#tool:one/add"} <= set(ids(workspace))
    writes = workspace.graph.relationships("writes", source="sub/a.ipynb#tool:one/add")
    assert [r.target for r in writes] == ["sub/a.ipynb#state:one/count"]
    [message] = heard
    assert isinstance(message, WorkspaceRevision)
    [shown] = message.panels
    assert (shown.key, shown.notebook, shown.kernel) == (document_key("sub/a.ipynb", "one"), "sub/a.ipynb", "k1")
    assert shown.entity in workspace.graph
    assert workspace.panels() == (shown,)


def test_the_notebook_entity_tells_its_path_and_kernel(workspace: Workspace) -> None:
    Speaker(workspace, notebook="sub/a.ipynb").snapshot()
    entity = workspace.graph.entity("sub/a.ipynb#notebook")
    assert (entity.name, entity.properties["path"], entity.properties["kernel"]) == ("a.ipynb", "sub/a.ipynb", "k1")


def test_a_change_is_one_revision_with_only_the_difference(workspace: Workspace, heard: list[FromServer]) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter(), two=counter())
    kernel.run(one=counter(more='<State name="step" type="number"/>'))
    message = heard[-1]
    assert isinstance(message, WorkspaceRevision)
    assert message.revision == workspace.revision == 2
    assert "a.ipynb#state:one/step" in [e.id for e in message.patch.put_entities]
    assert not any("/two" in e.id or ":two" in e.id for e in message.patch.put_entities)
    assert [p.panel.id for p in message.panels] == ["one"]


def test_an_ended_panel_leaves_the_graph_and_the_list(workspace: Workspace, heard: list[FromServer]) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter(), two=counter())
    kernel.end("one")
    assert [p.panel.id for p in workspace.panels()] == ["two"]
    assert not [id for id in ids(workspace) if ":one" in id]
    assert isinstance(heard[-1], WorkspaceRevision)
    assert heard[-1].ended == (document_key("a.ipynb", "one"),)


def test_the_same_snapshot_again_is_no_revision(workspace: Workspace) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    kernel.snapshot()
    assert workspace.revision == 1


def test_notebooks_with_the_same_panels_are_kept_apart(workspace: Workspace) -> None:
    first = Speaker(workspace, kernel="k1", notebook="a.ipynb")
    second = Speaker(workspace, kernel="k2", notebook="b.ipynb")
    first.snapshot(one=counter())
    second.snapshot(one=counter())
    assert len({p.key for p in workspace.panels()}) == 2
    assert workspace.kernels == 2
    first.die()
    assert ids(workspace)
    assert all(id.startswith("b.ipynb#") for id in ids(workspace))
    assert [p.notebook for p in workspace.panels()] == ["b.ipynb"]


def test_a_kernel_that_is_gone_takes_its_part_along_in_one_revision(workspace: Workspace, heard: list[FromServer]) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter(), two=counter())
    kernel.die()
    assert (workspace.revision, len(workspace.graph), workspace.panels(), workspace.kernels) == (2, 0, (), 0)
    assert isinstance(heard[-1], WorkspaceRevision)
    assert len(heard[-1].ended) == 2
    kernel.die()
    assert workspace.revision == 2


def test_a_renamed_notebook_is_one_revision(workspace: Workspace, heard: list[FromServer]) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    kernel.rename("sub/b.ipynb")
    assert workspace.revision == 2
    assert ids(workspace)
    assert all(id.startswith("sub/b.ipynb#") for id in ids(workspace))
    assert workspace.graph.entity("sub/b.ipynb#notebook").properties["path"] == "sub/b.ipynb"
    message = heard[-1]
    assert isinstance(message, WorkspaceRevision)
    assert message.ended == (document_key("a.ipynb", "one"),)
    assert [p.key for p in message.panels] == [document_key("sub/b.ipynb", "one")]
    kernel.run(two=counter())
    assert "sub/b.ipynb#panel:two" in workspace.graph


def test_kernels_without_a_notebook_do_not_meet(workspace: Workspace) -> None:
    for kernel in ("k1", "k2"):
        Speaker(workspace, kernel=kernel, notebook="").snapshot(one=counter())
    assert sorted(p.notebook for p in workspace.panels()) == ["kernel:k1", "kernel:k2"]


def test_two_kernels_of_one_notebook_do_not_double_and_the_later_counts(workspace: Workspace) -> None:
    old, new = Speaker(workspace, kernel="old"), Speaker(workspace, kernel="new")
    old.snapshot(one=counter(), two=counter())
    new.snapshot(one=counter("New"))
    assert [(p.panel.title, p.kernel) for p in workspace.panels()] == [("New", "new")]
    revision = workspace.revision
    old.run(three=counter())  # still heard, not shown
    old.commit("one", 5)
    old.snapshot()
    assert workspace.revision == revision
    old.die()
    assert workspace.revision == revision
    assert [p.kernel for p in workspace.panels()] == ["new"]


def test_the_other_kernel_of_a_notebook_comes_back_when_the_later_one_goes(workspace: Workspace) -> None:
    old, new = Speaker(workspace, kernel="old"), Speaker(workspace, kernel="new")
    old.snapshot(one=counter())
    new.snapshot(one=counter(), two=counter())
    old.run(three=counter())
    new.die()
    assert [p.panel.id for p in workspace.panels()] == ["one", "three"]
    assert contents(workspace.graph) == contents(_alone(old))


def _alone(*kernels: Speaker) -> NOGGraph:
    """The graph of a workspace that has only ever heard these snapshots."""
    fresh = Workspace()
    for kernel in kernels:
        twin = Speaker(fresh, kernel=kernel.kernel, notebook=kernel.notebook)
        twin.snapshot(**kernel.documents)
    fresh.close()
    return fresh.graph


EVENTS = st.lists(
    st.tuples(st.sampled_from(["run", "end", "snapshot", "die", "rename"]), st.integers(0, 2), st.integers(0, 2), st.sampled_from("ab")),
    max_size=15,
)


@given(EVENTS)
def test_whatever_kernels_do_the_graph_is_what_their_last_words_say(events: list[tuple[str, int, int, str]]) -> None:
    workspace = Workspace()
    kernels: dict[int, Speaker] = {}
    order: list[int] = []
    numbers = []
    workspace.subscribe(lambda m: numbers.append(m.revision) if isinstance(m, WorkspaceRevision) else None)
    try:
        for event, which, panel, letter in events:
            kernel = kernels.get(which)
            if kernel is None:
                kernel = kernels[which] = Speaker(workspace, kernel=f"k{which}", notebook=f"{which}.ipynb")
                kernel.snapshot()
                order.append(which)
            if event == "run":
                kernel.run(**{f"p{panel}": counter(letter)})
            elif event == "end" and f"p{panel}" in kernel.documents:
                kernel.end(f"p{panel}")
            elif event == "snapshot":
                kernel.snapshot(**{f"p{panel}": counter(letter)})
            elif event == "die":
                kernel.die()
                del kernels[which]
                order.remove(which)
            elif event == "rename":
                kernel.rename(f"{letter}.ipynb")
        shown = {kernels[which].notebook: kernels[which] for which in order}  # the later takes the place of the earlier
        assert contents(workspace.graph) == contents(_alone(*shown.values()))
        assert {(p.notebook, p.panel.id) for p in workspace.panels()} == {(n, d) for n, k in shown.items() for d in k.documents}
        assert numbers == list(range(1, workspace.revision + 1))
    finally:
        workspace.close()


# --- commits -------------------------------------------------------------------------------------


def test_a_commit_is_told_and_seen_in_the_list_but_is_no_revision(workspace: Workspace, heard: list[FromServer]) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    kernel.commit("one", 4, "/count")
    key = document_key("a.ipynb", "one")
    assert heard[-1] == WorkspaceCommit(panel=key, rev=4, cause="tool", tool="add", paths=("/count",))
    assert workspace.panel(key).panel.rev == 4
    assert workspace.revision == 1


@pytest.mark.parametrize("paths", [("/x",) * 101, ("/" + "x" * 5_000,)], ids=["many", "long"])
def test_a_commit_that_is_too_long_is_not_told(workspace: Workspace, heard: list[FromServer], paths: tuple[str, ...]) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    kernel.commit("one", 4, *paths)
    kernel.commit("unknown", 4)
    assert len(heard) == 1


# --- hostile kernels -----------------------------------------------------------------------------


def entity(id: str, type: str = "state") -> NOGEntity:
    return NOGEntity.model_validate({"id": id, "type": type, "name": "x"})


HOSTILE: dict[str, NOGPatch] = {
    "another's namespace": NOGPatch(put_entities=(entity("b.ipynb#panel:one", "panel"),)),
    "no namespace": NOGPatch(put_entities=(entity("count"),)),
    "an empty name": NOGPatch(put_entities=(entity("state:"),)),
    "the type of another": NOGPatch(put_entities=(entity("tool:one/add", "state"),)),
    "a second notebook": NOGPatch(put_entities=(entity("notebook2", "notebook"),)),
    "a relationship to nothing": NOGPatch(
        put_relationships=(NOGRelationship(id="r", type="reads", source="tool:one/add", target="state:two/x"),)
    ),
    "a relationship into another notebook": NOGPatch(
        put_relationships=(NOGRelationship(id="r", type="reads", source="tool:one/add", target="b.ipynb#state:one/count"),)
    ),
    "deletes what is not there": NOGPatch(delete_entities=("panel:nine",)),
    "deletes another's": NOGPatch(delete_entities=("b.ipynb#panel:one",)),
    "text that is no Unicode": NOGPatch.model_construct(
        put_entities=(NOGEntity.model_construct(id="python:x", type="python_name", name="x", properties={"x": "\ud800"}),),
        put_relationships=(),
        delete_entities=(),
        delete_relationships=(),
    ),
}


@pytest.mark.parametrize("patch", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_change_is_dropped_and_all_is_asked_again(
    workspace: Workspace, heard: list[FromServer], caplog: pytest.LogCaptureFixture, patch: NOGPatch
) -> None:
    other = Speaker(workspace, kernel="k2", notebook="b.ipynb")
    other.snapshot(one=counter())
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    before, count = contents(workspace.graph), len(heard)
    with caplog.at_level(logging.WARNING):
        kernel.change(patch)
    assert contents(workspace.graph) == before
    assert len(heard) == count
    assert kernel.resyncs == 1
    assert "kernel k1" in caplog.text
    kernel.change(name(1))
    assert contents(workspace.graph) == before, "what follows a dropped change has no ground to stand on"
    kernel.snapshot()
    kernel.run(two=counter())
    assert contents(workspace.graph) == contents(_alone(other, kernel))


def test_a_kernel_cannot_take_the_place_of_another_notebook(workspace: Workspace) -> None:
    victim = Speaker(workspace, kernel="k2", notebook="a.ipynb#panel:x.ipynb")
    victim.snapshot(one=counter())
    before = contents(workspace.graph)
    thief = Speaker(workspace)
    thief.snapshot()
    after = contents(workspace.graph)
    thief.change(NOGPatch(put_entities=(entity("panel:x.ipynb#notebook", "panel"),)))
    assert contents(workspace.graph) == after
    second = Speaker(workspace, kernel="k3")
    second.sink.kernel_snapshot(
        second, KernelSnapshot(epoch="e", graph=GraphState(revision=1, entities=(entity("panel:x.ipynb#notebook", "panel"),)))
    )
    assert contents(workspace.graph) == after
    thief.die()
    assert contents(workspace.graph) == before


@pytest.mark.parametrize(("limit", "value"), [("MAX_ENTITIES", 5), ("MAX_RELATIONSHIPS", 3), ("MAX_PANELS", 0)])
def test_a_kernel_with_too_much_is_not_shown(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, limit: str, value: int
) -> None:
    monkeypatch.setattr(part, limit, value)
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    assert (workspace.revision, len(workspace.graph), kernel.resyncs) == (0, 0, 0)
    assert "allowed" in caplog.text
    for _ in range(5):
        kernel.change(name(1))
    assert kernel.resyncs == 0, "it would send the same again"
    assert caplog.text.count("not used") == 1


def test_a_kernel_that_grows_too_large_step_by_step_is_stopped(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    monkeypatch.setattr(part, "MAX_ENTITIES", len(workspace.graph) + 3)
    for n in range(10):
        kernel.change(name(n))
    assert len(workspace.graph) == part.MAX_ENTITIES
    assert kernel.resyncs == 1


def test_a_change_that_is_too_long_is_dropped(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot()
    monkeypatch.setattr("nexus_jupyter.server.workspace.MAX_MESSAGE", 1_000)
    kernel.change(NOGPatch(put_entities=(NOGEntity(id="python:x", type="python_name", name="x", properties={"x": "y" * 2_000}),)))
    assert "a.ipynb#python:x" not in workspace.graph
    assert kernel.resyncs == 1


def test_a_snapshot_of_another_version_is_not_used(workspace: Workspace) -> None:
    kernel = Speaker(workspace)
    kernel.sink.kernel_snapshot(kernel, KernelSnapshot(version=99, epoch="e", graph=GraphState(revision=0)))
    assert workspace.kernels == 0


@pytest.mark.parametrize("skip", [1, 5, -1, 0])
def test_a_gap_or_a_repetition_asks_for_all(workspace: Workspace, skip: int) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    kernel.run(two=counter())
    before = contents(workspace.graph)
    if skip:
        kernel.revision += skip
        kernel.change(name(1))
    else:
        kernel.epoch = "e2"
        kernel.change(name(1))
    assert contents(workspace.graph) == before
    assert kernel.resyncs == 1


def test_a_change_before_the_graph_asks_for_it(workspace: Workspace) -> None:
    kernel = Speaker(workspace)
    kernel.change(name(1))
    assert (kernel.resyncs, workspace.revision) == (1, 0)


def test_a_listener_that_fails_does_not_keep_the_others_from_hearing(workspace: Workspace) -> None:
    told: list[FromServer] = []

    def fail(_: FromServer) -> None:
        raise RuntimeError

    workspace.subscribe(fail)
    end = workspace.subscribe(told.append)
    Speaker(workspace).snapshot(one=counter())
    assert len(told) == 1
    end()
    Speaker(workspace, kernel="k2", notebook="b.ipynb").snapshot(one=counter())
    assert len(told) == 1


# --- over restarts -------------------------------------------------------------------------------


def test_a_workspace_goes_on_where_the_last_server_stopped(tmp_path: Path) -> None:
    with WorkspaceStore(tmp_path / "s.sqlite") as store:
        first = Workspace(store=store)
        kernel = Speaker(first)
        kernel.snapshot(one=counter())
        for n in range(230):  # so that a snapshot was stored, and revisions after it
            kernel.change(name(n))
        kernel.run(two=counter())
        first.close()
    with WorkspaceStore(tmp_path / "s.sqlite") as store:
        second = Workspace(store=store)
        assert (second.epoch, second.revision) == (first.epoch, first.revision)
        assert contents(second.graph) == contents(first.graph)
        assert second.panels() == first.panels()
        assert second.kernels == 0
        second.close()


@pytest.mark.parametrize("live", [True, False])
def test_after_a_restart_the_parts_of_kernels_that_are_gone_go_in_one_revision(tmp_path: Path, live: bool) -> None:
    store = WorkspaceStore(tmp_path / "s.sqlite")
    first = Workspace(store=store)
    Speaker(first, kernel="k1").snapshot(one=counter())
    Speaker(first, kernel="k2", notebook="b.ipynb").snapshot(one=counter())
    Speaker(first, kernel="k3", notebook="c.ipynb").snapshot(one=counter())
    first.close()
    second = Workspace(store=store)
    second.settle(["k1", "other"] if live else [])
    assert second.revision == first.revision + 1
    assert [p.kernel for p in second.panels()] == (["k1"] if live else [])
    if live:
        kernel = Speaker(second, kernel="k1")
        kernel.snapshot(one=counter())
        assert second.revision == first.revision + 1, "it says what is known already"
        assert second.kernels == 1
    else:
        assert len(second.graph) == 0
    second.settle([])
    assert second.revision == first.revision + 1
    second.close()
    store.close()


def test_a_new_kernel_of_a_stored_notebook_takes_its_place(tmp_path: Path) -> None:
    store = WorkspaceStore(tmp_path / "s.sqlite")
    first = Workspace(store=store)
    Speaker(first, kernel="old").snapshot(one=counter(), two=counter())
    first.close()
    second = Workspace(store=store)
    new = Speaker(second, kernel="new")
    new.snapshot(one=counter())
    second.settle(["new"])
    assert contents(second.graph) == contents(_alone(new))
    assert [p.kernel for p in second.panels()] == ["new"]
    second.close()
    store.close()


def test_a_stored_graph_that_is_damaged_is_replaced_by_an_empty_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = WorkspaceStore(tmp_path / "s.sqlite")
    store.append([(1, '{"kind":"revision"}')])
    epoch = store.epoch
    workspace = Workspace(store=store)
    assert "cannot be used" in caplog.text
    assert store.epoch != epoch
    assert (len(workspace.graph), workspace.revision) == (0, 1)
    Speaker(workspace).snapshot(one=counter())
    workspace.close()
    assert store.revision == 2
    again = Workspace(store=store)
    assert contents(again.graph) == contents(workspace.graph)
    again.close()
    store.close()


def test_without_the_disk_the_workspace_goes_on_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = WorkspaceStore(tmp_path / "s.sqlite")
    workspace = Workspace(store=store)
    assert workspace.storage_problem == ""
    store.close()  # what is written now fails, as on a full disk
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    assert asyncio.run(workspace.since(0, 1)) is None
    kernel.run(two=counter())
    assert workspace.revision == 2
    assert workspace.storage_problem
    assert caplog.text.count("no longer stored") == 1
    workspace.close()


# --- asking kernels ------------------------------------------------------------------------------


def ask(workspace: Workspace, do: Callable[[Workspace], object]) -> object:
    async def run() -> object:
        return await do(workspace)  # type: ignore[misc]

    return asyncio.run(run())


def test_a_request_goes_to_the_panels_kernel_with_its_id_there(workspace: Workspace) -> None:
    kernels = [Speaker(workspace, kernel=f"k{n}", notebook=f"{n}.ipynb") for n in range(2)]
    for kernel in kernels:
        kernel.snapshot(one=counter())
        kernel.answer = lambda _: 42
    key = document_key("1.ipynb", "one")
    assert ask(workspace, lambda w: w.call(key, "add", {"by": 1})) == 42
    assert (kernels[0].requests, kernels[1].requests) == ([], [CallTool(panel="one", tool="add", args={"by": 1})])


def test_a_document_is_read_from_its_kernel(workspace: Workspace) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    kernel.answer = lambda request: PanelDocument(panel=kernel.info("one"), source=kernel.documents["one"]).model_dump(mode="json")
    found = asyncio.run(workspace.read(document_key("a.ipynb", "one")))
    assert found.source == counter()
    assert found.panel == workspace.panels()[0]
    assert kernel.requests == [ReadPanel(panel="one")]


@pytest.mark.parametrize("answer", [None, 7, {"source": "x"}, {"panel": {}, "source": "x"}, "another panel"])
def test_an_answer_that_is_no_document_is_refused(workspace: Workspace, answer: object) -> None:
    kernel = Speaker(workspace)
    kernel.snapshot(one=counter(), two=counter())
    if answer == "another panel":
        answer = PanelDocument(panel=kernel.info("two"), source="x").model_dump(mode="json")
    kernel.answer = lambda _: cast("JsonValue", answer)
    with pytest.raises(KernelAnswerError):
        asyncio.run(workspace.read(document_key("a.ipynb", "one")))


def test_a_panel_that_is_not_there_or_whose_kernel_is_not_connected_cannot_be_asked(tmp_path: Path) -> None:
    store = WorkspaceStore(tmp_path / "s.sqlite")
    first = Workspace(store=store)
    Speaker(first).snapshot(one=counter())
    first.close()
    second = Workspace(store=store)
    key = document_key("a.ipynb", "one")
    with pytest.raises(UnknownPanelError):
        ask(second, lambda w: w.call("0" * 16, "add", None))
    with pytest.raises(KernelUnavailableError):
        ask(second, lambda w: w.call(key, "add", None))
    second.close()
    store.close()


def test_the_kernels_error_is_passed_on(workspace: Workspace) -> None:
    def refuse(_: object) -> None:
        raise NexusError("no", code="CAPABILITY_DENIED")

    kernel = Speaker(workspace)
    kernel.snapshot(one=counter())
    kernel.answer = refuse
    with pytest.raises(NexusError) as error:
        ask(workspace, lambda w: w.call(document_key("a.ipynb", "one"), "add", None))
    assert error.value.code == "CAPABILITY_DENIED"
