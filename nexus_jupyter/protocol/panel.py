"""Between a page and the kernel: what travels on a panel's comm, and what is shown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, SkipValidation

from .message import Message
from .output import AskKept, KeptReply

PROTOCOL_VERSION = 1

# A page that has not said so for this long shows the panel no longer: it may have ended without a word.
SIGHT_SECONDS = 60

Revision = Annotated[int, Field(ge=0)]
Sequence = Annotated[int, Field(ge=1)]


CauseKind = Literal["tool", "edit", "python", "lifecycle", "undo", "redo", "restore", "reset"]


# --- what is shown -------------------------------------------------------------------------------


class TreeNode(Message):
    """One resolved component: plain values only.

    ``id`` is stable across revisions for the same element and loop item and unique in the tree.
    ``value`` is the present value of the place the component is bound to; ``bound`` says whether
    there is one, ``writable`` whether it takes edits.  ``events`` lists the events that do something.
    """

    id: str
    type: str
    props: dict[str, JsonValue] = {}
    bound: bool = False
    writable: bool = False
    value: JsonValue = None
    events: tuple[str, ...] = ()
    children: tuple[TreeNode, ...] = ()


class Problem(Message):
    """Something a reader of the panel should know, e.g. a binding that threw."""

    severity: Literal["error", "warning", "info"]
    code: str
    message: str
    line: int = 0
    column: int = 0


class Tree(Message):
    """The resolved view; ``root`` is None for a panel without one."""

    root: TreeNode | None
    problems: tuple[Problem, ...] = ()


# --- changes -------------------------------------------------------------------------------------


class Operation(Message):
    """A JSON Patch (RFC 6902) operation on the state object; ``path`` is a JSON Pointer (RFC 6901).

    ``reorder`` is not of that standard, which can only move one item after the other: item i of the list at ``path`` becomes
    what item ``value[i]`` was; ``value`` names each item once.
    """

    op: Literal["add", "remove", "replace", "reorder"]
    path: str
    value: JsonValue = None


class BoundValue(Message):
    """What a node is bound to now; see ``TreeNode``."""

    bound: bool
    writable: bool
    value: JsonValue
    events: tuple[str, ...]


class NodeChange(Message):
    """What differs in the node ``id`` of a tree, its children apart; what is empty or None is unchanged.

    ``props``: properties that are new or have another value; ``edits``: operations on the values of others, each with paths
    from the value itself; ``gone``: properties that are no longer there.
    """

    id: str
    props: dict[str, JsonValue] = {}
    edits: dict[str, tuple[Operation, ...]] = {}
    gone: tuple[str, ...] = ()
    place: BoundValue | None = None


class ChildrenSplice(Message):
    """At position ``at`` of the children, ``remove`` go and those of ``ids`` come: from elsewhere in the list, or new."""

    at: int
    remove: int
    ids: tuple[str, ...]


class ChildrenChange(Message):
    """What differs in the children of the node ``id``: splices, each applied to what the one before it left."""

    id: str
    splices: tuple[ChildrenSplice, ...]


class TreePatch(Message):
    """The difference between two trees of a panel, from the later one's point of view.

    ``added``: nodes with all that is in them, which stand where ``children`` says; one that is there already is replaced.
    A node that no list of children names any more is gone, with all that is in it.  ``problems`` None: unchanged.
    """

    changed: tuple[NodeChange, ...] = ()
    children: tuple[ChildrenChange, ...] = ()
    added: tuple[TreeNode, ...] = ()
    problems: tuple[Problem, ...] | None = None


class Cause(Message):
    """Why a commit happened.  ``tool`` is the tool that ran, of kind ``lifecycle`` the hook (``lifecycle interval``).

    ``undo`` and ``redo`` take back and make again what an earlier revision changed, and ``restore`` goes back to a
    checkpoint; ``tool`` is then the tool of that revision, if any, ``client`` and ``seq`` those of whoever asked.
    """

    kind: CauseKind
    tool: str | None = None
    client: str | None = None
    seq: int | None = None


class ErrorInfo(Message):
    """An error as data.  ``line`` and ``column`` point into the document, 0 when unknown.

    ``allowed`` and ``used`` are those of a limit that was passed, in its own unit; None when unknown.
    """

    code: str
    name: str = "Error"
    message: str
    hint: str = ""
    line: int = 0
    column: int = 0
    stack: str = ""
    allowed: int | float | None = None
    used: int | float | None = None


# --- permissions ---------------------------------------------------------------------------------

Decision = Literal["once", "panel", "deny"]


class ConsentLine(Message):
    """One thing that is asked for, as plain words; ``dangerous`` ones are worth a second look."""

    label: str
    text: str
    dangerous: bool = False


class ConsentDemand(Message):
    """One extension that the panel wants to use.

    ``description`` says what it is, ``abilities`` what the panel may do with it and ``scope`` within which bounds: all of
    it the host's words about what the host holds the panel to.  ``reason`` is the panel's own word and only that.
    """

    extension: str
    alias: str
    description: str
    abilities: tuple[ConsentLine, ...]
    scope: tuple[ConsentLine, ...] = ()
    reason: str = ""


class Consent(Message):
    """The panel asks for permission.  There is at most one request a panel; another takes the place of the one before.

    ``id`` stands for exactly these demands of exactly this document, asked this time.  ``tool`` is the one whose run was
    denied.  ``renewal``: the same was allowed for an earlier text of the document, and ``diff`` is the difference.
    """

    kind: Literal["consent"] = "consent"
    id: str
    tool: str
    demands: tuple[ConsentDemand, ...]
    renewal: bool = False
    diff: str = ""


class ConsentEnded(Message):
    """Request ``id`` is no longer open: how it was answered, or ``void`` when it no longer applies."""

    kind: Literal["consent_ended"] = "consent_ended"
    id: str
    outcome: Decision | Literal["void"]


# --- page → kernel -------------------------------------------------------------------------------


class Hello(Message):
    """A view opened: the kernel answers with a ``Snapshot``, and with a ``ProgramReply`` after it if the page wants the ``program``.

    ``rev`` and ``document`` are those of the view that the page shows already, None for none: if they are still the present
    ones, the snapshot leaves the tree out.
    """

    kind: Literal["hello"] = "hello"
    client: str = Field(max_length=64)
    protocol: int
    rev: Revision | None = None
    document: Revision = 0
    program: bool = False


class AskBundle(Message):
    """The page has no bundle of this address: the kernel answers with ``BundleReply`` and its bytes."""

    kind: Literal["bundle"] = "bundle"


class AskGuest(Message):
    """The page has no bytes of the guest and wants to run one: the kernel answers with ``ModulesReply``."""

    kind: Literal["guest"] = "guest"


class AskProgram(Message):
    """The page wants to run the panel's program beside the kernel: the kernel answers with ``ProgramReply``, or not at all.

    ``Hello`` asks for it, too; this is for when no answer came.
    """

    kind: Literal["program"] = "program"
    client: str = Field(max_length=64)


class Skip(Message):
    """Of this client's events up to ``seq``, those that the kernel has not got will not come: nobody waits for them any more."""

    kind: Literal["skip"] = "skip"
    client: str = Field(max_length=64)
    seq: Sequence


