"""Health, panels and their tools."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from ... import __version__
from ...protocol.workspace import CallRequest, Health, PanelList, ToolList, ToolResult, WorkspaceTool
from .base import NexusHandler


class HealthHandler(NexusHandler):
    """GET health."""

    @authenticated
    @authorized
    async def get(self) -> None:
        workspace = self.workspace
        self.reply(
            Health(
                version=__version__,
                workspace=workspace.name,
                revision=workspace.revision,
                kernels=workspace.kernels,
                panels=len(workspace.panels()),
                storage=self.settings["nexus_storage_problem"] or workspace.storage_problem,
            )
        )


class PanelsHandler(NexusHandler):
    """GET panels."""

    @authenticated
    @authorized
    async def get(self) -> None:
        self.reply(PanelList(revision=self.workspace.revision, panels=self.workspace.panels()))


class PanelHandler(NexusHandler):
    """GET panels/{key}."""

    @authenticated
    @authorized
    async def get(self, key: str) -> None:
        self.reply(self.workspace.panel(key))


class SourceHandler(NexusHandler):
    """GET panels/{key}/source."""

    @authenticated
    @authorized
    async def get(self, key: str) -> None:
        self.reply(await self.until_gone(self.workspace.read(key)))


class ToolsHandler(NexusHandler):
    """GET tools: those of all panels."""

    @authenticated
    @authorized
    async def get(self) -> None:
        tools = (
            WorkspaceTool(panel=shown.key, notebook=shown.notebook, title=shown.panel.title, tool=tool)
            for shown in self.workspace.panels()
            for tool in shown.panel.tools
        )
        self.reply(ToolList(tools=tuple(tools)))


class CallHandler(NexusHandler):
    """POST tools/call: code runs, so the user needs the right to execute."""

    @authenticated
    @authorized(action="execute")
    async def post(self) -> None:
        call = self.body(CallRequest)
        self.reply(ToolResult(value=await self.until_gone(self.workspace.call(call.panel, call.tool, call.args))))
