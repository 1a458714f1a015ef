"""Between a kernel and the server, over the comm ``nexus.graph`` that the server opens.

The kernel answers the open with ``KernelSnapshot``, then sends numbered ``KernelDelta``s; a gap in the
numbers asks for a snapshot again.  What comes in quick succession comes as one ``KernelBatch``.  Without a listener nothing
is sent.  ``BridgeCall``s are answered by ``BridgeResult`` with the same id, in any order.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from ..diagnostics import Diagnostic
from .graph import GraphState, NOGPatch
from .message import Message
from .panel import CauseKind, ErrorInfo, Revision
from .proposal import DryRun

BRIDGE_TARGET = "nexus.graph"
BRIDGE_VERSION = 2

PanelId = Annotated[str, Field(min_length=1, max_length=1024)]
DocumentText = Annotated[str, Field(max_length=4_000_000)]


class ToolInfo(Message):
    """A tool as others may call it; ``input_schema`` is the JSON Schema of its arguments by name."""

    name: str
    description: str = ""
    input_schema: dict[str, JsonValue]
    confirm: str | None = None
    ai: Literal["ask", "allow", "deny"] = "ask"


class PanelInfo(Message):
    """A live panel of one kernel.

    ``cell`` is the id of the cell whose text is the panel's document, "" if a program made the panel: then
    there is no text that a change could be written to.  ``hash`` is ``document_hash`` of its source;
    ``edition`` counts how often the document was replaced in place, ``rev`` the commits of its state.
    """

    id: PanelId
    title: str
    description: str = ""
    python_name: str = ""
    cell: str = ""
    hash: str
    edition: Revision = 0
    rev: Revision = 0
    has_view: bool = True
    tools: tuple[ToolInfo, ...] = ()


# --- kernel → server -----------------------------------------------------------------------------


class KernelSnapshot(Message):
    """The kernel's whole graph and all its panels.  ``epoch`` differs for each life of a kernel's graph."""

    kind: Literal["snapshot"] = "snapshot"
    version: int = BRIDGE_VERSION
    epoch: str
    graph: GraphState
    panels: tuple[PanelInfo, ...] = ()


class KernelDelta(Message):
    """From revision ``revision - 1`` to ``revision``: the graph's change, panels made or changed, panels ended."""

    kind: Literal["delta"] = "delta"
    epoch: str
    revision: Revision
    patch: NOGPatch
    panels: tuple[PanelInfo, ...] = ()
    ended: tuple[PanelId, ...] = ()


class KernelCommit(Message):
    """A panel's state has a new revision; ``paths`` are JSON Pointers of what changed, at most 100, never values."""

    kind: Literal["commit"] = "commit"
    panel: PanelId
    rev: Revision
    cause: CauseKind
    tool: str | None = None
    paths: tuple[str, ...] = ()


class BridgeResult(Message):
    """The answer to ``BridgeCall`` ``id``: ``value`` as the request's class says, or ``error``."""

    kind: Literal["result"] = "result"
    id: int
    value: JsonValue = None
    error: ErrorInfo | None = None


class KernelBatch(Message):
    """Several messages, in order: each by itself would be a frame to every page of the kernel, too."""

    kind: Literal["batch"] = "batch"
    messages: tuple[Annotated[KernelSnapshot | KernelDelta | KernelCommit, Field(discriminator="kind")], ...]


FromKernel = Annotated[KernelSnapshot | KernelDelta | KernelCommit | KernelBatch | BridgeResult, Field(discriminator="kind")]

# --- server → kernel -----------------------------------------------------------------------------


class ReadPanel(Message):
    """Gives a ``PanelDocument``."""

    op: Literal["read"] = "read"
    panel: PanelId


class PanelDocument(Message):
    """A panel and its document's text."""

    panel: PanelInfo
    source: DocumentText


class CallTool(Message):
    """Runs a tool; gives its value.  ``args`` by name, in order, or none."""

    op: Literal["call"] = "call"
    panel: PanelId
    tool: str = Field(max_length=256)
    args: dict[str, JsonValue] | list[JsonValue] | None = None


class TryDocument(Message):
    """Tries ``source`` in a clone of the panel with its current state, granted nothing; gives a ``TriedDocument``."""

    op: Literal["try"] = "try"
    panel: PanelId
    source: DocumentText


class TriedDocument(Message):
    """``dry_run`` is None when ``diagnostics`` has errors."""

    diagnostics: tuple[Diagnostic, ...] = ()
    dry_run: DryRun | None = None


class OpenPreview(Message):
    """Keeps a clone of the panel with document ``source`` alive, granted nothing; gives a ``Preview``.

    One clone a panel: opening another ends the one before.
    """

    op: Literal["preview"] = "preview"
    panel: PanelId
    source: DocumentText


class Preview(Message):
    """``present`` and ``preview`` are ids of widget models of that kernel."""

    id: str
    present: str
    preview: str


class ClosePreview(Message):
    """Ends the clone; gives nothing."""

    op: Literal["close_preview"] = "close_preview"
    id: str


class ReplaceDocument(Message):
    """Replaces the panel's document in place, if it is still ``base_hash``; gives ``Replaced``.

    Else the error ``STALE``.  State that fits stays.  The edition is not asked for: a cell that ran again starts
    anew with it, and the same text is the same document.
    """

    op: Literal["replace"] = "replace"
    panel: PanelId
    source: DocumentText
    base_hash: str


class Replaced(Message):
    """The panel after it; ``notes`` say which state was reset and why."""

    panel: PanelInfo
    notes: tuple[str, ...] = ()


KernelRequest = Annotated[
    ReadPanel | CallTool | TryDocument | OpenPreview | ClosePreview | ReplaceDocument,
    Field(discriminator="op"),
]


class AskSnapshot(Message):
    """There was a gap: send all of it again."""

    kind: Literal["snapshot"] = "snapshot"


class BridgeCall(Message):
    """A request, answered by ``BridgeResult`` ``id``."""

    kind: Literal["call"] = "call"
    id: int
    request: KernelRequest


class CancelBridgeCall(Message):
    """Stop ``BridgeCall`` ``id``; its result is then the error ``CANCELLED``."""

    kind: Literal["cancel"] = "cancel"
    id: int


ToKernel = Annotated[AskSnapshot | BridgeCall | CancelBridgeCall, Field(discriminator="kind")]
