"""Panels as other people, programs and models write them: what the language allows gives no errors and no idle warnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus_jupyter.diagnostics import Diagnostic, Fix, Severity, render_text
from nexus_jupyter.nxml import Program, load_program, read

DIALECTS = sorted((Path(__file__).parents[1] / "corpus/dialects").glob("*.nxml"))

# What else a panel may hear of; every other one hears nothing.
WARNINGS = {
    "escaped-handlers": ["ESCAPED_HANDLER"],
    "file-writer": ["DANGEROUS_CAPABILITY"],
    "flex-todo": ["ALIAS", "ALIAS"],
    "styled": ["ALIAS"],
    "titles": ["UNKNOWN_ATTRIBUTE"],
}


def said(source: str) -> list[Diagnostic]:
    """All but what only this version lacks."""
    return [d for d in read(source).diagnostics if d.code != "NOT_AVAILABLE"]


@pytest.mark.parametrize("path", DIALECTS, ids=lambda p: p.stem)
def test_a_panel_of_another_author_reads_and_compiles(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    diagnostics = said(source)
    assert [d.code for d in diagnostics] == WARNINGS.get(path.stem, []), render_text(source, diagnostics)
    assert {d.severity for d in diagnostics} <= {Severity.WARNING}
    program, _ = load_program(source)
    assert Program.model_validate_json(program.model_dump_json()) == program


@pytest.mark.parametrize("path", [p for p in DIALECTS if "ALIAS" in WARNINGS.get(p.stem, [])], ids=lambda p: p.stem)
def test_an_older_name_has_a_fix_that_keeps_the_meaning(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    mended = source
    for diagnostic in reversed(said(source)):
        assert isinstance(diagnostic.fix, Fix)
        span = diagnostic.fix.span
        mended = mended[: span.start] + diagnostic.fix.replacement + mended[span.end :]
    assert said(mended) == []
    before, after = (load_program(text)[0] for text in (source, mended))
    assert [(s.name, s.type) for s in after.states] == [(s.name, s.type) for s in before.states]
    assert [c.source for c in after.code] == [c.source for c in before.code]
    assert before.view is not None
    assert after.view is not None
    assert after.view.props == before.view.props


def test_line_ends_of_other_systems_mean_the_same() -> None:
    for path in DIALECTS:
        source = path.read_text(encoding="utf-8")
        windows = source.replace("\n", "\r\n")
        assert [d.code for d in said(windows)] == WARNINGS.get(path.stem, []), path.stem
        assert [(d.span.line, d.span.column) for d in said(windows)] == [(d.span.line, d.span.column) for d in said(source)]


def test_there_are_many_of_them() -> None:
    assert len(DIALECTS) >= 25
    assert set(WARNINGS) <= {p.stem for p in DIALECTS}
