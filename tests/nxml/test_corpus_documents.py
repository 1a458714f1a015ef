"""The corpus: panels that are right, documents that are wrong, and markup that is hostile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.diagnostics import errors_of, render_html, render_text
from nexus_jupyter.nxml import NexusPanelAST, Program, compile_program, load_program, read

CORPUS = Path(__file__).parents[1] / "corpus"
PANELS = sorted((CORPUS / "panels").glob("*.nxml"))
CASES: list[dict[str, Any]] = json.loads((CORPUS / "invalid/cases.json").read_text(encoding="utf-8"))
PAYLOADS: list[str] = [c["payload"] for c in json.loads((CORPUS / "security/xss.json").read_text(encoding="utf-8"))["cases"]]

# These follow from what the JavaScript means or whether it is any; this reader looks at its lexical shape only.
NEEDS_JAVASCRIPT = {
    "undefined state in a binding",
    "scope outside a loop",
    "undeclared extension",
    "forbidden global",
    "js syntax, position in the document",
    "impure binding",
    "computed cycle",
    "write to computed",
    "args that do not fit",
    "handler that closes its wrapper",
}
LEXICAL = [c for c in CASES if c["name"] not in NEEDS_JAVASCRIPT]


def source_of(case: dict[str, Any]) -> str:
    if "source" in case:
        return str(case["source"])
    made = case["generate"]
    return str(made["before"] + made["open"] * made["times"] + made["close"] * made["times"] + made["after"])


@pytest.mark.parametrize("path", PANELS, ids=lambda p: p.stem)
def test_a_valid_panel_reads_and_compiles(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    program, diagnostics = load_program(source)
    assert errors_of(diagnostics) == []
    assert Program.model_validate_json(program.model_dump_json()) == program


@pytest.mark.parametrize("path", PANELS, ids=lambda p: p.stem)
def test_spans_point_at_exactly_what_they_name(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    lines = source.split("\n")
    for code in compile_program(read(source).ast).code:
        at = code.span
        for number, line in enumerate(code.source.split("\n")):
            start = at.column - 1 if number == 0 else 0
            assert lines[at.line - 1 + number][start:].startswith(line)
        assert source.startswith(code.source, at.start)


def test_the_unsupported_cases_are_in_the_corpus() -> None:
    assert {c["name"] for c in CASES} >= NEEDS_JAVASCRIPT


@pytest.mark.parametrize("case", LEXICAL, ids=lambda c: c["name"])
def test_a_wrong_document_gives_its_codes_and_no_other_errors(case: dict[str, Any]) -> None:
    reading = read(source_of(case))
    codes = {d.code for d in reading.diagnostics}
    assert set(case["codes"]) <= codes
    assert {d.code for d in errors_of(reading.diagnostics)} <= set(case["codes"])
    blamed = [d for d in reading.diagnostics if d.code in case["codes"]]
    if "line" in case:
        assert any(d.span.line == case["line"] for d in blamed)
    if "hint" in case:
        assert any(case["hint"] in d.message + d.hint for d in blamed)


@pytest.mark.parametrize("name", sorted(NEEDS_JAVASCRIPT))
def test_what_needs_javascript_is_left_to_the_engine(name: str) -> None:
    """The reader claims nothing about these: it neither finds the problem nor another error."""
    case = next(c for c in CASES if c["name"] == name)
    assert errors_of(read(source_of(case)).diagnostics) == []


@pytest.mark.parametrize(
    "place",
    [
        "{}",
        "<NexusPanel>{}</NexusPanel>",
        "<NexusPanel><View>{}</View></NexusPanel>",
        "<NexusPanel title='{}'/>",
        '<NexusPanel><View><Text content="{}"/></View></NexusPanel>',
    ],
)
def test_hostile_markup_is_read_and_shown_as_text(place: str) -> None:
    for payload in PAYLOADS:
        source = place.replace("{}", payload)
        reading = read(source)
        assert NexusPanelAST.model_validate_json(reading.ast.model_dump_json()) == reading.ast
        render_text(source, reading.diagnostics)
        page = render_html(source, reading.diagnostics)
        assert set(page.lower().replace("</", "<").split("<")[1:]) == {
            t for t in page.lower().replace("</", "<").split("<")[1:] if t.startswith(("div", "strong", "span", "pre"))
        }
        if reading.ok:
            compile_program(reading.ast)
