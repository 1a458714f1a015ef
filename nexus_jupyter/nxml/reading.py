"""Reading a document in one go: tree, diagnostics, program."""

from __future__ import annotations

from dataclasses import dataclass

from ..diagnostics import Diagnostic, errors_of
from ..errors import DocumentError
from .ast import NexusPanelAST
from .checks import ASTValidator
from .compile import compile_program
from .limits import DEFAULT_LIMITS, Limits
from .parser import Parser
from .problems import Problems
from .program import Program


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document says (``ast``) and all that is wrong with it (``diagnostics``, in document order)."""

    source: str
    ast: NexusPanelAST
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether a panel can be made: no errors; warnings are allowed."""
        return not errors_of(self.diagnostics)


def read(source: str, *, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Reads a panel document, in time linear in its length.

    Never raises for what the document contains: every problem is a diagnostic, all found in one pass.
    JavaScript is not parsed here; its syntax errors come from the engine when a panel is made.
    """
    problems = Problems(limits.diagnostics)
    ast = Parser(source, limits=limits, problems=problems).parse()
    diagnostics = ASTValidator(ast, problems=problems).validate()
    # A document of another kind has no use for what else is wrong with it as a panel.
    alone = tuple(d for d in diagnostics if d.code == "WRONG_ROOT")
    return Reading(source, ast, alone or diagnostics)


def load_program(source: str, name: str = "") -> tuple[Program, tuple[Diagnostic, ...]]:
    """The program of a document and its warnings.

    Raises :class:`~nexus_jupyter.errors.DocumentError`, which lists all problems, when there are
    errors; ``name`` (a file or cell) stands before their places.
    """
    reading = read(source)
    if not reading.ok:
        raise DocumentError(source, reading.diagnostics, name=name)
    return compile_program(reading.ast), reading.diagnostics
