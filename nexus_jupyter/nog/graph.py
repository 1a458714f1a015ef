"""The semantic graph: entities and relationships under revisions, for any number of threads."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import JsonValue

from ..errors import OptionError
from ..nxml.nearest import short
from ..protocol.graph import EntityType, GraphState, NOGEntity, NOGPatch, NOGRelationship, RelationshipType
from . import query
from .patch import diff, is_empty, same
from .problems import GraphError, UnknownRelationshipError, unknown_entity
from .subgraph import Direction, Statistics, Subgraph

logger = logging.getLogger(__name__)

Listener = Callable[[int, NOGPatch], None]


class NOGGraph:
    """A graph of entities and typed relationships between them.

    Every change is all or nothing and raises ``revision`` by one.  ``GraphError`` (and its kinds
    ``UnknownEntityError``, ``UnknownRelationshipError``) says why one was refused.  ``extra`` holds what a
    serialised graph had at its top beyond what is known here; it takes no part in revisions.
    """

    def __init__(self, state: GraphState | None = None) -> None:
        self._lock = threading.RLock()
        self._engine = query.Engine()
        self._links: dict[str, NOGRelationship] = {}
        self._revision = 0
        self._listeners: dict[int, Listener] = {}
        self._listener_number = 0
        self._news: deque[tuple[int, NOGPatch, tuple[int, ...]]] = deque()
        self._telling = False
        self.extra: dict[str, JsonValue] = {}
        if state is not None:
            self._fill(state)

    def _fill(self, state: GraphState) -> None:
        for entity in state.entities:
            if entity.id in self._engine:
                raise GraphError(f"the graph has two entities with the id {short(entity.id)!r}")
            self._put_entity(entity)
        for relationship in state.relationships:
            if relationship.id in self._links:
                raise GraphError(f"the graph has two relationships with the id {short(relationship.id)!r}")
            self._check_ends(relationship)
            self._put_relationship(relationship)
        self._revision = state.revision

    # --- looking ---------------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """The number of changes so far, counted on from the state the graph was made of."""
        return self._revision

    def __len__(self) -> int:
        """The number of entities."""
        return len(self._engine)

    def __contains__(self, id: object) -> bool:
        """Whether there is an entity of that id."""
        return id in self._engine

    def __repr__(self) -> str:
        return f"<NOGGraph of {len(self._engine)} entities and {len(self._links)} relationships at revision {self._revision}>"

    def get(self, id: str) -> NOGEntity | None:
        """The entity, or None."""
        with self._lock:
            return self._engine.entity(id) if id in self._engine else None

    def entity(self, id: str) -> NOGEntity:
        """The entity; ``UnknownEntityError`` when there is none."""
        with self._lock:
            self._check_known(id)
            return self._engine.entity(id)

    def entities(self, type: EntityType | None = None) -> tuple[NOGEntity, ...]:
        """All entities, or those of one type, in the order in which they came."""
        with self._lock:
            every = map(self._engine.entity, self._engine)
            return tuple(every) if type is None else tuple(e for e in every if e.type == type)

    def relationship(self, id: str) -> NOGRelationship:
        """The relationship; ``UnknownRelationshipError`` when there is none."""
        with self._lock:
            return self._link(id)

    def relationships(
        self, type: RelationshipType | None = None, *, source: str | None = None, target: str | None = None
    ) -> tuple[NOGRelationship, ...]:
        """All relationships, or those of a type, from a ``source``, to a ``target``; none for ends that do not exist."""
        with self._lock:
            found = self._links.values() if source is None and target is None else self._at_ends(source, target)
            return tuple(found) if type is None else tuple(r for r in found if r.type == type)

    def _at_ends(self, source: str | None, target: str | None) -> list[NOGRelationship]:
        engine = self._engine
        if any(end is not None and end not in engine for end in (source, target)):
            return []
        if source is None:
            assert target is not None
            rows = list(engine.into[target].values())
        elif target is None:
            rows = list(engine.out[source].values())
        else:
            rows = [engine.out[source].get(target, {})]
        return [data["relationship"] for row in rows for data in row.values()]

    def state(self) -> GraphState:
        """All of it, as a value."""
        with self._lock:
            # The parts are checked values already: checking 100,000 of them again takes longer than all else.
            return GraphState.model_construct(revision=self._revision, entities=self.entities(), relationships=tuple(self._links.values()))

    # --- changing --------------------------------------------------------------------------------

    def add_entity(self, entity: NOGEntity) -> int:
        """Adds one; ``GraphError`` when its id is taken.  Gives the new revision."""
        with self._lock:
            if entity.id in self._engine:
                raise GraphError(f"there is an entity {short(entity.id)!r} already", hint="update_entity changes it")
            self._put_entity(entity)
            revision = self._count(put_entities=(entity,))
        self._tell()
        return revision

    def update_entity(self, id: str, *, name: str | None = None, properties: Mapping[str, JsonValue] | None = None) -> int:
        """Gives an entity another name, or ``properties`` in place of all it had.  Gives the new revision."""
        with self._lock:
            values = self.entity(id).model_dump()
            if name is not None:
                values["name"] = name
            if properties is not None:
                values["properties"] = dict(properties)
            revision, _ = self._change(NOGPatch(put_entities=(NOGEntity.model_validate(values),)))
        self._tell()
        return revision

    def delete_entity(self, id: str) -> int:
        """Deletes an entity and all its relationships.  Gives the new revision."""
        with self._lock:
            revision, _ = self._change(NOGPatch(delete_entities=(id,)))
        self._tell()
        return revision

    def add_relationship(self, relationship: NOGRelationship) -> int:
        """Adds one; ``GraphError`` when its id is taken or an end does not exist.  Gives the new revision."""
        with self._lock:
            if relationship.id in self._links:
                raise GraphError(f"there is a relationship {short(relationship.id)!r} already", hint="update_relationship changes it")
            self._check_ends(relationship)
            self._put_relationship(relationship)
            revision = self._count(put_relationships=(relationship,))
        self._tell()
        return revision

    def update_relationship(self, id: str, *, properties: Mapping[str, JsonValue]) -> int:
        """Gives a relationship ``properties`` in place of all it had.  Gives the new revision."""
        with self._lock:
            values = {**self._link(id).model_dump(), "properties": dict(properties)}
            revision, _ = self._change(NOGPatch(put_relationships=(NOGRelationship.model_validate(values),)))
        self._tell()
        return revision

    def delete_relationship(self, id: str) -> int:
        """Deletes a relationship.  Gives the new revision."""
        with self._lock:
            revision, _ = self._change(NOGPatch(delete_relationships=(id,)))
        self._tell()
        return revision

    def apply(self, patch: NOGPatch) -> NOGPatch:
        """Makes all the changes of ``patch`` or none, as one revision; gives the patch that takes them back.

        ``UnknownEntityError``, ``UnknownRelationshipError``: it deletes what is not there, or relates what
        would not be there.
        """
        with self._lock:
            _, inverse = self._change(patch)
        self._tell()
        return inverse

    def replace(self, state: GraphState | Iterable[NOGEntity], relationships: Iterable[NOGRelationship] = ()) -> NOGPatch:
        """Makes the graph equal to ``state`` (or to these entities and relationships) by one patch, and gives it.

        An equal graph stays at its revision.
        """
        if not isinstance(state, GraphState):
            state = GraphState(revision=0, entities=tuple(state), relationships=tuple(relationships))
        NOGGraph(state)  # refuses double ids and loose ends before anything changes
        with self._lock:
            patch = diff(self.state(), state)
            if is_empty(patch):
                return patch
            self._change(patch)
        self._tell()
        return patch

    def _change(self, patch: NOGPatch) -> tuple[int, NOGPatch]:
        self._check(patch)
        inverse = self._apply(patch)
        return self._count(patch), inverse

    def _check(self, patch: NOGPatch) -> None:
        """Refuses a patch before anything has changed."""
        for id in patch.delete_relationships:
            self._link(id)
        for id in patch.delete_entities:
            self._check_known(id)
        put = {entity.id for entity in patch.put_entities}
        deleted = set(patch.delete_entities)
        for relationship in patch.put_relationships:
            for end in (relationship.source, relationship.target):
                if end not in put and (end in deleted or end not in self._engine):
                    raise unknown_entity(end, (id for id in self._engine if id not in deleted))

    def _apply(self, patch: NOGPatch) -> NOGPatch:
        engine = self._engine
        entities: dict[str, NOGEntity | None] = {}
        links: dict[str, NOGRelationship | None] = {}
        for id in dict.fromkeys(patch.delete_relationships):
            links[id] = self._drop_relationship(id)
        for id in dict.fromkeys(patch.delete_entities):
            for row in (*engine.out[id].values(), *engine.into[id].values()):
                for key, data in row.items():
                    links.setdefault(key, data["relationship"])
            entities[id] = engine.entity(id)
            for row in (*engine.out[id].values(), *engine.into[id].values()):
                for key in row:
                    self._links.pop(key, None)
            engine.remove_node(id)
        for entity in patch.put_entities:
            entities.setdefault(entity.id, engine.entity(entity.id) if entity.id in engine else None)
            self._put_entity(entity)
        for relationship in patch.put_relationships:
            links.setdefault(relationship.id, self._links.get(relationship.id))
            self._put_relationship(relationship)
        return NOGPatch(
            put_entities=tuple(was for id, was in entities.items() if was is not None and not same(self._at(id), was)),
            put_relationships=tuple(was for id, was in links.items() if was is not None and not same(self._links.get(id), was)),
            delete_entities=tuple(id for id, was in entities.items() if was is None),
            delete_relationships=tuple(id for id, was in links.items() if was is None),
        )

    def _at(self, id: str) -> NOGEntity | None:
        return self._engine.entity(id) if id in self._engine else None

    def _put_entity(self, entity: NOGEntity) -> None:
        self._engine.add_node(entity.id, entity=entity)

    def _put_relationship(self, relationship: NOGRelationship) -> None:
        before = self._links.get(relationship.id)
        if before is not None and (before.source, before.target) != (relationship.source, relationship.target):
            self._engine.remove_edge(before.source, before.target, key=relationship.id)
        self._links[relationship.id] = relationship
        self._engine.add_edge(relationship.source, relationship.target, key=relationship.id, relationship=relationship)

    def _drop_relationship(self, id: str) -> NOGRelationship:
        relationship = self._links.pop(id)
        self._engine.remove_edge(relationship.source, relationship.target, key=id)
        return relationship

    def _check_known(self, id: str) -> None:
        if id not in self._engine:
            raise unknown_entity(id, self._engine)

    def _check_ends(self, relationship: NOGRelationship) -> None:
        for end in (relationship.source, relationship.target):
            self._check_known(end)

    def _link(self, id: str) -> NOGRelationship:
        found = self._links.get(id)
        if found is None:
            raise UnknownRelationshipError(f"there is no relationship {short(id, 120)!r} in the graph")
        return found

    # --- asking ----------------------------------------------------------------------------------

    def neighbourhood(
        self,
        ids: str | Iterable[str],
        depth: int | None = 1,
        *,
        direction: Direction = "both",
        types: Iterable[RelationshipType] | None = None,
        limit: int | None = None,
    ) -> Subgraph:
        """What lies within ``depth`` relationships of ``ids`` (None: however far), breadth first.

        ``direction``: with the relationships (``out``), against them or both ways; ``types``: which of them to
        follow and to give.  ``limit``: at most so many entities, the nearest.  Raises ``UnknownEntityError``, and
        ``OptionError`` for a wrong option.
        """
        if direction not in ("both", "out", "in"):
            raise OptionError(f"direction is {short(repr(direction))}", hint='it is "both", "out" or "in"')
        for name, value in (("depth", depth), ("limit", limit)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
                raise OptionError(f"{name} is {short(repr(value))}", hint="it is a whole number from 0, or None")
        seeds = (ids,) if isinstance(ids, str) else tuple(ids)
        wanted = None if types is None else frozenset(types)
        with self._lock:
            for id in seeds:
                self._check_known(id)
            return query.neighbourhood(self._engine, seeds, depth, direction, wanted, limit)

    def path(self, source: str, target: str, *, directed: bool = False) -> Subgraph | None:
        """A shortest path, entities in order, with all relationships between neighbours on it; None if there is none.

        ``directed``: only along the relationships.  Raises ``UnknownEntityError``.
        """
        with self._lock:
            self._check_known(source)
            self._check_known(target)
            return query.path(self._engine, source, target, directed=directed)

    def dependencies(self, id: str, depth: int | None = None) -> Subgraph:
        """What the entity needs: reads, binds, calls, uses, triggers, and what these need.  The entity stands first."""
        return self.neighbourhood(id, depth, direction="out", types=query.DEPENDENCY)

    def dependents(self, id: str, depth: int | None = None) -> Subgraph:
        """What needs the entity, directly or by others.  The entity stands first."""
        return self.neighbourhood(id, depth, direction="in", types=query.DEPENDENCY)

    def statistics(self) -> Statistics:
        """Numbers about the whole graph; time linear in its size."""
        with self._lock:
            return query.statistics(self._engine, self._links.values(), self._revision)

    # --- telling ---------------------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Calls ``listener(revision, patch)`` for every later change; gives what ends that.

        Calls come one after another in the order of revisions, outside the lock, on a thread that changes
        the graph (not always the one that made this change).  A listener that raises is logged and stays.
        """
        with self._lock:
            self._listener_number += 1
            number = self._listener_number
            self._listeners[number] = listener

        def end() -> None:
            with self._lock:
                self._listeners.pop(number, None)

        return end

    def _count(self, patch: NOGPatch | None = None, **changes: Any) -> int:
        """A new revision; whoever listens now will be told of it."""
        self._revision += 1
        if self._listeners:
            self._news.append((self._revision, patch or NOGPatch(**changes), tuple(self._listeners)))
        return self._revision

    def _tell(self) -> None:
        """Tells what is to be told, unless another call is at it, which then takes this along."""
        if not self._news:
            return
        with self._lock:
            if self._telling:
                return
            self._telling = True
        try:
            while True:
                with self._lock:
                    if not self._news:
                        self._telling = False
                        return
                    revision, patch, numbers = self._news.popleft()
                for number in numbers:
                    listener = self._listeners.get(number)
                    if listener is None:
                        continue
                    try:
                        listener(revision, patch)
                    except Exception:
                        logger.exception("a listener to the graph failed at revision %d", revision)
        except BaseException:
            self._telling = False
            raise
