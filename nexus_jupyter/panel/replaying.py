"""Running a recorded session again, in a sandbox of its own: no extension is called, nobody is asked."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..diagnostics import visible
from ..errors import NexusError, OptionError
from ..nxml.program import Program
from ..protocol import GuestPatch, GuestReply, Operation
from ..protocol.identity import document_hash
from ..protocol.session import SESSION_VERSION, Begin, Committed, Session, Step
from ..sandbox import limits as sandbox_limits
from ..sandbox.guest import Guest
from ..sandbox.limits import Limits
from ..sandbox.values import FrozenDict, freeze, thaw
from . import patch
from .documents import program_of
from .recording import failure

# So much of what differs is shown.
_SHOWN = 200


@dataclass(frozen=True)
class Difference:
    """Where a replay first came to something else than was recorded.

    ``step`` counts the steps of the session from 0; it is their number when only the state at the end differs.  ``what``
    was asked for, ``expected`` is what was recorded of it and ``found`` what came of it now.
    """

    step: int
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return visible(f"step {self.step} ({self.what}) came to {self.found}, not to {self.expected}")


@dataclass(frozen=True, repr=False)
class Replay:
    """What came of a replay: the ``state`` at its end, and the first ``difference``, None when there is none."""

    state: dict[str, Any]
    steps: int
    difference: Difference | None

    @property
    def same(self) -> bool:
        """Whether all came to what was recorded."""
        return self.difference is None

    def __repr__(self) -> str:
        return f"<replay of {self.steps} steps: {'the same' if self.difference is None else self.difference}>"


def replay(session: Session | str | os.PathLike[str], *, limits: Limits | None = None) -> Replay:
    """Run a recorded session again; ``session`` is one or the path of its file.

    Each step gets the clock, seed, time zone and answers of extensions that were recorded.  It runs within ``limits``, by
    default those of this kernel, with the bounds of state and calls that the recorded panel had.

    Raises OptionError: the file cannot be read, or is no session of this version.  DocumentError: its document has errors.
    """
    known = session if isinstance(session, Session) else _read(Path(session))
    if document_hash(known.source) != known.hash:
        raise OptionError("the document in this session is not the one that was recorded: somebody has changed it.")
    bounds = known.bounds.model_dump()
    with _Stage(known, dataclasses.replace(limits or sandbox_limits.configured(), **bounds)) as stage:
        for number, step in enumerate(known.steps):
            stage.play(number, step)
        return stage.result()


def _read(file: Path) -> Session:
    try:
        text = file.read_bytes()
    except OSError as error:
        raise OptionError(f"the session {str(file)!r} cannot be read: {error.strerror}.") from None
    try:
        head = json.loads(text)
        version = head.get("version") if isinstance(head, dict) and head.get("format") == "nexus-session" else None
    except (ValueError, RecursionError):
        version = None
    if not isinstance(version, int):
        raise OptionError(f"{str(file)!r} is no recorded session.", hint="Make one with panel.record().")
    if version != SESSION_VERSION:
        raise OptionError(f"{str(file)!r} is a session of version {version}; this version of nexus-jupyter replays {SESSION_VERSION}.")
    try:
        return Session.model_validate_json(text)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise OptionError(f"{str(file)!r} is a damaged session: {where} is not what it should be.") from None


class _Stage:
    """A guest that goes through a session, and the state that comes of it."""

    def __init__(self, session: Session, limits: Limits) -> None:
        self._session = session
        self._limits = limits
        self._program: Program = program_of(session.source)[0]
        self._state: FrozenDict = freeze(session.first)
        self._guest: Guest | None = None
        self._difference: Difference | None = None

    def play(self, number: int, step: Begin | Step | Committed) -> None:
        try:
            if isinstance(step, Begin):
                self._begin(step)
            elif isinstance(step, Committed):
                self._ask(number, Step(request=GuestPatch(ops=step.ops, clock=step.clock), ops=step.ops))
            elif step.lost:
                self._close()  # what ended the guest changed nothing, and is not done again
            else:
                self._ask(number, step)
        except NexusError as error:
            self._differs(number, _what(step), "an answer", f"{error.code}: {error.message}")

    def _begin(self, step: Begin) -> None:
        if step.source is not None:
            self._program = program_of(step.source)[0]
        if step.state is not None:
            self._state = freeze(step.state)
        self._close()
        self._guest = Guest(
            self._program, thaw(self._state), limits=self._limits, clock=step.clock, seed=step.seed, zone=self._session.zone
        )

    def _ask(self, number: int, step: Step) -> None:
        if self._guest is None or not self._guest.alive:
            self._differs(number, _what(step), "an answer", "no sandbox to ask")
            return
        reply = self._guest.request(step.request, timeout=self._limits.cpu_max)
        self._state = patch.apply(self._state, reply.ops)
        expected, found = _came_to(step), _came_to(reply)
        if expected != found:
            self._differs(number, _what(step), _short(expected), _short(found))

    def _differs(self, step: int, what: str, expected: str, found: str) -> None:
        if self._difference is None:
            self._difference = Difference(step, what, expected, found)

    def result(self) -> Replay:
        last = freeze(self._session.last)
        for name in dict.fromkeys((*last, *self._state)):
            if name not in last or name not in self._state or last[name] != self._state[name]:
                values = [_short(thaw(each[name])) if name in each else "nothing" for each in (last, self._state)]
                self._differs(len(self._session.steps), f"the state {name} at the end", *values)
        return Replay(thaw(self._state), len(self._session.steps), self._difference)

    def _close(self) -> None:
        guest, self._guest = self._guest, None
        if guest is not None:
            guest.close()

    def __enter__(self) -> _Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


def _what(step: Begin | Step | Committed) -> str:
    if isinstance(step, Begin):
        return "the beginning"
    if isinstance(step, Committed):
        return "a call from before"
    request = step.request
    name = getattr(request, "tool", None) or getattr(request, "name", None)
    return f"{request.op} {name}" if name else request.op


def _came_to(what: Step | GuestReply) -> dict[str, Any]:
    """What counts of an answer: the operations, what was asked of extensions, the error."""
    error = what.failed if isinstance(what, Step) else failure(what)
    return {"changes": _operations(what.ops), "calls": [call.model_dump() for call in what.calls], "error": error}


def _operations(ops: tuple[Operation, ...]) -> list[Any]:
    return [[op.op, op.path, op.value] for op in ops]


def _short(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"changes", "calls", "error"}:
        value = {key: part for key, part in value.items() if part} or "no change"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
