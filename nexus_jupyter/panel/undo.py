"""What can be undone and redone in a panel.  Everything here runs in the panel's turns, but ``can_undo`` and ``can_redo``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..errors import NexusError, StaleError, StateError
from ..protocol import Cause, CauseKind, GuestPatch, GuestReply, Operation
from ..sandbox.values import FrozenDict, thaw
from .patch import parse_pointer, pointer_of
from .paths import Paths
from .revisions import Action, Entry, Origin, Revisions, kept_args

if TYPE_CHECKING:
    from .runtime import Runtime

# Text that is typed into one field with no longer pause than this, in milliseconds, is undone at once.
TYPING_PAUSE = 2_000.0


class UndoStack:
    """The actions of people that can be undone, and those that were undone and can be redone.

    A person's action is all that one event of a page led to: the edit, every step of the tool it started; typing into
    one field is one action as long as it goes on.  Going back to a checkpoint is one, too.  What Python and the panel
    itself do is none, and can be undone by naming its revision.
    """

    def __init__(self, runtime: Runtime, revisions: Revisions) -> None:
        self._runtime = runtime
        self._revisions = revisions
        self._done: list[Action] = []
        self._undone: list[Action] = []
        self._open: dict[object, Action] = {}
        self._moving: Action | None = None
        self._begin = 0
        self._reason = "no person has done anything in the panel that has not been undone."

    @property
    def can_undo(self) -> bool:
        """Whether there is an action to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an action to redo."""
        return bool(self._undone)

    # --- what happens ---------------------------------------------------------------------------------

    def take(self, rev: int, cause: Cause, origin: Origin, reply: GuestReply) -> None:
        """Revision ``rev`` has come."""
        moving = self._moving
        action = moving or self._action(rev, cause, origin)
        now = time.time()
        entry = Entry(
            rev=rev,
            action=action.first,
            cause=cause,
            args=kept_args(origin.args),
            of=tuple(each.rev for each in moving.changes) if moving is not None else (),
            at=now,
            duration=max(0.0, time.monotonic() - origin.began),
            clock=origin.clock,
            seed=origin.seed,
            zone=origin.zone,
            ops=reply.ops,
            inverse=reply.inverse,
        )
        if moving is not None:
            moving.turn(entry)
            (self._undone if moving.undone else self._done).append(moving)
        else:
            action.changes.append(entry)
            if cause.client is not None or cause.kind == "restore":
                self._to_the_top(action)
        for gone in self._revisions.add(entry, action):
            self._forget(gone)

    def reset(self, rev: int, ops: tuple[Operation, ...], inverse: tuple[Operation, ...]) -> None:
        """Revision ``rev`` began with another document: nothing from before it can be undone."""
        self._done.clear()
        self._undone.clear()
        self._open.clear()
        self.take(rev, Cause(kind="reset"), Origin(key=("reset", rev)), GuestReply(status="done", ops=ops, inverse=inverse))
        self._begin = rev
        self._reason = "the panel's document was replaced, and nothing has been done since that could be."

    def _action(self, rev: int, cause: Cause, origin: Origin) -> Action:
        known = self._open.get(origin.key)
        if known is None and origin.typed is not None and origin.clock is not None and self._done and not self._undone:
            top = self._done[-1]
            if top.typed == origin.typed and 0 <= origin.clock - top.typed_at <= TYPING_PAUSE and self._follows(top):
                known = top
        action = known or Action(first=rev, keys=set())
        action.keys.add(origin.key)
        action.typed = origin.typed if cause.kind == "edit" else action.typed
        action.typed_at = origin.clock if cause.kind == "edit" and origin.clock is not None else action.typed_at
        self._open[origin.key] = action
        return action

    def _follows(self, action: Action) -> bool:
        """Whether typing that goes on belongs to ``action``: it would be undone with it as if nothing else had happened."""
        paths = Paths(op for entry in action.changes for op in entry.ops)
        return action.whole and not any(paths.meet(op) for entry in self._others(action) for op in entry.ops)

    def _to_the_top(self, action: Action) -> None:
        if action in self._done:
            self._done.remove(action)
        else:
            self._undone.clear()
        self._done.append(action)

    def _forget(self, action: Action) -> None:
        for actions in (self._done, self._undone):
            if action in actions and not action.whole:
                actions.remove(action)
        if not action.entries:
            self._close(action)

    def _close(self, action: Action) -> None:
        for key in action.keys:
            self._open.pop(key, None)

    # --- what is asked for ------------------------------------------------------------------------------

    def undo(self, rev: int | None = None, *, client: str | None = None, seq: int | None = None) -> int:
        """Take back the last action, or the one that revision ``rev`` belongs to; gives the new revision.

        Raises StaleError: what it changed has been changed since.  NexusError (``NOTHING_TO_UNDO``): there is none, or it
        is no longer kept; (``BUSY``): it has not ended.
        """
        if rev is not None:
            return self._turn(self._named(rev), client, seq)
        while self._done:
            before = self._runtime.rev
            if self._turn(self._done[-1], client, seq) > before:
                return self._runtime.rev
        raise _nothing(f"there is nothing to undo: {self._reason}")

    def redo(self, *, client: str | None = None, seq: int | None = None) -> int:
        """Make again what was undone last; gives the new revision.  Raises as ``undo`` does (``NOTHING_TO_REDO``)."""
        if not self._undone:
            text = "there is nothing to redo: nothing was undone, or something else was done after it."
            raise NexusError(text, code="NOTHING_TO_REDO")
        return self._turn(self._undone[-1], client, seq)

    def restore(self, name: str, state: FrozenDict) -> int:
        """Have the states be as they were in ``state``; those that are not in it stay.  Gives the revision.

        Raises StateError: a value does not fit the present declaration; then nothing changes.
        """
        present = self._runtime.state
        ops = [
            Operation(op="replace", path=pointer_of([key]), value=thaw(state[key]))
            for key, value in present.items()
            if key in state and state[key] != value
        ]
        if ops:
            began = time.monotonic()
            clock = self._runtime.clock.now_ms()
            reply = self._request(tuple(ops), clock)
            key = ("restore", self._runtime.rev + 1)
            self._runtime.commit(reply, Cause(kind="restore"), Origin(key=key, args=name, clock=clock, began=began))
        return self._runtime.rev

    def _named(self, rev: int) -> Action:
        found = self._revisions.find(rev)
        if found is None:
            kept = self._revisions.entries
            text = f"from {kept[0].rev} to {kept[-1].rev}" if kept else "none"
            raise _nothing(f"revision {rev} is not in the history (it has {text}).")
        entry, action = found
        if rev <= self._begin:
            raise _nothing(f"revision {rev} cannot be undone: the panel's document was replaced in revision {self._begin}.")
        if entry not in action.changes:
            raise _nothing(f"revision {rev} is not in force any more: see revision {action.entries[-1].rev}.")
        return action

    def _turn(self, action: Action, client: str | None, seq: int | None) -> int:
        """Undo ``action``, or redo it if it is undone."""
        if not action.whole:
            raise _nothing("it cannot be undone: its first steps are no longer in the history.")
        last = action.changes[-1]
        kind: CauseKind = "redo" if action.undone else "undo"
        self._check(action, last, kind)
        began, clock = time.monotonic(), self._runtime.clock.now_ms()
        reply = self._request(self._back(action), clock)
        self._done = [each for each in self._done if each is not action]
        self._undone = [each for each in self._undone if each is not action]
        self._close(action)
        action.idle = not reply.ops
        cause = Cause(kind=kind, tool=last.tool, client=client, seq=seq)
        self._moving = action
        try:
            self._runtime.commit(reply, cause, Origin(key=None, args=last.args, clock=clock, began=began))
        finally:
            self._moving = None
        return self._runtime.rev

    def _back(self, action: Action) -> tuple[Operation, ...]:
        """What takes ``action`` back.

        The inverse of a removed key may be its whole object, for the order of the keys.  If something else in that object
        has changed since, only the key comes back, at the end.
        """
        others = [op for entry in self._others(action) for op in entry.ops]
        back: list[Operation] = []
        for entry in reversed(action.changes):
            if len(entry.ops) != len(entry.inverse):  # each has its own, in a guest that is whole
                back += entry.inverse
                continue
            for op, inverse in zip(reversed(entry.ops), entry.inverse, strict=True):
                alone = _key_alone(op, inverse)
                back.append(alone if alone is not None and any(map(Paths([inverse]).meet, others)) else inverse)
        return tuple(back)

    def _check(self, action: Action, last: Entry, kind: str) -> None:
        what = last.what.removeprefix("undo of ").removeprefix("redo of ")
        if action.keys & self._runtime.running():
            raise NexusError(f"{what} has not ended yet.", hint="Cancel it, or wait until it has.", code="BUSY")
        paths = Paths(op for entry in action.changes for op in entry.ops)
        for entry in self._others(action):
            if any(paths.meet(op) for op in entry.ops):
                raise StaleError(
                    f"{what} cannot be {kind.replace('do', 'done')}: "
                    f"{entry.what} (revision {entry.rev}, by {entry.who}) has changed the same place since.",
                    hint="Nothing was changed.",
                )

    def _others(self, action: Action) -> list[Entry]:
        """What has changed since ``action`` by anything else, the newest first."""
        since = action.changes[0].rev
        actions = {id(other): other for entry, other in self._revisions if entry.rev > since and other is not action}
        entries = [entry for other in actions.values() for entry in other.moved_since(since)]
        return sorted(entries, key=lambda entry: entry.rev, reverse=True)

    def _request(self, ops: tuple[Operation, ...], clock: float) -> GuestReply:
        reply = self._runtime.request(GuestPatch(ops=ops, clock=clock))
        if reply.status == "failed":
            assert reply.error is not None
            raise StateError(reply.error.message, hint=reply.error.hint, code=reply.error.code)
        return reply


def _key_alone(op: Operation, inverse: Operation) -> Operation | None:
    """What brings back the key that ``op`` removed and no more, where ``inverse`` brings its whole object back."""
    *holder, key = parse_pointer(op.path)
    if op.op != "remove" or inverse.op != "replace" or inverse.path != pointer_of(holder) or not isinstance(inverse.value, dict):
        return None
    if key not in inverse.value:
        return None
    return Operation(op="add", path=op.path, value=inverse.value[key])


def _nothing(text: str) -> NexusError:
    return NexusError(text, code="NOTHING_TO_UNDO")
