"""Warming: in real kernels, while they have nothing to do, and never beside a person's own imports."""

from __future__ import annotations

import time
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from nexus_jupyter.widget.warming import MODULES

LOADED = f"import sys; print(all(name in sys.modules for name in {MODULES!r}))"


def said(client: Any, code: str) -> str:
    out: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            out.append(message["content"]["text"])

    reply = client.execute_interactive(code, timeout=60, output_hook=hear)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(out).strip()


@pytest.mark.parametrize("kernel", ["nexus", pytest.param("python3", marks=pytest.mark.full)])
def test_an_idle_kernel_gets_ready_by_itself(kernel: str) -> None:
    manager, client = start_new_kernel(kernel_name=kernel)
    try:
        if kernel == "python3":
            said(client, "%load_ext nexus_jupyter")
        deadline = time.monotonic() + 30
        while said(client, LOADED) != "True":
            assert time.monotonic() < deadline
            time.sleep(0.2)
        threads = said(client, "import threading; print([t.name for t in threading.enumerate() if 'import' in t.name])")
        assert threads == "[]"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("from nexus_jupyter.nog import NOGGraph", marks=pytest.mark.full),
        "from nexus_jupyter import Panel",
        pytest.param("import nexus_jupyter.nxml.hover", marks=pytest.mark.full),
    ],
)
def test_a_cell_that_comes_at_once_finds_whole_modules(first: str) -> None:
    manager, client = start_new_kernel(kernel_name="nexus")
    try:
        said(client, first)
        said(client, "%unload_ext nexus_jupyter")
        said(client, "%load_ext nexus_jupyter")
        said(client, "from nexus_jupyter import Panel; Panel('<NexusPanel/>').close()")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
