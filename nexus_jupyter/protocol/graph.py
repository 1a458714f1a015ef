"""The semantic graph as it travels: entities, relationships, and what changed between two revisions.

Ids within one kernel: ``notebook``, ``cell:<cell id>``, ``python:<name>``, ``panel:<panel>``, and below a panel
``state:<panel>/<name>``, ``computed:<panel>/<name>``, ``tool:<panel>/<name>``, ``extension:<panel>/<alias>``,
``lifecycle:<panel>/<number>``, ``component:<panel>/<element path>``.  In a workspace each of them stands after
its notebook: ``<notebook path>#<id>``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from .message import Message
from .panel import Revision

EntityType = Literal["panel", "state", "computed", "tool", "lifecycle", "component", "extension", "notebook", "cell", "python_name"]
RelationshipType = Literal["contains", "reads", "writes", "computes", "binds", "triggers", "calls", "uses"]

EntityId = Annotated[str, Field(min_length=1, max_length=4096)]


class _Part(BaseModel):
    # what a newer version adds must survive a visit here
    model_config = ConfigDict(frozen=True, extra="allow")


class NOGEntity(_Part):
    """A thing that has a name.  ``properties`` are plain JSON; fields that are not known here are kept."""

    id: EntityId
    type: EntityType
    name: str = Field(max_length=4096)
    properties: dict[str, JsonValue] = {}


class NOGRelationship(_Part):
    """``source`` *type* ``target``.  Without an ``id`` it is named after what it says, so that the same is the same."""

    id: EntityId
    type: RelationshipType
    source: EntityId
    target: EntityId
    properties: dict[str, JsonValue] = {}

    @model_validator(mode="before")
    @classmethod
    def _name(cls, data: Any) -> Any:
        if isinstance(data, dict) and "id" not in data and {"type", "source", "target"} <= data.keys():
            return {**data, "id": f"{data['source']} {data['type']} {data['target']}"}
        return data


class NOGPatch(Message):
    """What leads from one revision to the next.  Deleting an entity deletes its relationships, named or not.

    Applied in the order: relationships deleted, entities deleted, entities put (added or replaced),
    relationships put.
    """

    put_entities: tuple[NOGEntity, ...] = ()
    put_relationships: tuple[NOGRelationship, ...] = ()
    delete_entities: tuple[EntityId, ...] = ()
    delete_relationships: tuple[EntityId, ...] = ()


class GraphState(Message):
    """A whole graph at a revision."""

    revision: Revision
    entities: tuple[NOGEntity, ...] = ()
    relationships: tuple[NOGRelationship, ...] = ()
