"""The pytest plugin: the fixture ``nexus_panel``.

pytest loads it in every project that has the package installed, so it imports nothing before the fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .rendered import Rendered


@pytest.fixture
def nexus_panel() -> Iterator[Callable[..., Rendered]]:
    """``render`` of ``nexus_jupyter.testing``; the panels end with the test, which fails if they showed errors unseen."""
    from .rendered import render

    made: list[Rendered] = []

    def make(source: Any, **options: Any) -> Rendered:
        panel = render(source, **options)
        made.append(panel)
        return panel

    yield make
    problem: BaseException | None = None
    for each in reversed(made):
        try:
            each.close()
        except AssertionError as error:
            problem = error
    if problem is not None:
        raise problem
