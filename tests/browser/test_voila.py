"""The dashboard as visitors get it: a real Voila, real browsers, and visitors of every kind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, WebSocket, expect

from bench.lab import ARTIFACTS, ROOT
from bench.voila import Voila, running_voila

from .places import eventually

pytestmark = pytest.mark.browser

DASHBOARD = ROOT / "notebooks" / "dashboard.ipynb"
# Seconds after which a kernel that nobody is connected to ends.  A page needs some to connect.
LEFT_ALONE = 10

WANTS = """%%nxml wants
<NexusPanel id="wants" title="Wants more">
  <Data><State name="answer" type="string" default="nothing yet" /></Data>
  <Logic>
    <Extension name="nexus.http" alias="http" />
    <Extension name="nexus.fs" alias="fs" />
    <Extension name="nexus.python" alias="py" />
    <Tool name="fetch" description="Ask a server"><Handler>$state.answer = await $ext.http.get('http://127.0.0.1:9/');</Handler></Tool>
    <Tool name="read" description="Read a file"><Handler>$state.answer = await $ext.fs.read('/etc/passwd');</Handler></Tool>
    <Tool name="call" description="Call Python"><Handler>$state.answer = await $ext.py.secret();</Handler></Tool>
  </Logic>
  <View>
    <Text>Answer: {$state.answer}</Text>
    <Button label="Fetch" trigger="fetch" />
    <Button label="Read" trigger="read" />
    <Button label="Call" trigger="call" />
  </View>
</NexusPanel>"""
BROKEN = """%%nxml broken
<NexusPanel title="Broken">
  <Logic><Tool name="go"><Handler>const password = 'hunter2'; return $state.nowhere;</Handler></Tool></Logic>
  <View><Button label="hunter2" trigger="go" colour="red" /><Wrong attribute=hunter2 /></View>
</NexusPanel>"""


@dataclass
class Visit:
    """A visitor's page, and what went over its wires."""

    page: Page
    html: str = ""
    frames: list[bytes] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    left: bool = False

    def leave(self) -> None:
        """Close the page.  What it still asks of the kernel that ends with it is refused, which nobody sees any more."""
        self.left = True
        self.page.close(run_before_unload=True)

    @property
    def kernel(self) -> str:
        text = self.page.locator("#jupyter-config-data").text_content()
        assert text is not None
        return str(json.loads(text)["kernelId"])

    def received(self) -> bytes:
        """All that the server sent about the notebook."""
        return self.html.encode() + b"".join(self.frames)

    def screenshot(self, name: str) -> None:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


Visitor = Callable[..., Visit]


def ended_with_kernels(notebook: Path, home: Path, *options: str) -> Iterator[Voila]:
    with running_voila(notebook, home, options) as running:
        yield running
        kernels = running.kernels()
    eventually(lambda: not any(psutil.pid_exists(kernel) for kernel in kernels), "kernels outlived their server")


@pytest.fixture(scope="module")
def voila(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voila]:
    """A server of the dashboard."""
    yield from ended_with_kernels(
        DASHBOARD,
        tmp_path_factory.mktemp("voila"),
        f"--MappingKernelManager.cull_idle_timeout={LEFT_ALONE}",
        "--MappingKernelManager.cull_interval=1",
    )


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Voila]:
    """A server of notebooks that want too much or are broken."""
    home = tmp_path_factory.mktemp("others")
    folder = home / "notebooks"
    folder.mkdir()
    for name, source in (("wants", WANTS), ("broken", BROKEN)):
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell("def secret():\n    return 'hunter2'"), nbformat.v4.new_code_cell(source)],
            metadata={"kernelspec": {"name": "nexus", "display_name": "nexus", "language": "python"}},
        )
        nbformat.write(notebook, folder / f"{name}.ipynb")
    yield from ended_with_kernels(folder, home)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visitor]:
    """Opens a page as a visitor of its own; no page may log an error or ask another host for anything."""
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def opened(url: str, *, width: int = 1280, panel: bool = True) -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB", timezone_id="Europe/Berlin")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        one = Visit(page)
        visits.append(one)

        def said(message: ConsoleMessage) -> None:
            if message.type == "error" and not one.left:
                one.errors.append(message.text[:500])

        def asked(request: Request) -> None:
            if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
                one.foreign.append(request.url)

        def connected(socket: WebSocket) -> None:
            if not socket.url.startswith("ws://127.0.0.1:"):
                one.foreign.append(socket.url)
            socket.on("framereceived", lambda frame: one.frames.append(frame if isinstance(frame, bytes) else frame.encode()))

        page.on("console", said)
        page.on("pageerror", lambda error: one.errors.append(str(error)[:500]))
        page.on("request", asked)
        page.on("websocket", connected)
        answer = page.goto(url)
        assert answer is not None
        one.html = answer.text()
        if panel:
            page.locator(".nexus-panel").wait_for(timeout=30_000)
        return one

    yield opened
    for context in contexts:
        context.close()
    for one in visits:
        assert one.errors == [], "the browser's console shows errors"
        assert one.foreign == [], "the page asked other hosts"


