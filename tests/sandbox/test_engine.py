"""The engine: compiling in the background, the compiled cache, threads, damaged files."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import nexus_jupyter
from nexus_jupyter.errors import EngineError
from nexus_jupyter.protocol import GuestReply
from nexus_jupyter.sandbox import Engine, Guest
from nexus_jupyter.sandbox.cache import CompiledCache, default_directory
from nexus_jupyter.sandbox.deadline import DeadlineKeeper
from nexus_jupyter.sandbox.instance import live_instances
from nexus_jupyter.sandbox.stack import has_enough_stack, with_enough_stack

MakeGuest = Callable[..., Guest]
Run = Callable[..., GuestReply]
STATIC = Path(nexus_jupyter.__file__).parent / "static"


def use(engine: Engine, make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("return 6 * 7", engine=engine)
    assert run(guest).value == 42
    guest.close()


@pytest.mark.timing
def test_the_compiled_guest_is_kept_privately_and_used_again(tmp_path: Path, make_guest: MakeGuest, run: Run) -> None:
    use(Engine(CompiledCache(tmp_path / "c")), make_guest, run)
    directory = tmp_path / "c" / "sandbox"
    files = sorted(directory.iterdir())
    assert len(files) == 2
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    before = [file.stat().st_mtime_ns for file in files]
    begun = time.perf_counter()
    use(Engine(CompiledCache(tmp_path / "c")), make_guest, run)
    assert time.perf_counter() - begun < 0.2
    assert [file.stat().st_mtime_ns for file in sorted(directory.iterdir())] == before


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\x7fELF" + bytes(1000)])
def test_a_damaged_compiled_file_is_made_anew(tmp_path: Path, make_guest: MakeGuest, run: Run, damage: bytes) -> None:
    use(Engine(CompiledCache(tmp_path)), make_guest, run)
    for file in (tmp_path / "sandbox").iterdir():
        file.write_bytes(damage)
    use(Engine(CompiledCache(tmp_path)), make_guest, run)
    assert all(file.stat().st_size > 10_000 for file in (tmp_path / "sandbox").iterdir())


def test_a_compiled_file_that_goes_away_while_in_use_is_made_anew(tmp_path: Path, make_guest: MakeGuest, run: Run) -> None:
    engine = Engine(CompiledCache(tmp_path))
    use(engine, make_guest, run)
    shutil.rmtree(tmp_path / "sandbox")
    use(engine, make_guest, run)


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean something else there")
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_directory_that_others_can_write_is_not_used(tmp_path: Path, make_guest: MakeGuest, run: Run, mode: int) -> None:
    directory = tmp_path / "sandbox"
    directory.mkdir()
    directory.chmod(mode)
    use(Engine(CompiledCache(tmp_path)), make_guest, run)
    assert list(directory.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean something else there")
def test_a_file_that_others_can_write_is_not_read(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path)
    path = cache.path(b"wasm", "compiler")
    assert path is not None
    assert cache.store(path, b"code")
    assert cache.fit_to_read(path)
    path.chmod(0o620)
    assert not cache.fit_to_read(path)
    path.unlink()
    assert not cache.fit_to_read(path)
    path.symlink_to(tmp_path / "elsewhere")
    assert not cache.fit_to_read(path)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners there")
def test_a_directory_of_someone_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CompiledCache(tmp_path).path(b"", "") is not None
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    assert CompiledCache(tmp_path).path(b"", "") is None


def test_a_link_is_no_cache_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "sandbox").symlink_to(tmp_path / "real")
    assert CompiledCache(tmp_path).path(b"", "") is None


def test_without_a_place_to_keep_it_the_guest_is_compiled_in_memory(tmp_path: Path, make_guest: MakeGuest, run: Run) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a directory")
    engine = Engine(CompiledCache(occupied))
    use(engine, make_guest, run)
    use(engine, make_guest, run)


def test_the_key_tells_compilers_and_sources_apart(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path)
    assert len({cache.path(wasm, compiler) for wasm in (b"a", b"b") for compiler in ("1", "2")}) == 4


def test_the_cache_directory_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEXUS_CACHE_DIR", str(tmp_path))
    assert default_directory() == tmp_path
    monkeypatch.delenv("NEXUS_CACHE_DIR")
    if sys.platform.startswith("linux"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert default_directory() == tmp_path / "nexus"
        monkeypatch.setenv("XDG_CACHE_HOME", "relative")
        assert default_directory().is_absolute()


@pytest.mark.parametrize("name", ["guest-code.wasm", "guest-image.wasm", "guest-provenance.json"])
def test_a_missing_or_damaged_build_is_one_clear_error(tmp_path: Path, make_guest: MakeGuest, name: str) -> None:
    for file in ("guest-code.wasm", "guest-image.wasm", "guest-provenance.json"):
        shutil.copy(STATIC / file, tmp_path)
    with (tmp_path / name).open("r+b") as file_:
        file_.seek(20)
        file_.write(b"\xff\xff")
    engine = Engine(CompiledCache(tmp_path / "c"), static=tmp_path)
    for _ in range(2):
        with pytest.raises(EngineError, match="damaged"):
            make_guest(engine=engine)
    (tmp_path / name).unlink()
    with pytest.raises(EngineError, match=f"{name} is missing"):
        make_guest(engine=Engine(CompiledCache(tmp_path / "c"), static=tmp_path))


@pytest.mark.timing
def test_warming_compiles_in_the_background_once(tmp_path: Path, make_guest: MakeGuest, run: Run) -> None:
    engine = Engine(CompiledCache(tmp_path))
    begun = time.perf_counter()
    engine.warm()
    engine.warm()
    assert time.perf_counter() - begun < 0.1
    use(engine, make_guest, run)
    assert engine.ready
    engine.warm()


def test_a_damaged_build_does_not_break_warming(tmp_path: Path) -> None:
    engine = Engine(CompiledCache(tmp_path), static=tmp_path)
    engine.warm()
    with pytest.raises(EngineError):
        engine.machine(1 << 26, lambda _: 0)


def test_many_threads_may_start_guests_at_once(tmp_path: Path, make_guest: MakeGuest, run: Run) -> None:
    engine = Engine(CompiledCache(tmp_path))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda i: run(make_guest("return $args", engine=engine), call=i + 1).value, range(16))) == [{}] * 16


def test_many_threads_may_use_one_guest(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("$state.n += 1; return $state.n")
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda i: run(guest, call=i + 1).value, range(200)))
    assert sorted(values) == list(range(1, 201))  # type: ignore[type-var]


def test_a_thread_with_a_small_stack_can_run_deep_code(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest(
        "const f = n => n ? 1 + f(n - 1) : 0; let d = 0; try { (function g() { d++; g() })() } catch (e) { return [e.name, d > 100] }"
    )
    found: list[object] = []

    def work() -> None:
        found.extend([has_enough_stack(), run(guest).value, with_enough_stack(has_enough_stack)])

    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert found == [False, ["RangeError", True], True]


def test_instances_are_known_until_they_are_closed(make_guest: MakeGuest) -> None:
    before = len(live_instances())
    guest = make_guest()
    assert len(live_instances()) == before + 1
    guest.close()
    assert len(live_instances()) == before


def test_the_stack_setting_does_not_abort_the_process() -> None:
    code = "from nexus_jupyter.sandbox import Engine; print(Engine().machine(1 << 26, lambda s: 0).memory_size)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(result.stdout) > 0


def test_importing_the_sandbox_loads_no_wasmtime() -> None:
    code = "import sys, nexus_jupyter.sandbox; sys.exit('wasmtime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_deadlines_act_once_in_order_and_end_their_thread() -> None:
    keeper = DeadlineKeeper()
    seen: list[str] = []
    now = time.monotonic()
    keeper.set(now + 0.15, lambda: seen.append("b"))
    keeper.set(now + 0.05, lambda: seen.append("a"))
    cleared = keeper.set(now + 0.1, lambda: seen.append("never"))
    assert keeper.clear(cleared)
    assert not keeper.clear(cleared)
    time.sleep(0.3)
    assert seen == ["a", "b"]
    time.sleep(0.5)
    assert not any(thread.name == "nexus-epoch" for thread in threading.enumerate())
    again = keeper.set(time.monotonic() + 0.02, lambda: seen.append("c"))
    time.sleep(0.1)
    assert seen == ["a", "b", "c"]
    assert not keeper.clear(again)
