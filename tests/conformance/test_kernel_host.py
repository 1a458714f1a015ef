"""The cases in the kernel's host: compiled by the real compiler, run under wasmtime."""

from __future__ import annotations

import pytest

from nexus_jupyter.diagnostics import Severity
from nexus_jupyter.nxml import read
from nexus_jupyter.sandbox.syntax import confirm

from .cases import Case, cases
from .checking import mismatches
from .kernel import talk

CASES = cases()


def test_there_are_at_least_three_hundred() -> None:
    assert len(CASES) >= 300


@pytest.mark.parametrize("case", [c for c in CASES if c.problems is None], ids=lambda c: c.id)
def test_a_panel_means_what_it_should(case: Case) -> None:
    assert list(mismatches(case, talk(case).outcomes)) == []


@pytest.mark.parametrize("case", [c for c in CASES if c.problems is not None], ids=lambda c: c.id)
def test_a_document_is_refused_where_it_is_wrong(case: Case) -> None:
    found = [p for p in confirm(read(case.source)) if p.severity is Severity.ERROR]
    assert [f"{p.code} {p.span.line}:{p.span.column}" for p in found] == case.problems
