"""What documents mean: each rule finds its problem, says it once, and leaves what is right alone."""

from __future__ import annotations

from functools import cache

import pytest

from nexus_jupyter.catalog import Catalog, ExtensionEntry, OptionEntry, catalog
from nexus_jupyter.diagnostics import Diagnostic, Severity
from nexus_jupyter.errors import DocumentError
from nexus_jupyter.nxml import RULES, ASTValidator, Parser, load_program, read
from nexus_jupyter.nxml.codes import SEVERITIES


def found(source: str) -> list[Diagnostic]:
    """What is wrong; the documents here are too short to use all that they declare."""
    return [d for d in read(source).diagnostics if d.severity is not Severity.INFO and not d.code.startswith("UNUSED_")]


def data(inner: str) -> str:
    return f"<NexusPanel><Data>{inner}</Data></NexusPanel>"


def logic(inner: str) -> str:
    return f"<NexusPanel><Logic>{inner}</Logic></NexusPanel>"


def tool(inner: str = "", attributes: str = "") -> str:
    return logic(f'<Tool name="t" description="d" {attributes}>{inner}<Handler>return 1</Handler></Tool>')


def view(inner: str) -> str:
    declared = '<Data><State name="count" type="number"/><Computed name="twice" value="2"/></Data>'
    tools = '<Logic><Tool name="save" description="d"><Handler>return 1</Handler></Tool></Logic>'
    return f"<NexusPanel>{declared}{tools}<View>{inner}</View></NexusPanel>"


H = "<Handler>return 1</Handler>"

