from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from nexus_jupyter.ai.edits import Edit, EditError, apply_edits
from nexus_jupyter.nxml import ElementNode, read

CORPUS = sorted((Path(__file__).parent.parent / "corpus" / "panels").glob("*.nxml"))
COUNTER = (Path(__file__).parent.parent / "corpus" / "panels" / "counter.nxml").read_text(encoding="utf-8")
_edits: TypeAdapter[list[Edit]] = TypeAdapter(list[Edit])


def edited(source: str, *edits: dict[str, Any]) -> str:
    return apply_edits(source, _edits.validate_python(edits))


def test_an_element_is_inserted_at_the_end_with_the_indentation_of_its_siblings() -> None:
    tool = '<Tool name="x" description="d">\n  <Handler>$state.count = 1;</Handler>\n</Tool>'
    out = edited(COUNTER, {"op": "insert", "into": "NexusPanel/Logic", "nxml": tool})
    before, after = COUNTER.split("  </Logic>")
    assert out == (
        before + '    <Tool name="x" description="d">\n      <Handler>$state.count = 1;</Handler>\n    </Tool>\n' + "  </Logic>" + after
    )


@pytest.mark.parametrize(("at", "order"), [("start", "nab"), (0, "nab"), (1, "anb"), (2, "abn"), ("end", "abn")])
@pytest.mark.parametrize("template", ["<V>{}</V>", "<V>\n  {}\n</V>\n"])
def test_an_element_is_inserted_where_it_was_said(at: str | int, order: str, template: str) -> None:
    source = f"<NexusPanel><View><Layout>{template.format('<A/>' + (chr(10) + '  ' if chr(10) in template else '') + '<B/>')}</Layout></View></NexusPanel>"
    out = edited(source, {"op": "insert", "into": "NexusPanel/View/Layout/V", "at": at, "nxml": "<N/>"})
    assert "".join(re.findall(r"<([ABN])/>", out)).lower() == order
    assert re.sub(r"<N/>", "", out).split() == source.split()


def test_an_empty_element_is_opened_for_all_that_is_put_into_it() -> None:
    source = "<NexusPanel>\n  <View>\n    <Layout gap='sm' />\n  </View>\n</NexusPanel>"
    out = edited(
        source,
        {"op": "insert", "into": "NexusPanel/View/Layout", "nxml": "<Text>a</Text>"},
        {"op": "insert", "into": "NexusPanel/View/Layout", "nxml": "<Text>b</Text>"},
        {"op": "set_attribute", "path": "NexusPanel/View/Layout", "name": "align", "value": "end"},
    )
    inside = "      <Text>a</Text>\n      <Text>b</Text>\n"
    assert out == source.replace("<Layout gap='sm' />", f"<Layout gap='sm' align=\"end\">\n{inside}    </Layout>")


def test_paths_name_the_document_before_all_edits() -> None:
    source = "<NexusPanel>\n  <View>\n    <Text>a</Text>\n    <Text>b</Text>\n    <Text>c</Text>\n  </View>\n</NexusPanel>\n"
    out = edited(
        source,
        {"op": "remove", "path": "NexusPanel/View/Text"},
        {"op": "replace", "path": "NexusPanel/View/Text[2]", "nxml": "<Text>B</Text>"},
        {"op": "insert_after", "path": "NexusPanel/View/Text[3]", "nxml": "<Text>d</Text>"},
        {"op": "insert_before", "path": "NexusPanel/View/Text[2]", "nxml": "<Text>x</Text>"},
    )
    assert out == (
        "<NexusPanel>\n  <View>\n    <Text>x</Text>\n    <Text>B</Text>\n    <Text>c</Text>\n    <Text>d</Text>\n  </View>\n</NexusPanel>\n"
    )


def test_overlapping_edits_are_an_error() -> None:
    with pytest.raises(EditError) as caught:
        edited(COUNTER, {"op": "remove", "path": "NexusPanel/Logic"}, {"op": "remove", "path": "NexusPanel/Logic/Tool"})
    assert caught.value.code == "OVERLAPPING_EDITS"


