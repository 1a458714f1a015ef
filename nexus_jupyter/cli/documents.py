"""The panel documents of a file: the file itself, or the ``%%nxml`` cells of a notebook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..diagnostics import LineIndex, visible
from .files import UsageError, decoded, read_bytes, read_notebook
from .notebook_text import CellText, cell_texts

# What IPython takes for the cell magic: empty lines may come before it, and its name ends at a space.
_MAGIC = re.compile(r"(?:[ \t]*+\r?\n)*+[ \t]*+%%nxml(?: [^\n]*+|[^\S\n]*+)(?:\n|\Z)")
_MARK = "\ufeff"


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

    @cached_property
    def lines(self) -> LineIndex:
        """The places in the text."""
        return LineIndex(self.text)


@dataclass(frozen=True)
class File:
    """A file as it was read: its ``text`` without a byte order mark, and the ``documents`` in it.

    The text of a document has ``\\n`` as its only line end; it is written with those of its file.
    """

    name: str
    text: str
    mark: bool
    documents: tuple[Document, ...]
    cells: Mapping[int, CellText] = field(default_factory=dict)

    @property
    def content(self) -> str:
        """All that the file holds."""
        return (_MARK if self.mark else "") + self.text

    def with_texts(self, texts: Mapping[int, str]) -> str:
        """The content of the file with the documents of the cells that ``texts`` names replaced; the rest stays as it is.

        Raises UsageError: the notebook is of a format before 4.
        """
        mark = _MARK if self.mark else ""
        if not self.name.lower().endswith(".ipynb"):
            text = texts.get(0, self.documents[0].text)
            return mark + (text.replace("\n", "\r\n") if _has_returns(self.text) else text)
        if not texts.keys() <= self.cells.keys():
            raise UsageError(f"{visible(self.name)} is a notebook of an old format and cannot be changed", hint="save it in Jupyter first")
        pieces: list[str] = []
        at = 0
        for number in sorted(texts):
            cell = self.cells[number]
            head = cell.text[: document_start(cell.text)].removesuffix("\n")
            pieces += (self.text[at : cell.start], cell.written(f"{head}\n{texts[number]}"))
            at = cell.end
        return "".join((mark, *pieces, self.text[at:]))

    def place(self, document: Document, start: int, end: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Line and column, from 1 and in code points, of ``document.text[start:end)`` in the file, and of its end."""
        cell = self.cells.get(document.cell)
        if cell is None:
            return document.lines.place(start), document.lines.place(end)
        shift = len(cell.text) - len(document.text)
        first, last = cell.in_file(start + shift, end + shift)
        return self._lines.place(first), self._lines.place(last)

    @cached_property
    def _lines(self) -> LineIndex:
        return LineIndex(self.text)


def opened(file: str) -> File:
    """A file with its documents; raises UsageError."""
    data = read_bytes(file)
    text = decoded(file, data)
    mark = data.startswith(_MARK.encode())
    name = "stdin" if file == "-" else file
    if not file.lower().endswith(".ipynb"):
        return File(name, text, mark, (Document(name, 0, text.replace("\r\n", "\n")),))
    notebook = read_notebook(file, text)
    found = [
        Document(name, number, str(cell.source)[start:])
        for number, cell in enumerate(notebook.cells, start=1)
        if cell.cell_type == "code" and (start := document_start(str(cell.source))) >= 0
    ]
    sources = cell_texts(text) if found else ()
    # in a notebook of an old format the cells stand elsewhere
    cells = {d.cell: source for d in found if len(sources) == len(notebook.cells) and (source := sources[d.cell - 1]) is not None}
    return File(name, text, mark, tuple(found), cells)


def document_start(source: str) -> int:
    """Where the document of an ``%%nxml`` cell starts; -1 for another cell."""
    match = _MAGIC.match(source)
    return -1 if match is None else match.end()


def _has_returns(text: str) -> bool:
    """Whether the first line of ``text`` ends with a carriage return."""
    return text[max(0, text.find("\n") - 1) :].startswith("\r\n")
