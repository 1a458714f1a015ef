"""What one client is told: everything once, in order, however slow it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexus_jupyter.nog.store import WorkspaceStore
from nexus_jupyter.protocol.workspace import Pong, SocketError, WorkspaceCommit
from nexus_jupyter.server.client import Client
from nexus_jupyter.server.hub import Hub
from nexus_jupyter.server.workspace import Workspace

from .mirror import Mirror, contents
from .speaker import Speaker, counter, name


class Page:
    """A page on a connection that takes a message only when the gate is open."""

    def __init__(self, hub: Hub, mirror: Mirror | None = None) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.mirror = mirror if mirror is not None else Mirror()
        self.failure: AssertionError | None = None
        self.client: Client = hub.join(self._take, lambda: None)

    async def _take(self, text: str) -> None:
        await self.gate.wait()
        try:
            self.mirror.take(text)
        except AssertionError as error:
            self.failure = error
            raise

    def knows(self, workspace: Workspace) -> bool:
        """Whether it is where the workspace is; raises what it found wrong on the way."""
        if self.failure is not None:
            raise self.failure
        return self.mirror.graph is not None and self.mirror.graph.revision == workspace.revision

    def says(self, **message: object) -> None:
        self.client.receive(json.dumps(message))


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not what():
            await asyncio.sleep(0.001)


def in_workspace(story: Callable[[Workspace, Hub, Speaker], Awaitable[None]], *, limit: int = 1_000, keep: int = 1_000) -> None:
    async def run() -> None:
        workspace = Workspace(keep=keep)
        hub = Hub(workspace, limit=limit)
        try:
            await story(workspace, hub, Speaker(workspace))
        finally:
            await hub.close()
            workspace.close()

    asyncio.run(run())


def test_a_client_gets_hello_then_the_whole_then_each_revision() -> None:
    async def story(workspace: Workspace, hub: Hub, kernel: Speaker) -> None:
        kernel.snapshot(one=counter())
        page = Page(hub)
        page.says(kind="subscribe")
        kernel.run(two=counter())
        await until(lambda: page.mirror.snapshots == 1)
        kernel.run(three=counter())
        kernel.end("one")
        await until(lambda: page.mirror.graph is not None and page.mirror.graph.revision == workspace.revision)
        assert contents(page.mirror.graph) == contents(workspace.graph)
        assert page.mirror.panels == {panel.key: panel for panel in workspace.panels()}
        assert page.mirror.snapshots == 1

    in_workspace(story)


def test_nothing_is_sent_before_it_is_asked_for() -> None:
    async def story(workspace: Workspace, hub: Hub, kernel: Speaker) -> None:
        page = Page(hub)
        kernel.snapshot(one=counter())
        kernel.commit("one", 1)
        page.says(kind="ping", id=7)
        await until(lambda: bool(page.mirror.others))
        assert page.mirror.others == [Pong(id=7)]
        assert page.mirror.snapshots == 0

    in_workspace(story)


def test_topics_are_kept_apart() -> None:
    async def story(workspace: Workspace, hub: Hub, kernel: Speaker) -> None:
        kernel.snapshot(one=counter())
        page = Page(hub)
        page.says(kind="subscribe", topics=["commits"])
        kernel.run(two=counter())
        kernel.commit("one", 3, "/count")
        page.says(kind="ping")
        await until(lambda: len(page.mirror.others) == 2)
        commit = page.mirror.others[0]
        assert isinstance(commit, WorkspaceCommit)
        assert (commit.panel, commit.rev, commit.paths) == (workspace.panels()[0].key, 3, ("/count",))
        assert page.mirror.snapshots == 0
        assert page.mirror.revisions == []

    in_workspace(story)


def test_a_client_that_comes_back_gets_what_it_missed_and_no_more() -> None:
    async def story(workspace: Workspace, hub: Hub, kernel: Speaker) -> None:
        kernel.snapshot(one=counter())
        page = Page(hub)
        page.says(kind="subscribe")
        await until(lambda: page.mirror.snapshots == 1)
        await hub.leave(page.client)
        for n in range(5):
            kernel.change(name(n))
        assert page.mirror.hello is not None
        again = page.mirror.resume()
        page.mirror.hello = None
        back = Page(hub, page.mirror)
        back.client.receive(again)
        kernel.change(name(5))
        await until(lambda: len(page.mirror.revisions) == 6)
        assert page.mirror.snapshots == 1
        assert contents(page.mirror.graph) == contents(workspace.graph)

    in_workspace(story)


@pytest.mark.parametrize(
    "claim",
    [
        {"epoch": "another", "revision": 1},
        {"revision": 1},
        {"epoch": None, "revision": None},
        {"revision": 10**6},
        {"revision": 0},  # no longer kept
    ],
    ids=["another epoch", "no epoch", "nothing", "the future", "too old"],
)
def test_a_client_that_cannot_resume_gets_the_whole(claim: dict[str, object]) -> None:
    async def story(workspace: Workspace, hub: Hub, kernel: Speaker) -> None:
        kernel.snapshot()
        for n in range(420):  # more than are kept: two snapshots were stored meanwhile
            kernel.change(name(n))
        page = Page(hub)
        own = {} if claim in ({"revision": 1}, {"epoch": None, "revision": None}) else {"epoch": workspace.epoch}
        page.says(kind="subscribe", **{**own, **claim})
        await until(lambda: page.mirror.graph is not None)
        assert page.mirror.snapshots == 1
        assert contents(page.mirror.graph) == contents(workspace.graph)

    in_workspace(story, keep=10)


def test_a_client_that_is_up_to_date_gets_nothing() -> None:
    async def story(workspace: Workspace, hub: Hub, kernel: Speaker) -> None:
        kernel.snapshot(one=counter())
        page = Page(hub)
        page.says(kind="subscribe", epoch=workspace.epoch, revision=workspace.revision)
        page.says(kind="ping")
        await until(lambda: bool(page.mirror.others))
        assert page.mirror.snapshots == 0
        assert page.mirror.revisions == []

    in_workspace(story)


def test_a_slow_client_keeps_little_waiting_holds_nobody_up_and_gets_the_whole_later() -> None:
    async def story(workspace: Workspace, hub: Hub, kernel: Speaker) -> None:
        kernel.snapshot(one=counter())
        slow, quick = Page(hub), Page(hub)
        for page in (slow, quick):
            page.says(kind="subscribe")
        await until(lambda: slow.mirror.snapshots == quick.mirror.snapshots == 1)
        slow.gate.clear()
        for n in range(200):
            kernel.change(name(n))
            assert slow.client.waiting <= 20
            await until(lambda: quick.mirror.graph is not None and quick.mirror.graph.revision == workspace.revision)
        assert quick.mirror.snapshots == 1
        slow.gate.set()
        await until(lambda: slow.mirror.graph is not None and slow.mirror.graph.revision == workspace.revision)
        assert slow.mirror.snapshots == 2
        assert [e.error.code for e in slow.mirror.others if isinstance(e, SocketError)][:1] == ["TOO_SLOW"]
        assert contents(slow.mirror.graph) == contents(workspace.graph)
        kernel.change(name(1_000))
        await until(lambda: slow.mirror.revisions[-1] == workspace.revision)

    in_workspace(story, limit=20)


def test_a_flood_of_pings_that_are_not_read_does_not_grow_the_server() -> None:
    async def story(workspace: Workspace, hub: Hub, kernel: Speaker) -> None:
        page = Page(hub)
        page.gate.clear()
        for n in range(10_000):
            page.says(kind="ping", id=n)
            assert page.client.waiting <= 50
        page.gate.set()
        await until(lambda: page.client.waiting == 0)

    in_workspace(story, limit=50)


BAD = {
    "no JSON": "}{",
    "no object": "[]",
    "unknown kind": '{"kind":"shout"}',
    "unknown field": '{"kind":"ping","id":1,"evil":true}',
    "wrong type": '{"kind":"subscribe","topics":"graph"}',
    "unknown topic": '{"kind":"subscribe","topics":["secrets"]}',
    "negative": '{"kind":"subscribe","epoch":"e","revision":-1}',
    "deep": "[" * 50_000,
    "nothing": "",
    "bytes": b'{"kind":"ping"}',
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_message_that_is_not_understood_is_answered_and_the_client_stays(text: str | bytes) -> None:
    async def story(workspace: Workspace, hub: Hub, kernel: Speaker) -> None:
        page = Page(hub)
        page.client.receive(text)
        page.says(kind="ping", id=1)
        await until(lambda: len(page.mirror.others) == 2)
        error, pong = page.mirror.others
        assert isinstance(error, SocketError)
        assert error.error.code == "BAD_MESSAGE"
        assert len(error.error.message) < 600
        assert pong == Pong(id=1)

    in_workspace(story)


def test_what_is_on_its_way_when_a_client_resumes_does_not_come_twice() -> None:
    async def story(workspace: Workspace, hub: Hub, kernel: Speaker) -> None:
        kernel.snapshot()
        page = Page(hub)
        page.says(kind="subscribe")
        await until(lambda: page.knows(workspace))
        page.gate.clear()
        for n in range(3):
            kernel.change(name(n))
        await until(lambda: page.client.waiting == 2)
        page.client.receive(page.mirror.resume())  # of the first, which is on its way, it does not know yet
        kernel.change(name(3))
        page.gate.set()
        await until(lambda: page.knows(workspace))
        assert (page.mirror.snapshots, len(page.mirror.revisions)) == (1, 4)
        assert contents(page.mirror.graph) == contents(workspace.graph)

    in_workspace(story)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.integers(1, 30)),
        st.tuples(st.just("subscribe"), st.booleans()),
        st.tuples(st.just("reconnect"), st.booleans()),
        st.tuples(st.just("gate"), st.booleans()),
        st.tuples(st.just("breathe"), st.integers(1, 5)),
        st.tuples(st.just("store"), st.booleans()),
    ),
    max_size=25,
)


@given(STEPS, st.sampled_from([10, 12, 1_000]), st.sampled_from([0, 7, 1_000]))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_no_revision_is_lost_doubled_or_out_of_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], limit: int, keep: int
) -> None:
    """Whatever is subscribed, dropped and resumed when, over restarts of the server, too.  ``Mirror`` checks each message."""
    path = tmp_path_factory.mktemp("story") / "store.sqlite"

    async def run() -> None:
        number = 0
        store = WorkspaceStore(path)
        workspace = Workspace(store=store, keep=keep)
        hub = Hub(workspace, limit=limit)
        kernel = Speaker(workspace)
        kernel.snapshot()
        page = Page(hub)
        page.client.receive(page.mirror.resume())
        try:
            for step, value in [*steps, ("gate", True)]:
                if step == "change":
                    for _ in range(value):
                        kernel.change(name(number))
                        number += 1
                elif step == "subscribe":
                    page.client.receive(page.mirror.resume() if value else '{"kind":"subscribe"}')
                elif step == "gate":
                    if value:
                        page.gate.set()
                    else:
                        page.gate.clear()
                elif step == "breathe":
                    for _ in range(value):
                        await asyncio.sleep(0)
                elif step == "store":
                    await workspace.since(0, workspace.revision)  # the disk has caught up
                elif page.mirror.hello is not None:
                    await hub.leave(page.client)
                    text, epoch = page.mirror.resume(), page.mirror.hello.epoch
                    if value:  # the server is restarted, the kernel says all again
                        await hub.close()
                        workspace.close()
                        store.close()
                        store = WorkspaceStore(path)
                        workspace = Workspace(store=store, keep=keep)
                        hub = Hub(workspace, limit=limit)
                        assert store.epoch == epoch
                        told, kernel = kernel, Speaker(workspace)
                        kernel.revision, kernel.documents = told.revision, told.documents
                        workspace.settle([])
                        kernel.snapshot()
                    page.mirror.hello = None
                    page = Page(hub, page.mirror)
                    page.client.receive(text)
            page.says(kind="subscribe", topics=["graph"])
            kernel.change(name(number))
            await until(lambda: page.knows(workspace))
            assert contents(page.mirror.graph) == contents(workspace.graph)
            assert page.mirror.panels == {panel.key: panel for panel in workspace.panels()}
        finally:
            await hub.close()
            workspace.close()
            store.close()

    asyncio.run(run())
