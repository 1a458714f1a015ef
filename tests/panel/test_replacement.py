"""A panel goes on with another document: what stays, what goes, and who is told."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from nexus_jupyter import CancelledError, DocumentError, NexusError, Panel, PanelClosedError, StaleError, StateError
from nexus_jupyter.diagnostics import errors_of
from nexus_jupyter.panel import registry
from nexus_jupyter.panel.mailbox import mailbox
from nexus_jupyter.panel.registry import PanelEvent
from nexus_jupyter.protocol import Commit, Event, KernelMessage, Reject, Result, Snapshot
from nexus_jupyter.protocol.identity import document_hash

COUNTER = """<NexusPanel id="counter" title="Counter">
  <Data><State name="count" type="number" default="0"/><State name="note" type="string"/></Data>
  <Logic><Tool name="add" description="Add one"><Handler>$state.count += 1</Handler></Tool></Logic>
  <View><Button label="{$state.count}" trigger="add"/></View>
</NexusPanel>
"""
RESET = COUNTER.replace(
    "</Logic>", '<Tool name="reset" description="Back to zero"><Handler>$state.count = 0</Handler></Tool></Logic>'
)  # fmt: skip


@pytest.fixture
def counter() -> Iterator[Panel]:
    with Panel(COUNTER) as panel:
        yield panel


@pytest.fixture
def events() -> Iterator[list[PanelEvent]]:
    heard: list[PanelEvent] = []
    off = registry.subscribe(heard.append)
    yield heard
    off()


def test_the_state_stays_and_the_new_tool_works(counter: Panel) -> None:
    counter.call("add")
    assert counter.replace_document(RESET) == ()
    assert counter.state.count == 1
    assert counter.call("add") is None
    counter.tools.reset().result()
    assert counter.state.count == 0
    assert (counter.source, counter.edition, counter.hash) == (RESET, 1, document_hash(RESET))


def test_a_replacement_is_one_revision_and_open_views_get_the_new_tree(counter: Panel) -> None:
    heard: list[KernelMessage] = []
    commits: list[Commit] = []
    counter.on_commit(commits.append)
    counter.runtime.subscribe(heard.extend)
    counter.runtime.snapshot().result()
    counter.replace_document(COUNTER.replace('label="{$state.count}"', 'label="Now {$state.count}"'))
    assert counter.rev == 1
    snapshots = [m for m in heard if isinstance(m, Snapshot)]
    assert len(snapshots) == 1
    assert snapshots[0].rev == 1
    assert "Now 0" in snapshots[0].model_dump_json()
    assert [(c.rev, c.cause.kind) for c in commits] == [(1, "reset")]


def test_a_stale_base_is_refused_and_changes_nothing(counter: Panel) -> None:
    base = counter.hash
    counter.replace_document(RESET, base_hash=base)
    with pytest.raises(StaleError):
        counter.replace_document(COUNTER, base_hash=base)
    assert (counter.source, counter.edition) == (RESET, 1)


@pytest.mark.parametrize(
    "broken",
    [
        COUNTER.replace("</NexusPanel>", ""),
        COUNTER.replace("$state.count += 1", "$state.count += ("),
        COUNTER.replace('default="0"', 'default="{nothing.at.all}"'),
    ],
    ids=["language", "engine", "default"],
)
def test_after_a_document_that_cannot_be_the_panel_is_as_it_was(counter: Panel, broken: str) -> None:
    counter.call("add")
    with pytest.raises(NexusError):
        counter.replace_document(broken)
    assert counter.call("add") is None
    assert (counter.state.count, counter.source, counter.edition) == (2, COUNTER, 0)


def test_a_state_that_no_longer_fits_starts_anew_and_comes_back_with_the_old_document(counter: Panel) -> None:
    counter.state.update(count=7, note="mine")
    notes = counter.replace_document(COUNTER.replace('name="note" type="string"', 'name="note" type="number"'))
    assert counter.state.note == 0
    assert counter.state.count == 7
    assert len(notes) == 1
    assert notes[0].startswith("note starts anew with 0: ")
    assert counter.replace_document(COUNTER) == ()
    assert counter.state.note == "mine"


def test_a_state_that_is_gone_comes_back_when_it_is_declared_again(counter: Panel) -> None:
    counter.state.note = "mine"
    notes = counter.replace_document(COUNTER.replace('<State name="note" type="string"/>', ""))
    assert "note" in notes[0]
    assert dict(counter.state) == {"count": 0}
    with pytest.raises((StateError, AttributeError)):
        counter.state.note  # noqa: B018
    counter.replace_document(COUNTER)
    assert counter.state.note == "mine"


def test_observers_and_links_stay(counter: Panel) -> None:
    seen: list[Any] = []
    state = counter.state
    state.observe(lambda change: seen.append(change["new"]), "count")
    counter.replace_document(RESET)
    assert counter.state is state
    counter.call("add")
    mailbox.wait(counter.runtime.read("count"))
    assert seen == [1]
    counter.state.count = 5
    assert seen[-1] == 5


def test_a_new_state_can_be_observed(counter: Panel) -> None:
    counter.replace_document(COUNTER.replace("</Data>", '<State name="limit" type="number" default="9"/></Data>'))
    assert counter.state.limit == 9
    seen: list[Any] = []
    counter.state.observe(lambda change: seen.append((change["old"], change["new"])), "limit")
    counter.state.limit = 10
    assert seen == [(9, 10)]


def test_running_and_waiting_tools_are_cancelled() -> None:
    source = COUNTER.replace("$state.count += 1", "await new Promise(r => setTimeout(r, 20000)); $state.count += 1")
    with Panel(source) as panel:
        running, waiting = panel.tools.add(), panel.tools.add()
        panel.runtime.read("count").result()
        panel.replace_document(COUNTER)
        for call in (running, waiting):
            with pytest.raises(CancelledError, match="replaced"):
                call.result(5)
        panel.call("add")
        assert panel.state.count == 1


def test_a_tool_that_was_taken_before_speaks_to_the_new_document(counter: Panel) -> None:
    add = counter.tools.add
    counter.replace_document(COUNTER.replace("$state.count += 1", "$state.count += 10"))
    add().result()
    assert counter.state.count == 10


def test_granted_functions_stay_granted() -> None:
    source = COUNTER.replace("<Logic>", '<Logic><Extension name="nexus.python" alias="py"/>').replace(
        "$state.count += 1", "$state.count = await $ext.py.next($state.count)"
    )

    def next(n: float) -> float:
        return n + 1

    with Panel(source, functions=[next]) as panel:
        panel.replace_document(source.replace("$ext.py.next($state.count)", "$ext.py.next($state.count + 1)"))
        panel.call("add")
        assert panel.state.count == 2


def test_the_registry_tells_what_happened(events: list[PanelEvent]) -> None:
    first = Panel(COUNTER)
    first.replace_document(RESET)
    second = Panel(COUNTER)
    second.close()
    assert [(e.kind, e.panel) for e in events] == [("added", first), ("replaced", first), ("added", second), ("removed", second)]
    assert events[2].ended == (first,)
    assert first.closed


def test_a_closed_panel_refuses(counter: Panel) -> None:
    counter.close()
    with pytest.raises(PanelClosedError):
        counter.replace_document(RESET)


def test_replacements_from_many_threads_are_one_after_the_other(counter: Panel) -> None:
    base, won, lost = counter.hash, [], []

    def attempt(number: int) -> None:
        try:
            counter.replace_document(COUNTER.replace("Counter", f"Counter {number}"), base_hash=base)
            won.append(number)
        except StaleError:
            lost.append(number)

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert counter.title == f"Counter {won[0]}"


def _event(seq: int, node: str, base: int) -> Event:
    return Event(client="c", seq=seq, node=node, name="press", clock=0, seed=0, zone="UTC", base=base)


def test_an_event_of_the_old_view_does_not_reach_the_components_of_the_new_one(counter: Panel) -> None:
    heard: list[KernelMessage] = []
    counter.runtime.subscribe(heard.extend)
    root = counter.runtime.snapshot().result().tree.root
    assert root is not None
    counter.state.count = 5
    counter.replace_document(RESET.replace('trigger="add"', 'trigger="reset"'))
    heard.clear()
    counter.runtime.event(_event(1, root.id, 1)).result()
    counter.runtime.snapshot().result()
    assert counter.state.count == 5
    (answer,) = heard
    assert isinstance(answer, Reject)
    assert answer.error.code == "STALE"
    counter.runtime.event(_event(2, root.id, counter.rev)).result()
    assert counter.state.count == 0
    assert [m.error for m in heard if isinstance(m, Result)] == [None]


WITH_PYTHON = RESET.replace("<Logic>", '<Logic><Extension name="nexus.python" alias="py"/>').replace(
    "$state.count += 1", "$state.count = await $ext.py.next($state.count)"
)


def test_who_no_longer_waits_for_a_replacement_leaves_it_whole(events: list[PanelEvent], interruptible: None) -> None:
    def next(n: float) -> float:
        return n + 1

    free = threading.Event()

    def occupy() -> None:
        free.wait(20)

    with Panel(WITH_PYTHON.replace("Counter", "Before"), functions=[next]) as panel:
        panel.runtime.put(occupy)
        mailbox.post(lambda: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            panel.replace_document(WITH_PYTHON.replace('name="reset"', 'name="restart"'))
        free.set()
        panel.runtime.read("count").result()
        assert panel.title == "Counter"
        assert "restart" in panel.tools
        assert [e.kind for e in events] == ["added", "replaced"]
        panel.call("add")
        assert panel.state.count == 1


def test_observers_of_a_replacement_see_the_new_document(counter: Panel) -> None:
    counter.state.count = 3
    seen: list[object] = []
    counter.state.observe(lambda _: seen.append((counter.state.limit, list(counter.tools))), "count")
    new = RESET.replace('type="number" default="0"/>', 'type="string" default="none"/><State name="limit" type="number" default="9"/>')
    counter.replace_document(new)
    assert seen == [(9, ["add", "reset"])]


def test_a_value_that_gives_way_to_an_older_one_comes_back_in_its_turn(counter: Panel) -> None:
    words = COUNTER.replace('type="number" default="0"', 'type="string"')
    counter.state.count = 5
    counter.replace_document(words)
    counter.state.count = "many"
    counter.replace_document(COUNTER)
    assert counter.state.count == 5
    counter.replace_document(words)
    assert counter.state.count == "many"


def test_a_coroutine_of_a_panel_is_told_that_it_cannot_wait_for_a_replacement() -> None:
    panels: list[Panel] = []

    async def next(n: float) -> str:
        try:
            panels[0].replace_document(COUNTER)
        except NexusError as error:
            return error.code
        return "replaced"

    with Panel(WITH_PYTHON.replace("$state.count = await", "return await"), functions=[next]) as panel:
        panels.append(panel)
        assert panel.call("add") == "WOULD_BLOCK"
        assert panel.edition == 0


def test_a_view_that_is_gone_is_shown_no_more(counter: Panel) -> None:
    counter.runtime.subscribe(lambda _: None)
    counter.runtime.snapshot().result()
    counter.replace_document(COUNTER[: COUNTER.index("  <View>")] + "</NexusPanel>")
    counter.call("add")
    assert counter.runtime.snapshot().result().tree.root is None
    counter.replace_document(COUNTER)
    assert counter.runtime.snapshot().result().tree.root is not None


def test_a_listener_that_comes_while_another_goes_hears(counter: Panel) -> None:
    heard: list[int] = []

    def come() -> None:
        for _ in range(300):
            counter.on_commit(lambda _: heard.append(1))

    def come_and_go() -> None:
        for _ in range(300):
            counter.on_commit(lambda _: None)()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for work in (come, come_and_go) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    counter.call("add")
    assert len(heard) == 900


# --- trying first -----------------------------------------------------------------------------------


def test_a_trial_shows_view_and_effects_and_touches_nothing(counter: Panel) -> None:
    counter.state.count = 3
    tried = counter.try_document(RESET.replace('trigger="add"/>', 'trigger="add"/><Button label="Reset" trigger="reset"/>'))
    assert tried.dry_run is not None
    assert [d.code for d in tried.diagnostics if d.severity == "error"] == []
    assert "Reset" in tried.dry_run.model_dump_json()
    assert [(t.tool, [(o.path, o.value) for o in t.ops], t.error) for t in tried.dry_run.trials] == [("reset", [("/count", 0)], None)]
    assert tried.dry_run.rev == 1
    assert (counter.state.count, counter.rev, counter.source) == (3, 1, COUNTER)


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        ("while (true);", "LIMIT_CPU"),
        ("throw new Error('no')", "HANDLER_ERROR"),
        ("await $ext.py.save()", "CAPABILITY_DENIED"),
    ],
)
def test_a_trial_that_fails_says_why(handler: str, code: str) -> None:
    called: list[int] = []

    def save() -> None:
        called.append(1)

    source = COUNTER.replace("<Logic>", '<Logic><Extension name="nexus.python" alias="py"/>')
    with Panel(source, functions=[save]) as panel:
        tried = panel.try_document(source.replace("$state.count += 1", handler))
        assert tried.dry_run is not None
        (trial,) = tried.dry_run.trials
        assert trial.error is not None
        assert trial.error.code == code
    assert called == []


def test_a_trial_of_a_broken_document_gives_its_diagnostics(counter: Panel) -> None:
    assert [d.code for d in counter.try_document(COUNTER.replace("+= 1", "+= (")).diagnostics] == ["JS_SYNTAX"]
    assert errors_of(counter.try_document(COUNTER.replace("</View>", "")).diagnostics) != []
    assert counter.try_document("").diagnostics[0].code == "WRONG_ROOT"


def test_a_preview_is_a_panel_of_its_own(counter: Panel) -> None:
    counter.state.count = 4
    with counter.preview(RESET) as clone:
        assert clone.state.count == 4
        clone.call("reset")
        assert (clone.state.count, counter.state.count) == (0, 4)
        assert registry.panels() == {"counter": counter}
    assert not counter.closed


def test_a_preview_of_a_broken_document_is_refused(counter: Panel) -> None:
    with pytest.raises(DocumentError):
        counter.preview(COUNTER.replace("+= 1", "+= ("))
