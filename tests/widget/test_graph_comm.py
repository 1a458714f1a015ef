"""The comm ``nexus.graph`` of real kernels, opened as a server opens it and as one with bad intentions would."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel
from pydantic import TypeAdapter

from nexus_jupyter.protocol.bridge import BRIDGE_TARGET, BRIDGE_VERSION, FromKernel, KernelBatch, KernelDelta, KernelSnapshot
from nexus_jupyter.protocol.packing import unpack
from nexus_jupyter.widget.graph_comm import BEACON, TARGET

from_kernel: TypeAdapter[Any] = TypeAdapter(FromKernel)

PANEL = """from nexus_jupyter import Panel
p = Panel('<NexusPanel id="p"><Data><State name="n" type="number" default="0" /></Data><Logic><Tool name="add" description="d"><Handler>$state.n += 1; return $state.n;</Handler></Tool><Tool name="wait" description="d"><Handler>await new Promise(go => setTimeout(go, 60000));</Handler></Tool></Logic></NexusPanel>')"""


class Server:
    """The server's end of comms."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.heard: list[dict[str, Any]] = []
        self.comm = ""

    def run(self, code: str) -> str:
        """Run a cell to its end; what it printed."""
        message_id = self.client.execute(code)
        out = ""
        while True:
            message = self.take(60)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "stream":
                out += message["content"]["text"]
            assert message["msg_type"] != "error", message["content"]
            if message["content"].get("execution_state") == "idle":
                return out

    def take(self, timeout: float) -> dict[str, Any]:
        message: dict[str, Any] = self.client.get_iopub_msg(timeout=timeout)
        if message["msg_type"].startswith("comm_"):
            self.heard.append(message)
        return message

    def open(self, comm: str, **data: Any) -> None:
        self.comm = comm
        self.post("comm_open", {"comm_id": comm, "target_name": BRIDGE_TARGET, "data": {"version": BRIDGE_VERSION, **data}})

    def send(self, data: Any) -> None:
        self.post("comm_msg", {"comm_id": self.comm, "data": data})

    def close(self) -> None:
        self.post("comm_close", {"comm_id": self.comm, "data": {}})

    def post(self, kind: str, content: dict[str, Any]) -> None:
        self.client.shell_channel.send(self.client.session.msg(kind, content))

    def of(self, comm: str) -> list[Any]:
        """What came on this comm."""
        mine = [m["content"]["data"] for m in self.heard if m["msg_type"] == "comm_msg" and m["content"]["comm_id"] == comm]
        read = [from_kernel.validate_python(unpack(data, most_bytes=1_000_000, most_objects=10_000)) for data in mine]
        return [each for message in read for each in (message.messages if isinstance(message, KernelBatch) else (message,))]

    def until(self, found: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 30
        while not (value := found()):
            assert time.monotonic() < deadline, self.heard
            self.take(30)
        return value

    def answer(self, id: int) -> Any:
        return self.until(lambda: next((m for m in self.of(self.comm) if m.kind == "result" and m.id == id), None))

    def comms(self) -> dict[str, Any]:
        comms: dict[str, Any] = self.client.comm_info(BRIDGE_TARGET, reply=True, timeout=30)["content"]["comms"]
        return comms


@pytest.fixture(scope="module")
def kernel() -> Iterator[Any]:
    manager, client = start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


@pytest.fixture
def server(kernel: Any) -> Iterator[Server]:
    server = Server(kernel)
    server.run(PANEL)
    server.heard.clear()
    yield server
    server.close()
    server.run("p.close()")
    assert server.comms().keys() <= {BEACON}


def test_the_target_is_the_protocols() -> None:
    assert TARGET == BRIDGE_TARGET


def test_nothing_is_there_before_the_first_panel_and_then_it_is_announced_once(kernel: Any) -> None:
    server = Server(kernel)
    assert server.comms() == {}
    server.run("import nexus_jupyter")
    assert server.comms() == {}
    server.run(f"{PANEL}\np.close()\n{PANEL}\np.close()")
    server.run("%load_ext nexus_jupyter")
    announced = [m["content"] for m in server.heard if m["content"].get("comm_id") == BEACON]
    assert announced == [{"comm_id": BEACON, "data": {}}]
    assert list(server.comms()) == [BEACON]


def test_nothing_is_sent_without_a_listener(server: Server) -> None:
    server.run(f"p.call('add'); p.call('add')\n{PANEL}\np.call('add')")
    server.run("import time; time.sleep(0.2)")
    assert server.heard == []
    server.open("late")
    (snapshot,) = server.until(lambda: server.of("late"))
    assert [(panel.id, panel.rev, panel.has_view) for panel in snapshot.panels] == [("p", 1, False)]


def test_a_comm_that_is_closed_hears_no_more(server: Server) -> None:
    server.open("short")
    server.until(lambda: server.of("short"))
    server.send({"kind": "call", "id": 1, "request": {"op": "call", "panel": "p", "tool": "wait"}})
    server.close()
    server.run(PANEL)
    server.run("import time; time.sleep(0.2)")
    assert [type(m) for m in server.of("short")] == [KernelSnapshot]
    assert server.run("print(len(__import__('nexus_jupyter').nog.kernel.kernel_graph()._followers))") == "0\n"
    assert [m for m in server.heard if m["msg_type"] == "comm_close"] == []


def test_a_call_is_answered_on_the_comm_and_cancelled_by_its_number(server: Server) -> None:
    server.open("calls")
    server.send({"kind": "call", "id": 1, "request": {"op": "call", "panel": "p", "tool": "wait"}})
    server.send({"kind": "call", "id": 2, "request": {"op": "call", "panel": "p", "tool": "add"}})
    assert server.answer(2).value == 1
    server.send({"kind": "cancel", "id": 1})
    assert server.answer(1).error.code == "CANCELLED"


def test_a_request_that_does_not_fit_is_answered_if_it_has_a_number(server: Server) -> None:
    server.open("odd")
    for id, request in enumerate([{"op": "call"}, {"op": "run", "code": "1"}, {"op": "read", "panel": "p", "more": 1}, None], start=1):
        server.send({"kind": "call", "id": id, "request": request})
        assert server.answer(id).error.code == "INVALID_REQUEST"
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    server.send({"kind": "call", "id": 9, "request": {"op": "call", "panel": "p", "tool": "add", "args": deep}})
    assert server.answer(9).error is not None
    server.send({"kind": "call", "id": 10, "request": {"op": "call", "panel": "p", "tool": "add"}})
    assert server.answer(10).value == 1


def test_the_number_of_a_running_request_cannot_be_used_again(server: Server) -> None:
    server.open("twice")
    wait = {"kind": "call", "id": 5, "request": {"op": "call", "panel": "p", "tool": "wait"}}
    server.send(wait)
    server.send({**wait, "request": {"op": "call", "panel": "p", "tool": "add"}})
    server.send({"kind": "call", "id": 6, "request": {"op": "call", "panel": "p", "tool": "add"}})
    assert server.answer(6).value == 1
    assert [m for m in server.of("twice") if m.kind == "result" and m.id == 5] == []


def test_more_requests_than_a_kernel_takes_are_refused(server: Server) -> None:
    server.open("many")
    for id in range(1, 70):
        server.send({"kind": "call", "id": id, "request": {"op": "call", "panel": "p", "tool": "wait"}})
    refused = server.answer(69)
    assert refused.error.code in {"LIMIT_REQUESTS", "LIMIT_QUEUE"}
    server.close()
    server.comm = "after"
    server.open("after")
    server.send({"kind": "call", "id": 1, "request": {"op": "call", "panel": "p", "tool": "add"}})
    assert server.answer(1).value == 1


def test_a_panel_is_read_while_every_thread_computes(server: Server) -> None:
    endless = "".join(f'<Tool name="t{i}" description="d"><Handler>for (;;) ;</Handler></Tool>' for i in range(20))
    source = f"<NexusPanel><Logic>{endless}</Logic></NexusPanel>"
    server.open("busy")
    for id in range(1, 9):
        server.send({"kind": "call", "id": id, "request": {"op": "try", "panel": "p", "source": source}})
    server.send({"kind": "call", "id": 9, "request": {"op": "read", "panel": "p"}})
    assert "NexusPanel" in server.answer(9).value["source"]
    assert [m for m in server.of("busy") if m.kind == "result" and m.id < 9] == []


def test_errors_say_nothing_of_the_kernels_insides(server: Server) -> None:
    server.open("errors")
    server.run("p.__class__.document = property(lambda self: 1 / 0)")
    try:
        server.send({"kind": "call", "id": 1, "request": {"op": "read", "panel": "p"}})
        error = server.answer(1).error
    finally:
        server.run("p.__class__.document = property(lambda self: self._document)")
    assert error.code == "INTERNAL"
    assert "/" not in error.model_dump_json()
    assert "Traceback" not in error.model_dump_json()


def test_a_server_that_comes_again_takes_the_place_of_its_lost_self(server: Server) -> None:
    server.open("first", bridge="mine")
    server.until(lambda: server.of("first"))
    server.open("second", bridge="mine")
    server.until(lambda: server.of("second"))
    assert set(server.comms()) == {BEACON, "second"}
    server.run(PANEL)
    server.until(lambda: [m for m in server.of("second") if isinstance(m, KernelDelta)])
    assert [type(m) for m in server.of("first")] == [KernelSnapshot]


def test_a_server_of_another_version_learns_ours_and_nothing_else(server: Server) -> None:
    server.open("newer", version=BRIDGE_VERSION + 1)
    (snapshot,) = server.until(lambda: server.of("newer"))
    assert (snapshot.version, snapshot.panels, snapshot.graph.entities) == (BRIDGE_VERSION, (), ())
    server.send({"kind": "call", "id": 1, "request": {"op": "read", "panel": "p"}})
    server.run(PANEL)
    server.run("import time; time.sleep(0.2)")
    assert len(server.of("newer")) == 1


def test_a_message_on_the_comm_does_not_run_the_hooks_of_a_cell(server: Server) -> None:
    server.open("hooks")
    server.run("ran = []\nhook = lambda: ran.append(1)\nget_ipython().events.register('pre_execute', hook)\nran.clear()")
    server.send({"kind": "call", "id": 1, "request": {"op": "call", "panel": "p", "tool": "add"}})
    server.answer(1)
    assert server.run("get_ipython().events.unregister('pre_execute', hook)\nprint(len(ran))") == "1\n"


def test_the_graph_answers_in_the_kernel_without_a_server(server: Server) -> None:
    assert server.run("import nexus_jupyter\nprint('tool:p/add' in nexus_jupyter.graph())") == "True\n"


def test_unloading_ends_it_and_loading_begins_again(kernel: Any) -> None:
    server = Server(kernel)
    server.run("%reload_ext nexus_jupyter")
    server.open("before")
    server.until(lambda: server.of("before"))
    server.heard.clear()
    server.run("%unload_ext nexus_jupyter")
    assert server.comms() == {}
    server.run("%load_ext nexus_jupyter")
    assert list(server.comms()) == [BEACON]
    beacons = [m["content"]["data"] for m in server.heard if m["content"]["comm_id"] == BEACON]
    assert beacons == [{"gone": True}, {}]
    assert [m for m in server.heard if m["msg_type"] == "comm_close"] == []
