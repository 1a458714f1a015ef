"""Each limit holds at exactly its number, and nothing recurses over what is nested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from nexus_jupyter.nxml import DEFAULT_LIMITS, Limits, NexusPanelAST, compile_program, read_afresh


def view(body: str) -> str:
    return f"<NexusPanel><View><Layout>{body}</Layout></View></NexusPanel>"


def padded(size: int) -> str:
    start, end = "<NexusPanel><!--", "--><View><Text>a</Text></View></NexusPanel>"
    return start + "x" * (size - len(start) - len(end)) + end


def handler(size: int) -> str:
    code = "run();" + " " * (size - 12) + "run();"
    return f'<NexusPanel><Logic><Tool name="t" description="d"><Handler>{code}</Handler></Tool></Logic></NexusPanel>'


# Documents that reach exactly the number given.
REACH: dict[str, Callable[[int], str]] = {
    "source": padded,
    "depth": lambda n: view("<Container>" * (n - 3) + "</Container>" * (n - 3)),
    "nodes": lambda n: view("<!--c-->" * (n - 3)),
    "attributes": lambda n: view("<Text content='x'" + "".join(f" a{i}='1'" for i in range(1, n)) + "/>"),
    "handler": handler,
    "expression": lambda n: view(f"<Text>{{ {'1' * n} }}</Text>"),
    "diagnostics": lambda n: view("</a>" * n),
}


def limit_codes(source: str, limits: Limits) -> list[str]:
    return [d.code for d in read_afresh(source, limits).diagnostics if d.code.startswith("LIMIT_")]


def test_every_limit_is_tried() -> None:
    assert set(REACH) == {field.name for field in fields(Limits)}


def test_the_limits_are_those_of_the_language() -> None:
    assert Limits(1_000_000, 200, 20_000, 500, 100_000, 4_000) == replace(DEFAULT_LIMITS, diagnostics=1_000)


@pytest.mark.parametrize("name", REACH)
@pytest.mark.parametrize("default", [False, True], ids=["small", "default"])
def test_a_limit_is_passed_by_one_more_and_not_before(name: str, default: bool) -> None:
    limit = getattr(DEFAULT_LIMITS, name) if default else {"source": 90, "handler": 20, "diagnostics": 4}.get(name, 6)
    limits = replace(DEFAULT_LIMITS, **{name: limit})
    code = f"LIMIT_{name.upper()}"
    for size in (limit - 1, limit):
        assert limit_codes(REACH[name](size), limits) == [], size
    assert limit_codes(REACH[name](limit + 1), limits) == [code]


@pytest.mark.parametrize("place", ["{}", "{{{}}}", "{} tail"])
def test_an_expression_limit_counts_the_expression_alone(place: str) -> None:
    limits = Limits(expression=4)
    for size, expected in ((4, []), (5, ["LIMIT_EXPRESSION"])):
        source = view(f'<Input bind="{place.format(" " + "a" * size + " ").replace(" tail", "")}" label="a"/>')
        assert limit_codes(source, limits) == expected


@pytest.mark.parametrize("name", ["depth", "nodes"])
def test_what_is_read_before_a_limit_stays(name: str) -> None:
    ast = read_afresh(REACH[name](50), replace(DEFAULT_LIMITS, **{name: 20})).ast
    assert not ast.complete
    assert ast.panel is not None
    assert [e.name for e in ast.panel.elements()] == ["View"]


@pytest.mark.parametrize("body", ["<Text>a</Text>", "<Handler>a</Handler>", "<!-- a -->", "<A/>"])
def test_every_kind_of_node_counts(body: str) -> None:
    source = f"<NexusPanel>{body}</NexusPanel>"
    nodes = len(read_afresh(source).ast.nodes)
    assert limit_codes(source, Limits(nodes=nodes)) == []
    assert limit_codes(source, Limits(nodes=nodes - 1)) == ["LIMIT_NODES"]


def test_ten_thousand_levels_are_read_written_and_shown() -> None:
    source = view("<Container>" * 10_000 + "<Text>{1}</Text>" + "</Container>" * 10_000)
    reading = read_afresh(source, Limits(depth=20_000, nodes=20_000))
    ast = reading.ast
    assert len(ast.nodes) == 10_005
    assert NexusPanelAST.model_validate_json(ast.model_dump_json()) == ast
    assert len(repr(reading)) > 10_000
    assert ast.path(10_000).count("/") == 10_000
    compile_program(ast)


def test_two_hundred_levels_are_the_most() -> None:
    for inside, codes in ((197, []), (198, ["LIMIT_DEPTH"])):
        reading = read_afresh(view("<Container>" * inside + "</Container>" * inside))
        assert [d.code for d in reading.diagnostics] == codes
        repr(reading)
        if reading.ok:
            compile_program(reading.ast).model_dump_json()
    assert [d.code for d in read_afresh("<NexusPanel>" + "<View>" * 100_000).diagnostics] == ["LIMIT_DEPTH"]
