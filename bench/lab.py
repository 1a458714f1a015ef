"""A real JupyterLab on loopback and a notebook open in it, for measurements and browser tests."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as PageTimeout

ROOT = Path(__file__).parent.parent
ARTIFACTS = ROOT / "tests" / "artifacts"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]


def chromium() -> str:
    """The browser to drive."""
    named = os.environ.get("NEXUS_CHROMIUM")
    found = named or next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
    if found is None:
        raise RuntimeError("no Chromium found: install it (Debian: apt-get install chromium) or set NEXUS_CHROMIUM to its path")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Lab:
    """One JupyterLab server on loopback, with folders of its own."""

    url: str
    folder: Path
    log: Path
    command: list[str]
    environment: dict[str, str]
    server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with self.log.open("ab") as sink:
            self.server = subprocess.Popen(
                self.command, stdout=sink, stderr=subprocess.STDOUT, env=self.environment, start_new_session=True
            )
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/api?token=test", timeout=2):
                return
            assert self.server.poll() is None, self.log.read_text(errors="replace")
            assert time.monotonic() < deadline, self.log.read_text(errors="replace")
            time.sleep(0.2)

    def kill(self) -> None:
        """End the server at once, as a crash would; its kernels notice by themselves."""
        assert self.server is not None
        self.server.kill()
        self.server.wait(5)

    def stop(self) -> None:
        """End the server and what it started."""
        server, self.server = self.server, None
        if server is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(5)

    def write(self, name: str, cells: list[str], *, kernel: str = "nexus") -> str:
        """Put a notebook with these code cells into the server's folder."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        nbformat.write(notebook, self.folder / name)
        return name


# jupyter-ai is installed for the tests of the chat; elsewhere it would cost each start some seconds
AI_SERVER = [
    "jupyter_ai_acp_client", "jupyter_ai_chat_commands", "jupyter_ai_jupyternaut", "jupyter_ai_litellm", "jupyter_ai_persona_manager",
    "jupyter_ai_router", "jupyter_ai_tools", "jupyter_live_content", "jupyter_server_mcp", "jupyterlab_chat", "jupyterlab_commands_toolkit",
]  # fmt: skip
AI_PAGE = [
    "@jupyter-ai", "@jupyter-ai-contrib", "jupyterlab-ai-commands", "jupyterlab-cell-input-footer-extension", "jupyterlab-chat-extension",
    "jupyterlab-commands-toolkit", "jupyterlab-diff",
]  # fmt: skip


def without_ai(config: Path) -> None:
    """Have the server of this config folder do without jupyter-ai."""
    off = {"ServerApp": {"jpserver_extensions": dict.fromkeys(AI_SERVER, False)}}
    (config / "jupyter_server_config.json").write_text(json.dumps(off), encoding="utf-8")
    installed = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    names = [f"{name}/{each.name}" for name in AI_PAGE if name.startswith("@") for each in sorted(installed.glob(f"{name}/*"))]
    page = {"disabledExtensions": dict.fromkeys([*names, *(n for n in AI_PAGE if not n.startswith("@"))], True)}
    (config / "labconfig").mkdir()
    (config / "labconfig" / "page_config.json").write_text(json.dumps(page), encoding="utf-8")


@contextlib.contextmanager
def running_lab(home: Path, *options: str, environment: Mapping[str, str] | None = None, ai: bool = False) -> Iterator[Lab]:
    """A server with all its folders under ``home`` and more command-line ``options``; ended with the context.

    ``ai``: with jupyter-ai.
    """
    folder = home / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns("*.py", ".ipynb_checkpoints"))
    # a first start would ask about news; a test is nobody to ask
    settings = home / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8")
    if not ai:
        without_ai(home / "config")
    port = free_port()
    log = home / "lab.log"
    variables = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "TZ": "Europe/Berlin",
        # what jupyter-ai's parts would fetch at start
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "FASTMCP_CHECK_FOR_UPDATES": "off",
        **(environment or {}),
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=test", f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True",
        # jupyter-ai's tool server listens on one fixed port unless told; two servers on a machine would collide
        f"--MCPExtensionApp.mcp_port={free_port()}", *options,
    ]  # fmt: skip
    lab = Lab(f"http://127.0.0.1:{port}", folder, log, command, variables)
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


# The indicator in the toolbar says idle before there is a connection; this asks the session itself.
READY = """() => {
  const context = window.jupyterapp?.shell.currentWidget?.sessionContext;
  const kernel = context?.session?.kernel;
  return Boolean(context?.isReady && kernel?.connectionStatus === 'connected' && kernel.status === 'idle');
}"""