WRONG = [
    (data('<State name="a-b" type="any"/>'), "INVALID_IDENTIFIER", "not a JavaScript identifier"),
    (data('<State name="class" type="any"/>'), "INVALID_IDENTIFIER", "reserved word"),
    (data(f'<State name="{"a" * 65}" type="any"/>'), "INVALID_IDENTIFIER", "longer than 64"),
    (data('<State name="" type="any"/>'), "INVALID_IDENTIFIER", "empty"),
    (data('<State name="a" type="array"/>'), "ALIAS", "list"),
    (data('<State name="a" type="numbr"/>'), "INVALID_TYPE", "did you mean 'number'"),
    (data('<State name="a" type="any" defualt="1"/>'), "UNKNOWN_ATTRIBUTE", "did you mean 'default'"),
    (data('<State name="a" type="number" default="x"/>'), "INVALID_DEFAULT", "must be a number, or one {expression}"),
    (data('<State name="a" type="number" default="NaN"/>'), "INVALID_DEFAULT", "must be a number"),
    (data('<State name="a" type="number" default="+7"/>'), "INVALID_DEFAULT", "is not valid JSON"),
    (data('<State name="a" type="boolean" default="yes"/>'), "INVALID_DEFAULT", "must be true or false, or one {expression}"),
    (data('<State name="a" type="any" default="NaN"/>'), "INVALID_DEFAULT", "NaN is no JSON"),
    (
        data('<State name="b" type="any"/><State name="a" type="any" default="{Math.max($state.b, 1)}"/>'),
        "INVALID_DEFAULT",
        "cannot read $state",
    ),
    (data('<State name="a" type="int"/>'), "INVALID_TYPE", "did you mean 'number'"),
    (data('<State name="a" type="DataFrame"/>'), "INVALID_TYPE", "did you mean 'frame'"),
    (logic('<Extension name="http"/>'), "UNKNOWN_EXTENSION", "did you mean 'nexus.http'"),
    (view("<div><Text>a</Text></div>"), "UNKNOWN_COMPONENT", "did you mean <Layout>"),
    (view('<Button label="x" onClick="save"/>'), "UNKNOWN_ATTRIBUTE", "<Button> has press"),
    (data('<State name="a" type="number" default="1e999"/>'), "INVALID_DEFAULT", "too large"),
    (data('<State name="a" type="number" default="11" max="10"/>'), "INVALID_DEFAULT", "more than the max 10"),
    (data('<State name="a" type="number" default="true"/>'), "INVALID_DEFAULT", "no value of the type number"),
    (data('<State name="a" type="object" default="null"/>'), "INVALID_DEFAULT", "null"),
    (data('<State name="a" type="object">[1]</State>'), "INVALID_DEFAULT", "type object"),
    (data(f'<State name="a" type="list" default="{"[" * 5000}"/>'), "INVALID_DEFAULT", ""),
    (data(f'<State name="a" type="list" default="{"[" * 150 + "]" * 150}"/>'), "INVALID_DEFAULT", "nested"),
    (data('<State name="a" type="string" default="\\ud800" enum="a"/>'), "INVALID_DEFAULT", "not among a"),
    (data('<State name="a" type="any" default=\'"\\ud800"\'/>'), "INVALID_DEFAULT", "surrogate"),
    (data('<State name="a" type="number" min="3" max="1"/>'), "INVALID_ATTRIBUTE", "above max"),
    (data('<State name="a" type="number" min="x"/>'), "INVALID_ATTRIBUTE", "must be a number"),
    (data('<State name="a" type="number" min="x" default="1"/>'), "INVALID_ATTRIBUTE", "must be a number"),
    (data('<State name="a" type="number" step="0"/>'), "INVALID_ATTRIBUTE", "more than zero"),
    (data('<State name="a" type="number" enum="1,x"/>'), "INVALID_ATTRIBUTE", "must be a number"),
    (data('<State name="a" type="string" min="1"/>'), "UNKNOWN_ATTRIBUTE", "no meaning"),
    (data('<State name="a" type="any" persist/>'), "INVALID_ATTRIBUTE", "needs a value"),
    (data('<State name="a" type="number" default="1" min="2"/>'), "INVALID_DEFAULT", "less than the min 2"),
    (data('<State name="a" type="string" default="ab1" pattern="[a-z]+"/>'), "INVALID_DEFAULT", "does not match the pattern [a-z]+"),
    (data('<State name="a" type="string" pattern="[a-z]+">A</State>'), "INVALID_DEFAULT", "does not match the pattern [a-z]+"),
    (data('<State name="a" type="string" enum="a,b1" pattern="[a-z]+"/>'), "INVALID_ATTRIBUTE", "does not match the pattern [a-z]+"),
    (data(f'<State name="a" type="list" default="[{"0," * 10_000}0]"/>'), "INVALID_DEFAULT", "use type frame for larger tables"),
    (data('<State name="a" type="list" enum="x,y"/>'), "INVALID_ATTRIBUTE", "no meaning for the type list"),
    (data(f'<State name="a" type="number" default="1{"0" * 350}"/>'), "INVALID_DEFAULT", "too large"),
    (data('<State name="a" type="string" persist="disk"/>'), "INVALID_ATTRIBUTE", "none, notebook, workspace"),
    (data('<State name="a" type="any" default="1">2</State>'), "UNEXPECTED_TEXT", "both"),
    (data('<Computed name="a"/>'), "MISSING_ATTRIBUTE", "value"),
    (data('<Computed name="a" value/>'), "INVALID_ATTRIBUTE", "needs a value"),
    (data('<Computed name="a" value="1" type="no"/>'), "INVALID_TYPE", ""),
    (data('<Computed name="a" value=""/>'), "JS_SYNTAX", "missing"),
    (data("<Text>a</Text>"), "MISPLACED_ELEMENT", "components stand in <View>"),
    (tool('<Arg name="a" type="number" default="{1}"/>'), "INVALID_DEFAULT", "no expression"),
    (tool('<Arg name="a" type="number" default="1" required="true"/>'), "INVALID_DEFAULT", "no use"),
    (tool(attributes='ai="maybe"'), "INVALID_ATTRIBUTE", "ask, allow, deny"),
    (tool(H), "MISPLACED_ELEMENT", "second <Handler>"),
    (logic('<Tool name="t"><Handler>1</Handler></Tool>'), "TOOL_WITHOUT_DESCRIPTION", ""),
    (logic('<Tool name="t" description="d"><Handler>// later</Handler></Tool>'), "EMPTY_HANDLER", ""),
    (logic('<Tool name="t" description="d"><Handler timeout="soon">1</Handler></Tool>'), "INVALID_ATTRIBUTE", "duration"),
    (logic('<Tool name="t" description="d"><Handler timeout="0s">1</Handler></Tool>'), "INVALID_ATTRIBUTE", "more than zero"),
    (logic('<Tool name="t" description="d"><Handler memory="much">1</Handler></Tool>'), "INVALID_ATTRIBUTE", "512kB"),
    (logic('<Tool name="t" description="d"><Handler memory="0">1</Handler></Tool>'), "INVALID_ATTRIBUTE", "more than zero"),
    (logic('<Tool name="t" description="d"><Handler capabilities="fs:reed">1</Handler></Tool>'), "INVALID_ATTRIBUTE", "fs:read"),
    (logic('<Tool name="t" description="d"><Handler capabilities="fs:write">1</Handler></Tool>'), "DANGEROUS_CAPABILITY", ""),
    (logic('<Extension name="nexus.python" colour="red"/>'), "UNKNOWN_ATTRIBUTE", "colour"),
    (logic(f'<Lifecycle on="interval">{H}</Lifecycle>'), "INVALID_LIFECYCLE", "needs 'every'"),
    (logic(f'<Lifecycle on="mount" every="5s">{H}</Lifecycle>'), "INVALID_LIFECYCLE", "belongs to interval"),
    (logic(f'<Lifecycle on="interval" every="often">{H}</Lifecycle>'), "INVALID_LIFECYCLE", "duration"),
    (logic(f'<Lifecycle on="interval" every="0s">{H}</Lifecycle>'), "INVALID_LIFECYCLE", "more than zero"),
    (logic(f'<Lifecycle on="interval" every="5s" whenHidden="stop">{H}</Lifecycle>'), "INVALID_LIFECYCLE", "pause or run"),
    (logic(f"<Lifecycle>{H}</Lifecycle>"), "MISSING_ATTRIBUTE", "'on'"),
    (logic("<Extension/>"), "MISSING_ATTRIBUTE", "'name'"),
    (logic('<Extension name=""/>'), "UNKNOWN_EXTENSION", "extensions are"),
    (logic(f'<Lifecycle on="change" of="nope">{H}</Lifecycle>'), "UNDEFINED_STATE_REFERENCE", "nope"),
    (logic('<Lifecycle on="mount"/>'), "MISSING_HANDLER", ""),
    (view('<Text variant="h9">a</Text>'), "INVALID_ATTRIBUTE", "h1, h2"),
    (view('<Text hidden="yes">a</Text>'), "INVALID_ATTRIBUTE", "true or false"),
    (view('<Text colSpan="13">a</Text>'), "INVALID_ATTRIBUTE", "from 1 to 12"),
    (view("<Text tooltip>a</Text>"), "INVALID_ATTRIBUTE", "needs a value"),
    (view('<Text style="position: fixed">a</Text>'), "INVALID_ATTRIBUTE", "position"),
    (view('<Text style="color: url(x)">a</Text>'), "INVALID_ATTRIBUTE", "'color' is not allowed"),
    (view('<Text class="a;b">a</Text>'), "INVALID_ATTRIBUTE", "class names"),
    (view('<Text className="a">a</Text>'), "ALIAS", "class"),
    (view('<Text onclick="x">a</Text>'), "UNKNOWN_ATTRIBUTE", "on:EVENT"),
    (view('<Text bind="$state.count">a</Text>'), "UNKNOWN_ATTRIBUTE", "takes no 'bind'"),
    (view('<Text content="a">b</Text>'), "UNEXPECTED_TEXT", "both"),
    (view("<Layout>a</Layout>"), "UNEXPECTED_TEXT", "<Text>"),
    (view("a"), "UNEXPECTED_TEXT", "<Text>"),
    (view("<Text><Text>a</Text></Text>"), "MISPLACED_ELEMENT", "holds no components"),
    (view("<Layout><State/></Layout>"), "MISPLACED_ELEMENT", "<Data>"),
    (view("<Data/>"), "MISPLACED_ELEMENT", "<NexusPanel>"),
    (view("<Else/>"), "MISPLACED_ELEMENT", "<If>"),
    (view('<If condition="1"><Else/><Text>a</Text></If>'), "MISPLACED_ELEMENT", "last"),
    (view('<If condition="1"><Else/><Else/></If>'), "MISPLACED_ELEMENT", "one <Else>"),
    (view("<If/>"), "MISSING_ATTRIBUTE", "condition"),
    (view('<Iterate key="id"/>'), "MISSING_ATTRIBUTE", "'items' or 'over'"),
    (view('<Iterate items="[]" over="[]" key="id"/>'), "INVALID_ATTRIBUTE", "both"),
    (view('<Iterate items="[]" key="id"><Empty/><Empty/></Iterate>'), "MISPLACED_ELEMENT", "one <Empty>"),
    (view("<Tabs><Text>a</Text></Tabs>"), "MISPLACED_ELEMENT", "holds <Tab> only"),
    (view('<Tab label="x"/>'), "MISPLACED_ELEMENT", "only in <Tabs>"),
    (view('<Image src="a.png" alt="x" width="1.5"/>'), "INVALID_ATTRIBUTE", "whole number"),
    (view('<Chart height="0"/>'), "INVALID_ATTRIBUTE", "from 1 to 10000"),
    (view("<Chart spec='[1]'/>"), "INVALID_ATTRIBUTE", "a JSON object or one {expression}"),
    (view("<Select label='x' options='[1'/>"), "INVALID_ATTRIBUTE", "JSON"),
    (view('<Input label="x" debounce="soon"/>'), "INVALID_ATTRIBUTE", "duration"),
    (view('<Text style="red">a</Text>'), "INVALID_ATTRIBUTE", "write name: value"),
    (view('<Iterate items="[]"/>'), "MISSING_KEY", ""),
    (view('<Iterate items="[]" key="k-{$scope.item.id}"/>'), "INVALID_ATTRIBUTE", 'write key="{`k-${$scope.item.id}`}"'),
    (view('<Text key="a\'{$state.count}">x</Text>'), "INVALID_ATTRIBUTE", "make all of it one"),
    (view('<Iterate items="[]" key="id" as="1"/>'), "INVALID_IDENTIFIER", ""),
    (view('<Iterate items="[]" key="id" as="a" index="a"/>'), "INVALID_IDENTIFIER", "already"),
    (view('<Iterate items="[]" key="id"><Text id="x">a</Text></Iterate>'), "DUPLICATE_VIEW_ID", "every item"),
    (view('<Action label="x"/>'), "MISSING_ATTRIBUTE", "trigger"),
    (view('<Button trigger="save"/>'), "MISSING_LABEL", "label"),
    (view('<Button label="x" trigger="sve"/>'), "UNDEFINED_TOOL_REFERENCE", "did you mean 'save'"),
    (view('<Button label="x" on:pres="save"/>'), "UNKNOWN_ATTRIBUTE", "did you mean 'press'"),
    (view('<Button label="x" args="[1]"/>'), "UNKNOWN_ATTRIBUTE", "trigger"),
    (view('<Input label="x" bind/>'), "INVALID_BIND", "names no place"),
    (view('<Input label="x" bind="$state"/>'), "INVALID_BIND", "itself"),
    (view('<Input label="x" bind="$state.f()"/>'), "INVALID_BIND", ""),
    (view('<Input label="x" bind="$state?.a"/>'), "INVALID_BIND", ""),
    (view('<Input label="x" bind="$state.__proto__"/>'), "INVALID_BIND", ""),
    (view('<Input label="x" bind="$state.count[]"/>'), "INVALID_BIND", "key"),
    (view('<Input label="x" bind="$statex.a"/>'), "INVALID_BIND", "starts with"),
    (view('<Input label="x" bind=""/>'), "INVALID_BIND", "names no place"),
    (view('<Text hidden="{ }">a</Text>'), "JS_SYNTAX", "missing"),
    (view("""<Text content="{'a\\"/>"""), "UNTERMINATED_EXPRESSION", "closing }"),
    (view('<Text hidden="">a</Text>'), "INVALID_ATTRIBUTE", "true or false"),
    (view('<Input label="x" bind="$state.twice"/>'), "INVALID_BIND", "computed"),
    (view('<Input label="x" bind="$state.cuont"/>'), "UNDEFINED_STATE_REFERENCE", "did you mean count?"),
    (view('<Input label="x" bind="$scope.item.x"/>'), "INVALID_SCOPE_REFERENCE", "<Iterate>"),
    (
        view('<Iterate items="[]" key="id"><Empty><Input label="x" bind="$scope.item"/></Empty></Iterate>'),
        "INVALID_SCOPE_REFERENCE",
        "item",
    ),
]


