"""When two documents say the same."""

from __future__ import annotations

import pytest

from nexus_jupyter.nxml import Parser, same_meaning


def same(first: str, second: str) -> bool:
    return same_meaning(Parser(first).parse(), Parser(second).parse())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("<A x='1' y='&lt;'/>", '<A y="&lt;"\n x="1"></A>'),
        ("<A x='<'/>", "<A x='&lt;'/>"),
        ("<Text> a  {b} <!-- c --> </Text>", "<Text>a\n{b} <!-- c --></Text>"),
        ("<Text>a < b</Text>", "<Text><![CDATA[a < b]]></Text>"),
        ("<Markdown>\n  a\n   b</Markdown>", "<Markdown>\n\n a\n  b </Markdown>"),
        ("<Handler>\n  a\n   b</Handler>", "<Handler><![CDATA[\n a\n  b\n]]></Handler>"),
        ("<Computed> a </Computed>", "<Computed>a</Computed>"),
        ("<A><B/>c <B/></A>", "<A> <B/>c\n<B/></A>"),
    ],
)
def test_what_the_language_reads_away_makes_no_difference(first: str, second: str) -> None:
    assert same(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("<A/>", "<B/>"),
        ("<A><B/><C/></A>", "<A><B><C/></B></A>"),
        ("<A/>", "<A>"),
        ("<A x='1'/>", "<A x='2'/>"),
        ("<A x/>", "<A x='true'/>"),
        ("<View><A x='{a}'/></View>", "<A x='{a}'/>"),
        ("<A><View><B x='&#123;a}'/></View></A>", "<A><View><B x='{a}'/></View></A>"),
        ("<A><View><B x='{a'/></View></A>", "<A><View><B x='{a}'/></View></A>"),
        ("<Text>a {b}</Text>", "<Text>a{b}</Text>"),
        ("<Text>{a}</Text>", "<Text>{{a}}</Text>"),
        ("<Text>{a  +b}</Text>", "<Text>{a +b}</Text>"),
        ("<Text>{a</Text>", "<Text></Text>"),
        ("<A><B/>c</A>", "<A><B/> c</A>"),
        ("<A><!-- a --></A>", "<A><!--a--></A>"),
        ("<A><!-- a --> b</A>", "<A> b <!-- a --></A>"),
        ("<Markdown>\n  a\n   b</Markdown>", "<Markdown>a\nb</Markdown>"),
        ("<Handler>\n`\n  a`</Handler>", "<Handler>`\na`</Handler>"),
        ("<Computed>a </Computed>", "<Computed>'a'</Computed>"),
        ("<State>a</State>", "<Handler>a</Handler>"),
    ],
)
def test_everything_else_does(first: str, second: str) -> None:
    assert not same(first, second)
    assert same(first, first)
