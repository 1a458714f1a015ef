"""A kernel as the workspace hears it: its messages are made of real documents by the code that kernels make them with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pydantic import JsonValue

from nexus_jupyter.nog import NOGGraph, diff, map_panel
from nexus_jupyter.nxml import Parser, load_program
from nexus_jupyter.nxml.schema import tool_schema
from nexus_jupyter.protocol.bridge import KernelCommit, KernelDelta, KernelRequest, KernelSnapshot, PanelInfo, ToolInfo
from nexus_jupyter.protocol.graph import GraphState, NOGEntity, NOGPatch, NOGRelationship
from nexus_jupyter.protocol.identity import document_hash
from nexus_jupyter.server.bridge import KernelSink


def counter(title: str = "Counter", *, more: str = "") -> str:
    return f"""<NexusPanel title="{title}">
  <Data><State name="count" type="number"/><Computed name="double" value="$state.count * 2"/>{more}</Data>
  <Logic><Tool name="add" description="Add one"><Handler>$state.count += 1</Handler></Tool></Logic>
  <View><Button label="Add" trigger="add"/></View>
</NexusPanel>"""


class Speaker:
    """Implements ``KernelLink``; ``documents`` are its panels' by id.  Requests go to ``answer``."""

    def __init__(self, sink: KernelSink, *, kernel: str = "k1", notebook: str = "a.ipynb", epoch: str = "e1") -> None:
        self.sink = sink
        self.kernel = kernel
        self.notebook = notebook
        self.epoch = epoch
        self.documents: dict[str, str] = {}
        self.revision = 0
        self.resyncs = 0
        self.requests: list[KernelRequest] = []
        self.cancelled: list[KernelRequest] = []
        self.answer: Callable[[KernelRequest], JsonValue] | None = None
        self._told = NOGGraph()

    # --- the link --------------------------------------------------------------------------------

    async def request(self, request: KernelRequest, *, timeout: float = 30.0) -> JsonValue:
        self.requests.append(request)
        try:
            if self.answer is None:
                await asyncio.Event().wait()  # a kernel that is busy
                return None
            return self.answer(request)
        except asyncio.CancelledError:
            self.cancelled.append(request)
            raise

    def resync(self) -> None:
        self.resyncs += 1

    # --- what it says ----------------------------------------------------------------------------

    def info(self, panel: str) -> PanelInfo:
        source = self.documents[panel]
        program, _ = load_program(source)
        return PanelInfo(
            id=panel,
            title=program.title or panel,
            cell=f"c-{panel}",
            hash=document_hash(source),
            tools=tuple(
                ToolInfo(name=t.name, description=t.description, input_schema=tool_schema(t), confirm=t.confirm, ai=t.ai)
                for t in program.tools
            ),
        )

    def state(self) -> GraphState:
        entities: dict[str, NOGEntity] = {"notebook": NOGEntity(id="notebook", type="notebook", name="")}
        relationships: dict[str, NOGRelationship] = {}
        for panel, source in self.documents.items():
            part = map_panel(panel, Parser(source).parse(), cell=f"c-{panel}")
            entities |= {e.id: e for e in part.entities}
            relationships |= {r.id: r for r in part.relationships}
        return GraphState(revision=self.revision, entities=tuple(entities.values()), relationships=tuple(relationships.values()))

    def snapshot(self, **documents: str) -> KernelSnapshot:
        """Say everything, with ``documents`` put."""
        self.documents |= documents
        self.revision += 1
        state = self.state()
        self._told = NOGGraph(state)
        snapshot = KernelSnapshot(epoch=self.epoch, graph=state, panels=tuple(map(self.info, self.documents)))
        self.sink.kernel_snapshot(self, snapshot)
        return snapshot

    def run(self, **documents: str) -> KernelDelta:
        """Cells ran: say the difference."""
        self.documents |= documents
        return self._delta(panels=tuple(documents))

    def end(self, *panels: str) -> KernelDelta:
        for panel in panels:
            del self.documents[panel]
        return self._delta(ended=panels)

    def _delta(self, panels: tuple[str, ...] = (), ended: tuple[str, ...] = ()) -> KernelDelta:
        patch = diff(self._told.state(), self.state())
        self._told.apply(patch)
        return self.change(patch, panels=tuple(map(self.info, panels)), ended=ended)

    def change(self, patch: NOGPatch, *, panels: tuple[PanelInfo, ...] = (), ended: tuple[str, ...] = ()) -> KernelDelta:
        """Say a change, whatever it is."""
        self.revision += 1
        delta = KernelDelta(epoch=self.epoch, revision=self.revision, patch=patch, panels=panels, ended=ended)
        self.sink.kernel_delta(self, delta)
        return delta

    def commit(self, panel: str, rev: int, *paths: str) -> None:
        self.sink.kernel_commit(self, KernelCommit(panel=panel, rev=rev, cause="tool", tool="add", paths=paths))

    def rename(self, notebook: str) -> None:
        before, self.notebook = self.notebook, notebook
        self.sink.kernel_renamed(self, before)

    def die(self) -> None:
        self.sink.kernel_gone(self)


def name(n: int) -> NOGPatch:
    """A change that adds one entity."""
    return NOGPatch(put_entities=(NOGEntity(id=f"python:x{n}", type="python_name", name=f"x{n}"),))