@pytest.mark.parametrize(("source", "code", "text"), WRONG)
def test_a_problem_is_found_and_stands_alone(source: str, code: str, text: str) -> None:
    diagnostics = found(source)
    assert [d.code for d in diagnostics] == [code]
    assert text in f"{diagnostics[0].message} {diagnostics[0].hint}"


RIGHT = [
    data('<State name="$a_1é" type="any" default="null"/>'),
    data('<State name="a" type="string" default="{1}" />'),
    data('<State name="a" type="number" default="{1 + 1}" min="3"/>'),
    data('<State name="a" type="list">["x", {"y": 1e3}]</State>'),
    data('<State name="a" type="number" enum="1, 2" default="2"/>'),
    data('<State name="a" type="string" default="" pattern="^(a+)+$"/>'),
    data('<State name="a" type="string" default="ab" pattern="(?!b)."/>'),
    data('<State name="a" type="frame"/>'),
    tool('<Arg name="from" type="string" required="false"/>'),
    logic('<Extension name="nexus.python" reason="r"/>'),
    view('<Text hidden="{$state.count > 1}" class="a b-c {$state.twice}" style="color: rgb(1, 2, 3); margin: 0 auto">a</Text>'),
    view(
        '<Iterate items="{[1]}" as="row" index="i" key="{$scope.i}"><Input label="x" bind="{ $scope.row[$scope.i].name }" id="in-{$scope.i}"/></Iterate>'
    ),
    view(
        '<Iterate items="[]" as="a" key="id"><Iterate items="[]" as="b" key="id"><Checkbox bind="$scope.a.x">y</Checkbox></Iterate></Iterate>'
    ),
    view('<Iterate items="[]" key="k-{{id}}"/>'),
    view('<Iterate items="[]" key="k-&#123;id}"/>'),
    view('<Iterate items="[]" key="id"><Empty><Text id="none">nothing</Text></Empty></Iterate>'),
    view('<Input label="x" bind="$state.count" on:change="save" args="[]"/>'),
    view('<Input label="x" bind="$state[\'count\']"/>'),
    view('<Tabs><Iterate items="[1]" key="id"><Tab label="a"/></Iterate></Tabs>'),
]


