"""Health, panels and their tools."""

from __future__ import annotations

import asyncio

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from ... import __version__
from ...nxml import load_program
from ...panel.local import local_program
from ...protocol.identity import document_hash
from ...protocol.workspace import CallRequest, CompiledPanel, CompileRequest, Health, PanelList, ToolList, ToolResult, WorkspaceTool
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


class ProgramsHandler(NexusHandler):
    """POST programs: what a page needs to run a document without a kernel.

    The document is read and compiled, off the event loop, and nothing of it is run or kept; so it takes no more than the right to read.
    """

    @authenticated
    @authorized(action="read")
    async def post(self) -> None:
        source = self.body(CompileRequest).source
        self.reply_text(await asyncio.to_thread(_compiled, source))


def _compiled(source: str) -> str:
    program, _ = load_program(source)
    compiled = CompiledPanel(hash=document_hash(source), title=program.title, program=local_program(source, program))
    return compiled.model_dump_json()
