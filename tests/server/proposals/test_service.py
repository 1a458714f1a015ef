from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

import pytest

from nexus_jupyter import Panel
from nexus_jupyter.ai import ChatMessage, NoProviderError
from nexus_jupyter.errors import NexusError
from nexus_jupyter.protocol.identity import document_hash
from nexus_jupyter.protocol.proposal import ProposalRecord
from nexus_jupyter.protocol.workspace import AskNews, AskRequest, ProposalNews, ReviewerNews

from ...ai.openai_server import BROKEN, COUNTER_RESET, MALICIOUS
from ...ai.signer import Signer
from .rig import Rig, rig

SOURCE = """<NexusPanel id="counter" title="Counter">
  <Data><State name="count" type="number" default="0" /></Data>
  <Logic>
    <Tool name="add" description="Add one"><Handler>$state.count += 1;</Handler></Tool>
  </Logic>
  <View>
    <Layout>
      <Button label="+" trigger="add" />
    </Layout>
  </View>
</NexusPanel>
"""


@pytest.fixture
def panel() -> Iterator[Panel]:
    with Panel(SOURCE) as made:
        made.state.count = 7
        yield made


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


async def reviewer(made: Rig) -> Signer:
    signer = Signer()
    await made.service.enrol(signer.enrolment())
    return signer


async def proposed(made: Rig) -> ProposalRecord:
    ask = await made.ask("counter", "add a reset button")
    assert ask.status == "done", ask
    assert ask.proposal is not None
    return await made.service.proposal(ask.proposal)


async def decided(made: Rig, signer: Signer, record: ProposalRecord, action: Any) -> ProposalRecord:
    challenge = await made.service.challenge(record.proposal.id, action)
    return await made.service.decide(record.proposal.id, signer.sign(challenge, action))


async def refused(code: str, work: Coroutine[Any, Any, Any]) -> None:
    with pytest.raises(NexusError) as caught:
        await work
    assert caught.value.code == code


