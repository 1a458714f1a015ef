"""What the name at a cursor, shown as ‸, means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.catalog import catalog
from nexus_jupyter.nxml import Hover, complete, hover

PANELS = sorted((Path(__file__).parents[1] / "corpus/panels").glob("*.nxml"))

DOCUMENT = """<NexusPanel title="T">
  <Data>
    <State name="rows" type="list" default='[{"id": 1, "title": "a"}]' description="The [rows](http://example.org) *now* $x$" />
    <State name="count" type="number" persist="none" />
    <Computed name="total" value="$state.rows.length" />
  </Data>
  <Logic>
    <Extension name="nexus.http" alias="web" hosts="example.org" />
    <Extension name="nexus.sql" />
    <Tool name="add" description="Adds a row" concurrency="queue"><Arg name="title" type="string" required="true" />
      <Handler capabilities="http:request">
        const answer = await $ext.web.get("https://example.org"); // fetch
        $state.rows.push({ title: $args.title }); $emit("toast", "done"); fetch("x"); Math.max(1, 2); $view.setFilter(1);
        answer.count;
      </Handler></Tool>
    <Lifecycle on="change" of="rows, total"><Handler>await $tools.add({ title: "x" });</Handler></Lifecycle>
  </Logic>
  <View>
    <Layout className="wide">
      <Iterate items="$state.rows" as="row" index="i" key="id">
        <Text variant="h1" on:press="add">{$scope.row.title} {$scope.i}</Text>
      </Iterate>
      <Button on:press="add" args="{ title: $event }" label="Count" disabled="false" style="color: red" />
      <Input bind="$state.count" />
    </Layout>
  </View>
