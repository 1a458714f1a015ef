"""The question for permission in a real JupyterLab: asked, answered by pointer and keyboard, and what it looks like."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from bench.lab import Notebook

pytestmark = pytest.mark.browser

SETUP = """
import nexus_jupyter.sandbox.extensions.registry as found
from nexus_jupyter.sandbox.extensions import Extension, method

class Notes(Extension):
    name = "nexus.fs"
    @method("fs:read")
    async def read(self, path: str) -> str:
        return f"the text of {path}"
    @method("fs:write")
    async def write(self, path: str, text: str) -> None:
        return None

class Web(Extension):
    name = "nexus.http"
    @method("http:request")
    async def get(self, url: str) -> str:
        return "fine weather"

others = found.extension_class
found.extension_class = lambda name: {"nexus.fs": Notes, "nexus.http": Web}.get(name) or others(name)
"""
DIARY = """%%nxml diary
<NexusPanel id="diary" title="Diary">
  <Data><State name="text" type="string" default="nothing yet" /></Data>
  <Logic>
    <Extension name="nexus.fs" alias="fs" root="diary" mode="write" reason="Keeps a page for each day" />
    <Extension name="nexus.http" alias="http" hosts="https://api.example.org, https://weather.example.net" reason="Notes the weather of the day" />
    <Tool name="note" description="Note the weather"><Handler>
      $state.text = await $ext.fs.read('today') + ': ' + await $ext.http.get('https://api.example.org/');
      await $ext.fs.write('today', $state.text);
    </Handler></Tool>
  </Logic>
  <View><Layout><Text variant="h2">Diary</Text><Text>Today: {$state.text}</Text><Button label="Note the weather" trigger="note" /></Layout></View>
</NexusPanel>"""
NOTED = "Today: the text of today: fine weather"


def test_a_panel_asks_and_is_allowed_once_and_then_for_good(notebook: Notebook) -> None:
    notebook.name = notebook.lab.write("consent.ipynb", [SETUP, DIARY, "diary.state.text = 'nothing yet'"])
    notebook.open()
    notebook.run(0)
    notebook.run(1)
    panel = notebook.panel("Diary")
    note = panel.get_by_role("button", name="Note the weather")
    expect(note).to_be_visible()
    bar = panel.get_by_role("region", name="asks for permission")
    expect(bar).to_have_count(0)

    note.click()
    expect(bar).to_contain_text("Write files")
    expect(bar).to_contain_text("https://api.example.org, https://weather.example.net")
    expect(bar.get_by_text("dangerous")).to_have_count(2)
    expect(note).to_be_focused()
    notebook.screenshot("consent-light", panel)
    # nothing of what the panel draws lies over the bar
    box, view = bar.bounding_box(), panel.locator(".nx-view").bounding_box()
    assert box is not None
    assert view is not None
    assert box["y"] + box["height"] <= view["y"]

    bar.get_by_role("button", name="Allow once").click()
    expect(panel).to_contain_text("Allowed once. Press the button again.")
    expect(bar).to_have_count(0)
    notebook.screenshot("consent-allowed", panel)
    note.click()
    expect(panel).to_contain_text(NOTED)
    notebook.run(2)
    note.click()
    expect(bar).to_be_visible()
    expect(panel).to_contain_text("Today: nothing yet")

    # by keyboard: the bar stands before the button in the order of focus
    keep = bar.get_by_role("button", name="Allow for this panel")
    expect(keep).not_to_have_attribute("aria-disabled", "true")
    note.focus()
    notebook.page.keyboard.press("Shift+Tab")
    expect(bar.get_by_role("button", name="Deny")).to_be_focused()
    notebook.page.keyboard.press("Shift+Tab")
    expect(keep).to_be_focused()
    notebook.page.keyboard.press("Enter")
    expect(panel).to_contain_text("Allowed. Press the button again.")
    note.click()
    expect(panel).to_contain_text(NOTED)

    # the same cell again: nothing is asked; an edited one: the difference
    notebook.run(1)
    panel = notebook.panel("Diary")
    panel.get_by_role("button", name="Note the weather").click()
    expect(panel).to_contain_text(NOTED)
    expect(panel.get_by_role("region", name="permission")).to_have_count(0)


def test_an_edited_cell_shows_what_has_changed_and_deny_is_final(notebook: Notebook) -> None:
    edited = DIARY.replace("'today', $state.text", "'today', $state.text + ' (noted)'")
    notebook.name = notebook.lab.write("consent-edited.ipynb", [SETUP, DIARY, edited])
    notebook.open()
    notebook.theme("JupyterLab Dark")
    notebook.run(0)
    notebook.run(1)
    panel = notebook.panel("Diary")
    panel.get_by_role("button", name="Note the weather").click()
    bar = panel.get_by_role("region", name="asks for permission")
    notebook.show(bar)
    notebook.screenshot("consent-dark", panel)
    bar.get_by_role("button", name="Allow for this panel").click()
    expect(panel).to_contain_text("Allowed. Press the button again.")

    notebook.run(2)
    panel = notebook.cell(2).locator(".nexus-panel")
    note = panel.get_by_role("button", name="Note the weather")
    note.click()
    bar = panel.get_by_role("region", name="has changed since it was allowed")
    expect(bar).to_be_visible()
    bar.get_by_text("Show what has changed in it").click()
    expect(bar.locator("[data-kind=added]")).to_contain_text("(noted)")
    notebook.show(bar)
    notebook.screenshot("consent-changed-dark", panel)
    notebook.theme("JupyterLab Light")
    notebook.show(bar)
    notebook.screenshot("consent-changed-light", panel)
    bar.get_by_role("button", name="Deny").click()
    expect(panel).to_contain_text("Denied. This panel does not ask again")
    note.click()
    expect(panel).to_contain_text("It was denied")
    expect(panel.get_by_role("region", name="changed")).to_have_count(0)
    notebook.screenshot("consent-denied", panel)
