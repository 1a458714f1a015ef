"""Questions about the workspace's graph.  They are answered off the event loop, for a graph may be large."""

from __future__ import annotations

import asyncio

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from ...nog import Subgraph
from ...protocol.workspace import GraphPath, Neighbourhood
from .base import NexusHandler

MAX_DEPTH = 64
MAX_ENTITIES = 10_000


class GraphHandler(NexusHandler):
    """GET graph."""

    @authenticated
    @authorized
    async def get(self) -> None:
        graph = self.workspace.graph
        self.reply_text(await asyncio.to_thread(lambda: graph.state().model_dump_json()))


class NeighbourhoodHandler(NexusHandler):
    """GET graph/neighbourhood?entity=&depth=&direction=&limit=."""

    @authenticated
    @authorized
    async def get(self) -> None:
        entity = self.required("entity")
        depth = self.number("depth", 1, least=0, most=MAX_DEPTH)
        limit = self.number("limit", MAX_ENTITIES, least=1, most=MAX_ENTITIES)
        direction = self.choice("direction", "both", "out", "in")
        graph = self.workspace.graph
        self.reply_text(
            await asyncio.to_thread(
                lambda: _neighbourhood(graph.revision, graph.neighbourhood(entity, depth, direction=direction, limit=limit))  # type: ignore[arg-type]
            )
        )


class PathHandler(NexusHandler):
    """GET graph/path?source=&target=."""

    @authenticated
    @authorized
    async def get(self) -> None:
        source, target = self.required("source"), self.required("target")
        graph = self.workspace.graph

        def answer() -> str:
            found = graph.path(source, target)
            parts = (found.entities, found.relationships) if found is not None else ((), ())
            return GraphPath(revision=graph.revision, entities=parts[0], relationships=parts[1]).model_dump_json()

        self.reply_text(await asyncio.to_thread(answer))


class DependenciesHandler(NexusHandler):
    """GET graph/dependencies?entity=&direction=dependencies|dependents&depth=; without depth however far."""

    @authenticated
    @authorized
    async def get(self) -> None:
        entity = self.required("entity")
        depth = self.number("depth", MAX_DEPTH, least=0, most=MAX_DEPTH) if self.get_query_argument("depth", "") else None
        direction = self.choice("direction", "dependencies", "dependents")
        graph = self.workspace.graph
        ask = graph.dependencies if direction == "dependencies" else graph.dependents
        self.reply_text(await asyncio.to_thread(lambda: _neighbourhood(graph.revision, ask(entity, depth))))


def _neighbourhood(revision: int, found: Subgraph) -> str:
    return Neighbourhood(
        revision=revision, entities=found.entities, relationships=found.relationships, depths=dict(found.depths)
    ).model_dump_json()
