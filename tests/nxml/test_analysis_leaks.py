"""Values of states that go where nobody follows them count as written; where they are only looked at they do not."""

from __future__ import annotations

import pytest

from nexus_jupyter.nxml.analysis import facts_of

# Each changes what lives in the state `list`, or may.
WRITING = """\
[].push.call($state.list, 1)
Reflect.apply([].pop, $state.list, [])
const p = $state.list.push.bind($state.list); p(2)
const o = { put(l) { l.push(1) } }; o.put($state.list)
const o = { add: l => { l.pop() } }; o.add($state.list)
const o = { 'set': function (l) { l.pop() } }; o.set($state.list)
const o = {}; o.map = l => l.pop(); o.map($state.list)
const o = {}; o.at = 1; o['join'] = l => l.pop(); o.join($state.list)
class K { add = l => l.pop() } new K().add($state.list)
class K { constructor(l) { l.pop() } } new K($state.list)
class K { l = $state.list; go() { this.l.pop() } } new K().go()
class K extends mixed($state.list) {}
const o = {}; o.s = $state; o.s.list = 1
const o = {}; o.l = $state.list; o.l.pop()
const o = {}; const q = o; q.l = $state.list; o.l.pop()
const o = { in: {} }; o.in.l = $state.list; o.in.l.pop()
const o = {}; let q = o; q = q; q.l = $state.list; o.l.pop()
const o = {}; const q = (0, o); q.l = $state.list; o.l.pop()
const o = {}; const q = 1 ? o : {}; q.l = $state.list; o.l.pop()
const o = {}; const q = o || {}; q.l = $state.list; o.l.pop()
const m = new Map([['a', {}]]); const q = m.get('a'); q.l = $state.list; m.get('a').l.pop()
const a = [{}]; for (const q of a) q.l = $state.list; a[0].l.pop()
const [o] = [{}]; o.l = $state.list
const f = o => { o.l = $state.list }; const q = {}; f(q); q.l.pop()
let o; o ??= {}; o.l ??= $state.list; o.l.pop()
outside.l = $state.list
made().l = $state.list
outside = $state.list
this.l = $state.list
globalThis.l = $state.list
const a = []; a.push($state.list); a[0].pop()
const a = [].sort(); a.push($state.list); a.reverse()[0].pop()
const m = new Map(); m.set('a', $state.list); m.get('a').pop()
const m = new Map([['a', $state.list]]); m.get('a').pop()
for (const l of new Set([$state.list])) l.pop()
for (const [n, x] of Object.entries($state.list)) x.y = n
Object.fromEntries($state.list.map(x => [x.id, x])).a.y = 1
Object.groupBy($state.list, x => x.id).a[0].y = 1
Array.from($state.list, x => { x.y = 1 })
Array.of($state.list)[0].pop()
Iterator.from($state.list).toArray()[0].y = 1
Promise.resolve($state.list).then(l => l.pop())
(await Promise.all([$state.list]))[0].pop()
new Promise(done => done($state.list)).then(l => l.pop())
setTimeout(l => l.pop(), 0, $state.list)
function* g() { yield $state.list } for (const l of g()) l.pop()
const f = function () { arguments[0].pop() }; f($state.list)
const f = (...all) => all[1].pop(); f(1, $state.list)
const f = (a, b) => b.pop(); f(...[1, $state.list])
const f = ([l]) => l.pop(); f([$state.list])
(function (l) { l.pop() }).apply(null, [$state.list])
const o = { get l() { return $state.list } }; o.l.pop()
const o = { l: () => $state.list }; o.l().pop()
const o = { f: () => () => $state.list }; o.f()().pop()
const f = () => $state.list; const o = { f }; o.f().pop()
const a = [() => $state.list]; a[0]().pop()
const a = [l => l.pop()]; a[0]($state.list)
const o = {}; o.f = () => $state.list; o.f().pop()
tag`${$state.list}`
try { throw $state.list } catch (l) { l.pop() }
$state.list.values().next().value.y = 1
$state.list[Symbol.iterator]().next().value.y = 1
$state.list.map(x => x).forEach(x => { x.y = 1 })
$state.list.flatMap(x => [x])[0].y = 1
$state.list.flat()[0].y = 1
$state.list.with(0, 1)[1].y = 1
$state.list.entries().forEach(([i, x]) => { x.y = i })
$state.list.reduce((all, x) => { all.push(x); return all }, [])[0].y = 1
$state.list.reduce((a, x) => { x.y = a; return a })
$state.list.forEach((x, i, all) => { all[i] = 1 })
$state.list.reduce((a, x, i, all) => { all[i] = a }, 0)
$state.list.forEach(function (x) { this.push(x) }, $state.list)
[].concat($state.list)[0].y = 1
const take = Object.assign; take($state.list, [1])
Object.assign({}, $state).list.pop()
const o = {}; Object.assign(o, $state); o.list.pop()
Reflect.get($state, 'list').pop()
globalThis.$state.list = 1
const { $state: s } = globalThis; s.list = 1
this['$state'].list = 1
await (f)($state.list); function f(l) { l.pop() }
$state.read($state.list)
const c = structuredClone; c($state.list)
Object.freeze($state.list)[0].y = 1
""".splitlines()

