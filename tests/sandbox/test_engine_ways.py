"""Both ways to run guests, where it is narrow: each place is a process of its own, so that an abort or a signal is seen."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.errors import LimitError
from nexus_jupyter.protocol import GuestEdit, GuestInvoke, GuestRead, GuestReply
from nexus_jupyter.sandbox import Engine, Guest
from nexus_jupyter.sandbox.instance import live_instances
from nexus_jupyter.sandbox.machine import Image

from .conftest import CLOCK, MakeGuest

FULL = os.environ.get("NEXUS_FULL") == "1"

BEGIN = """
import sys, threading
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from nexus_jupyter.errors import NexusError
from nexus_jupyter.nxml import load_program
from nexus_jupyter.protocol import GuestInvoke
from nexus_jupyter.sandbox import Engine, Guest
from nexus_jupyter.sandbox.cache import CompiledCache

SOURCE = '''<NexusPanel><Data><State name="n" type="number"/></Data><Logic>
<Tool name="t"><Handler>$state.n += 1; return [6 * 7, $state.n, new Date(0).getHours()]</Handler></Tool>
<Tool name="spin"><Handler>for (;;);</Handler></Tool>
<Tool name="fall"><Handler>const f = () => f(); try { f() } catch { } return JSON.parse("[".repeat(2e6))</Handler></Tool></Logic></NexusPanel>'''
PROGRAM = load_program(SOURCE)[0]

def guest(engine=None, zone="Asia/Tokyo"):
    return Guest(PROGRAM, engine=engine, clock=0, zone=zone)

def call(guest, tool="t", timeout=20):
    return guest.request(GuestInvoke(call=1, tool=tool, clock=0, seed=1, zone="Asia/Tokyo"), timeout=timeout, wall=200)

def answers(engine=None):
    with guest(engine) as one:
        assert call(one).value == [42, 1, 9]

def right(engine=None):
    with guest(engine) as one:
        assert call(one).value == [42, 1, 9], call(one)
        assert call(one).value == [42, 2, 9]
    for tool in ("spin", "fall"):
        with guest(engine) as one:
            try:
                call(one, tool, 0.05 if tool == "spin" else 20)
                raise AssertionError(tool)
            except NexusError as error:
                assert error.code.startswith("LIMIT_"), error.code
    with guest(engine) as one:
        assert call(one).value == [42, 1, 9]

"""


def child(code: str, **environment: str) -> str:
    """What the child printed; a signal, an abort or an exception of its own fails the test."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", BEGIN + code], capture_output=True, text=True, timeout=300, env={**os.environ, **environment}
    )
    assert result.returncode == 0, f"ended with {result.returncode}: {result.stderr[-2000:]}"
    assert result.stderr == ""
    return result.stdout.strip()


def test_the_direct_way_is_what_is_chosen_here() -> None:
    assert Engine.shared().way == "direct"
    assert child("right(); print(Engine.shared().way)") == "direct"


@pytest.mark.parametrize("way", ["direct", "public"])
def test_either_way_can_be_chosen(way: str) -> None:
    assert child(f"engine = Engine(way={way!r}); right(engine); print(engine.way)") == way


HIDDEN = ["wasmtime_pooling_allocation_config_new", "wasmtime_pooling_allocation_config_table_elements_set"]


@pytest.mark.parametrize("name", HIDDEN)
def test_a_wasmtime_without_what_the_direct_way_needs_is_used_the_public_way(name: str) -> None:
    code = f"from wasmtime import _ffi\ndel _ffi.{name}\nright(); print(Engine.shared().way)"
    assert child(code) == "public"


def test_a_library_without_a_function_that_the_direct_way_needs_is_used_the_public_way() -> None:
    code = """
import ctypes
real = ctypes.CFUNCTYPE
def without(*types):
    made = real(*types)
    class Prototype(made):
        _restype_, _argtypes_, _flags_ = made._restype_, made._argtypes_, made._flags_
        def __new__(cls, *arguments):
            if isinstance(arguments[0], tuple) and arguments[0][0] == "wasmtime_func_call_unchecked":
                raise AttributeError("function 'wasmtime_func_call_unchecked' not found")
            return made(*arguments)
    return Prototype
import wasmtime
ctypes.CFUNCTYPE = without
from nexus_jupyter.sandbox import engine as module
chosen = module.host()
ctypes.CFUNCTYPE = real
print(chosen.kind)
"""
    assert child(code) == "public"


