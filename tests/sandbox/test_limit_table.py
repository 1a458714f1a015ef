"""Each limit: what is below it and at it passes, what is above it is refused by name and numbers, far above harms nobody."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from nexus_jupyter import Panel
from nexus_jupyter.errors import LimitError, NexusError
from nexus_jupyter.protocol import Event, GuestInvoke, GuestReply, LogLine, Reject
from nexus_jupyter.sandbox import Engine, Guest, Limits
from nexus_jupyter.sandbox.executor import SandboxExecutor
from nexus_jupyter.sandbox.extensions.base import Extension, ExtensionContext, method
from nexus_jupyter.sandbox.failure import error_from
from nexus_jupyter.sandbox.guest import encoded
from nexus_jupyter.sandbox.limits import MIB

from .conftest import CLOCK, MakeGuest, document

BASE = Limits(load_cpu=20, cpu=10, cpu_total=30, wall=60)


class Answering(Extension):
    name = "nexus.test"
    running = 0
    most = 0

    @method("test:any")
    async def text(self, size: int) -> str:
        return "x" * size

    @method("test:any")
    async def meet(self) -> int:
        import asyncio

        Answering.running += 1
        Answering.most = max(Answering.most, Answering.running)
        await asyncio.sleep(0.02)
        Answering.running -= 1
        return Answering.most


@dataclass(frozen=True)
class Exact:
    """A limit that counts: ``reach(amount)`` is the code that uses so much of it."""

    limit: str
    at: int
    reach: Callable[[int], str]
    alive: bool = True


REPLY = len(json.dumps({"status": "done", "tool": "t", "value": ""}, separators=(",", ":")))


EXACT = [
    Exact("jobs", 40, lambda n: f"for (let i = 0; i < {n - 1}; i++) await null; return 1", alive=False),
    Exact("state_bytes", 5000, lambda n: f"$state.s = 'x'.repeat({n - len('s') - 2 - len('n') - 1}); return 1"),
    Exact("reply_bytes", 5000, lambda n: f"return 'x'.repeat({n - REPLY})", alive=False),
    Exact("calls", 7, lambda n: f"await Promise.all(Array.from({{length: {n}}}, () => $ext.e.text(1)))"),
    Exact("tool_depth", 5, lambda n: f"const d = $args.d ?? 1; if (d < {n}) await $tools.t({{d: d + 1}}); return 1"),
]


def guest_for(engine: Engine, body: str, limits: Limits) -> Guest:
    from nexus_jupyter.nxml import load_program

    text = (
        '<NexusPanel><Data><State name="s" type="string"/><State name="n" type="number"/></Data><Logic>'
        '<Extension name="nexus.python" alias="e"/>'
        f'<Tool name="t"><Arg name="d" type="number" required="false"/><Handler><![CDATA[{body}]]></Handler></Tool>'
        "</Logic></NexusPanel>"
    )
    return Guest(load_program(text)[0], engine=engine, limits=limits, clock=CLOCK)


def invoke(guest: Guest, args: Any = None) -> GuestReply:
    reply = guest.request(GuestInvoke(call=1, tool="t", args=args, clock=CLOCK, seed=1, zone="UTC"))
    if reply.status == "failed":
        raise error_from(reply.error)  # as a panel does it
    return reply


@pytest.mark.parametrize("case", EXACT, ids=lambda case: case.limit)
def test_a_limit_that_counts(engine: Engine, case: Exact) -> None:
    limits = replace(BASE, **{case.limit: case.at})
    for amount in (case.at - 1, case.at):
        with guest_for(engine, case.reach(amount), limits) as guest:
            assert invoke(guest).status in ("done", "waiting"), amount
    for amount in (case.at + 1, 100 * case.at):
        with guest_for(engine, case.reach(amount), limits) as guest:
            with pytest.raises(LimitError) as passed:
                invoke(guest)
            assert (passed.value.limit, passed.value.allowed) == (case.limit, case.at)
            assert passed.value.code == f"LIMIT_{case.limit.upper()}"
            assert passed.value.used is not None
            assert passed.value.used > case.at
            if amount == case.at + 1:
                assert passed.value.used == amount
            assert guest.alive == case.alive
    with guest_for(engine, "return 1", limits) as guest:
        assert invoke(guest).value == 1


def test_request_bytes(engine: Engine) -> None:
    def request(size: int) -> GuestInvoke:
        return GuestInvoke(call=1, tool="t", args={"d": 1, "pad": "x" * size}, clock=CLOCK, seed=1, zone="UTC")

    bare = len(encoded(request(0)))
    at = 30_000
    with guest_for(engine, "return 1", replace(BASE, request_bytes=at)) as guest:
        for size in (at - 1, at):
            assert guest.request(request(size - bare)).error is not None, "it arrived: there is no argument called pad"
        for size in (at + 1, 100 * at):
            with pytest.raises(LimitError) as passed:
                guest.request(request(size - bare))
            assert (passed.value.limit, passed.value.allowed, passed.value.used) == ("request_bytes", at, size)
        assert invoke(guest).value == 1


@pytest.mark.parametrize(
    ("name", "at", "body", "used"),
    [
        ("log_lines", 5, "for (let i = 0; i < AMOUNT; i++) $log('x'); return 1", lambda lines: len(lines)),
        (
            "log_bytes",
            600,
            "$log('x'.repeat(300)); $log('x'.repeat(AMOUNT - 300)); return 1",
            lambda lines: sum(len(line.text) for line in lines),
        ),
    ],
)
def test_what_is_logged_beyond_its_limit_is_dropped_and_said(
    engine: Engine, name: str, at: int, body: str, used: Callable[[list[LogLine]], int]
) -> None:
    # a log is no reason to end a call: the limit is told in the log
    for amount, full in ((at - 1, False), (at, False), (at + 1, True), (100 * at, True)):
        with guest_for(engine, body.replace("AMOUNT", str(amount)), replace(BASE, **{name: at})) as guest:
            reply = invoke(guest)
            assert reply.value == 1
            lines = list(reply.logs)
            if full:
                warning = lines.pop()
                assert warning.level == "warn"
                assert str(at) in warning.text
                assert used(lines) <= at
            else:
                assert used(lines) == amount
            assert invoke(guest).value == 1


@pytest.mark.parametrize("at", [8 * MIB, 16 * MIB])
def test_memory(engine: Engine, at: int) -> None:
    body = "const a = []; for (let i = 0; i < AMOUNT; i++) a.push('x'.repeat(1000) + i); return a.length"
    for share, fits in ((0.25, True), (0.5, True), (2, False), (100, False)):
        amount = int(share * at / 1000)
        with guest_for(engine, body.replace("AMOUNT", str(amount)), replace(BASE, memory=at)) as guest:
            if fits:
                assert invoke(guest).value == amount
            else:
                with pytest.raises(LimitError) as passed:
                    invoke(guest)
                assert (passed.value.limit, passed.value.allowed) == ("memory", at)
                assert passed.value.used is not None
                assert passed.value.used > at / 2
                assert not guest.alive
    with guest_for(engine, "return 1", replace(BASE, memory=at)) as guest:
        assert invoke(guest).value == 1


def test_stack(engine: Engine) -> None:
    body = "const f = (n) => n === 0 ? 0 : 1 + f(n - 1); try { return f(AMOUNT) } catch (e) { return e.name }"
    for depth, value in ((50, 50), (100, 100), (100_000, "RangeError"), (10_000_000, "RangeError")):
        with guest_for(engine, body.replace("AMOUNT", str(depth)), BASE) as guest:
            assert invoke(guest).value == value
    # what native code of the engine nests is not an error of the panel's code: the guest is lost
    with guest_for(engine, "return JSON.parse('['.repeat(2_000_000))", BASE) as guest:
        with pytest.raises(LimitError) as passed:
            invoke(guest)
        assert passed.value.limit in ("stack", "memory")
    with guest_for(engine, "return 1", BASE) as guest:
        assert invoke(guest).value == 1


SPIN = "for (;;);"


def test_cpu(engine: Engine) -> None:
    with guest_for(engine, "let x = 0; for (let i = 0; i < 1000; i++) x += i; return 1", replace(BASE, cpu=1, starved=600)) as guest:
        assert invoke(guest).value == 1
        assert guest.used < 1
    for allowed in (0.05, 0.3):
        with guest_for(engine, SPIN, replace(BASE, cpu=allowed, starved=600)) as guest:
            with pytest.raises(LimitError) as passed:
                invoke(guest)
            assert (passed.value.limit, passed.value.allowed) == ("cpu", allowed)
            assert passed.value.used is not None
            assert allowed <= passed.value.used < allowed + 0.05
            assert allowed <= guest.used < allowed + 0.05
    with guest_for(engine, "return 1", BASE) as guest:
        assert invoke(guest).value == 1


def test_wall(engine: Engine) -> None:
    with guest_for(engine, SPIN, replace(BASE, cpu=600)) as guest:
        with pytest.raises(LimitError) as passed:
            guest.request(GuestInvoke(call=1, tool="t", clock=CLOCK, seed=1, zone="UTC"), wall=0.1)
        assert (passed.value.limit, passed.value.allowed) == ("wall", 0.1)
        assert passed.value.used is not None
        assert passed.value.used >= 0.1
        assert guest.used <= 0.1 + 0.05


@pytest.fixture
def executor(engine: Engine) -> Iterator[SandboxExecutor]:
    with SandboxExecutor(extensions={"e": Answering(ExtensionContext(panel="p"))}, engine=engine) as executor:
        yield executor


def error_of(executor: SandboxExecutor, code: str, **limits: Any) -> LimitError | None:
    result = executor.execute(code, {"seed": 1, "clock": 0}, ["test:any"], replace(BASE, **limits))
    assert result.error is None or isinstance(result.error, LimitError), result.error
    return result.error


def test_result_bytes(executor: SandboxExecutor) -> None:
    at = 1000
    ask = "return (await $ext.e.text(AMOUNT)).length"
    for size in (at - 1, at):
        assert error_of(executor, ask.replace("AMOUNT", str(size - 2)), result_bytes=at) is None
    for size in (at + 1, 100 * at):
        error = error_of(executor, ask.replace("AMOUNT", str(size - 2)), result_bytes=at)
        assert error is not None
        assert (error.limit, error.allowed, error.used) == ("result_bytes", at, size)
    assert error_of(executor, ask.replace("AMOUNT", "1"), result_bytes=at) is None


def test_parallel(executor: SandboxExecutor) -> None:
    for at, asked in ((3, 2), (3, 3), (3, 4), (2, 50)):
        Answering.most = 0
        error = error_of(executor, f"await Promise.all(Array.from({{length: {asked}}}, () => $ext.e.meet()))", parallel=at)
        assert error is None, "those beyond wait for their turn"
        assert 1 <= Answering.most <= min(at, asked)


def test_cpu_total_and_wall_of_a_run(executor: SandboxExecutor) -> None:
    step = "const spin = (ms) => {{ for (let i = 0; i < {n}; i++); }}; for (let i = 0; i < {steps}; i++) {{ spin(); await $ext.e.text(1); }} return 1"
    assert error_of(executor, step.format(n=1000, steps=3), cpu_total=20) is None
    error = error_of(executor, step.format(n=2_000_000, steps=200), cpu_total=0.3, calls=1000)
    assert error is not None
    assert (error.limit, error.allowed) == ("cpu_total", 0.3)
    assert error.used is not None
    assert 0.3 <= error.used < 0.3 + 0.1
    error = error_of(executor, "await new Promise((r) => setTimeout(r, 1e6))", wall=0.1)
    assert error is not None
    assert (error.limit, error.allowed) == ("wall", 0.1)
    assert error.used is not None
    assert error.used >= 0.1
    assert error_of(executor, "return 1") is None


# --- what a panel keeps ---------------------------------------------------------------------------------------------


def panel_of(logic: str, view: str = "", **limits: Any) -> Panel:
    text = document("return 1", logic=logic, view=view)
    return Panel(text, limits=replace(BASE, **limits))


def tool(name: str, body: str, attributes: str = "") -> str:
    return f'<Tool name="{name}" {attributes}><Handler><![CDATA[{body}]]></Handler></Tool>'


@pytest.mark.parametrize("factor", [0, 1, 100])
def test_queue(factor: int) -> None:
    at = 4
    with panel_of(tool("wait", "await new Promise((r) => setTimeout(r, 100000))", 'concurrency="queue"'), queue=at) as panel:
        waiting = [panel.tools.wait() for _ in range(at + 1)]
        refused = [panel.tools.wait() for _ in range(factor)]
        for call in refused:
            with pytest.raises(LimitError) as passed:
                call.result(60)
            assert (passed.value.limit, passed.value.allowed, passed.value.used) == ("queue", at, at + 1)
        assert panel.call("t") == 1
        assert not any(call.done() for call in waiting)
        for call in waiting:
            call.cancel()


@pytest.mark.parametrize("more", [0, 1, 100])
def test_events(more: int) -> None:
    at, go = 5, threading.Event()
    heard: list[Any] = []
    with panel_of("", view='<Button label="b" trigger="t"/>', events=at) as panel:
        panel.runtime.subscribe(heard.extend)
        root = panel.runtime.snapshot().result(60).tree.root
        assert root is not None
        node = root.id if root.type == "Button" else root.children[0].id

        def busy() -> None:
            go.wait(60)

        panel.runtime.put(busy)  # the panel's thread is busy
        for seq in range(1, at + more + 1):
            panel.runtime.event(Event(client="c", seq=seq, node=node, name="press", clock=0, seed=0, zone="UTC", base=0))
        refused = [m.error for m in heard if isinstance(m, Reject)]
        go.set()
        assert len(refused) == more
        assert all((e.code, e.allowed, e.used) == ("LIMIT_EVENTS", at, at + 1) for e in refused)
        assert panel.call("t") == 1


def test_cpu_total_of_a_panels_call() -> None:
    spin = "for (let k = 0; k < 1000; k++) { for (let i = 0; i < 1e6; i++); await new Promise((r) => setTimeout(r, 0)); }"
    with panel_of(tool("spin", spin), cpu_total=0.4, cpu=1.0) as panel:
        with pytest.raises(LimitError) as passed:
            panel.call("spin")
        assert (passed.value.limit, passed.value.allowed) == ("cpu_total", 1.0), "never less than one step may take"
        assert panel.call("t") == 1
    with panel_of(tool("spin", spin), cpu_total=0.4, cpu=0.4) as panel:
        with pytest.raises(LimitError) as passed:
            panel.call("spin")
        assert (passed.value.limit, passed.value.allowed) == ("cpu_total", 0.4)
        assert passed.value.used is not None
        assert passed.value.used >= 0.4
        assert panel.call("t") == 1


def test_wall_of_a_panels_call() -> None:
    with panel_of(tool("wait", "await new Promise((r) => setTimeout(r, 100000))"), wall=0.1) as panel:
        with pytest.raises(LimitError) as passed:
            panel.call("wait")
        assert (passed.value.limit, passed.value.allowed) == ("wall", 0.1)
        assert passed.value.used is not None
        assert passed.value.used >= 0.1
        assert panel.call("t") == 1


def test_what_a_tool_catches_still_tells_its_numbers(make_guest: MakeGuest, engine: Engine) -> None:
    guest = make_guest("try { $emit('') } catch (e) {} for (let i = 0; i < 101; i++) $emit('e')", engine=engine)
    with pytest.raises(NexusError) as passed:
        invoke(guest)
    assert isinstance(passed.value, LimitError)
    assert (passed.value.limit, passed.value.allowed, passed.value.used) == ("emits", 100, 101)
