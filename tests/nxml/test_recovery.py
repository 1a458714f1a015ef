"""What a person gets who made a mistake: one diagnostic for each, at the right place, and a fix where the meaning is plain."""

from __future__ import annotations

import pytest

from nexus_jupyter.diagnostics import Diagnostic
from nexus_jupyter.nxml import Limits, NexusPanelAST, Parser, read_afresh
from nexus_jupyter.nxml.ast import ElementNode, RawNode
from nexus_jupyter.nxml.problems import Problems


def parse(source: str, limits: Limits | None = None) -> tuple[NexusPanelAST, list[Diagnostic]]:
    problems = Problems(1_000)
    ast = Parser(source, limits=limits or Limits(), problems=problems).parse()
    return ast, list(problems.diagnostics(lambda number: str(number)))


def said(source: str) -> list[tuple[str, str]]:
    """The codes and the text that each points at."""
    return [(d.code, source[d.span.start : d.span.end]) for d in parse(source)[1]]


def fixed(source: str) -> str:
    """``source`` after all fixes, the last first."""
    fixes = [d.fix for d in parse(source)[1] if d.fix is not None]
    for fix in sorted(fixes, key=lambda fix: -fix.span.start):
        source = source[: fix.span.start] + fix.replacement + source[fix.span.end :]
    return source


def names(ast: NexusPanelAST, parent: int) -> list[str]:
    node = ast.nodes[parent]
    assert isinstance(node, ElementNode)
    return [child.name for n in node.children if isinstance(child := ast.nodes[n], ElementNode)]


