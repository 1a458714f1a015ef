"""What a panel does by itself: the lifecycle hooks of its document, run as calls.

A hook's own writes never start it again.  Hooks that start one another through what they write, also by way of Python
functions, do so ``limits.hooks`` times in a row at most.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from ..errors import CancelledError, CapabilityError, LimitError, NexusError, PanelClosedError
from ..nxml.program import Program
from ..protocol import Cause, GuestRead, HookState, LogLine
from ..sandbox.failure import error_from, info_of
from ..sandbox.limits import Limits
from ..sandbox.values import FrozenDict
from .call import Call
from .calls import Calls
from .hooks import Chain, Change, Failures, Hook, Interval, Run
from .sight import Sight

if TYPE_CHECKING:
    from .runtime import Runtime

DENIED = CapabilityError.code


class Lifecycle:
    """The hooks of the present document, those of them that run, and those that failed last.  In turns only."""

    def __init__(self, runtime: Runtime, calls: Calls, zone: str, limits: Limits) -> None:
        self._runtime = runtime
        self._calls = calls
        self._zone = zone
        self._limits = limits
        self._clock = runtime.clock
        self._sight = Sight(runtime.clock)
        self._hooks: tuple[Hook, ...] = ()
        self._failed: dict[str, HookState] = {}
        self._mounted: str | None = None
        self._chain: Chain = ()

    # --- the document -------------------------------------------------------------------------------

    def begin(self, mounted: str | None = None) -> None:
        """The panel was made: run ``mount`` up to where it first waits, unless its code is ``mounted``, which has run."""
        self._mounted = mounted
        self._open(self._runtime.program)
        self._mount()

    def replace(self) -> None:
        """Another document took the place of the one before, whose calls have ended; a ``mount`` that never ran will run."""
        self._failed.clear()
        self._open(self._runtime.program)
        self._runtime.put(self._mount)

    def unmount(self) -> None:
        """The panel ends: run ``unmount`` in this turn, for at most ``limits.unmount`` seconds."""
        hook = next((each for each in self._hooks if each.declared.on == "unmount"), None)
        self._hooks = ()
        if hook is not None:
            self._run(hook, Run(), self._calls.run_last)

    def _open(self, program: Program) -> None:
        now = self._clock.monotonic()
        made: list[Hook] = []
        for index, (name, declared) in enumerate(zip(program.hook_names, program.lifecycle, strict=True)):
            if declared.on == "interval":
                made.append(Interval(index, name, declared, least=self._limits.interval, now=now))
            elif declared.on == "change":
                made.append(Change(index, name, declared, program))
            elif declared.on == "error":
                made.append(Failures(index, name, declared, most=self._limits.queue))
            else:
                made.append(Hook(index, name, declared, timeout=self._limits.unmount if declared.on == "unmount" else None))
        self._hooks = tuple(made)
        for hook in made:
            if isinstance(hook, Change):
                hook.known = {name: self._value(name) for name in hook.computed}

    def _mount(self) -> None:
        hook = next((each for each in self._hooks if each.declared.on == "mount"), None)
        if hook is None:
            return
        code = self._runtime.program.code[hook.declared.handler.code].source
        if code != self._mounted:
            self._mounted = code
            self._run(hook, Run())

    @property
    def mounted(self) -> str | None:
        """The code of the ``mount`` that has run."""
        return self._mounted

    # --- time ---------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """Monotonic seconds of the next run, None without one."""
        return min((at for hook in self._hooks if (at := hook.next_due()) is not None), default=None)

    def due(self) -> None:
        """Run the hook whose time came first: one, so that what else waits for a turn gets it."""
        now = self._clock.monotonic()
        ready = [(at, hook.index, hook) for hook in self._hooks if (at := hook.next_due()) is not None and at <= now]
        if not ready:
            return
        hook = min(ready)[2]
        if isinstance(hook, Interval) and hook.pauses and not self._sight.open:
            hook.paused = True
            return
        self._run(hook, hook.take(now))

    # --- news ---------------------------------------------------------------------------------------

    @property
    def wants_sight(self) -> bool:
        """Whether it matters that a page shows the panel."""
        return any(isinstance(hook, Interval) and hook.pauses for hook in self._hooks)

    def sight(self, client: str, *, shown: bool) -> None:
        """A page shows the panel, or does no longer: what came due while none did runs now, once."""
        if not self.wants_sight:
            return
        self._sight.tell(client, shown=shown)
        if self._sight.open:
            for hook in self._hooks:
                if isinstance(hook, Interval):
                    hook.paused = False

    @contextlib.contextmanager
    def led_by(self, chain: Chain) -> Iterator[None]:
        """What is committed inside follows from ``chain``."""
        before, self._chain = self._chain, chain
        try:
            yield
        finally:
            self._chain = before

    def committed(self, before: FrozenDict, after: FrozenDict) -> None:
        """A revision was committed."""
        for hook in self._hooks:
            if not isinstance(hook, Change):
                continue
            led = hooks_of(self._chain)
            own = bool(led) and led[-1] == (id(self._runtime), hook.name)
            changed = {name for name in hook.states if before.get(name) is not after.get(name) and before.get(name) != after.get(name)}
            known, hook.known = hook.known, {name: self._value(name) for name in hook.computed}
            changed |= {name for name, value in hook.known.items() if value != known[name]}
            if changed and not own:
                hook.note(changed, self._chain, self._clock.monotonic())

    def failed(self, call: Call, error: NexusError) -> None:
        """A call that had begun failed: the hooks for that run, but not for what one of them did itself."""
        if isinstance(error, (CancelledError, PanelClosedError)) or call.wall_deadline is None:
            return
        hooks = [hook for hook in self._hooks if isinstance(hook, Failures)]
        if any(hook.name == call.tool.name for hook in hooks):
            return
        told = info_of(error).model_dump(include={"code", "name", "message", "hint", "line", "column"})
        run = Run({"source": call.tool.name, "error": told}, (*call.chain, (id(self._runtime), call.tool.name)))
        for hook in hooks:
            if not hook.note(run, self._clock.monotonic()):
                self._runtime.log.append(LogLine(level="warn", text=f"{hook.name}: too many failures wait; this one was left out."))

    def permitted(self, names: frozenset[str] | None) -> None:
        """A person allowed something, to these or to all: a ``mount`` that was denied it runs again.

        Nobody could press a button for it.
        """
        hook = next((each for each in self._hooks if each.declared.on == "mount"), None)
        state = None if hook is None else self._failed.get(hook.name)
        if hook is None or hook.call is not None or (names is not None and hook.name not in names):
            return
        if state is not None and state.error is not None and state.error.code == DENIED:
            self._run(hook, Run())

    def failures(self) -> tuple[HookState, ...]:
        """The hooks whose last run failed."""
        return tuple(self._failed.values())

    # --- runs ---------------------------------------------------------------------------------------

    def _run(self, hook: Hook, run: Run, enter: Callable[[Call], None] | None = None) -> None:
        led = hooks_of(run.chain)
        if len(led) >= self._limits.hooks:
            self._refuse(hook, led)
            return
        call = Call(
            tool=hook.tool,
            hook=hook.index,
            args=run.args,
            cause=Cause(kind="lifecycle", tool=hook.name),
            seed=random.getrandbits(32),
            zone=self._zone,
            clock=self._clock.now_ms(),
            chain=run.chain,
        )
        hook.call = call
        # settled on the panel's thread, like every call
        call.future.add_done_callback(lambda future: self._ended(hook, call, future))
        (enter or self._calls.enter)(call)

    def _refuse(self, hook: Hook, led: Chain) -> None:
        names = " and ".join(dict.fromkeys(name for _, name in led[-2:]))
        error = LimitError(
            f"{hook.name} was not run: hooks have started one another {len(led)} times in a row.",
            limit="hooks",
            allowed=self._limits.hooks,
            used=len(led) + 1,
            hint=f"Look at what {names} and {hook.name} write: each starts the next.",
        )
        self._runtime.log.append(LogLine(level="error", text=f"{hook.name}: {error}"))
        self._tell(hook, error)

    def _ended(self, hook: Hook, call: Call, future: Future[Any]) -> None:
        hook.call = None
        hook.ended(self._clock.monotonic(), call.cpu_used)
        error = future.exception()
        if not isinstance(error, (CancelledError, PanelClosedError)):
            self._tell(hook, error)

    def _tell(self, hook: Hook, error: BaseException | None) -> None:
        """Keep how ``hook`` ended and tell the pages, where that is news."""
        known = self._failed.pop(hook.name, None)
        if error is not None:
            self._failed[hook.name] = HookState(hook=hook.name, error=info_of(error))
        if known != self._failed.get(hook.name):
            self._runtime.say(self._failed.get(hook.name) or HookState(hook=hook.name))

    # --- computed values ----------------------------------------------------------------------------

    def _value(self, name: str) -> str:
        """What stands for the present value of a computed value; one that fails has its error."""
        try:
            reply = self._runtime.request(GuestRead(name=name))
            if reply.status == "failed":
                raise error_from(reply.error)
        except NexusError as error:
            return f"{error.code} {error.message}"
        return digest(reply.value)


def hooks_of(chain: Chain) -> Chain:
    """The hooks among what led to something."""
    return tuple(each for each in chain if " " in each[1])


def digest(value: JsonValue) -> str:
    """A short text for a value, another for another."""
    text = json.dumps(value, separators=(",", ":"))
    return text if len(text) <= 64 else hashlib.sha256(text.encode("ascii")).hexdigest()
