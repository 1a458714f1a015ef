"""All kernels of the server, watched."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import uuid4

import zmq
import zmq.asyncio
from jupyter_core.utils import ensure_async

from .complaints import Complaints
from .sink import KernelSink
from .watch import KernelWatch

# Seconds between looks at the lists of kernels and sessions.  Sessions tell nobody of a new path, so they
# have to be looked at; both lists are in memory, and a look costs less than a millisecond.
INTERVAL = 0.5
# Bytes of one part of a message.  A kernel that sends more is disconnected by it.
MAX_FRAME = 16 * 1024 * 1024
# Messages that may wait on one socket.  What comes then waits in the kernel, which leaves out what does not fit
# there; the gap is made good by a snapshot.
MAX_WAITING = 10
# Seconds that the end may take on account of kernels that hang.
STOP = 2.0


class Bridge:
    """Connects each kernel of ``kernels`` that has panels with ``sink``, on the event loop that starts it.

    ``kernels`` is the server's kernel manager, ``sessions`` its session manager.
    """

    def __init__(self, kernels: Any, sessions: Any, sink: KernelSink, log: logging.Logger | None = None) -> None:
        self._kernels = kernels
        self._sessions = sessions
        self._sink = sink
        self._log = Complaints(log if log is not None else logging.getLogger(__name__))
        self._id = uuid4().hex
        self._watches: dict[str, KernelWatch] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._context: zmq.asyncio.Context | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; kernels that are there already are connected, too."""
        if self._task is None:
            self._context = zmq.asyncio.Context()
            # of every socket that is made of it
            self._context.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME)
            self._context.setsockopt(zmq.RCVHWM, MAX_WAITING)
            self._task = asyncio.create_task(self._run(), name="nexus-bridge")

    async def stop(self) -> None:
        """End: within a few seconds, whatever the kernels do.  Again does nothing."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task])
        for kernel in list(self._watches):
            self._end(kernel)
        if self._ending:
            await asyncio.wait(self._ending)
        context, self._context = self._context, None
        if context is not None:
            context.destroy(linger=0)

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                self._log.exception("nexus: the lists of kernels and notebooks could not be read")
            await asyncio.sleep(INTERVAL)

    async def _look(self) -> None:
        live = set(self._kernels.list_kernel_ids())
        notebooks = await self._notebooks()
        for kernel in self._watches.keys() - live:
            self._end(kernel)
        context = self._context
        assert context is not None
        for kernel in live:
            notebook = notebooks.get(kernel, "")
            if kernel in self._watches:
                self._watches[kernel].rename(notebook)
            else:
                self._watches[kernel] = KernelWatch(kernel, notebook, self._kernels, context, self._id, self._sink, self._log)

    async def _notebooks(self) -> dict[str, str]:
        """The path of each kernel's notebook; of the first, if several share it."""
        found: dict[str, str] = {}
        for session in await ensure_async(self._sessions.list_sessions()):
            kernel = (session.get("kernel") or {}).get("id")
            if kernel and session.get("type") == "notebook" and isinstance(session.get("path"), str):
                found.setdefault(kernel, session["path"])
        return found

    def _end(self, kernel: str) -> None:
        task = asyncio.create_task(self._watches.pop(kernel).stop(STOP))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
