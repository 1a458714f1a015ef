from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from nexus_jupyter.ai.keys import KeyRefusedError, PublicKey, encode64
from nexus_jupyter.ai.proposal import make_proposal
from nexus_jupyter.ai.review import MAX_PENDING, ReviewDesk, ReviewError
from nexus_jupyter.nog.store import WorkspaceStore
from nexus_jupyter.protocol.bridge import PanelInfo
from nexus_jupyter.protocol.identity import document_hash
from nexus_jupyter.protocol.proposal import ProposalRecord
from nexus_jupyter.protocol.workspace import EnrolRequest, PanelSource, WorkspacePanel

from .signer import Signer

BASE = '<NexusPanel id="p"><View><Text>a</Text></View></NexusPanel>'


def proposed(text: str = "b") -> ProposalRecord:
    info = PanelInfo(id="p", title="P", hash=document_hash(BASE), edition=3)
    panel = WorkspacePanel(key="0" * 16, notebook="n.ipynb", kernel="k", entity="n.ipynb#panel:p", panel=info)
    made = make_proposal(
        base=PanelSource(panel=panel, source=BASE),
        source=BASE.replace("a<", f"{text}<"),
        request="change it",
        reason="as asked",
        author="script",
    )
    return ProposalRecord(proposal=made)


class Moment:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store() -> Iterator[WorkspaceStore]:
    made = WorkspaceStore()
    yield made
    made.close()


@pytest.fixture
def clock() -> Moment:
    return Moment()


@pytest.fixture
def desk(store: WorkspaceStore, clock: Moment) -> ReviewDesk:
    return ReviewDesk(store, clock)


@pytest.fixture
def signer(desk: ReviewDesk) -> Signer:
    made = Signer("first")
    desk.enrol(made.enrolment())
    return made


def refused(code: str, call: Callable[[], Any]) -> None:
    with pytest.raises(ReviewError) as caught:
        call()
    assert caught.value.code == code


def test_a_statement_is_exactly_what_was_agreed(desk: ReviewDesk) -> None:
    record = proposed()
    p = record.proposal
    for action in ("approve", "reject"):
        challenge = desk.challenge(record, action)
        assert challenge.statement == "\n".join(["nexus-jupyter approval 1", action, p.id, p.hash, p.base_hash, "3", challenge.nonce])
        assert len(base64.urlsafe_b64decode(challenge.nonce + "=")) == 32


def test_a_signed_decision_is_taken_once(desk: ReviewDesk, signer: Signer) -> None:
    record = proposed()
    decision = signer.sign(desk.challenge(record, "approve"), "approve")
    assert desk.verify(decision, record).id == signer.id
    refused("NONCE_USED", lambda: desk.verify(decision, record))


def test_a_key_that_was_never_enrolled_is_refused(desk: ReviewDesk, signer: Signer) -> None:
    record = proposed()
    stranger = Signer()
    refused("NOT_ENROLLED", lambda: desk.verify(stranger.sign(desk.challenge(record, "approve"), "approve"), record))


def test_a_strangers_signature_in_a_reviewers_name_is_refused_and_uses_the_nonce_up(desk: ReviewDesk, signer: Signer) -> None:
    record = proposed()
    challenge = desk.challenge(record, "approve")
    refused("BAD_SIGNATURE", lambda: desk.verify(Signer().sign(challenge, "approve", reviewer=signer.id), record))
    refused("NONCE_USED", lambda: desk.verify(signer.sign(challenge, "approve"), record))


def test_a_pending_key_decides_nothing(desk: ReviewDesk, signer: Signer) -> None:
    record = proposed()
    later = Signer()
    assert desk.enrol(later.enrolment()).status == "pending"
    refused("REVIEWER_PENDING", lambda: desk.verify(later.sign(desk.challenge(record, "approve"), "approve"), record))


def test_a_pending_key_confirms_nobody_not_even_itself(desk: ReviewDesk, signer: Signer) -> None:
    later = Signer()
    desk.enrol(later.enrolment())
    refused("REVIEWER_PENDING", lambda: desk.confirm(later.id, later.sign(desk.challenge_reviewer(later.id), "confirm")))
    assert [r.status for r in desk.reviewers()] == ["active", "pending"]


def test_a_confirmed_key_decides(desk: ReviewDesk, signer: Signer) -> None:
    record = proposed()
    later = Signer()
    desk.enrol(later.enrolment())
    challenge = desk.challenge_reviewer(later.id)
    assert challenge.statement == f"nexus-jupyter approval 1\nconfirm\n{later.id}\n{later.id}\n-\n-\n{challenge.nonce}"
    assert desk.confirm(later.id, signer.sign(challenge, "confirm")).status == "active"
    assert desk.verify(later.sign(desk.challenge(record, "reject"), "reject"), record).id == later.id


