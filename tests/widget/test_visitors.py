"""Kernels that Voila starts, as its visitors find them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from nexus_jupyter.protocol.bridge import BRIDGE_TARGET, BRIDGE_VERSION
from nexus_jupyter.widget.visitors import serves_visitors

# what Voila puts into the environment of a kernel that it starts for a visitor, or before one comes
FOR_A_VISITOR = {"VOILA_PREHEAT": "False", "SERVER_SOFTWARE": "voila/0.5.13", "VOILA_BASE_URL": "/"}
IN_ADVANCE = {"VOILA_PREHEAT": "True", "VOILA_BASE_URL": "/"}

BROKEN = """%%nxml broken
<NexusPanel><Logic><Tool name="go"><Handler>return $state.hidden_word;</Handler></Tool></Logic></NexusPanel>"""
PANEL = """import nexus_jupyter
panel = nexus_jupyter.Panel('<NexusPanel id="p"><Data><State name="n" type="number" /></Data></NexusPanel>')
panel"""


@contextlib.contextmanager
def kernel(environment: dict[str, str]) -> Iterator[Any]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("VOILA_", "SERVER_SOFTWARE"))}
    manager, client = start_new_kernel(kernel_name="nexus", env={**bare, **environment})
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def heard_of(client: Any, message_id: str) -> list[dict[str, Any]]:
    """All that the kernel publishes until it is idle after this message."""
    heard = []
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != message_id:
            continue
        heard.append(message)
        if message["content"].get("execution_state") == "idle":
            return heard


def open_comm(client: Any) -> list[str]:
    """The types of what is published when the graph's comm is opened."""
    content = {"comm_id": "mine", "target_name": BRIDGE_TARGET, "data": {"version": BRIDGE_VERSION}}
    message = client.session.msg("comm_open", content)
    client.shell_channel.send(message)
    return [m["msg_type"] for m in heard_of(client, message["header"]["msg_id"])]


@pytest.mark.parametrize("environment", [FOR_A_VISITOR, IN_ADVANCE], ids=["for a visitor", "in advance"])
def test_a_visitor_cannot_open_the_graph_of_a_kernel_nor_read_what_is_wrong_with_its_cells(environment: dict[str, str]) -> None:
    with kernel(environment) as client:
        heard_of(client, client.execute(PANEL))  # a panel made by a program registers the comm, too, where it may
        assert client.comm_info(BRIDGE_TARGET, reply=True, timeout=30)["content"]["comms"] == {}
        assert "comm_close" in open_comm(client)
        heard = heard_of(client, client.execute(BROKEN))
        hidden = [
            m["content"].get("name", m["msg_type"])
            for m in heard
            if "hidden_word" in str(m["content"]) and m["msg_type"] != "execute_input"
        ]
        assert "stderr" in hidden, "the author finds it where Voila shows tracebacks"
        assert not {"display_data", "execute_result", "stdout"} & set(hidden)


def test_in_other_kernels_the_graph_opens_and_problems_are_shown() -> None:
    with kernel({}) as client:
        heard_of(client, client.execute(PANEL))
        assert client.comm_info(BRIDGE_TARGET, reply=True, timeout=30)["content"]["comms"] != {}
        assert "comm_close" not in open_comm(client)
        heard = heard_of(client, client.execute(BROKEN))
        assert [m for m in heard if m["msg_type"] == "display_data" and "hidden_word" in str(m["content"])]


def test_a_server_of_another_kind_serves_no_visitors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOILA_PREHEAT", raising=False)
    monkeypatch.setenv("SERVER_SOFTWARE", "gunicorn/23")
    assert not serves_visitors()
