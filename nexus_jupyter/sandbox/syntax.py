"""Asking the engine whether the JavaScript of a document is any, whatever else is wrong with the document."""

from __future__ import annotations

from bisect import bisect_left

from ..diagnostics import Diagnostic
from ..errors import NexusError
from ..nxml import DEFAULT_LIMITS, Reading
from ..nxml.analysis import CodeSite
from ..nxml.ast import Expression
from ..nxml.program import Code, Program
from ..nxml.whitespace import with_indent
from .guest import CodeErrors, Guest, syntax_diagnostics

# These say of what the engine refuses as well why it cannot be, and what to do.
_TELLING = ("IMPURE_EXPRESSION", "FORBIDDEN_GLOBAL")


def confirm(reading: Reading) -> tuple[Diagnostic, ...]:
    """The diagnostics of ``reading`` with the engine's syntax errors in place of the reader's own.

    Also of a document with other errors.  The engine compiles every piece of code and runs none.  Where it cannot
    tell (it is not there, or a piece passes a limit of the sandbox), the diagnostics are those of ``reading``.
    """
    try:
        found = syntax_problems(reading)
    except NexusError:
        return reading.diagnostics
    return tuple(sorted((*certain(reading), *found), key=lambda d: d.span.start))


def certain(reading: Reading) -> tuple[Diagnostic, ...]:
    """The diagnostics of ``reading`` without the syntax errors that are the engine's to confirm."""
    doubtful = set(map(id, reading.doubtful))
    return tuple(d for d in reading.diagnostics if id(d) not in doubtful)


def syntax_problems(reading: Reading) -> tuple[Diagnostic, ...]:
    """What the engine says of every piece of code of a document: its syntax errors.

    Of a piece in which the reader found what makes it no JavaScript here, such as ``await`` in an expression, that is
    told and no more.

    Raises EngineError: the sandbox cannot run here.  LimitError: a piece of code passes a limit of the sandbox.
    """
    pieces = _pieces(reading)
    program = Program(code=tuple(code for code, _ in pieces))
    try:
        Guest(program).close()
    except CodeErrors as error:
        told = [d.span.start for d in reading.diagnostics if d.code in _TELLING]
        errors = [e for e in error.errors if not _told(pieces[e.index], told)][: DEFAULT_LIMITS.diagnostics]
        found = syntax_diagnostics(program, errors, reading.source)
        return tuple(
            diagnostic.model_copy(update={"path": pieces[each.index][1].path}) for each, diagnostic in zip(errors, found, strict=True)
        )
    return ()


def _told(piece: tuple[Code, CodeSite], places: list[int]) -> bool:
    """Whether a diagnostic at one of the sorted ``places`` says already why the engine refuses a piece of code."""
    code, site = piece
    at = bisect_left(places, code.span.start)
    return not site.facts.broken and at < len(places) and places[at] <= code.span.end


def _pieces(reading: Reading) -> list[tuple[Code, CodeSite]]:
    out: list[tuple[Code, CodeSite]] = []
    for site in reading.analysis.sites:
        if site.kind != "bind":
            out.append((Code(kind=site.code, source=with_indent(site.source, site.indent), span=site.span), site))
            continue
        for key in site.place.path if site.place is not None else ():
            if isinstance(key, Expression):
                out.append((Code(kind="expression", source=key.source, span=key.span), site))
    return out
