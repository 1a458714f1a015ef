"""The calls of one panel: from an event or a request to their results.

Everything here but ``settled`` and what its docstring says runs in turns on the panel's thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from pydantic import JsonValue

from ..errors import ArgumentError, CancelledError, HandlerError, LimitError, NexusError, StaleError
from ..nxml.program import Program
from ..protocol import (
    Cause,
    Confirm,
    ConfirmAnswer,
    Emitted,
    Event,
    GuestCancel,
    GuestEvent,
    GuestInvoke,
    GuestReply,
    GuestResume,
    LogLine,
    Progress,
    Reject,
    Result,
    Settled,
    Started,
)
from ..sandbox.failure import error_from, info_of
from ..sandbox.limits import Limits, cpu_total_exceeded, duration
from .call import Call, Gate
from .dispatch import Dispatcher
from .futures import settle, settle_error
from .names import check_tool
from .revisions import Origin

if TYPE_CHECKING:
    from .runtime import Runtime

# The code of a call that gave way to a newer one, as concurrency="latest" asks for.
SUPERSEDED = "SUPERSEDED"
PAGE_EVENTS = frozenset({"toast", "notify"})


class Calls:
    """Those that run, those that wait for their turn, and the one whose step runs now."""

    def __init__(self, runtime: Runtime, program: Program, dispatcher: Dispatcher, limits: Limits) -> None:
        self._runtime = runtime
        self._limits = limits
        self._clock = runtime.clock
        self._calls: dict[int, Call] = {}
        self._current: Call | None = None
        self._asked: dict[tuple[str, int], Call] = {}
        self._put: Callable[[Callable[[], None]], None] = runtime.put
        self._open(program, dispatcher)

    def _open(self, program: Program, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._gates = {tool.name: Gate(tool, capacity=self._limits.queue) for tool in program.tools}

    # --- from any thread ----------------------------------------------------------------------------

    def interrupt(self, call: Call) -> None:
        """Stop the step that runs now if it is one of ``call``."""
        call.cancelled = True
        with self._runtime.lock:
            # under the lock: else the step could end here, and the interrupt would meet another call's
            if self._current is call and self._runtime.guest is not None:
                self._runtime.guest.interrupt()

    def of_event(self, client: str, seq: int) -> list[Call]:
        """The calls that event ``seq`` of ``client`` started and that have not ended."""
        with self._runtime.lock:
            return [c for c in self._calls.values() if (c.cause.client, c.cause.seq) == (client, seq)]

    def settled(self, call: Call, outcome: Settled, cause: NexusError | None) -> None:
        """The outcome of an extension call, from any thread."""

        def resume() -> None:
            if cause is not None:
                call.cause_error = cause
            self._resume(call, (outcome,))

        self._put(resume)

    def running(self) -> set[Hashable]:
        """The keys of all calls that have not ended."""
        with self._runtime.lock:
            return {call.key for call in self._calls.values()}

    # --- turns ----------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """Monotonic seconds of the next deadline or timer, None without one."""
        times = [t for c in self._calls.values() if c.waiting for t in (c.wall_deadline, c.timer_due) if t is not None]
        return min(times, default=None)

    def outside(self) -> int:
        """How many extension calls are under way; those that wait until others of their tool's call have ended are not."""
        return sum(min(len(call.pending), self._limits.parallel) for call in self._calls.values())

    def due(self) -> None:
        """End the calls whose time is over, resume those whose timer has come."""
        now = self._clock.monotonic()
        for call in list(self._calls.values()):
            if not call.waiting:
                continue
            if call.wall_deadline is not None and call.wall_deadline <= now:
                self._drop(call, self._wall_error(call))
            elif call.timer_due is not None and call.timer_due <= now:
                call.timer_due = None
                self._resume(call, ())

    def guest_lost(self) -> None:
        """The guest is gone, and with it every suspended call."""
        for call in [c for c in self._calls.values() if c.waiting]:
            self._fail(call, lost_error(call))

    def stop(self) -> None:
        """All calls fail; the panel has ended."""
        for call in list(self._calls.values()):
            call.cancelled = True
            self._fail(call, self._runtime.ended())

    def run_last(self, call: Call) -> None:
        """Run ``call`` to its end in this turn, the panel's last: there is no other in which it could go on."""
        late: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._put = late.put
        self.enter(call)
        while (due := self.next_due()) is not None:
            try:
                resume = late.get(timeout=self._clock.left(due))
            except Empty:
                self._clock.reach(due)
                self.due()
            else:
                resume()

    def end(self) -> None:
        """Free what calls use."""
        self.stop()
        self._dispatcher.close()

    def replace(self, program: Program, dispatcher: Dispatcher) -> None:
        """All calls are cancelled; those that come are of ``program``."""
        for call in list(self._calls.values()):
            call.cancelled = True
            self._fail(call, CancelledError(f"{call.tool.name} was cancelled: the panel's document was replaced."))
        self._dispatcher.close()
        self._open(program, dispatcher)

    def event(self, event: Event) -> None:
        """Let the guest say what a component's event means: an edit, and a call perhaps.

        Nodes are named by their place in the view, so one of the document before would name another component.
        """
        if event.base < self._runtime.document_rev:
            error = StaleError("the panel's document was replaced before this event came.", hint="Look at the panel as it is now.")
            self._reject(event, error)
            return
        began = time.monotonic()
        try:
            reply = self._runtime.request(
                GuestEvent(
                    call=0, node=event.node, name=event.name, detail=event.detail, clock=event.clock, seed=event.seed, zone=event.zone
                )
            )
            if reply.status == "failed":
                raise error_from(reply.error)
            self._runtime.commit(reply, Cause(kind="edit", client=event.client, seq=event.seq), _edited(event, began))
        except NexusError as error:
            self._reject(event, error)
            return
        tool = self._runtime.program.tool(reply.tool) if reply.tool is not None else None
        if tool is None:
            self._runtime.say(Result(client=event.client, seq=event.seq))
            return
        call = Call(
            tool=tool,
            args=reply.value,
            cause=Cause(kind="tool", tool=tool.name, client=event.client, seq=event.seq),
            seed=event.seed,
            zone=event.zone,
            clock=event.clock,
        )
        if tool.confirm:
            self._ask(call, (event.client, event.seq), tool.confirm)
        else:
            self.enter(call)

    def _ask(self, call: Call, asker: tuple[str, int], question: str) -> None:
        """Have the person asked before ``call`` starts.  Questions that nobody answers give way to newer ones."""
        oldest = next(iter(self._asked), None) if len(self._asked) >= self._limits.events else None
        for given_up in (asker, oldest):
            if given_up is not None and given_up in self._asked:
                self.cancel(self._asked[given_up])
        self._asked[asker] = call
        with self._runtime.lock:
            self._calls[call.id] = call
        self._runtime.say(Confirm(client=asker[0], seq=asker[1], tool=call.tool.name, question=question))

    def confirmed(self, answer: ConfirmAnswer) -> None:
        """The person has answered: start the call, or let it go; an answer that comes too late does nothing."""
        call = self._asked.pop((answer.client, answer.seq), None)
        if call is None:
            return
        if answer.yes:
            call.clock = None  # it begins now, not when it was asked
            self.enter(call)
            return
        self._runtime.say(Result(client=answer.client, seq=answer.seq))
        self._leave(call)
        settle_error(call.future, CancelledError(f"{call.tool.name} was not confirmed."))

    def _reject(self, event: Event, error: NexusError) -> None:
        self._runtime.say(Reject(client=event.client, seq=event.seq, error=info_of(error)))

    def enter(self, call: Call) -> None:
        """Start ``call`` if its tool's gate lets it, else let it wait."""
        if call.cancelled:
            self._fail(call, CancelledError(f"{call.tool.name} was cancelled."))
            return
        try:
            if call.hook is None:  # the document may have been replaced since the call was made
                call.tool = check_tool(self._runtime.program, call.tool.name)
        except ArgumentError as error:
            self._fail(call, error)
            return
        with self._runtime.lock:
            self._calls[call.id] = call
        if call.depth > self._limits.tool_depth:
            self._fail(call, LimitError(
                f"{call.tool.name} is called through Python more than {self._limits.tool_depth} levels deep.",
                limit="tool_depth", allowed=self._limits.tool_depth, used=call.depth,
            ))  # fmt: skip
            return
        gate = self._gates.get(call.tool.name)  # hooks have none: they never run twice at a time
        try:
            if gate is None or gate.enter(call, cancel=self._supersede):
                self._start(call)
            else:
                self._announce(call, "queued")
        except LimitError as error:
            self._fail(call, error)

    def _start(self, call: Call) -> None:
        if call.id not in self._calls:
            return  # it ended between its turn to run and this one
        if call.announced == "queued":
            self._announce(call, "runs")
        call.began = time.monotonic()  # how long it took is told in true time
        call.wall_deadline = self._clock.monotonic() + self._wall(call)
        request = GuestInvoke(
            call=call.id,
            tool=call.tool.name,
            hook=call.hook,
            args=call.args,
            clock=self._clock.now_ms() if call.clock is None else call.clock,
            seed=call.seed,
            zone=call.zone,
        )
        self._step(call, request)

    def _resume(self, call: Call, results: tuple[Settled, ...]) -> None:
        if call.waiting and call.id in self._calls:
            self._step(call, GuestResume(call=call.id, results=results, clock=self._clock.now_ms()))

    def _step(self, call: Call, request: GuestInvoke | GuestResume) -> None:
        call.waiting = False
        call.step_clock = request.clock
        try:
            self._advance(call, self._reply_to(call, request))
        except NexusError as error:
            self._fail(call, error)
        except Exception as error:
            # a mistake of ours, which the worker logs; whoever waits for the call must hear of it, too
            self._fail(call, HandlerError(f"an unexpected {type(error).__name__} stopped {call.tool.name}: {error}", code="INTERNAL"))
            raise

    def _reply_to(self, call: Call, request: GuestInvoke | GuestResume) -> GuestReply:
        self._runtime.live()
        with self._runtime.lock:
            if call.cancelled:
                raise CancelledError(f"{call.tool.name} was cancelled.")
            self._current = call
        left = max(0.001, (call.wall_deadline or 0.0) - self._clock.monotonic())
        guest = self._runtime.live()
        try:
            cpu = max(0.001, min(self._cpu(call), self._cpu_total(call) - call.cpu_used))
            return self._runtime.request(request, cpu=cpu, wall=left, cancelled=lambda: call.cancelled)
        except LimitError as error:
            raise self._told(call, error, guest.used) from None
        finally:
            call.cpu_used += guest.used
            with self._runtime.lock:
                self._current = None

    def _told(self, call: Call, error: LimitError, used: float) -> LimitError:
        """The limit as the call's own: what a step was left with is not what it may take."""
        if error.limit == "wall":
            return self._wall_error(call)
        if error.limit == "cpu" and (error.allowed or 0.0) < self._cpu(call):
            return cpu_total_exceeded(call.tool.name, call.cpu_used + used, self._cpu_total(call))
        return error

    def _advance(self, call: Call, reply: GuestReply) -> None:
        guest = self._runtime.guest
        if reply.ops:
            with self._runtime.lifecycle.led_by((*call.chain, (id(self._runtime), call.tool.name))):
                self._runtime.commit(reply, call.cause, call.origin)
            call.committed_steps += 1
        for emission in reply.emits:
            if emission.event in PAGE_EVENTS:
                self._runtime.say(Emitted(event=emission.event, payload=emission.payload))
            self._runtime.emit(emission.event, emission.payload)
        if reply.status == "failed":
            failure = error_from(reply.error)
            if call.cause_error is not None and call.cause_error.message == failure.message:
                failure.__cause__ = call.cause_error
            self._fail(call, failure)
        elif reply.status == "done":
            self._finish(call, reply.value)
        elif self._runtime.guest is not guest:
            self._fail(call, lost_error(call))  # resolving the view broke the guest that holds the call
        else:
            self._suspend(call, reply)

    def _wall(self, call: Call) -> float:
        # what a document asks for is bounded by what the host allows
        return min(call.tool.handler.timeout or self._limits.wall, self._limits.wall_max)

    def _cpu(self, call: Call) -> float:
        # a handler that asks for its own timeout means the time it may compute, too
        return min(call.tool.handler.timeout or self._limits.cpu, self._limits.cpu_max)

    def _cpu_total(self, call: Call) -> float:
        return max(self._limits.cpu_total, self._cpu(call))

    def _suspend(self, call: Call, reply: GuestReply) -> None:
        call.waiting = True
        call.timer_due = None if reply.timer is None else self._clock.monotonic() + reply.timer / 1000
        self._announce(call, "runs")
        note = reply.progress
        if note is not None and call.cause.client is not None and call.cause.seq is not None:
            self._runtime.say(Progress(client=call.cause.client, seq=call.cause.seq, done=note.done, total=note.total, text=note.text))
        for wish in reply.calls:
            call.extension_calls += 1
            self._dispatcher.dispatch(self._runtime, call, wish)

    def _announce(self, call: Call, how: Literal["queued", "runs"]) -> None:
        if call.announced != how and call.cause.client is not None and call.cause.seq is not None:
            call.announced = how
            self._runtime.say(Started(client=call.cause.client, seq=call.cause.seq, tool=call.tool.name, queued=how == "queued"))

    def _finish(self, call: Call, value: JsonValue) -> None:
        if call.cause.client is not None and call.cause.seq is not None:
            self._runtime.say(Result(client=call.cause.client, seq=call.cause.seq))
        self._leave(call)
        settle(call.future, value)

    def _fail(self, call: Call, error: NexusError) -> None:
        if self._runtime.closed is not None and isinstance(error, CancelledError):
            error = self._runtime.ended()
        if call.committed_steps and not error.hint:
            steps = "1 earlier step stays" if call.committed_steps == 1 else f"{call.committed_steps} earlier steps stay"
            error.hint = f"({steps}.)"
        superseded = error.code == SUPERSEDED
        self._runtime.log.append(LogLine(level="info" if superseded else "error", text=f"{call.tool.name}: {error}"))
        if call.cause.client is not None and call.cause.seq is not None:
            self._runtime.say(Result(client=call.cause.client, seq=call.cause.seq, error=info_of(error)))
        self._leave(call)
        self._runtime.lifecycle.failed(call, error)
        settle_error(call.future, error)

    def _leave(self, call: Call) -> None:
        call.waiting = False
        if call.cause.client is not None and call.cause.seq is not None:
            self._asked.pop((call.cause.client, call.cause.seq), None)
        with self._runtime.lock:
            self._calls.pop(call.id, None)
        for pending in tuple(call.pending):  # each takes itself out
            pending.cancel()
        self._dispatcher.ended(call)
        gate = self._gates.get(call.tool.name)
        following = gate.leave(call) if gate is not None else None
        if following is not None:
            self._runtime.put(lambda: self._start(following))

    def tell_again(self, client: str, seq: int) -> None:
        """Say once more where the call of this event is, to a page that may not have heard it."""
        for call in self.of_event(client, seq):
            if (client, seq) in self._asked:
                self._runtime.say(Confirm(client=client, seq=seq, tool=call.tool.name, question=call.tool.confirm))
            elif call.announced:
                self._runtime.say(Started(client=client, seq=seq, tool=call.tool.name, queued=call.announced == "queued"))

    def cancel(self, call: Call) -> None:
        """End ``call`` where it is."""
        call.cancelled = True
        if call.id in self._calls:
            self._drop(call, CancelledError(f"{call.tool.name} was cancelled."))

    def _supersede(self, call: Call) -> None:
        """End ``call`` because a newer one of its tool takes its place."""
        call.cancelled = True
        self._drop(call, CancelledError(f"{call.tool.name} was cancelled: a newer call took its place.", code=SUPERSEDED))

    def _drop(self, call: Call, error: NexusError) -> None:
        if call.waiting and self._runtime.guest is not None and self._runtime.guest.alive:
            call.waiting = False
            try:
                self._runtime.request(GuestCancel(call=call.id))
            except NexusError:
                self._runtime.lost()
        self._fail(call, error)

    def _wall_error(self, call: Call) -> LimitError:
        wall = self._wall(call)
        return LimitError(
            f"{call.tool.name} did not end within {duration(wall)}.",
            limit="wall",
            allowed=wall,
            used=self._clock.monotonic() - call.wall_deadline + wall if call.wall_deadline is not None else None,
            hint='Raise it with <Handler timeout="…">, or make what it waits for faster.',
        )


def _edited(event: Event, began: float) -> Origin:
    """Where an edit comes from."""
    typed = (event.client, event.node) if isinstance(event.detail.get("value"), str) else None
    return Origin(key=(event.client, event.seq), clock=event.clock, seed=event.seed, zone=event.zone, began=began, typed=typed)


def lost_error(call: Call) -> LimitError:
    """What whoever waits for ``call`` is told when the guest that held it is gone."""
    return LimitError(
        f"{call.tool.name} was waiting when something else broke the panel's sandbox.",
        limit="sandbox",
        hint="Steps it had committed stay; run it again.",
    )
