"""What the routes answer."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPResponse

from nexus_jupyter.errors import NexusError
from nexus_jupyter.nog import NOGGraph
from nexus_jupyter.nog.store import StoreError
from nexus_jupyter.nxml import Program
from nexus_jupyter.protocol.bridge import CallTool, PanelDocument
from nexus_jupyter.protocol.graph import GraphState
from nexus_jupyter.protocol.identity import document_hash, document_key
from nexus_jupyter.protocol.workspace import (
    CompiledPanel,
    GraphPath,
    Neighbourhood,
    PanelList,
    PanelSource,
    ToolList,
    ToolResult,
    WorkspacePanel,
)
from nexus_jupyter.server.handlers import base

from .mirror import contents
from .speaker import Speaker, counter

KEY = document_key("a.ipynb", "one")


@pytest.fixture
def kernel(jp_serverapp: Any) -> Speaker:
    speaker = Speaker(jp_serverapp.web_app.settings["nexus_workspace"])
    speaker.snapshot(one=counter())
    return speaker


@pytest.fixture
def ask(jp_fetch: Any) -> Any:
    async def fetch(path: str, body: Any = None, *, raw: bytes | None = None, **query: str) -> HTTPResponse:
        data = raw if raw is not None else None if body is None else json.dumps(body)
        more: dict[str, Any] = {"method": "GET"} if data is None else {"method": "POST", "body": data}
        answer: HTTPResponse = await jp_fetch("nexus", "api", "v1", *path.split("/"), params=query, raise_error=False, **more)
        return answer

    return fetch


async def test_panels_are_listed_and_shown(ask: Any, kernel: Speaker) -> None:
    listed = PanelList.model_validate_json((await ask("panels")).body)
    assert listed.revision == 1
    [panel] = listed.panels
    assert (panel.key, panel.panel.title) == (KEY, "Counter")
    assert WorkspacePanel.model_validate_json((await ask(f"panels/{KEY}")).body) == panel


async def test_a_source_comes_from_the_kernel(ask: Any, kernel: Speaker) -> None:
    kernel.answer = lambda _: PanelDocument(panel=kernel.info("one"), source=kernel.documents["one"]).model_dump(mode="json")
    found = PanelSource.model_validate_json((await ask(f"panels/{KEY}/source")).body)
    assert found.source == counter()


async def test_tools_are_listed_with_their_schemas(ask: Any, kernel: Speaker) -> None:
    [tool] = ToolList.model_validate_json((await ask("tools")).body).tools
    assert (tool.panel, tool.notebook, tool.tool.name) == (KEY, "a.ipynb", "add")
    assert tool.tool.input_schema["type"] == "object"


async def test_a_tool_is_called(ask: Any, kernel: Speaker) -> None:
    kernel.answer = lambda _: {"count": 3}
    answer = await ask("tools/call", {"panel": KEY, "tool": "add", "args": [1]})
    assert ToolResult.model_validate_json(answer.body).value == {"count": 3}
    assert kernel.requests == [CallTool(panel="one", tool="add", args=[1])]


FETCHING = """<NexusPanel title="Fetching">
  <Data><State name="n" type="number" /></Data>
  <Logic>
    <Extension name="nexus.http" alias="net" hosts="example.org" />
    <Tool name="add"><Handler>$state.n += 1;</Handler></Tool>
    <Tool name="fetch"><Handler>$state.n = (await $ext.net.get('https://example.org/')).status;</Handler></Tool>
  </Logic>
  <View><Button label="Add" trigger="add" /><Button label="Fetch" trigger="fetch" /></View>
