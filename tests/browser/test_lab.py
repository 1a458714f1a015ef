"""The whole path in a real JupyterLab: cell, sandbox, screen, and back to Python."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Request, WebSocket, expect

from bench.lab import ROOT, Notebook

pytestmark = pytest.mark.browser

COUNTER = """%%nxml counter
<NexusPanel id="counter" title="Counter">
  <Data>
    <State name="count" type="number" default="0" />
    <State name="name" type="string" />
  </Data>
  <Logic>
    <Tool name="add" description="Add a number"><Arg name="by" type="number" default="1" /><Handler>$state.count += $args.by;</Handler></Tool>
    <Tool name="fail" description="Throw"><Handler>throw new Error('No luck today');</Handler></Tool>
  </Logic>
  <View>
    <Layout strategy="row" gap="sm">
      <Metric label="Count" value="{$state.count}" />
      <Button label="Add one" trigger="add" />
      <Button label="Fail" trigger="fail" />
      <Input bind="$state.name" label="Your name" />
      <Text>Hello {$state.name || 'nobody'}</Text>
    </Layout>
  </View>
</NexusPanel>"""


def test_the_quick_start_runs_from_top_to_bottom_and_its_panels_work(notebook: Notebook) -> None:
    notebook.open()
    notebook.run_all()
    page = notebook.page
    counter = notebook.panel("Count (")
    expect(counter).to_be_visible(timeout=30_000)
    expect(page.locator(".jp-OutputArea-output", has_text="LIMIT_CPU")).to_be_visible(timeout=60_000)
    notebook.wait_idle()

    plus = counter.get_by_role("button", name="increase")
    for _ in range(3):
        plus.click()
    expect(counter).to_contain_text("Count (odd)")
    expect(counter).to_contain_text("3")
    counter.get_by_role("button", name="decrease").click()
    expect(counter).to_contain_text("Count (even)")

    todo = notebook.panel("To do (")
    field = todo.get_by_label("New item")
    field.fill("Water the plants")
    field.press("Enter")
    expect(todo.get_by_role("checkbox", name="Water the plants")).to_be_visible()
    expect(field).to_have_value("")
    todo.get_by_text("Water the plants").click()
    expect(todo).to_contain_text("To do (1 open)")
    todo.get_by_role("button", name="Remove finished").click()
    expect(todo.get_by_role("checkbox")).to_have_count(1)

    sandbox = notebook.panel("Loop for ever")
    sandbox.get_by_role("button", name="Loop for ever").click()
    expect(sandbox).to_contain_text("250 ms", timeout=10_000)
    sandbox.get_by_role("button", name="Call Python").click()
    expect(sandbox).to_contain_text("Hello panel, this is Python")

    for name, target in (
        ("quickstart-light", counter),
        ("quickstart-todo", todo),
        ("quickstart-error", page.locator(".nexus-diagnostics").first),
        ("quickstart-sandbox", sandbox),
    ):
        notebook.show(target)
        notebook.screenshot(name)
    notebook.theme("JupyterLab Dark")
    notebook.screenshot("quickstart-sandbox-dark")
    notebook.show(counter)
    notebook.screenshot("quickstart-dark")
    notebook.theme("JupyterLab Light")


def test_running_a_cell_again_replaces_its_panel_and_keeps_its_state(notebook: Notebook) -> None:
    notebook.name = notebook.lab.write(
        "rerun.ipynb", [COUNTER, "import nexus_jupyter\nprint(list(nexus_jupyter.panels()), counter.state.count)"]
    )
    notebook.open()
    for turn in range(3):
        notebook.run(0)
        expect(notebook.panel("Add one")).to_be_visible()
        notebook.panel("Add one").get_by_role("button", name="Add one").click()
        expect(notebook.panel("Add one").get_by_role("group", name="Count")).to_contain_text(str(turn + 1))
    expect(notebook.page.locator(".nexus-panel")).to_have_count(1)
    notebook.ask(1, "['counter'] 3")
    notebook.command("docmanager:save")
    saved = json.loads((notebook.lab.folder / notebook.name).read_text())
    assert len(json.dumps(saved["cells"][0]["outputs"])) < 1_500, "outputs must stay small"


@pytest.mark.usefixtures("started_anew")
def test_twenty_panels_bring_the_bundle_once(notebook: Notebook) -> None:
    source = COUNTER.split("\n", 1)[1]
    cell = (
        f"import nexus_jupyter\nsource = '''{source}'''\nfor i in range(20):\n    display(nexus_jupyter.Panel(source, id=f'panel-{{i}}'))"
    )
    notebook.name = notebook.lab.write("twenty.ipynb", [cell])
    received: list[bytes] = []

    def count(socket: WebSocket) -> None:
        if "/channels" in socket.url:  # the kernel's, not the side panel's, which hears of all notebooks
            socket.on("framereceived", lambda frame: received.append(frame if isinstance(frame, bytes) else frame.encode()))

    asked: list[str] = []

    def note(request: Request) -> None:
        if "/panel.js" in request.url:
            asked.append(request.url)

    notebook.page.on("websocket", count)
    notebook.page.on("request", note)
    notebook.open()
    notebook.run(0)
    expect(notebook.page.locator(".nexus-panel")).to_have_count(20, timeout=30_000)
    notebook.page.remove_listener("websocket", count)
    notebook.page.remove_listener("request", note)
    # JupyterLab has it at a static address; the kernel is not asked
    assert len(asked) == 1
    bundle = (ROOT / "nexus_jupyter" / "static" / "panel.js").stat().st_size
    assert [len(frame) for frame in received if len(frame) >= bundle] == []
    # the kernel's history is what was typed in it and in those before; it grows with the tests that ran
    history = sum(len(frame) for frame in received if b"history_reply" in frame[:2_000])
    # the rest is twenty panels and what the kernel tells of them, once or in several messages
    assert sum(map(len, received)) - history < 0.75 * bundle


def test_the_panel_has_no_accessibility_violations(notebook: Notebook) -> None:
    notebook.name = notebook.lab.write("axe.ipynb", [COUNTER])
    notebook.open()
    notebook.run(0)
    expect(notebook.panel("Add one")).to_be_visible()
    axe = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.theme(theme)
        notebook.page.evaluate(axe)
        result = notebook.page.evaluate("async () => (await axe.run('.nexus-panel')).violations.map(v => [v.id, v.nodes.map(n => n.html)])")
        assert result == []
    notebook.theme("JupyterLab Light")
