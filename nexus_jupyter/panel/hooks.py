"""The lifecycle hooks of a document: when each is to run, and with what."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from pydantic import JsonValue

from ..nxml.program import Handler, LifecycleDeclaration, Program, ToolDeclaration
from .call import Call

Chain = tuple[tuple[int, str], ...]
"""What led to something, the first first: tools and hooks as (runtime, name)."""


@dataclass(frozen=True)
class Run:
    """One run that is to begin: what the hook finds as ``$args``, and what led to it."""

    args: JsonValue = None
    chain: Chain = ()


class Hook:
    """One hook.  ``due`` is when it is to run next, in monotonic seconds; it never runs twice at a time."""

    def __init__(self, index: int, name: str, declared: LifecycleDeclaration, *, timeout: float | None = None) -> None:
        self.index = index
        self.name = name
        self.declared = declared
        handler = declared.handler
        if timeout is not None:
            handler = handler.model_copy(update={"timeout": min(handler.timeout or timeout, timeout)})
        self.tool = as_tool(name, handler, declared)
        self.due: float | None = None
        self.call: Call | None = None

    def next_due(self) -> float | None:
        """When there is something to do; a hook that runs has to end first."""
        return self.due if self.call is None else None

    def take(self, now: float) -> Run:
        """The run that is due."""
        self.due = None
        return Run()

    def ended(self, now: float, used: float) -> None:
        """The run that was taken is over; it took ``used`` seconds of the processor."""


class Interval(Hook):
    """Ticks ``every`` so many seconds.  What comes while it runs is left out.

    It rests for at least as long as it computed: at most half of a processor is its own.
    """

    def __init__(self, index: int, name: str, declared: LifecycleDeclaration, *, least: float, now: float) -> None:
        super().__init__(index, name, declared)
        self.every = max(declared.every or 0.0, least)
        self.pauses = declared.when_hidden == "pause"
        self.paused = False
        self.due = now + self.every

    def next_due(self) -> float | None:
        return None if self.paused else super().next_due()

    def take(self, now: float) -> Run:
        self._pass(now)
        return Run()

    def ended(self, now: float, used: float) -> None:
        self._pass(now)
        self.due = max(self.due or 0.0, now + used)

    def _pass(self, now: float) -> None:
        """Go on to the next tick after ``now``."""
        due = now if self.due is None else self.due
        if due <= now:
            due += self.every * (math.floor((now - due) / self.every) + 1)
        self.due = due


class Change(Hook):
    """Runs when one of the states and computed values it watches has changed and ``debounce`` has passed since.

    ``known`` stands for the values that the computed ones had last.
    """

    def __init__(self, index: int, name: str, declared: LifecycleDeclaration, program: Program) -> None:
        super().__init__(index, name, declared)
        self.states = tuple(each for each in declared.of if program.state(each) is not None)
        self.computed = tuple(each for each in declared.of if program.state(each) is None)
        self.known: dict[str, str] = {}
        self._changed: set[str] = set()
        self._chain: Chain = ()

    def note(self, names: set[str], chain: Chain, now: float) -> None:
        """Some of what it watches has changed."""
        self._changed |= names
        self._chain = max(self._chain, chain, key=len)
        self.due = now + (self.declared.debounce or 0.0)

    def take(self, now: float) -> Run:
        self.due = None
        changed, chain = self._changed, self._chain
        self._changed, self._chain = set(), ()
        return Run({"changed": [name for name in self.declared.of if name in changed]}, chain)


class Failures(Hook):
    """Runs for each failure of a tool or of another hook, one after the other; beyond ``most`` that wait they are left out."""

    def __init__(self, index: int, name: str, declared: LifecycleDeclaration, *, most: int) -> None:
        super().__init__(index, name, declared)
        self._most = most
        self._waiting: deque[Run] = deque()

    def note(self, run: Run, now: float) -> bool:
        """Something failed; False when too many wait."""
        if len(self._waiting) >= self._most:
            return False
        self._waiting.append(run)
        self.due = now
        return True

    def take(self, now: float) -> Run:
        run = self._waiting.popleft()
        self.due = now if self._waiting else None
        return run


def as_tool(name: str, handler: Handler, declared: LifecycleDeclaration) -> ToolDeclaration:
    """A hook in the form that calls have; no tool can have its name, which has a space in it."""
    return ToolDeclaration(name=name, handler=handler, span=declared.span)
