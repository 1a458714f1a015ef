"""``%nexus``: checking and formatting the panels of this kernel."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from typing import Any, Literal

from IPython.core.error import UsageError
from IPython.display import display

from ..diagnostics import visible
from ..errors import DocumentError
from ..nxml import format_document, read
from ..panel import registry
from ..panel.panel import Panel
from ..sandbox.syntax import confirm
from .cell import CellStopped, Shown
from .visitors import serves_visitors


@dataclass
class Run:
    """One run of a ``%%nxml`` cell: the ``line`` behind the magic, the document, and the id of the panel it made."""

    line: str
    source: str
    panel: str = ""

    @property
    def document(self) -> str:
        """The document as it is now: that of the panel, which may have been replaced since, while there is one."""
        panel = registry.get(self.panel) if self.panel else None
        return self.source if panel is None else panel.source


class Runs:
    """The last run of each ``%%nxml`` cell by its name, also of one whose panel could not be made."""

    def __init__(self) -> None:
        self._by_name: dict[str, Run] = {}
        self._last: Run | None = None

    def start(self, name: str, line: str, source: str) -> Run:
        """A cell is about to run."""
        self._last = self._by_name[name] = Run(line, source)
        return self._last

    def find(self, name: str, variables: dict[str, Any]) -> Run:
        """The last run, or that of ``name``: a cell's name, the id of a live panel, or a variable that holds one.

        Raises UsageError: there is none.
        """
        if not name:
            if self._last is None:
                raise UsageError("%nexus: no %%nxml cell was run yet; run one, or name a panel")
            return self._last
        if name in self._by_name:
            return self._by_name[name]
        name = " ".join(shlex.split(name))  # a name with spaces stands in quotes
        panel = registry.get(name) or variables.get(name)
        if not isinstance(panel, Panel):
            known = sorted({*filter(None, self._by_name), *registry.panels()})
            raise UsageError(
                f"%nexus: no panel is called {name!r}; " + (f"there are {visible(', '.join(known))}" if known else "there are none")
            )
        run = next((r for r in self._by_name.values() if r.panel == panel.id), None)
        return run or Run(panel.name, panel.source, panel.id)


def act(action: Literal["check", "format"], run: Run, shell: Any) -> None:
    """Do what ``%nexus`` is asked for.  Raises CellStopped: the document cannot be formatted; why is shown."""
    source = run.document
    if action == "check":
        found = confirm(read(source))
        if found:
            _tell(Shown.diagnostics(source, found))
        else:
            print("No problems.")
        return
    try:
        text = format_document(source).removesuffix("\n")
    except DocumentError as error:
        _tell(Shown.diagnostics(source, error.diagnostics))
        raise CellStopped(error.message) from None
    if text == source.removesuffix("\n"):
        print("The document is in canonical form already.")
        return
    shell.set_next_input(f"%%nxml {run.line}".rstrip() + f"\n{text}")
    print("The formatted cell comes next: run it in place of the old one, which can then be deleted.")


def _tell(shown: Shown) -> None:
    """Show what is wrong to the author, and to no visitor of Voila: it quotes the source."""
    if serves_visitors():
        print(shown.text, file=sys.stderr)
    else:
        display(shown)
