"""``%%nxml``: a cell that is a panel; ``%nexus``: checking and formatting it.

Loading the extension must cost nothing that can be felt: what a cell needs is imported when the
first cell runs, or before that while the kernel is idle (``warming``).
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from . import assist, graph_comm
from .warming import Warming, load

if TYPE_CHECKING:
    from .line import Runs


@magics_class
class NXMLMagics(Magics):
    """The cell magic, and ``%nexus`` for its documents."""

    _runs: Runs | None = None

    @magic_arguments()
    @argument("name", nargs="?", default="", help="the Python name the panel is bound to, e.g. %%%%nxml counter")
    @argument(
        "--state",
        "-s",
        action="append",
        default=[],
        metavar="STATE=NAME",
        help="first value of a state: --state rows=df takes the Python variable df; may be repeated",
    )
    @argument(
        "--functions",
        "-f",
        action="append",
        default=[],
        metavar="NAMES",
        help="Python functions the panel may call as $ext.py.name(...), separated by commas: --functions describe,save",
    )
    @argument("--hide", action="store_true", help="make the panel, but do not show it (show it later with its name)")
    @argument("--fresh", action="store_true", help="begin anew: take over nothing of what the panel had, or what is kept of it")
    @argument("--quiet", "-q", action="store_true", help="do not show warnings")
    @cell_magic
    def nxml(self, line: str, cell: str) -> None:
        """Make a live panel from the NXML document in this cell and show it below.

        %%nxml counter
        <NexusPanel title="Counter">
          <Data><State name="count" type="number" /></Data>
          <Logic><Tool name="add"><Handler>$state.count += 1</Handler></Tool></Logic>
          <View><Button label="{$state.count}" trigger="add" /></View>
        </NexusPanel>

        Afterwards `counter.state.count` reads and writes it, `counter.call("add")` runs a tool, and
        running the cell again replaces the panel; its state stays as far as it fits.
        """
        load()
        from ..panel import registry
        from .cell import CellOptions, run_cell

        given = self._parse(self.nxml, "%%nxml", line)
        options = CellOptions(given.name, tuple(given.state), tuple(given.functions), given.hide, given.quiet, given.fresh)
        run = self._known_runs().start(given.name, line, cell)
        run_cell(cell, options, self.shell.user_ns, self._cell_id())
        run.panel = next(reversed(registry.panels()), "")  # the one that was just made

    @magic_arguments()
    @argument("action", choices=("check", "format"), help="check: show its problems; format: give it in canonical form")
    @argument("name", nargs="?", default="", help="the name of a %%%%nxml cell or of a panel; without it the cell that was run last")
    @line_magic
    def nexus(self, line: str) -> None:
        """Check or format a panel's document.

        %nexus check
        %nexus check counter
        %nexus format counter

        The document is that of the live panel, or, when the last run of its cell failed, the one that failed.
        `check` shows all its problems, those of its JavaScript too, and changes nothing. `format` puts the formatted
        cell below (in a terminal: at the next prompt) and leaves the old one as it is: look at the new one, run it,
        which replaces the panel, and delete the old one.
        """
        load()
        from .line import act

        given = self._parse(self.nexus, "%nexus", line)
        act(given.action, self._known_runs().find(given.name, self.shell.user_ns), self.shell)

    def _known_runs(self) -> Runs:
        if self._runs is None:
            from .line import Runs

            self._runs = Runs()
        return self._runs

    def _parse(self, magic: Any, name: str, line: str) -> Any:
        try:
            shlex.split(line)
            return parse_argstring(magic, line)
        except UsageError as error:
            raise UsageError(f"{name}: {error}; see {name}? for the options") from None
        except ValueError as error:
            raise UsageError(f"{name}: {str(error).lower()} in {line.strip()!r}") from None

    def _cell_id(self) -> str:
        kernel = getattr(self.shell, "kernel", None)
        if kernel is None:
            return ""
        cell_id = (kernel.get_parent().get("metadata") or {}).get("cellId")
        return f"cell-{cell_id}" if isinstance(cell_id, str) and cell_id else ""


def register(shell: InteractiveShell) -> None:
    """Add the magics to ``shell`` and make the first cell fast in the background."""
    shell.register_magics(NXMLMagics)
    assist.attach(shell)
    graph_comm.register()
    if getattr(shell, "kernel", None) is not None:
        _warm()


_warming: Warming | None = None


def _warm() -> None:
    """Make the first cell fast, once in a process and only in a kernel, whose loop says when there is nothing to do."""
    global _warming
    if _warming is None:
        from tornado.ioloop import IOLoop

        _warming = Warming(IOLoop.current())


def unregister(shell: InteractiveShell) -> None:
    """Take the magics away and end all panels."""
    from ..panel import registry

    global _warming
    if _warming is not None:
        _warming.stop()
        _warming = None
    shell.magics_manager.magics["cell"].pop("nxml", None)
    shell.magics_manager.magics["line"].pop("nexus", None)
    assist.detach(shell)
    graph_comm.unregister()
    registry.close_all()
