"""One live panel: committed state, its guest, its calls.  Everything happens in turns on one thread.

The committed state here is the truth; the guest is a replaceable engine that proposes changes.  No
user code and nothing that waits ever runs in a turn, so a turn always ends within its deadline.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import JsonValue

from ..errors import NexusError, PanelClosedError, StateError
from ..nxml.program import Program
from ..protocol import (
    Cause,
    Closed,
    Commit,
    ConfirmAnswer,
    Consent,
    GuestEdit,
    GuestRead,
    GuestReply,
    KernelMessage,
    LogLine,
    ProgramReply,
    Reject,
    Result,
    Settled,
    Sight,
    Skip,
    Snapshot,
)
from ..sandbox.extensions.loop import extension_loop
from ..sandbox.guest import Guest
from ..sandbox.limits import Limits
from ..sandbox.values import FrozenDict, freeze, thaw
from . import patch
from .call import Call, callers
from .calls import Calls
from .clients import Sent
from .dispatch import Dispatcher
from .futures import settle, settle_error
from .hooks import Chain
from .intake import Intake
from .lifecycle import Lifecycle
from .moment import CLOCK, Clock
from .revisions import Origin, Revisions
from .undo import UndoStack
from .view import View
from .worker import Worker

if TYPE_CHECKING:
    from .recording import Recorder
    from .replacement import Former, Replacement

logger = logging.getLogger(__name__)

T = TypeVar("T")
Publish = Callable[[tuple[KernelMessage, ...]], None]
OnCommit = Callable[[FrozenDict, FrozenDict, Commit], None]
OnEmit = Callable[[str, JsonValue], None]

LOG_LINES = 1000


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
        clock: Clock = CLOCK,
    ) -> None:
        self.panel = panel
        self.program = program
        self.limits = limits
        self.clock = clock
        self.rev = 0
        self.state = FrozenDict()
        self.log: deque[LogLine] = deque(maxlen=LOG_LINES)
        self._zone = zone
        self._on_commit = on_commit
        self._on_emit = on_emit
        self.guest: Guest | None = None
        self._loaded = False
        self._outbox: list[KernelMessage] = []
        self._subscribers: tuple[Publish, ...] = ()
        self.lock = threading.Lock()
        self._closed: str | None = None
        self.set_aside: dict[str, JsonValue] = {}
        """Values that fit no state of the present document."""
        self.first = FrozenDict()
        """What the states began with, the values of a former run apart."""
        self._recorders: tuple[Recorder, ...] = ()
        self._view = View(self, zone)
        self.consent: Consent | None = None
        """The request for permission that is open."""
        self.document_rev = 0
        """The revision that the present document began with: what a page shows of an older one means other components."""
        self.revisions = Revisions(limits.history, limits.history_bytes)
        self.undo = UndoStack(self, self.revisions)
        self._calls = Calls(self, program, dispatcher, limits)
        self._intake = Intake(self, self._calls)
        self.lifecycle = Lifecycle(self, self._calls, zone, limits)
        self._worker = Worker(f"nexus-panel-{panel}", next_due=self.next_due, on_due=lambda: self._turn(self._due), clock=clock)

    # --- for callers ------------------------------------------------------------------------------

    @property
    def closed(self) -> str | None:
        """Why the panel ended, or None."""
        return self._closed

    def load(
        self, overrides: Mapping[str, JsonValue], *, mounted: str | None = None, former: Former | None = None
    ) -> Future[tuple[str, ...]]:
        """Make the guest; its defaults, then what fits of the ``former`` run, then ``overrides``, become the first committed state.

        Gives notes about what does not fit.
        What the document does by itself begins; a ``mount`` of the code ``mounted`` has run before.
        """
        return self._ask(lambda: self._load(overrides, mounted, former))

    def write(self, values: Mapping[str, JsonValue]) -> Future[int]:
        """Commit whole states from Python, all or none; the new revision."""
        chain = callers.get()  # of the caller's thread
        return self._ask(lambda: self._write(values, chain))

    def read(self, name: str) -> Future[JsonValue]:
        """The value of a state or computed value."""
        return self._ask(lambda: self.request(GuestRead(name=name)).value)

    def replace(self, document: Replacement) -> Future[tuple[str, ...]]:
        """Go on with another document and the state that fits it; notes about state that does not."""
        return self._ask(lambda: self._replace(document))

    def ask(self, work: Callable[[], T]) -> Future[T]:
        """Do ``work`` in a turn of its own and tell what came of it."""
        return self._ask(work)

    def snapshot(self, known: tuple[int, int] | None = None) -> Future[Snapshot]:
        """The panel as a view would show it now; without its tree for a page that shows this document and revision already."""
        return self._ask(lambda: self._view.snapshot(known))

    def program_for(self, client: str) -> Future[ProgramReply]:
        """What the page ``client`` needs to run the panel beside the kernel."""
        return self._ask(lambda: self._view.program_for(client))

    def saved(self) -> Future[tuple[Snapshot, FrozenDict]]:
        """The panel as a view would show it now, and the state that it shows."""
        return self._ask(lambda: (self._view.snapshot(), self.state))

    def invoke(self, call: Call) -> None:
        """Start a call; its future tells the rest."""
        self._submit(lambda: self._calls.enter(call), call.future)

    def event(self, event: Sent) -> Future[None]:
        """Take a component's event, or a person's wish to undo or redo; what becomes of it is published.

        The future ends with its first turn.
        """
        return self._intake.event(event)

    def skip(self, message: Skip) -> None:
        """Of a page's events, those up to a number that have not come will not come."""
        self.put(lambda: self._intake.skip(message))

    def cancel(self, call: Call) -> None:
        """Stop ``call``, even in the middle of a step."""
        self._calls.interrupt(call)
        self.put(lambda: self._calls.cancel(call))

    def cancel_event(self, client: str, seq: int) -> None:
        """Stop the call that event ``seq`` of ``client`` started, if it still runs, or that it would start when its turn has come."""
        self._intake.cancel(client, seq)
        for call in self._calls.of_event(client, seq):
            self._calls.interrupt(call)

        def turn() -> None:
            for call in self._calls.of_event(client, seq):
                self._calls.cancel(call)

        self.put(turn)

    def confirm(self, answer: ConfirmAnswer) -> None:
        """Take what a person says to the question before a call."""
        self.put(lambda: self._calls.confirmed(answer))

    def sight(self, message: Sight) -> None:
        """A page shows the panel, or does no longer."""
        self.put(lambda: self.lifecycle.sight(message.client, shown=message.shown))

    def subscribe(self, publish: Publish) -> Callable[[], None]:
        """Have ``publish`` called with every message for pages, in order, on the panel's thread; gives the way to end it."""
        with self.lock:
            self._subscribers = (*self._subscribers, publish)

        def unsubscribe() -> None:
            with self.lock:
                self._subscribers = tuple(p for p in self._subscribers if p is not publish)

        return unsubscribe

    def close(self, reason: str) -> None:
        """End the panel: calls fail, pages are told, guest and thread are gone.  Once only."""
        with self.lock:
            if self._closed is not None:
                return
            self._closed = reason
            guest = self.guest
        if guest is not None:
            guest.interrupt()
        # the last turn may wait for the extensions' loop: a coroutine there must not wait for the turn
        self._worker.close(lambda: self._turn(lambda: self._end(reason)), timeout=0.0 if extension_loop.runs_here else 10.0)

    def next_due(self) -> float | None:
        """Monotonic seconds of ``clock`` at which something is to happen by itself, None without one.  In turns only."""
        return min((at for at in (self._calls.next_due(), self.lifecycle.next_due()) if at is not None), default=None)

    def outside(self) -> int:
        """How many extension calls are under way.  In turns only."""
        return self._calls.outside()

    @property
    def waiting(self) -> int:
        """How many turns wait, the present one apart."""
        return self._worker.waiting

    # --- turns ------------------------------------------------------------------------------------

    def _due(self) -> None:
        self._calls.due()
        self.lifecycle.due()

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
        self._worker.put(lambda: self._turn(turn), otherwise=lambda: settle_error(future, self.ended()))

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

    # --- guest ------------------------------------------------------------------------------------

    def live(self) -> Guest:
        guest = self.guest
        if guest is not None and guest.alive:
            return guest
        state = thaw(self.state) if self._loaded else None
        clock, seed = self.clock.now_ms(), random.getrandbits(32)
        guest = Guest(self.program, state, limits=self.limits, clock=clock, seed=seed, zone=self._zone)
        self._view.moves(clock, seed)
        with self.lock:
            self.guest = guest
        for recorder in self._recorders:
            recorder.began(clock, seed)
        return guest

    def request(
        self, request: Any, *, cpu: float | None = None, wall: float | None = None, cancelled: Callable[[], bool] | None = None
    ) -> GuestReply:
        guest = self.live()
        try:
            reply = guest.request(request, timeout=cpu, wall=wall, cancelled=cancelled)
        except NexusError as error:
            if not guest.alive:
                for recorder in self._recorders:
                    recorder.lost(request, error)
            raise
        finally:
            if not guest.alive:
                self.lost()
        for recorder in self._recorders:
            recorder.asked(request, reply)
        self.log.extend(reply.logs)
        return reply

    def lost(self) -> None:
        """The guest is gone, and with it every suspended call; committed state stays."""
        with self.lock:
            self.guest = None
        self._calls.guest_lost()

    def record(self, recorder: Recorder) -> None:
        """Have ``recorder`` told all that the guest is asked from now on.  In a turn.

        The guest begins anew, so that nothing but the committed state counts, unless calls wait in it.
        """
        if self.guest is not None and not self._calls.running():
            self.guest.close()
            with self.lock:
                self.guest = None
        self._recorders = (*self._recorders, recorder)
        if self.guest is None:
            self.live()
        else:
            recorder.began(self.clock.now_ms(), 0)

    def unrecord(self, recorder: Recorder) -> None:
        """Have ``recorder`` told no more.  In a turn."""
        self._recorders = tuple(each for each in self._recorders if each is not recorder)

    def _load(self, overrides: Mapping[str, JsonValue], mounted: str | None, former: Former | None) -> tuple[str, ...]:
        notes = () if former is None else self._take_over(former, overrides)
        guest = self.live()
        self.first = freeze(guest.initial_state)
        if not self._loaded:
            self.state = self.first
        self._loaded = True
        if overrides:
            # not a commit: nobody has seen the defaults
            self.state = patch.apply(self.state, self._edit(overrides, self.clock.now_ms(), cpu=self.limits.load_cpu).ops)
            self.first = freeze({**self.first, **{name: self.state[name] for name in overrides}})
        self.lifecycle.begin(mounted)
        return notes

    def _take_over(self, former: Former, overrides: Mapping[str, JsonValue]) -> tuple[str, ...]:
        from .replacement import take_over  # most panels never need it

        guest = self.live()
        try:
            fitted = take_over(guest, self.program, former, overrides)
        except NexusError as error:
            # such values must not keep the panel from being made
            guest.close()
            self.lost()
            return (f"the states begin anew, because what was kept of them broke the sandbox: {error}",)
        self.state, self.set_aside = fitted.state, fitted.set_aside
        self._loaded = True
        return fitted.notes

    # --- state ------------------------------------------------------------------------------------

    def _write(self, values: Mapping[str, JsonValue], chain: Chain) -> int:
        clock = self.clock.now_ms()
        origin = Origin(key=("write", self.rev + 1), clock=clock)
        with self.lifecycle.led_by(chain):
            self.commit(self._edit(values, clock), Cause(kind="python"), origin)
        return self.rev

    def _edit(self, values: Mapping[str, JsonValue], clock: float, *, cpu: float | None = None) -> GuestReply:
        reply = self.request(GuestEdit(values=dict(values), clock=clock), cpu=cpu)
        if reply.status == "failed":
            assert reply.error is not None
            raise StateError(reply.error.message, hint=reply.error.hint, code=reply.error.code)
        return reply

    def commit(self, reply: GuestReply, cause: Cause, origin: Origin) -> None:
        """Take what a step has changed, if anything, into the committed state, and tell who wants to know.  In a turn."""
        if not reply.ops:
            return
        before = self.state
        try:
            after = patch.apply(before, reply.ops)
        except Exception:
            # the guest's state and ours differ, whatever the reason: it cannot be trusted any more
            if self.guest is not None:
                self.guest.close()
            self.lost()
            raise
        self.state = after
        self.rev += 1
        self._view.moves(origin.clock, origin.seed)
        self.undo.take(self.rev, cause, origin, reply)
        commit = self._view.commit(cause, reply.ops, pages=bool(self._subscribers))
        self._outbox.append(commit)
        self._on_commit(before, after, commit)
        self.lifecycle.committed(before, after)

    # --- for its calls ----------------------------------------------------------------------------

    def put(self, turn: Callable[[], None], *, otherwise: Callable[[], None] = lambda: None) -> None:
        """Add a turn; ``otherwise`` is called when there is none any more."""
        self._worker.put(lambda: self._turn(turn), otherwise=otherwise)

    def tell(self, message: KernelMessage) -> None:
        """Tell the pages now; any thread."""
        for publish in self._subscribers:
            publish((message,))

    def say(self, message: KernelMessage) -> None:
        """Tell the pages at the end of this turn."""
        if isinstance(message, Result | Reject):
            message = self._intake.ended(message)
        self._outbox.append(message)

    def running(self) -> set[Hashable]:
        """The keys of the actions whose calls have not ended."""
        return self._calls.running()

    def emit(self, event: str, payload: JsonValue) -> None:
        """Hand an event of ``$emit`` on."""
        self._on_emit(event, payload)

    def settled(self, call: Call, outcome: Settled, cause: NexusError | None) -> None:
        """The outcome of an extension call, from any thread."""
        self._calls.settled(call, outcome, cause)

    def ended(self) -> PanelClosedError:
        """What whoever asks something of a panel that has ended is told."""
        return PanelClosedError(f"the panel {self.panel!r} has ended: {self._closed}.", hint="Run its cell again.")

    # --- document ---------------------------------------------------------------------------------

    def _replace(self, document: Replacement) -> tuple[str, ...]:
        from .replacement import difference, fit  # most panels never need it

        document.check()
        clock, seed = self.clock.now_ms(), random.getrandbits(32)
        guest = Guest(document.program, limits=self.limits, clock=clock, seed=seed, zone=self._zone)
        try:
            fitted = fit(guest, document.program, self.state, self.set_aside)
            old, before = self.guest, self.state
            self._calls.replace(document.program, document.dispatcher())
        except BaseException:
            guest.close()
            raise
        with self.lock:
            self.guest = guest
        if old is not None:
            old.close()
        self.set_aside = fitted.set_aside
        self.first = freeze(guest.initial_state)
        self.program = document.program
        self._view.moves(clock, seed)
        self.state = fitted.state
        shown = bool(self._subscribers)
        self._view.forget()
        self.rev = self.document_rev = self.rev + 1
        document.done()
        for recorder in self._recorders:
            recorder.began(clock, seed, replaced=True)
        ops = difference(before, fitted.state)
        self.undo.reset(self.rev, ops, difference(fitted.state, before))
        self._on_commit(before, fitted.state, Commit(rev=self.rev, cause=Cause(kind="reset"), ops=ops))
        self.lifecycle.replace()
        if shown:
            self._outbox.append(self._view.snapshot())
        return fitted.notes

    def _end(self, reason: str) -> None:
        self._calls.stop()
        try:
            self.lifecycle.unmount()
        finally:
            self._calls.end()
        with self.lock:
            guest, self.guest = self.guest, None
        if guest is not None:
            guest.close()
        for recorder in self._recorders:
            recorder.end("the panel has ended")
        self._outbox.append(Closed(reason=reason))