def metric(page: Page, label: str) -> Locator:
    """The number with this name, or the first of several."""
    return page.locator(".nx-metric").filter(has=page.get_by_text(label, exact=True)).locator(".nx-metric-value").first


def characters(page: Page) -> Locator:
    """The buttons of the list of characters."""
    return page.get_by_role("group", name="Characters found").get_by_role("button")


def test_the_dashboard_filters_sorts_and_shows_who_is_chosen(voila: Voila, visit: Visitor) -> None:
    one = visit(voila.url)
    page = one.page
    expect(page).to_have_title("Les Misérables: who meets whom")
    expect(page.locator("#loading")).to_have_count(0)
    expect(page.get_by_role("heading", name="Who meets whom")).to_be_visible()
    expect(page.locator(".nx-placeholder, .nx-unknown")).to_have_count(0)
    one.screenshot("dashboard-light")

    found = page.get_by_role("group", name="Characters found")
    expect(metric(page, "Characters")).to_have_text("77of 77")
    expect(metric(page, "Meets most")).to_have_text("Valjean")
    expect(found.get_by_role("button").first).to_have_text("Valjean")
    page.get_by_role("button", name="A to Z").click()
    expect(found.get_by_role("button").first).to_have_text("Anzelma")
    page.get_by_role("button", name="By people").click()
    expect(found).to_contain_text("36 people")

    page.get_by_label("Find").fill("thenard")
    expect(found.get_by_role("button")).to_have_text(["Thenardier", "Mme Thenardier"])
    expect(metric(page, "Characters")).to_have_text("2of 77")
    expect(metric(page, "Meets most")).to_have_text("Thenardier")
    found.get_by_role("button", name="Mme Thenardier").click()
    expect(page.get_by_role("heading", name="Mme Thenardier")).to_be_visible()
    company = page.get_by_role("group", name="Company", exact=True)
    expect(company.get_by_role("button").first).to_have_text("Thenardier")
    company.get_by_role("button", name="Cosette").click()
    expect(page.get_by_role("heading", name="Cosette")).to_be_visible()

    page.get_by_label("Find").fill("nobody of this name")
    expect(found).to_contain_text("Nobody has a name like that.")
    page.get_by_label("Find").fill("")
    page.get_by_text("Meets 10 or more").click()
    expect(found.get_by_role("button", name="Anzelma")).to_have_count(0)
    expect(found.get_by_role("button", name="Valjean")).to_be_visible()


def test_the_page_is_dark_when_asked_and_fits_a_telephone(voila: Voila, visit: Visitor) -> None:
    one = visit(f"{voila.url}/?theme=dark", width=390)
    page = one.page
    one.screenshot("dashboard-phone-dark")
    assert page.evaluate("getComputedStyle(document.querySelector('.nexus-panel')).colorScheme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 17, 17)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.documentElement.scrollHeight") > 900, "the page itself scrolls"
    page.set_viewport_size({"width": 1280, "height": 900})
    one.screenshot("dashboard-dark")


def test_visitors_do_not_see_each_other(voila: Voila, visit: Visitor) -> None:
    before = voila.kernels()
    first, second = visit(voila.url), visit(voila.url)
    assert first.kernel != second.kernel
    assert len(voila.kernels() - before) == 2

    first.page.get_by_label("Find").fill("a word of the first")
    expect(first.page.get_by_text("Nobody has a name like that.")).to_be_visible()
    characters(second.page).get_by_text("Javert", exact=True).click()
    expect(second.page.get_by_role("heading", name="Javert")).to_be_visible()

    expect(first.page.get_by_role("heading", name="Valjean")).to_be_visible()
    expect(second.page.get_by_label("Find")).to_have_value("")
    expect(characters(second.page)).to_have_count(77)
    assert b"a word of the first" in b"".join(first.frames)
    assert b"a word of the first" not in second.received()

    # who goes takes the kernel along, and only that
    theirs = voila.kernels()
    first.leave()
    eventually(lambda: len(voila.kernels()) == len(theirs) - 1, "the kernel of a visitor who left still runs")
    second.page.get_by_role("button", name="A to Z").click()
    expect(characters(second.page).first).to_have_text("Anzelma")


