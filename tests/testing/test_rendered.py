"""The kit: what a test does to a panel, and what it sees of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter import Panel, panels
from nexus_jupyter.errors import DocumentError, OptionError
from nexus_jupyter.testing import Answer, NotOnScreen, Refused, Rendered, UnseenErrors, render

TODO = """
<NexusPanel id="todo" title="To do">
  <Data>
    <State name="name" type="string" pattern="[^!]*"/>
    <State name="items" type="list"/>
    <State name="urgent" type="boolean"/>
    <State name="folded" type="any"/>
    <State name="heard" type="list"/>
  </Data>
  <Logic>
    <Tool name="add" description="Add"><Handler>$state.items.push({ name: $state.name, urgent: $state.urgent }); $state.name = ''; $emit('toast', { text: 'added', level: 'success' }); $log('added', $state.items.length);</Handler></Tool>
    <Tool name="remove" description="Remove"><Arg name="at" type="number"/><Handler>$state.items.splice($args.at, 1);</Handler></Tool>
    <Tool name="fail" description="Fail"><Handler>throw new Error('it cannot be done');</Handler></Tool>
    <Tool name="hear" description="Hear"><Arg name="what" type="any"/><Handler>$state.heard.push($args.what);</Handler></Tool>
    <Tool name="focused" description="The field has the focus"><Handler>$state.heard.push('focus');</Handler></Tool>
    <Tool name="fold" description="Fold"><Arg name="open" type="boolean"/><Handler>$state.folded = !$args.open;</Handler></Tool>
  </Logic>
  <View>
    <Layout>
      <Input label="Name" bind="$state.name" on:submit="add" on:focus="focused"/>
      <Checkbox label="Urgent" bind="$state.urgent"/>
      <Button label="Add" trigger="add" disabled="{$state.name === ''}"/>
      <Button label="Fail" trigger="fail"/>
      <Button label="Wait" loading="true" trigger="fail"/>
      <Metric label="Items" value="{$state.items.length * 1000}" unit="things" trend="up" delta="{2}"/>
      <Container title="List" collapsible="true" on:toggle="fold" args="{[$event.open]}">
        <Iterate items="{$state.items}" index="i">
          <Container title="{$scope.item.name}">
            <Text hidden="{!$scope.item.urgent}">urgent</Text>
            <Button label="Remove" trigger="remove" args="{[$scope.i]}"/>
          </Container>
          <Empty><Text variant="caption">nothing to do</Text></Empty>
        </Iterate>
      </Container>
    </Layout>
  </View>
