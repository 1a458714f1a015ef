"""What Python exposes to panels, by name: functions for ``nexus.python``, data frames for ``nexus.sql``."""

from __future__ import annotations

import inspect
import keyword
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from ...errors import OptionError
from ..values import FORBIDDEN_KEYS

T = TypeVar("T")
Function = Callable[..., Any]
Functions = Mapping[str, Function]


class Exposed(Mapping[str, T], Generic[T]):
    """Things by the names that a panel calls them: its own first, then those of ``shared``.

    A live view: what is exposed or withdrawn is seen by whoever reads next, on any thread, and a reading in
    progress keeps what it had.
    """

    what = "thing"

    def __init__(self, own: Mapping[str, T] | None = None, *, shared: Exposed[T] | None = None) -> None:
        self._own: dict[str, T] = dict(own or {})
        self._shared = shared
        self._lock = threading.Lock()

    def put(self, name: str, thing: T) -> None:
        """Expose ``thing``; what had the name before gives way to it, as when a cell runs again."""
        with self._lock:
            self._own = {**self._own, name: thing}

    def withdraw(self, what: object) -> None:
        """Expose it no longer: a name, or the thing itself, which may have several names.

        Raises OptionError: nothing of the kind is exposed here.
        """
        with self._lock:
            left = {name: thing for name, thing in self._own.items() if not (name == what if isinstance(what, str) else _same(thing, what))}
            if len(left) == len(self._own):
                known = ", ".join(sorted(self._own)) or "none"
                raise OptionError(f"the {self.what} {_said(what)} is not exposed here.", hint=f"Exposed: {known}.")
            self._own = left

    def __getitem__(self, name: str) -> T:
        own = self._own
        if name in own:
            return own[name]
        if self._shared is None:
            raise KeyError(name)
        return self._shared[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._own, *(self._shared or ()))))

    def __len__(self) -> int:
        return len(tuple(iter(self)))


class ExposedFunctions(Exposed[Function]):
    """Functions by name.  Exposing one is the grant to call it."""

    what = "function"

    def expose(self, function: Function, name: str | None = None) -> None:
        """Let panels call ``function``, under its own name or ``name``.

        Raises OptionError: it is not callable, or has no usable name.
        """
        for usable, each in named_functions([function] if name is None else {name: function}).items():
            self.put(usable, each)


class ExposedFrames(Exposed[object]):
    """Data frames by the names that queries use."""

    what = "frame"

    def expose(self, name: str, frame: object) -> None:
        """Let queries read ``frame`` under ``name``; they see it as it is when they run.

        Raises OptionError: it is no data frame, or the name is not usable.
        """
        if not _usable(name):
            raise OptionError(f"frames: {name!r} is no usable name.", hint="Letters, digits and underscores, e.g. 'orders'.")
        if not _is_frame(frame):
            raise OptionError(
                f"frames: {name} is of type {type(frame).__name__}, not a data frame.",
                hint="pandas, polars and Arrow tables can be queried.",
            )
        other = next((known for known in self if known.lower() == name.lower() and known != name), None)
        if other is not None:
            raise OptionError(f"frames: {name!r} and {other!r} are one name in SQL.", hint="Give one of them another name.")
        self.put(name, frame)


everywhere = ExposedFunctions()
"""The functions that all panels of this process may call which declare ``nexus.python``."""


def named_functions(functions: Iterable[Function] | Functions | None) -> dict[str, Function]:
    """The functions by the names under which a panel calls them.

    ``functions`` is a mapping of name to callable, or callables that have a ``__name__``.

    Raises OptionError: something is not callable, has no usable name, or a name comes twice.
    """
    if functions is None:
        return {}
    if callable(functions) or isinstance(functions, str):
        raise OptionError(
            "functions must be a list of functions or a dict of name to function.", hint="Write functions=[f], not functions=f."
        )
    pairs: list[tuple[object, object]]
    pairs = list(functions.items()) if isinstance(functions, Mapping) else [(getattr(f, "__name__", None), f) for f in functions]
    result: dict[str, Function] = {}
    for name, function in pairs:
        if not callable(function):
            raise OptionError(f"functions: {function!r} is not callable.", hint="Pass the function itself, e.g. functions=[describe].")
        if not isinstance(name, str) or not _usable(name):
            raise OptionError(f"functions: {function!r} has no usable name ({name!r}).", hint="Give it one: functions={'describe': f}.")
        if name in result and result[name] is not function:
            raise OptionError(f"functions: the name {name!r} is given twice.", hint="Give one of them another name with a dict.")
        result[name] = function
    return result


def named_frames(frames: Mapping[str, object] | None) -> ExposedFrames:
    """The frames of a panel.  Raises OptionError: not a mapping, no frames, or names that are not usable."""
    exposed = ExposedFrames()
    if frames is not None and not isinstance(frames, Mapping):
        raise OptionError("frames must be a dict of name to data frame.", hint="Write frames={'orders': orders}.")
    for name, frame in (frames or {}).items():
        exposed.expose(name, frame)
    return exposed


def _usable(name: object) -> bool:
    # `then` would make the extension itself look like a promise to whoever awaits it
    return (
        isinstance(name, str)
        and name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("__")
        and name not in FORBIDDEN_KEYS
        and name != "then"
    )


def _is_frame(value: object) -> bool:
    if isinstance(value, type) or not (hasattr(value, "columns") or hasattr(value, "column_names")):
        return False
    import narwhals.stable.v2 as nw

    return isinstance(nw.from_native(value, eager_only=True, pass_through=True), nw.DataFrame)


def _same(one: object, other: object) -> bool:
    # a bound method is another object each time it is asked for
    return one is other or (inspect.ismethod(one) and inspect.ismethod(other) and one == other)


def _said(what: object) -> str:
    return repr(what if isinstance(what, str) else getattr(what, "__name__", type(what).__name__))
