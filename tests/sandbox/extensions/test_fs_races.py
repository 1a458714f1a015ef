"""Folders and links that change places while a panel reads and writes: it never sees nor changes what lies outside."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nexus_jupyter.errors import NexusError
from nexus_jupyter.sandbox.extensions import ExtensionContext
from nexus_jupyter.sandbox.extensions.beneath import Opener, openat2, system_opener, walk
from nexus_jupyter.sandbox.extensions.fs import Files

INSIDE, OUTSIDE = "what lies inside", "what lies outside"
SWAPS = 10_000 if os.environ.get("NEXUS_FULL") == "1" else 500
OPENERS = [walk, *([openat2] if system_opener() is openat2 else [])]


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[list[int]]:
    """Let ``one`` and ``other`` change places in a thread, as fast as it can; counts the swaps."""
    spare = one.with_name("spare")
    ended = threading.Event()
    count = [0]

    def swap() -> None:
        while not ended.is_set():
            os.rename(one, spare)
            os.rename(other, one)
            os.rename(spare, other)
            count[0] += 1

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield count
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("opener", OPENERS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("swapped", ["folder", "file"])
def test_no_swap_leads_outside(opener: Opener, swapped: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # the more calls, the more chances
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/x.txt").write_text(OUTSIDE)
    (tmp_path / "data/sub").mkdir(parents=True)
    (tmp_path / "data/sub/x.txt").write_text(INSIDE)
    if swapped == "folder":
        one, other = tmp_path / "data/sub", tmp_path / "data/other"
        os.symlink(tmp_path / "outside", other)
    else:
        one, other = tmp_path / "data/sub/x.txt", tmp_path / "data/sub/other"
        os.symlink(tmp_path / "outside/x.txt", other)
    files = Files(ExtensionContext(panel="p", options={"root": "data", "mode": "write"}), opener=opener)
    outcomes: dict[str, int] = {}

    async def scenario(count: list[int]) -> None:
        turn = 0
        while min(turn, count[0]) < SWAPS or not {"read", "refused"} <= set(outcomes):
            turn += 1
            call = (("read", ("sub/x.txt",)), ("write", ("sub/x.txt", INSIDE)), ("list", ("sub",)), ("delete", ("sub/y.txt",)))[turn % 4]
            try:
                found = await files.call(*call)
            except NexusError:
                outcomes["refused"] = outcomes.get("refused", 0) + 1
            else:
                outcomes[call[0]] = outcomes.get(call[0], 0) + 1
                assert call[0] != "read" or found == INSIDE

    (tmp_path / "outside/y.txt").write_text(OUTSIDE)
    with swapping(one, other) as count:
        asyncio.run(scenario(count))
    assert count[0] >= SWAPS
    assert {path.name: path.read_text() for path in (tmp_path / "outside").iterdir()} == {"x.txt": OUTSIDE, "y.txt": OUTSIDE}