class Event(Message):
    """A component's event, by the node of the tree it happened on.

    ``seq`` counts what a client sends, ``Undo`` and ``Redo`` too, from 1: each is taken once, in this order, however often it comes.
    ``name`` is ``press`` or an event of the component's catalog entry; ``change`` on a bound
    component carries the new value in ``detail["value"]`` and is an edit.
    ``clock`` is milliseconds since 1970, ``seed`` 32 random bits, ``zone`` an IANA time zone name;
    ``base`` is the revision the client was showing.
    """

    kind: Literal["event"] = "event"
    client: str = Field(max_length=64)
    seq: Sequence
    node: str = Field(max_length=4096)
    name: str = Field(max_length=64)
    detail: dict[str, JsonValue] = {}
    clock: float
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    zone: str = Field(max_length=64)
    base: Revision


class Cancel(Message):
    """Stop the call that this client's event ``seq`` started."""

    kind: Literal["cancel"] = "cancel"
    client: str = Field(max_length=64)
    seq: Sequence


class ConfirmAnswer(Message):
    """What the person said to the ``Confirm`` of this client's event ``seq``."""

    kind: Literal["confirm_answer"] = "confirm_answer"
    client: str = Field(max_length=64)
    seq: Sequence
    yes: bool


class Sight(Message):
    """Whether this page shows the panel where a person can see it.

    Only for a panel whose snapshot asks for it, when it changes, and again within ``SIGHT_SECONDS`` while it does.
    """

    kind: Literal["sight"] = "sight"
    client: str = Field(max_length=64)
    shown: bool