def test_a_request_becomes_a_proposal_that_was_tried_with_the_present_state(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            record = await proposed(made)
            proposal = record.proposal
            assert (record.status, proposal.base_source, proposal.base_hash, proposal.base_edition) == ("open", SOURCE, panel.hash, 0)
            assert '+      <Button label="Reset" trigger="reset" />' in proposal.diff.split("\n")
            assert proposal.dry_run is not None
            assert proposal.dry_run.trials[0].ops[0].path == "/count"
            assert proposal.author == "model script"
            asks = [n.ask for n in made.news if isinstance(n, AskNews)]
            assert [a.status for a in asks][-1] == "done"
            assert [n.record for n in made.news if isinstance(n, ProposalNews)] == [record]
            assert panel.source == SOURCE
            assert panel.state.count == 7

    run(story)


def test_an_approved_proposal_is_applied_and_undone_as_one_step(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            record = await proposed(made)
            applied = await decided(made, signer, record, "approve")
            assert (applied.status, applied.edition, applied.applied_hash) == ("applied", 1, panel.hash)
            assert applied.decided_by == signer.id
            assert panel.source == record.proposal.source
            assert panel.state.count == 7
            panel.call("reset")
            assert panel.state.count == 0
            undone = await decided(made, signer, applied, "undo")
            assert undone.status == "undone"
            assert panel.source == SOURCE
            assert (await made.service.proposals())[0] == undone
            assert [n.record.status for n in made.news if isinstance(n, ProposalNews)] == ["open", "applied", "undone"]

    run(story)


def test_a_rejected_proposal_stays_listed_and_changes_nothing(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            record = await proposed(made)
            assert (await decided(made, signer, record, "reject")).status == "rejected"
            assert [r.status for r in await made.service.proposals()] == ["rejected"]
            assert panel.source == SOURCE
            await refused("ALREADY_DECIDED", made.service.challenge(record.proposal.id, "approve"))

    run(story)


def test_a_stale_base_is_refused(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            record = await proposed(made)
            other = SOURCE.replace("Add one", "Add 1")
            panel.replace_document(other)
            stale = await decided(made, signer, record, "approve")
            assert stale.status == "stale"
            assert "changed after this proposal was made" in stale.notes[0]
            assert panel.source == other

    run(story)


def test_a_base_that_was_changed_and_changed_back_or_run_again_is_the_same_document(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            record = await proposed(made)
            panel.replace_document(SOURCE.replace("Add one", "Add 1"))
            panel.replace_document(SOURCE)
            applied = await decided(made, signer, record, "approve")
            assert (applied.status, applied.edition) == ("applied", 3)
            with Panel(applied.proposal.source, _cell=panel.cell) as again:
                assert (again.id, again.edition) == (panel.id, 0)
                assert (await decided(made, signer, applied, "undo")).status == "undone"
                assert again.source == SOURCE

    run(story)


def test_an_undo_of_a_panel_that_was_changed_since_is_refused(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            applied = await decided(made, signer, await proposed(made), "approve")
            other = SOURCE.replace("Add one", "Add 1")
            panel.replace_document(other)
            await refused("STALE", decided(made, signer, applied, "undo"))
            assert panel.source == other
            assert (await made.service.proposal(applied.proposal.id)).status == "applied"

    run(story)


def test_of_two_decisions_at_once_one_wins(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            record = await proposed(made)
            id = record.proposal.id
            approve = signer.sign(await made.service.challenge(id, "approve"), "approve")
            reject = signer.sign(await made.service.challenge(id, "reject"), "reject")
            results = await asyncio.gather(made.service.decide(id, approve), made.service.decide(id, reject), return_exceptions=True)
            lost = [r for r in results if isinstance(r, NexusError)]
            assert [e.code for e in lost] == ["ALREADY_DECIDED"]
            won = next(r for r in results if isinstance(r, ProposalRecord))
            assert (panel.source == SOURCE) == (won.status == "rejected")

    run(story)


def test_a_decision_that_another_server_took_first_takes_back_what_was_applied(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            record = await proposed(made)
            id = record.proposal.id
            decision = signer.sign(await made.service.challenge(id, "approve"), "approve")
            request = made.link.request

            async def slow(*args: Any, **options: Any) -> Any:
                made.store.decide(id, "open", record.model_copy(update={"status": "rejected"}))
                return await request(*args, **options)

            made.link.request = slow  # type: ignore[method-assign]
            await refused("ALREADY_DECIDED", made.service.decide(id, decision))
            assert panel.source == SOURCE
            assert (await made.service.proposal(id)).status == "rejected"

    run(story)


def test_a_kernel_that_does_not_answer_leaves_the_proposal_open(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            record = await proposed(made)
            made.link.deaf = True
            await refused("TIMEOUT", decided(made, signer, record, "approve"))
            assert (await made.service.proposal(record.proposal.id)).status == "open"
            made.link.deaf = False
            assert (await decided(made, signer, record, "approve")).status == "applied"

    run(story)


def test_an_approval_whose_answer_was_lost_is_found_applied(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            record = await proposed(made)
            panel.replace_document(record.proposal.source)
            applied = await decided(made, signer, record, "approve")
            assert (applied.status, applied.edition) == ("applied", 1)
            assert (await decided(made, signer, applied, "undo")).status == "undone"
            assert panel.source == SOURCE

    run(story)


def test_without_a_reviewers_signature_nothing_is_applied(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            await reviewer(made)
            record = await proposed(made)
            stranger = Signer()
            await refused("NOT_ENROLLED", decided(made, stranger, record, "approve"))
            await made.service.enrol(stranger.enrolment())
            await refused("REVIEWER_PENDING", decided(made, stranger, record, "approve"))
            challenge = await made.service.challenge_reviewer(stranger.id)
            await refused("REVIEWER_PENDING", made.service.confirm(stranger.id, stranger.sign(challenge, "confirm")))
            assert panel.source == SOURCE

    run(story)


def test_an_altered_proposal_is_not_applied(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            record = await proposed(made)
            id = record.proposal.id
            decision = signer.sign(await made.service.challenge(id, "approve"), "approve")
            evil = record.proposal.model_copy(update={"source": SOURCE.replace("+= 1", "+= 1000")})
            made.store.put_proposal(record.model_copy(update={"proposal": evil}))
            await refused("PROPOSAL_ALTERED", made.service.decide(id, decision))
            assert panel.source == SOURCE

    run(story)


def test_a_preview_shows_a_clone_and_ends_with_the_decision(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            signer = await reviewer(made)
            record = await proposed(made)
            first = await made.service.preview(record.proposal.id)
            again = await made.service.preview(record.proposal.id)
            assert first.present == again.present != again.preview
            await decided(made, signer, record, "reject")
            await refused("ALREADY_DECIDED", made.service.preview(record.proposal.id))
        # the leak guard fails this test if a clone lives on

    run(story)


def test_a_kernel_that_is_busy_does_not_hold_up_the_end_of_the_server(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            record = await proposed(made)
            await made.service.preview(record.proposal.id)
            made.link.busy = True
            await asyncio.wait_for(made.service.close(), 10)
        # the clone ends with the kernel's end of the bridge

    run(story)


def test_a_malicious_answer_is_a_proposal_that_shows_what_it_wants(panel: Panel) -> None:
    async def story() -> None:
        async with rig(MALICIOUS) as made:
            record = await proposed(made)
            assert record.status == "open"
            dangers = [c for c in record.proposal.capabilities if c.dangerous]
            assert [c.extension or c.alias for c in dangers] == ["nexus.fs", "tool reset", "tool reset"]
            assert record.proposal.capabilities[: len(dangers)] == tuple(dangers)
            assert panel.source == SOURCE
            assert record.proposal.dry_run is not None
            assert record.proposal.dry_run.trials[0].error is not None

    run(story)


def test_a_broken_answer_gets_another_round_and_then_an_error(panel: Panel) -> None:
    async def story() -> None:
        async with rig(BROKEN, COUNTER_RESET, BROKEN, BROKEN, BROKEN) as made:
            assert (await proposed(made)).proposal.rounds == 2
            ask = await made.ask("counter", "again")
            assert (ask.status, ask.error and ask.error.code) == ("failed", "AI_NO_CHANGE_FOUND")

    run(story)


class Silent:
    """Never answers."""

    name = "silent"

    async def answer(self, messages: Sequence[ChatMessage], *, on_text: Callable[[str], object]) -> str:
        await asyncio.Event().wait()
        return ""


def test_an_ask_can_be_cancelled_and_their_number_is_bounded(panel: Panel) -> None:
    async def story() -> None:
        async with rig(provider=Silent()) as made:
            request = AskRequest(panel=made.key("counter"), request="x")
            asks = [made.service.ask(request) for _ in range(4)]
            with pytest.raises(NexusError) as caught:
                made.service.ask(request)
            assert caught.value.code == "TOO_MANY_ASKS"
            assert made.service.cancel(asks[0].id).status == "cancelled"
            assert (await made.ended(asks[0])).status == "cancelled"
            while len(made.service._asks._tasks) == 4:
                await asyncio.sleep(0.01)
            later = made.service.ask(request)
            await made.service.close()
            assert made.service.asked(later.id).status == "cancelled"

    run(story)


def test_what_is_not_there_is_said(panel: Panel) -> None:
    async def story() -> None:
        async with rig() as made:
            await refused("UNKNOWN_PROPOSAL", made.service.proposal("0" * 32))
            with pytest.raises(NexusError) as caught:
                made.service.asked("0" * 32)
            assert caught.value.code == "UNKNOWN_ASK"
            with pytest.raises(NexusError) as caught:
                made.service.ask(AskRequest(panel="0" * 16, request="x"))
            assert caught.value.code == "UNKNOWN_PANEL"

    run(story)


def test_without_an_ai_the_status_says_what_to_do(panel: Panel) -> None:
    def nobody() -> Any:
        raise NoProviderError("no AI is configured.", hint="Set one.")

    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            assert (await made.service.status()).model == "script"
            made.service._provider = nobody
            status = await made.service.status()
            assert (status.available, status.reason) == (False, "no AI is configured. Set one.")
            ask = await made.ask("counter", "x")
            assert ask.error is not None
            assert ask.error.code == "AI_UNAVAILABLE"

    run(story)


def test_the_model_is_given_the_document_and_the_request_and_no_state(panel: Panel) -> None:
    from nexus_jupyter.ai import ScriptedProvider

    script = ScriptedProvider([COUNTER_RESET])

    async def story() -> None:
        panel.state.count = 987654
        async with rig(provider=script) as made:
            await proposed(made)
        told = "\n".join(m.content for m in script.requests[0])
        assert SOURCE.strip() in told
        assert told.rstrip().endswith("Answer with the JSON object only.")
        assert "add a reset button" in told
        assert "987654" not in told
        assert document_hash(SOURCE) == panel.hash

    run(story)


def test_the_pages_hear_who_wants_to_review_and_who_was_confirmed(panel: Panel) -> None:
    async def story() -> None:
        async with rig(COUNTER_RESET) as made:
            first = await reviewer(made)
            second = await reviewer(made)
            await made.service.confirm(second.id, first.sign(await made.service.challenge_reviewer(second.id), "confirm"))
            news = [{r.id: r.status for r in n.reviewers} for n in made.news if isinstance(n, ReviewerNews)]
            assert news == [
                {first.id: "active"},
                {first.id: "active", second.id: "pending"},
                {first.id: "active", second.id: "active"},
            ]

    run(story)
