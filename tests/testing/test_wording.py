"""Values in the kit read as in the page: ``js/test/wordings.test.ts`` holds the page to the same list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.panel.wording import changed_by, formatted

WORDINGS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "wordings.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", WORDINGS, ids=lambda case: f"{case['value']} {case['how']}")
def test_a_value_is_written_as_in_the_page(case: dict[str, Any]) -> None:
    value, how = case["value"], case["how"]
    written = changed_by(value, how) if case.get("delta") else formatted(value, how, "UTC", group=case["group"])
    assert written == case["shown"]
