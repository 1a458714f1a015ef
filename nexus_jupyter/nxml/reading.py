"""Reading a document in one go: tree, diagnostics, program."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from ..diagnostics import Diagnostic, errors_of
from ..errors import DocumentError
from .analysis import Analysis
from .ast import NexusPanelAST
from .cache import ASTCache
from .checks import ASTValidator
from .compile import compile_program
from .limits import DEFAULT_LIMITS, Limits
from .parser import Parser
from .problems import Problems
from .program import Program


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document says (``ast``), what its code does (``analysis``) and all that is wrong with it (``diagnostics``,
    in document order).

    ``JS_SYNTAX`` is what this reader's own parser finds; about code that is there the engine has the last word
    (:func:`nexus_jupyter.sandbox.syntax.confirm`), code that is missing it never sees.
    """

    source: str
    ast: NexusPanelAST
    diagnostics: tuple[Diagnostic, ...]
    analysis: Analysis = field(default_factory=Analysis, repr=False)

    @property
    def ok(self) -> bool:
        """Whether a panel can be made: no errors but those about which the engine decides; warnings are allowed."""
        return len(errors_of(self.diagnostics)) == len(self.doubtful)

    @property
    def doubtful(self) -> tuple[Diagnostic, ...]:
        """The ``JS_SYNTAX`` errors of code that is there: the engine may think otherwise."""
        found = [d for d in self.diagnostics if d.code == "JS_SYNTAX"]
        if not found:
            return ()
        pieces = sorted((piece.span.start, piece.span.end) for piece in self.analysis.sites)
        inside = ((d, bisect_right(pieces, d.span.start, key=lambda piece: piece[0]) - 1) for d in found)
        return tuple(d for d, at in inside if at >= 0 and d.span.start <= pieces[at][1])


# What this process has read.  A reading is frozen, so that all who ask for a document share one.
CACHE: ASTCache[Reading] = ASTCache()


def read(source: str, *, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Reads a panel document; with the default limits one that was read before is not read again (:data:`CACHE`).

    Never raises for what the document contains: every problem is a diagnostic, all found in one pass.
    """
    if limits != DEFAULT_LIMITS:
        return read_afresh(source, limits)
    known = CACHE.get(source, read_afresh)
    # the package that brings the extension may have been installed since
    return read_afresh(source) if any(d.code == "UNKNOWN_EXTENSION" for d in known.diagnostics) else known


def read_afresh(source: str, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Reads a panel document whether it was read before or not, in time linear in its length.

    Never raises for what the document contains: every problem is a diagnostic, all found in one pass.
    JavaScript is parsed, never run; the engine has the last word about its syntax when a panel is made.
    """
    problems = Problems(limits.diagnostics)
    ast = Parser(source, limits=limits, problems=problems).parse()
    validator = ASTValidator(ast, problems=problems, source=source)
    diagnostics = validator.validate()
    # A document of another kind has no use for what else is wrong with it as a panel.
    alone = tuple(d for d in diagnostics if d.code == "WRONG_ROOT")
    return Reading(source, ast, alone, Analysis()) if alone else Reading(source, ast, diagnostics, validator.analysis)


def load_program(source: str, name: str = "") -> tuple[Program, tuple[Diagnostic, ...]]:
    """The program of a document and its warnings.

    Raises :class:`~nexus_jupyter.errors.DocumentError`, which lists all problems, when there are
    errors; ``name`` (a file or cell) stands before their places.  Whether the code is JavaScript the engine
    says when it loads the program.
    """
    reading = read(source)
    if not reading.ok:
        raise DocumentError(source, reading.diagnostics, name=name)
    return compile_program(reading.ast), tuple(d for d in reading.diagnostics if d.code != "JS_SYNTAX")
