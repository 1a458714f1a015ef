"""Review: who may decide, what they sign, and that each signature counts once.

A decision is a signature over a statement that names the action, the proposal's hash, the base it changes
and a nonce.  Nothing here trusts the caller: whoever holds the server's token can ask for challenges and
send decisions, and gets nowhere without a key of an active reviewer.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from ..errors import NexusError
from ..protocol.proposal import DecisionAction, ProposalRecord
from ..protocol.workspace import Challenge, EnrolRequest, Reviewer, SignedDecision
from .keys import PublicKey, decode64, encode64
from .proposal import instant, intact

if TYPE_CHECKING:
    from ..nog.store import ReviewStore

SECONDS_TO_SIGN = 600.0
MAX_PENDING = 20

Action = DecisionAction | Literal["confirm"]


_STATUS = {"ALREADY_DECIDED": 409, "STALE": 409, "PROPOSAL_ALTERED": 409, "UNKNOWN_PROPOSAL": 404, "UNKNOWN_REVIEWER": 404}


class ReviewError(NexusError):
    """A decision, challenge or enrolment that is refused.

    Codes: NOT_ENROLLED, REVIEWER_PENDING, BAD_SIGNATURE, NONCE_USED (unknown or used), NONCE_EXPIRED,
    WRONG_STATEMENT (the nonce belongs to another proposal, action or base), ALREADY_DECIDED (a conflict),
    PROPOSAL_ALTERED, UNKNOWN_PROPOSAL, UNKNOWN_REVIEWER.
    """

    code = "REVIEW_REFUSED"

    @property
    def status(self) -> int:
        """The HTTP status that a server answers with."""
        return _STATUS.get(self.code, 403)


def statement_of(action: Action, subject: str, hash: str, base_hash: str, base_edition: str, nonce: str) -> str:
    """The exact text that is signed."""
    return "\n".join(("nexus-jupyter approval 1", action, subject, hash, base_hash, base_edition, nonce))


class ReviewDesk:
    """Enrols reviewers, hands out challenges and verifies decisions.

    ``clock`` gives seconds since 1970.  Methods block on the store: call them in a worker thread.
    """

    def __init__(self, store: ReviewStore, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        # the first reviewer becomes active unasked: only one may be the first
        self._enrolling = threading.Lock()

    # --- proposals --------------------------------------------------------------------------------

    def load(self, id: str) -> ProposalRecord:
        """The record of a proposal as it was made.

        Raises ReviewError: UNKNOWN_PROPOSAL; PROPOSAL_ALTERED, its content is not what its hash names.
        """
        record = self._store.proposal(id)
        if record is None:
            raise ReviewError("there is no such proposal.", code="UNKNOWN_PROPOSAL")
        if record.proposal.id != id or not intact(record):
            raise ReviewError(
                "this proposal was altered after it was made and cannot be used.",
                hint="Ask for the change again, and find out who can write the server's data directory.",
                code="PROPOSAL_ALTERED",
            )
        return record

    def challenge(self, record: ProposalRecord, action: DecisionAction) -> Challenge:
        """What to sign for ``action``.  Raises ReviewError ALREADY_DECIDED: the action does not fit its status."""
        check_open(record, action)
        nonce = self._nonce()
        return self._challenge(nonce, proposal_statement(record, action, nonce))

    def verify(self, decision: SignedDecision, record: ProposalRecord) -> Reviewer:
        """The reviewer whose key signed this decision about ``record``.  Its nonce is used up, whatever comes of it.

        Raises ReviewError: see its codes.
        """
        if decision.action == "confirm":
            self._take(decision.nonce)
            raise ReviewError("a proposal cannot be confirmed; it is approved, rejected or undone.", code="WRONG_STATEMENT")
        return self._verify(decision, proposal_statement(record, decision.action, decision.nonce))

    # --- reviewers --------------------------------------------------------------------------------

    def reviewers(self) -> tuple[Reviewer, ...]:
        """All of them, active first."""
        return tuple(sorted((r for r, _ in self._store.reviewers()), key=lambda r: (r.status != "active", r.enrolled)))

    def enrol(self, request: EnrolRequest) -> Reviewer:
        """Make a page's key known: the first becomes active, later ones pending.  Again changes nothing.

        Of too many that wait, the oldest is forgotten.

        Raises KeyRefusedError: it is no public P-256 key.
        """
        key = PublicKey(request.public_key)
        with self._enrolling:
            known = [reviewer for reviewer, _ in self._store.reviewers()]
            for reviewer in known:
                if reviewer.id == key.thumbprint:
                    return reviewer
            waiting = sorted((r for r in known if r.status == "pending"), key=lambda r: r.enrolled)
            for reviewer in waiting[: max(0, len(waiting) - MAX_PENDING + 1)]:
                self._store.forget_reviewers(reviewer.id)
            made = Reviewer(
                id=key.thumbprint,
                label=request.label,
                status="pending" if known else "active",
                enrolled=instant(datetime.fromtimestamp(self._clock(), UTC)),
            )
            self._store.put_reviewer(made, key.jwk)
            return made

    def challenge_reviewer(self, id: str) -> Challenge:
        """What an active reviewer signs to confirm reviewer ``id``.  Raises ReviewError UNKNOWN_REVIEWER."""
        self._reviewer(id)
        nonce = self._nonce()
        return self._challenge(nonce, _confirm_statement(id, nonce))

    def confirm(self, id: str, decision: SignedDecision) -> Reviewer:
        """Make pending reviewer ``id`` active by the signature of an active one.  Raises ReviewError: see its codes."""
        if decision.action != "confirm":
            self._take(decision.nonce)
            raise ReviewError("a reviewer is confirmed, nothing else.", code="WRONG_STATEMENT")
        self._verify(decision, _confirm_statement(id, decision.nonce))
        with self._enrolling:
            reviewer, jwk = self._reviewer(id)
            made = reviewer.model_copy(update={"status": "active"})
            self._store.put_reviewer(made, jwk)
            return made

    # --- inside -----------------------------------------------------------------------------------

    def _nonce(self) -> str:
        return encode64(secrets.token_bytes(32))

    def _challenge(self, nonce: str, statement: str) -> Challenge:
        expires = self._clock() + SECONDS_TO_SIGN
        self._store.put_nonce(nonce, statement, expires)
        return Challenge(nonce=nonce, statement=statement, expires=instant(datetime.fromtimestamp(expires, UTC)))

    def _take(self, nonce: str) -> tuple[str, float]:
        taken = self._store.take_nonce(nonce) if decode64(nonce, 32) is not None else None
        if taken is None:
            raise ReviewError("this challenge was used already or never given.", hint="Ask for a new one.", code="NONCE_USED")
        return taken

    def _verify(self, decision: SignedDecision, expected: str) -> Reviewer:
        statement, expires = self._take(decision.nonce)
        if self._clock() >= expires:
            raise ReviewError("this challenge has expired.", hint="Ask for a new one and sign it within ten minutes.", code="NONCE_EXPIRED")
        if statement != expected:
            raise ReviewError("this challenge was given for something else.", hint="Ask for one for this decision.", code="WRONG_STATEMENT")
        found = next(((r, jwk) for r, jwk in self._store.reviewers() if r.id == decision.reviewer), None)
        if found is None:
            raise ReviewError(
                "this page is not enrolled as a reviewer.", hint="Open the review list once to enrol it.", code="NOT_ENROLLED"
            )
        reviewer, jwk = found
        if reviewer.status != "active":
            raise ReviewError(
                "this page's key waits for a confirmation.", hint="Confirm it in a page that may review already.", code="REVIEWER_PENDING"
            )
        key = PublicKey.loads(jwk)
        if key.thumbprint != reviewer.id or not key.signed(statement, decision.signature):
            raise ReviewError("the signature is not this reviewer's over this decision.", code="BAD_SIGNATURE")
        return reviewer

    def _reviewer(self, id: str) -> tuple[Reviewer, str]:
        for reviewer, jwk in self._store.reviewers():
            if reviewer.id == id:
                return reviewer, jwk
        raise ReviewError("there is no such reviewer.", hint="Open the review list there again.", code="UNKNOWN_REVIEWER")


def check_open(record: ProposalRecord, action: DecisionAction) -> None:
    """Raises ReviewError ALREADY_DECIDED when ``action`` does not fit the status."""
    if record.status == ("applied" if action == "undo" else "open"):
        return
    raise ReviewError(
        "only a change that was applied can be undone." if action == "undo" else f"this proposal is {record.status} already.",
        hint="Look at its present status in the review list.",
        code="ALREADY_DECIDED",
    )


def proposal_statement(record: ProposalRecord, action: DecisionAction, nonce: str) -> str:
    """What is signed for ``action`` on ``record``."""
    proposal = record.proposal
    return statement_of(action, proposal.id, proposal.hash, proposal.base_hash, str(proposal.base_edition), nonce)


def _confirm_statement(reviewer: str, nonce: str) -> str:
    # a reviewer's id is the RFC 7638 thumbprint of its key
    return statement_of("confirm", reviewer, reviewer, "-", "-", nonce)
