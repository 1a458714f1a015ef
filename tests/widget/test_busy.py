"""Panels of a kernel whose main thread runs a cell, with subshells and without: no click is lost, and where there are subshells none waits."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from .test_kernel import Page

SOURCE = """<NexusPanel id="counter" title="Counter">
  <Data><State name="count" type="number" /><State name="answer" type="string" /></Data>
  <Logic>
    <Extension name="nexus.python" alias="py" />
    <Tool name="add" description="Add one"><Handler>$state.count += 1;</Handler></Tool>
    <Tool name="ask" description="Ask Python"><Handler>$state.answer = await $ext.py.ask();</Handler></Tool>
  </Logic>
  <View><Layout><Button label="{$state.count}" trigger="add" /><Button label="{$state.answer}" trigger="ask" /></Layout></View>
</NexusPanel>"""
WIDGET = "application/vnd.jupyter.widget-view+json"
# A cell that holds on runs until the test lets it go.
BEGIN = """%load_ext nexus_jupyter
import pathlib, sys, time, nexus_jupyter
def hold():
    sys.stdout.write('held\\n')  # at once, where print writes twice
    sys.stdout.flush()
    while not pathlib.Path({free!r}).exists():
        time.sleep(0.02)
def ask():
    return 'Python'"""
MAKE = f"counter = nexus_jupyter.Panel('''{SOURCE}''', functions=[ask])\ndisplay(counter)"

# ipykernel as it was before it had subshells, and as other kernels are
WITHOUT_SUBSHELLS = """
from ipykernel.kernelapp import IPKernelApp
class App(IPKernelApp):
    def init_control(self, context):
        super().init_control(context)
        self.shell_channel_thread = None
App.launch_instance()
"""


@pytest.fixture(scope="module", autouse=True)
def without_subshells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Beside the kernels that there are one named "none", which has no subshells."""
    folder = tmp_path_factory.mktemp("jupyter")
    (folder / "kernels" / "none").mkdir(parents=True)
    command = [sys.executable, "-c", WITHOUT_SUBSHELLS, "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Without subshells", "language": "python"}
    (folder / "kernels" / "none" / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        yield


class Held(Page):
    """A page of a kernel that cells hold on to.  ``subshell``: where it sends its messages, None for the main shell."""

    subshell: str | None = None

    def __init__(self, client: Any, free: Path) -> None:
        super().__init__(client)
        self._free = free

    def open_subshell(self) -> None:
        """Ask for a subshell, as JupyterLab does, and use it from now on."""
        self.client.control_channel.send(self.client.session.msg("create_subshell_request"))
        self.subshell = self.client.get_control_msg(timeout=60)["content"]["subshell_id"]

    def send(self, **content: Any) -> None:
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": {"method": "custom", "content": content}})
        if self.subshell is not None:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    @contextlib.contextmanager
    def holding(self, code: str) -> Iterator[None]:
        """A cell that ends by holding on is running in the context."""
        self._free.unlink(missing_ok=True)
        message_id = self.client.execute(f"{code}\nhold()")

        def heard(kind: str, **fields: str) -> None:
            while True:
                message = self.client.get_iopub_msg(timeout=60)
                self._take(message)
                if message["parent_header"].get("msg_id") != message_id:
                    continue
                assert message["msg_type"] != "error", message["content"]
                if message["msg_type"] == kind and fields.items() <= message["content"].items():
                    return

        try:
            heard("stream", text="held\n")
            yield
        finally:
            self._free.touch()
        heard("status", execution_state="idle")


@pytest.fixture(scope="module")
def held(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """A page of the kernel of this name."""
    manager, client = start_new_kernel(kernel_name=request.param)
    free = tmp_path_factory.mktemp("held") / "free"
    page = Held(client, free)
    features = client.kernel_info(reply=True, timeout=60)["content"].get("supported_features", [])
    assert ("kernel subshells" in features) == (request.param != "none")
    assert page.run(BEGIN.format(free=str(free)))["error"] is None
    yield page
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


@pytest.mark.parametrize("made", ["before", "in the cell"])
@pytest.mark.parametrize("subshells", [True, False], ids=["with subshells", "without"])
@pytest.mark.parametrize("held", ["nexus", pytest.param("python3", marks=pytest.mark.full)], indirect=True)
def test_no_click_is_lost_while_a_cell_runs(held: Held, subshells: bool, made: str) -> None:
    _clicked_while_a_cell_runs(held, subshells, made)


@pytest.mark.parametrize("made", ["before", "in the cell"])
@pytest.mark.parametrize("held", ["none"], indirect=True)
def test_no_click_is_lost_in_a_kernel_that_has_no_subshells(held: Held, made: str) -> None:
    _clicked_while_a_cell_runs(held, False, made)


def _clicked_while_a_cell_runs(held: Held, subshells: bool, made: str) -> None:
    if subshells:
        held.open_subshell()
    else:
        held.subshell = None
    held.messages.clear()
    assert held.run("for each in nexus_jupyter.panels().values():\n    each.close()")["error"] is None
    if made == "before":
        assert held.run(MAKE)["error"] is None
    with held.holding(MAKE if made == "in the cell" else ""):
        tree = json.loads(held.state["_snapshot"])["tree"]  # the page shows it before the kernel has answered anything
        held.send(kind="hello", client="me", protocol=1)
        clicks = [held.event(held.node(tree, "Button", number)) for number in (0, 0, 1, 0)]
        if subshells:  # the cell runs until this context is left
            assert held.until("snapshot", timeout=60)["rev"] == 0
            _answered(held, clicks)
    if not subshells:
        _answered(held, clicks)
    assert held.run("print(counter.state.count, counter.state.answer)")["out"] == "3 Python\n"


def _answered(held: Held, clicks: list[int]) -> None:
    """Each has its result; those of one tool in their order."""
    results: dict[int, object] = {}
    while len(results) < len(clicks):
        result = held.until("result", timeout=60)
        results[result["seq"]] = result["error"]
    assert results == dict.fromkeys(clicks)
    adds = [clicks[0], clicks[1], clicks[3]]
    assert [seq for seq in results if seq in adds] == adds


def test_a_notebook_that_runs_without_a_page_gives_the_same_with_subshells_and_without() -> None:
    def outputs(kernel: str) -> str:
        cells = [
            "%load_ext nexus_jupyter\nimport nexus_jupyter\ndef ask():\n    return 'Python'",
            MAKE,
            f"%%nxml again --functions ask\n{SOURCE}".replace('"counter"', '"again"'),
        ]
        cells.append("counter.call('ask')\ncounter.call('add')\nprint(counter.state.answer, counter.state.count, again)")
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell, id=f"c{i}") for i, cell in enumerate(cells)])
        NotebookClient(notebook, kernel_name=kernel, timeout=60).execute()
        shown = [cell.outputs for cell in notebook.cells[1:]]
        models = {data["model_id"]: "" for out in shown for each in out if (data := each.get("data", {}).get(WIDGET))}
        text = json.dumps(shown)
        for number, model in enumerate(models):
            text = text.replace(model, f"model {number}")
        return text

    first = outputs("nexus")
    assert WIDGET in first
    assert "Python 1" in first
    assert outputs("none") == first
