"""``nexus.store``: values outlive the kernel, stay within their namespace and their quota, and survive other kernels."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.errors import HandlerError, LimitError
from nexus_jupyter.sandbox.data_folder import data_folder
from nexus_jupyter.sandbox.extensions import ExtensionContext
from nexus_jupyter.sandbox.extensions import value_file as files
from nexus_jupyter.sandbox.extensions.store import MAX_KEY, MAX_VALUE, ValueStore


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEXUS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def store(panel: str = "p", notebook: str = "a.ipynb", **options: Any) -> ValueStore:
    return ValueStore(ExtensionContext(panel=panel, notebook=notebook, options=options))


def call(method: str, *args: Any, of: ValueStore | None = None) -> Any:
    return asyncio.run((of or store()).call(method, args))


@pytest.mark.parametrize("value", [None, True, 1.5, "ä\u2028\0", [], {"a": [1, {"b": None}]}, ""])
def test_a_value_is_what_was_stored(value: Any) -> None:
    assert call("get", "k") is None
    assert call("set", "k", value) is None
    assert call("get", "k") == value


def test_values_are_listed_replaced_and_deleted() -> None:
    for key in ("b", "draft/2", "draft/1", "a%", "a_", "Ä"):
        call("set", key, 1)
    call("set", "b", 2)
    assert call("keys") == ["a%", "a_", "b", "draft/1", "draft/2", "Ä"]
    assert call("keys", "draft/") == ["draft/1", "draft/2"]
    assert call("keys", "a%") == ["a%"]  # no pattern
    assert call("keys", "'; drop table value; --") == []
    assert call("delete", "b") is True
    assert call("delete", "b") is False
    assert call("get", "b") is None


def test_a_namespace_is_a_panel_of_a_notebook_and_the_workspace_is_one_for_all() -> None:
    mine = store("p", "a.ipynb")
    call("set", "k", "mine", of=mine)
    for other in (store("q", "a.ipynb"), store("p", "b.ipynb"), store('p", "a.ipynb', ""), store("p", "a.ipynb", scope="workspace")):
        assert call("get", "k", of=other) is None
        assert call("keys", of=other) == []
        assert call("delete", "k", of=other) is False
    call("set", "k", "ours", of=store("q", "a.ipynb", scope="workspace"))
    assert call("get", "k", of=store("p", "b.ipynb", scope="workspace")) == "ours"
    assert call("get", "k", of=mine) == "mine"


@pytest.mark.parametrize("key", ["__proto__", "constructor", "prototype", "", "a\0b", "\ud800"])
def test_keys_that_no_panel_takes_are_refused(key: str) -> None:
    for args in (("set", key, 1), ("get", key), ("delete", key)):
        with pytest.raises(HandlerError) as caught:
            call(*args)
        assert caught.value.code == "INVALID_ARGUMENT"
    assert call("keys") == []


@pytest.mark.parametrize("value", [{"__proto__": 1}, [{"constructor": 1}], "\ud800", 2**60])
def test_values_that_no_panel_takes_are_refused(value: Any) -> None:
    with pytest.raises(HandlerError):
        call("set", "k", value)
    assert call("keys") == []


def test_a_key_has_256_bytes() -> None:
    call("set", "ä" * (MAX_KEY // 2), 1)
    with pytest.raises(LimitError) as caught:
        call("set", "ä" * (MAX_KEY // 2) + "x", 1)
    assert caught.value.code == "LIMIT_STORE_KEY"
    with pytest.raises(LimitError):
        call("keys", "x" * 1_000_000)


def test_a_value_has_256_kib() -> None:
    call("set", "k", "x" * (MAX_VALUE - 2))  # with its quotation marks
    with pytest.raises(LimitError) as caught:
        call("set", "k", "y" * (MAX_VALUE - 1))
    assert caught.value.code == "LIMIT_STORE_VALUE"
    assert call("get", "k") == "x" * (MAX_VALUE - 2)  # nothing was stored


def test_a_namespace_has_1_mib_and_what_passes_it_stores_nothing() -> None:
    quarter = "x" * (MAX_VALUE - 3)  # with its key of one byte
    for key in "abcd":
        call("set", key, quarter)
    with pytest.raises(LimitError) as caught:
        call("set", "e", 1)
    assert caught.value.code == "LIMIT_STORE_BYTES"
    assert call("keys") == ["a", "b", "c", "d"]
    call("set", "a", quarter)  # what it replaces does not count
    call("set", "a", 1)
    call("set", "e", 1)
    call("set", "e", quarter, of=store("other"))  # nor does another's


def test_a_namespace_has_1000_keys(folder: Path) -> None:
    call("set", "0", 1)
    file = files.ValueFile(folder)
    with sqlite3.connect(file.path) as connection:
        namespace = connection.execute("select namespace from value").fetchone()[0]
        connection.executemany("insert into value values (?, ?, '1', 2)", [(namespace, str(i)) for i in range(1, 1000)])
    connection.close()
    with pytest.raises(LimitError) as caught:
        call("set", "one more", 1)
    assert caught.value.code == "LIMIT_STORE_KEYS"
    call("set", "999", 2)
    call("delete", "0")
    call("set", "one more", 1)
    assert len(call("keys")) == 1000


WRITER = """
import asyncio, sys
from nexus_jupyter.sandbox.extensions import ExtensionContext
from nexus_jupyter.sandbox.extensions.store import ValueStore
mine = ValueStore(ExtensionContext(panel="p", notebook="a.ipynb"))
async def write():
    for i in range(60):
        await mine.call("set", (f"{sys.argv[1]}/{i}", i))
        await mine.call("set", ("shared", [sys.argv[1], i]))
        assert (await mine.call("get", (f"{sys.argv[1]}/{i}",))) == i
