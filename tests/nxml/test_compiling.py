"""Programs: what the guest and the renderer are given."""

from __future__ import annotations

import pytest

from nexus_jupyter.catalog import ExtensionEntry, OptionEntry, catalog
from nexus_jupyter.errors import DocumentError
from nexus_jupyter.nxml import Program, compile_program, load_program, read
from nexus_jupyter.nxml.program import BindingProp, LiteralProp, TextProp, ViewNode


def program(data: str = "", logic: str = "", view: str = "") -> Program:
    return load_program(f"<NexusPanel><Data>{data}</Data><Logic>{logic}</Logic><View>{view}</View></NexusPanel>")[0]


STATES = "".join(f'<State name="{name}" type="any"/>' for name in ("a", "x", "rows"))


def root(view: str, data: str = STATES, logic: str = "") -> tuple[ViewNode, Program]:
    made = program(data, logic, view)
    assert made.view is not None
    return made.view, made


def source(made: Program, prop: object) -> str:
    assert isinstance(prop, BindingProp)
    return made.code[prop.code].source


@pytest.mark.parametrize(
    ("attributes", "value"),
    [
        ('type="string"', ""),
        ('type="number"', 0),
        ('type="boolean"', False),
        ('type="list"', []),
        ('type="array"', []),
        ('type="object"', {}),
        ('type="any"', None),
        ('type="frame"', []),
        ('type="number" min="3"', 3),
        ('type="number" max="-2"', -2),
        ('type="string" enum="x, y"', "x"),
        ('type="number" enum="4,5"', 4),
        ('type="string" default="{1}"', "{1}"),
        ('type="boolean" default', True),
        ('type="object" default=\'{"a": 1}\'', {"a": 1}),
        ('type="number" default="12345678901234567890"', 12345678901234567890.0),
    ],
)
def test_first_values(attributes: str, value: object) -> None:
    state = program(f'<State name="a" {attributes}/>').states[0]
    assert state.default == value
    assert state.default_code is None


def test_a_computed_default_is_code() -> None:
    made = program('<State name="a" type="list" default="{ [1, 2].map(x => x) }"/>')
    assert made.states[0].default_code == 0
    assert made.code[0].source == "[1, 2].map(x => x)"
    assert made.code[0].span.column == 58


def test_tools_keep_their_limits_and_arguments() -> None:
    made = program(
        logic='<Tool name="t" description="d" confirm="sure?" concurrency="latest"><Arg name="a" type="number" min="1"/><Arg name="b" type="string" default="x"/>'
        '<Handler timeout="1.5s" memory="16MB" capabilities="python:call" atomic>return $args.a</Handler></Tool>'
    )
    (tool,) = made.tools
    assert [(a.name, a.required, a.default, a.min) for a in tool.args] == [("a", True, None, 1), ("b", False, "x", None)]
    assert (tool.handler.timeout, tool.handler.memory, tool.handler.capabilities, tool.handler.atomic) == (
        1.5,
        16_000_000,
        ("python:call",),
        True,
    )
    assert made.code[tool.handler.code].kind == "body"
    assert (tool.confirm, tool.concurrency) == ("sure?", "latest")


def test_handler_columns_are_those_of_the_document() -> None:
    text = '<NexusPanel><Logic><Tool name="t" description="d"><Handler>\n      const a = 1;\n        b();\n    </Handler></Tool></Logic></NexusPanel>'
    made, _ = load_program(text)
    assert made.code[0].source == "const a = 1;\n        b();"
    assert (made.code[0].span.line, made.code[0].span.column) == (2, 7)


def test_literals_are_coerced_and_bindings_keep_their_type() -> None:
    node, made = root('<Container title="a {$state.x} b" collapsible="false" colSpan="4" hidden="{ $state.x }" className="k"/>')
    assert node.props["collapsible"] == LiteralProp(value=False)
    assert node.props["colSpan"] == LiteralProp(value=4)
    assert node.props["class"] == LiteralProp(value="k")
    assert source(made, node.props["hidden"]) == "$state.x"
    title = node.props["title"]
    assert isinstance(title, TextProp)
    assert [p if isinstance(p, str) else made.code[p].source for p in title.parts] == ["a ", "$state.x", " b"]