ONE_SLIP = [
    # document, what is said, the document after the fix
    ("<P><A>a</P>", ("MISMATCHED_TAG", "</P>"), "<P><A>a</A></P>"),
    ("<P><A>a", ("UNCLOSED_TAG", "<A"), "<P><A>a</A></P>"),
    ("<P><Text>a</text></P>", ("MISMATCHED_TAG", "</text>"), "<P><Text>a</Text></P>"),
    ("<P><Layout><A/></Layot></P>", ("MISMATCHED_TAG", "</Layot>"), "<P><Layout><A/></Layout></P>"),
    ("<P><B><A>a</B></A></P>", ("MISMATCHED_TAG", "</B>"), "<P><B><A>a</A></B></A></P>"),
    ("<P></A></P>", ("MISMATCHED_TAG", "</A>"), None),
    ("<P><A x=1/></P>", ("UNEXPECTED_CHARACTER", "1"), '<P><A x="1"/></P>'),
    ("<P><A x={a + 1} y='2'/></P>", ("UNEXPECTED_CHARACTER", "{a + 1}"), "<P><A x=\"{a + 1}\" y='2'/></P>"),
    ("<P><A x={a > 1} /></P>", ("UNEXPECTED_CHARACTER", "{a > 1}"), '<P><A x="{a > 1}" /></P>'),
    ('<P><A x={"}" + `${1}`}/></P>', ("UNEXPECTED_CHARACTER", '{"}" + `${1}`}'), "<P><A x='{\"}\" + `${1}`}'/></P>"),
    ("<P><A x={'' + \"\"}/></P>", ("UNEXPECTED_CHARACTER", "{'' + \"\"}"), None),
    ("<P><A x={a/></P>", ("UNEXPECTED_CHARACTER", "{a"), '<P><A x="{a"/></P>'),
    ("<P><A x=/></P>", ("UNEXPECTED_CHARACTER", "="), None),
    ("<P><A x=a/b/></P>", ("UNEXPECTED_CHARACTER", "a/b"), '<P><A x="a/b"/></P>'),
    ("<P><A <!-- c > --> x='1'/></P>", ("UNEXPECTED_CHARACTER", "<!-- c > -->"), "<P><A  x='1'/></P>"),
    ("<P><A x=\"1 y='2'/></P>", ("UNTERMINATED_STRING", '"'), None),
    ('<P><A x="list y="[]"/></P>', ("UNEXPECTED_CHARACTER", '"list'), '<P><A x="list" y="[]"/></P>'),
    ('<P><A x="h1>a</A>\n<A x="h2">b</A></P>', ("UNEXPECTED_CHARACTER", '"h1'), '<P><A x="h1">a</A>\n<A x="h2">b</A></P>'),
    ("<P><A x='1''/></P>", ("UNEXPECTED_CHARACTER", "'"), None),
    ("<P><A {a} = {b} x='1'/></P>", ("UNEXPECTED_CHARACTER", "{"), None),
    ("<P><A></A\n</P>", ("UNEXPECTED_CHARACTER", "</A"), "<P><A></A>\n</P>"),
    ("<P><A></A x='1'></P>", ("UNEXPECTED_CHARACTER", "x"), "<P><A></A></P>"),
    ("<P><A <B/></A></P>", ("UNEXPECTED_CHARACTER", "<"), None),
    ("<P><A x='1' x='2'/></P>", ("DUPLICATE_ATTRIBUTE", "x='2'"), "<P><A x='1' /></P>"),
    ("<P><A>{a</A><A>{b}</A></P>", ("UNTERMINATED_EXPRESSION", "{"), None),
    ("<P><A>{'a}</A><A>{b}</A></P>", ("UNTERMINATED_EXPRESSION", "{"), None),
    ("<P><A>{`a ${b}</A><A>{b}</A></P>", ("UNTERMINATED_EXPRESSION", "{"), None),
    ("<P><A>{a(b</A><A>{b}</A></P>", ("UNTERMINATED_EXPRESSION", "{"), None),
    ("<P><A>{'a", ("UNTERMINATED_EXPRESSION", "{"), None),
    ("<P><A>{'a <B>'</A></P>", ("UNTERMINATED_EXPRESSION", "{"), None),
    ("<P><A>{'a' + `b</A></P>", ("UNTERMINATED_EXPRESSION", "{"), None),
    ("<P><A>{'a\n + 'b\n</A></P>", ("UNTERMINATED_EXPRESSION", "{"), None),
    ("<?xml version='1.0'\n<P/>", ("DOCTYPE_FORBIDDEN", "<?xml version='1.0'\n<P/>"), None),
    ("<P><A>{/* a */}</A></P>", ("JS_SYNTAX", "/* a */"), None),
    ("<P><A>{}</A></P>", ("JS_SYNTAX", "{}"), None),
    ("<P><State name='a'><State name='b'/></P>", ("UNCLOSED_TAG", "<State"), "<P><State name='a' /><State name='b'/></P>"),
    (
        "<P><State name='a'>\n<Computed name='b'>1</Computed></P>",
        ("UNCLOSED_TAG", "<State"),
        "<P><State name='a' />\n<Computed name='b'>1</Computed></P>",
    ),
    ("<P><Data><Computed value='1'>\n</Data></P>", ("MISMATCHED_TAG", "</Data>"), "<P><Data><Computed value='1'>\n</Computed></Data></P>"),
    ("<P><State name='a' <State name='b'/></P>", ("UNEXPECTED_CHARACTER", "<"), None),
    ("<P><Tool><Handler>a();</Tool></P>", ("MISMATCHED_TAG", "</Tool>"), "<P><Tool><Handler>a();</Handler></Tool></P>"),
    (
        "<P><Tool><Handler>a();</Tool><Tool><Handler>b();</Handler></Tool></P>",
        ("MISMATCHED_TAG", "</Tool>"),
        "<P><Tool><Handler>a();</Handler></Tool><Tool><Handler>b();</Handler></Tool></P>",
    ),
    ("<P><Tool><Handler>a();</Handlr></Tool></P>", ("MISMATCHED_TAG", "</Handlr>"), "<P><Tool><Handler>a();</Handler></Tool></P>"),
    ("<P><Handler>'</Tool>", ("UNCLOSED_TAG", "<Handler"), None),
    ("<P><Handler>a </1/.b", ("UNCLOSED_TAG", "<Handler"), None),
    ("<P><A", ("UNCLOSED_TAG", "<A"), None),
    ("<P><!-- a", ("UNCLOSED_TAG", "<!--"), None),
    ("<P><![CDATA[ a", ("UNCLOSED_TAG", "<![CDATA["), None),
    ("<P></P", ("UNCLOSED_TAG", "<P"), "<P></P</P>"),
    ("<P>&a;</P>\0", ("UNEXPECTED_CHARACTER", "\0"), None),
    (
        '<P><!DOCTYPE a [ <!ENTITY b "]>"> <!-- \' > --> ] ><A/></P>',
        ("DOCTYPE_FORBIDDEN", '<!DOCTYPE a [ <!ENTITY b "]>"> <!-- \' > --> ] >'),
        None,
    ),
    ('<P><!DOCTYPE a ] b "><A/></P>', ("DOCTYPE_FORBIDDEN", '<!DOCTYPE a ] b ">'), None),
    ("<P/><!DOCTYPE a [", ("DOCTYPE_FORBIDDEN", "<!DOCTYPE a ["), None),
    ("<P/><!DOCTYPE a <!-- ", ("DOCTYPE_FORBIDDEN", "<!DOCTYPE a <!-- "), None),
    ("<P><?php a ?><A/></P>", ("DOCTYPE_FORBIDDEN", "<?php a ?>"), None),
    ("<P/><?php a", ("DOCTYPE_FORBIDDEN", "<?php a"), None),
]


