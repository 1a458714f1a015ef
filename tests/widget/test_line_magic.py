"""``%nexus`` in an IPython shell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import nexus_jupyter
from nexus_jupyter.widget.magic import register, unregister

ODD = '<NexusPanel id="counter"><View><Text>{1}</Text></View></NexusPanel>'
GOOD = '<NexusPanel id="counter">\n  <View>\n    <Text>{1}</Text>\n  </View>\n</NexusPanel>'
WRONG = '<NexusPanel id="counter"><Data><State name="a" type="nothing"/></Data><View><Text>{1 +}</Text></View></NexusPanel>'


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    fresh: InteractiveShell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    register(fresh)
    yield fresh
    unregister(fresh)
    InteractiveShell.clear_instance()


def said(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, *, ok: bool = True) -> str:
    capsys.readouterr()
    assert shell.run_cell(f"%nexus {line}").success is ok
    out, err = capsys.readouterr()
    return str(out + err)


def test_check_shows_the_problems_of_the_last_cell_even_if_it_failed(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell(f"%%nxml first --hide\n{ODD}")
    assert said(shell, capsys, "check") == "No problems.\n"
    assert not shell.run_cell(f"%%nxml second\n{WRONG.replace('counter', 'other')}").success
    text = said(shell, capsys, "check")
    assert "INVALID_TYPE" in text
    assert "JS_SYNTAX" in text
    assert said(shell, capsys, "check first") == "No problems.\n"
    assert said(shell, capsys, "check second") == text


def test_a_panel_is_found_by_its_id_and_by_its_variable(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.user_ns["made"] = nexus_jupyter.Panel(ODD)
    assert said(shell, capsys, "check counter") == "No problems.\n"
    assert said(shell, capsys, "check made") == "No problems.\n"
    said(shell, capsys, "format made")
    assert shell.rl_next_input == f"%%nxml\n{GOOD}"


def test_format_gives_the_next_cell_and_changes_nothing(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.user_ns["given"] = 1
    shell.run_cell(f"%%nxml c --hide\n{ODD}")
    assert "comes next" in said(shell, capsys, "format")
    assert shell.rl_next_input == f"%%nxml c --hide\n{GOOD}"
    assert nexus_jupyter.panels()["counter"].source.strip() == ODD
    shell.run_cell(shell.rl_next_input)
    shell.rl_next_input = None
    assert said(shell, capsys, "format c") == "The document is in canonical form already.\n"
    assert shell.rl_next_input is None


def test_the_document_is_that_of_the_panel_as_it_is_now(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell(f"%%nxml c --hide\n{ODD}")
    nexus_jupyter.panels()["counter"].replace_document(ODD.replace("{1}", "{2}"))
    said(shell, capsys, "format counter")
    assert shell.rl_next_input == f"%%nxml c --hide\n{GOOD.replace('{1}', '{2}')}"


def test_what_cannot_be_formatted_is_shown(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%%nxml\n<NexusPanel><View>")
    text = said(shell, capsys, "format", ok=False)
    assert "UNCLOSED_TAG" in text
    assert "cannot be formatted without loss" in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("check", "no %%nxml cell was run yet"),
        ("check nothing", "no panel is called 'nothing'; there are none"),
        ("", "required: action"),
        ("tidy", "invalid choice"),
        ("check 'a", "no closing quotation"),
    ],
)
def test_a_wrong_line_is_one_sentence(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], line: str, says: str) -> None:
    text = said(shell, capsys, line, ok=False)
    assert says in text
    assert "%nexus" in text
    assert "Traceback" not in text


def test_the_panels_there_are_are_named(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell(f"%%nxml c --hide\n{ODD}")
    assert "there are c, counter" in said(shell, capsys, "check x", ok=False)


def test_no_visitor_sees_the_source(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    shell.run_cell("%%nxml\n<NexusPanel><View>")
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    capsys.readouterr()
    shell.run_cell("%nexus check")
    out, err = capsys.readouterr()
    assert "UNCLOSED_TAG" not in out
    assert "UNCLOSED_TAG" in err


def test_its_help_says_what_format_does(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell("%nexus?")
    text = capsys.readouterr().out
    for word in ("check", "format", "leaves the old one as it is"):
        assert word in text


def test_both_magics_go_with_the_extension(shell: InteractiveShell) -> None:
    unregister(shell)
    magics = shell.magics_manager.magics
    assert "nexus" not in magics["line"]
    assert "nxml" not in magics["cell"]


def test_a_name_with_spaces_stands_in_quotes(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.user_ns["made"] = nexus_jupyter.Panel(ODD.replace("counter", "my \x1b[31m panel"))
    assert said(shell, capsys, "check 'my \x1b[31m panel'") == "No problems.\n"
    text = said(shell, capsys, "check other", ok=False)
    assert "my \N{SYMBOL FOR ESCAPE}[31m panel" in text
