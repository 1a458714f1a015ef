"""Which address is answered by which handler."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from ..socket import WorkspaceSocket
from .base import NexusHandler
from .graph import DependenciesHandler, GraphHandler, NeighbourhoodHandler, PathHandler
from .panels import CallHandler, HealthHandler, PanelHandler, PanelsHandler, ProgramsHandler, SourceHandler, ToolsHandler

API = r"/nexus/api/v1"


class NothingHandler(NexusHandler):
    """Everything else below ``/nexus/``."""

    @authenticated
    @authorized
    async def get(self, *_: str) -> None:
        raise HTTPError(404, "there is nothing at this address")

    head = post = put = patch = delete = get


ROUTES: list[tuple[str, type]] = [
    (rf"{API}/health", HealthHandler),
    (rf"{API}/panels", PanelsHandler),
    (rf"{API}/panels/([0-9a-f]{{16}})", PanelHandler),
    (rf"{API}/panels/([0-9a-f]{{16}})/source", SourceHandler),
    (rf"{API}/tools", ToolsHandler),
    (rf"{API}/tools/call", CallHandler),
    (rf"{API}/programs", ProgramsHandler),
    (rf"{API}/graph", GraphHandler),
    (rf"{API}/graph/neighbourhood", NeighbourhoodHandler),
    (rf"{API}/graph/path", PathHandler),
    (rf"{API}/graph/dependencies", DependenciesHandler),
    (r"/nexus/ws/v1/([^/]+)", WorkspaceSocket),
]

LAST: list[tuple[str, type]] = [(r"/nexus(?:/.*)?", NothingHandler)]
