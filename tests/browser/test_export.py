"""Panels in files: a real browser opens them from the disk, without a kernel, a server or a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bench.lab import ARTIFACTS
from nexus_jupyter import Panel
from tests.export.panels import LIFE, ORDERS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a panel."""
    with Panel(ORDERS) as panel:
        return panel.to_html(tmp_path_factory.mktemp("export") / "orders.html")


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a file; the page may ask for nothing but itself and its Worker, and its console shows no error."""
    contexts: list[BrowserContext] = []
    asked: list[str] = []
    errors: list[str] = []

    def open_file(path: Path, scheme: str = "light", script: str = "") -> Page:
        context = browser.new_context(viewport={"width": 900, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.add_init_script(script)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(("file:", "blob:null/", "data:"))] == []
    assert errors == []


def test_bindings_and_tools_without_extensions_are_live(opened: Callable[..., Page], file: Path) -> None:
    page = opened(file)
    expect(page).to_have_title("Orders")
    expect(page.get_by_text("</script><!--<script>")).to_be_visible()
    expect(page.locator(".nx-metric-value")).to_have_text("1")
    page.get_by_label("Ada").check(force=True)
    expect(page.locator(".nx-metric-value")).to_have_text("0")
    page.get_by_label("Name").fill("Joan")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("Joan")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("")
    expect(page.get_by_text("Added")).to_be_visible()
    expect(page.locator(".nx-metric-value")).to_have_text("1")
    page.reload()
    expect(page.get_by_label("Grace")).to_be_visible()
    expect(page.get_by_label("Joan")).to_have_count(0)


def test_what_takes_long_is_pending_and_a_second_click_is_not_swallowed(opened: Callable[..., Page], file: Path) -> None:
    page = opened(file)
    slow = page.get_by_role("button", name="Slow")
    slow.click(click_count=2)  # the second while the first runs, however busy the machine is
    expect(page.locator(".nx-busy, [role=progressbar], .nx-pending").first).to_be_visible()
    expect(page.get_by_text("slow is already running")).to_be_visible()
    expect(page.get_by_text("Count 2", exact=True)).to_be_visible()


AT_ONCE = """new MutationObserver((_, observer) => {
  const button = [...document.querySelectorAll("button")].find(({ textContent }) => textContent === "Add");
  if (!button) return;
  observer.disconnect();
  button.click();
  button.click();
}).observe(document, { subtree: true, childList: true });"""


def test_clicks_before_the_guest_is_there_are_taken_once_each(opened: Callable[..., Page], tmp_path: Path) -> None:
    source = """<NexusPanel id="c"><Data><State name="n" type="number" default="0" /></Data>
<Logic><Tool name="add" description="d"><Handler>$state.n += 1;</Handler></Tool></Logic>
<View><Layout><Text>n is {$state.n}</Text><Button label="Add" trigger="add" /></Layout></View></NexusPanel>"""
    with Panel(source) as panel:
        page = opened(panel.to_html(tmp_path / "counter.html"), script=AT_ONCE)
    expect(page.get_by_text("n is 2", exact=True)).to_be_visible()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("n is 3", exact=True)).to_be_visible()


def test_a_tool_that_asks_first_runs_when_the_person_agrees(opened: Callable[..., Page], file: Path) -> None:
    page = opened(file)
    for answer, rows in (("No", 2), ("Yes", 0)):
        page.get_by_role("button", name="Clear").click()
        dialog = page.get_by_role("alertdialog")
        expect(dialog).to_contain_text("Remove all rows?")
        dialog.get_by_role("button", name=answer).click()
        expect(dialog).to_have_count(0)
        expect(page.get_by_role("checkbox")).to_have_count(rows)


def test_a_loop_that_does_not_end_is_stopped_and_the_panel_goes_on_from_its_state(opened: Callable[..., Page], file: Path) -> None:
    page = opened(file)
    page.get_by_role("button", name="Slow").click()
    expect(page.get_by_text("Count 2", exact=True)).to_be_visible()
    page.get_by_role("button", name="Spin").click()
    expect(page.get_by_text("without a pause")).to_be_visible()
    page.get_by_role("button", name="Slow").click()
    expect(page.get_by_text("Count 3", exact=True)).to_be_visible()


def test_what_needs_a_kernel_is_disabled_and_says_why(opened: Callable[..., Page], file: Path) -> None:
    page = opened(file, "dark")
    for name in ("Fetch", "Both"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    page.mouse.move(5, 5)
    page.get_by_role("button", name="Fetch").hover(force=True)
    expect(page.get_by_role("tooltip")).to_have_text("Needs a running kernel: it uses nexus.http. Open the notebook and run its cell.")
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / "export-dark.png", full_page=True)


def test_where_no_guest_can_run_the_panel_can_be_looked_at(opened: Callable[..., Page], file: Path, tmp_path: Path) -> None:
    strict = tmp_path / "strict.html"
    text = file.read_text(encoding="utf-8")
    strict.write_text(text.replace("'wasm-unsafe-eval'", ""), encoding="utf-8")
    page = opened(strict)
    expect(page.get_by_text("Count 1", exact=True)).to_be_visible()
    expect(page.get_by_text("It can only be looked at here")).to_be_visible()
    expect(page.get_by_role("button", name="Add")).to_be_disabled()


# --- lifecycle hooks --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a panel that does things by itself."""
    with Panel(LIFE) as panel:
        return panel.to_html(tmp_path_factory.mktemp("export") / "life.html")


