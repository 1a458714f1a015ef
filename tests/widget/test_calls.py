"""Calls over a widget's comm in a real kernel: the question before one, what visitors are told, who looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from .test_kernel import Page
from .test_visitors import FOR_A_VISITOR, kernel

CELL = """%%nxml p
<NexusPanel id="p" title="P">
  <Data><State name="n" type="number"/><State name="ticks" type="number"/></Data>
  <Logic>
    <Tool name="ask" description="d" confirm="Sure?"><Handler>$state.n = 5;</Handler></Tool>
    <Tool name="fail" description="d"><Handler>throw new RangeError('too bad');</Handler></Tool>
    <Lifecycle on="interval" every="100ms" whenHidden="pause"><Handler>$state.ticks += 1;</Handler></Lifecycle>
    <Lifecycle on="mount"><Handler>throw new Error('no rows');</Handler></Lifecycle>
  </Logic>
  <View><Layout><Button label="Ask" trigger="ask"/><Button label="Fail" trigger="fail"/><Text>{$state.n}</Text></Layout></View>
</NexusPanel>"""


def opened(page: Page) -> dict[str, Any]:
    assert page.run(CELL)["error"] is None
    page.send(kind="hello", client="me", protocol=1)
    return page.until("snapshot", timeout=60)


@pytest.fixture
def visited() -> Iterator[Page]:
    with kernel(FOR_A_VISITOR) as client:
        yield Page(client)


@pytest.fixture
def owned() -> Iterator[Page]:
    manager, client = start_new_kernel(kernel_name="nexus")
    try:
        yield Page(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def test_a_page_is_asked_answers_and_tells_that_it_shows_the_panel(owned: Page) -> None:
    snapshot = opened(owned)
    assert (snapshot["visitor"], snapshot["sight"]) == (False, True)
    (hook,) = snapshot["hooks"]
    assert (hook["hook"], hook["error"]["line"]) == ("lifecycle mount", 7)
    seq = owned.event(owned.node(snapshot["tree"], "Button"))
    assert owned.until("confirm", timeout=60, seq=seq)["question"] == "Sure?"
    owned.send(kind="confirm_answer", client="me", seq=seq, yes=True)
    assert owned.until("result", timeout=60, seq=seq)["error"] is None
    assert owned.run("print(p.state.n, p.state.ticks)")["out"] == "5 0\n"
    owned.send(kind="program", client="me")
    program = owned.until("program", timeout=60, client="me")
    assert (program["rev"], program["state"]["n"], len(program["program"]["tools"])) == (1, 5, 2)
    # a page that shows this revision already is told so, gets no tree, and the program with it
    owned.send(kind="hello", client="me", protocol=1, rev=1, document=0, program=True)
    again = owned.until("snapshot", timeout=60)
    assert (again["shown"], again["rev"], again["tree"]["root"]) == (True, 1, None)
    assert owned.until("program", timeout=60, client="me")["rev"] == 1
    owned.send(kind="hello", client="me", protocol=1, rev=0, document=0)
    other = owned.until("snapshot", timeout=60)
    assert (other["shown"], other["rev"]) == (False, 1)
    assert other["tree"]["root"] is not None
    owned.send(kind="sight", client="me", shown=True)
    owned.until("commit", timeout=60, cause={"kind": "lifecycle", "tool": "lifecycle interval", "client": None, "seq": None})


def test_a_visitor_is_told_what_happened_and_no_more(visited: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = opened(visited)
    assert snapshot["visitor"]
    assert [(h["error"]["message"], h["error"]["line"], h["error"]["stack"]) for h in snapshot["hooks"]] == [("no rows", 0, "")]
    seq = visited.event(visited.node(snapshot["tree"], "Button", 1))
    error = visited.until("result", timeout=60, seq=seq)["error"]
    assert (error["message"], error["name"], error["line"], error["column"], error["stack"]) == ("too bad", "Error", 0, 0, "")
    # nor what the panel is made of, however often its page asks
    heard: list[str] = []
    take = visited._take

    def listen(message: dict[str, Any]) -> None:
        heard.append(json.dumps(message["content"]))
        take(message)

    monkeypatch.setattr(visited, "_take", listen)
    visited.send(kind="program", client="me")
    visited.send(kind="hello", client="me", protocol=1, program=True)
    visited.until("snapshot", timeout=60)
    assert any('"snapshot"' in text for text in heard)
    assert not any("too bad" in text or '"tools"' in text or "packed" in text for text in heard)
