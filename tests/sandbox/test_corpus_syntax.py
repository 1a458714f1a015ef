"""The reader's parser and the engine think alike about the JavaScript of the corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.nxml import read
from nexus_jupyter.sandbox.syntax import confirm

CORPUS = Path(__file__).parents[1] / "corpus"
PANELS = [p for folder in ("panels", "dialects") for p in sorted((CORPUS / folder).glob("*.nxml"))]
CASES: list[dict[str, Any]] = [
    case
    for name in ("cases.json", "more.json")
    for case in json.loads((CORPUS / "invalid" / name).read_text(encoding="utf-8"))
    if "source" in case and (case["codes"] in ([], ["JS_SYNTAX"]))
]


@pytest.mark.parametrize("path", PANELS, ids=lambda p: p.stem)
def test_the_engine_takes_a_panel_that_is_right(path: Path) -> None:
    reading = read(path.read_text(encoding="utf-8"))
    assert confirm(reading) == reading.diagnostics


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_the_engine_refuses_what_the_reader_cannot_read_and_nothing_else(case: dict[str, Any]) -> None:
    confirmed = confirm(read(case["source"]))
    assert ("JS_SYNTAX" in [d.code for d in confirmed]) == ("JS_SYNTAX" in case["codes"])
    if "line" in case:
        assert case["line"] in [d.span.line for d in confirmed if d.code == "JS_SYNTAX"]


@pytest.mark.parametrize("body", ["return 017;", "with (Math) { return max(1, 2); }", "delete name; var name;", "let a; let a;"])
def test_what_only_the_engine_knows_is_told_as_well(body: str) -> None:
    source = f'<NexusPanel><Logic><Tool name="t" description="d">\n<Handler>{body}</Handler></Tool></Logic></NexusPanel>'
    (problem,) = [d for d in confirm(read(source)) if d.code == "JS_SYNTAX"]
    assert problem.span.line == 2