def test_an_attribute_set_twice_is_an_error() -> None:
    one = {"op": "set_attribute", "path": "NexusPanel", "name": "icon", "value": "a"}
    with pytest.raises(EditError, match="twice"):
        edited(COUNTER, one, one)


def test_an_unknown_path_names_the_nearest() -> None:
    with pytest.raises(EditError) as caught:
        edited(COUNTER, {"op": "remove", "path": "NexusPanel/Logic/Tol[2]"})
    assert caught.value.code == "UNKNOWN_PATH"
    assert caught.value.hint == "Did you mean NexusPanel/Logic/Tool[2]?"


@pytest.mark.parametrize("piece", ["</Logic><View>", "<Text>", "<Text a='1' a='2'/>", "<Text a='1", "  ", "<Tool name='x'><Handler>1"])
def test_a_piece_that_would_change_what_stands_around_it_is_refused(piece: str) -> None:
    with pytest.raises(EditError) as caught:
        edited(COUNTER, {"op": "insert", "into": "NexusPanel/View/Layout", "at": "start", "nxml": piece})
    assert caught.value.code == "BAD_FRAGMENT"


def test_nothing_is_inserted_into_code() -> None:
    with pytest.raises(EditError, match="Replace the whole element"):
        edited(COUNTER, {"op": "insert", "into": "NexusPanel/Logic/Tool/Handler", "nxml": "<Text/>"})


def test_the_root_is_not_removed() -> None:
    with pytest.raises(EditError, match="only be replaced"):
        edited(COUNTER, {"op": "remove", "path": "NexusPanel"})


def test_a_template_literal_keeps_its_lines() -> None:
    tool = '<Tool name="x" description="d">\n<Handler>return `a\n  b`;</Handler>\n</Tool>'
    assert "return `a\n  b`;" in edited(COUNTER, {"op": "insert", "into": "NexusPanel/Logic", "nxml": tool})


def test_the_line_breaks_of_the_document_are_used() -> None:
    source = COUNTER.replace("\n", "\r\n")
    out = edited(source, {"op": "insert", "into": "NexusPanel/Logic", "nxml": "<Tool name='x'>\n  <Handler>1;</Handler>\n</Tool>"})
    assert not re.search(r"(?<!\r)\n", out)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\u2028", "\u2029"])
def test_lines_of_code_end_where_a_reviewer_sees_them_end(end: str) -> None:
    handler = f"<Handler>// add nothing{end}$state.count = 99;</Handler>"
    out = edited(
        COUNTER,
        {"op": "replace", "path": "NexusPanel/Logic/Tool/Handler", "nxml": handler},
        {"op": "set_attribute", "path": "NexusPanel", "name": "title", "value": f"a{end}b"},
    )
    assert re.search(r"// add nothing\n *\$state\.count = 99;", out)
    assert 'title="a\nb"' in out
    assert end not in out


@pytest.mark.timing
def test_a_piece_of_blank_lines_costs_no_more_than_its_length() -> None:
    def seconds(nxml: str) -> float:
        begin = time.thread_time()
        edited(COUNTER, {"op": "insert", "into": "NexusPanel/View/Layout", "nxml": nxml})
        return time.thread_time() - begin

    blank = "\n" * 250_000
    assert seconds(blank + "<Text/>") < 10 * max(seconds("<Text/>" + blank) for _ in range(3))


@pytest.mark.parametrize(
    "data",
    [
        {"op": "insert", "into": "NexusPanel", "at": "1", "nxml": "<A/>"},
        {"op": "insert", "into": "NexusPanel", "at": -1, "nxml": "<A/>"},
        {"op": "insert", "into": "NexusPanel", "at": True, "nxml": "<A/>"},
        {"op": "remove", "path": "NexusPanel", "nxml": "<A/>"},
        {"op": "approve", "path": "NexusPanel"},
        {"op": "set_attribute", "path": "NexusPanel", "name": "a b", "value": "x"},
        {"op": "set_attribute", "path": "NexusPanel", "name": "title", "value": 1},
        {"op": "set_attribute", "path": "NexusPanel", "name": "title"},
        {"op": "replace", "path": "NexusPanel", "nxml": "x" * 300_000},
    ],
)
def test_an_edit_of_another_form_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _edits.validate_python([data])


