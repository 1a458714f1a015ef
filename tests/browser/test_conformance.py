"""The cases in the browser's host: the same guest in a Worker of Chromium gives the same replies, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.conformance.cases import Case, cases
from tests.conformance.checking import Outcome, mismatches
from tests.conformance.kernel import Talk, talk

from .guest_page import GuestPage, served

pytestmark = pytest.mark.browser

CASES = [case for case in cases() if case.problems is None]
FULL = os.environ.get("NEXUS_FULL") == "1"
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


def answered(page: GuestPage, how: str, chosen: list[tuple[Case, Talk]]) -> list[tuple[Case, Talk, list[Outcome]]]:
    """What the page's guests say when they are asked the same; ``how`` is ``replay`` (in Workers) or ``local``."""
    found: list[tuple[Case, Talk, list[Outcome]]] = []
    for start in range(0, len(chosen), _BATCH):
        batch = chosen[start : start + _BATCH]
        answers = page.call(how, [said.requests for _, said in batch], [said.limits for _, said in batch])
        found += [(case, said, outcomes_of(answer)) for (case, said), answer in zip(batch, answers, strict=True)]
    return found


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context()
    yield fresh
    fresh.close()


def test_a_worker_says_what_the_kernel_says(context: BrowserContext, address: str, talks: list[Talk]) -> None:
    page = GuestPage(context, address, "strict")
    assert len(CASES) >= 300
    assert differences(answered(page, "replay", list(zip(CASES, talks, strict=True)))) == []
    assert page.errors == []


def test_a_guest_on_the_main_thread_says_it_too(context: BrowserContext, address: str, talks: list[Talk]) -> None:
    page = GuestPage(context, address, "strict")
    # nothing can stop a loop there
    ending = [pair for pair in zip(CASES, talks, strict=True) if "step" not in pair[0].limits]
    assert differences(answered(page, "local", ending if FULL else ending[::4])) == []
    assert page.errors == []


def test_a_worker_of_a_data_address_says_it_too(context: BrowserContext, address: str, talks: list[Talk]) -> None:
    page = GuestPage(context, address, "data")
    assert page.start()["way"] == "data"
    # the way in which a Worker is started changes nothing of what runs in it
    assert differences(answered(page, "replay", list(zip(CASES, talks, strict=True))[::20])) == []
    page.call("close")
    assert page.errors == []
