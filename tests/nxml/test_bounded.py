"""Which panels may run where nothing can stop them, and which may not, and why."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.nxml import load_program
from nexus_jupyter.nxml.bounded import STATE_CAP, is_bounded, state_cap, unbounded
from nexus_jupyter.nxml.bounded_names import METHODS
from nexus_jupyter.nxml.program import Code, Program, Trigger
from nexus_jupyter.protocol import GuestInvoke, GuestReply, GuestView
from nexus_jupyter.sandbox import Guest

SMALLEST = 512
MARK = "1234567"
CLOCK = 1_700_000_000_000.0
CORPUS = Path(__file__).parent.parent / "corpus"
DATA = (
    '<State name="n" type="number"/><State name="on" type="boolean"/><State name="s" type="string"/><State name="other" type="string"/>'
    '<State name="items" type="list"/><State name="more" type="list"/><State name="o" type="object"/><State name="x" type="any"/>'
)
ARGS = (
    '<Arg name="k" type="any" required="false"/><Arg name="i" type="number" default="0"/><Arg name="t" type="string" default=""/>'
    '<Arg name="b" type="boolean" default="false"/><Arg name="l" type="list" default="[]"/>'
)


@cache
def document(value: bool, computed: str, view: str, data: str) -> Program:
    tool = f'<Tool name="t">{ARGS}<Handler>return 1</Handler></Tool>'
    given = f'<Computed name="c" value="{MARK}"/>' if value else ""
    return load_program(f"<NexusPanel><Data>{data}{computed}{given}</Data><Logic>{tool}</Logic><View>{view}</View></NexusPanel>")[0]


def program(handler: str = "", *, value: str = "", computed: str = "", view: str = "<Text/>", data: str = DATA) -> Program:
    """A panel of one tool, one computed value and a view.  Code gets in that a document's check would refuse."""
    made = document(bool(value), computed, view, data)
    sources = {MARK: value, "return 1": handler}
    return made.model_copy(update={"code": tuple(c.model_copy(update={"source": sources.get(c.source, c.source)}) for c in made.code)})


def corpus(name: str) -> Program:
    return load_program((CORPUS / name).read_text())[0]


def quickstart(name: str) -> Program:
    notebook = json.loads((CORPUS.parent.parent / "notebooks/quickstart.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"]]
    return load_program(next(cell.split("\n", 1)[1] for cell in cells if cell.startswith(f"%%nxml {name}\n")))[0]