class Undo(Message):
    """Take back what a person did last in this panel, whatever page it was; answered as an ``Event`` is."""

    kind: Literal["undo"] = "undo"
    client: str = Field(max_length=64)
    seq: Sequence


class Redo(Message):
    """Make again what was taken back last; answered as an ``Event`` is."""

    kind: Literal["redo"] = "redo"
    client: str = Field(max_length=64)
    seq: Sequence


class ConsentAnswer(Message):
    """What the person decided about the ``Consent`` of this id; an answer to any but the open request is refused.

    ``once``: for the first run that begins after this and uses it.  ``panel``: for this document, until it is changed.
    ``deny``: and do not ask again before the cell is run again.
    """

    kind: Literal["consent_answer"] = "consent_answer"
    client: str = Field(max_length=64)
    id: str = Field(max_length=64)
    decision: Decision


ClientMessage = Annotated[
    Hello | AskBundle | AskGuest | AskKept | AskProgram | Event | Skip | Cancel | Undo | Redo | ConfirmAnswer | Sight | ConsentAnswer,
    Field(discriminator="kind"),
]


# --- kernel → page -------------------------------------------------------------------------------


class HookState(Message):
    """The last run of a lifecycle hook failed; with ``error`` None it went well after one that had failed."""

    kind: Literal["hook"] = "hook"
    hook: str
    error: ErrorInfo | None = None


class Snapshot(Message):
    """Everything a view needs to show the panel as it is.

    ``consent`` is the open request; a snapshot that is saved with a notebook has none, and a page takes none from it.
    ``hooks`` are the lifecycle hooks that failed last.  ``sight``: the page should tell whether it shows the panel
    (``Sight``).  ``visitor``: who looks is told of an error what happened, and no more.
    ``can_undo`` and ``can_redo``: whether there is something to undo or redo.
    ``document`` is the revision that the present document began with.
    ``shown``: the page shows this view already, so ``tree`` has nothing of it.
    ``displayed``: the revision that a cell's output was made of last, None without one.
    """

    kind: Literal["snapshot"] = "snapshot"
    panel: str
    title: str
    rev: Revision
    document: Revision = 0
    tree: Tree
    shown: bool = False
    displayed: Revision | None = None
    consent: Consent | None = None
    hooks: tuple[HookState, ...] = ()
    sight: bool = False
    visitor: bool = False
    can_undo: bool = False
    can_redo: bool = False


class Commit(Message):
    """A revision: what changed, why, and the view after it.

    ``patch`` leads from the view of the revision before to that of this one; ``tree``, when it is there, is the whole view
    instead.  Neither: the view did not change.
    ``clock`` and ``seed`` are what the view of this revision reads of the world.
    ``can_undo`` and ``can_redo``: whether there is something to undo or redo now.
    """

    kind: Literal["commit"] = "commit"
    rev: Revision
    cause: Cause
    ops: tuple[Operation, ...]
    clock: float = 0.0
    seed: int = 0
    patch: TreePatch | None = None
    tree: Tree | None = None
    can_undo: bool = False
    can_redo: bool = False