PRINTED = st.text(st.characters(exclude_characters="\r\u2028\u2029\x00", exclude_categories=["Cs"]), max_size=40)


@given(st.sampled_from(CORPUS), st.data(), PRINTED)
def test_an_attribute_reads_back_as_the_value_that_was_set(path: Path, data: st.DataObject, value: str) -> None:
    source = path.read_text(encoding="utf-8")
    ast = read(source).ast
    element = data.draw(st.sampled_from([n for n in ast.nodes if isinstance(n, ElementNode)]))
    name = data.draw(st.sampled_from([*(a.name for a in element.attributes), "title"]))
    out = edited(source, {"op": "set_attribute", "path": ast.path(element.id), "name": name, "value": value})
    again = read(out).ast
    found = next(n for n in again.nodes if isinstance(n, ElementNode) and again.path(n.id) == ast.path(element.id))
    assert next(a for a in found.attributes if a.name == name).value == value


@given(st.sampled_from(CORPUS), st.data())
def test_everything_outside_the_edited_places_stays_to_the_byte(path: Path, data: st.DataObject) -> None:
    source = path.read_text(encoding="utf-8")
    ast = read(source).ast
    elements = [n for n in ast.nodes if isinstance(n, ElementNode) and n.parent is not None]
    chosen = data.draw(st.lists(st.sampled_from(elements), min_size=1, max_size=4, unique_by=lambda n: n.id))
    kinds = ("insert_before", "insert_after", "replace", "remove", "set_attribute")
    edits: list[dict[str, Any]] = []
    kept = source
    for node in sorted(chosen, key=lambda n: -n.span.start):
        op = data.draw(st.sampled_from(kinds))
        edit: dict[str, Any] = {"op": op, "path": ast.path(node.id)}
        if op == "set_attribute":
            edit |= {"name": "mark-x", "value": "MARK"}
        elif op != "remove":
            edit["nxml"] = "<MARK/>"
        edits.append(edit)
        if op in ("replace", "remove"):
            kept = kept[: node.span.start] + kept[node.span.end :]
    refused = ""
    try:
        out = edited(source, *edits)
    except EditError as error:
        refused = error.code
    if refused:
        assert refused == "OVERLAPPING_EDITS"
        return
    # without what was put in, the text is the text without what was taken out; only white space of whole lines goes with it
    rest = out.replace("<MARK/>", "").replace(' mark-x="MARK"', "")
    assert "".join(rest.split()) == "".join(kept.split())
    first = min(n.span.start for n in chosen)
    line = source.rfind("\n", 0, first) + 1
    assert out.startswith(source[:line])
    assert out.endswith(source[max(n.span.end for n in chosen) :].partition("\n")[2])


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "op": st.sampled_from(["insert", "replace", "insert_after", "remove", "set_attribute"]),
                "path": PRINTED,
                "into": PRINTED,
                "nxml": PRINTED,
                "name": PRINTED,
                "value": PRINTED,
            }
        ),
        max_size=3,
    )
)
def test_any_edit_gives_a_document_or_says_why_not(raw: list[dict[str, Any]]) -> None:
    fields = {
        "insert": ("op", "into", "nxml"),
        "replace": ("op", "path", "nxml"),
        "insert_after": ("op", "path", "nxml"),
        "remove": ("op", "path"),
        "set_attribute": ("op", "path", "name", "value"),
    }
    paths = ["NexusPanel/View/Layout", "NexusPanel/Data/State[2]", "NexusPanel/Logic"]
    data = [{k: (paths[i % 3] if k in ("path", "into") else e[k]) for k in fields[e["op"]]} for i, e in enumerate(raw)]
    with contextlib.suppress(EditError, ValidationError):
        assert isinstance(edited(COUNTER, *data), str)
