"""A cell that is run again and again: what of it stays in the kernel.  Needs no browser."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import psutil
from jupyter_client.manager import start_new_kernel

from .peers import OURS, SOURCE
from .table import Part

CELLS = {
    OURS: f"%%nxml counter\n{SOURCE}",
    "a cell without a panel": "display('nothing')",
}

# ipykernel looks every ten seconds for the sockets of threads that have ended
SWEEP = 12.0
SETTLE = """import ctypes, gc
gc.collect()
getattr(ctypes.CDLL(None), "malloc_trim", int)(0)"""


class Cell:
    """One cell in a kernel, run as a page does it: what it shows is read, and a panel in it greeted."""

    def __init__(self, client: Any, source: str) -> None:
        self._client = client
        self._source = source

    def run(self) -> None:
        """Run it.  Raises RuntimeError: it failed."""
        self._ask("execute_request", {"code": self._source, "silent": False, "store_history": False, "allow_stdin": False})

    def settle(self) -> None:
        """Have the kernel let go of all that it only has not let go of yet: garbage, and what the allocator keeps for the next time."""
        time.sleep(SWEEP)
        self._ask("execute_request", {"code": SETTLE, "silent": True, "store_history": False, "allow_stdin": False})

    def _ask(self, kind: str, content: dict[str, Any]) -> None:
        session = self._client.session
        message = session.msg(kind, content, metadata={"cellId": "bench"})
        self._client.shell_channel.send(message)
        model = ""
        while True:
            heard = self._client.get_iopub_msg(timeout=60)
            said = heard["content"]
            if heard["msg_type"] == "comm_open" and "_bundle" in said["data"].get("state", {}):
                model = said["comm_id"]
            if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            if heard["msg_type"] == "error":
                raise RuntimeError("\n".join(said["traceback"]))
            if said.get("execution_state") == "idle":
                break
        if model:
            hello = {"kind": "hello", "client": "bench", "protocol": 1}
            greeting = {"comm_id": model, "data": {"method": "custom", "content": hello}}
            self._client.shell_channel.send(session.msg("comm_msg", greeting))
        while self._client.shell_channel.msg_ready():
            self._client.get_shell_msg(timeout=1)


@contextlib.contextmanager
def kernel() -> Iterator[tuple[Any, psutil.Process]]:
    """A kernel's client and its process; ended with the context."""
    manager, client = start_new_kernel(kernel_name="nexus")
    try:
        yield client, psutil.Process(manager.provisioner.pid)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def slope(source: str, first: int, last: int) -> tuple[int, int, float]:
    """Resident bytes of a kernel after ``first`` and after ``last`` runs of a cell, and milliseconds of one run."""
    with kernel() as (client, process):
        cell = Cell(client, source)
        sizes = []
        done, seconds = 0, 0.0
        for until in (first, last):
            started = time.perf_counter()
            while done < until:
                cell.run()
                done += 1
            seconds += time.perf_counter() - started
            cell.settle()
            sizes.append(process.memory_info().rss)
        return sizes[0], sizes[1], seconds / last * 1e3


def reruns(quick: bool) -> Part:
    """The slope of memory between two numbers of runs."""
    first, last = (1_000, 1_600) if quick else (2_000, 10_000)
    part = Part(f"a cell run {last:,} times", (f"MB after {first:,}", f"MB after {last:,}", "bytes a run", "ms a run"))
    growths = []
    for name, source in CELLS.items():
        early, late, each = slope(source, first, last)
        growths.append((late - early) / (last - first))
        part.add(name, early / 1e6, late / 1e6, growths[-1], each)
    part.judge("memory that one more run leaves behind, beyond that of a cell without a panel", growths[0] - growths[1], "bytes", 1_000)
    return part
