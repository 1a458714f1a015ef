"""Limits as the configuration of a kernel sets them, and the page that documents them."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nexus_jupyter.sandbox.limits import DEFAULT_LIMITS, Limits
from nexus_jupyter.widget import configuration

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    made = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    monkeypatch.setattr(InteractiveShell, "_instance", made)
    return made


def test_each_limit_is_a_setting(shell: InteractiveShell) -> None:
    assert configuration.read_limits() == DEFAULT_LIMITS
    for each in fields(Limits):
        default = getattr(DEFAULT_LIMITS, each.name)
        value = default * 2
        shell.config = Config({"NexusLimits": {each.name: value}})
        assert configuration.read_limits() == replace(DEFAULT_LIMITS, **{each.name: value})


@pytest.mark.parametrize("section", [{"cpu": "much"}, {"cpu": -1.0}, {"jobs": 0}, {"memories": 3}, {"memory": None}])
def test_a_slip_leaves_the_defaults_and_is_logged(
    shell: InteractiveShell, caplog: pytest.LogCaptureFixture, section: dict[str, object]
) -> None:
    shell.config = Config({"NexusLimits": section})
    assert configuration.read_limits() == DEFAULT_LIMITS
    assert "NexusLimits cannot be understood" in caplog.text


def test_the_page_tells_every_limit_with_its_default() -> None:
    text = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", text, flags=re.M))
    assert told == {each.name: str(each.default) for each in fields(Limits)}
