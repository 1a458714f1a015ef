from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.ai.conversation import converse, escaped, meant_panels
from nexus_jupyter.protocol.bridge import PanelInfo
from nexus_jupyter.protocol.identity import document_key
from nexus_jupyter.protocol.proposal import ProposalRecord
from nexus_jupyter.protocol.workspace import Ask, AskRequest, WorkspacePanel


def live(title: str, id: str = "", python_name: str = "", notebook: str = "work/n.ipynb") -> WorkspacePanel:
    info = PanelInfo(id=id or title.lower(), title=title, python_name=python_name, hash="0" * 64)
    return WorkspacePanel(
        key=document_key(notebook, info.id), notebook=notebook, kernel="k", entity=f"{notebook}#panel:{info.id}", panel=info
    )


COUNTER = live("Counter", "counter", "c1")
DOORS = live("Counter of doors", "doors")
KANBAN = live("Kanban", "board", "kanban_panel")
ALL = (COUNTER, DOORS, KANBAN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("add a reset button to the counter", (COUNTER,)),
        ("add a reset button to the COUNTER OF DOORS", (DOORS,)),
        ("make kanban_panel wider", (KANBAN,)),
        ("make the board wider", (KANBAN,)),
        ("make c1 red", (COUNTER,)),
        ("make c11 red", ()),
        ("copy the counter's style to the kanban", (COUNTER, KANBAN)),
        ("copy the kanban style to `Counter`", (COUNTER,)),
        ("do something", ()),
        ("encounters", ()),
    ],
)
def test_a_panel_is_found_by_its_names(text: str, expected: tuple[WorkspacePanel, ...]) -> None:
    assert meant_panels(text, ALL) == expected


def test_the_only_panel_is_meant_without_its_name() -> None:
    assert meant_panels("add a button", [COUNTER]) == (COUNTER,)


def test_the_notebook_decides_between_equal_names() -> None:
    other = live("Counter", "counter", notebook="other.ipynb")
    assert meant_panels("the counter in other.ipynb", [COUNTER, other]) == (other,)
    assert meant_panels("the counter", [COUNTER, other]) == (COUNTER, other)


class Nobody:
    """A server without asks: whatever is started here is a mistake."""

    def __init__(self, *panels: WorkspacePanel) -> None:
        self._panels = panels

    def panels(self) -> tuple[WorkspacePanel, ...]:
        return self._panels

    def ask(self, request: AskRequest) -> Ask:
        raise AssertionError

    async def next(self, ask: Ask) -> Ask:
        raise AssertionError

    def cancel(self, id: str) -> Ask:
        raise AssertionError

    async def proposal(self, id: str) -> ProposalRecord:
        raise AssertionError


def said(text: str, *panels: WorkspacePanel) -> str:
    out: list[str] = []
    asyncio.run(converse(Nobody(*panels), text, say=out.append, progress=out.append))
    return "\n".join(out)


def test_several_panels_are_asked_about_by_name() -> None:
    text = said("add a button", *ALL)
    assert text.startswith("Which panel do you mean?")
    for panel in ALL:
        assert panel.panel.title in text


def test_without_a_panel_or_a_request_it_says_what_to_do() -> None:
    assert "Run a cell with a panel first" in said("add a button")
    assert "Tell me what to change" in said("@Nexus ", COUNTER)
    assert "Say it shorter" in said("x" * 30_000, COUNTER)


def test_a_hostile_name_is_shown_and_does_nothing() -> None:
    title = "![x](http://evil.example/p.png) <img src=x> **b** $\\alpha$ `c`\n# h \u202eabc"
    text = said("which?", live(title, "a1"), live("Other", "b1"))
    listed = text.split("\n\n")[1].split("\n")[0]
    assert "!\\[x\\]\\(http\\:\\/\\/evil\\.example" in listed
    assert "\\<img" in listed
    assert "\u202e" not in text
    assert "$" not in text


@given(st.text(max_size=60))
def test_escaped_text_has_no_markup_that_counts(text: str) -> None:
    out = escaped(text)
    assert "\n" not in out
    at = 0
    while at < len(out):
        if out[at] == "\\":
            at += 2
            continue
        assert out[at] not in '`*_{}[]()<>#+-.|~$&:@/"^=%'
        at += 1


def test_the_persona_is_harmless_to_import_and_there_for_jupyter_ai() -> None:
    code = (
        "import sys, nexus_jupyter.ai.persona as persona\n"
        "assert not [m for m in sys.modules if m.startswith(('jupyter_ai', 'jupyter_server', 'litellm'))]\n"
        "from importlib.metadata import entry_points\n"
        "import warnings; warnings.simplefilter('ignore')\n"
        "made = persona.NexusPersona\n"
        "from jupyter_ai_persona_manager import BasePersona\n"
        "assert issubclass(made, BasePersona) and persona.NexusPersona is made\n"
        "assert (made.__module__, made.__name__) == ('nexus_jupyter.ai.persona', 'NexusPersona')\n"
        "assert not made.__abstractmethods__\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
