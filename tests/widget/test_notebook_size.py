"""What panels add to a notebook that is saved."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from nexus_jupyter import Panel
from nexus_jupyter.protocol.output import OUTPUT_MIME
from nexus_jupyter.sandbox.values import thaw
from nexus_jupyter.widget.kept import kept

from .test_kernel import COUNTER

PANELS = 20
SHOWN = COUNTER.split("\n", 1)[1]


def saved(*, state: bool) -> tuple[int, Any]:
    """The bytes of a notebook's outputs and metadata after it has made and shown the panels, and the notebook."""
    cells = []
    for number in range(PANELS):
        document = SHOWN.replace('id="counter"', f'id="counter-{number}"')
        cells.append(nbformat.v4.new_code_cell(f"%%nxml counter_{number}\n{document}", id=f"c{number}"))
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "nexus", "display_name": "n", "language": "python"}})
    NotebookClient(notebook, timeout=120, store_widget_state=state, record_timing=False).execute()
    for cell in notebook.cells:
        assert [output["output_type"] for output in cell.outputs] == ["display_data"], cell.outputs
    full = len(nbformat.writes(notebook).encode())
    bare = nbformat.from_dict(notebook)
    bare.metadata.pop("widgets", None)
    for cell in bare.cells:
        cell.outputs = []
    return full - len(nbformat.writes(bare).encode()), notebook


@pytest.fixture(scope="module")
def twenty() -> tuple[int, Any]:
    return saved(state=True)


def test_twenty_panels_add_at_most_50_kb_and_60_with_the_states_of_widgets(twenty: tuple[int, Any]) -> None:
    with_state, notebook = twenty
    states = len(nbformat.writes(nbformat.v4.new_notebook(metadata={"widgets": notebook.metadata.widgets})).encode())
    assert with_state - states <= 50_000
    assert with_state <= 60_000
    # all share one layout
    models = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    assert sum(model["model_name"] == "LayoutModel" for model in models.values()) == 1


def test_what_is_kept_of_a_small_panel_is_small_and_the_same_each_time(twenty: tuple[int, Any]) -> None:
    _, notebook = twenty
    for cell in notebook.cells:
        (output,) = cell.outputs
        size = sum(
            len(nbformat.writes(nbformat.v4.new_notebook(metadata={mime: output.data[mime]}))) for mime in ("text/html", OUTPUT_MIME)
        )
        assert size <= 800
        assert "0x" not in output.data["text/plain"]
    assert notebook.cells[3].outputs[0].data["text/plain"] == "<Panel counter-3: count=0, name=''>"


def test_no_panel_can_add_much() -> None:
    numbers = [index % 10 for index in range(2_000)]
    source = """<NexusPanel id="large" title="Large">
      <Data><State name="numbers" type="list" /></Data>
      <View><Iterate items="{$state.numbers}" as="number"><Text>{'<&> ' + $scope.number + ' \u4e2d\u6587'}</Text></Iterate></View>
    </NexusPanel>"""
    with Panel(source) as panel:
        for count in (0, 10, 30, 100, 2_000):
            panel.state.numbers = numbers[:count]
            snapshot, state = panel.runtime.saved().result()
            assert state["numbers"] == numbers[:count]
            output = nbformat.v4.new_output("display_data", data={"text/plain": repr(panel), **kept(panel, snapshot, thaw(state))})
            assert output.data["text/html"].count("&lt;&amp;&gt;") in (count, 30)  # as many as there is room for
            cell = nbformat.v4.new_code_cell("", outputs=[output])
            assert len(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode()) < 2_300
