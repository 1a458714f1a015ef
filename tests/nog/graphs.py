"""Random graphs and patches for the tests of this room."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from nexus_jupyter.nog import EntityType, GraphState, NOGEntity, NOGPatch, NOGRelationship, RelationshipType

IDS = [f"panel:{letter}" for letter in "abcdefgh"]
ENTITY_TYPES = get_args(EntityType)
RELATIONSHIP_TYPES = get_args(RelationshipType)

texts = st.text(max_size=5)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**200), 2**200) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
properties = st.dictionaries(texts, values, max_size=3)
# a newer version's fields
unknown = st.dictionaries(st.sampled_from(["since", "Größe", "x-y", "__proto__"]), values, max_size=2)


@st.composite
def entities(draw: st.DrawFn, ids: list[str] = IDS) -> NOGEntity:
    fields = {"id": draw(st.sampled_from(ids)), "type": draw(st.sampled_from(ENTITY_TYPES)), "name": draw(texts)}
    return NOGEntity.model_validate({**draw(unknown), **fields, "properties": draw(properties)})


@st.composite
def relationships(draw: st.DrawFn, ids: list[str] = IDS) -> NOGRelationship:
    fields = {
        "type": draw(st.sampled_from(RELATIONSHIP_TYPES)),
        "source": draw(st.sampled_from(ids)),
        "target": draw(st.sampled_from(ids)),
        "properties": draw(properties),
    }
    if draw(st.booleans()):
        fields["id"] = draw(st.sampled_from([f"r{n}" for n in range(6)]))
    return NOGRelationship.model_validate({**draw(unknown), **fields})


@st.composite
def states(draw: st.DrawFn) -> GraphState:
    parts = {e.id: e for e in draw(st.lists(entities(), max_size=8))}
    links: dict[str, NOGRelationship] = {}
    if parts:
        links = {r.id: r for r in draw(st.lists(relationships(list(parts)), max_size=12))}
    return GraphState(revision=draw(st.integers(0, 10**30)), entities=tuple(parts.values()), relationships=tuple(links.values()))


patches = st.builds(
    NOGPatch,
    put_entities=st.lists(entities(), max_size=4).map(tuple),
    put_relationships=st.lists(relationships(), max_size=4).map(tuple),
    delete_entities=st.lists(st.sampled_from(IDS), max_size=3).map(tuple),
    delete_relationships=st.lists(st.sampled_from([f"r{n}" for n in range(6)]), max_size=3).map(tuple),
)


def parts_of(state: GraphState) -> tuple[dict[str, str], dict[str, str]]:
    """A graph without its order and revision, exact to the type of each number."""
    return {e.id: repr(e) for e in state.entities}, {r.id: repr(r) for r in state.relationships}


def entity(id: str, type: EntityType = "state", **properties: Any) -> NOGEntity:
    return NOGEntity(id=id, type=type, name=id, properties=properties)


def link(source: str, type: RelationshipType, target: str, **properties: Any) -> NOGRelationship:
    return NOGRelationship.model_validate({"type": type, "source": source, "target": target, "properties": properties})
