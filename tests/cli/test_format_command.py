"""``jupyter nexus format``, as a person runs it."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.cli import main
from nexus_jupyter.cli.files import UsageError, write_text
from nexus_jupyter.cli.notebook_text import cell_texts

REPOSITORY = Path(__file__).parents[2]
ODD = "<NexusPanel id='a'><View><Text>{1}</Text></View></NexusPanel>"
GOOD = '<NexusPanel id="a">\n  <View>\n    <Text>{1}</Text>\n  </View>\n</NexusPanel>\n'
BROKEN = "<NexusPanel id='a'><View></NexusPanel>"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_file_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.nxml", ODD)
    file.chmod(0o640)
    link = tmp_path / "link.nxml"
    link.symlink_to(file)
    assert main(["format", str(link)]) == 0
    assert file.read_text(encoding="utf-8") == GOOD
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.nxml", "link.nxml"]
    before = file.stat()
    assert main(["format", str(file)]) == 0
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert capsys.readouterr().out == "1 file changed, 0 unchanged\n0 files changed, 1 unchanged\n"


def test_line_ends_and_the_byte_order_mark_stay(tmp_path: Path) -> None:
    file = write(tmp_path, "a.nxml", b"\xef\xbb\xbf" + ODD.replace("><V", ">\n<V").replace("\n", "\r\n").encode())
    assert main(["format", str(file)]) == 0
    assert file.read_bytes() == b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert main(["format", "--check", str(file)]) == 0


def test_check_says_what_would_change_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(write(tmp_path, name, text)) for name, text in (("a.nxml", ODD), ("b.nxml", GOOD))]
    assert main(["format", "--check", *files]) == 1
    assert capsys.readouterr().out == f"would change: {files[0]}\n1 file would change, 1 unchanged\n"
    assert main(["format", "--check", files[1]]) == 0
    assert Path(files[0]).read_text(encoding="utf-8") == ODD


def test_diff_prints_the_change_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.nxml", f"{ODD}\n")
    assert main(["format", "--diff", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"--- {file}",
        f"+++ {file} (formatted)",
        "@@ -1 +1,5 @@",
        f"-{ODD}",
        *(f"+{line}" for line in GOOD.splitlines()),
    ]
    assert err == "1 file would change, 0 unchanged\n"
    assert file.read_text(encoding="utf-8") == f"{ODD}\n"


def test_stdin_goes_to_stdout(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stdin(monkeypatch, ODD)
    assert main(["format", "-"]) == 0
    assert capsys.readouterr() == (GOOD, "")
    stdin(monkeypatch, GOOD)
    assert main(["format", "-"]) == 0
    assert capsys.readouterr().out == GOOD
    stdin(monkeypatch, ODD)
    assert main(["format", "--check", "-"]) == 1
    assert "would change: stdin" in capsys.readouterr().out


def test_what_cannot_be_formatted_is_shown_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken, odd = write(tmp_path, "a.nxml", BROKEN), write(tmp_path, "b.nxml", ODD)
    assert main(["format", str(broken), str(odd)]) == 1
    out, err = capsys.readouterr()
    assert f"{broken}: the document cannot be formatted without loss" in err
    assert f"{broken}:1:26: error MISMATCHED_TAG" in err
    assert out == "1 file changed, 1 unchanged; 1 document cannot be formatted\n"
    assert (broken.read_text(encoding="utf-8"), odd.read_text(encoding="utf-8")) == (BROKEN, GOOD)
    stdin(monkeypatch, BROKEN)
    assert main(["format", "-"]) == 1
    assert capsys.readouterr().out == ""


def test_what_cannot_be_read_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(tmp_path / "no.nxml"), str(write(tmp_path, "n.ipynb", "{}")), str(write(tmp_path, "a.nxml", GOOD))]
    assert main(["format", *files]) == 2
    out, err = capsys.readouterr()
    assert [line.partition(": ")[2].partition(":")[0] for line in err.splitlines()] == [
        f"there is no file {files[0]}",
        f"{files[1]} is no notebook",
    ]
    assert out == "0 files changed, 1 unchanged\n"


def test_a_folder_without_documents_is_pointed_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["format", str(tmp_path)]) == 0
    assert "there are no .nxml or .ipynb files" in capsys.readouterr().err


def test_a_write_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, "a.nxml", ODD)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert main(["format", str(file)]) == 2
    assert f"{file} cannot be written: No space left on device" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["a.nxml"]
    assert file.read_text(encoding="utf-8") == ODD


# --- notebooks ---------------------------------------------------------------------------------------

OUTPUT = '{"name": "stdout", "output_type": "stream", "text": ["a\\u00e9\\n", "1.0e5"]}'


def notebook(source: str, *, after: str = "\n") -> str:
    return (
        '{\r\n "cells": [\n  {"cell_type": "markdown", "id": "m", "metadata": {}, "source": "%%nxml\\n<a/>"},\n'
        '  {"cell_type": "code", "execution_count": null, "id": "c",\n   "metadata": {"x": 1e0, "source": ["y"]}, "outputs": ['
        + OUTPUT
        + '],\n   "source": '
        f"{source}\n"
        '  }\n ],\n "metadata": {"cells": [{"source": "z"}]}, "nbformat": 4,\n\t"nbformat_minor": 5\n}' + after
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (json.dumps(f"%%nxml p --hide \n{ODD}\n\n"), json.dumps(f"%%nxml p --hide \n{GOOD[:-1]}")),
        (
            '[\n    "%%nxml\\n",\n    "<A>\\n", "<B c=\'é\'/></A>"\n   ]',
            '[\n    "%%nxml\\n",\n    "<A>\\n",\n    "  <B c=\\"é\\" />\\n",\n    "</A>"\n   ]',
        ),
        ('"\\n  \\n %%nxml a\\n<A></A>"', '"\\n  \\n %%nxml a\\n<A />"'),
        ('"%%nxml"', '"%%nxml"'),
        ('["%%nxml\\n<A></A>"]', '["%%nxml\\n", "<A />"]'),
        ('[\n"%%nxml\\n<A></A>"\n]', '[\n"%%nxml\\n",\n"<A />"\n]'),
        ('"%%nxml\\n<A b=\'\\u00e9\\ud83d\\ude42\\"/>"'.replace('\\"/', "'/"), '"%%nxml\\n<A b=\\"\\u00e9\\ud83d\\ude42\\" />"'),
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_in_a_notebook_only_the_source_of_the_cell_changes(tmp_path: Path, before: str, after: str, end: str) -> None:
    file = write(tmp_path, "n.ipynb", notebook(before, after=end))
    assert main(["format", str(file)]) == 0
    assert file.read_bytes().decode() == notebook(after, after=end)
    assert main(["format", "--check", str(file)]) == 0
    nbformat.validate(nbformat.read(file, as_version=4))


def test_each_cell_of_a_notebook_counts_for_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = [nbformat.v4.new_code_cell(f"%%nxml\n{text}") for text in (ODD, BROKEN, ODD, GOOD[:-1])]
    path = tmp_path / "n.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    assert main(["format", "--diff", str(path)]) == 1
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("---")] == [
        f"--- {path}[cell 1]",
        f"--- {path}[cell 3]",
    ]
    assert main(["format", str(path)]) == 1
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    assert sources == [f"%%nxml\n{text}" for text in (GOOD[:-1], BROKEN, GOOD[:-1], GOOD[:-1])]
    expected = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s, id=c.id) for s, c in zip(sources, cells, strict=True)])
    assert path.read_text(encoding="utf-8") == nbformat.writes(expected) + "\n"


def test_a_notebook_without_panels_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = notebook('"print(1)"')
    file = write(tmp_path, "n.ipynb", b"\xef\xbb\xbf" + text.encode())
    assert main(["format", str(file)]) == 0
    assert file.read_bytes() == b"\xef\xbb\xbf" + text.encode()
    assert capsys.readouterr().out == "0 files changed, 1 unchanged\n"


SOURCES = st.lists(st.text(st.sampled_from(list('a"\\\n\u2028é🙂\x01/')), max_size=6), min_size=1, max_size=4)


@given(SOURCES, SOURCES, st.booleans(), st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_a_source_is_found_and_written_whatever_is_in_it(
    lines: list[str], other: list[str], listed: bool, ascii_only: bool, indent: int | str | None
) -> None:
    source = lines if listed else "".join(lines)
    cells = [{"source": source, "outputs": [{"a": [1, -2.5, True, None, {}, [], "cells"]}]}, {"metadata": {}}, {"odd": 1}]
    text = json.dumps({"cells": cells}, indent=indent, ensure_ascii=ascii_only).replace(
        '"odd": 1', '"source": [1, {"a": []}], "source": []'
    )
    file = '{"cells": 1, "x": {"cells": []}, "Cells": [], ' + text[1:]
    first, second, third = cell_texts(file)
    assert first is not None
    assert second is None
    assert third is not None
    assert (first.text, third.text) == ("".join(lines), "")
    new = "".join(other)
    made = json.loads(file[: first.start] + first.written(new) + file[first.end :])
    before = json.loads(file)
    assert made["cells"][1:] == before["cells"][1:]
    assert made["cells"][0]["outputs"] == before["cells"][0]["outputs"]
    assert made.keys() == before.keys()
    assert "".join(made["cells"][0]["source"]) == new
    for at in range(len(first.text)):
        start, end = first.in_file(at, at + 1)
        assert json.loads(f'"{file[start:end]}"') == first.text[at]
    assert first.in_file(len(first.text), len(first.text))[0] == first.pieces[-1].end


# --- as a hook ---------------------------------------------------------------------------------------


def test_the_hooks_run_as_they_are_written(tmp_path: Path) -> None:
    import yaml

    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["nexus-check", "nexus-format"]
    file = write(tmp_path, "a b.nxml", ODD)
    scripts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    for hook in hooks:
        script, *arguments = hook["entry"].split()
        assert {"name", "language", "files"} <= hook.keys()
        assert scripts[script] == "nexus_jupyter.cli:main"
        assert main([*arguments, str(file)]) == 0
    assert file.read_text(encoding="utf-8") == GOOD
    environment = {"PATH": str(Path(sys.executable).parent), "HOME": str(tmp_path)}
    command = [*hooks[1]["entry"].split(), "--check", file.name]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0 files would change, 1 unchanged\n", "")


def test_what_is_read_only_or_no_file_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "a.nxml", ODD)
    file.chmod(0o444)
    assert main(["format", str(file)]) == 2
    assert f"{file} is read-only\n" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == ODD
    pipe = tmp_path / "b.nxml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(ODD, encoding="utf-8"))
    writer.start()
    assert main(["format", str(pipe)]) == 2
    writer.join()
    assert f"{pipe} is no file that can be replaced" in capsys.readouterr().err
    assert pipe.is_fifo()


def test_what_somebody_else_wrote_meanwhile_stays(tmp_path: Path) -> None:
    file = write(tmp_path, "a.nxml", GOOD)
    with pytest.raises(UsageError, match="changed by somebody else"):
        write_text(str(file), "new", before=ODD)
    assert file.read_text(encoding="utf-8") == GOOD
    assert [p.name for p in tmp_path.iterdir()] == ["a.nxml"]


def test_a_cell_with_carriage_returns_ends_without_one(tmp_path: Path) -> None:
    source = f"%%nxml\r\n{ODD}".replace("><V", ">\r\n<V")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    file = write(tmp_path, "a.ipynb", json.dumps(book))
    assert main(["format", str(file)]) == 0
    assert json.loads(file.read_text(encoding="utf-8"))["cells"][0]["source"] == f"%%nxml\n{GOOD.rstrip()}".replace("\n", "\r\n")
    assert main(["format", "--check", str(file)]) == 0
