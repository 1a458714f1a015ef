"""What outlives a kernel that is killed, and what a cancelled handler still does.

Committed state lives in the kernel's process: a kernel that is killed takes its panels with it.  What is held here is
the rest of the promise.  What a call has answered was committed before its answer left; every commit is whole, so that
no observer ever saw half of a step; and the next process begins clean: the compiled cache is valid, no half-written
file is taken for a whole one, and no lock of the one before is in the way.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexus_jupyter import Panel
from nexus_jupyter.errors import CancelledError
from nexus_jupyter.protocol import Event
from nexus_jupyter.sandbox import Limits

KILLS = 50 if os.environ.get("NEXUS_FULL") == "1" else 5

COUNTING = """
import os
from nexus_jupyter import Panel

def say(*words):  # two threads speak, and print() may lose a line between them
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

panel = Panel('''<NexusPanel><Data><State name="n" type="number"/><State name="copy" type="number"/><State name="list" type="list"/></Data><Logic>
<Tool name="count"><Handler>
  $state.n += 1;
  for (let i = 0; i &lt; 2000; i++);
  $state.copy = $state.n;
  $state.list = [...$state.list.slice(-20), $state.n];
  return $state.n;
</Handler></Tool></Logic></NexusPanel>''')
panel.on_commit(lambda commit: say("commit", commit.rev, panel.runtime.state["n"], panel.runtime.state["copy"], panel.runtime.state["list"][-1]))
say("begun", panel.state.n, panel.rev)
while True:
    say("answered", panel.call("count"))
"""


def begin(cache: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COUNTING],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NEXUS_CACHE_DIR": str(cache)},
    )


def kill(process: subprocess.Popen[str]) -> tuple[list[str], str]:
    process.send_signal(signal.SIGKILL)
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdout, process.stderr:
        # not communicate(), which does not know of what readline() has taken from the pipe already
        out, errors = process.stdout.read(), process.stderr.read()
    lines = out.split("\n")
    return lines[:-1], errors  # the last one may be half a line


def judge(lines: list[str]) -> int:
    """How many calls were answered; every one of them was committed before, and every commit is whole."""
    committed, answered = 0, 0
    for line in lines:
        kind, *rest = line.split()
        numbers = [int(number) for number in rest]
        if kind == "commit":
            rev, n, copy, last = numbers
            assert rev == n == copy == last == committed + 1
            committed = rev
        elif kind == "answered":
            assert numbers == [answered + 1]
            answered = numbers[0]
            assert committed >= answered, "nothing is answered before it is committed"
        else:
            assert (kind, numbers) == ("begun", [0, 0])
    assert committed - answered <= 1
    return answered


def cached(cache: Path) -> dict[str, tuple[int, int]]:
    return {
        path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in (cache / "sandbox").iterdir() if path.suffix == ".compiled"
    }


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
def test_a_kernel_that_is_killed_answered_only_what_was_committed_and_the_next_begins_clean(tmp_path: Path) -> None:
    chance = random.Random(7)
    total = 0
    for number in range(KILLS):
        # the first ones are killed wherever they are: importing, compiling, storing what was compiled
        process = begin(tmp_path)
        if number < 2:
            time.sleep(0.3 + chance.random())
            lines, errors = kill(process)
        else:
            assert process.stdout is not None
            seen = [process.stdout.readline().rstrip("\n") for _ in range(chance.randrange(1, 60))]
            time.sleep(chance.random() / 50)
            lines, errors = kill(process)
            lines = seen + lines
        assert errors == ""
        total += judge(lines)
    assert total > 0
    whole = cached(tmp_path)
    assert len(whole) == 2
    process = begin(tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun 0 0\n"
    assert process.stdout.readline() == "commit 1 1 1 1\n"
    kill(process)
    assert cached(tmp_path) == whole, "what is in the cache was taken as it is"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
def test_a_draft_that_a_killed_process_left_is_never_read(tmp_path: Path) -> None:
    process = begin(tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    kill(process)
    whole = cached(tmp_path)
    for path in list((tmp_path / "sandbox").iterdir()):
        path.rename(path.with_name(f".draft-{path.name[:8]}"))
    process = begin(tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun 0 0\n"
    kill(process)
    assert cached(tmp_path).keys() == whole.keys()


# --- cancelling a handler that never pauses ------------------------------------------------------------------------------

SPINNING = """<NexusPanel><Data><State name="n" type="number"/></Data><Logic>
<Tool name="spin"><Handler>$state.n += 1; for (;;);</Handler></Tool><Tool name="one"><Handler>return 1</Handler></Tool></Logic>
<View><Button label="b" trigger="spin"/></View></NexusPanel>"""
LATE = 0.05


@pytest.fixture
def spinning() -> Iterator[Panel]:
    with Panel(SPINNING, limits=Limits(cpu=300, cpu_max=300, cpu_total=300, wall=600)) as panel:
        yield panel


def running(panel: Panel) -> Callable[[], float]:
    """Wait until the handler computes; then how much it has computed so far, in seconds of the processor."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        guest = panel.runtime.guest
        instance = guest._instance if guest is not None else None
        if instance is not None and instance._running is not None and panel.runtime._calls._current is not None:
            number = next(thread.ident for thread in threading.enumerate() if thread.name.startswith("nexus-panel-"))
            assert number is not None
            clock = time.pthread_getcpuclockid(number)
            return lambda: time.clock_gettime(clock)
        time.sleep(0.001)
    raise AssertionError("the handler never ran")


