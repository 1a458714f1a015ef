"""What may be written at a cursor, shown as ‸, in documents that are being written."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.catalog import catalog
from nexus_jupyter.nxml import Completion, Completions, complete
from nexus_jupyter.nxml.elements import ELEMENTS
from nexus_jupyter.nxml.lexer import Lexer, StartTag
from nexus_jupyter.nxml.limits import DEFAULT_LIMITS

PANELS = sorted((Path(__file__).parents[1] / "corpus/panels").glob("*.nxml"))

DATA = """<Data>
    <State name="rows" type="list" default='[{"id": 1, "title": "a", "tags": ["x"], "sub": [{"deep": {"er": 1}}]}]' description="All  rows" />
    <State name="count" type="number" min="1">5</State>
    <State name="name" type="string" enum="ada, bob" />
    <State name="table" type="frame" />
    <State name="broken" type="list" default="[1" />
    <Computed name="total" value="$state.rows.length" />
    <Computed name="words">$state.name + "!"</Computed>"""
LOGIC = """<Logic>
    <Extension name="nexus.python" alias="py" />
    <Extension name="nexus.http" hosts="example.org" />
    <Extension name="nexus.none" />
    <Tool name="add" description="Adds a number"><Arg name="by" type="number" default="1" description="How much" /><Arg name="twice" type="boolean" />
      <Handler>$state.count += $args.by;</Handler></Tool>
    <Tool name="reset"><Handler>$state.count = 0;</Handler></Tool>"""


def at(text: str) -> tuple[str, int]:
    """The document and the cursor's offset."""
    offset = text.index("‸")
    return text.replace("‸", ""), offset


def found(text: str) -> Completions:
    return complete(*at(text))


def labels(text: str) -> list[str]:
    return [i.label for i in found(text).items]


def the(text: str, label: str) -> Completion:
    return next(i for i in found(text).items if i.label == label)


def data(text: str) -> str:
    return f"<NexusPanel>\n  {DATA}\n    {text}\n  </Data>\n  {LOGIC}\n  </Logic>\n</NexusPanel>"


def logic(text: str) -> str:
    return f"<NexusPanel>\n  {DATA}</Data>\n  {LOGIC}\n    {text}\n  </Logic>\n  <View><Text>x</Text></View>\n</NexusPanel>"


def handler(text: str) -> str:
    return logic(f'<Tool name="mine"><Arg name="who" type="string" /><Handler>{text}</Handler><Arg name="late" type="any" /></Tool>')


def view(text: str) -> str:
    return f"<NexusPanel>\n  {DATA}</Data>\n  {LOGIC}\n  </Logic>\n  <View><Layout>\n    {text}\n  </Layout></View>\n</NexusPanel>"


def loop(text: str) -> str:
    return view(f'<Iterate items="$state.rows" as="row" index="i" key="id">{text}</Iterate>')


# --- elements ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("‸", ["NexusPanel"]),
        ("<‸", ["NexusPanel"]),
        ("<Nex‸", ["NexusPanel"]),
        ("<NexusPanel></NexusPanel><‸", []),
        ("<NexusPanel><‸", ["Data", "Logic", "View"]),
        ("<NexusPanel><Data/><‸<View></View></NexusPanel>", ["Logic"]),
        ("<NexusPanel><Data/><L‸ <View></View></NexusPanel>", ["Logic"]),
        (data("<‸"), ["State", "Computed"]),
        (data("<st‸"), ["State"]),
        (logic('<Tool name="t"><‸</Tool>'), ["Arg", "Handler"]),
        (logic('<Tool name="t"><‸<Handler></Handler></Tool>'), ["Arg"]),
        (logic('<Tool name="t"><Handler></Handler><‸</Tool>'), ["Arg"]),
        (view("<Bu‸"), ["Button"]),
        (view("<Bu‸\n<Text/>"), ["Button"]),
        (view("<Button><‸</Button>"), []),
        (view("<Unknown><Bu‸</Unknown>"), ["Button"]),
        (view("<If condition='1'><E‸</If>"), ["Else"]),
        (view("<If condition='1'><Else></Else><E‸</If>"), []),
        (view("<E‸"), []),
        (view("<Iterate items='$state.rows'><E‸</Iterate>"), ["Empty"]),
        ("<Foo><‸", []),
        ("<!-- <‸ -->", []),
        ("<NexusPanel><![CDATA[ <‸ ]]>", []),
        ("<!DOC‸", []),
    ],
)
def test_elements_are_those_that_may_stand_here(text: str, expected: list[str]) -> None:
    assert labels(text) == expected


