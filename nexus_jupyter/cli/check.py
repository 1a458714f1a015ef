"""``jupyter nexus check``: what is wrong with panel documents."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from ..diagnostics import Diagnostic, Severity, errors_of, render_text, visible
from ..errors import EngineError, NexusError
from ..nxml import compile_program, read
from .files import Document, UsageError, documents


class _Engine:
    """The sandbox, which is asked whether the JavaScript is any; nothing of it runs but the states' defaults."""

    def __init__(self) -> None:
        self.missing = ""

    def problems(self, document: Document) -> tuple[Diagnostic, ...]:
        from ..sandbox import CodeErrors, Guest, syntax_diagnostics

        reading = read(document.text)
        if not reading.ok or self.missing:
            return reading.diagnostics
        program = compile_program(reading.ast)
        try:
            Guest(program).close()
        except CodeErrors as error:
            found = (*reading.diagnostics, *syntax_diagnostics(program, error.errors))
            return tuple(sorted(found, key=lambda d: d.span.start))
        except EngineError as error:
            self.missing = str(error)
        except NexusError as error:
            root = reading.ast.panel
            assert root is not None
            # a state's default that throws, or code that passes a limit of the sandbox
            made = Diagnostic(code=error.code, severity=Severity.ERROR, message=str(error), span=root.name_span, path=root.name)
            return (made, *reading.diagnostics)
        return reading.diagnostics


def check(files: Sequence[str], *, as_json: bool) -> int:
    """Print the diagnostics of ``files``; gives the exit status."""
    engine = _Engine()
    found: list[tuple[Document, tuple[Diagnostic, ...]]] = []
    unusable = False
    for file in files:
        try:
            found += [(document, engine.problems(document)) for document in documents(file)]
        except UsageError as error:
            print(f"jupyter nexus check: {error}", file=sys.stderr)
            unusable = True
    if engine.missing:
        print(f"jupyter nexus check: JavaScript was not checked: {visible(engine.missing)}", file=sys.stderr)
    errors = sum(len(errors_of(diagnostics)) for _, diagnostics in found)
    if as_json:
        listed = [
            {"file": d.file, "cell": d.cell or None, "diagnostics": [each.model_dump(mode="json") for each in diagnostics]}
            for d, diagnostics in found
        ]
        print(json.dumps({"errors": errors, "documents": listed}, indent=1))
    else:
        for document, diagnostics in found:
            if diagnostics:
                print(_printable(render_text(document.text, diagnostics, name=document.name)), end="\n\n")
        warnings = sum(d.severity is Severity.WARNING for _, diagnostics in found for d in diagnostics)
        notes = sum(len(diagnostics) for _, diagnostics in found) - errors - warnings
        counts = (len(found), "document"), (errors, "error"), (warnings, "warning"), (notes, "note")
        print(", ".join(_count(*each) for each in counts))
    return 2 if unusable else 1 if errors else 0


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _printable(text: str) -> str:
    """``text`` without the characters that the terminal's encoding lacks."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