EXPRESSIONS = [
    "$state.n + 1",
    "(-$state.n) ** 2 % 3 | 1",
    "!$state.on && typeof $state.x === 'string' || void 0",
    "$state.on ? 'yes' : `no ${$state.n} of ${$state.items.length}`",
    "'it\\'s' + `${$state.s}${[1, 2]}`",
    "$state.s.trim().toUpperCase().slice(0, 10).at(0)",
    "$state.s.split(' ').filter(Boolean).map(w => w[0]).join('')",
    "$state.s.split('/').pop()",
    "$state.s.padStart(8, '0') + '★'.repeat(5) + $state.n.toFixed(2)",
    "$state.s.replace('a', 'b').includes('c')",
    "$state.s.replaceAll(' ', '-').concat('!', $state.n)",
    "$state.s < $state.other || $state.s.localeCompare($state.other) > 0",
    "$state.s.charCodeAt(0) + Number($state.s) + parseInt($state.s, 10)",
    "String($state.n) + String($state.x) + $state.x.toString() + $state.n.toString(2) + $state.n.toLocaleString()",
    "$state.items.filter(item => !item.done).length",
    "$state.items.map((item, i) => ({ ...item, i }))",
    "$state.items.map(item => item.tags.map(tag => tag.name))",
    "$state.items.map(({ id, name: label = 'none', 'x-y': y, ...rest }) => [id, label, y, Object.keys(rest).length])",
    "$state.items.map(([a, b = 1, ...c]) => a)",
    "$state.items.map(({ [1]: a, ['b']: b }) => a)",
    "$state.items.find(item => item.id === $state.n)?.name ?? 'none'",
    "$state.items.findIndex(item => item.id === $state.n) + 1",
    "$state.items.some(x => x) && $state.items.every(x => x)",
    "$state.items.reduce((sum, item) => sum + Number(item.price) * item.count, 0)",
    "$state.items.reduce((most, item) => Math.max(most, item), -Infinity)",
    "$state.items.reduce((text, item) => text + item.name, '')",
    "$state.items.reduce((sum, item) => sum + item.price, 0)",
    "$state.items.reduce((text, item) => text + item, '')",
    "({ ...($state.on && { a: 1 }), ...($state.n > 1), ...$state.x })",
    "$state.items.slice(0, 3).reverse().concat($state.more).flat()",
    "[...$state.items, ...$state.more, $state.n].at(-1)",
    "[...$state.s].length + [...new Set($state.items)].length",
    "Object.entries($state.o).map(([key, value]) => `${key}: ${value}`)",
    "Object.fromEntries(Object.keys($state.o).map(key => [key, 1]))",
    "Object.assign({}, $state.o, { a: 1 })",
    "Object.hasOwn($state.o, 'a') || 'a' in $state.o || Array.isArray($state.x)",
    "Object.values($state.o).length",
    "Object.groupBy($state.items, item => item.kind)",
    "JSON.stringify($state.o) + JSON.stringify($state.o, null, 2)",
    "JSON.parse($state.s).a",
    "new Date($state.n).getFullYear() + new Date().toISOString()",
    "$state.x instanceof Array ? NaN : Infinity",
    "$state.x?.[0]?.name",
    "$state.x['name'][$state.n]",
    "$state.o[$state.s]",
    "({ [$state.s]: $state.n, 'a b': 1, 2: 3, last: null, u: undefined })",
    "(1, $state.n)",
    "Math.round(Math.PI * $state.n * 100) / 100",
    "Math.max(0, ...$state.items)",
    "/^[^@\\s]+@[^@\\s]+$/.test($state.s)",
    "/^\\d+$/i.test($state.s)",
    "(() => { const a = $state.n; let b; if (a > 1) b = 2; else { b = 3; } return a + b; })()",
    "$state.items.map(x => { const y = x.a; return y; })",
    "$state.items.map(x => { if (!x) return; switch (x.a) { case 1: return 2; default: } })",
    "$state.n == 1 && $state.s != 'a'",
    "$state.items[0]",
    "[]",
    "({})",
]
"""Each of them alone is bounded on small states at the least."""

HANDLERS = [
    "$state.n += $args.i; return $state.n;",
    "$state.n++; --$state.n; $state.on = !$state.on;",
    "$state.s = $args.t; $state.x = $args.k;",
    "$state.s += '7';",
    "$state.s = $state.s.slice(0, -1);",
    "const text = $args.t.trim(); if (!text) throw new Error('Write something'); $state.items.push({ id: $state.items.length, text });",
    "$state.items = $state.items.filter(item => item.id !== $args.i);",
    "$state.items = [...$state.items, { id: 1 }];",
    "$state.items = $state.items.map(item => item.id === $args.i ? { ...item, done: !item.done } : item);",
    "const item = $state.items.find(item => item.id === $args.i); if (item) item.done = !item.done;",
    "$state.items.forEach(item => { item.done = true; });",
    "$state.items.splice($args.i, 1); $state.items.pop(); $state.items.sort(); $state.items.reverse();",
    "$state.items.splice(0, 0, 1);",
    "const list = [...$state.items]; list.push($args.k); list.sort(); $state.items = list;",
    "const o = { a: 1 }; o.b = $args.i; $state.o = o; return o;",
    "$state.o[$args.t] = $args.i; delete $state.o.old; $state.o.a.b = 1;",
    "const { i, t = 'x' } = $args; $emit('toast', { ...$args, i, t }); console.log(t); $log(i); return { ok: true };",
    "switch ($args.t) { case '+': $state.n += 1; break; case '-': { $state.n -= 1; break; } case 'x': default: $state.n = 0; }",
    "try { $state.x = JSON.parse($args.t); } catch (error) { $state.s = error.message; } finally { $state.on = true; }",
    "try { $state.n = 1; } catch { ; }",
    "let a = 1, b; { let a = 'x'; b = a; } a = 2; $state.s = `${a}${b}`; a ??= 3;",
    "if ($args.b) { $state.n = 1; } else if ($args.i) $state.n = 2; return",
    "$state.n = $state.c + 1;",
    "$state.more = $args.l; $state.n = $args.l.length;",
    "$state.s = $args.b ? $state.s : $state.s + 'x';",
    "const x = $args['t'], y = $args[$state.n]; throw x;",
    "let total = 0; total = $args.i; total += 1; $state.n = total;",
    "const last = [...$state.items].pop(); return last;",
    "const removed = [...$state.items]; removed.splice(0, 1); return removed;",
    "$state.o = { ...$state.o, a: 1 }; return;",
    "$state.x = $args.b ? $state.items : [];",
    "$state.x = $args.b ? [1] : $state.x; const y = $args.b ? { a: 1 } : [1]; return y;",
    "Object.keys($state.o);",
    "const list = $args.b ? [1] : $state.items; list.push(1);",
    "try { $state.n = 1; } finally { $state.n = 2; }",
]

