"""A guest in a Worker of a real browser: how it starts, what ends it, and that nothing of it is left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from nexus_jupyter.nxml import load_program

from .guest_page import GuestPage, served

pytestmark = pytest.mark.browser

CLOCK = 1_700_000_000_000
OpenPage = Callable[..., GuestPage]
DOCUMENT = """<NexusPanel>
<Data><State name="n" type="number"/><State name="kept" type="any"/><State name="time" type="string"/></Data>
<Logic>
<Tool name="add"><Arg name="by" type="number" default="1"/><Handler>$state.n += $args.by; return $state.n;</Handler></Tool>
<Tool name="spin"><Handler>for (;;) {}</Handler></Tool>
<Tool name="jobs"><Handler>for (;;) await null;</Handler></Tool>
<Tool name="fill"><Handler>const all = []; for (;;) all.push(new Array(1000).fill(1));</Handler></Tool>
<Tool name="deep"><Handler>const f = (n) => n === 0 ? 0 : 1 + f(n - 1); try { f(1e6); } catch (e) { return e.name; }</Handler></Tool>
<Tool name="long"><Handler>return 'x'.repeat(3000);</Handler></Tool>
<Tool name="hour"><Handler>return new Date().getHours();</Handler></Tool>
</Logic>
<View><Text content="{$state.n}"/></View>
</NexusPanel>"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("page")) as found:
        yield found


@pytest.fixture(scope="module")
def pages(browser: Browser, address: str) -> Iterator[OpenPage]:
    """One page a policy, for all tests."""
    context = browser.new_context()
    opened: dict[str, GuestPage] = {}

    def page(policy: str) -> GuestPage:
        if policy not in opened:
            opened[policy] = GuestPage(context, address, policy)
        return opened[policy]

    yield page
    context.close()


@pytest.fixture
def open_page(pages: OpenPage) -> Iterator[OpenPage]:
    """``open_page(policy="open")``; what a page leaves alive fails the test."""
    used: list[GuestPage] = []

    def page(policy: str = "open") -> GuestPage:
        used.append(pages(policy))
        return used[-1]

    yield page
    for one in used:
        one.call("close")
        wait_for_workers(one, 0)
        assert one.call("urls") == 0
        assert one.errors == []


def wait_for_workers(page: GuestPage, workers: int) -> None:
    """Wait until the browser itself says that so many Workers run."""
    for _ in range(1200):
        if len(page.page.workers) == workers:
            return
        page.page.wait_for_timeout(50)
    pytest.fail(f"{len(page.page.workers)} Workers run")


def load(state: dict[str, Any] | None = None) -> dict[str, Any]:
    program = load_program(DOCUMENT)[0].model_dump(mode="json")
    return {"op": "load", "program": program, "state": state, "clock": CLOCK, "seed": 1, "zone": "UTC", "bounds": None}


def invoke(tool: str, args: Any = None, call: int = 1, zone: str = "UTC") -> dict[str, Any]:
    return {"op": "invoke", "call": call, "tool": tool, "args": args, "clock": CLOCK, "seed": 1, "zone": zone, "state": None}