</NexusPanel>
"""


@pytest.fixture
def todo() -> Iterator[Rendered]:
    with render(TODO) as rendered:
        yield rendered


def test_a_person_uses_a_panel_and_reads_it(todo: Rendered) -> None:
    todo.type("Name", "Milk")
    todo.check("Urgent")
    todo.click("Add")
    assert todo.text() == (
        "Name:\n[x] Urgent\n[Add] (disabled)\n[Fail]\n[Wait] (loading)\nItems: 1,000 things (up, +2)\n"
        "List\n  Milk\n    urgent\n    [Remove]"
    )
    assert todo.state.items == [{"name": "Milk", "urgent": True}]
    assert [str(toast) for toast in todo.toasts] == ["added"]
    assert todo.toasts[0].level == "success"
    assert [line.text for line in todo.log] == ["added 1"]
    todo.click("Remove")
    assert "nothing to do" in todo.text()
    assert todo.errors == ()


def test_controls_that_nobody_could_use_refuse(todo: Rendered) -> None:
    with pytest.raises(Refused, match="Button 'Add' is disabled"):
        todo.click("Add")
    with pytest.raises(Refused, match="Button 'Wait' is loading"):
        todo.click("Wait")
    with pytest.raises(Refused, match=r"one cannot type into Button 'Fail'\. One can do that with Input 'Name'"):
        todo.type("Fail", "x")
    with pytest.raises(Refused, match="one cannot click Metric 'Items'"):
        todo.click("Items")
    with pytest.raises(Refused, match="takes one line"):
        todo.type("Name", "a\nb")
    with pytest.raises(Refused, match="'Enter' does nothing on Checkbox"):
        todo.press("Urgent", "Enter")
    assert todo.state.items == []


def test_a_name_that_is_not_there_lists_what_is(todo: Rendered) -> None:
    with pytest.raises(NotOnScreen) as raised:
        todo.click("Ad")
    assert str(raised.value) == (
        "there is no control called 'Ad'. There is Checkbox 'Urgent', Button 'Add', Button 'Fail', Button 'Wait', Container 'List'."
    )
    with pytest.raises(NotOnScreen, match="there is no Button called 'Name'"):
        todo.find("Name", type="Button")


def test_of_several_one_is_named_by_number_or_by_its_group(todo: Rendered) -> None:
    todo.state.items = [{"name": name, "urgent": False} for name in ("a", "b", "c")]
    with pytest.raises(NotOnScreen, match="there are 3 called 'Remove'"):
        todo.click("Remove")
    with pytest.raises(NotOnScreen, match="no number 3"):
        todo.click("Remove", nth=3)
    todo.click("Remove", within="b")
    todo.click("Remove", nth=-1)
    assert [item["name"] for item in todo.state.items] == ["a"]
    first = todo.find_all("Remove")[0]
    todo.click(first)
    with pytest.raises(NotOnScreen, match="no longer shown"):
        todo.click(first)


def test_a_folded_group_hides_what_is_in_it_and_tells_the_panel(todo: Rendered) -> None:
    todo.click("List")
    assert todo.text().endswith("List (folded)")
    assert todo.state.folded is True
    with pytest.raises(NotOnScreen, match=r"Text 'nothing to do' is hidden or folded away"):
        todo.find("nothing to do")
    todo.press("List", "Space")
    assert todo.find("nothing to do").type == "Text"
    assert todo.state.folded is False


def test_errors_are_shown_where_they_happened_and_go_with_the_next_try(todo: Rendered) -> None:
    todo.click("Fail")
    assert "[Fail]\n! it cannot be done" in todo.text()
    (error,) = todo.errors
    assert (error.message, error.at, error.code) == ("it cannot be done", "Button 'Fail'", "HANDLER_ERROR")
    assert error.line > 0
    assert str(error) == "Button 'Fail': it cannot be done"


def test_a_value_that_breaks_a_rule_stays_in_its_field_with_the_reason(todo: Rendered) -> None:
    todo.type("Name", "no!")
    assert todo.state.name == ""
    assert "Name: no!\n! " in todo.text()
    assert todo.errors[0].at == "Input 'Name'"
    todo.type("Name", "yes")
    assert (todo.state.name, todo.errors) == ("yes", ())


def test_an_error_that_nobody_looked_at_fails_the_test() -> None:
    shown = render(TODO)
    shown.click("Fail")
    with pytest.raises(UnseenErrors, match="Button 'Fail': it cannot be done"):
        shown.close()
    shown.close()


def test_a_failure_of_the_test_is_not_covered_by_unseen_errors() -> None:
    with pytest.raises(ZeroDivisionError), render(TODO) as shown:  # noqa: PT012
        shown.click("Fail")
        1 / 0  # noqa: B018


def test_typing_is_committed_after_a_rest_by_enter_or_by_leaving(todo: Rendered) -> None:
    todo.type("Name", "Ti", leave=False)
    todo.advance(0.1)
    todo.type("Name", "Tim", leave=False)
    assert todo.state.heard == ["focus"]  # the focus came once
    todo.advance(0.1)
    assert (todo.state.name, "Name: Tim" in todo.text()) == ("", True)
    todo.advance(0.1)
    assert todo.state.name == "Tim"
    todo.type("Name", "Tom", leave=False)
    todo.press("Name")
    assert todo.state.items == [{"name": "Tom", "urgent": False}]
    todo.type("Name", "Tea", leave=False)
    todo.click("Urgent")
    assert (todo.state.name, todo.state.urgent) == ("Tea", True)
    todo.uncheck("Urgent")
    todo.uncheck("Urgent")
    assert todo.state.urgent is False


TIMED = """
<NexusPanel id="timed">
  <Data><State name="n" type="number"/><State name="at" type="list"/><State name="said" type="string"/></Data>
  <Logic>
    <Extension name="nexus.http" alias="http" hosts="https://api.example.org"/>
    <Extension name="nexus.python" alias="py"/>
    <Tool name="go" description="Go"><Arg name="ms" type="number" default="3000"/><Handler timeout="10s">$state.at.push(new Date().toISOString()); await new Promise(done => setTimeout(done, $args.ms)); $state.at.push(new Date().toISOString()); $progress(1, 4); return $args.ms;</Handler></Tool>
    <Tool name="load" description="Load"><Handler>$progress(1, 4); const answer = await $ext.http.get('https://api.example.org/x'); $state.said = answer.body;</Handler></Tool>
    <Tool name="wrong" description="Wrong"><Handler>await $ext.http.get(7);</Handler></Tool>
    <Tool name="post" description="Post"><Handler>await $ext.http.post('https://api.example.org/x');</Handler></Tool>
    <Tool name="python" description="Python"><Handler>$state.said = await $ext.py.greet('Ada');</Handler></Tool>
    <Tool name="many" description="Many"><Handler>await Promise.all([...Array(20).keys()].map(i => $ext.py.greet(String(i)))); $state.said = 'all';</Handler></Tool>
  </Logic>
  <View><Layout><Button label="Go" trigger="go"/><Button label="Load" trigger="load"/><Button label="Wrong" trigger="wrong"/><Button label="Post" trigger="post"/><Button label="Python" trigger="python"/><Button label="Many" trigger="many"/><Text>{$state.said}</Text></Layout></View>
