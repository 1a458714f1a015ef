"""The side panel in a real JupyterLab: panels, graph, tools, and that it survives a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from bench.lab import Notebook

pytestmark = pytest.mark.browser

COUNTER = """%%nxml counter --quiet
<NexusPanel id="counter" title="Counter">
  <Data>
    <State name="count" type="number" default="0" />
    <Computed name="double" value="{$state.count * 2}" />
  </Data>
  <Logic>
    <Tool name="add" description="Add a number to the count">
      <Arg name="by" type="number" default="1" min="1" max="10" description="How much" />
      <Handler>$state.count += $args.by; return $state.count</Handler>
    </Tool>
    <Tool name="reset" description="Start again" confirm="Set the count to 0?"><Handler>$state.count = 0</Handler></Tool>
    <Tool name="fail" description="Throw"><Handler>throw new Error('No luck today')</Handler></Tool>
  </Logic>
  <View>
    <Layout strategy="row" gap="sm">
      <Metric label="Count" value="{$state.count}" />
      <Metric label="Double" value="{$state.double}" />
      <Button label="Add one" trigger="add" />
    </Layout>
  </View>
</NexusPanel>"""

GREETING = """%%nxml greeting
<NexusPanel id="greeting" title="Greeting &lt;b&gt;">
  <Data><State name="name" type="string" /></Data>
  <View><Input bind="$state.name" label="Your name" /></View>
</NexusPanel>"""


def open_with_two_panels(notebook: Notebook, name: str) -> Locator:
    """A notebook in which the panels stand far apart, and the side panel beside it."""
    notebook.name = notebook.lab.write(name, [COUNTER, *[f"print({n})\n" + "#\n" * 25 for n in range(12)], GREETING])
    notebook.open()
    notebook.command("nexus:open")
    side = notebook.page.get_by_role("region", name="Nexus", exact=True)
    side.get_by_role("tab", name="Panels").click()
    expect(side.get_by_text("No panels yet")).to_be_visible()
    notebook.run_all()
    expect(side.get_by_role("treeitem", name="Counter")).to_be_visible(timeout=60_000)
    expect(side.get_by_role("treeitem", name="Greeting")).to_be_visible(timeout=60_000)
    notebook.wait_idle()
    return side


def active_cell(notebook: Notebook) -> int:
    return int(notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex"))


def test_it_lists_the_panels_and_goes_to_their_cells(notebook: Notebook) -> None:
    side = open_with_two_panels(notebook, "tree.ipynb")
    expect(side.get_by_role("treeitem", name="Greeting <b>")).to_have_count(1)

    side.get_by_role("treeitem", name="Counter").click()
    expect(notebook.cell(0)).to_be_in_viewport()
    assert active_cell(notebook) == 0
    side.get_by_role("treeitem", name="Counter").press("ArrowRight")
    for part in ("States", "count", "Computed", "double", "Tools", "add"):
        expect(side.get_by_role("treeitem", name=part).first).to_be_visible()
    notebook.screenshot("side-panel-panels")

    side.get_by_role("treeitem", name="Greeting").click()
    expect(notebook.page.locator(".jp-mod-active .jp-OutputArea", has_text="Your name")).to_be_in_viewport()
    assert active_cell(notebook) == 13

    # closed: a click opens it again
    notebook.command("docmanager:save")
    notebook.command("application:close")
    expect(notebook.page.locator(".jp-NotebookPanel")).to_have_count(0)
    side.get_by_role("treeitem", name="Counter").click()
    expect(notebook.page.locator(".jp-NotebookPanel .jp-mod-active", has_text="%%nxml counter")).to_be_in_viewport(timeout=30_000)
    notebook.wait_idle()


def test_it_draws_the_graph_and_runs_tools(notebook: Notebook) -> None:
    side = open_with_two_panels(notebook, "tools.ipynb")
    side.get_by_role("treeitem", name="Counter").click()

    side.get_by_role("tab", name="Graph").click()
    node = side.get_by_label("tool add", exact=True)
    expect(node).to_be_visible()
    expect(side.get_by_label("state count", exact=True)).to_be_visible()
    notebook.page.wait_for_timeout(400)  # it moves to fit
    notebook.screenshot("side-panel-graph")
    node.focus()
    notebook.page.keyboard.press("Enter")
    chosen = side.get_by_role("region", name="Chosen entity")
    expect(chosen).to_contain_text("writes state count")
    notebook.screenshot("side-panel-graph-chosen", side)
    side.get_by_role("button", name="Open large").click()
    large = notebook.page.locator(".nxl-large")
    expect(large.get_by_label("panel Greeting <b>", exact=True)).to_be_visible()
    notebook.page.wait_for_timeout(400)
    notebook.screenshot("graph-large")
    notebook.command("application:close")

    side.get_by_role("tab", name="Tools").click()
    add = side.get_by_role("form", name="add")
    add.get_by_label("by").fill("11")
    add.get_by_role("button", name="Run").click()
    expect(add.get_by_text("At most 10.")).to_be_visible()
    add.get_by_label("by").fill("4")
    add.get_by_role("button", name="Run").click()
    expect(add.locator(".nxl-result")).to_have_text("4")
    panel = notebook.panel("Count")
    expect(panel).to_contain_text("8")
    fail = side.get_by_role("form", name="fail")
    fail.get_by_role("button", name="Run").click()
    expect(fail.get_by_role("alert")).to_contain_text("No luck today")
    # the browser itself tells of each request that was answered with an error
    assert [error for error in notebook.errors if "Failed to load resource" not in error] == []
    notebook.errors.clear()
    reset = side.get_by_role("form", name="reset")
    reset.get_by_role("button", name="Run").click()
    expect(reset).to_contain_text("Set the count to 0?")
    notebook.screenshot("side-panel-tools")
    reset.get_by_role("button", name="Run", exact=True).click()
    expect(reset.get_by_text("Done.")).to_be_visible()
    expect(panel).not_to_contain_text("8")


@pytest.mark.usefixtures("started_anew")
def test_it_is_restored_after_a_reload_and_follows_the_theme(notebook: Notebook) -> None:
    open_with_two_panels(notebook, "restored.ipynb")
    page = notebook.page
    # the layout is saved a moment after it changed
    page.wait_for_timeout(2_500)
    page.goto(f"{notebook.lab.url}/lab?token=test")
    side = page.get_by_role("region", name="Nexus", exact=True)
    expect(side.get_by_role("treeitem", name="Counter")).to_be_visible(timeout=60_000)
    notebook.wait_idle()
    notebook.theme("JupyterLab Dark")
    side.get_by_role("treeitem", name="Counter").click()
    notebook.screenshot("side-panel-dark")
    side.get_by_role("tab", name="Graph").click()
    expect(side.get_by_label("tool add", exact=True)).to_be_visible()
    page.wait_for_timeout(400)
    notebook.screenshot("side-panel-graph-dark", side)
    side.get_by_role("tab", name="Review").click()
    expect(side.get_by_text("Nothing to review")).to_be_visible()
    notebook.screenshot("side-panel-review-dark", side)
    notebook.theme("JupyterLab Light")


def test_a_restart_of_the_kernel_empties_the_list(notebook: Notebook) -> None:
    side = open_with_two_panels(notebook, "restart.ipynb")
    notebook.restart()
    expect(side.get_by_text("No panels yet")).to_be_visible(timeout=60_000)
    notebook.wait_idle()
    notebook.run(0)
    expect(side.get_by_role("treeitem", name="Counter")).to_be_visible(timeout=60_000)
