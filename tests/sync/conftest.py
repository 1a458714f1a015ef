"""The script that plays the pages, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pages import built


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It is Node's to run."""
    return built(tmp_path_factory.mktemp("pages"))