asyncio.run(write())
"""


def test_several_kernels_write_at_the_same_time() -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, name], stderr=subprocess.PIPE, text=True) for name in "abc"]
    for writer in writers:
        _, said = writer.communicate(timeout=120)
        assert writer.returncode == 0, said
    assert call("keys") == sorted([*(f"{name}/{i}" for name in "abc" for i in range(60)), "shared"])
    assert call("get", "shared")[1] == 59


def test_one_panel_may_write_many_at_once() -> None:
    async def write() -> None:
        mine = store()
        await asyncio.gather(*(mine.call("set", (f"k{i}", i)) for i in range(30)))

    asyncio.run(write())
    assert len(call("keys")) == 30


@pytest.mark.skipif(sys.platform == "win32", reason="profiles are private there by themselves")
def test_folder_and_files_are_the_users_alone(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    call("set", "k", 1)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("damage", [b"this is no database, whatever its name may say" * 50, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_with_a_clear_error(folder: Path, damage: bytes) -> None:
    call("set", "k", 1)
    for path in folder.iterdir():
        path.unlink()
    (folder / files.FILE).write_bytes(damage)
    with pytest.raises(HandlerError) as caught:
        call("get", "k")
    assert caught.value.code == "STORE_DAMAGED"
    assert str(folder) not in str(caught.value)
    assert (folder / f"{files.FILE}.damaged").read_bytes() == damage
    call("set", "k", 2)
    assert call("get", "k") == 2


def test_a_file_that_is_damaged_in_the_middle_is_no_crash(folder: Path) -> None:
    for i in range(40):
        call("set", f"k{i}", "x" * 2000)
    path = folder / files.FILE
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(HandlerError) as caught:
        call("keys")
    assert caught.value.code == "STORE_DAMAGED"
    call("set", "k", 1)


def test_a_file_that_stays_busy_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("set", "k", 1)
    monkeypatch.setattr(files, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(folder / files.FILE, isolation_level=None)
    try:
        other.execute("begin immediate")
        with pytest.raises(HandlerError, match="another kernel is using it") as caught:
            call("set", "k", 2)
        assert caught.value.code == "STORE_UNAVAILABLE"
    finally:
        other.close()
    assert call("get", "k") == 1


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NEXUS_DATA_DIR", str(tmp_path / "file" / "data"))
    with pytest.raises(HandlerError) as caught:
        call("get", "k")
    assert caught.value.code == "STORE_UNAVAILABLE"
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="each system has a folder of its own")
def test_the_folder_is_jupyters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEXUS_DATA_DIR")
    monkeypatch.delenv("JUPYTER_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "jupyter" / "nexus"
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "j"))
    assert data_folder() == tmp_path / "j" / "nexus"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted there")
def test_nothing_stays_open(folder: Path) -> None:
    call("set", "k", 1)
    with pytest.raises(LimitError):
        call("set", "k", "x" * MAX_VALUE)
    open_files = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.islink(f"/proc/self/fd/{n}")]
    assert [each for each in open_files if str(folder) in each] == []
