"""A guest from Python: requests, replies, code errors, text, numbers, time zones."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from nexus_jupyter.errors import NexusError
from nexus_jupyter.nxml import load_program
from nexus_jupyter.protocol import GuestCancel, GuestEdit, GuestEvent, GuestRead, GuestReply, GuestResume, GuestView, LogLine, Settled
from nexus_jupyter.sandbox import CodeErrors, Guest, Limits, syntax_diagnostics

MakeGuest = Callable[..., Guest]
Run = Callable[..., GuestReply]
CLOCK = 1_700_000_000_000.0


def test_a_tool_changes_state_and_says_how(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("$state.n += 2; return $state.n")
    assert guest.initial_state == {"x": None, "n": 0}
    reply = run(guest)
    assert (reply.status, reply.value, reply.tool) == ("done", 2, "t")
    assert [op.model_dump() for op in reply.ops] == [{"op": "replace", "path": "/n", "value": 2}]
    assert [op.model_dump() for op in reply.inverse] == [{"op": "replace", "path": "/n", "value": 0}]
    assert guest.request(GuestRead(name="n")).value == 2


def test_a_guest_goes_on_from_committed_state(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("return [$state.n, $state.x.a]", state={"n": 7, "x": {"a": [1]}})
    assert run(guest).value == [7, [1]]


def test_an_extension_call_suspends_and_resumes(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("const r = await $ext.python.f(1, {a: 2}); $state.x = r; return r.q", logic='<Extension name="nexus.python"/>')
    waiting = run(guest)
    assert waiting.status == "waiting"
    assert [(c.id, c.alias, c.method, c.args) for c in waiting.calls] == [(1, "python", "f", (1, {"a": 2}))]
    done = guest.request(GuestResume(call=1, results=(Settled(id=1, value={"q": [3]}),), clock=CLOCK))
    assert (done.status, done.value) == ("done", [3])
    assert guest.request(GuestCancel(call=1)).status == "done"


def test_an_event_goes_to_the_node_it_happened_on(make_guest: MakeGuest) -> None:
    guest = make_guest("$state.n = 5", view='<Layout><Input label="x" bind="$state.x"/><Button trigger="t">go</Button></Layout>')
    root = guest.request(GuestView()).tree.root  # type: ignore[union-attr]
    assert root is not None
    field, button = root.children
    assert (field.bound, field.writable, field.value) == (True, True, None)

    def event(node: str, name: str, call: int = 1, **detail: Any) -> GuestReply:
        return guest.request(GuestEvent(call=call, node=node, name=name, detail=detail, clock=CLOCK, seed=1, zone="UTC"))

    assert event(field.id, "change", value="text").ops[0].value == "text"
    assert event(button.id, "press", call=0).tool == "t"
    assert event(button.id, "press").ops[0].path == "/n"
    stale = event("0.99", "press").error
    assert stale is not None
    assert stale.code == "STALE_VIEW"


def test_syntax_errors_are_placed_in_the_document() -> None:
    text = "<NexusPanel>\n  <Logic>\n    <Tool name='t'><Handler>\n  const a = 1;\n  }); evil(); (async()=>{\n</Handler></Tool>\n  </Logic>\n</NexusPanel>"
    program, _ = load_program(text)
    with pytest.raises(CodeErrors) as caught:
        Guest(program)
    (problem,) = syntax_diagnostics(program, caught.value.errors)
    assert problem.code == "JS_SYNTAX"
    assert problem.span.line == 5
    assert text[problem.span.start] in ")}"
    assert "JavaScript" in problem.message


def test_all_code_that_cannot_be_read_is_told_at_once(make_guest: MakeGuest) -> None:
    with pytest.raises(CodeErrors) as caught:
        make_guest("super.x", logic='<Tool name="u"><Handler>}, m(){</Handler></Tool>')
    assert [error.index for error in caught.value.errors] == [0, 1]
    assert caught.value.code == "JS_SYNTAX"


@pytest.mark.parametrize("text", ["é", "\U0001f600", "\u2028", "\x00", "\\", '"', "\x7f", "a" * 100_000, "\U0001f600" * 30_000])
def test_text_comes_back_as_it_went_in(make_guest: MakeGuest, run: Run, text: str) -> None:
    guest = make_guest("$state.x = $args.v; return $args.v.length", logic="", data='<State name="x" type="any"/>')
    assert guest.request(GuestEdit(values={"x": {text[:50]: text}}, clock=CLOCK)).ops[0].value == {text[:50]: text}
    assert guest.request(GuestRead(name="x")).value == {text[:50]: text}


def test_lone_surrogates_become_replacement_characters_everywhere(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest(
        "$state.x = 'a\\ud800'; $log('\\udfff'); $emit('\\ud800', ['\\ud800']); return {['\\udc00']: '\\ud83d\\ude00\\ud83d', q: '\\\\ud800'}",
        view="<Text content=\"{'\\ud83d'}\"/>",
    )
    reply = run(guest)
    assert reply.ops[0].value == "a\ufffd"
    assert reply.logs[0].text == "\ufffd"
    assert (reply.emits[0].event, reply.emits[0].payload) == ("\ufffd", ["\ufffd"])
    assert reply.value == {"\ufffd": "\U0001f600\ufffd", "q": "\\ud800"}
    tree = guest.request(GuestView()).tree
    assert tree is not None
    assert tree.root is not None
    assert tree.root.props["content"] == "\ufffd"
    edited = guest.request(GuestEdit(values={"x": "\ud800"}, clock=CLOCK))
    assert edited.ops[0].value == "\ufffd"


@pytest.mark.parametrize("key", ["__proto__", "constructor", "prototype"])
def test_dangerous_keys_are_refused(make_guest: MakeGuest, run: Run, key: str) -> None:
    guest = make_guest("$state.x = $args.v", data='<State name="x" type="any"/>')
    reply = guest.request(GuestEdit(values={"x": {"a": {key: 1}}}, clock=CLOCK))
    assert reply.error is not None
    assert reply.error.code == "INVALID_STATE"
    assert key in reply.error.message
    assert run(guest, args={key: 1}).status == "failed"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_numbers_that_are_no_json_are_refused_before_they_are_sent(make_guest: MakeGuest, value: Any) -> None:
    guest = make_guest()
    with pytest.raises(NexusError, match="cannot be sent") as caught:
        guest.request(GuestEdit(values={"x": value}, clock=CLOCK))
    assert caught.value.code == "INVALID_VALUE"
    assert guest.alive


def test_a_number_beyond_floats_is_refused_by_the_guest(make_guest: MakeGuest) -> None:
    guest = make_guest()
    reply = guest.request(GuestEdit(values={"x": 10**400}, clock=CLOCK))
    assert reply.error is not None
    assert "Infinity" in reply.error.message


def test_deeply_nested_values_are_refused_in_both_directions(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("let a = []; for (let i = 0; i < 5000; i++) a = [a]; return a")
    deep: Any = []
    for _ in range(150):
        deep = [deep]
    edited = guest.request(GuestEdit.model_construct(op="edit", values={"x": deep}, clock=CLOCK))
    assert edited.error is not None
    assert "nested more than 100 deep" in edited.error.message
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(NexusError, match="nested too deeply"):
        guest.request(GuestEdit.model_construct(op="edit", values={"x": deep}, clock=CLOCK))
    failed = run(guest)
    assert failed.error is not None
    assert "nested more than 100 deep" in failed.error.message
    assert guest.alive


def test_big_requests_and_replies_pass(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("return $state.x.length", limits=Limits(cpu=60.0))
    rows: list[Any] = [{"id": i, "text": "x" * 100} for i in range(9000)]
    reply = guest.request(GuestEdit(values={"x": rows}, clock=CLOCK))
    assert reply.ops[0].value == rows
    assert run(guest).value == 9000
    assert guest.request(GuestRead(name="x")).value == rows
    assert run(guest).value == 9000


def test_the_zone_belongs_to_the_call(make_guest: MakeGuest, run: Run) -> None:
    body = "const h = () => new Date().getHours(); const a = h(); await new Promise(r => setTimeout(r, 1)); return [a, h(), new Date(2024, 6, 1).getTimezoneOffset()]"
    guest = make_guest(body, zone="America/New_York")
    assert run(guest, call=1, zone="Asia/Kolkata").status == "waiting"
    assert run(guest, call=2, zone="Nowhere/Land").status == "waiting"
    resume = [guest.request(GuestResume(call=call, results=(), clock=CLOCK + 1)).value for call in (1, 2)]
    assert resume == [[3, 3, -330], [22, 22, 0]]


def test_years_outside_the_calendar_do_no_harm(make_guest: MakeGuest, run: Run) -> None:
    guest = make_guest("return [8.64e15, -8.64e15, -7e13, 2.5e14].map(t => new Date(t).getHours())")
    hours = run(guest, zone="Europe/Berlin").value
    assert isinstance(hours, list)
    assert all(isinstance(hour, int) and 0 <= hour < 24 for hour in hours)


def test_log_lines_are_handed_on(make_guest: MakeGuest, run: Run) -> None:
    lines: list[LogLine] = []
    guest = make_guest("$log('a', 1); console.error('b')", on_log=lines.append)
    run(guest)
    assert [(line.level, line.text) for line in lines] == [("info", "a 1"), ("error", "b")]


def test_a_failed_default_is_one_clear_error(make_guest: MakeGuest) -> None:
    with pytest.raises(NexusError, match="cannot read property"):
        make_guest(data='<State name="x" type="any" default="{null.a}"/>')


def test_nothing_of_the_guest_itself_is_shown_in_a_stack(make_guest: MakeGuest, run: Run) -> None:
    error = run(make_guest("$state.x = [new Map()]")).error
    assert error is not None
    assert "guest" not in json.dumps(error.model_dump())
    assert error.line == 1
