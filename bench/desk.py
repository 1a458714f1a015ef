"""What the measurements of a page share: one JupyterLab, one browser, and notebooks opened in them one after another."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from playwright.sync_api import Browser, CDPSession, Locator, Page, sync_playwright

from .floors import echo
from .lab import FLAGS, Lab, Notebook, chromium, running_lab
from .probe import TAP
from .wire import Wire

KERNEL = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id"


@dataclass
class Desk:
    """A page with JupyterLab in it.  ``quick``: few samples, to see that all works."""

    lab: Lab
    browser: Browser
    page: Page
    echo: str
    quick: bool
    wire: Wire = field(init=False)
    developer: CDPSession = field(init=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.wire = Wire(self.page)
        self.developer = self.page.context.new_cdp_session(self.page)

    @contextlib.contextmanager
    def notebook(self, cells: Sequence[str], *, anew: bool = False, scrolled: bool = False) -> Iterator[Notebook]:
        """A notebook with these cells, open, with a kernel of its own, which ends with the context.

        ``anew``: in a page that has kept nothing, and loads all files again; ``scrolled``: outputs are boxes that scroll.
        """
        if anew:
            self.page.goto("about:blank")
            self.developer.send("Storage.clearDataForOrigin", {"origin": self.lab.url, "storageTypes": "all"})
            self.developer.send("Network.clearBrowserCache")
        made = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source, metadata={"scrolled": True} if scrolled else {}) for source in cells],
            metadata={"kernelspec": {"name": "nexus", "display_name": "nexus", "language": "python"}},
        )
        name = f"bench-{next(self._numbers)}.ipynb"
        nbformat.write(made, self.lab.folder / name)
        opened = Notebook(self.page, self.lab, name).open()
        try:
            yield opened
        finally:
            opened.shutdown()
            opened.clear()

    def area(self, notebook: Notebook, number: int) -> Locator:
        """The output area of a code cell."""
        return notebook.cell(number).locator(".jp-OutputArea")

    def kernel(self) -> psutil.Process:
        """The process of the kernel of the open notebook."""
        name = f"kernel-{self.page.evaluate(KERNEL)}.json"
        assert self.lab.server is not None
        children = psutil.Process(self.lab.server.pid).children(recursive=True)
        return next(child for child in children if any(name in word for word in child.cmdline()))

    def heap(self) -> int:
        """Bytes of the page's heap after a collection, with what its WebAssembly memories and buffers hold."""
        self.developer.send("HeapProfiler.collectGarbage")
        used = self.developer.send("Runtime.getHeapUsage")
        return int(used["usedSize"] + used.get("embedderHeapUsedSize", 0) + used.get("backingStorageSize", 0))

    def renderers(self) -> int:
        """Bytes that belong to the processes of pages alone; their workers are among them."""
        session = self.browser.new_browser_cdp_session()
        told = session.send("SystemInfo.getProcessInfo")["processInfo"]
        session.detach()
        return sum(psutil.Process(each["id"]).memory_full_info().uss for each in told if each["type"] == "renderer")


@contextlib.contextmanager
def desk(quick: bool) -> Iterator[Desk]:
    """A desk; all that it consists of ends with the context."""
    with tempfile.TemporaryDirectory() as home, running_lab(Path(home)) as lab, echo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
        page.set_default_timeout(120_000)
        page.add_init_script(TAP)
        try:
            yield Desk(lab, browser, page, url, quick)
        finally:
            browser.close()