def test_no_source_reaches_a_visitor(voila: Voila, visit: Visitor) -> None:
    one = visit(voila.url)
    page = one.page
    page.get_by_role("button", name="A to Z").click()
    expect(characters(page).first).to_have_text("Anzelma")
    received = one.received()
    assert b"Valjean" in received
    source = "".join(cell.source for cell in nbformat.read(DASHBOARD, as_version=4).cells if cell.cell_type == "code")
    for piece in ("%%nxml novel_panel", "<NexusPanel", "$state.chosen = $args.name", "betweenness_centrality", "$state.order === 'people'"):
        assert piece in source
        assert piece.encode() not in received
    for path, statuses in (
        ("/voila/files/dashboard.ipynb", {403}),
        ("/voila/files/refresh.py", {403}),
        ("/api/contents/dashboard.ipynb", {403, 404}),
        ("/api/kernels", {403, 404}),
        ("/nexus/api/v1/panels", {403, 404}),
    ):
        answer = page.request.get(f"{voila.url}{path}")
        assert answer.status in statuses, path
        assert "nxml" not in answer.text()


# A visitor with a socket of its own to its kernel: sends what it likes, gives back all it heard until the last
# message is answered.
HOSTILE = """([kernel, requests]) => new Promise((resolve, reject) => {
  const socket = new WebSocket(`ws://${location.host}/api/kernels/${kernel}/channels?session_id=hostile`);
  const heard = [];
  const ends = new Set();
  const round = crypto.randomUUID(); // a kernel takes no message twice
  const message = ([msg_type, content, channel], index) => JSON.stringify({
    header: { msg_id: `${round}-${index}`, msg_type, username: '', session: 'hostile', version: '5.3', date: '' },
    parent_header: {}, metadata: {}, content, channel: channel ?? 'shell', buffers: [],
  });
  socket.onopen = () => requests.forEach((request, index) => socket.send(message(request, index)));
  socket.onmessage = ({ data }) => {
    const answer = JSON.parse(data);
    heard.push({ to: String(answer.parent_header.msg_id).replace(`${round}-`, 'hostile-'), type: answer.header.msg_type, content: answer.content });
    // the kernel's news come over another channel than its answers, each in their own order: both must have come to their end
    if (answer.parent_header.msg_id === `${round}-${requests.length - 1}`) {
      if (answer.header.msg_type === 'kernel_info_reply') ends.add('answers');
      if (answer.content.execution_state === 'idle') ends.add('news');
      if (ends.size === 2) {
        socket.close();
        resolve(heard);
      }
    }
  };
  socket.onerror = () => reject(new Error('no socket'));
  setTimeout(() => reject(new Error(JSON.stringify(heard).slice(0, 2000))), 60000);
})"""


