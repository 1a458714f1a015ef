"""Each event of a page is taken once, in the order in which the page sent them."""

from __future__ import annotations

from nexus_jupyter.errors import NexusError
from nexus_jupyter.panel.clients import MAX_CLIENTS, MAX_EARLY, MAX_OUTCOMES, Clients
from nexus_jupyter.protocol import Missed, Reject, Result, Undo
from nexus_jupyter.sandbox.failure import info_of


def sent(seq: int, client: str = "a") -> Undo:
    return Undo(client=client, seq=seq)


def numbers(events: list[object]) -> list[int]:
    return [event.seq for event in events if isinstance(event, Undo)]


def arrive(clients: Clients, seq: int, client: str = "a") -> tuple[list[int], int | None]:
    """The numbers whose turn it is, and the one that is missing."""
    ready, missed = clients.arrived(sent(seq, client))
    assert missed is None or missed == Missed(client=client, seq=missed.seq)
    return numbers(list(ready)), None if missed is None else missed.seq


def test_what_comes_in_order_is_taken_at_once() -> None:
    clients = Clients()
    assert [arrive(clients, seq) for seq in (1, 2, 3)] == [([1], None), ([2], None), ([3], None)]
    assert arrive(clients, 1, "b") == ([1], None)


def test_what_comes_again_is_not_taken_again() -> None:
    clients = Clients()
    arrive(clients, 1)
    assert arrive(clients, 1) == ([], None)


def test_what_comes_early_waits_and_the_page_hears_once_what_is_missing() -> None:
    clients = Clients()
    assert arrive(clients, 3) == ([], 1)
    assert arrive(clients, 2) == ([], None)
    assert arrive(clients, 1) == ([1, 2, 3], None)
    assert arrive(clients, 6) == ([], 4)
    assert arrive(clients, 4) == ([4], None)
    assert arrive(clients, 7) == ([], 5)


def test_what_is_skipped_is_not_waited_for() -> None:
    clients = Clients()
    arrive(clients, 3)
    arrive(clients, 5)
    assert numbers(list(clients.skipped("a", 2))) == [3]
    assert numbers(list(clients.skipped("a", 9))) == [5]
    assert arrive(clients, 10) == ([10], None)
    assert arrive(clients, 4) == ([], None)


def test_what_is_refused_is_not_waited_for_and_its_answer_is_kept() -> None:
    clients = Clients()
    refusal = Reject(client="a", seq=2, error=info_of(NexusError("too many")))
    assert clients.refused(sent(2), refusal)
    assert arrive(clients, 1) == ([1], None)
    assert arrive(clients, 3) == ([3], None)
    assert clients.outcome("a", 2) == refusal
    assert clients.outcome("b", 2) is None


def test_what_was_taken_or_waits_for_others_is_not_refused() -> None:
    clients = Clients()
    arrive(clients, 1)
    arrive(clients, 3)
    for seq in (1, 3):
        assert not clients.refused(sent(seq), Reject(client="a", seq=seq, error=info_of(NexusError("too many"))))
        assert clients.outcome("a", seq) is None
    assert arrive(clients, 2) == ([2, 3], None)


def test_what_is_cancelled_before_it_is_taken_is_said_once() -> None:
    clients = Clients()
    arrive(clients, 1)
    for seq in (1, 2, MAX_EARLY + 2):
        clients.cancel("a", seq)
    assert [clients.cancelled(sent(seq)) for seq in (1, 2, 2, MAX_EARLY + 2)] == [False, True, False, False]


def test_a_page_that_invents_numbers_and_names_costs_little() -> None:
    clients = Clients()
    assert arrive(clients, MAX_EARLY + 1) == ([], 1)
    assert numbers(list(clients.skipped("a", MAX_EARLY))) == []
    for seq in range(1, MAX_OUTCOMES + 2):
        clients.ended(Result(client="a", seq=seq))
    assert clients.outcome("a", 1) is None
    assert clients.outcome("a", 2) is not None
    for number in range(MAX_CLIENTS):
        arrive(clients, 1, f"page {number}")
    assert clients.outcome("a", 2) is None
