"""``jupyter nexus graph`` with real kernels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nexus_jupyter.cli import main
from nexus_jupyter.nog import NOGSerializer

COUNTER = """%%nxml counter
<NexusPanel id="counter" title="Counter">
  <Data><State name="count" type="number" default="0" /></Data>
  <Logic><Tool name="add" description="one more"><Handler>$state.count += 1;</Handler></Tool></Logic>
  <View><Button label="Add" trigger="add" /></View>
</NexusPanel>"""
PRINTS = "import os, subprocess, sys\nprint('noise')\nos.write(1, b'raw noise')\nsubprocess.run(['echo', 'child noise'])\nprint('more', file=sys.stderr)"


def notebook(folder: Path, *sources: str, kernel: str = "nexus") -> Path:
    cells = [nbformat.v4.new_code_cell(source, id=f"c{number}") for number, source in enumerate(sources)]
    metadata: dict[str, Any] = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}} if kernel else {}
    path = folder / "n.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def command(*arguments: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "nexus_jupyter.cli", "graph", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run(*arguments: str) -> tuple[int, str, str]:
    with command(*arguments) as process:
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


def test_the_graph_of_a_notebook_is_all_that_stdout_carries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "/the/notebook/that/runs/the/command.ipynb")
    last = (
        "counter.call('add')\nassert counter.state.count == 1\nopen('here.txt', 'w').close()\nassert 'JPY_SESSION_NAME' not in os.environ"
    )
    path = notebook(tmp_path, PRINTS, COUNTER, last)
    before = path.read_bytes()
    status, out, err = run(str(path))
    assert (status, err) == (0, "")
    graph = NOGSerializer.loads(out)
    assert {"notebook", "cell:c1", "python:counter", "panel:counter", "state:counter/count", "tool:counter/add"} <= {
        e.id for e in graph.entities()
    }
    assert graph.path("notebook", "panel:counter", directed=True) is not None
    assert [r.target for r in graph.relationships("writes")] == ["state:counter/count"]
    assert "default" in graph.entity("state:counter/count").properties
    assert '"value"' not in out
    assert path.read_bytes() == before
    assert (tmp_path / "here.txt").exists(), "it runs in the notebook's folder"


def test_mermaid_goes_to_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path, "%load_ext nexus_jupyter", COUNTER, kernel="python3")
    target = tmp_path / "graph.mmd"
    assert main(["graph", str(path), "--format", "mermaid", "-o", str(target)]) == 0
    assert capfd.readouterr() == ("", "")
    text = target.read_text(encoding="utf-8")
    assert text.startswith("flowchart LR\n")
    assert '{{"tool: add"}}' in text
    assert "-->|writes|" in text


@pytest.mark.full
def test_a_kernel_that_is_not_installed_is_stood_in_for(tmp_path: Path) -> None:
    status, out, err = run(str(notebook(tmp_path, COUNTER, kernel="conda-env-\x1b[2Jgone")))
    assert status == 0
    assert len(NOGSerializer.loads(out)) > 5
    assert "is not installed; 'nexus' runs the notebook" in err
    assert "\x1b" not in err


def test_a_failing_cell_is_named_with_its_error(tmp_path: Path) -> None:
    status, out, err = run(str(notebook(tmp_path, "x = 1", "y = missing")))
    assert (status, out) == (1, "")
    assert err == "jupyter nexus graph: cell 2 failed: NameError: name 'missing' is not defined\n"


@pytest.mark.full
def test_errors_can_be_allowed(tmp_path: Path) -> None:
    status, out, err = run(str(notebook(tmp_path, "1 / 0", COUNTER)), "--allow-errors")
    assert status == 0
    assert "panel:counter" in NOGSerializer.loads(out)
    assert err == "jupyter nexus graph: cell 1 failed: ZeroDivisionError: division by zero\n"


@pytest.mark.full
def test_a_panel_that_cannot_be_made_shows_its_diagnostics(tmp_path: Path) -> None:
    status, out, err = run(str(notebook(tmp_path, COUNTER.replace('type="number"', 'type="decimal"'))))
    assert (status, out) == (1, "")
    assert "cell 1 failed: CellStopped" in err
    assert "error INVALID_TYPE" in err


def test_a_kernel_that_dies_is_said(tmp_path: Path) -> None:
    status, out, err = run(str(notebook(tmp_path, "x = 1", "import os; os._exit(3)")))
    assert (status, out) == (1, "")
    assert err == "jupyter nexus graph: the kernel died in cell 2\n"


@pytest.mark.full
def test_a_notebook_that_takes_too_long_is_stopped_with_its_kernel(tmp_path: Path) -> None:
    path = notebook(tmp_path, "import os; open('pid', 'w').write(str(os.getpid()))", "import time; time.sleep(600)")
    status, out, err = run(str(path), "--timeout", "8")
    assert (status, out) == (1, "")
    assert err == "jupyter nexus graph: the time of 8 s ran out in cell 2; give more with --timeout\n"
    assert gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(("number", "status"), [pytest.param(signal.SIGINT, 130, marks=pytest.mark.full), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_and_its_kernel(tmp_path: Path, number: signal.Signals, status: int) -> None:
    path = notebook(tmp_path, "import os, time; open('pid.new', 'w').write(str(os.getpid())); os.rename('pid.new', 'pid'); time.sleep(600)")

    def interruptible() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it

    with command(str(path), preexec_fn=interruptible) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "pid").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (status, "")
    assert "Traceback" not in err
    assert gone(int((tmp_path / "pid").read_text()))


def gone(process: int) -> bool:
    """Whether the process ends within some seconds."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("arguments", [["missing.ipynb"], ["-"], ["."], [__file__]], ids=["missing", "stdin", "folder", "no notebook"])
def test_what_is_no_notebook_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


def test_the_output_may_not_be_the_notebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(tmp_path, "x = 1")
    before = path.read_bytes()
    assert main(["graph", str(path), "-o", str(tmp_path / "." / "n.ipynb")]) == 2
    assert "would replace the notebook" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_the_answer_of_a_notebook_that_plays_tricks_is_checked(tmp_path: Path) -> None:
    trick = (
        "import nexus_jupyter.cli.inside as inside\n"
        'inside.Answer._repr_mimebundle_ = lambda self, **_: {inside.MIMETYPE: \'{"format": "nexus-graph", "version": 99}\'}'
    )
    status, out, err = run(str(notebook(tmp_path, trick)))
    assert (status, out) == (1, "")
    assert "the graph is written in version 99" in err


@pytest.mark.full
def test_a_notebook_without_panels_has_an_empty_graph(tmp_path: Path) -> None:
    status, out, _ = run(str(notebook(tmp_path, "", kernel="")))
    assert status == 0
    assert json.loads(out)["relationships"] == []
