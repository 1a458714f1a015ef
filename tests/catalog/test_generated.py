"""What is generated from the catalog is current; run ``make generate`` after a change of its YAML files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from nexus_jupyter.catalog import Catalog, catalog, data, typescript
from nexus_jupyter.catalog.source import read_source

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def source() -> Catalog:
    return read_source()


def test_the_file_that_the_program_reads_is_current(source: Catalog) -> None:
    """``python -m nexus_jupyter.catalog.data nexus_jupyter/catalog/catalog.json``"""
    written = (files("nexus_jupyter.catalog") / "catalog.json").read_text(encoding="utf-8")
    assert written == data.catalog_json(source)


def test_the_program_reads_what_the_source_says(source: Catalog) -> None:
    assert catalog() == source


def test_the_typescript_file_is_current(source: Catalog) -> None:
    """``python -m nexus_jupyter.catalog.typescript js/generated/catalog.ts``"""
    assert (ROOT / "js/generated/catalog.ts").read_text(encoding="utf-8") == typescript.typescript(source)


def test_a_description_cannot_end_its_comment(source: Catalog) -> None:
    text = source.components["Text"]
    damaged = source.model_copy(update={"components": {"Text": text.model_copy(update={"description": "*/ alert(1) /*"})}})
    assert "*/ alert" not in typescript.typescript(damaged)


@pytest.mark.parametrize(
    ("main", "make"),
    [(data.main, data.catalog_json), (typescript.main, typescript.typescript)],
    ids=["data", "typescript"],
)
def test_a_command_writes_prints_and_refuses(
    main: Callable[[list[str]], int], make: Callable[[], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "file"
    assert main([str(target)]) == 0
    assert target.read_text(encoding="utf-8") == make()
    assert main([]) == 0
    assert capsys.readouterr().out == make()
    assert main(["--help"]) == 2
    assert "usage: python -m nexus_jupyter.catalog." in capsys.readouterr().err
    assert main(["a", "b"]) == 2


@pytest.mark.parametrize("name", ["data", "typescript"])
def test_a_module_is_a_command(name: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", f"nexus_jupyter.catalog.{name}", str(tmp_path / "file")], check=True)
    assert (tmp_path / "file").stat().st_size > 1_000
