"""A kernel in this process: real panels behind the kernel's real end of the bridge, in a real workspace."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import JsonValue, TypeAdapter

from nexus_jupyter.ai import ScriptedProvider
from nexus_jupyter.errors import NexusError
from nexus_jupyter.nog.store import WorkspaceStore
from nexus_jupyter.protocol.bridge import (
    BRIDGE_VERSION,
    AskSnapshot,
    BridgeCall,
    FromKernel,
    KernelBatch,
    KernelCommit,
    KernelDelta,
    KernelRequest,
    KernelSnapshot,
)
from nexus_jupyter.protocol.packing import unpack
from nexus_jupyter.protocol.workspace import Ask, AskRequest, FromServer
from nexus_jupyter.server.bridge.link import MOST_BYTES
from nexus_jupyter.server.bridge.wire import MOST_OBJECTS
from nexus_jupyter.server.proposals.service import ProposalService
from nexus_jupyter.server.workspace import Workspace
from nexus_jupyter.widget.bridge_requests import BridgeComm

_from_kernel: TypeAdapter[FromKernel] = TypeAdapter(FromKernel)


class LocalLink:
    """The server's and the transport's part of a kernel's comm, without a socket between them."""

    kernel = "kernel-1"
    notebook = "work/n.ipynb"
    comm_id = "local-link"

    def __init__(self, sink: Workspace) -> None:
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[JsonValue]] = {}
        self.first = asyncio.Event()
        self.deaf = False
        self.busy = False
        BridgeComm.open(self, {"content": {"data": {"version": BRIDGE_VERSION, "bridge": "local"}}})

    # --- what the kernel's end uses of a comm ---

    def send(self, data: dict[str, Any]) -> None:
        self._loop.call_soon_threadsafe(self._heard, data)

    def close(self) -> None:
        self.handle_close({})

    # --- what the workspace uses ---

    async def request(self, request: KernelRequest, *, timeout: float = 30.0) -> JsonValue:
        if self.deaf:
            raise NexusError("the kernel does not answer.", code="TIMEOUT")
        if self.busy:
            await asyncio.sleep(timeout)
            raise NexusError("the kernel did not answer.", code="TIMEOUT")
        number = next(self._numbers)
        answer: asyncio.Future[JsonValue] = self._loop.create_future()
        self._waiting[number] = answer
        self._tell(BridgeCall(id=number, request=request))
        try:
            return await asyncio.wait_for(answer, timeout)
        finally:
            del self._waiting[number]

    def resync(self) -> None:
        self._tell(AskSnapshot())

    def _tell(self, message: BridgeCall | AskSnapshot) -> None:
        self.handle_msg({"content": {"data": message.model_dump(mode="json")}})

    def _heard(self, data: dict[str, Any]) -> None:
        message = _from_kernel.validate_python(unpack(data, most_bytes=MOST_BYTES, most_objects=MOST_OBJECTS))
        if isinstance(message, KernelBatch):
            for each in message.messages:
                self._heard(each.model_dump(mode="json"))
        elif isinstance(message, KernelSnapshot):
            self._sink.kernel_snapshot(self, message)
            self.first.set()
        elif isinstance(message, KernelDelta):
            self._sink.kernel_delta(self, message)
        elif isinstance(message, KernelCommit):
            self._sink.kernel_commit(self, message)
        elif (waiting := self._waiting.get(message.id)) is not None and not waiting.done():
            error = message.error
            if error is None:
                waiting.set_result(message.value)
            else:
                waiting.set_exception(NexusError(error.message, hint=error.hint, code=error.code))

    handle_msg: Any
    handle_close: Any


class Rig:
    """Workspace, store, service, and the script that plays the model."""

    def __init__(self, provider: Any) -> None:
        self.store = WorkspaceStore()
        self.workspace = Workspace(store=self.store)
        self.news: list[FromServer] = []
        self.workspace.subscribe(self.news.append)
        self.link = LocalLink(self.workspace)
        self.service = ProposalService(self.workspace, self.store, lambda: provider)

    def key(self, panel: str) -> str:
        return next(p.key for p in self.workspace.panels() if p.panel.id == panel)

    async def ended(self, ask: Ask) -> Ask:
        """The ask when it has ended."""
        while ask.status == "running":
            ask = await asyncio.wait_for(self.service.next(ask), 30)
        return ask

    async def ask(self, panel: str, request: str) -> Ask:
        return await self.ended(self.service.ask(AskRequest(panel=self.key(panel), request=request)))


@asynccontextmanager
async def rig(*answers: Any, provider: Any = None) -> AsyncIterator[Rig]:
    """Made and ended."""
    made = Rig(ScriptedProvider(list(answers)) if provider is None else provider)
    try:
        await asyncio.wait_for(made.link.first.wait(), 20)
        yield made
    finally:
        await made.service.close()
        made.link.close()
        made.workspace.close()
        made.store.close()
