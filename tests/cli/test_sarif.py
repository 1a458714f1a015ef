"""``jupyter nexus check --output sarif``: what code scanning services read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema  # type: ignore[import-untyped]
import nbformat
import pytest

from nexus_jupyter import __version__
from nexus_jupyter.cli import main
from nexus_jupyter.diagnostics import LineIndex

BAD = '<NexusPanel id="a">\n  <View>\n    <Buton label="é" label="b"/><Text trigger="no">🙂</Text>\n  </View>\n</NexusPanel>\n'


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


# The parts of SARIF 2.1.0 (OASIS standard, section 3) that are used here, and nothing beside them.
TEXT = {"type": "string", "minLength": 1}
NUMBER = {"type": "integer", "minimum": 1}
MESSAGE = _object("text", text=TEXT, markdown=TEXT)
LEVEL = {"enum": ["none", "note", "warning", "error"]}
ARTIFACT = _object("uri", uri={"type": "string", "pattern": r"^(file:///)?[A-Za-z0-9._~!$&'()*+,;=@%/-]+$"})
REGION = _object("startLine startColumn endLine endColumn", startLine=NUMBER, startColumn=NUMBER, endLine=NUMBER, endColumn=NUMBER)
PHYSICAL = _object("artifactLocation region", artifactLocation=ARTIFACT, region=REGION)
LOGICAL = _object("kind", name=TEXT, fullyQualifiedName=TEXT, kind=TEXT)
LOCATION = _object("physicalLocation", physicalLocation=PHYSICAL, logicalLocations={"type": "array", "items": LOGICAL})
REPLACEMENT = _object("deletedRegion", deletedRegion=REGION, insertedContent=_object("text", text={"type": "string"}))
CHANGE = _object(
    "artifactLocation replacements", artifactLocation=ARTIFACT, replacements={"type": "array", "minItems": 1, "items": REPLACEMENT}
)
FIX = _object("description artifactChanges", description=MESSAGE, artifactChanges={"type": "array", "minItems": 1, "items": CHANGE})
RESULT = _object(
    "ruleId ruleIndex level message locations",
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations={"type": "array", "minItems": 1, "maxItems": 1, "items": LOCATION},
    fixes={"type": "array", "minItems": 1, "items": FIX},
    properties={"type": "object"},
)
RULE = _object(
    "id name shortDescription fullDescription help defaultConfiguration",
    id=TEXT,
    name={"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=_object("level", level=LEVEL),
)
DRIVER = _object(
    "name version informationUri rules",
    name=TEXT,
    version=TEXT,
    informationUri=TEXT,
    rules={"type": "array", "uniqueItems": True, "items": RULE},
)
RUN = _object(
    "tool columnKind results",
    tool=_object("driver", driver=DRIVER),
    columnKind={"const": "unicodeCodePoints"},
    results={"type": "array", "items": RESULT},
)
LOG = _object("$schema version runs", **{"$schema": TEXT}, version={"const": "2.1.0"}, runs={"type": "array", "minItems": 1, "items": RUN})


def sarif(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    main(["check", "--output", "sarif", *arguments])
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, LOG)
    run: dict[str, Any] = found["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return run


def place(text: str, region: dict[str, int]) -> tuple[int, int]:
    """The offsets of a region."""
    starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]
    return (
        starts[region["startLine"] - 1] + region["startColumn"] - 1,
        starts[region["endLine"] - 1] + region["endColumn"] - 1,
    )


def fixed(text: str, result: dict[str, Any]) -> str:
    replacement = result["fixes"][0]["artifactChanges"][0]["replacements"][0]
    start, end = place(text, replacement["deletedRegion"])
    return f"{text[:start]}{replacement['insertedContent']['text']}{text[end:]}"


def test_results_name_rule_level_place_and_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "a b" / "ü:%.nxml"
    file.parent.mkdir()
    file.write_text(BAD, encoding="utf-8")
    run = sarif(capsys, str(file))
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("nexus-jupyter", __version__)
    by_rule = {result["ruleId"]: result for result in run["results"]}
    assert {"UNKNOWN_COMPONENT", "DUPLICATE_ATTRIBUTE", "UNDEFINED_TOOL_REFERENCE"} <= by_rule.keys()
    assert [by_rule[code]["level"] for code in ("UNKNOWN_COMPONENT", "DUPLICATE_ATTRIBUTE")] == ["warning", "error"]
    location = by_rule["UNDEFINED_TOOL_REFERENCE"]["locations"][0]
    assert unquote(location["physicalLocation"]["artifactLocation"]["uri"]) == "a b/ü:%.nxml"
    start, end = place(BAD, location["physicalLocation"]["region"])
    assert BAD[start:end] == "no"
    assert location["logicalLocations"] == [{"fullyQualifiedName": "NexusPanel/View/Text", "kind": "element"}]
    assert fixed(BAD, by_rule["UNKNOWN_COMPONENT"]) == BAD.replace("Buton", "Button")
    assert fixed(BAD, by_rule["DUPLICATE_ATTRIBUTE"]) == BAD.replace(' label="b"', " ")
    assert "fixes" not in by_rule["UNDEFINED_TOOL_REFERENCE"]
    rules = {rule["id"]: rule for rule in driver["rules"]}
    assert "Remedy" in rules["UNKNOWN_COMPONENT"]["help"]["text"]


def test_a_file_elsewhere_has_a_whole_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "a b.nxml").write_text(BAD, encoding="utf-8")
    run = sarif(capsys, str(tmp_path / "a b.nxml"))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == (tmp_path / "a b.nxml").as_uri()


@pytest.mark.parametrize("one_string", [False, True])
def test_in_a_notebook_regions_are_those_of_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], one_string: bool) -> None:
    path = tmp_path / "n.ipynb"
    cells = [nbformat.v4.new_markdown_cell("x"), nbformat.v4.new_code_cell(f"%%nxml\n{BAD}")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    if one_string:
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["cells"][1]["source"] = "".join(raw["cells"][1]["source"])
        path.write_text(json.dumps(raw), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    by_rule = {result["ruleId"]: result for result in sarif(capsys, str(path))["results"]}
    wrong = by_rule["UNDEFINED_TOOL_REFERENCE"]
    start, end = place(text, wrong["locations"][0]["physicalLocation"]["region"])
    assert text[start:end] == "no"
    line, column = LineIndex(BAD).place(BAD.index('"no"') + 1)
    assert wrong["properties"] == {"cell": 2, "cellLine": line, "cellColumn": column}
    assert wrong["locations"][0]["logicalLocations"][0] == {"name": "cell 2", "kind": "module"}
    for code, expected in (("DUPLICATE_ATTRIBUTE", BAD.replace(' label="b"', " ")), ("UNKNOWN_COMPONENT", BAD.replace("Buton", "Button"))):
        made = nbformat.reads(fixed(text, by_rule[code]), as_version=4)
        assert made.cells[1].source == f"%%nxml\n{expected}"


def test_a_run_without_problems_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.nxml"
    file.write_text('<NexusPanel id="a"><View><Text>a</Text></View></NexusPanel>', encoding="utf-8")
    run = sarif(capsys, str(file))
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


def test_a_problem_of_no_element_has_a_place_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.nxml"
    file.write_text("<!DOCTYPE a>", encoding="utf-8")
    assert {"logicalLocations" in result["locations"][0] for result in sarif(capsys, str(file))["results"]} == {False}