def test_a_tab_after_a_tag_opens_the_next_one() -> None:
    assert [i.insert for i in found(data("‸")).items] == ["<State", "<Computed"]
    assert "<Button" in [i.insert for i in found(view("\n  ‸\n")).items]
    assert labels(view("<Text>words ‸</Text>")) == []


def test_components_that_are_not_built_are_not_offered() -> None:
    offered = set(labels(view("<‸")))
    assert offered
    assert not any(not catalog().components[name].available for name in offered)


def test_only_what_a_component_holds_is_offered_in_it() -> None:
    for entry in catalog().components.values():
        if entry.only and entry.available:
            built = {n for n in entry.only if catalog().components[n].available}
            assert set(labels(view(f"<{entry.name}><‸</{entry.name}>"))) == built


@pytest.mark.parametrize(
    ("text", "inserted"),
    [
        (view("<Container></‸"), "Container>"),
        (view("<Container></Con‸"), "Container>"),
        (view("<Container></Con‸>"), "Container"),
        (view("<Container>{$state.count</‸"), "Container>"),
        ('<Tool name="t"><Handler>let a = 1;</Han‸', "Handler>"),
        ('<Data><Computed name="c">1</Comp‸', "Computed>"),
    ],
)
def test_a_closing_tag_closes_what_is_open(text: str, inserted: str) -> None:
    assert [i.insert for i in found(text).items] == [inserted]


def test_nothing_closes_where_nothing_is_open() -> None:
    assert labels("</‸") == []
    assert labels("<NexusPanel></NexusPanel></Nex‸") == []
    assert labels("<NexusPanel></Nex us‸") == []


# --- attributes ----------------------------------------------------------------------------------------------------


def test_required_attributes_come_first_and_present_ones_not_again() -> None:
    assert labels(data("<State ‸ />"))[:2] == ["name", "type"]
    assert labels(data('<State description="d" ‸ name="x" />'))[0] == "type"
    assert "name" not in labels(data('<State ‸ name="x" />'))
    assert labels(data('<State desc‸ name="x" />')) == ["description"]
    assert labels(view("<Iterate ‸ />"))[:2] == ["items", "over"]
    assert not {"items", "over"} & set(labels(view('<Iterate items="$state.rows" ‸ />')))
    assert labels(view("<Action ‸ />"))[0] == "trigger"
    assert "required" in the(data("<State ‸ />"), "name").detail


def test_attributes_of_components_are_their_own_then_the_common_ones() -> None:
    offered = labels(view("<Button ‸ />"))
    assert offered.index("variant") < offered.index("on:press") < offered.index("trigger")
    assert "args" not in offered
    assert "args" in labels(view('<Button trigger="add" ‸ />'))
    assert labels(view('<Button on:press="add" ar‸ />')) == ["ariaLabel", "args"]
    assert labels(view("<Input ‸ />"))[0] == "bind"
    assert labels(view("<Button on:‸ />")) == ["on:press", "on:focus", "on:blur"]
    assert "trigger" not in labels(view("<Text ‸ />"))
    assert "id" in labels(view("<Unknown ‸ />"))
    assert labels("<Unknown ‸ />") == []


