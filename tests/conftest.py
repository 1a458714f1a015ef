"""What all tests share: the leak guard, which fails a test that leaves something alive."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.ports import OwnPorts

# Threads that belong to the process and not to a test.
_LASTING = ("asyncio_", "ThreadPoolExecutor", "pydevd", "IOPub", "Heartbeat", "Control", "Shell channel", "nexus-warm", "nexus-epoch")


# ``make test-full`` asks for the big numbers of generated cases, from the same generators.
settings.register_profile("gate", max_examples=60, deadline=None)
settings.register_profile("full", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("full" if os.environ.get("NEXUS_FULL") == "1" else "gate")


OwnPorts.instance()


def pytest_collection_finish() -> None:
    """What is there before the first test stays: a collection need not look through it, which takes a second."""
    gc.collect()
    gc.freeze()


# jupyter_core keeps one for each thread that ever waited for a coroutine, for the life of the process
_RUNNER = " - runner"


def _threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if t.is_alive() and not t.name.startswith(_LASTING) and not t.name.endswith(_RUNNER)}


def _leftovers() -> list[str]:
    """Panels, guests, widgets and comms that are still alive, named."""
    found: list[str] = []
    registry = sys.modules.get("nexus_jupyter.panel.registry")
    if registry is not None:
        found += [f"panel {name}" for name in registry.panels()]
    instance = sys.modules.get("nexus_jupyter.sandbox.instance")
    if instance is not None:
        found += [f"instance {each!r}" for each in instance.live_instances()]
    mimebundle = sys.modules.get("nexus_jupyter.widget.mimebundle")
    if mimebundle is not None:
        # a thread that warms may just be importing it
        found += [f"widget {each!r}" for each in getattr(mimebundle, "_widgets", {}).values()]
    return found


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Python's own handler of SIGINT: a shell starts its background jobs with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def leak_guard(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a panel, an instance, a widget, a comm or a thread behind."""
    before = _threads()
    comms_before = _comms()
    yield
    if request.node.get_closest_marker("browser"):
        return  # these run their server and browser in other processes, which their fixture ends
    deadline = time.monotonic() + 8
    while True:
        left = [f"thread {t.name}" for t in _threads() - before] + _leftovers() + [f"comm {c}" for c in _comms() - comms_before]
        if not left:
            return
        if time.monotonic() > deadline:
            registry = sys.modules.get("nexus_jupyter.panel.registry")
            if registry is not None:
                registry.close_all()  # one test's leak is not the next one's
            pytest.fail(f"left behind: {', '.join(left)}", pytrace=False)
        gc.collect()  # only when something is left: a collection takes longer than most tests
        time.sleep(0.02)


def _comms() -> set[str]:
    comm = sys.modules.get("comm")
    if comm is None:
        return set()
    # ipywidgets keeps the comm of the one shared Layout for the life of the process
    widget = sys.modules.get("nexus_jupyter.widget.widget")
    shared = getattr(widget, "_layout", None)
    lasting = {shared.comm.comm_id} if shared is not None and shared.comm is not None else set()
    return set(comm.get_comm_manager().comms) - lasting
