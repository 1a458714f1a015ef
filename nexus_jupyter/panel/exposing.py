"""``expose``: Python functions for panels, with or without parentheses, one panel's or everybody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from ..errors import OptionError
from ..sandbox.extensions.exposed import ExposedFunctions, Function, everywhere

F = TypeVar("F", bound=Callable[..., Any])


def exposing(home: ExposedFunctions, function: Function | None, name: str | None) -> Any:
    """Expose ``function`` in ``home`` and give it back; without one, the decorator that does.

    Raises OptionError: it is not callable, or has no usable name.
    """
    if function is not None:
        home.expose(function, name)
        return function

    def decorate(decorated: F) -> F:
        home.expose(decorated, name)
        return decorated

    return decorate


@overload
def expose(function: F, /, *, name: str | None = None) -> F: ...


@overload
def expose(*, name: str | None = None) -> Callable[[F], F]: ...


def expose(function: Function | None = None, /, *, name: str | None = None) -> Any:
    """Let every panel of this kernel that declares ``nexus.python`` call a function as ``$ext.py.name(…)``.

    ``expose(f)``, or as a decorator: ``@expose`` or ``@expose(name="total")``.  Gives the function back as it was.
    Panels made before and after may call it, whoever wrote them; a panel's own function of the name goes first.
    Exposing another one under the name, as when a cell runs again, replaces it; ``unexpose`` ends it.

    Raises OptionError: it is not callable, or has no usable name.
    """
    return exposing(everywhere, function, name)


def unexpose(function: str | Function) -> None:
    """End what ``expose`` began, for the function itself or its name.

    Raises OptionError: it is not exposed to all panels.
    """
    if not isinstance(function, str) and not callable(function):
        raise OptionError(f"unexpose needs a function or its name, not {type(function).__name__}.")
    everywhere.withdraw(function)
