"""One kernel through all its lives: connected, and its comm opened when it has panels."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any
from uuid import uuid4

import zmq.asyncio

from ...protocol.bridge import BRIDGE_TARGET, BRIDGE_VERSION
from .complaints import Log
from .link import Link
from .sink import KernelSink
from .wire import KernelLostError, Message, Wire

# Seconds.
READY = 60.0
REPLY = 10.0
WELCOME = 2.0
FAREWELL = 0.5
# A comm that was opened is answered by a snapshot; when it does not come, the kernel is nudged, and asked for another.
SNAPSHOT = 1.0
INSIST = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0

# The id of a comm that every kernel has that takes comms of our target.  It says so when it begins to,
# so a kernel without panels is never asked for anything.
BEACON = BRIDGE_TARGET


class KernelWatch:
    """Keeps one kernel connected while it is in the server's list.  Nothing it does can fail anything else."""

    def __init__(
        self, kernel: str, notebook: str, kernels: Any, context: zmq.asyncio.Context, bridge: str, sink: KernelSink, log: Log
    ) -> None:
        self.kernel = kernel
        self.notebook = notebook
        self._kernels = kernels
        self._context = context
        self._bridge = bridge
        self._sink = sink
        self._log = log
        self._link: Link | None = None
        self._beacon = asyncio.Event()
        self._comm = ""
        self._refused = asyncio.Event()
        self._closed = False  # by the kernel
        self._first_life = True
        self._task = asyncio.create_task(self._run(), name=f"nexus-kernel-{kernel}")

    def rename(self, notebook: str) -> None:
        """Its notebook is called so now."""
        self.notebook = notebook
        if self._link is not None:
            self._link.rename(notebook)

    async def stop(self, timeout: float) -> None:
        """End; at most ``timeout`` seconds are spent on telling the kernel."""
        self._task.cancel()
        done, _ = await asyncio.wait([self._task], timeout=timeout)
        if not done:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=timeout)

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                if await self._live():
                    pause = FIRST_PAUSE
            except (KernelLostError, TimeoutError) as error:
                self._log.debug("nexus: kernel %s is not connected: %r", self.kernel, error)
            except Exception:
                level = logging.WARNING if pause == FIRST_PAUSE else logging.DEBUG
                self._log.log(level, "nexus: kernel %s could not be connected", self.kernel, exc_info=True)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _live(self) -> bool:
        """One life of the kernel, from its start to its end; whether it ever answered."""
        manager = self._kernels.get_kernel(self.kernel)
        ready = getattr(manager, "ready", None)
        if ready is not None and getattr(self._kernels, "use_pending_kernels", False):
            async with asyncio.timeout(READY):
                await asyncio.shield(ready if isinstance(ready, asyncio.Future) else asyncio.wrap_future(ready))
        self._comm = uuid4().hex
        self._beacon.clear()
        topics = (f"comm-{BEACON}", f"comm-{self._comm}")
        wire = await Wire.connect(manager, self._context, topics, self._received, self._log, joined=self._first_life)
        self._first_life = False
        try:
            info = await wire.ask("kernel_info_request", {}, timeout=READY)
            with contextlib.suppress(TimeoutError):  # kernels before the welcome have none
                await asyncio.wait_for(wire.welcome.wait(), WELCOME)
            there = await wire.ask("comm_info_request", {"target_name": BRIDGE_TARGET}, timeout=REPLY)
            if BEACON in (there.get("comms") or {}):
                self._beacon.set()
            while await self._first(wire, self._beacon):
                self._beacon.clear()
                await self._serve(wire, info)
            return True
        finally:
            await wire.close()

    async def _serve(self, wire: Wire, info: Message) -> None:
        """Open the comm and stay until the kernel or the comm ends."""
        subshell = await self._subshell(wire, info)
        link = self._link = Link(self.kernel, self.notebook, lambda data: self._post(wire, data, subshell), self._sink, self._log)
        self._refused.clear()
        self._closed = False
        try:
            opening = {"version": BRIDGE_VERSION, "bridge": self._bridge}
            wire.send("comm_open", {"comm_id": self._comm, "target_name": BRIDGE_TARGET, "data": opening}, subshell=subshell)
            asking = asyncio.create_task(self._insist(wire, link, subshell))
            try:
                await self._first(wire, self._refused)
            finally:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
        finally:
            self._link = None
            link.end()
            if not wire.lost.is_set():
                await self._farewell(wire, subshell)

    async def _insist(self, wire: Wire, link: Link, subshell: str | None) -> None:
        """See to it that the snapshot comes: what opened the comm, or the snapshot, may have been overlooked on its way."""
        for attempt in range(INSIST):  # a kernel that runs one long cell and has no subshells answers later: all of them
            await asyncio.sleep(SNAPSHOT * 2**attempt)
            if link.known or link.refused:
                return
            with contextlib.suppress(KernelLostError):
                wire.nudge(subshell=subshell)
            if attempt:
                link.insist()

    async def _farewell(self, wire: Wire, subshell: str | None) -> None:
        with contextlib.suppress(KernelLostError, TimeoutError):
            if not self._closed:
                wire.send("comm_close", {"comm_id": self._comm, "data": {}}, subshell=subshell)
            if subshell is not None:
                # it answers in order: when this is answered, the comm is closed
                await wire.ask("comm_info_request", {"target_name": BRIDGE_TARGET}, timeout=FAREWELL, channel="shell", subshell=subshell)
                await wire.ask("delete_subshell_request", {"subshell_id": subshell}, timeout=FAREWELL)

    async def _subshell(self, wire: Wire, info: Message) -> str | None:
        if "kernel subshells" not in (info.get("supported_features") or ()):
            return None
        reply = await wire.ask("create_subshell_request", {}, timeout=REPLY)
        subshell = reply.get("subshell_id")
        return subshell if isinstance(subshell, str) else None

    async def _first(self, wire: Wire, event: asyncio.Event) -> bool:
        """Wait for ``event`` or the kernel's end; whether it was the event."""
        waits = [asyncio.create_task(each.wait()) for each in (event, wire.lost)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return event.is_set() and not wire.lost.is_set()

    def _post(self, wire: Wire, data: dict[str, Any], subshell: str | None) -> None:
        wire.send("comm_msg", {"comm_id": self._comm, "data": data}, subshell=subshell)

    def _received(self, message: Message) -> None:
        content = message["content"]
        comm = content.get("comm_id")
        kind = message["header"]["msg_type"]
        if comm == self._comm and self._link is not None:
            if kind == "comm_msg":
                self._link.received(content.get("data"))
                if self._link.refused:
                    self._refused.set()
            elif kind == "comm_close":
                self._closed = True
                self._refused.set()
        elif comm == BEACON and kind == "comm_msg":
            self._heard_beacon(content.get("data"))

    def _heard_beacon(self, data: object) -> None:
        if isinstance(data, dict) and data.get("gone"):
            self._beacon.clear()
            self._closed = True
            self._refused.set()
        else:
            self._beacon.set()
