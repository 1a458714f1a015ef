"""A panel's next document, and which of the present state it can keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from ..diagnostics import visible
from ..nxml.program import Program
from ..protocol import GuestEdit, Operation
from ..sandbox.guest import Guest
from ..sandbox.values import FrozenDict, freeze, thaw
from .dispatch import Dispatcher
from .moment import now_ms
from .patch import pointer_of
from .state import brief


@dataclass(frozen=True)
class Replacement:
    """What a panel goes on with.

    All of it runs in the turn: ``check`` first, and it raises when the panel is no longer the one that was
    meant; ``dispatcher`` when nothing can go wrong any more, for its lease then has an owner; ``done`` when the
    panel goes on with the document, before anybody is told.
    """

    program: Program
    dispatcher: Callable[[], Dispatcher]
    check: Callable[[], None]
    done: Callable[[], None]


@dataclass(frozen=True)
class Former:
    """What a panel takes over from the run before it, or from what is kept of that.

    ``values`` are those that are no longer what their state began with; ``first`` what the states began with, as far as is
    known; ``set_aside`` values that fitted no document of that run.
    """

    values: Mapping[str, JsonValue]
    first: Mapping[str, JsonValue]
    set_aside: Mapping[str, JsonValue]


@dataclass(frozen=True)
class Fitted:
    """The state to go on with.  ``set_aside`` are values that no longer fit, kept for a document they fit again."""

    state: FrozenDict
    notes: tuple[str, ...]
    set_aside: dict[str, JsonValue]


def fit(guest: Guest, program: Program, state: FrozenDict, set_aside: Mapping[str, JsonValue]) -> Fitted:
    """Write into the new ``guest`` of ``program`` what it can take of ``state``, else of what was set aside before.

    The declarations decide, by the guest's own rules.  A present value that has to give way is set aside itself.
    Raises NexusError: the guest broke.
    """
    kept = dict(set_aside)
    notes: list[str] = []
    for name, value in state.items():
        if program.state(name) is None:
            kept[name] = thaw(value)
            notes.append(f"{name} is no longer declared; its value {visible(brief(value))} comes back if it is declared again.")
    taken: dict[str, JsonValue] = {}
    for declaration in program.states:
        name = declaration.name
        problem = _put(guest, name, thaw(state[name])) if name in state else ""
        if name in state and not problem:
            taken[name] = thaw(state[name])
            continue
        if name in set_aside and not _put(guest, name, set_aside[name]):
            taken[name] = kept.pop(name)
        elif name in state:
            notes.append(f"{name} starts anew with {visible(brief(guest.initial_state[name]))}: {problem}")
        if name in state:
            kept[name] = thaw(state[name])
    return Fitted(freeze({**guest.initial_state, **taken}), tuple(notes), kept)


def take_over(guest: Guest, program: Program, former: Former, given: Collection[str]) -> Fitted:
    """Write into the new ``guest`` what it can take of the ``former`` run; states that are ``given`` a value begin with that.

    Raises NexusError: the guest broke.
    """
    values = freeze({name: value for name, value in former.values.items() if name not in given})
    fitted = fit(guest, program, values, {name: value for name, value in former.set_aside.items() if name not in given})
    notes = list(fitted.notes)
    for name in values:
        begins = guest.initial_state.get(name)
        if name in former.first and name in guest.initial_state and fitted.state[name] == values[name] and former.first[name] != begins:
            stays, now = visible(brief(values[name])), visible(brief(begins))
            notes.append(f"{name} stays {stays}; a fresh run would begin with {now}.")
    return Fitted(fitted.state, tuple(notes), fitted.set_aside)


def differing(state: FrozenDict, first: FrozenDict) -> dict[str, Any]:
    """The values that are not what their states began with."""
    return {name: value for name, value in state.items() if name not in first or not _same(value, first[name])}


def _same(a: Any, b: Any) -> bool:
    # in Python true is 1
    return a is b or (a == b and json.dumps(a) == json.dumps(b))


def _put(guest: Guest, name: str, value: JsonValue) -> str:
    """Write one state; why it does not fit, "" if it does."""
    reply = guest.request(GuestEdit(values={name: value}, clock=now_ms()))
    if reply.status == "done":
        return ""
    return reply.error.message if reply.error is not None else "it does not fit its declaration"


def difference(before: FrozenDict, after: FrozenDict) -> tuple[Operation, ...]:
    """The operations from one document's state to the next one's, whole states only."""
    gone = [Operation(op="remove", path=pointer_of([name])) for name in before if name not in after]
    put = [
        Operation(op="replace" if name in before else "add", path=pointer_of([name]), value=thaw(value))
        for name, value in after.items()
        if name not in before or before[name] != value
    ]
    return (*gone, *put)
