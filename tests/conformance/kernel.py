"""The kernel's host of guests, as the conformance cases drive it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nexus_jupyter.errors import NexusError
from nexus_jupyter.nxml import load_program
from nexus_jupyter.protocol import GuestLoad, GuestRead, GuestRequest
from nexus_jupyter.sandbox import Engine, Guest
from nexus_jupyter.sandbox.guest import bounds_of, encoded
from nexus_jupyter.sandbox.instance import Instance
from nexus_jupyter.sandbox.limits import DEFAULT_LIMITS, Limits

from .cases import Case
from .checking import Outcome

LIMITS = Limits(cpu=60.0, load_cpu=60.0, cpu_max=60.0)
"""Long: no case but those that set their own is about time."""


class Heard(Guest):
    """A guest that is not loaded yet, and keeps the last reply as it was written."""

    def __init__(self, limits: Limits) -> None:
        instance = Instance(Engine.shared(), limits)
        self._begin(instance, limits, "UTC", None)
        self.last = b""
        call: Callable[..., bytes] = instance.call

        def heard(*args: Any) -> bytes:
            self.last = call(*args)
            return self.last

        instance.call = heard  # type: ignore[method-assign, assignment]

    def load(self, request: GuestLoad) -> None:
        """The first request."""
        self._session_zone = request.zone
        self.request(request, timeout=self._limits.load_cpu)


@dataclass(frozen=True)
class Talk:
    """What was asked, as another host can ask it again, and what became of it."""

    requests: list[dict[str, Any]]
    outcomes: list[Outcome]
    limits: dict[str, int]


def talk(case: Case) -> Talk:
    """Run a case in the kernel's host; at the end every state is read once."""
    program = load_program(case.source)[0].model_dump(mode="json")
    limits = limits_of(case)
    load = case.loading(program).model_copy(update={"bounds": bounds_of(limits)})
    states = [GuestRead(name=state["name"]) for state in program["states"]]
    requests: list[GuestRequest] = [load, *(step.request for step in case.steps), *states]
    outcomes: list[Outcome] = []
    guest = Heard(limits)
    with guest:
        for request in requests:
            try:
                if isinstance(request, GuestLoad):
                    guest.load(request)
                else:
                    guest.request(request)
                outcomes.append(Outcome(reply=guest.last.decode()))
            except NexusError as error:
                outcomes.append(Outcome(code=error.code))
    return Talk([json.loads(encoded(request)) for request in requests], outcomes, case.limits)


def limits_of(case: Case) -> Limits:
    """``LIMITS``, or what the case sets: ``step`` in milliseconds, ``memory`` and ``state`` in bytes, counts of ``jobs`` and ``calls``."""
    given = case.limits
    return Limits(
        cpu=given["step"] / 1000 if "step" in given else LIMITS.cpu,
        load_cpu=LIMITS.load_cpu,
        cpu_max=LIMITS.cpu_max,
        memory=given.get("memory", DEFAULT_LIMITS.memory),
        jobs=given.get("jobs", DEFAULT_LIMITS.jobs),
        state_bytes=given.get("state", DEFAULT_LIMITS.state_bytes),
        calls=given.get("calls", DEFAULT_LIMITS.calls),
        log_lines=given.get("lines", DEFAULT_LIMITS.log_lines),
    )