@pytest.mark.parametrize("source", RIGHT)
def test_what_is_right_is_left_alone(source: str) -> None:
    assert found(source) == []


# No extension has these kinds of option at present; the language allows them (section 1: the options its declaration lists).
@cache
def kinds() -> Catalog:
    return catalog().model_copy(
        update={
            "extensions": {
                "acme.default": ExtensionEntry(
                    name="acme.default",
                    available=True,
                    description="An extension of every kind of option.",
                    capabilities=(),
                    methods=(),
                    options=(
                        OptionEntry(name="retries", type="number", description="How often.", default=3),
                        OptionEntry(name="secure", type="boolean", description="Whether."),
                        OptionEntry(name="level", type="enum", enum=("low", "high"), description="How much.", dangerous=("high",)),
                        OptionEntry(name="hosts", type="list", description="Where.", dangerous=("*",)),
                    ),
                )
            }
        }
    )


def of_kinds(attributes: str) -> list[tuple[str, str]]:
    ast = Parser(logic(f'<Extension name="acme.default" {attributes}/>')).parse()
    return [(d.code, d.message) for d in ASTValidator(ast, catalog=kinds).validate() if d.code != "UNUSED_EXTENSION"]


@pytest.mark.parametrize(
    ("option", "code", "text"),
    [
        ('retries="often"', "INVALID_ATTRIBUTE", "'often' of 'retries' must be a number"),
        ("retries", "INVALID_ATTRIBUTE", "'retries' needs a value"),
        ('secure="yes"', "INVALID_ATTRIBUTE", "must be true or false"),
        ('level="middle"', "INVALID_ATTRIBUTE", "must be one of low, high"),
        ('level="high"', "DANGEROUS_CAPABILITY", "level='high'"),
        ('hosts="a.org, *"', "DANGEROUS_CAPABILITY", "hosts='*'"),
        ('hosts="*.org"', "DANGEROUS_CAPABILITY", "hosts='*.org'"),
        ('port="1"', "UNKNOWN_ATTRIBUTE", "no attribute 'port'"),
    ],
)
def test_options_of_an_extension_are_of_their_kind(option: str, code: str, text: str) -> None:
    ((found_code, message),) = of_kinds(f'alias="acme" {option}')
    assert found_code == code
    assert text in message


