"""Every message that crosses a boundary, typed once.

Two boundaries: the widget's comm between the page and the kernel (``ClientMessage``,
``KernelMessage``), and the sandbox's wall between host and guest (``GuestRequest``,
``GuestReply``).  The TypeScript types in ``js/generated`` and ``wasm/guest/generated`` come from
this file and a test fails when they differ.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SkipValidation

PROTOCOL_VERSION = 1

Revision = Annotated[int, Field(ge=0)]
Sequence = Annotated[int, Field(ge=1)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# --- what is shown -------------------------------------------------------------------------------


class TreeNode(_Message):
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


class Problem(_Message):
    """Something a reader of the panel should know, e.g. a binding that threw."""

    severity: Literal["error", "warning", "info"]
    code: str
    message: str
    line: int = 0
    column: int = 0


class Tree(_Message):
    """The resolved view; ``root`` is None for a panel without one."""

    root: TreeNode | None
    problems: tuple[Problem, ...] = ()


# --- changes -------------------------------------------------------------------------------------


class Operation(_Message):
    """A JSON Patch (RFC 6902) operation on the state object; ``path`` is a JSON Pointer (RFC 6901)."""

    op: Literal["add", "remove", "replace"]
    path: str
    value: JsonValue = None


class Cause(_Message):
    """Why a commit happened."""

    kind: Literal["tool", "edit", "python", "reset"]
    tool: str | None = None
    client: str | None = None
    seq: int | None = None


class ErrorInfo(_Message):
    """An error as data.  ``line`` and ``column`` point into the document, 0 when unknown."""

    code: str
    name: str = "Error"
    message: str
    hint: str = ""
    line: int = 0
    column: int = 0
    stack: str = ""


# --- page → kernel -------------------------------------------------------------------------------


class Hello(_Message):
    """A view opened: the kernel answers with a ``Snapshot``."""

    kind: Literal["hello"] = "hello"
    client: str = Field(max_length=64)
    protocol: int


class AskBundle(_Message):
    """The page has no bundle of this address: the kernel answers with ``BundleReply`` and its bytes."""

    kind: Literal["bundle"] = "bundle"


class Event(_Message):
    """A component's event, by the node of the tree it happened on.

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


class Cancel(_Message):
    """Stop the call that this client's event ``seq`` started."""

    kind: Literal["cancel"] = "cancel"
    client: str = Field(max_length=64)
    seq: Sequence


ClientMessage = Annotated[Hello | AskBundle | Event | Cancel, Field(discriminator="kind")]


# --- kernel → page -------------------------------------------------------------------------------


class Snapshot(_Message):
    """Everything a view needs to show the panel as it is."""

    kind: Literal["snapshot"] = "snapshot"
    panel: str
    title: str
    rev: Revision
    tree: Tree


class Commit(_Message):
    """A revision: what changed, why, and the view after it (None: the view did not change)."""

    kind: Literal["commit"] = "commit"
    rev: Revision
    cause: Cause
    ops: tuple[Operation, ...]
    tree: Tree | None = None


class Started(_Message):
    """The call of event ``seq`` runs ``tool`` and has not ended; the page may show it as pending."""

    kind: Literal["started"] = "started"
    client: str
    seq: int
    tool: str


class Result(_Message):
    """The call of event ``seq`` ended; ``error`` is None when it went well."""

    kind: Literal["result"] = "result"
    client: str
    seq: int
    error: ErrorInfo | None = None


class Reject(_Message):
    """Event ``seq`` was not taken at all, and why."""

    kind: Literal["reject"] = "reject"
    client: str
    seq: int
    error: ErrorInfo


class Progress(_Message):
    """Progress of the call of event ``seq``; ``total`` None when unknown."""

    kind: Literal["progress"] = "progress"
    client: str
    seq: int
    done: float
    total: float | None = None
    text: str = ""


class Emitted(_Message):
    """An event of ``$emit`` that is for the page: ``toast`` or ``notify``."""

    kind: Literal["emitted"] = "emitted"
    event: str
    payload: JsonValue = None


class Closed(_Message):
    """The panel ended; the view stays as it was, disabled, with the reason."""

    kind: Literal["closed"] = "closed"
    reason: str


class BundleReply(_Message):
    """The bundle's bytes travel in the message's one buffer."""

    kind: Literal["bundle"] = "bundle"
    address: str


