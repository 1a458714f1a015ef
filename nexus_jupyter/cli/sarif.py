"""Diagnostics as SARIF 2.1.0, the format of code scanning services."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import __version__
from ..diagnostics import Diagnostic, Fix, Severity
from ..nxml.explain import explain
from .documents import Document, File

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://pypi.org/project/nexus-jupyter/"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif(found: Iterable[tuple[File, Document, tuple[Diagnostic, ...]]]) -> dict[str, Any]:
    """One run with a result for each diagnostic.

    Regions are those of the file, in a notebook those of its JSON text; there a logical location names the cell, and
    line and column in it are properties of the result.  Paths are relative to the working folder.
    """
    found = list(found)
    severities = {d.code: d.severity for _, _, diagnostics in found for d in diagnostics}
    rules = _rules(severities)
    numbers = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {"name": "nexus-jupyter", "version": __version__, "informationUri": _HOME, "rules": rules}
    results = [_result(file, document, each, numbers[each.code]) for file, document, diagnostics in found for each in diagnostics]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rules(severities: dict[str, Severity]) -> list[dict[str, Any]]:
    """What is known of the codes that were found, in the order of the alphabet."""
    out: list[dict[str, Any]] = []
    for code in sorted(severities):
        name = code.replace("_", " ").capitalize()
        text = explain(code) or f"{name}: see the message and its hint."
        out.append(
            {
                "id": code,
                "name": name.title().replace(" ", ""),
                "shortDescription": {"text": name},
                "fullDescription": {"text": text},
                "help": {"text": text, "markdown": text.replace("``", "`")},
                "defaultConfiguration": {"level": _LEVELS[severities[code]]},
            }
        )
    return out


def _result(file: File, document: Document, diagnostic: Diagnostic, number: int) -> dict[str, Any]:
    span = diagnostic.span
    artifact = {"uri": _uri(file.name)}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": artifact, "region": _region(file, document, span.start, span.end)}}
    logical = []
    properties: dict[str, Any] = {}
    if document.cell:
        logical.append({"name": f"cell {document.cell}", "kind": "module"})
        properties = {"cell": document.cell, "cellLine": span.line, "cellColumn": span.column}
    if diagnostic.path:
        logical.append({"fullyQualifiedName": diagnostic.path, "kind": "element"})
    if logical:
        location["logicalLocations"] = logical
    text = f"{diagnostic.message}; {diagnostic.hint}" if diagnostic.hint else diagnostic.message
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": number,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
        "locations": [location],
    }
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(file, document, diagnostic.fix, artifact)]
    if properties:
        result["properties"] = properties
    return result


def _fix(file: File, document: Document, fix: Fix, artifact: dict[str, str]) -> dict[str, Any]:
    inserted = json.dumps(fix.replacement, ensure_ascii=False)[1:-1] if document.cell else fix.replacement
    replacement = {"deletedRegion": _region(file, document, fix.span.start, fix.span.end), "insertedContent": {"text": inserted}}
    return {"description": {"text": fix.title}, "artifactChanges": [{"artifactLocation": artifact, "replacements": [replacement]}]}


def _region(file: File, document: Document, start: int, end: int) -> dict[str, int]:
    first, last = file.place(document, start, end)
    return {"startLine": first[0], "startColumn": first[1], "endLine": last[0], "endColumn": last[1]}


def _uri(name: str) -> str:
    """A path as a reference: relative to the working folder where it is in it, percent-encoded."""
    path = Path(name).absolute()
    try:
        return quote(path.relative_to(Path.cwd()).as_posix(), errors="surrogateescape")
    except ValueError:
        return path.as_uri()
