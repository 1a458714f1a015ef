"""The corpus: panels that are right, documents that are wrong, and markup that is hostile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.diagnostics import Severity, errors_of, render_html, render_text
from nexus_jupyter.nxml import NexusPanelAST, Program, compile_program, load_program, read
from nexus_jupyter.nxml.codes import SEVERITIES

CORPUS = Path(__file__).parents[1] / "corpus"
PANELS = sorted((CORPUS / "panels").glob("*.nxml"))
CASES: list[dict[str, Any]] = json.loads((CORPUS / "invalid/cases.json").read_text(encoding="utf-8"))
PAYLOADS: list[str] = [c["payload"] for c in json.loads((CORPUS / "security/xss.json").read_text(encoding="utf-8"))["cases"]]

MORE: list[dict[str, Any]] = json.loads((CORPUS / "invalid/more.json").read_text(encoding="utf-8"))


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


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
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


@pytest.mark.parametrize("case", MORE, ids=lambda c: c["name"])
def test_a_problem_comes_alone_and_what_is_right_comes_without(case: dict[str, Any]) -> None:
    """As above, and no other warnings either."""
    reading = read(source_of(case))
    wanted = set(case["codes"])
    found = {d.code for d in reading.diagnostics}
    assert wanted <= found
    assert found - wanted <= {"NOT_AVAILABLE"}
    blamed = [d for d in reading.diagnostics if d.code in wanted]
    if "line" in case:
        assert any(d.span.line == case["line"] for d in blamed)
    if "hint" in case:
        assert any(case["hint"] in d.message + d.hint for d in blamed)
    # About the syntax of code that is there the engine has the last word.
    assert (
        reading.ok == all(SEVERITIES[code] is not Severity.ERROR or code == "JS_SYNTAX" for code in wanted)
        or "missing" in blamed[0].message
    )


def test_every_code_has_a_case_and_every_case_known_codes() -> None:
    assert {code for c in (*CASES, *MORE) for code in c["codes"]} == set(SEVERITIES)


def test_every_limit_is_tried_below_at_and_above() -> None:
    limits = {code for code in SEVERITIES if code.startswith("LIMIT_")}
    above = [c for c in MORE if limits & set(c["codes"])]
    assert {code for c in above for code in c["codes"]} >= limits
    names = {c["name"] for c in MORE}
    for case in above:
        before, _, after = case["name"].partition("above")
        assert f"{before}at{after}" in names


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
