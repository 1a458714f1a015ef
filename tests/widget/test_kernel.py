"""Real kernels, spoken to as a page speaks to them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel
from pydantic import TypeAdapter

import nexus_jupyter
from nexus_jupyter.protocol import KernelMessage
from nexus_jupyter.protocol.identity import document_hash
from nexus_jupyter.protocol.output import OUTPUT_MIME, PanelOutput
from nexus_jupyter.protocol.packing import unpack

COUNTER = """%%nxml counter
<NexusPanel id="counter" title="Counter">
  <Data><State name="count" type="number" default="0" /><State name="name" type="string" pattern="[a-z]*" /></Data>
  <Logic>
    <Tool name="add" description="d"><Arg name="by" type="number" default="1" /><Handler>$state.count += $args.by;</Handler></Tool>
    <Tool name="fail" description="d"><Handler>throw new Error('no luck');</Handler></Tool>
    <Tool name="wait" description="d"><Handler>await new Promise(go => setTimeout(go, 60000));</Handler></Tool>
  </Logic>
  <View><Layout><Button id="add" label="{$state.count}" trigger="add" args="[2]" /><Button label="f" trigger="fail" /><Button label="w" trigger="wait" />
    <Input bind="$state.name" label="Name" /></Layout></View>
</NexusPanel>"""


_message: TypeAdapter[KernelMessage] = TypeAdapter(KernelMessage)


class Page:
    """The page's end of a widget's comm."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.comm = ""
        self.state: dict[str, Any] = {}
        self.messages: list[dict[str, Any]] = []
        self.seq = 0

    def run(self, code: str) -> dict[str, Any]:
        """Execute a cell; gives its stdout, data and error."""
        message_id = self.client.execute(code)
        result: dict[str, Any] = {"out": "", "data": [], "error": None}
        while True:
            message = self.client.get_iopub_msg(timeout=60)
            self._take(message)
            if message["parent_header"].get("msg_id") != message_id:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    result["out"] += content["text"]
                case "display_data" | "execute_result":
                    result["data"].append(content["data"])
                case "error":
                    result["error"] = content
                case "status" if content["execution_state"] == "idle":
                    return result

    def _take(self, message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "comm_open" and "_bundle" in content["data"].get("state", {}):
            self.comm, self.state = content["comm_id"], content["data"]["state"]
            self.messages.clear()
            self.seq = 0  # a page of its own, which begins to count
        elif message["msg_type"] == "comm_msg" and content["comm_id"] == self.comm and content["data"]["method"] == "custom":
            inner = unpack(content["data"]["content"], most_bytes=10_000_000, most_objects=100_000)
            assert isinstance(inner, dict)
            if inner["kind"] == "batch":
                # what a message leaves out is the protocol's default
                self.messages += [_message.validate_python(each).model_dump(mode="json") for each in inner["messages"]]
            else:
                self.messages.append({**inner, "buffers": message["buffers"]})

    def send(self, **content: Any) -> None:
        """Send a custom message on the comm."""
        data = {"comm_id": self.comm, "data": {"method": "custom", "content": content}}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", data))

    def event(self, node: str, name: str = "press", **detail: Any) -> int:
        """A component's event; gives its seq."""
        self.seq += 1
        self.send(kind="event", client="me", seq=self.seq, node=node, name=name, detail=detail, clock=1.0, seed=1, zone="UTC", base=0)
        return self.seq

    def until(self, kind: str, timeout: float = 20, **fields: Any) -> dict[str, Any]:
        """Wait for a message of this kind with these fields, and take everything up to it."""
        deadline = time.monotonic() + timeout
        while True:
            for i, message in enumerate(self.messages):
                if message["kind"] == kind and all(message[k] == v for k, v in fields.items()):
                    del self.messages[: i + 1]
                    return message
            left = deadline - time.monotonic()
            assert left > 0, f"no {kind} {fields} came; there is {self.messages}"
            self._take(self.client.get_iopub_msg(timeout=left))

    def node(self, tree: dict[str, Any], type_: str, number: int = 0) -> str:
        """The id of the ``number``-th node of a type."""
        found: list[str] = []

        def walk(node: dict[str, Any]) -> None:
            if node["type"] == type_:
                found.append(node["id"])
            for child in node.get("children", ()):
                walk(child)

        walk(tree["root"])
        return found[number]


@pytest.fixture(scope="module", params=["nexus", "python3"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    manager, client = start_new_kernel(kernel_name=request.param)
    opened = Page(client)
    if request.param == "python3":
        opened.run("%load_ext nexus_jupyter")
    yield opened
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


@pytest.fixture
def counter(page: Page) -> Page:
    page.messages.clear()
    result = page.run(COUNTER.replace("%%nxml counter", "%%nxml counter --fresh", 1))  # whatever the test before left
    assert result["error"] is None, result
    return page


def test_a_cell_shows_the_panel_in_every_form(counter: Page) -> None:
    result = counter.run("counter")
    (data,) = result["data"]
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == counter.comm
    assert data["text/plain"] == "<Panel counter: count=0, name=''>"
    assert data["text/html"] == (
        "<p><b>Counter</b><br>[0]<br>[f]<br>[w]<br>Name: –</p><p><i>Saved view of a panel. Run the cell to use it.</i></p>"
    )
    source = COUNTER.split("\n", 1)[1]
    assert PanelOutput.model_validate(data[OUTPUT_MIME]) == PanelOutput(
        panel="counter", title="Counter", hash=document_hash(source), state={"count": 0, "name": ""}
    )
    assert len(json.dumps(data).encode()) <= 800


def test_a_page_that_saves_gets_what_is_to_be_kept_now(counter: Page) -> None:
    (first,) = counter.run("counter")["data"]
    counter.run("counter.state.count = 7")
    counter.send(kind="kept")
    data = counter.until("kept")["data"]
    assert data[OUTPUT_MIME] == {**first[OUTPUT_MIME], "state": {"count": 7, "name": ""}}
    assert data["text/html"] == first["text/html"].replace("[0]", "[7]")


def test_what_a_widget_carries_is_small(counter: Page) -> None:
    assert len(counter.state["_esm"].encode()) <= 600
    assert set(counter.state) >= {"_bundle", "_snapshot", "_esm"}
    assert json.loads(counter.state["_snapshot"])["rev"] == 0


def test_a_page_gets_the_bundle_when_it_asks(counter: Page) -> None:
    counter.send(kind="bundle")
    reply = counter.until("bundle")
    assert reply["address"] == counter.state["_bundle"]
    assert len(reply["buffers"][0]) > 10_000


def test_a_page_gets_the_guest_when_it_asks(counter: Page) -> None:
    counter.send(kind="guest")
    reply = counter.until("guest")
    code, image = map(bytes, reply["buffers"])
    assert reply["address"] == hashlib.sha256(code + image).hexdigest()[:32]
    static = Path(nexus_jupyter.__file__).parent / "static"
    assert (code, image) == ((static / "guest-code.wasm").read_bytes(), (static / "guest-image.wasm").read_bytes())


def test_a_click_becomes_a_commit_a_new_tree_and_a_result(counter: Page) -> None:
    counter.send(kind="hello", client="me", protocol=1)
    snapshot = counter.until("snapshot")
    node = counter.node(snapshot["tree"], "Button")
    seq = counter.event(node)
    commit = counter.until("commit")
    assert commit["rev"] == 1
    assert commit["cause"] == {"kind": "tool", "tool": "add", "client": "me", "seq": seq}
    assert commit["ops"] == [{"op": "replace", "path": "/count", "value": 2}]
    assert commit["tree"] is None
    (change,) = commit["patch"]["changed"]
    assert (change["id"], change["props"]) == (snapshot["tree"]["root"]["children"][0]["id"], {"label": 2})
    assert counter.until("result", seq=seq)["error"] is None
    assert counter.run("print(counter.state.count)")["out"] == "2\n"


def test_an_edit_is_committed_and_a_rule_that_it_breaks_is_told(counter: Page) -> None:
    counter.send(kind="hello", client="me", protocol=1)
    node = counter.node(counter.until("snapshot")["tree"], "Input")
    seq = counter.event(node, "change", value="abc")
    assert counter.until("commit")["ops"][0]["value"] == "abc"
    counter.until("result", seq=seq)
    seq = counter.event(node, "change", value="ABC")
    rejected = counter.until("reject", seq=seq)
    assert rejected["error"]["code"] == "INVALID_STATE"
    assert counter.run("print(counter.state.name)")["out"] == "abc\n"


def test_what_a_page_did_is_undone_and_redone_from_the_page(counter: Page) -> None:
    counter.send(kind="hello", client="me", protocol=1)
    snapshot = counter.until("snapshot")
    assert (snapshot["can_undo"], snapshot["can_redo"]) == (False, False)
    counter.until("result", seq=counter.event(counter.node(snapshot["tree"], "Button")))
    count = counter.run("print(counter.state.count, counter.can_undo)")["out"].split()
    assert count == ["2", "True"]
    for kind, expected in (("undo", "0"), ("redo", "2")):
        counter.seq += 1
        counter.send(kind=kind, client="me", seq=counter.seq)
        commit = counter.until("commit")
        assert (commit["cause"]["kind"], commit["cause"]["seq"], commit["can_undo"]) == (kind, counter.seq, kind == "redo")
        assert counter.until("result", seq=counter.seq)["error"] is None
        assert counter.run("print(counter.state.count)")["out"] == f"{expected}\n"


def test_a_handlers_error_is_told_to_the_page_that_caused_it(counter: Page) -> None:
    counter.send(kind="hello", client="me", protocol=1)
    node = counter.node(counter.until("snapshot")["tree"], "Button", 1)
    error = counter.until("result", seq=counter.event(node))["error"]
    assert error["message"] == "no luck"
    assert error["line"] == 5


def test_a_waiting_call_is_announced_and_can_be_cancelled(counter: Page) -> None:
    counter.send(kind="hello", client="me", protocol=1)
    node = counter.node(counter.until("snapshot")["tree"], "Button", 2)
    seq = counter.event(node)
    assert counter.until("started", seq=seq)["tool"] == "wait"
    counter.send(kind="cancel", client="me", seq=seq)
    assert counter.until("result", seq=seq)["error"]["code"] == "CANCELLED"


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "event"},
        {"kind": "nope"},
        {"kind": "hello", "client": "x" * 1000, "protocol": 1},
        {"kind": "event", "client": "me", "seq": -1, "node": "", "name": "", "clock": 0, "seed": 0, "zone": "", "base": 0},
        {
            "kind": "event",
            "client": "other",
            "seq": 1,
            "node": "__proto__",
            "name": "constructor",
            "clock": 0,
            "seed": 0,
            "zone": "no/where",
            "base": 0,
        },
        {"kind": ["list"]},
        {"no": "kind"},
        {"kind": "cancel", "client": "me", "seq": 999},
    ],
)
def test_a_hostile_message_harms_nothing(counter: Page, content: dict[str, Any]) -> None:
    counter.send(**content)
    counter.send(kind="hello", client="me", protocol=1)
    node = counter.node(counter.until("snapshot")["tree"], "Button")
    counter.event(node)
    assert counter.until("commit")["rev"] == 1


