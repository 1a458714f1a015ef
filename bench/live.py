"""How live panels are in a page: ``python -m bench.live [part …] [--quick] [--json FILE]``.

A real JupyterLab in real Chromium, everything of a part in one run, beside ipywidgets, anywidget and the page's own floors:

* ``clicks``: a counter, from a trusted click's time stamp until the DOM differs and until that is painted (a double
  ``requestAnimationFrame`` after it).  *Predicted* is the first change; *committed*, that the frame with the kernel's commit
  has come, too.  Where pages wait for the kernel the two are the same;
* ``busy``: the same while a cell sleeps;
* ``lists``: a row of a thousand;
* ``row``: bytes each way for one changed row of ten thousand, and what of the page it touches;
* ``inputs``: five hundred bound fields on one panel;
* ``twenty``: twenty panels: bytes, time until all answer, what the notebook grows by, memory in page and kernel;
* ``reruns``: memory of a kernel whose cell is run ten thousand times; needs no browser.

All of them by default.  ``--quick`` takes few samples, which say that all works and little about how fast.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path

from .clicks import busy, idle, lists
from .desk import Desk, desk
from .reruns import reruns
from .sizes import inputs, row, twenty
from .table import Part, over

IN_PAGES: dict[str, Callable[[Desk], Part]] = {
    "clicks": idle, "busy": busy, "lists": lists, "row": row, "inputs": inputs, "twenty": twenty,
}  # fmt: skip


def main() -> None:
    """Measure and print; ``--json`` keeps the numbers."""
    parser = argparse.ArgumentParser(prog="bench.live", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", choices=[*IN_PAGES, "reruns", []], help="which; all by default")
    parser.add_argument("--quick", action="store_true", help="few samples")
    parser.add_argument("--json", type=Path, help="a file for the numbers")
    options = parser.parse_args()
    wanted = options.part or [*IN_PAGES, "reruns"]
    parts: dict[str, Part] = {}

    def found(name: str, part: Part) -> None:
        parts[name] = part
        print(f"{part}\n", flush=True)

    in_pages = [name for name in IN_PAGES if name in wanted]
    if in_pages:
        with desk(options.quick) as opened:
            for name in in_pages:
                found(name, IN_PAGES[name](opened))
    if "reruns" in wanted:
        found("reruns", reruns(options.quick))
    for each in over([*parts.values()]):
        print(f"over its budget: {each}")
    if options.json:
        told = {"load": os.getloadavg(), "quick": options.quick, "parts": {name: part.as_json() for name, part in parts.items()}}
        options.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