def test_an_extension_takes_the_options_of_its_declaration() -> None:
    assert "hosts" in labels(logic('<Extension name="nexus.http" ‸ />'))
    assert "hosts" not in labels(logic('<Extension name="nexus.none" ‸ />'))


@pytest.mark.parametrize("text", ["<Button /‸", '<Button label="a"‸', '<Button "‸', "<Button &‸"])
def test_no_attribute_stands_where_something_else_does(text: str) -> None:
    assert labels(view(text)) == []


def test_past_the_limit_of_attributes_nothing_is_offered() -> None:
    many = " ".join(f'a{n}="1"' for n in range(DEFAULT_LIMITS.attributes))
    assert labels(view(f'<Button {many} variant="‸"/>')) == []


# --- values --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (data('<State name="x" type="‸"/>'), ["string", "number", "boolean", "list", "object", "any", "frame"]),
        (data('<State name="x" type="n‸'), ["number"]),
        (data('<State name="x" type="boolean" default="‸"/>'), ["true", "false"]),
        (data('<State name="x" type="string" enum="low, high" default="‸"/>'), ["low", "high"]),
        (data('<State name="‸"/>'), []),
        (data('<State name="x" type="string">‸</State>'), []),
        (data('<Nothing name="‸"/>'), []),
        (logic('<Lifecycle on="‸"/>'), ["mount", "unmount", "interval", "change", "error"]),
        (logic('<Lifecycle on="change" whenHidden="‸"/>'), ["pause", "run"]),
        (logic('<Lifecycle on="change" of="‸"/>'), ["rows", "count", "name", "table", "broken", "total", "words"]),
        (logic('<Lifecycle on="change" of="rows, co‸"/>'), ["count"]),
        (logic('<Lifecycle on="change" of="rows, r‸"/>'), []),
        (logic('<Tool name="t"><Handler capabilities="python:‸"/></Tool>'), ["python:call"]),
        (logic('<Tool name="t" concurrency="‸"/>'), ["queue", "latest", "drop", "parallel"]),
        (logic('<Tool name="t"><Arg name="a" type="any" required="‸"/></Tool>'), ["true", "false"]),
        (logic('<Extension name="nexus.p‸"/>'), ["nexus.python"]),
        (logic('<Extension name="nexus.python" alias="‸"/>'), []),
        (
            logic('<Extension name="nexus.fs" mode="‸"/>'),
            list(next(o.enum for o in catalog().extensions["nexus.fs"].options if o.name == "mode")),
        ),
        (logic('<Extension name="nexus.no" mode="‸"/>'), []),
        (view('<Button trigger="‸"/>'), ["add", "reset"]),
        (view('<Button trigger="a‸'), ["add"]),
        (view('<Button trigger="‸ label="x" />'), ["add", "reset"]),
        (view('<Button trigger="‸>Add</Button>'), ["add", "reset"]),
        (view("<Button trigger='‸/>\n<Text content='a'/>"), ["add", "reset"]),
        (view('<Button on:press="re‸"/>'), ["reset"]),
        (view('<Button variant="‸"/>'), ["primary", "secondary", "danger", "ghost"]),
        (view('<Button variant=" p‸"/>'), ["primary"]),
        (view('<Button disabled="‸"/>'), ["true", "false"]),
        (view('<Button label="‸"/>'), []),
        (view('<Button nothing="‸"/>'), []),
        (view('<Button style="color: red; text-al‸"/>'), ["text-align"]),
        (view('<Button style="color: ‸"/>'), []),
        (view('<Button className="‸"/>'), []),
        (view('<Iterate items="$state.rows" key="‸"/>'), ["id", "title", "tags", "sub"]),
        (view('<Iterate items="$state.count" key="‸"/>'), []),
        (view('<Text key="‸"/>'), []),
        (view('<Chart data="{$state.rows}" xKey="t‸"/>'), ["title", "tags"]),
        (view('<Chart data="{$state.none}" yKey="‸"/>'), []),
        (view('<Table data="$state.rows" columns="id, ‸"/>'), ["title", "tags", "sub"]),
        (view('<Layout columns="‸"/>'), []),
        (view('<Iterate as="‸"/>'), []),
    ],
)
def test_values_are_those_that_the_attribute_takes(text: str, expected: list[str]) -> None:
    assert labels(text) == expected


