"""Literal values as people write them: numbers, sizes, styles, places, and names that are nearly right."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from nexus_jupyter.catalog import PropEntry, catalog
from nexus_jupyter.diagnostics import Span
from nexus_jupyter.nxml import Element, compile_program, load_program, read
from nexus_jupyter.nxml.ast import Expression
from nexus_jupyter.nxml.literals import literal
from nexus_jupyter.nxml.nearest import nearest
from nexus_jupyter.nxml.outline import declared_type
from nexus_jupyter.nxml.place import read_place
from nexus_jupyter.nxml.problems import Problems
from nexus_jupyter.nxml.program import LiteralProp, TextProp
from nexus_jupyter.nxml.style import read_style
from nexus_jupyter.nxml.values import VALUE_TYPES, fits, number, size


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("+7", 7), ("-.5", -0.5), ("5.", 5), ("1e3", 1000), (" 2 ", 2), ("9007199254740993", 9007199254740992), ("1E-2", 0.01)],
)
def test_numbers(text: str, value: float) -> None:
    assert number(text) == value
    assert isinstance(number(text), type(value))


@pytest.mark.parametrize("text", ["", "x", "1,5", "0x10", "1_000", "1e999", "NaN", "Infinity", "1 2", "٣", "9" * 401])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be a number|too large a number"):
        number(text)


@pytest.mark.parametrize(
    ("text", "value"), [("512", 512), ("1kB", 1000), ("1.5 KB", 1500), ("16MB", 16_000_000), ("2GB", 2_000_000_000), ("3B", 3)]
)
def test_sizes_are_bytes(text: str, value: int) -> None:
    assert size(text) == value


@pytest.mark.parametrize("text", ["", "big", "-1", "16 MiB", "1 TB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="512kB"):
        size(text)


ALLOWED = ("color", "margin", "width")


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ("", "", 0),
        (" ; ;", "", 0),
        ("COLOR: Red; margin: 0 auto", "color: Red; margin: 0 auto", 0),
        ("width: calc(100% - 2em)", "width: calc(100% - 2em)", 0),
        ("color: var(--accent)", "color: var(--accent)", 0),
        ("color", "", 1),
        ("color:", "", 1),
        (": red", "", 1),
        ("position: fixed; color: red", "color: red", 1),
        ("color: expression(alert(1))", "", 1),
        ("width: url(http://a)", "", 1),
        ("color: \\72 ed", "", 1),
        ("color: a{b}", "", 1),
        (f"width: {'1' * 201}", "", 1),
    ],
)
def test_styles_keep_what_is_safe(text: str, kept: str, dropped: int) -> None:
    found, reasons = read_style(text, ALLOWED)
    assert found == kept
    assert len(reasons) == dropped


@pytest.mark.parametrize(
    ("name", "near"),
    [("Buton", "Button"), ("button", "Button"), ("TEXT", "Text"), ("zzz", ""), ("", ""), ("B" * 65, "")],
)
def test_the_nearest_name(name: str, near: str) -> None:
    assert nearest(name, ("Button", "Text", "B" * 65)) == near


def place(text: str) -> tuple[str, list[str]]:
    found = read_place(Expression(source=text, span=Span(start=0, end=len(text), line=1, column=1)))
    return found.root, [f"[{p.source}]" if isinstance(p, Expression) else p for p in found.path]


@pytest.mark.parametrize(
    ("text", "root", "path"),
    [
        ("$state.a", "$state", ["a"]),
        ("$state . a . b", "$state", ["a", "b"]),
        ("$state.rows[0]", "$state", ["rows", "[0]"]),
        ("$state.rows[$state.at(0)].name", "$state", ["rows", "[$state.at(0)]", "name"]),
        ("$state.rows[[1, 2][0]]", "$state", ["rows", "[[1, 2][0]]"]),
        ("$state.rows[({ a: ')' }).a]", "$state", ["rows", "[({ a: ')' }).a]"]),
        ("$state['a b']", "$state", ["['a b']"]),
        ("$scope.item.class", "$scope", ["item", "class"]),
    ],
)
def test_places_to_bind_to(text: str, root: str, path: list[str]) -> None:
    assert place(text) == (root, path)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "$state",
            "$states.a",
            "state.a",
            "$state.",
            "$state.1",
            "$state.a.1b",
            "$state.class",
            "$state?.a",
            "$state.a()",
            "$state.a + 1",
        ),
        *("$state[", "$state[]", "$state[a)", "$state.a[1", "$state.a[(1]", "$state.prototype", "($state.a)", "$state.a.constructor"),
    ],
)
def test_what_is_no_place_to_bind_to(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        place(text)


@pytest.mark.parametrize(
    ("component", "name", "value"),
    [
        ('<Text colSpan=" 4 ">a</Text>', "colSpan", 4),
        ('<Input label="x" rows="2"/>', "rows", 2),
        ('<Progress label="x" value="2.5"/>', "value", 2.5),
        ('<Container collapsible="true"/>', "collapsible", True),
        ("<Container collapsible/>", "collapsible", True),
        ('<Select label="x" options="a, b,,c"/>', "options", ["a", "b", "c"]),
        ('<Select label="x" options=\'[1, {{"a": null}}]\'/>', "options", [1, {"a": None}]),
        ('<Chart spec=\'{{"mark": "bar"}}\'/>', "spec", {"mark": "bar"}),
        ('<Layout strategy=" grid "/>', "strategy", "grid"),
        ('<Metric label="x" value="12"/>', "value", "12"),
    ],
)
def test_literal_attributes_have_the_type_of_the_catalog(component: str, name: str, value: JsonValue) -> None:
    made, diagnostics = load_program(f"<NexusPanel><View>{component}</View></NexusPanel>")
    assert {d.code for d in diagnostics} <= {"NOT_AVAILABLE"}
    assert made.view is not None
    assert made.view.props[name] == LiteralProp(value=value)


@pytest.mark.parametrize(
    ("low", "high", "problem"), [(0, None, "must be at least 0"), (None, -2, "must be at most -2"), (0, 5, "must be from 0 to 5")]
)
def test_a_number_out_of_its_bounds_is_told_the_bounds(low: float | None, high: float | None, problem: str) -> None:
    prop = PropEntry(name="n", type="integer", description="A number.", min=low, max=high)
    with pytest.raises(ValueError, match=problem):
        literal(prop, "-1", catalog())
    assert literal(prop, "-2" if high == -2 else "3", catalog()) in (-2, 3)


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ("", {"string", "any"}),
        (0, {"number", "any"}),
        (1.5, {"number", "any"}),
        (True, {"boolean", "any"}),
        ([], {"list", "frame", "any"}),
        ({}, {"object", "any"}),
        (None, {"any"}),
    ],
)
def test_a_value_is_of_the_types_that_hold_it(value: JsonValue, kinds: set[str]) -> None:
    assert {kind for kind in VALUE_TYPES if fits(value, kind)} == kinds


def test_the_same_problem_at_the_same_place_counts_once() -> None:
    problems = Problems(2)
    here, there = (Span(start=at, end=at + 1, line=1, column=at + 1) for at in (5, 0))
    for span in (here, here, there, here):
        problems.report("JS_SYNTAX", "x", span)
    assert [d.span for d in problems.diagnostics(str)] == [there, here]
    problems.report("JS_SYNTAX", "y", Span(start=9, end=9, line=1, column=10))
    assert [d.code for d in problems.diagnostics(str)] == ["JS_SYNTAX", "JS_SYNTAX", "LIMIT_DIAGNOSTICS"]
    assert problems.nearest("Buton", ("Button",)) == ""


def test_a_tree_shows_where_its_elements_are() -> None:
    ast = read('<NexusPanel>\n<View><Text content="{1}{2}" hidden="{1} " tooltip=" a{1}"/></View></NexusPanel>').ast
    assert ast.panel is not None
    (view,) = ast.panel.elements()
    (text,) = view.elements()
    assert repr(text) == "<Text at line 2>"
    assert view.raw is None
    attributes = text.attributes
    assert attributes["content"].expression is None
    assert attributes["tooltip"].expression is None
    assert attributes["hidden"].expression is not None
    assert isinstance(text, Element)


def test_texts_have_the_path_of_what_they_stand_in() -> None:
    ast = read("<NexusPanel><View><Text>a</Text><Text>b</Text></View></NexusPanel>").ast
    assert [ast.path(n.id) for n in ast.nodes if n.kind == "text"] == ["NexusPanel/View/Text", "NexusPanel/View/Text[2]"]


def test_the_declared_type_is_any_when_it_is_wrong() -> None:
    panel = read(
        '<NexusPanel><Data><State name="a" type="array"/><State name="b" type="decimal"/><Computed name="c"/></Data></NexusPanel>'
    ).ast.panel
    assert panel is not None
    (data,) = panel.elements()
    assert [declared_type(e) for e in data.elements()] == ["list", "any", "any"]


def test_adjacent_expressions_of_markdown_have_nothing_between_them() -> None:
    made, _ = load_program("<NexusPanel><View><Markdown>{1}{2} a</Markdown></View></NexusPanel>")
    assert made.view is not None
    assert made.view.props["content"] == TextProp(parts=(0, 1, " a"))


def test_a_document_with_errors_is_not_compiled_by_halves() -> None:
    for inner, problem in (
        ('<Data><Computed name="a"/></Data>', "'a' has no expression"),
        ('<Logic><Tool name="t"/></Logic>', "<Tool> in line 1 has no handler"),
        (
            '<Logic><Tool name="t"><Arg name="n" type="number" default="{1}"/><Handler>1</Handler></Tool></Logic>',
            "default of the argument 'n'",
        ),
    ):
        with pytest.raises(ValueError, match=problem):
            compile_program(read(f"<NexusPanel>{inner}</NexusPanel>").ast)
