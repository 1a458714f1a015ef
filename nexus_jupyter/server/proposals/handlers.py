"""Routes of asks, proposals and reviewers below ``/nexus/api/v1/``.

Nothing here decides: a decision is its signature, and the service verifies it whoever brings it.
"""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ...protocol.workspace import (
    AskRequest,
    ChallengeRequest,
    EnrolRequest,
    ProposalList,
    ReviewerList,
    SignedDecision,
)
from ..handlers.base import NexusHandler
from .service import ProposalService


class _Handler(NexusHandler):
    @property
    def service(self) -> ProposalService:
        """The server's one service."""
        service: ProposalService = self.settings["nexus_proposals"]
        return service


class AiHandler(_Handler):
    """GET: whether an AI can be asked."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Gives ``AiStatus``."""
        self.reply(await self.service.status())


class ProposalsHandler(_Handler):
    """GET: the proposals.  POST: ask the AI for one."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Gives ``ProposalList``."""
        self.reply(ProposalList(proposals=await self.service.proposals()))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Takes ``AskRequest``, gives ``Ask`` with 202."""
        self.reply(self.service.ask(self.body(AskRequest)), 202)


class AskHandler(_Handler):
    """GET: how an ask is getting on.  DELETE: cancel it."""

    @web.authenticated
    @authorized
    async def get(self, id: str) -> None:
        """Gives ``Ask``."""
        self.reply(self.service.asked(id))

    @web.authenticated
    @authorized
    async def delete(self, id: str) -> None:
        """Gives ``Ask``."""
        self.reply(self.service.cancel(id))


class ProposalHandler(_Handler):
    """GET: one proposal."""

    @web.authenticated
    @authorized
    async def get(self, id: str) -> None:
        """Gives ``ProposalRecord``."""
        self.reply(await self.service.proposal(id))


class PreviewHandler(_Handler):
    """POST: a live clone with the proposed document.  DELETE: end it."""

    @web.authenticated
    @authorized
    async def post(self, id: str) -> None:
        """Gives ``Preview``."""
        self.reply(await self.service.preview(id))

    @web.authenticated
    @authorized
    async def delete(self, id: str) -> None:
        """Gives nothing."""
        await self.service.close_preview(id)
        self.set_status(204)
        self.finish()


class ChallengeHandler(_Handler):
    """POST: what to sign for a decision."""

    @web.authenticated
    @authorized
    async def post(self, id: str) -> None:
        """Takes ``ChallengeRequest``, gives ``Challenge``."""
        self.reply(await self.service.challenge(id, self.body(ChallengeRequest).action))


class DecisionHandler(_Handler):
    """POST: a signed decision."""

    @web.authenticated
    @authorized
    async def post(self, id: str) -> None:
        """Takes ``SignedDecision``, gives ``ProposalRecord``."""
        self.reply(await self.service.decide(id, self.body(SignedDecision)))


class ReviewersHandler(_Handler):
    """GET: the reviewers.  POST: enrol a page's key."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Gives ``ReviewerList``."""
        self.reply(ReviewerList(reviewers=await self.service.reviewers()))

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Takes ``EnrolRequest``, gives ``Reviewer``."""
        self.reply(await self.service.enrol(self.body(EnrolRequest)))


class ReviewerChallengeHandler(_Handler):
    """POST: what to sign to confirm a reviewer."""

    @web.authenticated
    @authorized
    async def post(self, id: str) -> None:
        """Gives ``Challenge``."""
        self.reply(await self.service.challenge_reviewer(id))


class ConfirmHandler(_Handler):
    """POST: the signed confirmation of a reviewer."""

    @web.authenticated
    @authorized
    async def post(self, id: str) -> None:
        """Takes ``SignedDecision``, gives ``Reviewer``."""
        self.reply(await self.service.confirm(id, self.body(SignedDecision)))


_ID = r"([0-9a-f]{32})"
_REVIEWER = r"([A-Za-z0-9_-]{43})"

# Below /nexus/api/v1/
ROUTES: list[tuple[str, type]] = [
    (r"ai", AiHandler),
    (r"proposals", ProposalsHandler),
    (rf"asks/{_ID}", AskHandler),
    (rf"proposals/{_ID}", ProposalHandler),
    (rf"proposals/{_ID}/preview", PreviewHandler),
    (rf"proposals/{_ID}/challenge", ChallengeHandler),
    (rf"proposals/{_ID}/decision", DecisionHandler),
    (r"reviewers", ReviewersHandler),
    (rf"reviewers/{_REVIEWER}/challenge", ReviewerChallengeHandler),
    (rf"reviewers/{_REVIEWER}/confirm", ConfirmHandler),
]
