"""Whatever the text: reading never raises, takes linear time, and its results hold together."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.documents import FAMILIES, NO_LIMITS
from nexus_jupyter.diagnostics import render_html, render_text
from nexus_jupyter.nxml import DEFAULT_LIMITS, Limits, NexusPanelAST, Program, compile_program, read, read_afresh
from nexus_jupyter.nxml.ast import ElementNode, Expression, RawNode, TextNode
from nexus_jupyter.nxml.whitespace import with_indent, without_indent

PANELS = [p.read_text(encoding="utf-8") for p in sorted((Path(__file__).parents[1] / "corpus/panels").glob("*.nxml"))]
PIECES = [
    *["<NexusPanel>", "</NexusPanel>", "<Data>", "</Data>", "<Logic>", "</Logic>", "<View>", "</View>", "<Layout>", "</Layout>", "<"],
    *["<State name='a' type='number' default='", "'/>", '"', "'", "{", "}", "{{", "`", "${", "/*", "*/", "//", "/", "[", "]", "\n", " "],
    *["<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE x [", "<?x", "?>", "&lt;", "&#125;", "&", "<Handler>", "</Handler>", "</", ">", "="],
    *["<Tool name='t'>", "</Tool>", "<Iterate items='$state.a' as='", "<Input bind='$state.", "<Text ", "</Text>", "key=", "\0", "\ud800"],
    *["<If condition=", "<Else/>", "<Empty>", "trigger='t'", "$state.a", "a", "1", ";", "style='", "on:press=", "\r\n", "é", "🙂"],
]
quick = settings(suppress_health_check=[HealthCheck.too_slow])


def holds_together(source: str) -> None:
    reading = read_afresh(source)
    ast = reading.ast
    assert NexusPanelAST.model_validate_json(ast.model_dump_json()) == ast
    for number, node in enumerate(ast.nodes):
        assert node.id == number
        assert 0 <= node.span.start <= node.span.end <= len(source)
        assert node.parent is None or node.id in _children(ast, node.parent)
    for diagnostic in reading.diagnostics:
        assert diagnostic.span.end <= len(source)
        assert source.count("\n", 0, diagnostic.span.start) == diagnostic.span.line - 1
    render_text(source, reading.diagnostics)
    render_html(source, reading.diagnostics)
    if reading.ok:
        program = compile_program(ast)
        assert Program.model_validate(json.loads(program.model_dump_json())) == program


def _children(ast: NexusPanelAST, number: int) -> tuple[int, ...]:
    node = ast.nodes[number]
    assert isinstance(node, ElementNode)
    return node.children


@quick
@given(st.text())
def test_any_text_is_read(source: str) -> None:
    holds_together(source)


@quick
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_pieces_of_the_language_are_read(source: str) -> None:
    holds_together(source)
    holds_together(f"<NexusPanel><View><Text>{source}</Text></View></NexusPanel>")


@quick
@given(
    st.sampled_from(PANELS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(["", *PIECES])), min_size=1, max_size=4),
)
def test_mutated_panels_are_read(panel: str, edits: list[tuple[float, int, str]]) -> None:
    for where, cut, insert in edits:
        at = int(where * len(panel))
        panel = panel[:at] + insert + panel[at + cut :]
    holds_together(panel)


@quick
@given(st.text(st.characters(exclude_characters="<&\0\r", codec="utf-8"), max_size=60))
def test_text_survives_escaping(text: str) -> None:
    """Braces doubled and the rest escaped, any text comes out as it went in, white space collapsed."""
    escaped = text.replace("{", "{{").replace("}", "}}")
    reading = read(f"<NexusPanel><View><Text>{escaped}</Text></View></NexusPanel>")
    assert reading.ok
    (element,) = [n for n in reading.ast.nodes if isinstance(n, ElementNode) and n.name == "Text"]
    parts = [p for i in element.children if isinstance(n := reading.ast.nodes[i], TextNode) for p in n.parts]
    wanted = "" if not text.strip(" \t\n\f") else text
    assert "".join(p for p in parts if isinstance(p, str)) == wanted


@quick
@given(st.text(st.sampled_from("ab \t\n`${}'/*"), max_size=60))
def test_dedenting_code_keeps_its_lines_and_can_be_undone(code: str) -> None:
    clean = without_indent(code, code=True)
    assert without_indent(f"\n{clean.text}", code=True).indent == "", "on lines of its own nothing is left to take away"
    restored = with_indent(clean.text, clean.indent)
    for restored_line, line in zip(restored.split("\n"), code[clean.start :].split("\n"), strict=False):
        assert restored_line.rstrip() == line.rstrip()


FULL = os.environ.get("NEXUS_FULL") == "1"

UNITS = [
    "<",
    "</a>",
    "<a/>",
    "<!--",
    "<?",
    "<!D[",
    "{",
    "{`",
    "{/*</a>",
    "{'</a>",
    "{/[</a>",
    "{`${",
    "&",
    "{'\n",
    "<a b='x' ",
    "<State>",
    "</Handler ",
    "{//</a>\n",
    "<a b={",
    "<a b={'",
    '<a b="c d=',
    '<a b="c"d=\'',
    "<a <!-- ",
    "<Handler>",
    "<Handler>`</a>",
    "<State><",
    "<State ><State b=",
    "</a",
    "&#0",
]


@pytest.fixture
def no_collections() -> Iterator[None]:
    """Python's garbage collection walks what other tests left, and comes at steps of size, which a ratio would show."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def seconds(source: str, limits: Limits, rounds: int) -> float:
    """The least processor time of some readings."""
    best = 1e9
    for _ in range(rounds):
        start = time.thread_time()
        read_afresh(source, limits)
        best = min(best, time.thread_time() - start)
    return best