needs_clocks = pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="threads have no clocks of their own there")


def ended(panel: Panel, clock: Callable[[], float], asked: float) -> None:
    """The panel's thread computed next to nothing after it was asked to stop, and goes on with other calls."""
    assert panel.call("one") == 1
    assert clock() - asked < LATE + 0.05, "with the making of the next guest"
    assert panel.state.n == 0


@needs_clocks
def test_a_call_is_cancelled_from_python(spinning: Panel) -> None:
    for _ in range(5):
        call = spinning.tools.spin()
        clock = running(spinning)
        call.cancel()
        asked = clock()  # after it: a busy machine may let the handler run on before the request is made
        with pytest.raises(CancelledError):
            call.result(60)
        assert clock() - asked < LATE
        ended(spinning, clock, asked)


@needs_clocks
def test_a_call_is_cancelled_from_a_page(spinning: Panel) -> None:
    root = spinning.runtime.snapshot().result(60).tree.root
    assert root is not None
    node = root.id if root.type == "Button" else root.children[0].id
    for seq in range(1, 6):
        spinning.runtime.event(Event(client="c", seq=seq, node=node, name="press", clock=0, seed=0, zone="UTC", base=0))
        clock = running(spinning)
        spinning.runtime.cancel_event("c", seq)
        asked = clock()
        ended(spinning, clock, asked)


@needs_clocks
def test_a_call_is_cancelled_by_an_interrupt_of_the_main_thread(spinning: Panel, interruptible: None) -> None:
    for _ in range(3):
        asked: list[tuple[Callable[[], float], float]] = []

        def interrupt(asked: list[tuple[Callable[[], float], float]] = asked) -> None:
            clock = running(spinning)
            asked.append((clock, clock()))
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            spinning.call("spin")
        # while Python waits it looks for signals a few times a second: what counts is what came after that
        clock, before = asked[0]
        thread.join()
        at = clock()
        assert spinning.call("one") == 1
        assert clock() - at < LATE + 0.05
        assert at - before < 1.0


def test_a_cancellation_that_meets_the_start_of_a_step_is_not_lost(spinning: Panel) -> None:
    assert spinning.call("one") == 1
    guest = spinning.runtime.guest
    assert guest is not None
    with guest._instance._lock:  # the step has been sent and does not run yet
        call = spinning.tools.spin()
        while spinning.runtime._calls._current is None:
            time.sleep(0.001)
        time.sleep(0.02)
        call.cancel()
    with pytest.raises(CancelledError):
        call.result(20)  # far below what the step may take
    chance = random.Random(3)
    for _ in range(100):
        call = spinning.tools.spin()
        time.sleep(chance.random() / 400)
        call.cancel()
        with pytest.raises(CancelledError):
            call.result(20)
    assert spinning.call("one") == 1
    assert spinning.state.n == 0