def test_a_value_without_quotes_gets_them() -> None:
    assert [i.insert for i in found(view("<Button variant=pri‸/>")).items] == ['"primary"']
    assert found(view("<Button variant=‸/>")).items[1].detail == "default"


def test_a_tool_comes_with_its_signature_and_arguments() -> None:
    add = the(view('<Button trigger="‸"/>'), "add")
    assert (add.kind, add.detail) == ("tool", "add(by?, twice)")
    assert (
        add.documentation
        == "Adds a number\n\n- `by` (number, optional): How much Default: `1`.\n- `twice` (boolean)\n\nDeclared in line 14."
    )


# --- code ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (loop("<Text>{$state.co‸</Text>"), ["count"]),
        (loop("<Text>{$state.‸}</Text>"), ["rows", "count", "name", "table", "broken", "total", "words"]),
        (loop('<Text content="{$state.to‸"/>'), ["total"]),
        (loop('<Text content="a {$state.to‸ b'), ["total"]),
        (loop("<Text>{$scope.‸}</Text>"), ["row", "i"]),
        (loop("<Text>{$scope.row.‸}</Text>"), ["id", "title", "tags", "sub"]),
        (loop("<Text>{$scope.row.sub[0].deep.‸}</Text>"), ["er"]),
        (loop("<Text>{$scope.row.sub[0].none.‸}</Text>"), []),
        (loop("<Text>{$scope.row?.ti‸}</Text>"), ["title"]),
        (loop("<Text>{$scope.none.‸}</Text>"), []),
        (loop("<Text>{$scope.row.id.to‸}</Text>"), ["toFixed"]),
        (loop("<Empty><Text>{$scope.‸}</Text></Empty>"), []),
        (loop('<Iterate items="$scope.row.sub" as="row"><Text>{$scope.‸}</Text></Iterate>'), ["row", "i"]),
        (loop('<Iterate items="$scope.row.sub" as="part"><Text>{$scope.part.‸}</Text></Iterate>'), ["deep"]),
        (view('<Iterate items="{$state.rows.filter(r => r.id)}"><Text>{$scope.item.t‸}</Text></Iterate>'), ["title", "tags"]),
        (loop('<Iterate items="$state.rows"><Text>{$scope.item.ti‸}</Text></Iterate>'), ["title"]),
        (view('<Iterate items="$state.filter(f)"><Text>{$scope.item.‸}</Text></Iterate>'), []),
        (view('<Iterate items="$state.rows.map(f)"><Text>{$scope.item.‸}</Text></Iterate>'), []),
        (view('<Iterate items="1"><Text>{$scope.item.‸}</Text></Iterate>'), []),
        (view("<Iterate over='$state.rows'><Text>{$scope.item.ti‸}</Text></Iterate>"), ["title"]),
        (view("<Iterate><Text>{$scope.‸}</Text></Iterate>"), ["item"]),
        (view("<Text>{$scope‸}</Text>"), []),
        (view("<Text>{$s‸}</Text>"), ["$state"]),
        (loop("<Text>{$s‸}</Text>"), ["$state", "$scope"]),
        (view("<Text>{$args‸}</Text>"), []),
        (view("<Text>{$args.‸}</Text>"), []),
        (logic('<Lifecycle on="error"><Handler>$args.‸</Handler></Lifecycle>'), ["source", "error"]),
        (logic('<Lifecycle on="change" of="count"><Handler>$args.‸</Handler></Lifecycle>'), ["changed"]),
        (logic('<Lifecycle on="mount"><Handler>$args.‸</Handler></Lifecycle>'), []),
        (view("<Text>{$tools.‸}</Text>"), []),
        (view("<Text>{$event‸}</Text>"), []),
        (view("<Text>{$state.rows.pu‸}</Text>"), []),
        (view("<Text>{$state.rows.ma‸}</Text>"), ["map"]),
        (view("<Text>{$state.broken.ma‸}</Text>"), ["map"]),
        (view("<Text>{$state.table.col‸}</Text>"), ["columns", "column"]),
        (view("<Text>{$state.total.‸}</Text>"), []),
        (view("<Text>{$state.none.‸}</Text>"), []),
        (view("<Text>{'$state.‸'}</Text>"), []),
        (view("<Text>{`$state.‸`}</Text>"), []),
        (view("<Text>{`a ${$state.co‸}`}</Text>"), ["count"]),
        (view("<Text>{1‸}</Text>"), []),
        (view("<Text>{f().‸}</Text>"), []),
        (view("<Text>{(1).‸}</Text>"), []),
        (view("<Text>{].‸}</Text>"), []),
        (view("<Text>{$state[0‸"), []),
        (view("<Text>{{$state.‸"), []),
        (view("<Text>{Ma‸}</Text>"), ["Math", "Map"]),
        (view('<If condition="$state.co‸"/>'), ["count"]),
        (view('<If condition="{$state.co‸}"/>'), ["count"]),
        (view('<Input bind="‸"/>'), ["$state.rows", "$state.count", "$state.name", "$state.table", "$state.broken", "$state"]),
        (loop('<Input bind="$sc‸"/>'), ["$scope.row", "$scope.i", "$scope"]),
        (view('<Input bind="$state.‸"/>'), ["rows", "count", "name", "table", "broken"]),
        (view('<Input bind="$state.co‸'), ["count"]),
        (data('<Computed name="c" value="$state.co‸"/>'), ["count"]),
        (data('<Computed name="c">$state.co‸</Computed>'), ["count"]),
        (data('<Computed name="c"><![CDATA[$state.co‸]]></Computed>'), ["count"]),
        (view('<Button trigger="add" args="{ ‸ }"/>'), ["by", "twice"]),
        (view('<Button args="{ by: 1, ‸ }" on:press="add"/>'), ["twice"]),
        (view('<Button trigger="none" args="{ b‸ }"/>'), []),
        (view('<Button trigger="add" args="{ t‸wice: 1 }"/>'), ["twice"]),
        (view('<Button trigger="add" args="{ by: $eve‸ }"/>'), ["$event"]),
        (view('<Input trigger="add" args="{$event.‸}" bind="$state.name"/>'), ["value"]),
        (view('<Input on:blur="add" args="{$event.‸}" bind="$state.name"/>'), []),
        (view('<Unknown trigger="add" args="{$event.‸}"/>'), []),
    ],
)
def test_code_in_the_view_and_in_data(text: str, expected: list[str]) -> None:
    offered = [i.label for i in found(text).items if not (i.kind in ("global", "name") and "args=" in text and expected[:1] == ["by"])]
    assert [n for n in offered if "args=" not in text or n in (*expected, "by", "twice", "add")] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$‸", ["$state", "$args", "$tools", "$emit", "$ext", "$log", "$progress"]),
        ("await $ext.‸", ["py", "http", "none"]),
        ("await $ext.http.g‸", ["get"]),
        ("await $ext.py.‸", []),
        ("await $ext.none.‸", []),
        ("await $ext.missing.‸", []),
        ("await $ext.http.get.‸", []),
        ("$args.‸", ["who", "late"]),
        ("$args.who.‸", []),
        ("await $tools.‸", ["add", "reset", "mine"]),
        ("await $tools.add({ ‸", ["by", "twice"]),
        ("await $tools.add({ by: 1, ‸ })", ["twice"]),
        ("await $tools.none({ wh‸", []),
        ("f({ wh‸", []),
        ("({ wh‸", []),
        ("{ wh‸", []),
        ("console.‸", ["log", "info", "debug", "warn", "error"]),
        ("$state.rows.pu‸", ["push"]),
        ("$state.rows[0].ti‸", ["title"]),
        ("$state.name.tr‸", ["trim"]),
        ("$scope.‸", []),
        ("$event‸", []),
        ("// $state.‸", []),
        ("/* $state.‸", []),
        ("/* a */ $state.co‸", ["count"]),
        ("/a/‸", []),
        ("const $st‸", []),
        ("function $st‸", []),
        ("const a = 1, $st‸", []),
        ("const {$st‸", []),
        ("const {a = $st‸", ["$state"]),
        ("function f($st‸", []),
        ("} $state.co‸", ["count"]),
        ("const $state = {}; $state.‸", []),
        ("setT‸", ["setTimeout"]),
    ],
)
def test_code_in_handlers(text: str, expected: list[str]) -> None:
    assert labels(handler(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("const xa = 1; let {xb, c: xc, ...xd} = y; var [xe, xf = xz] = y; x‸", ["xf", "xe", "xd", "xc", "xb", "xa"]),
        ("let xa = 1, xb = 2; x‸", ["xb", "xa"]),
        ("if (a) { const xa = 1 } x‸", []),
        ("for (const [xk, xv] of m) { x‸", ["xv", "xk"]),
        ("function xf(xa, {xb}) { x‸", ["xb", "xa", "xf"]),
        ("try {} catch (xe) { x‸", ["xe"]),
        ("rows.map(xr => x‸", ["xr"]),
        ("rows.map((xr, xi) => x‸", ["xi", "xr"]),
        ("rows.map(([xa, {xb}]) => { x‸", ["xb", "xa"]),
        ("rows.map(xr => 1, x‸", []),
        ("rows.map(xr => xr.a); x‸", []),
        ("const xf = xa => xb => x‸", ["xb", "xa", "xf"]),
        ("rows.map(xr =>x‸", ["xr"]),
        ("const f = `${xa => x‸", ["xa"]),
        ("const f = `${1}${2}`; let xa; ({ xb: [1) } ; x‸", ["xa"]),
        ("let class = 1, xa; x‸", ["xa"]),
        ("a.const; a.xa; x‸", []),
        ("= > x‸", []),
        ("let xa = (1) >= 2; x‸", ["xa"]),
        (f"(({', '.join(f'x{n}' for n in range(100))}) => x‸", [f"x{n}" for n in reversed(range(64))]),
    ],
)
def test_local_variables_are_those_of_the_blocks_around(text: str, expected: list[str]) -> None:
    assert labels(handler(text)) == expected


