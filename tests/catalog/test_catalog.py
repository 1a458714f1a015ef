"""The catalog says what the language page says, completely, and loads once."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from nexus_jupyter.catalog import Catalog, ComponentEntry, PropEntry, catalog
from nexus_jupyter.catalog.typescript import main, typescript
from nexus_jupyter.diagnostics import Severity
from nexus_jupyter.nxml import read

ROOT = Path(__file__).parents[2]
BUILT = {"Layout", "Container", "Text", "Metric", "Button", "Action", "Input", "Checkbox", "If", "Else", "Iterate", "Empty"}
LANGUAGE = BUILT | {
    *["Tabs", "Tab", "Accordion", "Divider", "Modal", "Markdown", "StatusBadge", "LogStream", "Chart", "Table", "Json", "Code"],
    *["Image", "Progress", "Spinner", "Alert", "Link", "Graph", "NumberInput", "Slider", "Select", "RadioGroup", "Switch"],
    *["DatePicker", "FileUpload", "Form", "Output", "Widget"],
}


def test_every_component_of_the_language_has_an_entry() -> None:
    assert set(catalog().components) == LANGUAGE


def test_the_built_components_are_available_and_no_others() -> None:
    assert {name for name, entry in catalog().components.items() if entry.available} == BUILT


def test_default_spans_follow_the_language() -> None:
    spans = {name: entry.span for name, entry in catalog().components.items() if entry.group != "control"}
    assert {n for n, s in spans.items() if s == 3} == {"Metric", "StatusBadge", "Switch", "Checkbox", "Button", "Action"}
    assert all(spans[n] == 6 for n in ("Chart", "Input", "Select", "Slider"))
    assert all(spans[n] == 12 for n in ("Text", "Markdown", "Container", "Table", "LogStream"))


@pytest.mark.parametrize("name", sorted(LANGUAGE))
def test_examples_are_correct_views(name: str) -> None:
    """Each example reads without an error once what it refers to is declared."""
    entry = catalog().components[name]
    states = [("name", "string"), ("agreed", "boolean"), ("age", "number"), ("level", "number"), ("unit", "string"), ("plan", "string")]
    states += [("paused", "boolean"), ("day", "string"), ("files", "list")]
    tools = "".join(f'<Tool name="{t}" description="d"><Handler>return 1</Handler></Tool>' for t in ("add", "refresh", "save"))
    data = "".join(f'<State name="{n}" type="{t}"/>' for n, t in states)
    reading = read(f"<NexusPanel><Data>{data}</Data><Logic>{tools}</Logic><View>{entry.example}</View></NexusPanel>")
    assert [d for d in reading.diagnostics if d.severity is not Severity.INFO] == []
    assert reading.ast.panel is not None
    assert f"<{name}" in entry.example


def test_extensions_known_and_available() -> None:
    known = catalog().extensions
    assert set(known) == {"nexus.python", "nexus.http", "nexus.fs", "nexus.store", "nexus.notify", "nexus.sql"}
    assert [name for name, entry in known.items() if entry.available] == ["nexus.python"]
    assert {"http:request", "fs:read", "fs:write", "fs:list", "fs:delete", "python:call", "sql:query", "notify:show"} <= set(
        catalog().capabilities
    )


def test_the_catalog_is_read_once_from_any_thread() -> None:
    found: list[Catalog] = []
    threads = [threading.Thread(target=lambda: found.append(catalog())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(each) for each in found}) == 1


def test_a_damaged_entry_is_refused() -> None:
    with pytest.raises(ValidationError, match="its content goes to 'text'"):
        ComponentEntry.model_validate(
            {"name": "X", "group": "layout", "description": "d", "available": True, "span": 3, "content": "text", "example": "<X/>"}
        )
    with pytest.raises(ValidationError, match="not in its enum"):
        PropEntry(name="a", type="enum", enum=("x",), default="y", description="d")


def test_the_typescript_file_is_current() -> None:
    """Run ``python -m nexus_jupyter.catalog.typescript js/generated/catalog.ts`` after a change of the catalog."""
    assert (ROOT / "js/generated/catalog.ts").read_text(encoding="utf-8") == typescript()


def test_the_typescript_command_writes_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "catalog.ts"
    assert main([str(target)]) == 0
    assert target.read_text(encoding="utf-8") == typescript()
    assert main([]) == 0
    assert capsys.readouterr().out == typescript()
    assert main(["--help"]) == 2


def test_importing_the_language_loads_no_yaml() -> None:
    code = "import sys, nexus_jupyter.nxml; sys.exit(any(n == 'yaml' or n.startswith('yaml.') for n in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
