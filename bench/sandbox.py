"""The sandbox: ``python -m bench.sandbox``.

Measures, in one run, what panel code costs beside what it would cost without isolation: a fresh isolated instance beside
the floor (wasmtime's own instantiate and drop), a handler in a fresh instance, in a resident guest and in three steps;
state of several sizes; the memory of 1 to 1,000 live instances; how two threads scale; and the same handlers in the same
engine run natively (PyPI's ``quickjs-ng``, where it is installed) and in Node's ``vm`` (where ``node`` is), which isolate
nothing.  Numbers are of this machine and this moment: the ratios count.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import json
import os
import shutil
import statistics
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nexus_jupyter.nxml import load_program
from nexus_jupyter.protocol import GuestEdit, GuestInvoke, GuestResume, Settled
from nexus_jupyter.sandbox import Engine, Guest, InstancePool, SandboxExecutor

COUNT = "$state.count += 1; return $args.a"
LOOP = "let x = 0; for (let i = 0; i < 200000; i++) x = (x * 31 + i) % 1000003; return x"
PLAIN_LOOP = "(() => { let x = 0; for (let i = 0; i < 200000; i++) x = (x * 31 + i) % 1000003; return x })()"
CONTEXT = {"state": {"count": 41}, "args": {"a": 7}, "clock": 1_700_000_000_000, "seed": 1}
WAYS = ("direct", "public")


def timed(action: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and 95th percentile in microseconds."""
    action()
    gc.collect()
    gc.disable()
    times = []
    try:
        for _ in range(rounds):
            begun = time.perf_counter()
            action()
            times.append(time.perf_counter() - begun)
    finally:
        gc.enable()
    times.sort()
    return times[len(times) // 2] * 1e6, times[int(len(times) * 0.95)] * 1e6


def document(body: str, extension: str = "") -> str:
    return f"""<NexusPanel><Data><State name="count" type="number"/><State name="rows" type="any"/></Data>
      <Logic>{extension}<Tool name="t" description="d"><Handler><![CDATA[{body}]]></Handler></Tool></Logic></NexusPanel>"""


def invoke(call: int = 1) -> GuestInvoke:
    return GuestInvoke(call=call, tool="t", args=None, clock=1.7e12, seed=1, zone="UTC")


def resident_memory() -> float:
    """MB of this process's own memory."""
    text = Path("/proc/self/smaps_rollup").read_text()
    private = sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_"))
    return private / 1024


def of_engine(way: Any, rounds: int, out: dict[str, Any]) -> None:
    engine = Engine(way=way)
    floor = timed(lambda: engine.machine(1 << 26, lambda _: 0).close(), rounds)
    with SandboxExecutor(engine=engine) as executor:
        for _ in range(3):
            executor.execute(COUNT, CONTEXT)
        fresh = timed(lambda: executor.execute(COUNT, CONTEXT), rounds)
        compute = timed(lambda: executor.execute(LOOP), max(10, rounds // 20))
    with Guest(load_program(document("$state.count += 1"))[0], engine=engine) as guest:
        resident = timed(lambda: guest.request(invoke()), rounds)
        machine_step = guest.used * 1e6
    steps = document(
        "const a = await $ext.py.f(1); const b = await $ext.py.f(a); $state.count = a + b", '<Extension name="nexus.python" alias="py"/>'
    )
    with Guest(load_program(steps)[0], engine=engine) as guest:

        def three() -> None:
            guest.request(invoke())
            for number in (1, 2):
                guest.request(GuestResume(call=1, results=(Settled(id=number, value=number),), clock=1.7e12))

        asynchronous = timed(three, rounds)
    sizes = {}
    for kilobytes in (0.05, 5, 50):
        rows = [{"id": i, "text": "x" * 30} for i in range(max(1, round(kilobytes * 20)))]
        with Guest(load_program(document("$state.rows.at(-1).id; $state.count += 1"))[0], engine=engine) as guest:
            guest.request(GuestEdit(values={"rows": rows}, clock=0.0))
            sizes[str(kilobytes)] = timed(lambda guest=guest: guest.request(invoke()), rounds)  # type: ignore[misc]
    out[way] = {
        "floor": floor,
        "fresh": fresh,
        "resident": resident,
        "last step, processor": machine_step,
        "three steps": asynchronous,
        "state, kB": sizes,
        "loop of 200,000": compute,
    }


def scaling(rounds: int) -> float:
    """How much more two threads get done than one, with handlers that compute."""

    def run(count: int) -> float:
        with SandboxExecutor() as executor:
            for _ in range(3):
                executor.execute(LOOP)

            def work() -> None:
                for _ in range(rounds):
                    executor.execute(LOOP)

            threads = [threading.Thread(target=work) for _ in range(count)]
            begun = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return count * rounds / (time.perf_counter() - begun)

    return run(2) / run(1)


def live(numbers: tuple[int, ...]) -> dict[str, float]:
    """MB that so many live guests, each after one handler, add to the process."""
    program = load_program(document("$state.count += 1"))[0]
    found = {}
    for number in numbers:
        gc.collect()
        before = resident_memory()
        guests = [Guest(program) for _ in range(number)]
        for guest in guests:
            guest.request(invoke())
        found[str(number)] = resident_memory() - before
        for guest in guests:
            guest.close()
    return found


def leases(rounds: int) -> tuple[float, float]:
    """Acquire and release of a pool."""
    pool = InstancePool()

    async def go() -> tuple[float, float]:
        times = []
        for number in range(rounds):
            begun = time.perf_counter()
            instance = await pool.acquire(f"owner {number % 5}")
            times.append(time.perf_counter() - begun)
            await pool.release(instance)
        times.sort()
        return times[len(times) // 2] * 1e6, times[int(len(times) * 0.95)] * 1e6

    try:
        return asyncio.run(go())
    finally:
        pool.close()


def native(rounds: int) -> float | None:
    """The loop in the same engine, compiled for this machine, in microseconds."""
    try:
        context = importlib.import_module("quickjs").Context()
    except (ImportError, AttributeError):
        return None
    return timed(lambda: context.eval(PLAIN_LOOP), rounds)[0]


def node(rounds: int) -> float | None:
    """The loop in Node's ``vm``, in microseconds."""
    program = shutil.which("node")
    if program is None:
        return None
    script = f"""const vm = require('vm'); const times = []; const s = new vm.Script({json.dumps(PLAIN_LOOP)});
      for (let i = 0; i < {rounds}; i++) {{ const t = process.hrtime.bigint(); s.runInNewContext();
        times.push(Number(process.hrtime.bigint() - t) / 1e3); }}
      times.sort((a, b) => a - b); console.log(times[Math.floor(times.length / 2)]);"""
    return float(subprocess.run([program, "-e", script], capture_output=True, text=True, check=True, timeout=120).stdout)


def measured(rounds: int) -> dict[str, Any]:
    """Everything; on a thread, as handlers of panels run."""
    out: dict[str, Any] = {"cores": os.cpu_count()}

    def work() -> None:
        for way in WAYS:
            of_engine(way, rounds, out)
        out["live guests, MB"] = live((1, 10, 100, 1_000))
        out["two threads"] = scaling(max(5, rounds // 30))
        out["pool"] = leases(rounds)
        out["native loop"] = native(max(5, rounds // 30))
        out["node vm loop"] = node(max(5, rounds // 30))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return out


def main() -> None:
    """Print the table, or all numbers as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=600)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    out = measured(chosen.rounds)
    if chosen.json:
        print(json.dumps(out, indent=1))
        return
    print(f"{'µs (p50, p95)':32}{'direct':>18}{'public':>18}   budget (quiet, two cores)")
    budgets = {"fresh": "150", "resident": "100"}
    for name in ("floor", "fresh", "resident", "three steps"):
        cells = "".join(f"{'{:.0f}, {:.0f}'.format(*out[way][name]):>18}" for way in WAYS)
        print(f"{name:32}{cells}   {budgets.get(name, '')}")
    for size in out["direct"]["state, kB"]:
        cells = "".join(f"{'{:.0f}, {:.0f}'.format(*out[way]['state, kB'][size]):>18}" for way in WAYS)
        print(f"{f'resident, state of {size} kB':32}{cells}")
    ratio = statistics.fmean([out["direct"]["fresh"][0] / out["direct"]["floor"][0]])
    median, late = out["pool"]
    print(f"fresh / floor: {ratio:.1f} ×; pool acquire {median:.0f} µs (p95 {late:.0f}); two threads: {out['two threads']:.2f} ×")
    print("live guests: " + ", ".join(f"{n}: {mb:.1f} MB" for n, mb in out["live guests, MB"].items()))
    loops = {"sandbox": out["direct"]["loop of 200,000"][0], "native": out["native loop"], "Node vm": out["node vm loop"]}
    print("loop of 200,000: " + ", ".join(f"{n} {v / 1000:.1f} ms" for n, v in loops.items() if v is not None))


if __name__ == "__main__":
    main()
