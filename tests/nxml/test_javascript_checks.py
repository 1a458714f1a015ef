"""What the reader finds in a document's JavaScript, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.diagnostics import Diagnostic, errors_of
from nexus_jupyter.nxml import DEFAULT_LIMITS, read
from nexus_jupyter.nxml.checks import RULES

PANELS = sorted((Path(__file__).parents[1] / "corpus/panels").glob("*.nxml"))
CODES = frozenset(
    (
        *("JS_SYNTAX", "IMPURE_EXPRESSION", "FORBIDDEN_GLOBAL", "UNDEFINED_STATE_REFERENCE", "UNDEFINED_TOOL_REFERENCE"),
        *("INVALID_SCOPE_REFERENCE", "UNDECLARED_EXTENSION", "ARGUMENT_MISMATCH", "COMPUTED_CYCLE", "ASSIGN_TO_COMPUTED"),
        *("INVALID_BIND", "INVALID_ATTRIBUTE", "UNUSED_STATE", "UNUSED_TOOL", "UNUSED_EXTENSION", "UNKNOWN_NAME", "NOT_AVAILABLE"),
    )
)
DATA = (
    '<State name="count" type="number"/><State name="rows" type="list"/><State name="on" type="boolean"/>'
    '<State name="text" type="string"/><State name="thing" type="object"/><State name="table" type="frame"/>'
    '<Computed name="total" value="$state.rows.length + ($state.on &amp;&amp; $state.text + $state.thing + $state.table + $state.count)"/>'
)
TOOLS = (
    '<Tool name="add" description="d"><Arg name="by" type="number" min="0"/><Arg name="note" type="string" required="false" enum="a,b"/>'
    "<Handler>return $args</Handler></Tool>"
)


def problems(source: str) -> list[Diagnostic]:
    return [d for d in read(source).diagnostics if d.code in CODES]


def found(source: str) -> list[tuple[str, str]]:
    """The codes, each with the text that it points at."""
    return [(d.code, source[d.span.start : d.span.end]) for d in problems(source)]


def handler(code: str, *, data: str = DATA, logic: str = "", args: str = "") -> str:
    return (
        f"<NexusPanel><Data>{data}</Data><Logic>{logic}{TOOLS}<Tool name='t' description='d'>{args}<Handler>{code}</Handler></Tool></Logic>"
        "</NexusPanel>"
    )


def view(inner: str, *, data: str = DATA) -> str:
    return f"<NexusPanel><Data>{data}</Data><Logic>{TOOLS}</Logic><View>{inner}</View></NexusPanel>"


def text(expression: str) -> str:
    return view(f"<Text>{{{expression}}}</Text>")


def of(source: str) -> list[tuple[str, str]]:
    return [pair for pair in found(source) if not pair[0].startswith("UNUSED")]


HANDLERS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "a misspelt state": ("return $state.cuont", [("UNDEFINED_STATE_REFERENCE", "cuont")]),
    "each place counts": ("$state.cuont = $state.cuont + 1", [("UNDEFINED_STATE_REFERENCE", "cuont")] * 2),
    "in brackets": ("return $state['cuont']", [("UNDEFINED_STATE_REFERENCE", "cuont")]),
    "taken out": ("const {cuont, rows: r, 'txt': t = 1, on = 2, ...o} = $state; return [cuont, r, t, on, o]", [("UNDEFINED_STATE_REFERENCE", n) for n in ("cuont", "txt")]),
    "taken out by assignment": ("let a; ({zzz: a} = $state); return a", [("UNDEFINED_STATE_REFERENCE", "zzz")]),
    "taken out computed": ("const {[x()]: a} = $state; function x() {} return a", []),
    "another name of it": ("const s = $state; return s.nope", [("UNDEFINED_STATE_REFERENCE", "nope")]),
    "a name that is given twice": ("let s = $state; s = {}; return s.nope", []),
    "a computed name is not known": ("return $state[x]; let x", []),
    "what every object has": ("return $state.hasOwnProperty('x')", []),
    "a name in a string": ("return '$state.nope'", []),
    "a misspelt tool": ("await $tools.ad({by: 1}); await $tools['ad']()", [("UNDEFINED_TOOL_REFERENCE", "ad")] * 2),
    "writing a computed value": ("$state.total = 1; $state.total++; delete $state['total']; [$state.total] = [1]", [("ASSIGN_TO_COMPUTED", "total")] * 4),
    "writing into one": ("$state.total.x = 1; $state.total.push(1)", [("ASSIGN_TO_COMPUTED", "total")] * 2),
    "an extension that is not declared": ("await $ext.http.get('x')", [("UNDECLARED_EXTENSION", "http")]),
    "a method that may not exist elsewhere": ("await $ext[x](); await $ext.http[x](); let x", [("UNDECLARED_EXTENSION", "http")]),
    "a local extension": ("const $ext = {http: {}}; $ext.http.get()", []),
    "fetch": ("await fetch('x')", [("FORBIDDEN_GLOBAL", "fetch")]),
    "window": ("window.x = 1; new XMLHttpRequest()", [("FORBIDDEN_GLOBAL", "window"), ("FORBIDDEN_GLOBAL", "XMLHttpRequest")]),
    "fetch by globalThis": ("globalThis.fetch(1); globalThis.Math.max(1); return globalThis.fetch", [("FORBIDDEN_GLOBAL", "fetch")] * 2),
    "looking whether it is there": ("return typeof fetch === 'undefined'", []),
    "importing": ("await import('x')", [("FORBIDDEN_GLOBAL", "import")]),
    "import as a statement": ("import x from 'y'; return x", [("FORBIDDEN_GLOBAL", "import")]),
    "a local named so": ("const fetch = n =&gt; n; return fetch(1)", []),
    "a misspelt global": ("consol.log(1)", [("UNKNOWN_NAME", "consol")]),
    "nothing near": ("qwertyuiop()", [("UNKNOWN_NAME", "qwertyuiop")]),
    "a name that is asked for first": ("return typeof other === 'undefined' ? 1 : other", []),
    "names of the language": ("return [arguments.length, undefined, NaN, structured(Math)]; function structured(x) { return x }", []),
    "labels": ("out: for (;;) { break out }", []),
    "view effects": ("$view.setFilter('a', 1)", [("NOT_AVAILABLE", "$view")]),
    "view effects asked for": ("if (typeof $view === 'object') return 1", []),
    "loop variables": ("return $scope.item", [("INVALID_SCOPE_REFERENCE", "$scope")]),
    "events": ("return [$event.value, typeof $event]", [("INVALID_SCOPE_REFERENCE", "$event")]),
    "arguments that are not declared": ("return $args.x", [("UNKNOWN_NAME", "x")]),
    "handlers may do all this": ("$state.count = 1; $state.rows.sort(); delete $state.thing.x; await $tools.add(1); $emit('x'); new Promise(() =&gt; 1)", []),
    "arguments by name": ("$tools.add({by: 1, note: 'a'})", []),
    "arguments in order": ("$tools.add(1, 'b')", []),
    "an unknown argument": ("$tools.add({bye: 1})", [("ARGUMENT_MISMATCH", "bye")]),
    "far from any": ("$tools.add({by: 1, 'whatever': 2})", [("ARGUMENT_MISMATCH", "whatever")]),
    "a missing argument": ("$tools.add({note: 'a'})", [("ARGUMENT_MISMATCH", "{note: 'a'}")]),
    "no arguments": ("$tools.add()", [("ARGUMENT_MISMATCH", "()")]),
    "undefined is missing": ("$tools.add(undefined, 'a')", [("ARGUMENT_MISMATCH", "(undefined, 'a')")]),
    "null is missing": ("$tools.add({by: null})", [("ARGUMENT_MISMATCH", "{by: null}")]),
    "too many": ("$tools.add(1, 'a', 2, 3)", [("ARGUMENT_MISMATCH", "2, 3")]),
    "a text for a number": ("$tools.add('one')", [("ARGUMENT_MISMATCH", "'one'")]),
    "a text that is a number": ("$tools.add(' 1.5 ')", []),
    "a text that is not known": ("$tools.add(`${$state.count}`)", []),
    "a number below the least": ("$tools.add({by: -1})", [("ARGUMENT_MISMATCH", "-1")]),
    "a sign": ("$tools.add({by: +1}); $tools.add({by: -x}); let x", []),
    "a number written otherwise": ("$tools.add(0x10)", []),
    "outside of the choices": ("$tools.add(1, 'c')", [("ARGUMENT_MISMATCH", "'c'")]),
    "a list for a number": ("$tools.add([1])", [("ARGUMENT_MISMATCH", "[1]")]),
    "a truth value for a number": ("$tools.add(!1, 'a')", [("ARGUMENT_MISMATCH", "!1")]),
    "an object within order": ("$tools.add({}, 'a')", [("ARGUMENT_MISMATCH", "{}")]),
    "a word for a number": ("$tools.add(true, 'a')", [("ARGUMENT_MISMATCH", "true")]),
    "a value that is not known": ("$tools.add(x); $tools.add(x, 'a'); $tools.add({by: x}); let x", []),
    "a spread": ("$tools.add(...x); $tools.add({...x}); $tools.add(1, ...x); let x", []),
    "a computed key": ("$tools.add({[x]: 1}); let x", []),
    "a shorthand and a method": ("const by = 1; $tools.add({by, note() {}, get x() { return 1 }, ['a']: 2, 3: 1})", [("ARGUMENT_MISMATCH", "x")]),
    "a template is no list of arguments": ("$tools.add`x`", []),
    "in parentheses": ("$tools.add(({by: ('x')}))", [("ARGUMENT_MISMATCH", "'x'")]),
    "handed on, nobody knows": ("const f = $tools.add; f({x: 1})", []),
    "of a tool that is not there": ("$tools.nowhere(1)", [("UNDEFINED_TOOL_REFERENCE", "nowhere")]),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), HANDLERS.values(), ids=HANDLERS)
def test_handlers(code: str, expected: list[tuple[str, str]]) -> None:
    assert of(handler(code.replace("&gt;", ">"))) == expected


EXPRESSIONS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "looking": ("$state.rows.map(r => r.x).join() + $state.total", []),
    "a misspelt state": ("$state.cuont + $state.count", [("UNDEFINED_STATE_REFERENCE", "cuont")]),
    "a plain misspelt state": ("$state.cuont.x.y.z.w", [("UNDEFINED_STATE_REFERENCE", "cuont")]),
    "no loop": ("$scope.row", [("INVALID_SCOPE_REFERENCE", "row")]),
    "all loop variables": ("JSON.stringify($scope)", []),
    "assigning": ("$state.count = 1", [("IMPURE_EXPRESSION", "$state.count = 1")]),
    "adding": ("$state.count += 1", [("IMPURE_EXPRESSION", "$state.count += 1")]),
    "counting": ("($state.count)++", [("IMPURE_EXPRESSION", "($state.count)++")]),
    "deleting": ("delete $state.thing.x", [("IMPURE_EXPRESSION", "delete $state.thing.x")]),
    "destructuring": ("[$state.count] = [1]", [("IMPURE_EXPRESSION", "[$state.count] = [1]")]),
    "a loop target": ("(() => { for ($state.count of [1]) ; })()", [("IMPURE_EXPRESSION", "for ($state.count of [1]) ;")]),
    "a loop of its own": ("(() => { let s = 0; for (const n of [1]) s += n; return s })()", []),
    "its own variables": ("$state.rows.reduce((a, r) => { a[r.k] = 1; delete a.x; return a }, {})", []),
    "into the result of a call": ("Object.assign({}, {a: 1}).a = 1", []),
    "other unary operators": ("!$state.count && -$state.count && void 0", []),
    "a name that is not there": ("x = 1", [("IMPURE_EXPRESSION", "x = 1"), ("UNKNOWN_NAME", "x")]),
    "waiting": ("await $state.count", [("IMPURE_EXPRESSION", "await $state.count")]),
    "yielding": ("yield", [("IMPURE_EXPRESSION", "yield")]),
    "a generator of its own": ("[...(function* () { yield 1 })()]", []),
    "data types": ("[new Date(), new Map(), new Set([1]), new RegExp('a'), new Error('x')]", []),
    "not a data type": ("new Promise(r => r)", [("IMPURE_EXPRESSION", "Promise")]),
    "a type of its own": ("new (class A {})()", [("IMPURE_EXPRESSION", "class A {}")]),
    "events to the host": ("$emit('x')", [("IMPURE_EXPRESSION", "$emit")]),
    "the log": ("console.log(1)", [("IMPURE_EXPRESSION", "console")]),
    "tools": ("$tools.add({by: 1})", [("IMPURE_EXPRESSION", "$tools")]),
    "extensions": ("$ext.http.get(1)", [("IMPURE_EXPRESSION", "$ext")]),
    "asking whether there are tools": ("typeof $tools", []),
    "sorting in place": ("$state.rows.sort()", [("IMPURE_EXPRESSION", "$state.rows.sort")]),
    "sorting deep in place": ("$state.thing.a.b.sort()", [("IMPURE_EXPRESSION", "$state.thing.a.b")]),
    "pushing by another name": ("$state.rows['push'](1)", [("IMPURE_EXPRESSION", "$state.rows['push")]),
    "sorting a copy": ("[...$state.rows].sort() && $state.rows.slice().reverse() && $state.rows.toSorted()", []),
    "the arguments": ("$args.x", [("INVALID_SCOPE_REFERENCE", "$args")]),
    "the event": ("$event", [("INVALID_SCOPE_REFERENCE", "$event")]),
    "a forbidden name": ("document.title", [("FORBIDDEN_GLOBAL", "document")]),
    "a misspelt global": ("Mathh.max(1)", [("UNKNOWN_NAME", "Mathh")]),
    "importing": ("import('x')", [("FORBIDDEN_GLOBAL", "import")]),
}


@pytest.mark.parametrize(("code", "expected"), EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_expressions(code: str, expected: list[tuple[str, str]]) -> None:
    assert of(text(code)) == expected


VIEWS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "loop variables": ('<Iterate items="$state.rows" as="row" index="i" key="{$scope.row.id}"><Text>{$scope.row.x + $scope.i}</Text></Iterate>', []),
    "a misspelt loop variable": ('<Iterate items="$state.rows" as="row" key="id"><Text>{$scope.rwo}</Text></Iterate>', [("INVALID_SCOPE_REFERENCE", "rwo")]),
    "outside of its loop": ('<Layout><Iterate items="$state.rows" key="id"><Text>1</Text><Empty><Text>{$scope.item}</Text></Empty></Iterate></Layout>', [("INVALID_SCOPE_REFERENCE", "item")]),
    "the items are no items": ('<Iterate items="$scope.item.list" key="id"><Text>1</Text></Iterate>', [("INVALID_SCOPE_REFERENCE", "item")]),
    "a loop over a number": ('<Iterate items="$state.count" key="id"><Text>1</Text></Iterate>', [("INVALID_ATTRIBUTE", "$state.count")]),
    "a loop over a text, in braces": ('<Iterate over="{ $state.text }" key="id"><Text>1</Text></Iterate>', [("INVALID_ATTRIBUTE", "$state.text")]),
    "a loop over a part": ('<Iterate items="$state.thing.list" key="id"><Text>1</Text></Iterate>', []),
    "options that are no list": ('<Select label="x" bind="$state.text" options="{$state.on}"/>', [("INVALID_ATTRIBUTE", "$state.on")]),
    "options as written": ('<Select label="x" bind="$state.text" options="[1, 2]"/>', []),
    "a box for a text": ('<Checkbox label="x" bind="$state.text"/>', [("INVALID_BIND", "$state.text")]),
    "a box for a truth value": ('<Checkbox label="x" bind="$state.on"/>', []),
    "a text for a number": ('<Input label="x" bind="$state.count"/>', []),
    "a text for a list": ('<Input label="x" bind="$state.rows"/>', [("INVALID_BIND", "$state.rows")]),
    "a part of a state": ('<Checkbox label="x" bind="$state.thing.x"/>', []),
    "a number for a text": ('<Slider label="x" bind="$state.text"/>', [("INVALID_BIND", "$state.text")]),
    "a computed key of a place": ('<Input label="x" bind="$state.thing[$state.cuont]"/>', [("UNDEFINED_STATE_REFERENCE", "cuont")]),
    "no place at all": ('<Input label="x" bind="$state.cuont + 1"/>', [("INVALID_BIND", "$state.cuont + 1")]),
    "arguments": ('<Button trigger="add" args="{ by: 1 }">x</Button>', []),
    "arguments in order": ('<Button trigger="add" args="[1, &apos;a&apos;]">x</Button>', []),
    "one argument": ('<Button trigger="add" args="1">x</Button>', []),
    "one argument, wrong": ('<Button trigger="add" args="true">x</Button>', [("ARGUMENT_MISMATCH", "true")]),
    "nothing given": ('<Button trigger="add" args="null">x</Button>', [("ARGUMENT_MISMATCH", "null")]),
    "no arguments": ('<Button trigger="add">x</Button>', [("ARGUMENT_MISMATCH", "add")]),
    "an unknown argument": ('<Button trigger="add" args="{ bye: 1 }">x</Button>', [("ARGUMENT_MISMATCH", "bye")]),
    "a list with a place left out": ('<Button trigger="add" args="{[ , 1]}">x</Button>', []),
    "a list with two places left out at its end": ('<Button trigger="add" args="{[1,,]}">x</Button>', []),
    "a list with a comma at its end": ('<Button trigger="add" args="{[1,]}">x</Button>', []),
    "a list with calls": ('<Button trigger="add" args="{[Math.max(1, 2), 3]}">x</Button>', [("ARGUMENT_MISMATCH", "3")]),
    "an empty list": ('<Button trigger="add" args="[]">x</Button>', [("ARGUMENT_MISMATCH", "[]")]),
    "the event": ('<Input label="x" bind="$state.text" on:change="add" args="{ by: $event.value }"/>', []),
    "args are the trigger's": ('<Input label="x" bind="$state.text" trigger="add" on:change="add" args="[1]"/>', [("ARGUMENT_MISMATCH", "add")]),
    "several arguments, nothing given": ('<Button trigger="two">x</Button>', [("UNDEFINED_TOOL_REFERENCE", "two")]),
    "what cannot be told": ('<Button trigger="add" args="{$event}">x</Button>', []),
    "broken arguments": ('<Button trigger="add" args="{ by: }">x</Button>', [("JS_SYNTAX", "")]),
    "args that nobody can read": ('<Button trigger="add" args="{ by: 1">x</Button>', []),
    "an unknown component": ('<Buton trigger="add" bind="$state.count" label="{$state.cuont}"/>', [("UNDEFINED_STATE_REFERENCE", "cuont")]),
}  # fmt: skip


@pytest.mark.parametrize(("inner", "expected"), VIEWS.values(), ids=VIEWS)
def test_views(inner: str, expected: list[tuple[str, str]]) -> None:
    assert [pair for pair in of(view(inner)) if pair[0] != "NOT_AVAILABLE"] == expected


def test_a_misspelt_name_comes_with_the_nearest_and_a_fix() -> None:
    source = text("$state.cuont")
    (problem,) = problems(source)
    assert problem.message == "unknown state $state.cuont; did you mean count?"
    assert problem.path == "NexusPanel/View/Text"
    assert problem.fix is not None
    assert (problem.fix.title, problem.fix.replacement) == ("change to count", "count")
    fixed = source[: problem.fix.span.start] + problem.fix.replacement + source[problem.fix.span.end :]
    assert of(fixed) == []


def test_a_name_that_does_not_stand_there_literally_has_no_fix() -> None:
    (problem,) = problems(view('<Text content="{$state.cu&#111;nt}"/>'))
    assert problem.message.endswith("did you mean count?")
    assert problem.fix is None


def test_hints_say_what_to_do() -> None:
    hints: dict[str, tuple[str, str]] = {
        "await $ext.http.get(1)": ("no extension is declared as http", 'add <Extension name="nexus.http"/> to <Logic>'),
        "await $ext.htpp.get(1)": ("no extension is declared as htpp; did you mean http?", 'add <Extension name="nexus.http"/> to <Logic>'),
        "await $ext.zzzzzz.get(1)": ("no extension is declared as zzzzzz", 'add <Extension name="…" alias="zzzzzz"/> to <Logic>'),
        "fetch(1)": ("fetch does not exist in a panel", "nexus.http"),
        "return $state.zzzzzz": ("unknown state $state.zzzzzz", "declare it in <Data>"),
        "$tools.add({by: 1, zzzzzz: 1})": ("takes no argument called 'zzzzzz'", "its arguments are by, note"),
    }
    for code, (message, hint) in hints.items():
        (problem,) = problems(handler(code))
        assert message in problem.message
        assert hint in problem.hint


EXTENSION = '<Extension name="{}" {}/>'


@pytest.mark.parametrize(
    ("logic", "code", "expected"),
    [
        (EXTENSION.format("nexus.http", "hosts='a'"), "await $ext.http.get('x'); $ext.http.gett(1); $ext.http", [("UNDECLARED_EXTENSION", "gett")]),
        (EXTENSION.format("nexus.http", "hosts='a'"), "await $ext.http.qwertyuiop()", [("UNDECLARED_EXTENSION", "qwertyuiop")]),
        (EXTENSION.format("nexus.http", "alias='web' hosts='a'"), "await $ext.wbe.get()", [("UNDECLARED_EXTENSION", "wbe")]),
        (EXTENSION.format("nexus.python", "alias='py'"), "await $ext.py.anything()", []),
        (EXTENSION.format("nexus.htpp", ""), "await $ext.htpp.get()", []),
    ],
)  # fmt: skip
def test_extensions(logic: str, code: str, expected: list[tuple[str, str]]) -> None:
    assert [pair for pair in of(handler(code, logic=logic)) if pair[0] != "NOT_AVAILABLE"] == expected


def test_arguments_of_the_tool_itself() -> None:
    args = "<Arg name='size' type='number'/>"
    source = handler("return [$args.szie, $args.size]", args=args)
    (problem,) = problems(source)
    assert problem.message == "unknown argument $args.szie; did you mean size?"


@pytest.mark.parametrize(
    ("moment", "code", "expected"),
    [
        ('on="mount"', "return $args.any", [("UNKNOWN_NAME", "any")]),
        ('on="change" of="count"', "return [$args.changed, $args.source]", [("UNKNOWN_NAME", "source")]),
        ('on="error"', "return [$args.source, $args.error.message, $args.changed]", [("UNKNOWN_NAME", "changed")]),
        ('on="eror"', "return $args.error", []),  # which is told already
    ],
)
def test_arguments_of_a_hook(moment: str, code: str, expected: list[tuple[str, str]]) -> None:
    assert of(handler("return 1", logic=f"<Lifecycle {moment}><Handler>{code}</Handler></Lifecycle>")) == expected


def test_a_tool_without_arguments_takes_none() -> None:
    logic = '<Tool name="go" description="d"><Handler>return 1</Handler></Tool>'
    (problem,) = problems(handler("$tools.go(1)", logic=logic))
    assert problem.message == "the tool 'go' takes no arguments, and this is number 1"
    assert problem.hint == "it takes none"


def test_types_of_arguments() -> None:
    logic = (
        '<Tool name="go" description="d"><Arg name="a" type="any"/><Arg name="f" type="frame" required="false"/>'
        '<Arg name="s" type="string" required="false"/></Tool>'
    )
    for code, blamed in (
        ("{a: 1}", []),
        ("{a: null}", []),
        ("{a: 1, f: []}", []),
        ("{a: 1, f: {}}", []),
        ("{a: 1, f: 'x'}", ["'x'"]),
        ("{a: 1, s: 1}", ["1"]),
        ("{a: 1, s: `x${1}`, f: null}", []),
        ("{}", ["{}"]),
    ):
        assert [at for c, at in of(handler(f"$tools.go({code})", logic=logic)) if c == "ARGUMENT_MISMATCH"] == blamed, code


CYCLES: dict[str, tuple[dict[str, str], list[str]]] = {
    "itself": ({"a": "$state.a + 1"}, ["a -> a"]),
    "two": ({"a": "$state.b", "b": "$state.a"}, ["a -> b -> a"]),
    "the shortest way": ({"a": "$state.b + $state.d", "b": "$state.c", "c": "$state.a", "d": "$state.a"}, ["a -> d -> a"]),
    "two circles": ({"a": "$state.b", "b": "$state.a", "c": "$state.d", "d": "$state.c", "e": "$state.a"}, ["a -> b -> a", "c -> d -> c"]),
    "a long one": ({f"n{i}": f"$state.n{(i + 1) % 12}" for i in range(12)}, ["n0 -> n1 -> n2 -> n3 -> n4 -> n5 -> … -> n0"]),
    "none": ({"a": "$state.b + $state.c", "b": "$state.c", "c": "1"}, []),
    "what is broken is not blamed": ({"a": "$state.b +", "b": "$state.a"}, []),
    "one as a state": ({"count": "$state.x", "x": "$state.count"}, []),
}


@pytest.mark.parametrize(("computed", "expected"), CYCLES.values(), ids=CYCLES)
def test_circles_of_computed_values(computed: dict[str, str], expected: list[str]) -> None:
    data = '<State name="count" type="number"/>' + "".join(f'<Computed name="{n}" value="{v}"/>' for n, v in computed.items())
    circles = [d for d in problems(f"<NexusPanel><Data>{data}</Data></NexusPanel>") if d.code == "COMPUTED_CYCLE"]
    assert [d.message.partition(": ")[2] for d in circles] == expected


def test_a_circle_is_shown_where_it_starts() -> None:
    source = '<NexusPanel><Data><Computed name="a" value="1 + $state.b"/><Computed name="b" value="$state.a"/></Data></NexusPanel>'
    (problem,) = problems(source)
    assert source[problem.span.start - 7 : problem.span.end] == "$state.b"


UNUSED: dict[str, tuple[str, str, str, list[str]]] = {
    "nothing uses it": ('<State name="a" type="any"/>', "", "<Text>x</Text>", ["a"]),
    "a view uses it": ('<State name="a" type="any"/>', "", "<Text>{$state.a}</Text>", []),
    "a place uses it": ('<State name="a" type="any"/>', "", '<Input label="x" bind="$state.a"/>', []),
    "a hook uses it": ('<State name="a" type="any"/>', '<Lifecycle on="change" of="a"><Handler>$log(1)</Handler></Lifecycle>', "<Text>x</Text>", []),
    "any may be used": ('<State name="a" type="any"/>', "", "<Text>{$state['a' + 1]}</Text>", []),
    "code that is none may use it": ('<State name="a" type="any"/>', "", "<Text>{1 +}</Text>", []),
    "a misspelt name may mean it": ('<State name="a" type="any"/>', "", "<Text>{$state.b}</Text>", []),
    "a panel without a view": ('<State name="a" type="any"/>', "", "", []),
    "a state without a name": ('<State type="any"/>', "", "<Text>x</Text>", []),
    "a name that is none": ('<State name="2nd" type="any"/>', "", "<Text>x</Text>", []),
    "a tool": ("", '<Tool name="t"><Handler>return 1</Handler></Tool>', "<Text>x</Text>", ["t"]),
    "a tool with a description": ("", '<Tool name="t" description="d"><Handler>return 1</Handler></Tool>', "<Text>x</Text>", []),
    "a tool that AI must not call": ("", '<Tool name="t" description="d" ai="deny"><Handler>return 1</Handler></Tool>', "<Text>x</Text>", ["t"]),
    "a tool that is triggered": ("", '<Tool name="t"><Handler>return 1</Handler></Tool>', '<Button trigger="t">x</Button>', []),
    "a tool of an event": ("", '<Tool name="t"><Handler>return 1</Handler></Tool>', '<Input label="x" on:change="t"/>', []),
    "a tool that a tool calls": ("", '<Tool name="t"><Handler>await $tools.t()</Handler></Tool>', "<Text>x</Text>", []),
    "any tool may be called": ("", '<Tool name="t"><Handler>await $tools[x](); let x</Handler></Tool>', "<Text>x</Text>", []),
    "a misspelt trigger": ("", '<Tool name="t"><Handler>return 1</Handler></Tool>', '<Button trigger="u">x</Button>', []),
    "a tool without a view": ("", '<Tool name="t"><Handler>return 1</Handler></Tool>', "", []),
    "an extension": ("", '<Extension name="nexus.python" alias="py"/>', "", ["nexus.python"]),
    "an extension that is called": ("", '<Extension name="nexus.python" alias="py"/><Tool name="t" description="d"><Handler>await $ext.py.f()</Handler></Tool>', "", []),
    "any extension": ("", '<Extension name="nexus.python" alias="py"/><Tool name="t" description="d"><Handler>use($ext); function use() {}</Handler></Tool>', "", []),
    "a misspelt extension": ("", '<Extension name="nexus.python" alias="py"/><Tool name="t" description="d"><Handler>await $ext.yp.f()</Handler></Tool>', "", []),
    "a handler that is broken": ("", '<Extension name="nexus.python" alias="py"/><Tool name="t" description="d"><Handler>await (</Handler></Tool>', "<Text>x</Text>", []),
}  # fmt: skip


@pytest.mark.parametrize(("data", "logic", "inner", "expected"), UNUSED.values(), ids=UNUSED)
def test_what_nothing_uses(data: str, logic: str, inner: str, expected: list[str]) -> None:
    source = f"<NexusPanel><Data>{data}</Data><Logic>{logic}</Logic>" + (f"<View>{inner}</View>" if inner else "") + "</NexusPanel>"
    assert [at for code, at in found(source) if code.startswith("UNUSED")] == expected


SYNTAX: dict[str, tuple[str, str, str]] = {
    "an operand is missing": ("const a = ;", ";", "';' is not expected here"),
    "it closes its wrapper": ("}); $log('out'); (async()=>{", "}", "'}' is not expected here"),
    "too early": ("return 1 +", "", "an operand is missing after '+'"),
    "a bracket stays open": ("foo(1, [2", "(", "this '(' is not closed"),
    "a string stays open": ("const s = 'abc", "'", "this ''' is not closed"),
    "a parenthesis is missing": ("if (x { y() }", "", "')' is missing here"),
    "two names": ("let x = 1; fo o()", "o", "'o' is not expected here"),
    "a name that is none": ("let 1x = 3", "1", "'1' is not expected here"),
    "a long token": ("let a = 1 'a very long string that goes on and on'", "1", "'1' is not expected here"),
    "a comment in between": ("const a = /* what */ ;", ";", "';' is not expected here"),
    "an operator twice": ("return $state.count * * 2", "", ""),
}


@pytest.mark.parametrize(("code", "at", "message"), SYNTAX.values(), ids=SYNTAX)
def test_syntax_of_handlers(code: str, at: str, message: str) -> None:
    source = handler(code)
    (problem,) = errors_of(problems(source))
    assert problem.code == "JS_SYNTAX"
    assert message in problem.message
    if at:
        assert source[problem.span.start : problem.span.end] == at
    assert source.index("<Handler>" + code) + 9 <= problem.span.start <= source.index("<Handler>" + code) + 9 + len(code)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("a) + (b", "this is not one expression"),
        ("a; b", "not expected"),
        ("...a", "ends too early"),
        ("'𝒳' + + * 3", "'3' is not expected here"),
        ("$state.count + ", "is missing"),
    ],
)
def test_syntax_of_expressions(code: str, message: str) -> None:
    source = f"<NexusPanel><Data><Computed name='x' value=\"{code}\"/></Data></NexusPanel>"
    (problem,) = problems(source)
    assert problem.code == "JS_SYNTAX"
    assert problem.message.startswith("this expression cannot be read: ")
    assert message in problem.message
    assert source.index(code) <= problem.span.start <= source.index(code) + len(code)


def test_syntax_alone_does_not_refuse_a_panel() -> None:
    reading = read(handler("return 1 +"))
    assert [d.code for d in errors_of(reading.diagnostics)] == ["JS_SYNTAX"]
    assert reading.ok
    assert not read(handler("return 1 + $state.cuont; const a")).ok


def test_code_that_nobody_can_read_is_not_blamed() -> None:
    reading = read(handler("/[" * 40_000))
    assert not [d for d in reading.diagnostics if d.code in CODES]


def test_code_of_a_broken_attribute_is_not_looked_at() -> None:
    assert found(view('<Text content="{$state.cuont" hidden="{$state.count"/>')) == []
    assert of(view('<Iterate items="{$state.count" key="id"><Text>1</Text></Iterate>')) == []


def test_a_document_that_broke_off_is_not_blamed_for_what_is_absent() -> None:
    source = "<NexusPanel><View><Text>{$state.nope} {$scope.x} {$state.a = 1}</Text><Button trigger='x'>"
    assert {code for code, _ in found(source)} == {"IMPURE_EXPRESSION"}


def test_a_document_of_another_kind_has_no_code() -> None:
    reading = read("<Panel><View><Text>{$state.nope}</Text></View></Panel>")
    assert [d.code for d in reading.diagnostics] == ["WRONG_ROOT"]
    assert reading.analysis.sites == ()


def test_past_the_limit_problems_are_counted_only() -> None:
    many = DEFAULT_LIMITS.diagnostics + 50
    reading = read(view("<Text>" + "{$state.cuont} " * many + "</Text>"))
    assert len([d for d in reading.diagnostics if d.code == "UNDEFINED_STATE_REFERENCE"]) <= DEFAULT_LIMITS.diagnostics
    assert any(d.code == "LIMIT_DIAGNOSTICS" for d in reading.diagnostics)


@pytest.mark.parametrize("path", PANELS, ids=lambda p: p.stem)
def test_panels_that_are_right_get_no_silly_warnings(path: Path) -> None:
    assert [d for d in problems(path.read_text(encoding="utf-8")) if d.code != "NOT_AVAILABLE"] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_each_rule_says_what_why_and_what_to_do(rule: Any) -> None:
    assert {"What:", "Why:", "Remedy:"} <= set(rule.documentation.replace("\n", " ").split(" "))
