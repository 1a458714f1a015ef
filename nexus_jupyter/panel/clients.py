"""The pages of a panel as senders: each of their events is taken once, in the order in which its page sent them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..protocol import Event, Missed, Redo, Reject, Result, Undo

Sent = Event | Undo | Redo

# Names that pages gave themselves: those of a page that invents more push out one another.
MAX_CLIENTS = 256
# Of one page: events that came too early, and outcomes that it may ask for again.
MAX_EARLY = 256
MAX_OUTCOMES = 256


@dataclass
class _Client:
    """``last``: the number up to which everything was taken, refused or given up.  ``asked``: the gap that it was told of."""

    last: int = 0
    asked: int = 0
    early: dict[int, Sent | None] = field(default_factory=dict)
    cancelled: set[int] = field(default_factory=set)
    outcomes: OrderedDict[int, Result | Reject] = field(default_factory=OrderedDict)


class Clients:
    """What each page has sent, and how it ended.  Any thread."""

    def __init__(self) -> None:
        self._clients: OrderedDict[str, _Client] = OrderedDict()
        self._lock = threading.Lock()

    def arrived(self, sent: Sent) -> tuple[list[Sent], Missed | None]:
        """Those whose turn it is now, and what the page is to be told of those that are missing."""
        with self._lock:
            client = self._client(sent.client)
            if sent.seq <= client.last:
                return [], None
            if sent.seq - client.last <= MAX_EARLY:
                client.early[sent.seq] = sent
            ready = list(self._ready(client))
            missing = client.last + 1
            if ready or client.asked == missing:
                return ready, None
            client.asked = missing
            return [], Missed(client=sent.client, seq=missing)

    def skipped(self, name: str, seq: int) -> list[Sent]:
        """What of the page ``name`` has not come up to ``seq`` never will; those whose turn it is now."""
        with self._lock:
            client = self._client(name)
            ready = [each for number in sorted(client.early) if number <= seq and (each := client.early.pop(number)) is not None]
            client.last = max(client.last, seq)
            return ready + list(self._ready(client))

    def refused(self, sent: Sent, outcome: Reject) -> bool:
        """An event is not taken: what comes after it need not wait for it.  False when it was taken before; then it is not refused."""
        with self._lock:
            client = self._client(sent.client)
            if sent.seq <= client.last or client.early.get(sent.seq) is not None:
                return False
            if sent.seq <= client.last + MAX_EARLY:
                client.early.setdefault(sent.seq, None)
            self._keep(client, outcome)
            return True

    def cancel(self, name: str, seq: int) -> None:
        """An event of the page ``name`` that has not been taken yet is not to be run when it is."""
        with self._lock:
            client = self._client(name)
            if client.last < seq <= client.last + MAX_EARLY:
                if len(client.cancelled) >= MAX_EARLY:
                    client.cancelled.clear()
                client.cancelled.add(seq)

    def cancelled(self, sent: Sent) -> bool:
        """Whether an event whose turn it is was cancelled before; it says so once."""
        with self._lock:
            client = self._client(sent.client)
            found = sent.seq in client.cancelled
            client.cancelled.discard(sent.seq)
            return found

    def ended(self, outcome: Result | Reject) -> None:
        """Note how an event ended."""
        with self._lock:
            self._keep(self._client(outcome.client), outcome)

    def outcome(self, name: str, seq: int) -> Result | Reject | None:
        """How event ``seq`` of the page ended; None when it has not, or nobody remembers."""
        with self._lock:
            client = self._clients.get(name)
            return None if client is None else client.outcomes.get(seq)

    def _client(self, name: str) -> _Client:
        client = self._clients.setdefault(name, _Client())
        self._clients.move_to_end(name)
        if len(self._clients) > MAX_CLIENTS:
            self._clients.popitem(last=False)
        return client

    def _ready(self, client: _Client) -> Iterator[Sent]:
        while client.last + 1 in client.early:
            client.last += 1
            sent = client.early.pop(client.last)
            if sent is not None:
                yield sent

    def _keep(self, client: _Client, outcome: Result | Reject) -> None:
        client.outcomes[outcome.seq] = outcome
        if len(client.outcomes) > MAX_OUTCOMES:
            client.outcomes.popitem(last=False)
