"""Where one notebook with panels is open: in JupyterLab with its cells, or in Voila without.  What a person does there is the same."""

from __future__ import annotations

import contextlib
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import nbformat
from playwright.sync_api import ConsoleMessage, Locator, Page
from playwright.sync_api import Error as PageError

from bench.lab import ARTIFACTS, Lab, Notebook

# What JupyterLab itself says in an ordinary session and no panel can help; `Cannot send` is its widget manager, which still
# asks for the states of widgets when a test has ended its kernel (ours sends in `js/host/comm.ts`, which throws nothing).
NOT_OURS = re.compile(r"^Cannot send$|favicon|Failed to load resource.*(workspaces|404)|lugin:? '?@jupyter-ai/|restore the debugger state")

# Until the test lets it go, `hold` keeps the thread that calls it, and says so.
PYTHON = """import pathlib, time
import ipywidgets, nexus_jupyter
free, held = pathlib.Path({free!r}), pathlib.Path({held!r})
def hold():
    held.touch()
    while not free.exists():
        time.sleep(0.02)
    held.unlink()
def ask():
    return 'Python'"""

COUNTER = """<NexusPanel id="counter" title="Counter">
  <Data>
    <State name="count" type="number" default="0" />
    <State name="name" type="string" />
    <State name="answer" type="string" default="nothing yet" />
    <State name="occupied" type="number" default="0" />
  </Data>
  <Logic>
    <Extension name="nexus.python" alias="py" />
    <Tool name="add" description="Add a number"><Arg name="by" type="number" default="1" /><Handler>$state.count += $args.by;</Handler></Tool>
    <Tool name="reset" description="Begin anew"><Handler>$state.count = 0; $state.name = ''; $state.answer = 'nothing yet';</Handler></Tool>
    <Tool name="fail" description="Throw"><Handler>throw new Error('No luck today');</Handler></Tool>
    <Tool name="ask" description="Ask Python"><Handler>$state.answer = await $ext.py.ask();</Handler></Tool>
    <Tool name="occupy" description="Have Python be busy"><Handler>$state.occupied += 1;</Handler></Tool>
  </Logic>
  <View>
    <Layout strategy="row" gap="sm">
      <Metric label="Count" value="{$state.count}" />
      <Button label="Add one" trigger="add" />
      <Button label="Begin anew" trigger="reset" />
      <Button label="Fail" trigger="fail" />
      <Button label="Ask Python" trigger="ask" />
      <Button label="Occupy" trigger="occupy" />
      <Input bind="$state.name" label="Your name" />
      <Text>Hello {$state.name || 'nobody'}, {$state.answer}</Text>
    </Layout>
  </View>
</NexusPanel>"""

TODO = """<NexusPanel id="todo" title="To do">
  <Data>
    <State name="draft" type="string" />
    <State name="items" type="list" />
    <Computed name="open" value="$state.items.filter(item => !item.done).length" />
  </Data>
  <Logic>
    <Tool name="note" description="Add the draft as a new item">
      <Handler>$state.items.push({ id: $state.items.length + 1, text: $state.draft, done: false }); $state.draft = '';</Handler>
    </Tool>
    <Tool name="clear" description="Remove the finished items">
      <Handler>$state.items = $state.items.filter(item => !item.done);</Handler>
    </Tool>
  </Logic>
  <View>
    <Layout>
      <Text variant="h3">To do ({$state.open} open)</Text>
      <Input bind="$state.draft" label="New item" on:submit="note" />
      <Iterate items="{$state.items}" key="id"><Checkbox bind="$scope.item.done" label="{$scope.item.text}" /></Iterate>
      <Button label="Remove finished" trigger="clear" />
    </Layout>
  </View>
</NexusPanel>"""

# What Python has, where a page shows it, and a button with which it changes a panel.
MIRROR = """said, forty = ipywidgets.Label(), ipywidgets.Button(description='Python says forty')
def tell(_=None):
    items = [(item['text'], item['done']) for item in todo.state.items]
    said.value = f"Python has {counter.state.count}, {counter.state.name}, {items}"
counter.state.observe(tell, ['count', 'name'])
counter.state.observe(lambda _: hold(), 'occupied')
todo.state.observe(tell, 'items')
def say_forty(_):
    counter.state.count = 40
forty.on_click(say_forty)
tell()
ipywidgets.HBox([said, forty])"""

AGAIN = f"again = nexus_jupyter.Panel('''{COUNTER}''', id='again', functions=[ask])\ndisplay(again)\nhold()"
# The cells that only JupyterLab has: one that holds on, and one that does after it has made a panel.
HOLD, MAKE_AND_HOLD = 4, 5


