"""A rendered panel: what a test does to it, and what it sees of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import OptionError
from ..panel.files import load
from ..panel.panel import Panel
from ..protocol import LogLine
from ..sandbox.capabilities import PYTHON
from .bench import TestBench
from .clock import ManualClock, moment
from .finding import control, matching, one
from .found import Found
from .page import Page
from .problems import NotOnScreen, Refused, StillRunning, UnseenErrors
from .screen import ScreenError, Toast

if TYPE_CHECKING:
    from ..panel.state import PanelState
    from ..sandbox.extensions.exposed import Function, Functions
    from ..sandbox.limits import Limits


def render(
    source: str | os.PathLike[str] | Panel,
    *,
    state: Mapping[str, Any] | None = None,
    functions: Iterable[Function] | Functions | None = None,
    frames: Mapping[str, object] | None = None,
    answers: Mapping[str, Mapping[str, Any]] | None = None,
    now: datetime | str | None = None,
    zone: str = "UTC",
    limits: Limits | None = None,
) -> Rendered:
    """Show a panel to a test: the text of a document, an ``.nxml`` file, or the document of a live panel.

    ``state``, ``functions``, ``frames`` and ``limits`` are as for ``Panel``.  ``answers`` are grants that hold from the start,
    for what the panel does by itself: a dict of extension to a dict of method and answer, as for ``Rendered.grant``.  Time
    stands still at ``now`` (2026-01-01 unless given; UTC unless it says otherwise) until ``advance``; ``zone`` is the
    reader's time zone.

    The panel is none of this kernel's: it replaces none, keeps nothing, and is granted what the test grants and no more.
    ``close()`` it, or use it as a context manager, or make it with the fixture ``nexus_panel``.

    Raises as ``Panel`` and ``Rendered.grant`` do.
    """
    clock = ManualClock(moment(now))
    bench = TestBench(clock, zone, answers)
    given: dict[str, Any] = {"state": state, "frames": frames, "limits": limits, "_bench": bench}
    if functions is not None and not isinstance(functions, Mapping):
        functions = list(functions)
    bench.watch(list(functions.values()) if isinstance(functions, Mapping) else [])
    if isinstance(source, Panel):
        panel = Panel(source.source, name=source.name, id=source.id, functions=functions, **given)
    elif isinstance(source, Path) or (isinstance(source, str) and source.rstrip().endswith(".nxml")):
        panel = load(source, functions=functions, **given)
    else:
        panel = Panel(source, functions=functions, **given)  # type: ignore[arg-type]  # which says what is wrong with it
    try:
        return Rendered(panel, Page(panel, bench, clock), bench, clock)
    except BaseException:
        panel.close()
        raise


class Rendered:
    """A panel on the screen of a test.  Each step ends when all that follows from it at that moment has happened.

    Components are called what a reader calls them, or ``#id``.  Where several are called so, ``nth`` says which (from 0),
    or ``within`` the group that it is in.  In the place of a name each step takes a ``Found``, too.
    """

    def __init__(self, panel: Panel, page: Page, bench: TestBench, clock: ManualClock) -> None:
        self.panel = panel
        self._page = page
        self._bench = bench
        self._clock = clock

    # --- what there is ------------------------------------------------------------------------------

    @property
    def state(self) -> PanelState:
        """The panel's state: read ``p.state.count``, or assign to it as the notebook's Python does."""
        self._page.settle()
        return self.panel.state

    @property
    def log(self) -> tuple[LogLine, ...]:
        """The lines of ``$log`` and ``console``, and the errors of calls."""
        self._page.settle()
        return self.panel.log

    @property
    def toasts(self) -> tuple[Toast, ...]:
        """All toasts and notifications so far, the first first."""
        self._page.settle()
        return tuple(self._page.screen.toasts)

    @property
    def errors(self) -> tuple[ScreenError, ...]:
        """The errors that a reader sees now, from top to bottom.  What was looked at here, ``close`` does not complain of."""
        self._page.settle()
        self._page.screen.unseen.clear()
        return tuple(self._page.screen.errors())

    def text(self) -> str:
        """What a reader sees, in order, a line for each component, what is in a titled group indented.

        ``[Add]`` is a button, ``[x] Done`` a ticked box, ``Name: Ada`` a field or a number with its label, ``…`` that
        something is being waited for, ``! …`` an error.  Numbers and dates are written as for American English.
        """
        self._page.settle()
        return self._page.screen.text()

    def tree(self) -> str:
        """The components, hidden ones too, with their values and events: to look at while writing a test."""
        self._page.settle()
        return self._page.screen.outline()

    def find(self, name: str | None = None, *, type: str | None = None, within: str | Found | None = None, nth: int | None = None) -> Found:
        """The component of this name, and of this type (``Button``) if given.

        Raises NotOnScreen: there is none, or there are several.
        """
        self._page.settle()
        return one(self._page.screen, name, type, within, nth)

    def find_all(self, name: str | None = None, *, type: str | None = None, within: str | Found | None = None) -> list[Found]:
        """All components that are shown and fit, in the order in which they are read."""
        self._page.settle()
        return matching(self._page.screen, name, type, within)

    # --- what a person does -------------------------------------------------------------------------

    def click(self, name: str | Found, *, within: str | Found | None = None, nth: int | None = None) -> None:
        """Press a button, tick or clear a box, fold or unfold a group.

        Raises NotOnScreen.  Refused: it is disabled, loading, or nothing that can be clicked.
        """
        found = self._control(name, within, nth, ("Button", "Action", "Checkbox", "Container"), "click")
        self._page.focus(found)
        if found.type == "Checkbox":
            self._tick(found, not self._page.screen.ticked(found))
        elif found.type == "Container":
            self._page.fold(found)
        else:
            self._page.send(found, "press")

    def check(self, name: str | Found, value: bool = True, *, within: str | Found | None = None, nth: int | None = None) -> None:
        """Tick a box, or clear it with ``value=False``; one that is so already is left alone.

        Raises NotOnScreen.  Refused: it is disabled or read only, or no box.
        """
        found = self._control(name, within, nth, ("Checkbox",), "tick")
        if self._page.screen.ticked(found) is not value:
            self._page.focus(found)
            self._tick(found, value)

    def uncheck(self, name: str | Found, *, within: str | Found | None = None, nth: int | None = None) -> None:
        """Clear a box.  Raises as ``check``."""
        self.check(name, False, within=within, nth=nth)

    def type(self, name: str | Found, text: str, *, leave: bool = True, within: str | Found | None = None, nth: int | None = None) -> None:
        """Put ``text`` into a field, in the place of what it holds, and leave the field, which commits it.

        With ``leave=False`` the field keeps the focus: the text is committed after the field's quiet time (``advance``), by
        Enter (``press``), or when another control gets the focus.

        Raises NotOnScreen.  Refused: it is disabled or read only, or no field.
        """
        found = self._control(name, within, nth, ("Input",), "type into")
        self._check_writable(found)
        if "\n" in text and not found.flag("multiline"):
            raise Refused(f"{found} takes one line.", hint="Enter is pressed with p.press(…).")
        self._page.focus(found)
        self._page.type(found, text)
        if leave:
            self._page.focus(None)

    def press(
        self,
        name: str | Found,
        key: Literal["Enter", "Space"] = "Enter",
        *,
        within: str | Found | None = None,
        nth: int | None = None,
    ) -> None:
        """Press a key: Enter in a field of one line commits and submits it, both press a button, Space ticks a box.

        Raises NotOnScreen.  Refused: the control cannot be used, or the key does nothing there.
        """
        found = self._control(name, within, nth, ("Button", "Action", "Checkbox", "Container", "Input"), "press a key on")
        if found.type == "Input":
            if key != "Enter" or found.flag("multiline"):
                raise Refused(f"the key {key!r} only writes into {found}.", hint="Write with p.type(…).")
            self._page.focus(found)
            self._page.enter(found)
        elif key == "Space" or (key == "Enter" and found.type != "Checkbox"):
            self.click(found)
        else:
            raise Refused(f"the key {key!r} does nothing on {found}.")

    @property
    def question(self) -> str | None:
        """What a tool with ``confirm`` asks before it runs; None when nothing is asked."""
        self._page.settle()
        questions = self._page.screen.questions
        return questions[0][1] if questions else None

    def confirm(self, yes: bool = True) -> None:
        """Answer the question of a tool with ``confirm``.  Raises NotOnScreen: nothing is asked."""
        if self.question is None:
            raise NotOnScreen("the panel asks nothing.")
        self._page.decide(yes=yes)

    def look_away(self) -> None:
        """Have the panel out of sight: what it does by itself only while somebody looks rests."""
        self._page.look(shown=False)

    def look_back(self) -> None:
        """Have the panel in sight again, as it is in the beginning."""
        self._page.look(shown=True)

    # --- what the test decides ----------------------------------------------------------------------

    def grant(self, extension: str, /, **answers: Any) -> None:
        """Grant an extension that the document declares, by its alias or name, until the test ends.

        ``p.grant("http", get=fetch)``: ``$ext.http.get(…)`` is answered by the function ``fetch(url, …)``, by a plain value, or by
        an ``Answer`` that is given later; arguments are checked as always.  Without answers the extension itself serves,
        within what the document declares.  For ``nexus.python`` the answers are the functions that it may call.

        Raises OptionError: the document does not declare it, or it has no such method.
        """
        declared = {each.alias: each.name for each in self.panel.program.extensions}
        if declared.get(extension, extension) == PYTHON:
            self._bench.watch(list(answers.values()))
            for name, function in answers.items():
                self.panel.expose(function, name=name)
        else:
            self._bench.grant(self.panel.program, extension, answers)

    def call(self, tool: str, /, **args: Any) -> Any:
        """Run a tool as the notebook's Python does and give its value; time goes on as its timers need.

        Raises as ``Panel.call``.  StillRunning: it waits for an answer that the test has not given.
        """
        pending = self.panel.tools[tool](**args)
        self._page.settle()
        while not pending.done():
            due = self._page.next_due()
            if due is None or self._bench.held:
                hint = f"Start it with p.panel.tools.{tool}(…), then give the answer."
                raise StillRunning(f"{tool} waits for an answer that the test has not given.", hint=hint)
            self._page.go_to(due)
        return pending.result()

    def advance(self, seconds: float) -> None:
        """Let so much time pass: timers, time limits, quiet times and intervals come in order, each at its moment.

        Raises OptionError: it is no time.
        """
        if not isinstance(seconds, (int, float)) or not 0 <= seconds < float("inf"):
            raise OptionError(f"time cannot go on by {seconds!r} seconds.")
        self._page.settle()
        until = self._clock.monotonic() + seconds
        while (due := self._page.next_due()) is not None and due <= until:
            self._page.go_to(due, show=False)
        self._page.go_to(until)

    @property
    def now(self) -> datetime:
        """The time that the panel reads, in UTC."""
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)

    def close(self) -> None:
        """End the panel.  Again does nothing.

        Raises UnseenErrors: it showed errors, and the test did not look at ``errors`` after that.
        """
        unseen = self._end()
        if unseen:
            listed = "; ".join(dict.fromkeys(map(str, unseen)))
            hint = "Look at p.errors where they are meant."
            raise UnseenErrors(f"the panel showed errors that the test did not look at: {listed}", hint=hint)

    def __enter__(self) -> Rendered:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._end()  # what went wrong is known already

    def __repr__(self) -> str:
        return f"<Rendered {self.panel.id}{' (ended)' if self.panel.closed else ''}>\n{self._page.screen.text()}"

    # --- inside -------------------------------------------------------------------------------------

    def _end(self) -> list[ScreenError]:
        try:
            self._page.settle()
        finally:
            self.panel.close()
        unseen, self._page.screen.unseen = self._page.screen.unseen, []
        return unseen

    def _control(self, name: str | Found, within: str | Found | None, nth: int | None, types: tuple[str, ...], verb: str) -> Found:
        self._page.settle()
        return control(self._page.screen, name, within, nth, types, verb)

    def _tick(self, found: Found, value: bool) -> None:
        self._check_writable(found)
        self._page.tick(found, value)

    @staticmethod
    def _check_writable(found: Found) -> None:
        if found.flag("readOnly") or (found.node.bound and not found.node.writable):
            raise Refused(f"{found} is read only.")
