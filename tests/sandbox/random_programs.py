"""Random handlers, and a process that runs some: ``python -m tests.sandbox.random_programs WAY FIRST COUNT``.

Each program is made from its seed alone, so that a seed is a report.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

from nexus_jupyter.errors import NexusError
from nexus_jupyter.nxml import load_program
from nexus_jupyter.nxml.program import Program
from nexus_jupyter.protocol import GuestInvoke, GuestResume, Settled
from nexus_jupyter.sandbox import Engine, Guest, Limits

CORPUS = Path(__file__).parents[1] / "corpus" / "panels"
LIMITS = Limits(memory=24 * 1024 * 1024, load_cpu=5)
NAMES = [
    "a",
    "b",
    "c",
    "f",
    "g",
    "$state",
    "$state.x",
    "$state.n",
    "$args",
    "$tools",
    "$ext",
    "$ext.e",
    "$log",
    "console",
    "globalThis",
    "this",
    "undefined",
]
BUILT_IN = [
    "Object",
    "Array",
    "String",
    "Number",
    "Boolean",
    "Symbol",
    "BigInt",
    "Math",
    "JSON",
    "Reflect",
    "RegExp",
    "Date",
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "Promise",
    "Iterator",
    "Error",
    "AggregateError",
    "RangeError",
    "TypeError",
    "parseInt",
    "isNaN",
    "escape",
]
MEMBERS = [
    "length",
    "constructor",
    "prototype",
    "__proto__",
    "toString",
    "valueOf",
    "toJSON",
    "then",
    "catch",
    "finally",
    "name",
    "message",
    "stack",
    "cause",
    "next",
    "return",
    "throw",
    "map",
    "filter",
    "reduce",
    "sort",
    "splice",
    "fill",
    "flat",
    "flatMap",
    "copyWithin",
    "concat",
    "join",
    "at",
    "with",
    "toSorted",
    "toSpliced",
    "slice",
    "push",
    "pop",
    "shift",
    "unshift",
    "indexOf",
    "includes",
    "find",
    "keys",
    "values",
    "entries",
    "from",
    "of",
    "fromEntries",
    "groupBy",
    "assign",
    "freeze",
    "seal",
    "defineProperty",
    "getOwnPropertyDescriptors",
    "setPrototypeOf",
    "getPrototypeOf",
    "ownKeys",
    "apply",
    "construct",
    "raw",
    "replace",
    "replaceAll",
    "match",
    "matchAll",
    "split",
    "repeat",
    "padStart",
    "normalize",
    "localeCompare",
    "codePointAt",
    "isWellFormed",
    "exec",
    "test",
    "lastIndex",
    "flags",
    "source",
    "resolve",
    "reject",
    "all",
    "race",
    "any",
    "allSettled",
    "withResolvers",
    "try",
    "get",
    "set",
    "has",
    "add",
    "delete",
    "clear",
    "union",
    "take",
    "drop",
    "toArray",
    "parse",
    "stringify",
    "asIntN",
    "toFixed",
    "toPrecision",
    "getTime",
    "toISOString",
    "setMonth",
    "description",
    "iterator",
    "asyncIterator",
    "species",
    "hasInstance",
    "toPrimitive",
    "unscopables",
    "x",
    "n",
    "e",
    "t",
]
NUMBERS = ["0", "-0", "1", "-1", "0.5", "NaN", "Infinity", "2**31", "2**32", "2**53", "1e9", "4294967295", "0n", "-1n", "2n**64n", "1e308"]
TEXTS = ["''", "'x'", "'__proto__'", "'constructor'", "'\\ud800'", "'\\u2028'", "'a'.repeat(1e4)", "`${a}`", "'length'", "'日本語'"]
PATTERNS = ["/(a*)*b/", "/(?<n>x)|\\k<n>/u", "/[\\p{L}--[a-z]]/v", "/(?=(a+))\\1/y", "/x*?/g", "/./su", "/(?<!a)b/d"]
OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    "%",
    "**",
    "&",
    "|",
    "^",
    "<<",
    ">>",
    ">>>",
    "==",
    "===",
    "!=",
    "!==",
    "<",
    ">",
    "<=",
    ">=",
    "&&",
    "||",
    "??",
    "in",
    "instanceof",
    ",",
]


class Maker:
    """Statements and expressions of the engine's language, from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def pick(self, *options: str) -> str:
        return self.chance.choice(options)

    def member(self) -> str:
        name = self.chance.choice(MEMBERS)
        return self.pick(f".{name}", f".{name}", f"?.{name}", f"['{name}']", f"[Symbol.{name}]", f"[{self.chance.choice(NUMBERS)}]")

    def expression(self, depth: int) -> str:
        if depth <= 0:
            return self.chance.choice([*NAMES, *NUMBERS, *TEXTS, *PATTERNS, *BUILT_IN, "[]", "{}", "null", "true"]).replace("{}", "({})")

        def e() -> str:
            return self.expression(depth - 1 - self.chance.randrange(2))

        name = self.pick("a", "b", "c")
        operator, member = self.chance.choice(OPERATORS), self.member()
        pieces: list[Callable[[], str]] = [
                lambda: f"({e()} {operator} {e()})", lambda: f"({e()}){member}", lambda: f"({e()}){member}({e()}, {e()})", lambda: f"new ({e()})({e()})",
                lambda: f"({name} = {e()})", lambda: f"(({e()}){member} = {e()})", lambda: f"[{e()}, ...[{e()}], {e()}]", lambda: f"({{x: {e()}, [{e()}]: {e()}, ...{e()}}})",
                lambda: f"({{get x() {{ return {e()} }}, set x(v) {{ {e()} }}, toJSON() {{ return {e()} }}}})", lambda: f"((a, b = {e()}, ...c) => {e()})",
                lambda: f"(async (a) => {{ {self.statement(depth - 2)} return {e()} }})", lambda: f"(function* (a) {{ yield {e()}; yield* {e()} }})({e()})",
                lambda: f"(class extends ({e()}) {{ static x = {e()}; #p = {e()}; m() {{ return this.#p }} }})", lambda: f"`${{{e()}}}${{{e()}}}`", lambda: f"({e()})`x${{{e()}}}`",
                lambda: f"typeof {e()}", lambda: f"void {e()}", lambda: f"delete ({e()}){member}", lambda: f"(await {e()})", lambda: f"({e()} ? {e()} : {e()})",
                lambda: f"(() => {{ {self.statement(depth - 2)} }})()", lambda: f"JSON.parse(JSON.stringify({e()}))", lambda: f"Reflect.apply({e()}, {e()}, [{e()}])",
                lambda: f"Object.defineProperty({e()}, {e()}, {{ value: {e()} }})", lambda: f"Array.from({{length: {self.chance.choice(NUMBERS)}}}, {e()})", lambda: f"$ext.e.m({e()})",
                lambda: f"$tools.{self.pick('t', 'u')}({e()})", lambda: f"new Promise((a, b) => {{ {e()} }})", lambda: f"setTimeout({e()}, {e()})", lambda: f"$emit({e()}, {e()})",
        ]  # fmt: skip
        return self.chance.choice(pieces)()

    def statement(self, depth: int) -> str:
        if depth <= 0:
            return f"{self.expression(1)};"

        def e() -> str:
            return self.expression(depth)

        def s() -> str:
            return self.statement(depth - 1)

        pieces: list[Callable[[], str]] = [
                lambda: f"{e()};", lambda: f"{e()};", lambda: f"var {self.pick('a', 'b', 'c')} = {e()};", lambda: f"if ({e()}) {{ {s()} }} else {{ {s()} }}",
                lambda: f"for (let i = 0; i < 20; i++) {{ {s()} }}", lambda: f"for (const k of {e()}) {{ {s()} break; }}", lambda: f"for (const k in {e()}) {{ {s()} }}",
                lambda: f"for await (const k of {e()}) {{ {s()} break; }}", lambda: f"try {{ {s()} }} catch (e) {{ {s()} }} finally {{ {s()} }}", lambda: f"try {{ {s()} }} catch {{}}",
                lambda: f"switch ({e()}) {{ case {e()}: {s()} default: {s()} }}", lambda: f"throw {e()};", lambda: f"return {e()};", lambda: f"x: {{ {s()} break x; }}",
                lambda: f"$state.{self.pick('x', 'n', 's', 'x.y', 'x[0]')} = {e()};", lambda: f"const {{ a: q = {e()}, ...w }} = {e()};", lambda: f"await {e()};",
                lambda: f"while ({e()}) {{ {s()} break; }}", lambda: f"function f(a, b) {{ {s()} }}",
        ]  # fmt: skip
        return self.chance.choice(pieces)()

    def body(self) -> str:
        text = "var a = [1, 2], b = {}, c = 'c'; " + " ".join(
            self.statement(self.chance.randrange(1, 4)) for _ in range(self.chance.randrange(1, 6))
        )
        return self.mutated(text) if self.chance.random() < 0.15 else text

    def mutated(self, text: str) -> str:
        """The text with some of it gone, doubled, swapped or replaced by words of the language."""
        words = [
            *NAMES,
            *NUMBERS,
            *TEXTS,
            *OPERATORS,
            *MEMBERS,
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            ";",
            "`",
            "async",
            "await",
            "yield",
            "\u2028",
            "/*",
            "*/",
            "<!--",
        ]
        for _ in range(self.chance.randrange(1, 6)):
            at = self.chance.randrange(len(text) + 1)
            end = min(len(text), at + self.chance.randrange(1, 30))
            text = self.chance.choice(
                [
                    text[:at] + text[end:],
                    text[:end] + text[at:],
                    text[:at] + " " + self.chance.choice(words) + " " + text[at:],
                    text[:at] + self.chance.choice(words) + text[end:],
                ]
            )
        return text


