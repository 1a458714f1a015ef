"""What of a panel's states outlives it: into the next run of its cell, and into the next kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter import Panel
from nexus_jupyter.panel import kept_store, registry
from nexus_jupyter.panel.kept_store import KeptStore
from nexus_jupyter.protocol import Emitted

from .conftest import NOTEBOOK
from .waiting import until


def source(*states: str, id: str = "kept") -> str:
    written = "".join(f"<State {each}/>" for each in states)
    tools = (
        '<Tool name="grow" description="Grow"><Arg name="by" type="number"/><Handler>$state.big = "x".repeat($args.by);</Handler></Tool>'
    )
    return f'<NexusPanel id="{id}"><Data>{written}</Data><Logic>{tools if "big" in written else ""}</Logic></NexusPanel>'


COUNT = 'name="count" type="number" default="1" persist="notebook"'
NOTE = 'name="note" type="string"'
KEPT = source(COUNT, NOTE)


def files(data: Path) -> list[Path]:
    return sorted((data / "kept").glob("*.json"))


@pytest.fixture
def kernels(data: Path) -> Iterator[None]:
    """Each panel begins as in a new kernel: the one before it has ended."""
    yield
    registry.close_all()


# --- the next kernel --------------------------------------------------------------------------------


def test_a_kept_value_is_there_in_the_next_kernel_and_another_is_not(data: Path) -> None:
    with Panel(KEPT) as panel:
        panel.state.update(count=7, note="gone")
    with Panel(KEPT) as panel:
        assert dict(panel.state.items() if hasattr(panel.state, "items") else {n: panel.state[n] for n in panel.state}) == {
            "count": 7,
            "note": "",
        }
        assert (panel.rev, panel.notes) == (0, ())
    (file,) = files(data)
    assert json.loads(file.read_text())["values"] == {"count": 7}
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700


def test_what_python_says_wins_over_what_is_kept_and_that_over_the_default(data: Path) -> None:
    with Panel(KEPT) as panel:
        panel.state.count = 7
    with Panel(KEPT.replace('default="1"', 'default="2"')) as panel:
        assert panel.state.count == 7
    with Panel(KEPT, state={"count": 3}) as panel:
        assert panel.state.count == 3
    with Panel(KEPT, fresh=True) as panel:
        assert panel.state.count == 1
    with Panel(KEPT) as panel:
        assert panel.state.count == 1


def test_a_value_that_was_never_touched_follows_its_default(data: Path) -> None:
    with Panel(KEPT) as panel:
        panel.state.count = 7
        panel.state.count = 1
    assert files(data) == []
    with Panel(KEPT.replace('default="1"', 'default="2"')) as panel:
        assert panel.state.count == 2


def test_true_is_not_one(data: Path) -> None:
    document = source('name="count" type="any" default="1" persist="notebook"')
    with Panel(document) as panel:
        panel.state.count = True
    with Panel(document) as panel:
        assert panel.state.count is True


def test_panels_and_notebooks_keep_apart(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Panel(KEPT) as panel, Panel(source(COUNT, id="other")) as other:
        panel.state.count, other.state.count = 7, 8
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/another.ipynb")
    with Panel(KEPT) as panel:
        assert panel.state.count == 1
        panel.state.count = 9
    monkeypatch.setenv("JPY_SESSION_NAME", NOTEBOOK)
    with Panel(KEPT) as panel, Panel(source(COUNT, id="other")) as other:
        assert (panel.state.count, other.state.count) == (7, 8)


def test_values_are_written_soon_and_without_the_panel_waiting(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    go = threading.Event()

    def slow(path: Path, text: bytes) -> None:
        assert threading.current_thread().name == "nexus-kept"
        assert go.wait(60)
        writes.append(json.loads(text)["values"]["count"])

    monkeypatch.setattr(kept_store, "write_file", slow)
    with Panel(KEPT) as panel:
        for number in range(2, 100):
            panel.state.count = number
        time.sleep(0.5)
        assert panel.state.count == 99  # though the disk does not answer
        go.set()
        until(lambda: writes and writes[-1] == 99)
        assert len(writes) < 50


def test_a_stream_of_changes_does_not_put_writing_off_for_ever(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_store, "LONGEST", 0.6)
    with Panel(KEPT) as panel:
        number = 1
        deadline = time.monotonic() + 60
        while not files(data):
            assert time.monotonic() < deadline
            number += 1
            panel.state.count = number


def test_what_no_longer_fits_is_left_out_and_said(data: Path) -> None:
    with Panel(source(COUNT, 'name="colour" type="string" persist="notebook"')) as panel:
        panel.state.update(count=7, colour="mauve")
    stricter = source(COUNT.replace('default="1"', 'default="1" max="5"'), 'name="colour" type="list" persist="notebook"')
    with Panel(stricter) as panel:
        assert (panel.state.count, list(panel.state.colour)) == (1, [])
        assert [note.split(":")[0] for note in panel.notes] == ["count starts anew with 1", "colour starts anew with []"]
    assert files(data) == []


def test_what_is_not_to_be_kept_any_more_is_not(data: Path) -> None:
    with Panel(KEPT) as panel:
        panel.state.count = 7
    assert files(data)
    with Panel(source(NOTE)):
        pass
    assert files(data) == []


def test_a_document_that_is_replaced_is_kept_by_its_own_declarations(data: Path) -> None:
    with Panel(KEPT) as panel:
        panel.state.update(count=7, note="a note")
        panel.replace_document(source(COUNT.replace(' persist="notebook"', ""), f'{NOTE} persist="notebook"'))
    with Panel(source(COUNT.replace(' persist="notebook"', ""), f'{NOTE} persist="notebook"')) as panel:
        assert (panel.state.count, panel.state.note) == (1, "a note")


def test_forget_drops_what_is_kept(data: Path) -> None:
    with Panel(KEPT) as panel:
        panel.state.update(count=7, note="stays while it lives")
        panel.forget()
        assert files(data) == []
        assert (panel.state.count, panel.state.note) == (7, "stays while it lives")
        with Panel(KEPT) as again:
            assert (again.state.count, again.state.note) == (1, "")
            again.forget()
            again.state.count = 8
    with Panel(KEPT) as panel:
        assert panel.state.count == 8


@pytest.mark.parametrize("damage", [b"", b"{", b'{"form":1,"values":[]}', b"[1]", b'"\xff"', b"[" * 100_000])
def test_a_damaged_file_is_set_aside_and_said(data: Path, damage: bytes) -> None:
    with Panel(KEPT) as panel:
        panel.state.count = 7
    (file,) = files(data)
    file.write_bytes(damage)
    with Panel(KEPT) as panel:
        assert panel.state.count == 1
        (note,) = panel.notes
        assert "is damaged; it is set aside as" in note
        assert file.with_suffix(".damaged").read_bytes() == damage
        panel.state.count = 8
    with Panel(KEPT) as panel:
        assert (panel.state.count, panel.notes) == (8, ())


def test_a_file_cannot_bring_what_no_state_can_hold(data: Path) -> None:
    with Panel(source('name="count" type="any" persist="notebook"')) as panel:
        panel.state.count = 7
    (file,) = files(data)
    record = json.loads(file.read_text())
    for value in ({"__proto__": 1}, json.loads("[" * 200 + "]" * 200), float("nan")):
        file.write_text(json.dumps({**record, "values": {"count": value, "undeclared": 1}}))
        with Panel(source('name="count" type="any" persist="notebook"')) as panel:
            assert panel.state.count is None
            assert [note.startswith("count starts anew: ") for note in panel.notes] == [True]
        file.parent.mkdir(exist_ok=True)


def test_too_much_is_not_kept_and_said_once_in_the_page_and_in_the_log(data: Path) -> None:
    document = source(COUNT, 'name="big" type="string" persist="notebook"')
    with Panel(document) as panel:
        heard: list[Any] = []
        panel.runtime.subscribe(heard.extend)
        panel.state.count = 7
        until(lambda: files(data))
        panel.call("grow", by=kept_store.MOST_BYTES)
        until(lambda: panel.log)
        panel.call("grow", by=kept_store.MOST_BYTES + 1)
    assert len(panel.log) == 1
    assert 'persist="notebook" have 1,048,' in panel.log[0].text
    assert [m.payload for m in heard if isinstance(m, Emitted)] == [{"text": f"kept: {panel.log[0].text}", "level": "warn"}]
    with Panel(document) as panel:
        assert (panel.state.count, panel.state.big) == (7, "")


def test_a_full_folder_takes_no_further_panels(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Panel(KEPT) as panel:
        panel.state.count = 7
    monkeypatch.setattr(kept_store, "MOST_ALL", 100)
    with Panel(KEPT) as panel, Panel(source(COUNT, id="other")) as other:
        panel.state.count, other.state.count = 8, 8
    assert "is full" in other.log[0].text
    assert panel.log == ()
    with Panel(KEPT) as panel:
        assert panel.state.count == 8


def test_a_disk_that_fails_is_told(data: Path) -> None:
    data.mkdir()
    (data / "kept").write_text("no folder")
    with Panel(KEPT) as panel:
        panel.state.count = 7
    assert panel.log[0].text.startswith("its states cannot be kept: ")


@pytest.mark.parametrize("where", ["script", "visitors", "preview"])
def test_nothing_is_kept_for_scripts_visitors_and_previews(data: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    with Panel(KEPT) as panel:
        panel.state.count = 7
    kept = [file.read_bytes() for file in files(data)]
    if where == "script":
        monkeypatch.delenv("JPY_SESSION_NAME")
    elif where == "visitors":
        monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    with Panel(KEPT) as panel:
        assert panel.state.count == (7 if where == "preview" else 1)
        with panel.preview(KEPT) if where == "preview" else Panel(KEPT) as other:
            other.state.count = 9
    assert [file.read_bytes() for file in files(data)] == kept


CHILD = """
import sys, nexus_jupyter
panel = nexus_jupyter.Panel(sys.stdin.read())
for _ in range(20):
    panel.state.count += 1