def test_a_confirmation_counts_for_one_reviewer_only(desk: ReviewDesk, signer: Signer) -> None:
    one, other = Signer(), Signer()
    desk.enrol(one.enrolment())
    desk.enrol(other.enrolment())
    decision = signer.sign(desk.challenge_reviewer(one.id), "confirm")
    refused("WRONG_STATEMENT", lambda: desk.confirm(other.id, decision))


def test_a_confirmation_is_no_decision_and_a_decision_no_confirmation(desk: ReviewDesk, signer: Signer) -> None:
    record = proposed()
    later = Signer()
    desk.enrol(later.enrolment())
    refused("WRONG_STATEMENT", lambda: desk.verify(signer.sign(desk.challenge_reviewer(later.id), "confirm"), record))
    refused("WRONG_STATEMENT", lambda: desk.verify(signer.sign(desk.challenge_reviewer(later.id), "approve"), record))
    refused("WRONG_STATEMENT", lambda: desk.confirm(later.id, signer.sign(desk.challenge(record, "approve"), "approve")))
    refused("WRONG_STATEMENT", lambda: desk.confirm(later.id, signer.sign(desk.challenge(record, "approve"), "confirm")))


def test_a_challenge_of_another_proposal_is_refused(desk: ReviewDesk, signer: Signer) -> None:
    one, other = proposed("b"), proposed("c")
    refused("WRONG_STATEMENT", lambda: desk.verify(signer.sign(desk.challenge(one, "approve"), "approve"), other))


def test_a_challenge_of_another_action_is_refused(desk: ReviewDesk, signer: Signer) -> None:
    record = proposed()
    refused("WRONG_STATEMENT", lambda: desk.verify(signer.sign(desk.challenge(record, "reject"), "approve"), record))


@pytest.mark.parametrize("change", [{"hash": "0" * 64}, {"base_hash": "0" * 64}, {"base_edition": 4}, {"id": "f" * 32}])
def test_a_challenge_counts_for_this_hash_and_base_only(desk: ReviewDesk, signer: Signer, change: dict[str, Any]) -> None:
    record = proposed()
    decision = signer.sign(desk.challenge(record, "approve"), "approve")
    other = record.model_copy(update={"proposal": record.proposal.model_copy(update=change)})
    refused("WRONG_STATEMENT", lambda: desk.verify(decision, other))


def test_an_expired_challenge_is_refused(desk: ReviewDesk, signer: Signer, clock: Moment) -> None:
    record = proposed()
    early, late = desk.challenge(record, "approve"), desk.challenge(record, "approve")
    clock.now += 599.0
    desk.verify(signer.sign(early, "approve"), record)
    clock.now += 1.0
    refused("NONCE_EXPIRED", lambda: desk.verify(signer.sign(late, "approve"), record))


@pytest.mark.parametrize("nonce", ["", "x", "A" * 43, "A" * 42 + "B", "../../x", "\u202e" * 43])
def test_a_nonce_that_was_never_given_is_refused(desk: ReviewDesk, signer: Signer, nonce: str) -> None:
    record = proposed()
    decision = signer.sign(desk.challenge(record, "approve"), "approve").model_copy(update={"nonce": nonce})
    refused("NONCE_USED", lambda: desk.verify(decision, record))


def zero(signature: bytes) -> bytes:
    return bytes(64)


def order(signature: bytes) -> bytes:
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return n.to_bytes(32, "big") + signature[32:]


@pytest.mark.parametrize(
    "spoil", [zero, order, lambda s: s[:-1], lambda s: s + b"\0", lambda s: s[32:] + s[:32], lambda s: b"", lambda s: b"\xff" * 64]
)
def test_a_malformed_signature_is_refused(desk: ReviewDesk, signer: Signer, spoil: Callable[[bytes], bytes]) -> None:
    record = proposed()
    decision = signer.sign(desk.challenge(record, "approve"), "approve")
    raw = base64.urlsafe_b64decode(decision.signature + "==")
    refused("BAD_SIGNATURE", lambda: desk.verify(decision.model_copy(update={"signature": encode64(spoil(raw))}), record))


@pytest.mark.parametrize(
    "spell",
    [lambda s: s + "==", lambda s: s.replace("-", "+").replace("_", "/") + " ", lambda s: s[:-1] + "\n" + s[-1], lambda s: "é" * 86],
)
def test_a_signature_has_one_spelling(desk: ReviewDesk, signer: Signer, spell: Callable[[str], str]) -> None:
    record = proposed()
    decision = signer.sign(desk.challenge(record, "approve"), "approve")
    refused("BAD_SIGNATURE", lambda: desk.verify(decision.model_copy(update={"signature": spell(decision.signature)}), record))


