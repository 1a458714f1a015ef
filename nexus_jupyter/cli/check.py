"""``jupyter nexus check``: what is wrong with panel documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from ..diagnostics import Diagnostic, Severity, errors_of, render_text, visible
from ..errors import EngineError, NexusError
from ..nxml import apply_fixes, compile_program, read
from .documents import Document, File, opened
from .files import UsageError, named, write_text
from .output import complain, count, printable

Form = Literal["text", "json", "sarif"]
Found = list[tuple[File, Document, tuple[Diagnostic, ...]]]


class _Engine:
    """The sandbox, which is asked whether the JavaScript is any; nothing of it runs but the states' defaults."""

    def __init__(self) -> None:
        self.missing = ""

    def problems(self, document: Document) -> tuple[Diagnostic, ...]:
        from ..sandbox import CodeErrors, Guest
        from ..sandbox.syntax import certain, confirm

        reading = read(document.text)
        if self.missing:
            return reading.diagnostics
        if not reading.ok:
            return confirm(reading)
        program = compile_program(reading.ast)
        try:
            Guest(program).close()
        except CodeErrors:
            return confirm(reading)
        except EngineError as error:
            self.missing = str(error)
        except NexusError as error:
            root = reading.ast.panel
            assert root is not None
            # a state's default that throws, or code that passes a limit of the sandbox
            made = Diagnostic(code=error.code, severity=Severity.ERROR, message=str(error), span=root.name_span, path=root.name)
            return (made, *certain(reading))
        else:
            return certain(reading)
        return reading.diagnostics


def check(arguments: Sequence[str], *, form: Form, fix: bool) -> int:
    """Print the diagnostics of the files that are named, after applying their fixes if asked to; gives the exit status."""
    engine = _Engine()
    found: Found = []
    unusable = False
    changed = files = 0
    for name in named(arguments):
        files += 1
        try:
            file = opened(name)
            if fix and (better := _fixed(name, file)):
                file = better
                changed += 1
            found += [(file, document, engine.problems(document)) for document in file.documents]
        except UsageError as error:
            complain("check", str(error))
            unusable = True
    if not files:
        complain("check", "there are no .nxml or .ipynb files in what was named")
    if engine.missing:
        complain("check", f"JavaScript was not checked: {visible(engine.missing)}")
    errors = sum(len(errors_of(diagnostics)) for _, _, diagnostics in found)
    if form == "json":
        print(json.dumps({"errors": errors, "documents": [_listed(*each) for each in found]}, indent=1))
    elif form == "sarif":
        from .sarif import sarif

        print(json.dumps(sarif(found), indent=1))
    else:
        _print(found, errors, changed if fix else None)
    return 2 if unusable else 1 if errors else 0


def _fixed(name: str, file: File) -> File | None:
    """The file after its fixes were applied and written, None when there was nothing to do; raises UsageError."""
    if name == "-":
        raise UsageError("--fix needs a file that it can write", hint="stdin is only checked")
    texts = {d.cell: text for d in file.documents if (text := apply_fixes(d.text, read(d.text).diagnostics)) != d.text}
    if not texts:
        return None
    write_text(name, file.with_texts(texts), before=file.content)
    return opened(name)


def _listed(_: File, document: Document, diagnostics: Sequence[Diagnostic]) -> dict[str, object]:
    return {"file": document.file, "cell": document.cell or None, "diagnostics": [each.model_dump(mode="json") for each in diagnostics]}


def _print(found: Found, errors: int, changed: int | None) -> None:
    for _, document, diagnostics in found:
        if diagnostics:
            print(printable(render_text(document.text, diagnostics, name=document.name)), end="\n\n")
    every = [d for _, _, diagnostics in found for d in diagnostics]
    warnings = sum(d.severity is Severity.WARNING for d in every)
    counts = [(len(found), "document"), (errors, "error"), (warnings, "warning"), (len(every) - errors - warnings, "note")]
    print(", ".join(count(*each) for each in counts) + ("" if changed is None else f"; {count(changed, 'file')} changed"))
    fixable = sum(d.fix is not None for d in every)
    if fixable and changed is None:
        print(f"{count(fixable, 'problem')} can be fixed with --fix")
