"""A panel answers at once, whatever the kernel is doing: its code runs in the page, too, and the kernel decides later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from bench.lab import Lab, Notebook, running_lab

pytestmark = pytest.mark.browser

PANEL = """%%nxml board
<NexusPanel id="board" title="Board">
  <Data>
    <State name="count" type="number" default="0" />
    <State name="name" type="string" />
    <State name="rows" type="list" default='[{"id": 1, "done": false}, {"id": 2, "done": true}]' />
    <Computed name="open" value="$state.rows.filter(row => !row.done).length" />
  </Data>
  <Logic>
    <Tool name="add" description="Add one"><Handler>$state.count += 1;</Handler></Tool>
    <Tool name="ask" description="Ask Python"><Handler>$state.name = await $ext.py.name();</Handler></Tool>
    <Extension name="nexus.python" alias="py" />
    <Tool name="refuse" description="Throw"><Handler>$state.count += 10; throw new Error('No luck today');</Handler></Tool>
    <Tool name="spin" description="Never end"><Handler>for (;;);</Handler></Tool>
  </Logic>
  <View>
    <Layout strategy="stack">
      <Metric label="Count" value="{$state.count}" />
      <Layout strategy="row" gap="sm">
        <Button label="Add one" trigger="add" />
        <Button label="Ask Python" trigger="ask" />
        <Button label="Refuse" trigger="refuse" />
        <Button label="Spin" trigger="spin" />
      </Layout>
      <Input bind="$state.name" label="Your name" />
      <Text>Hello {$state.name || 'nobody'}, {$state.open} open</Text>
      <Iterate items="$state.rows" key="id"><Checkbox label="Row {$scope.item.id}" bind="$scope.item.done" /></Iterate>
    </Layout>
  </View>
</NexusPanel>"""

# A search that goes on without end, and lets no other thread of the kernel run meanwhile.
DEAF = "import re\nre.match('(a+)+$', 'a' * 60 + 'b')"


# What the page's policy says of Workers, and where the panel's code runs then.
POLICIES = {"blob": "", "data": "worker-src data: https:", "kernel": "worker-src 'none'"}


@pytest.fixture(scope="module", params=[*POLICIES])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Lab]]:
    """A server whose pages have this policy."""
    policy = POLICIES[request.param]
    settings = {"headers": {"Content-Security-Policy": f"frame-ancestors 'self'; {policy}"}}
    with running_lab(tmp_path_factory.mktemp("modes"), f"--ServerApp.tornado_settings={settings!r}") as running:
        yield request.param, running


@pytest.fixture
def notebook(page: Page, lab: tuple[str, Lab]) -> Iterator[Notebook]:
    """A notebook with the panel, and with a cell that lets nothing in the kernel run."""
    opened = Notebook(page, lab[1], "prediction.ipynb")
    opened.lab.write(
        opened.name,
        [PANEL, "board.expose(lambda: 'Python', name='name')", DEAF, "print(board.state.count, board.state.name, board.state.rows[0])"],
    )
    opened.open()
    opened.run(0)
    opened.run(1)
    yield opened
    opened.shutdown()
    opened.clear()


def test_a_panel_answers_while_nothing_in_the_kernel_can_run(notebook: Notebook, lab: tuple[str, Lab]) -> None:
    mode, _ = lab
    board = notebook.panel("Hello")
    count = board.locator(".nx-metric-value")
    add, ask, refuse = (board.get_by_role("button", name=name) for name in ("Add one", "Ask Python", "Refuse"))
    add.hover()
    if mode == "kernel":
        add.click()  # the first click finds out that nothing runs here
        expect(count).to_have_text("1")
        expect(board).not_to_have_attribute("data-here", "true")
    else:
        expect(board).to_have_attribute("data-here", "true")
        add.click()
    notebook.run(2)
    for _ in range(2):
        add.click()
    board.get_by_label("Your name").fill("Ada")
    board.get_by_text("Row 1").click()
    if mode == "kernel":
        expect(board).to_contain_text("Waiting for the kernel…")
        expect(count).to_have_text("1")
    else:
        expect(count).to_have_text("3")
        expect(board).to_contain_text("Hello Ada, 0 open")
    ask.click()
    refuse.click()
    if mode != "kernel":
        expect(ask.locator("..")).to_contain_text("Waiting for the kernel…")
        expect(board).to_contain_text("The kernel is busy. 4 changes wait for it.")
        expect(count).to_have_text("3")
    notebook.screenshot(f"prediction-{mode}", board)
    notebook.command("kernelmenu:interrupt")
    expect(board).to_contain_text("Hello Python, 0 open")
    expect(board).to_contain_text("No luck today")
    expect(count).to_have_text("3")
    expect(board).not_to_contain_text("The kernel is busy")
    # a kernel gives up what comes before it has answered the cell that was interrupted; idle it is of each event of a panel, too
    expect(notebook.cell(2).locator(".jp-InputPrompt")).to_have_text("[3]:")
    notebook.ask(3, "3 Python {'id': 1, 'done': True}")
    # code that does not end harms neither the page nor the kernel
    board.get_by_role("button", name="Spin").click()
    expect(board).to_contain_text("ran for")
    add.click()
    expect(count).to_have_text("4")