def test_an_altered_proposal_is_refused_when_it_is_loaded(desk: ReviewDesk, store: WorkspaceStore) -> None:
    record = proposed()
    for change in ({"source": BASE}, {"reason": "something else"}, {"base_source": BASE + " "}, {"capabilities": ()}, {"hash": "0" * 64}):
        if change == {"capabilities": ()}:
            continue  # it has none
        altered = record.proposal.model_copy(update=change)
        store.put_proposal(record.model_copy(update={"proposal": altered}))
        refused("PROPOSAL_ALTERED", lambda: desk.load(record.proposal.id))
    store.put_proposal(record)
    assert desk.load(record.proposal.id) == record
    refused("UNKNOWN_PROPOSAL", lambda: desk.load("0" * 32))


@pytest.mark.parametrize("status", ["applied", "rejected", "undone", "stale"])
def test_a_decided_proposal_gets_no_challenge_that_does_not_fit(desk: ReviewDesk, status: str) -> None:
    record = proposed().model_copy(update={"status": status})
    for action in ("approve", "reject", "undo"):
        if (status, action) == ("applied", "undo"):
            desk.challenge(record, "undo")
        else:
            refused("ALREADY_DECIDED", lambda action=action: desk.challenge(record, action))  # type: ignore[misc]


def test_the_first_key_is_active_and_others_wait(desk: ReviewDesk) -> None:
    first, second = Signer("one"), Signer("two")
    made = desk.enrol(first.enrolment())
    assert (made.id, made.status, made.label) == (first.id, "active", "one")
    assert desk.enrol(second.enrolment()).status == "pending"
    assert desk.enrol(second.enrolment().model_copy(update={"label": "again"})).label == "two"
    assert desk.enrol(first.enrolment()) == made


def test_of_many_first_keys_at_once_one_is_active(desk: ReviewDesk) -> None:
    signers = [Signer() for _ in range(8)]
    start = threading.Barrier(len(signers))

    def enrol(signer: Signer) -> None:
        start.wait()
        desk.enrol(signer.enrolment())

    threads = [threading.Thread(target=enrol, args=(s,)) for s in signers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.status for r in desk.reviewers()] == ["active"] + ["pending"] * 7


def test_waiting_keys_are_bounded_and_the_active_one_stays(desk: ReviewDesk, signer: Signer, clock: Moment) -> None:
    for _ in range(MAX_PENDING + 5):
        clock.now += 1
        last = desk.enrol(Signer().enrolment())
    known = desk.reviewers()
    assert len(known) == MAX_PENDING + 1
    assert known[0].id == signer.id
    assert last in known


def test_a_private_key_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    d = encode64(key.private_numbers().private_value.to_bytes(32, "big"))
    with pytest.raises(KeyRefusedError, match="private") as caught:
        PublicKey({**Signer().jwk, "d": d})
    assert d not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "RSA"},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"alg": "none"},
        {"use": "enc"},
        {"x": encode64(bytes(32)), "y": encode64(bytes(32))},
        {"x": encode64(b"\xff" * 32)},
        {"x": encode64(bytes(31))},
        {"x": encode64(bytes(33))},
        {"y": encode64(b"\x01" * 32)},
        {"x": "A" * 43},
        {"x": 5},
        {"x": None},
        {"y": ["a"]},
        {"jku": "http://example.invalid"},
        {"k": "c2VjcmV0"},
    ],
)
def test_a_key_that_is_no_public_p256_key_is_refused(desk: ReviewDesk, change: dict[str, Any]) -> None:
    with pytest.raises(KeyRefusedError):
        desk.enrol(EnrolRequest(public_key={**Signer().jwk, **change}, label="x"))
    assert desk.reviewers() == ()


def test_a_thumbprint_is_that_of_rfc_7638() -> None:
    signer = Signer()
    assert PublicKey(signer.jwk).thumbprint == signer.id
    assert PublicKey.loads(PublicKey(signer.jwk).jwk).thumbprint == signer.id


def test_a_key_that_was_swapped_in_the_store_decides_nothing(desk: ReviewDesk, signer: Signer, store: WorkspaceStore) -> None:
    record = proposed()
    thief = Signer()
    store.put_reviewer(desk.reviewers()[0], PublicKey(thief.jwk).jwk)
    refused("BAD_SIGNATURE", lambda: desk.verify(thief.sign(desk.challenge(record, "approve"), "approve", reviewer=signer.id), record))
