"""What holds for every graph and every patch."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nexus_jupyter.nog import GraphError, GraphState, NOGEntity, NOGGraph, NOGPatch, NOGRelationship, NOGSerializer, Subgraph, diff

from .graphs import IDS, RELATIONSHIP_TYPES, entities, parts_of, patches, relationships, states, values


@given(states(), patches)
def test_a_patch_and_its_inverse_change_nothing(state: GraphState, patch: NOGPatch) -> None:
    graph = NOGGraph(state)
    try:
        inverse = graph.apply(patch)
    except GraphError:
        assert graph.state() == state, "a refused patch changed something"
        return
    assert graph.revision == state.revision + 1
    after = graph.state()
    again = graph.apply(inverse)
    assert parts_of(graph.state()) == parts_of(state)
    graph.apply(again)
    assert parts_of(graph.state()) == parts_of(after)


@given(states(), states())
def test_a_difference_applied_gives_the_other_graph(a: GraphState, b: GraphState) -> None:
    graph = NOGGraph(a)
    graph.apply(diff(a, b))
    assert parts_of(graph.state()) == parts_of(b)
    assert diff(b, b) == NOGPatch()


@given(states(), states())
def test_replacing_gives_the_patch_that_a_replica_needs(a: GraphState, b: GraphState) -> None:
    graph, replica = NOGGraph(a), NOGGraph(a)
    patch = graph.replace(b)
    replica.apply(patch)
    assert parts_of(graph.state()) == parts_of(replica.state()) == parts_of(b)
    at = graph.revision
    assert graph.replace(b) == NOGPatch()
    assert graph.revision == at


@given(states(), st.dictionaries(st.sampled_from(["made_by", "Straße"]), values, max_size=2))
def test_a_graph_survives_being_written(state: GraphState, extra: dict[str, object]) -> None:
    graph = NOGGraph(state)
    graph.extra = extra  # type: ignore[assignment]
    text = NOGSerializer.dumps(graph)
    back = NOGSerializer.loads(text)
    assert repr(back.state()) == repr(state)  # order and the types of numbers included
    assert repr(back.extra) == repr(extra)
    assert NOGSerializer.dumps(back) == text
    text.encode("ascii")


@given(st.text(max_size=60) | st.binary(max_size=60) | values.map(repr))
def test_no_text_makes_the_reader_fail_otherwise_than_with_its_error(text: str | bytes) -> None:
    with pytest.raises(GraphError):
        NOGSerializer.loads(text)


def edges(state: GraphState, direction: str, types: set[str] | None) -> set[tuple[str, str]]:
    out = {(r.source, r.target) for r in state.relationships if types is None or r.type in types}
    back = {(b, a) for a, b in out}
    return out if direction == "out" else back if direction == "in" else out | back


def distances(steps: set[tuple[str, str]], starts: list[str], most: int) -> dict[str, int]:
    found = dict.fromkeys(starts, 0)
    for level in range(1, most + 1):
        for id in {b for a, b in steps if found.get(a) == level - 1 and b not in found}:
            found[id] = level
    return found


def between(state: GraphState, ids: set[str], types: set[str] | None) -> set[str]:
    return {r.id for r in state.relationships if {r.source, r.target} <= ids and (types is None or r.type in types)}


def ids_of(found: Subgraph) -> set[str]:
    return {r.id for r in found.relationships}


directions = st.sampled_from(["both", "out", "in"])
type_sets = st.none() | st.sets(st.sampled_from(RELATIONSHIP_TYPES), max_size=4)


@given(states(), st.data(), st.integers(0, 5), directions, type_sets)
def test_a_neighbourhood_is_what_a_naive_search_finds(
    state: GraphState, data: st.DataObject, depth: int, direction: str, types: set[str] | None
) -> None:
    graph = NOGGraph(state)
    if not len(graph):
        return
    starts = data.draw(st.lists(st.sampled_from([e.id for e in state.entities]), min_size=1, max_size=3, unique=True))
    found = graph.neighbourhood(starts, depth, direction=direction, types=types)  # type: ignore[arg-type]
    expected = distances(edges(state, direction, types), starts, depth)
    assert found.depths == expected
    assert [e.id for e in found.entities] == list(found.depths)
    assert list(found.depths.values()) == sorted(found.depths.values())
    assert len(found.relationships) == len(ids_of(found))
    assert ids_of(found) == between(state, set(expected), types)
    limit = data.draw(st.integers(0, 8))
    cut = graph.neighbourhood(starts, depth, direction=direction, types=types, limit=limit)  # type: ignore[arg-type]
    assert len(cut.entities) == min(limit, len(expected))
    assert list(cut.depths.values()) == sorted(expected.values())[:limit]


@given(states(), st.data(), st.booleans())
def test_a_path_is_as_short_as_a_naive_search_finds(state: GraphState, data: st.DataObject, directed: bool) -> None:
    if not state.entities:
        return
    known = st.sampled_from([e.id for e in state.entities])
    source, target = data.draw(known), data.draw(known)
    found = NOGGraph(state).path(source, target, directed=directed)
    steps = edges(state, "out" if directed else "both", None)
    expected = distances(steps, [source], len(state.entities)).get(target)
    if expected is None:
        assert found is None
        return
    assert found is not None
    route = [e.id for e in found.entities]
    assert (route[0], route[-1], len(route) - 1) == (source, target, expected)
    assert found.depths == {id: n for n, id in enumerate(route)}
    hops = set(pairwise(route))
    assert hops <= steps
    wanted = hops if directed else hops | {(b, a) for a, b in hops}
    assert ids_of(found) == {r.id for r in state.relationships if (r.source, r.target) in wanted}


NEEDS = {"reads", "binds", "calls", "uses", "triggers"}


@given(states(), st.data())
def test_dependencies_and_dependents_are_each_other_turned_round(state: GraphState, data: st.DataObject) -> None:
    if not state.entities:
        return
    graph = NOGGraph(state)
    id = data.draw(st.sampled_from([e.id for e in state.entities]))
    assert graph.dependencies(id).depths == distances(edges(state, "out", NEEDS), [id], 99)
    assert graph.dependents(id).depths == distances(edges(state, "in", NEEDS), [id], 99)
    for other in state.entities:
        assert (other.id in graph.dependencies(id).depths) == (id in graph.dependents(other.id).depths)


@given(states())
def test_statistics_count_what_a_naive_count_finds(state: GraphState) -> None:
    numbers = NOGGraph(state).statistics()
    assert (numbers.entities, numbers.relationships) == (len(state.entities), len(state.relationships))
    assert sum(numbers.by_entity_type.values()) == len(state.entities)
    assert sum(numbers.by_relationship_type.values()) == len(state.relationships)
    both = edges(state, "both", None)
    parts = {frozenset(distances(both, [e.id], 99)) for e in state.entities}
    assert (numbers.components, numbers.largest_component) == (len(parts), max(map(len, parts), default=0))
    needs = edges(state, "out", NEEDS)
    reach = {e.id: {b for a, b in needs if a in distances(needs, [e.id], 99)} for e in state.entities}
    circles = {tuple(sorted(o for o in reach[id] if id in reach[o])) for id in reach if id in reach[id]}
    assert set(numbers.cycles) == circles


class GraphMachine(RuleBasedStateMachine):
    """The graph beside two dictionaries, with a replica that only hears the patches."""

    def __init__(self) -> None:
        super().__init__()
        self.graph = NOGGraph()
        self.replica = NOGGraph()
        self.entities: dict[str, NOGEntity] = {}
        self.links: dict[str, NOGRelationship] = {}
        self.heard: list[int] = []
        self.undo: list[NOGPatch] = []
        self.end = self.graph.subscribe(self.hear)

    def hear(self, revision: int, patch: NOGPatch) -> None:
        self.heard.append(revision)
        self.replica.apply(patch)

    @rule(entity=entities())
    def add_entity(self, entity: NOGEntity) -> None:
        if entity.id in self.entities:
            with pytest.raises(GraphError):
                self.graph.add_entity(entity)
        else:
            assert self.graph.add_entity(entity) == self.graph.revision
            self.entities[entity.id] = entity

    @rule(link=relationships())
    def add_relationship(self, link: NOGRelationship) -> None:
        if link.id in self.links or not {link.source, link.target} <= self.entities.keys():
            with pytest.raises(GraphError):
                self.graph.add_relationship(link)
        else:
            self.graph.add_relationship(link)
            self.links[link.id] = link

    @rule(id=st.sampled_from(IDS))
    def delete_entity(self, id: str) -> None:
        if id not in self.entities:
            with pytest.raises(GraphError):
                self.graph.delete_entity(id)
            return
        self.graph.delete_entity(id)
        del self.entities[id]
        self.links = {k: r for k, r in self.links.items() if id not in (r.source, r.target)}

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def delete_relationship(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.links)))
        self.graph.delete_relationship(id)
        del self.links[id]

    @precondition(lambda self: self.links)
    @rule(data=st.data(), value=values)
    def update_relationship(self, data: st.DataObject, value: object) -> None:
        id = data.draw(st.sampled_from(sorted(self.links)))
        self.graph.update_relationship(id, properties={"v": value})  # type: ignore[dict-item]
        self.links[id] = self.links[id].model_copy(update={"properties": {"v": value}})

    @precondition(lambda self: self.entities)
    @rule(data=st.data(), value=values)
    def update_entity(self, data: st.DataObject, value: object) -> None:
        id = data.draw(st.sampled_from(sorted(self.entities)))
        self.graph.update_entity(id, name="renamed", properties={"v": value})  # type: ignore[dict-item]
        self.entities[id] = self.entities[id].model_copy(update={"name": "renamed", "properties": {"v": value}})

    @rule(patch=patches)
    def apply(self, patch: NOGPatch) -> None:
        try:
            self.undo.append(self.graph.apply(patch))
        except GraphError:
            return
        self.follow()

    @precondition(lambda self: self.undo)
    @rule()
    def take_back(self) -> None:
        try:
            self.graph.apply(self.undo.pop())
        except GraphError:
            return  # what it would put back is gone meanwhile
        self.follow()

    def follow(self) -> None:
        state = self.graph.state()
        self.entities = {e.id: e for e in state.entities}
        self.links = {r.id: r for r in state.relationships}

    @invariant()
    def all_agree(self) -> None:
        model = GraphState(revision=0, entities=tuple(self.entities.values()), relationships=tuple(self.links.values()))
        assert parts_of(self.graph.state()) == parts_of(model) == parts_of(self.replica.state())
        assert self.heard == list(range(1, self.graph.revision + 1))
        assert len(self.graph) == len(self.entities)

    def teardown(self) -> None:
        self.end()


TestGraphMachine = GraphMachine.TestCase
if os.environ.get("NEXUS_FULL") != "1":
    TestGraphMachine.settings = settings(max_examples=20)  # of fifty steps each
