"""Real kernels under a real kernel manager, a bridge to them, and what it hears."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_core.utils import run_sync
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, MappingKernelManager
from jupyter_server.services.sessions.sessionmanager import SessionManager

from nexus_jupyter.errors import NexusError
from nexus_jupyter.nog import NOGGraph
from nexus_jupyter.protocol.bridge import (
    BRIDGE_VERSION,
    CallTool,
    ClosePreview,
    KernelCommit,
    KernelDelta,
    KernelSnapshot,
    OpenPreview,
    PanelDocument,
    PanelInfo,
    Preview,
    ReadPanel,
    Replaced,
    ReplaceDocument,
    TriedDocument,
    TryDocument,
)
from nexus_jupyter.protocol.identity import document_hash
from nexus_jupyter.server.bridge import Bridge, KernelLink, KernelSink
from nexus_jupyter.server.bridge.link import Link
from nexus_jupyter.server.workspace import Workspace

T = TypeVar("T")

COUNTER = """<NexusPanel id="counter" title="Counter">
  <Data><State name="count" type="number" default="0" /></Data>
  <Logic>
    <Tool name="add" description="d"><Arg name="by" type="number" default="1" /><Handler>$state.count += $args.by; return $state.count;</Handler></Tool>
    <Tool name="fail" description="d"><Handler>throw new Error('no luck');</Handler></Tool>
    <Tool name="wait" description="d"><Handler>$state.count = 42; await new Promise(go => setTimeout(go, 60000));</Handler></Tool>
    <Tool name="many" description="d"><Handler>for (let i = 0; i &lt; 200; i++) { $state.count += 1; await new Promise(go => setTimeout(go, 1)); }</Handler></Tool>
  </Logic>
  <View><Button id="add" label="{$state.count}" trigger="add" /></View>
</NexusPanel>"""
CELL = f"%%nxml counter --fresh\n{COUNTER}"


class Heard:
    """A ``KernelSink`` that keeps what it was told, and the graph that comes of it."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.links: dict[str, KernelLink] = {}
        self.graphs: dict[str, NOGGraph] = {}
        self.panels: dict[str, dict[str, PanelInfo]] = {}

    def kernel_snapshot(self, link: KernelLink, snapshot: KernelSnapshot) -> None:
        self.links[link.kernel] = link
        self.graphs[link.kernel] = NOGGraph(snapshot.graph)
        self.panels[link.kernel] = {p.id: p for p in snapshot.panels}
        self.events.append(("snapshot", snapshot))

    def kernel_delta(self, link: KernelLink, delta: KernelDelta) -> None:
        graph = self.graphs[link.kernel]
        graph.apply(delta.patch)
        assert graph.revision == delta.revision
        self.panels[link.kernel].update({p.id: p for p in delta.panels})
        for ended in delta.ended:
            del self.panels[link.kernel][ended]
        self.events.append(("delta", delta))

    def kernel_commit(self, link: KernelLink, commit: KernelCommit) -> None:
        self.events.append(("commit", commit))

    def kernel_renamed(self, link: KernelLink, before: str) -> None:
        self.events.append(("renamed", (before, link.notebook)))

    def kernel_gone(self, link: KernelLink) -> None:
        del self.links[link.kernel]
        self.events.append(("gone", link.kernel))

    def of(self, kind: str) -> list[Any]:
        return [event for each, event in self.events if each == kind]


