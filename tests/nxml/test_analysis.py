"""What the code of a whole document does, place by place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.nxml import Parser
from nexus_jupyter.nxml.analysis import Analysis, CodeSite, analyse

CORPUS = Path(__file__).parents[1] / "corpus"
PANELS = sorted((CORPUS / "panels").glob("*.nxml"))
CASES: list[dict[str, Any]] = json.loads((CORPUS / "invalid/cases.json").read_text(encoding="utf-8"))
PAYLOADS: list[str] = [c["payload"] for c in json.loads((CORPUS / "security/xss.json").read_text(encoding="utf-8"))["cases"]]


def analysed(source: str) -> Analysis:
    return analyse(Parser(source).parse())


def view(inner: str, data: str = "") -> list[CodeSite]:
    return list(analysed(f"<NexusPanel><Data>{data}</Data><View>{inner}</View></NexusPanel>").sites)


def test_every_piece_of_code_is_told_with_its_place() -> None:
    sites = analysed(
        """<NexusPanel><Data><State name="a" type="number" default="{1 + Math.PI}" /><State name="s" type="string" default="{$state.x}" />
        <Computed name="b" value="$state.a" /><Computed name="c">$state.b + 1</Computed></Data>
        <Logic><Tool name="t" description="d"><Handler>$state.a = 1</Handler></Tool>
        <Lifecycle on="mount"><Handler>$tools.t()</Handler></Lifecycle></Logic>
        <View><Layout><Input bind="$state.a" label="x {$state.b} y {$state.c}" /><Button trigger="t" args="{ n: $state.b }">go {$state.a}</Button>
        <Text>{$state.a} and {$state.b}</Text></Layout></View></NexusPanel>"""
    ).sites
    assert [(s.kind, s.path.removeprefix("NexusPanel/"), s.attribute, " ".join(s.facts.reads)) for s in sites] == [
        ("default", "Data/State", "default", ""),
        ("computed", "Data/Computed", "value", "a"),
        ("computed", "Data/Computed[2]", "", "b"),
        ("handler", "Logic/Tool", "", ""),
        ("handler", "Logic/Lifecycle", "", ""),
        ("bind", "View/Layout/Input", "bind", "a"),
        ("attribute", "View/Layout/Input", "label", "b"),
        ("attribute", "View/Layout/Input", "label", "c"),
        ("args", "View/Layout/Button", "args", "b"),
        ("text", "View/Layout/Button", "", "a"),
        ("text", "View/Layout/Text", "", "a"),
        ("text", "View/Layout/Text", "", "b"),
    ]
    assert sites[3].facts.writes == ("a",)
    assert sites[4].facts.tools == ("t",)


DATA = '<State name="rows" type="list" /><State name="n" type="number" /><Computed name="open" value="$state.rows.filter(r => !r.done)" /><Computed name="names" value="$state.rows.map(r => r.name)" />'


def test_a_loop_variable_leads_to_what_the_loop_goes_over() -> None:
    sites = view('<Iterate items="{$state.rows}" as="row" index="i"><Text>{$scope.row.name}{$scope.i}</Text></Iterate>', DATA)
    assert [s.through for s in sites if s.kind == "text"] == [("rows",), ()]


def test_a_place_bound_by_a_loop_variable_writes_through_to_its_state() -> None:
    for items, held in (
        ("$state.rows", ("rows",)),
        ("$state.rows.slice(0, $state.n)", ("rows",)),
        ("$state.open", ("rows",)),
        ("$state.names", ("rows",)),
        ("[1, 2]", ()),
        ("Object.values($state.rows)", ("rows",)),
    ):
        sites = view(f'<Iterate items="{{{items}}}" as="row"><Checkbox bind="$scope.row.done" label="d" /></Iterate>', DATA)
        assert [s.held for s in sites if s.kind == "bind"] == [held], items


def test_loops_within_loops_and_shadowing() -> None:
    sites = view(
        '<Iterate items="$state.rows" as="x"><Iterate items="$scope.x.parts" as="y"><Input bind="$scope.y.v" label="l" />'
        '<Iterate items="$state.open" as="x"><Text>{$scope.x.z}</Text></Iterate></Iterate><Empty><Text>{$scope.x}</Text></Empty></Iterate>',
        DATA,
    )
    assert [s.held for s in sites if s.kind == "bind"] == [("rows",)]
    assert [s.through for s in sites if s.kind == "text"] == [("open",), ()]


def test_computed_values_in_a_circle_end() -> None:
    data = '<Computed name="a" value="$state.b" /><Computed name="b" value="$state.a" />'
    sites = view('<Iterate items="$state.a"><Input bind="$scope.item.x" label="l" /></Iterate>', data)
    assert [s.held for s in sites if s.kind == "bind"] == [()]


def test_an_expression_without_an_end_is_not_analysed() -> None:
    assert [s.facts.reads for s in view('<Text label="{$state.a" /><Text label="{$state.b}" />')] == [("b",)]


@pytest.mark.parametrize("path", PANELS, ids=lambda p: p.stem)
def test_the_corpus_is_javascript_and_uses_what_it_declares(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    ast = Parser(source).parse()
    declared = {ast.element(n.id).text("name") for n in ast.nodes if n.kind == "element" and n.name in ("State", "Computed", "Tool")}
    sites = analyse(ast).sites
    assert sites
    for site in sites:
        facts = site.facts
        assert not facts.broken
        assert {*facts.reads, *facts.writes, *facts.tools, *site.through, *site.held} <= declared
        assert not any((facts.reads_all, facts.writes_all, facts.tools_all, facts.extensions_all, facts.scope_all))


def test_the_corpus_is_understood() -> None:
    def of(panel: str) -> dict[str, tuple[str, str, str, str]]:
        ast = Parser((CORPUS / f"panels/{panel}.nxml").read_text(encoding="utf-8")).parse()
        return {
            ast.element(s.element).text("name") or ast.element(s.element).text("on"): (
                " ".join(s.facts.reads),
                " ".join(s.facts.writes),
                " ".join(s.facts.tools),
                " ".join(map(".".join, s.facts.extensions)),
            )
            for s in analyse(ast).sites
            if s.kind in ("handler", "computed")
        }

    assert of("kanban") == {
        "visible": ("cards query", "", "", ""),
        "byColumn": ("columns visible", "", "", ""),
        "create": ("draft cards", "cards draft", "", ""),
        "move": ("cards columns", "cards", "", ""),
        "remove": ("cards", "cards", "", ""),
    }
    assert of("service-health") == {
        "last": ("latency", "", "", ""),
        "p95": ("latency", "", "", ""),
        "unhealthy": ("status p95", "", "", ""),
        "check": ("endpoint latency", "latency status logs", "", "http.get"),
        "clearLog": ("", "logs", "", ""),
        "mount": ("", "", "", ""),
        "interval": ("paused", "", "check", ""),
        "change": ("unhealthy status", "", "", ""),
    }
    assert of("signup-form")["submit"] == ("valid errors user", "touched", "", "")
    assert of("frame-explorer")["describe"] == ("measure", "", "", "py.describe")
    assert of("frame-explorer")["summary"] == ("rows group measure", "", "", "")


@pytest.mark.parametrize("case", [c for c in CASES if "source" in c], ids=lambda c: c["name"])
def test_a_wrong_document_is_analysed_as_far_as_it_goes(case: dict[str, Any]) -> None:
    assert isinstance(analysed(case["source"]), Analysis)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_markup_is_analysed(payload: str) -> None:
    assert isinstance(analysed(f"<NexusPanel><View><Text>{payload}</Text></View></NexusPanel>"), Analysis)
    assert isinstance(analysed(payload), Analysis)


markup = st.sampled_from(
    [
        *(
            "<NexusPanel>",
            "</NexusPanel>",
            "<View>",
            "</View>",
            "<Data>",
            "</Data>",
            "<Iterate items='",
            "'>",
            "</Iterate>",
            "<Text>",
            "</Text>",
        ),
        *(
            "<Handler>",
            "</Handler>",
            "<Tool name='t'>",
            "</Tool>",
            "<Logic>",
            "</Logic>",
            "{",
            "}",
            "$state",
            ".a",
            "$scope.item",
            " bind='",
            "'",
            "<Empty>",
        ),
    ]
)


@given(st.lists(markup, max_size=30).map("".join))
def test_any_document_is_analysed(source: str) -> None:
    assert analysed(source) == analysed(source)


def test_what_is_no_code_has_no_facts() -> None:
    sites = analysed(
        """<NexusPanel><Data><State name="a" type="number" default="{1" /><State name="b" type="list" default="{x y" /><Computed name="c" /></Data>
        <Logic><Tool name="t" description="d"></Tool><Tool name="u" description="d"><Handler/></Tool></Logic>
        <View><State name="n" type="any" /><Layout hidden="{$state.a"><Text>x</Text></Layout></View></NexusPanel>"""
    ).sites
    assert [(s.kind, s.source) for s in sites] == [("handler", "")]


def test_a_loop_without_items_has_variables() -> None:
    (site,) = view('<Iterate as="row"><Text>{$scope.row}</Text></Iterate>')
    assert site.scope == {"row": ()}
    assert site.code == "expression"
