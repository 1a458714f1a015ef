"""Tab and Shift-Tab in ``%%nxml`` cells: real kernels asked as a page asks them, and IPython's own completer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import start_new_kernel
from traitlets.config import Config

import nexus_jupyter
from nexus_jupyter.widget import assist

DOCUMENT = """<NexusPanel title="𝒞ounter">
  <Data><State name="count" type="number" description="How many" /></Data>
  <Logic><Tool name="add" description="Adds"><Arg name="by" type="number" /><Handler>$state.count += $args.by;</Handler></Tool></Logic>
  <View><Layout>@</Layout></View>
</NexusPanel>"""


def cell(piece: str, *, first: str = "%%nxml counter\n") -> tuple[str, int]:
    """The cell with ``piece`` in its view, and where the ‸ in it stands."""
    text = first + DOCUMENT.replace("@", piece)
    return text.replace("‸", ""), text.index("‸")


@pytest.fixture(scope="module", params=["nexus", "python3"])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A client of the kernel ``Python (Nexus)``, and one of IPython's kernel with the extension loaded."""
    manager, client = start_new_kernel(kernel_name=request.param)
    if request.param == "python3":
        client.execute_interactive("%load_ext nexus_jupyter", timeout=60)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def completed(client: Any, code: str, offset: int) -> dict[str, Any]:
    content: dict[str, Any] = client.complete(code, offset, reply=True, timeout=30)["content"]
    assert content["status"] == "ok"
    return content


def inspected(client: Any, code: str, offset: int) -> dict[str, Any]:
    content: dict[str, Any] = client.inspect(code, offset, reply=True, timeout=30)["content"]
    assert content["status"] == "ok"
    return content


@pytest.mark.parametrize(
    "first", ["%%nxml\n", "%%nxml counter --hide\n", "\n  \n%%nxml counter\n", "%%nxml\r\n", "\r\n%%nxml c\r\n", "%%nxml\t \n"]
)
def test_a_cell_is_completed_from_its_document(client: Any, first: str) -> None:
    code, offset = cell("<Bu‸", first=first)
    content = completed(client, code, offset)
    assert content["matches"] == ["Button"]
    assert code[content["cursor_start"] : content["cursor_end"]] == "Bu"
    (item,) = content["metadata"]["_jupyter_types_experimental"]
    assert (item["text"], item["type"], item["start"], item["end"]) == ("Button", "component", offset - 2, offset)


def test_positions_are_code_points_of_the_whole_cell(client: Any) -> None:
    code, offset = cell("<Text>𝒞{$state.co‸}</Text>")
    content = completed(client, code, offset)
    assert content["matches"] == ["count"]
    assert code[content["cursor_start"] : content["cursor_end"]] == "co"


def test_a_cell_gets_no_names_of_python(client: Any) -> None:
    assert completed(client, *cell("<Text>{pri‸}</Text>"))["matches"] == []
    assert completed(client, *cell("<Text content='./‸"))["matches"] == []


def test_a_tool_shows_its_signature(client: Any) -> None:
    content = completed(client, *cell('<Button trigger="‸"/>'))
    assert content["matches"] == ["add"]
    assert content["metadata"]["_jupyter_types_experimental"][0]["signature"] == "add(by)"


def test_other_cells_and_the_line_of_the_magic_are_ipythons(client: Any) -> None:
    assert "print" in completed(client, "prin", 4)["matches"]
    assert "print" in completed(client, "%%time\nprin", 11)["matches"]
    assert any(m.endswith("%%nxml") for m in completed(client, "%%nx", 4)["matches"])
    assert "Button" not in completed(client, "%%nxml Bu\n<NexusPanel>", 9)["matches"]
    assert "print" in inspected(client, "print", 3)["data"]["text/plain"]
    assert "live panel" in inspected(client, "%%nxml", 6)["data"]["text/plain"]