def reply(outcome: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(outcome["reply"])
    return found


@pytest.mark.parametrize(("policy", "way"), [("open", "blob"), ("strict", "blob"), ("data", "data")])
def test_a_guest_starts_where_the_content_policy_lets_it(open_page: OpenPage, policy: str, way: str) -> None:
    page = open_page(policy)
    guest = page.start()
    assert guest["way"] == way
    loaded, added = page.call("ask", guest["number"], [load(), invoke("add")])
    assert reply(loaded)["state"]["n"] == 0
    assert reply(added)["value"] == 1
    assert page.start()["way"] == way


@pytest.mark.parametrize(("policy", "reasons"), [("nothing", ["blob: ", "data: "]), ("no-wasm", ["blob: "])])
def test_a_page_that_lets_none_start_says_why(open_page: OpenPage, policy: str, reasons: list[str]) -> None:
    page = open_page(policy)
    found = page.start()["reasons"]
    assert [reason[:6] for reason in found] == reasons
    assert all(len(reason) > 12 for reason in found)
    wait_for_workers(page, 0)


def test_a_worker_that_says_nothing_is_given_up(open_page: OpenPage) -> None:
    page = open_page()
    assert page.call("start", {}, "self.onmessage = () => {};", 300)["reasons"] == [
        "blob: the Worker said nothing",
        "data: the Worker said nothing",
    ]
    wait_for_workers(page, 0)


def test_an_endless_loop_ends_with_its_worker_and_the_guest_is_made_again(open_page: OpenPage) -> None:
    page = open_page()
    first = page.start()["number"]
    _, added = page.call("ask", first, [load(), invoke("add", [5])])
    assert reply(added)["value"] == 5
    spun, behind = page.call("ask", first, [invoke("spin", call=2), invoke("add", call=3)], 300)
    assert (spun["error"]["code"], spun["lost"]) == ("LIMIT_CPU", True)
    assert spun["error"]["allowed"] == 0.3
    assert spun["error"]["used"] >= 0.3
    assert "without a pause; one step may take 300 ms." in spun["error"]["message"]
    assert behind == spun  # what waited behind it goes the same way
    assert not page.call("alive", first)
    (late,) = page.call("ask", first, [invoke("add", call=4)])
    assert late["error"]["code"] == "CANCELLED"
    second = page.start()["number"]
    loaded, again = page.call("ask", second, [load({"n": 5}), invoke("add")])
    assert reply(loaded)["state"]["n"] == 5
    assert reply(again)["value"] == 6


def test_each_load_begins_in_a_fresh_memory(open_page: OpenPage) -> None:
    page = open_page()
    guest = page.start()["number"]
    _, _, loaded, added = page.call("ask", guest, [load(), invoke("add", [5]), load({"n": 40}), invoke("add")])
    assert reply(loaded)["state"]["n"] == 40
    assert reply(added)["value"] == 41
    wait_for_workers(page, 1)


@pytest.mark.parametrize(
    ("tool", "limits", "code"),
    [
        ("fill", {"memory": 16 * 2**20}, "LIMIT_MEMORY"),
        ("jobs", {"jobs": 1000}, "LIMIT_JOBS"),
        ("long", {"reply": 2000}, "LIMIT_REPLY_BYTES"),
    ],
)
def test_a_passed_limit_has_a_name_and_ends_the_guest(open_page: OpenPage, tool: str, limits: dict[str, int], code: str) -> None:
    page = open_page()
    guest = page.start(**limits)["number"]
    loaded, passed = page.call("ask", guest, [load(), invoke(tool)])
    assert "reply" in loaded
    assert (passed["error"]["code"], passed["lost"]) == (code, True)
    assert passed["error"]["allowed"] == next(iter(limits.values()))
    assert not page.call("alive", guest)


def test_memory_stops_growing_at_its_limit(open_page: OpenPage) -> None:
    page = open_page()
    guest = page.start(memory=16 * 2**20)["number"]
    page.call("ask", guest, [load(), invoke("fill")])
    assert 0 < page.call("memory", guest) <= 16 * 2**20


def test_a_request_that_is_too_long_costs_nothing_but_itself(open_page: OpenPage) -> None:
    page = open_page()
    guest = page.start(request=20_000)["number"]
    loaded, refused, added = page.call("ask", guest, [load(), invoke("add", ["x" * 20_000]), invoke("add", call=2)])
    assert "reply" in loaded
    assert (refused["error"]["code"], refused["lost"]) == ("LIMIT_REQUEST_BYTES", False)
    assert reply(added)["value"] == 1


def test_a_recursion_is_an_error_that_panel_code_can_catch(open_page: OpenPage) -> None:
    page = open_page()
    guest = page.start()["number"]
    _, caught, added = page.call("ask", guest, [load(), invoke("deep"), invoke("add", call=2)])
    assert reply(caught)["value"] == "RangeError"
    assert reply(added)["value"] == 1


def test_each_call_is_answered_in_its_own_time_zone(open_page: OpenPage) -> None:
    page = open_page()
    guest = page.start()["number"]
    zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "No/Where", "+05:00"]
    _, *hours = page.call("ask", guest, [load(), *(invoke("hour", call=i, zone=zone) for i, zone in enumerate(zones))])
    assert [reply(hour)["value"] for hour in hours] == [22, 23, 17, 3, 22, 22]