"""


def test_the_end_of_the_process_writes_what_waits(data: Path) -> None:
    environment = {**os.environ, "NEXUS_DATA_DIR": str(data), "JPY_SESSION_NAME": NOTEBOOK}
    subprocess.run([sys.executable, "-c", CHILD], env=environment, input=KEPT, text=True, check=True)
    with Panel(KEPT) as panel:
        assert panel.state.count == 21


def test_many_kernels_of_a_notebook_leave_the_values_of_one_of_them(data: Path) -> None:
    stores = [KeptStore(lambda: data) for _ in range(4)]
    owner = (NOTEBOOK, "kept")
    problems: list[str] = []

    def write(number: int) -> None:
        for turn in range(25):
            value = [number] * (1000 * (turn % 5 + 1))
            stores[number].keep(owner, lambda value=value: {"count": value}, lambda *told: problems.append(str(told)))  # type: ignore[misc]
            stores[number].flush(owner)
            found, note = stores[number].read(owner)
            if note or len(set(found["count"])) != 1:  # type: ignore[arg-type]
                problems.append(note or "mixed")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert [file.suffix for file in (data / "kept").iterdir()] == [".json"]


# --- the next run of a cell -------------------------------------------------------------------------


def test_a_run_takes_over_what_fits_and_says_what_does_not(data: Path) -> None:
    first = Panel(source('name="a" type="number"', 'name="b" type="string"', 'name="c" type="list"', 'name="d" type="number" default="4"'))
    first.state.update(a=5, b="text", c=[1])
    second = Panel(source('name="a" type="number"', 'name="b" type="number"', 'name="d" type="number" default="40"'))
    try:
        assert first.closed
        assert (second.state.a, second.state.b, second.state.d) == (5, 0, 40)
        assert [note.split(";")[0].split(":")[0] for note in second.notes] == ["c is no longer declared", "b starts anew with 0"]
        second.state.a = 6
        third = Panel(source('name="a" type="number"', 'name="b" type="string"', 'name="c" type="list"'))
        assert (third.state.a, third.state.b, list(third.state.c)) == (6, "text", [1])
        assert third.notes == ()
    finally:
        registry.close_all()


def test_a_changed_default_is_named_where_the_value_stays(data: Path) -> None:
    Panel(source('name="a" type="number" default="1"')).state.a = 5
    with Panel(source('name="a" type="number" default="2"')) as again:
        assert (again.state.a, again.notes) == (5, ("a stays 5; a fresh run would begin with 2.",))
    registry.close_all()


def test_given_values_win_over_those_of_the_run_before_and_are_no_change_of_a_person(data: Path) -> None:
    document = source('name="a" type="number"')
    Panel(document, state={"a": 5})
    assert Panel(document, state={"a": 6}).state.a == 6
    with Panel(document) as panel:
        assert panel.state.a == 0
    registry.close_all()


def test_a_fresh_run_takes_over_nothing(data: Path) -> None:
    Panel(KEPT).state.update(count=7, note="x")
    with Panel(KEPT, fresh=True) as panel:
        assert (panel.state.count, panel.state.note) == (1, "")
    with Panel(KEPT) as panel:
        assert panel.state.count == 1


def test_panels_of_other_identities_share_nothing(data: Path) -> None:
    with Panel(source('name="a" type="number"', id="one")) as one:
        one.state.a = 5
        with Panel(source('name="a" type="number"', id="two")) as two:
            assert two.state.a == 0


def test_a_run_that_fails_leaves_the_panel_before_it(data: Path) -> None:
    with Panel(KEPT) as panel:
        panel.state.count = 7
        with pytest.raises(Exception, match="count"):
            Panel(KEPT, state={"count": "seven"})
        assert (panel.closed, panel.state.count) == (False, 7)


def test_values_that_break_the_sandbox_keep_no_panel_from_being_made(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nexus_jupyter.errors import LimitError
    from nexus_jupyter.sandbox.guest import Guest

    Panel(KEPT).state.count = 7
    request = Guest.request

    def broken(guest: Guest, message: Any, **options: Any) -> Any:
        if message.op == "edit":
            guest.close()
            raise LimitError("it is too much.", limit="memory")
        return request(guest, message, **options)

    monkeypatch.setattr(Guest, "request", broken)
    with Panel(KEPT) as panel:
        assert panel.state.count == 1
        assert panel.notes == ("the states begin anew, because what was kept of them broke the sandbox: it is too much.",)
