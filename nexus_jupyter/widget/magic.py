"""``%%nxml``: a cell that is a panel.

Loading the extension must cost nothing that can be felt: what a cell needs is imported when the
first cell runs, or before that by the thread that warms the sandbox.
"""

from __future__ import annotations

import logging
import shlex
import threading
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from . import graph_comm

logger = logging.getLogger(__name__)


@magics_class
class NXMLMagics(Magics):
    """The cell magic."""

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
        running the cell again replaces the panel.
        """
        from .cell import CellOptions, run_cell

        given = self._parse(line)
        options = CellOptions(given.name, tuple(given.state), tuple(given.functions), given.hide, given.quiet)
        run_cell(cell, options, self.shell.user_ns, self._cell_id())

    def _parse(self, line: str) -> Any:
        try:
            shlex.split(line)
            return parse_argstring(self.nxml, line)
        except UsageError as error:
            raise UsageError(f"%%nxml: {error}; see %%nxml? for the options") from None
        except ValueError as error:
            raise UsageError(f"%%nxml: {str(error).lower()} in {line.strip()!r}") from None

    def _cell_id(self) -> str:
        kernel = getattr(self.shell, "kernel", None)
        if kernel is None:
            return ""
        cell_id = (kernel.get_parent().get("metadata") or {}).get("cellId")
        return f"cell-{cell_id}" if isinstance(cell_id, str) and cell_id else ""


def register(shell: InteractiveShell) -> None:
    """Add the magic to ``shell`` and make the first cell fast in the background."""
    shell.register_magics(NXMLMagics)
    graph_comm.register()
    threading.Thread(target=_prepare, name="nexus-warm-imports", daemon=True).start()


def _prepare() -> None:
    """Import what a cell needs, and have the engine compiled.  A failure is told by the first cell."""
    try:
        from ..catalog import catalog
        from ..sandbox.engine import warm
        from . import cell, mimebundle  # noqa: F401

        catalog()
        warm()
    except Exception:
        logger.debug("warming failed", exc_info=True)


def unregister(shell: InteractiveShell) -> None:
    """Take the magic away and end all panels."""
    from ..panel import registry

    shell.magics_manager.magics["cell"].pop("nxml", None)
    graph_comm.unregister()
    registry.close_all()
