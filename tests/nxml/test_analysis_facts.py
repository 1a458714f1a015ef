"""What one piece of code reads, writes, calls and uses."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.nxml.analysis import CodeFacts, facts_of
from nexus_jupyter.nxml.analysis_facts import parsed_facts

EMPTY = CodeFacts()


def found(source: str, kind: Any = "body") -> dict[str, Any]:
    """The facts that say something, free names left out."""
    facts = facts_of(source, kind)
    names = (
        n for n in CodeFacts.__dataclass_fields__ if n not in ("globals", "yields", "mentions", "impurities", "given", "fault", "roots")
    )
    return {
        name: " ".join(map(".".join, value)) if name == "extensions" else " ".join(value) if isinstance(value, tuple) else value
        for name in names
        if (value := getattr(facts, name)) != getattr(EMPTY, name)
    }


READS = {
    "a member": ("$state.a", "a"),
    "a member of a member": ("$state.a.b.c", "a"),
    "optional": ("$state?.a?.b", "a"),
    "in brackets": ("$state['a'] + $state[\"b c\"] + $state[`d`]", "a b c d"),
    "a call": ("$state.rows.filter(r => r.x > $state.min).length", "rows min"),
    "a template": ("`${$state.a}${`${$state.b}`}`", "a b"),
    "a regular expression is no code": ("/$state.a/.test($state.b)", "b"),
    "a string is no code": ("'$state.a' + \"$state.b\"", ""),
    "a comment is no code": ("1 // $state.a\n + /* $state.b */ 2", ""),
    "a property called so": ("x.$state.a", ""),
    "a key called so": ("({$state: 1, a: $state.b})", "b"),
    "an escape in a name": ("$st\\u0061te.\\u{61}", "a"),
    "comparison": ("$state.a < 3 && $state.b", "a b"),
    "parentheses": ("($state).a", "a"),
    "a choice": ("($state.x ? $state : $state).a", "x a"),
    "an arrow's own name": ("(($state) => $state.a)({a: 1})", ""),
    "an arrow's names are not outside": ("[1].map(s => s.a) && $state.b", "b"),
    "spread": ("[...$state.a, ...$state.b]", "a b"),
    "unicode": ("$state.größe + $state.名前", "größe 名前"),
}


@pytest.mark.parametrize(("source", "reads"), READS.values(), ids=READS)
def test_reads_of_an_expression(source: str, reads: str) -> None:
    assert found(source, "expression") == ({"reads": reads} if reads else {})


BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "assignment": ("$state.a = 1", {"writes": "a"}),
    "into a member": ("$state.a.b[0].c = 1", {"writes": "a"}),
    "into a computed member": ("$state.a[$state.i] = $state.b", {"reads": "i b", "writes": "a"}),
    "adding to it reads it": ("$state.a += $state.b", {"reads": "a b", "writes": "a"}),
    "counting reads it": ("$state.a++; --$state.b.c", {"reads": "a b", "writes": "a b"}),
    "logical assignment": ("$state.a ??= 1; $state['b'] ||= 2", {"reads": "a b", "writes": "a b"}),
    "delete": ("delete $state.a.b; delete $state['c']", {"writes": "a c"}),
    "mutating methods": (
        "$state.a.push(1); $state.b.c.splice(0, 1); $state.d.sort(); $state.e['reverse'](); $state.f?.unshift(2)",
        {"writes": "a b d e f"},
    ),
    "a mutation whose result is used": ("return $state.a.pop()", {"reads": "a", "writes": "a"}),
    "methods that do not mutate": ("$state.a.concat(1).push(2); $state.b.slice().sort(); $state.c.map(x => x)", {"reads": "a b c"}),
    "destructuring targets": ("[$state.a, x.y] = [1, 2]; ({p: $state.b, ...$state.c} = o)", {"writes": "a b c"}),
    "a target with a default": ("[$state.a = $state.b] = []", {"reads": "b", "writes": "a"}),
    "loop target": ("for ($state.a of [1]) ; for ($state.b in {}) ;", {"writes": "a b"}),
    "destructuring reads": ("const {a, b: {c}, 'd': e = $state.f} = $state; return a + c + e", {"reads": "a b d f"}),
    "the rest reads all": ("const {a, ...rest} = $state; rest.b = 1", {"reads": "a", "reads_all": True}),
    "an alias": ("const s = $state; s.a = s.b; const {c} = s", {"reads": "b c", "writes": "a"}),
    "an alias of an alias": ("let s; s = $state; let t = s; t.a = 1", {"writes": "a"}),
    "an alias of a part": ("const a = $state.a; a.b = 1; a.list.push(2)", {"reads": "a", "writes": "a"}),
    "an alias that is bound anew": ("let n = $state.n; n += 1; n++; return n", {"reads": "n"}),
    "an alias in a destructured parameter": ("const f = ({rows}) => { rows.push(1) }; f($state)", {"reads": "rows", "writes": "rows"}),
    "what is found in a list": ("const c = $state.cards.find(c => c.id === 1); c.done = true", {"reads": "cards", "writes": "cards"}),
    "what a filter keeps": ("for (const c of $state.cards.filter(x => x.a)) c.b = 1", {"reads": "cards", "writes": "cards"}),
    "a copy is another list": ("const next = [...$state.a]; next.push(1); const o = {...$state.b}; o.x = 1", {"reads": "a b"}),
    "items of a copy are not": ("const next = [...$state.a]; next[0].done = true", {"reads": "a", "writes": "a"}),
    "the items of a loop": ("for (const r of $state.rows) r.n++", {"reads": "rows", "writes": "rows"}),
    "the items of forEach": ("$state.rows.forEach((r, i) => { r.n = i })", {"reads": "rows", "writes": "rows"}),
    "the items of reduce": ("$state.rows.reduce((sum, r) => { r.seen = true; return sum + r.n }, 0)", {"reads": "rows", "writes": "rows"}),
    "a function of its own": (
        "const at = id => $state.cards.find(c => c.id === id); at(3).done = true; function clear(list) { list.length = 0 } clear($state.log)",
        {"reads": "cards log", "writes": "cards log"},
    ),
    "a function used before it stands there": ("set($state.a); function set(o) { o.x = 1 }", {"reads": "a", "writes": "a"}),
    "Object.assign": ("Object.assign($state, {a: 1, b, 'c': 2}); Object.assign($state.d, $state.e)", {"reads": "d e", "writes": "a b c d"}),
    "Object.assign of what is not known": ("Object.assign($state, x)", {"writes_all": True}),
    "a local Object": ("const Object = {assign() {}}; Object.assign($state.a, 1)", {"reads": "a", "writes": "a"}),
    "Reflect": ("Reflect.set($state, 'a', 1); Reflect.deleteProperty($state.b, 'x')", {"reads": "b", "writes": "a b"}),
    "a name that is not known": ("$state[k] = 1", {"writes_all": True}),
    "reading a name that is not known": ("return $state[k]", {"reads_all": True}),
    "all of it, looked at": ("return JSON.stringify($state) + Object.keys($state).length", {"reads_all": True}),
    "all of it, copied": ("const o = {...$state}; o.a = 1", {"reads_all": True}),
    "all of it, walked": ("for (const k in $state) x(k)", {"reads_all": True}),
    "all of it, handed on": ("helper($state)", {"reads_all": True, "writes_all": True}),
    "all of it, put away": ("const o = {s: $state}; o.s.a = 1", {"reads_all": True, "writes_all": True}),
    "all of it, given to a known function": ("const f = s => { s.a = s.b }; f($state)", {"reads": "b", "writes": "a"}),
    "shadowed by a parameter": ("function f($state) { $state.a = 1 } f({})", {}),
    "shadowed by a local": ("{ const $state = {}; $state.a = 1 } $state.b = 1", {"writes": "b"}),
    "shadowed by var from a block": ("if (x) { var $state = {} } $state.a = 1", {}),
    "shadowed by catch": ("try { x() } catch ($state) { $state.a = 1 }", {}),
    "shadowed by a loop": ("for (const $state of x) $state.a = 1; $state.b = 2", {"writes": "b"}),
    "shadowed by a class": ("class $state { static a = 1 } $state.a = 2", {}),
    "shadowed within a named function only": ("(function $state() { $state.a = 1 })(); $state.b = 1", {"writes": "b"}),
    "shadowed by a hoisted function": ("$state.a = 1; function $state() {}", {}),
    "labels are no names": ("$state: for (;;) { break $state }", {}),
    "tools": ("await $tools.add(); $tools['reset']({x: 1})", {"tools": "add reset", "awaits": True}),
    "a tool taken out": ("const {add: go, reset} = $tools; go(); reset()", {"tools": "add reset"}),
    "tools by an alias": ("const t = $tools; t.add()", {"tools": "add"}),
    "a tool that is not known": ("$tools[name]()", {"tools_all": True}),
    "tools handed on": ("use($tools)", {"tools_all": True}),
    "shadowed tools": ("const $tools = {}; $tools.add()", {}),
    "extensions": (
        "const r = await $ext.http.get($state.url); await $ext['fs'].read('a')",
        {"reads": "url", "extensions": "http.get fs.read", "awaits": True},
    ),
    "an extension taken out": (
        "const {http, fs: f} = $ext; await http.get('x'); const g = f.read; g()",
        {"extensions": "http.get fs.read", "awaits": True},
    ),
    "an extension that is not known": ("$ext[k].run()", {"extensions_all": True}),
    "a method that is not known": ("$ext.http[k]()", {"extensions": "http."}),
    "waiting in a function of its own": ("const f = async () => { await 1 }; f()", {}),
    "waiting in a loop": ("for await (const x of y) ;", {"awaits": True}),
    "a code that is not finished": ("$state.a = 1; if ($state.b) {", {"reads": "b", "writes": "a", "broken": True}),
    "a code that closes its wrapper": ("$state.a = 1 } function x() { $state.b = 2", {"writes": "a b", "broken": True}),
    "no JavaScript": ("%%%", {"broken": True}),
    "nothing": ("", {}),
    "methods of a class": ("class A { x = $state.a; static { $state.b = 1 } m() { $state.c = 1 } }", {"reads": "a", "writes": "a b c"}),
    "a getter": ("const o = { get x() { return $state.a }, set x(v) { $state.b = v } }", {"reads": "a", "writes": "a b"}),
    "a tagged template": ("x`${$state.a}`", {"reads": "a", "writes": "a"}),
    "a generator": ("function* g() { yield $state.a } g()", {"reads": "a", "writes": "a"}),
    "a switch": ("switch ($state.a) { case $state.b: { $state.c = 1 } }", {"reads": "a b", "writes": "c"}),
}


@pytest.mark.parametrize(("source", "expected"), BODIES.values(), ids=BODIES)
def test_what_a_handler_does(source: str, expected: dict[str, Any]) -> None:
    assert found(source) == expected


ARGS = {
    "an object": ("{ id: $scope.card.id, n: $state.n }", {"reads": "n", "scope": "card"}),
    "interpolation": ("{$state.a}", {"reads": "a"}),
    "interpolation of an object": ("{{a: $state.a}}", {"reads": "a"}),
    "interpolation of a list": ("{[$state.a, $scope.i]}", {"reads": "a", "scope": "i"}),
    "a list": ("[$state.a, 1]", {"reads": "a"}),
    "a lone name is interpolation": ("{$event}", {}),
    "two names are an object": ("{$event, x}", {}),
    "a value": ("$scope.row", {"scope": "row"}),
    "the whole scope": ("{ all: $scope }", {"scope_all": True}),
    "a variable that is not known": ("$scope[k]", {"scope_all": True}),
    "a comment at the end": ("$state.a // the first", {"reads": "a"}),
}


@pytest.mark.parametrize(("source", "expected"), ARGS.values(), ids=ARGS)
def test_what_args_read(source: str, expected: dict[str, Any]) -> None:
    assert found(source, "args") == expected
    assert not facts_of(source, "args").broken


def test_a_whole_state_in_an_expression_is_read_and_not_written() -> None:
    for source in ("$state", "JSON.stringify($state)", "f($state)", "({s: $state})", "[1].map(() => $state)"):
        assert found(source, "expression") == {"reads_all": True}


def test_free_names_are_those_that_no_scope_declares() -> None:
    facts = facts_of("const a = b + Math.max(c, a); d = 1; fetch(x => x + y); $log($args.z); ({e, f: g}); label: h", "body")
    assert facts.globals == ("b", "Math", "c", "d", "fetch", "y", "$log", "$args", "e", "g", "h")


def test_an_expression_yields_the_states_its_value_lives_in() -> None:
    for source, yields in (
        ("$state.rows.filter(r => r.owner === $state.me)", ("rows",)),
        ("$state.x ? $state.a : $state.b.c", ("a", "b")),
        ("$state.a.map(x => x.n)", ("a",)),
        ("$state.a.some(x => x.n)", ()),
        ("[...$state.a, ...$state.b]", ("a", "b")),
        ("$state.a.length > $state.b.length", ()),
        ("Object.values($state.a)", ("a",)),
    ):
        assert facts_of(source, "expression").yields == yields, source


def test_names_stand_in_the_order_of_the_text() -> None:
    assert facts_of("f($state.z); const q = $state.a; $state.z; $state.m", "body").reads == ("z", "a", "m")


# --- hostile -------------------------------------------------------------------------------------

DEEP = {
    "parentheses": ("(", "$state.a", ")"),
    "lists": ("[", "$state.a", "]"),
    "blocks": ("{", "$state.a", "}"),
    "arrows": ("a=>", "$state.a", ""),
    "functions": ("function f(a=", "$state.a", "){}"),
    "templates": ("`${", "$state.a", "}`"),
    "objects": ("({a:", "$state.a", "})"),
    "signs": ("-", "$state.a", ""),
    "choices": ("x?", "$state.a", ":1"),
    "classes": ("class A extends (", "$state.a", "){}"),
    "patterns": ("[", "$state.a", "]=1"),
}


@pytest.mark.parametrize(("before", "middle", "after"), DEEP.values(), ids=DEEP)
def test_depth_is_no_problem(before: str, middle: str, after: str) -> None:
    facts = facts_of(before * 5_000 + middle + after * 5_000, "body")
    assert facts.reads == ("a",) or facts.broken or "a" in facts.writes


def lexer_traps(size: int) -> list[str]:
    return [
        "/[" * (size // 2),
        "`${" * (size // 3),
        "`a" * (size // 2),
        "/*" * (size // 2),
        "'" * size,
        "<a " * (size // 3),
        "<!--" * (size // 4),
    ]


def many_names(size: int) -> list[str]:
    count = size // 40
    return [
        ";".join(f"const a{n} = $state.s{n}; a{n}.x = 1" for n in range(count)),
        " || ".join(f"$state.s{n}" for n in range(size // 14)),
        "let x;" + ";".join(f"x = $state.s{n}; x.y = 1" for n in range(count)),
        # used before they are set: each round finds one more
        ";".join(f"function f{n}() {{ return f{n + 1}() }}" for n in range(count))
        + f"; function f{count}() {{ return $state.a }} f0().x = 1",
        "{" * (size // 20) + "x;" * (size // 20) + "}" * (size // 20),
        "function f({" + ",".join(f"a{n}" for n in range(count)) + "}) {} " + "f($state);" * (size // 20),
        "[" * (size // 20) + "x" + "]=$state.a" * (size // 20),
        ";".join("let a" + str(n) for n in range(count)) + "{" * 500 + "a1;" * count + "}" * 500,
        "f(" * (size // 20) + "$state" + ")" * (size // 20),
        "$state" + ".a" * (size // 2),
    ]


@pytest.mark.timing
@pytest.mark.parametrize("number", range(7 + 10))
def test_time_is_linear_in_the_text(number: int) -> None:
    """The best of some runs, so that another job on the machine does not count; fourfold text may not take ninefold."""

    def seconds(size: int) -> float:
        source = [*lexer_traps(size), *many_names(size)][number]
        best = 99.0
        for _ in range(3):
            start = time.process_time()
            parsed_facts(source, "body")
            best = min(best, time.process_time() - start)
        return best

    small = seconds(4_000)
    assert seconds(16_000) < 9 * max(small, 0.002)


@pytest.mark.parametrize(
    "source",
    [
        "let x;" + ";".join(f"x = $state.s{n}; x.y = 1" for n in range(100)),
        "f(" + " || ".join(f"$state.s{n}" for n in range(100)) + ").x = 1; function f(a) { return a }",
    ],
)
def test_values_from_very_many_places_are_told_as_all(source: str) -> None:
    facts = facts_of(source, "body")
    assert facts.reads_all
    assert facts.writes_all


def test_values_passed_round_and_round_are_told_as_all() -> None:
    facts = facts_of(many_names(8_000)[3], "body")
    assert facts.writes_all or "a" in facts.writes


def test_a_text_that_makes_the_lexer_start_over_is_given_up_carefully() -> None:
    facts = facts_of("$state.a = 1;" + "/[" * 40_000, "body")
    assert facts.broken
    assert facts.reads_all
    assert facts.writes_all


pieces = st.sampled_from(
    [
        *(
            "$state",
            ".a",
            "['b']",
            "[x]",
            "=",
            "+=",
            "++",
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            ",",
            ";",
            "=>",
            "const ",
            "let ",
            "var ",
            "...",
            "`",
        ),
        *(
            "${",
            "'",
            '"',
            "/",
            "//",
            "\n",
            "function f",
            "class A",
            "return ",
            "await ",
            "for (",
            " of ",
            " in ",
            "if (",
            "$tools",
            "$ext",
            "?.",
        ),
        *(
            "?",
            ":",
            "delete ",
            "new ",
            "x",
            "$scope",
            "Object.assign(",
            ".push(",
            ".find(",
            "\\",
            "\u2028",
            "é",
            "😀",
            "\ud800",
            "\x00",
            "#",
            "@",
        ),
    ]
)


@given(st.lists(pieces, max_size=40).map("".join) | st.text(max_size=60), st.sampled_from(["body", "expression", "args"]))
def test_any_text_is_analysed(source: str, kind: Any) -> None:
    facts = facts_of(source, kind)
    assert facts == facts_of(source, kind)
    assert kind == "body" or not facts.writes_all


def test_threads_do_not_disturb_each_other() -> None:
    sources = [f"const s{n} = $state; s{n}.w{n} = $state.r{n} + " + "x + " * 300 + "1" for n in range(8)]
    expected = [facts_of(source, "body") for source in sources]
    seen: dict[int, list[CodeFacts]] = {}

    def work(n: int) -> None:
        seen[n] = [facts_of(sources[n], "body") for _ in range(20)]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert all(seen[n] == [expected[n]] * 20 for n in range(8))
