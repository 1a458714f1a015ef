"""What running a ``%%nxml`` cell does: a panel below it, or what is wrong with it."""

from __future__ import annotations

import html
import keyword
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.display import display

from ..diagnostics import Diagnostic, render_html, render_text, visible
from ..errors import DocumentError, NexusError
from ..panel import registry
from ..panel.panel import Panel
from . import face
from .visitors import serves_visitors

face.give()


class CellStopped(Exception):
    """The cell ends as failed; what went wrong stands above, so there is no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True)
class Shown:
    """Something below a cell, in the two forms that every front end can show one of."""

    text: str
    html: str

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}

    @classmethod
    def diagnostics(cls, source: str, diagnostics: Sequence[Diagnostic]) -> Shown:
        """Problems of a document with their source lines."""
        return cls(render_text(source, diagnostics), render_html(source, diagnostics))

    @classmethod
    def error(cls, error: NexusError) -> Shown:
        """One clear sentence."""
        text = visible(str(error))
        return cls(
            f"{error.code}: {text}",
            '<div role="alert" style="border-left:3px solid var(--jp-error-color1,#d32f2f);padding:4px 10px">'
            f"<strong>{html.escape(error.code)}</strong> {html.escape(text)}</div>",
        )


@dataclass(frozen=True)
class CellOptions:
    """The options of one ``%%nxml`` line.  ``state`` and ``functions`` name Python variables."""

    name: str
    state: tuple[str, ...]
    functions: tuple[str, ...]
    hide: bool
    quiet: bool
    fresh: bool = False


def run_cell(source: str, options: CellOptions, variables: dict[str, Any], cell_id: str) -> None:
    """Make the panel, bind it in ``variables``, show it.

    Raises UsageError: an option is wrong.  CellStopped: the panel could not be made; why is shown.
    """
    name = options.name
    if name and (not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_")):
        raise UsageError(f"%%nxml: {name!r} is no Python name a panel can be bound to; use letters, digits and _, e.g. counter")
    state = dict(_named_value(item, variables) for item in options.state)
    functions = {n: _function(n, variables) for item in options.functions for n in item.replace(",", " ").split()}
    before = registry.panels()
    try:
        panel = Panel(source, state=state, functions=functions, name=name, fresh=options.fresh, _cell=cell_id)
    except DocumentError as error:
        _tell(Shown.diagnostics(error.source, error.diagnostics))
        _stop(error.message)
    except NexusError as error:
        _tell(Shown.error(error))
        _stop(error.code)
    if panel.diagnostics and not options.quiet:
        _tell(Shown.diagnostics(source, panel.diagnostics))
    if name:
        variables[name] = panel
    previous = before.get(panel.id)
    if previous is not None and previous.cell and panel.cell and previous.cell != panel.cell:
        print(f"The panel {panel.id!r} was also made in another cell; this one replaces it.")
    for note in panel.notes:
        print(visible(f"The panel {panel.id!r}: {note}"))
    if not options.hide:
        display(panel)


def _tell(shown: Shown) -> None:
    """Show the cell's author what is wrong, and nobody else: it quotes the source."""
    if serves_visitors():
        print(shown.text, file=sys.stderr)  # Voila keeps this stream from visitors, unless it shows tracebacks
    else:
        display(shown)


def _named_value(item: str, variables: dict[str, Any]) -> tuple[str, Any]:
    state, equals, variable = item.partition("=")
    if not equals or not state.isidentifier() or not variable.isidentifier():
        raise UsageError(f"%%nxml: --state {item!r} is not of the form STATE=NAME, e.g. --state rows=df")
    return state, _variable(variable, f"--state {item}", variables)


def _function(name: str, variables: dict[str, Any]) -> Callable[..., Any]:
    value = _variable(name, f"--functions {name}", variables)
    if not callable(value):
        raise UsageError(f"%%nxml: --functions {name}: {name} is of type {type(value).__name__}, not a function")
    return value  # type: ignore[no-any-return]


def _variable(name: str, option: str, variables: dict[str, Any]) -> Any:
    try:
        return variables[name]
    except KeyError:
        raise UsageError(f"%%nxml: {option}: there is no Python variable {name!r}; define it in a cell above") from None


def _stop(reason: str) -> NoReturn:
    raise CellStopped(reason) from None
