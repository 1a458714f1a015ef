"""One open comm ``nexus.graph``: what the kernel tells on it, and what it is asked there.

Whoever opens it can do what a page can do: it is not trusted more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import comm as comms
from pydantic import JsonValue, TypeAdapter, ValidationError

from ..errors import CancelledError, DocumentError, LimitError, NexusError
from ..nog.kernel import kernel_graph, panel_document, panel_info
from ..panel import registry
from ..panel.call import PendingCall
from ..panel.panel import Panel
from ..panel.tools import start
from ..protocol import ErrorInfo
from ..protocol.bridge import (
    BRIDGE_VERSION,
    AskSnapshot,
    BridgeCall,
    BridgeResult,
    CallTool,
    ClosePreview,
    KernelCommit,
    KernelDelta,
    KernelSnapshot,
    OpenPreview,
    ReadPanel,
    Replaced,
    ReplaceDocument,
    ToKernel,
    TryDocument,
)
from ..protocol.graph import GraphState
from ..protocol.packing import pack
from ..sandbox.failure import info_of
from .gathering import Gathering, Told
from .previews import previews

logger = logging.getLogger(__name__)

_to_kernel: TypeAdapter[ToKernel] = TypeAdapter(ToKernel)
# Requests of one comm that may wait or run at once, and how many of them may compute.
REQUESTS = 64
THREADS = 4

_comms: set[BridgeComm] = set()
_comms_lock = threading.Lock()


def close_all() -> None:
    """Close every open comm."""
    for each in tuple(_comms):
        each.close()


class BridgeComm:
    """The kernel's end of a comm.  Nothing here waits on the thread that messages come on."""

    def __init__(self, comm: Any, bridge: str) -> None:
        self._comm = comm
        self.bridge = bridge
        self._lock = threading.Lock()
        self._closed = False
        self._running: dict[int, Callable[[], object]] = {}  # what cancels each request
        self._pool: ThreadPoolExecutor | None = None
        self._unfollow: Callable[[], None] = lambda: None
        self._gathering = Gathering(self._send_all)
        # The sender's choice of subshell holds, wherever this end last published from.
        comm._reply_subshell_for = lambda data, default: default
        # Not on_msg: that would run the shell's hooks around a cell for each message, in the middle of a running one.
        comm.handle_msg = self._received
        comm.handle_close = self._left

    @classmethod
    def open(cls, comm: Any, message: dict[str, Any]) -> None:
        """Take a comm that was opened.  Another one of the same bridge, which has lost it, ends."""
        data = message["content"].get("data")
        data = data if isinstance(data, dict) else {}
        bridge = data.get("bridge")
        opened = cls(comm, bridge if isinstance(bridge, str) else "")
        if data.get("version") != BRIDGE_VERSION:
            # the other side finds our version in it, and closes
            opened._send(KernelSnapshot(version=BRIDGE_VERSION, epoch=kernel_graph().epoch, graph=GraphState(revision=0)))
            opened._end()
            return
        with _comms_lock:
            lost = [each for each in _comms if opened.bridge and each.bridge == opened.bridge]
            _comms.add(opened)
        for each in lost:
            each.close()
        opened._unfollow = kernel_graph().follow(opened._tell)
        if opened._closed:  # on another thread, before there was anything to end
            opened._unfollow()

    def close(self) -> None:
        """End it from this side, without a ``comm_close``: pages, which never knew this comm, would log an error."""
        self._end()
        comms.get_comm_manager().comms.pop(self._comm.comm_id, None)

    def _left(self, _: object) -> None:
        self._end()

    def _end(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._comm._closed = True  # it would say so when it is collected
            cancels = list(self._running.values())
            pool, self._pool = self._pool, None
        with _comms_lock:
            _comms.discard(self)
        self._unfollow()
        self._gathering.close()
        for cancel in cancels:
            cancel()
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
        if previews.any_of(self):
            # ending clones waits for their threads, and this is the thread of a shell
            threading.Thread(target=previews.close_of, args=(self,), name="nexus-bridge-end", daemon=True).start()

    # --- kernel to server -------------------------------------------------------------------------

    def _tell(self, message: KernelSnapshot | KernelDelta | KernelCommit) -> None:
        """Of the graph's changes, which come in swarms; a snapshot is waited for."""
        self._gathering.put(message.model_dump(mode="json"))
        if isinstance(message, KernelSnapshot):
            self._gathering.flush()

    def _send_all(self, messages: tuple[Told, ...]) -> None:
        """Any thread: the session of a kernel hands its messages to the thread of IOPub."""
        if not self._closed:
            self._comm.send(pack(messages[0] if len(messages) == 1 else {"kind": "batch", "messages": messages}))

    def _send(self, message: KernelSnapshot | BridgeResult) -> None:
        self._send_all((message.model_dump(mode="json"),))

    def _answer(self, id: int, value: JsonValue = None, error: BaseException | None = None) -> None:
        with self._lock:
            self._running.pop(id, None)
        if self._closed:
            return
        try:
            self._send(BridgeResult(id=id, value=value, error=None if error is None else _error_info(error)))
        except Exception as failure:
            logger.exception("the answer to a server could not be sent")
            self._send(BridgeResult(id=id, error=info_of(failure)))

    # --- server to kernel -------------------------------------------------------------------------

    def _received(self, message: dict[str, Any]) -> None:
        if self._closed:
            return
        content = message["content"].get("data")
        try:
            asked = _to_kernel.validate_python(content)
        except (ValidationError, RecursionError):
            logger.warning("a server sent a message that does not fit the protocol")
            id = content.get("id") if isinstance(content, dict) else None
            if type(id) is int and content.get("kind") == "call" and id not in self._running:
                self._answer(id, error=NexusError("this request does not fit the protocol.", code="INVALID_REQUEST"))
            return
        if isinstance(asked, AskSnapshot):
            kernel_graph().resend(self._tell)
        elif isinstance(asked, BridgeCall):
            self._take(asked)
        else:
            cancel = self._running.get(asked.id)
            if cancel is not None:
                cancel()

    def _take(self, call: BridgeCall) -> None:
        with self._lock:
            if call.id in self._running:
                logger.warning("a server used the number of a running request again; it was ignored")
                return
            full = len(self._running) >= REQUESTS
            if not full:
                self._running[call.id] = lambda: None
        if full:
            error = LimitError(f"{REQUESTS} requests are running in this kernel, which is the limit.", limit="requests", allowed=REQUESTS)
            self._send(BridgeResult(id=call.id, error=info_of(error)))
            return
        try:
            if isinstance(call.request, CallTool):
                self._start(call.id, call.request)
            elif isinstance(call.request, ReadPanel):
                # at once: what computes may keep every thread of the pool for long
                self._answer(call.id, self._do(call.request))
            else:
                self._submit(call.id, call.request)
        except Exception as error:
            self._answer(call.id, error=error)

    def _start(self, id: int, request: CallTool) -> None:
        panel = _panel(request.panel)
        pending: PendingCall = start(panel.runtime, request.tool, request.args, panel.zone)
        self._cancel_with(id, pending.cancel)
        # on the panel's thread, or here if it has ended: sending only hands on
        pending.when_done(lambda future: self._answer_future(id, future))

    def _submit(self, id: int, request: ReadPanel | TryDocument | OpenPreview | ClosePreview | ReplaceDocument) -> None:
        with self._lock:
            if self._closed:
                return
            if self._pool is None:
                self._pool = ThreadPoolExecutor(THREADS, "nexus-bridge")
            future = self._pool.submit(self._do, request)
        # one that computes already is bounded and answers when it ends
        self._cancel_with(id, future.cancel)
        future.add_done_callback(lambda done: self._answer_future(id, done))

    def _cancel_with(self, id: int, cancel: Callable[[], object]) -> None:
        with self._lock:
            if id in self._running:
                self._running[id] = cancel

    def _answer_future(self, id: int, future: Future[Any]) -> None:
        if future.cancelled():
            self._answer(id, error=CancelledError("the request was cancelled."))
            return
        error = future.exception()
        if error is not None:
            self._answer(id, error=error)
        else:
            self._answer(id, future.result())

    def _do(self, request: ReadPanel | TryDocument | OpenPreview | ClosePreview | ReplaceDocument) -> JsonValue:
        if isinstance(request, ClosePreview):
            previews.close(request.id)
            return None
        panel = _panel(request.panel)
        if isinstance(request, ReadPanel):
            return panel_document(panel).model_dump(mode="json")
        if isinstance(request, TryDocument):
            return panel.try_document(request.source).model_dump(mode="json")
        if isinstance(request, OpenPreview):
            preview = previews.open(panel, request.source, self)
            if self._closed:
                previews.close(preview.id)
            return preview.model_dump(mode="json")
        notes = panel.replace_document(request.source, base_hash=request.base_hash)
        return Replaced(panel=panel_info(panel), notes=notes).model_dump(mode="json")


def _panel(id: str) -> Panel:
    panel = registry.get(id)
    if panel is None:
        raise NexusError(f"there is no panel {id!r} in this kernel.", hint="Run its cell.", code="UNKNOWN_PANEL")
    return panel


def _error_info(error: BaseException) -> ErrorInfo:
    info = info_of(error)
    if isinstance(error, DocumentError) and error.diagnostics:
        first = next((d for d in error.diagnostics if d.severity == "error"), error.diagnostics[0])
        return info.model_copy(update={"hint": first.message})
    return info