# None changes a state, but for `out`.
READING = """\
console.log($state.list)
$log($state.list); $progress($state.n, 9, $state.text); $view.setFilter('t', $state.text)
$emit('a', $state.list)
return JSON.stringify($state.list)
return Math.max(...$state.list.map(x => x.n), $state.n)
const r = await $ext.http.get($state.url, { headers: $state.list }); $state.out = r
await $tools.go($state.list); const { go } = $tools; await go({ l: $state.list })
const { http } = $ext; const get = http.get; await get($state.url)
return String($state.n) + Number($state.n) + parseInt($state.text, 10)
if ($state.n > $state.m) return `${$state.list}`
return { list: $state.list, n: [$state.n] }
const next = [...$state.list, { n: $state.n }]; next.push(1); $state.out = next
$state.out = [...$state.list].sort((a, b) => a.n - b.n).slice(0, $state.n).join($state.text)
$state.out = $state.list.map(x => x.id === $args.id ? { ...x, done: true } : x)
$state.out = $state.list.filter(x => x.id !== $args.id).reduce((sum, x) => sum + x.n, 0)
return $state.list.some(x => x.a) && $state.list.find(x => x.id === $state.n) && $state.list.includes($state.n)
const d = new Date($state.day); d.setDate(d.getDate() + $state.n); return d.toISOString()
throw new Error($state.text)
const by = {}; for (const x of $state.list) (by[x.k] ??= []).push(x); return by
const by = {}; for (const x of $state.list) { by[x.k] = by[x.k] || []; by[x.k].push(x) } return by
const m = new Map(); for (const x of $state.list) { if (!m.has(x.k)) m.set(x.k, []); m.get(x.k).push(x) } return [...m]
const m = new Map(); for (const x of $state.list) { const l = m.get(x.k) ?? []; l.push(x); m.set(x.k, l) } return m.size
return $state.list.reduce((all, x) => { all[x.id] = x; return all }, {})
const ids = new Set($state.list.map(x => x.id)); ids.add($args.id); $state.out = [...ids]
const out = []; $state.list.forEach(x => { out.push({ ...x }) }); out[0].y = 1
const c = structuredClone($state.list); c[0].y = 1
return 'abc'.replace('a', $state.text) + 'x'.replace(/x/, () => $state.text)
return $args.list.map(x => x.n * $state.n)
return Object.entries($state.list).map(([k, v]) => `${k}${v}`)
const o = {}; o.n = $state.list.length; o.n += 1; return o
return Promise.all($state.list.map(async x => $ext.http.get(x.url)))
let best = null; for (const x of $state.list) if (!best || x.n > best.n) best = x; return best
setTimeout(() => { $log($state.n) }, 5)
return Array.isArray($state.list) && Object.keys($state.list).length
const f = o => o.n; return f($state.list)
$state.out = $state.list; $state.out.push($state.n)
""".splitlines()


@pytest.mark.parametrize("code", WRITING)
def test_what_may_be_written_counts_as_written(code: str) -> None:
    facts = facts_of(code, "body")
    assert not facts.broken
    assert facts.writes_all or "list" in facts.writes


@pytest.mark.parametrize("code", READING)
def test_what_is_only_looked_at_is_not_written(code: str) -> None:
    facts = facts_of(code, "body")
    assert not facts.broken
    assert set(facts.writes) <= {"out"}
    assert not facts.writes_all


def test_a_thing_with_very_many_names_is_not_followed_for_ever() -> None:
    names = ";".join(f"const o{n} = o{n - 1}" for n in range(1, 200))
    assert facts_of(f"const o0 = {{}}; {names}; o199.l = $state.list", "body").writes == ("list",)


def test_expressions_put_nothing_anywhere() -> None:
    assert facts_of("((o) => { o.l = $state.list; f($state.list); return o })({})", "expression").writes == ()


WAITING = [
    "return await (async () => 1)();",
    "const r = await (async () => { return 2 })(); return r",
    "await (f)(); function f() {}",
    "return await (1)",
    "await [1]",
    "await `a`",
    "await (await (f)())(); function f() {}",
    "for (const x of await (async () => [1])()) ;",
    "return /* ы */ await (1)",
]


