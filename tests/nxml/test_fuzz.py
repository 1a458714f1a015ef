"""Thousands of documents from a grammar, most of them mutated: none raises, none is slow, all hold together."""

from __future__ import annotations

import gc
import os
import statistics
import time

import pytest

from bench.documents import Grammar
from nexus_jupyter.nxml import NexusPanelAST, Program, Reading, compile_program, read_afresh
from nexus_jupyter.nxml.ast import Attribute, ElementNode, Expression, RawNode, TextNode

NUMBER = 200_000 if os.environ.get("NEXUS_FULL") == "1" else 8_000
# Below this length what every reading costs counts for more than the text.
SHORT = 200
SLOW = 20


def seconds(source: str) -> float:
    start = time.thread_time()
    read_afresh(source)
    return time.thread_time() - start


def spans_lie_within(reading: Reading) -> None:
    """Each node within its parent, each attribute within its tag, each diagnostic within the text."""
    size = len(reading.source)
    nodes = reading.ast.nodes
    for number, node in enumerate(nodes):
        assert node.id == number
        start, end = (0, size) if node.parent is None else (nodes[node.parent].span.start, nodes[node.parent].span.end)
        assert start <= node.span.start <= node.span.end <= end
        if isinstance(node, ElementNode):
            assert all(number < child for child in node.children)
            for attribute in node.attributes:
                assert node.open_span.start < attribute.span.start <= attribute.value_span.start
                assert attribute.value_span.end <= attribute.span.end <= node.open_span.end
                expressions_lie_within(attribute, attribute.value_span.start, attribute.value_span.end)
        elif isinstance(node, TextNode):
            expressions_lie_within(node, node.span.start, node.span.end)
        elif isinstance(node, RawNode) and node.expression is not None:
            assert node.span.start <= node.expression.span.start <= node.expression.span.end <= node.span.end
    for diagnostic in reading.diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= size
        if diagnostic.fix is not None:
            assert 0 <= diagnostic.fix.span.start <= diagnostic.fix.span.end <= size


def expressions_lie_within(holder: Attribute | TextNode, start: int, end: int) -> None:
    at = start
    for part in holder.parts:
        if isinstance(part, Expression):
            assert at <= part.span.start <= part.span.end <= end
            at = part.span.end


def round_trips(reading: Reading) -> None:
    assert NexusPanelAST.model_validate_json(reading.ast.model_dump_json()) == reading.ast
    if reading.ok:
        program = compile_program(reading.ast)
        assert Program.model_validate_json(program.model_dump_json()) == program


def test_equal_seeds_make_equal_documents() -> None:
    first, second, other = (list(Grammar(seed).documents(50)) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_the_grammar_makes_right_and_wrong_documents_of_every_kind() -> None:
    readings = [read_afresh(document) for document in Grammar(7).documents(600)]
    assert 30 < sum(reading.ok for reading in readings) < 300
    assert len({d.code for reading in readings for d in reading.diagnostics}) > 35
    assert 300 < statistics.median(len(reading.source) for reading in readings) < 1_500


@pytest.mark.timing
@pytest.mark.parametrize("seed", range(4))
def test_generated_documents_are_read_in_time_and_hold_together(seed: int) -> None:
    rates: list[tuple[float, str]] = []
    gc.collect()
    gc.freeze()  # else each collection on the way walks everything that the test process holds
    try:
        for number, document in enumerate(Grammar(seed).documents(NUMBER // 4)):
            start = time.thread_time()
            reading = read_afresh(document)
            took = time.thread_time() - start
            if len(document) >= SHORT:
                rates.append((took / len(document), document))
            spans_lie_within(reading)
            if number % 10 == 0:
                round_trips(reading)
        median = statistics.median(rate for rate, _ in rates)
        # alone and at its best an input that only met a collection is as fast as the others
        slow = [d for rate, d in rates if rate > SLOW * median and min(seconds(d) for _ in range(3)) > SLOW * median * len(d)]
    finally:
        gc.unfreeze()
    assert slow == []
