"""The log of a panel's revisions: what changed, why, and the way back; bounded, the oldest fall out first."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from ..diagnostics import visible
from ..protocol import Cause, CauseKind, Operation
from .patch import parse_pointer

# Arguments of more bytes than this, as JSON, are only told by their size.
ARGS_BYTES = 4096
_SHOWN_PATHS = 3


@dataclass(frozen=True, slots=True)
class Origin:
    """What a commit's cause leaves out.

    ``key``: equal for all commits of one action.  ``args`` of the tool.  ``clock`` in milliseconds since 1970, ``seed`` and
    ``zone``: what the step read, None where it read none.  ``began`` in monotonic seconds.  ``typed``: the field that a
    person typed text into, None for anything else.
    """

    key: Hashable
    args: JsonValue = None
    clock: float | None = None
    seed: int | None = None
    zone: str | None = None
    began: float = field(default_factory=time.monotonic)
    typed: Hashable = None


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """One revision of a panel's state.

    ``action`` is the revision that the same call, event or write began with: its steps share it.  ``args`` are those of
    the tool, or a sentence in the place of very long ones; of a ``restore`` the checkpoint's name.  ``of``: what an undo or
    redo takes back or makes again.  ``at`` is seconds since 1970, ``duration`` the seconds from the begin of the call or
    request to this commit.  ``clock``, ``seed`` and ``zone`` are what the step read, None where it read none.  ``inverse``
    are the operations that take ``ops`` back.
    """

    rev: int
    action: int
    cause: Cause
    args: JsonValue
    of: tuple[int, ...]
    at: float
    duration: float
    clock: float | None
    seed: int | None
    zone: str | None
    ops: tuple[Operation, ...]
    inverse: tuple[Operation, ...]

    @property
    def kind(self) -> CauseKind:
        """What kind of cause it has."""
        return self.cause.kind

    @property
    def tool(self) -> str | None:
        """The tool that ran, None without one."""
        return self.cause.tool

    @property
    def when(self) -> datetime:
        """When it was committed, in local time."""
        return datetime.fromtimestamp(self.at).astimezone()

    @property
    def states(self) -> tuple[str, ...]:
        """The states that it changed."""
        return tuple(dict.fromkeys(parse_pointer(op.path)[0] for op in self.ops))

    @property
    def who(self) -> str:
        """Who caused it: ``page`` and the page's own name, or ``Python``, or the panel itself."""
        if self.cause.client is not None:
            return f"page {self.cause.client[:8]}"
        return "Python" if self.kind in ("python", "undo", "redo", "restore") else "the panel"

    @property
    def what(self) -> str:
        """What was done, in a few words."""
        changed = ", ".join(self.states[:_SHOWN_PATHS]) + (" …" if len(self.states) > _SHOWN_PATHS else "")
        if self.kind == "reset":
            return "the document was replaced"
        if self.kind == "lifecycle":
            return self.tool or "a lifecycle hook"
        if self.kind == "restore":
            return f"back to the checkpoint {self.args!r}"
        done = f"{self.tool}({_written(self.args)})" if self.tool else f"{'an edit' if self.kind == 'edit' else 'a change'} of {changed}"
        return f"{self.kind} of {done}" if self.kind in ("undo", "redo") else done

    def __repr__(self) -> str:
        return visible(f"<{self.rev}: {self.what} by {self.who} at {self.when:%H:%M:%S}>")


def _written(args: JsonValue) -> str:
    if args is None:
        return ""
    if isinstance(args, dict):
        text = ", ".join(f"{key}={value!r}" for key, value in args.items())
    elif isinstance(args, list):
        text = ", ".join(map(repr, args))
    else:
        text = str(args)
    return text if len(text) <= 60 else text[:59] + "…"


