"""The panels of the corpus are shown, for an hour of their time, without an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nexus_jupyter.testing import Rendered

PANELS = sorted((Path(__file__).parent.parent / "corpus" / "panels").glob("*.nxml"))


@pytest.mark.parametrize("path", PANELS, ids=lambda path: path.stem)
def test_a_panel_of_the_corpus_lives_without_an_error(path: Path, nexus_panel: Callable[..., Rendered]) -> None:
    shown = nexus_panel(path)
    shown.advance(3600 if path.stem != "service-health" else 60)  # that one does something every few seconds
    assert shown.errors == ()
    assert (shown.text() != "") == (shown.panel.program.view is not None)