@pytest.mark.parametrize(
    "drift",
    [
        "dll.wasmtime_memory_data.argtypes = dll.wasmtime_memory_data.argtypes + [ctypes.c_void_p]",
        "dll.wasmtime_func_call_unchecked.argtypes = [*dll.wasmtime_func_call_unchecked.argtypes[:3], ctypes.c_uint8, ctypes.c_void_p]",
        "dll.wasmtime_memory_data_size.restype = ctypes.c_uint32",
        "dll.wasmtime_func_new_unchecked.argtypes = [*held[:2], ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p), *held[3:]]",
    ],
)
def test_a_wasmtime_that_declares_its_functions_otherwise_is_used_the_public_way(drift: str) -> None:
    """A call that does not fit would corrupt memory instead of failing."""
    code = f"""
import ctypes
from wasmtime import _ffi
dll = _ffi.dll
held = dll.wasmtime_func_new_unchecked.argtypes
{drift}
from nexus_jupyter.sandbox import engine as module
print(module.host().kind)
"""
    assert child(code) == "public"


def test_without_assertions_guests_run_all_the_same() -> None:
    """What ``python -O`` leaves out must do nothing."""
    code = f"{BEGIN}\nwith guest() as one: print(call(one).value, Engine.shared().way)"
    done = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.stdout.strip(), done.stderr) == ("[42, 1, 9] direct", "")


# What goes on when a process is forked: the thread that keeps deadlines waits; it has its lock, for so long as a fork could fall into;
# the fork is a server's own, of which only the child is told.
IDLE = "fork = os.fork"
USED = """
begun, forking = threading.Event(), threading.Event()
def use():
    with Engine.shared().deadlines._changed:
        begun.set()
        forking.wait()
        time.sleep(0.3)
threading.Thread(target=use).start()
begun.wait()
os.register_at_fork(before=forking.set)
fork = os.fork
"""
SILENT = """
import ctypes
def fork():
    child = ctypes.PyDLL(None).fork()
    if not child:
        ctypes.pythonapi.PyOS_AfterFork_Child()
    return child
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked there")
@pytest.mark.parametrize("meanwhile", [IDLE, USED, SILENT], ids=["idle", "used", "silent"])
def test_a_loop_in_a_forked_process_meets_its_deadline_too(meanwhile: str) -> None:
    """The thread that keeps deadlines is not in the child; an alarm ends a child that nothing stopped."""
    code = f"""
import os, signal, time
one = guest()
assert call(one).value == [42, 1, 9]  # the thread is there now
{meanwhile}
child = fork()
if not child:
    signal.alarm(60)
    try: call(one, "spin", 0.05)
    except NexusError as error: os._exit(0 if error.code == "LIMIT_CPU" else 3)
    os._exit(4)
print(os.waitpid(child, 0)[1])
assert call(one).value == [42, 2, 9]  # and it is there still
try: call(one, "spin", 0.05)
except NexusError as error: print(error.code)
one.close()
"""
    assert child(code).split() == ["0", "LIMIT_CPU"]


def test_when_all_memories_of_the_pool_are_in_use_others_are_made() -> None:
    code = """
from nexus_jupyter.sandbox import direct
direct.DirectHost.__init__.__defaults__ = (3,)
engine = Engine()
guests = [guest(engine) for _ in range(9)]
assert [call(each).value for each in guests] == [[42, 1, 9]] * 9
for each in guests[:6]: each.close()
right(engine)
image = guests[7].keep()  # of one engine, begun with in the other
more = [Guest.of_image(image, engine=engine) for _ in range(6)]
assert [call(each).value[1] for each in more] == [2] * 6, [call(each).value for each in more]
for each in (*guests, *more): each.close()
right(engine)
print("well")
"""
    assert child(code) == "well"


def test_without_addresses_for_a_pool_guests_run_all_the_same() -> None:
    code = """
import resource, wasmtime
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 40 * 2**30, used + 40 * 2**30))
engine = Engine()
right(engine)
right(engine)
assert engine._host._pooled is None
print(engine.way)
"""
    assert child(code) == "direct"


def test_without_addresses_for_one_memory_there_is_a_plain_error() -> None:
    code = """
import resource, wasmtime
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))
for _ in range(2):
    try:
        guest(Engine()); print("ran")
    except NexusError as error:
        print(error.code, "ulimit" in error.hint)