@pytest.mark.parametrize("code", WAITING)
def test_waiting_is_no_call_of_a_name(code: str) -> None:
    facts = facts_of(code, "body")
    assert facts.awaits
    assert facts.globals == ()
    assert not facts.broken


def test_waiting_in_functions() -> None:
    for code in (
        "const f = async () => await [1][0]; f()",
        "const o = { async m() { await `a` } }",
        "class K { static async m() { await [1] } }",
    ):
        facts = facts_of(code, "body")
        assert not facts.awaits
        assert facts.globals == ()


def test_waiting_follows_what_is_waited_for() -> None:
    facts = facts_of("const l = await ($state.list); l.push(1); await [$ext.http.get($state.url)]", "body")
    assert facts.writes == ("list",)
    assert facts.extensions == (("http", "get"),)


def test_waiting_in_code_that_breaks_off() -> None:
    facts = facts_of("await [1]; if (", "body")
    assert (facts.awaits, facts.globals, facts.broken) == (True, (), True)
    # with the other reading it would not be JavaScript
    facts = facts_of("await(a) = 1", "body")
    assert facts.broken == facts_of("(await(a)) = 1", "body").broken


MENTIONS = {
    "all of it": ("const s = $state; s.a = 1", [("$state", ""), ("$state", "a")]),
    "in parentheses": ("const s = ($state); s['a']", [("$state", ""), ("$state", "a")]),
    "a part": ("const a = $state.a; a.b.push(1)", [("$state", "a"), ("$state", "a b push")]),
    "a part by its name": ("const a = ($state)['a']; a.b", [("$state", "a"), ("$state", "a b")]),
    "in parentheses alone": ("const a = $state.a; return (a)", [("$state", "a")]),
    "taken out": (
        "const {http, fs: f} = $ext; http.get(); f.read()",
        [("$ext", ""), ("$ext", "http"), ("$ext", "fs"), ("$ext", "http get"), ("$ext", "fs read")],
    ),
    "taken out of parentheses": ("const {a} = (($state))", [("$state", ""), ("$state", "a")]),
    "taken out, the rest not": ("const {['a']: b, ...c} = $state; b.x; c.x", [("$state", "")]),
    "a name alone is said already": ("const a = $state.a; return a", [("$state", "a")]),
    "set again": ("let s = $state; s = {}; s.a", [("$state", "")]),
    "of something else": ("const s = $scope; s.a", [("$scope", "")]),
    "a local one": ("const $tools = {}; const t = $tools; t.a", []),
    "an outer name": ("if (1) s = $state; const [q] = $state; q.x", [("s", ""), ("$state", ""), ("$state", "")]),
    "Object.assign": (
        "Object.assign($state, {a: 1, 'b': 2, c, [d]: 3, ...e, f() {}}, x)",
        [
            ("Object", "assign"),
            ("$state", ""),
            ("$state", "a"),
            ("$state", "b"),
            ("$state", "c"),
            ("c", ""),
            ("d", ""),
            ("e", ""),
            ("x", ""),
        ],
    ),
    "Reflect": ("Reflect.set($state, 'a', 'b')", [("Reflect", "set"), ("$state", ""), ("$state", "a")]),
    "Reflect, a name that is not known": ("Reflect.set($state, k, 1)", [("Reflect", "set"), ("$state", ""), ("k", "")]),
    "taken out with another name": (
        "const {a = 1, 'b': c, [d]: e} = $state",
        [("$state", ""), ("$state", "a"), ("$state", "b"), ("d", "")],
    ),
    "another function": ("f($state, 'a'); f(1, $state)", [("f", ""), ("$state", ""), ("f", ""), ("$state", "")]),
}


@pytest.mark.parametrize(("code", "expected"), MENTIONS.values(), ids=MENTIONS)
def test_what_a_name_plainly_stands_for_is_mentioned(code: str, expected: list[tuple[str, str]]) -> None:
    found = [(m.root, " ".join(str(s.name) for s in m.steps)) for m in facts_of(code, "body").mentions]
    assert sorted(found) == sorted(expected)


def test_a_mention_by_another_name_says_what_happens_to_it() -> None:
    def use(code: str) -> str:
        return facts_of(code, "body").mentions[-1].use

    assert use("const s = $state; s.a = 1") == "write"
    assert use("const a = $state.a; a.push(1)") == "mutate"
    assert use("const t = $tools; t.go({x: 1})") == "call"
    assert use("Object.assign($state, {a: 1})") == "write"
    (*_, mention) = facts_of("const t = $tools; t.go({x: 1})", "body").mentions
    assert mention.given is not None
    assert [s[0] for s in mention.given.fields or ()] == ["x"]