# A request to the control channel, which answers in order.
SETTLED = """async () => {
  const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
  if (!kernel?.supportsSubshells) return;
  const answered = kernel.requestListSubshell({}).done.catch(() => undefined);
  await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, 5000))]);
}"""

# The request that the code cell's output belongs to: another one with each execution.
EXECUTION = """(number) => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets.filter((cell) => cell.model.type === 'code');
  return cells[number].outputArea?.future;
}"""


@dataclass
class Notebook:
    """A notebook open in a page."""

    page: Page
    lab: Lab
    name: str
    errors: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)

    def open(self) -> Notebook:
        """Open it and wait for its kernel; in a page that has JupyterLab, without loading that again."""
        if self.page.url.startswith(f"{self.lab.url}/lab"):
            self.command("docmanager:open", {"path": self.name})
            self.page.wait_for_function("(name) => window.jupyterapp.shell.currentWidget?.context?.path === name", arg=self.name)
        else:
            self.page.goto(f"{self.lab.url}/lab/tree/{self.name}?token=test&reset")
        self.wait_idle()
        return self

    def clear(self) -> None:
        """Close all that is open, saved or not, and wait until JupyterLab has drawn that."""
        self.page.evaluate("""async () => {
          for (const each of [...window.jupyterapp.shell.widgets('main')]) each.dispose();
          await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50)));
        }""")

    def wait_idle(self) -> None:
        """Wait until the notebook is there and its kernel is connected and idle."""
        self.page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell", timeout=60_000)
        self.page.wait_for_function(READY, timeout=60_000)

    def shutdown(self) -> None:
        """End the kernel, once it has made the subshells that JupyterLab asked for, which else tells of them as errors of the page."""
        self.page.evaluate(SETTLED)
        self.command("kernelmenu:shutdown")

    def restart(self) -> None:
        """Start the kernel anew, without a question, once it has made the subshells that JupyterLab asked for."""
        self.page.evaluate(SETTLED)
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")

    def command(self, name: str, arguments: dict[str, object] | None = None) -> None:
        """Execute a command of JupyterLab."""
        # what the command gives back is often no JSON
        self.page.evaluate("async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }", [name, arguments or {}])

    def run_all(self) -> None:
        """Run all cells; returns when they have been started."""
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")

    def cell(self, number: int) -> Locator:
        """The code cell ``number``, from 0."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").nth(number)

    def run(self, number: int) -> Locator:
        """Run one code cell as a user would; gives its output area.

        A page that is still settling may move the focus between the click and the key; a person would press again.
        """
        for _ in range(3):
            self.page.evaluate(f"(number) => {{ window.nexusBefore = ({EXECUTION})(number); }}", number)
            self.cell(number).locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            with contextlib.suppress(PageTimeout):
                self.page.wait_for_function(f"(number) => ({EXECUTION})(number) !== window.nexusBefore", arg=number, timeout=4_000)
                return self.cell(number).locator(".jp-OutputArea")
        raise AssertionError(f"JupyterLab did not run code cell {number}; the page says: {self.text()}")

    def text(self) -> str:
        """What the notebook on the page says, for the message of a test that failed."""
        said = self.page.evaluate("() => window.jupyterapp.shell.currentWidget?.node.innerText ?? document.body.innerText")
        return str(said)[:4_000]

    def ask(self, number: int, expect: str) -> None:
        """Run the code cell ``number`` and wait until its output says ``expect``."""
        self.run(number)
        self.cell(number).locator(".jp-OutputArea-output", has_text=expect).first.wait_for(timeout=20_000)

    def panel(self, title: str) -> Locator:
        """The first view of the panel with this title."""
        return self.page.locator(".nexus-panel", has_text=title).first

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme and wait until it is there."""
        self.command("apputils:change-theme", {"theme": name})
        light = "true" if name.endswith("Light") else "false"
        self.page.wait_for_selector(f'body[data-jp-theme-light="{light}"]', state="attached")
        self.page.wait_for_timeout(500)  # the style sheet of the theme comes after the attribute

    def show(self, target: Locator) -> None:
        """Scroll to ``target``; JupyterLab draws cells only when they come near."""
        target.scroll_into_view_if_needed()
        self.page.wait_for_timeout(600)
        target.scroll_into_view_if_needed()
        self.page.wait_for_timeout(300)

    def screenshot(self, name: str, target: Locator | None = None) -> Path:
        """Keep a picture among the artifacts."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        if target is None:
            self.page.screenshot(path=path)
        else:
            target.screenshot(path=path)
        return path
