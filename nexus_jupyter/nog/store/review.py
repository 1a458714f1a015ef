"""Proposals, reviewers and nonces in the store."""

from __future__ import annotations

import time

from sqlalchemy import delete, insert, select, update

from ...protocol.proposal import ProposalRecord, ProposalStatus
from ...protocol.workspace import Reviewer
from .base import Database
from .tables import nonces, proposals, reviewers

NONCE_GRACE = 3_600.0
"""Seconds that a nonce is kept after its end, so that who is late is told so."""


class Reviews(Database):
    """The part of the store that holds approvals.  Every method is one transaction."""

    def put_proposal(self, record: ProposalRecord) -> None:
        """Insert or replace."""
        values = {"status": record.status, "body": record.model_dump_json()}
        with self._transaction() as connection:
            if connection.execute(update(proposals).where(proposals.c.id == record.proposal.id).values(values)).rowcount == 0:
                connection.execute(insert(proposals).values(id=record.proposal.id, **values))

    def proposal(self, id: str) -> ProposalRecord | None:
        with self._transaction() as connection:
            body = connection.execute(select(proposals.c.body).where(proposals.c.id == id)).scalar()
        return None if body is None else ProposalRecord.model_validate_json(body)

    def proposals(self, limit: int = 200) -> tuple[ProposalRecord, ...]:
        """The last ``limit`` proposals, newest first."""
        with self._transaction() as connection:
            bodies = connection.execute(select(proposals.c.body).order_by(proposals.c.place.desc()).limit(limit)).scalars().all()
        return tuple(ProposalRecord.model_validate_json(body) for body in bodies)

    def decide(self, id: str, expected: ProposalStatus, record: ProposalRecord) -> bool:
        """Put ``record`` if the proposal's status is still ``expected``; say whether it was."""
        changed = (
            update(proposals)
            .where(proposals.c.id == id, proposals.c.status == expected)
            .values(status=record.status, body=record.model_dump_json())
        )
        with self._transaction() as connection:
            return connection.execute(changed).rowcount == 1

    def put_reviewer(self, reviewer: Reviewer, jwk: str) -> None:
        """Insert or replace; ``jwk`` is the public key as JSON."""
        values = {"body": reviewer.model_dump_json(), "jwk": jwk}
        with self._transaction() as connection:
            if connection.execute(update(reviewers).where(reviewers.c.id == reviewer.id).values(values)).rowcount == 0:
                connection.execute(insert(reviewers).values(id=reviewer.id, **values))

    def reviewers(self) -> tuple[tuple[Reviewer, str], ...]:
        """All reviewers with their keys, in the order they came."""
        with self._transaction() as connection:
            rows = connection.execute(select(reviewers.c.body, reviewers.c.jwk).order_by(reviewers.c.place)).all()
        return tuple((Reviewer.model_validate_json(row.body), row.jwk) for row in rows)

    def forget_reviewers(self, id: str | None) -> int:
        """Forget one reviewer, or all; say how many."""
        which = delete(reviewers) if id is None else delete(reviewers).where(reviewers.c.id == id)
        with self._transaction() as connection:
            return connection.execute(which).rowcount

    def put_nonce(self, nonce: str, statement: str, expires: float) -> None:
        """Keep a nonce until it is taken; ``expires`` is in seconds since 1970, and for the taker to check."""
        with self._transaction() as connection:
            connection.execute(delete(nonces).where(nonces.c.expires < time.time() - NONCE_GRACE))
            connection.execute(insert(nonces).values(nonce=nonce, statement=statement, expires=expires))

    def take_nonce(self, nonce: str) -> tuple[str, float] | None:
        """What the nonce was given for, once: whoever takes it second gets None."""
        taken = delete(nonces).where(nonces.c.nonce == nonce).returning(nonces.c.statement, nonces.c.expires)
        with self._transaction() as connection:
            row = connection.execute(taken).first()
        return None if row is None else (row.statement, row.expires)
