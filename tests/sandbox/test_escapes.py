"""Ways out of a sandbox that others were left by, tried here: code from text, wrappers, prototypes, hooks, the wire.

The shapes follow what was published for vm2, n8n, NocoBase, Budibase and Vega.  An attack that comes to run code of
its own making gives back the word ``ESCAPED``, which stands in no attack as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from nexus_jupyter.diagnostics import Span
from nexus_jupyter.errors import LimitError, NexusError
from nexus_jupyter.nxml.program import (
    ArgDeclaration,
    Code,
    ComputedDeclaration,
    ExtensionDeclaration,
    Handler,
    Program,
    StateDeclaration,
    ToolDeclaration,
)
from nexus_jupyter.protocol import ErrorInfo, GuestEdit, GuestInvoke, GuestRead, GuestReply, GuestResume, Settled
from nexus_jupyter.sandbox import CodeErrors, Engine, Guest
from nexus_jupyter.sandbox.values import to_json

GOLDEN = Path(__file__).parent / "golden" / "globals.txt"
NOWHERE = Span(start=0, end=0, line=1, column=1)
STATE: dict[str, JsonValue] = {"x": {"a": [1, 2, {"b": 3}]}, "n": 1}

# all that can be reached from the global object and from what syntax makes, by name: kind, and whether it can change
SURVEY = """
const names = new Map(), queue = [], lines = [];
const visit = (value, name) => {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || names.has(value)) return;
  names.set(value, name); queue.push(value);
};
const called = (key) => typeof key === 'symbol' ? `[${key.description}]` : key;
visit(globalThis, 'globalThis');
for (const [name, made] of [['async', async () => 1], ['generator', function* () {}], ['asyncGenerator', async function* () {}],
  ['listIterator', [].values()], ['mapIterator', new Map().keys()], ['setIterator', new Set().keys()], ['textIterator', ''[Symbol.iterator]()],
  ['matchIterator', ''.matchAll(/x/g)], ['helper', [].values().map((x) => x)]]) visit(Object.getPrototypeOf(made), name);
