"""The same notebook in JupyterLab, with the subshells of kernels and without, and in Voila: what a person does, and while Python is busy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from bench.lab import Lab, Notebook
from bench.voila import running_voila

from .places import MAKE_AND_HOLD, InLab, InVoila, Place, heard, subshells, write

pytestmark = pytest.mark.browser

# front end, kernel, and how JupyterLab sends the messages of comms
LAB, PLAIN, VOILA = ("lab", "nexus", "perCommTarget"), ("lab", "python3", "disabled"), ("voila", "nexus", "")
MORE = [("lab", "nexus", "perComm"), ("lab", "nexus", "disabled"), ("lab", "python3", "perCommTarget")]
ALL_CELLS = [LAB, PLAIN, *(pytest.param(place, marks=pytest.mark.full) for place in MORE)]
VOILAS = [VOILA, pytest.param(("voila", "python3", ""), marks=pytest.mark.full)]

everywhere = pytest.mark.parametrize(
    "place", [LAB, pytest.param(PLAIN, marks=pytest.mark.full), *ALL_CELLS[2:], *VOILAS], indirect=True, ids=" ".join
)
busy = pytest.mark.parametrize("place", [*ALL_CELLS, *VOILAS], indirect=True, ids=" ".join)
with_cells = pytest.mark.parametrize("place", ALL_CELLS, indirect=True, ids=" ".join)


@pytest.fixture(scope="module")
def place(
    request: pytest.FixtureRequest, lab: Lab, page: Page, context: BrowserContext, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """The notebook open where the test wants it; no console error may come up in all that is done there."""
    front, kernel, mode = request.param
    home = tmp_path_factory.mktemp(front)
    free = home / "free"
    with contextlib.ExitStack() as ends:
        opened: InLab | InVoila
        if front == "lab":
            name = f"{home.name}.ipynb"
            write(lab.folder / name, free, kernel=kernel, more=True)
            ends.enter_context(subshells(lab, page, mode))
            notebook = Notebook(page, lab, name)
            opened = InLab(front, page, free, answers=mode != "disabled", predicts=True, keeps=True, notebook=notebook)
            ends.callback(notebook.clear)
            ends.callback(notebook.shutdown)
        else:
            write(home / "places.ipynb", free, kernel=kernel, more=False)
            voila = ends.enter_context(running_voila(home / "places.ipynb", home / "server"))
            visitor = context.new_page()
            visitor.set_default_timeout(60_000)
            ends.callback(visitor.close)
            opened = InVoila(front, visitor, free, answers=False, predicts=False, keeps=False, url=voila.url)
        ends.enter_context(heard(opened.page, opened.errors))
        opened.start()
        yield opened
    assert opened.errors == [], "the browser's console shows errors"


def count(counter: Locator) -> Locator:
    return counter.get_by_role("group", name="Count")


def begin_anew(place: Place) -> Locator:
    """The counter, as it is at first."""
    counter = place.counter
    counter.get_by_role("button", name="Begin anew").click()
    expect(counter).to_contain_text("Hello nobody, nothing yet")
    expect(count(counter)).to_contain_text("0")
    return counter


@everywhere
def test_clicks_and_typing_reach_python_and_python_reaches_the_page(place: Place) -> None:
    counter = begin_anew(place)
    for _ in range(5):
        counter.get_by_role("button", name="Add one").click()
    counter.get_by_label("Your name").press_sequentially("Ada Lovelace", delay=15)
    expect(counter).to_contain_text("Hello Ada Lovelace")
    expect(place.python).to_contain_text("Python has 5, Ada Lovelace")
    place.forty.click()
    expect(count(counter)).to_contain_text("40")
    # keys that JupyterLab would take for commands arrive in the field and do nothing to the notebook
    field = counter.get_by_label("Your name")
    field.fill("")
    field.press_sequentially("abdd x", delay=15)
    expect(field).to_have_value("abdd x")
    expect(place.python).to_contain_text("Python has 40, abdd x")


@everywhere
def test_a_list_grows_is_changed_and_shrinks(place: Place) -> None:
    todo = place.todo
    field = todo.get_by_label("New item")
    for item in ("Water the plants", "Feed the cat"):
        field.fill(item)
        field.press("Enter")
        expect(todo.get_by_role("checkbox", name=item)).to_be_visible()
        expect(field).to_have_value("")
    todo.get_by_text("Feed the cat").click()
    expect(todo).to_contain_text("To do (1 open)")
    expect(place.python).to_contain_text("[('Water the plants', False), ('Feed the cat', True)]")
    todo.get_by_role("button", name="Remove finished").click()
    expect(todo.get_by_role("checkbox")).to_have_count(1)
    expect(place.python).to_contain_text("[('Water the plants', False)]")


@everywhere
def test_an_error_is_shown_where_it_was_caused_and_the_panel_goes_on(place: Place) -> None:
    counter = begin_anew(place)
    counter.get_by_role("button", name="Fail").click()
    expect(counter.locator(".nx-is-Button", has_text="Fail")).to_contain_text("No luck today")
    place.screenshot(f"error-at-button-{place.front}", counter)
    counter.get_by_role("button", name="Add one").click()
    expect(count(counter)).to_contain_text("1")


@busy
def test_no_click_is_lost_while_python_is_busy(place: Place) -> None:
    counter = begin_anew(place)
    add, ask = (counter.get_by_role("button", name=name) for name in ("Add one", "Ask Python"))
    waits = counter.locator(".nx-is-Button", has_text="Ask Python").get_by_role("status")
    add.hover()
    if place.predicts:
        expect(counter).to_have_attribute("data-here", "true")
    with place.occupied():
        for _ in range(3):
            add.click()
        if place.answers or place.predicts:
            expect(count(counter)).to_contain_text("3")
        ask.click()
        if place.answers:
            expect(counter).to_contain_text("Hello nobody, Python")
        else:
            expect(waits).to_be_visible()
    expect(count(counter)).to_contain_text("3")
    expect(counter).to_contain_text("Hello nobody, Python")
    expect(waits).to_have_count(0)
    expect(place.python).to_contain_text("Python has 3")


@with_cells
def test_a_panel_made_in_the_very_cell_that_is_busy_loses_no_click(place: Place) -> None:
    assert isinstance(place, InLab)
    with place.holding():
        place.notebook.run(MAKE_AND_HOLD)
        place.wait_held()
        counter = place.notebook.cell(MAKE_AND_HOLD).locator(".nexus-panel")
        counter.get_by_role("button", name="Ask Python").click()
        counter.get_by_role("button", name="Add one").click()
        if place.answers:
            expect(count(counter)).to_contain_text("1")
            expect(counter).to_contain_text("Hello nobody, Python")
        else:
            expect(counter.locator(".nx-is-Button", has_text="Ask Python").get_by_role("status")).to_be_visible()
    expect(count(counter)).to_contain_text("1")
    expect(counter).to_contain_text("Hello nobody, Python")


@everywhere
def test_a_page_that_is_loaded_again_shows_the_panel_live(place: Place) -> None:
    counter = begin_anew(place)
    counter.get_by_role("button", name="Add one").click()
    expect(place.python).to_contain_text("Python has 1")
    place.reload()
    counter = place.counter
    first = 1 if place.keeps else 0  # Voila gives each visit a kernel of its own
    expect(count(counter)).to_contain_text(str(first))
    counter.get_by_role("button", name="Add one").click()
    expect(count(counter)).to_contain_text(str(first + 1))
    expect(place.python).to_contain_text(f"Python has {first + 1}")