VIEWS = [
    '<Text hidden="{!$state.on}">{$state.n} of {$state.items.length}</Text>',
    '<Input bind="$state.s" label="Name" tooltip="{$state.s || \'none\'}"/>',
    '<Input bind="$state.s" label="Name" on:submit="t"/>',
    '<Input bind="$state.x[$state.n].name" label="Name"/>',
    '<Button label="+" trigger="t" args="[$state.n + 1]" disabled="{$state.n > 9}"/>',
    '<Button label="+" trigger="t" args="{ k: $event.shift, i: 2 }"/>',
    "<If condition=\"$state.on\"><Text>{'on'}</Text><Else><Text>{$state.o}</Text></Else></If>",
    '<Iterate items="$state.items" as="item" index="i"><Text>{$scope.i}. {$scope.item}</Text><Empty><Text>none</Text></Empty></Iterate>',
    '<Iterate items="$state.items" key="id"><Checkbox bind="$scope.item.done" label="{$scope.item.text}"/></Iterate>',
    '<Iterate items="$state.items"><Button trigger="t" args="[$scope.item.id]" label="x"/></Iterate>',
    '<Iterate items="$state.items"><Iterate items="$scope.item.tags" as="tag"><Text>{$scope.tag}</Text></Iterate></Iterate>',
    '<Iterate items="{$state.items.map(x => x.a)}"><Text>{$scope.item}</Text></Iterate>',
    "<Text>{$state.c}</Text>",
]

PANELS = [
    *(pytest.param(program(value=e), id=e) for e in EXPRESSIONS),
    *(pytest.param(program(h, value="$state.n * 2"), id=h) for h in HANDLERS),
    *(pytest.param(program(view=v, value="$state.items.at(0)?.name"), id=v) for v in VIEWS),
    *(pytest.param(corpus(f"dialects/{n}.nxml"), id=n) for n in ("flex-todo", "inputs", "modal", "tabs", "comments", "titles", "headless")),
    *(pytest.param(corpus(f"panels/{n}.nxml"), id=n) for n in ("counter", "headless-converter", "signup-form")),
    *(pytest.param(quickstart(n), id=n) for n in ("counter", "todo")),
    pytest.param(program(data=DATA + '<State name="d" type="list" default="{[1, 2]}"/>'), id="default"),
    pytest.param(program(data=DATA + '<State name="d" type="string" pattern="[A-Z]{2}\\d*"/>'), id="pattern"),
    pytest.param(program(value="$state.d.length", computed='<Computed name="d" value="$state.items.filter(x => x)"/>'), id="computed"),
    pytest.param(load_program("<NexusPanel/>")[0], id="empty"),
]


