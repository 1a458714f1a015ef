"""``jupyter nexus reviewers``: who may approve, and how somebody who lost a key comes back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from nexus_jupyter.ai.review import ReviewDesk
from nexus_jupyter.cli import main
from nexus_jupyter.nog.store import WorkspaceStore
from nexus_jupyter.server.place import database_path
from tests.ai.signer import Signer


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def enrolled(root: Path, *signers: Signer) -> None:
    store = WorkspaceStore(database_path(root))
    for signer in signers:
        ReviewDesk(store, time.time).enrol(signer.enrolment())
    store.close()


def statuses(root: Path) -> dict[str, str]:
    store = WorkspaceStore(database_path(root))
    found: dict[str, str] = {reviewer.id: reviewer.status for reviewer, _ in store.reviewers()}
    store.close()
    return found


def test_they_are_listed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = Signer("office"), Signer("home\x1b[31m")
    enrolled(root, first, second)
    assert main(["reviewers", "--root", str(root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [[first.id, "active"], [second.id, "pending"]]
    assert "\x1b" not in lines[1]


def test_after_all_are_forgotten_the_next_one_is_the_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    enrolled(root, Signer(), Signer())
    assert main(["reviewers", "--root", str(root), "--forget", "all"]) == 0
    assert capsys.readouterr().out == "2 reviewers forgotten\n"
    new = Signer()
    enrolled(root, new)
    assert statuses(root) == {new.id: "active"}


def test_one_can_be_forgotten(root: Path) -> None:
    first, second = Signer(), Signer()
    enrolled(root, first, second)
    assert main(["reviewers", "--root", str(root), "--forget", second.id]) == 0
    assert statuses(root) == {first.id: "active"}
    assert main(["reviewers", "--root", str(root), "--forget", second.id]) == 1


def test_an_id_may_begin_with_a_hyphen(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    enrolled(root, Signer())
    assert main(["reviewers", "--root", str(root), "--forget", "-abc"]) == 1
    assert "-abc" in capsys.readouterr().err


def test_a_running_server_is_said_to_be_in_the_way(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    enrolled(root, Signer())
    store = WorkspaceStore(database_path(root))
    try:
        assert main(["reviewers", "--root", str(root)]) == 1
    finally:
        store.close()
    assert "Stop the Jupyter server first" in capsys.readouterr().err


def test_a_folder_without_a_workspace_is_said(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reviewers", "--root", str(root / "elsewhere")]) == 1
    assert "has kept anything yet" in capsys.readouterr().err