</NexusPanel>
"""


@pytest.fixture
def timed() -> Iterator[Rendered]:
    with render(TIMED, now="2026-03-01T09:30") as rendered:
        yield rendered


def test_time_goes_on_when_the_test_says_so(timed: Rendered) -> None:
    timed.click("Go")
    assert timed.text().startswith("[Go]\n…")
    timed.advance(2.999)
    assert timed.state.at == ["2026-03-01T09:30:00.000Z"]
    timed.advance(0.001)
    assert timed.state.at == ["2026-03-01T09:30:00.000Z", "2026-03-01T09:30:03.000Z"]
    assert timed.now.isoformat() == "2026-03-01T09:30:03+00:00"
    assert "…" not in timed.text()


def test_an_hour_of_time_takes_no_time(timed: Rendered) -> None:
    begun = time.monotonic()
    for _ in range(20):
        timed.click("Go")
        timed.advance(180)
    assert len(timed.state.at) == 40
    assert time.monotonic() - begun < 60


def test_time_limits_hold_in_the_time_of_the_test(timed: Rendered) -> None:
    timed.grant("http", get=Answer())
    timed.click("Load")
    timed.advance(29)
    assert not timed.errors
    timed.advance(2)
    assert timed.errors[0].code == "LIMIT_WALL"
    assert timed.call("go", ms=9_000) == 9_000


def test_what_is_not_granted_is_denied_and_the_hint_is_for_the_test(timed: Rendered) -> None:
    timed.click("Load")
    (error,) = timed.errors
    assert (error.code, error.hint) == ("CAPABILITY_DENIED", "In a test: p.grant('http', …).")


@pytest.mark.parametrize("kind", ["function", "coroutine", "value"])
def test_the_test_answers_for_an_extension(timed: Rendered, kind: str) -> None:
    asked: list[str] = []

    def get(url: str) -> dict[str, Any]:
        asked.append(url)
        return {"status": 200, "body": "hello"}

    async def later(url: str) -> dict[str, Any]:
        await asyncio.sleep(0)
        return get(url)

    timed.grant("nexus.http", get={"function": get, "coroutine": later, "value": {"body": "hello"}}[kind])
    timed.click("Load")
    assert timed.find("hello").type == "Text"
    assert asked == ([] if kind == "value" else ["https://api.example.org/x"])


def test_arguments_are_checked_as_the_extension_does(timed: Rendered) -> None:
    timed.grant("http", get={"body": ""})
    timed.click("Wrong")
    timed.click("Post")
    wrong, post = timed.errors
    assert wrong.code == "INVALID_ARGUMENT"
    assert (post.code, post.message) == ("CAPABILITY_DENIED", "the test gives no answer to http.post.")


def test_what_an_answer_raises_the_handler_sees(timed: Rendered) -> None:
    def get(url: str) -> object:
        raise OSError("no network")

    timed.grant("http", get=get)
    timed.click("Load")
    assert timed.errors[0].message == "no network"


def test_an_answer_can_be_given_later(timed: Rendered) -> None:
    answer = Answer()
    timed.grant("http", get=answer)
    timed.click("Load")
    timed.click("Load")  # waits in line
    assert "[Load]\n… 25%" in timed.text()
    assert answer.calls == [("https://api.example.org/x",)]
    answer.give({"body": "first"})
    assert timed.state.said == "first"
    answer.fail("gone")
    assert [error.message for error in timed.errors] == ["gone"]
    with pytest.raises(LookupError, match="no call waits"):
        answer.give(1)


def test_functions_are_granted_like_extensions(timed: Rendered) -> None:
    timed.grant("py", greet=lambda name: f"hello {name}")
    timed.click("Python")
    assert timed.state.said == "hello Ada"
    held = Answer()
    timed.grant("py", greet=held)
    timed.click("Many")  # more calls than may run at a time
    given = 0
    while held.calls:
        held.give("")
        given += 1
        timed.text()  # what follows from it has happened
    assert given == 20
    assert timed.state.said == "all"


def test_functions_may_be_answers_from_the_start() -> None:
    held = Answer()
    with render(TIMED, functions={"greet": held}) as timed:
        timed.click("Python")
        assert held.calls == [("Ada",)]
        held.give("hi")
        assert timed.state.said == "hi"


def test_answers_from_the_start_are_checked() -> None:
    with render(TIMED, answers={"http": {"get": {"body": "at once"}}}) as timed:
        timed.click("Load")
        assert timed.state.said == "at once"
    with pytest.raises(OptionError, match=r"no extension 'ftp'\. It declares: http \(nexus\.http\), py"):
        render(TIMED, answers={"ftp": {}})
    with pytest.raises(OptionError, match=r"nexus\.http has no method 'fetch'"):
        render(TIMED, answers={"http": {"fetch": 1}})


def test_the_extension_itself_serves_without_answers(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("from the disk")
    source = f"""<NexusPanel id="files"><Data><State name="text" type="string"/></Data><Logic>
      <Extension name="nexus.fs" alias="fs" root="{tmp_path}"/>
      <Tool name="read" description="Read"><Handler>$state.text = await $ext.fs.read('a.txt');</Handler></Tool>
    </Logic><View><Button label="Read" trigger="read"/></View></NexusPanel>"""
    with render(source) as shown:
        shown.grant("fs")
        shown.click("Read")
        assert shown.state.text == "from the disk"


def test_observers_and_listeners_have_been_called_when_a_step_ends(todo: Rendered) -> None:
    heard: list[object] = []
    todo.panel.on("toast", heard.append)
    todo.state.observe(lambda change: todo.panel.tools.hear(change.new), "urgent")
    todo.state.name = "x"
    todo.click("Add")
    todo.click("Urgent")
    assert heard == [{"text": "added", "level": "success"}]
    assert todo.state.heard == [True]


def test_it_works_in_a_coroutine() -> None:
    async def use() -> None:
        with render(TODO) as shown:
            shown.type("Name", "Milk")
            await asyncio.sleep(0)
            shown.click("Add")
            assert shown.find("Milk").type == "Container"

    asyncio.run(use())


def test_a_rendered_panel_is_none_of_the_kernels() -> None:
    with Panel(TODO) as live, render(live) as shown:
        shown.state.name = "Milk"
        assert panels() == {"todo": live}
        assert (shown.panel.source, live.state.name) == (live.source, "")


def test_a_file_is_rendered_and_a_broken_document_is_told(tmp_path: Path) -> None:
    (tmp_path / "todo.nxml").write_text(TODO, encoding="utf-8")
    with render(tmp_path / "todo.nxml") as shown, render(str(tmp_path / "todo.nxml")) as other:
        assert shown.text() == other.text()
    with pytest.raises(DocumentError):
        render("<NexusPanel><View><Button trigger='nothing'/></View></NexusPanel>")
    with pytest.raises(OptionError, match="no time"):
        render(TODO, now="yesterday")
    with pytest.raises(OptionError, match="a panel is made from the text of a document"):
        render(7)  # type: ignore[arg-type]


def test_problems_of_the_view_are_seen(nexus_panel: Callable[..., Rendered]) -> None:
    shown = nexus_panel('<NexusPanel id="p"><Data><State name="x" type="any"/></Data><View><Text>{$state.x.y.z}</Text></View></NexusPanel>')
    assert len(shown.errors) == 1
    assert shown.text().startswith("! ")


def test_a_panel_that_has_ended_cannot_be_used(todo: Rendered) -> None:
    todo.panel.close()
    with pytest.raises(Refused, match="the panel has ended"):
        todo.click("Fail")
    assert todo.text().startswith("This panel has ended: it was closed")


def test_a_tree_to_look_at(todo: Rendered) -> None:
    assert todo.tree().splitlines()[:4] == [
        "Layout",
        "  Input 'Name' = \"\" (submit, focus, change)",
        "  Checkbox 'Urgent' = false (change)",
        "  Button 'Add' (press, disabled)",
    ]
    assert repr(todo).startswith("<Rendered todo>\nName:")
    with pytest.raises(OptionError, match="cannot go on by -1 seconds"):
        todo.advance(-1)


BY_ITSELF = """
<NexusPanel id="alone">
  <Data><State name="ticks" type="number"/><State name="looked" type="number"/><State name="text" type="string"/><State name="saved" type="list"/></Data>
  <Logic>
    <Extension name="nexus.python" alias="py"/>
    <Tool name="wipe" description="Wipe" confirm="Really wipe?"><Handler>$state.ticks = 0;</Handler></Tool>
    <Lifecycle on="mount"><Handler>$state.text = await $ext.py.begin();</Handler></Lifecycle>
    <Lifecycle on="interval" every="10s"><Handler>$state.ticks += 1;</Handler></Lifecycle>
    <Lifecycle on="interval" every="90s" whenHidden="pause"><Handler>$state.looked += 1;</Handler></Lifecycle>
    <Lifecycle on="change" of="text" debounce="2s"><Handler>$state.saved.push($state.text); if ($state.text === 'bad') throw new Error('cannot be saved');</Handler></Lifecycle>
    <Lifecycle on="unmount"><Handler>await new Promise(done => setTimeout(done, 1000)); await $ext.py.end();</Handler></Lifecycle>
  </Logic>
  <View><Layout><Text>{$state.ticks}</Text><Input label="Text" bind="$state.text"/><Button label="Wipe" trigger="wipe"/></Layout></View>
