"""The graph: refusals, listeners, threads, and how it is written down."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest

import nexus_jupyter
from nexus_jupyter.errors import NexusError, OptionError
from nexus_jupyter.nog import (
    GraphError,
    GraphState,
    NOGGraph,
    NOGPatch,
    NOGSerializer,
    UnknownEntityError,
    UnknownRelationshipError,
)

from .graphs import entity, link


def cycle() -> NOGGraph:
    """a reads b reads c reads a; d stands alone."""
    parts = tuple(entity(f"computed:p/{n}", "computed") for n in "abcd")
    links = tuple(link(f"computed:p/{a}", "reads", f"computed:p/{b}") for a, b in ("ab", "bc", "ca"))
    return NOGGraph(GraphState(revision=4, entities=parts, relationships=links))


def test_the_public_names_are_the_graphs() -> None:
    assert nexus_jupyter.NOGGraph is NOGGraph
    assert nexus_jupyter.NOGSerializer is NOGSerializer
    assert nexus_jupyter.NOGPatch is NOGPatch


def test_an_unknown_entity_is_refused_with_the_nearest_names() -> None:
    graph = NOGGraph(GraphState(revision=0, entities=(entity("panel:counter", "panel"), entity("panel:orders", "panel"))))
    for ask in (graph.entity, graph.delete_entity, graph.neighbourhood, graph.dependencies):
        with pytest.raises(UnknownEntityError) as caught:
            ask("panel:countr")
        assert caught.value.code == "UNKNOWN_ENTITY"
        assert str(caught.value) == "there is no entity 'panel:countr' in the graph; did you mean 'panel:counter'?"
    with pytest.raises(UnknownEntityError, match="did you mean 'panel:orders'"):
        graph.path("panel:counter", "orders")
    assert graph.get("orders") is None
    assert "panel:orders" in graph
    assert 3 not in graph


def test_a_hostile_id_in_an_error_is_cut() -> None:
    with pytest.raises(UnknownEntityError) as caught:
        NOGGraph().entity("x" * 100_000)
    assert len(str(caught.value)) < 300


def test_a_patch_that_names_what_is_not_there_is_refused_whole() -> None:
    graph = cycle()
    before = graph.state()
    loose = link("computed:p/a", "reads", "state:p/none")
    for patch, error in (
        (NOGPatch(put_entities=(entity("state:p/x"),), put_relationships=(loose,)), UnknownEntityError),
        (NOGPatch(delete_entities=("computed:p/d", "computed:p/e")), UnknownEntityError),
        (NOGPatch(delete_entities=("computed:p/d",), delete_relationships=("r",)), UnknownRelationshipError),
        (
            NOGPatch(delete_entities=("computed:p/a",), put_relationships=(link("computed:p/b", "reads", "computed:p/a"),)),
            UnknownEntityError,
        ),
    ):
        with pytest.raises(error):
            graph.apply(patch)
        assert graph.state() == before


def test_a_patch_may_put_an_entity_and_relate_it_in_one() -> None:
    graph = cycle()
    new = entity("state:p/x")
    graph.apply(NOGPatch(put_relationships=(link("computed:p/a", "reads", new.id),), put_entities=(new,)))
    assert graph.revision == 5
    assert [r.target for r in graph.relationships(source="computed:p/a")] == ["computed:p/b", "state:p/x"]


def test_an_entity_that_is_deleted_takes_its_relationships_and_the_inverse_brings_them_back() -> None:
    graph = cycle()
    inverse = graph.apply(NOGPatch(delete_entities=("computed:p/a",)))
    assert [r.id for r in graph.relationships()] == ["computed:p/b reads computed:p/c"]
    assert {r.id for r in inverse.put_relationships} == {"computed:p/a reads computed:p/b", "computed:p/c reads computed:p/a"}
    graph.apply(inverse)
    assert len(graph.relationships()) == 3


def test_numbers_that_python_takes_for_equal_are_different_properties() -> None:
    for before, after in ((1, True), (1, 1.0), (0, False), (0.0, -0.0)):
        graph = NOGGraph(GraphState(revision=0, entities=(entity("state:p/x", v=before),)))
        patch = graph.replace(GraphState(revision=0, entities=(entity("state:p/x", v=after),)))
        assert repr(patch.put_entities[0].properties["v"]) == repr(after)
        assert repr(graph.entity("state:p/x").properties["v"]) == repr(after)


def test_relationships_can_be_asked_for_by_type_and_ends() -> None:
    graph = cycle()
    graph.add_relationship(link("computed:p/a", "computes", "computed:p/b"))
    ids = [r.type for r in graph.relationships(source="computed:p/a", target="computed:p/b")]
    assert ids == ["reads", "computes"]
    assert len(graph.relationships("reads")) == 3
    assert [r.source for r in graph.relationships("reads", target="computed:p/a")] == ["computed:p/c"]
    assert graph.relationships(source="nowhere") == ()
    assert [e.id for e in graph.entities("computed")] == [f"computed:p/{n}" for n in "abcd"]
    assert graph.entities("panel") == ()


@pytest.mark.parametrize(
    "state",
    [
        GraphState(revision=0, entities=(entity("a"), entity("a"))),
        GraphState(revision=0, relationships=(link("a", "reads", "b"),)),
        GraphState(revision=0, entities=(entity("a"),), relationships=(link("a", "reads", "a"),) * 2),
    ],
    ids=["double entity", "loose end", "double relationship"],
)
def test_what_is_no_graph_is_refused_and_changes_nothing(state: GraphState) -> None:
    with pytest.raises(GraphError):
        NOGGraph(state)
    graph = cycle()
    with pytest.raises(GraphError):
        graph.replace(state)
    assert graph.state() == cycle().state()


@pytest.mark.parametrize("options", [{"depth": -1}, {"depth": True}, {"depth": "2"}, {"direction": "up"}, {"limit": -1}])
def test_a_wrong_option_is_named(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        cycle().neighbourhood("computed:p/a", **options)


def test_searches_end_in_a_cycle() -> None:
    graph = cycle()
    assert graph.dependencies("computed:p/a").depths == {"computed:p/a": 0, "computed:p/b": 1, "computed:p/c": 2}
    assert graph.dependents("computed:p/a", 1).depths == {"computed:p/a": 0, "computed:p/c": 1}
    assert graph.path("computed:p/a", "computed:p/d") is None
    assert graph.statistics().cycles == (("computed:p/a", "computed:p/b", "computed:p/c"),)


def test_a_search_over_a_long_chain_does_not_recurse() -> None:
    many = 20_000
    state = GraphState(
        revision=0,
        entities=tuple(entity(f"state:{n}") for n in range(many)),
        relationships=tuple(link(f"state:{n}", "reads", f"state:{n + 1}") for n in range(many - 1)),
    )
    graph = NOGGraph(state)
    assert graph.dependencies("state:0").depths[f"state:{many - 1}"] == many - 1
    path = graph.path("state:0", f"state:{many - 1}", directed=True)
    assert path is not None
    assert len(path.entities) == many
    assert graph.statistics().cycles == ()


# --- listeners -----------------------------------------------------------------------------------


def test_a_listener_hears_every_change_in_order_until_it_ends() -> None:
    graph = NOGGraph()
    heard: list[tuple[int, NOGPatch]] = []
    end = graph.subscribe(lambda revision, patch: heard.append((revision, patch)))
    graph.add_entity(entity("a"))
    graph.add_entity(entity("b"))
    graph.add_relationship(link("a", "reads", "b"))
    graph.update_entity("a", properties={"x": 1})
    graph.delete_relationship("a reads b")
    end()
    end()
    graph.delete_entity("a")
    assert [revision for revision, _ in heard] == [1, 2, 3, 4, 5]
    assert heard[3][1] == NOGPatch(put_entities=(entity("a", x=1),))
    assert heard[4][1] == NOGPatch(delete_relationships=("a reads b",))


def test_a_listener_that_raises_is_logged_and_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    graph = NOGGraph()
    heard: list[int] = []

    def broken(revision: int, patch: NOGPatch) -> None:
        raise RuntimeError("no")

    graph.subscribe(broken)
    graph.subscribe(lambda revision, _: heard.append(revision))
    with caplog.at_level(logging.ERROR):
        graph.add_entity(entity("a"))
        graph.add_entity(entity("b"))
    assert heard == [1, 2]
    assert [r.message for r in caplog.records] == [f"a listener to the graph failed at revision {n}" for n in (1, 2)]


def test_an_interrupt_in_a_listener_does_not_silence_the_later_ones() -> None:
    graph = NOGGraph()
    heard: list[int] = []

    def interrupted(revision: int, _: NOGPatch) -> None:
        heard.append(revision)
        if revision == 1:
            raise KeyboardInterrupt

    graph.subscribe(interrupted)
    with pytest.raises(KeyboardInterrupt):
        graph.add_entity(entity("a"))
    graph.add_entity(entity("b"))
    assert heard == [1, 2]


def test_a_listener_may_change_the_graph_and_end_others() -> None:
    graph = NOGGraph()
    heard: list[str] = []

    def first(revision: int, _: NOGPatch) -> None:
        heard.append(f"first {revision}")
        if revision == 1:
            graph.add_entity(entity("b"))
            end()

    graph.subscribe(first)
    end = graph.subscribe(lambda revision, _: heard.append(f"second {revision}"))
    graph.subscribe(lambda revision, _: heard.append(f"third {revision}"))
    graph.add_entity(entity("a"))
    assert heard == ["first 1", "third 1", "first 2", "third 2"]


def test_a_listener_is_called_outside_the_lock() -> None:
    graph = NOGGraph(GraphState(revision=0, entities=(entity("a"),)))
    seen: list[int] = []

    def ask(_: int, __: NOGPatch) -> None:
        other = threading.Thread(target=lambda: seen.append(len(graph.entities())))
        other.start()
        other.join(timeout=5)

    graph.subscribe(ask)
    graph.add_entity(entity("b"))
    assert seen == [2]


def test_threads_that_change_and_read_leave_one_whole_story() -> None:
    graph = NOGGraph(GraphState(revision=0, entities=(entity("hub", "panel"),)))
    replica = NOGGraph(graph.state())
    heard: list[int] = []
    failures: list[BaseException] = []

    def hear(revision: int, patch: NOGPatch) -> None:
        heard.append(revision)
        replica.apply(patch)

    graph.subscribe(hear)
    start = threading.Barrier(6)

    def change(worker: int) -> None:
        try:
            start.wait(timeout=10)
            for n in range(100):
                id = f"state:{worker}/{n}"
                graph.apply(NOGPatch(put_entities=(entity(id),), put_relationships=(link("hub", "contains", id),)))
                if n % 3 == 0:
                    graph.delete_entity(id)
        except BaseException as error:
            failures.append(error)

    def look() -> None:
        try:
            start.wait(timeout=10)
            for _ in range(100):
                state = graph.state()
                assert len(state.relationships) == len(state.entities) - 1
                found = graph.neighbourhood("hub")
                assert len(found.relationships) == len(found.entities) - 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=change, args=(n,)) for n in range(4)] + [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    assert graph.revision == 4 * 134
    assert heard == list(range(1, graph.revision + 1))
    assert replica.state() == graph.state()


# --- written down --------------------------------------------------------------------------------


def test_fields_of_a_newer_version_survive_a_visit() -> None:
    text = json.dumps(
        {
            "format": "nexus-graph",
            "version": 1,
            "revision": 10**25,
            "entities": [
                {
                    "id": "a",
                    "type": "state",
                    "name": "\u202ea\U0001f600",
                    "properties": {"n": 2**70, "deep": {"b": [1.0, 1, True, None]}},
                    "since": "2.0",
                },
                {"id": "b", "type": "state", "name": "b", "properties": {}},
            ],
            "relationships": [{"id": "r", "type": "reads", "source": "a", "target": "b", "properties": {}, "weight": 0.1, "Größe": [1]}],
            "made_by": {"tool": "x"},
        }
    )
    graph = NOGSerializer.loads(text)
    assert json.loads(NOGSerializer.dumps(graph)) == json.loads(text)
    graph.update_entity("a", name="c")
    graph.update_relationship("r", properties={"x": 1})
    after = json.loads(NOGSerializer.dumps(graph))
    assert (after["entities"][0]["since"], after["relationships"][0]["weight"], after["made_by"]) == ("2.0", 0.1, {"tool": "x"})
    assert graph.revision == 10**25 + 2


def test_what_an_extra_field_is_called_cannot_hide_the_graph() -> None:
    graph = cycle()
    graph.extra = {"entities": [], "format": "other", "note": 1}
    back = NOGSerializer.loads(NOGSerializer.dumps(graph))
    assert len(back) == 4
    assert back.extra == {"note": 1}


HEAD = '{"format":"nexus-graph","version":1,"revision":0,'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("[]", "no graph"),
        ("{}", "no graph"),
        (b"\xff\xfe\x00", "no JSON"),
        ('{"format":"nexus-graph","version":2}', "version 2"),
        ('{"format":"nexus-graph","version":1}', "revision"),
        ('{"format":"nexus-graph","version":1,"revision":true,"entities":[],"relationships":[]}', "revision"),
        (HEAD + '"entities":{},"relationships":[]}', "'entities' is no list"),
        (HEAD + '"entities":[1],"relationships":[]}', "part that is none"),
        (HEAD + '"entities":[{"id":"a","type":"thing","name":""}],"relationships":[]}', "part that is none"),
        (HEAD + '"entities":[],"relationships":[{"type":"reads","source":"a","target":"b"}]}', "no entity 'a'"),
        (HEAD + '"entities":[],"relationships":[],"x":NaN}', "NaN"),
        (HEAD + '"entities":[{"id":"a","type":"state","name":"","properties":{"x":1e999}}],"relationships":[]}', "number"),
        ("[" * 200_000, "deep"),
        (HEAD + '"x":' + '{"a":' * 200_000, "deep"),
        (
            HEAD + '"entities":[{"id":"a","type":"state","name":"","properties":{"x":' + "[" * 800 + "]" * 800 + '}}],"relationships":[]}',
            "part that is none",
        ),
        (HEAD + '"x":' + "9" * 10_000 + "}", "no JSON"),
    ],
)
def test_bad_text_is_refused_with_the_reason(text: str | bytes, says: str) -> None:
    with pytest.raises(NexusError, match=says) as caught:
        NOGSerializer.loads(text)
    assert isinstance(caught.value, GraphError)
    assert len(str(caught.value)) < 500


def test_a_property_that_is_no_json_cannot_be_written() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(GraphError, match="JSON"):
            NOGSerializer.dumps(NOGGraph(GraphState(revision=0, entities=(entity("a", x=value),))))
