"""Searches over the engine's adjacency.  The caller holds the graph's lock and names only entities that exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx

from ..protocol.graph import NOGEntity, NOGRelationship, RelationshipType
from .subgraph import Direction, Statistics, Subgraph

# What an entity needs to work: followed outwards it gives dependencies, inwards dependents.
DEPENDENCY: frozenset[RelationshipType] = frozenset(("reads", "binds", "calls", "uses", "triggers"))

_CYCLES = 100

# Neighbour by neighbour, the relationships to it by id, each as the engine keeps an edge's data.
Adjacency = dict[str, dict[str, dict[str, dict[str, NOGRelationship]]]]


if TYPE_CHECKING:
    _Base = nx.MultiDiGraph[str]
else:
    _Base = nx.MultiDiGraph


class Engine(_Base):
    """A networkx graph whose nodes carry ``entity`` and whose edges, by relationship id, carry ``relationship``."""

    @property
    def out(self) -> Adjacency:
        """Who stands at the other end of an entity's outgoing relationships, without networkx's read-only views."""
        return self._succ  # type: ignore[no-any-return,attr-defined,unused-ignore]

    @property
    def into(self) -> Adjacency:
        """The same for incoming ones."""
        return self._pred  # type: ignore[no-any-return,attr-defined,unused-ignore]

    def entity(self, id: str) -> NOGEntity:
        """The entity of a node."""
        found: NOGEntity = self._node[id]["entity"]  # type: ignore[attr-defined,unused-ignore]
        return found


def neighbourhood(
    engine: Engine,
    seeds: Iterable[str],
    depth: int | None,
    direction: Direction,
    types: Collection[str] | None,
    limit: int | None,
) -> Subgraph:
    """Breadth first from ``seeds``: at most ``depth`` relationships away, at most ``limit`` entities."""
    sides = [engine.out] if direction == "out" else [engine.into] if direction == "in" else [engine.out, engine.into]
    most = len(engine) if limit is None else limit
    depths: dict[str, int] = {}
    for seed in seeds:
        if len(depths) >= most:
            break
        depths[seed] = 0
    frontier, level = list(depths), 0
    while frontier and len(depths) < most and (depth is None or level < depth):
        level += 1
        following: list[str] = []
        for id in frontier:
            for side in sides:
                for other, edges in side[id].items():
                    if other in depths or (types is not None and not _any_of(edges, types)):
                        continue
                    depths[other] = level
                    following.append(other)
                    if len(depths) >= most:
                        break
                else:
                    continue
                break
            else:
                continue
            break
        frontier = following
    return Subgraph(tuple(map(engine.entity, depths)), tuple(_between(engine, depths, types)), depths)


def _any_of(edges: dict[str, dict[str, NOGRelationship]], types: Collection[str]) -> bool:
    return any(data["relationship"].type in types for data in edges.values())


def _between(engine: Engine, ids: Collection[str], types: Collection[str] | None) -> Iterator[NOGRelationship]:
    """The relationships of ``types`` with both ends among ``ids``; never looks at more than needed of a hub."""
    out = engine.out
    for id in ids:
        row = out[id]
        for other in ids if len(ids) < len(row) else row:
            if other in row and other in ids:
                for data in row[other].values():
                    relationship = data["relationship"]
                    if types is None or relationship.type in types:
                        yield relationship


def path(engine: Engine, source: str, target: str, *, directed: bool) -> Subgraph | None:
    """A shortest path, searched from both ends at once."""
    ids = _shortest(engine, source, target, directed=directed)
    if ids is None:
        return None
    found: list[NOGRelationship] = []
    for a, b in pairwise(ids):
        rows = [engine.out[a].get(b, {})] if directed else [engine.out[a].get(b, {}), engine.into[a].get(b, {})]
        found += [data["relationship"] for row in rows for data in row.values()]
    return Subgraph(tuple(map(engine.entity, ids)), tuple(found), {id: n for n, id in enumerate(ids)})


def _shortest(engine: Engine, source: str, target: str, *, directed: bool) -> list[str] | None:
    if source == target:
        return [source]
    forth = (engine.out,) if directed else (engine.out, engine.into)
    back = (engine.into,) if directed else (engine.into, engine.out)
    before: dict[str, str | None] = {source: None}
    after: dict[str, str | None] = {target: None}
    heads, tails = [source], [target]
    while heads and tails:
        # The smaller front grows: so a hub on one side does not have to be opened.
        forward = len(heads) <= len(tails)
        front, sides, mine, theirs = (heads, forth, before, after) if forward else (tails, back, after, before)
        following: list[str] = []
        for id in front:
            for side in sides:
                for other in side[id]:
                    if other in mine:
                        continue
                    mine[other] = id
                    if other in theirs:
                        return _joined(other, before, after)
                    following.append(other)
        if forward:
            heads = following
        else:
            tails = following
    return None


def _joined(middle: str, before: dict[str, str | None], after: dict[str, str | None]) -> list[str]:
    first: list[str] = []
    at: str | None = middle
    while at is not None:
        first.append(at)
        at = before[at]
    first.reverse()
    at = after[middle]
    while at is not None:
        first.append(at)
        at = after[at]
    return first


def statistics(engine: Engine, relationships: Collection[NOGRelationship], revision: int) -> Statistics:
    """All the numbers, in time linear in the graph."""
    degrees: dict[str, int] = dict.fromkeys(engine, 0)
    needs: nx.DiGraph[str] = nx.DiGraph()
    for relationship in relationships:
        degrees[relationship.source] += 1
        degrees[relationship.target] += 1
        if relationship.type in DEPENDENCY:
            needs.add_edge(relationship.source, relationship.target)
    sizes = [len(part) for part in nx.weakly_connected_components(engine)]
    circles = (part for part in nx.strongly_connected_components(needs) if len(part) > 1 or needs.has_edge(*(tuple(part) * 2)))
    cycles = sorted(tuple(sorted(part)) for part in circles)[:_CYCLES]
    entities: Iterable[Any] = map(engine.entity, engine)
    return Statistics(
        revision=revision,
        entities=len(engine),
        relationships=len(relationships),
        by_entity_type=dict(Counter(e.type for e in entities)),
        by_relationship_type=dict(Counter(r.type for r in relationships)),
        components=len(sizes),
        largest_component=max(sizes, default=0),
        mean_degree=2 * len(relationships) / len(engine) if len(engine) else 0.0,
        max_degree=max(degrees.values(), default=0),
        most_connected=tuple(sorted(degrees.items(), key=lambda item: (-item[1], item[0]))[:10]),
        cycles=tuple(cycles),
    )
