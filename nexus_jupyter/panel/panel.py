"""A live panel: the object that a notebook's Python holds."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NoReturn, overload

from pydantic import JsonValue

from ..diagnostics import visible
from ..errors import ArgumentError, DocumentError, NexusError, OptionError, PanelClosedError, StaleError, StateError
from ..protocol import Commit, ConsentAnswer, Emitted, LogLine
from ..protocol.identity import document_hash
from ..sandbox import limits as sandbox_limits
from ..sandbox.extensions.exposed import ExposedFunctions, Function, Functions, everywhere, named_frames, named_functions
from ..sandbox.extensions.loop import extension_loop
from ..sandbox.guest import CodeErrors, syntax_diagnostics
from ..sandbox.limits import Limits
from ..sandbox.values import FrozenDict, to_json
from . import registry
from .checkpoints import Checkpoint, Checkpoints
from .dispatch import Dispatcher
from .documents import Document, program_of
from .exposing import F, exposing
from .history import History
from .keeping import Keeping, notebook_path
from .mailbox import mailbox
from .moment import CLOCK, local_zone
from .names import nearest
from .permissions import Permissions
from .replacement import Former, Replacement, differing
from .revisions import Entry
from .runtime import Runtime
from .state import PanelState, brief
from .tools import Tools, start

if TYPE_CHECKING:
    from ..diagnostics import Diagnostic
    from ..nxml.analysis import Analysis
    from ..nxml.program import Program
    from ..protocol.bridge import TriedDocument
    from .bench import Bench
    from .recording import Recorder

logger = logging.getLogger(__name__)

Callback = Callable[[Any], object]

# How a panel is shown is a face's business; the package sets this when a face can be had.
face: Callable[[Panel], tuple[dict[str, Any], dict[str, Any]]] | None = None
# So is how it becomes a file.
file_face: Callable[[Panel, str | os.PathLike[str]], Path] | None = None


class Panel:
    """A panel made from an NXML document.

    ``source`` is the document's text.  ``state`` gives first values for declared states;
    ``functions`` are Python functions that the panel may call as ``$ext.py.name(…)`` where it
    declares ``nexus.python``: a list of functions or a dict of name to function.
    ``frames`` are data frames that it may query where it declares ``nexus.sql``: a dict of name to frame.
    ``name`` is the Python name it is bound to, if any.  ``id`` replaces the document's own.
    It takes over the values that the panel of its identity had before, or that are kept of it (``persist="notebook"``),
    as far as they fit, and ``notes`` says what does not; ``fresh``: it begins anew.

    Use it as a context manager, or ``close()`` it; making another panel of the same identity in the
    same notebook closes it, too.

    Raises DocumentError: the document has errors.  StateError: a first value breaks its declaration.
    OptionError: ``functions`` or ``frames`` is not what it should be.  EngineError: the sandbox cannot run here.
    """

    def __init__(
        self,
        source: str,
        *,
        state: Mapping[str, Any] | None = None,
        functions: Iterable[Function] | Functions | None = None,
        frames: Mapping[str, object] | None = None,
        name: str = "",
        id: str | None = None,
        limits: Limits | None = None,
        fresh: bool = False,
        _cell: str = "",
        _listed: bool = True,
        _mounted: str | None = None,
        _bench: Bench | None = None,
    ) -> None:
        if not isinstance(source, str):
            raise OptionError(
                f"a panel is made from the text of a document, not from {type(source).__name__}.",
                hint="Read a file with nexus_jupyter.load('file.nxml').",
            )
        # a preview is granted nothing, so it must not see what is exposed to all panels either
        self._functions = ExposedFunctions(named_functions(functions), shared=everywhere if _listed and _bench is None else None)
        self._frames = named_frames(frames)
        program, diagnostics = program_of(source, name=name)
        self._document = Document(source, program, diagnostics, 0, document_hash(source))
        self.name = name
        self.cell = _cell
        self.id = id or program.id or name or _cell or f"panel-{registry.number()}"
        first = self._first_values(program, state)
        limits = limits or sandbox_limits.configured()
        own = _listed and _bench is None
        notebook = notebook_path()
        self._keeping = Keeping(self.id, notebook if own else "", program, self._warn)
        self._bench = _bench
        if _bench is None:
            self._permissions = Permissions(self.id, notebook, self._functions, trusted=_listed)
        else:
            self._permissions = _bench.permissions(self.id, self._functions)
        self._permissions.begin(source, self.hash, program)
        dispatcher = self._dispatcher(program, limits)
        zone = local_zone() if _bench is None else _bench.zone
        self._commit_listeners: tuple[Callable[[Commit], object], ...] = ()
        self._listeners: defaultdict[str, list[Callback]] = defaultdict(list)
        self._on_close: list[Callable[[], object]] | None = []  # None when they have been called
        self._lock = threading.Lock()
        self._runtime = Runtime(
            self.id,
            program,
            limits=limits,
            dispatcher=dispatcher,
            zone=zone,
            on_commit=self._committed,
            on_emit=self._emitted,
            clock=CLOCK if _bench is None else _bench.clock,
        )
        self._zone = zone
        self._checkpoints = Checkpoints(limits.checkpoints)
        self._history = History(self._runtime, self._runtime.revisions, self._analysis)
        try:
            self.state = PanelState.of(self._runtime)
            self.tools = Tools(self._runtime, zone)
            previous = registry.get(self.id) if own else None
            former, notes = self._former(previous, fresh)
            self._notes = (*notes, *mailbox.wait(self._runtime.load(first, mounted=_mounted, former=former)))
        except BaseException as error:
            self._runtime.close("it could not be made")
            if isinstance(error, CodeErrors):
                raise self._refused(source, program, diagnostics, error) from None
            raise
        if own:
            registry.add(self)
            runtime = self._runtime
            anew = fresh or previous is not None
            with contextlib.suppress(PanelClosedError):  # somebody was quick to close it
                mailbox.wait(runtime.ask(lambda: self._keeping.begin(runtime.state, runtime.first, anew=anew)))

    # --- use --------------------------------------------------------------------------------------

    def call(self, tool: str, /, args: Mapping[str, Any] | Sequence[Any] | None = None, **named: Any) -> Any:
        """Run a tool and wait for its value.

        ``args`` is a dict (by name) or a list (in order); keywords are by name.

        Raises ArgumentError: no such tool or unfitting arguments.  HandlerError: it threw.
        LimitError: it passed a limit.  CapabilityError: it called what is not granted.
        """
        if args is not None and named:
            raise ArgumentError("pass the arguments as args or as keywords, not both.")
        return start(self._runtime, tool, args if args is not None else named or None, self._zone).result()

    def on(self, event: str, callback: Callback) -> Callable[[], None]:
        """Have ``callback(payload)`` called for each ``$emit(event, payload)``; gives the way to end it.

        Callbacks run on the main thread, in order; a coroutine function is awaited.
        """
        if not callable(callback):
            raise OptionError(f"panel.on({event!r}, …) needs a function, not {type(callback).__name__}.")

        def listener(payload: Any) -> object:  # one for each call of on(), so that each ends by itself
            return callback(payload) if listener in self._listeners[event] else None

        def off() -> None:
            if listener in self._listeners[event]:
                self._listeners[event].remove(listener)

        self._listeners[event].append(listener)
        return off

    @overload
    def expose(self, function: F, /, *, name: str | None = None) -> F: ...

    @overload
    def expose(self, /, *, name: str | None = None) -> Callable[[F], F]: ...

    def expose(self, function: Function | None = None, /, *, name: str | None = None) -> Any:
        """Let the panel call a function as ``$ext.py.name(…)`` where it declares ``nexus.python``; that is the grant.

        ``panel.expose(f)``, or as a decorator: ``@panel.expose`` or ``@panel.expose(name="total")``.  Gives the
        function back as it was.  Calls made after that find it, in tools that run already, too; a function that had the name
        gives way to it.  ``unexpose`` ends it.

        Raises OptionError: it is not callable, or has no usable name.
        """
        return exposing(self._functions, function, name)

    def unexpose(self, function: str | Function) -> None:
        """Let the panel no longer call a function, given itself or by its name.

        Raises OptionError: it is not exposed to this panel alone.
        """
        self._functions.withdraw(function)

    def expose_frame(self, name: str, frame: object) -> None:
        """Let the panel query a data frame as the table ``name`` where it declares ``nexus.sql``.

        Queries see the frame as it is when they run; another of the name takes its place.

        Raises OptionError: it is no data frame, or the name is not usable.
        """
        self._frames.expose(name, frame)

    def unexpose_frame(self, name: str) -> None:
        """Let the panel no longer query a frame.  Raises OptionError: there is none of this name."""
        self._frames.withdraw(name)

    def replace_document(self, source: str, *, base_hash: str | None = None) -> tuple[str, ...]:
        """Go on with another document, in place: views stay open, state that fits it stays, running tools are cancelled.

        With ``base_hash`` only if the present document is still that one.  Gives sentences about
        state that could not stay; such values come back with a document that they fit.

        Raises StaleError: the document is another by now.  DocumentError: the new one has errors.  LimitError,
        NexusError: it cannot be loaded.  After an error the panel is as it was.  NexusError (``WOULD_BLOCK``): asked
        by a coroutine function that a panel called.  KeyboardInterrupt ends the waiting, not the replacement.
        """
        if extension_loop.runs_here:
            raise NexusError(
                "a document cannot be replaced in a coroutine function that a panel called, because its loop serves all panels.",
                hint="Make it an ordinary function.",
                code="WOULD_BLOCK",
            )
        program, diagnostics = program_of(source, name=self.name)

        def check() -> None:
            if base_hash not in (None, self._document.hash):
                raise StaleError(
                    f"the document of the panel {self.id!r} has changed since this change was made for it.",
                    hint="Look at the panel as it is now and ask again.",
                )

        def done() -> None:
            self._document = Document(source, program, diagnostics, self._document.edition + 1, document_hash(source))
            self._keeping.declare(program)
            self._permissions.replaced(self._runtime, source, self.hash, program)
            self.state._redeclare()
            self.tools._redeclare()
            registry.replaced(self)

        dispatcher = partial(self._dispatcher, program, self._runtime.limits)
        try:
            return mailbox.wait(self._runtime.replace(Replacement(program, dispatcher, check, done)))
        except CodeErrors as error:
            raise self._refused(source, program, diagnostics, error) from None

    def try_document(self, source: str) -> TriedDocument:
        """What would come of another document: tried in a clone with the present state, granted nothing."""
        from .trial import try_document

        return try_document(self, source)

    def preview(self, source: str) -> Panel:
        """A live clone with another document and the present state, granted nothing; the caller closes it.

        It is not among the live panels of this kernel.  Raises as ``Panel`` does.
        """
        from .trial import fitting_state

        first = fitting_state(self, source)
        mounted = self._runtime.lifecycle.mounted
        return Panel(source, state=first, name=self.name, id=self.id, limits=self._runtime.limits, _listed=False, _mounted=mounted)

    def on_commit(self, callback: Callable[[Commit], object]) -> Callable[[], None]:
        """Have ``callback`` called with every commit; gives the way to end it.

        It runs on the panel's thread and must only hand on.
        """

        def listener(commit: Commit) -> object:  # one for each call, so that each ends by itself
            return callback(commit)

        def off() -> None:
            with self._lock:
                self._commit_listeners = tuple(each for each in self._commit_listeners if each is not listener)

        with self._lock:
            self._commit_listeners = (*self._commit_listeners, listener)
        return off

    def undo(self, entry: int | Entry | None = None) -> int:
        """Take back what a person did last in a page of this panel; gives the new revision.

        With ``entry``, a revision or an entry of ``panel.history``, what that belongs to, whoever did it: Python's own
        writes are no actions of a person, and are undone by naming them, as in ``panel.undo(panel.history[-1])``.  A whole
        action is taken back: all steps of a tool, typing into one field.

        Raises StaleError: something else has changed the same place since; then nothing changes.  NexusError
        (``NOTHING_TO_UNDO``): there is none or it is no longer kept; (``BUSY``): the tool has not ended.
        """
        rev = entry.rev if isinstance(entry, Entry) else entry
        return mailbox.wait(self._runtime.ask(lambda: self._runtime.undo.undo(rev)))

    def redo(self) -> int:
        """Make again what was undone last; gives the new revision.

        Raises as ``undo`` does, with ``NOTHING_TO_REDO``: an action of a person ends what could be made again.
        """
        return mailbox.wait(self._runtime.ask(self._runtime.undo.redo))

    @property
    def can_undo(self) -> bool:
        """Whether a person has done something that ``undo()`` can take back."""
        return self._runtime.undo.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is something that ``redo()`` can make again."""
        return self._runtime.undo.can_redo

    @property
    def history(self) -> History:
        """The last revisions, each with its cause, and why values are as they are (``history.why("count")``)."""
        return self._history

    @property
    def checkpoints(self) -> Checkpoints:
        """The checkpoints by name; ``del panel.checkpoints[name]`` drops one."""
        return self._checkpoints

    def checkpoint(self, name: str) -> Checkpoint:
        """Keep the present state under ``name``, in the place of one that had it.

        Raises OptionError: no usable name.  LimitError (``checkpoints``): there are as many as there may be.
        """
        if not isinstance(name, str) or not name:
            raise OptionError("a checkpoint needs a name: panel.checkpoint('before cleaning').")

        def keep() -> Checkpoint:
            made = Checkpoint(name, self._runtime.rev, time.time(), self._runtime.state)
            self._checkpoints._put(made)
            return made

        return mailbox.wait(self._runtime.ask(keep))

    def restore(self, name: str) -> int:
        """Go back to the state of a checkpoint, as one change that can be undone; gives the revision.

        States that the document did not declare then stay as they are.

        Raises OptionError: no such checkpoint.  StateError: a value does not fit its present declaration; then nothing
        changes.
        """
        kept = self._checkpoints[name]
        return mailbox.wait(self._runtime.ask(lambda: self._runtime.undo.restore(kept.name, kept.state)))

    def record(self, path: str | os.PathLike[str] | None = None) -> Recorder:
        """Record what happens in the panel from now on, until the recorder's ``stop()`` or the end of its ``with``.

        With ``path`` the session is then written there.  ``nexus_jupyter.replay`` runs it again.  It holds the document, the
        state, all arguments and all that extensions answered.
        """
        from .recording import Recorder

        recorder = Recorder(self._runtime, self.id, lambda: self.source, self._zone, path)
        mailbox.wait(self._runtime.ask(recorder.start))
        return recorder

    def revoke(self) -> None:
        """Take back what a person allowed or denied this panel; what it uses next is asked for again.

        Functions that were handed over stay, and so does what the configuration allows.
        """
        mailbox.wait(self._runtime.ask(lambda: self._permissions.revoke(self._runtime)))

    def forget(self) -> None:
        """Drop what is kept of its states (``persist="notebook"``), and take over nothing of them into its next run.

        The present values stay while the panel lives; what changes after this is kept again.
        """
        mailbox.wait(self._runtime.ask(self._forget))

    def close(self) -> None:
        """End the panel and free what it holds.  Again does nothing."""
        self._end("it was closed")

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return self._runtime.closed is not None

    @property
    def title(self) -> str:
        """The document's title, or the id."""
        return self.program.title or self.id

    @property
    def source(self) -> str:
        """The document's text."""
        return self._document.source

    @property
    def hash(self) -> str:
        """The document's hash (``protocol.identity.document_hash``)."""
        return self._document.hash

    @property
    def edition(self) -> int:
        """How often the document was replaced in place."""
        return self._document.edition

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The document's warnings."""
        return self._document.diagnostics

    @property
    def rev(self) -> int:
        """The committed revision; 0 is the panel as it was made."""
        return self._runtime.rev

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the run before it could not be taken over when it was made, and why."""
        return self._notes

    @property
    def log(self) -> tuple[LogLine, ...]:
        """The last lines of ``$log`` and ``console``, and the errors of calls."""
        return tuple(self._runtime.log)

    # --- inside -----------------------------------------------------------------------------------

    @property
    def document(self) -> Document:
        """All about the present document as one value: it may be another the next moment."""
        return self._document

    @property
    def program(self) -> Program:
        """The compiled document."""
        return self._document.program

    @property
    def zone(self) -> str:
        """The IANA name of the time zone that Python's own calls run in."""
        return self._zone

    @property
    def runtime(self) -> Runtime:
        """The moving part, for faces."""
        return self._runtime

    def decide(self, answer: ConsentAnswer) -> None:
        """Take a person's answer to the panel's request for permission; what comes of it is published.

        Only for a face that knows that a person of this kernel's owner gave it.
        """
        self._runtime.put(lambda: self._permissions.answer(self._runtime, answer))

    def at_close(self, callback: Callable[[], object]) -> None:
        """Have a face's ``callback`` called once, when the panel ends; at once if it has."""
        with self._lock:
            if self._on_close is not None:
                self._on_close.append(callback)
                return
        callback()

    def _end(self, reason: str) -> None:
        self._runtime.close(reason)
        registry.remove(self)
        self._keeping.end()
        with self._lock:
            callbacks, self._on_close = self._on_close, None
        for callback in callbacks or ():
            callback()

    def _committed(self, before: FrozenDict, after: FrozenDict, commit: Commit) -> None:
        for name, value in after.items():
            if name in before and before[name] is not value and before[name] != value:
                self.state._changed(name, before[name])
        self._keeping.committed(before, after, self._runtime.first)
        for callback in self._commit_listeners:
            try:
                callback(commit)
            except Exception:
                logger.exception("a listener to the commits of %r failed", self.id)

    def _former(self, previous: Panel | None, fresh: bool) -> tuple[Former | None, tuple[str, ...]]:
        """What this panel takes over, and what is said about that; the kept values count where there is no live panel before it."""
        if fresh:
            return None, ()
        if previous is not None:
            before = previous.runtime
            state, first = before.state, before.first
            return Former(differing(state, first), first, before.set_aside), ()
        values, notes = self._keeping.read()
        return (Former(values, {}, {}) if values else None), notes

    def _forget(self) -> None:
        self._runtime.first, self._runtime.set_aside = self._runtime.state, {}
        self._keeping.forget()

    def _warn(self, sentence: str) -> None:
        """Say what the panel's reader and its author should know; any thread."""
        runtime = self._runtime
        runtime.log.append(LogLine(level="warn", text=sentence))
        runtime.put(lambda: runtime.say(Emitted(event="notify", payload={"text": f"{self.title}: {sentence}", "level": "warn"})))

    def _emitted(self, event: str, payload: JsonValue) -> None:
        for listener in tuple(self._listeners.get(event, ())):
            mailbox.post(partial(listener, payload))

    def _analysis(self) -> Analysis:
        from ..nxml import Parser
        from ..nxml.analysis import analyse

        return analyse(Parser(self.source).parse())

    def _dispatcher(self, program: Program, limits: Limits) -> Dispatcher:
        return Dispatcher(program, self._permissions, self._functions, self._frames, limits, self._bench)

    def _refused(self, source: str, program: Program, diagnostics: Iterable[Diagnostic], error: CodeErrors) -> DocumentError:
        problems = (*diagnostics, *syntax_diagnostics(program, error.errors, source))
        return DocumentError(source, sorted(problems, key=lambda d: d.span.start), name=self.name)

    @staticmethod
    def _first_values(program: Program, state: Mapping[str, Any] | None) -> dict[str, JsonValue]:
        if state is None:
            return {}
        if not isinstance(state, Mapping):
            raise OptionError(f"state must be a dict of names and values, not {type(state).__name__}.")
        names = [s.name for s in program.states]
        for name in state:
            if name not in names:
                raise StateError(f"the panel declares no state {name!r}.", hint=nearest(str(name), names))
        return {name: to_json(value, name) for name, value in state.items()}

    def __enter__(self) -> Panel:
        return self

    def __exit__(self, *_: object) -> Literal[False]:
        self.close()
        return False

    def to_html(self, file: str | os.PathLike[str]) -> Path:
        """Write the panel as it is now to one HTML file that needs no kernel and no network; gives its path.

        Tools that use no extension, and whatever is bound, are live in it; controls that need a kernel are disabled and say
        why.  Whoever gets the file can read the panel's code and its whole state in it.

        Raises OptionError: the panel has no view.  PanelClosedError: it has ended.  OSError: the file cannot be written.
        """
        if file_face is None:
            raise OptionError("this program shows no panels, so there is nothing to write.", hint="Import nexus_jupyter first.")
        return file_face(self, file)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a live panel cannot be copied or pickled; keep panel.source and dict(panel.state), and make a new one of them")

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={brief(v)}" for k, v in self._runtime.state.items())
        ended = " (ended)" if self.closed else ""
        return f"<Panel {visible(self.id)}{': ' + values if values else ''}>{ended}"

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, Any], dict[str, Any]]:
        if face is None or self.closed:
            return {"text/plain": repr(self)}, {}
        return face(self)
