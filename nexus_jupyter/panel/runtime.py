"""One live panel: committed state, its guest, its calls.  Everything happens in turns on one thread.

The committed state here is the truth; the guest is a replaceable engine that proposes changes.  No
user code and nothing that waits ever runs in a turn, so a turn always ends within its deadline.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, InvalidStateError
from typing import Any, TypeVar

from pydantic import JsonValue

from ..errors import ArgumentError, CancelledError, HandlerError, LimitError, NexusError, PanelClosedError, StateError
from ..nxml.program import Program, ToolDeclaration
from ..protocol import (
    Cause,
    Closed,
    Commit,
    Emitted,
    Event,
    GuestCancel,
    GuestEdit,
    GuestEvent,
    GuestInvoke,
    GuestRead,
    GuestReply,
    GuestResume,
    GuestView,
    KernelMessage,
    LogLine,
    Progress,
    Reject,
    Result,
    Settled,
    Snapshot,
    Started,
    Tree,
)
from ..sandbox.extensions.base import extension_loop
from ..sandbox.guest import Guest
from ..sandbox.limits import Limits, duration
from ..sandbox.values import FrozenDict, freeze, thaw
from . import patch
from .call import Call, Gate
from .dispatch import Dispatcher
from .failure import error_from, info_of
from .worker import Worker

logger = logging.getLogger(__name__)

T = TypeVar("T")
Publish = Callable[[tuple[KernelMessage, ...]], None]
OnCommit = Callable[[FrozenDict, FrozenDict, Commit], None]
OnEmit = Callable[[str, JsonValue], None]

LOG_LINES = 1000
PAGE_EVENTS = frozenset({"toast", "notify"})


def now_ms() -> float:
    """The clock a step reads: milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Runtime:
    """The moving part of one panel.  Public methods may be called from any thread.

    ``on_commit(before, after, commit)`` and ``on_emit(event, payload)`` run on the panel's thread
    and must only hand on.
    """

    def __init__(
        self,
        panel: str,
        program: Program,
        *,
        limits: Limits,
        dispatcher: Dispatcher,
        zone: str,
        on_commit: OnCommit,
        on_emit: OnEmit,
    ) -> None:
        self.panel = panel
        self.program = program
        self.limits = limits
        self.rev = 0
        self.state = FrozenDict()
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)
        self._zone = zone
        self._dispatcher = dispatcher
        self._on_commit = on_commit
        self._on_emit = on_emit
        self._guest: Guest | None = None
        self._loaded = False
        self._tree: Tree | None = None
        self._outbox: list[KernelMessage] = []
        self._subscribers: tuple[Publish, ...] = ()
        self._lock = threading.Lock()
        self._closed: str | None = None
        self._calls: dict[int, Call] = {}
        self._current: Call | None = None
        self._pending_events = 0
        self._gates = {tool.name: Gate(tool, capacity=limits.queue) for tool in program.tools}
        self._worker = Worker(f"nexus-panel-{panel}", next_due=self._next_due, on_due=self._on_due)

    # --- for callers ------------------------------------------------------------------------------

    @property
    def closed(self) -> str | None:
        """Why the panel ended, or None."""
        return self._closed

    def load(self, overrides: Mapping[str, JsonValue]) -> Future[None]:
        """Make the guest; its defaults, then ``overrides``, become the first committed state."""
        return self._ask(lambda: self._load(overrides))

    def write(self, values: Mapping[str, JsonValue]) -> Future[int]:
        """Commit whole states from Python, all or none; the new revision."""
        return self._ask(lambda: self._write(values))

    def read(self, name: str) -> Future[JsonValue]:
        """The value of a state or computed value."""
        return self._ask(lambda: self._request(GuestRead(name=name)).value)

    def snapshot(self) -> Future[Snapshot]:
        """The panel as a view would show it now."""
        return self._ask(self._snapshot)

    def last_tree(self) -> Tree | None:
        """The view as it was last resolved; never waits."""
        return self._tree

    def invoke(self, call: Call) -> None:
        """Start a call; its future tells the rest."""
        self._submit(lambda: self._enter(call), call.future)

    def event(self, event: Event) -> Future[None]:
        """Take a component's event; what becomes of it is published.  The future ends with its first turn."""
        taken: Future[None] = Future()
        with self._lock:
            self._pending_events += 1
            pending = self._pending_events
        if pending > self.limits.events:
            self._event_taken()
            settle(taken, None)
            self._refuse(event)
            return taken
        if pending > 1:
            settle(taken, None)  # others are before it: whoever waits for the answer would wait for theirs

        def turn() -> None:
            self._event_taken()
            try:
                self._turn(lambda: self._event(event))
            finally:
                settle(taken, None)

        self._worker.put(turn, otherwise=lambda: settle(taken, None))  # the page is told that the panel has ended
        return taken

    def _event_taken(self) -> None:
        with self._lock:
            self._pending_events -= 1

    def _refuse(self, event: Event) -> None:
        error = LimitError(
            f"{self.limits.events} events of this panel are waiting, which is the limit.",
            limit="events",
            allowed=self.limits.events,
            hint="Wait until it has answered.",
        )
        for publish in self._subscribers:
            publish((Reject(client=event.client, seq=event.seq, error=info_of(error)),))

    def cancel(self, call: Call) -> None:
        """Stop ``call``, even in the middle of a step."""
        call.cancelled = True
        with self._lock:
            # under the lock: else the step could end here, and the interrupt would meet another call's
            if self._current is call and self._guest is not None:
                self._guest.interrupt()
        self._worker.put(lambda: self._turn(lambda: self._cancel(call)))

    def cancel_event(self, client: str, seq: int) -> None:
        """Stop the call that event ``seq`` of ``client`` started, if it still runs."""
        with self._lock:
            calls = [c for c in self._calls.values() if (c.cause.client, c.cause.seq) == (client, seq)]
        for call in calls:
            self.cancel(call)

    def subscribe(self, publish: Publish) -> Callable[[], None]:
        """Have ``publish`` called with every message for pages, in order, on the panel's thread; gives the way to end it."""
        with self._lock:
            self._subscribers = (*self._subscribers, publish)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = tuple(p for p in self._subscribers if p is not publish)

        return unsubscribe

    def close(self, reason: str) -> None:
        """End the panel: calls fail, pages are told, guest and thread are gone.  Once only."""
        with self._lock:
            if self._closed is not None:
                return
            self._closed = reason
            guest = self._guest
        if guest is not None:
            guest.interrupt()
        # the last turn may wait for the extensions' loop: a coroutine there must not wait for the turn
        self._worker.close(lambda: self._turn(lambda: self._end(reason)), timeout=0.0 if extension_loop.runs_here else 10.0)

    # --- turns ------------------------------------------------------------------------------------

    def _ask(self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()

        def turn() -> None:
            try:
                result = work()
            except BaseException as error:
                settle_error(future, error)
            else:
                settle(future, result)

        self._submit(turn, future)
        return future

    def _submit(self, turn: Callable[[], None], future: Future[Any]) -> None:
        self._worker.put(lambda: self._turn(turn), otherwise=lambda: settle_error(future, self._ended()))

    def _ended(self) -> PanelClosedError:
        return PanelClosedError(f"the panel {self.panel!r} has ended: {self._closed}.", hint="Run its cell again.")

    def _turn(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            if self._outbox:
                batch, self._outbox = tuple(self._outbox), []
                for publish in self._subscribers:
                    try:
                        publish(batch)
                    except Exception:
                        # one page that cannot be reached is no reason to leave the others out
                        logger.exception("a page of the panel %s could not be told", self.panel)

    def _next_due(self) -> float | None:
        times = [t for c in self._calls.values() if c.waiting for t in (c.wall_deadline, c.timer_due) if t is not None]
        return min(times, default=None)

    def _on_due(self) -> None:
        self._turn(self._due)

    def _due(self) -> None:
        now = time.monotonic()
        for call in list(self._calls.values()):
            if not call.waiting:
                continue
            if call.wall_deadline is not None and call.wall_deadline <= now:
                self._drop(call, self._wall_error(call))
            elif call.timer_due is not None and call.timer_due <= now:
                call.timer_due = None
                self._resume(call, ())

    # --- guest ------------------------------------------------------------------------------------

    def _live(self) -> Guest:
        guest = self._guest
        if guest is not None and guest.alive:
            return guest
        state = thaw(self.state) if self._loaded else None
        guest = Guest(self.program, state, limits=self.limits, clock=now_ms(), seed=random.getrandbits(32), zone=self._zone)
        with self._lock:
            self._guest = guest
        return guest

    def _request(self, request: Any, *, cpu: float | None = None) -> GuestReply:
        guest = self._live()
        try:
            reply = guest.request(request, timeout=cpu)
        finally:
            if not guest.alive:
                self._lost()
        self.log.extend(reply.logs)
        return reply

    def _lost(self) -> None:
        """The guest is gone, and with it every suspended call; committed state stays."""
        with self._lock:
            self._guest = None
        for call in [c for c in self._calls.values() if c.waiting]:
            self._fail(call, self._lost_error(call))

    def _lost_error(self, call: Call) -> LimitError:
        return LimitError(
            f"{call.tool.name} was waiting when something else broke the panel's sandbox.",
            limit="sandbox",
            hint="Steps it had committed stay; run it again.",
        )

    def _load(self, overrides: Mapping[str, JsonValue]) -> None:
        guest = self._live()
        self.state = freeze(guest.initial_state)
        self._loaded = True
        if overrides:
            # not a commit: nobody has seen the defaults
            self.state = patch.apply(self.state, self._edit(overrides).ops)

    # --- state ------------------------------------------------------------------------------------

    def _write(self, values: Mapping[str, JsonValue]) -> int:
        self._commit(self._edit(values), Cause(kind="python"))
        return self.rev

    def _edit(self, values: Mapping[str, JsonValue]) -> GuestReply:
        reply = self._request(GuestEdit(values=dict(values), clock=now_ms()))
        if reply.status == "failed":
            assert reply.error is not None
            raise StateError(reply.error.message, hint=reply.error.hint, code=reply.error.code)
        return reply

    def _commit(self, reply: GuestReply, cause: Cause) -> None:
        if not reply.ops:
            return
        before = self.state
        try:
            after = patch.apply(before, reply.ops)
        except Exception:
            # the guest's state and ours differ, whatever the reason: it cannot be trusted any more
            if self._guest is not None:
                self._guest.close()
            self._lost()
            raise
        self.state = after
        self.rev += 1
        commit = Commit(rev=self.rev, cause=cause, ops=reply.ops, tree=self._changed_tree())
        self._outbox.append(commit)
        self._on_commit(before, after, commit)

    def _changed_tree(self) -> Tree | None:
        if not self._subscribers or self.program.view is None:
            self._tree = None
            return None
        previous = self._tree
        tree = self._resolve()
        return None if tree == previous else tree

    def _resolve(self) -> Tree:
        if self.program.view is None:
            tree = Tree(root=None)
        else:
            try:
                reply = self._request(GuestView())
                if reply.status == "failed":
                    raise error_from(reply.error, self.program)
                tree = reply.tree or Tree(root=None)
            except NexusError as error:
                last = self._tree.root if self._tree is not None else None
                problem = {"severity": "error", "code": error.code, "message": f"the view could not be resolved: {error}"}
                tree = Tree.model_validate({"root": last, "problems": [problem]})
        self._tree = tree
        return tree

    def _snapshot(self) -> Snapshot:
        tree = self._tree if self._tree is not None and self._subscribers else self._resolve()
        return Snapshot(panel=self.panel, title=self.program.title, rev=self.rev, tree=tree)

    # --- calls ------------------------------------------------------------------------------------

    def _event(self, event: Event) -> None:
        try:
            reply = self._request(
                GuestEvent(
                    call=0, node=event.node, name=event.name, detail=event.detail, clock=event.clock, seed=event.seed, zone=event.zone
                )
            )
            if reply.status == "failed":
                raise error_from(reply.error, self.program)
            self._commit(reply, Cause(kind="edit", client=event.client, seq=event.seq))
        except NexusError as error:
            self._reject(event, error)
            return
        tool = self.program.tool(reply.tool) if reply.tool is not None else None
        if tool is None:
            self._outbox.append(Result(client=event.client, seq=event.seq))
            return
        self._enter(
            Call(
                tool=tool,
                args=reply.value,
                cause=Cause(kind="tool", tool=tool.name, client=event.client, seq=event.seq),
                seed=event.seed,
                zone=event.zone,
                clock=event.clock,
            )
        )

    def _reject(self, event: Event, error: NexusError) -> None:
        self._outbox.append(Reject(client=event.client, seq=event.seq, error=info_of(error)))

    def _enter(self, call: Call) -> None:
        if call.cancelled:
            self._fail(call, CancelledError(f"{call.tool.name} was cancelled."))
            return
        with self._lock:
            self._calls[call.id] = call
        if call.depth > self.limits.tool_depth:
            self._fail(call, LimitError(
                f"{call.tool.name} is called through Python more than {self.limits.tool_depth} levels deep.",
                limit="tool_depth", allowed=self.limits.tool_depth,
            ))  # fmt: skip
            return
        try:
            if self._gates[call.tool.name].enter(call, cancel=self._cancel):
                self._start(call)
            else:
                self._announce(call)
        except LimitError as error:
            self._fail(call, error)

    def _start(self, call: Call) -> None:
        if call.id not in self._calls:
            return  # it ended between its turn to run and this one
        call.wall_deadline = time.monotonic() + self._wall(call)
        request = GuestInvoke(
            call=call.id,
            tool=call.tool.name,
            args=call.args,
            clock=now_ms() if call.clock is None else call.clock,
            seed=call.seed,
            zone=call.zone,
        )
        self._step(call, request)

    def _resume(self, call: Call, results: tuple[Settled, ...]) -> None:
        if call.waiting and call.id in self._calls:
            self._step(call, GuestResume(call=call.id, results=results, clock=now_ms()))

    def _step(self, call: Call, request: GuestInvoke | GuestResume) -> None:
        call.waiting = False
        try:
            self._advance(call, self._reply_to(call, request))
        except NexusError as error:
            self._fail(call, error)
        except Exception as error:
            # a mistake of ours, which the worker logs; whoever waits for the call must hear of it, too
            self._fail(call, HandlerError(f"an unexpected {type(error).__name__} stopped {call.tool.name}: {error}", code="INTERNAL"))
            raise

    def _reply_to(self, call: Call, request: GuestInvoke | GuestResume) -> GuestReply:
        self._live()
        with self._lock:
            if call.cancelled:
                raise CancelledError(f"{call.tool.name} was cancelled.")
            self._current = call
        try:
            return self._request(request, cpu=self._cpu(call))
        finally:
            with self._lock:
                self._current = None

    def _advance(self, call: Call, reply: GuestReply) -> None:
        guest = self._guest
        if reply.ops:
            self._commit(reply, call.cause)
            call.committed_steps += 1
        for emission in reply.emits:
            if emission.event in PAGE_EVENTS:
                self._outbox.append(Emitted(event=emission.event, payload=emission.payload))
            self._on_emit(emission.event, emission.payload)
        if reply.status == "failed":
            failure = error_from(reply.error, self.program)
            if call.cause_error is not None and call.cause_error.message == failure.message:
                failure.__cause__ = call.cause_error
            self._fail(call, failure)
        elif reply.status == "done":
            self._finish(call, reply.value)
        elif self._guest is not guest:
            self._fail(call, self._lost_error(call))  # resolving the view broke the guest that holds the call
        else:
            self._suspend(call, reply)

    def _wall(self, call: Call) -> float:
        # what a document asks for is bounded by what the host allows
        return min(call.tool.handler.timeout or self.limits.wall, self.limits.wall_max)

    def _cpu(self, call: Call) -> float:
        # a handler that asks for its own timeout means the time it may compute, too
        own = min(call.tool.handler.timeout or self.limits.cpu, self.limits.cpu_max)
        left = (call.wall_deadline or 0.0) - time.monotonic()
        # a first step has all of it, less the microseconds since the call began
        return max(0.001, left if left < own * 0.99 else own)

    def _suspend(self, call: Call, reply: GuestReply) -> None:
        call.waiting = True
        call.timer_due = None if reply.timer is None else time.monotonic() + reply.timer / 1000
        self._announce(call)
        note = reply.progress
        if note is not None and call.cause.client is not None and call.cause.seq is not None:
            self._outbox.append(Progress(client=call.cause.client, seq=call.cause.seq, done=note.done, total=note.total, text=note.text))
        for wish in reply.calls:
            call.extension_calls += 1
            self._dispatcher.dispatch(self, call, wish)

    def settled(self, call: Call, outcome: Settled, cause: NexusError | None) -> None:
        """The outcome of an extension call, from any thread."""

        def resume() -> None:
            if cause is not None:
                call.cause_error = cause
            self._resume(call, (outcome,))

        self._worker.put(lambda: self._turn(resume))

    def _announce(self, call: Call) -> None:
        if not call.announced and call.cause.client is not None and call.cause.seq is not None:
            call.announced = True
            self._outbox.append(Started(client=call.cause.client, seq=call.cause.seq, tool=call.tool.name))

    def _finish(self, call: Call, value: JsonValue) -> None:
        if call.cause.client is not None and call.cause.seq is not None:
            self._outbox.append(Result(client=call.cause.client, seq=call.cause.seq))
        self._leave(call)
        settle(call.future, value)

    def _fail(self, call: Call, error: NexusError) -> None:
        if self._closed is not None and isinstance(error, CancelledError):
            error = self._ended()
        if call.committed_steps and not error.hint:
            steps = "1 earlier step stays" if call.committed_steps == 1 else f"{call.committed_steps} earlier steps stay"
            error.hint = f"({steps}.)"
        self.log.append(LogLine(level="error", text=f"{call.tool.name}: {error}"))
        if call.cause.client is not None and call.cause.seq is not None:
            self._outbox.append(Result(client=call.cause.client, seq=call.cause.seq, error=info_of(error)))
        self._leave(call)
        settle_error(call.future, error)

    def _leave(self, call: Call) -> None:
        call.waiting = False
        with self._lock:
            self._calls.pop(call.id, None)
        for pending in tuple(call.pending):  # each takes itself out
            pending.cancel()
        following = self._gates[call.tool.name].leave(call)
        if following is not None:
            self._worker.put(lambda: self._turn(lambda: self._start(following)))

    def _cancel(self, call: Call) -> None:
        call.cancelled = True
        if call.id in self._calls:
            self._drop(call, CancelledError(f"{call.tool.name} was cancelled."))

    def _drop(self, call: Call, error: NexusError) -> None:
        if call.waiting and self._guest is not None and self._guest.alive:
            call.waiting = False
            try:
                self._request(GuestCancel(call=call.id))
            except NexusError:
                self._lost()
        self._fail(call, error)

    def _wall_error(self, call: Call) -> LimitError:
        wall = self._wall(call)
        return LimitError(
            f"{call.tool.name} did not end within {duration(wall)}.",
            limit="wall",
            allowed=wall,
            hint='Raise it with <Handler timeout="…">, or make what it waits for faster.',
        )

    def _end(self, reason: str) -> None:
        for call in list(self._calls.values()):
            call.cancelled = True
            self._fail(call, self._ended())
        with self._lock:
            guest, self._guest = self._guest, None
        if guest is not None:
            guest.close()
        self._dispatcher.close()
        self._outbox.append(Closed(reason=reason))


def settle(future: Future[T], value: T) -> None:
    """Set a result unless the future was settled before."""
    try:
        future.set_result(value)
    except InvalidStateError:
        return


def settle_error(future: Future[Any], error: BaseException) -> None:
    """Set an error unless the future was settled before."""
    try:
        future.set_exception(error)
    except InvalidStateError:
        return


def check_tool(program: Program, name: str) -> ToolDeclaration:
    """The tool called ``name``.  Raises ArgumentError with the nearest names."""
    tool = program.tool(name)
    if tool is None:
        raise ArgumentError(f"the panel has no tool {name!r}.", hint=nearest(name, (t.name for t in program.tools)))
    return tool


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest of ``known``, or all of them when few."""
    import difflib

    names = list(known)
    close = difflib.get_close_matches(str(name), names, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"It has: {', '.join(names)}." if names else "It has none."
