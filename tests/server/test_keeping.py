"""States with ``persist="notebook"`` in kernels that a real server starts for notebooks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.services.sessions.sessionmanager import SessionManager

CELL = """%%nxml counter --hide
<NexusPanel id="counter"><Data>
  <State name="kept" type="number" persist="notebook"/><State name="other" type="number"/>
</Data></NexusPanel>"""
READ = "print(counter.state.kept, counter.state.other)"


async def run(kernels: Any, kernel: str, *cells: str) -> str:
    """Run cells in a kernel as a page does; what they printed."""
    client = kernels.get_kernel(kernel).client()
    client.start_channels(stdin=False, hb=False)
    out: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            out.append(message["content"]["text"])

    try:
        await client.wait_for_ready(timeout=60)
        for cell in cells:
            reply = await client.execute_interactive(cell, timeout=60, allow_stdin=False, output_hook=hear)
            assert reply["content"]["status"] == "ok", reply["content"]
    finally:
        client.stop_channels()
    return "".join(out)


def test_a_restart_brings_back_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_DATA_DIR", str(tmp_path / "data"))

    async def story() -> None:
        kernels = AsyncMappingKernelManager(root_dir=str(tmp_path))
        sessions = SessionManager(kernel_manager=kernels, contents_manager=AsyncLargeFileManager(root_dir=str(tmp_path)))

        try:
            session = await sessions.create_session(path="one.ipynb", name="one.ipynb", type="notebook", kernel_name="nexus")
            kernel = str(session["kernel"]["id"])
            assert await run(kernels, kernel, CELL, "counter.state.update(kept=7, other=8)", READ) == "7 8\n"
            await kernels.restart_kernel(kernel)
            assert await run(kernels, kernel, CELL, READ) == "7 0\n"
        finally:
            for each in kernels.list_kernel_ids():
                await kernels.shutdown_kernel(each, now=True)
            sessions.close()

    asyncio.run(story())
