"""Asks: requests to the AI that are being worked on, each an owned task with an end."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable

from ...errors import NexusError
from ...protocol.workspace import ApiError, Ask, AskRequest

MAX_RUNNING = 4
MAX_KEPT = 100

# Does the work of an ask, telling how it gets on; gives the proposal's id.
Work = Callable[[AskRequest, Callable[[str, int], None]], Awaitable[str]]


class AskError(NexusError):
    """An ask that cannot be started or is not known.  Codes: TOO_MANY_ASKS, UNKNOWN_ASK."""

    code = "UNKNOWN_ASK"

    @property
    def status(self) -> int:
        """The HTTP status that a server answers with."""
        return 429 if self.code == "TOO_MANY_ASKS" else 404


class Asks:
    """The asks of this server, running ones and the last that ended.  Belongs to one event loop.

    ``publish`` is called with each new state of an ask.
    """

    def __init__(self, work: Work, publish: Callable[[Ask], None], log: logging.Logger) -> None:
        self._work = work
        self._publish = publish
        self._log = log
        self._asks: dict[str, Ask] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._changed: dict[str, asyncio.Event] = {}

    def start(self, request: AskRequest) -> Ask:
        """Start one.  Raises AskError TOO_MANY_ASKS."""
        if len(self._tasks) >= MAX_RUNNING:
            raise AskError(
                f"{MAX_RUNNING} requests to the AI are running already.", hint="Wait for one to end, or cancel one.", code="TOO_MANY_ASKS"
            )
        ask = Ask(id=secrets.token_hex(16), panel=request.panel, request=request.request, phase="Reading the panel.")
        for old in [id for id in self._asks if id not in self._tasks][: max(0, len(self._asks) - MAX_KEPT + 1)]:
            del self._asks[old], self._changed[old]
        self._changed[ask.id] = asyncio.Event()
        self._put(ask)
        task = asyncio.get_running_loop().create_task(self._run(ask.id, request), name=f"nexus-ask-{ask.id[:8]}")
        self._tasks[ask.id] = task
        # a task that is cancelled before its first step runs nothing of itself, so its end is noted here
        task.add_done_callback(lambda _: self._over(ask.id))
        return ask

    def get(self, id: str) -> Ask:
        """The ask as it stands.  Raises AskError UNKNOWN_ASK."""
        ask = self._asks.get(id)
        if ask is None:
            raise AskError("there is no such request to the AI; it may have ended long ago.")
        return ask

    def cancel(self, id: str) -> Ask:
        """Stop it; an ended one stays as it is.  Raises AskError UNKNOWN_ASK."""
        ask = self.get(id)
        if (task := self._tasks.get(id)) is not None:
            task.cancel()
            ask = self._put(ask.model_copy(update={"status": "cancelled", "phase": "Cancelled."}))
        return ask

    async def next(self, ask: Ask) -> Ask:
        """The first state that differs from ``ask``; at once when it has one already or has ended.

        Raises AskError UNKNOWN_ASK.
        """
        while (present := self.get(ask.id)) == ask and present.status == "running":
            await self._changed[ask.id].wait()
        return present

    async def close(self) -> None:
        """Cancel all and wait for their ends."""
        for id in list(self._tasks):
            self.cancel(id)
        while tasks := list(self._tasks.values()):
            # once more: what a task waits for may swallow a cancellation that comes with its result
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=0.1)

    # --- inside -----------------------------------------------------------------------------------

    def _put(self, ask: Ask) -> Ask:
        present = self._asks.get(ask.id)
        if present is not None and present.status != "running":
            return present  # it was cancelled; nothing is said about it any more
        self._asks[ask.id] = ask
        changed, self._changed[ask.id] = self._changed[ask.id], asyncio.Event()
        changed.set()
        self._publish(ask)
        return ask

    def _over(self, id: str) -> None:
        self._tasks.pop(id, None)
        if self._asks[id].status == "running":
            self._put(self._asks[id].model_copy(update={"status": "cancelled", "phase": "Cancelled."}))

    async def _run(self, id: str, request: AskRequest) -> None:
        def progress(phase: str, round: int) -> None:
            if self._asks[id].status != "running":
                raise asyncio.CancelledError  # for the same reason as in close()
            self._put(self._asks[id].model_copy(update={"phase": phase, "round": round}))

        def failed(error: ApiError) -> None:
            self._put(self._asks[id].model_copy(update={"status": "failed", "phase": error.message, "error": error}))

        try:
            proposal = await self._work(request, progress)
        except NexusError as error:
            failed(ApiError(code=error.code, message=error.message, hint=error.hint))
        except Exception:
            self._log.exception("a request to the AI ended in an unexpected error")
            failed(ApiError(code="INTERNAL", message="the request failed unexpectedly.", hint="The server's log has the reason."))
        else:
            done = {"status": "done", "phase": "The proposal is ready for review.", "proposal": proposal}
            self._put(self._asks[id].model_copy(update=done))