def test_a_local_variable_hides_a_name_of_the_sandbox() -> None:
    assert [i.kind for i in found(handler("const console = 1; conso‸")).items] == ["variable"]


def test_arguments_in_the_object_of_a_call_come_with_the_variables_that_may_be_one() -> None:
    assert labels(handler("const twice = 1; $tools.add({ ‸")) == ["by", "twice", "twice"]


def test_a_state_says_what_it_is() -> None:
    rows = the(handler("$state.‸"), "rows")
    assert (rows.kind, rows.detail) == ("state", "list")
    assert rows.documentation.startswith("All rows\n\nDefault: `[{")
    assert rows.documentation.endswith("Declared in line 3.")
    assert the(handler("$state.‸"), "count").documentation == "Default: `5`; min `1`.\n\nDeclared in line 4."
    assert the(handler("$state.‸"), "name").documentation == "One of `ada`, `bob`.\n\nDeclared in line 5."
    assert the(handler("$state.‸"), "table").documentation == "Declared in line 6."
    assert the(handler("$state.‸"), "words").documentation == 'Expression: `$state.name + "!"`.\n\nDeclared in line 9.'


def test_a_method_of_an_extension_says_what_it_takes_and_gives() -> None:
    get = the(handler("$ext.http.‸"), "get")
    assert get.detail.startswith("get(url")
    assert "http:request" in get.documentation
    assert "promise" in get.documentation


