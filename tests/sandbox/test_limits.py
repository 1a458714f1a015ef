"""What panel code can do to exhaust the sandbox, and that it ends in one clear error and harms nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from nexus_jupyter.errors import CancelledError, LimitError, NexusError
from nexus_jupyter.protocol import GuestRead, GuestReply, GuestView
from nexus_jupyter.sandbox import Guest, Limits

MakeGuest = Callable[..., Guest]
Run = Callable[..., GuestReply]


def outcome(action: Callable[[], GuestReply]) -> tuple[GuestReply | None, NexusError | None]:
    try:
        return action(), None
    except NexusError as error:
        return None, error


ENDLESS = {
    "a loop": "for (;;);",
    "a loop that swallows exceptions": "for (;;) { try { for (;;); } catch {} finally { continue } }",
    "a regular expression": "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    "a nested regular expression": "/((a*)*)*b/.test('a'.repeat(50))",
    "join": "Array(5e8).join('x')",
    "indexOf": "'a'.repeat(2e6).indexOf('a'.repeat(1e6) + 'b')",
    "replaceAll": "let s = 'a'.repeat(2e4); for (;;) s.replaceAll('a', 'b'.repeat(100)).split('b').join('c')",
    "sort": "const a = Array.from({length: 1e5}, (_, i) => i); for (;;) a.sort(() => 0.5 - Math.random())",
    "fill": "[].fill.call({length: 2**53 - 1}, 0)",
    "BigInt": "let a = 3n; for (;;) a = a * a % (2n ** 20000n) + 1n",
    "a getter in the result": "return { get a() { for (;;); } }",
    "a getter of what is thrown": "throw { get a() { for (;;); } }",
    "toISOString": "const d = new Date(0); for (;;) d.toISOString()",
    "JSON": "const o = Array.from({length: 1e4}, (_, i) => ({i})); for (;;) JSON.parse(JSON.stringify(o))",
    "a generator": "function* g() { for (;;) yield 1 } for (const x of g());",
    "an async loop": "for await (const x of (async function* () { for (;;); })());",
    "a timer": "setTimeout(() => { for (;;); }, 0); for (;;);",
    "matchAll": "for (const m of 'a'.repeat(1e6).matchAll(/a|(a+)+$/g)) for (const n of 'a'.repeat(1e5).matchAll(/a/g));",
}


@pytest.mark.timing  # the thread that stops it needs a processor itself
@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS.keys())
def test_what_never_ends_meets_its_deadline(make_guest: MakeGuest, run: Run, body: str) -> None:
    guest = make_guest(body)
    with pytest.raises(LimitError) as caught:
        run(guest, timeout=0.2)
    assert caught.value.code in ("LIMIT_CPU", "LIMIT_MEMORY")
    assert guest.used < 0.2 + 0.05, "of the processor: stopped at its deadline, whatever else the machine does"
    assert not guest.alive
    with pytest.raises(NexusError):
        run(guest)


EXHAUSTING = {
    "strings": "let s = 'x'; for (;;) s += s",
    "a list": "const a = []; for (;;) a.push({})",
    "a list that catches": "const a = []; for (;;) { try { a.push('x'.repeat(1e6)) } catch {} }",
    "state": "$state.x = []; for (;;) $state.x.push('x'.repeat(1000))",
    "a map": "const m = new Map(); for (let i = 0; ; i++) m.set(i, {i})",
    "closures": "let f = () => 1; for (;;) { const g = f; f = () => g }",
    "a big list": "new Array(1e9).fill(0)",
    "repeat": "'x'.repeat(2 ** 30 - 1)",
    "a big result": "return 'x'.repeat(40e6)",
    "promises": "const a = []; for (;;) a.push(new Promise(() => {}))",
    "log": "for (;;) console.log('x'.repeat(1e6))",
    "RegExp": "new RegExp('(' .repeat(2e5) + ')'.repeat(2e5))",
    "nested JSON": "JSON.parse('['.repeat(2e6))",
}


@pytest.mark.parametrize("body", EXHAUSTING.values(), ids=EXHAUSTING.keys())
def test_what_takes_everything_is_stopped(make_guest: MakeGuest, run: Run, body: str) -> None:
    guest = make_guest(body)
    reply, error = outcome(lambda: run(guest, timeout=1.0))
    if reply is None:
        assert isinstance(error, LimitError)
        assert error.code in ("LIMIT_CPU", "LIMIT_MEMORY", "LIMIT_STACK", "LIMIT_REPLY_BYTES")
        assert not guest.alive
    else:
        assert (reply.status, reply.ops) == ("failed", ())
        assert guest.alive
    assert guest.used < 1.0 + 0.05


def test_recursion_is_an_ordinary_error_of_the_panel(make_guest: MakeGuest, run: Run) -> None:
    for body in (
        "const f = () => f(); f()",
        "[1, 2].sort(function f() { [1, 2].sort(f) })",
        "const o = { get a() { return this.a } }; o.a",
    ):
        guest = make_guest(body)
        error = run(guest).error
        assert error is not None
        assert error.name == "RangeError"
        assert guest.alive


def test_code_nested_without_end_is_refused(make_guest: MakeGuest) -> None:
    with pytest.raises(NexusError) as caught:
        make_guest("return " + "(" * 40_000 + "1" + ")" * 40_000)
    assert caught.value.code in ("LIMIT_STACK", "JS_SYNTAX")


def test_promises_that_start_each_other_are_stopped(make_guest: MakeGuest, run: Run) -> None:
    for body in ("const p = () => Promise.resolve().then(p); await p()", "for (;;) await null"):
        guest = make_guest(body)
        with pytest.raises(LimitError, match="10000 promise reactions") as caught:
            run(guest)
        assert caught.value.code == "LIMIT_JOBS"
        assert not guest.alive


def test_known_engine_faults_are_plain_errors(make_guest: MakeGuest, run: Run) -> None:
    for body in ("Reflect.ownKeys(new Proxy({}, {ownKeys() { return {length: 0x20000001} }}))", "new Uint8Array(2**30).sort(() => 0)"):
        guest = make_guest(body)
        error = run(guest).error
        assert error is not None
        assert error.name == "ReferenceError"


def test_a_reply_that_is_too_big_is_not_read(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("return 'x'.repeat(20000)", limits=Limits(reply_bytes=10_000))
    with pytest.raises(LimitError) as caught:
        run(guest)
    assert (caught.value.limit, caught.value.allowed) == ("reply_bytes", 10_000)


def test_a_request_that_is_too_big_is_not_sent(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("return 1", limits=Limits(request_bytes=10_000))
    with pytest.raises(LimitError) as caught:
        run(guest, args=["x" * 20_000])
    assert caught.value.limit == "request_bytes"
    assert guest.alive
    assert run(guest).value == 1


def test_a_view_that_never_ends_is_stopped_too(make_guest: MakeGuest) -> None:
    guest = make_guest(view='<Text content="{(() => { for (;;); })()}"/>')
    with pytest.raises(LimitError):
        guest.request(GuestView(), timeout=0.2)


def test_less_memory_can_be_given(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("const a = []; for (;;) a.push(new Array(1000).fill(1))", limits=Limits(memory=8 * 1024 * 1024))
    with pytest.raises(LimitError, match="8 MiB") as caught:
        run(guest)
    assert caught.value.code == "LIMIT_MEMORY"


def test_after_a_lost_guest_the_next_goes_on_from_committed_state(make_guest: MakeGuest, run: Run) -> None:
    body = "if ($state.n === 1) for (;;); $state.n += 1"
    guest = make_guest(body)
    assert run(guest).ops[0].value == 1
    with pytest.raises(LimitError):
        run(guest, timeout=0.05)
    again = make_guest(body, state={"x": None, "n": 5})
    assert run(again).ops[0].value == 6


def test_one_guest_cannot_harm_another(make_guest: MakeGuest, run: Run) -> None:
    good, bad = make_guest("$state.n += 1; return $state.n"), make_guest("for (;;);")
    stopped: list[NexusError] = []

    def spin() -> None:
        try:
            run(bad, timeout=0.6)
        except NexusError as error:
            stopped.append(error)

    thread = threading.Thread(target=spin)
    thread.start()
    values = []
    while thread.is_alive():
        values.append(run(good).value)
        time.sleep(0.005)
    thread.join()
    assert isinstance(stopped[0], LimitError)
    assert values == list(range(1, len(values) + 1))
    assert len(values) > 20
    assert good.request(GuestRead(name="n")).value == len(values)


@pytest.mark.timing
@pytest.mark.parametrize("body", ["for (;;);", "'a'.repeat(2e6).indexOf('a'.repeat(1e6) + 'b')", "/^(a+)+$/.test('a'.repeat(60) + 'b')"])
def test_an_interrupt_stops_a_running_call_at_once(make_guest: MakeGuest, run: Run, body: str) -> None:
    guest = make_guest(body)
    times: list[float] = []

    def interrupt() -> None:
        time.sleep(0.15)
        times.append(time.monotonic())
        guest.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(CancelledError):
        run(guest, timeout=20)
    assert time.monotonic() - times[0] < 0.15
    thread.join()
    assert not guest.alive


def test_an_interrupt_of_an_idle_guest_changes_nothing(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("return 1")
    guest.interrupt()
    guest.interrupt()
    assert run(guest).value == 1


def test_closing_stops_a_running_call(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("for (;;);")
    timer = threading.Timer(0.1, guest.close)
    timer.start()
    with pytest.raises(CancelledError):
        run(guest, timeout=20)
    timer.join()
    guest.close()
    with pytest.raises(CancelledError):
        run(guest)
