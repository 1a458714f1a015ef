"""One mistake is one problem, says what was meant, and its fix leaves code that does that."""

from __future__ import annotations

import pytest

from nexus_jupyter.diagnostics import Diagnostic
from nexus_jupyter.nxml import read
from nexus_jupyter.nxml.checks.absent import ABSENT
from nexus_jupyter.nxml.fixing import apply_fixes
from nexus_jupyter.nxml.nearest import like, listed
from nexus_jupyter.nxml.problems import Problems
from nexus_jupyter.sandbox.syntax import confirm

STATES = '<State name="rows" type="list"/><State name="n" type="number"/><State name="b" type="boolean"/><Computed name="c" value="2"/>'
TOOL = '<Tool name="save" description="d"><Handler>return 1</Handler></Tool>'
ADD = '<Tool name="add" description="d"><Arg name="id" type="any"/><Handler>return $args.id</Handler></Tool>'


def panel(view: str = "", data: str = "", logic: str = "") -> str:
    view = f"<View>{view}</View>" if view else ""
    return f"<NexusPanel><Data>{STATES}{data}</Data><Logic>{TOOL}{ADD}{logic}</Logic>{view}</NexusPanel>"


def handler(code: str, logic: str = "") -> str:
    return panel(logic=f'{logic}<Tool name="run" description="d"><Arg name="from" type="any"/><Handler>{code}</Handler></Tool>')


def found(source: str) -> list[Diagnostic]:
    return [d for d in read(source).diagnostics if d.code not in ("NOT_AVAILABLE", "UNUSED_STATE", "UNUSED_TOOL")]


def fixed(source: str) -> str:
    return apply_fixes(source, found(source))


CODE = [
    ("const { row } = $state; return row;", "const { rows: row } = $state; return row;"),
    ("const { row = [] } = $state; return row;", "const { rows: row = [] } = $state; return row;"),
    ("const { row, bb } = $state; return [row, bb];", "const { rows: row, b: bb } = $state; return [row, bb];"),
    ("let row; ({ row } = $state); return row;", "let row; ({ rows: row } = $state); return row;"),
    ("const { row: own } = $state; return own;", "const { rows: own } = $state; return own;"),
    ("const { /* all */ row /* of them */ } = $state; return row;", "const { /* all */ rows: row /* of them */ } = $state; return row;"),
    ("const { sav } = $tools; return sav;", "const { save: sav } = $tools; return sav;"),
    ("const { frm } = $args; return frm;", "const { from: frm } = $args; return frm;"),
    ("const idd = 1; await $tools.add({ idd });", "const idd = 1; await $tools.add({ id: idd });"),
    ("await $tools.add({ idd: 1 });", "await $tools.add({ id: 1 });"),
    ("return { Mathh };", "return { Mathh: Math };"),
    ("return [1, Mathh, 2];", "return [1, Math, 2];"),
    ("return f({}, $state.row); function f(a, b) { return b; }", "return f({}, $state.rows); function f(a, b) { return b; }"),
    ("return \N{LEFT DOUBLE QUOTATION MARK}abc\N{RIGHT DOUBLE QUOTATION MARK};", 'return "abc";'),
]


@pytest.mark.parametrize(("wrong", "right"), CODE, ids=[wrong for wrong, _ in CODE])
def test_a_fix_of_code_keeps_its_variables(wrong: str, right: str) -> None:
    problems = found(handler(wrong))
    assert [d.fix is None for d in problems] == [False] * (2 if "bb" in wrong else 1)
    assert fixed(handler(wrong)) == handler(right)
    assert found(handler(right)) == []
    assert [d.code for d in confirm(read(handler(right)))] == []


def test_what_stands_in_an_extension_keeps_its_variable() -> None:
    declared = '<Extension name="nexus.python" alias="python"/>'
    wrong, right = "const { pyton } = $ext; return pyton;", "const { python: pyton } = $ext; return pyton;"
    assert fixed(handler(wrong, declared)) == handler(right, declared)