"""
    assert child(code).splitlines() == ["ENGINE_UNAVAILABLE True"] * 2


@pytest.mark.parametrize("ways", ["direct direct", "public direct", "public public"])
def test_several_engines_in_one_process(ways: str) -> None:
    code = """
import gc
for _ in range(3):  # addresses of those that are gone are used again
    engines = [Engine(way=way) for way in WAYS.split()]
    guests = [guest(engine) for engine in engines for _ in range(2)]
    image = guests[0].keep()
    assert [call(each).value for each in guests] == [[42, 1, 9]] * 4
    twice = [Guest.of_image(image, engine=engines[0]) for _ in range(2)]
    if WAYS.split()[0] == WAYS.split()[1]:
        twice.append(Guest.of_image(image, engine=engines[1]))
    assert all(call(each).value == [42, 1, 9] for each in twice)
    for each in (*guests, *twice): each.close()
    del engines, guests, twice, each
    gc.collect()
    later = Engine(way=WAYS.split()[0])
    with Guest.of_image(image, engine=later) as one:
        assert call(one).value == [42, 1, 9]
    right(later)
print("well")
"""
    assert child(f"WAYS = {ways!r}\n{code}") == "well"


DAMAGES = {
    "cut to nothing": "path.write_bytes(b'')",
    "cut in place": "os.truncate(path, 5000)",
    "overwritten in place": "with open(path, 'r+b') as file: file.write(b'\\xff' * 200_000)",
    "gone": "path.unlink()",
    "a directory": "path.unlink(); path.mkdir()",
    "writable for all": "path.chmod(0o666)",
}


@pytest.mark.parametrize("way", ["direct", pytest.param("public", marks=pytest.mark.full)])
def test_compiled_files_that_change_while_they_are_in_use(tmp_path: Path, way: str) -> None:
    damages = DAMAGES if FULL else dict(list(DAMAGES.items())[:3])
    code = f"""
import os, shutil
from pathlib import Path
home = Path({str(tmp_path)!r})
Engine(CompiledCache(home / "first"), way={way!r}).machine(1 << 26, lambda s: 0).close()
for number, (name, damage) in enumerate({damages!r}.items()):
    place = home / str(number)
    shutil.copytree(home / "first", place)
    cache = CompiledCache(place)
    engine = Engine(cache, way={way!r})  # this one found the files
    alive = guest(engine)
    assert call(alive).value == [42, 1, 9]
    for path in (place / "sandbox").iterdir():
        exec(damage)
    assert call(alive).value == [42, 2, 9], name
    answers(engine)
    alive.close()
    answers(Engine(cache, way={way!r}))  # another process finds them so
    print(name)
"""
    assert child(code).splitlines() == list(damages)


@pytest.mark.parametrize("way", ["direct", "public"])
def test_many_threads_make_the_first_guests_at_once(tmp_path: Path, way: str) -> None:
    code = f"""
from pathlib import Path
engine = Engine(CompiledCache(Path({str(tmp_path)!r})), way={way!r})
start = threading.Barrier(24)
def one(i):
    start.wait()
    for _ in range(3):
        with guest(engine) as g:
            assert call(g).value == [42, 1, 9]
            if i % 4 == 0:
                try: call(g, "spin", 0.02)
                except NexusError as error: assert error.code == "LIMIT_CPU", error
    return i
with ThreadPoolExecutor(24) as pool:
    assert list(pool.map(one, range(24))) == list(range(24))
right(engine)
print("well")
"""
    assert child(code) == "well"


def test_without_a_thread_for_deadlines_nothing_runs_and_later_everything_does() -> None:
    code = """
engine = Engine()
real = threading.Thread.start
one = guest(engine)
import time
time.sleep(1)  # the thread of deadlines has ended
def none(self): raise RuntimeError("can't start new thread")
threading.Thread.start = none
try:
    call(one); print("ran")