@pytest.mark.parametrize("panel", PANELS)
def test_simple_panels_are_bounded(panel: Program) -> None:
    cap = state_cap(panel)
    assert SMALLEST <= cap <= STATE_CAP
    assert unbounded(panel, cap) == ""
    assert is_bounded(panel, cap)
    assert is_bounded(panel) == (cap == STATE_CAP)


@pytest.mark.parametrize("name", ["counter", "headless-converter"])
def test_counters_and_forms_are_bounded_on_the_largest_state(name: str) -> None:
    assert state_cap(corpus(f"panels/{name}.nxml")) == STATE_CAP


HOSTILE_EXPRESSIONS = [
    ("'a'.repeat(2000)", "repeat needs a written number"),
    ("'a'.repeat($state.n)", "repeat needs a written number"),
    ("'a'.repeat()", "repeat needs a written number"),
    ("'a'['repeat'](9)", "only known functions"),
    ("$state.s['repeat']?.(9)", "only known functions"),
    ("$state.s?.repeat?.(99999999999)", "repeat needs a written number"),
    ("$state.s.padEnd(1e9)", "padEnd needs a written number"),
    ("$state.s.normalize()", "normalize is not known"),
    ("$state.s.match('(a+)+$')", "match is not known"),
    ("$state.s.replace('a', x => x)", "arrow function is not looked into"),
    ("/(a+)+$/.test($state.s)", "too many ways"),
    ("/a/g.test($state.s)", "flags"),
    ("/a/.exec($state.s)", "regex is not looked into"),
    ("'a'.at`x`", "tagged templates"),
    ("2n ** 3", "BigInt"),
    ("BigInt(2)", "only known functions"),
    ("new Array(1000000)", "only new Date"),
    ("Array(1000000)", "Array is not known"),
    ("Array.from({ length: 1000000 })", "Array.from is not known"),
    ("[,,,]", "holes"),
    ("[1,,2]", "holes"),
    ("[...$state.items].fill(1)", "fill is not known"),
    ("Object.freeze($state.o)", "Object.freeze is not known"),
    ("Object.assign($state.o, {})", "Object.assign is not known"),
    ("JSON.stringify($state.o, ['a'])", "JSON.stringify is not known"),
    ("JSON.stringify(...$state.items)", "arguments must be counted"),
    ("JSON.parse($state.s, (k, v) => v)", "arrow function is not looked into"),
    ("Object.groupBy($state.items)", "needs a list and a function"),
    ("({ get a() { return 1 } })", "getters"),
    ("({ toString: $state.s[$state.x] })", "toString"),
    ("({ valueOf: 1 })", "valueOf"),
    ("(toJSON => ({ toJSON }))(1)", "toJSON"),
    ("({ __proto__: $state.items })", "__proto__"),
    ("({ 'a\\u0062': 1 })", "name with escapes"),
    ("({ [$state.s]: $state.s[$state.x] })", "a function of the engine"),
    ("Object.fromEntries([[$state.s, $state.s[$state.x]]])", "a function of the engine"),
    ("({ map: $state.items[$state.s] }).map(x => x)", "another function of the engine"),
    ("(({ map: f }) => ({ map: f }).map(x => x))([])", "another function of the engine"),
    ("(({ [$state.s]: f }) => ({ map: f }).map(x => x))([])", "another function of the engine"),
    ("Math[$state.s](1)", "only known functions"),
    ("Math[$state.s]", "only known when it runs"),
    ("Math.nothing", "Math.nothing is not known"),
    ("$state[$state.s]", "only known when it runs"),
    ("[$state]", "$state is not known"),
    ("globalThis.x", "globalThis is not known"),
    ("({ [Symbol.iterator]: 1 })", "Symbol is not known"),
    ("Reflect.apply($state.s.repeat, 'x', [9e9])", "Reflect is not known"),
    ("$state.s.repeat.call('x', 9e9)", "call is not known"),
    ("[].constructor.from({ length: 9e9 })", "from is not known"),
    ("eval('1')", "only known functions"),
    ("new Function('1')", "only new Date"),
    ("import('x')", "only known functions"),
    ("$state.x instanceof $state.o", "instanceof"),
    ("this.x", "this is not looked into"),
    ("$state.items.map(async x => x)", "plain arrow function"),
    ("$state.items.map($state.x)", "plain arrow function"),
    ("$state.items.map(function (x) { return x })", "plain arrow function"),
    ("$state.items.map((...x) => x)", "rest pattern"),
    ("$state.items.map(Math => Math.max(1))", "Math gets another meaning"),
    ("$state.items.map((x, i, all = $state.x.y.repeat(9e9)) => x)", "repeat needs"),
    ("$state.items.map(({ a = 'x'.repeat(9e9) }) => a)", "repeat needs"),
    ("$state.items.map()", "map needs one function"),
    ("$state.items.map(x => x, 1)", "map needs one function"),
    ("$state.items.map(x => { for (;;); })", "for statement"),
    ("$state.items.map(x => { while (true); })", "while statement"),
    ("$state.items.reduce((a, x) => a + a, 'x')", "once, and alone"),
    ("$state.items.reduce((a, x) => a + x.name.concat(a), '')", "once, and alone"),
    ("$state.items.reduce((a, x) => [...a, ...a], [1])", "once, and alone"),
    ("$state.items.reduce((a, x) => [...a, x], [])", "only numbers and texts"),
    ("$state.items.map(x => $state.more.map(y => $state.items.map(z => $state.more.map(w => 1))))", "ms on a state"),
    ("$state.items.map(a => $state.items.map(b => $state.items.map(c => $state.items.map(d => $state.items.map(e => e)))))", "can be told"),
    ("$state.items.map(x => $state.items.map(y => $state.items.map(z => z)))", "ms on a state"),
    ("[...$state.items].sort((a, b) => a.name.includes(b.name) ? 1 : -1)", "comparing two items"),
    ("[...$state.items].sort((a, b) => $state.more.includes(a) - $state.more.includes(b))", "ms on a state"),
    ("[...$state.items].sort((a, b) => $state.items.map(x => a)[0])", "ms on a state"),
    ("$state.s.split('').join($state.s).split('').join($state.s)", "ms on a state"),
    ("$state.s.replaceAll('', $state.s).replaceAll('', $state.s)", "can be told"),
    ("'x'.replaceAll('', '$`$`').replaceAll('', $state.s).replaceAll('', $state.s).replaceAll('', $state.s)", "than can be told"),
    (f"{'JSON.stringify(' * 18}$state.s{')' * 18}", "ms on a state"),
    (f"{'-' * 0}{'(' * 90}1{')' * 90}", "cannot be looked into"),
    ("1 <!-- 2", "cannot be looked into"),
    ("'\u2028'", "cannot be looked into"),
    ("(\\u0061 => 1)(1)", "names with escapes"),
    ("x => x", "arrow function is not looked into"),
    ("$state.x.#a", "private names"),
    ("delete $state.o.a", "delete is only looked into in handlers"),
    ("$state.items.map(x => { x.a = 1; })", "only handlers change"),
    ("$state.items.reduce((a, x) => ({ ...a }), {})", "only numbers and texts"),
    ("$state.items.reduce((a, x) => x)", "only numbers and texts"),
]

