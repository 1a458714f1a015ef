"""Clicks until they are seen: counters and long lists beside each other, with Python idle and while a cell sleeps."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping, Sequence

from . import floors
from .desk import Desk
from .lab import Notebook
from .peers import ANYWIDGET, IPYWIDGETS, OURS, PREPARE, ROWS
from .probe import Sample, Target, median, quantile
from .table import Part

COLUMNS = ("DOM p50", "p95", "painted p50", "p95", "n", "lost")
WARM_UP = 3
# Clicks on one counter before the next one's turn.
TURN = 4
# Seconds that the busy cell sleeps, and how long of it is left when the last click is made.
SLEEP, MARGIN = 5.0, 1.0


def counters(desk: Desk, notebook: Notebook) -> dict[str, Target]:
    """Runs the first cells of a notebook of ``COUNTERS``: everybody's counter, and the floors."""
    found: dict[str, Target] = {}
    for i, name in enumerate((OURS, IPYWIDGETS, ANYWIDGET)):
        notebook.run(i)
        area = desk.area(notebook, i)
        button = area.locator("button", has_text="add")
        button.wait_for()
        found[name] = Target(button, area, commits=name == OURS)
    # a page that is about to use a panel gets ready to run it
    found[OURS].button.hover()
    desk.page.wait_for_timeout(2_000)
    notebook.ask(3, "floors")
    for name, line in floors.build(desk.area(notebook, 3).locator(".jp-OutputArea-output"), desk.echo).items():
        found[name] = Target(line.locator("button"), line)
    return found


COUNTERS = [f"{PREPARE[name]}\ncounters(1)" for name in (OURS, IPYWIDGETS, ANYWIDGET)] + ["print('floors')"]


def idle(desk: Desk) -> Part:
    """Counters, clicked in turn, with an idle kernel."""
    rounds = 5 if desk.quick else 60
    part = Part(f"a click on a counter, {rounds} each, in turn; ms", COLUMNS)
    with desk.notebook(COUNTERS) as notebook:
        targets = counters(desk, notebook)
        samples = in_turn(desk, targets, rounds)
    tell(part, samples)
    judge(part, samples)
    return part


def in_turn(desk: Desk, targets: Mapping[str, Target], rounds: int) -> dict[str, list[Sample | None]]:
    """``rounds`` samples of each, some at a time, in an order that changes, after some that do not count.

    The first click of each turn does not count: with it JupyterLab makes another cell the active one, which takes it longer
    than all that is measured here.
    """
    samples: dict[str, list[Sample | None]] = {name: [] for name in targets}
    for number in range(-1, -(-rounds // TURN)):
        for name in random.sample(list(targets), len(targets)):
            targets[name].click(desk.page)
            for _ in range(TURN):
                sample = targets[name].click(desk.page)
                if number >= 0:
                    samples[name].append(sample)
    return samples


def tell(part: Part, samples: Mapping[str, Sequence[Sample | None]]) -> None:
    """A line for each; two of ours, for the first change and for the commit."""
    for name, all_ in samples.items():
        got = [each for each in all_ if each is not None]
        lost = len(all_) - len(got)
        ways = {f"{name}, predicted": ("dom", "painted"), f"{name}, committed": ("committed", "commit_painted")}
        for label, (dom, paint) in (ways if name == OURS else {name: ("dom", "painted")}).items():
            doms, paints = [getattr(each, dom) for each in got], [getattr(each, paint) for each in got]
            if got:
                quantiles = (quantile(doms, 0.5), quantile(doms, 0.95), quantile(paints, 0.5), quantile(paints, 0.95))
                part.add(label, *quantiles, len(got), lost)
            else:
                part.add(label, None, None, None, None, 0, lost)


def judge(part: Part, samples: Mapping[str, Sequence[Sample | None]]) -> None:
    """Our medians against those of the others, as far as there are any."""
    got = {name: [each for each in all_ if each is not None] for name, all_ in samples.items()}
    ours = got[OURS]
    if not ours:
        return
    for name, budget in ((floors.LOCAL, 1.1), (floors.ECHO, 1.1)):
        if got.get(name):
            way = "fast path" if name == floors.LOCAL else "Worker"
            part.judge(f"predicted and painted / {name} ({way})", median(ours, "painted") / median(got[name], "painted"), "x", budget)
    for name, limit in ((IPYWIDGETS, 1.3), (ANYWIDGET, None)):
        if got.get(name):
            part.judge(f"committed and painted / {name}", median(ours, "commit_painted") / median(got[name], "painted"), "x", limit)


def busy(desk: Desk) -> Part:
    """The same clicks while a cell of the same kernel sleeps."""
    rounds = 1 if desk.quick else 8
    part = Part(f"the same while a cell sleeps {SLEEP:.0f} s, {rounds} times, clicked from 0.5 s on; ms", COLUMNS)
    with desk.notebook([*COUNTERS, f"import time; time.sleep({SLEEP})"]) as notebook:
        targets = counters(desk, notebook)
        # all of them: a comm that has told nothing but from cells waits for cells
        before = in_turn(desk, targets, 5)[OURS]
        samples: dict[str, list[Sample | None]] = {name: [] for name in targets}
        # ipywidgets' answer ends the sleep: one click a sleep; of the others the first click of a turn does not count, as in `in_turn`
        for names in ([name for name in targets if name != IPYWIDGETS], [IPYWIDGETS]) * rounds:
            notebook.run(4)
            end = time.monotonic() + SLEEP - MARGIN
            desk.page.wait_for_timeout(500)
            while time.monotonic() < end:
                for name in names:
                    for counts in (True,) if name == IPYWIDGETS else (False, True, True):
                        sample = targets[name].click(desk.page)
                        if counts:
                            samples[name].append(sample)
            notebook.wait_idle()
    tell(part, samples)
    ours, free = [s for s in samples[OURS] if s is not None], [s for s in before if s is not None]
    if ours and free:
        part.judge("predicted and painted, busy / idle", median(ours, "painted") / median(free, "painted"), "x", 1.1)
        part.judge("committed and painted, busy / idle", median(ours, "commit_painted") / median(free, "commit_painted"), "x")
    judge(part, {name: all_ for name, all_ in samples.items() if name not in (IPYWIDGETS, ANYWIDGET)})
    return part


def lists(desk: Desk) -> Part:
    """One row of a thousand changed by a click on it."""
    rows, rounds = 1_000, 5 if desk.quick else 40
    part = Part(f"a click on one row of {rows:,}, {rounds} each, in turn; ms", COLUMNS)
    with desk.notebook([f"ROWS = {rows}\n{ROWS[name]}" for name in (OURS, IPYWIDGETS)], scrolled=True) as notebook:
        samples: dict[str, list[Sample | None]] = {OURS: [], IPYWIDGETS: []}
        for i in range(2):
            notebook.run(i)
            desk.area(notebook, i).locator("button", has_text=f"row {rows - 1} ").wait_for(state="attached")
        desk.area(notebook, 0).locator("button").first.hover()
        desk.page.wait_for_timeout(2_000)
        notebook.wait_idle()
        for number in range(-WARM_UP, rounds):
            for i, name in random.sample([*enumerate(samples)], 2):
                row = random.randrange(rows)
                button = desk.area(notebook, i).locator("button", has_text=re.compile(rf"^row {row} "))
                sample = Target(button, button, r"row \d+ (on|off)", commits=name == OURS).click(desk.page)
                if number >= 0:
                    samples[name].append(sample)
    tell(part, samples)
    judge(part, samples)
    return part