@pytest.mark.parametrize("code", ["new Uint8Array(3)", "new WeakRef({})", "structuredClone({})", "new Proxy({}, {})", "global", "let = 3"])
def test_what_the_sandbox_lacks_is_not_replaced_by_what_sounds_alike(code: str) -> None:
    (problem,) = found(handler(code))
    assert (problem.code, problem.fix) == ("UNKNOWN_NAME", None)
    assert "did you mean" not in problem.message
    assert read(handler(code)).ok


def test_what_to_use_instead_of_what_is_absent() -> None:
    (problem,) = found(handler("return structuredClone($state.rows)"))
    assert problem.message == "the sandbox has no structuredClone"
    assert problem.hint == ABSENT["structuredClone"]
    assert found(handler('return typeof structuredClone === "function" ? structuredClone(1) : 1')) == []


def test_an_absent_name_is_none_that_the_sandbox_has() -> None:
    from nexus_jupyter.catalog import catalog

    assert not set(ABSENT) & {*catalog().api, *catalog().globals, *catalog().forbidden}


@pytest.mark.parametrize("code", ["a\N{GRINNING FACE}", "\N{LEFT SINGLE QUOTATION MARK}", "\N{LEFT DOUBLE QUOTATION MARK}abc"])
def test_curly_quotes_are_told_once(code: str) -> None:
    """The engine finds the same and says it in its own words."""
    source = handler(f"return {code}")
    assert [(d.code, d.fix) for d in found(source)] == [("JS_SYNTAX", None)]
    assert [d.code for d in confirm(read(source))] == ["JS_SYNTAX"]


VIEWS = [
    ('<Input label="x" bind="$state[\'c\']"/>', "INVALID_BIND"),
    ('<Input label="x" bind=\'$state["nope"]\'/>', "UNDEFINED_STATE_REFERENCE"),
    ('<Input label="x" bind=" "/>', "INVALID_BIND"),
    ('<Iterat items="$state.rows" key="id"><Text>{$scope.item.x}</Text></Iterat>', "UNKNOWN_COMPONENT"),
    ('<Iff condition="$state.b"><Else><Text>a</Text></Else></Iff>', "UNKNOWN_COMPONENT"),
    ("<Text>{await $tools.save()}</Text>", "IMPURE_EXPRESSION"),
    ("<Text>{await 1}</Text>", "IMPURE_EXPRESSION"),
    ("<Text>{(await 1) + $tools.save()}</Text>", "IMPURE_EXPRESSION"),
    ('<Buton label="x" trigger="save"></Buton>', "UNKNOWN_COMPONENT"),
    ("<Text>{new (class {})()}</Text>", "IMPURE_EXPRESSION"),
    ("<Text>{(() => { function F() {} return new F(); })()}</Text>", "IMPURE_EXPRESSION"),
    ("<Text>{(() => { class F {} return new F(); })()}</Text>", "IMPURE_EXPRESSION"),
    (
        '<Iterate items="$state.rows" key="id"><If condition="$state.b"><Text>{$scope.item.tags.sort()}</Text></If></Iterate>',
        "IMPURE_EXPRESSION",
    ),
]


@pytest.mark.parametrize(("view", "code"), VIEWS, ids=[view for view, _ in VIEWS])
def test_a_mistake_in_a_view_is_told_once(view: str, code: str) -> None:
    codes = [d.code for d in found(panel(view))]
    assert codes == ([code, code] if "(await 1) +" in view else [code])


@pytest.mark.parametrize(
    "view",
    [
        "<Text>{(() => { function f() { return 1; } return new Date(f()).getTime(); })()}</Text>",
        "<Text>{[1].map(function (x) { return x; }).length + ' new'}</Text>",
        '<Iterate items="{[[2, 1]]}" key="0"><Text>{$scope.item.concat([]).sort()}</Text></Iterate>',
        '<Iterate items="{[{ tags: [2, 1] }]}" key="0"><Text>{$scope.item.tags.sort()}</Text></Iterate>',
        '<Iterate items="$state.c" key="0"><Text>{$scope.item.tags.sort()}</Text></Iterate>',
        "<Text>{typeof globalThis.fetch}</Text>",
        '<Input label="x" bind="$state[\'n\']"/>',
        '<Input label="x" bind="$state[\'a\' + 1]"/>',
        '<Text content="$state.n"/>',
    ],
)
def test_what_is_allowed_in_a_view(view: str) -> None:
    assert found(panel(view)) == []


