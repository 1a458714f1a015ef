"""The catalog says what the language page says, completely, and loads once."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nexus_jupyter.catalog import Catalog, catalog, loader
from nexus_jupyter.diagnostics import Diagnostic
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


def problems_of(view: str, code: str, extension: str = "", handler: str = "") -> list[Diagnostic]:
    """What is said about a panel with this view and handler, and with what ``code`` reads, triggers and calls declared."""
    states = dict.fromkeys(re.findall(r"\$state\.(\w+)", code))
    data = "".join(f'<State name="{name}" type="any"/>' for name in states)
    tools = "".join(
        f'<Tool name="{name}" description="d"><Arg name="by" type="number" required="false"/><Handler>return $args.by</Handler></Tool>'
        for name in dict.fromkeys(re.findall(r'trigger="(\w+)"', code))
    )
    if handler:
        tools += f'<Tool name="run" description="d"><Handler>{handler}</Handler></Tool>'
        view += '<Button trigger="run">Run</Button>' + "".join(f"<Text>{{$state.{name}}}</Text>" for name in states)
    document = f"<NexusPanel><Data>{data}</Data><Logic>{extension}{tools}</Logic><View>{view}</View></NexusPanel>"
    return [d for d in read(document).diagnostics if d.code != "NOT_AVAILABLE"]


@pytest.mark.parametrize("name", sorted(LANGUAGE))
def test_examples_are_correct_views(name: str) -> None:
    """Each example reads without a word, but for what is not built, once what it refers to is declared."""
    entry = catalog().components[name]
    assert problems_of(entry.example, entry.example) == []


METHODS = [(e.name, m.name) for e in catalog().extensions.values() for m in e.methods]


@pytest.mark.parametrize(("extension", "method"), METHODS)
def test_examples_of_methods_are_correct_handlers(extension: str, method: str) -> None:
    entry = catalog().extensions[extension]
    example = next(m.example for m in entry.methods if m.name == method)
    assert problems_of("", example, entry.example, example) == []


def test_every_method_says_what_it_takes_and_gives() -> None:
    signatures = {f"{e.name}.{m.signature}" for e in catalog().extensions.values() for m in e.methods}
    assert signatures == {
        *["nexus.http.get(url, options?)", "nexus.http.post(url, options?)", "nexus.http.put(url, options?)"],
        *["nexus.http.delete(url, options?)", "nexus.http.request(method, url, options?)"],
        *["nexus.fs.read(path)", "nexus.fs.write(path, text)", "nexus.fs.list(path?)", "nexus.fs.delete(path)"],
        *["nexus.store.get(key)", "nexus.store.set(key, value)", "nexus.store.delete(key)", "nexus.store.keys(prefix?)"],
        *["nexus.notify.show(message, options?)", "nexus.sql.query(statement, parameters?)"],
    }


def test_each_right_of_files_is_one_of_its_own() -> None:
    files = catalog().extensions["nexus.fs"]
    assert {m.name: m.capability for m in files.methods} == {name: f"fs:{name}" for name in ("read", "write", "list", "delete")}


def test_options_that_open_much_are_dangerous() -> None:
    dangerous = {f"{e.name}.{o.name}": o.dangerous for e in catalog().extensions.values() for o in e.options if o.dangerous}
    assert dangerous == {
        "nexus.http.hosts": ("*",),
        "nexus.fs.mode": ("write",),
        "nexus.store.scope": ("workspace",),
    }
    assert {c.name for c in catalog().capabilities.values() if c.dangerous} == {"fs:write", "fs:delete", "store:write"}


def test_the_built_components_are_those_that_the_renderer_draws() -> None:
    registry = (ROOT / "js/components/registry.ts").read_text(encoding="utf-8")
    drawn = set(re.findall(r"^  (\w+): \{ component:", registry, re.MULTILINE))
    assert drawn == {c.name for c in catalog().components.values() if c.available and c.group != "control"}


def test_the_globals_are_those_that_the_guest_keeps() -> None:
    lockdown = (ROOT / "wasm/guest/lockdown.ts").read_text(encoding="utf-8")
    kept = lockdown.split("export const GLOBALS: readonly string[] = [")[1].split("\n];")[0]
    assert set(re.findall(r'"(\w+)"', kept)) == set(catalog().globals)


def test_trigger_stands_for_the_event_that_the_renderer_sends() -> None:
    """Those of js/components: a press, Enter in a field, a tick, a fold."""
    built = {c.name: c.main for c in catalog().components.values() if c.available and c.group != "control"}
    assert {name: main for name, main in built.items() if main} == {
        "Button": "press",
        "Action": "press",
        "Input": "submit",
        "Checkbox": "change",
        "Container": "toggle",
    }


def test_extensions_known_and_available() -> None:
    known = catalog().extensions
    assert set(known) == {"nexus.python", "nexus.http", "nexus.fs", "nexus.store", "nexus.notify", "nexus.sql"}
    assert all(entry.available for entry in known.values())
    assert {"http:request", "fs:read", "fs:write", "fs:list", "fs:delete", "python:call", "sql:query", "notify:show"} <= set(
        catalog().capabilities
    )


def test_the_catalog_is_read_once_from_any_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "_loaded", None)
    found: list[Catalog] = []
    threads = [threading.Thread(target=lambda: found.append(catalog())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(each) for each in found}) == 1


def test_importing_the_language_loads_no_yaml_and_reading_it_none_either() -> None:
    """Only the commands that generate read the YAML files."""
    code = """
import sys
from nexus_jupyter.nxml import read
read("<NexusPanel><View><Text>a</Text></View></NexusPanel>")
sys.exit(any(n == "yaml" or n.startswith("yaml.") or n == "nexus_jupyter.catalog.source" for n in sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
