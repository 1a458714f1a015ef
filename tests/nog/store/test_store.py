"""The workspace store: what it keeps, and that it keeps it."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexus_jupyter.nog.store import (
    GapError,
    NewerStoreError,
    ReviewStore,
    RevisionStore,
    StoredWorkspace,
    StoreError,
    WorkspaceStore,
    engine,
)
from nexus_jupyter.nog.store.engine import pragma
from nexus_jupyter.protocol.proposal import Proposal, ProposalRecord
from nexus_jupyter.protocol.workspace import Reviewer


def record(id: str, *, status: str = "open", reason: str = "") -> ProposalRecord:
    proposal = Proposal(
        id=id,
        panel="0" * 16,
        panel_id="counter",
        notebook="a.ipynb",
        title="Counter",
        request="add a reset button",
        reason=reason,
        author="model test",
        created="2026-01-01T00:00:00Z",
        base_hash="b",
        base_edition=0,
        base_source="<NexusPanel/>",
        source="<NexusPanel></NexusPanel>",
        diff="",
        hash="h",
    )
    return ProposalRecord.model_validate({"proposal": proposal, "status": status})


def reviewer(id: str) -> Reviewer:
    return Reviewer(id=id, label="a page", status="active", enrolled="2026-01-01T00:00:00Z")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nexus" / "store.sqlite"


def test_it_is_the_store_that_server_and_review_ask_for() -> None:
    with WorkspaceStore() as store:
        revisions: RevisionStore = store
        reviews: ReviewStore = store
        assert revisions.revision == 0
        assert reviews.proposals() == ()


def test_a_file_has_a_write_ahead_log_and_every_commit_is_on_the_disk(path: Path) -> None:
    with WorkspaceStore(path) as store, store._transaction() as connection:
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "synchronous") == 2
        assert pragma(connection, "busy_timeout") > 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_the_files_and_their_folder_are_for_nobody_else(path: Path) -> None:
    with WorkspaceStore(path) as store:
        store.append([(1, "{}")])
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_folder_that_was_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with WorkspaceStore(tmp_path / "store.sqlite"):
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


# --- revisions -----------------------------------------------------------------------------------


def test_revisions_are_there_after_a_reopen(path: Path) -> None:
    with WorkspaceStore(path) as store:
        store.append([(1, "a"), (2, "b")])
        store.append([(3, "c")])
        epoch = store.epoch
    with WorkspaceStore(path) as store:
        assert (store.epoch, store.revision) == (epoch, 3)
        assert store.load().revisions == ((1, "a"), (2, "b"), (3, "c"))
        assert store.load().snapshot is None


@pytest.mark.parametrize("numbers", [[2], [0], [1, 3], [1, 1], [2, 1]])
def test_revisions_with_a_gap_are_refused_and_none_of_them_stays(numbers: list[int]) -> None:
    with WorkspaceStore() as store:
        with pytest.raises(GapError):
            store.append([(number, "x") for number in numbers])
        assert store.revision == 0
        store.append([(1, "good")])
        assert store.load().revisions == ((1, "good"),)


def test_a_snapshot_takes_the_place_of_what_led_to_it(path: Path) -> None:
    with WorkspaceStore(path) as store:
        store.append([(n, str(n)) for n in range(1, 11)])
        store.put_snapshot(8, "whole", keep=3)
        assert store.load().snapshot == (8, "whole")
        assert store.load().revisions == ((9, "9"), (10, "10"))
        assert store.since(5, 10) == tuple((n, str(n)) for n in range(6, 11))
        assert store.since(4, 10) is None, "revision 5 is forgotten"
    with WorkspaceStore(path) as store:
        assert store.revision == 10


def test_a_snapshot_alone_counts_for_the_last_revision(path: Path) -> None:
    with WorkspaceStore(path) as store:
        store.append([(1, "a")])
        store.put_snapshot(1, "whole", keep=0)
    with WorkspaceStore(path) as store:
        assert store.revision == 1
        store.append([(2, "b")])


def test_what_is_asked_beyond_the_last_revision_is_not_there() -> None:
    with WorkspaceStore() as store:
        store.append([(1, "a")])
        assert store.since(1, 1) == ()
        assert store.since(0, 2) is None


def test_a_restart_forgets_the_graph_and_keeps_proposals_and_numbers() -> None:
    with WorkspaceStore() as store:
        store.append([(1, "a")])
        store.put_proposal(record("p"))
        epoch = store.epoch
        store.restart("empty")
        assert store.epoch != epoch
        assert store.load() == StoredWorkspace((1, "empty"), ())
        assert store.proposal("p") is not None
        store.append([(2, "b")])
        assert store.load() == StoredWorkspace((1, "empty"), ((2, "b"),))
        assert store.since(0, 2) is None


def test_the_epoch_ends_with_a_process_that_did_not_close_the_store(path: Path) -> None:
    code = f"import os; from pathlib import Path; from nexus_jupyter.nog.store import WorkspaceStore\ns = WorkspaceStore(Path({str(path)!r})); print(s.epoch, flush=True); os._exit(1)"
    first = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stdout.strip()
    with WorkspaceStore(path) as store:
        assert first
        assert store.epoch != first
        second = store.epoch
    with WorkspaceStore(path) as store:
        assert store.epoch == second


@given(st.lists(st.one_of(st.integers(1, 5), st.just("snapshot"), st.just("reopen")), max_size=12), st.integers(0, 6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_happens_all_revisions_after_the_kept_ones_are_there(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int | str], keep: int
) -> None:
    path = tmp_path_factory.mktemp("store") / "s.sqlite"
    store = WorkspaceStore(path)
    try:
        last = whole = 0
        for step in steps:
            if step == "reopen":
                store.close()
                store = WorkspaceStore(path)
            elif step == "snapshot":
                store.put_snapshot(last, str(last), keep=keep)
                whole = last
            else:
                assert isinstance(step, int)
                store.append([(n, str(n)) for n in range(last + 1, last + step + 1)])
                last += step
            assert store.revision == last
            loaded = store.load()
            assert [n for n, _ in loaded.revisions] == list(range((loaded.snapshot or (0, ""))[0] + 1, last + 1))
            assert store.since(max(0, whole - keep), last) is not None
    finally:
        store.close()


# --- proposals, reviewers, nonces ----------------------------------------------------------------


def test_proposals_come_newest_first_and_a_replaced_one_keeps_its_place(path: Path) -> None:
    with WorkspaceStore(path) as store:
        for name in "abc":
            store.put_proposal(record(name))
        store.put_proposal(record("a", reason="replaced"))
    with WorkspaceStore(path) as store:
        assert [each.proposal.id for each in store.proposals()] == ["c", "b", "a"]
        assert [each.proposal.id for each in store.proposals(limit=1)] == ["c"]
        found = store.proposal("a")
        assert found is not None
        assert found.proposal.reason == "replaced"
        assert store.proposal("d") is None


def test_a_decision_counts_only_while_the_status_is_the_expected_one() -> None:
    with WorkspaceStore() as store:
        store.put_proposal(record("p"))
        assert store.decide("p", "open", record("p", status="applied"))
        assert not store.decide("p", "open", record("p", status="rejected"))
        found = store.proposal("p")
        assert found is not None
        assert found.status == "applied"
        assert not store.decide("unknown", "open", record("unknown", status="applied"))


def test_of_many_decisions_at_once_exactly_one_counts(path: Path) -> None:
    with WorkspaceStore(path) as store, ThreadPoolExecutor(8) as pool:
        for round in range(10):
            id = f"p{round}"
            store.put_proposal(record(id))
            start = threading.Barrier(8)

            def decide(n: int, id: str = id, start: threading.Barrier = start) -> bool:
                start.wait()
                return store.decide(id, "open", record(id, status="applied", reason=str(n)))

            won = [n for n, good in enumerate(pool.map(decide, range(8))) if good]
            found = store.proposal(id)
            assert found is not None
            assert [found.proposal.reason] == [str(n) for n in won]


def test_reviewers_are_put_replaced_and_forgotten() -> None:
    with WorkspaceStore() as store:
        store.put_reviewer(reviewer("a"), "key a")
        store.put_reviewer(reviewer("b"), "key b")
        store.put_reviewer(reviewer("a").model_copy(update={"label": "renamed"}), "key a2")
        assert [(r.id, r.label, jwk) for r, jwk in store.reviewers()] == [("a", "renamed", "key a2"), ("b", "a page", "key b")]
        assert store.forget_reviewers("a") == 1
        assert store.forget_reviewers("a") == 0
        assert [r.id for r, _ in store.reviewers()] == ["b"]
        store.put_reviewer(reviewer("c"), "key c")
        assert store.forget_reviewers(None) == 2
        assert store.reviewers() == ()


def test_a_nonce_works_once(path: Path) -> None:
    with WorkspaceStore(path) as store:
        store.put_nonce("n", "the statement", 4e9)
        assert store.take_nonce("n") == ("the statement", 4e9)
        assert store.take_nonce("n") is None
        assert store.take_nonce("never given") is None


def test_a_nonce_cannot_be_given_twice() -> None:
    with WorkspaceStore() as store:
        store.put_nonce("n", "one", 4e9)
        with pytest.raises(StoreError):
            store.put_nonce("n", "two", 4e9)
        assert store.take_nonce("n") == ("one", 4e9)


def test_a_nonce_taken_by_many_at_once_is_given_to_one(path: Path) -> None:
    with WorkspaceStore(path) as store, ThreadPoolExecutor(8) as pool:
        for round in range(20):
            nonce = f"n{round}"
            store.put_nonce(nonce, "s", 4e9)
            start = threading.Barrier(8)

            def take(_: int, nonce: str = nonce, start: threading.Barrier = start) -> object:
                start.wait()
                return store.take_nonce(nonce)

            assert sorted(pool.map(take, range(8)), key=str) == [("s", 4e9), *[None] * 7]


def test_a_taken_nonce_stays_taken_after_a_reopen(path: Path) -> None:
    with WorkspaceStore(path) as store:
        store.put_nonce("n", "s", 4e9)
        store.take_nonce("n")
    with WorkspaceStore(path) as store:
        assert store.take_nonce("n") is None


def test_nonces_long_past_their_end_are_cleared_away() -> None:
    with WorkspaceStore() as store:
        store.put_nonce("old", "s", 1.0)
        store.put_nonce("new", "s", 4e9)
        assert store.take_nonce("old") is None
        assert store.take_nonce("new") is not None


# --- what can be wrong ---------------------------------------------------------------------------


def test_a_store_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    with WorkspaceStore(path) as store:
        store.put_proposal(record("p"))
    with sqlite3.connect(path) as database:
        database.execute("UPDATE nexus_meta SET value = '99' WHERE name = 'schema'")
    database.close()
    before = path.read_bytes()
    with pytest.raises(NewerStoreError, match="schema 99"):
        WorkspaceStore(path)
    assert path.read_bytes() == before


def test_a_store_that_another_process_uses_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_MS", 50)
    with WorkspaceStore(path) as store:
        with pytest.raises(StoreError, match="locked"):
            WorkspaceStore(path)
        store.append([(1, "still works")])
    WorkspaceStore(path).close()


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database " * 100)
    with pytest.raises(StoreError, match="not a database"):
        WorkspaceStore(path)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        WorkspaceStore(tmp_path / "file" / "store.sqlite")


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="no such links here")
def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("mine")
    (tmp_path / "store.sqlite").symlink_to(tmp_path / "target")
    with pytest.raises(StoreError):
        WorkspaceStore(tmp_path / "store.sqlite")
    assert (tmp_path / "target").read_text() == "mine"


def test_a_closed_store_says_so_and_can_be_closed_again(path: Path) -> None:
    store = WorkspaceStore(path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.proposals()


def test_an_error_shows_nothing_of_what_was_to_be_stored(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with WorkspaceStore(path) as store:
        store.put_nonce("n", "secret-one", 4e9)
        with pytest.raises(StoreError) as raised:
            store.put_nonce("n", "secret-two", 4e9)
    assert "secret" not in str(raised.value) + str(raised.value.__cause__) + caplog.text


KILLS = 6 if os.environ.get("NEXUS_FULL") == "1" else 3

WRITER = """
import sys
from pathlib import Path
from nexus_jupyter.nog.store import WorkspaceStore
store = WorkspaceStore(Path(sys.argv[1]))
print("open", store.revision, flush=True)
while True:
    n = store.revision
    batch = [(n + i + 1, f"body {n + i + 1} " + "x" * 3000) for i in range(n % 4 + 1)]
    store.append(batch)
    print("revision", batch[-1][0], flush=True)
    store.put_nonce(f"n{n}", "s", 4e9)
    if n % 3 == 0:
        assert store.take_nonce(f"n{n}") is not None
        print("taken", n, flush=True)
    else:
        print("given", n, flush=True)
    if n % 50 == 0:
        store.put_snapshot(store.revision, "whole", keep=1_000_000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_what_was_acknowledged_before_the_process_was_killed_is_there(path: Path) -> None:
    acknowledged, taken, given_ = 0, set[str](), set[str]()
    for round in range(KILLS):
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        try:
            for count, line in enumerate(child.stdout):
                kind, number = line.split()
                if kind == "open":
                    assert int(number) >= acknowledged
                elif kind == "revision":
                    acknowledged = int(number)
                else:
                    (taken if kind == "taken" else given_).add(f"n{number}")
                if count > 40 + 17 * round:
                    os.kill(child.pid, signal.SIGKILL)  # in the middle of whatever it does
                    break
        finally:
            child.kill()
            rest = child.stdout.read()
            child.stdout.close()
            child.wait()
        for line in rest.splitlines(keepends=True):
            words = line.split()
            if line.endswith("\n") and len(words) == 2:
                if words[0] == "revision":
                    acknowledged = int(words[1])
                elif words[0] != "open":
                    (taken if words[0] == "taken" else given_).add(f"n{words[1]}")
    with WorkspaceStore(path) as store:
        with store._transaction() as connection:
            assert pragma(connection, "integrity_check") == "ok"
        assert store.revision >= acknowledged
        kept = store.since(0, store.revision)
        assert kept is not None
        assert [n for n, _ in kept] == list(range(1, store.revision + 1))
        assert all(body.startswith(f"body {n} ") for n, body in kept)
        assert taken
        assert [nonce for nonce in taken if store.take_nonce(nonce) is not None] == []
        assert [nonce for nonce in given_ if store.take_nonce(nonce) is None] == []