async def until(condition: Callable[[], T | None], what: str = "it", timeout: float = 60.0) -> T:
    """The first true value of ``condition``."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen"
        await asyncio.sleep(0.01)
    return value


class Notebooks:
    """Notebooks with kernels, as a server holds them.  ``run`` is a page that runs a cell."""

    def __init__(self, root: Path, kernels: MappingKernelManager) -> None:
        self.kernels = kernels
        self.sessions = SessionManager(kernel_manager=self.kernels, contents_manager=AsyncLargeFileManager(root_dir=str(root)))
        self.clients: dict[str, Any] = {}
        self.bridges: list[Bridge] = []

    async def open(self, path: str, kernel: str) -> str:
        """A notebook with a kernel of this name; the kernel's id."""
        session = await self.sessions.create_session(path=path, name=path, type="notebook", kernel_name=kernel)
        kernel_id: str = session["kernel"]["id"]
        await self.connect(kernel_id)
        return kernel_id

    async def connect(self, kernel: str) -> None:
        """The page's own connection, made anew after a restart."""
        if kernel in self.clients:
            self.clients.pop(kernel).stop_channels()
        client = self.kernels.get_kernel(kernel).client()
        assert isinstance(client, AsyncKernelClient)
        client.start_channels(stdin=False, hb=False)
        await client.wait_for_ready(timeout=60)
        self.clients[kernel] = client

    async def run(self, kernel: str, code: str) -> str:
        """Run a cell to its end; what it printed."""
        client = self.clients[kernel]
        out: list[str] = []
        reply = await client.execute_interactive(
            code,
            timeout=60,
            allow_stdin=False,
            output_hook=lambda m: out.append(m["content"].get("text", "")) if m["msg_type"] == "stream" else None,
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(out)

    def bridge(self, heard: KernelSink) -> Bridge:
        bridge = Bridge(self.kernels, self.sessions, heard, logging.getLogger("tests.bridge"))
        self.bridges.append(bridge)
        return bridge

    async def close(self) -> None:
        for bridge in self.bridges:
            await bridge.stop()
        for client in self.clients.values():
            client.stop_channels()
        for kernel in self.kernels.list_kernel_ids():
            await self.kernels.shutdown_kernel(kernel, now=True)
        self.sessions.close()
        # the manager would close it when it is collected, unless it is collected before the manager, which is a warning somewhere
        self.kernels.context.destroy()


class Loop:
    """One event loop for all tests of a module, so that their kernels live on between tests."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()

    def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    with loop.runner:
        yield loop


@pytest.fixture(scope="module")
def notebooks(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebooks]:
    async def made() -> Notebooks:
        return Notebooks(tmp_path_factory.mktemp("root"), AsyncMappingKernelManager())

    notebooks = loop(made())
    yield notebooks
    loop(notebooks.close())


@pytest.fixture(scope="module")
def nexus(loop: Loop, notebooks: Notebooks) -> str:
    return loop(notebooks.open("work/nexus.ipynb", "nexus"))


@pytest.fixture
def heard(loop: Loop, notebooks: Notebooks) -> Iterator[Heard]:
    """A bridge that runs as long as the test does."""
    heard = Heard()
    before = set(notebooks.kernels.list_kernel_ids())

    async def begin() -> None:
        await notebooks.bridge(heard).start()

    async def end() -> None:
        await notebooks.bridges.pop().stop()
        for kernel in set(notebooks.kernels.list_kernel_ids()) - before:
            notebooks.clients.pop(kernel).stop_channels()
            await notebooks.kernels.shutdown_kernel(kernel, now=True)
        assert not [t for t in asyncio.all_tasks() if t.get_name().startswith("nexus-")]

    loop(begin())
    yield heard
    loop(end())


async def linked(heard: Heard, kernel: str) -> KernelLink:
    return await until(lambda: heard.links.get(kernel), "a snapshot")


async def counter(notebooks: Notebooks, heard: Heard, kernel: str) -> KernelLink:
    """The kernel's link, when it has told of a counter that was made just now."""
    link = await linked(heard, kernel)
    seen = len(heard.of("delta"))
    await notebooks.run(kernel, CELL)
    await until(lambda: any("counter" in {p.id for p in d.panels} for d in heard.of("delta")[seen:]), "the counter")
    return link


async def error_of(request: Awaitable[Any]) -> str:
    with pytest.raises(NexusError) as caught:
        await request
    return caught.value.code


def test_a_kernel_of_ours_is_heard_as_soon_as_it_is_there(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        link = await linked(heard, nexus)
        assert (link.kernel, link.notebook) == (nexus, "work/nexus.ipynb")
        assert heard.graphs[nexus].entity("notebook").name == "work/nexus.ipynb".rpartition("/")[2]

    loop(story())


def test_a_panel_is_one_delta_and_so_is_its_cell_run_again(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        await counter(notebooks, heard, nexus)
        graph = heard.graphs[nexus]
        assert {e.id for e in graph.neighbourhood("tool:counter/add").entities} >= {"panel:counter", "state:counter/count"}
        assert "python:counter" in graph
        info = heard.panels[nexus]["counter"]
        assert [t.name for t in info.tools] == ["add", "fail", "wait", "many"]
        assert info.tools[0].input_schema["properties"] == {"by": {"type": "number", "default": 1}}
        assert info.hash == document_hash(COUNTER)
        await notebooks.run(nexus, "counter.call('add')")
        await until(lambda: heard.of("commit"))

        before = len(heard.of("delta"))
        await notebooks.run(nexus, CELL)
        await notebooks.run(nexus, "other = __import__('nexus_jupyter').Panel('<NexusPanel id=\"other\" />')")
        await until(lambda: "other" in heard.panels[nexus])
        again, _ = heard.of("delta")[before:]
        assert [(p.id, p.rev) for p in again.panels] == [("counter", 0)]
        assert again.ended == ()

        await notebooks.run(nexus, "other.close()")
        await until(lambda: "other" not in heard.panels[nexus])
        assert "panel:other" not in heard.graphs[nexus]

    loop(story())


def test_commits_come_with_their_paths_and_are_thinned(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        assert await link.request(CallTool(panel="counter", tool="add", args={"by": 2})) == 2
        (commit,) = await until(lambda: heard.of("commit"))
        assert commit == KernelCommit(panel="counter", rev=1, cause="python", tool="add", paths=("/count",))
        await link.request(CallTool(panel="counter", tool="many"))
        await until(lambda: heard.of("commit")[-1].rev == 201, "the last revision")
        revisions = [c.rev for c in heard.of("commit")]
        assert revisions == sorted(set(revisions))
        assert len(revisions) < 100

    loop(story())


def test_a_call_gives_its_value_or_its_error(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        assert await link.request(CallTool(panel="counter", tool="add", args=[5])) == 5
        with pytest.raises(NexusError, match="no luck") as caught:
            await link.request(CallTool(panel="counter", tool="fail"))
        assert caught.value.code == "HANDLER_ERROR"
        assert await error_of(link.request(CallTool(panel="counter", tool="nope"))) == "ARGUMENT_MISMATCH"
        assert await error_of(link.request(CallTool(panel="counter", tool="add", args={"by": "x"}))) == "ARGUMENT_MISMATCH"
        assert await error_of(link.request(CallTool(panel="gone", tool="add"))) == "UNKNOWN_PANEL"
        document = PanelDocument.model_validate(await link.request(ReadPanel(panel="counter")))
        assert document_hash(document.source) == document.panel.hash == document_hash(COUNTER)

    loop(story())


def test_a_call_that_nobody_waits_for_any_more_is_cancelled_in_the_kernel(
    loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard
) -> None:
    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        task = asyncio.create_task(link.request(CallTool(panel="counter", tool="wait")))
        await until(lambda: heard.of("commit"), "the first step")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        log = "print([line.text for line in counter.log])"
        deadline = time.monotonic() + 20
        while await notebooks.run(nexus, log) != "['wait: wait was cancelled. (1 earlier step stays.)']\n":
            assert time.monotonic() < deadline
        assert await error_of(link.request(CallTool(panel="counter", tool="wait"), timeout=0.2)) == "TIMEOUT"

    loop(story())


def test_a_sleeping_cell_holds_no_call_up(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        cell = asyncio.create_task(
            notebooks.run(nexus, "import time; print('begun', flush=True); time.sleep(3); print(counter.state.count)")
        )
        await asyncio.sleep(0)
        await until(lambda: notebooks.kernels.get_kernel(nexus).execution_state == "busy")
        assert await link.request(CallTool(panel="counter", tool="add", args={"by": 7})) == 7
        assert not cell.done()
        assert await cell == "begun\n7\n"

    loop(story())


def test_a_kernel_that_was_used_while_a_cell_runs_does_not_count_as_idle(
    loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard, tmp_path: Path
) -> None:
    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        manager = notebooks.kernels.get_kernel(nexus)
        await until(lambda: manager.execution_state == "idle")
        states: list[str] = []
        manager.observe(lambda change: states.append(change.new), "execution_state")
        begun, ended = tmp_path / "begun", tmp_path / "ended"
        cell = asyncio.create_task(notebooks.run(nexus, (
            f"import pathlib, time; pathlib.Path({str(begun)!r}).touch()\n"
            f"while not pathlib.Path({str(ended)!r}).exists(): time.sleep(0.05)"
        )))  # fmt: skip
        await until(lambda: begun.exists() and states[-1:] == ["busy"])
        states.clear()  # what came before the cell had been of the panel's
        await link.request(CallTool(panel="counter", tool="add"))
        await until(lambda: "idle" in states and states[-1] == "busy", "the server's note of our answer, and its correction")
        other = Heard()
        bridge = notebooks.bridge(other)
        await bridge.start()  # one that comes in the middle of a cell
        await linked(other, nexus)
        await until(lambda: states[-1] == "busy")
        notebooks.bridges.remove(bridge)
        await bridge.stop()
        await asyncio.sleep(0.3)
        assert states[-1] == "busy"
        assert not cell.done()
        ended.touch()
        await cell
        await until(lambda: states[-1] == "idle")
        await asyncio.sleep(0.5)
        assert states[-1] == "idle"
        manager.unobserve_all("execution_state")

    loop(story())


def test_a_document_is_tried_previewed_and_replaced(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        await link.request(CallTool(panel="counter", tool="add"))
        new = COUNTER.replace("{$state.count}", "{$state.count * 10}")
        tried = TriedDocument.model_validate(await link.request(TryDocument(panel="counter", source=new)))
        assert tried.dry_run is not None
        assert tried.dry_run.tree is not None
        assert tried.dry_run.tree.root is not None
        assert tried.dry_run.tree.root.props["label"] == 10
        wrong = TriedDocument.model_validate(await link.request(TryDocument(panel="counter", source="<NexusPanel")))
        assert wrong.dry_run is None
        assert wrong.diagnostics

        preview = Preview.model_validate(await link.request(OpenPreview(panel="counter", source=new)))
        present = "from nexus_jupyter.widget.mimebundle import widget_of, _widgets\nprint(widget_of(counter).model_id, len(_widgets))"
        assert await notebooks.run(nexus, present) == f"{preview.present} 2\n"
        second = Preview.model_validate(await link.request(OpenPreview(panel="counter", source=new)))
        assert await notebooks.run(nexus, present) == f"{preview.present} 2\n"
        await link.request(ClosePreview(id=second.id))
        assert await notebooks.run(nexus, present) == f"{preview.present} 1\n"
        assert await error_of(link.request(OpenPreview(panel="counter", source="<NexusPanel"))) == "INVALID_DOCUMENT"

        info = heard.panels[nexus]["counter"]
        change = ReplaceDocument(panel="counter", source=new, base_hash=info.hash)
        before = len(heard.of("delta"))
        replaced = Replaced.model_validate(await link.request(change))
        assert (replaced.panel.edition, replaced.panel.hash) == (1, document_hash(new))
        await until(lambda: heard.panels[nexus]["counter"].edition == 1, "the new edition")
        assert len(heard.of("delta")) == before + 1
        assert await notebooks.run(nexus, "print(counter.state.count)") == "1\n"
        assert await error_of(link.request(change)) == "STALE"

    loop(story())


def test_a_preview_ends_with_its_panel_and_with_its_bridge(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        alive = "from nexus_jupyter.sandbox.instance import live_instances\nprint(len(list(live_instances())))"
        assert await notebooks.run(nexus, alive) == "1\n"
        await link.request(OpenPreview(panel="counter", source=COUNTER))
        assert await notebooks.run(nexus, alive) == "2\n"
        await notebooks.run(nexus, CELL)
        deadline = time.monotonic() + 20
        while await notebooks.run(nexus, alive) != "1\n":
            assert time.monotonic() < deadline

        other = Heard()
        bridge = notebooks.bridge(other)
        await bridge.start()
        await (await linked(other, nexus)).request(OpenPreview(panel="counter", source=COUNTER))
        assert await notebooks.run(nexus, alive) == "2\n"
        notebooks.bridges.remove(bridge)
        await bridge.stop()
        while await notebooks.run(nexus, alive) != "1\n":
            assert time.monotonic() < deadline

    loop(story())


def test_two_bridges_hear_the_same_and_leave_nothing(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    left = (
        "import comm, threading\nfrom nexus_jupyter.nog.kernel import kernel_graph\n"
        "comms = [c for c in comm.get_comm_manager().comms.values() if c.target_name == 'nexus.graph' and c.comm_id != 'nexus.graph']\n"
        "print(len(comms), len(kernel_graph()._followers), len([t for t in threading.enumerate() if t.name.startswith('subshell')]))"
    )

    async def story() -> None:
        await linked(heard, nexus)
        assert await notebooks.run(nexus, left) == "1 1 1\n"
        other = Heard()
        bridge = notebooks.bridge(other)
        await bridge.start()
        mine, theirs = await linked(heard, nexus), await linked(other, nexus)
        assert await notebooks.run(nexus, left) == "2 2 2\n"
        await counter(notebooks, heard, nexus)
        await until(lambda: "counter" in other.panels[nexus])
        values = await asyncio.gather(*(each.request(CallTool(panel="counter", tool="add")) for each in (mine, theirs) for _ in range(5)))
        assert sorted(values) == list(range(1, 11))  # type: ignore[type-var]
        await until(lambda: other.of("commit") and other.of("commit")[-1].rev == 10)
        notebooks.bridges.remove(bridge)
        await bridge.stop()
        assert other.of("gone") == [nexus]
        assert await notebooks.run(nexus, left) == "1 1 1\n"
        await notebooks.bridges[-1].stop()
        assert await notebooks.run(nexus, left) == "0 0 0\n"

    loop(story())


def test_a_restarted_kernel_is_gone_and_comes_again(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        waiting = asyncio.create_task(link.request(CallTool(panel="counter", tool="wait")))
        await until(lambda: heard.of("commit"), "the first step")
        first = heard.of("snapshot")[-1].epoch
        await notebooks.kernels.restart_kernel(nexus)
        assert await error_of(waiting) == "KERNEL_UNAVAILABLE"
        await until(lambda: heard.of("gone"))
        await until(lambda: len(heard.of("snapshot")) == 2, "the kernel's second life")
        second = heard.of("snapshot")[-1]
        assert second.epoch != first
        assert second.panels == ()
        assert await error_of(link.request(ReadPanel(panel="counter"))) == "KERNEL_UNAVAILABLE"
        await notebooks.connect(nexus)
        await counter(notebooks, heard, nexus)

    loop(story())


def test_a_killed_kernel_is_gone_and_comes_again(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        await linked(heard, nexus)
        pid = int(await notebooks.run(nexus, "import os; print(os.getpid())"))
        os.kill(pid, signal.SIGKILL)
        await until(lambda: heard.of("gone"), "the end")
        await until(lambda: len(heard.of("snapshot")) == 2, "the kernel that the server started in its place")
        await notebooks.connect(nexus)

    loop(story())


def test_a_kernel_that_is_shut_down_is_gone(loop: Loop, notebooks: Notebooks, heard: Heard) -> None:
    async def story() -> None:
        kernel = await notebooks.open("short.ipynb", "nexus")
        await linked(heard, kernel)
        notebooks.clients.pop(kernel).stop_channels()
        await notebooks.kernels.shutdown_kernel(kernel, now=True)
        await until(lambda: heard.of("gone") == [kernel])
        assert kernel not in heard.links

    loop(story())


def test_a_plain_kernel_is_opened_when_it_has_panels_and_again_after_it_refused(loop: Loop, notebooks: Notebooks, heard: Heard) -> None:
    async def story() -> None:
        kernel = await notebooks.open("plain.ipynb", "python3")
        opened = "import comm; print(len([c for c in comm.get_comm_manager().comms.values() if c.target_name == 'nexus.graph']))"
        await until(lambda: kernel in notebooks.bridges[-1]._watches)
        await asyncio.sleep(2)
        assert await notebooks.run(kernel, opened) == "0\n"
        assert kernel not in heard.links
        await notebooks.run(kernel, f"import nexus_jupyter\ncounter = nexus_jupyter.Panel('''{COUNTER}''')")
        link = await linked(heard, kernel)
        await until(lambda: "counter" in heard.panels[kernel])
        assert await link.request(CallTool(panel="counter", tool="add")) == 1
        await notebooks.run(kernel, "%load_ext nexus_jupyter\n%unload_ext nexus_jupyter")
        await until(lambda: kernel not in heard.links, "the refusal")
        await notebooks.run(kernel, "%load_ext nexus_jupyter")
        await notebooks.run(kernel, CELL)
        again = await linked(heard, kernel)
        await until(lambda: "counter" in heard.panels[kernel])
        assert await again.request(CallTool(panel="counter", tool="add")) == 1

    loop(story())


def test_a_renamed_notebook_is_told(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        link = await linked(heard, nexus)
        (session,) = [s for s in await notebooks.sessions.list_sessions() if s["kernel"]["id"] == nexus]
        await notebooks.sessions.update_session(session["id"], path="work/other.ipynb")
        await until(lambda: heard.of("renamed") == [("work/nexus.ipynb", "work/other.ipynb")])
        assert link.notebook == "work/other.ipynb"
        await notebooks.sessions.update_session(session["id"], path="work/nexus.ipynb")
        await until(lambda: link.notebook == "work/nexus.ipynb")

    loop(story())


def test_a_lost_message_is_made_good_by_a_snapshot(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        assert isinstance(link, Link)
        link._revision -= 1  # as if the last change had not come
        await notebooks.run(nexus, CELL)
        await until(lambda: len(heard.of("snapshot")) == 2, "another snapshot")
        assert heard.graphs[nexus].revision == heard.of("snapshot")[-1].graph.revision
        await counter(notebooks, heard, nexus)
        link.resync()
        await until(lambda: len(heard.of("snapshot")) == 3, "the snapshot that was asked for")

    loop(story())


def test_a_first_snapshot_that_does_not_come_is_asked_for_again(loop: Loop, notebooks: Notebooks, heard: Heard) -> None:
    swallow = """
from nexus_jupyter.widget.bridge_requests import BridgeComm
send, lost = BridgeComm._send_all, []
def losing(self, messages):
    if messages[-1]["kind"] == "snapshot" and not lost:
        lost.append(messages)
    else:
        send(self, messages)
BridgeComm._send_all = losing
"""

    async def story() -> None:
        kernel = await notebooks.open("overlooked.ipynb", "python3")
        await notebooks.run(kernel, f"{swallow}\nimport nexus_jupyter\ncounter = nexus_jupyter.Panel('''{COUNTER}''')")
        await linked(heard, kernel)
        await until(lambda: "counter" in heard.panels[kernel])
        assert await notebooks.run(kernel, "print(len(lost))") == "1\n"

    loop(story())


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"kind": "call"},
        {"kind": "call", "id": "x", "request": {"op": "read", "panel": "counter"}},
        {"kind": "call", "id": 900, "request": {"op": "read", "panel": ""}},
        {"kind": "call", "id": 901, "request": {"op": "call", "panel": "counter", "tool": "add", "args": {"__proto__": {}}}},
        {"kind": "cancel", "id": 12345},
        {"kind": "snapshot", "extra": 1},
    ],
)
def test_a_hostile_message_harms_nothing(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard, data: Any) -> None:
    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        assert isinstance(link, Link)
        link._send_data(data)
        assert await link.request(CallTool(panel="counter", tool="add")) == 1

    loop(story())


def test_a_kernel_that_sends_nonsense_is_not_believed(
    loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    nonsense = """
import comm, json
(mine,) = [c for c in comm.get_comm_manager().comms.values() if c.target_name == "nexus.graph" and c.comm_id != "nexus.graph"]
deep = 1
for _ in range(200):
    deep = [deep]
empty = {"put_entities": [], "put_relationships": [], "delete_entities": [], "delete_relationships": []}
for data in (
    {}, {"kind": "snapshot"}, {"kind": "nope"}, {"kind": "result", "id": 12345, "value": deep}, {"kind": "result", "id": "x"},
    {"kind": "delta", "epoch": "other", "revision": 10**12, "patch": empty}, {"kind": "delta", "epoch": "other", "revision": -1, "patch": empty},
    {"kind": "commit", "panel": "p" * 5000, "rev": 1, "cause": "tool"}, {"kind": "commit", "panel": "none", "rev": -1, "cause": "tool"},
):
    mine.send(data)
"""

    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        await notebooks.run(nexus, nonsense)
        await until(lambda: len(heard.of("snapshot")) == 2, "the snapshot that the other epoch asks for")
        assert heard.of("commit") == []
        assert await link.request(CallTool(panel="counter", tool="add")) == 1
        assert "does not fit the protocol" in caplog.text

    loop(story())


def test_a_whole_graph_that_nobody_asked_for_is_not_taken(
    loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    unasked = """
import comm
from nexus_jupyter.nog.kernel import kernel_graph
(mine,) = [c for c in comm.get_comm_manager().comms.values() if c.target_name == "nexus.graph" and c.comm_id != "nexus.graph"]
for _ in range(20):
    mine.send(kernel_graph().snapshot().model_dump(mode="json"))
"""

    async def story() -> None:
        link = await counter(notebooks, heard, nexus)
        before = len(heard.of("snapshot"))
        await notebooks.run(nexus, unasked)
        assert await link.request(CallTool(panel="counter", tool="add")) == 1  # what came before it was taken or not
        assert len(heard.of("snapshot")) == before
        assert "unasked" in caplog.text

    loop(story())


def test_a_kernel_of_another_version_is_not_opened(
    loop: Loop, notebooks: Notebooks, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        kernel = await notebooks.open("newer.ipynb", "python3")
        await notebooks.run(kernel, "import nexus_jupyter.widget.bridge_requests as b\nb.BRIDGE_VERSION += 1")
        await notebooks.run(kernel, "%load_ext nexus_jupyter")
        await until(lambda: f"speaks version {BRIDGE_VERSION + 1}" in caplog.text)
        assert kernel not in heard.links
        left = "import comm; print(len([c for c in comm.get_comm_manager().comms.values() if c.target_name == 'nexus.graph']))"
        deadline = time.monotonic() + 20
        while await notebooks.run(kernel, left) != "1\n":  # the beacon
            assert time.monotonic() < deadline
        assert heard.events == [event for event in heard.events if event[0] == "snapshot"]

    loop(story())


def test_a_bridge_stops_soon_though_a_kernel_hangs(loop: Loop, notebooks: Notebooks, heard: Heard) -> None:
    async def story() -> None:
        kernel = await notebooks.open("hangs.ipynb", "nexus")
        link = await linked(heard, kernel)
        pid = int(await notebooks.run(kernel, "import os; print(os.getpid())"))
        os.kill(pid, signal.SIGSTOP)
        try:
            assert await error_of(link.request(ReadPanel(panel="x"), timeout=0.2)) == "TIMEOUT"
            async with asyncio.timeout(10):
                await notebooks.bridges[-1].stop()
            assert kernel in heard.of("gone")
        finally:
            os.kill(pid, signal.SIGCONT)

    loop(story())


def test_silence_is_no_activity(loop: Loop, notebooks: Notebooks, nexus: str, heard: Heard) -> None:
    async def story() -> None:
        await counter(notebooks, heard, nexus)
        kernel = notebooks.kernels.get_kernel(nexus)
        await asyncio.sleep(0.5)
        before = kernel.last_activity
        await asyncio.sleep(3)
        assert kernel.last_activity == before

    loop(story())


def test_a_workspace_shows_the_panels_of_its_kernels_and_reaches_them(loop: Loop, notebooks: Notebooks, nexus: str) -> None:
    async def story() -> None:
        workspace = Workspace()
        bridge = notebooks.bridge(workspace)
        await bridge.start()
        try:
            await notebooks.run(nexus, CELL)
            (panel,) = await until(workspace.panels)
            assert (panel.notebook, panel.kernel, panel.panel.id) == ("work/nexus.ipynb", nexus, "counter")
            assert await workspace.call(panel.key, "add", {"by": 3}) == 3
            await until(lambda: workspace.panel(panel.key).panel.rev == 1)
            assert (await workspace.read(panel.key)).source.strip() == COUNTER
            needed = workspace.graph.dependencies("work/nexus.ipynb#tool:counter/add").entities
            assert "work/nexus.ipynb#state:counter/count" in {e.id for e in needed}
            await notebooks.run(nexus, "counter.close()")
            await until(lambda: not workspace.panels())
        finally:
            notebooks.bridges.remove(bridge)
            await bridge.stop()
            assert workspace.kernels == 0
            workspace.close()

    loop(story())


@pytest.fixture(scope="module")
def runner(loop: Loop) -> None:
    """The thread in which such managers do their work: it is jupyter_core's, and lasts as long as the process."""

    async def begin() -> None:
        run_sync(asyncio.sleep)(0)

    loop(begin())


@pytest.mark.usefixtures("runner")
def test_kernels_of_a_manager_that_is_not_asynchronous_are_heard_too(tmp_path: Path) -> None:
    async def story() -> None:
        notebooks = Notebooks(tmp_path, MappingKernelManager())
        heard = Heard()
        try:
            session = await notebooks.sessions.create_session(path="old.ipynb", name="old.ipynb", type="notebook", kernel_name="nexus")
            await notebooks.bridge(heard).start()
            link = await linked(heard, session["kernel"]["id"])
            assert link.notebook == "old.ipynb"
            assert await error_of(link.request(ReadPanel(panel="none"))) == "UNKNOWN_PANEL"
        finally:
            await notebooks.close()
        assert heard.of("gone")

    asyncio.run(story())
