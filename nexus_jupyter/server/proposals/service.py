"""Proposals from the request to the applied change."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
import weakref
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from pydantic import JsonValue, ValidationError

from ...ai.context import AIContextBuilder
from ...ai.generator import AIPatchGenerator
from ...ai.proposal import instant, make_proposal
from ...ai.review import ReviewDesk, ReviewError, check_open
from ...errors import NexusError
from ...protocol.bridge import (
    ClosePreview,
    KernelRequest,
    OpenPreview,
    Preview,
    Replaced,
    ReplaceDocument,
    TriedDocument,
    TryDocument,
)
from ...protocol.identity import document_hash
from ...protocol.proposal import DecisionAction, ProposalRecord, ProposalStatus
from ...protocol.workspace import (
    AiStatus,
    Ask,
    AskNews,
    AskRequest,
    Challenge,
    EnrolRequest,
    PanelSource,
    ProposalNews,
    Reviewer,
    ReviewerNews,
    SignedDecision,
    WorkspacePanel,
)
from ..bridge import KernelAnswerError
from .asks import Asks

if TYPE_CHECKING:
    from ...ai.provider import Provider
    from ...nog import NOGGraph
    from ...nog.store import ReviewStore

TRY_SECONDS = 60.0

_Answer = TypeVar("_Answer", Preview, Replaced, TriedDocument)


class Panels(Protocol):
    """What the service needs of a workspace."""

    @property
    def graph(self) -> NOGGraph:
        """The workspace's graph."""

    def panels(self) -> tuple[WorkspacePanel, ...]:
        """All live panels."""

    def panel(self, key: str) -> WorkspacePanel:
        """One; raises NexusError when it is not live."""

    async def read(self, key: str) -> PanelSource:
        """Its document."""

    async def request(self, key: str, make: Callable[[str], KernelRequest], *, timeout: float = 30.0) -> JsonValue:
        """Asks its kernel; ``make`` gets the panel's id there."""

    def publish(self, message: AskNews | ProposalNews | ReviewerNews) -> None:
        """Tells all clients."""


