"""Values that go unusual ways, and what is told of code that is not all JavaScript."""

from __future__ import annotations

import pytest

from nexus_jupyter.diagnostics import Diagnostic
from nexus_jupyter.nxml import Parser, read
from nexus_jupyter.nxml.analysis import analyse, facts_of

BODIES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "catch without a name": ("try { go() } catch { $state.a = $state.b } function go() {}", ("b",), ("a",)),
    "a callback that may be another": ("$state.rows.forEach($state.f || (r => { r.x = 1 }))", ("rows", "f"), ("rows",)),
    "a target in parentheses": ("($state.c).d = 1; ($state.a) = $state.b", ("b",), ("a", "c")),
    "a result that is none": ("const f = () => { return; }; return f($state.a)", ("a",), ()),
    "a loop with a target in parentheses": ("for (($state.a) of $state.b) ;", ("b",), ("a",)),
    "one or the other": ("const s = $state || {}; s.a = s.b", ("b",), ("a",)),
    "a function's result": ("const f = () => $state.a; f().x = 1; function g() { return $state.b } g().y = 1", ("a", "b"), ("a", "b")),
    "by number": ("$state.rows[0].x = $state[1]", ("rows", "1"), ("rows",)),
    "what a method of a class gives": ("class A { m() { return $state.a } } return new A().m()", ("a",), ("a",)),
}


@pytest.mark.parametrize(("code", "reads", "writes"), BODIES.values(), ids=BODIES)
def test_values_are_followed(code: str, reads: tuple[str, ...], writes: tuple[str, ...]) -> None:
    facts = facts_of(code, "body")
    assert not facts.broken
    assert set(reads) - set(writes) <= set(facts.reads)
    assert set(facts.writes) == set(writes)
    assert not facts.writes_all


@pytest.mark.parametrize("code", ["!$state", "void $state", "typeof $state", "delete $state"])
def test_looking_at_all_of_it_reads_nothing(code: str) -> None:
    assert not facts_of(code, "body").reads_all


@pytest.mark.parametrize(
    "code",
    [
        "const {a, 1 2} = $state",
        "const { = $state",
        "$state.",
        "$state[",
        "f(",
        "for (x of",
        "x = ",
        "[a, = b",
        "({a: = $state)",
        "delete",
        "new",
        "`${",
    ],
)
def test_what_is_no_javascript_is_told_as_far_as_it_goes(code: str) -> None:
    assert facts_of(code, "body").broken


@pytest.mark.parametrize(
    ("bind", "code"),
    [
        ("$state.thing[[0][0]]", ""),
        ("$state.thing[`${1}`].x", ""),
        ("$state.thing[a", "INVALID_BIND"),
        ("$state.thing[a)", "INVALID_BIND"),
        ("$state.thing[(a]", "INVALID_BIND"),
        ("$state.thing[]", "INVALID_BIND"),
        ("$state", "INVALID_BIND"),
        ("$state.thing.__proto__", "INVALID_BIND"),
        ("$state.thing()", "INVALID_BIND"),
        ("$thing.x", "INVALID_BIND"),
        ("$state[$state.thing.x]", ""),
    ],
)
def test_places_that_are_bound(bind: str, code: str) -> None:
    source = f"<NexusPanel><Data><State name='thing' type='object'/></Data><View><Input label='x' bind=\"{bind}\"/></View></NexusPanel>"
    found: list[Diagnostic] = [d for d in read(source).diagnostics if d.severity == "error" and d.code != "UNKNOWN_NAME"]
    assert [d.code for d in found] == ([code] if code else [])


def test_a_loop_in_another_circle_is_not_gone_round_twice() -> None:
    needs = {"a": "$state.b + $state.c", "b": "$state.d", "c": "$state.d", "d": "$state.e", "e": "$state.a"}
    data = "".join(f'<Computed name="{n}" value="{v}"/>' for n, v in needs.items())
    (problem,) = [d for d in read(f"<NexusPanel><Data>{data}</Data></NexusPanel>").diagnostics if d.code == "COMPUTED_CYCLE"]
    assert problem.message == "the computed value 'a' depends on itself: a -> b -> d -> e -> a"


def test_hooks_are_no_tools() -> None:
    source = (
        '<NexusPanel><Logic><Lifecycle on="mount"><Handler>$log(1)</Handler></Lifecycle>'
        '<Tool name="t" description="d"><Handler>return 1</Handler></Tool></Logic></NexusPanel>'
    )
    assert list(analyse(Parser(source).parse()).tools) == ["t"]