HOSTILE_HANDLERS = [
    ("for (const x of $state.items) $state.n++;", "for in statement"),
    ("a: { break a; }", "labeled statement"),
    ("function f() { f(); } f();", "function declaration"),
    ("class A {}", "class declaration"),
    ("await 1;", "await expression"),
    ("$tools.t();", "$tools is not known"),
    ("setTimeout(1, 0);", "only known functions"),
    ("const f = () => f(); f();", "arrow function is not looked into"),
    ("[1].then($state.x);", "then is not known"),
    ("let s = 'x'; " + "s = s + s; " * 60 + "$state.s = s;", "ms on a state"),
    ("$state.s = $state.s + $state.s; " * 12, "ms on a state"),
    ("$state.items = [...$state.items, ...$state.items]; " * 30, "ms on a state"),
    (
        "const a = [$state.items, $state.items]; $state.more = [a, a, a, a]; $state.items = [$state.more, $state.more]; " * 3,
        "ms on a state",
    ),
    ("$state.items.forEach(x => { $state.items.push(x); });", "only numbers and booleans"),
    ("$state.items.forEach(x => { x.a = x; });", "only numbers and booleans"),
    ("$state.items.map(x => $state.items.map(y => { y.a = 1; }));", "ms on a state"),
    ("$state.items.sort((a, b) => { a.x = 1; return 0; });", "must not change meanwhile"),
    ("$state.items.reduce((a, b) => { b.x = 1; return a + b; }, '');", "must not change meanwhile"),
    ("let t = 0; $state.items.forEach(x => { t = t + 1; });", "no variable of this function"),
    ("const a = []; a.push(a);", "only changed where nothing else"),
    ("const a = []; const b = [a]; a.push(b);", "only changed where nothing else"),
    ("const a = [], b = [a]; a.push(1);", "only changed where nothing else"),
    ("const a = []; const n = [a.push(1)];", "only changed where nothing else"),
    ("const a = {}; $state.items.forEach(x => { a.b = x; });", "only changed where nothing else"),
    ("const a = {}; a.b = $state.s[$args.t];", "only changed where nothing else"),
    ("({}).a = 1;", "only changed where nothing else"),
    ("const a = []; a[1000000] = 1;", "names are written out"),
    ("const a = []; a.length = 1000000;", "names are written out"),
    ("const a = {}; a.toJSON = 1;", "toJSON"),
    ("const { constructor } = $args; ({ filter: constructor }).filter(x => x);", "another function of the engine"),
    ("({ filter: $args.constructor }).filter(x => x);", "another function of the engine"),
    ("const [, ...rest] = $state.items; rest.push(rest);", "only changed where nothing else"),
    ("$state[$args.t] = 1;", "which state is written"),
    ("[$state.n, $state.s] = [1, 2];", "assigning to a pattern"),
    ("y = 1;", "no variable"),
    ("delete y;", "only properties are deleted"),
    ("let y = $state.n\n++\n$state.n;", "beside their variable"),
    ("throw { a: 1 };", "only errors and plain values"),
    ("const $state = 1;", "another meaning"),
    ("$state.n = $args.t; $state.on = 1; $state.s = $args.k; $state.n = 'x'.repeat(9e9)", "repeat needs"),
    ("const t = 'x'; t.sort();", "sort is not known"),
    ("const t = $state.items; t.fill(1);", "fill is not known"),
    ("$state.items.toSorted().with(0, 1);", "with is not known"),
    ("x?.y;", "x is not known"),
    ("debugger;", "debugger statement"),
    (
        "$state.items.map(x => { try { return JSON.parse(x); } catch { return $state.items.map(y => $state.s.split('')); } });",
        "ms on a state",
    ),
    ("new Date(...$state.items);", "arguments must be counted"),
    ("new Error('a', { cause: 1 });", "only new Date"),
    ("new Error;" + "$state.items.map(x => JSON.stringify($state.items)); " * 3, "ms on a state"),
]