def test_a_page_cannot_write_traits(counter: Page) -> None:
    data = {"comm_id": counter.comm, "data": {"method": "update", "state": {"_esm": "alert(1)", "_bundle": "x"}, "buffer_paths": []}}
    counter.client.shell_channel.send(counter.client.session.msg("comm_msg", data))
    assert (
        counter.run("from nexus_jupyter.widget.mimebundle import widget_of\nprint(widget_of(counter)._bundle == 'x')")["out"] == "False\n"
    )


def test_a_page_of_another_version_is_told_to_reload(counter: Page) -> None:
    counter.send(kind="hello", client="me", protocol=99)
    assert "reload" in counter.until("closed")["reason"]


def test_running_the_cell_again_frees_the_old_panel(counter: Page) -> None:
    def alive() -> object:
        return counter.run(
            "import comm, threading, nexus_jupyter, gc; gc.collect()\n"
            "from nexus_jupyter.sandbox.instance import live_instances\n"
            "print(len(comm.get_comm_manager().comms), len(nexus_jupyter.panels()), len(list(live_instances())))"
        )["out"]

    before = alive()
    counter.run(COUNTER)
    counter.run(COUNTER)
    assert alive() == before


def test_a_wrong_document_fails_its_cell_without_a_traceback(page: Page) -> None:
    result = page.run('%%nxml\n<NexusPanel><Data><State name="a" type="nmber"/></Data></NexusPanel>')
    assert result["error"] is not None
    assert "Traceback" not in "".join(result["error"]["traceback"])
    assert "INVALID_TYPE" in result["data"][0]["text/html"]
    assert "INVALID_TYPE" in result["data"][0]["text/plain"]


