"""What a person names on the command line, read carefully."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from ..diagnostics import visible
from ..errors import NexusError

_LARGEST = 256_000_000
MAGIC = "%%nxml"


class UsageError(NexusError):
    """A file that is not there, or not what it should be."""

    code = "USAGE"


@dataclass(frozen=True)
class Document:
    """A panel document: where it stands (``cell`` counts from 1, 0 for a file of its own) and its text."""

    file: str
    cell: int
    text: str

    @property
    def name(self) -> str:
        """How messages call it."""
        return visible(f"{self.file}[cell {self.cell}]" if self.cell else self.file)


def read_text(file: str) -> str:
    """The text of a file, or of stdin for ``-``; raises UsageError."""
    shown = visible(file)
    try:
        if file == "-":
            data = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            path = Path(file)
            if path.is_dir():
                raise UsageError(f"{shown} is a folder", hint="name a file in it")
            with path.open("rb") as stream:
                data = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {shown}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{shown} cannot be read: {visible(reason or type(error).__name__)}") from None
    if len(data) > _LARGEST:
        raise UsageError(f"{shown} is larger than {_LARGEST:,} bytes")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown} is no UTF-8 text (byte {error.start})") from None


def read_notebook(file: str) -> Any:
    """The notebook in a file; raises UsageError."""
    text = read_text(file)
    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except RecursionError:
        raise UsageError(f"{visible(file)} is no notebook: it is nested too deeply") from None
    except Exception as error:
        # nbformat raises its own errors, those of JSON Schema, and whatever a wrong type in the file leads to
        reason = visible(str(error).strip().partition("\n")[0])[:200]
        raise UsageError(f"{visible(file)} is no notebook: {reason}") from None
    return notebook


def documents(file: str) -> Iterator[Document]:
    """The panel documents of a file: itself, or the ``%%nxml`` cells of a notebook."""
    if not file.lower().endswith(".ipynb"):
        yield Document("stdin" if file == "-" else file, 0, read_text(file))
        return
    for number, cell in enumerate(read_notebook(file).cells, start=1):
        first, _, rest = str(cell.source).partition("\n")
        if cell.cell_type == "code" and (first == MAGIC or first.startswith(MAGIC + " ")):
            yield Document(file, number, rest)
