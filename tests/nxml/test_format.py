"""The formatter: what its text looks like, and that it says the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nexus_jupyter.errors import DocumentError
from nexus_jupyter.nxml import Limits, Parser, format_document, read
from nexus_jupyter.nxml.equality import same_meaning

CORPUS = Path(__file__).parents[1] / "corpus"
PANELS = sorted((CORPUS / "panels").glob("*.nxml"))
CASES: list[dict[str, Any]] = json.loads((CORPUS / "invalid/cases.json").read_text(encoding="utf-8"))
LOSSES = frozenset(
    (
        *("UNCLOSED_TAG", "MISMATCHED_TAG", "UNTERMINATED_STRING", "UNTERMINATED_EXPRESSION", "UNEXPECTED_CHARACTER"),
        *("DOCTYPE_FORBIDDEN", "LIMIT_SOURCE", "LIMIT_DEPTH", "LIMIT_NODES", "LIMIT_ATTRIBUTES"),
    )
)
quick = settings(suppress_health_check=[HealthCheck.too_slow])


def same(first: str, second: str) -> bool:
    return same_meaning(Parser(first).parse(), Parser(second).parse())


def formatted(source: str) -> str:
    """The canonical text, which says the same and stays as it is."""
    made = format_document(source)
    assert same(source, made)
    assert format_document(made) == made
    return made


def inside(content: str) -> str:
    """The canonical text of what stands in a <View>, without the indent it has there."""
    made = formatted(f"<NexusPanel><View>{content}</View></NexusPanel>")
    head, tail = "<NexusPanel>\n  <View>\n", "\n  </View>\n</NexusPanel>\n"
    assert made.startswith(head)
    assert made.endswith(tail)
    return "\n".join(line.removeprefix("    ") for line in made[len(head) : -len(tail)].split("\n"))


# --- layout ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PANELS, ids=lambda p: p.stem)
def test_the_corpus_keeps_its_meaning(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    made = formatted(source)
    assert [d.code for d in read(source).diagnostics] == [d.code for d in read(made).diagnostics]
    assert made.endswith("</NexusPanel>\n")


def test_a_document_in_one_line_is_laid_out() -> None:
    source = (
        '<?xml version="1.0"?><!-- a --><NexusPanel title="T" id="t"><Data><State type="number" name="n"></State></Data><Logic>'
        "<Tool name='add' description='d'><Handler>$state.n += 1</Handler></Tool></Logic>"
        "<View><Button trigger='add'>  {$state.n}   items </Button></View></NexusPanel>"
    )
    assert formatted(source) == (
        '<?xml version="1.0"?> <!-- a -->\n'
        '<NexusPanel id="t" title="T">\n'
        "  <Data>\n"
        '    <State name="n" type="number" />\n'
        "  </Data>\n"
        "  <Logic>\n"
        '    <Tool name="add" description="d">\n'
        "      <Handler>$state.n += 1</Handler>\n"
        "    </Tool>\n"
        "  </Logic>\n"
        "  <View>\n"
        '    <Button trigger="add">{$state.n} items</Button>\n'
        "  </View>\n"
        "</NexusPanel>\n"
    )


def test_nothing_stays_nothing() -> None:
    assert [formatted(text) for text in ("", " \n\n", "\ufeff")] == ["", "", ""]


def test_a_byte_order_mark_goes() -> None:
    assert formatted("\ufeff<?xml version='1.0'?>\n<A/>") == "<?xml version='1.0'?>\n<A />\n"


def test_attributes_are_ordered_and_unknown_ones_come_last() -> None:
    made = inside('<Button zebra="1" on:press="a" aardvark trigger="t" label="L" id="b" />')
    assert made == '<Button id="b" label="L" trigger="t" on:press="a" zebra="1" aardvark />'


def test_a_repeated_attribute_stays_behind_the_first() -> None:
    assert inside('<Text variant="h1" content="a" variant="h2" />').count('variant="h1" variant="h2"') == 1


@pytest.mark.parametrize(("length", "lines"), [(1, 1), (0, 4)])
def test_a_tag_past_100_columns_has_one_attribute_a_line(length: int, lines: int) -> None:
    tag = '    <Text variant="h1" content="" />'
    made = inside(f'<Text content="{"x" * (101 - length - len(tag))}" variant="h1"/>')
    assert len(made.split("\n")) == lines
    assert made.split("\n")[-1].endswith("/>")


def test_a_value_of_several_lines_keeps_them() -> None:
    assert inside('<Text content="{a\n      + b}" />') == '<Text\n  content="{a\n  + b}"\n/>'


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("'a'", '"a"'),
        ("'say &quot;a&quot;'", "'say \"a\"'"),
        ("'&#39;a&#x27; &apos;'", "\"'a' '\""),
        ("'\"it&apos;s\"'", "'\"it&apos;s\"'"),
        ("'\" &apos;'", '"&quot; \'"'),
        ("'&amp;quot; &lt; < & &nbsp; &#10;&#34;'", "'&amp;quot; &lt; < & &nbsp; &#10;\"'"),
        ('"&#123;{$state.a}&#125;"', '"&#123;{$state.a}&#125;"'),
        ('""', '""'),
    ],
)
def test_quotes_are_chosen_for_the_fewest_references(written: str, canonical: str) -> None:
    assert inside(f"<Text content={written} />") == f"<Text content={canonical} />"


# --- texts -------------------------------------------------------------------------------------------


def test_a_long_text_is_broken_at_its_white_space_and_not_in_expressions() -> None:
    text = "  ".join(["word"] * 12) + " {$state.items.map(item =>   item.name)}-glued&#32;x {{ }} " + "more " * 20
    assert inside(f"<Text variant='h1'>{text}</Text>").split("\n") == [
        '<Text variant="h1">',
        "  word word word word word word word word word word word word",
        "  {$state.items.map(item =>   item.name)}-glued&#32;x {{ }} more more more more more more more",
        "  more more more more more more more more more more more more more",
        "</Text>",
    ]


def test_a_text_with_an_expression_of_several_lines_stands_on_its_own_lines() -> None:
    assert inside("<Text>a {b\n+ c} d</Text>") == "<Text>\n  a {b\n+ c} d\n</Text>"


def test_cdata_and_comments_in_a_text_stay_where_they_are() -> None:
    assert inside("<Text> a<![CDATA[ <b>  ]]>c <!-- d   e -->f </Text>") == "<Text>a<![CDATA[ <b>  ]]>c <!-- d   e -->f</Text>"


def test_a_text_beside_elements_is_not_parted_from_them() -> None:
    made = inside("<Container>a<Divider/>b <Divider/> c<!-- x --><Divider/>" + "word " * 30 + "</Container>").split("\n")
    assert made[:4] == ["<Container>", "  a<Divider />b", "  <Divider />", "  c<!-- x --><Divider />" + "word " * 13 + "word"]
    assert made[-1] == "</Container>"


def test_stray_text_is_kept() -> None:
    assert formatted("a <NexusPanel/> \n\n\n b") == "a\n<NexusPanel />\n\nb\n"


def test_markdown_keeps_its_lines() -> None:
    source = "<Markdown># Title\n\n       - one  \n         - {$state.a +\n 1} two\n\n           code &amp;\n   </Markdown>"
    assert inside(source).split("\n") == [
        "<Markdown>",
        "  # Title",
        "",
        "  - one  ",
        "    - {$state.a +",
        " 1} two",
        "",
        "      code &amp;",
        "</Markdown>",
    ]
    assert inside("<Markdown>\n   *one* line\n</Markdown>") == "<Markdown>*one* line</Markdown>"


@pytest.mark.parametrize(
    "content", ["\n  &#32;a\n &#9; b\n", "\n  <![CDATA[a\n   b]]>\n", "\n   a\n <!-- c -->\n   b", "\n a\n  <Text>  b</Text> c\n"]
)
def test_markdown_whose_indent_is_not_plain_stays_as_it_is(content: str) -> None:
    assert content in formatted(f"<NexusPanel><View><Markdown>{content}</Markdown></View></NexusPanel>")


@pytest.mark.parametrize("name", ["Markdown", "Code", "Handler", "State"])
def test_lines_keep_their_places_to_each_other_whatever_the_indent(name: str) -> None:
    for margin in ("", "   "):
        source = f"<NexusPanel><View><{name}>\n{margin}- a\n{margin}  - b\n</{name}></View></NexusPanel>"
        first, second = (line for line in formatted(source).split("\n") if "- " in line)
        assert second.index("-") == first.index("-") + 2


# --- raw texts ---------------------------------------------------------------------------------------


def handler(code: str) -> str:
    made = formatted(f"<NexusPanel><Logic><Tool><Handler>{code}</Handler></Tool></Logic></NexusPanel>")
    return made.split("<Tool>\n", 1)[1].rsplit("\n    </Tool>", 1)[0]


def test_a_handler_is_indented_outside_its_template_literals() -> None:
    assert handler("\n  if (a) {\n\n     b = `x\n  y ${\n   c }\n`\n  }\n").split("\n") == [
        "      <Handler>",
        "        if (a) {",
        "",
        "           b = `x",
        "  y ${",
        "         c }",
        "`",
        "        }",
        "      </Handler>",
    ]


def test_a_short_handler_stands_in_one_line_and_a_long_one_in_its_own() -> None:
    assert handler("\n\n  a()\n") == "      <Handler>a()</Handler>"
    assert handler("a".ljust(90, "a")) == f"      <Handler>\n        {'a'.ljust(90, 'a')}\n      </Handler>"


def test_an_escaped_handler_stays_as_it_is() -> None:
    assert handler("\n if (a &lt; b) {\n  c() }") == "      <Handler>\n if (a &lt; b) {\n  c() }</Handler>"


def test_a_cdata_wrapper_stays() -> None:
    assert handler(" <![CDATA[ a() ]]> ") == "      <Handler><![CDATA[a()]]></Handler>"
    assert handler("<![CDATA[a()\n b()]]>") == "      <Handler><![CDATA[\n        a()\n        b()\n      ]]></Handler>"
    assert handler("<![CDATA[  ]]>") == "      <Handler />"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("<State>\n</State>", "<State />"),
        ("<State>\n [1,\n  2]</State>", "<State>\n  [1,\n   2]\n</State>"),
        ("<State>\n &#32; a\n   b</State>", "<State>\n &#32; a\n   b</State>"),
        ("<State> a &lt; b </State>", "<State>a &lt; b</State>"),
        ("<Computed> a </Computed>", "<Computed>a</Computed>"),
        ("<Computed>\n   a +\n b </Computed>", "<Computed>\n  a +\n b\n</Computed>"),
    ],
)
def test_the_raw_text_of_data_keeps_its_value(written: str, canonical: str) -> None:
    made = formatted(f"<NexusPanel><Data>{written}</Data></NexusPanel>")
    expected = canonical.replace("\n  ", "\n      ").replace("\n</", "\n    </")
    if "&#32;" in written or "a +" in written:
        expected = canonical.replace("<Computed>\n  a", "<Computed>\n      a").replace("\n</", "\n    </")
    assert made == f"<NexusPanel>\n  <Data>\n    {expected}\n  </Data>\n</NexusPanel>\n"


# --- between things ----------------------------------------------------------------------------------


def test_comments_and_single_blank_lines_stay() -> None:
    source = "<!-- top -->\n\n\n<NexusPanel><!-- in the line -->\n\n<Data>\n<!-- a\n b --></Data> <!-- behind -->\n\n\n<View/>\n\n\n</NexusPanel>\n"
    assert formatted(source).split("\n") == [
        "<!-- top -->",
        "",
        "<NexusPanel> <!-- in the line -->",
        "",
        "  <Data>",
        "    <!-- a",
        " b -->",
        "  </Data> <!-- behind -->",
        "",
        "  <View />",
        "</NexusPanel>",
        "",
    ]


def test_line_ends_are_those_of_the_first_line() -> None:
    lines = "<NexusPanel>\r\n<View>\n<Markdown>a\r\r\nb</Markdown></View></NexusPanel>"
    made = format_document(lines)
    assert made.count("\r\n") == made.count("\n") == 8
    assert format_document(made) == made
    assert same(made.replace("\r\n", "\n"), lines.replace("\r\r\n", "\n").replace("\r\n", "\n"))
    assert "\r" not in format_document("<A>\n</A>\r\n")


# --- what cannot be formatted ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("<NexusPanel>", "UNCLOSED_TAG"),
        ("<NexusPanel></View></NexusPanel>", "MISMATCHED_TAG"),
        ('<NexusPanel id="a>', "UNTERMINATED_STRING"),
        ("<NexusPanel><View><Text>{a</Text></View></NexusPanel>", "UNTERMINATED_EXPRESSION"),
        ("<NexusPanel id=a></NexusPanel>", "UNEXPECTED_CHARACTER"),
        ("<!DOCTYPE x><NexusPanel/>", "DOCTYPE_FORBIDDEN"),
        ("<?xml <NexusPanel/>", "DOCTYPE_FORBIDDEN"),
        ("<NexusPanel>\0</NexusPanel>", "UNEXPECTED_CHARACTER"),
    ],
)
def test_a_document_of_broken_form_is_refused(source: str, code: str) -> None:
    with pytest.raises(DocumentError, match="cannot be formatted without loss before a problem of its form is corrected") as caught:
        format_document(source)
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_several_problems_are_counted() -> None:
    with pytest.raises(DocumentError, match="before 2 problems of its form are corrected"):
        format_document("<NexusPanel></a></b></NexusPanel>")


@pytest.mark.parametrize(
    "limits", [Limits(source=20), Limits(depth=2), Limits(nodes=2), Limits(attributes=1), Limits(diagnostics=1)], ids=str
)
def test_a_document_past_a_limit_is_refused(limits: Limits) -> None:
    with pytest.raises(DocumentError):
        format_document("<NexusPanel><View id='a' key='b'><Text>{}</Text></View></NexusPanel>", limits=limits)


@pytest.mark.parametrize(
    ("source", "limits"),
    [
        ("<A><B><C>" + "<D/>" * 9 + "</C></B></A>", Limits(source=70)),
        ("<A><B><C>" + "<Markdown>a\n" + "b\n" * 30 + "</Markdown></C></B></A>", Limits(source=150)),
        ("<A><B>" + "x" * 99 + " y y</B></A>", Limits(source=120)),
        ("<A><Handler>a\nb\nc</Handler></A>", Limits(handler=12)),
        ("\ufeff\ufeffa", Limits()),
    ],
    ids=["elements", "lines", "words", "handler", "mark"],
)
def test_a_document_that_would_pass_a_limit_with_its_indents_is_refused(source: str, limits: Limits) -> None:
    assert not [p for p in _form(source, limits) if p.startswith("LIMIT")]
    with pytest.raises(DocumentError, match="passes a limit"):
        format_document(source, limits=limits)


def _form(source: str, limits: Limits) -> list[str]:
    parser = Parser(source, limits=limits)
    parser.parse()
    return [d.code for d in parser.problems.diagnostics(str)]


def _source(case: dict[str, Any]) -> str:
    made = case.get("generate")
    if made is None:
        return str(case["source"])
    return f"{made['before']}{made['open'] * made['times']}{made['close'] * made['times']}{made['after']}"


@pytest.mark.parametrize("source", [_source(case) for case in CASES], ids=[case["name"] for case in CASES])
def test_documents_that_mean_nothing_are_formatted_or_refused(source: str) -> None:
    if LOSSES & set(_form(source, Limits())):
        with pytest.raises(DocumentError):
            format_document(source)
    else:
        formatted(source)


# --- any document ------------------------------------------------------------------------------------

SPACES = st.sampled_from(["", " ", "\n", "\n\n\n  ", "\t", " \n   "])
WORDS = st.sampled_from(
    [
        *["word", "&lt;", "&#32;", "&amp;quot;", "&#123;", "&nbsp;", "<", "&", "{{", "}}", "}", "é🙂", "\u00a0", "{$state.a}"],
        *["{a ? `x\n ${b}` : /}/}", "{'}'}", "<!-- no  te -->", "<!--\n-->", "<![CDATA[ <b> {c} ]]>", "<![CDATA[]]>", "word word " * 8],
    ]
)
TEXTS = st.lists(st.tuples(SPACES, WORDS).map("".join), max_size=6).flatmap(lambda words: SPACES.map(lambda end: "".join(words) + end))
VALUES = st.lists(
    st.sampled_from(["a", " ", "\n", "'", '"', "&quot;", "&apos;", "&#39;", "&amp;", "&", "<", "{b}", "{{", "}", "&#123;", "long " * 10]),
    max_size=5,
).map("".join)
CODE = st.lists(
    st.sampled_from(
        [
            "a()",
            "\n",
            "  ",
            "\t",
            "`x\n  y`",
            "// it's\n",
            "/* ` */",
            "if (b) {\n",
            "}\n",
            "&lt;",
            "c &amp;&amp; d",
            "'`'",
            "<![CDATA[",
            "]]>",
        ]
    ),
    max_size=8,
).map("".join)


def _attribute(name: str, value: str | None) -> str:
    if value is None:
        return name
    quote = '"' if '"' not in value else "'"
    return f"{name}={quote}{value.replace(quote, '&quot;' if quote == chr(34) else '&apos;')}{quote}"


ATTRIBUTES = st.lists(
    st.tuples(SPACES, st.builds(_attribute, st.sampled_from(["id", "label", "on:press", "args", "key", "odd"]), st.none() | VALUES)).map(
        lambda pair: " " + pair[0] + pair[1]
    ),
    max_size=4,
).map("".join)
NAMES = st.sampled_from(["View", "Layout", "Text", "Button", "Data", "Odd"])


def _element(name: str, attributes: str, content: str, short: bool) -> str:
    return f"<{name}{attributes} />" if short else f"<{name}{attributes}>{content}</{name}>"


LEAVES = st.one_of(
    st.builds(_element, NAMES, ATTRIBUTES, TEXTS, st.booleans()),
    st.builds(_element, st.sampled_from(["Markdown", "Code"]), ATTRIBUTES, TEXTS, st.just(False)),
    st.builds(_element, st.sampled_from(["Handler", "State", "Computed"]), ATTRIBUTES, CODE, st.just(False)),
)
CONTENTS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        _element,
        st.one_of(NAMES, st.just("Markdown")),
        ATTRIBUTES,
        st.lists(st.one_of(inner, TEXTS), max_size=4).map("".join),
        st.just(False),
    ),
    max_leaves=8,
)
DOCUMENTS = st.tuples(st.sampled_from(["", '<?xml version="1.0"?>', "\n"]), TEXTS, CONTENTS, TEXTS).map("".join)


@quick
@given(DOCUMENTS)
def test_any_document_of_good_form_is_formatted(source: str) -> None:
    if LOSSES & set(_form(source, Limits())):
        with pytest.raises(DocumentError):
            format_document(source)
    else:
        formatted(source)


@quick
@given(DOCUMENTS)
@example("<Markdown><View>word<!--\n--></View><View id id></View></Markdown>")  # problems of a text whose nodes are not those of the source
def test_line_ends_do_not_matter(source: str) -> None:
    if not LOSSES & set(_form(source, Limits())) and "\n" in source:
        made = format_document(source.replace("\n", "\r\n"))
        assert made == format_document(source).replace("\n", "\r\n")


@quick
@given(st.text(st.sampled_from(list("<>/{}`'\"&;= \n\r\taA!-[]")) | st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_formatted_or_refused(source: str) -> None:
    try:
        made = format_document(source)
    except DocumentError:
        return
    assert format_document(made) == made


@pytest.mark.parametrize(
    "source",
    [
        "<A>" + "{" * 100_000,
        "<A>" + "<" * 60_000 + "</A>",
        "<A>" + "a\r" * 100_000 + "</A>",
        "<A " + "a " * 400 + "/>" + "\r" * 300_000,
        "<Markdown>" + "\n" * 300_000 + "</Markdown>",
        "<Handler>" + "`\n" * 30_000 + "</Handler>",
        "<A>" * 150 + "a " * 60_000 + "</A>" * 150,
        "<A>" * 150 + "<Markdown>" + "a\n" * 60_000 + "</Markdown>" + "</A>" * 150,
        "<A>" + "<B/>" * 6_000 + "</A>",
    ],
    ids=["braces", "angles", "returns", "attributes", "breaks", "templates", "deep words", "deep lines", "many"],
)
def test_hostile_documents_end(source: str) -> None:
    try:
        format_document(source)
    except DocumentError:
        return


def test_a_form_feed_is_no_indent() -> None:
    source = "<NexusPanel><View><Code>\n\fa</Code></View></NexusPanel>"
    made = format_document(source)
    assert "<Code>\n      \fa\n    </Code>" in made
    assert format_document(made) == made
