"""A recorded session of a panel: what its guest was asked, step by step, so that it can be asked again.

Kept in files: a reader takes no other ``version`` than its own.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from .guest import ExtensionCall, GuestBounds, GuestRequest
from .message import Message
from .panel import Operation

SESSION_VERSION: Literal[1] = 1


class Begin(Message):
    """A guest began anew with the state committed by then; with ``source`` with that document and ``state``.

    ``clock`` and ``seed`` as in ``GuestLoad``.
    """

    kind: Literal["begin"] = "begin"
    clock: float
    seed: int
    source: str | None = None
    state: dict[str, JsonValue] | None = None


class Step(Message):
    """One request and what came of it.

    ``failed`` is the code of an error that the guest answered with, ``lost`` that of one that ended the guest; either
    changes nothing.  ``calls`` are what was asked of extensions; their answers are in a later ``resume``.
    """

    kind: Literal["step"] = "step"
    request: GuestRequest
    ops: tuple[Operation, ...] = ()
    calls: tuple[ExtensionCall, ...] = ()
    failed: str = ""
    lost: str = ""


class Committed(Message):
    """Operations of a call that had begun before the record did, which cannot be run again; ``clock`` is what it read."""

    kind: Literal["committed"] = "committed"
    clock: float
    ops: tuple[Operation, ...]


Recorded = Annotated[Begin | Step | Committed, Field(discriminator="kind")]


class Session(Message):
    """A session from the state ``first`` to the state ``last``.

    ``source`` is the document that it began with, ``hash`` its ``document_hash``, ``zone`` the panel's IANA time zone,
    ``bounds`` the limits that its guest kept.  ``ended`` says why the record ended before it was stopped, "" if it did not.
    """

    format: Literal["nexus-session"] = "nexus-session"
    version: Literal[1] = SESSION_VERSION
    panel: str
    source: str
    hash: str
    zone: str
    bounds: GuestBounds
    first: dict[str, JsonValue]
    steps: tuple[Recorded, ...]
    last: dict[str, JsonValue]
    ended: str = ""