def test_a_loop_variable_that_no_loop_has_is_no_state() -> None:
    codes = {d.code for d in found(panel('<Iterate key="id"><Text>{$scope.item.a.sort()}{$scope.no.a.sort()}</Text></Iterate>'))}
    assert codes == {"MISSING_ATTRIBUTE", "INVALID_SCOPE_REFERENCE"}


FIXES = [
    ('<Button label="x" trigger="sve"/>', '<Button label="x" trigger="save"/>'),
    ('<Button label="x" on:press="sve"/>', '<Button label="x" on:press="save"/>'),
    ('<Button label="x" on:click="save"/>', '<Button label="x" on:press="save"/>'),
    ('<Text contnt="a"/>', '<Text content="a"/>'),
    ('<Buton label="x" trigger="save"/>', '<Button label="x" trigger="save"/>'),
    ('<Input label="x" bind="$state.nn"/>', '<Input label="x" bind="$state.n"/>'),
    (
        '<Iterate items="$state.rows" as="row" key="id"><Input label="x" bind="$scope.rw.a"/></Iterate>',
        '<Iterate items="$state.rows" as="row" key="id"><Input label="x" bind="$scope.row.a"/></Iterate>',
    ),
    (
        '<Iterate itms="$state.rows" key="id"><Text>{$scope.item}</Text></Iterate>',
        '<Iterate items="$state.rows" key="id"><Text>{$scope.item}</Text></Iterate>',
    ),
    ('<Button label="x" triger="save"/>', '<Button label="x" trigger="save"/>'),
    ('<Table ariaLabel="x" data="$state.rows"/>', '<Table ariaLabel="x" data="{$state.rows}"/>'),
    ('<Text hidden=" $state.b ">a</Text>', '<Text hidden="{$state.b}">a</Text>'),
]


@pytest.mark.parametrize(("wrong", "right"), FIXES, ids=[wrong for wrong, _ in FIXES])
def test_what_was_meant_in_a_view_is_a_fix(wrong: str, right: str) -> None:
    (problem,) = found(panel(wrong))
    assert problem.fix is not None
    assert fixed(panel(wrong)) == panel(right)


def test_an_event_that_is_there_already_is_not_written_twice() -> None:
    (problem,) = found(panel('<Button label="x" on:click="save" on:press="save"/>'))
    assert problem.fix is None


LOGIC = [
    ('<Lifecycle on="chnge" of="n"><Handler>1</Handler></Lifecycle>', '<Lifecycle on="change" of="n"><Handler>1</Handler></Lifecycle>'),
    (
        '<Lifecycle on="change" of="b, row"><Handler>1</Handler></Lifecycle>',
        '<Lifecycle on="change" of="b, rows"><Handler>1</Handler></Lifecycle>',
    ),
    (
        '<Extension name="nexus.pyton"/><Lifecycle on="mount"><Handler>await $ext.python.f()</Handler></Lifecycle>',
        '<Extension name="nexus.python"/><Lifecycle on="mount"><Handler>await $ext.python.f()</Handler></Lifecycle>',
    ),
]


@pytest.mark.parametrize(("wrong", "right"), LOGIC, ids=[wrong for wrong, _ in LOGIC])
def test_what_was_meant_in_the_logic_is_a_fix(wrong: str, right: str) -> None:
    (problem,) = found(panel(logic=wrong))
    assert problem.fix is not None
    assert fixed(panel(logic=wrong)) == panel(logic=right)


