"""Between the server and its clients: REST bodies below ``/nexus/api/v1/`` and the messages of ``/nexus/ws/v1/{workspace}``."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue

from .bridge import PanelInfo, ToolInfo
from .graph import EntityId, GraphState, NOGEntity, NOGPatch, NOGRelationship
from .message import Message
from .panel import CauseKind, Revision
from .proposal import DecisionAction, ProposalRecord

WORKSPACE_VERSION = 1

PanelKey = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", description="document_key(notebook path, panel id)")]


class WorkspacePanel(Message):
    """A live panel and where it lives.  ``entity`` is its id in the workspace graph."""

    key: PanelKey
    notebook: str
    kernel: str
    entity: EntityId
    panel: PanelInfo


# --- REST: answers -------------------------------------------------------------------------------


class ApiError(Message):
    """Every answer that is not 2xx.  ``message`` and ``hint`` are for people, ``code`` for programs."""

    code: str
    message: str
    hint: str = ""


class Health(Message):
    """GET health.  ``storage`` says why nothing is kept beyond the server's end, "" if all is well."""

    status: Literal["ok"] = "ok"
    version: str
    workspace: str
    revision: Revision
    kernels: int
    panels: int
    storage: str = ""


class PanelList(Message):
    """GET panels."""

    revision: Revision
    panels: tuple[WorkspacePanel, ...]


class PanelSource(Message):
    """GET panels/{key}/source."""

    panel: WorkspacePanel
    source: str


class WorkspaceTool(Message):
    """One entry of GET tools."""

    panel: PanelKey
    notebook: str
    title: str
    tool: ToolInfo


class ToolList(Message):
    """GET tools."""

    tools: tuple[WorkspaceTool, ...]


class ToolResult(Message):
    """POST tools/call."""

    value: JsonValue = None


class Neighbourhood(Message):
    """GET graph/neighbourhood, graph/dependencies: a part of the graph; ``depths`` gives each entity's distance."""

    revision: Revision
    entities: tuple[NOGEntity, ...]
    relationships: tuple[NOGRelationship, ...]
    depths: dict[str, int]


class GraphPath(Message):
    """GET graph/path: the entities on a shortest path in order and the relationships between them; empty if none."""

    revision: Revision
    entities: tuple[NOGEntity, ...]
    relationships: tuple[NOGRelationship, ...]


class ProposalList(Message):
    """GET proposals, newest first."""

    proposals: tuple[ProposalRecord, ...]


class Ask(Message):
    """A proposal in the making (POST proposals).  ``phase`` is a sentence for the person who waits."""

    id: str
    panel: PanelKey
    request: str
    status: Literal["running", "done", "failed", "cancelled"] = "running"
    phase: str = ""
    round: int = 0
    proposal: str | None = None
    error: ApiError | None = None


class Reviewer(Message):
    """A page whose key may sign.  ``pending``: another one has to confirm it first."""

    id: str
    label: str
    status: Literal["active", "pending"]
    enrolled: str


class ReviewerList(Message):
    """GET reviewers; POST reviewers gives the one."""

    reviewers: tuple[Reviewer, ...]


class Challenge(Message):
    """POST proposals/{id}/challenge, reviewers/{id}/challenge.

    ``statement`` is the exact text to sign (UTF-8, ECDSA P-256 with SHA-256, signature as raw r‖s); it names the
    action, the proposal's hash, the base and ``nonce``, which works once and until ``expires``.
    """

    nonce: str
    statement: str
    expires: str


class AiStatus(Message):
    """GET ai: whether an AI can be asked, and how that is configured."""

    available: bool
    model: str = ""
    reason: str = ""


# --- REST: requests ------------------------------------------------------------------------------


def _finite(value: _Args) -> _Args:
    # it would reach the tool as null
    json.dumps(value, allow_nan=False)
    return value


_Args = dict[str, JsonValue] | list[JsonValue] | None


class CallRequest(Message):
    """POST tools/call."""

    panel: PanelKey
    tool: str = Field(max_length=256)
    args: Annotated[_Args, AfterValidator(_finite)] = None


