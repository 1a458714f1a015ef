"""Where expressions end: strings, templates, comments, regular expressions, references."""

from __future__ import annotations

import pytest

from nexus_jupyter.nxml.handlers import is_empty, unescaped
from nexus_jupyter.nxml.javascript import ending, lexemes

CLOSED = [
    "a}",
    "'}'}",
    '"}\\"}"}',
    "`}`}",
    "`${`}`}`}",
    "`${{a: '}'}.a}`}",
    "`\\${`}",
    "/* } */ a}",
    "// }\na}",
    "/}/.test(a)}",
    "/[}/]}/.test(a)}",
    "/\\/}/}",
    "a / b / c}",
    "(a) / 2}",
    "a[0] / 2}",
    "a++ / 2}",
    "1 / 2}",
    "1. / 2}",
    "x.return / 2}",
    "typeof /}/}",
    "() => { if (a) /}/.test(b); }}",
    "() => { {} /}/.test(b); }}",
    "({}) / 2}",
    "{} / 2}",
    "a ? /}/ : 1}",
    "[/}/]}",
    "f(/}/)}",
    "((}",
    "('}' + (}",
    "a?.b / 2}",
    "a?.5:1}",
    "(function* () { yield /}/ })}",
    "() => { for (const x of /}/[Symbol.split]('')) {} }}",
    "of / of}",
    "'a\\\n}'}",
    "`a\n}\n`}",
    "=> {}}",
]


@pytest.mark.parametrize("text", CLOSED)
def test_an_expression_ends_at_its_own_brace(text: str) -> None:
    assert ending(text + " tail }", 0, len(text) + 7) == ("brace", len(text) - 1, -1)


@pytest.mark.parametrize(("text", "broken"), [("a", -1), ("'}", 0), ("`}", 0), ("/* }", 0), ("a; /}", 3), ("`${`}", 3), ("{}", -1)])
def test_an_expression_without_end_says_what_is_unfinished(text: str, broken: int) -> None:
    assert ending(text, 0, len(text)) == ("text", len(text), broken)


def test_a_closing_tag_in_the_code_ends_an_expression_in_text() -> None:
    text = "a < b </Text>"
    assert ending(text, 0, len(text), markup=True) == ("markup", 6, -1)
    assert ending("'</Text>'}", 0, 10, markup=True).reason == "brace"
    assert ending("a </re/.x}", 0, 10).reason == "brace"


@pytest.mark.parametrize("text", ["f(&quot;}&quot;)}", "&apos;}&apos;}", "a &lt; b}", "&#125;}", "&#x60;}&#96;}", "'\\&apos;}'}"])
def test_references_count_as_the_characters_they_stand_for(text: str) -> None:
    assert ending(text, 0, len(text), references=True) == ("brace", len(text) - 1, -1)


def test_nothing_follows_a_closing_tag_in_the_code() -> None:
    assert [x.kind for x in lexemes("a </b> c", 0, 8, markup=True)] == ["word", "markup"]


def test_lexemes_cover_all_but_white_space() -> None:
    text = "const a = `x ${b + /r/.test('s')} y`; // end"
    pieces = [(x.kind, text[x.start : x.end]) for x in lexemes(text, 0, len(text))]
    assert "".join(t for _, t in pieces).replace(" ", "") == text.replace(" ", "")
    assert ("regex", "/r/") in pieces
    assert ("template", "`x ${") in pieces
    assert ("template", "} y`") in pieces


@pytest.mark.parametrize(
    ("code", "plain"),
    [
        ("if (a &lt; 3 &amp;&amp; b) c();", "if (a < 3 && b) c();"),
        ("log(&quot;x&quot;)", 'log("x")'),
        ("a =&gt; a", "a => a"),
        ('a &lt; "&gt;"', 'a < ">"'),
        ("x = {lt: 1}; a &lt; b", "x = {lt: 1}; a < b"),
        ("x.lt; a &lt; b", "x.lt; a < b"),
    ],
)
def test_escaped_handlers_are_decoded(code: str, plain: str) -> None:
    assert unescaped(code) == plain


@pytest.mark.parametrize(
    "code",
    ["return '&lt;'", "// &lt;\na", "/&lt;/", "`&lt;`", "const lt = 1; return a &lt;", "a & lt;", "a &copy; b", "a && b", "a &#60; b"],
)
def test_handlers_with_entities_in_their_data_are_left_alone(code: str) -> None:
    assert unescaped(code) is None


def test_code_behind_a_brace_that_closes_nothing_is_looked_at_too() -> None:
    assert unescaped("} a &lt; b") == "} a < b"
    assert not is_empty(";} x")


@pytest.mark.parametrize("text", ["'a\\", "/a\\", "`a\\", "'a\n'b\n", "`${'"])
def test_what_ends_within_an_escape_or_twice_has_no_end(text: str) -> None:
    assert ending(text, 0, len(text)).reason == "text"


def test_references_within_regular_expressions_and_templates() -> None:
    for text in ("/[&#x5D;}]/.x}", "`&amp;${a}`}", "a &lt;/b}/.x}", "/a&lt;}/}", "'\\&lt;}'}"):
        assert ending(text, 0, len(text), references=True, markup=True).reason == "brace", text


def test_a_handler_of_comments_is_empty() -> None:
    assert is_empty(" /* later */ ; // soon")
    assert not is_empty("} x")
    assert not is_empty("''")


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\u2029"])
def test_a_comment_ends_where_the_engine_ends_it(end: str) -> None:
    code = f"// nothing{end}run()"
    assert [(found.kind, code[found.start : found.end]) for found in lexemes(code, 0, len(code))][:2] == [
        ("comment", "// nothing"),
        ("word", "run"),
    ]