def test_a_hostile_visitor_runs_no_code_and_changes_no_document(voila: Voila, visit: Visitor, tmp_path: Path) -> None:
    one = visit(voila.url)
    page = one.page
    found = page.get_by_role("group", name="Characters found")
    proof = tmp_path / "proof"
    code = f"open({str(proof)!r}, 'w').close()"

    def send(*requests: tuple[Any, ...]) -> list[dict[str, Any]]:
        return page.evaluate(HOSTILE, [one.kernel, [*requests, ("kernel_info_request", {})]])  # type: ignore[no-any-return]

    heard = send(("comm_info_request", {}))
    comms = next(m["content"]["comms"] for m in heard if m["type"] == "comm_info_reply")
    assert "nexus.graph" not in {comm["target_name"] for comm in comms.values()}
    assert comms, "the panel's own comms are there"

    execute = {"code": code, "silent": False, "store_history": False, "user_expressions": {"x": code}, "allow_stdin": False}
    attacks: list[tuple[Any, ...]] = [
        ("execute_request", execute),
        ("execute_request", execute, "control"),
        ("debug_request", {"type": "request", "seq": 1, "command": "evaluate", "arguments": {"expression": code}}, "control"),
        ("create_subshell_request", {}, "control"),
        ("complete_request", {"code": code, "cursor_pos": len(code)}),
        ("inspect_request", {"code": "characters", "cursor_pos": 5}),
        ("history_request", {"output": True, "raw": True, "hist_access_type": "tail", "n": 9}),
        ("input_reply", {"value": code}, "stdin"),
        ("comm_open", {"comm_id": "graph", "target_name": "nexus.graph", "data": {"version": 1}}),
        ("comm_msg", {"comm_id": "graph", "data": {"kind": "call", "id": 1, "request": {"op": "read", "panel": "les-miserables"}}}),
        ("comm_msg", {"comm_id": "nexus.graph", "data": {"kind": "snapshot"}}),
        ("comm_open", {"comm_id": "os", "target_name": "os", "target_module": "os", "data": {}}),
    ]
    bodies: list[object] = [
        None,
        [],
        "text",
        {"method": "custom", "content": None},
        {"method": "custom", "content": {"kind": "eval", "code": code}},
        {"method": "custom", "content": {"kind": "call", "tool": "choose", "args": {"name": "Nobody"}}},
        {"method": "custom", "content": {"kind": "event", "client": "x", "seq": -1, "node": "__proto__", "event": "press", "detail": {}}},
        {
            "method": "custom",
            "content": {"kind": "event", "client": "x", "seq": 1, "node": "0", "event": "change", "detail": {"value": "x" * 3_000_000}},
        },
        {"method": "update", "state": {"_esm": "export default {render(){window.hacked=1}}", "_snapshot": {}, "_bundle": "x"}},
        {"method": "echo_update", "state": {"_esm": "x"}},
        {"method": "request_state"},
    ]
    attacks += [("comm_msg", {"comm_id": comm, "data": body}) for comm in comms for body in bodies]
    heard = send(*attacks)

    refused = {f"hostile-{number}" for number in range(8)}
    assert not [m for m in heard if m["to"] in refused], "Voila passes on comm messages only"
    assert not [m for m in heard if m["type"] in ("execute_reply", "execute_input", "execute_result")]
    assert not proof.exists()
    # the comm is closed in the kernel's answer to its opening, and says nothing else
    assert [m["type"] for m in heard if m["content"].get("comm_id") == "graph"] == ["comm_close"]
    assert not any(b"NexusPanel" in json.dumps(m).encode() for m in heard)
    states = [m["content"]["data"]["state"] for m in heard if m["content"].get("data", {}).get("method") == "update"]
    assert [s for s in states if "_esm" in s], "the panel's model told its state"
    assert not [s for s in states if "hacked" in str(s.get("_esm"))]

    # the comms that the attack opened are no comms of the page, which says so
    one.errors = [error for error in one.errors if error not in ("Comm not found for comm id graph", "Comm not found for comm id os")]

    # not even a message that is none ends the kernel
    page.evaluate(
        """([kernel]) => new Promise((resolve) => {
          const socket = new WebSocket(`ws://${location.host}/api/kernels/${kernel}/channels?session_id=garbage`);
          socket.onopen = () => { socket.send('{"header": '); socket.send(new Uint8Array(100).fill(255)); socket.send('{}'); };
          socket.onclose = resolve;
          setTimeout(() => socket.close(), 500);
        })""",
        [one.kernel],
    )
    heard = send(("comm_info_request", {"target_name": "nexus.graph"}))
    assert next(m["content"]["comms"] for m in heard if m["type"] == "comm_info_reply") == {}
    expect(page.get_by_role("heading", name="Valjean")).to_be_visible()
    found.get_by_role("button", name="Javert").click()
    expect(page.get_by_role("heading", name="Javert")).to_be_visible()
    assert page.evaluate("window.hacked") is None


def test_a_panel_that_wants_more_is_denied_at_the_component(others: Voila, visit: Visitor) -> None:
    one = visit(f"{others.url}/voila/render/wants.ipynb")
    page = one.page
    panel = page.locator(".nexus-panel")
    for name in ("Fetch", "Read", "Call"):
        page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator(".nx-is-Button", has_text=re.compile("granted|available|handed"))).to_have_count(3)
    expect(panel).to_contain_text("Answer: nothing yet")
    one.screenshot("dashboard-denied")
    assert b"hunter2" not in one.received()
    assert b"root:x:" not in one.received()


def test_a_cell_that_failed_is_told_in_plain_words_and_without_its_source(others: Voila, visit: Visitor) -> None:
    evil = "%22%3E%3Cscript%3Ewindow.hacked%3D1%3C/script%3E"
    one = visit(f"{others.url}/voila/render/broken.ipynb?theme={evil}&template={evil}", panel=False)
    page = one.page
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("This dashboard could not be started")
    expect(notice).to_contain_text("part 2 of 2")
    one.screenshot("dashboard-failed")
    assert b"hunter2" not in one.received()
    assert "window.hacked" not in one.html
    assert page.evaluate("window.hacked") is None


def test_a_wrong_address_is_told_in_plain_words(others: Voila, visit: Visitor) -> None:
    one = visit(f"{others.url}/voila/render/nothing.ipynb", panel=False)
    expect(one.page.get_by_role("alert")).to_contain_text("There is nothing here")
    assert "Traceback" not in one.html
    one.errors = [error for error in one.errors if "status of 404" not in error]


def test_kernels_of_visitors_who_vanished_end(voila: Voila) -> None:
    eventually(lambda: not voila.kernels(), "kernels run that nobody uses")
