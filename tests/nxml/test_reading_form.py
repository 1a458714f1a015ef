"""The form of documents: tags, attributes, text, white space, and going on after a problem."""

from __future__ import annotations

import json

import pytest

from nexus_jupyter.diagnostics import errors_of
from nexus_jupyter.nxml import Element, Lexer, Limits, NexusPanelAST, Parser, Program, TextNode, load_program, read
from nexus_jupyter.nxml.tokens import StartTag


def codes(source: str, limits: Limits | None = None) -> list[tuple[str, int]]:
    reading = read(source) if limits is None else read(source, limits=limits)
    return [(d.code, d.span.line) for d in errors_of(reading.diagnostics)]


def view(inner: str) -> str:
    return f"<NexusPanel><View>{inner}</View></NexusPanel>"


def root(source: str) -> Element:
    panel = read(source).ast.panel
    assert panel is not None
    return panel


def first_component(inner: str) -> Element:
    return next(next(root(view(inner)).elements("View")).elements())


def test_attributes_take_either_quote_and_keep_line_breaks() -> None:
    panel = root('<NexusPanel title=\'a "b"\' description="c\nd" author>x</NexusPanel>')
    assert panel.text("title") == 'a "b"'
    assert panel.text("description") == "c\nd"
    assert panel.attributes["author"].value is None


def test_operators_need_no_escaping_in_attributes() -> None:
    element = first_component('<If condition="$state.a && $state.b < 3 &lt; 4"/>')
    expression = element.attributes["condition"].expression
    assert expression is not None
    assert expression.source == "$state.a && $state.b < 3 < 4"


def test_only_the_xml_references_are_decoded() -> None:
    element = first_component("<Text>&lt;&#65;&#x42;&amp;lt; &copy; &#0; &#xD800; &#1114112; a & b</Text>")
    text = next(element.texts())
    assert text.parts == ("<AB&lt; &copy; &#0; &#xD800; &#1114112; a & b",)


def test_braces_from_references_are_literal() -> None:
    assert next(first_component("<Text>&#123;a&#125; {{b}} } {c}</Text>").texts()).parts[0] == "{a} {b} } "


def test_comparisons_in_text_expressions_are_no_tags() -> None:
    (part,) = next(first_component("<Text>{a <b && c}</Text>").texts()).parts
    assert not isinstance(part, str)
    assert part.source == "a <b && c"


def test_comments_cdata_and_declaration() -> None:
    source = (
        '\ufeff<?xml version="1.0"?><!-- a -- <b> -->\n<NexusPanel><View><Text>x<!-- c --><![CDATA[ <y> & {1}]]></Text></View></NexusPanel>'
    )
    assert codes(source) == []
    element = next(next(root(source).elements("View")).elements())
    assert [p if isinstance(p, str) else p.source for t in element.texts() for p in t.parts] == ["x", " <y> & ", "1"]


def test_a_handler_is_raw_up_to_its_own_closing_tag() -> None:
    source = (
        '<NexusPanel><Logic><Tool name="t" description="d"><Handler>if (a </x>/.y) "</Handle>" <b </Handler >\n</Tool></Logic></NexusPanel>'
    )
    assert codes(source) == []
    handler = next(next(next(root(source).elements("Logic")).elements()).elements("Handler"))
    assert handler.raw is not None
    assert handler.raw.text == 'if (a </x>/.y) "</Handle>" <b'


def test_handlers_lose_their_indent_outside_templates() -> None:
    body = "\n    a(`\n  kept\n    `);\n      b();\n    c();\n  "
    source = f'<NexusPanel><Logic><Tool name="t" description="d"><Handler>{body}</Handler></Tool></Logic></NexusPanel>'
    handler = next(next(next(root(source).elements("Logic")).elements()).elements("Handler"))
    assert handler.raw is not None
    assert handler.raw.text == "a(`\n  kept\n    `);\n  b();\nc();"
    assert handler.raw.indent == "    "
    assert (handler.raw.span.line, handler.raw.span.column) == (2, 5)


