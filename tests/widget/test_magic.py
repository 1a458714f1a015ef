"""``%%nxml`` in an IPython shell."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import nexus_jupyter
from nexus_jupyter.widget import assets
from nexus_jupyter.widget.magic import register, unregister
from nexus_jupyter.widget.mimebundle import widget_of

COUNTER = """<NexusPanel id="counter">
  <Data><State name="count" type="number" default="1" /><State name="rows" type="list" /></Data>
  <Logic><Extension name="nexus.python" alias="py" /><Tool name="ask" description="d"><Handler>return await $ext.py.double($state.count);</Handler></Tool></Logic>
</NexusPanel>"""


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    # without its history, which keeps a thread and a file
    fresh: InteractiveShell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    register(fresh)
    yield fresh
    unregister(fresh)
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, line: str, cell: str = COUNTER) -> Any:
    return shell.run_cell(f"%%nxml {line}\n{cell}")


def test_the_panel_is_bound_to_the_name_and_shown(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(shell, "counter").success
    assert shell.user_ns["counter"].state.count == 1
    assert "<Panel counter: count=1, rows=[]>" in capsys.readouterr().out


def test_state_and_functions_come_from_python(shell: InteractiveShell) -> None:
    shell.user_ns.update(data=[{"a": 1}], n=21, double=lambda x: x * 2)
    assert run(shell, "counter --state rows=data --state count=n --functions double --hide").success
    panel = shell.user_ns["counter"]
    assert panel.state.rows == [{"a": 1}]
    assert panel.call("ask") == 42


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("counter --rows rows=df", "unrecognized arguments"),
        ("1counter", "no Python name"),
        ("class", "no Python name"),
        ("counter --state rows", "STATE=NAME"),
        ("counter --state rows=missing", "no Python variable 'missing'"),
        ("counter --functions number", "not a function"),
        ("counter --functions nowhere", "no Python variable 'nowhere'"),
        ("counter 'open", "quotation"),
        ("counter other", "unrecognized arguments"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_makes_nothing(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, says: str
) -> None:
    shell.user_ns["number"] = 1
    assert not run(shell, line).success
    said = capsys.readouterr()
    text = (said.out + said.err).lower()
    assert says.lower() in text
    assert "%%nxml" in text
    assert "traceback" not in text
    assert nexus_jupyter.panels() == {}
    assert "counter" not in shell.user_ns


def test_a_wrong_document_shows_its_problems_without_a_traceback_and_leaves_the_old_panel(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shell, "counter --hide")
    before = shell.user_ns["counter"]
    capsys.readouterr()
    result = run(shell, "counter", '<NexusPanel id="counter">\n<Data><State name="a" type="nmber"/></Data>\n</NexusPanel>')
    assert not result.success
    said = capsys.readouterr()
    assert "INVALID_TYPE" in said.out
    assert "2:" in said.out
    assert "^" in said.out
    assert "Traceback" not in said.out + said.err
    assert shell.user_ns["counter"] is before
    assert not before.closed


def test_a_state_that_does_not_fit_is_one_sentence(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.user_ns["text"] = "abc"
    assert not run(shell, "counter --state count=text").success
    said = capsys.readouterr()
    assert "INVALID_STATE" in said.out
    assert "Traceback" not in said.out + said.err
    assert nexus_jupyter.panels() == {}


def test_running_the_cell_again_keeps_the_state_that_fits_and_says_what_does_not(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shell, "counter --hide")
    shell.user_ns["counter"].state.update(count=5, rows=[1])
    capsys.readouterr()
    run(shell, "counter --hide")
    assert capsys.readouterr().out == ""
    assert (shell.user_ns["counter"].state.count, list(shell.user_ns["counter"].state.rows)) == (5, [1])
    run(shell, "counter --hide", COUNTER.replace('type="list"', 'type="object"'))
    assert capsys.readouterr().out == "The panel 'counter': rows starts anew with {}: state rows must be an object, not a list of 1\n"
    assert shell.user_ns["counter"].state.count == 5
    run(shell, "counter --hide --fresh")
    assert (shell.user_ns["counter"].state.count, capsys.readouterr().out) == (1, "")


def test_running_the_cell_again_replaces_the_panel(shell: InteractiveShell) -> None:
    run(shell, "counter --hide")
    first = shell.user_ns["counter"]
    run(shell, "counter --hide")
    assert first.closed
    assert not shell.user_ns["counter"].closed


class _Kernel:
    """The part of a kernel that tells which cell runs."""

    @staticmethod
    def get_parent() -> dict[str, Any]:
        return {"metadata": {"cellId": "one"}}


def test_a_cell_whose_document_gets_another_id_still_replaces_its_panel(shell: InteractiveShell) -> None:
    shell.kernel = _Kernel()
    run(shell, "counter --hide")
    first = shell.user_ns["counter"]
    run(shell, "counter --hide", COUNTER.replace('id="counter"', 'id="renamed"'))
    assert first.closed
    assert list(nexus_jupyter.panels()) == ["renamed"]
    run(shell, "--hide", COUNTER.replace(' id="counter"', ""))
    assert list(nexus_jupyter.panels()) == ["cell-one"]


VIEW = '<NexusPanel id="shown"><View><Text>Hello</Text></View></NexusPanel>'


def test_a_front_end_that_is_not_built_is_one_sentence(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(assets, "_STATIC", tmp_path)
    assets.assets.cache_clear()
    run(shell, "shown", VIEW)
    gc.collect()  # what was half made ends without a complaint
    said = capsys.readouterr()
    assert "make build" in said.out
    assert "Traceback" not in said.out + said.err


def test_a_panel_whose_widget_was_closed_is_shown_by_a_new_one(shell: InteractiveShell) -> None:
    run(shell, "shown --hide", VIEW)
    panel = shell.user_ns["shown"]
    before = widget_of(panel)
    before.close()
    after = widget_of(panel)
    assert after is not before
    assert after.comm is not None


def test_its_help_explains_the_options(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%nxml?")
    text = capsys.readouterr().out
    for word in ("--state", "--functions", "STATE=NAME", "counter"):
        assert word in text
