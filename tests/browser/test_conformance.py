"""The cases in the browser's host: the same guest in a Worker of Chromium gives the same replies, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.conformance.cases import Case, cases
from tests.conformance.checking import Outcome, mismatches
from tests.conformance.kernel import Talk, talk

from .guest_page import GuestPage, served

pytestmark = pytest.mark.browser

CASES = [case for case in cases() if case.problems is None]
_BATCH = 40


@pytest.fixture(scope="module")
def talks() -> list[Talk]:
    """What the kernel's host was asked and said."""
    return [talk(case) for case in CASES]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("page")) as found:
        yield found


def outcomes_of(answers: list[dict[str, Any]]) -> list[Outcome]:
    return [Outcome(reply=a.get("reply"), code=a["error"]["code"] if "error" in a else None) for a in answers]


def differences(found: list[tuple[Case, Talk, list[Outcome]]]) -> list[str]:
    """Where the browser said something else than the kernel, or than the case demands."""
    told = []
    for case, said, outcomes in found:
        told += [f"{case.id}: {text}" for text in mismatches(case, outcomes)]
        told += [
            f"{case.id}, request {i}: {here} in place of {there}"
            for i, (here, there) in enumerate(zip(outcomes, said.outcomes, strict=True))
            if here != there
        ]
    return told


@pytest.mark.parametrize(("policy", "way"), [("strict", "blob"), ("data", "data")])
def test_a_worker_says_what_the_kernel_says(browser: Browser, address: str, talks: list[Talk], policy: str, way: str) -> None:
    context = browser.new_context()
    page = GuestPage(context, address, policy)
    assert page.start()["way"] == way
    chosen = list(zip(CASES, talks, strict=True))
    if policy != "strict":
        chosen = chosen[::10]  # the way in which a Worker is started changes nothing of what runs in it
    found: list[tuple[Case, Talk, list[Outcome]]] = []
    for start in range(0, len(chosen), _BATCH):
        batch = chosen[start : start + _BATCH]
        answers = page.call("replay", [said.requests for _, said in batch], [said.limits for _, said in batch])
        found += [(case, said, outcomes_of(answer)) for (case, said), answer in zip(batch, answers, strict=True)]
    assert differences(found) == []
    assert len(found) >= (300 if policy == "strict" else 30)
    page.call("close")
    assert page.errors == []
    context.close()