</NexusPanel>
"""


def test_what_a_panel_does_by_itself() -> None:
    ended: list[bool] = []
    with render(BY_ITSELF, functions={"begin": lambda: "begun", "end": lambda: ended.append(True)}) as shown:
        assert shown.state.text == "begun"
        shown.advance(1.9)
        assert shown.state.saved == []
        shown.advance(0.1)
        assert shown.state.saved == ["begun"]
        shown.advance(3598)
        assert (shown.state.ticks, shown.state.looked) == (360, 40)
        shown.look_away()
        shown.advance(600)
        assert (shown.state.ticks, shown.state.looked) == (420, 40)
        shown.look_back()
        assert shown.state.looked == 41
        shown.type("Text", "bad")
        shown.advance(2)
        (error,) = shown.errors
        assert (error.message, error.at.startswith("lifecycle change"), shown.text().splitlines()[0]) == (
            "cannot be saved",
            True,
            f"! {error}",
        )
    assert ended == [True]


def test_a_tool_that_asks_first_waits_for_the_answer() -> None:
    with render(BY_ITSELF, functions={"begin": lambda: "", "end": lambda: None}, state={"ticks": 5}) as shown:
        shown.click("Wipe")
        assert shown.question == "Really wipe?"
        assert shown.text().endswith("? Really wipe? [No] [Yes]")
        with pytest.raises(Refused, match="while the panel asks: Really wipe"):
            shown.type("Text", "x")
        shown.confirm(False)
        assert shown.state.ticks == 5
        assert shown.question is None
        shown.click("Wipe")
        shown.confirm()
        assert shown.state.ticks == 0
        with pytest.raises(NotOnScreen, match="asks nothing"):
            shown.confirm()
