"""Handler code that belongs to no panel: the same each time, within its grants, stopped when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nexus_jupyter.errors import CancelledError, HandlerError, LimitError, NexusError, OptionError
from nexus_jupyter.sandbox import Engine, Limits
from nexus_jupyter.sandbox.executor import ExecutionResult, SandboxExecutor
from nexus_jupyter.sandbox.extensions.base import Extension, ExtensionContext, method
from nexus_jupyter.sandbox.instance import live_instances

PATIENT = Limits(load_cpu=20, cpu=10, cpu_total=30, wall=100)
GRANTED = ["test:ask"]


class Desk(Extension):
    name = "nexus.test"
    asked: list[str]

    @method("test:ask")
    async def ask(self, text: str) -> str:
        return text.upper()

    @method("test:ask")
    async def slow(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "late"

    @method("test:other")
    async def secret(self) -> str:
        return "secret"

    @method("test:ask")
    async def broken(self) -> str:
        raise RuntimeError("/home/someone/password")

    async def unmarked(self) -> str:
        return "unmarked"


@pytest.fixture
def executor(engine: Engine) -> Iterator[SandboxExecutor]:
    before = len(live_instances())
    with SandboxExecutor(extensions={"desk": Desk(ExtensionContext(panel="p"))}, engine=engine) as executor:
        yield executor
    assert len(live_instances()) == before


@pytest.fixture
def execute(executor: SandboxExecutor) -> Callable[..., ExecutionResult]:
    def run(code: str, *, capabilities: list[str] | None = None, limits: Limits = PATIENT, **context: Any) -> ExecutionResult:
        return executor.execute(code, context, GRANTED if capabilities is None else capabilities, limits)

    return run


Execute = Callable[..., ExecutionResult]


def test_what_comes_of_a_run(execute: Execute) -> None:
    result = execute(
        "$state.n += $args.by; $log('now', $state.n); $emit('done', {n: $state.n}); return [$state.n]",
        state={"n": 1, "s": "x"},
        args={"by": 2},
    )
    assert result.ok
    assert result.value == [3]
    assert [(op.op, op.path, op.value) for op in result.operations] == [("replace", "/n", 3)]
    assert [line.text for line in result.logs] == ["now 3"]
    assert [(event.event, event.payload) for event in result.events] == [("done", {"n": 3})]
    assert result.cpu > 0
    assert result.wall > 0
    assert result.memory_peak >= 1 << 16


def test_the_same_inputs_give_the_same_bytes(execute: Execute) -> None:
    code = """
    $state.a = [Math.random(), Math.random(), Date.now(), new Date(0).getHours()];
    await new Promise((r) => setTimeout(r, 20));
    $state.b = {r: Math.random(), t: Date.now()};
    $state.c = await $ext.desk.ask('x');
    $state.d = [Date.now(), Math.random()];
    return Math.random();
    """
    given = {"state": {"a": None, "b": None, "c": None, "d": None}, "clock": 1_700_000_000_000, "seed": 5, "zone": "Asia/Tokyo"}

    def told(result: ExecutionResult) -> str:
        assert result.ok, result.error
        return repr((result.value, [op.model_dump_json() for op in result.operations]))

    runs = [told(execute(code, **given)) for _ in range(4)]  # the first two load, the others begin with the image
    assert len(set(runs)) == 1
    assert "1700000000020" in runs[0]
    assert told(execute(code, **{**given, "seed": 6})) != runs[0]
    assert execute("return Math.random()").value != execute("return Math.random()").value
    hours = execute("return new Date(0).getHours()", zone="Asia/Tokyo", clock=0).value
    assert hours == 9


def test_nothing_is_granted_that_is_not_named(execute: Execute) -> None:
    assert execute("return await $ext.desk.ask('x')").value == "X"
    ask = "try { return await $ext.desk.METHOD() } catch (e) { return [e.name, e.code] }"
    for name, found in {
        "ask": ["TypeError", "INVALID_ARGUMENT"],
        "secret": ["CapabilityError", "CAPABILITY_DENIED"],
        "unmarked": ["TypeError", "UNKNOWN_METHOD"],
        "__init__": ["TypeError", "UNKNOWN_METHOD"],
        "call": ["TypeError", "UNKNOWN_METHOD"],
        "close": ["TypeError", "UNKNOWN_METHOD"],
        "context": ["TypeError", "UNKNOWN_METHOD"],
    }.items():
        assert execute(ask.replace("METHOD", name)).value == found, name
    assert execute(ask.replace("METHOD", "ask"), capabilities=[]).value == ["CapabilityError", "CAPABILITY_DENIED"]
    undeclared = execute("return $ext.other.ask('x')")
    assert undeclared.error is not None
    assert undeclared.error.code == "UNDECLARED_EXTENSION"
    result = execute("await $ext.desk.ask('a'); try { await $ext.desk.secret() } catch (e) {} return 1")
    assert [(wish.method, answered) for wish, answered in result.calls] == [("ask", True), ("secret", False)]


def test_an_extension_that_breaks_is_an_error_of_the_code_without_its_text(execute: Execute, caplog: pytest.LogCaptureFixture) -> None:
    result = execute("return await $ext.desk.broken()")
    assert isinstance(result.error, HandlerError)
    assert "RuntimeError" in result.error.message
    assert "password" not in str(result.error)
    assert "password" in caplog.text
    assert execute("try { await $ext.desk.broken() } catch (e) { return e.name }").value == "RuntimeError"


def test_answers_come_as_they_are_there_and_timers_run_meanwhile(execute: Execute) -> None:
    race = "return await Promise.race([$ext.desk.slow(0.4).then(() => 'extension'), new Promise((r) => setTimeout(r, 10, 'timer'))])"
    assert execute(race).value == "timer"
    order = "const seen = []; const a = $ext.desk.slow(0.5).then(() => seen.push('slow')); await $ext.desk.ask('x'); seen.push('ask'); await a; return seen"
    assert execute(order).value == ["ask", "slow"]
    assert execute("return await Promise.all([3, 1, 2].map((i) => $ext.desk.ask('t' + i)))").value == ["T3", "T1", "T2"]
    began = execute("const t = Date.now(); await new Promise((r) => setTimeout(r, 60_000)); return Date.now() - t", limits=Limits(wall=0.2))
    assert isinstance(began.error, LimitError)
    assert began.error.limit == "wall"


def test_errors_have_their_place(execute: Execute) -> None:
    result = execute("const a = 1;\n  null.x;")
    assert isinstance(result.error, HandlerError)
    assert (result.error.name, result.error.line) == ("TypeError", 2)
    assert result.error.column >= 3
    broken = execute("const a = ;")
    assert broken.error is not None
    assert broken.error.code == "JS_SYNTAX"
    stays = execute("$state.n = 1; await $ext.desk.ask('x'); $state.n = 2; throw new Error('late')", state={"n": 0})
    assert [op.value for op in stays.operations] == [1]


@pytest.mark.parametrize("context", [{"nope": 1}, {"state": []}, {"args": 5}, {"state": {"a": {1, object}}}, {"state": {"__proto__": 1}}])
def test_a_wrong_context_is_refused(executor: SandboxExecutor, context: dict[str, Any]) -> None:
    with pytest.raises(NexusError) as refused:
        executor.execute("return 1", context)
    assert isinstance(refused.value, OptionError) or refused.value.code == "INVALID_STATE"


HOSTILE = [
    "for (;;);",
    "const a = []; for (;;) a.push('x'.repeat(1e5) + a.length)",
    "return JSON.parse('['.repeat(2e6))",
    "for (;;) await null",
    "return 'x'.repeat(4e7)",
    "Object.prototype.n = 1",
]


@pytest.mark.parametrize("bad", HOSTILE)
def test_hostile_runs_do_not_poison_those_that_share_their_image(execute: Execute, bad: str) -> None:
    code = f"if ($args.bad) {{ {bad} }} $state.n += 1; return [$state.n, ({{}}).n ?? null]"
    for hostile in (False, True, True, False, True, False, False):
        result = execute(code, state={"n": 0}, args={"bad": hostile}, limits=Limits(load_cpu=20, cpu=0.5 if hostile else 10, wall=100))
        if hostile:
            assert result.error is not None
            assert result.operations == ()
        else:
            assert result.value == [1, None], result.error


def test_images_are_kept_for_the_codes_that_were_used_last(engine: Engine) -> None:
    with SandboxExecutor(kept=2, engine=engine) as executor:
        codes = [f"return {i}" for i in range(4)]

        def kept() -> dict[str, bool]:
            return {key.code: image is not None for key, image in executor._images.items()}

        executor.execute(codes[0])
        assert kept() == {codes[0]: False}
        executor.execute(codes[0])
        assert kept() == {codes[0]: True}
        executor.execute(codes[1])
        executor.execute(codes[0])
        executor.execute(codes[2])  # the one used longest ago goes
        assert kept() == {codes[0]: True, codes[2]: False}
        for _ in range(3):
            for i, code in enumerate(codes):
                assert executor.execute(code).value == i
        assert len(kept()) == 2
        assert executor.execute("return typeof $args.a", {"args": {"a": 1}}).value == "number"
        assert executor.execute("return typeof $args.a").value == "undefined"


def test_many_threads_run_at_once(execute: Execute) -> None:
    def one(i: int) -> object:
        result = execute(
            "await $ext.desk.ask('x'); $state.n += $args.i; return [$state.n, await $ext.desk.ask('i' + $args.i)]",
            state={"n": 0},
            args={"i": i},
            seed=i,
        )
        return result.value if result.ok else result.error

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(64))) == [[i, f"I{i}"] for i in range(64)]


RUNNING = {
    "a loop": "for (;;);",
    "a timer": "await new Promise((r) => setTimeout(r, 1e7))",
    "an extension": "await $ext.desk.slow(1000)",
    "both": "await Promise.all([$ext.desk.slow(1000), new Promise((r) => setTimeout(r, 1e7))])",
}
ENDLESS = Limits(cpu=500, cpu_total=500, wall=500, load_cpu=20)


@pytest.mark.parametrize("code", RUNNING.values(), ids=RUNNING.keys())
def test_closing_ends_what_runs(engine: Engine, code: str) -> None:
    executor = SandboxExecutor(extensions={"desk": Desk(ExtensionContext(panel="p"))}, engine=engine)
    results: list[ExecutionResult] = []
    thread = threading.Thread(target=lambda: results.append(executor.execute("$log('on'); " + code, {}, GRANTED, ENDLESS)))
    thread.start()
    while not any(run.guest is not None for run in list(executor._running)):
        time.sleep(0.002)
    time.sleep(0.05)
    executor.close()
    thread.join(60)
    assert not thread.is_alive()
    assert isinstance(results[0].error, CancelledError)
    executor.close()
    with pytest.raises(NexusError, match="closed"):
        executor.execute("return 1")


@pytest.mark.parametrize("code", RUNNING.values(), ids=RUNNING.keys())
def test_an_interrupt_of_the_main_thread_ends_the_run(executor: SandboxExecutor, interruptible: None, code: str) -> None:
    def interrupt() -> None:
        while not any(run.guest is not None for run in list(executor._running)):
            time.sleep(0.002)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        executor.execute(code, {}, GRANTED, ENDLESS)
    thread.join()
    deadline = time.monotonic() + 60
    while executor._running and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not executor._running, "the run itself has ended, too"
    assert executor.execute("return 1").value == 1
