"""One open comm to one kernel: what it says goes to the sink in order, requests go to it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from pydantic import JsonValue, TypeAdapter

from ...errors import NexusError
from ...protocol.bridge import (
    BRIDGE_VERSION,
    AskSnapshot,
    BridgeCall,
    BridgeResult,
    CancelBridgeCall,
    FromKernel,
    KernelBatch,
    KernelCommit,
    KernelDelta,
    KernelRequest,
    KernelSnapshot,
    ToKernel,
)
from ...protocol.packing import unpack
from .complaints import Log
from .sink import KernelAnswerError, KernelSink, KernelUnavailableError
from .wire import MOST_OBJECTS, KernelLostError

# Bytes of JSON in one packed message.
MOST_BYTES = 16 * 1024 * 1024

_from_kernel: TypeAdapter[FromKernel] = TypeAdapter(FromKernel)


class Link:
    """Implements ``KernelLink``.  A kernel's messages are hostile: what does not fit is dropped."""

    def __init__(self, kernel: str, notebook: str, send: Callable[[dict[str, Any]], None], sink: KernelSink, log: Log) -> None:
        self.kernel = kernel
        self.notebook = notebook
        self.known = False
        """Whether the sink has been told of it."""
        self.refused = False
        """Whether the kernel speaks another version of the protocol."""
        self._send_data = send
        self._sink = sink
        self._log = log
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[BridgeResult]] = {}
        self._ended = False
        self._epoch = ""
        self._revision = 0
        self._asked = True  # a comm that opens is answered by a snapshot

    # --- to the kernel ----------------------------------------------------------------------------

    async def request(self, request: KernelRequest, *, timeout: float = 30.0) -> JsonValue:
        """The kernel's answer; ``timeout`` in seconds.  Cancelling the awaiting task cancels in the kernel.

        Raises NexusError: what the kernel answered, or ``TIMEOUT``, or ``KERNEL_UNAVAILABLE``.
        """
        if self._ended:
            raise self._unavailable()
        id = next(self._numbers)
        future: asyncio.Future[BridgeResult] = asyncio.get_running_loop().create_future()
        self._waiting[id] = future
        try:
            self._send(BridgeCall(id=id, request=request))
            async with asyncio.timeout(timeout):
                result = await future
        except TimeoutError:
            self._cancel(id)
            raise NexusError(
                f"the kernel did not answer within {timeout:g} seconds.", hint="It may be busy with a cell.", code="TIMEOUT"
            ) from None
        except asyncio.CancelledError:
            self._cancel(id)
            raise
        finally:
            self._waiting.pop(id, None)
        error = result.error
        if error is not None:
            raise NexusError(error.message, hint=error.hint, code=error.code)
        return result.value

    def resync(self) -> None:
        """Have the kernel send all of it again."""
        if not self._asked:
            self.insist()

    def insist(self) -> None:
        """Ask for all of it even though it was asked for already."""
        if self._ended:
            return
        self._asked = True
        try:
            self._send(AskSnapshot())
        except NexusError:
            return

    def _cancel(self, id: int) -> None:
        if not self._ended:
            try:
                self._send(CancelBridgeCall(id=id))
            except NexusError:
                return

    def _send(self, message: ToKernel) -> None:
        try:
            self._send_data(message.model_dump(mode="json"))
        except KernelLostError:
            raise self._unavailable() from None

    def _unavailable(self) -> KernelUnavailableError:
        return KernelUnavailableError("the kernel is not connected.", hint="Wait a moment; if it stays so, restart it.")

    # --- from the kernel --------------------------------------------------------------------------

    def received(self, data: object) -> None:
        """A message on the comm."""
        if self._ended or self.refused:
            return
        try:
            data = unpack(data, most_bytes=MOST_BYTES, most_objects=MOST_OBJECTS)
            message = _from_kernel.validate_python(data)
        except (ValueError, RecursionError):
            self._log.warning("nexus: kernel %s sent a message that does not fit the protocol; it was dropped", self.kernel)
            self._unfit(data)
            return
        if isinstance(message, BridgeResult):
            future = self._waiting.get(message.id)
            if future is not None and not future.done():
                future.set_result(message)
        else:
            for each in message.messages if isinstance(message, KernelBatch) else (message,):
                self._told(each)

    def _told(self, message: KernelSnapshot | KernelDelta | KernelCommit) -> None:
        if isinstance(message, KernelSnapshot):
            self._snapshot(message)
        elif isinstance(message, KernelDelta):
            self._delta(message)
        elif self.known:
            self._tell(self._sink.kernel_commit, message)

    def _unfit(self, data: object) -> None:
        id = data.get("id") if isinstance(data, dict) else None
        future = self._waiting.get(id) if isinstance(id, int) else None
        if future is not None and not future.done():
            future.set_exception(KernelAnswerError("the kernel's answer does not fit the protocol."))

    def _snapshot(self, snapshot: KernelSnapshot) -> None:
        if snapshot.version != BRIDGE_VERSION:
            self.refused = True
            self._log.warning(
                "nexus: kernel %s speaks version %d of the protocol, this server %d: its panels are not shown. "
                "Install the same nexus-jupyter for both.", self.kernel, snapshot.version, BRIDGE_VERSION,
            )  # fmt: skip
            return
        if not self._asked:
            self._log.warning("nexus: kernel %s sent its whole graph unasked; it was dropped", self.kernel)
            return
        self._asked = False
        self._epoch, self._revision = snapshot.epoch, snapshot.graph.revision
        self.known = True
        self._tell(self._sink.kernel_snapshot, snapshot)

    def _delta(self, delta: KernelDelta) -> None:
        if self._asked:
            return  # a snapshot that is under way has it
        if delta.epoch == self._epoch and delta.revision <= self._revision:
            return
        if delta.epoch != self._epoch or delta.revision != self._revision + 1:
            self.resync()
            return
        self._revision = delta.revision
        self._tell(self._sink.kernel_delta, delta)

    def _tell(self, told: Callable[[Link, Any], None], message: KernelSnapshot | KernelDelta | KernelCommit) -> None:
        try:
            told(self, message)
        except Exception:
            self._log.exception("nexus: what kernel %s said could not be used", self.kernel)

    # --- its life ---------------------------------------------------------------------------------

    def rename(self, notebook: str) -> None:
        """Its notebook is called so now."""
        before, self.notebook = self.notebook, notebook
        if before != notebook and self.known and not self._ended:
            try:
                self._sink.kernel_renamed(self, before)
            except Exception:
                self._log.exception("nexus: the new name of a notebook could not be used")

    def end(self) -> None:
        """The kernel, or the comm, is there no more: requests fail, the sink is told."""
        if self._ended:
            return
        self._ended = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(self._unavailable())
        if self.known:
            try:
                self._sink.kernel_gone(self)
            except Exception:
                self._log.exception("nexus: the end of kernel %s could not be used", self.kernel)
