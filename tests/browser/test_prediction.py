"""A panel answers at once, whatever the kernel is doing: its code runs in the page, too, and the kernel decides later."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from bench.lab import Notebook

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


@pytest.mark.parametrize("notebook", ["prediction.ipynb"], indirect=True)
def test_clicks_and_typing_show_while_nothing_in_the_kernel_can_run(notebook: Notebook) -> None:
    notebook.lab.write(
        notebook.name,
        [PANEL, "board.expose(lambda: 'Python', name='name')", DEAF, "print(board.state.count, board.state.name, board.state.rows[0])"],
    )
    notebook.open()
    notebook.run(0)
    notebook.run(1)
    board = notebook.panel("Hello")
    count = board.locator(".nx-metric-value")
    board.get_by_role("button", name="Add one").hover()
    expect(board).to_have_attribute("data-here", "true")
    notebook.run(2)
    add = board.get_by_role("button", name="Add one")
    for _ in range(3):
        add.click()
    expect(count).to_have_text("3")
    board.get_by_label("Your name").fill("Ada")
    expect(board).to_contain_text("Hello Ada, 1 open")
    board.get_by_text("Row 1").click()
    expect(board).to_contain_text("Hello Ada, 0 open")
    board.get_by_role("button", name="Ask Python").click()
    expect(board).to_contain_text("Waiting for the kernel…")
    expect(board).to_contain_text("The kernel is busy. 5 changes wait for it.")
    board.get_by_role("button", name="Refuse").click()
    notebook.screenshot("prediction-busy", board)
    expect(count).to_have_text("3")
    notebook.command("kernelmenu:interrupt")
    expect(board).to_contain_text("Hello Python, 0 open")
    expect(board).to_contain_text("No luck today")
    expect(count).to_have_text("3")
    expect(board).not_to_contain_text("The kernel is busy")
    notebook.ask(3, "3 Python {'id': 1, 'done': True}")
