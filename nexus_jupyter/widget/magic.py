"""``%%nxml``: a cell that is a panel."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import Callable
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from ..diagnostics import Severity, render_html, render_text
from ..errors import DocumentError, NexusError
from ..panel import registry
from ..panel.mailbox import mailbox
from ..panel.panel import Panel


class CellStopped(Exception):
    """The cell ends as failed; what went wrong stands above, so there is no traceback."""

    def __init__(self, message: str) -> None:
        super().__init__(message)

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class _Shown:
    """Diagnostics below a cell, in every form a front end may want."""

    def __init__(self, source: str, diagnostics: Any) -> None:
        self._text = render_text(source, diagnostics)
        self._html = render_html(source, diagnostics)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": self._text, "text/html": self._html}


class _Sentence:
    """One clear sentence below a cell."""

    def __init__(self, error: NexusError) -> None:
        self._error = error

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        import html

        text = f"{self._error.code}: {self._error}"
        return {
            "text/plain": text,
            "text/html": '<div role="alert" style="border-left:3px solid var(--jp-error-color1,#d32f2f);padding:4px 10px">'
            f"<strong>{html.escape(self._error.code)}</strong> {html.escape(str(self._error))}</div>",
        }


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
        options = self._options(line)
        with contextlib.suppress(RuntimeError):  # a shell without an event loop
            mailbox.attach(asyncio.get_running_loop())
        name: str = options.name
        if name and (not name.isidentifier() or name.startswith("_")):
            raise UsageError(f"%%nxml: {name!r} is no Python name a panel can be bound to; use letters, digits and _, e.g. counter")
        state = dict(self._named_value(item) for item in options.state)
        functions = {n: self._function(n) for item in options.functions for n in item.replace(",", " ").split()}
        before = registry.panels()
        try:
            panel = Panel(cell, state=state, functions=functions, name=name, _cell=self._cell_id())
        except DocumentError as error:
            display(_Shown(error.source, error.diagnostics))
            self._stop(error.message)
        except NexusError as error:
            display(_Sentence(error))
            self._stop(error.code)
        if panel.diagnostics and not options.quiet:
            display(_Shown(cell, [d for d in panel.diagnostics if d.severity is not Severity.ERROR]))
        if name:
            self.shell.user_ns[name] = panel
        self._say_if_replaced(panel, before)
        if not options.hide:
            display(panel)

    def _options(self, line: str) -> Any:
        try:
            shlex.split(line)
            return parse_argstring(self.nxml, line)
        except UsageError as error:
            raise UsageError(f"%%nxml: {error}; see %%nxml? for the options") from None
        except ValueError as error:
            raise UsageError(f"%%nxml: {str(error).lower()} in {line.strip()!r}") from None

    def _named_value(self, item: str) -> tuple[str, Any]:
        state, equals, variable = item.partition("=")
        if not equals or not state.isidentifier() or not variable.isidentifier():
            raise UsageError(f"%%nxml: --state {item!r} is not of the form STATE=NAME, e.g. --state rows=df")
        return state, self._variable(variable, f"--state {item}")

    def _function(self, name: str) -> Callable[..., Any]:
        value = self._variable(name, f"--functions {name}")
        if not callable(value):
            raise UsageError(f"%%nxml: --functions {name}: {name} is of type {type(value).__name__}, not a function")
        return value  # type: ignore[no-any-return]

    def _variable(self, name: str, option: str) -> Any:
        try:
            return self.shell.user_ns[name]
        except KeyError:
            raise UsageError(f"%%nxml: {option}: there is no Python variable {name!r}; define it in a cell above") from None

    def _cell_id(self) -> str:
        kernel = getattr(self.shell, "kernel", None)
        if kernel is None:
            return ""
        cell_id = (kernel.get_parent().get("metadata") or {}).get("cellId")
        return f"cell-{cell_id}" if isinstance(cell_id, str) and cell_id else ""

    def _say_if_replaced(self, panel: Panel, before: dict[str, Panel]) -> None:
        previous = before.get(panel.id)
        if previous is not None and previous.cell and panel.cell and previous.cell != panel.cell:
            print(f"The panel {panel.id!r} was also made in another cell; this one replaces it.")

    def _stop(self, reason: str) -> NoReturn:
        raise CellStopped(reason) from None


def register(shell: InteractiveShell) -> None:
    """Add the magic to ``shell`` and warm the sandbox in the background."""
    shell.register_magics(NXMLMagics)
    from ..sandbox.engine import warm

    warm()


def unregister(shell: InteractiveShell) -> None:
    """Take the magic away and end all panels."""
    shell.magics_manager.magics["cell"].pop("nxml", None)
    registry.close_all()
