"""A page on loopback that runs guests in Workers, under the content policy that a test wants."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "nexus_jupyter" / "static"

_SCRIPTS = "script-src 'self' 'wasm-unsafe-eval'"
POLICIES = {
    "open": "",
    "strict": f"default-src 'none'; {_SCRIPTS}; connect-src 'self'; worker-src blob:",
    "data": f"{_SCRIPTS}; child-src https: data:; worker-src https: data:",
    "nothing": f"{_SCRIPTS}; child-src 'none'; worker-src 'none'",
    "no-wasm": "script-src 'self'; worker-src blob: data:",
}
"""A page's content policy by its name, which is the page's address."""


class _Answer(BaseHTTPRequestHandler):
    script = b""

    def do_GET(self) -> None:
        name = self.path.strip("/")
        content: tuple[str, bytes] | None = None
        if name in POLICIES:
            content = ("text/html", b"<!doctype html><meta charset=utf-8><title>guests</title><script src=page.js></script>")
        elif name == "page.js":
            content = ("text/javascript", self.script)
        elif name in ("guest-code.wasm", "guest-image.wasm"):
            content = ("application/wasm", (STATIC / name).read_bytes())
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", content[0])
        self.send_header("Content-Length", str(len(content[1])))
        if POLICIES.get(name):
            self.send_header("Content-Security-Policy", POLICIES[name])
        self.end_headers()
        self.wfile.write(content[1])

    def log_message(self, format: str, *args: Any) -> None:
        """A test's output is no access log."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The pages' address while they are served; ``folder`` takes the script that is built for them."""
    script = folder / "page.js"
    subprocess.run(
        ["node", "js/test/guest/build.mjs", str(script)],
        cwd=ROOT,
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    handler = type("Answer", (_Answer,), {"script": script.read_bytes()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, name="guest-pages")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class GuestPage:
    """One open page: ``call`` runs a function of ``js/test/guest/page.ts``."""

    def __init__(self, context: BrowserContext, address: str, policy: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(60_000)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{address}/{policy}")

    def call(self, name: str, *args: Any) -> Any:
        """The result of ``lab.name(...args)``, awaited; all of it JSON."""
        # as text: the driver's own way for arguments takes no deep ones, and more time
        run = "async ([name, args]) => JSON.stringify((await lab[name](...JSON.parse(args))) ?? null)"
        return json.loads(self.page.evaluate(run, [name, json.dumps(args)]))

    def start(self, **limits: Any) -> dict[str, Any]:
        """A guest: ``number`` and ``way``; or ``reasons`` why there is none."""
        found: dict[str, Any] = self.call("start", {"step": 60_000, "load": 60_000, **limits})
        return found
