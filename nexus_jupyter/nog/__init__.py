"""The semantic graph of panels: what they are made of and what depends on what."""

from ..protocol.graph import EntityType, GraphState, NOGEntity, NOGPatch, NOGRelationship, RelationshipType
from .graph import NOGGraph
from .mapper import map_panel
from .patch import diff
from .problems import GraphError, UnknownEntityError, UnknownRelationshipError
from .serializer import NOGSerializer
from .subgraph import Statistics, Subgraph

__all__ = [
    "EntityType",
    "GraphError",
    "GraphState",
    "NOGEntity",
    "NOGGraph",
    "NOGPatch",
    "NOGRelationship",
    "NOGSerializer",
    "RelationshipType",
    "Statistics",
    "Subgraph",
    "UnknownEntityError",
    "UnknownRelationshipError",
    "diff",
    "map_panel",
]