def write(path: Path, free: Path, *, kernel: str, more: bool) -> None:
    """Put the notebook into a file; ``more``: with the cells that Voila could not wait for."""
    load = "%load_ext nexus_jupyter\n" if kernel != "nexus" else ""
    setup = load + PYTHON.format(free=str(free), held=str(free.with_name("held")))
    cells = [setup, f"%%nxml counter --functions ask\n{COUNTER}", f"%%nxml todo\n{TODO}", MIRROR]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in (*cells, *(["hold()", AGAIN] if more else []))],
        metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
    )
    nbformat.write(notebook, path)


@contextlib.contextmanager
def heard(page: Page, errors: list[str]) -> Iterator[None]:
    """What goes wrong in the page is added to ``errors``."""

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not NOT_OURS.search(message.text):
            errors.append(message.text[:500])

    def thrown(error: PageError) -> None:
        if not NOT_OURS.search(str(error)):
            errors.append(str(error)[:500])

    page.on("console", said)
    page.on("pageerror", thrown)
    yield
    page.remove_listener("console", said)
    page.remove_listener("pageerror", thrown)


@dataclass
class Place(ABC):
    """The notebook, open.

    ``answers``: the kernel does while its main thread is busy; ``predicts``: pages run panels, too; ``keeps``: a page that is loaded
    again finds its kernel.
    """

    front: str
    page: Page
    free: Path
    answers: bool
    predicts: bool
    keeps: bool
    errors: list[str] = field(default_factory=list)

    @property
    def counter(self) -> Locator:
        return self.panel("Add one")

    @property
    def todo(self) -> Locator:
        return self.panel("To do (")

    def panel(self, text: str) -> Locator:
        """The first panel that says this."""
        return self.page.locator(".nexus-panel", has_text=text).first

    @property
    def python(self) -> Locator:
        """What Python has."""
        return self.page.locator(".widget-label", has_text="Python has").first

    @property
    def forty(self) -> Locator:
        return self.page.locator("button.jupyter-button", has_text="Python says forty")

    def text(self) -> str:
        """What the page says, for the message of a test that failed."""
        return self.page.locator("body").inner_text()[:4_000]

    def screenshot(self, name: str, target: Locator | None = None) -> None:
        """Keep a picture of the page, or of a place in it, among the artifacts."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        (self.page if target is None else target).screenshot(path=ARTIFACTS / f"{name}.png")

    @abstractmethod
    def reload(self) -> None:
        """Load the page again, as a person does."""

    @abstractmethod
    def occupy(self) -> None:
        """Have Python's main thread hold on."""

    @contextlib.contextmanager
    def occupied(self) -> Iterator[None]:
        """In the context Python's main thread is busy."""
        with self.holding():
            self.occupy()
            yield

    @contextlib.contextmanager
    def holding(self) -> Iterator[None]:
        """What holds on in the context is let go after it; entered when it does."""
        self.free.unlink(missing_ok=True)
        try:
            yield
        finally:
            self.free.touch()
        eventually(lambda: not self.free.with_name("held").exists(), "Python is still busy")

    def wait_held(self) -> None:
        """Wait until something holds on."""
        eventually(self.free.with_name("held").exists, "Python is not busy")


def eventually(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait until ``condition`` holds; ``what`` is said when it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@dataclass
class InLab(Place):
    """In JupyterLab."""

    notebook: Notebook = field(kw_only=True)

    def start(self) -> None:
        """Open the notebook and run what is not to hold on."""
        self.notebook.open()
        for number in range(HOLD):
            self.notebook.run(number)
        self.python.wait_for()
        self.notebook.wait_idle()

    def reload(self) -> None:
        self.notebook.command("docmanager:save")
        self.page.reload()
        self.notebook.wait_idle()

    def occupy(self) -> None:
        self.notebook.run(HOLD)
        self.wait_held()


@dataclass
class InVoila(Place):
    """In Voila."""

    url: str = field(kw_only=True)

    def start(self) -> None:
        """Come as a visitor."""
        self.page.goto(self.url)
        self.python.wait_for()

    def reload(self) -> None:
        self.page.reload()
        self.python.wait_for()

    def occupy(self) -> None:
        self.counter.get_by_role("button", name="Occupy").click()
        self.wait_held()


@contextlib.contextmanager
def subshells(lab: Lab, page: Page, mode: str) -> Iterator[None]:
    """In the context JupyterLab sends the messages of comms as its setting ``mode`` says: ``disabled``, ``perCommTarget``, …"""

    def choose(raw: str, now: str) -> None:
        address = f"{lab.url}/lab/api/settings/@jupyterlab/apputils-extension:kernels-settings"
        httpx.put(address, json={"raw": raw}, headers={"Authorization": "token test"}).raise_for_status()  # for when it is loaded again
        page.evaluate("(mode) => { if (window.jupyterapp) window.jupyterapp.serviceManager.kernels.commsOverSubshells = mode; }", now)

    choose(f'{{"commsOverSubshells": "{mode}"}}', mode)
    yield
    choose("{}", "perCommTarget")
