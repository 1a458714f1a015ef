"""``jupyter nexus format``: panel documents in canonical form."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ..diagnostics import render_text, visible
from ..errors import DocumentError
from ..nxml import format_document
from .documents import Document, File, opened
from .files import UsageError, named, write_text
from .output import complain, count, printable, show_difference, write_to_stdout


@dataclass
class _Outcome:
    """What happened to the files."""

    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    unusable: int = 0


def format_files(arguments: Sequence[str], *, check: bool, difference: bool) -> int:
    """Write the files that are named in canonical form, or only say what would change; gives the exit status."""
    outcome = _Outcome()
    to_stdout = False
    for name in named(arguments):
        to_stdout = to_stdout or name == "-"
        try:
            _format(name, opened(name), outcome, writes=not check and not difference, difference=difference)
        except UsageError as error:
            complain("format", str(error))
            outcome.unusable += 1
    total = outcome.changed + outcome.unchanged
    if not total and not outcome.unusable:
        complain("format", "there are no .nxml or .ipynb files in what was named")
    dry = check or difference
    if dry or not to_stdout:
        would = "would change" if dry else "changed"
        summary = f"{count(outcome.changed, 'file')} {would}, {outcome.unchanged} unchanged"
        if outcome.refused:
            summary += f"; {count(outcome.refused, 'document')} cannot be formatted"
        print(summary, file=sys.stderr if difference else sys.stdout)
    return 2 if outcome.unusable else 1 if outcome.refused or (dry and outcome.changed) else 0


def _format(name: str, file: File, outcome: _Outcome, *, writes: bool, difference: bool) -> None:
    texts: dict[int, str] = {}
    refused = outcome.refused
    for document in file.documents:
        try:
            text = format_document(document.text)
        except DocumentError as error:
            outcome.refused += 1
            shown = render_text(document.text, error.diagnostics, name=document.name)
            complain("format", f"{document.name}: {error.message}\n\n{shown}\n")
            continue
        if document.cell:
            text = text.removesuffix("\n").removesuffix("\r")  # a cell ends where its last line ends
        if text != document.text or not document.cell:
            texts[document.cell] = text
        if difference and text != document.text:
            show_difference(_difference(document, text))
    after = file.with_texts(texts) if texts else file.content
    if after == file.content:
        outcome.unchanged += 1
    else:
        outcome.changed += 1
        if writes and name != "-":
            write_text(name, after, before=file.content)
        elif not writes and not difference:
            print(f"would change: {printable(visible(file.name))}")
    if name == "-" and writes and outcome.refused == refused:
        write_to_stdout(after)


def _difference(document: Document, text: str) -> list[str]:
    lines = difflib.unified_diff(document.text.splitlines(), text.splitlines(), document.name, f"{document.name} (formatted)", lineterm="")
    return list(lines)
