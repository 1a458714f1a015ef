"""Real panels that use real extensions: files, a web server, the store, notifications, queries; granted, and not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nexus_jupyter import Panel
from nexus_jupyter.errors import CapabilityError
from nexus_jupyter.panel import policy
from nexus_jupyter.protocol import Emitted, KernelMessage


@pytest.fixture
def permitted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A configuration that grants what documents ask for, in a folder of the test."""
    monkeypatch.setenv("NEXUS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(policy, "configured", lambda: policy.Policy(mode="always"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def server() -> Iterator[str]:
    """A server that answers with what it was asked."""

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"path": self.path, "cookie": self.headers.get("Cookie")}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=running.serve_forever, args=(0.05,))
    thread.start()
    yield f"127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join()


def document(extension: str, body: str) -> str:
    return f"""<NexusPanel id="p"><Logic>{extension}
      <Tool name="go" description="d"><Handler><![CDATA[{body}]]></Handler></Tool></Logic></NexusPanel>"""


FILES = document(
    '<Extension name="nexus.fs" root="notes" mode="write" reason="r"/>',
    "await $ext.fs.write('a.txt', 'hello'); const all = await $ext.fs.list(); const text = await $ext.fs.read('a.txt');"
    " await $ext.fs.delete('a.txt'); let out = ''; try { await $ext.fs.read('../secret.txt') } catch (e) { out = e.name }"
    " return [text, all.map(f => f.name), (await $ext.fs.list()).length, out]",
)


def test_files(permitted: None, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    with Panel(FILES) as panel:
        text, names, left, refused = panel.call("go")
    assert (text, names, left) == ("hello", ["a.txt"], 0)
    assert refused.endswith("Error")


def test_a_web_server(permitted: None, server: str) -> None:
    body = f"const r = await $ext.http.get('http://{server}/x', {{query: {{q: 'a b'}}}}); return [r.status, r.ok, r.json]"
    with Panel(document(f'<Extension name="nexus.http" hosts="{server}" reason="r"/>', body)) as panel:
        status, ok, answer = panel.call("go")
    assert (status, ok) == (200, True)
    assert answer["path"] in ("/x?q=a+b", "/x?q=a%20b")
    assert answer["cookie"] is None


def test_another_server_is_not_reached(permitted: None, server: str) -> None:
    body = f"try {{ await $ext.http.get('http://{server}/x') }} catch (e) {{ return e.name }}"
    with Panel(document('<Extension name="nexus.http" hosts="api.example.org" reason="r"/>', body)) as panel:
        assert panel.call("go") == "CapabilityError"


def test_the_store_outlives_the_panel(permitted: None) -> None:
    text = document(
        '<Extension name="nexus.store" reason="r"/>',
        "const n = ((await $ext.store.get('n')) ?? 0) + 1; await $ext.store.set('n', n); return [n, await $ext.store.keys()]",
    )
    with Panel(text) as panel:
        assert panel.call("go") == [1, ["n"]]
    with Panel(text) as panel:
        assert panel.call("go") == [2, ["n"]]


def test_queries_over_a_frame(permitted: None) -> None:
    text = document(
        '<Extension name="nexus.sql" reason="r"/>',
        "const {rows, columns} = await $ext.sql.query('select name, total from orders where total > ? order by total', [10]);"
        " return [rows, columns]",
    )
    orders = pd.DataFrame({"name": ["a", "b", "c"], "total": [5, 20, 30]})
    with Panel(text, frames={"orders": orders}) as panel:
        assert panel.call("go") == [[{"name": "b", "total": 20}, {"name": "c", "total": 30}], ["name", "total"]]


def test_a_notification_reaches_the_pages(permitted: None) -> None:
    heard: list[KernelMessage] = []
    told = threading.Event()

    def page(messages: tuple[KernelMessage, ...]) -> None:
        heard.extend(messages)
        if any(isinstance(each, Emitted) for each in messages):
            told.set()

    text = document('<Extension name="nexus.notify" reason="r"/>', "await $ext.notify.show('done', {level: 'success'})")
    with Panel(text) as panel:
        panel.runtime.subscribe(page)
        panel.call("go")
        assert told.wait(20)
    emitted = [each for each in heard if isinstance(each, Emitted)]
    assert [each.event for each in emitted] == ["notify"]
    assert "done" in json.dumps(emitted[0].payload)


@pytest.mark.parametrize("name", ["fs", "http", "store", "notify", "sql"])
def test_without_a_grant_none_of_them_does_anything(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEXUS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes").mkdir()
    calls = {
        "fs": ('root="notes" mode="write"', "write('a', 'x')"),
        "http": ('hosts="127.0.0.1:9"', "get('http://127.0.0.1:9/')"),
        "store": ("", "set('a', 1)"),
        "notify": ("", "show('x')"),
        "sql": ("", "query('select 1')"),
    }
    options, call = calls[name]
    with (
        Panel(document(f'<Extension name="nexus.{name}" {options} reason="r"/>', f"await $ext.{name}.{call}")) as panel,
        pytest.raises(CapabilityError),
    ):
        panel.call("go")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["notes"]