def test_a_name_that_is_listed_twice_is_left_to_its_writer() -> None:
    assert [d.fix for d in found(panel(logic='<Lifecycle on="change" of="row, row"><Handler>1</Handler></Lifecycle>'))] == [None]


@pytest.mark.parametrize(
    ("data", "logic", "code"),
    [
        ('<Sttae name="q" type="any"/>', "", "UNKNOWN_ELEMENT"),
        ('<State nam="q" type="any"/>', "", "MISSING_ATTRIBUTE"),
        ('<Computd name="q" value="1"/>', "", "UNKNOWN_ELEMENT"),
        ("", '<Tol name="q" description="d"><Handler>1</Handler></Tol>', "UNKNOWN_ELEMENT"),
        ("", '<Tool name="q" description="d"><Handlr>1</Handlr></Tool>', "UNKNOWN_ELEMENT"),
        ("", '<Tool name="q" description="d"><handler>1</handler></Tool>', "UNKNOWN_ELEMENT"),
    ],
)
def test_a_misspelt_declaration_declares_its_name(data: str, logic: str, code: str) -> None:
    use = "await $tools.q()" if logic else "return $state.q"
    source = panel(data=data, logic=f'{logic}<Tool name="run" description="d"><Handler>{use}</Handler></Tool>')
    assert [d.code for d in found(source)] == [code]


def test_an_empty_misspelt_element_can_be_mended() -> None:
    assert fixed(panel(data='<Sttae name="q" type="any"/>')) == panel(data='<State name="q" type="any"/>')


def test_an_extension_whose_alias_cannot_be_used_is_not_called_unused() -> None:
    source = panel("<Text>a</Text>", logic='<Extension name="nexus.python" alias="a-b"/>')
    assert [d.code for d in found(source)] == ["INVALID_IDENTIFIER"]


@pytest.mark.parametrize("code", ["return globalThis.fetch", "const { fetch } = globalThis; return fetch", "globalThis.fetch.call(1)"])
def test_a_forbidden_name_is_found_in_the_global_object(code: str) -> None:
    assert [d.code for d in found(handler(code))] == ["FORBIDDEN_GLOBAL"]


@pytest.mark.parametrize("code", ["return typeof globalThis.fetch", "globalThis.name = 1", "return globalThis"])
def test_the_global_object_itself_is_allowed(code: str) -> None:
    assert found(handler(code)) == []


def test_lists_of_names_in_messages_are_cut() -> None:
    arguments = "".join(f'<Arg name="a{n}" type="any"/>' for n in range(200))
    many = f'<Tool name="many" description="d">{arguments}<Handler>return 1</Handler></Tool>'
    (called,) = found(handler("await $tools.many({})", many))
    assert "'a7' and 192 more" in called.message
    assert "a7 and 192 more" in called.hint
    (triggered,) = found(panel('<Button label="x" trigger="many"/>', logic=many))
    assert "'a7' and 192 more" in triggered.message
    (given,) = found(handler("await $tools.many({ a0: 1, a199: 2, a3: undefined })", many))
    assert "'a1', 'a2', 'a3'" in given.message
    assert "190 more" in given.message
    names = ", ".join(f"x{n}" for n in range(500))
    (default,) = found(panel(data=f'<State name="s" type="string" enum="{names}" default="no"/>'))
    assert "x7 and 492 more" in default.message


def test_names_are_listed_as_they_are_when_they_are_few() -> None:
    assert listed(["a", "b"], 2) == "a, b"
    assert listed([], 0) == ""


def test_comparing_names_ends_after_a_while() -> None:
    problems = Problems(1_000)
    known = [f"state{n}" for n in range(500)]
    assert problems.nearest("sttae7", known) == "state7"
    for n in range(60):
        problems.nearest(f"other{n}", known)
    assert problems.nearest("sttae8", known) == ""
    assert problems.nearest("sttae7", known) == "state7"


def test_a_name_is_not_its_own_misspelling() -> None:
    assert not like("Iterate", "Iterate")
    assert like("iterate", "Iterate")