</NexusPanel>"""


async def test_a_document_is_compiled_for_a_page_without_a_kernel(ask: Any) -> None:
    answer = CompiledPanel.model_validate_json((await ask("programs", {"source": FETCHING + "\n\n"})).body)
    assert (answer.title, answer.hash) == ("Fetching", document_hash(FETCHING))
    assert Program.model_validate(answer.program).states[0].name == "n"
    view = json.dumps(answer.program["view"])
    assert view.count('"value": true') == 1
    assert "Needs a running kernel: it uses nexus.http." in view


async def test_a_document_with_errors_is_not_compiled(ask: Any) -> None:
    answer = await ask("programs", {"source": "<NexusPanel><View>"})
    assert answer.code == 400
    assert json.loads(answer.body)["code"] == "INVALID_DOCUMENT"
    assert (await ask("programs", {"source": 1})).code == 400
    assert (await ask("programs", {"source": " " * base.MAX_BODY})).code == 413


def test_a_server_that_compiles_has_no_sandbox() -> None:
    code = (
        "import sys; from nexus_jupyter.server.handlers.panels import _compiled;"
        f"_compiled({FETCHING!r}); print([m for m in ('wasmtime',) if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ARGUMENT_MISMATCH", 400),
        ("UNKNOWN_TOOL", 404),
        ("CAPABILITY_DENIED", 403),
        ("STALE", 409),
        ("TIMEOUT", 504),
        ("KERNEL_UNAVAILABLE", 502),
        ("HANDLER_ERROR", 502),
        ("LIMIT_FUEL", 502),
    ],
)
async def test_a_kernels_error_passes_with_its_code(ask: Any, kernel: Speaker, code: str, status: int) -> None:
    def refuse(_: object) -> None:
        raise NexusError("it <b>cannot</b>", hint="do this", code=code)

    kernel.answer = refuse
    answer = await ask("tools/call", {"panel": KEY, "tool": "add"})
    assert answer.code == status
    assert json.loads(answer.body) == {"code": code, "message": "it <b>cannot</b>", "hint": "do this"}
    assert answer.headers["Content-Type"].startswith("application/json")


async def test_a_failure_of_the_server_tells_nothing_of_itself(ask: Any, kernel: Speaker) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("secret-word")

    kernel.answer = fail
    answer = await ask("tools/call", {"panel": KEY, "tool": "add"})
    assert answer.code == 500
    assert json.loads(answer.body)["code"] == "INTERNAL"
    assert b"secret-word" not in answer.body


async def test_a_client_that_goes_away_cancels_its_call(
    kernel: Speaker, jp_serverapp: Any, jp_http_port: int, jp_base_url: str, ask: Any
) -> None:
    body = json.dumps({"panel": KEY, "tool": "add"})
    _, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    writer.write(
        f"POST {jp_base_url}nexus/api/v1/tools/call HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
        f"Authorization: token {jp_serverapp.identity_provider.token}\r\n\r\n{body}".encode()
    )
    async with asyncio.timeout(20):
        while not kernel.requests:
            await asyncio.sleep(0.01)
        assert kernel.cancelled == []
        writer.transport.abort()
        while not kernel.cancelled:
            await asyncio.sleep(0.01)
    assert (await ask("health")).code == 200


# --- bodies --------------------------------------------------------------------------------------

BAD_BODIES: dict[str, bytes] = {
    "no JSON": b"}{",
    "empty": b"",
    "a list": b"[]",
    "an unknown field": json.dumps({"panel": KEY, "tool": "add", "evil": 1}).encode(),
    "a missing field": json.dumps({"tool": "add"}).encode(),
    "another type": json.dumps({"panel": KEY, "tool": ["add"]}).encode(),
    "a bad key": json.dumps({"panel": "../x", "tool": "add"}).encode(),
    "a long name": json.dumps({"panel": KEY, "tool": "x" * 300}).encode(),
    "deep": b'{"panel":"' + KEY.encode() + b'","tool":"add","args":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "no number": b'{"panel":"' + KEY.encode() + b'","tool":"add","args":[{"by":NaN}]}',
    "a number without bounds": b'{"panel":"' + KEY.encode() + b'","tool":"add","args":{"by":[1e999]}}',
    "no UTF-8": b'{"panel":"\xff"}',
    "NUL": b"\0",
}


@pytest.mark.parametrize("raw", BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_body_that_does_not_fit_is_refused(ask: Any, kernel: Speaker, raw: bytes) -> None:
    answer = await ask("tools/call", raw=raw)
    assert answer.code == 400
    assert json.loads(answer.body)["code"] == "INVALID_BODY"
    assert kernel.requests == []


async def test_a_body_that_is_too_long_is_refused(ask: Any, kernel: Speaker) -> None:
    fits = json.dumps({"panel": KEY, "tool": "add", "args": ["x" * 1_000_000]}).encode()
    kernel.answer = lambda _: None
    assert (await ask("tools/call", raw=fits)).code == 200
    answer = await ask("tools/call", raw=b"x" * (1024 * 1024 + 1))
    assert answer.code == 413
    assert json.loads(answer.body)["code"] == "BODY_TOO_LARGE"
    assert (await ask("health")).code == 200


async def test_a_body_that_does_not_say_how_long_it_is_is_bounded_too(
    kernel: Speaker, jp_serverapp: Any, http_server: Any, jp_http_port: int, jp_base_url: str
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    writer.write(
        f"POST {jp_base_url}nexus/api/v1/tools/call HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: token {jp_serverapp.identity_provider.token}\r\n\r\n".encode()
    )
    for _ in range(20):
        writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
    writer.write(b"0\r\n\r\n")
    async with asyncio.timeout(20):
        assert b" 413 " in await reader.readline()
    writer.transport.abort()


# --- the graph -----------------------------------------------------------------------------------


async def test_the_graph_is_given_whole(ask: Any, kernel: Speaker) -> None:
    found = NOGGraph(GraphState.model_validate_json((await ask("graph")).body))
    assert contents(found) == contents(kernel.sink.graph)  # type: ignore[attr-defined]
    assert found.revision == 1


async def test_a_neighbourhood_is_given_with_distances(ask: Any, kernel: Speaker) -> None:
    state = "a.ipynb#state:one/count"
    answer = await ask("graph/neighbourhood", entity=state, depth="1", direction="in")
    found = Neighbourhood.model_validate_json(answer.body)
    assert {"a.ipynb#tool:one/add", "a.ipynb#computed:one/double", "a.ipynb#panel:one"} <= {e.id for e in found.entities}
    assert found.depths[state] == 0
    assert set(found.depths.values()) == {0, 1}
    few = Neighbourhood.model_validate_json((await ask("graph/neighbourhood", entity=state, depth="64", limit="2")).body)
    assert len(few.entities) == 2


async def test_a_path_is_given_in_order(ask: Any, kernel: Speaker) -> None:
    answer = await ask("graph/path", source="a.ipynb#tool:one/add", target="a.ipynb#computed:one/double")
    found = GraphPath.model_validate_json(answer.body)
    assert [found.entities[0].id, found.entities[-1].id] == ["a.ipynb#tool:one/add", "a.ipynb#computed:one/double"]
    assert len(found.relationships) == len(found.entities) - 1


async def test_no_path_is_empty(ask: Any, kernel: Speaker) -> None:
    Speaker(kernel.sink, kernel="k2", notebook="b.ipynb").snapshot(one=counter())
    answer = await ask("graph/path", source="a.ipynb#panel:one", target="b.ipynb#panel:one")
    assert answer.code == 200
    assert GraphPath.model_validate_json(answer.body).entities == ()


async def test_dependencies_and_dependents_are_given(ask: Any, kernel: Speaker) -> None:
    down = Neighbourhood.model_validate_json((await ask("graph/dependencies", entity="a.ipynb#computed:one/double")).body)
    assert "a.ipynb#state:one/count" in down.depths
    up = Neighbourhood.model_validate_json(
        (await ask("graph/dependencies", entity="a.ipynb#state:one/count", direction="dependents", depth="1")).body
    )
    assert "a.ipynb#computed:one/double" in up.depths


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("graph/neighbourhood", {}, 400),
        ("graph/neighbourhood", {"entity": "a.ipynb#panel:one", "depth": "x"}, 400),
        ("graph/neighbourhood", {"entity": "a.ipynb#panel:one", "depth": "-1"}, 400),
        ("graph/neighbourhood", {"entity": "a.ipynb#panel:one", "depth": "9" * 5_000}, 400),
        ("graph/neighbourhood", {"entity": "a.ipynb#panel:one", "direction": "sideways"}, 400),
        ("graph/neighbourhood", {"entity": "a.ipynb#panel:one", "limit": "0"}, 400),
        ("graph/neighbourhood", {"entity": "a.ipynb#panel:two"}, 404),
        ("graph/path", {"source": "a.ipynb#panel:one"}, 400),
        ("graph/path", {"source": "a.ipynb#panel:one", "target": "x"}, 404),
        ("graph/dependencies", {"entity": "a.ipynb#panel:one", "direction": "both"}, 400),
        ("graph/dependencies", {"entity": "x"}, 404),
    ],
)
async def test_a_question_that_cannot_be_answered_says_why(
    ask: Any, kernel: Speaker, path: str, query: dict[str, str], status: int
) -> None:
    answer = await ask(path, **query)
    assert answer.code == status
    assert len(json.loads(answer.body)["message"]) < 500


def test_every_status_belongs_to_an_error_that_there_is() -> None:
    package = Path(base.__file__).parents[2]
    others = "".join(f.read_text(encoding="utf-8") for f in package.rglob("*.py") if f != Path(base.__file__))
    own = Path(base.__file__).read_text(encoding="utf-8")
    assert [
        code for code in base._STATUS if f'"{code}"' not in others and f'code = "{code}"' not in own and f'code="{code}"' not in own
    ] == []


def test_a_store_that_fails_is_no_fault_of_a_kernel() -> None:
    assert base.status_of(StoreError("the disk is full.")) == 503
