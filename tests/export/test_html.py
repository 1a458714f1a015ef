"""The file of a panel, as text."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from nexus_jupyter import Panel
from nexus_jupyter.cli import main
from nexus_jupyter.errors import OptionError, PanelClosedError
from nexus_jupyter.export import html_of
from nexus_jupyter.nxml import load_program, read
from nexus_jupyter.nxml.analysis import analyse
from nexus_jupyter.panel.local import local_program, unavailable_tools
from tests.export.panels import LIFE, ORDERS


def document(text: str) -> dict[str, object]:
    """The panel in a file's text."""
    found = re.search(r'<script type="application/json" id="nexus-document">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data = json.loads(found[1])
    assert isinstance(data, dict)
    return data


def test_the_file_holds_the_panel_as_it_is_now_and_is_the_same_for_the_same_panel() -> None:
    with Panel(ORDERS) as panel:
        panel.state.count = 41
        first, second = html_of(panel), html_of(panel)
    assert first == second
    saved = document(first)
    assert saved["panel"] == "orders"
    assert saved["state"] == {
        "count": 41,
        "rows": [{"id": 1, "name": "Ada", "done": False}, {"id": 2, "name": "Grace", "done": True}],
        "name": "",
        "text": "</script><!--<script>",
    }
    assert "Count 41" in json.dumps(saved["snapshot"])


def test_nothing_in_a_panel_can_end_its_script_or_begin_another() -> None:
    hostile = "</script><script>alert(1)</script><!--<script>"
    with Panel(ORDERS.replace('title="Orders" id', f'title="{hostile.replace("<", "&lt;")}" id'), state={"text": hostile}) as panel:
        text = html_of(panel)
    assert "alert(1)</script>" not in text
    # one each for the document, the guest's two modules and our own script
    assert len(re.findall(r"</script", text)) == 4
    assert "<!--" not in text.removeprefix("<!doctype html>")
    assert document(text)["title"] == hostile


def test_the_policy_names_the_one_script_and_no_host() -> None:
    with Panel(ORDERS) as panel:
        text = html_of(panel)
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert not re.search(r"https?:|\*|unsafe-eval'.*unsafe-eval'|'unsafe-inline'.*script-src", policy)
    assert "connect-src" not in policy


def test_tools_that_need_a_kernel_are_told_with_what_they_use() -> None:
    with Panel(ORDERS) as panel:
        reasons = unavailable_tools(analyse(read(panel.source).ast), panel.program)
        assert set(reasons) == {"fetch", "both"}
        assert "nexus.http" in reasons["fetch"]
        view = json.dumps(local_program(panel.source, panel.program)["view"])
        assert view.count("Needs a running kernel") == 2
        assert "Needs a running kernel" not in json.dumps(panel.program.model_dump(mode="json"))


def test_hooks_that_need_a_kernel_are_told_apart() -> None:
    with Panel(LIFE) as panel:
        program = document(html_of(panel))["program"]
    assert isinstance(program, dict)
    local = [hook["local"] for hook in program["lifecycle"]]
    needs = [name for name, here in zip(panel.program.hook_names, local, strict=True) if not here]
    assert needs == ["lifecycle interval 3"]


@pytest.mark.parametrize(
    ("code", "here"),
    [
        ("$state.n = 1", True),
        ("await $tools.plain()", True),
        ("await $ext.http.get('/')", False),
        ("await $tools.fetch()", False),
        ("await $tools.deep()", False),
        ("await $tools[$state.n]()", False),
        ("const e = $ext; await e.http.get('/')", False),
    ],
)
def test_a_hook_runs_without_a_kernel_unless_it_or_what_it_calls_may_use_an_extension(code: str, here: bool) -> None:
    source = f"""<NexusPanel><Data><State name="n" type="any"/></Data><Logic><Extension name="nexus.http" alias="http" hosts="h"/>
    <Tool name="fetch" description="d"><Handler>await $ext.http.get('/')</Handler></Tool>
    <Tool name="deep" description="d"><Handler>await $tools.fetch()</Handler></Tool>
    <Tool name="plain" description="d"><Handler>$state.n = 2</Handler></Tool>
    <Lifecycle on="interval" every="1s"><Handler>{code}</Handler></Lifecycle></Logic></NexusPanel>"""
    hooks = local_program(source, load_program(source)[0])["lifecycle"]
    assert isinstance(hooks, list)
    assert [isinstance(hook, dict) and hook["local"] for hook in hooks] == [here]


def test_a_panel_without_a_view_or_that_has_ended_gives_no_file(tmp_path: Path) -> None:
    with Panel(re.sub(r"<View>.*</View>", "", ORDERS, flags=re.DOTALL)) as panel, pytest.raises(OptionError, match="no view"):
        panel.to_html(tmp_path / "x.html")
    panel = Panel(ORDERS)
    panel.close()
    with pytest.raises(PanelClosedError):
        panel.to_html(tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()


def test_the_command_writes_a_document_and_the_cells_of_a_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "orders.nxml"
    source.write_text(ORDERS, encoding="utf-8")
    assert main(["export", str(source)]) == 0
    assert "Orders" in (tmp_path / "orders.html").read_text(encoding="utf-8")
    assert main(["export", str(source), "-o", str(tmp_path / "other.html")]) == 0
    assert (tmp_path / "other.html").read_bytes() == (tmp_path / "orders.html").read_bytes()

    nameless = ORDERS.replace('id="orders" ', "")
    notebook = tmp_path / "two.ipynb"
    cells = [nbformat.v4.new_code_cell(f"%%nxml p{number}\n{nameless}") for number in range(2)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    assert main(["export", str(notebook)]) == 0
    assert {file.name for file in tmp_path.glob("two-*.html")} == {"two-1.html", "two-2.html"}
    capsys.readouterr()
    assert main(["export", str(notebook), "-o", str(tmp_path / "one.html")]) == 2
    assert "name a folder that exists" in capsys.readouterr().err


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "wrong.nxml"
    source.write_text("<NexusPanel><View><Text>{</Text></View></NexusPanel>", encoding="utf-8")
    assert main(["export", str(source)]) == 1
    assert "UNTERMINATED_EXPRESSION" in capsys.readouterr().err
    assert not (tmp_path / "wrong.html").exists()
    assert main(["export", str(tmp_path / "nowhere.nxml")]) == 2
    source.write_text(ORDERS, encoding="utf-8")
    assert main(["export", str(source), "-o", str(tmp_path / "no" / "folder.html")]) == 1
    assert "cannot be written" in capsys.readouterr().err
