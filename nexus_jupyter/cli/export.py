"""``jupyter nexus export``: panels as HTML files that need no kernel."""

from __future__ import annotations

from pathlib import Path

from ..diagnostics import render_text, visible
from ..errors import DocumentError, NexusError
from ..export import write_html
from ..panel.panel import Panel
from .documents import Document, opened
from .files import UsageError
from .output import complain, printable


def export(file: str, *, output: str | None) -> int:
    """Write the panel of a document, or each ``%%nxml`` cell of a notebook, with its default state; gives the exit status.

    ``output``: the file to write, or a folder for the files of several panels; by default they stand beside ``file``.
    """
    try:
        documents = opened(file).documents
        if not documents:
            complain("export", f"{visible(file)} has no %%nxml cell")
            return 1
        targets = _targets(file, len(documents), output)
    except UsageError as error:
        complain("export", str(error))
        return 2
    wrong = sum(not _written(document, target) for document, target in zip(documents, targets, strict=True))
    return 1 if wrong else 0


def _targets(file: str, count: int, output: str | None) -> list[Path]:
    source = Path("panel" if file == "-" else file)
    if output is not None and not Path(output).is_dir():
        if count > 1:
            raise UsageError(f"{visible(output)} is no folder, and there are {count} panels", hint="name a folder that exists")
        return [Path(output)]
    folder = source.parent if output is None else Path(output)
    names = [source.stem] if count == 1 else [f"{source.stem}-{number}" for number in range(1, count + 1)]
    return [folder / f"{name}.html" for name in names]


def _written(document: Document, target: Path) -> bool:
    try:
        with Panel(document.text, name=document.name, _listed=False) as panel:
            write_html(panel, target)
    except DocumentError as error:
        complain("export", f"{document.name}: {error.message}\n\n{render_text(document.text, error.diagnostics, name=document.name)}\n")
        return False
    except NexusError as error:
        complain("export", f"{document.name}: {error}")
        return False
    except OSError as error:
        complain("export", f"{visible(str(target))} cannot be written: {error.strerror or error}")
        return False
    print(printable(visible(str(target))))
    return True
