"""Every place is exact: offsets, lines and columns in code points, whatever stands before."""

from __future__ import annotations

import pytest

from nexus_jupyter.diagnostics import LineIndex, Span
from nexus_jupyter.nxml import Attribute, CommentNode, ElementNode, Expression, NexusPanelAST, Parser, RawNode, TextNode
from nexus_jupyter.nxml.defaults import default_text, one_expression

# The same content behind line ends, tabs, characters of four bytes, references.
BEFORE = ["", "\n", "\r\n\r\n", "\t\t", "<!-- 🙂é -->", "<?xml version='1.0'?>\n", "\ufeff \n"]


def at(source: str, span: Span) -> str:
    """The text at a place, whose line and column are checked on the way."""
    lines = source[: span.start].split("\n")
    assert (span.line, span.column) == (len(lines), len(lines[-1]) + 1)
    return source[span.start : span.end]


def one(ast: NexusPanelAST, name: str) -> ElementNode:
    return next(n for n in ast.nodes if isinstance(n, ElementNode) and n.name == name)


def attribute(source: str, written: str) -> tuple[str, Attribute]:
    source = source.replace("§", f"<P><View><Text {written} /></View></P>")
    return source, one(Parser(source).parse(), "Text").attributes[0]


@pytest.mark.parametrize("before", BEFORE)
def test_elements_texts_comments_and_raw_texts(before: str) -> None:
    source = f"{before}<P a='🙂'>\r\n\t<View><Text>\t🙂 a &lt; {{ b }}\r\n</Text><!-- c\n --></View><Handler> \n  a;\n  b\n</Handler></P >"
    ast = Parser(source).parse()
    root = next(n for n in ast.nodes if isinstance(n, ElementNode))
    assert at(source, root.span) == source[source.index("<P ") :]
    assert at(source, root.open_span) == "<P a='🙂'>"
    assert at(source, one(ast, "Text").span) == source[source.index("<Text>") : source.index("<!-- c")]
    text = next(n for n in ast.nodes if isinstance(n, TextNode))
    assert at(source, text.span) == "🙂 a &lt; { b }"
    assert [at(source, p.span) for p in text.parts if isinstance(p, Expression)] == ["b"]
    assert at(source, next(n for n in ast.nodes if isinstance(n, CommentNode) and n.text.startswith(" c")).span) == "<!-- c\n -->"
    raw = next(n for n in ast.nodes if isinstance(n, RawNode))
    assert (raw.text, raw.indent, at(source, raw.span)) == ("a;\nb", "  ", "a;\n  b")


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize(
    ("written", "value", "expressions"),
    [
        ("title='a'", "a", []),
        ('title="a\n{ $state.a }b{c}"', "a\n{ $state.a }b{c}", ["$state.a", "c"]),
        ("title = '🙂&lt;{&quot;}&quot; + a}'", '🙂<{"}" + a}', ["&quot;}&quot; + a"]),
        ("title='\t{\r\n a &amp;&amp; b\r\n}'", "\t{\r\n a && b\r\n}", ["a &amp;&amp; b"]),
        ("title='&#123;a} {b}'", "{a} {b}", ["b"]),
        ("bind=' $state.a '", " $state.a ", ["$state.a"]),
        ("bind='{ $state.🙂 }'", "{ $state.🙂 }", ["$state.🙂"]),
        ("args='{ id: 1 }'", "{ id: 1 }", ["{ id: 1 }"]),
        ("key='{a}'", "{a}", ["a"]),
        ("hidden", None, []),
    ],
)
def test_attributes_and_their_expressions(before: str, written: str, value: str | None, expressions: list[str]) -> None:
    source, found = attribute(f"{before}§", written)
    assert found.value == value
    assert at(source, found.span) == written
    assert at(source, found.name_span) == written.split("=")[0].strip()
    assert at(source, found.value_span) == (written if value is None else written.split(written[-1], 1)[1][:-1])
    assert [at(source, p.span) for p in found.parts if isinstance(p, Expression)] == expressions


@pytest.mark.parametrize(
    ("inside", "text", "place"),
    [
        ("<State> [1,\n2] </State>", "[1,\n2]", "[1,\n2]"),
        ("<State>&#32;&lt;a </State>", "<a", "&#32;&lt;a"),
        ("<State><![CDATA[ a ]]></State>", "a", "a"),
        ("<Computed> { a } </Computed>", "{ a }", "{ a }"),
        ("<Computed>&#x20;a</Computed>", "a", "&#x20;a"),
        ("<Handler><![CDATA[\n\ta\n\t b]]></Handler>", "a\n b", "a\n\t b"),
        ("<Handler>a &lt; b</Handler>", "a < b", "a &lt; b"),
        ("<Handler>\r\n  a\r\n</Handler>", "a", "a"),
    ],
)
def test_raw_texts(inside: str, text: str, place: str) -> None:
    source = f"🙂<P>{inside}</P>"
    ast = Parser(source).parse()
    raw = next(n for n in ast.nodes if isinstance(n, RawNode))
    assert (raw.text, at(source, raw.span)) == (text, place)


@pytest.mark.parametrize(
    ("written", "place"), [("{1 + 1}", "1 + 1"), (" { a &lt; 1 } ", "a &lt; 1"), ("{ &quot;&amp;&quot;}", "&quot;&amp;&quot;")]
)
def test_expressions_that_are_defaults(written: str, place: str) -> None:
    for source in (f"🙂\n<State default='{written}'/>", f"<State>{written}</State>"):
        panel = Parser(source).parse().panel
        assert panel is not None
        found = default_text(panel)
        assert found is not None
        expression = one_expression(*found)
        assert expression is not None
        assert at(source, expression.span) == place
    assert one_expression("{ }", Span(start=0, end=3, line=1, column=1)) is None


@pytest.mark.parametrize("inside", ["<Handler></Handler>", "<State> \n</State>", "<Handler> <![CDATA[ ]]> </Handler>", "<Computed />"])
def test_raw_elements_without_text_have_no_node(inside: str) -> None:
    assert not any(isinstance(n, RawNode) for n in Parser(f"<P>{inside}</P>").parse().nodes)


def test_the_place_of_what_is_outside_the_text_is_at_its_end() -> None:
    index = LineIndex("a\nb")
    assert index.span(-1, 9) == Span(start=0, end=3, line=1, column=1)
    assert index.span(9, 2) == Span(start=3, end=3, line=2, column=2)


def test_values_made_unchecked_equal_those_that_were_checked() -> None:
    ast = Parser("<P a='b'><!-- c --><View><Text>{a} b</Text></View><Handler>a</Handler></P>").parse()
    checked = NexusPanelAST.model_validate(ast.model_dump())
    assert checked == ast
    assert checked.model_dump_json() == ast.model_dump_json()
    for mine, theirs in zip(ast.nodes, checked.nodes, strict=True):
        assert (mine.__dict__, mine.model_fields_set) == (theirs.__dict__, theirs.model_fields_set)
        assert list(mine.__dict__) == list(type(mine).model_fields)
        copy = mine.model_copy(update={"id": 7})
        assert (copy.id, repr(mine)) == (7, repr(theirs))
        with pytest.raises(ValueError, match="frozen"):
            setattr(mine, "id", 3)  # noqa: B010
