"""A user with a data folder, a notebook and a page, for tests of what panels are permitted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nexus_jupyter.panel import policy
from nexus_jupyter.sandbox.extensions import registry

from .notes import Notes, classes

NOTEBOOK = "/home/ada/notes.ipynb"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, extensions of the tests, a notebook's path; nobody is there."""
    folder = tmp_path / "data"
    monkeypatch.setenv("NEXUS_DATA_DIR", str(folder))
    monkeypatch.setenv("JPY_SESSION_NAME", NOTEBOOK)
    monkeypatch.setattr(registry, "extension_class", classes)
    monkeypatch.setattr(policy, "configured", policy.Policy)
    Notes.made.clear()
    return folder


@pytest.fixture
def attended(data: Path) -> Iterator[Path]:
    """The same with a page that has said hello."""
    policy.attend()
    yield data
    policy.unattend()