@dataclass(eq=False)
class Action:
    """What one gesture, call or write has done: the commits that belong together.

    ``entries`` are all of its commits that are kept, undo and redo among them; ``changes`` those whose inverse turns it
    around now: its steps, or its last undo or redo.  ``turns`` are the revisions of those, and whether it is in force from
    then on.  ``whole``: none of its changes has fallen out of the log.  ``idle``: its steps have come to nothing together.
    ``keys`` are those of its origins.  ``typed``: the field that text was typed into, last at ``typed_at`` of the page's clock.
    """

    first: int
    keys: set[Hashable]
    entries: list[Entry] = field(default_factory=list)
    changes: list[Entry] = field(default_factory=list)
    turns: list[tuple[int, bool]] = field(default_factory=list)
    whole: bool = True
    idle: bool = False
    typed: Hashable = None
    typed_at: float = 0.0

    def stood(self, rev: int) -> bool:
        """Whether it was in force at revision ``rev``."""
        for turned, stands in reversed(self.turns):
            if turned <= rev:
                return stands
        return self.first <= rev

    @property
    def undone(self) -> bool:
        """Whether it is not in force now."""
        return bool(self.turns) and not self.turns[-1][1]

    def turn(self, entry: Entry) -> None:
        """``entry`` has undone it, or made it again."""
        self.changes = [entry]
        oldest = self.entries[0].rev if self.entries else entry.rev
        gone = sum(rev < oldest for rev, _ in self.turns)  # of those only the last one counts for revisions that are kept
        self.turns = [*self.turns[max(0, gone - 1) :], (entry.rev, entry.kind == "redo")]

    def moved_since(self, rev: int) -> list[Entry]:
        """Its commits after ``rev``; none when they came to nothing together."""
        after = [entry for entry in self.entries if entry.rev > rev]
        if self.idle and len(after) == len(self.entries):
            return []
        if not after or self.stood(rev) == self.undone:
            return after
        steps = any(entry.kind not in ("undo", "redo") for entry in after)
        return after if steps and not self.undone else []


class Revisions:
    """The last revisions of one panel: at most ``count`` of them and ``size`` bytes, as JSON.

    Written in the panel's turns; ``entries`` may be read on any thread.
    """

    def __init__(self, count: int, size: int) -> None:
        self._count = count
        self._size = size
        self._kept: deque[tuple[Entry, Action, int]] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that are kept, the oldest first."""
        with self._lock:
            return tuple(entry for entry, _, _ in self._kept)

    def __iter__(self) -> Iterator[tuple[Entry, Action]]:
        with self._lock:
            kept = tuple(self._kept)
        return iter([(entry, action) for entry, action, _ in kept])

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, rev: int) -> tuple[Entry, Action] | None:
        """The entry of a revision with its action; None when it is not kept."""
        with self._lock:
            if not self._kept or not 0 <= rev - self._kept[0][0].rev < len(self._kept):
                return None
            entry, action, _ = self._kept[rev - self._kept[0][0].rev]
        return entry, action

    def add(self, entry: Entry, action: Action) -> list[Action]:
        """Keep ``entry``, the next revision; the actions of those that had to go, which may be its own."""
        size = _bytes(entry)
        gone: list[tuple[Entry, Action, int]] = []
        action.entries.append(entry)
        with self._lock:
            self._kept.append((entry, action, size))
            self._bytes += size
            while self._kept and (len(self._kept) > self._count or self._bytes > self._size):
                gone.append(self._kept.popleft())
                self._bytes -= gone[-1][2]
        for old, owner, _ in gone:
            owner.entries.remove(old)
            if old in owner.changes:
                owner.changes.remove(old)
                owner.whole = False
        return [owner for _, owner, _ in gone]


def kept_args(args: JsonValue) -> JsonValue:
    """``args`` as they are kept."""
    size = _weight(args)
    return args if size <= ARGS_BYTES else f"{size:,} bytes"


def _bytes(entry: Entry) -> int:
    size = _weight(entry.args)
    for operations in (entry.ops, entry.inverse):
        for operation in operations:
            size += len(operation.path) + _weight(operation.value)
    return size


def _weight(value: JsonValue) -> int:
    """The characters of ``value`` as JSON, about so for a text or a number: they are most of what changes."""
    if value is None or isinstance(value, int | float):
        return 8
    return len(value) + 2 if isinstance(value, str) else len(json.dumps(value))
