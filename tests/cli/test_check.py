"""``jupyter nexus check``, as a person runs it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nexus_jupyter.cli import main

GOOD = '<NexusPanel id="a" title="A"><Data><State name="n" type="number" /></Data><View><Text>{$state.n}</Text></View></NexusPanel>\n'
BAD = '<NexusPanel id="a">\n  <Data><State name="n" type="decimal" /></Data>\n  <View><Button label="{$state.n}" trigger="go" /></View>\n</NexusPanel>\n'
WARNS = '<NexusPanel id="a"><View><Buton /></View></NexusPanel>\n'
NO_JAVASCRIPT = '<NexusPanel id="a"><Logic>\n<Tool name="t" description="d"><Handler>const = 1</Handler></Tool></Logic></NexusPanel>'


def write(folder: Path, name: str, text: str | bytes) -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return str(path)


def notebook(folder: Path, *sources: str, name: str = "n.ipynb") -> str:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    path = folder / name
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return str(path)


def test_a_good_document_gives_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", write(tmp_path, "a.nxml", GOOD)]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("1 document, 0 errors, 0 warnings, 0 notes\n", "")


def test_warnings_alone_give_status_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", write(tmp_path, "a.nxml", WARNS)]) == 0
    assert "did you mean <Button>?" in capsys.readouterr().out


def test_errors_are_shown_in_their_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.nxml", BAD)
    assert main(["check", file]) == 1
    out = capsys.readouterr().out
    assert f"{file}:2:31: error INVALID_TYPE" in out
    assert '    2 |   <Data><State name="n" type="decimal" /></Data>\n      |                               ^^^^^^^' in out
    assert f"{file}:3:45: error UNDEFINED_TOOL_REFERENCE" in out
    assert "\n1 document, 2 errors, 0 warnings, 0 notes\n" in out


def test_javascript_that_is_none_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", write(tmp_path, "a.nxml", NO_JAVASCRIPT)]) == 1
    assert ":2:47: error JS_SYNTAX" in capsys.readouterr().out


def test_a_syntax_error_is_told_once_and_by_the_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handler = '<NexusPanel><Logic><Tool name="t" description="d"><Handler>{}</Handler></Tool></Logic></NexusPanel>'
    assert main(["check", write(tmp_path, "a.nxml", handler.format('const b = "x" 3; $log(1)'))]) == 1
    assert capsys.readouterr().out.count("JS_SYNTAX") == 1
    # the engine takes an arrow behind a function's parameters; a panel with it can be made, so it is no error here either
    assert main(["check", write(tmp_path, "b.nxml", handler.format("let f = 1; f = function (y) => { return }; return f"))]) == 0
    assert "JS_SYNTAX" not in capsys.readouterr().out


def test_a_default_that_throws_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = '<NexusPanel id="a"><Data><State name="n" type="number" default="{no.such}" /></Data></NexusPanel>'
    assert main(["check", write(tmp_path, "a.nxml", text)]) == 1
    assert "error HANDLER_ERROR" in capsys.readouterr().out


def test_the_panels_of_a_notebook_are_checked_cell_by_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = notebook(tmp_path, "x = 1", f"%%nxml a\n{GOOD}", f"%%nxml\n{BAD}", "%%nxmlother\n<x>", "print('%%nxml')")
    assert main(["check", file]) == 1
    out = capsys.readouterr().out
    assert f"{file}[cell 3]:2:31: error INVALID_TYPE" in out
    assert "\n2 documents, 2 errors, 0 warnings, 0 notes\n" in out


def test_several_files_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [write(tmp_path, "a.nxml", GOOD), notebook(tmp_path, f"%%nxml\n{BAD}")]
    assert main(["check", "--json", *files]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["errors"] == 2
    assert [(d["file"], d["cell"], len(d["diagnostics"])) for d in found["documents"]] == [(files[0], None, 0), (files[1], 1, 2)]
    first = found["documents"][1]["diagnostics"][0]
    assert (first["code"], first["span"]["line"], first["path"]) == ("INVALID_TYPE", 2, "NexusPanel/Data/State")


def test_stdin_is_a_document(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    assert main(["check", "-"]) == 1
    assert "stdin:2:31: error INVALID_TYPE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.nxml", None, "there is no file"),
        ("a.nxml", b"\xff\xfe<\x00", "is no UTF-8 text (byte 0)"),
        ("n.ipynb", "<NexusPanel/>", "is no notebook"),
        ("n.ipynb", "{}", "is no notebook"),
        ("n.ipynb", '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "x"}]}', "is no notebook"),
        ("n.ipynb", "[" * 100_000, "is no notebook"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: str | bytes | None, says: str
) -> None:
    file = str(tmp_path / name) if content is None else write(tmp_path, name, content)
    assert main(["check", file, write(tmp_path, "good.nxml", GOOD)]) == 2
    out, err = capsys.readouterr()
    assert says in err
    assert len(err.splitlines()) == 1
    assert out == "1 document, 0 errors, 0 warnings, 0 notes\n"


def test_a_folder_stands_for_the_documents_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("b", "a/.ipynb_checkpoints", ".git", "node_modules/x"):
        (tmp_path / folder).mkdir(parents=True)
        write(tmp_path / folder, "x.NXML", WARNS)
    write(tmp_path / "a", "y.txt", BAD)
    last = write(tmp_path, "z.nxml", WARNS)
    notebook(tmp_path, f"%%nxml\n{WARNS}")
    assert main(["check", last, str(tmp_path), last]) == 0
    out = capsys.readouterr().out
    heads = [line.split(":1:")[0].removeprefix(f"{tmp_path}/") for line in out.splitlines() if "UNKNOWN_COMPONENT" in line]
    assert heads == ["z.nxml", "n.ipynb[cell 1]", "b/x.NXML"]


def test_a_folder_without_documents_is_pointed_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr().err == "jupyter nexus check: there are no .nxml or .ipynb files in what was named\n"


def test_the_javascript_of_a_document_with_other_errors_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.nxml", NO_JAVASCRIPT.replace("</Logic>", '</Logic><Data><State name="n" type="decimal" /></Data>'))
    assert main(["check", "--json", file]) == 1
    found = json.loads(capsys.readouterr().out)["documents"][0]["diagnostics"]
    assert {"JS_SYNTAX", "INVALID_TYPE"} <= {d["code"] for d in found}


def test_a_notebook_of_an_old_format_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = [{"cell_type": "code", "input": f"%%nxml\n{WARNS}", "language": "python", "metadata": {}, "outputs": [], "collapsed": False}]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"metadata": {}, "cells": cells}]}
    file = write(tmp_path, "n.ipynb", json.dumps(old))
    assert main(["check", file]) == 0
    assert f"{file}[cell 1]:1:27: warning UNKNOWN_COMPONENT" in capsys.readouterr().out
    assert main(["check", "--fix", file]) == 2
    assert "is a notebook of an old format" in capsys.readouterr().err
    assert main(["check", "--output", "sarif", file]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"] == 27


# --- fixes -------------------------------------------------------------------------------------------


def test_fixes_are_applied_and_what_is_left_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = WARNS.replace("<Buton />", '<Buton label="a" label="b" trigger="go" />')
    file = write(tmp_path, "a.nxml", text)
    assert main(["check", file]) == 1
    assert capsys.readouterr().out.endswith("\n2 problems can be fixed with --fix\n")
    assert main(["check", "--fix", file]) == 1
    assert Path(file).read_text(encoding="utf-8") == '<NexusPanel id="a"><View><Button label="a"  trigger="go" /></View></NexusPanel>\n'
    out = capsys.readouterr().out
    assert "UNDEFINED_TOOL_REFERENCE" in out
    assert "DUPLICATE_ATTRIBUTE" not in out
    assert out.endswith("1 document, 1 error, 0 warnings, 0 notes; 1 file changed\n")
    assert main(["check", "--fix", file]) == 1
    assert capsys.readouterr().out.endswith("; 0 files changed\n")


def test_in_a_notebook_only_the_cell_with_fixes_changes(tmp_path: Path) -> None:
    file = Path(notebook(tmp_path, f"%%nxml\n{GOOD}", f"%%nxml b --quiet\n{WARNS}"))
    before = file.read_text(encoding="utf-8")
    assert main(["check", "--fix", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == before.replace("Buton", "Button")


def test_fixes_keep_line_ends_and_the_byte_order_mark(tmp_path: Path) -> None:
    file = write(tmp_path, "a.nxml", b"\xef\xbb\xbf" + WARNS.replace("><V", ">\r\n<V").encode())
    main(["check", "--fix", file])
    assert Path(file).read_bytes() == b'\xef\xbb\xbf<NexusPanel id="a">\r\n<View><Button /></View></NexusPanel>\n'.replace(b">\n", b">\r\n")


def test_fixes_of_stdin_have_no_place(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WARNS.encode())))
    assert main(["check", "--fix", "-"]) == 2
    assert "--fix needs a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["check"], ["nothing"], ["graph", "n.ipynb", "--timeout", "0"], ["graph", "n.ipynb", "--format", "x"]]
)
def test_a_wrong_command_line_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: jupyter nexus" in capsys.readouterr().err


def test_text_that_would_drive_a_terminal_is_made_visible(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b[2J\u202e"
    file = write(tmp_path, "a.nxml", f'<NexusPanel id="a"><View><Text trigger="{evil}">x</Text></View></NexusPanel>')
    odd = str(tmp_path / f"{evil}.nxml")
    assert main(["check", file, odd]) == 2
    out, err = capsys.readouterr()
    assert "UNDEFINED_TOOL_REFERENCE" in out
    assert not {"\x1b", "\u202e"} & set(out + err)


def test_the_command_is_installed_for_jupyter(tmp_path: Path) -> None:
    file = write(tmp_path, "a.nxml", GOOD)
    environment: dict[str, Any] = {"PATH": str(Path(sys.executable).parent), "HOME": str(tmp_path), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(["jupyter", "nexus", "check", file], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 document, 0 errors, 0 warnings, 0 notes\n", "")


def test_a_folder_is_read_without_pipes_and_links_to_nowhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "a.nxml", GOOD)
    os.mkfifo(tmp_path / "b.nxml")
    (tmp_path / "c.nxml").symlink_to(tmp_path / "nowhere.nxml")
    assert main(["check", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("1 document, 0 errors, 0 warnings, 0 notes\n", "")


def test_closed_streams_are_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["check", "-"]) == 2
    assert capsys.readouterr().err == "jupyter nexus check: stdin is closed\n"
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["check", write(tmp_path, "a.nxml", BAD)]) == 1
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    assert main(["format", "-"]) == 0
    assert main(["format", "--diff", write(tmp_path, "b.nxml", GOOD)]) == 1


def test_stdin_that_is_no_text_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\xff")))
    assert main(["check", "-"]) == 2
    assert capsys.readouterr().err == "jupyter nexus check: stdin is no UTF-8 text (byte 1)\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_device_is_said(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "nexus_jupyter.cli", "check", write(tmp_path, "a.nxml", WARNS)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "jupyter nexus check: the result cannot be written: No space left on device\n")


@pytest.mark.parametrize(
    ("start", "end"), [("%%nxml\r\n", "\r\n"), ("%%nxml\t \n", "\n"), ("%%nxml x\r\n", "\r\n"), ("\r\n%%nxml\r\n", "\r\n")]
)
def test_cells_are_found_whatever_ends_the_line_of_the_magic(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], start: str, end: str
) -> None:
    assert main(["check", notebook(tmp_path, start + BAD.replace("\n", end))]) == 1
    assert "[cell 1]:2:31: error INVALID_TYPE" in capsys.readouterr().out


def test_a_notebook_that_jupyter_only_warns_of_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cell: dict[str, Any] = {"cell_type": "code", "metadata": {}, "source": f"%%nxml\n{WARNS}", "outputs": [], "execution_count": None}
    for name, more, minor in (("a", {}, 5), ("b", {"id": "x"}, 4), ("c", {"id": "x", "extra": 1}, 5)):
        book = {"cells": [cell | more, cell | more], "metadata": {}, "nbformat": 4, "nbformat_minor": minor}
        assert main(["check", write(tmp_path, f"{name}.ipynb", json.dumps(book))]) == 0
        out, err = capsys.readouterr()
        assert (out.count("UNKNOWN_COMPONENT"), err) == (2, "")
    for text in ("null", "[]", '{"cells": 5, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'):
        assert main(["check", write(tmp_path, "d.ipynb", text)]) == 2
        assert "d.ipynb is no notebook: its JSON has another shape\n" in capsys.readouterr().err
