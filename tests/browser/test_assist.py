"""Tab and Shift-Tab in a cell of a real JupyterLab."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import expect

from bench.lab import Notebook

pytestmark = pytest.mark.browser

CELL = """%%nxml orders
<NexusPanel title="Orders 𝒩">
  <Data>
    <State name="orders" type="list" default='[{"id": 1, "client": "Ada", "open": true}]' description="Orders of the day" />
    <State name="onlyOpen" type="boolean" description="Whether closed orders are hidden" />
    <Computed name="count" value="$state.orders.length" description="How many there are" />
  </Data>
  <Logic>
    <Tool name="close" description="Close an order"><Arg name="id" type="number" /><Handler>
      const order = $state.orders.find((each) => each.id === $args.id);
      $state.
    </Handler></Tool>
  </Logic>
  <View>
    <Layout>
      <Bu
    </Layout>
  </View>
</NexusPanel>"""

# The cursor behind the first place where `text` stands, in the first cell, once JupyterLab has read the cell as far as there: where it
# has not within 50 ms, it offers all words of the cell.
PLACE = """async (text) => {
  const editor = window.jupyterapp.shell.currentWidget.content.widgets[0].editor;
  const source = editor.model.sharedModel.getSource();
  editor.focus();
  editor.setCursorPosition(editor.getPositionAt(source.indexOf(text) + text.length));
  for (let tries = 0; !editor.getTokenAtCursor().value && tries < 200; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}"""
# Documentation beside the matches, as a person may switch it on.
DOCUMENTED = "lab/api/settings/@jupyterlab/completer-extension:manager", {"raw": '{"showDocumentationPanel": true}'}


def test_tab_lists_what_fits_and_shift_tab_explains(notebook: Notebook) -> None:
    page = notebook.page
    notebook.name = notebook.lab.write("assist.ipynb", [CELL])
    place, setting = DOCUMENTED
    httpx.put(f"{notebook.lab.url}/{place}", json=setting, headers={"Authorization": "token test"}).raise_for_status()
    notebook.open()

    completer = page.locator(".jp-Completer")
    page.evaluate(PLACE, "  $state.")
    page.keyboard.press("Tab")
    for name in ("orders", "onlyOpen", "count"):
        expect(completer.locator(".jp-Completer-item", has_text=name)).to_be_visible()
    expect(completer).to_contain_text("state")
    expect(completer).to_contain_text("computed")
    expect(completer.locator(".jp-Completer-docpanel")).to_contain_text("Orders of the day")
    notebook.screenshot("completion")
    page.keyboard.press("ArrowDown")
    expect(completer.locator(".jp-Completer-docpanel")).to_contain_text("closed orders are hidden")
    page.keyboard.press("Enter")
    expect(completer).to_be_hidden()
    assert "$state.onlyOpen\n" in source(notebook)

    page.evaluate(PLACE, "<Bu")
    page.keyboard.press("Tab")
    expect(completer.locator(".jp-Completer-item", has_text="Button")).to_contain_text("component")
    expect(completer.locator(".jp-Completer-item")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(completer).to_be_hidden()
    assert "<Button\n" in source(notebook)

    page.keyboard.type(' variant="" /')
    page.evaluate(PLACE, 'variant="')
    page.keyboard.press("Tab")
    expect(completer.locator(".jp-Completer-item")).to_have_count(4)
    notebook.theme("JupyterLab Dark")
    page.evaluate(PLACE, 'variant="')
    page.keyboard.press("Tab")
    expect(completer.locator(".jp-Completer-item").first).to_contain_text("primary")
    notebook.screenshot("completion-dark")
    page.keyboard.press("Escape")

    page.evaluate(PLACE, "$state.orders.fi")
    page.keyboard.press("Shift+Tab")
    tooltip = page.locator(".jp-Tooltip")
    expect(tooltip).to_contain_text("The first item for which the condition holds")
    page.keyboard.press("Escape")
    page.evaluate(PLACE, "<But")
    page.keyboard.press("Shift+Tab")
    expect(tooltip).to_contain_text("Calls a tool when pressed")
    expect(tooltip.locator("pre, code").first).to_be_visible()
    notebook.screenshot("hover-dark")
    page.keyboard.press("Escape")
    notebook.theme("JupyterLab Light")
    page.evaluate(PLACE, "<But")
    page.keyboard.press("Shift+Tab")
    expect(tooltip).to_contain_text("Calls a tool when pressed")
    notebook.screenshot("hover")


def source(notebook: Notebook) -> str:
    """What the first cell holds."""
    return str(notebook.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel.getSource()"))
