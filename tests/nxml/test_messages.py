"""Messages are part of the interface: what a person reads is kept in golden files.

After a deliberate change write them anew: ``NEXUS_GOLDEN=write pytest tests/nxml/test_messages.py``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nexus_jupyter.diagnostics import render_html, render_text
from nexus_jupyter.nxml import read

GOLDEN = Path(__file__).parent / "golden"
DOCUMENTS = sorted(GOLDEN.glob("*.nxml"))


def check(path: Path, text: str) -> None:
    if os.environ.get("NEXUS_GOLDEN") == "write":
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == text + "\n"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.stem)
def test_messages_read_as_agreed(document: Path) -> None:
    source = document.read_text(encoding="utf-8")
    diagnostics = read(source).diagnostics
    check(document.with_suffix(".txt"), render_text(source, diagnostics, name=document.name))
    check(document.with_suffix(".html"), render_html(source, diagnostics, name=document.name))


def test_there_are_documents() -> None:
    assert len(DOCUMENTS) >= 4