def test_an_extension_whose_last_segment_is_reserved_needs_an_alias() -> None:
    assert of_kinds('alias="acme" retries="2" secure level="low" hosts="a.org"') == []
    ((code, message),) = of_kinds("")
    assert code == "INVALID_IDENTIFIER"
    assert "'default' is a reserved word" in message


def test_what_this_version_does_not_do_is_said() -> None:
    source = """<NexusPanel><Data><State name="a" type="any" persist="workspace"/></Data><View><Slider bind="$state.a" label="x"/></View></NexusPanel>"""
    said = [(d.code, d.severity) for d in read(source).diagnostics if d.code != "UNUSED_EXTENSION"]
    assert said == [
        ("NOT_AVAILABLE", Severity.INFO),
        ("NOT_AVAILABLE", Severity.INFO),
    ]
    assert read(source).ok


def test_an_extension_that_a_version_has_not_is_said_to_fail() -> None:
    known = catalog()
    without = known.extensions["nexus.sql"].model_copy(update={"available": False})
    changed = known.model_copy(update={"extensions": {**known.extensions, "nexus.sql": without}})
    ast = Parser(logic('<Extension name="nexus.sql"/>')).parse()
    said = [(d.code, d.severity) for d in ASTValidator(ast, catalog=lambda: changed).validate() if d.code != "UNUSED_EXTENSION"]
    assert said == [("NOT_AVAILABLE", Severity.WARNING)]