def test_a_name_is_explained_as_text_and_as_markdown(client: Any) -> None:
    content = inspected(client, *cell("<Text>{$state.co‸unt}</Text>"))
    assert content["found"]
    assert content["data"]["text/plain"] == "count (state, number)\n\nHow many\n\nDeclared in line 2."
    assert content["data"]["text/markdown"].startswith("**`count`** state, number")
    nothing = inspected(client, *cell("<Text>pri‸nt</Text>"))
    assert (nothing["found"], nothing["data"]) == (False, {})


def test_a_match_is_explained_as_jupyterlab_asks_for_it(client: Any) -> None:
    """It asks about the text up to and with the match, with a cursor that lies past its end."""
    code, offset = cell("<Bu‸")
    asked = code[: offset - 2] + "Button"
    assert inspected(client, asked, offset + len("Button"))["data"]["text/plain"].startswith("<Button> (component, input)")


def test_unloading_gives_the_kernel_its_own_answers_back(client: Any) -> None:
    code, offset = cell("<Text>{$state.co‸}</Text>")
    client.execute_interactive("%unload_ext nexus_jupyter", timeout=60)
    assert completed(client, code, offset)["matches"] != ["count"]
    client.execute_interactive("%load_ext nexus_jupyter", timeout=60)
    assert completed(client, code, offset)["matches"] == ["count"]


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """IPython outside of a kernel, with the extension; without its history, which keeps a thread and a file."""
    InteractiveShell.clear_instance()
    shell: InteractiveShell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    nexus_jupyter.load_ipython_extension(shell)
    yield shell
    nexus_jupyter.unload_ipython_extension(shell)
    InteractiveShell.clear_instance()


def in_terminal(shell: InteractiveShell, code: str, offset: int) -> list[tuple[str, str]]:
    with provisionalcompleter():
        return [(c.text, c.type) for c in shell.Completer.completions(code, offset)]


def test_ipython_in_a_terminal_completes(shell: InteractiveShell) -> None:
    assert in_terminal(shell, *cell("<Bu‸")) == [("Button", "component")]
    assert in_terminal(shell, *cell("<Text>{pri‸}</Text>")) == []
    assert ("print", "function") in in_terminal(shell, "prin", 4)
    nexus_jupyter.unload_ipython_extension(shell)
    assert ("Button", "component") not in in_terminal(shell, *cell("<Bu‸"))
    assert "completions" not in vars(shell.Completer)


def test_attaching_twice_is_attaching_once(shell: InteractiveShell) -> None:
    once = vars(shell.Completer)["completions"]
    assist.attach(shell)
    assert vars(shell.Completer)["completions"] is once
    assist.detach(shell)
    assist.detach(shell)
    assert "completions" not in vars(shell.Completer)


def test_what_another_extension_put_over_the_completer_stays(shell: InteractiveShell) -> None:
    assist.detach(shell)

    def under(code: str, offset: int) -> list[str]:
        return ["under"]

    shell.Completer.completions = under
    assist.attach(shell)
    ours = vars(shell.Completer)["completions"]
    assert next(iter(ours(*cell("<Bu‸")))).text == "Button"
    assert ours("prin", 4) == ["under"]
    assist.detach(shell)
    assert vars(shell.Completer)["completions"] is under
    assist.attach(shell)
    late = vars(shell.Completer)["completions"]

    def over(code: str, offset: int) -> Any:
        return late(code, offset)

    shell.Completer.completions = over
    assist.detach(shell)
    assert vars(shell.Completer)["completions"] is over
    assert over(*cell("<Bu‸")) == ["under"]
    del shell.Completer.completions


@pytest.mark.parametrize(
    ("code", "start"),
    [
        ("%%nxml\n<", 7),
        ("%%nxml name --quiet\n<", 20),
        ("\n\n  %%nxml\n<", 11),
        ("%%nxml", -1),
        ("%%nxml?\n<", -1),
        ("%%nxmls\n<", -1),
        ("%%nxml\tname\n<", -1),
        ("x\n%%nxml\n<", -1),
        (" \n" * 50_000 + " " * 50_000, -1),
    ],
)
def test_the_document_starts_where_ipython_lets_it(code: str, start: int) -> None:
    assert assist.document_start(code, len(code)) == start
    assert assist.document_start(code, 3) == -1