KernelMessage = Annotated[
    Snapshot | Commit | Started | Result | Reject | Progress | Emitted | Closed | BundleReply,
    Field(discriminator="kind"),
]


class Batch(_Message):
    """What one turn of a panel brought, in order, as one comm message: several would be several frames."""

    kind: Literal["batch"] = "batch"
    messages: tuple[KernelMessage, ...]


# --- host → guest --------------------------------------------------------------------------------


class Moment(_Message):
    """The clock a step reads: milliseconds since 1970."""

    clock: float


class GuestLoad(_Message):
    """First request: the declarations, and the committed state to go on from (None: the defaults)."""

    op: Literal["load"] = "load"
    # our own data, and deeper than the validation of hostile JSON goes
    program: SkipValidation[dict[str, JsonValue]]
    state: dict[str, JsonValue] | None = None
    clock: float
    seed: int
    zone: str


class GuestInvoke(_Message):
    """Run a tool: first step of call ``call``.  ``args`` an array (positional), an object (by name) or absent."""

    op: Literal["invoke"] = "invoke"
    call: int
    tool: str
    args: JsonValue = None
    clock: float
    seed: int
    zone: str


class GuestEvent(_Message):
    """A component's event by node id: edits the bound place, and starts its tool as call ``call``.

    With ``call`` 0 nothing is started: the reply's ``tool`` and ``value`` are the tool and the arguments of the
    ``invoke`` that is to follow, for a host that queues calls; ``tool`` is None when there is none.
    """

    op: Literal["event"] = "event"
    call: int
    node: str
    name: str
    detail: dict[str, JsonValue]
    clock: float
    seed: int
    zone: str


class Settled(_Message):
    """The outcome of one extension call: ``value`` or ``error``."""

    id: int
    value: JsonValue = None
    error: ErrorInfo | None = None


class GuestResume(_Message):
    """Go on with call ``call``: the next step.  With no results its due timers run."""

    op: Literal["resume"] = "resume"
    call: int
    results: tuple[Settled, ...]
    clock: float


class GuestCancel(_Message):
    """Forget call ``call``; its unfinished promises never settle."""

    op: Literal["cancel"] = "cancel"
    call: int


class GuestEdit(_Message):
    """Write whole states from outside (Python): one transaction, checked against the declarations."""

    op: Literal["edit"] = "edit"
    values: dict[str, JsonValue]
    clock: float


class GuestView(_Message):
    """Resolve the view."""

    op: Literal["view"] = "view"


class GuestRead(_Message):
    """Read one state or computed value."""

    op: Literal["read"] = "read"
    name: str


GuestRequest = Annotated[
    GuestLoad | GuestInvoke | GuestEvent | GuestResume | GuestCancel | GuestEdit | GuestView | GuestRead,
    Field(discriminator="op"),
]


# --- guest → host --------------------------------------------------------------------------------


class ExtensionCall(_Message):
    """A suspended handler's wish: call ``method`` of the extension declared as ``alias``."""

    id: int
    alias: str = Field(max_length=64)
    method: str = Field(max_length=128)
    args: tuple[JsonValue, ...]


class LogLine(_Message):
    """One line of ``$log`` or ``console``; ``text`` is already formatted and capped."""

    level: Literal["debug", "info", "warn", "error"]
    text: str


class Emission(_Message):
    """One ``$emit``."""

    event: str
    payload: JsonValue = None


class ProgressNote(_Message):
    """The last ``$progress`` of a step."""

    done: float
    total: float | None = None
    text: str = ""


class GuestReply(_Message):
    """What a request led to.

    ``status``: ``done`` (the call ended, or the request had no call), ``waiting`` (the call waits for
    ``calls`` to settle, or for ``timer`` milliseconds to pass), ``failed`` (``error`` says why; this
    step changed nothing: ``ops`` is empty).
    ``ops``/``inverse`` are what this step changed and how to take it back, in order of application.
    ``tool`` names the tool that an event started, None for an edit.
    """

    status: Literal["done", "waiting", "failed"]
    ops: tuple[Operation, ...] = ()
    inverse: tuple[Operation, ...] = ()
    value: JsonValue = None
    tool: str | None = None
    calls: tuple[ExtensionCall, ...] = ()
    timer: float | None = None
    emits: tuple[Emission, ...] = ()
    logs: tuple[LogLine, ...] = ()
    progress: ProgressNote | None = None
    tree: Tree | None = None
    state: dict[str, JsonValue] | None = None
    error: ErrorInfo | None = None
