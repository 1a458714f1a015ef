"""What pages send: each event gets a turn, and an answer."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from ..errors import CancelledError, LimitError, NexusError
from ..protocol import Event, Redo, Reject, Result, Skip, Undo
from ..sandbox.failure import info_of
from .clients import Clients, Sent
from .futures import settle

if TYPE_CHECKING:
    from .calls import Calls
    from .runtime import Runtime


class Intake:
    """The events of all pages of one panel.  ``event`` and ``cancel`` may be called from any thread, all else in turns."""

    def __init__(self, runtime: Runtime, calls: Calls) -> None:
        self._runtime = runtime
        self._calls = calls
        self._clients = Clients()
        self._lock = threading.Lock()
        self._waiting: set[tuple[str, int]] = set()
        """Page and number of the events that have come and wait for their turn."""

    def event(self, event: Sent) -> Future[None]:
        """Give it a turn; the future ends with that.  Of too many that wait the last are refused."""
        taken: Future[None] = Future()
        key = (event.client, event.seq)
        with self._lock:
            repeated = key in self._waiting
            self._waiting.add(key)
            pending = len(self._waiting)
        if repeated:
            settle(taken, None)  # it is answered when its turn has come
            return taken
        if pending > self._runtime.limits.events:
            self._begun(event)
            settle(taken, None)
            self._refuse(event)
            return taken
        if pending > 1:
            settle(taken, None)  # others are before it: whoever waits for the answer would wait for theirs

        def turn() -> None:
            self._begun(event)
            try:
                self._arrived(event)
            finally:
                settle(taken, None)

        self._runtime.put(turn, otherwise=lambda: settle(taken, None))  # the page is told that the panel has ended
        return taken

    def skip(self, message: Skip) -> None:
        """What a page has not sent up to a number will not come."""
        self._take(self._clients.skipped(message.client, message.seq))

    def ended(self, outcome: Result | Reject) -> Result | Reject:
        """Note how an event ended; gives that with the revision at which it did."""
        if outcome.rev:
            return outcome  # it is told again
        told = outcome.model_copy(update={"rev": self._runtime.rev})
        self._clients.ended(told)
        return told

    def cancel(self, client: str, seq: int) -> None:
        """An event that waits for its turn, or for others before it, is not run when that has come."""
        self._clients.cancel(client, seq)

    def _begun(self, event: Sent) -> None:
        with self._lock:
            self._waiting.discard((event.client, event.seq))

    def _arrived(self, event: Sent) -> None:
        ready, missed = self._clients.arrived(event)
        if missed is not None:
            self._runtime.say(missed)
        elif not ready:
            outcome = self._clients.outcome(event.client, event.seq)
            if outcome is None:
                self._calls.tell_again(event.client, event.seq)
            else:
                self._runtime.say(outcome)
        self._take(ready)

    def _take(self, events: Iterable[Sent]) -> None:
        for event in events:
            if self._clients.cancelled(event):
                error = CancelledError("this was cancelled before its turn came.")
                self._runtime.say(Result(client=event.client, seq=event.seq, error=info_of(error)))
            elif isinstance(event, Event):
                self._calls.event(event)
            else:
                self._turn_back(event)

    def _turn_back(self, event: Undo | Redo) -> None:
        undo = self._runtime.undo
        turn = undo.undo if isinstance(event, Undo) else undo.redo
        try:
            turn(client=event.client, seq=event.seq)
        except NexusError as error:
            self._runtime.say(Reject(client=event.client, seq=event.seq, error=info_of(error)))
        else:
            self._runtime.say(Result(client=event.client, seq=event.seq))

    def _refuse(self, event: Sent) -> None:
        allowed = self._runtime.limits.events
        error = LimitError(
            f"{allowed} events of this panel are waiting, which is the limit.",
            limit="events",
            allowed=allowed,
            used=allowed + 1,
            hint="Wait until it has answered.",
        )
        outcome = Reject(client=event.client, seq=event.seq, error=info_of(error))
        if self._clients.refused(event, outcome):
            self._runtime.tell(outcome)
