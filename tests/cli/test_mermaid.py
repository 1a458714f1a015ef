"""A graph as a Mermaid flowchart."""

from __future__ import annotations

import re
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.cli.mermaid import mermaid
from nexus_jupyter.nog import EntityType, GraphState, NOGEntity, NOGRelationship

NODE = re.compile(r'  n\d+(\[\(|\[\[|>|\[|\(\[|\(|\{\{|\[/|\[\\)"[\w #;:]*"(\)\]|\]\]|\]|\]\)|\)|\}\}|/\]|\\\])')
EDGE = re.compile(r"  n\d+ (-->|-\.->)\|[a-z]+\| n\d+")


def test_a_flowchart_names_types_and_relationships() -> None:
    entities = (
        NOGEntity(id="notebook", type="notebook", name="notebook"),
        NOGEntity(id="panel:p", type="panel", name='Orders "new"'),
        NOGEntity(id="state:p/n", type="state", name="größe"),
    )
    links = (
        NOGRelationship(id="a", type="contains", source="notebook", target="panel:p"),
        NOGRelationship(id="b", type="reads", source="panel:p", target="state:p/n"),
    )
    assert mermaid(GraphState(revision=0, entities=entities, relationships=links)) == (
        'flowchart LR\n  n0[("notebook")]\n  n1["panel: Orders #34;new#34;"]\n  n2(["state: größe"])\n'
        "  n0 -.->|contains| n1\n  n1 -->|reads| n2\n"
    )


hostile = st.text(max_size=100) | st.sampled_from(
    [
        '"]; click n0 call alert()',
        "</script><img src=x onerror=alert(1)>",
        "a\nb",
        "`md`",
        "%%{init: {}}%%",
        "end",
        "#quot;",
        "\x1b[2J",
        "\u202e",
        "subgraph x",
    ]
)


@given(st.lists(st.tuples(hostile, st.sampled_from(get_args(EntityType))), max_size=5))
def test_no_name_means_anything_to_mermaid(things: list[tuple[str, EntityType]]) -> None:
    entities = tuple(NOGEntity(id=f"e{n}", type=type, name=name) for n, (name, type) in enumerate(things))
    links = tuple(NOGRelationship(id=f"r{n}", type="reads", source="e0", target=e.id) for n, e in enumerate(entities))
    head, *lines = mermaid(GraphState(revision=0, entities=entities, relationships=links)).splitlines()
    assert head == "flowchart LR"
    assert len(lines) == len(entities) + len(links)
    assert all(NODE.fullmatch(line) for line in lines[: len(entities)])
    assert all(EDGE.fullmatch(line) for line in lines[len(entities) :])
