"""A panel's document: from its text to its program, or to all that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from ..diagnostics import Diagnostic
from ..errors import DocumentError
from ..nxml import Program, load_program, read
from ..sandbox.syntax import confirm


@dataclass(frozen=True)
class Document:
    """What a panel was made from; ``edition`` counts how often it was replaced in place, ``hash`` is ``document_hash``."""

    source: str
    program: Program
    diagnostics: tuple[Diagnostic, ...]
    edition: int
    hash: str


def program_of(source: str, name: str = "") -> tuple[Program, tuple[Diagnostic, ...]]:
    """The program of a document and its warnings; ``name`` (a file or cell) stands before places.

    Raises DocumentError: the document has errors.  It lists all of them, those that the engine finds in the
    JavaScript too, so that one look is enough.
    """
    try:
        return load_program(source, name=name)
    except DocumentError:
        raise DocumentError(source, confirm(read(source)), name=name) from None