# --- what is replaced, and what is declared ---------------------------------------------------------------------------


def test_the_name_at_the_cursor_is_replaced_and_a_name_behind_it_is_not() -> None:
    text, offset = at(view("<Bu‸tton trigger='add'/>"))
    span = complete(text, offset)
    assert text[span.start : span.end] == "Button"
    text, offset = at(view("<Button ‸trigger='add'/>"))
    span = complete(text, offset)
    assert span.start == span.end == offset
    text, offset = at(handler("$state.co‸unt + 1"))
    assert text[(span := complete(text, offset)).start : span.end] == "count"


def test_what_is_declared_behind_the_cursor_counts() -> None:
    text = '<NexusPanel><View><Text>{$state.‸</Text></View><Data><State name="late" type="any"/></Data></NexusPanel>'
    assert labels(text) == ["late"]
    assert labels('<NexusPanel><View><Button trigger="‸"/></View><Logic><Tool name="late"/></Logic></NexusPanel>') == ["late"]


def test_a_string_that_never_ends_spoils_only_what_follows() -> None:
    assert labels('<Data><State name="s"/></Data><View><Input ty‸ labe="x') == []
    assert labels('<Data><State name="s"/></Data><View><Input bind="$state.‸ label="x') == ["s"]
    assert labels('<Data><State name="s" name="t"/></Data><View><Input bi‸ label="x') == ["bind"]


