"""The whole story in a real JupyterLab: two panels, their graph, a wish to the AI, a review, an approval, one undo, a dashboard."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from bench.lab import Lab, Notebook, running_lab
from bench.voila import running_voila
from tests.ai.openai_server import BROKEN, COUNTER_RESET, MALICIOUS, OpenAIServer, start
from tests.ai.signer import Signer

pytestmark = pytest.mark.browser

KEY = "sk-of-the-person"

COUNTER = """%%nxml counter
<NexusPanel id="counter" title="Counter">
  <!-- counts -->
  <Data><State name="count" type="number" default="0" /></Data>
  <Logic>
    <Tool name="add" description="Add one"><Handler>$state.count += 1;</Handler></Tool>
  </Logic>
  <View>
    <Layout strategy="row" align="center">
      <Metric label="Count" value="{$state.count}" />
      <Button label="Add" trigger="add" />
    </Layout>
  </View>
</NexusPanel>"""

TODO = """%%nxml todo
<NexusPanel id="todo" title="To do">
  <Data>
    <State name="items" type="list" />
    <State name="draft" type="string" />
    <Computed name="left" value="$state.items.length" />
  </Data>
  <Logic>
    <Tool name="note" description="Add an item">
      <Arg name="text" type="string" description="What is to be done" />
      <Handler>$state.items.push($args.text); $state.draft = '';</Handler>
    </Tool>
  </Logic>
  <View>
    <Layout strategy="stack">
      <Text variant="h3">To do ({$state.left})</Text>
      <Layout strategy="row">
        <Input bind="$state.draft" label="New item" />
        <Button label="Note it" trigger="note" args="{ text: $state.draft }" />
      </Layout>
      <Iterate items="{$state.items}" key="{$scope.index}" index="index"><Text>{$scope.item}</Text></Iterate>
    </Layout>
  </View>
</NexusPanel>"""


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIServer]:
    """The service that the person has configured."""
    answers = {"reset button": [BROKEN, COUNTER_RESET], "clear everything": MALICIOUS, "": COUNTER_RESET}
    with start(answers) as running:
        yield running


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, model: OpenAIServer) -> Iterator[Lab]:
    """A server with jupyter-ai, and with the model for the chat and the Ask box."""
    options = (
        f"--NexusExtension.ai_endpoint={model.url}",
        "--NexusExtension.ai_model=test-model",
        "--PersonaManager.default_persona_id=jupyter-ai-personas::nexus_jupyter::NexusPersona",
    )
    with running_lab(tmp_path_factory.mktemp("story"), *options, environment={"NEXUS_AI_KEY": KEY}, ai=True) as running:
        yield running


def cell_text(page: Page, number: int) -> str:
    found: str = page.evaluate("n => window.jupyterapp.shell.currentWidget.content.widgets[n].model.sharedModel.getSource()", number)
    return found


def to_notebook(notebook: Notebook) -> None:
    """Bring the notebook to the front."""
    notebook.page.get_by_role("tab", name=notebook.name).click()


def open_side_panel(notebook: Notebook) -> Locator:
    notebook.command("nexus:open")
    side = notebook.page.locator(".nxl-side")
    expect(side).to_be_visible()
    return side


def ask(side: Locator, panel: str, words: str) -> None:
    side.get_by_label("Ask the AI to change").select_option(label=panel)
    side.get_by_label("What should change?").fill(words)
    side.get_by_role("button", name="Ask", exact=True).click()


def api(notebook: Notebook, path: str) -> dict[str, object]:
    answer = httpx.get(f"{notebook.lab.url}/nexus/api/v1/{path}", headers={"Authorization": "token test"})
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


def tools(notebook: Notebook) -> list[str]:
    """The tools of the workspace's graph."""
    entities = api(notebook, "graph")["entities"]
    assert isinstance(entities, list)
    return sorted(e["name"] for e in entities if e["type"] == "tool")


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One person's browser: its key is enrolled once."""
    fresh = browser.new_context(viewport={"width": 1500, "height": 950}, locale="en-GB", timezone_id="Europe/Berlin")
    yield fresh
    fresh.close()