def test_state_and_computed_text_is_raw_and_decoded() -> None:
    source = '<NexusPanel><Data><State name="a" type="list">[1, &lt;2]</State><Computed name="b"> { $state.a < 3 } </Computed></Data></NexusPanel>'
    data = next(root(source).elements("Data"))
    state, computed = data.elements()
    assert state.raw is not None
    assert state.raw.text == "[1, <2]"
    assert computed.raw is not None
    assert computed.raw.expression is not None
    assert computed.raw.expression.source == "$state.a < 3"
    assert source[computed.raw.expression.span.start : computed.raw.expression.span.end] == "$state.a < 3"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<NexusPanel>\n<View>\n<Layout>\n<Text>a\n</View></NexusPanel>", [("MISMATCHED_TAG", 5)]),
        ("<NexusPanel>\n</Layout>\n</NexusPanel>", [("MISMATCHED_TAG", 2)]),
        ("<NexusPanel>\n<View>\n<Text>a", [("UNCLOSED_TAG", 3)]),
        ("<NexusPanel>\n<View", [("UNCLOSED_TAG", 2)]),
        ("<NexusPanel>\n<View></View></NexusPanel", [("UNCLOSED_TAG", 1)]),
        ("<NexusPanel>\n<!-- a", [("UNCLOSED_TAG", 2)]),
        ('<NexusPanel>\n<State name="a', [("UNTERMINATED_STRING", 2)]),
        (
            "<NexusPanel><View><Text>{a</Text>\n<Text>{b</Text></View></NexusPanel>",
            [("UNTERMINATED_EXPRESSION", 1), ("UNTERMINATED_EXPRESSION", 2)],
        ),
        (view("<Text>{'a</Text>"), [("UNTERMINATED_EXPRESSION", 1)]),
        (view("<Text>{`a</Text>"), [("UNTERMINATED_EXPRESSION", 1)]),
        (view("<Text>{/* a</Text>"), [("UNTERMINATED_EXPRESSION", 1)]),
        (view('<Text content="{a"/>'), [("UNTERMINATED_EXPRESSION", 1)]),
        (view('<If condition="{a"/>'), [("UNTERMINATED_EXPRESSION", 1)]),
        (view("<Text>{}</Text>"), [("JS_SYNTAX", 1)]),
        (view("<Text>{ /* nothing */ }</Text>"), [("JS_SYNTAX", 1)]),
        ("<NexusPanel title=a></NexusPanel>", [("UNEXPECTED_CHARACTER", 1)]),
        ("<NexusPanel title=></NexusPanel>", [("UNEXPECTED_CHARACTER", 1)]),
        ('<NexusPanel ="x"></NexusPanel>', [("UNEXPECTED_CHARACTER", 1)]),
        ("<NexusPanel\n<View></View></NexusPanel>", [("UNEXPECTED_CHARACTER", 2)]),
        ("<NexusPanel></NexusPanel x>", [("UNEXPECTED_CHARACTER", 1)]),
        ("<NexusPanel></NexusPanel>\0", [("UNEXPECTED_CHARACTER", 1), ("UNEXPECTED_TEXT", 1)]),
        ("<?php x ?><NexusPanel/>", [("DOCTYPE_FORBIDDEN", 1)]),
        ("<!DOCTYPE x [<!ENTITY a ']>'><!-- don't > -->]>\n<NexusPanel/>", [("DOCTYPE_FORBIDDEN", 1)]),
        ("<NexusPanel/>\n<NexusPanel/>", [("MISPLACED_ELEMENT", 2)]),
        ("<NexusPanel/>\nx", [("UNEXPECTED_TEXT", 2)]),
        ("just text", [("WRONG_ROOT", 1)]),
        ("<Panel>\n<a b=c d='", [("WRONG_ROOT", 1)]),
        (" \n ", [("WRONG_ROOT", 1)]),
    ],
)
def test_problems_of_form(source: str, expected: list[tuple[str, int]]) -> None:
    assert codes(source) == expected


