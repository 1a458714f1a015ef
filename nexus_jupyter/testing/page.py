"""The page of a test: sends what a person does, hears what the panel says, and lets time pass."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import Future
from typing import TypeVar

from pydantic import JsonValue

from ..panel.mailbox import mailbox
from ..panel.panel import Panel
from ..protocol import ConfirmAnswer, Event, KernelMessage, Sight
from .bench import TestBench
from .clock import ManualClock
from .found import Found
from .problems import StillRunning
from .screen import Doing, Draft, Screen

T = TypeVar("T")

CLIENT = "test"
# Seconds of the real clock that functions and extensions may take; a test that needs more is stuck.
PATIENCE = 60.0
# Milliseconds of rest before typing is committed, as in the page (js/components/Input.tsx).
TYPING_REST, LONGEST_REST = 150.0, 10_000.0


class Page:
    """One page that shows one panel.  For the test's thread; each method ends when nothing more happens at this moment."""

    def __init__(self, panel: Panel, bench: TestBench, clock: ManualClock) -> None:
        self._panel = panel
        self._bench = bench
        self._clock = clock
        self._lock = threading.Lock()
        self._heard: list[KernelMessage] = []
        self._seeds = random.Random(1)
        self._seq = 0
        self._focus: str | None = None
        self._seen = True
        clock.busy = self._busy
        panel.runtime.subscribe(self._hear)
        self.screen = Screen(bench.zone, wait(panel.runtime.snapshot()))
        self.screen.unseen += self.screen.errors()
        self.look(shown=True)

    # --- time ---------------------------------------------------------------------------------------

    def settle(self, *, show: bool = True) -> None:
        """Wait until only time or the test can bring something new, and ``show`` what there is then.

        Raises StillRunning: a function or extension has not answered within a minute.
        """
        runtime = self._panel.runtime
        patience = time.monotonic() + PATIENCE
        pause = 0.0005
        while not self._panel.closed:
            delivered = mailbox.delivered
            if not wait(runtime.ask(self._quiet)):
                if time.monotonic() > patience:
                    text = f"a function or extension of the panel has not answered within {PATIENCE:g} s."
                    raise StillRunning(text, hint="Give an Answer() in its place.")
                time.sleep(pause)
                pause = min(0.01, pause * 2)
            elif delivered == mailbox.delivered:  # else an observer may have done something
                break
        snapshot = wait(runtime.snapshot()) if show and not self._panel.closed else None
        self._listen()
        if snapshot is not None:
            self.screen.show(snapshot)

    def next_due(self) -> float | None:
        """When something happens by itself, in seconds of the test's clock."""
        runtime = self._panel.runtime
        due = None if self._panel.closed else wait(runtime.ask(runtime.next_due))
        drafts = (draft.due for draft in self.screen.drafts.values())
        return min((each for each in (due, *drafts) if each is not None), default=None)

    def go_to(self, passed: float, *, show: bool = True) -> None:
        """Let it be so many seconds after the begin, and happen what is due then; ``show`` it."""
        if self._panel.closed:
            self._clock.set(passed)
        else:
            wait(self._panel.runtime.ask(lambda: self._pass(passed)))
        for node, draft in list(self.screen.drafts.items()):
            if draft.due is not None and draft.due <= passed:
                self._flush(node)
        self.settle(show=show)

    # --- what a person does -------------------------------------------------------------------------

    def send(self, found: Found, event: str, detail: dict[str, JsonValue] | None = None) -> None:
        """An event of a component, if the panel listens to it."""
        if event in found.events:
            self._send(found, event, detail)
            self.settle()

    def focus(self, found: Found | None) -> None:
        """Move the focus to another control, or away: what was typed is committed, and those that listen are told."""
        before, self._focus = self._focus, None if found is None else found.node.id
        if before == self._focus:
            return
        if before is not None:
            self._flush(before)
            self.settle()
            left = self._now(before)
            if left is not None:
                self.send(left, "blur")
        if found is not None:
            self.send(found, "focus")

    def type(self, found: Found, text: str) -> None:
        """Put ``text`` into a field that has the focus; it is committed after the field's quiet time."""
        rest = found.prop("debounce")
        quiet = min(LONGEST_REST, rest if isinstance(rest, (int, float)) else TYPING_REST) / 1000
        self.screen.drafts[found.node.id] = Draft(found.node, text, self._clock.monotonic() + quiet)
        if quiet == 0:
            self._flush(found.node.id)
        self.settle()

    def tick(self, found: Found, value: bool) -> None:
        """Tick or clear a box."""
        self.screen.drafts[found.node.id] = Draft(found.node, value, self._clock.monotonic())
        self._flush(found.node.id)
        if "press" in found.events:
            self._send(found, "press", {"value": value})
        self.settle()

    def enter(self, found: Found) -> None:
        """Press Enter in a field of one line."""
        self._flush(found.node.id)
        self.settle()
        self.send(found, "submit" if "submit" in found.events else "press", {"value": self.screen.typed(self._now(found.node.id) or found)})

    def fold(self, found: Found) -> None:
        """Fold a group away, or unfold it."""
        opened = found.node.id in self.screen.folded
        (self.screen.folded.discard if opened else self.screen.folded.add)(found.node.id)
        for event in ("toggle", "press"):
            self.send(found, event, {"open": opened})

    def look(self, *, shown: bool) -> None:
        """The person has the panel before them, or looks elsewhere."""
        self._seen = shown
        self._panel.runtime.sight(Sight(client=CLIENT, shown=shown))
        self.settle()

    def decide(self, *, yes: bool) -> None:
        """Answer the open question."""
        seq, _ = self.screen.questions.pop(0)
        self._panel.runtime.confirm(ConfirmAnswer(client=CLIENT, seq=seq, yes=yes))
        self.settle()

    # --- inside -------------------------------------------------------------------------------------

    def _hear(self, messages: tuple[KernelMessage, ...]) -> None:
        with self._lock:
            self._heard.extend(messages)

    def _listen(self) -> None:
        with self._lock:
            heard, self._heard = self._heard, []
        for message in heard:
            self.screen.take(message, CLIENT)

    def _quiet(self) -> bool:
        """Whether no turn waits, nothing is due now, and all calls that are under way wait for the test; in a turn."""
        runtime = self._panel.runtime
        due = runtime.next_due()
        return not runtime.waiting and (due is None or due > self._clock.monotonic()) and not self._busy()

    def _busy(self) -> bool:
        return self._panel.runtime.outside() > self._bench.held

    def _pass(self, passed: float) -> None:
        """Let it be so late; a page that shows the panel has gone on saying so meanwhile.  In a turn."""
        self._clock.set(passed)
        self._panel.runtime.lifecycle.sight(CLIENT, shown=self._seen)

    def _now(self, node: str) -> Found | None:
        return next((each for each in self.screen.components() if each.node.id == node), None)

    def _flush(self, node: str) -> None:
        """Send what was typed or ticked, if it was not and somebody takes it."""
        draft = self.screen.drafts.get(node)
        if draft is None or draft.due is None:
            return
        draft.due = None
        found = self._now(node) or Found(draft.node)
        if found.node.writable if found.node.bound else "change" in found.events:
            draft.seq = self._send(found, "change", {"value": draft.value}, own=True)

    def _send(self, found: Found, event: str, detail: dict[str, JsonValue] | None = None, *, own: bool = False) -> int:
        """Send an event.  ``own``: the component shows itself what is wrong with it."""
        self._seq += 1
        node = found.node.id
        if not own:
            self.screen.failed.pop(node, None)
        self.screen.doing[self._seq] = Doing(self._seq, node, str(found), own)
        self._panel.runtime.event(
            Event(
                client=CLIENT,
                seq=self._seq,
                node=node,
                name=event,
                detail=detail or {},
                clock=self._clock.now_ms(),
                seed=self._seeds.getrandbits(32),
                zone=self._bench.zone,
                base=self.screen.snapshot.rev,
            )
        )
        return self._seq


def wait(future: Future[T]) -> T:
    """What comes of a turn; callbacks of the test are called meanwhile.  Raises TimeoutError after a minute."""
    return mailbox.wait(future, PATIENCE)