@pytest.mark.parametrize(
    "source",
    [
        data('<Computed name="a" value=""/>'),
        data('<Computed name="a">/* later */</Computed>'),
        view("<Text>{}</Text>"),
        view("<Text>{1}{ }{2}</Text>"),
        view('<If condition=""><Text>a</Text></If>'),
        view('<Text hidden="{ /* no */ }">a</Text>'),
    ],
)
def test_an_expression_that_is_missing_keeps_the_panel_from_being_made(source: str) -> None:
    """There is nothing that the engine could say about it."""
    assert "JS_SYNTAX" in [d.code for d in found(source)]
    assert not read(source).ok
    with pytest.raises(DocumentError, match="an expression is missing here"):
        load_program(source)


def test_an_older_name_beside_the_preferred_one_is_not_changed_to_it() -> None:
    """That would be the attribute twice."""
    (alias,) = found(view('<Text class="a" className="b">c</Text>'))
    assert (alias.code, alias.fix) == ("ALIAS", None)


def test_a_loop_without_a_key_is_told_its_own_variable() -> None:
    (missing,) = found(view('<Iterate items="[1]" as="row"><Text>{$scope.row}</Text></Iterate>'))
    assert "{$scope.row}" in missing.hint


def test_a_misplaced_declaration_is_not_blamed_again_where_it_is_used() -> None:
    source = '<NexusPanel><Logic><State name="a" type="any"/></Logic><View><Input label="x" bind="$state.a"/></View></NexusPanel>'
    assert [d.code for d in found(source)] == ["MISPLACED_ELEMENT"]


def test_paths_name_the_element() -> None:
    (diagnostic,) = found(data('<State name="a" type="any"/><State name="1" type="any"/>'))
    assert diagnostic.path == "NexusPanel/Data/State[2]"


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.name)
def test_every_rule_documents_itself(rule: object) -> None:
    from nexus_jupyter.nxml import Rule

    assert isinstance(rule, Rule)
    for word in ("What:", "Why:", "Remedy:"):
        assert word in rule.documentation
    assert set(rule.codes) <= set(SEVERITIES)


def test_what_a_handler_does_not_do_yet_is_said() -> None:
    source = '<NexusPanel><Logic><Tool name="t" description="d"><Handler memory="16MB">return 1</Handler></Tool></Logic></NexusPanel>'
    (diagnostic,) = read(source).diagnostics
    assert (diagnostic.code, diagnostic.severity) == ("NOT_AVAILABLE", Severity.INFO)