class Started(Message):
    """The call of event ``seq`` runs ``tool`` and has not ended; the page may show it as pending.

    ``queued``: it does not run yet, for others of the tool come before it.
    """

    kind: Literal["started"] = "started"
    client: str
    seq: int
    tool: str
    queued: bool = False


class Confirm(Message):
    """The call of event ``seq`` runs ``tool`` when the person answers ``question``, the panel's own words, with yes."""

    kind: Literal["confirm"] = "confirm"
    client: str
    seq: int
    tool: str
    question: str


class Result(Message):
    """The call of event ``seq`` ended; ``error`` is None when it went well.  All that it changed is in revisions up to ``rev``."""

    kind: Literal["result"] = "result"
    client: str
    seq: int
    rev: Revision = 0
    error: ErrorInfo | None = None


class Reject(Message):
    """Event ``seq`` was not taken at all, and why."""

    kind: Literal["reject"] = "reject"
    client: str
    seq: int
    rev: Revision = 0
    error: ErrorInfo


class Missed(Message):
    """Something of this client came before its event ``seq``, which has not come: it is to send again from there on."""

    kind: Literal["missed"] = "missed"
    client: str
    seq: int


class Progress(Message):
    """Progress of the call of event ``seq``; ``total`` None when unknown."""

    kind: Literal["progress"] = "progress"
    client: str
    seq: int
    done: float
    total: float | None = None
    text: str = ""


class Emitted(Message):
    """An event that is for the page, of ``$emit`` (``toast`` or ``notify``) or of an extension (``notify``)."""

    kind: Literal["emitted"] = "emitted"
    event: str
    payload: JsonValue = None


class Closed(Message):
    """The panel ended; the view stays as it was, disabled, with the reason."""

    kind: Literal["closed"] = "closed"
    reason: str


class BundleReply(Message):
    """The bundle's bytes travel in the message's one buffer."""

    kind: Literal["bundle"] = "bundle"
    address: str


class ModulesReply(Message):
    """The guest's code and image travel in the message's two buffers, in this order.

    ``address`` is the content address of both, the one after the other: a page takes no other than its bundle was built with.
    """

    kind: Literal["guest"] = "guest"
    address: str


class ProgramReply(Message):
    """The panel's program and committed state at revision ``rev``, for the page ``client`` to run beside the kernel.

    ``document``: the revision that this document began with.  ``clock``, ``seed`` and ``zone`` are what its view reads.
    ``near``: while the state, with the detail of an event, has no more characters of JSON, all code takes so little time
    that the page's own thread may run it; 0: never.
    """

    kind: Literal["program"] = "program"
    client: str
    document: Revision
    rev: Revision
    # our own data, and deeper than the validation of hostile JSON goes
    program: SkipValidation[dict[str, JsonValue]]
    state: SkipValidation[dict[str, JsonValue]]
    clock: float
    seed: int
    zone: str
    near: Annotated[int, Field(ge=0)] = 0


KernelMessage = Annotated[
    Snapshot
    | Commit
    | Started
    | Confirm
    | Result
    | Reject
    | Missed
    | Progress
    | Emitted
    | HookState
    | Consent
    | ConsentEnded
    | Closed
    | BundleReply
    | ModulesReply
    | KeptReply
    | ProgramReply,
    Field(discriminator="kind"),
]


class Packed(Message):
    """Another message: its JSON, compressed by zlib (RFC 1950), in base64.  What comes after it waits until it is unpacked."""

    kind: Literal["packed"] = "packed"
    packed: str


class Batch(Message):
    """What one turn of a panel brought, in order, as one comm message: several would be several frames."""

    kind: Literal["batch"] = "batch"
    messages: tuple[KernelMessage, ...]
