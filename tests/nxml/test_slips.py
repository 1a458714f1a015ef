"""Slips that people make by habit: one problem each, and a fix that does what was meant."""

from __future__ import annotations

import json

import pytest

from nexus_jupyter.diagnostics import Severity
from nexus_jupyter.nxml import Limits, NexusPanelAST, Parser, read
from nexus_jupyter.nxml.fixing import apply_fixes
from nexus_jupyter.nxml.nearest import VERY_LIKE, nearest
from nexus_jupyter.nxml.whitespace import without_indent

STATES = '<State name="n" type="number"/><State name="rows" type="list"/>'


def panel(view: str = "", data: str = "") -> str:
    return f"<NexusPanel><Data>{STATES}{data}</Data><View>{view}</View></NexusPanel>"


VIEWS = [
    ('<Layout strategy="stack", gap="md"><Text>a</Text></Layout>', '<Layout strategy="stack" gap="md"><Text>a</Text></Layout>'),
    ('<Layout strategy="stack",gap="md"><Text>a</Text></Layout>', '<Layout strategy="stack" gap="md"><Text>a</Text></Layout>'),
    ('<Layout gap="md";><Text>a</Text></Layout>', '<Layout gap="md"><Text>a</Text></Layout>'),
    ('<If condition="$state.n = 2"><Text>a</Text></If>', '<If condition="$state.n === 2"><Text>a</Text></If>'),
    ('<Text hidden="{ $state.n=2 }">a</Text>', '<Text hidden="{ $state.n === 2 }">a</Text>'),
    ('<Text title="x">a</Text>', '<Text tooltip="x">a</Text>'),
    (
        "<RadioGroup label='a' bind='$state.n' options='[{\"value\": 1}, {\"value\": 2}]'/>",
        "<RadioGroup label='a' bind='$state.n' options='{[{\"value\": 1}, {\"value\": 2}]}'/>",
    ),
    ("<Table ariaLabel='a' data='{ rows: $state.rows }'/>", "<Table ariaLabel='a' data='{ ({ rows: $state.rows }) }'/>"),
    (
        '<Container><Input label="a" bind="$state.n"><Text>a</Text></Container>',
        '<Container><Input label="a" bind="$state.n" /><Text>a</Text></Container>',
    ),
    ("<Container><Text>a</Container>", "<Container><Text>a</Text></Container>"),
]


@pytest.mark.parametrize(("wrong", "right"), VIEWS, ids=[wrong for wrong, _ in VIEWS])
def test_a_slip_in_a_view_is_mended(wrong: str, right: str) -> None:
    source = panel(wrong)
    found = [d for d in read(source).diagnostics if d.fix is not None]
    assert len(found) == 1
    assert apply_fixes(source, found) == panel(right)


DATA = [
    ('<State name="s" type="list" default="[{"id": 1}]"/>', '<State name="s" type="list" default=\'[{"id": 1}]\'/>', [{"id": 1}]),
    ('<State name="s" type="list" default=" ["a>b"] " />', '<State name="s" type="list" default=\' ["a>b"] \' />', ["a>b"]),
    (
        '<State name="s" type="object" default="{ "a": [1, 2] }"></State>',
        '<State name="s" type="object" default=\'{ "a": [1, 2] }\'></State>',
        {"a": [1, 2]},
    ),
]


@pytest.mark.parametrize(("wrong", "right", "value"), DATA, ids=[wrong for wrong, _, _ in DATA])
def test_a_value_that_holds_its_own_quotes_is_read_whole(wrong: str, right: str, value: object) -> None:
    source = panel(data=wrong)
    (problem,) = [d for d in read(source).diagnostics if d.code == "UNEXPECTED_CHARACTER"]
    assert "first" in problem.message
    assert apply_fixes(source, [problem]) == panel(data=right)
    panel_element = read(source).ast.panel
    assert panel_element is not None
    state = list(next(panel_element.elements("Data")).elements("State"))[-1]
    assert json.loads(state.text("default")) == value