def test_names_that_are_none_are_not_offered() -> None:
    text = '<Data><State name="a b"/><State name=""/><State/><State name="ok"/><State name="ok" type="list"/><Arg name="x"/></Data><View><Text>{$state.‸'
    assert labels(text) == ["ok"]


def test_a_stray_closing_tag_closes_nothing_and_an_outer_one_all_within() -> None:
    assert labels("<NexusPanel></Foo><‸") == ["Data", "Logic", "View"]
    assert labels("<NexusPanel><View><Layout><Text></View><‸") == ["Data", "Logic"]


def test_places_outside_the_text_are_moved_into_it() -> None:
    assert complete("<", 99).start == 1
    assert complete("<", -5) == Completions(0, 0, complete("<", 0).items)


def test_what_a_document_names_cannot_break_out_of_where_it_is_written() -> None:
    records = '<Data><State name="rows" type="list" default=\'[{"ok": 1, "a b": 2, "a\\"><x": 3, "`": 4}]\'/></Data><View><Iterate items="$state.rows" '
    assert labels(records + 'key="‸"/>') == ["ok", "a b"]
    assert labels(records + ">{$scope.item.‸") == ["ok"]
    assert labels(records + 'as="a`b" index="i"><Text>{$scope.‸') == ["i"]
    assert labels("<Data><State type='string' enum='ok, a\"b, `c`' default='‸'/>") == ["ok"]
    assert labels('<Tool name="t"><Arg name="a`b"/><Arg/><Arg name="ok"/><Handler>$args.‸') == ["ok"]


def test_a_document_past_the_limit_gets_no_answer() -> None:
    text = "<NexusPanel>" + " " * DEFAULT_LIMITS.source
    assert complete(text, 12) == Completions(12, 12)


def test_an_answer_is_bounded() -> None:
    text = "<Data>" + "".join(f'<State name="s{n}"/>' for n in range(1500)) + "</Data><View><Text>{$state.‸"
    assert len(found(text).items) == 1000


