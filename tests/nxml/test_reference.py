"""The reference page is current, whole, and its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nexus_jupyter.catalog import CapabilityEntry, Catalog, ExtensionEntry, catalog
from nexus_jupyter.nxml.elements import ELEMENTS
from nexus_jupyter.nxml.reference import main, reference

ROOT = Path(__file__).parents[2]
PAGE = reference()


def test_the_page_is_current() -> None:
    """``python -m nexus_jupyter.nxml.reference docs/reference.md``"""
    assert (ROOT / "docs/reference.md").read_text(encoding="utf-8") == PAGE


def test_every_link_leads_to_one_place() -> None:
    places = re.findall(r'<a id="([^"]+)"></a>', PAGE)
    assert len(set(places)) == len(places)
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= set(places)


def test_everything_has_a_heading() -> None:
    known = catalog()
    headings = set(re.findall(r"^### (.+)$", PAGE, re.MULTILINE))
    assert headings == {*ELEMENTS, *known.components, *known.extensions, *known.api}
    methods = re.findall(r"^#### `(.+)`$", PAGE, re.MULTILINE)
    assert methods == [f"$ext.{e.name[6:]}.{m.signature}" for e in known.extensions.values() for m in e.methods]


def test_tables_are_tables() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    cells = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    for above, row, count, previous in zip(rows, rows[1:], cells[1:], cells, strict=False):
        if set(row) == set("|-"):
            assert count == previous, above


def test_what_is_not_built_says_so() -> None:
    section = PAGE.split("### Table\n")[1].split("### ")[0]
    assert section.strip().startswith("*Not built yet.* Records in rows and columns.")
    assert "Accessibility: A table with headings" in section
    assert "| `on:select` | `{ value: list }` | The choice of rows changed. The main event. |" in section


def test_fields_say_what_they_take() -> None:
    assert "| `debounce` | duration | `150ms` | Quiet time" in PAGE
    assert "| `rows` | integer from 1 to 100 | `3` |" in PAGE
    assert "| `condition` | expression | required |" in PAGE
    assert '| `options.level` | string | success, info, warning or error. Else `"info"`. |' in PAGE
    assert "| `LIMIT_NODES` | 20,000 | elements, texts and comments |" in PAGE


def test_another_catalog_gives_another_page() -> None:
    only = ExtensionEntry(
        name="nexus.a",
        available=True,
        description="d",
        capabilities=(CapabilityEntry(name="a:b", description="c"),),
        methods=(),
        options=(),
    )
    page = reference(Catalog(components={}, extensions={"nexus.a": only}, common={}, styles=()))
    assert "### nexus.a" in page
    assert "### Text" not in page


def test_the_command_writes_prints_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "a.md")]) == 0
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == PAGE
    assert main([]) == 0
    assert capsys.readouterr().out == PAGE
    assert main(["--help"]) == 2


def test_the_module_is_a_command(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "nexus_jupyter.nxml.reference", str(tmp_path / "a.md")], check=True)
    assert (tmp_path / "a.md").read_text(encoding="utf-8") == PAGE
