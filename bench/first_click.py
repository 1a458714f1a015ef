"""From nothing to the first click: ``python -m bench.first_click``.

Measures, in one run:

* ``import nexus_jupyter`` against ``import anywidget`` (median of fresh processes);
* the sandbox: ready in a fresh process with and without the compiled cache, first handler, median handler;
* in JupyterLab: a click until painted, our panel against an ipywidgets Button and Label on the same page,
  clicks interleaved.  *DOM* is the first mutation after the click's time stamp, *painted* a double
  ``requestAnimationFrame`` after it; once more on a server whose kernel sockets keep Nagle's algorithm
  (``NexusExtension.tcp_nodelay = False``), which stalls every second click.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from .lab import FLAGS, Notebook, chromium, running_lab
from .probe import Target, quantile

PANEL = """<NexusPanel id="counter" title="Counter">
  <Data><State name="count" type="number" default="0" /></Data>
  <Logic><Tool name="add"><Handler>$state.count += 1;</Handler></Tool></Logic>
  <View><Layout strategy="row"><Button label="Nexus" trigger="add" /><Text>count={$state.count}</Text></Layout></View>
</NexusPanel>"""

PEER = """import ipywidgets
button, label = ipywidgets.Button(description="Peer"), ipywidgets.Label("count=0")
count = 0
def clicked(_):
    global count
    count += 1
    label.value = f"count={count}"
button.on_click(clicked)
display(ipywidgets.HBox([button, label]))"""

SANDBOX = """
import json, sys, time
t0 = time.perf_counter()
from nexus_jupyter.panel import Panel
t1 = time.perf_counter()
panel = Panel(sys.argv[1])
t2 = time.perf_counter()
panel.call("add")
t3 = time.perf_counter()
times = []
for _ in range(1000):
    t = time.perf_counter(); panel.call("add"); times.append(time.perf_counter() - t)
from nexus_jupyter.protocol import GuestInvoke
guest = panel.runtime.guest
direct = []
for i in range(1000):
    request = GuestInvoke(call=10**6 + i, tool="add", clock=0.0, seed=1, zone="UTC")
    t = time.perf_counter(); guest.request(request); direct.append(time.perf_counter() - t)
panel.close()
times.sort(); direct.sort()
print(json.dumps({"import": t1 - t0, "panel": t2 - t1, "first": t3 - t2, "median": times[500], "p95": times[950], "step": direct[500]}))
"""


def import_time(module: str, rounds: int) -> float:
    """Median seconds to import ``module`` in a fresh process, less an empty process."""

    def once(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    pairs = [(once(f"import {module}"), once("pass")) for _ in range(rounds)]
    return statistics.median(a - b for a, b in pairs)


def sandbox(cache: Path) -> dict[str, float]:
    """One fresh process with its compiled-module cache under ``cache``; seconds."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run([sys.executable, "-c", SANDBOX, PANEL], check=True, capture_output=True, text=True, env=environment)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def clicks(number: int, *options: str) -> dict[str, list[tuple[float, float]]]:
    """``number`` samples each for our panel and for ipywidgets, interleaved on one page; ``options`` are the server's."""
    samples: dict[str, list[tuple[float, float]]] = {"Nexus": [], "Peer": []}
    with tempfile.TemporaryDirectory() as home, running_lab(Path(home), *options) as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        notebook = Notebook(page, lab, lab.write("bench.ipynb", [f"%%nxml\n{PANEL}", PEER])).open()
        pairs = []
        for i, name in enumerate(samples):
            notebook.run(i)
            area = notebook.cell(i).locator(".jp-OutputArea")
            button = area.get_by_role("button", name=name)
            button.wait_for()
            pairs.append((name, Target(button, area)))
        for round_ in range(number + 5):
            for name, target in pairs if round_ % 2 else reversed(pairs):
                sample = target.click(page)
                if sample is None:
                    raise RuntimeError(f"a click on {name} was not answered")
                if round_ >= 5:  # warm-up
                    samples[name].append((sample.dom, sample.painted))
        browser.close()
    return samples


def report(samples: dict[str, list[tuple[float, float]]], server: str) -> dict[str, list[tuple[float, float]]]:
    """Print one server's samples and give them back."""
    medians: dict[str, float] = {}
    for name, label in (("Nexus", f"click, our panel{server}"), ("Peer", f"click, ipywidgets{server}")):
        dom, painted = [s[0] for s in samples[name]], [s[1] for s in samples[name]]
        medians[name] = statistics.median(painted)
        print(
            f"{label:<30} {statistics.median(painted):6.1f} ms   painted p50; p95 {quantile(painted, 0.95):.1f};"
            f" DOM p50 {statistics.median(dom):.1f}, p95 {quantile(dom, 0.95):.1f}; n = {len(dom)}"
        )
    print(f"click, ratio{server:<18} {medians['Nexus'] / medians['Peer']:6.2f}      budget 1.3 x ipywidgets")
    return samples


def main() -> None:
    """Measure and print a table; ``--json`` keeps the numbers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {}

    ours, peer = import_time("nexus_jupyter", options.rounds), import_time("anywidget", options.rounds)
    result["import"] = {"nexus_jupyter": ours, "anywidget": peer, "ratio": ours / peer}
    print(f"import nexus_jupyter         {ours * 1e3:8.1f} ms   {ours / peer:.2f} x import anywidget ({peer * 1e3:.1f} ms), budget 1.3")

    with tempfile.TemporaryDirectory() as cache:
        first_ever = sandbox(Path(cache))
        cached = [sandbox(Path(cache)) for _ in range(options.rounds)]
    result["sandbox"] = {"first_ever": first_ever, "cached": cached}
    middle = {k: statistics.median(c[k] for c in cached) for k in cached[0]}
    print(f"panel made, first ever       {first_ever['panel'] * 1e3:8.1f} ms   compiles the engine")
    print(f"panel made, compiled cache   {middle['panel'] * 1e3:8.1f} ms   engine, guest, program")
    print(f"first handler                {middle['first'] * 1e3:8.3f} ms")
    print(f"median panel.call            {middle['median'] * 1e6:8.0f} us   p95 {middle['p95'] * 1e6:.0f} us, thread hop included")
    print(f"median step in the guest     {middle['step'] * 1e6:8.0f} us   budget 100 us for a handler on a resident panel")

    result["clicks"] = report(clicks(options.clicks), "")
    result["clicks_with_nagle"] = report(clicks(options.clicks, "--NexusExtension.tcp_nodelay=False"), ", with Nagle")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