# --- any text, any place -----------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    (
        *("<NexusPanel>", "<Data>", "<State name='a' type='list'", "/>", ">", "<View>", "<Iterate items='", "{$state.", "}", '"', "'"),
        *("<Handler>", "</Handler>", "</", "<", "$scope.", "a", ".", "[", "]", "(", ")", "=>", "`", "${", "//", "/*", "*/", "\n", " "),
        *(
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<Tool name='t'>",
            "args=",
            "bind=",
            "&quot;",
            "const ",
            "{",
            ",",
            ";",
            ":",
            "\0",
            "é",
            "\ud800",
        ),
    )
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join), st.integers(0, 200))
def test_any_text_at_any_place_gets_names_that_fit(text: str, offset: int) -> None:
    span = complete(text, offset)
    place = min(offset, len(text))
    assert 0 <= span.start <= place <= max(place, span.end) <= len(text)
    word = text[span.start : place].casefold()
    assert all(i.label.casefold().startswith(word) and i.insert for i in span.items)


# What this version does not build, and what is better written otherwise.
NOT_OFFERED = {
    "array",
    *(c.name for c in catalog().components.values() if not c.available),
    *(a.name for rule in ELEMENTS.values() for a in rule.attributes if not a.available),
    *(rule.name for rule in ELEMENTS.values() if not rule.available),
}


def names_of(source: str) -> Iterator[tuple[int, int]]:
    """The names that a right panel writes where completion knows them."""
    for token in Lexer(source).tokens():
        if isinstance(token, StartTag):
            yield token.start + 1, token.start + 1 + len(token.name)
            for attribute in token.attributes:
                yield attribute.start, attribute.name_end
                if attribute.name in ("trigger", "type", "variant", "on") or attribute.name.startswith("on:"):
                    yield attribute.value_start, attribute.value_end
    for match in re.finditer(r"\$(?:state|scope|args|tools|ext)\.([\w$]+)|(?<![\w.'\"`/ ])(\$\w+)", source):
        yield match.span(match.lastindex or 0)


@pytest.mark.parametrize("path", PANELS, ids=lambda p: p.stem)
def test_every_name_of_a_right_panel_is_offered_when_it_is_cut_short(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for start, end in names_of(source):
        name = source[start:end]
        if name in NOT_OFFERED:
            continue
        for cut in (start, start + 1, end):
            shorter = source[:cut] + source[end:]
            found = complete(shorter, cut)
            chosen = [i for i in found.items if i.label == name]
            assert chosen, f"{name} in line {source.count(chr(10), 0, start) + 1}, cut after {source[start:cut]!r}"
            assert shorter[: found.start] + chosen[0].insert + shorter[found.end :] == source


@pytest.mark.parametrize(
    "text",
    [
        "<View><Text>{@[",
        "@<a b='",
        "@</a",
        "<Tool name='t'><Handler>@(a,",
        "<Tool name='t'><Handler>@)=>",
        "<Tool name='t'><Handler>@a[0].",
        "<Tool name='t'><Handler>@`${",
        "<View>@<Iterate items='$scope.item'><Empty>",
        "<Data>@<State name='s' type='list' default='[1]'/>",
    ],
)
def test_time_is_linear_whatever_is_repeated(text: str) -> None:
    home, _, piece = text.partition("@")

    def spent(times: int) -> float:
        document = home + piece * times
        started = time.perf_counter()
        complete(document, len(document))
        return time.perf_counter() - started

    few = max(min(spent(500), spent(500)), 0.002)
    assert min(spent(4_000), spent(4_000)) < 40 * few


def test_code_that_is_too_long_to_run_is_not_looked_at() -> None:
    start = "<NexusPanel><View><Text>{"
    assert complete(start + " " * 3_900 + "Mat", len(start) + 3_903).items
    assert not complete(start + " " * 4_100 + "Mat", len(start) + 4_103).items
    start = "<NexusPanel><Logic><Tool name='t'><Handler>"
    assert complete(start + ";" * 90_000 + "Mat", len(start) + 90_003).items
    assert not complete(start + ";" * 100_100 + "Mat", len(start) + 100_103).items
