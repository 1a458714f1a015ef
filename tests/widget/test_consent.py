"""A panel's question for permission in real kernels: who is asked, whose answer counts, what the configuration says."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from .test_kernel import Page
from .test_visitors import FOR_A_VISITOR, IN_ADVANCE

SETUP = """
from nexus_jupyter import CapabilityError
import nexus_jupyter.sandbox.extensions.registry as found
from nexus_jupyter.sandbox.extensions import Extension, method

class Notes(Extension):
    name = "nexus.fs"
    @method("fs:read")
    async def read(self, path: str) -> str:
        return f"the text of {path}"

others = found.extension_class
found.extension_class = lambda name: {"nexus.fs": Notes}.get(name) or others(name)

def go():
    try:
        print(p.call("go"))
    except CapabilityError as error:
        print(error.code)
"""
CELL = """%%nxml p
<NexusPanel id="p" title="P">
  <Data><State name="text" type="string" /></Data>
  <Logic><Extension name="nexus.fs" alias="fs" root="data" reason="Shows the notes" />
    <Tool name="go" description="d"><Handler>return $state.text = await $ext.fs.read('a')</Handler></Tool></Logic>
  <View><Button label="Go" trigger="go" /></View>
</NexusPanel>"""
READ, DENIED = "the text of a\n", "CAPABILITY_DENIED\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a kernel's user keeps what is his."""
    return tmp_path


@contextlib.contextmanager
def kernel(home: Path, name: str = "nexus", environment: dict[str, str] | None = None, arguments: tuple[str, ...] = ()) -> Iterator[Page]:
    """A kernel of the notebook ``a.ipynb`` in which the panel was made, and a page that has not said hello."""
    bare = {key: value for key, value in os.environ.items() if not key.startswith(("VOILA_", "SERVER_SOFTWARE"))}
    here = {"NEXUS_DATA_DIR": str(home / "data"), "IPYTHONDIR": str(home / "ipython"), "JPY_SESSION_NAME": str(home / "a.ipynb")}
    manager, client = start_new_kernel(kernel_name=name, env={**bare, **here, **(environment or {})}, extra_arguments=list(arguments))
    try:
        page = Page(client)
        if name != "nexus":
            page.run("%load_ext nexus_jupyter")
        for code in (SETUP, CELL):
            assert page.run(code)["error"] is None
        yield page
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def hello(page: Page) -> dict[str, Any]:
    page.send(kind="hello", client="me", protocol=1)
    return page.until("snapshot")


def answer(page: Page, id: str, decision: str) -> None:
    page.send(kind="consent_answer", client="me", id=id, decision=decision)


def questions(page: Page) -> list[dict[str, Any]]:
    """Those that have come, once the kernel has done what it was told."""
    page.run("p.runtime.ask(lambda: None).result()")
    return [m for m in page.messages if m["kind"] == "consent"]


@pytest.mark.parametrize("name", ["nexus", pytest.param("python3", marks=pytest.mark.full)])
def test_a_click_asks_and_the_answer_on_the_comm_is_kept_for_the_next_kernel(home: Path, name: str) -> None:
    with kernel(home, name) as page:
        snapshot = hello(page)
        assert snapshot["consent"] is None
        page.event(page.node(snapshot["tree"], "Button"))
        question = page.until("consent")
        assert (question["demands"][0]["reason"], question["tool"]) == ("Shows the notes", "go")
        assert page.until("result")["error"]["code"] == "CAPABILITY_DENIED"
        assert hello(page)["consent"]["id"] == question["id"], "a page that opens later sees it, too"
        assert page.run("p")["error"] is None
        answer(page, question["id"], "panel")
        assert page.until("consent_ended", id=question["id"])["outcome"] == "panel"
        page.event(page.node(snapshot["tree"], "Button"))
        assert page.until("result")["error"] is None
        assert page.run("go()")["out"] == READ
    with kernel(home, name) as page:
        assert page.run("go()")["out"] == DENIED, "no page is there"
        hello(page)
        assert page.run("go()")["out"] == READ
        assert questions(page) == []
    with kernel(home, name, {"JPY_SESSION_NAME": str(home / "copy.ipynb")}) as page:
        hello(page)
        assert page.run("go()")["out"] == DENIED


