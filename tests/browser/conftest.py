"""A real JupyterLab and a real browser for the tests of this folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import Error as PageError

from bench.lab import FLAGS, Lab, Notebook, chromium, running_lab

from .places import Place, heard

# How long a page may take to show something: a machine that runs other tests beside is slow, and no test is about that.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The server; started once, ended with the session."""
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser; ended with its module, for its driver occupies this thread's event loop."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Europe/Berlin")
    yield fresh
    fresh.close()


@pytest.fixture(scope="module")
def page(context: BrowserContext) -> Page:
    """The page, shared by a module's tests: JupyterLab takes ten seconds of a processor to load."""
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    return opened


@pytest.fixture
def notebook(page: Page, lab: Lab, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """The notebook that the test names with ``@pytest.mark.parametrize("notebook", [...], indirect=True)``; no console error may come up.

    It is opened in the page as the test before left it, with nothing open; a test that needs JupyterLab as it starts asks for
    ``started_anew``.
    """
    opened = Notebook(page, lab, request.param if hasattr(request, "param") else "quickstart.ipynb")

    with heard(page, opened.errors):
        yield opened
        node = request.node
        failed = getattr(node, "failed", False)
        if failed:
            opened.screenshot(f"failed-{node.name}")
        # end the kernel: the next test finds a free machine
        with contextlib.suppress(PageError):
            opened.shutdown()
    # what JupyterLab says when a notebook vanishes that it is just drawing is nobody's error
    with contextlib.suppress(PageError):
        opened.clear()
    if failed or opened.errors:
        page.goto("about:blank")  # what went wrong here is nothing to the next test
    assert opened.errors == [], "the browser's console shows errors"


@pytest.fixture
def started_anew(page: Page, lab: Lab) -> None:
    """JupyterLab is loaded again for this test, by a browser that has kept nothing of it."""
    page.goto("about:blank")
    page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", {"origin": lab.url, "storageTypes": "all"})


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when == "call" and report.failed:
        item.failed = True  # type: ignore[attr-defined]
        given = getattr(item, "funcargs", {})
        place = given.get("place")
        if isinstance(place, Place):
            place.screenshot(f"failed-{item.name}")
            report.sections.append(("page", place.text()))
            report.sections.append(("console", "\n".join(place.errors)))
        opened = given.get("notebook")
        if isinstance(opened, Notebook) and not opened.page.is_closed():
            with contextlib.suppress(PageError):
                report.sections.append(("page", opened.text()))
            report.sections.append(("console", "\n".join(opened.errors)))
            report.sections.append(("server", opened.lab.log.read_text(errors="replace")[-8_000:]))