HOSTILE_VIEWS = [
    ('<Iterate items="$state.items"><Iterate items="$state.items"><Text>{$scope.item.a}</Text></Iterate></Iterate>', "showing the view"),
    ("<Layout>" * 70 + "</Layout>" * 70, "too large"),
    ("<Layout>" + "<Text/>" * 2100 + "</Layout>", "too large"),
    ("<Layout>" + "<Text>{$state.n}</Text>" * 1900 + "</Layout>", "cannot be looked into"),
]

UNBOUNDED = [
    *(pytest.param(program(value=e), why, id=e[:60]) for e, why in HOSTILE_EXPRESSIONS),
    *(pytest.param(program(h, value="$state.n"), why, id=h[:60]) for h, why in HOSTILE_HANDLERS),
    *(pytest.param(program(view=v), why, id=v[:60]) for v, why in HOSTILE_VIEWS),
    pytest.param(program(data=DATA + '<State name="f" type="frame"/>'), "is a frame", id="frame"),
    pytest.param(program(data=DATA + '<State name="d" type="string" pattern="(a+)+"/>'), "too many ways", id="pattern"),
    pytest.param(program(data=DATA + '<State name="d" type="string" pattern="a*a*a*a*a*b"/>'), "than can be told", id="slow pattern"),
    pytest.param(
        program(computed='<Computed name="d0" value="$state.items"/>' + "".join(f'<Computed name="d{i + 1}" value="[$state.d{i}, $state.d{i}]"/>' for i in range(60))),
        "can be told", id="doubling",
    ),
    pytest.param(program(computed="".join(f'<Computed name="d{i}" value="{i}"/>' for i in range(101))), "too much code", id="many"),
    pytest.param(program(" " * 70_000), "too much code", id="long"),
    pytest.param(
        program(";".join(f"$state.n = {i}" for i in range(3000))), "cannot be looked into", id="many statements"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("panel", "why"), UNBOUNDED)
def test_what_cannot_be_proved_is_not_bounded(panel: Program, why: str) -> None:
    assert why in unbounded(panel, SMALLEST)
    assert not is_bounded(panel)
    assert state_cap(panel) == 0


LARGER = [
    program(value="$state.items.map(x => $state.items.includes(x))"),
    program(value="$state.items.map(x => $state.s.includes(x))"),
    program(value="[...$state.items].sort((a, b) => a.n - b.n)"),
    program(view='<Iterate items="$state.items"><Table data="{$state.items}"/></Iterate>'),
    program(view='<Iterate items="$state.items"><Text bind="$state.items"/></Iterate>'),
    program("$state.items.map(x => { try { return JSON.parse(x); } catch { return $state.items.map(y => 1); } });"),
]


@pytest.mark.parametrize("panel", LARGER)
def test_what_takes_the_square_of_the_state_is_only_bounded_on_small_ones(panel: Program) -> None:
    assert "ms on a state" in unbounded(panel, STATE_CAP)
    assert 0 < state_cap(panel) < STATE_CAP


def test_a_program_that_was_not_compiled_is_not_bounded() -> None:
    made = program(value="1", view='<Button trigger="t" args="[1]" label="x"/>')
    assert is_bounded(made)
    for code in ((), tuple(Code(kind="body", source=c.source, span=c.span) for c in made.code)):
        assert "not one that was compiled" in unbounded(made.model_copy(update={"code": code}))
    assert made.view is not None
    pressed = made.view.model_copy(update={"events": {"press": Trigger(tool="none", args=made.tools[0].handler.code)}})
    assert not is_bounded(made.model_copy(update={"view": pressed}))
    assert "cannot be looked into" in unbounded(program(value="/* nothing */"))


def test_computed_values_that_depend_on_each_other_are_not_bounded() -> None:
    made = program(computed='<Computed name="a" value="$state.n"/>', value="$state.a")
    code = tuple(c.model_copy(update={"source": "$state['c']"}) if c.source == "$state.n" else c for c in made.code)
    assert unbounded(made.model_copy(update={"code": code})) == "computed values depend on each other"


def test_a_state_that_takes_another_type_for_a_while_is_any_value() -> None:
    # as a number it would be short
    grow = "$state.n = $state.n + $state.n; " * 12
    assert unbounded(program(grow)) == ""
    assert "ms on a state" in unbounded(program("$state.n = $args.t; " + grow))
    many = DATA + "".join(f'<State name="n{i}" type="number"/>' for i in range(9))
    assert "other types" in unbounded(program("".join(f"$state.n{i} = 'x';" for i in range(9)), data=many))
    # an edit is checked after the tool that it starts
    edited = '<Input bind="$state.n" label="x" on:change="t"/>'
    assert "ms on a state" in unbounded(program(grow, view=edited))


def test_all_that_may_be_a_function_of_the_engine_is_known() -> None:
    listed = (
        "const out = []; for (const of of [Object, Array, String, Number, Boolean, Date, Error, Set, Promise, Math.abs.constructor])"
        " for (let at = of.prototype; at; at = Reflect.getPrototypeOf(at)) for (const name of Reflect.ownKeys(at))"
        " if (typeof name === 'string') { const { value, get } = Reflect.getOwnPropertyDescriptor(at, name);"
        " if (typeof value === 'function' || get) out.push(name); } return out;"
    )
    with Guest(program(listed), clock=CLOCK) as guest:
        reply = guest.request(GuestInvoke(call=1, tool="t", args=None, clock=CLOCK, seed=1, zone="UTC"))
    assert isinstance(reply.value, list)
    assert len(reply.value) > 200
    data = {"size", "name", "message", "stack", "length", "caller", "arguments", "fileName", "lineNumber", "columnNumber", "callee"}
    assert {str(name) for name in reply.value} - METHODS - data == set()


@pytest.mark.parametrize("source", [*EXPRESSIONS, *HANDLERS])
def test_no_text_makes_it_fail(source: str) -> None:
    for end in range(0, len(source), 5):
        assert isinstance(unbounded(program(source[end:], value=source[:end])), str)


# A value of about so many characters for each type of state, of the kinds that take longest.
FILLINGS: list[dict[str, Any]] = [
    {"list": lambda n: [0] * (n // 2), "string": lambda n: "a" * n, "object": lambda n: {f"k{i}": 0 for i in range(n // 10)}},
    {
        "list": lambda n: [{"id": i, "name": "a", "done": False, "tags": ["x"]} for i in range(n // 52)],
        "string": lambda n: "a@" + "." * n,
        "object": lambda n: {"name": "a" * n},
    },
    {
        "list": lambda n: ["a" * 9] * (n // 12),
        "string": lambda n: "[" + "0," * (n // 2 - 1) + "0]",
        "object": lambda n: {"tags": [[]] * (n // 3)},
    },
    {"list": lambda n: [None] * (n // 5), "string": lambda n: "/" * n, "object": lambda n: {"a": {"b": [0] * (n // 2)}}},
]


def filled(panel: Program, filling: dict[str, Any]) -> dict[str, Any]:
    """A state that takes what it may."""
    free = [s for s in panel.states if s.enum is None and s.pattern is None]
    code = "".join(code.source for code in panel.code)
    large = [s for s in free if s.type in ("list", "object", "string", "any") and f"$state.{s.name}" in code]
    each = (state_cap(panel) - 200) // max(1, len(large))
    given = {s.name: filling["list" if s.type == "any" else s.type](each) for s in large}
    state = {s.name: given.get(s.name, s.default) for s in panel.states if s.default_code is None}
    assert len(json.dumps(state, separators=(",", ":"))) <= state_cap(panel) * 1.1
    return state


@pytest.mark.parametrize("panel", PANELS)
def test_bounded_panels_keep_well_within_the_guests_limits(panel: Program, request: pytest.FixtureRequest) -> None:
    """On states as large as they may be, of several kinds: what a bound misses would show here."""
    kinds = range(len(FILLINGS)) if os.environ.get("NEXUS_FULL") else [len(request.node.name) % len(FILLINGS)]
    for kind in kinds:
        with Guest(panel, filled(panel, FILLINGS[kind]), clock=CLOCK) as guest:
            replies: list[GuestReply] = [guest.request(GuestView())]
            for number, tool in enumerate(panel.tools, 1):
                args = {arg.name: {"string": "a", "number": 1, "list": [1]}.get(arg.type) for arg in tool.args}
                given = {name: value for name, value in args.items() if value is not None}
                replies += (
                    guest.request(GuestInvoke(call=number, tool=tool.name, args=given, clock=CLOCK, seed=1, zone="Europe/Berlin")),
                    guest.request(GuestView()),
                )
        # handlers may fail on what they find in such a state, but pass no limit
        assert not any(reply.error is not None and reply.error.code.startswith("LIMIT") for reply in replies)