except RuntimeError: print("refused")
threading.Thread.start = real
right(engine)
"""
    assert child(code) == "refused"


# --- images ----------------------------------------------------------------------------------------------------------


def invoke(guest: Guest, tool: str = "t", args: Any = None, call: int = 1) -> GuestReply:
    return guest.request(GuestInvoke(call=call, tool=tool, args=args, clock=CLOCK, seed=1, zone="UTC"))


def content(engine: Engine, image: Image) -> bytes:
    machine = engine.machine(1 << 26, lambda _: 0, image)
    try:
        return machine.read(0, machine.memory_size)
    finally:
        machine.close()


def test_an_image_is_the_memory_as_it_was(engine: Engine, make_guest: MakeGuest) -> None:
    guest = make_guest("$state.x = 'y'.repeat(200_000); return 1", engine=engine)
    for _ in range(2):
        machine = guest._instance._machine
        assert machine is not None
        before = machine.read(0, machine.memory_size)
        found = content(engine, guest.keep())
        assert len(found) == len(before)
        assert hashlib.sha256(found).digest() == hashlib.sha256(before).digest()
        assert invoke(guest).status == "done"


def test_guests_of_one_image_never_see_each_other(engine: Engine, make_guest: MakeGuest) -> None:
    first = make_guest("$state.n += 1; $state.x = $args.a ?? null; return $state.n", engine=engine, logic="")
    image = first.keep()
    fresh = content(engine, image)
    guests = [Guest.of_image(image, engine=engine) for _ in range(6)]
    try:
        for round_ in range(1, 4):
            for i, guest in enumerate(guests):
                guest.request(GuestEdit(values={"x": f"canary {i}"}, clock=CLOCK))
                assert invoke(guest).value == round_
        for i, guest in enumerate(guests):
            guest.request(GuestEdit(values={"x": f"canary {i}"}, clock=CLOCK))
            assert guest.request(GuestRead(name="x")).value == f"canary {i}"
            machine = guest._instance._machine
            assert machine is not None
            memory = machine.read(0, machine.memory_size)
            assert [j for j in range(6) if f"canary {j}".encode() in memory] == [i]
        assert invoke(first).value == 1
        assert content(engine, image) == fresh
    finally:
        for guest in guests:
            guest.close()


HOSTILE = {
    "leaves a loop": "for (;;);",
    "falls": "return JSON.parse('['.repeat(2e6))",
    "takes all memory": "const a = []; for (;;) a.push('x'.repeat(1e5) + a.length)",
    "floods promises": "for (;;) await null",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_images_of_hostile_guests_are_fine(engine: Engine, make_guest: MakeGuest, body: str) -> None:
    guest = make_guest(f"if ($args.bad) {{ {body} }} $state.n += 1; return $state.n", logic="", engine=engine)
    assert invoke(guest).value == 1
    image = guest.keep()
    for bad in (make_guest(body, engine=engine), Guest.of_image(image, engine=engine)):
        with bad:
            if bad.initial_state:
                with pytest.raises(LimitError):
                    bad.request(GuestInvoke(call=1, tool="t", clock=CLOCK, seed=1, zone="UTC"), timeout=0.3, wall=60)
                assert not bad.alive
    with Guest.of_image(image, engine=engine) as later:
        assert invoke(later).value == 2


def test_the_image_of_a_guest_that_has_grown(engine: Engine, make_guest: MakeGuest) -> None:
    guest = make_guest("$state.x = Array.from({length: 200}, (_, i) => 'x'.repeat(10_000) + i); return $state.x.length", engine=engine)
    assert invoke(guest).value == 200
    size = guest.memory_size
    with Guest.of_image(guest.keep(), engine=engine) as again:
        assert again.memory_size == size
        found = again.request(GuestRead(name="x")).value
        assert isinstance(found, list)
        assert found[199] == "x" * 10_000 + "199"


def test_an_image_is_used_by_many_threads_at_once(engine: Engine, make_guest: MakeGuest) -> None:
    image = make_guest("$state.n += 1; return $state.n", engine=engine).keep()
    before = len(live_instances())

    def one(_: int) -> object:
        with Guest.of_image(image, engine=engine) as guest:
            return invoke(guest).value

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(80))) == [1] * 80
    assert len(live_instances()) == before


def test_keeping_waits_for_a_call_and_needs_a_memory(engine: Engine, make_guest: MakeGuest) -> None:
    guest = make_guest("$state.n += 1; let x = 0; for (let i = 0; i < 300_000; i++) x += i; return $state.n", engine=engine)
    found: list[object] = []
    works: list[Callable[[], object]] = [
        lambda: found.append(invoke(guest).value),
        guest.keep,
        lambda: found.append(invoke(guest, call=2).value),
    ]
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [1, 2]  # type: ignore[type-var]
    guest.close()
    with pytest.raises(Exception, match="closed"):
        guest.keep()