def test_what_stands_before_a_break_is_still_checked() -> None:
    assert codes('<NexusPanel><Data><State name="1" type="number"/></Data><View><Text id="') == [
        ("INVALID_IDENTIFIER", 1),
        ("UNTERMINATED_STRING", 1),
    ]


def test_what_is_cut_off_is_not_missed() -> None:
    """A tool that the rest of the document might declare, a handler that might follow, are not reported."""
    assert codes(
        '<NexusPanel><View><Button label="x" trigger="later"/></View><Logic><Tool name="a"><Arg name="b" type="any" default="'
    ) == [("UNTERMINATED_STRING", 1)]


def test_limits_have_codes_of_their_own() -> None:
    assert codes("x" * 21, Limits(source=20)) == [("LIMIT_SOURCE", 1)]
    assert codes("<NexusPanel><Data/><Logic/></NexusPanel>", Limits(nodes=2)) == [("LIMIT_NODES", 1)]
    assert codes("<NexusPanel><View><Text>a</Text></View></NexusPanel>", Limits(depth=2)) == [("LIMIT_DEPTH", 1)]
    assert codes('<NexusPanel id="a" title="b" icon="c"/>', Limits(attributes=2)) == [("LIMIT_ATTRIBUTES", 1)]
    handler = '<NexusPanel><Logic><Tool name="t" description="d"><Handler>abcdef</Handler></Tool></Logic></NexusPanel>'
    assert codes(handler, Limits(handler=5)) == [("LIMIT_HANDLER", 1)]
    assert codes(view("<Text>{abcdef}</Text>"), Limits(expression=5)) == [("LIMIT_EXPRESSION", 1)]
    assert codes(view("</a></a></a>"), Limits(diagnostics=2)) == [("MISMATCHED_TAG", 1), ("MISMATCHED_TAG", 1), ("LIMIT_DIAGNOSTICS", 1)]


def test_the_deepest_allowed_document_reads_compiles_and_round_trips() -> None:
    source = view("<Layout>" * 198 + "</Layout>" * 198)
    program, _ = load_program(source)
    assert Program.model_validate(json.loads(program.model_dump_json())) == program
    assert codes(view("<Layout>" * 199 + "</Layout>" * 199)) == [("LIMIT_DEPTH", 1)]
    assert codes(view("<Layout>" * 100_000)) == [("LIMIT_DEPTH", 1)]


def test_fixes_remove_the_problem() -> None:
    for source in (
        "<NexusPanel title='a' title='b'/>",
        view("<Layout><Text>a</Layout>"),
        view("<Buton label='x'/>"),
        '<NexusPanel><Logic><Tool name="t" description="d"><Handler>a &lt; b</Handler></Tool></Logic></NexusPanel>',
    ):
        reading = read(source)
        fix = next(d.fix for d in reading.diagnostics if d.fix is not None)
        mended = source[: fix.span.start] + fix.replacement + source[fix.span.end :]
        assert [d for d in read(mended).diagnostics if d.fix is not None] == []
        assert read(mended).ok


def test_the_tree_round_trips_and_knows_its_paths() -> None:
    source = '<NexusPanel><Data><State name="a" type="any"/><State name="b" type="any"/></Data><View><!-- c --><Text>{1}</Text></View></NexusPanel>'
    ast = read(source).ast
    again = NexusPanelAST.model_validate_json(ast.model_dump_json())
    assert again == ast
    assert again.panel is not None
    states = list(next(again.panel.elements("Data")).elements())
    assert [again.path(s.id) for s in states] == ["NexusPanel/Data/State", "NexusPanel/Data/State[2]"]
    assert any(isinstance(n, TextNode) for n in ast.nodes)
    with pytest.raises(TypeError, match="not an element"):
        again.element(next(n.id for n in ast.nodes if n.kind == "comment"))


def test_lexer_and_parser_stand_alone() -> None:
    assert [t.name for t in Lexer("<a b='c'/>").tokens() if isinstance(t, StartTag)] == ["a"]
    assert Parser("<NexusPanel/>").parse().panel is not None
