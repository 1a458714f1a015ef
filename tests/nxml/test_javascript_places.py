"""Places in code are places in the document, whatever stands around them and however they are written."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nexus_jupyter.diagnostics import LineIndex
from nexus_jupyter.nxml import Parser, read
from nexus_jupyter.nxml.analysis import Analysis, ToolTable, analyse, facts_of
from nexus_jupyter.nxml.analysis_facts import forget, parsed_facts
from nexus_jupyter.nxml.analysis_graph import circles
from nexus_jupyter.nxml.analysis_places import Places
from nexus_jupyter.nxml.analysis_syntax import syntax_of
from nexus_jupyter.nxml.checks import ASTValidator


def blamed(source: str) -> list[str]:
    """The texts at the places of unknown states."""
    reading = read(source)
    index = LineIndex(source)
    found = [d.span for d in reading.diagnostics if d.code == "UNDEFINED_STATE_REFERENCE"]
    for span in found:
        assert index.place(span.start) == (span.line, span.column)
    return [source[span.start : span.end] for span in found]


def handler(body: str) -> str:
    return f"<NexusPanel>\n <Logic>\n  <Tool name='t' description='d'>\n   <Handler>{body}</Handler>\n  </Tool>\n </Logic>\n</NexusPanel>"


ATTRIBUTES: dict[str, str] = {
    "plain": '<Text content="{$state.nope}"/>',
    "among text": '<Text content="a {$state.x1} b {1 + $state.x2} c"/>',
    "characters beyond the first plane": '<Text content="𝒳𝒳 {&quot;𝒳&quot; + $state.nope}"/>',
    "in single quotes": "<Text content='{\"𝒳\" + $state.nope}'/>",
    "references before it": '<Text content="&lt;&#x1d4b3;{&quot;&lt;&quot; + $state.nope}"/>',
    "an ampersand that is none": '<Text content="{1 & 2 && $state.nope}"/>',
    "a reference to an ampersand": '<Text content="{1 &amp;&amp; &apos;&amp;amp;&apos; + $state.nope}"/>',
    "several lines": '<Text content="{\n  1 +\n\t$state.nope\n}"/>',
    "carriage returns": '<Text content="{\r\n  1 +\r\n  $state.nope\r\n}"/>',
    "an expression attribute": '<If condition="$state.nope &gt; 1"><Text>x</Text></If>',
    "args": '<Button trigger="t" args="{ a: &quot;𝒳&quot;, b: $state.nope }">x</Button>',
    "interpolated args": '<Button trigger="t" args=" { [&quot;𝒳&quot;, $state.nope] } ">x</Button>',
    "a key of a place": '<Input label="x" bind="$state.thing[&quot;𝒳&quot; + $state.nope]"/>',
    "text": "<Text>a &amp; {'&amp;' + $state.nope} b</Text>",
    "text in lines": "<Text>\n  one\n  {$state.nope} 𝒳 {'𝒳' + $state.nope}\n</Text>",
}


@pytest.mark.parametrize("inner", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_places_in_the_view_are_exact(inner: str) -> None:
    source = f"<NexusPanel>\n<Data><State name='thing' type='object'/></Data><View>{inner}</View></NexusPanel>"
    found = blamed(source)
    assert found
    assert set(found) <= {"nope", "x1", "x2"}
    assert len(found) == inner.count("$state.nope") + inner.count("$state.x")


BODIES: dict[str, str] = {
    "one line": "return $state.nope",
    "indented": "\n        const a = 1;\n        if (a) {\n          return $state.nope;\n        }\n        $state.nope = 2;\n   ",
    "lines that are empty": "\n      const a = 1;\n\n   \n        \n      return $state.nope;\n",
    "less indented than the rest": "\n        a();\n    return $state.nope; function a() {}\n",
    "tabs": "\n\t\ta();\n\t\t\treturn $state.nope; function a() {}\n",
    "templates keep their lines": "\n      const s = `one\n two ${$state.nope}\n        three`;\n      return s + $state.nope;\n",
    "carriage returns": "\r\n      const a = 1;\r\n      return $state.nope + a;\r\n   ",
    "beyond the first plane": "\n      const a = '𝒳'; /* 𝒳 */ return $state.nope;\n      // 𝒳\n      $state.nope = '𝒳'\n",
    "a CDATA wrapper": "<![CDATA[\n      if (1 < 2) return $state.nope;\n      return $state.nope\n   ]]>",
    "escaped": "\n      if ($state.nope &lt; 3 &amp;&amp; true)\n        return $state.nope;\n",
    "an entity within a string": "\n      const s = '&lt;&amp;';\n      return s + $state.nope;\n",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_places_in_handlers_are_exact(body: str) -> None:
    found = blamed(handler(body))
    assert found == ["nope"] * body.count("$state.nope")


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_places_without_the_text_of_the_document_stay_within_the_code(body: str) -> None:
    source = handler(body)
    ast = Parser(source).parse()
    piece = next(s for s in analyse(ast).sites if s.kind == "handler")
    for problem in ASTValidator(ast).validate():
        if problem.code == "UNDEFINED_STATE_REFERENCE":
            assert piece.span.start <= problem.span.start <= problem.span.end <= piece.span.end
            assert piece.span.line <= problem.span.line <= piece.span.line + body.count("\n")
            line = source.split("\n")[problem.span.line - 1]
            if "&" not in body:
                assert line[problem.span.column - 1 :].startswith("nope")


def test_without_the_text_of_the_document_a_fix_needs_the_name_in_the_code() -> None:
    ast = Parser("<NexusPanel><Data><State name='count' type='any'/></Data><View><Text>{$state.cuont}</Text></View></NexusPanel>").parse()
    (problem,) = [d for d in ASTValidator(ast).validate() if d.code == "UNDEFINED_STATE_REFERENCE"]
    assert problem.fix is not None
    assert problem.fix.replacement == "count"


PIECES = st.lists(
    st.sampled_from(
        ["$state.nope", "1", "+", "'𝒳'", "\n", "\n      ", "\r\n  ", "`a\n  ${1}`", "&amp;&amp;", "&lt;", "/* é */", "(", ")", ";", " ", "=", "\t"]
    ),
    max_size=30,
)  # fmt: skip


@given(PIECES)
def test_any_place_is_within_its_piece_of_code(pieces: list[str]) -> None:
    source = handler("\n    " + "".join(pieces))
    ast = Parser(source).parse()
    index = LineIndex(source)
    for places in (Places(source), Places()):
        for site in analyse(ast).sites:
            before = site.span.start
            for at in range(len(site.source) + 1):
                span = places.span(site, at, at + 1)
                assert before <= span.start <= span.end <= site.span.end
                before = span.start
                if places is not None and at < len(site.source) and span.end > span.start and site.source[at] not in "&<\r\n \t":
                    assert index.source[span.start : span.end]


PATHS = st.from_regex(r"[ \n]{0,2}\$(state|scope)(\.[a-zA-Z_$][a-zA-Z0-9_$]{0,4}){1,6}[ \t\r\n]{0,2}", fullmatch=True)


@given(PATHS, st.sampled_from(["expression", "args"]))
def test_the_short_way_gives_what_the_parser_gives(source: str, kind: Any) -> None:
    forget()
    assert facts_of(source, kind) == parsed_facts(source, kind)


WORDS = st.lists(
    st.sampled_from(
        ["$state", ".a", "['b']", "[x]", "$tools.t(", "{", "}", "(", ")", "[", "]", "const ", "x", " = ", "=>", ",", "...", "'s'", "`", "${", "await ",
         "import(", "delete ", "typeof ", "new ", "++", "\n", "/", "1", ":", "?", ";", "//", "/*", "*/", "𝒳", "function ", "for (", " of ", "yield "]
    ),
    max_size=25,
)  # fmt: skip


@given(WORDS, st.sampled_from(["expression", "args", "body"]))
@example(["$state", ")", "++"], "expression")
def test_any_text_has_facts_with_places_within_it(words: list[str], kind: Any) -> None:
    source = "".join(words)
    facts = facts_of(source, kind)
    for mention in facts.mentions:
        for start, end in ((mention.start, mention.end), *((s.start, s.end) for s in mention.steps)):
            assert 0 <= start <= end <= len(source)
        assert "\\" in source or source[mention.start : mention.end] == mention.root
    for impurity in facts.impurities:
        assert 0 <= impurity.start <= impurity.end <= len(source) + 2
    if facts.fault is not None:
        assert facts.broken
        assert 0 <= facts.fault.start <= facts.fault.end <= len(source)
        assert facts.fault.message
    assert facts.roots == {m.root for m in facts.mentions}


@given(WORDS)
def test_any_handler_is_checked_without_an_exception(words: list[str]) -> None:
    source = handler("".join(words).replace("<", ""))
    for problem in read(source).diagnostics:
        assert 0 <= problem.span.start <= problem.span.end <= len(source)


def tools(handlers: dict[str, str], data: str = "") -> Analysis:
    listed = "".join(f'<Tool name="{n}" description="d"><Handler>{code}</Handler></Tool>' for n, code in handlers.items())
    return analyse(Parser(f"<NexusPanel><Data>{data}</Data><Logic>{listed}</Logic></NexusPanel>").parse())


def test_a_tool_does_what_the_tools_do_that_it_calls() -> None:
    analysis = tools(
        {
            "a": "$state.x = $state.y; await $tools.b()",
            "b": "$state.z += 1; await $tools.a(); await $tools.c()",
            "c": "await $ext.py.f(); return $state.w",
            "d": "$state.x = 1",
        }
    )
    a = analysis.tools["a"]
    assert (a.reads, a.writes, a.calls, a.extensions) == (("w", "y", "z"), ("x", "z"), ("a", "b", "c"), (("py", "f"),))
    assert [a.reads_all, a.writes_all, a.calls_all, a.extensions_all] == [False] * 4
    assert [n for n in analysis.tools if analysis.tools[n].local_safe] == ["d"]
    assert len(analysis.tools) == 4
    assert analysis.tools["a"] is a
    with pytest.raises(KeyError):
        analysis.tools["nope"]


@pytest.mark.parametrize(
    ("code", "safe"),
    [
        ("$state.a = $args.b; $log(1); await $tools.other()", True),
        ("$emit('toast', 'x')", False),
        ("await $ext.py.f()", False),
        ("use($ext); function use() {}", False),
        ("await $tools[x](); let x", False),
        ("await $tools.nowhere()", False),
        ("await import('x')", False),
        ("return 1 +", False),
        ("", True),
    ],
)
def test_what_could_run_without_the_kernel(code: str, safe: bool) -> None:
    assert tools({"t": code, "other": "return 1"}).tools["t"].local_safe is safe


def test_what_is_unknown_of_one_is_unknown_of_who_calls_it() -> None:
    facts = tools({"a": "await $tools.b()", "b": "const k = 'x' + 1; await $tools[k]()"}).tools["a"]
    assert facts.calls_all
    assert facts.reads_all
    assert facts.writes_all
    assert facts.extensions_all


def test_computed_values_by_name() -> None:
    analysis = tools({}, '<Computed name="a" value="$state.b"/><Computed name="a" value="1"/>')
    assert analysis.computed["a"].reads == ("b",)


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=4)))
def test_circles_are_what_can_reach_itself(needs: dict[str, list[str]]) -> None:
    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            for other in needs.get(todo.pop(), ()):
                if other in needs and other not in seen:
                    seen.add(other)
                    todo.append(other)
        return seen

    groups = circles(needs)
    assert {n for group in groups for n in group} == {n for n in needs if n in reached(n)}
    for group in groups:
        assert all(set(group) <= reached(n) for n in group)


def test_a_long_chain_of_tools_and_values() -> None:
    many = 3_000
    chain = {f"n{n}": [f"n{n + 1}"] for n in range(many)}
    assert circles(chain) == []
    assert circles({**chain, f"n{many}": ["n0"]}) == [tuple(f"n{n}" for n in range(many + 1))]
    found = tools({f"t{n}": f"await $tools.t{n + 1}()" for n in range(1_100)}).tools
    assert found["t0"].calls_all  # they are very many
    assert "t1" in found["t0"].calls
    assert len(found["t1050"].calls) == 50
    assert not found["t1050"].calls_all
    assert all(found[name].calls for name in found)


def test_tools_in_circles_do_the_same_in_the_end() -> None:
    codes = {"a": "await $tools.b(); $state.x = 1", "b": "await $tools.c()", "c": "await $tools.b(); await $ext.fs.read($state.y)", "d": ""}
    found = tools(codes).tools
    assert found["b"] is found["c"]
    assert (found["a"].calls, found["a"].writes, found["a"].reads) == (("b", "c"), ("x",), ("y",))
    assert found["b"].calls == ("b", "c")
    assert found["b"].writes == ()
    assert found["a"].extensions == (("fs", "read"),)
    assert [found[name].local_safe for name in "abcd"] == [False, False, False, True]


@pytest.mark.timing
def test_time_is_linear_in_a_chain_of_tools() -> None:
    def seconds(count: int) -> float:
        table = ToolTable({f"t{n}": facts_of(f"$tools.t{n + 1}(); $state.s{n} = 1", "body") for n in range(count)})
        start = time.process_time()
        assert table["t0"].calls_all
        return time.process_time() - start

    assert min(seconds(4_000) for _ in range(3)) < 9 * max(min(seconds(1_000) for _ in range(3)), 0.002)


def documents(size: int) -> list[str]:
    """Documents of about ``size`` characters that could make an unwise reader slow."""
    count = size // 50
    return [
        f"<NexusPanel><View><Text>{'{$state.a + 1} ' * (size // 15)}</Text></View></NexusPanel>",
        "<NexusPanel><Data>" + "".join(f'<Computed name="c{n}" value="$state.c{(n + 1) % count}"/>' for n in range(count)) + "</Data></NexusPanel>",
        handler("a" + ".b" * (size // 2)),
        handler("$tools.t([" + "[1]," * (size // 4) + "])"),
        handler("const {" + ",".join(f"a{n}" for n in range(count)) + "} = $state;" + "𝒳;" * (size // 3)),
        handler("$state.nope;\n" * (size // 13)),
        handler("(" * size),
        handler("x = 1 )" * (size // 7)),
        '<NexusPanel><View><Text content="{' + "&amp;" * (size // 5) + '$state.a}"/></View></NexusPanel>',
    ]  # fmt: skip


@pytest.mark.timing
@pytest.mark.parametrize("number", range(len(documents(100))))
def test_time_is_linear_in_the_document(number: int) -> None:
    """The best of some runs, so that another job on the machine does not count; fourfold text may not take ninefold."""

    def seconds(size: int) -> float:
        best = 99.0
        for n in range(3):
            forget()
            source = documents(size)[number] + " " * n  # the same document is not read again
            start = time.process_time()
            read(source)
            best = min(best, time.process_time() - start)
        return best

    small = seconds(5_000)
    assert seconds(20_000) < 9 * max(small, 0.003)


def test_places_of_a_tree_are_told_in_characters() -> None:
    tree = syntax_of("'𝒳é' + $state.a", "expression")
    names = [tree.place(n) for n, kind in enumerate(tree.kinds) if kind == "identifier"]
    assert names == [(7, 13)]
