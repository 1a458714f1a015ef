"""Between a host and its guest: what crosses the sandbox's wall, JSON both ways."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, SkipValidation

from .message import Message
from .panel import ErrorInfo, Operation, Tree, TreePatch

# --- host → guest --------------------------------------------------------------------------------


class Moment(Message):
    """The clock a step reads: milliseconds since 1970."""

    clock: float


class GuestBounds(Message):
    """The limits that the guest itself keeps.

    ``state_bytes``: the whole state as JSON.  ``calls``: extension calls of one call of a tool; ``tool_depth``: tools that
    call each other.  ``log_lines``, ``log_bytes``: of one call.
    """

    state_bytes: int
    calls: int
    tool_depth: int
    log_lines: int
    log_bytes: int


class GuestLoad(Message):
    """First request: the declarations, and the committed state to go on from (None: the defaults)."""

    op: Literal["load"] = "load"
    # our own data, and deeper than the validation of hostile JSON goes
    program: SkipValidation[dict[str, JsonValue]]
    state: dict[str, JsonValue] | None = None
    clock: float
    seed: int
    zone: str
    bounds: GuestBounds | None = None


class GuestInvoke(Message):
    """Run a tool: first step of call ``call``.  ``args`` an array (positional), an object (by name) or absent.

    With ``hook`` it is the lifecycle hook of that place in the program that runs, ``tool`` is what it is called, and
    ``args``, an object, is what it finds as ``$args``.
    With ``state`` the call begins with that committed state; only in a guest in which nothing has run yet.
    """

    op: Literal["invoke"] = "invoke"
    call: int
    tool: str
    hook: int | None = None
    args: JsonValue = None
    clock: float
    seed: int
    zone: str
    state: dict[str, JsonValue] | None = None


class GuestEvent(Message):
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


class Settled(Message):
    """The outcome of one extension call: ``value`` or ``error``."""

    id: int
    value: JsonValue = None
    error: ErrorInfo | None = None


class GuestResume(Message):
    """Go on with call ``call``: the next step.  With no results its due timers run."""

    op: Literal["resume"] = "resume"
    call: int
    results: tuple[Settled, ...]
    clock: float


class GuestCancel(Message):
    """Forget call ``call``; its unfinished promises never settle."""

    op: Literal["cancel"] = "cancel"
    call: int


class GuestEdit(Message):
    """Write whole states from outside (Python): one transaction, checked against the declarations."""

    op: Literal["edit"] = "edit"
    values: dict[str, JsonValue]
    clock: float


class GuestPatch(Message):
    """Apply operations to committed state from outside, exactly as given: one transaction, checked against the declarations.

    What does not fit the state as it is fails with ``INVALID_PATCH``.  A value that a state may begin with is taken.
    ``seed`` is what the view reads from now on, None for what it has read.
    """

    op: Literal["patch"] = "patch"
    ops: tuple[Operation, ...]
    clock: float
    seed: int | None = None


class GuestView(Message):
    """Show the view: the ``tree`` when ``whole``, else the ``patch`` since the last ``view`` (neither: it is the same).

    A guest that was not asked before, or that had to begin anew, answers with the tree.
    """

    op: Literal["view"] = "view"
    whole: bool = True


class GuestRead(Message):
    """Read one state or computed value."""

    op: Literal["read"] = "read"
    name: str


GuestRequest = Annotated[
    GuestLoad | GuestInvoke | GuestEvent | GuestResume | GuestCancel | GuestEdit | GuestPatch | GuestView | GuestRead,
    Field(discriminator="op"),
]


# --- guest → host --------------------------------------------------------------------------------


class ExtensionCall(Message):
    """A suspended handler's wish: call ``method`` of the extension declared as ``alias``."""

    id: int
    alias: str = Field(max_length=64)
    method: str = Field(max_length=128)
    args: tuple[JsonValue, ...]


class LogLine(Message):
    """One line of ``$log`` or ``console``; ``text`` is already formatted and capped."""

    level: Literal["debug", "info", "warn", "error"]
    text: str


class Emission(Message):
    """One ``$emit``."""

    event: str
    payload: JsonValue = None


class ProgressNote(Message):
    """The last ``$progress`` of a step."""

    done: float
    total: float | None = None
    text: str = ""


class GuestReply(Message):
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
    patch: TreePatch | None = None
    state: dict[str, JsonValue] | None = None
    error: ErrorInfo | None = None
