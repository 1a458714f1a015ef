"""What a change of a long list costs: in the kernel, and on the wire, beside telling the whole view.

``python -m bench.view``; about half a minute.  Times are medians in milliseconds from the call to the message for the pages,
bytes those of that message as JSON.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence

from nexus_jupyter.panel.panel import Panel
from nexus_jupyter.protocol import Batch, Commit, KernelMessage

DOCUMENT = """<NexusPanel id="rows" title="Rows">
  <Data><State name="rows" type="list" /><State name="chosen" type="number" default="0" /></Data>
  <Logic>
    <Tool name="toggle" description="Change one row">
      <Handler>const row = $state.rows[$state.rows.length >> 1]; row.done = !row.done;</Handler>
    </Tool>
    <Tool name="front" description="Add a row in front">
      <Handler>$state.rows.unshift({ id: 1e6 + $state.chosen++, name: 'new', done: false });</Handler>
    </Tool>
    <Tool name="middle" description="Add a row in the middle">
      <Handler>$state.rows.splice($state.rows.length >> 1, 0, { id: 1e6 + $state.chosen++, name: 'new', done: false });</Handler>
    </Tool>
    <Tool name="push" description="Add a row at the end">
      <Handler>$state.rows.push({ id: 1e6 + $state.chosen++, name: 'new', done: false });</Handler>
    </Tool>
    <Tool name="move" description="Move a row">
      <Handler>const [row] = $state.rows.splice(3, 1); $state.rows.splice(-3, 0, row);</Handler>
    </Tool>
    <Tool name="filter" description="Take one row out by making another list">
      <Handler>const { id } = $state.rows[5]; $state.rows = $state.rows.filter(row => row.id !== id);</Handler>
    </Tool>
    <Tool name="choose" description="Change what no row shows"><Handler>$state.chosen++;</Handler></Tool>
  </Logic>
  <View>
    <Layout>
      <Text>Chosen: {$state.chosen}</Text>
      <Iterate items="$state.rows" key="id"><Checkbox label="{$scope.item.name}" bind="$scope.item.done" /></Iterate>
    </Layout>
  </View>
</NexusPanel>"""
TOOLS = ("toggle", "front", "middle", "push", "move", "filter", "choose")
ROUNDS = 15


def measure(count: int) -> list[tuple[str, float, float, int]]:
    """Tool, milliseconds of the call, of it in the handler's step alone (no page listens), and bytes for the pages."""
    rows = [{"id": number, "name": f"row {number}", "done": False} for number in range(count)]
    found: list[tuple[str, float, float, int]] = []
    with Panel(DOCUMENT, state={"rows": rows}) as panel:
        heard: list[KernelMessage] = []
        for tool in TOOLS:
            alone = [timed(panel, tool) for _ in range(ROUNDS)]
            end = panel.runtime.subscribe(heard.extend)
            panel.runtime.snapshot().result()
            timed(panel, tool)
            shown: list[float] = []
            for _ in range(ROUNDS):
                heard.clear()
                shown.append(timed(panel, tool))
            commit = next(message for message in heard if isinstance(message, Commit))
            end()
            found.append((tool, statistics.median(shown), statistics.median(alone), size([commit])))
        started = time.perf_counter()
        snapshot = panel.runtime.snapshot().result()
        found.append(("whole view", (time.perf_counter() - started) * 1000, 0.0, size([snapshot])))
    return found


def timed(panel: Panel, tool: str) -> float:
    started = time.perf_counter()
    panel.call(tool)
    return (time.perf_counter() - started) * 1000


def size(messages: Sequence[KernelMessage]) -> int:
    return len(json.dumps(Batch(messages=tuple(messages)).model_dump(mode="json"), separators=(",", ":")).encode())


def main() -> None:
    for count in (100, 1_000, 9_900):
        print(f"{count} rows")
        for name, shown, alone, message in measure(count):
            print(f"  {name:10} {shown:8.2f} ms, of it {alone:8.2f} without a page; {message:9,} bytes")


if __name__ == "__main__":
    main()
