"""From documents to graphs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.nog import GraphState, NOGGraph, NOGSerializer, map_panel
from nexus_jupyter.nxml import Parser

CORPUS = Path(__file__).parents[1] / "corpus"
PANELS = sorted((CORPUS / "panels").glob("*.nxml"))
CASES: list[dict[str, Any]] = json.loads((CORPUS / "invalid/cases.json").read_text(encoding="utf-8"))


def mapped(source: str, **options: str) -> GraphState:
    return map_panel("p", Parser(source).parse(), **options)


def says(state: GraphState, *types: str) -> set[str]:
    return {r.id for r in state.relationships if not types or r.type in types}


SMALL = """<NexusPanel id="p" title="Small" description="d">
  <Data><State name="n" type="number" default="0" min="0" /><State name="rows" type="list" /><Computed name="twice" value="$state.n * 2" /></Data>
  <Logic>
    <Extension name="nexus.python" alias="py" reason="statistics" />
    <Tool name="add" description="adds" confirm="Sure?"><Arg name="by" type="number" default="1" /><Handler timeout="2s">
      $state.n += $args.by; await $ext.py.log($state.twice); await $tools.clear();
    </Handler></Tool>
    <Tool name="clear" description="c"><Handler>$state.rows = []</Handler></Tool>
    <Lifecycle on="change" of="rows"><Handler>$tools.clear()</Handler></Lifecycle>
  </Logic>
  <View><Layout id="top">
    <Text>plain</Text>
    <Text>{$state.twice}</Text>
    <Input id="field" bind="$state.n" label="Number" error="{$state.rows.length}" />
    <Button trigger="add" on:focus="clear">Add</Button>
    <Iterate items="$state.rows" as="row" key="id"><Checkbox bind="$scope.row.done" label="{$scope.row.name}" /></Iterate>
  </Layout></View>