def _panel(body: str) -> Program:
    source = (
        '<NexusPanel><Data><State name="x" type="any"/><State name="n" type="number"/><State name="s" type="string"/></Data><Logic>'
        '<Extension name="nexus.python" alias="e"/><Tool name="t"><Handler>return 1</Handler></Tool><Tool name="u"><Handler>$state.n += 1</Handler></Tool></Logic></NexusPanel>'
    )
    program = load_program(source)[0]
    return program.model_copy(update={"code": (program.code[0].model_copy(update={"source": body}), *program.code[1:])})


def made(seed: int) -> tuple[Program, list[str]]:
    """A program and the tools of it to call."""
    maker = Maker(seed)
    if maker.chance.random() < 0.75:
        return _panel(maker.body()), ["t"]
    program = load_program(maker.chance.choice(sorted(CORPUS.glob("*.nxml"))).read_text(encoding="utf-8"))[0]
    bodies = [i for i, code in enumerate(program.code) if code.kind == "body"]
    which = maker.chance.choice(bodies)
    code = list(program.code)
    code[which] = code[which].model_copy(update={"source": maker.mutated(code[which].source)})
    return program.model_copy(update={"code": tuple(code)}), [tool.name for tool in program.tools]


def run(engine: Engine, seed: int) -> str:
    """Run it to its end, whatever that is: ``done``, ``failed`` or the code of the error.  Any other exception is a fault of ours."""
    program, tools = made(seed)
    ends: list[str] = []
    try:
        with Guest(program, engine=engine, limits=LIMITS, clock=0, seed=seed) as guest:
            for call, tool in enumerate(tools, 1):
                reply = guest.request(GuestInvoke(call=call, tool=tool, clock=0, seed=seed, zone="UTC"), timeout=0.3, wall=60)
                for step in range(1, 4):
                    if reply.status != "waiting":
                        break
                    results = tuple(Settled(id=wish.id, value=[seed, {"a": step}]) for wish in reply.calls)
                    reply = guest.request(GuestResume(call=call, results=results, clock=step * 1e6), timeout=0.3, wall=60)
                ends.append(reply.status)
    except NexusError as error:
        ends.append(error.code)
    return ends[-1]


def main(way: str, first: int, count: int) -> None:
    engine = Engine(way=way)  # type: ignore[arg-type]
    honest = _panel("$state.n += 1; return [$state.n, 6 * 7]")
    for seed in range(first, first + count):
        print(f"seed {seed}", flush=True)
        end = run(engine, seed)
        with Guest(honest, engine=engine, clock=0) as guest:
            value = guest.request(GuestInvoke(call=1, tool="t", clock=0, seed=1, zone="UTC"), timeout=10, wall=60).value
        assert value == [1, 42], value
        print(f"end {end}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