@pytest.mark.parametrize(
    "value",
    ["[{'a", "{'a': 'b\n", "[</a>", "[1]'x", "[1, 'a'}", "{'it': `${1}`", "['a', 'b'", "x['a']", "[" + "'a'," * 2_000 + "1]"],
)
def test_what_is_no_list_or_object_ends_at_its_quote(value: str) -> None:
    ast = Parser(panel(data=f"<State name='s' type='list' default='{value}' min='1'/>")).parse()
    assert isinstance(ast, NexusPanelAST)
    starts = [a.value for n in ast.nodes if n.kind == "element" for a in n.attributes if a.name == "default"]
    assert starts in ([], [value.partition("'")[0]])


def test_a_list_that_nothing_closes_ends_at_its_quote() -> None:
    (node,) = Parser("<P a='['x' ").parse().nodes
    assert node.kind == "element"
    assert [(a.name, a.value) for a in node.attributes] == [("a", "["), ("x", None)]


def test_a_value_with_both_quotes_is_left_to_its_writer() -> None:
    source = panel(data='<State name="s" type="list" default="["it\'s"]"/>')
    (problem,) = [d for d in read(source).diagnostics if d.code == "UNEXPECTED_CHARACTER"]
    assert problem.fix is None


def test_a_name_is_suggested_only_when_it_is_near() -> None:
    known = ("Error", "Map", "$scope", "console", "Math", "$state")
    assert [nearest(name, known, likeness=VERY_LIKE) for name in ("zero", "max", "setOpen")] == ["", "", ""]
    assert [nearest(name, known, likeness=VERY_LIKE) for name in ("consol", "state", "Mth")] == ["console", "$state", "Math"]


def test_what_is_not_listed_is_an_error_only_when_there_is_one() -> None:
    limits = Limits(diagnostics=2)
    warnings = "".join(f'<Text a{n}="x">t</Text>' for n in range(4))
    only = read(panel(warnings), limits=limits)
    assert only.diagnostics[-1].code == "LIMIT_DIAGNOSTICS"
    assert only.diagnostics[-1].severity is Severity.WARNING
    assert only.ok
    more = read(panel(warnings + "<Text>{$state.nope}</Text>"), limits=limits)
    assert more.diagnostics[-1].severity is Severity.ERROR
    assert not more.ok


def test_one_list_is_one_problem_however_many_braces_it_has() -> None:
    source = panel("<RadioGroup label='a' bind='$state.n' options='[" + '{"value": 1},' * 100 + "]'/>")
    assert [d.code for d in read(source).diagnostics if d.code == "JS_SYNTAX"] == ["JS_SYNTAX"]


@pytest.mark.parametrize(
    ("text", "clean", "indent"),
    [
        ("\n- a\n  - b\n", "- a\n  - b", ""),
        ("\n  - a\n    - b\n", "- a\n  - b", "  "),
        ("- a\n  - b\n", "- a\n- b", "  "),
        ("  - a\n  - b\n", "- a\n- b", "  "),
        ("\n\n- a\n- b", "- a\n- b", ""),
    ],
)
def test_a_first_line_at_the_margin_counts_when_it_is_a_line_of_its_own(text: str, clean: str, indent: str) -> None:
    assert without_indent(text)[:2] == (clean, indent)


def test_a_loop_s_empty_part_is_told_from_other_places() -> None:
    def hint(inside: str) -> str:
        view = f'<Iterate items="$state.rows" as="row" index="i" key="id">{inside}</Iterate>'
        (problem,) = [d for d in read(panel(view)).diagnostics if d.code == "INVALID_SCOPE_REFERENCE"]
        return problem.hint

    assert "<Empty>" in hint("<Empty><Container><Text>{$scope.i}</Text></Container></Empty>")
    assert "<Empty>" not in hint("<Empty><Text>{$scope.column}</Text></Empty>")