def number(page: Page, name: str) -> int:
    return int(page.get_by_text(name).inner_text().removeprefix(name))


def until(page: Page, name: str, least: int) -> None:
    page.wait_for_function(
        "([name, least]) => Number(document.body.innerText.match(new RegExp(name + ' ([0-9]+)'))?.[1]) >= least", arg=[name, least]
    )


def test_mount_runs_once_when_the_file_is_opened(opened: Callable[..., Page], life: Path) -> None:
    text = life.read_text(encoding="utf-8")
    before = int(text.partition('"mounted":')[2].partition(",")[0])
    page = opened(life)
    until(page, "Ticks", 3)
    expect(page.get_by_text(f"Mounted {before + 1} and ")).to_be_visible()


def test_intervals_tick_and_one_that_may_rest_does_while_nobody_sees_the_panel(opened: Callable[..., Page], life: Path) -> None:
    page = opened(life)
    until(page, "Rests", 3)
    page.evaluate("document.getElementById('nexus-panel').style.marginTop = '5000px'")
    until(page, "Ticks", number(page, "Ticks") + 5)
    resting = number(page, "Rests")
    until(page, "Ticks", number(page, "Ticks") + 5)
    assert number(page, "Rests") == resting
    page.evaluate("document.getElementById('nexus-panel').style.marginTop = '0'")
    until(page, "Rests", resting + 2)


def test_a_hook_that_needs_a_kernel_rests(opened: Callable[..., Page], life: Path) -> None:
    page = opened(life)
    before = number(page, "Fetched")
    until(page, "Ticks", number(page, "Ticks") + 5)
    assert number(page, "Fetched") == before


def test_a_change_is_heard_when_it_has_ended_and_its_own_writes_start_nothing(opened: Callable[..., Page], life: Path) -> None:
    page = opened(life)
    until(page, "Ticks", 1)
    page.get_by_label("Name").press_sequentially("Joan")
    expect(page.get_by_text("Heard name+short", exact=True)).to_be_visible()
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_text("Own 11", exact=True)).to_be_visible()
    until(page, "Ticks", number(page, "Ticks") + 3)
    expect(page.get_by_text("Own 11", exact=True)).to_be_visible()


def test_a_failure_is_heard_and_hooks_that_start_one_another_are_stopped(opened: Callable[..., Page], life: Path) -> None:
    page = opened(life)
    page.get_by_role("button", name="Fail").click()
    expect(page.get_by_text("Failure fail: RangeError too bad", exact=True)).to_be_visible()
    page.get_by_role("button", name="Serve").click()
    expect(page.get_by_text("hooks have started one another 16 times in a row")).to_be_visible()
    expect(page.get_by_text("Match 9 8", exact=True)).to_be_visible()
