"""A panel whose kernel is busy, gone or new: what its output shows, and what still works, in a real JupyterLab."""

from __future__ import annotations

import json
import time

import pytest
from playwright.sync_api import WebSocket, expect

from bench.lab import ROOT, Notebook

from .test_lab import COUNTER

pytestmark = pytest.mark.browser

# beside what runs anywhere, a tool that needs the kernel
NEEDS = (
    COUNTER.replace("%%nxml counter", "%%nxml counter --functions answer")
    .replace("<Logic>", '<Logic>\n    <Extension name="nexus.python" alias="py" />', 1)
    .replace("  </Logic>", '    <Tool name="ask" description="Ask"><Handler>return await $ext.py.answer();</Handler></Tool>\n  </Logic>')
    .replace('<Button label="Fail"', '<Button label="Ask Python" trigger="ask" />\n      <Button label="Fail"')
)


def test_without_a_kernel_the_saved_view_is_shown_and_runs_here_until_the_cell_is_run(notebook: Notebook) -> None:
    notebook.name = notebook.lab.write("surviving.ipynb", ["def answer():\n    return 42", NEEDS, "print(counter.state.count)"])
    notebook.open()
    notebook.run(0)
    notebook.run(1)
    add = notebook.panel("Add one").get_by_role("button", name="Add one")
    add.click()
    output = notebook.cell(1).locator(".jp-OutputArea-output")
    count = output.get_by_role("group", name="Count")
    expect(count).to_contain_text("1")
    # while its kernel has it, it is shown as ever
    expect(output.get_by_role("button", name="Run here")).to_have_count(0)

    # what is saved is the panel as it is then, once the kernel has told of it
    def saved() -> str:
        notebook.command("docmanager:save")
        (written,) = json.loads((notebook.lab.folder / notebook.name).read_text())["cells"][1]["outputs"]
        return "".join(written["data"]["text/html"])

    deadline = time.monotonic() + 60
    while "Count: 1" not in saved():
        assert time.monotonic() < deadline, saved()
        notebook.page.wait_for_timeout(200)

    notebook.page.reload()
    notebook.wait_idle()
    expect(count).to_contain_text("1")
    expect(output.get_by_role("button", name="Run here")).to_have_count(0)
    # what was live a moment ago is the saved view when the kernel is gone
    notebook.shutdown()
    run = output.get_by_role("button", name="Run here")
    expect(run).to_be_visible()
    expect(output).to_contain_text("Run the cell to make it live")
    expect(output).to_contain_text("Count: 1 · [Add one] · [Ask Python] · [Fail] · Your name: – · Hello nobody")
    notebook.show(output)
    axe = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    for theme in ("Light", "Dark"):
        notebook.theme(f"JupyterLab {theme}")
        notebook.screenshot(f"surviving-saved-{theme.lower()}")
        notebook.page.evaluate(axe)
        found = notebook.page.evaluate("async () => (await axe.run('.nxl-output')).violations.map(v => [v.id, v.nodes.map(n => n.html)])")
        assert found == []

    run.click()
    for expected in ("2", "3"):
        output.get_by_role("button", name="Add one").click()
        expect(count).to_contain_text(expected)
    ask = output.get_by_role("button", name="Ask Python")
    expect(ask).to_be_disabled()
    notebook.page.mouse.move(5, 5)
    ask.hover(force=True)
    expect(notebook.page.get_by_role("tooltip")).to_contain_text("Needs a running kernel: it uses nexus.python")
    notebook.screenshot("surviving-here-dark")
    notebook.theme("JupyterLab Light")
    notebook.screenshot("surviving-here-light")
    output.get_by_role("button", name="Stop").click()
    expect(run).to_be_visible()
    run.click()
    expect(count).to_contain_text("1")

    # a new kernel does not know it either; running the cell makes it live, whatever was shown
    notebook.page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.changeKernel({ name: 'nexus' }); }")
    notebook.wait_idle()
    expect(output).to_contain_text("Running in this page")
    notebook.run(0)
    notebook.run(1)
    expect(output.get_by_role("button", name="Stop")).to_have_count(0)
    output.get_by_role("button", name="Ask Python").click()
    output.get_by_role("button", name="Add one").click()
    expect(count).to_contain_text("1")
    notebook.ask(2, "1")

    # nor does one that was restarted
    notebook.restart()
    expect(run).to_be_visible()


@pytest.mark.full
def test_a_cell_that_was_changed_does_not_run_here(notebook: Notebook) -> None:
    notebook.name = notebook.lab.write("changed.ipynb", [COUNTER])
    notebook.open()
    notebook.run(0)
    output = notebook.cell(0).locator(".jp-OutputArea-output")
    expect(output.get_by_role("button", name="Add one")).to_be_visible()
    notebook.shutdown()
    run = output.get_by_role("button", name="Run here")
    expect(run).to_be_visible()
    notebook.cell(0).locator(".cm-content").click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.type("<!-- later -->")
    run.click()
    expect(output).to_contain_text("The cell has been changed since this view was saved")
    expect(run).to_be_visible()


def test_a_page_that_has_nothing_starts_a_panel_of_a_kernel_that_was_busy_before_it(notebook: Notebook) -> None:
    notebook.name = notebook.lab.write("before.ipynb", [COUNTER, "import time\ntime.sleep(300)", "print(counter.state.count)"])
    notebook.open()
    notebook.run(0)
    expect(notebook.panel("Add one")).to_be_visible()
    notebook.run(1)
    notebook.command("docmanager:save")
    page = notebook.page
    page.goto("about:blank")
    page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", {"origin": notebook.lab.url, "storageTypes": "all"})
    sent: list[bytes] = []

    def listen(socket: WebSocket) -> None:
        if "/channels" in socket.url:
            socket.on("framesent", lambda frame: sent.append(frame if isinstance(frame, bytes) else frame.encode()))

    page.on("websocket", listen)
    page.goto(f"{notebook.lab.url}/lab/tree/{notebook.name}?token=test&reset")
    count = notebook.panel("Add one").get_by_role("group", name="Count")
    for expected in ("1", "2"):
        notebook.panel("Add one").get_by_role("button", name="Add one").click()
        expect(count).to_contain_text(expected)
    asked = [frame for frame in sent if b'"kind":"bundle"' in frame or b'"kind":"guest"' in frame]
    assert asked == []
    assert [frame for frame in sent if b'"kind":"hello"' in frame] != []
    # it was the panel of the kernel, and stays so when that is free
    notebook.command("kernelmenu:interrupt")
    # its answers in our subshell say idle, too: this one comes from where the cell ran
    page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.info; }")
    notebook.ask(2, "2")
    notebook.panel("Add one").get_by_role("button", name="Add one").click()
    expect(count).to_contain_text("3")
    notebook.ask(2, "3")
    page.remove_listener("websocket", listen)