def test_text_children_become_the_content() -> None:
    assert root("<Text>\n  Hello   <!-- x -->\n  &#123;world&#125; {{a}} &lt;b&gt;\n</Text>")[0].props == {
        "content": LiteralProp(value="Hello {world} {a} <b>")
    }
    node, made = root("<Text> {$state.a} </Text>")
    assert source(made, node.props["content"]) == "$state.a"
    node, _ = root("<Text>a {1}\n {2}</Text>")
    assert node.props["content"] == TextProp(parts=("a ", 0, " ", 1))


def test_markdown_is_dedented_instead() -> None:
    node, _ = root("<Markdown>\n    # A\n\n      code\n    {1} b\n  </Markdown>")
    assert node.props["content"] == TextProp(parts=("# A\n\n  code\n", 0, " b"))


def test_events_places_and_keys() -> None:
    view = """<Iterate over="{$state.rows}" as="row" index="i" key="id">
      <Input label="x" bind="$scope.row[$scope.i + 1].name" on:change="t" args="{ id: 1 }"/>
      <Button label="y" trigger="t" args="$scope.row" key="{$scope.i}"/>
      <Empty><Text>none</Text></Empty></Iterate>"""
    node, made = root(view, logic='<Tool name="t" description="d"><Arg name="id" type="any"/><Handler>return $args.id</Handler></Tool>')
    assert node.type == "Layout"
    loop = node.children[0]
    assert (loop.type, loop.item_name, loop.index_name, loop.key) == ("Iterate", "row", "i", LiteralProp(value="id"))
    assert loop.items is not None
    assert made.code[loop.items].source == "$state.rows"
    field, button, empty = loop.children
    assert field.bind is not None
    assert [p if isinstance(p, str) else made.code[p].source for p in field.bind.path] == ["row", "$scope.i + 1", "name"]
    args = field.events["change"].args
    assert args is not None
    assert (made.code[args].kind, made.code[args].source) == ("args", "{ id: 1 }")
    assert button.events["press"].tool == "t"
    assert source(made, button.key) == "$scope.i"
    assert empty.type == "Empty"
    assert "label" in button.props
    assert "key" not in button.props


def test_conditions_keep_their_else_last() -> None:
    node, made = root('<Layout><If condition="{$state.a}"><Text>a</Text><Else><Text>b</Text></Else></If></Layout>')
    choice = node.children[0]
    assert choice.condition is not None
    assert made.code[choice.condition].source == "$state.a"
    assert [c.type for c in choice.children] == ["Text", "Else"]


def test_several_components_share_a_layout() -> None:
    node, _ = root("<Text>a</Text><Text>b</Text>")
    assert (node.type, len(node.children)) == ("Layout", 2)
    assert program().view is None
    assert load_program("<NexusPanel/>")[0].view is None


def test_style_is_canonical() -> None:
    node, _ = root('<Text style=" COLOR : red ;margin:0;">a</Text>')
    assert node.props["style"] == LiteralProp(value="color: red; margin: 0")


def test_unknown_components_keep_what_was_written() -> None:
    node, made = root('<Buton label="a" size="{1}" big><Text>x</Text></Buton>')
    assert node.type == "Buton"
    assert node.props["label"] == LiteralProp(value="a")
    assert source(made, node.props["size"]) == "1"
    assert node.props["big"] == LiteralProp(value=True)
    assert node.children[0].type == "Text"


def test_durations_of_properties_are_milliseconds() -> None:
    assert root('<Input label="x" debounce="1.5s"/>')[0].props["debounce"] == LiteralProp(value=1500)