def test_a_cell_may_await_a_tool(counter: Page) -> None:
    assert counter.run("print(await counter.tools.add(by=5), counter.state.count)")["out"] == "None 5\n"


def test_a_state_can_be_linked_with_an_ipywidget(counter: Page) -> None:
    code = (
        "import ipywidgets, traitlets\nslider = ipywidgets.IntSlider()\n"
        "link = traitlets.link((counter.state, 'count'), (slider, 'value'))\n"
        "counter.call('add', by=3)\nprint(slider.value)\nslider.value = 8\nprint(counter.state.count)\nlink.unlink(); slider.close(); slider.layout.close(); slider.style.close()"
    )
    assert counter.run(code)["out"] == "3\n8\n"


def test_a_click_reaches_observers_and_listeners_on_the_main_thread(counter: Page) -> None:
    counter.run(
        "import threading\nheard = []\n"
        "counter.state.observe(lambda c: heard.append((c.new, threading.current_thread() is threading.main_thread())), 'count')"
    )
    counter.send(kind="hello", client="me", protocol=1)
    node = counter.node(counter.until("snapshot")["tree"], "Button")
    counter.event(node)
    counter.until("commit")
    deadline = time.monotonic() + 10
    while "True" not in (out := counter.run("print(heard)")["out"]):
        assert time.monotonic() < deadline, out
    assert out == "[(2, True)]\n"


def test_a_cell_that_blocks_on_a_tool_delivers_callbacks_meanwhile(counter: Page) -> None:
    code = (
        "heard = []\ncounter.state.observe(lambda c: heard.append(c.new), 'count')\n"
        "for i in range(3):\n    counter.call('add')\nprint(heard)"
    )
    assert counter.run(code)["out"] == "[1, 2, 3]\n"