for (const value of queue) {
  const of = names.get(value);
  const keys = Reflect.ownKeys(value).map(called).sort();
  const up = Object.getPrototypeOf(value);
  lines.push(`${of}: ${typeof value}${Object.isFrozen(value) ? '' : value === globalThis && !Object.isExtensible(value) ? ' sealed' : ' OPEN'}`);
  for (const key of Reflect.ownKeys(value).sort((a, b) => called(a) < called(b) ? -1 : 1)) {
    const d = Reflect.getOwnPropertyDescriptor(value, key);
    const kind = 'value' in d ? typeof d.value : `${d.get ? 'get' : ''}${d.set ? 'set' : ''}`;
    const path = of === 'globalThis' ? called(key) : `${of}.${called(key)}`;
    lines.push(`  ${called(key)} ${kind}${d.writable || d.configurable ? ' OPEN' : ''}${typeof d.value === 'number' || typeof d.value === 'string' ? ' ' + d.value : ''}`);
    visit(d.value, path); visit(d.get, `get ${path}`); visit(d.set, `set ${path}`);
  }
  visit(up, `prototype of ${of}`);
  if (up !== null) lines.push(`  above: ${names.get(up)}`);
}
return lines.join('\\n');
"""

# the same walk without names: the own keys of all of it
DIGEST = """
const seen = new Set([globalThis]), out = [];
const add = (value) => { if ((typeof value === 'object' && value !== null) || typeof value === 'function') seen.add(value) };
for (const made of [async () => 1, function* () {}, async function* () {}, [].values(), ''.matchAll(/x/g)]) add(Object.getPrototypeOf(made));
for (const value of seen) {
  const all = Object.getOwnPropertyDescriptors(value);
  const keys = Reflect.ownKeys(all);
  out.push(keys.map(String).join(), Object.isFrozen(value));
  add(Object.getPrototypeOf(value));
  for (const key of keys) { const d = all[key]; add(d.value); add(d.get); add(d.set) }
}
return out.join('|');
"""


def program(attack: str, kind: str = "body") -> Program:
    bodies = ["return $state.n" if kind != "body" else attack, SURVEY, DIGEST, "return [$state.x, $state.n, typeof $state.n.y]"]
    code = [Code(kind="body", source=body, span=NOWHERE) for body in bodies]
    computed = []
    if kind != "body":
        code.append(Code.model_validate({"kind": kind, "source": attack, "span": NOWHERE}))
        computed.append(ComputedDeclaration(name="c", code=len(code) - 1, span=NOWHERE))
    tools = ("t", "survey", "digest", "look")
    return Program(
        states=(StateDeclaration(name="x", type="any", span=NOWHERE), StateDeclaration(name="n", type="number", default=1, span=NOWHERE)),
        computed=tuple(computed),
        extensions=(ExtensionDeclaration(name="nexus.test", alias="e", span=NOWHERE),),
        tools=tuple(
            ToolDeclaration(name=name, handler=Handler(code=i), span=NOWHERE, args=(ArgDeclaration(name="a", type="any", required=False),))
            for i, name in enumerate(tools)
        ),
        code=tuple(code),
    )


def invoke(guest: Guest, tool: str, args: Any = None, call: int = 1) -> GuestReply:
    return guest.request(GuestInvoke(call=call, tool=tool, args=args, clock=0, seed=1, zone="UTC"), timeout=10, wall=60)


def begin(engine: Engine, attack: str, kind: str = "body") -> Guest:
    return Guest(program(attack, kind), dict(STATE), engine=engine, clock=0)


def survey(guest: Guest) -> str:
    reply = invoke(guest, "survey", call=90)
    assert isinstance(reply.value, str), reply
    return reply.value


def digest(guest: Guest) -> str:
    reply = invoke(guest, "digest", call=91)
    assert isinstance(reply.value, str), reply
    return reply.value


@pytest.fixture(scope="module")
def untouched(engine: Engine) -> str:
    with begin(engine, "return 1") as guest:
        return digest(guest)


@pytest.fixture(scope="module")
def pristine(engine: Engine) -> str:
    with begin(engine, "return 1") as guest:
        return survey(guest)


def test_everything_that_panel_code_can_reach_is_what_is_written_down(pristine: str) -> None:
    if os.environ.get("NEXUS_WRITE_GOLDEN") == "1":
        GOLDEN.write_text(pristine + "\n", encoding="utf-8")
    assert pristine.splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines()
    assert "OPEN" not in pristine


# --- code from text --------------------------------------------------------------------------------------------

TEXT = '\'return "ESC"+"APED"\''
FUNCTIONS = [
    "(() => 1)", "(async () => 1)", "(function* () {})", "(async function* () {})", "(class {})", "(class extends Object {})",
    "({ m() {} }).m", "({ get g() { return 1 } }, Object.getOwnPropertyDescriptor({ get g() { return 1 } }, 'g').get)",
    "Object", "Array.prototype.map", "Math.max", "JSON.parse", "Promise.resolve", "Reflect.apply", "Symbol", "Error",
    "(() => 1).bind(null)", "$log", "$emit", "$progress", "console.log", "setTimeout", "clearTimeout", "$tools.look",
    "$ext.e.anything", "$state.x.a.push", "$args.hasOwnProperty", "'x'.at", "(1).toFixed", "(1n).toString", "/x/.exec", "new Date().getTime",
]  # fmt: skip
WALKS = [
    f"return FUNCTION.constructor({TEXT})()",
    f"return new FUNCTION.constructor({TEXT})()",
    f"return Reflect.construct(Object.getPrototypeOf(FUNCTION).constructor, [{TEXT}], FUNCTION)()",
    f"return FUNCTION['const' + 'ructor']['const' + 'ructor']({TEXT})()",
]

CODE_FROM_TEXT = [
    *(walk.replace("FUNCTION", function) for function in FUNCTIONS for walk in WALKS[:3]),
    *(
        f"return {value}.constructor.constructor({TEXT})()"
        for value in (
            "this?.x ?? ''", "({})", "[]", "''", "0", "true", "/x/", "new Date()", "new Map()", "new Set()", "Symbol.iterator", "1n", "$args",
            "$state.x", "$state.x.a", "$state", "new Error()", "Promise.resolve()", "globalThis", "console", "console.log", "$tools", "$ext",
            "$ext.e", "$ext.e.http.get", "[].values()", "new (class A {})()", "arguments", "Object.create({})", "JSON", "Math", "Reflect",
        )
    ),
    *(
        f"return Object.getPrototypeOf({value}).constructor({TEXT})()"
        for value in ("() => 1", "async () => 1", "function* () {}", "async function* () {}", "class {}", "$log", "$tools.t", "$ext.e.m")
    ),
    f"const F = WALK => WALK.constructor; let f = () => 1; for (let i = 0; i < 50; i++) f = F(f); return f({TEXT})()",
    f"return (0, eval)({TEXT})", f"return globalThis['ev' + 'al']({TEXT})", f"return eval?.({TEXT})", f"return new Function({TEXT})()",
    f"return globalThis.Function({TEXT})()", f"return this.constructor.constructor({TEXT})()", f"return (function () {{ return this }})().eval({TEXT})",
    f"return setTimeout({TEXT}, 0)", f"setTimeout({TEXT}.toString(), 0); await 1", f"return setTimeout.constructor({TEXT})()",
    f"return console.log.constructor({TEXT})()", f"return console._stdout.constructor.constructor({TEXT})()",
    f"return Reflect.get(() => 1, 'constructor')({TEXT})()",
    f"return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(() => 1), 'constructor').value({TEXT})()",
    f"return Function.prototype.constructor({TEXT})()", f"with ({{}}) return (() => 1).constructor({TEXT})()",
    f"return [].map.call([{TEXT}], (() => 1).constructor)[0]()", f"return [{TEXT}].map((() => 1).constructor)[0]()",
    f"return Reflect.apply((() => 1).constructor, null, [{TEXT}])()", f"return (() => 1).constructor.call(null, {TEXT})()",
    f"return (() => 1).constructor.apply(null, [{TEXT}])()", f"return (() => 1).constructor.bind(null, {TEXT})()()",
    f"return (() => 1).constructor`return 'ESC'`({TEXT})()", f"return new (class extends (() => 1).constructor {{ constructor() {{ super({TEXT}) }} }})()()",
    f"return [{TEXT}].sort.constructor({TEXT})()", f"return Array.from([{TEXT}], (() => 1).constructor)[0]()",
    f"return JSON.parse('[1]', (() => 1).constructor)({TEXT})", "return 'x'.replace(/x/, (() => 1).constructor)",
    f"const {{ constructor: {{ constructor: F }} }} = ''; return F({TEXT})()",
    f"class A {{ static [Symbol.hasInstance] = (() => 1).constructor }} return 1 instanceof A({TEXT})",
    f"return await (async () => {{}}).constructor({TEXT})()", "for await (const v of (async function* () {}).constructor('yield \"ESC\"+\"APED\"')()) return v",
    "return (function* () {}).constructor('yield \"ESC\"+\"APED\"')().next().value", f"return new Iterator().constructor.constructor({TEXT})()",
    "return await import('fs')", "return await import('data:text/javascript,export default \"ESC\"+\"APED\"')", "return await import('code:0')",
    "return await import('nexus')", "return import.meta", "return require('fs')", "return process.binding('fs')", "return std.open", "return os.exec",
    "return process.mainModule.require('child_process').execSync('id')", "return globalThis.process.env", "return module.constructor._load('fs')",
    "return __guest.step('{}')", "return __compile('1', 'code:0', 0)", "return globalThis['__' + 'compile']('1', 'x', 0)", "return __clock(5)",
    "return new WebAssembly.Module(new Uint8Array([0]))", "return new Worker('x')", "return new Proxy({}, {})", "return new ShadowRealm().evaluate('1')",
]  # fmt: skip

# --- hooks: what the guest itself calls -------------------------------------------------------------------------------

HOOKS = [
    "Error.prepareStackTrace = (e, frames) => frames[0].getThis(); return new Error().stack[0].constructor('return 1')()",
    "Error.prepareStackTrace = (e, f) => { $state.n = 9 }; null.x", "const e = new Error(); e.name = { toString() { $state.n = 9 } }; return e.stack.x.y",
    "Error.captureStackTrace({}); return 1", "Error.stackTraceLimit = Infinity; return 1",
    "try { null.x } catch (e) { return e.constructor.constructor('return \"ESC\"+\"APED\"')() }",
    "const e = new Error('m'); Object.defineProperty(e, 'stack', { get() { $state.n = 9; return 'at code:0:1:1' } }); throw e",
    "const e = new Error('m'); Object.defineProperty(e, 'message', { get() { $state.n = 9; throw e } }); throw e",
    "const e = new Error('m'); Object.defineProperty(e, 'name', { get() { $state.x = 'ESC' + 'APED'; return 'LimitError' } }); throw e",
    "throw { toString() { $state.n = 9; return 'x' }, get message() { $state.n = 9 } }", "throw Object.create(null)", "throw Symbol('x')",
    "throw Object.assign(new Error('m'), { code: 'CAPABILITY_DENIED', hint: 'x', allowed: 1 })", "throw class {}", "throw $state", "throw $tools", "throw globalThis",
    "const a = []; a.constructor = { [Symbol.species]: function (n) { $state.n = 9; return {} } }; a.map(x => x); throw 1",
    "class A extends Array { static get [Symbol.species]() { return Object.getPrototypeOf(() => 1).constructor } } return new A('return 1').map(x => x)",
    "class P extends Promise { static get [Symbol.species]() { return (() => 1).constructor } } return P.resolve(1).then(x => x)",
    "Object.defineProperty(Array.prototype, Symbol.species, { value: 1 }); return 1", "Array[Symbol.species] = class {}; return 1",
    "Promise.prototype.then = function () { $state.n = 9 }; return 1", "Object.defineProperty(Promise.prototype, 'then', { value: () => { $state.n = 9 } }); return 1",
    "Promise.resolve = () => 1; return 1", "Promise = class {}; return 1", "Reflect.set(Promise.prototype, 'then', 1) || (() => { throw 1 })()",
    "Promise.prototype.constructor = class {}; return 1", "Promise.prototype.finally.call({ then() { $state.n = 9 } }); throw 1",
    "Object.prototype.toJSON = function () { return 'ESC' + 'APED' }; return {}", "Array.prototype.toJSON = () => 'x'; return []",
    "String.prototype.toJSON = () => 'ESC' + 'APED'; return 'a'", "Object.defineProperty(Object.prototype, 'status', { get() { return 'done' } }); return 1",
    "Object.defineProperty(Object.prototype, 'value', { set(v) { throw v } }); return 1", "Object.prototype.then = (r) => r('ESC' + 'APED'); return {}",
    "Object.prototype.ops = [{ op: 'replace', path: '/n', value: 9 }]; return 1", "Array.prototype[0] = 1; return []", "Object.prototype[Symbol.iterator] = 1; return 1",
    "Object.defineProperty(Array.prototype, '0', { set(v) { $state.n = 9 } }); return 1", "Array.prototype[Symbol.iterator] = function* () { yield 9 }; return [1]",
    "JSON.stringify = () => '{\"status\":\"done\",\"value\":\"ESC\"}'; return 1", "JSON.parse = () => 1; return 1", "Reflect.ownKeys = () => []; return 1",
    "Map.prototype.get = () => 1; return 1", "WeakMap.prototype.get = () => 1; return 1", "WeakMap.prototype.has = () => true; return 1", "Set.prototype.has = () => true; return 1",
    "RegExp.prototype.exec = () => null; return 1", "RegExp.prototype[Symbol.replace] = () => 'ESC' + 'APED'; return 1", "Symbol.prototype[Symbol.toPrimitive] = 1; return 1",
    "String.prototype.slice = () => ''; return 1", "Function.prototype.call = null; return 1", "Function.prototype.apply = () => 1; return 1",
    "Function.prototype[Symbol.hasInstance] = () => true; return 1", "Object.is = Object.keys = Object.freeze = null; return 1", "Math.random = () => 4; return 1",
    "Date.now = () => 1; return 1", "Date.prototype.toISOString = () => 'ESC' + 'APED'; return new Date(0)", "Number.isFinite = () => true; return 1 / 0",
    "Iterator.prototype.next = 1; return 1", "Object.setPrototypeOf(Object.prototype, { n: 1 }); return 1", "Object.setPrototypeOf(globalThis, {}); return 1",
    "Object.setPrototypeOf(Array.prototype, null); return 1", "Object.getPrototypeOf(async function* () {}).prototype.next = 1; return 1",
    "Object.getPrototypeOf([].values()).next = () => ({ done: true }); return 1", "Object.getPrototypeOf(async () => 1).x = 1; return 1",
    "globalThis.x = 1; return 1", "Object.defineProperty(globalThis, 'undefined', { value: 1 }); return 1", "var undefined = 1; undefined.x", "delete globalThis.Object; return 1",
    "globalThis.globalThis = {}; return 1", "Object.defineProperty(globalThis, 'step', { value: 1 }); return 1", "implicit = 1; return 1", "Object.assign(globalThis, { a: 1 }); return 1",
    "({}).__proto__.polluted = 1; return 1", "({})['__proto__']['x'] = 1; return 1", "const o = JSON.parse('{\"__proto__\":{\"y\":1}}'); if (({}).y) return 'ESC' + 'APED'; throw o.__proto__",
    "Object.assign({}, JSON.parse('{\"__proto__\":{\"y\":1}}')); if (({}).y) return 'ESC' + 'APED'; throw 1", "({}).constructor.prototype.y = 1; return 1",
    "[].constructor.prototype.y = 1; return 1", "$state.x.constructor.prototype.y = 1; return 1", "$state.__proto__.y = 1; return 1", "$state.x.__proto__.y = 1; return 1",
    "$args.__proto__.y = 1; return 1", "$args.constructor.prototype.y = 1; return 1", "$tools.constructor.prototype.y = 1; return 1", "$tools.__proto__; return 1",
    "Reflect.getPrototypeOf($tools).x; return 1", "Reflect.setPrototypeOf($tools, {}) || (() => { throw 1 })()", "$tools.t = () => 1; return 1", "$tools.toString.constructor('1')",
    "Reflect.ownKeys($tools).x.y", "await $tools['__proto__']()", "await $tools['constructor']()", "await $tools.nope()", "Object.defineProperty($tools, 'a', { value: 1 }); return 1",
    "$ext.e.m = 1; return 1", "$ext.__proto__.x = 1; return 1", "$ext.nope.run()", "$ext.e.x.constructor.constructor('return 1')()", "$ext['constructor'].constructor('return 1')()",
    "Object.setPrototypeOf($ext.e, {}); return 1", "$ext.e.call.call.call; $ext.e.m.prototype.x = 1", "$log.constructor('x')()", "$emit.call.constructor('x')()", "console.log = 1; return 1",
    "console.__proto__.x = 1; return 1", "$emit({ toString() { $state.n = 9; return 'e' } }); throw 1", "$log({ get a() { $state.n = 9 } }); throw 1", "$progress({ valueOf() { $state.n = 9 } }); throw 1",
    "setTimeout({ valueOf() { $state.n = 9 } }, 0); throw 1", "setTimeout(() => 1, { valueOf() { $state.n = 9; return 0 } }); throw 1", "clearTimeout({ valueOf() { $state.n = 9; return 1 } }); throw 1",
    "$args.a = 1; return 1", "Object.defineProperty($args, 'z', { value: 1 }); return 1", "arguments.callee", "arguments.callee.caller", "(function f() { return f.caller })().x", "(function f() { return f.arguments })().x",
    "return (function () { return arguments.callee })()", "return Object.getOwnPropertyDescriptor(Function.prototype, 'caller').get.call(() => 1).x", "(() => 1).caller = 1; return 1",
    "return new.target.x", "return super.x", "x: { break x; } x.y", "label: for (;;) { break label } label()", "with (globalThis) { Object = 1 } return 1", "debugger; $state.y = 1",
]  # fmt: skip

COMMITS = [
    "$state.x = { toJSON() { $state.n = 9; return 1 } }; throw 1", "$state.x = { get a() { $state.n = 9; return 1 } }", "$state.x = { toJSON: () => 'ESC' + 'APED' }",
    "$state.n = { valueOf: () => 9 }", "$state.n = { [Symbol.toPrimitive]: () => 9 }", "$state.n = [9]", "$state.n = new Number(9)", "$state.n = NaN", "$state.n = 9n", "$state.n = Symbol()", "$state.n = () => 9",
    "$state.x = Promise.resolve(1)", "$state.x = new Map([[1, 2]])", "$state.x = $log", "$state.x = new Error('x')", "$state.x = /x/",
    "const a = {}; a.a = a; $state.x = a", "$state.x = Object.defineProperty({}, '__proto__', { value: 1, enumerable: true })", "$state.x = JSON.parse('{\"__proto__\":{}}')",
    "$state.x = { constructor: 1 }", "$state.x = { prototype: 1 }", "$state.x['__proto__'] = { y: 1 }", "$state.x.constructor = 1", "$state.x.prototype = 1", "$state['__proto__'] = 1", "$state.constructor = 1", "$state.nope = 1",
    "$state.x.a['__proto__'] = []", "$state.x.a.constructor = 1", "$state.x.a['length'] = -1", "$state.x.a.length = 2 ** 32", "$state.x.a[2 ** 32] = 1", "$state.x.a[-1] = 1", "$state.x.a.foo = 1", "$state.x.a[1e9] = 1",
    "Object.defineProperty($state, 'n', { get: () => 9 })", "Object.defineProperty($state.x, 'a', { get: () => 9 })", "Object.setPrototypeOf($state, {})",
    "Object.setPrototypeOf($state.x, { y: 1 })", "delete $state.n", "Object.freeze($state)", "Object.preventExtensions($state.x)", "Reflect.setPrototypeOf($state.x.a, null) || (() => { throw 1 })()",
    "Object.assign($state, { nope: 1 })", "Object.assign($state.x, JSON.parse('{\"__proto__\":{\"y\":1}}')); throw 1", "$state.x.a.push({ get z() { $state.x.a.length = 0; return 1 } })", "$state.x.a.sort(() => { $state.x = 1; return 0 })",
    "$state.x.a.splice({ valueOf() { $state.x.a = []; return 0 } }, 9); throw 1", "$state.x.a.push.call([], 1); throw 1", "$state.x.a.push.apply(Array.prototype, [1])", "$state.x.a.splice.call($tools, 0, 1)",
    "return { get a() { $state.n = 9; return 1 } }", "return { toJSON() { return 'ESC' + 'APED' } }", "return { then(r) { r({ get a() { $state.n = 9; return 1 } }) } }", "return { then() { throw { get message() { $state.n = 9 } } } }",
    "return { then(resolve) { resolve({ then(r) { r($tools.t.constructor('1')) } }) } }", "return { then: (() => 1).constructor }", "return Object.defineProperty([], 0, { get() { $state.n = 9 }, enumerable: true })",
    "return Promise.reject({ get message() { $state.n = 9 } })", "Promise.reject({ get a() { $state.n = 9 } }); throw 1", "return $state.x.a.values().constructor.constructor('1')", "return globalThis", "return $tools", "return $ext", "return () => 1",
    "return Symbol()", "return 1n", "return new Map()", "const a = []; a[0] = a; return a", "let o = {}; const r = o; for (let i = 0; i < 2e4; i++) o = o.a = {}; return r", "$state.n = 5; $state.n = 'text'", "$state.n = 5; throw 1",
    "$state.n = 5; await new Promise(() => {})", "$state.n = 5; return { get a() { throw 1 } }", "$state.n = 5; (function f() { f() })()", "$state.n = 5; return 1n",
]  # fmt: skip

ATTACKS = [*CODE_FROM_TEXT, *HOOKS, *COMMITS]


def harmless(reply: GuestReply) -> None:
    assert reply.ops == ()
    assert "ESCAPED" not in reply.model_dump_json()


def try_attack(engine: Engine, untouched: str, attack: str, kind: str = "body") -> None:
    """The attack changes nothing, and whatever becomes of its guest, what is left is as it was."""
    try:
        guest = begin(engine, attack, kind)
    except CodeErrors:
        return
    with guest:
        try:
            reply = invoke(guest, "t")
            if kind != "body":
                reply = guest.request(GuestRead(name="c"))
            if reply.status == "waiting":  # an extension that nobody granted, a timer that comes
                harmless(reply)
                refusals = tuple(Settled(id=wish.id, value={"__proto__": {"y": 1}, "constructor": 1}) for wish in reply.calls)
                reply = guest.request(GuestResume(call=1, results=refusals, clock=1000))
            harmless(reply)
        except LimitError:  # the guest is gone: its host makes another
            assert not guest.alive
            return
        assert invoke(guest, "look", call=2).value == [STATE["x"], STATE["n"], "undefined"]
        assert digest(guest) == untouched


# what reads as an attack and is only an odd way to write
PLAIN_WRITES: dict[str, tuple[str, JsonValue]] = {
    "$state.x = globalThis": ("/x", {}),
    "$state.x = $tools": ("/x", {}),
    "$state.x = $ext": ("/x", {}),
    "$state.x = $ext.e": ("/x", {}),
    "$state.x = { a: $state }": ("/x", {"a": STATE}),
    "Object.defineProperty($state, 'n', { value: 9 })": ("/n", 9),
    "$state.x = Object.create({ y: 1 }, { z: { value: 2, enumerable: true } })": ("/x", {"z": 2}),
}


@pytest.mark.parametrize("body", PLAIN_WRITES)
def test_an_odd_way_to_write_leaves_plain_data(engine: Engine, pristine: str, body: str) -> None:
    path, value = PLAIN_WRITES[body]
    with begin(engine, body) as guest:
        written = dict(STATE)
        for op in invoke(guest, "t").ops:
            assert op.path.startswith(path)
        written[path[1:]] = value
        assert invoke(guest, "look", call=2).value == [written["x"], written["n"], "undefined"]
        assert survey(guest) == pristine


GROUPS = 24


@pytest.mark.parametrize("group", range(GROUPS))
def test_an_attack_changes_nothing(engine: Engine, untouched: str, group: int) -> None:
    for attack in ATTACKS[group::GROUPS]:
        try:
            try_attack(engine, untouched, attack)
        except (Exception, AssertionError) as error:
            raise AssertionError(f"{attack!r}: {error}") from error


def test_there_are_enough_of_them() -> None:
    assert len(set(ATTACKS)) >= 390


# --- wrappers -----------------------------------------------------------------------------------------------------

EVIL = "$state.n = 9"
BODY_BREAKS = [
    "}); EVIL; (async()=>{", "}); EVIL; (async function(){", "})(); EVIL; (function(){", "}, EVIL); (async () => {", "}; EVIL; async () => {", "} EVIL; {", "}) || EVIL || (async function(){",
    "}, EVIL, async function(){", "}[EVIL] = function(){", "}, m(){ EVIL", "}, async m(){ EVIL", "}; static { EVIL } async m2(){", "}} EVIL; {{", "}}); EVIL; ({async m(){", "}} class D{async m(){ EVIL",
    "})(EVIL); (async function(){", "}) /* */ + (EVIL, function(){", "}`${EVIL}`; function f(){", "}); EVIL; //", "}); EVIL; /*", "}); EVIL; <!--", "-->\n}); EVIL; (() => {", "<!--\n}); EVIL; (() => {",
    "/*\n*/-->}); EVIL; (() => {", "#!\n}); EVIL; (() => {", "#!}); EVIL", "\u2028}); EVIL; (() => {", "\u2029}); EVIL; (() => {", "//\u2028}); EVIL; (() => {", "//\r}); EVIL; (() => {", "return 1\n}); EVIL; (() => {",
    "'\u2028}); EVIL; (() => {'.x.y", "`", "`${", "`${`${", "`}); EVIL; (() => {", "'", '"', "'\n}); EVIL; (() => {'", "/", "/[", "/*", "/* */ */", "/(?:", "/x/v.y(", "\\u007d); EVIL; (() => {", "\\u{7d}); EVIL; (()=>{",
    "}\\u0029; EVIL", "}\u0000); EVIL; (() => {", "}\ufeff); EVIL; (() => {", "}\u00a0); EVIL; (() => {", "}\u180e); EVIL", "}) => { EVIL", "} = {", "}: {", "}?.(EVIL)", "}.x = EVIL; {", "} instanceof {", "} in {", "} of {",
    "import x from 'y'; EVIL", "export default EVIL", "super(); EVIL", "'use strict'; with ({}) EVIL", "let $state = { n: 1 }; EVIL; return 1 })(", "var $state; EVIL; throw 1", "function $state() {} EVIL; throw 1",
    "class $state {} EVIL; throw 1", "yield EVIL", "await = EVIL; throw 1", "async function", "return => EVIL", "...EVIL", "case 1: EVIL", "} catch (e) { EVIL } {", "} finally { EVIL } {", "} else { EVIL } {", "} while (EVIL); do {",
]  # fmt: skip
EXPRESSION_BREAKS = [
    "1); EVIL; (1", "1), EVIL, (1", "1)})(); EVIL; (function(){return (1", "1)}); EVIL; (() => {(1", "1]; EVIL; [1", "1), (EVIL", "EVIL", "1; EVIL", "1}; EVIL; {1", "(EVIL)", "1 //", "1 /*", "1 <!-- )", "1\n--> )", "`${EVIL}`",
    "`", "'", "/", "1) => (EVIL", ") => (EVIL", ", EVIL", "1,", "...[EVIL]", "await EVIL", "yield 1", "1 ? (EVIL) : 2", "(() => { EVIL })()", "(async () => { EVIL })()", "((s) => { s.n = 9 })($state)", "[$state].forEach(s => { s.n = 9 })",
    "Object.assign($state, { n: 9 })", "Reflect.set($state, 'n', 9) || null.x", "Reflect.defineProperty($state, 'n', { value: 9 }) || null.x", "delete $state.n", "$state.x.a.push(9)", "($state.x.a.length = 0)", "$state.x.a.sort()",
    "$state.n++", "--$state.n", "[$state.n] = [9]", "({ n: $state.n } = { n: 9 })", "$scope.n = 9", "$event.constructor.constructor('1')()", "import('fs')", "new Function('1')()", "eval('1')", "$tools.look()", "$ext.e.m()",
    "(function () { return this })().x.y", "{ a: 1 }; EVIL", "(() => { for (const k in $state) $state[k] = 9 })()", "'\\u2028'; EVIL", "1\u2028EVIL", "#!", "class { static { EVIL } }", "new class { constructor() { EVIL } }", "debugger",
    "async function f() { EVIL }()", "$state.x.__proto__.y = 1", "$state.constructor.constructor('return 1')()", "({}).constructor.prototype.y = 1", "$scope.__proto__.y = 1", "$state.c.c.c = 1", "$state.c = 1",
]  # fmt: skip


@pytest.mark.parametrize("group", range(6))
def test_no_body_leaves_its_wrapper(engine: Engine, untouched: str, group: int) -> None:
    for attack in BODY_BREAKS[group::6]:
        code = attack.replace("EVIL", EVIL)
        with_legal = [code, f"if (0) {{ {code}"]
        for each in with_legal:
            try:
                try_attack(engine, untouched, each)
            except (Exception, AssertionError) as error:
                raise AssertionError(f"{each!r}: {error}") from error


@pytest.mark.parametrize("kind", ["expression", "args"])
@pytest.mark.parametrize("group", range(3))
def test_no_expression_leaves_its_wrapper_or_writes(engine: Engine, untouched: str, group: int, kind: str) -> None:
    for attack in EXPRESSION_BREAKS[group::3]:
        code = attack.replace("EVIL", EVIL)
        for each in (code, "{" + code + "}") if kind == "args" else (code,):
            try:
                try_attack(engine, untouched, each, kind)
            except (Exception, AssertionError) as error:
                raise AssertionError(f"{each!r}: {error}") from error


# --- keys that mean something to JavaScript, through every door ----------------------------------------------------------

KEYS = ["__proto__", "constructor", "prototype"]
LOOK = "const o = {}; return [o.y === undefined, o.constructor === Object, Object.keys($args.a ?? {}).length, [].y === undefined]"


def nested(key: str) -> list[Any]:
    return [{key: {"y": 1}}, [{key: {"y": 1}}], {"a": {key: {"y": 1}}}, {"a": [1, {key: {key: {"y": 1}}}]}]


@pytest.mark.parametrize("key", KEYS)
def test_keys_pollute_nothing_whatever_door_they_come_by(engine: Engine, pristine: str, key: str) -> None:
    doors: dict[str, Callable[[Guest, Any], GuestReply]] = {
        "an argument by name": lambda guest, value: invoke(guest, "t", {"a": value}),
        "an argument in order": lambda guest, value: invoke(guest, "t", [value]),
        "the arguments": lambda guest, value: invoke(guest, "t", value),
        "an edit": lambda guest, value: guest.request(GuestEdit(values={"x": value}, clock=0)),
        "the names of an edit": lambda guest, value: guest.request(GuestEdit(values={key: value}, clock=0)),
        "a state to begin with": lambda guest, value: guest.request(
            GuestInvoke(call=1, tool="t", args=None, clock=0, seed=1, zone="UTC", state={"x": value, "n": 1, key: value})
        ),
    }
    for door, enter in doors.items():
        for value in nested(key):
            with begin(engine, LOOK) as guest:
                try:
                    reply = enter(guest, value)
                except NexusError as error:
                    raise AssertionError(f"{door}: {error}") from error
                assert "y" not in str(reply.ops), door
                if reply.status == "done" and isinstance(reply.value, list):
                    assert [reply.value[0], reply.value[1], reply.value[3]] == [True, True, True], door
                assert invoke(guest, "look", call=5).status == "done", door
                assert survey(guest) == pristine, door


@pytest.mark.parametrize("key", KEYS)
def test_keys_in_committed_state_and_in_answers_stay_data_or_are_refused(engine: Engine, pristine: str, key: str) -> None:
    for value in nested(key):
        with pytest.raises(NexusError, match=key):
            Guest(program("return 1"), {"x": value, "n": 1}, engine=engine, clock=0)
        with begin(engine, "const r = await $ext.e.m(); $state.x = r") as guest:
            assert invoke(guest, "t").status == "waiting"
            reply = guest.request(GuestResume(call=1, results=(Settled(id=1, value=value),), clock=0))
            assert reply.ops == ()
            assert reply.error is not None
            assert reply.error.code == "INVALID_STATE"
            assert survey(guest) == pristine
        with pytest.raises(NexusError):
            to_json(value, "value")


def test_what_the_host_sends_back_is_data_whatever_it_is_called(engine: Engine, pristine: str) -> None:
    body = "try { await $ext.e.m() } catch (e) { return [e.name, e.message, e.code, typeof e.polluted, e instanceof Error] }"
    for text in ("__proto__", "constructor", "LimitError", "toString", "\u2028", "<script>", "\x1b[31m"):
        with begin(engine, body) as guest:
            invoke(guest, "t")
            error = ErrorInfo(code=text, name=text, message=text, hint=text, stack=text)
            reply = guest.request(GuestResume(call=1, results=(Settled(id=1, error=error),), clock=0))
            assert reply.value == [text, text, text, "undefined", True]
            assert survey(guest) == pristine


def test_a_result_that_was_not_asked_for_does_nothing(engine: Engine, pristine: str) -> None:
    with begin(engine, "const r = await $ext.e.m(); return r") as guest:
        invoke(guest, "t")
        for number in (0, -1, 2, 10**9):
            assert guest.request(GuestResume(call=1, results=(Settled(id=number, value="forged"),), clock=0)).status == "waiting"
        assert guest.request(GuestResume(call=7, results=(Settled(id=1, value="forged"),), clock=0)).status == "failed"
        assert (
            guest.request(GuestResume(call=1, results=(Settled(id=1, value="right"), Settled(id=1, value="again")), clock=0)).value
            == "right"
        )
        assert survey(guest) == pristine


@pytest.mark.parametrize(
    "body",
    [
        "$state.n = 2; await $ext.e.m(); $state.n = 9; throw 1",
        "$state.n = 2; await $ext.e.m(); (async () => { await $tools.t(); $state.n = 9 })(); throw 1",
        "$state.n = 2; await $ext.e.m(); for (const s of [$state, $state.x]) s.n = 'text'",
    ],
)
def test_a_step_that_fails_takes_back_its_own_and_nothing_else(engine: Engine, body: str) -> None:
    with begin(engine, body) as guest:
        first = invoke(guest, "t")
        assert [(op.path, op.value) for op in first.ops] == [("/n", 2)]
        last = guest.request(GuestResume(call=1, results=(Settled(id=1),), clock=0))
        assert (last.status, last.ops) == ("failed", ())
        assert invoke(guest, "look", call=2).value == [STATE["x"], 2, "undefined"]