class ProposalService:
    """Asks the AI, keeps proposals, previews them, and applies what a reviewer signed.

    ``provider`` gives who answers, or raises NoProviderError with the reason; it is called for each ask.
    ``clock`` gives seconds since 1970, ``context_limit`` is in tokens, ``rounds`` is how often a model may try.
    Belongs to one event loop; ``store`` is used in worker threads.
    """

    def __init__(
        self,
        workspace: Panels,
        store: ReviewStore,
        provider: Callable[[], Awaitable[Provider] | Provider],
        *,
        clock: Callable[[], float] = time.time,
        log: logging.Logger | None = None,
        context_limit: int = 8_000,
        rounds: int = 3,
    ) -> None:
        self._workspace = workspace
        self._store = store
        self._provider = provider
        self._clock = clock
        self._log = log or logging.getLogger(__name__)
        self._context_limit = context_limit
        self._rounds = rounds
        self._desk = ReviewDesk(store, clock)
        self._asks = Asks(self._propose, lambda ask: workspace.publish(AskNews(ask=ask)), self._log)
        # decisions about one proposal are taken one after the other
        self._deciding: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._previews: dict[str, tuple[str, Preview]] = {}

    # --- the AI -----------------------------------------------------------------------------------

    async def status(self) -> AiStatus:
        """Whether an AI can be asked, and if not, what to do."""
        try:
            provider = await self._who()
        except NexusError as error:
            return AiStatus(available=False, reason=str(error))
        return AiStatus(available=True, model=provider.name)

    def panels(self) -> tuple[WorkspacePanel, ...]:
        """The live panels that can be asked about."""
        return self._workspace.panels()

    def ask(self, request: AskRequest) -> Ask:
        """Start to work on a request.  Raises NexusError: no such panel, or too many requests run."""
        self._workspace.panel(request.panel)
        return self._asks.start(request)

    def asked(self, id: str) -> Ask:
        """An ask as it stands.  Raises AskError UNKNOWN_ASK."""
        return self._asks.get(id)

    async def next(self, ask: Ask) -> Ask:
        """The ask's next state after ``ask``; at once when it has ended."""
        return await self._asks.next(ask)

    def cancel(self, id: str) -> Ask:
        """Stop an ask.  Raises AskError UNKNOWN_ASK."""
        return self._asks.cancel(id)

    # --- proposals --------------------------------------------------------------------------------

    async def proposals(self) -> tuple[ProposalRecord, ...]:
        """The newest, newest first."""
        return await asyncio.to_thread(self._store.proposals)

    async def proposal(self, id: str) -> ProposalRecord:
        """One.  Raises ReviewError UNKNOWN_PROPOSAL, PROPOSAL_ALTERED."""
        return await asyncio.to_thread(self._desk.load, id)

    async def preview(self, id: str) -> Preview:
        """A live clone of the panel with the proposed document, until it is closed or decided.

        Raises ReviewError: the proposal is decided already.  NexusError: its panel is not live, or the clone failed.
        """
        async with self._lock(id):
            record = await self.proposal(id)
            check_open(record, "approve")
            await self._close_preview(id)
            proposal = record.proposal
            panel = self._workspace.panel(proposal.panel)
            value = await self._workspace.request(
                proposal.panel, lambda panel: OpenPreview(panel=panel, source=proposal.source), timeout=TRY_SECONDS
            )
            preview = _answer(Preview, value)
            # the kernel keeps one clone a panel: another proposal's preview is gone now
            self._previews = {k: v for k, v in self._previews.items() if v[0] != panel.key}
            self._previews[id] = (panel.key, preview)
            return preview

    async def close_preview(self, id: str) -> None:
        """End the proposal's clone, if there is one."""
        async with self._lock(id):
            await self._close_preview(id)

    # --- review -----------------------------------------------------------------------------------

    async def challenge(self, id: str, action: DecisionAction) -> Challenge:
        """What a reviewer signs for ``action``.  Raises ReviewError."""
        return await asyncio.to_thread(lambda: self._desk.challenge(self._desk.load(id), action))

    async def decide(self, id: str, decision: SignedDecision) -> ProposalRecord:
        """Carry out a signed decision.

        A stale base gives a record with status ``stale`` and changes nothing.

        Raises ReviewError: the signature, challenge or status does not allow it.  NexusError: the kernel
        could not be reached or refused; the proposal then stays as it was.
        """
        async with self._lock(id):
            record = await self.proposal(id)
            reviewer = await asyncio.to_thread(self._desk.verify, decision, record)
            action = decision.action
            assert action != "confirm"  # the desk refused it
            check_open(record, action)
            if action == "approve":
                decided = await self._apply(record, reviewer)
            elif action == "undo":
                decided = await self._undo(record, reviewer)
            else:
                decided = await self._settle(record, reviewer, "rejected")
            await self._close_preview(id)
            self._workspace.publish(ProposalNews(record=decided))
            return decided

    async def reviewers(self) -> tuple[Reviewer, ...]:
        """All reviewers, active first."""
        return await asyncio.to_thread(self._desk.reviewers)

    async def enrol(self, request: EnrolRequest) -> Reviewer:
        """Make a page's key known; see ``ReviewDesk.enrol``."""
        enrolled = await asyncio.to_thread(self._desk.enrol, request)
        await self._tell_reviewers()
        return enrolled

    async def challenge_reviewer(self, id: str) -> Challenge:
        """What an active reviewer signs to confirm another.  Raises ReviewError UNKNOWN_REVIEWER."""
        return await asyncio.to_thread(self._desk.challenge_reviewer, id)

    async def confirm(self, id: str, decision: SignedDecision) -> Reviewer:
        """Make a pending reviewer active.  Raises ReviewError."""
        confirmed = await asyncio.to_thread(self._desk.confirm, id, decision)
        await self._tell_reviewers()
        return confirmed

    async def close(self) -> None:
        """Cancel what runs.  Previews end in their kernels, with the comm that opened them: no kernel is waited for."""
        await self._asks.close()
        self._previews.clear()

    async def _tell_reviewers(self) -> None:
        # whoever may confirm a new page must see that it waits
        self._workspace.publish(ReviewerNews(reviewers=await self.reviewers()))

    # --- inside -----------------------------------------------------------------------------------

    def _lock(self, id: str) -> asyncio.Lock:
        return self._deciding.setdefault(id, asyncio.Lock())

    async def _who(self) -> Provider:
        found = self._provider()
        return await found if inspect.isawaitable(found) else found

    async def _propose(self, request: AskRequest, progress: Callable[[str, int], None]) -> str:
        provider = await self._who()
        base = await self._workspace.read(request.panel)
        builder = AIContextBuilder(self._workspace.graph, limit=self._context_limit)
        context = await asyncio.to_thread(builder.build, base.panel.entity, base.source)

        async def check(source: str) -> TriedDocument:
            value = await self._workspace.request(request.panel, lambda panel: TryDocument(panel=panel, source=source), timeout=TRY_SECONDS)
            return _answer(TriedDocument, value)

        made = await AIPatchGenerator(provider, rounds=self._rounds).generate(
            source=base.source, context=context, request=request.request, check=check, progress=progress
        )
        proposal = await asyncio.to_thread(
            lambda: make_proposal(
                base=base,
                source=made.source,
                request=request.request,
                reason=made.reason,
                author=f"model {provider.name}",
                diagnostics=made.diagnostics,
                dry_run=made.dry_run,
                rounds=made.rounds,
                created=datetime.fromtimestamp(self._clock(), UTC),
            )
        )
        record = ProposalRecord(proposal=proposal)
        await asyncio.to_thread(self._store.put_proposal, record)
        self._workspace.publish(ProposalNews(record=record))
        return proposal.id

    async def _apply(self, record: ProposalRecord, reviewer: Reviewer) -> ProposalRecord:
        proposal = record.proposal
        try:
            replaced = await self._replace(proposal.panel, proposal.source, proposal.base_hash)
        except NexusError as error:
            if error.code != "STALE":
                raise
            present = (await self._workspace.read(proposal.panel)).panel.panel
            if present.hash == document_hash(proposal.source):
                # an approval before this one was carried out, but the answer or the server was lost
                return await self._settle(record, reviewer, "applied", edition=present.edition, applied_hash=present.hash)
            note = "The panel was changed after this proposal was made, so nothing was applied. Ask again."
            return await self._settle(record, reviewer, "stale", (note,))
        info = replaced.panel
        try:
            return await self._settle(record, reviewer, "applied", replaced.notes, edition=info.edition, applied_hash=info.hash)
        except ReviewError:
            # decided elsewhere while the kernel worked: what was applied here is taken back
            await self._replace(proposal.panel, proposal.base_source, info.hash)
            raise

    async def _undo(self, record: ProposalRecord, reviewer: Reviewer) -> ProposalRecord:
        proposal = record.proposal
        assert record.applied_hash is not None
        try:
            replaced = await self._replace(proposal.panel, proposal.base_source, record.applied_hash)
        except NexusError as error:
            if error.code != "STALE":
                raise
            raise ReviewError(
                "the panel was changed after this proposal was applied, so it cannot be undone.",
                hint="Change the cell itself.",
                code="STALE",
            ) from None
        return await self._settle(record, reviewer, "undone", replaced.notes)

    async def _settle(
        self,
        record: ProposalRecord,
        reviewer: Reviewer,
        status: ProposalStatus,
        notes: Sequence[str] = (),
        *,
        edition: int | None = None,
        applied_hash: str | None = None,
    ) -> ProposalRecord:
        """Keep the decision, if nobody else decided meanwhile."""
        change: dict[str, object] = {
            "status": status,
            "decided": instant(datetime.fromtimestamp(self._clock(), UTC)),
            "decided_by": reviewer.id,
            "notes": (*record.notes, *notes),
        }
        if status == "applied":
            change |= {"edition": edition, "applied_hash": applied_hash}
        decided = record.model_copy(update=change)
        if await asyncio.to_thread(self._store.decide, record.proposal.id, record.status, decided):
            return decided
        raise ReviewError(
            "somebody else decided about this proposal at the same moment.",
            hint="Look at its present status in the review list.",
            code="ALREADY_DECIDED",
        )

    async def _replace(self, key: str, source: str, base_hash: str) -> Replaced:
        value = await self._workspace.request(
            key,
            lambda panel: ReplaceDocument(panel=panel, source=source, base_hash=base_hash),
            timeout=TRY_SECONDS,
        )
        return _answer(Replaced, value)

    async def _close_preview(self, id: str) -> None:
        key, preview = self._previews.pop(id, (None, None))
        if key is None or preview is None:
            return
        try:
            await self._workspace.request(key, lambda _: ClosePreview(id=preview.id))
        except NexusError:
            self._log.debug("a preview could not be closed; its panel or kernel is gone, and the clone with it")


def _answer(model: type[_Answer], value: JsonValue) -> _Answer:
    """A kernel's answer is hostile data."""
    try:
        return model.model_validate(value)
    except ValidationError:
        raise KernelAnswerError("the kernel's answer could not be understood.") from None