def test_lifecycles_and_extensions_are_kept() -> None:
    made = program(
        '<State name="a" type="any"/>',
        '<Extension name="nexus.http" hosts="a.org, b.org:8080"/><Lifecycle on="interval" every="2s"><Handler>1</Handler></Lifecycle>'
        '<Lifecycle on="change" of="a" debounce="250ms"><Handler>1</Handler></Lifecycle>',
    )
    assert made.extensions[0].alias == "http"
    assert made.extensions[0].options["hosts"] == ["a.org", "b.org:8080"]
    assert [(x.on, x.every, x.of, x.debounce) for x in made.lifecycle] == [("interval", 2.0, (), None), ("change", None, ("a",), 0.25)]


def test_hooks_are_called_by_their_moment_and_number() -> None:
    hooks = [
        f'<Lifecycle on="{on}" {more}><Handler>1</Handler></Lifecycle>' for on, more in (("mount", ""), ("interval", 'every="1s"')) * 2
    ]
    made = program(logic="".join(hooks[:2] + hooks[3:]))
    assert made.hook_names == ("lifecycle mount", "lifecycle interval", "lifecycle interval 2")
    assert program().hook_names == ()


def test_options_take_the_kind_of_their_declaration() -> None:
    option = {"description": "An option."}
    kinds = catalog().model_copy(
        update={
            "extensions": {
                "acme.x": ExtensionEntry(
                    name="acme.x",
                    available=True,
                    description="An extension of every kind of option.",
                    capabilities=(),
                    methods=(),
                    options=(
                        OptionEntry(name="retries", type="number", default=3, **option),
                        OptionEntry(name="secure", type="boolean", **option),
                        OptionEntry(name="level", type="enum", enum=("low", "high"), **option),
                        OptionEntry(name="hosts", type="list", **option),
                        OptionEntry(name="root", type="string", **option),
                    ),
                )
            }
        }
    )

    def options(attributes: str) -> dict[str, object]:
        ast = read(f'<NexusPanel><Logic><Extension name="acme.x" {attributes}/></Logic></NexusPanel>').ast
        return dict(compile_program(ast, catalog=lambda: kinds).extensions[0].options)

    assert options("") == {"retries": 3}
    assert options('retries="5" secure level="low" hosts="a, b" root="/tmp"') == {
        "retries": 5,
        "secure": True,
        "level": "low",
        "hosts": ["a", "b"],
        "root": "/tmp",
    }
    assert options('secure="false"') == {"retries": 3, "secure": False}
    unknown = read('<NexusPanel><Logic><Extension name="acme.y" hosts="a"/></Logic></NexusPanel>').ast
    assert compile_program(unknown).extensions[0].options == {}


def test_a_program_is_asked_by_name() -> None:
    made = program('<State name="a" type="any"/>', '<Tool name="t" description="d"><Handler>1</Handler></Tool>')
    assert made.tool("t") is made.tools[0]
    assert made.state("a") is made.states[0]
    assert made.tool("a") is None
    assert made.state("t") is None


def test_what_has_no_place_in_the_view_is_left_out_of_it() -> None:
    """A program is made of what has a meaning, also when the document has errors."""
    made = compile_program(read('<NexusPanel><View><Data/><Iterate key="id"><Text>a</Text></Iterate></View></NexusPanel>').ast)
    assert made.view is not None
    (loop,) = made.view.children
    assert (loop.type, loop.items) == ("Iterate", None)


def test_errors_are_raised_with_all_problems() -> None:
    text = '<NexusPanel><Data><State name="1" type="no"/></Data></NexusPanel>'
    with pytest.raises(DocumentError) as caught:
        load_program(text, "cell 3")
    assert {d.code for d in caught.value.diagnostics} == {"INVALID_IDENTIFIER", "INVALID_TYPE"}
    assert "cell 3:1:" in str(caught.value)
    with pytest.raises(ValueError, match="cannot be compiled"):
        compile_program(read("<Panel/>").ast)
