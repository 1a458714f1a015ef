"""One kernel's share of the workspace: its own graph, and how that reads in the workspace's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ..errors import NexusError
from ..nog import NOGGraph
from ..protocol.bridge import PanelInfo
from ..protocol.graph import EntityType, GraphState, NOGEntity, NOGPatch, NOGRelationship
from ..protocol.identity import document_key, workspace_id
from ..protocol.workspace import WorkspacePanel
from .bridge.sink import KernelLink

# The whole of a kernel's graph is taken in at once, and nobody else is served meanwhile.
MAX_ENTITIES = 10_000
MAX_RELATIONSHIPS = 40_000
MAX_PANELS = 1_000
MAX_PATH = 4_096

_PREFIX: dict[EntityType, str] = {
    "panel": "panel:",
    "state": "state:",
    "computed": "computed:",
    "tool": "tool:",
    "lifecycle": "lifecycle:",
    "component": "component:",
    "extension": "extension:",
    "cell": "cell:",
    "python_name": "python:",
}
NOTEBOOK = "notebook"


class RefusedError(NexusError):
    """What a kernel sent breaks a rule; it is not used."""

    code = "KERNEL_REFUSED"


@dataclass(frozen=True)
class Slice:
    """What a part shows in the workspace: entities and relationships under workspace ids, panels by key."""

    graph: GraphState = field(default_factory=lambda: GraphState(revision=0))
    panels: dict[str, WorkspacePanel] = field(default_factory=dict)

    def __add__(self, other: Slice) -> Slice:
        return Slice(
            GraphState(
                revision=0,
                entities=self.graph.entities + other.graph.entities,
                relationships=self.graph.relationships + other.graph.relationships,
            ),
            {**self.panels, **other.panels},
        )


@dataclass
class Part:
    """``link`` is None for one that a server before this one stored and whose kernel has not spoken yet.

    ``order`` tells which of two kernels of one notebook came later.
    """

    kernel: str
    notebook: str
    order: int
    link: KernelLink | None
    epoch: str = ""
    revision: int = 0
    graph: NOGGraph = field(default_factory=NOGGraph)
    panels: dict[str, PanelInfo] = field(default_factory=dict)
    waiting: bool = False
    """A snapshot was asked for and deltas are of no use until it comes."""

    def key(self, panel: str) -> str:
        return document_key(self.notebook, panel)

    def shown_panel(self, info: PanelInfo) -> WorkspacePanel:
        return WorkspacePanel(
            key=self.key(info.id),
            notebook=self.notebook,
            kernel=self.kernel,
            entity=workspace_id(self.notebook, f"panel:{info.id}"),
            panel=info,
        )

    def shown_entity(self, entity: NOGEntity) -> NOGEntity:
        update: dict[str, object] = {"id": workspace_id(self.notebook, entity.id)}
        if entity.type == "notebook":
            update["name"] = PurePosixPath(self.notebook).name or self.notebook
            update["properties"] = {**entity.properties, "path": self.notebook, "kernel": self.kernel}
        return entity.model_copy(update=update)

    def shown_relationship(self, relationship: NOGRelationship) -> NOGRelationship:
        return relationship.model_copy(
            update={name: workspace_id(self.notebook, getattr(relationship, name)) for name in ("id", "source", "target")}
        )

    def shown_patch(self, patch: NOGPatch) -> NOGPatch:
        return NOGPatch(
            put_entities=tuple(map(self.shown_entity, patch.put_entities)),
            put_relationships=tuple(map(self.shown_relationship, patch.put_relationships)),
            delete_entities=tuple(workspace_id(self.notebook, each) for each in patch.delete_entities),
            delete_relationships=tuple(workspace_id(self.notebook, each) for each in patch.delete_relationships),
        )

    def slice(self) -> Slice:
        return Slice(
            GraphState(
                revision=0,
                entities=tuple(map(self.shown_entity, self.graph.entities())),
                relationships=tuple(map(self.shown_relationship, self.graph.relationships())),
            ),
            {self.key(info.id): self.shown_panel(info) for info in self.panels.values()},
        )


def check_names(entities: Iterable[NOGEntity]) -> None:
    """Raise RefusedError unless every id is of its type's namespace."""
    for entity in entities:
        if entity.type == "notebook":
            good = entity.id == NOTEBOOK
        else:
            prefix = _PREFIX[entity.type]
            good = entity.id.startswith(prefix) and len(entity.id) > len(prefix)
        if not good:
            raise RefusedError(f"an entity of type {entity.type} has the id {entity.id[:80]!r}")


def check_size(entities: int, relationships: int, panels: int) -> None:
    """Raise RefusedError for more than a kernel may have."""
    for name, count, limit in (
        ("entities", entities, MAX_ENTITIES),
        ("relationships", relationships, MAX_RELATIONSHIPS),
        ("panels", panels, MAX_PANELS),
    ):
        if count > limit:
            raise RefusedError(f"{count} {name}, {limit} are allowed")


def check_ends(graph: NOGGraph, relationships: Iterable[NOGRelationship]) -> None:
    """Raise RefusedError for a relationship that leads out of the kernel's graph."""
    for relationship in relationships:
        if relationship.source not in graph or relationship.target not in graph:
            raise RefusedError(f"the relationship {relationship.id[:80]!r} leads to nothing")


def stored_parts(graph: NOGGraph, panels: Iterable[WorkspacePanel]) -> list[Part]:
    """The parts that a stored workspace was made of, for a server that starts with it."""
    parts: dict[str, Part] = {}
    for panel in panels:
        part = parts.setdefault(panel.notebook, Part(panel.kernel, panel.notebook, 0, None))
        part.panels[panel.panel.id] = panel.panel
    for entity in graph.entities("notebook"):
        path, kernel = entity.properties.get("path"), entity.properties.get("kernel")
        if isinstance(path, str) and isinstance(kernel, str):
            parts.setdefault(path, Part(kernel, path, 0, None))
    # a path may begin with another one and "#": the longest that fits is the one
    paths = sorted(parts, key=len, reverse=True)
    owned: dict[str, tuple[list[NOGEntity], list[NOGRelationship]]] = {path: ([], []) for path in paths}
    home: dict[str, str] = {}
    for entity in graph.entities():
        path = next((p for p in paths if entity.id.startswith(f"{p}#")), None)
        if path is not None:
            home[entity.id] = path
            owned[path][0].append(entity.model_copy(update={"id": entity.id[len(path) + 1 :]}))
    for relationship in graph.relationships():
        path = home.get(relationship.source)
        if path is not None and home.get(relationship.target) == path:
            short = {name: getattr(relationship, name)[len(path) + 1 :] for name in ("id", "source", "target")}
            owned[path][1].append(relationship.model_copy(update=short))
    for path, (entities, relationships) in owned.items():
        parts[path].graph = NOGGraph(GraphState(revision=0, entities=tuple(entities), relationships=tuple(relationships)))
    return list(parts.values())