</NexusPanel>"""


def test_a_panel_is_mapped_with_its_parts_and_what_they_do() -> None:
    state = mapped(SMALL, python_name="small", cell="cell-abc")
    assert state.revision == 0
    assert [e.id for e in state.entities] == [
        *("notebook", "cell:abc", "python:small", "panel:p", "state:p/n", "state:p/rows", "computed:p/twice", "extension:p/py"),
        *(
            "tool:p/add",
            "tool:p/clear",
            "lifecycle:p/1",
            "component:p/top",
            "component:p/NexusPanel/View/Layout/Text[2]",
            "component:p/field",
        ),
        *("component:p/NexusPanel/View/Layout/Button", "component:p/NexusPanel/View/Layout/Iterate"),
        "component:p/NexusPanel/View/Layout/Iterate/Checkbox",
    ]
    assert says(state, "reads") == {
        "computed:p/twice reads state:p/n",
        "tool:p/add reads state:p/n",
        "tool:p/add reads computed:p/twice",
        "lifecycle:p/1 reads state:p/rows",
        "component:p/NexusPanel/View/Layout/Text[2] reads computed:p/twice",
        "component:p/field reads state:p/rows",
        "component:p/NexusPanel/View/Layout/Iterate reads state:p/rows",
        "component:p/NexusPanel/View/Layout/Iterate/Checkbox reads state:p/rows",
    }
    assert says(state, "writes") == {"tool:p/add writes state:p/n", "tool:p/clear writes state:p/rows"}
    assert says(state, "calls") == {"tool:p/add calls tool:p/clear", "lifecycle:p/1 calls tool:p/clear"}
    assert says(state, "uses") == {"panel:p uses extension:p/py", "tool:p/add uses extension:p/py"}
    assert says(state, "computes") == {"state:p/n computes computed:p/twice"}
    assert says(state, "binds") == {
        "python:small binds panel:p",
        "component:p/field binds state:p/n",
        "component:p/NexusPanel/View/Layout/Iterate/Checkbox binds state:p/rows",
    }
    assert says(state, "triggers") == {
        "component:p/NexusPanel/View/Layout/Button triggers tool:p/add",
        "component:p/NexusPanel/View/Layout/Button triggers tool:p/clear",
    }
    assert {"notebook contains cell:abc", "cell:abc contains panel:p", "panel:p contains component:p/top"} <= says(state, "contains")
    assert "component:p/top contains component:p/field" in says(state)


def test_properties_say_what_a_person_wants_to_know() -> None:
    graph = NOGGraph(mapped(SMALL))
    assert graph.entity("panel:p").properties == {"panel": "p", "title": "Small", "description": "d", "has_view": True}
    assert graph.entity("state:p/n").properties == {"type": "number", "line": 2, "default": "0", "min": "0"}
    assert graph.entity("computed:p/twice").properties == {"type": "any", "line": 2, "expression": "$state.n * 2"}
    assert graph.entity("tool:p/add").properties == {
        "description": "adds",
        "args": [{"name": "by", "type": "number", "required": False, "default": "1"}],
        "confirm": "Sure?",
        "line": 5,
        "timeout": "2s",
        "handler_line": 6,
        "awaits": True,
    }
    assert graph.entity("extension:p/py").properties == {"extension": "nexus.python", "alias": "py", "reason": "statistics", "line": 4}
    button = graph.entity("component:p/NexusPanel/View/Layout/Button")
    assert (button.name, button.properties["events"]) == ("Add", {"focus": "clear", "press": "add"})
    assert graph.relationship("component:p/field reads state:p/rows").properties == {"in": ["error"]}
    assert graph.relationship("tool:p/add uses extension:p/py").properties == {"methods": ["log"]}
    assert graph.relationship("lifecycle:p/1 reads state:p/rows").properties == {"in": ["watches"]}


def test_dependencies_go_from_a_button_to_all_it_needs() -> None:
    graph = NOGGraph(mapped(SMALL))
    assert set(graph.dependencies("component:p/NexusPanel/View/Layout/Button").depths) == {
        "component:p/NexusPanel/View/Layout/Button",
        *("tool:p/add", "tool:p/clear", "state:p/n", "computed:p/twice", "extension:p/py"),
    }
    assert "component:p/NexusPanel/View/Layout/Button" in graph.dependents("state:p/n").depths


def test_without_a_cell_the_notebook_contains_the_panel() -> None:
    state = mapped('<NexusPanel id="p" />', title="T")
    assert says(state) == {"notebook contains panel:p"}
    assert state.entities[1].name == "T"


def test_what_reads_all_states_is_related_to_all() -> None:
    data = '<State name="a" type="any" /><State name="b" type="any" /><Computed name="c" value="1" />'
    state = mapped(
        f'<NexusPanel><Data>{data}</Data><Logic><Tool name="t"><Handler>$state[k] = $state[k]</Handler></Tool></Logic></NexusPanel>'
    )
    assert says(state, "reads") == {f"tool:p/t reads {id}" for id in ("state:p/a", "state:p/b", "computed:p/c")}
    assert says(state, "writes") == {"tool:p/t writes state:p/a", "tool:p/t writes state:p/b"}


@pytest.mark.parametrize("path", PANELS, ids=lambda p: p.stem)
def test_every_panel_of_the_corpus_maps_to_one_joined_graph(path: Path) -> None:
    ast = Parser(path.read_text(encoding="utf-8")).parse()
    state = map_panel(path.stem, ast, python_name="x", cell="cell-1")
    graph = NOGGraph(state)
    assert graph.statistics().components == 1
    assert graph.statistics().cycles == ()
    assert map_panel(path.stem, ast, python_name="x", cell="cell-1") == state
    assert NOGSerializer.loads(NOGSerializer.dumps(graph)).state() == state
    for r in graph.relationships("computes"):
        assert graph.relationships("reads", source=r.target, target=r.source)


def test_a_changed_document_gives_a_small_patch() -> None:
    graph = NOGGraph(mapped(SMALL))
    changed = SMALL.replace("<Text>plain</Text>", '<Button trigger="clear">Reset</Button>')
    patch = graph.replace(mapped(changed))
    assert {e.name for e in patch.put_entities} == {"Reset", "Add", "Text"}
    assert patch.delete_entities == ("component:p/NexusPanel/View/Layout/Text[2]",)


@pytest.mark.parametrize("case", [c for c in CASES if "source" in c], ids=lambda c: c["name"])
def test_a_wrong_document_maps_as_far_as_it_goes(case: dict[str, Any]) -> None:
    NOGGraph(mapped(case["source"], python_name="x"))


def test_names_from_a_hostile_document_are_held_within_bounds() -> None:
    long = "x" * 50_000
    source = (
        f'<NexusPanel title="{long}\ud800"><Data><State name="{long}" type="any" default="{long}" /><State name="\ud800" type="any" />'
        f'<State name="\udc00" type="any" /></Data><View><{long} id="{long}"><Text id="{long}">{{$state.{long}}}</Text></{long}></View></NexusPanel>'
    )
    state = map_panel("y" * 5_000 + "\ud800", Parser(source).parse(), cell=long, python_name=long)
    graph = NOGGraph(state)
    text = NOGSerializer.dumps(graph)
    assert len(text) < 60_000
    text.encode("utf-8")
    assert len(graph.entities("state")) == 2, "the two half characters are read as one and the same"
    assert max(len(r.id) for r in state.relationships) < 2_500


def test_doubles_and_ids_like_paths_do_not_collide() -> None:
    state = mapped(
        '<NexusPanel><Data><State name="a" type="any" /><State name="a" type="any" /><Computed name="a" value="1" /></Data>'
        '<Logic><Tool name="t"><Handler>1</Handler></Tool><Tool name="t"><Handler>2</Handler></Tool></Logic>'
        '<View><Text id="x">{1}</Text><Text id="x">{2}</Text><Text id="NexusPanel/View/Text[4]">{3}</Text><Text>{4}</Text></View></NexusPanel>'
    )
    NOGGraph(state)
    kinds = [e.type for e in state.entities]
    assert (kinds.count("state"), kinds.count("tool"), kinds.count("component")) == (1, 1, 4)


def test_a_document_that_reads_everything_everywhere_stays_small() -> None:
    data = "".join(f'<State name="s{n}" type="any" />' for n in range(2_000))
    texts = "<Text>{$state}</Text>" * 2_000
    state = mapped(f"<NexusPanel><Data>{data}</Data><View><Layout>{texts}</Layout></View></NexusPanel>")
    assert len(state.relationships) == 50_000
    assert NOGGraph(state).entity("panel:p").properties["truncated"] is True


names = st.sampled_from(["a", "b", "item", "x y", "", "é", "__proto__", "NexusPanel/View"])
snippets = st.builds(
    "<NexusPanel><Data><State name='{0}' type='{1}'/><Computed name='{2}' value='$state.{0}'/></Data><Logic><Tool name='{3}'><Handler>$state.{1}=1;$tools.{3}()</Handler></Tool></Logic>"
    "<View><Iterate items='$state.{2}' as='{3}'><Input id='{1}' bind='$scope.{3}.x' on:change='{3}'/></Iterate></View></NexusPanel>".format,
    names, names, names, names,
)  # fmt: skip


@given(snippets)
def test_any_document_maps_to_a_graph(source: str) -> None:
    state = mapped(source)
    assert NOGGraph(state).state() == state
    assert mapped(source) == state
