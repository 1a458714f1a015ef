"""Trying a document before anybody relies on it: in a clone of the panel, with its state, granted nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from ..diagnostics import Diagnostic, LineIndex, Severity
from ..errors import CapabilityError, DocumentError, NexusError
from ..nxml.program import Program, ToolDeclaration
from ..protocol import ErrorInfo, GuestInvoke, GuestReply, GuestView, Operation
from ..protocol.bridge import TriedDocument
from ..protocol.proposal import DryRun, Trial
from ..sandbox.failure import error_from, info_of
from ..sandbox.guest import CodeErrors, Guest, syntax_diagnostics
from ..sandbox.limits import Limits
from ..sandbox.values import FrozenDict, thaw
from .documents import program_of
from .moment import now_ms
from .replacement import Fitted, fit

if TYPE_CHECKING:
    from .panel import Panel

# A reviewer waits for all of them.
TRIALS = 20
TRIAL_CPU = 0.25
TRIAL_OPS = 100


def try_document(panel: Panel, source: str) -> TriedDocument:
    """What would come of ``source`` in the place of the panel's document; the panel is not touched.

    Never raises for what the document contains.
    """
    try:
        program, diagnostics = program_of(source)
    except DocumentError as error:
        return TriedDocument(diagnostics=error.diagnostics)
    rev, state = panel.rev, panel.runtime.state
    clone = _Clone(panel, program, state)
    try:
        with clone.guest() as guest:
            fitted = clone.fit(guest)
            shown = guest.request(GuestView()) if program.view is not None else None
    except CodeErrors as error:
        problems = (*diagnostics, *syntax_diagnostics(program, error.errors, source))
        return TriedDocument(diagnostics=tuple(sorted(problems, key=lambda d: d.span.start)))
    except NexusError as error:
        return TriedDocument(diagnostics=(*diagnostics, _not_loaded(source, error)))
    if shown is not None and shown.status == "failed":
        return TriedDocument(diagnostics=(*diagnostics, _not_loaded(source, error_from(shown.error))))
    tree = None if shown is None else shown.tree
    dry_run = DryRun(
        rev=rev,
        tree=tree,
        problems=() if tree is None else tree.problems,
        resets=fitted.notes,
        trials=tuple(clone.trial(tool) for tool in _worth_trying(panel.program, program)[:TRIALS]),
    )
    return TriedDocument(diagnostics=tuple(diagnostics), dry_run=dry_run)


def fitting_state(panel: Panel, source: str) -> dict[str, JsonValue]:
    """What of the panel's state a panel of ``source`` can start with.  Raises as ``Panel`` does."""
    program, diagnostics = program_of(source, name=panel.name)
    clone = _Clone(panel, program, panel.runtime.state)
    try:
        with clone.guest() as guest:
            state: dict[str, JsonValue] = thaw(clone.fit(guest).state)
            return state
    except CodeErrors as error:
        problems = (*diagnostics, *syntax_diagnostics(program, error.errors, source))
        raise DocumentError(source, sorted(problems, key=lambda d: d.span.start), name=panel.name) from None


class _Clone:
    """A program with a panel's state, in guests of its own."""

    def __init__(self, panel: Panel, program: Program, state: FrozenDict) -> None:
        self._limits: Limits = panel.runtime.limits
        self._zone = panel.zone
        self._program = program
        self._state = state

    def guest(self) -> Guest:
        return Guest(self._program, limits=self._limits, clock=now_ms(), seed=1, zone=self._zone)

    def fit(self, guest: Guest) -> Fitted:
        return fit(guest, self._program, self._state, {})

    def trial(self, tool: ToolDeclaration) -> Trial:
        """Run ``tool`` once: its first step; what it asks of extensions is denied."""
        try:
            with self.guest() as guest:
                self.fit(guest)
                invoke = GuestInvoke(call=1, tool=tool.name, clock=now_ms(), seed=1, zone=self._zone)
                reply = guest.request(invoke, timeout=TRIAL_CPU)
        except NexusError as error:
            return Trial(tool=tool.name, error=info_of(error))
        return Trial(tool=tool.name, ops=_shortened(reply.ops), error=self._error(reply))

    def _error(self, reply: GuestReply) -> ErrorInfo | None:
        if reply.status == "failed":
            return reply.error
        if reply.calls:
            wish = reply.calls[0]
            return info_of(CapabilityError(f"it would call {wish.alias}.{wish.method}(…); a dry run is granted nothing."))
        return None


def _shortened(ops: tuple[Operation, ...]) -> tuple[Operation, ...]:
    return ops[:TRIAL_OPS]


def _worth_trying(before: Program, after: Program) -> list[ToolDeclaration]:
    """New and changed tools of ``after`` that can be called without arguments."""

    def meaning(program: Program, tool: ToolDeclaration) -> object:
        return tool.args, program.code[tool.handler.code].source

    known = {tool.name: meaning(before, tool) for tool in before.tools}
    return [t for t in after.tools if meaning(after, t) != known.get(t.name) and not any(a.required for a in t.args)]


def _not_loaded(source: str, error: NexusError) -> Diagnostic:
    return Diagnostic(
        code=error.code,
        severity=Severity.ERROR,
        message=f"the panel could not be started: {error.message}",
        span=LineIndex(source).span(0, 0),
        hint=error.hint,
    )
