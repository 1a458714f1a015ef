"""What panels weigh: bytes on the wire and in the notebook, memory of page and kernel, and many inputs on one panel."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass

from .clicks import COLUMNS, tell
from .desk import Desk
from .lab import Notebook
from .peers import ANYWIDGET, FIELDS, IPYWIDGETS, OURS, PREPARE, ROWS
from .probe import Sample, Target, watched
from .table import Part

# Counts the rows that are drawn anew, from one call to the next; the focus, which moves by attributes, is left out.
TOUCHED = """(area) => {
  const rows = window.benchRows ?? new Set();
  window.benchObserver?.disconnect();
  window.benchRows = new Set();
  window.benchObserver = new MutationObserver((records) => {
    for (const { target } of records) {
      const node = target instanceof Element ? target : target.parentElement;
      window.benchRows.add(node.closest('.nx-is-Button') ?? node);
    }
  });
  window.benchObserver.observe(area, { subtree: true, childList: true, characterData: true });
  return rows.size;
}"""

# Runs the active cell and clicks each of its counters as soon as it is there: milliseconds until all show, and until all answered.
ANSWERED = """([number, patience]) => new Promise((done, failed) => {
  const start = performance.now(), clicked = new Set();
  let shown = 0;
  const panel = window.jupyterapp.shell.currentWidget;
  window.jupyterapp.commands.execute('notebook:run-cell');
  const look = () => {
    const buttons = [...panel.node.querySelectorAll('.jp-OutputArea button')].filter((each) => each.textContent.includes('add'));
    const texts = panel.content.node.textContent.match(/count=[01](?!\\d)/g) ?? [];
    if (!shown && buttons.length >= number && texts.length >= number) shown = performance.now() - start;
    for (const each of buttons) if (!clicked.has(each)) { clicked.add(each); each.click(); }
    if (texts.filter((text) => text === 'count=1').length >= number) done([shown, performance.now() - start]);
    else if (performance.now() - start > patience) failed(new Error(`${texts.length} of ${number}: ${texts}`));
    else requestAnimationFrame(look);
  };
  look();
})"""


def row(desk: Desk) -> Part:
    """Bytes of one changed row of ten thousand, and what of the page it touches."""
    rows, rounds = 10_000, 3 if desk.quick else 15
    part = Part(f"one changed row of {rows:,}, median of {rounds} clicks; bytes", ("up", "down", "said up", "said down", "rows touched"))
    cells = [f"ROWS = {rows}\n{ROWS[OURS]}", f"{PREPARE[IPYWIDGETS]}\ncounters(1)"]
    with desk.notebook(cells, scrolled=True) as notebook:
        notebook.run(0)
        list_ = desk.area(notebook, 0)
        list_.locator("button", has_text=f"row {rows - 1} ").wait_for(state="attached")
        notebook.run(1)
        counter = desk.area(notebook, 1)
        counter.get_by_role("button", name="add").wait_for()
        notebook.wait_idle()
        found: dict[str, tuple[float, ...]] = {}
        for name in (OURS, IPYWIDGETS):
            samples = []
            for i in range(rounds):
                if name == OURS:
                    button = list_.locator("button", has_text=re.compile(rf"^row {(i * 631) % rows} "))
                    target = Target(button, button, r"row \d+ (on|off)", commits=True)
                else:
                    target = Target(counter.get_by_role("button", name="add"), counter)
                target.button.hover()
                desk.wire.reset()
                list_.evaluate(TOUCHED)
                assert target.click(desk.page, 60_000) is not None, f"{name} did not answer"
                desk.wire.settle()
                touched = list_.evaluate(TOUCHED)
                samples.append((desk.wire.bytes_up, desk.wire.bytes_down, *desk.wire.said, touched))
            found[name] = tuple(statistics.median(column) for column in zip(*samples, strict=True))
    part.add(f"{OURS}, a row", *found[OURS])
    part.add(f"{IPYWIDGETS}, a counter", *found[IPYWIDGETS][:4], None)
    for way, size in zip(("up", "down"), found[OURS][2:4], strict=True):
        part.judge(f"said {way} about one row, without Jupyter's envelopes", size, "bytes", 500)
    part.judge("all bytes / a counter of ipywidgets", sum(found[OURS][:2]) / sum(found[IPYWIDGETS][:2]), "x")
    part.judge("rows touched in the page", found[OURS][4], "", 1)
    return part


def inputs(desk: Desk) -> Part:
    """Five hundred fields on one panel: a key in one of them until its length is shown elsewhere."""
    fields, keys = 500, 5 if desk.quick else 40
    field = fields // 2
    part = Part(f"{fields} fields on one panel: a key until the length of the text shows elsewhere, {keys} keys; ms", COLUMNS)
    cells = [f"FIELDS, FIELD = {fields}, {field}\n{FIELDS[name]}" for name in (OURS, IPYWIDGETS)]
    opened: dict[str, float] = {}
    with desk.notebook(cells, scrolled=True) as notebook:
        samples: dict[str, list[Sample | None]] = {}
        for i, name in enumerate((OURS, IPYWIDGETS)):
            start = desk.page.evaluate("() => performance.now()")
            notebook.run(i)
            area = desk.area(notebook, i)
            area.locator("input").nth(fields - 1).wait_for(state="attached")
            opened[name] = desk.page.evaluate("() => performance.now()") - start
            notebook.wait_idle()
            area.locator("input").nth(field).click()
            samples[name] = [
                watched(desk.page, area, lambda: desk.page.keyboard.press("x"), "keydown", r"count=\d+", name == OURS) for _ in range(keys)
            ]
    tell(part, samples)
    for name, milliseconds in opened.items():
        part.judge(f"{name}: from running the cell until all fields are there", milliseconds, "ms")
    return part


@dataclass(frozen=True)
class Weight:
    """What some panels in a fresh notebook of a fresh page weigh."""

    shown: float
    answered: float
    socket: int
    files: int
    saved: int
    with_state: int
    heap: int
    renderer: int
    kernel: int


def weigh(desk: Desk, name: str, number: int) -> Weight:
    """``number`` counters of ``name``, shown and clicked once each."""
    with desk.notebook([PREPARE[name], f"counters({number})"], anew=True) as notebook:
        notebook.run(0)
        notebook.wait_idle()
        before = saved(notebook)
        kernel = desk.kernel()
        heap, renderer, rss = desk.heap(), desk.renderers(), kernel.memory_info().rss
        desk.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1; }")
        desk.wire.reset()
        shown, answered = desk.page.evaluate(ANSWERED, [number, 60_000])
        desk.wire.settle()
        notebook.wait_idle()
        socket, files = desk.wire.bytes_up + desk.wire.bytes_down, desk.wire.files
        after = saved(notebook)
        notebook.command("@jupyter-widgets/jupyterlab-manager:saveWidgetState")
        with_state = saved(notebook)
        notebook.command("@jupyter-widgets/jupyterlab-manager:saveWidgetState")
        heap, renderer, rss = desk.heap() - heap, desk.renderers() - renderer, kernel.memory_info().rss - rss
    return Weight(shown, answered, socket, files, after - before, with_state - before, heap, renderer, rss)


def saved(notebook: Notebook) -> int:
    """Bytes of the notebook as JupyterLab saves it now."""
    notebook.command("docmanager:save")
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    return (notebook.lab.folder / notebook.name).stat().st_size


def twenty(desk: Desk) -> Part:
    """Twenty panels beside one, each in a fresh notebook of a fresh page."""
    columns = (
        "all shown ms",
        "answered ms",
        "socket kB",
        "files kB",
        "saved kB",
        "with state kB",
        "page kB each",
        "process kB each",
        "kernel kB each",
    )
    part = Part("20 panels in a fresh page; memory is each panel's beyond the first", columns)
    for name in (OURS, IPYWIDGETS) if desk.quick else (OURS, IPYWIDGETS, ANYWIDGET):
        one, all_ = weigh(desk, name, 1), weigh(desk, name, 20)
        each = tuple((b - a) / 19 / 1e3 for a, b in ((one.heap, all_.heap), (one.renderer, all_.renderer), (one.kernel, all_.kernel)))
        for number, found, memory in ((1, one, (None,) * 3), (20, all_, each)):
            sizes = (found.socket / 1e3, found.files / 1e3, found.saved / 1e3, found.with_state / 1e3)
            part.add(f"{name}, {number}", found.shown, found.answered, *sizes, *memory)
        if name == OURS:
            part.judge("bytes of files and socket, 20 panels / 1", (all_.files + all_.socket) / (one.files + one.socket), "x", 1.2)
            part.judge("bytes on the socket, each panel beyond the first", (all_.socket - one.socket) / 19 / 1e3, "kB")
            part.judge("added to the notebook", all_.saved / 1e3, "kB", 50)
            part.judge("added to the notebook with widget state", all_.with_state / 1e3, "kB", 60)
    return part
