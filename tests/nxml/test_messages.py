"""Messages are part of the interface: what a person reads is kept in golden files.

After a deliberate change write them anew: ``NEXUS_GOLDEN=write pytest tests/nxml/test_messages.py``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nexus_jupyter.diagnostics import render_html, render_text
from nexus_jupyter.nxml import Limits, read
from nexus_jupyter.nxml.codes import SEVERITIES

GOLDEN = Path(__file__).parent / "golden"
DOCUMENTS = sorted(GOLDEN.glob("*.nxml"))
# The printers differ only in their dress, so a few documents as HTML tell enough.
ALSO_HTML = {"broken-off", "form", "hostile", "names"}
# Documents called limits… are read with bounds that they can pass in a few lines.
SMALL = Limits(source=450, depth=6, nodes=12, attributes=3, handler=40, expression=30, diagnostics=5)


def check(path: Path, text: str) -> None:
    if os.environ.get("NEXUS_GOLDEN") == "write":
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text + "\n"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.stem)
def test_messages_read_as_agreed(document: Path) -> None:
    source = document.read_text(encoding="utf-8")
    diagnostics = read(source, limits=SMALL if document.stem.startswith("limits") else Limits()).diagnostics
    check(document.with_suffix(".txt"), render_text(source, diagnostics, name=document.name))
    if document.stem in ALSO_HTML:
        check(document.with_suffix(".html"), render_html(source, diagnostics, name=document.name))


def test_every_code_has_a_message_to_read() -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.txt"))
    assert {code for code in SEVERITIES if f" {code}: " not in texts} == set()


def test_every_document_has_its_messages() -> None:
    assert {p.stem for p in GOLDEN.glob("*.html")} == ALSO_HTML
    assert {p.stem for p in GOLDEN.glob("*.txt")} == {p.stem for p in DOCUMENTS}
