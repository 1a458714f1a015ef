"""Answers: a part of a graph, and numbers about all of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..protocol.graph import NOGEntity, NOGRelationship

Direction = Literal["both", "out", "in"]


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A part of a graph: entities, nearest first, and the relationships between them.

    ``depths`` gives the number of relationships from where the search began to each entity.
    """

    entities: tuple[NOGEntity, ...] = ()
    relationships: tuple[NOGRelationship, ...] = ()
    depths: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Numbers about a graph at one revision.

    ``components`` counts the parts that no relationship joins.  ``cycles`` are the groups of entities that
    depend on each other in a circle (or on themselves), at most 100 of them, each sorted.
    ``most_connected`` are the ten ids with the most relationships.
    """

    revision: int
    entities: int
    relationships: int
    by_entity_type: dict[str, int]
    by_relationship_type: dict[str, int]
    components: int
    largest_component: int
    mean_degree: float
    max_degree: int
    most_connected: tuple[tuple[str, int], ...]
    cycles: tuple[tuple[str, ...], ...]
