"""The reference of diagnostics says all there is, and is what the rules say today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nexus_jupyter.nxml import read
from nexus_jupyter.nxml.checks.documentation import explanations, main, page
from nexus_jupyter.nxml.checks.examples import EXAMPLES
from nexus_jupyter.nxml.codes import SEVERITIES

PAGE = Path(__file__).parents[2] / "docs/diagnostics.md"


def test_the_page_is_current(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Write it anew with: python -m nexus_jupyter.nxml.checks.documentation docs/diagnostics.md"""
    assert PAGE.read_text(encoding="utf-8") == page()
    main([str(tmp_path / "page.md")])
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == page()
    main([])
    assert capsys.readouterr().out == page()


def test_the_module_is_a_command() -> None:
    command = [sys.executable, "-m", "nexus_jupyter.nxml.checks.documentation"]
    assert subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout == page()


@pytest.mark.parametrize("code", SEVERITIES)
def test_each_code_is_explained(code: str) -> None:
    said = explanations(code)
    assert said
    for text in said:
        assert [title for title, _ in text] == ["What", "Why", "Remedy"]
        assert all(body for _, body in text)


@pytest.mark.parametrize("code", EXAMPLES)
def test_each_example_gives_its_code(code: str) -> None:
    assert code in {d.code for d in read(EXAMPLES[code]).diagnostics}


def test_each_code_of_a_rule_has_an_example() -> None:
    assert {c for c in SEVERITIES if not c.startswith("LIMIT_")} - EXAMPLES.keys() <= {"UNEXPECTED_CHARACTER"}