class CompileRequest(Message):
    """POST programs: the text of a document."""

    source: str


class CompiledPanel(Message):
    """The answer: what a page needs to run the document without a kernel.

    ``hash`` is its ``document_hash``.  In ``program`` the controls of tools that need a kernel are disabled and say so,
    and each lifecycle hook has ``local``: whether it runs without one.
    """

    hash: str
    title: str
    program: dict[str, JsonValue]


class AskRequest(Message):
    """POST proposals: ask the AI for a change of one panel."""

    panel: PanelKey
    request: str = Field(min_length=1, max_length=20_000)


class ChallengeRequest(Message):
    """POST proposals/{id}/challenge."""

    action: DecisionAction


class EnrolRequest(Message):
    """POST reviewers.  ``public_key`` is a JSON Web Key (EC, P-256), public part only."""

    public_key: dict[str, JsonValue]
    label: str = Field(min_length=1, max_length=200)


class SignedDecision(Message):
    """POST proposals/{id}/decision, reviewers/{id}/confirm.  ``signature`` is base64url without padding."""

    reviewer: str = Field(max_length=64)
    nonce: str = Field(max_length=64)
    signature: str = Field(max_length=200)
    action: DecisionAction | Literal["confirm"]


# --- WebSocket: server → client ------------------------------------------------------------------


class ServerHello(Message):
    """First message.  ``epoch`` changes when revisions start anew: then a client resumes from nothing."""

    kind: Literal["hello"] = "hello"
    version: int = WORKSPACE_VERSION
    workspace: str
    epoch: str
    revision: Revision


class WorkspaceSnapshot(Message):
    """Everything, for a client that cannot resume."""

    kind: Literal["snapshot"] = "snapshot"
    graph: GraphState
    panels: tuple[WorkspacePanel, ...]


class WorkspaceRevision(Message):
    """From revision ``revision - 1`` to ``revision``."""

    kind: Literal["revision"] = "revision"
    revision: Revision
    patch: NOGPatch
    panels: tuple[WorkspacePanel, ...] = ()
    ended: tuple[PanelKey, ...] = ()


class WorkspaceCommit(Message):
    """A panel's state has a new revision; not part of the graph's revisions, and not resumed."""

    kind: Literal["commit"] = "commit"
    panel: PanelKey
    rev: Revision
    cause: CauseKind
    tool: str | None = None
    paths: tuple[str, ...] = ()


class ProposalNews(Message):
    """A proposal was made or decided."""

    kind: Literal["proposal"] = "proposal"
    record: ProposalRecord


class AskNews(Message):
    """How a request to the AI is getting on."""

    kind: Literal["ask"] = "ask"
    ask: Ask


class ReviewerNews(Message):
    """Somebody enrolled or was confirmed: all reviewers as they are now."""

    kind: Literal["reviewers"] = "reviewers"
    reviewers: tuple[Reviewer, ...]


class Pong(Message):
    """The answer to ``Ping``."""

    kind: Literal["pong"] = "pong"
    id: int


class SocketError(Message):
    """A message of the client's that was not understood, and why; the connection stays."""

    kind: Literal["error"] = "error"
    error: ApiError


FromServer = Annotated[
    ServerHello | WorkspaceSnapshot | WorkspaceRevision | WorkspaceCommit | ProposalNews | AskNews | ReviewerNews | Pong | SocketError,
    Field(discriminator="kind"),
]

# --- WebSocket: client → server ------------------------------------------------------------------

Topic = Literal["graph", "commits", "proposals"]


class Subscribe(Message):
    """What to be told of.  With ``epoch`` and ``revision`` of what it has, missed revisions follow; else a snapshot.

    A later one replaces it.
    """

    kind: Literal["subscribe"] = "subscribe"
    topics: tuple[Topic, ...] = ("graph", "commits", "proposals")
    epoch: str | None = None
    revision: Revision | None = None


class Ping(Message):
    """Answered by ``Pong``."""

    kind: Literal["ping"] = "ping"
    id: int = 0


FromClient = Annotated[Subscribe | Ping, Field(discriminator="kind")]
