"""Kernels are killed and servers are killed; the graph is right afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.lab import Lab, running_lab

from .live import Api, execute, mirror, until

pytestmark = pytest.mark.browser  # its processes are ended by its fixture

PANELS = '''
from nexus_jupyter import Panel
panels_ = [Panel(f"""<NexusPanel id="p{i}" title="Panel {i}"><Data><State name="n" type="number"/></Data>
<Logic><Tool name="add" description="Add"><Handler>$state.n += 1</Handler></Tool></Logic>
<View><Button label="{{$state.n}}" trigger="add"/></View></NexusPanel>""") for i in range(2)]
'''


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def lab(home: Path) -> Iterator[Lab]:
    with running_lab(home) as running:
        yield running


def test_a_killed_kernel_leaves_the_graph_and_comes_back_once(lab: Lab) -> None:
    async def story() -> None:
        api = Api(lab.url)
        kernel = api.session("a.ipynb")
        await execute(lab.url, kernel, PANELS)
        assert len(await until(lambda: len(api.panels()) == 2 and api.panels())) == 2
        async with mirror(lab.url) as client:
            pid = int(await execute(lab.url, kernel, "import os; print(os.getpid())"))
            os.kill(pid, signal.SIGKILL)
            await until(lambda: api.panels() == [], "the dead kernel's panels stayed")
            assert [e.id for e in api.graph().entities() if e.type != "notebook"] == []
            # the server starts it again by itself, with the same id
            await until(lambda: api.get(f"/api/kernels/{kernel}")["execution_state"] == "idle")
            await execute(lab.url, kernel, PANELS)
            await until(lambda: len(api.panels()) == 2)
            graph = api.graph()
            assert sorted(e.name for e in graph.entities("panel")) == ["Panel 0", "Panel 1"]
            await client.until_revision(graph.revision)
            assert client.same_as(api.graph())
            key = api.panels()[0]["key"]
            assert api.post("/nexus/api/v1/tools/call", {"panel": key, "tool": "add"}).status_code == 200
        api.close()

    asyncio.run(story())


@pytest.mark.parametrize("end", [pytest.param("stopped", marks=pytest.mark.full), "killed"])
def test_a_client_goes_on_over_a_new_start_of_the_server(lab: Lab, end: str) -> None:
    async def story() -> None:
        api = Api(lab.url)
        kernel = api.session("a.ipynb")
        await execute(lab.url, kernel, PANELS)
        await until(lambda: len(api.panels()) == 2)
        async with mirror(lab.url) as before:
            await before.until_revision(api.graph().revision)
            assert before.same_as(api.graph())
            lab.kill() if end == "killed" else lab.stop()
            while await before.message() is not None:
                pass
        lab.start()
        await until(lambda: api.get("/nexus/api/v1/health"))
        # kernels end with their server; it knows them no more
        await until(lambda: api.panels() == [] and len(api.graph().entities("panel")) == 0, "panels of a kernel that is gone stayed")
        async with mirror(lab.url, of=before) as after:
            # what a server says is stored a moment later: after a crash pages may know more than the store
            assert (after.epoch == before.epoch) == (end == "stopped")
            await after.until_revision(api.graph().revision)
            assert after.snapshots == (0 if end == "stopped" else 1)
            assert after.same_as(api.graph())
            again = api.session("a.ipynb")
            await execute(lab.url, again, PANELS)
            await until(lambda: len(api.panels()) == 2)
            await after.until_revision(api.graph().revision)
            assert after.same_as(api.graph())
        api.close()

    asyncio.run(story())
