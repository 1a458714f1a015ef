"""What the server asks of a store; SQLite is the one there is, PostgreSQL comes behind the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...protocol.proposal import ProposalRecord, ProposalStatus
from ...protocol.workspace import Reviewer

StoredRevision = tuple[int, str]
"""A revision's number and its ``WorkspaceRevision`` as JSON."""


@dataclass(frozen=True)
class StoredWorkspace:
    """The newest whole state (number and ``WorkspaceSnapshot`` as JSON) and the revisions that follow it without a gap."""

    snapshot: StoredRevision | None
    revisions: tuple[StoredRevision, ...]


class RevisionStore(Protocol):
    """Keeps what happened to a workspace.  Every method is one transaction, on the disk when it returns.

    Synchronous; may be called on any thread.
    """

    @property
    def epoch(self) -> str:
        """Names this run of revisions; another one when the last process did not close the store."""

    @property
    def revision(self) -> int:
        """The number of the last stored revision, 0 without any."""

    @property
    def persistent(self) -> bool:
        """Whether it outlives the process."""

    def append(self, revisions: Sequence[StoredRevision]) -> None:
        """Add revisions, all or none.  Raises GapError unless they follow the last one."""

    def put_snapshot(self, number: int, body: str, *, keep: int) -> None:
        """Put the whole state at ``number`` in place of older ones; of the revisions before it the last ``keep`` stay."""

    def load(self) -> StoredWorkspace: ...

    def since(self, revision: int, until: int) -> tuple[StoredRevision, ...] | None:
        """The revisions after ``revision`` up to ``until``, or None if not all of them are kept."""

    def restart(self, body: str) -> None:
        """Begin a new epoch at the last number with the whole state ``body``; what was stored is forgotten."""

    def close(self) -> None:
        """Let go of it; the epoch goes on with the next open."""


class ReviewStore(Protocol):
    """Keeps proposals, reviewers and nonces.

    Synchronous, called in worker threads; every method is one transaction and is durable when it returns.
    """

    def put_proposal(self, record: ProposalRecord) -> None:
        """Insert, or replace the one of the same id."""

    def proposal(self, id: str) -> ProposalRecord | None:
        """The record, or None."""

    def proposals(self, limit: int = 200) -> tuple[ProposalRecord, ...]:
        """The newest ``limit`` records, newest first."""

    def decide(self, id: str, expected: ProposalStatus, record: ProposalRecord) -> bool:
        """Replace the record if its status is ``expected``; whether it was."""

    def put_reviewer(self, reviewer: Reviewer, jwk: str) -> None:
        """Insert, or replace the one of the same id."""

    def reviewers(self) -> tuple[tuple[Reviewer, str], ...]:
        """All reviewers with their public keys."""

    def forget_reviewers(self, id: str | None) -> int:
        """Remove one, or with None all; how many there were."""

    def put_nonce(self, nonce: str, statement: str, expires: float) -> None:
        """Keep what ``nonce`` was given for; ``expires`` is in seconds since 1970."""

    def take_nonce(self, nonce: str) -> tuple[str, float] | None:
        """The statement and its end, deleted: only one caller ever gets it."""