</NexusPanel>"""


def told(marked: str) -> Hover | None:
    """What is told at the mark, which stands in a piece of the document."""
    piece = marked.replace("‸", "")
    assert piece in DOCUMENT
    return hover(DOCUMENT, DOCUMENT.index(piece) + marked.index("‸"))


@pytest.mark.parametrize(
    ("marked", "title", "said"),
    [
        ("<Bu‸tton", "<Button>", "(component, input)"),
        ("‸Button on", "<Button>", "Calls a tool when pressed"),
        ("Button‸ on", "<Button>", "Events: `press`"),
        ("</Lay‸out", "<Layout>", "Closes `<Layout>`."),
        ("<St‸ate", "<State>", "Needs `name`, `type`."),
        ("<Vi‸ew", "<View>", "Holds components."),
        ("per‸sist", "persist", "One of `none`"),
        ('"no‸ne"', "none", "value"),
        ('type="li‸st"', "list", "(type)"),
        ("alia‸s=", "alias", "attribute"),
        ("host‸s=", "hosts", "attribute, list"),
        ('"nexus.‸sql"', "nexus.sql", "extension"),
        ('"nexus‸.http"', "nexus.http", "extension"),
        ('"http:‸request"', "http:request", "capability"),
        ('"ch‸ange"', "change", "has changed"),
        ('"rows, to‸tal"', "total", "Expression: `$state.rows.length`."),
        ('"que‸ue"', "queue", "value"),
        ("class‸Name", "className", "Better written `class`."),
        ('on:pr‸ess="add" args', "on:press", "event, tool"),
        ('on:press="a‸dd" args', "add(title)", "Adds a row"),
        ("ar‸gs=", "args", "attribute, args"),
        ("disa‸bled", "disabled", "Whether the button cannot be pressed."),
        ('"fal‸se"', "false", "value, default"),
        ('"h‸1"', "h1", "value"),
        ("co‸lor:", "color", "safe CSS"),
        ("bi‸nd=", "bind", "place of a string"),
        ('key="i‸d"', "id", "In the default: `1`."),
        ("$sco‸pe.row", "$scope", "sandbox, $scope.NAME"),
        ("$scope.ro‸w", "row", "One of `$state.rows`."),
        ("$scope.‸i}", "i", "Position in `$state.rows`, from 0."),
        ("row.ti‸tle}", "title", "In the default: `a`."),
        ("$eve‸nt", "$event", "about the event"),
        ("{ ti‸tle: $event", "title", "(argument, string)"),
        ('"$state.cou‸nt"', "count", "(state, number)\n\nDeclared in line 4."),
        ("$st‸ate.count", "$state", "computed values"),
        ("$ext.we‸b.", "web", "nexus.http"),
        ("$ext.web.ge‸t(", "get(url, options?)", "Needs the capability `http:request`."),
        ("$args.tit‸le", "title", "argument, string"),
        ("{ tit‸le: $args", "", ""),
        ("rows.pu‸sh", "push(item)", "Puts an item at the end."),
        ("$em‸it", "$emit(event, payload)", "(sandbox)"),
        ("fe‸tch(", "fetch", "(does not exist here)\n\nInstead: declare <Extension"),
        ("Ma‸th", "Math", "(JavaScript)"),
        ("$vi‸ew", "$view", "sandbox"),
        ("$view.setFi‸lter", "$view.setFilter(id, value)", "method"),
        ("‸answer.count", "answer", "local variable"),
        ("await $tools.ad‸d(", "add(title)", "Adds a row"),
    ],
)
def test_a_name_is_explained(marked: str, title: str, said: str) -> None:
    found = told(marked)
    if not title:
        assert found is None
        return
    assert found is not None
    assert found.title == title
    assert found.text.startswith(title)
    assert said in found.text
    name = DOCUMENT[found.span.start : found.span.end]
    assert name.split("(")[0] in title.replace("$view.", "")


@pytest.mark.parametrize(
    "marked",
    ["// fet‸ch", '"toa‸st"', "answer.cou‸nt", '"Cou‸nt"', "Math.ma‸x", 'alias="we‸b"', 'on:pr‸ess="add">', "\n‸  <Data>"],
)
def test_what_means_nothing_to_a_panel_is_not_explained(marked: str) -> None:
    assert told(marked) is None


def test_a_span_has_its_line_and_column() -> None:
    found = told("<Da‸ta>")
    assert found is not None
    assert (found.span.line, found.span.column, found.span.end - found.span.start) == (2, 4, 4)


def test_what_the_document_says_is_inert_in_markdown() -> None:
    found = told("$state.ro‸ws.push")
    assert found is not None
    assert "The [rows](http://example.org) *now* $x$" in found.text
    assert r"The \[rows\]\(http\:\/\/example\.org\) \*now\* \$x\$" in found.markdown
    odd = hover('<Data><State name="a" type="any" description="a ` b `c` d"/></Data><View><Text>{$state.a}', 82)
    assert odd is not None
    assert r"a ` b \`c\` d" not in odd.markdown
    assert re.sub(r"`[^`]*`|\\.", "", odd.markdown).count("`") == 0


def test_hidden_characters_of_a_document_are_shown() -> None:
    text = '<Data><State name="a" type="an\x1by\n\n# x" description="\x1b[2Jgone\n    code \u202e"/></Data><View><Text>{$state.a}'
    found = hover(text, len(text) - 1)
    assert found is not None
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", found.text)
    assert r"an␛y \# x" in found.markdown


def test_examples_stand_as_code() -> None:
    found = told("<Bu‸tton")
    assert found is not None
    assert "\n    <Button" in found.markdown
    assert found.markdown.startswith("**`<Button>`** component")


def test_every_name_of_the_catalog_is_explained() -> None:
    for name, entry in catalog().components.items():
        text = f"<View><{name} "
        found = hover(text, 8)
        assert found is not None
        assert entry.description in found.text
        assert ("does not build" in found.text) == (not entry.available)
        for prop in entry.props:
            told_of = hover(f"{text}{prop.name}", len(text) + 1)
            assert told_of is not None
            assert prop.description in told_of.text
    for name, advice in catalog().forbidden.items():
        text = f"<Tool name='t'><Handler>{name}"
        found = hover(text, len(text))
        assert found is not None
        assert advice in found.text


@given(st.data())
def test_what_is_offered_is_explained(draw: st.DataObject) -> None:
    """Completion and hover tell the same about a name: JupyterLab shows the one beside the other."""
    source = draw.draw(st.sampled_from(PANELS)).read_text(encoding="utf-8")
    offset = draw.draw(st.integers(0, len(source)))
    found = complete(source, offset)
    for item in found.items[:3]:
        if item.insert == item.label and not re.match(r"[\w$.:-]", source[found.end : found.end + 1]):
            explained = hover(source[: found.start] + item.insert + source[found.end :], found.start + len(item.insert))
            assert explained is not None
            assert item.documentation.split("\n\n")[0] in explained.text


@given(st.text(alphabet="<>/='\"{}$.stateViwHandlr()[]`\\:; \n&", max_size=60), st.integers(-5, 80))
def test_any_text_at_any_place_is_explained_or_not(text: str, offset: int) -> None:
    found = hover(text, offset)
    if found is not None:
        assert found.span.start <= max(0, min(offset, len(text))) <= found.span.end <= len(text)


@pytest.mark.parametrize("text", ["`` `a``<img src=x>`", "`a``<img src=x>", "```<img src=x>`", "`` `<img src=x> ``"])
def test_runs_of_backticks_hide_no_markup(text: str) -> None:
    source = (
        f'<NexusPanel><Data><State name="a" type="string" description="{text}"/></Data><View><Text>{{$state.a}}</Text></View></NexusPanel>'
    )
    found = hover(source, source.rindex("a}"))
    assert found is not None
    said = found.markdown.split("\n")[2]
    # what is not escaped is code between two single backticks, and no markup stands outside of that
    outside = re.sub(r"(?<![`\\])`[^`]+`(?!`)", "", said)
    assert re.sub(r"\\.", "", outside).strip("ac imgsrx") == ""