def test_an_answer_is_taken_once(home: Path) -> None:
    with kernel(home) as page:
        hello(page)
        assert page.run("go()")["out"] == DENIED
        (question,) = questions(page)
        answer(page, question["id"], "once")
        page.until("consent_ended", outcome="once")
        answer(page, question["id"], "panel")
        page.until("consent_ended", outcome="void")
        assert [page.run("go()")["out"] for _ in range(3)] == [READ, DENIED, DENIED]
        (second,) = questions(page)
        answer(page, question["id"], "panel")
        page.until("consent_ended", outcome="void")
        assert page.run("go()")["out"] == DENIED
        assert second["id"] != question["id"]


@pytest.mark.parametrize(
    "environment", [pytest.param(FOR_A_VISITOR, id="for a visitor"), pytest.param(IN_ADVANCE, id="in advance", marks=pytest.mark.full)]
)
def test_a_visitor_is_not_asked_answers_nothing_and_has_nothing_of_what_was_kept(home: Path, environment: dict[str, str]) -> None:
    with kernel(home) as page:
        hello(page)
        page.run("go()")
        answer(page, questions(page)[0]["id"], "panel")
        page.until("consent_ended", outcome="panel")
        assert page.run("go()")["out"] == READ
    with kernel(home, environment=environment) as page:
        hello(page)
        assert page.run("go()")["out"] == DENIED
        assert questions(page) == []
        # whatever id a visitor makes up or has seen; and even one that is really open is not for visitors to answer
        page.run(
            "from nexus_jupyter.panel import policy; policy.attend(); p._permissions._store.drop(p._permissions.notebook, 'p');"
            "p._permissions._store._session.clear(); go()"
        )
        (question,) = questions(page)
        answer(page, question["id"], "panel")
        answer(page, question["id"], "once")
        assert page.run("go()")["out"] == DENIED
        assert [m for m in page.messages if m["kind"] == "consent_ended"] == []


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        pytest.param(("--NexusPolicy.always=nexus.fs root=data",), {}, READ, marks=pytest.mark.full),
        (("--NexusPolicy.always=nexus.fs root=data",), FOR_A_VISITOR, READ),
        pytest.param(("--NexusPolicy.always=nexus.fs root=other",), {}, DENIED, marks=pytest.mark.full),
        pytest.param(("--NexusPolicy.mode=always",), FOR_A_VISITOR, READ, marks=pytest.mark.full),
        (("--NexusPolicy.mode=always", "--NexusPolicy.never=nexus.fs"), {}, DENIED),
        (("--NexusPolicy.mode=always", "--NexusPolicy.nevr=nexus.fs"), {}, DENIED),
        pytest.param(("--NexusPolicy.mode=always", "--NexusPolicy.always=nexus.fs root"), {}, DENIED, marks=pytest.mark.full),
    ],
)
def test_the_kernels_configuration_decides_where_nobody_is(
    home: Path, arguments: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    with kernel(home, environment=environment, arguments=arguments) as page:
        # after what is said about a configuration that cannot be understood
        assert page.run("go()")["out"].endswith(said)


def test_a_plain_kernel_reads_the_configuration_of_ipython(home: Path) -> None:
    profile = home / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text("c.NexusPolicy.always = [{'extension': 'nexus.fs', 'root': 'data'}]")
    with kernel(home, "python3") as page:
        assert page.run("go()")["out"] == READ
    (profile / "ipython_kernel_config.py").write_text("c.NexusPolicy.never = ['nexus.fs']")
    with kernel(home, "python3") as page:
        hello(page)
        assert page.run("go()")["out"] == DENIED
        assert questions(page) == []


def test_a_notebook_that_is_run_by_a_program_asks_nobody(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(home / "a.ipynb"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (SETUP, CELL, "for _ in range(5): go()")])
    NotebookClient(notebook, kernel_name="nexus", timeout=60, store_widget_state=True).execute()
    assert notebook.cells[2].outputs[0].text == DENIED * 5
    saved = nbformat.writes(notebook)
    assert "Shows the notes" in saved, "the document is there"
    assert "_snapshot" in saved, "the widget's state is there, too"
    assert "consent" not in saved.replace("test_consent", "")
    assert not (home / "data").exists()