def grows_at_most(small: str, large: str, ratio: float, limits: Limits, rounds: int = 3) -> bool:
    """Whether reading ``large`` takes at most ``ratio`` times as long as ``small``; a busy machine gets some tries."""
    return any(seconds(large, limits, rounds) <= ratio * seconds(small, limits, rounds) for _ in range(5))


def limits_for(document: str) -> Limits:
    """The default ones where they let the whole document through."""
    reading = read_afresh(document)
    return DEFAULT_LIMITS if not any(d.code.startswith("LIMIT_") for d in reading.diagnostics) else NO_LIMITS


@pytest.mark.timing
@pytest.mark.usefixtures("no_collections")
@pytest.mark.parametrize("family", FAMILIES)
def test_twice_the_document_takes_twice_the_time(family: str) -> None:
    sizes = (125_000, 250_000, 490_000) if FULL else (30_000,)
    for size in sizes:
        small, large = FAMILIES[family](size), FAMILIES[family](2 * size)
        # below a tenth of a second a timer's grain and the caches of the processor have their say
        assert grows_at_most(small, large, 2.2 if FULL else 2.6, limits_for(large)), size


@pytest.mark.timing
@pytest.mark.usefixtures("no_collections")
@pytest.mark.parametrize(
    "place",
    [
        "{}",
        "<NexusPanel><View><Text>{}</Text></View></NexusPanel>",
        "<NexusPanel><Logic><Tool><Handler>{}</Handler></Tool></Logic></NexusPanel>",
    ],
)
def test_time_is_linear_in_hostile_documents(place: str) -> None:
    limits = Limits(nodes=10**9, expression=10**9, handler=10**9, diagnostics=10)
    low, high = (100_000, 400_000) if FULL else (5_000, 40_000)
    for unit in UNITS:
        small, large = (place.replace("{}", unit * (size // len(unit))) for size in (low, high))
        assert grows_at_most(small, large, 2 * high / low, limits, rounds=1), unit


def test_expressions_and_raw_texts_are_found_in_mutations_too() -> None:
    """The mutations above would show little if the panels had nothing to break."""
    kinds = {type(p) for s in PANELS for n in read(s).ast.nodes if isinstance(n, TextNode) for p in n.parts}
    assert kinds == {str, Expression}
    assert any(isinstance(n, RawNode) for s in PANELS for n in read(s).ast.nodes)