@pytest.mark.parametrize(("source", "problem", "after"), ONE_SLIP, ids=[s for s, _, _ in ONE_SLIP])
def test_one_slip_is_one_diagnostic(source: str, problem: tuple[str, str], after: str | None) -> None:
    assert said(source) == [problem]
    if after is None:
        assert fixed(source) == source
    else:
        assert fixed(source) == after


SEVERAL = """<P id="a">
  <Data>
    <State name="n" type="number" default=0 />
    <State name="m" type="number">
    <State name="o" type="number default="1" />
  </Data>
  <View>
    <Layout>
      <Text content={n} variant="h1" />
      <Button onClick={() => go()} label="x">
      <Text>{n </Text>
      <Text>a</text>
      </Container>
    </Layout>
  </View>
</P>"""


def test_several_mistakes_are_each_said_once_and_the_rest_is_read() -> None:
    ast, found = parse(SEVERAL)
    assert [(d.code, d.span.line) for d in found] == [
        ("UNEXPECTED_CHARACTER", 3),
        ("UNCLOSED_TAG", 4),
        ("UNEXPECTED_CHARACTER", 5),
        ("UNEXPECTED_CHARACTER", 9),
        ("UNEXPECTED_CHARACTER", 10),
        ("UNTERMINATED_EXPRESSION", 11),
        ("MISMATCHED_TAG", 12),
        ("MISMATCHED_TAG", 13),
        ("MISMATCHED_TAG", 14),
    ]
    data, layout = (next(n.id for n in ast.nodes if isinstance(n, ElementNode) and n.name == name) for name in ("Data", "Layout"))
    assert names(ast, data) == ["State", "State", "State"]
    assert names(ast, layout) == ["Text", "Button"]


def test_what_stands_in_an_unclosed_element_is_not_blamed_for_it() -> None:
    """Twenty siblings that follow an element without its closing tag are not twenty more mistakes."""
    siblings = "<Text>b</Text>" * 20
    reading = read_afresh(f'<NexusPanel><View><Layout><Button label="a"> {siblings}</Layout></View></NexusPanel>')
    assert [d.code for d in reading.diagnostics] == ["MISMATCHED_TAG"]
    reading = read_afresh(f'<NexusPanel><View><Layout><Button label="a"> {siblings}')
    assert [d.code for d in reading.diagnostics] == ["UNCLOSED_TAG"]


def test_an_element_of_its_own_in_the_wrong_place_is_blamed_though_unclosed() -> None:
    codes = [d.code for d in read_afresh("<NexusPanel><View><Text><Divider></Text></View></NexusPanel>").diagnostics]
    assert sorted(codes) == ["MISMATCHED_TAG", "MISPLACED_ELEMENT"]


def test_every_handler_without_its_closing_tag_is_named() -> None:
    source = "<P>\n<Tool><Handler>a();</Tool>\n<Tool><Handler>b();</Tool>\n</P>"
    assert said(source) == [("MISMATCHED_TAG", "</Tool>")] * 2
    assert fixed(source) == "<P>\n<Tool><Handler>a();</Handler></Tool>\n<Tool><Handler>b();</Handler></Tool>\n</P>"


def test_a_comment_without_an_end_inside_a_tag_ends_both() -> None:
    assert said("<P><A <!-- b") == [("UNEXPECTED_CHARACTER", "<"), ("UNCLOSED_TAG", "<!--")]


def test_a_handler_may_hold_what_looks_like_tags() -> None:
    for code in ("return a </Tool>/.test(b);", "return '</Tool>';", "return `<Handler>` + '</Handler';", "// </Tool>"):
        ast, found = parse(f"<P><Tool><Handler>{code}</Handler></Tool></P>")
        assert found == []
        assert [n.text for n in ast.nodes if isinstance(n, RawNode)] == [code]


def test_a_fix_never_ends_the_handler_that_it_mends() -> None:
    (found,) = parse("<P><Handler>a &lt; '&lt;/Handler>'</Handler></P>")[1]
    assert (found.code, found.fix) == ("ESCAPED_HANDLER", None)


def test_too_late_closing_tags_are_forgiven_only_once() -> None:
    assert said("<P><B><A>a</B></A></A></P>") == [("MISMATCHED_TAG", "</B>"), ("MISMATCHED_TAG", "</A>")]


def test_unfinished_braces_are_looked_for_again_only_so_often() -> None:
    source = "<P " + "a={ " * 4_000
    ast, found = parse(source)
    assert not ast.complete
    assert found[-1].code == "LIMIT_DIAGNOSTICS"


def test_a_long_message_names_only_the_beginning() -> None:
    (found,) = parse(f"<P></{'a' * 100_000}></P>")[1]
    assert len(found.message) < 300
    assert len(found.hint) < 300
