"""What a notebook keeps of a panel's view, for viewers that run nothing."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from pydantic import JsonValue

from nexus_jupyter import Panel
from nexus_jupyter.protocol import Tree, TreeNode
from nexus_jupyter.protocol.output import OUTPUT_MIME
from nexus_jupyter.widget.kept import SHORT, STATE_BYTES, is_short, kept
from nexus_jupyter.widget.picture import LONGEST, ROOM, picture

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x1b[31m"


def node(type_: str, *children: TreeNode, bound: object = None, **props: object) -> TreeNode:
    return TreeNode.model_validate(
        {"id": "0", "type": type_, "props": props, "bound": bound is not None, "value": bound, "children": children}
    )


def lines(root: TreeNode, title: str = "Title") -> list[str]:
    """The lines beneath the title."""
    text = picture(title, root, "UTC")
    found = re.fullmatch(r"<p><b>.*?</b>(?:<br>)?(.*)</p><p><i>.*</i></p>", text)
    assert found is not None
    return found[1].split("<br>") if found[1] else []


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (node("Text", content="Hello"), "Hello"),
        (node("Text", content=1234.5), "1234.5"),
        (node("Text", content="Large", variant="h2"), "<b>Large</b>"),
        (node("Metric", label="Sum", value=1234567, unit="EUR", delta=2), "Sum: 1,234,567 EUR (+2)"),
        (node("Metric", value=None), "–"),
        (node("Button", label="Add"), "[Add]"),
        (node("Checkbox", label="Done", bound=True), "☑ Done"),
        (node("Checkbox", label="Done", bound=False), "☐ Done"),
        (node("Input", label="Name", bound="Ada"), "Name: Ada"),
        (node("Input", label="Name", bound=""), "Name: –"),
        (node("Input", label="Key", inputType="password", bound="hunter2"), "Key: •••••••"),
        (node("Container", title="Group"), "<b>Group</b>"),
        (node("Layout", node("Text", content="a"), node("Text", content="b"), strategy="row"), "a · b"),
        (node("Text", content="a\n  b"), "a b"),
    ],
)
def test_each_component_reads_as_what_it_shows(shown: TreeNode, line: str) -> None:
    assert lines(shown) == [line]


def test_what_is_hidden_or_draws_nothing_is_left_out() -> None:
    root = node("Layout", node("Text", content="a", hidden=True), node("Container", node("Text", content="")), node("Chart"))
    assert lines(root) == []
    # a heading that repeats the title is said once
    assert lines(node("Text", content="Title", variant="h1")) == []


def test_nothing_in_a_panel_becomes_markup() -> None:
    class Tags(HTMLParser):
        found: list[tuple[str, list[tuple[str, str | None]]]] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.found.append((tag, attrs))

    root = node(
        "Layout",
        *(
            node(kind, label=HOSTILE, title=HOSTILE, content=HOSTILE, value=HOSTILE, bound=HOSTILE)
            for kind in ("Text", "Button", "Input", "Container", "Metric")
        ),
    )
    text = picture(HOSTILE, root, "UTC")
    Tags().feed(text)
    assert {tag for tag, _ in Tags.found} <= {"p", "b", "br", "i"}
    assert [attributes for _, attributes in Tags.found if attributes] == []
    assert not re.search("[\u202e\x1b]", text)


def test_a_long_view_is_cut() -> None:
    rows = [node("Text", content=f"row {number}") for number in range(10_000)]
    for strategy in ("stack", "row"):
        text = picture("Rows", node("Layout", *rows, strategy=strategy), "UTC")
        assert "row 50" in text
        assert len(text.encode()) < ROOM + 200
        assert "…" in text
    text = picture("Rows", node("Layout", *(node("Text", content="&" * LONGEST) for _ in rows)), "UTC")
    assert len(text.encode()) < ROOM + 200
    (line,) = lines(node("Text", content="x" * 100_000))
    assert len(line) == LONGEST


SMALL = """<NexusPanel id="p" title="P">
  <Data><State name="count" type="number" default="0" /><State name="word" type="string" /></Data>
  <View>{view}</View>
</NexusPanel>"""


def data(panel: Panel) -> dict[str, JsonValue]:
    snapshot, state = panel.runtime.saved().result()
    found = kept(panel, snapshot, dict(state))
    assert isinstance(found[OUTPUT_MIME], dict)
    return found


def test_the_state_is_kept_while_it_is_small_and_not_secret() -> None:
    with Panel(SMALL.format(view='<Input bind="$state.word" label="Word" />')) as panel:
        first = data(panel)
        assert first[OUTPUT_MIME] == {
            "version": 1, "panel": "p", "title": "P", "hash": panel.hash, "state": {"count": 0, "word": ""},
        }  # fmt: skip
        assert json.dumps(first) == json.dumps(data(panel))
        panel.state.word = "x" * STATE_BYTES
        assert '"state": null' in json.dumps(data(panel))
    with Panel(SMALL.format(view='<Input bind="$state.word" label="Word" inputType="password" />')) as panel:
        panel.state.word = "hunter2"
        assert "hunter2" not in json.dumps(data(panel))


def test_visitors_get_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOILA_PREHEAT", "False")
    with Panel(SMALL.format(view="<Text>Hello</Text>")) as panel:
        snapshot, state = panel.runtime.saved().result()
        assert set(kept(panel, snapshot, dict(state))) == {"text/html"}


def test_a_view_of_thousands_is_not_resolved_anew_after_each_change() -> None:
    def tree(rows: int) -> Tree:
        children = tuple(TreeNode(id=f"0.{number}", type="Text") for number in range(rows))
        return Tree(root=TreeNode(id="0", type="Layout", children=children))

    assert is_short(Tree(root=None))
    assert is_short(tree(SHORT - 1))
    assert not is_short(tree(SHORT))