# What a Worker says whose guest has broken out of its memory, in place of a reply to its second request.
HOSTILE = {
    "no JSON": "'{'",
    "no object": "'[]'",
    "an unknown status": '\'{"status":"fine"}\'',
    "an unknown field": '\'{"status":"done","run":"alert(1)"}\'',
    "operations that are none": '\'{"status":"done","ops":[{"op":"copy","path":"/n","value":1}]}\'',
    "an operation without a value": '\'{"status":"done","ops":[{"op":"add","path":"/n"}]}\'',
    "a call with a long name": "JSON.stringify({status:'waiting',calls:[{id:1,alias:'a'.repeat(65),method:'m',args:[]}]})",
    "a log that is text": '\'{"status":"done","logs":"x"}\'',
    "a reply that is too long": "JSON.stringify({status:'done',value:'x'.repeat(20000)})",
    "no text": "{status:'done'}",
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_reply_ends_the_guest(open_page: OpenPage, answer: str) -> None:
    script = f"""self.postMessage('nexus-guest');
    onmessage = ({{ data }}) => {{
      if (data.matter) self.postMessage({{ ready: true }});
      else self.postMessage({{ reply: {answer}, memory: 1 }});
    }};"""
    page = open_page()
    guest = page.call("start", {"step": 60_000, "load": 60_000, "reply": 10_000}, script)["number"]
    first, second = page.call("ask", guest, [load(), invoke("add")])
    assert first == second
    assert (first["error"]["code"], first["lost"]) == ("LIMIT_REPLY_BYTES" if "repeat(20000)" in answer else "GUEST_FAULT", True)
    assert not page.call("alive", guest)


@pytest.mark.parametrize("words", ["self.postMessage({ reply: '{}', memory: 1 })", "throw new Error('broken')"])
def test_a_worker_that_speaks_unasked_is_ended(open_page: OpenPage, words: str) -> None:
    script = f"""self.postMessage('nexus-guest');
    onmessage = () => {{ self.postMessage({{ ready: true }}); setTimeout(() => {{ {words} }}, 50); }};"""
    page = open_page()
    guest = page.call("start", {}, script)["number"]
    page.page.wait_for_function("(number) => !lab.alive(number)", arg=guest)


def test_the_end_frees_the_worker_and_what_waits(open_page: OpenPage) -> None:
    page = open_page()
    guest = page.start()["number"]
    page.call("ask", guest, [load()])
    asked = page.page.evaluate_handle("([number, request]) => ({ end: lab.ask(number, [request]) })", [guest, invoke("spin")])
    page.call("abort", guest)
    (outcome,) = page.page.evaluate("({ end }) => end", asked)
    assert outcome["error"]["code"] == "CANCELLED"
    page.page.wait_for_function("() => lab.urls() === 0")
    wait_for_workers(page, 0)


def test_twenty_guests_are_twenty_workers_that_know_nothing_of_each_other(open_page: OpenPage) -> None:
    page = open_page()
    guests = page.page.evaluate("() => Promise.all(Array.from({ length: 20 }, () => lab.start()))")
    assert len(page.page.workers) == 20
    for guest in guests:
        page.call("ask", guest["number"], [load()])
    counted = page.page.evaluate(
        "([guests, requests]) => Promise.all(guests.map((guest, i) => lab.ask(guest.number, [requests[i]])))",
        [guests, [invoke("add", [i]) for i in range(20)]],
    )
    assert [reply(outcomes[0])["value"] for outcomes in counted] == list(range(20))
    page.call("close")
    wait_for_workers(page, 0)
    assert page.call("urls") == 0


def test_the_same_guest_runs_on_the_main_thread(open_page: OpenPage) -> None:
    page = open_page("strict")
    ((loaded, added, hour, filled, after),) = page.call(
        "local", [[load(), invoke("add", [2]), invoke("hour", zone="Asia/Kolkata"), invoke("jobs"), invoke("add")]]
    )
    assert reply(loaded)["state"]["n"] == 0
    assert (reply(added)["value"], reply(hour)["value"]) == (2, 3)
    assert (filled["error"]["code"], filled["lost"]) == ("LIMIT_JOBS", True)
    assert after["error"]["code"] == "CANCELLED"
    assert page.page.workers == []
