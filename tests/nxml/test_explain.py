"""Every code can be explained."""

from __future__ import annotations

import pytest

from nexus_jupyter.nxml.codes import SEVERITIES
from nexus_jupyter.nxml.explain import _FORM, explain
from nexus_jupyter.nxml.limits import DEFAULT_LIMITS


@pytest.mark.parametrize("code", SEVERITIES)
def test_every_code_says_what_is_wanted_and_what_to_do(code: str) -> None:
    text = explain(code)
    assert "What:" in text
    assert "Remedy:" in text


def test_a_code_of_others_is_not_explained() -> None:
    assert explain("HANDLER_ERROR") == ""


@pytest.mark.parametrize("limit", ["source", "depth", "nodes", "attributes", "handler", "expression", "diagnostics"])
def test_limits_are_those_of_the_reader(limit: str) -> None:
    assert f"{getattr(DEFAULT_LIMITS, limit):,} " in explain(f"LIMIT_{limit.upper()}")


def test_each_code_is_explained_in_one_place() -> None:
    assert _FORM.keys() <= SEVERITIES.keys()