@pytest.fixture
def story(notebook: Notebook, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """A notebook with two panels that run, in a JupyterLab that was loaded for it."""
    notebook.page.goto("about:blank")
    notebook.name = notebook.lab.write(f"{request.node.name}.ipynb", [COUNTER, TODO])
    notebook.open()
    notebook.run_all()
    expect(notebook.panel("Count")).to_be_visible(timeout=30_000)
    expect(notebook.panel("To do (")).to_be_visible(timeout=30_000)
    notebook.wait_idle()
    yield notebook
    with httpx.Client(base_url=notebook.lab.url, headers={"Authorization": "token test"}, timeout=20) as client:
        for session in client.get("/api/sessions").json():
            client.delete(f"/api/sessions/{session['id']}")


def test_from_two_panels_to_an_approved_change_and_back(story: Notebook, context: BrowserContext, model: OpenAIServer) -> None:
    page = story.page
    counter = story.cell(0).locator(".nexus-panel")
    counter.get_by_role("button", name="Add").click()
    counter.get_by_role("button", name="Add").click()
    expect(counter).to_contain_text("2")

    # the side panel lists both and shows their graph
    side = open_side_panel(story)
    for name in ("Counter", "To do"):
        expect(side.get_by_role("treeitem", name=name, exact=False).first).to_be_visible()
    story.screenshot("story-1-panels")
    side.get_by_role("treeitem", name="Counter").first.click()
    side.get_by_role("tab", name="Graph").click()
    expect(side.locator(".react-flow__node").first).to_be_visible()
    story.screenshot("story-2-graph")

    # the person asks; the model's first answer is unusable, its second is not
    ask(side, "Counter", "add a reset button to the counter")
    side.get_by_role("button", name="Review it").click(timeout=30_000)
    review = page.locator(".nxl-review")
    expect(review).to_contain_text("Adds a button that sets the count back to zero.")
    expect(review).to_contain_text("add a reset button to the counter")
    added = review.locator(".nxl-diff").get_by_text('<Button label="Reset" trigger="reset" />')
    expect(added).to_be_visible()
    assert len(model.requests) == 2

    # both panels are alive beside each other, and the preview's clicks stay in the preview
    present, proposed = review.get_by_label("Present panel"), review.get_by_label("Proposed panel")
    expect(proposed.get_by_role("button", name="Reset")).to_be_visible()
    expect(present.get_by_role("button", name="Reset")).to_have_count(0)
    expect(proposed).to_contain_text("2")
    proposed.get_by_role("button", name="Reset").click()
    expect(proposed).to_contain_text("0")
    expect(present).to_contain_text("2")
    story.screenshot("story-3-review")

    # approval changes panel, cell and graph
    assert tools(story) == ["add", "note"]
    to_notebook(story)
    before = cell_text(page, 0)
    page.get_by_role("tab", name="Review: Counter").click()
    review.get_by_role("button", name="Approve").click()
    expect(review.locator(".nxl-button").get_by_text("Undo", exact=True)).to_be_enabled()
    story.screenshot("story-4-approved")
    to_notebook(story)
    expect(counter.get_by_role("button", name="Reset")).to_be_visible()
    expect(counter).to_contain_text("2")
    after = cell_text(page, 0)
    assert after.startswith("%%nxml counter\n")
    assert '<Button label="Reset" trigger="reset" />' in after
    assert "<!-- counts -->" in after
    assert tools(story) == ["add", "note", "reset"]
    counter.get_by_role("button", name="Reset").click()
    expect(counter).to_contain_text("0")
    story.screenshot("story-5-changed-notebook")
    story.command("docmanager:save")

    # the Python name is the same panel, and running the cell again gives the same
    story.run(0)
    expect(counter.get_by_role("button", name="Reset")).to_be_visible()

    # one undo brings everything back
    page.get_by_role("tab", name="Review: Counter").click()
    review.locator(".nxl-button").get_by_text("Undo", exact=True).click()
    expect(review.get_by_role("status").first).to_contain_text("Undone")
    to_notebook(story)
    expect(counter.get_by_role("button", name="Reset")).to_have_count(0)
    assert cell_text(page, 0) == before
    assert tools(story) == ["add", "note"]
    story.screenshot("story-6-undone")

    # no secret reached the page, and the model was asked with the person's key
    assert model.headers[-1]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in page.content()

    # the same notebook is a dashboard
    story.command("docmanager:save")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    with running_voila(story.lab.folder / story.name, story.lab.folder.parent / "voila") as voila:
        visitor = context.new_page()
        visitor.goto(voila.url)
        shown = visitor.locator(".nexus-panel", has_text="Count").first
        expect(shown).to_be_visible(timeout=30_000)
        shown.get_by_role("button", name="Add").click()
        expect(shown).to_contain_text("1")
        visitor.screenshot(path=story.screenshot("story-7-dashboard"))
        visitor.close()


def test_a_malicious_answer_is_shown_for_what_it_demands(story: Notebook) -> None:
    page = story.page
    side = open_side_panel(story)
    ask(side, "Counter", "clear everything")
    side.get_by_role("button", name="Review it").click(timeout=30_000)
    review = page.locator(".nxl-review")
    expect(review).to_contain_text("nexus.fs")
    expect(review).to_contain_text("\\u{202E}")
    story.screenshot("story-8-malicious")
    to_notebook(story)
    assert cell_text(page, 0) == COUNTER
    assert tools(story) == ["add", "note"]


@pytest.mark.full
def test_a_cell_that_was_edited_meanwhile_cannot_be_overwritten(story: Notebook) -> None:
    page = story.page
    side = open_side_panel(story)
    ask(side, "Counter", "make it better")
    side.get_by_role("button", name="Review it").click(timeout=30_000)
    to_notebook(story)
    edited = COUNTER.replace("counts", "counts up")
    page.evaluate("text => window.jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel.setSource(text)", edited)
    page.get_by_role("tab", name="Review: Counter").click()
    review = page.locator(".nxl-review")
    expect(review.get_by_role("button", name="Approve")).to_be_disabled()
    story.screenshot("story-9-edited-meanwhile")
    to_notebook(story)
    story.run(0)
    page.get_by_role("tab", name="Review: Counter").click()
    expect(review.get_by_role("button", name="Approve")).to_be_disabled()


def test_after_enrolment_no_call_with_the_token_and_the_cookies_approves(story: Notebook, context: BrowserContext) -> None:
    page = story.page
    side = open_side_panel(story)
    side.get_by_role("tab", name="Review").click()
    ask(side, "Counter", "make it better")
    side.get_by_role("button", name="Review it").click(timeout=30_000)
    expect(page.locator(".nxl-review").get_by_role("button", name="Approve")).to_be_enabled()
    proposals = api(story, "proposals")["proposals"]
    assert isinstance(proposals, list)
    record = proposals[0]
    proposal = record["proposal"]["id"]
    cookies = {c["name"]: c["value"] for c in context.cookies() if "name" in c and "value" in c}
    headers = {"Authorization": "token test", "X-XSRFToken": cookies.get("_xsrf", ""), "Origin": story.lab.url}
    with httpx.Client(base_url=f"{story.lab.url}/nexus/api/v1/", headers=headers, cookies=cookies, timeout=20) as client:
        reviewers = client.get("reviewers").json()["reviewers"]
        assert [r["status"] for r in reviewers] == ["active"]
        challenge = client.post(f"proposals/{proposal}/challenge", json={"action": "approve"}).json()
        signed = {"reviewer": reviewers[0]["id"], "nonce": challenge["nonce"], "action": "approve"}
        attempts = [
            client.post(f"proposals/{proposal}/decision", json={**signed, "signature": signature})
            for signature in ("", "A" * 86, "AA", challenge["nonce"])
        ]
        # an own key does not help: it waits for the person
        mallory = Signer()
        enrolled = client.post("reviewers", json={"public_key": mallory.jwk, "label": "mallory"}).json()
        assert enrolled["status"] == "pending"
        challenge = client.post(f"proposals/{proposal}/challenge", json={"action": "approve"}).json()
        body = {"reviewer": enrolled["id"], "nonce": challenge["nonce"], "action": "approve"}
        attempts.append(
            client.post(f"proposals/{proposal}/decision", json={**body, "signature": mallory.signature(challenge["statement"])})
        )
        body["reviewer"] = reviewers[0]["id"]
        challenge = client.post(f"proposals/{proposal}/challenge", json={"action": "approve"}).json()
        body["nonce"] = challenge["nonce"]
        attempts.append(
            client.post(f"proposals/{proposal}/decision", json={**body, "signature": mallory.signature(challenge["statement"])})
        )
        # nor can it confirm itself
        challenge = client.post(f"reviewers/{enrolled['id']}/challenge", json={}).json()
        confirm = {"reviewer": enrolled["id"], "nonce": challenge["nonce"], "action": "confirm"}
        attempts.append(
            client.post(f"reviewers/{enrolled['id']}/confirm", json={**confirm, "signature": mallory.signature(challenge["statement"])})
        )
        for method in ("PUT", "PATCH", "DELETE"):
            attempts.append(client.request(method, f"proposals/{proposal}", json={"status": "applied"}))
            attempts.append(client.request(method, f"proposals/{proposal}/decision", json={**signed, "status": "applied"}))
        assert all(a.status_code >= 400 for a in attempts), [(a.request.method, a.request.url, a.status_code) for a in attempts]
        assert client.get(f"proposals/{proposal}").json()["status"] == "open"
        # the person sees who knocks
        side.get_by_role("tab", name="Review").click()
        expect(side).to_contain_text("mallory")
        story.screenshot("story-10-knocking")
    to_notebook(story)
    assert cell_text(page, 0) == COUNTER
    assert tools(story) == ["add", "note"]


@pytest.mark.full
def test_another_browser_of_the_person_is_confirmed_in_the_first(story: Notebook, browser: Browser) -> None:
    side = open_side_panel(story)
    side.get_by_role("tab", name="Review").click()
    ask(side, "Counter", "make it better")
    side.get_by_role("button", name="Review it").wait_for(timeout=30_000)
    with browser.new_context(viewport={"width": 1500, "height": 950}) as other:
        second = Notebook(other.new_page(), story.lab, story.name).open()
        there = open_side_panel(second)
        there.get_by_role("tab", name="Review").click()
        expect(there).to_contain_text("This page waits for confirmation")
        shown = there.locator(".nxl-thumbprint").inner_text()
        there.get_by_role("region", name="Open").get_by_role("button").first.click()
        approve = second.page.locator(".nxl-review").get_by_role("button", name="Approve")
        expect(approve).to_be_disabled()
        # the same key is shown in both, and the first confirms it
        waiting = side.locator(".nxl-notice, [role=status], [role=alert]", has_text=shown).first
        story.screenshot("story-11-another-browser")
        waiting.get_by_role("button", name="Confirm").click()
        expect(approve).to_be_enabled()
        expect(side).not_to_contain_text(shown)


def test_in_the_chat_the_persona_proposes_and_the_review_list_has_it(story: Notebook) -> None:
    page = story.page
    (story.lab.folder / "wish.chat").write_text('{"messages": [], "users": {}, "attachments": {}, "metadata": {}}', encoding="utf-8")
    side = open_side_panel(story)
    story.command("docmanager:open", {"path": "wish.chat"})
    field = page.locator(".jp-chat-input-container textarea, .jp-chat-widget textarea").first
    field.wait_for(timeout=30_000)
    story.screenshot("story-12-chat-empty")
    field.fill("please add a reset button to the counter")
    field.press("Enter")
    chat = page.locator(".jp-chat-messages-container, .jp-chat-widget").first
    expect(chat).to_contain_text("I cannot apply it", timeout=30_000)
    story.screenshot("story-13-chat")
    side.get_by_role("tab", name="Review").click()
    expect(side.get_by_role("region", name="Open")).to_contain_text("reset button")
    to_notebook(story)
    assert cell_text(page, 0) == COUNTER
    assert tools(story) == ["add", "note"]
