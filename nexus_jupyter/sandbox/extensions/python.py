"""``nexus.python``: functions that Python handed to one panel, callable as ``$ext.py.name(…)``."""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from pydantic import JsonValue

from ...errors import HandlerError, NexusError, OptionError, StateError
from ..values import to_json
from .base import Extension, ExtensionContext
from .loop import in_thread

Functions = Mapping[str, Callable[..., Any]]


def named_functions(functions: Iterable[Callable[..., Any]] | Functions | None) -> dict[str, Callable[..., Any]]:
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
    result: dict[str, Callable[..., Any]] = {}
    for name, function in pairs:
        if not callable(function):
            raise OptionError(f"functions: {function!r} is not callable.", hint="Pass the function itself, e.g. functions=[describe].")
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
            raise OptionError(f"functions: {function!r} has no usable name ({name!r}).", hint="Give it one: functions={'describe': f}.")
        if name in result and result[name] is not function:
            raise OptionError(f"functions: the name {name!r} is given twice.", hint="Give one of them another name with a dict.")
        result[name] = function
    return result


class PythonFunctions(Extension):
    """The functions of one panel.

    One object as the only argument is by name where the function takes those names, else all
    arguments are positional.  A coroutine function runs on the extensions' loop, any other in a
    thread of its own; the result travels as JSON.
    """

    name: ClassVar[str] = "nexus.python"

    timeout = None  # a person's function takes as long as the tool may

    def __init__(self, functions: Functions, context: ExtensionContext | None = None) -> None:
        super().__init__(context or ExtensionContext(panel=""))
        self.functions = dict(functions)

    @classmethod
    def capability(cls, name: str) -> str | None:
        """Every name is a function that may have been handed over."""
        return "python:call"

    async def call(self, method: str, args: tuple[JsonValue, ...]) -> JsonValue:
        function = self.functions[method]
        positional, named = _arguments(method, function, args)
        try:
            if inspect.iscoroutinefunction(function):
                result = await function(*positional, **named)
            else:
                result = await in_thread(lambda: function(*positional, **named))
                if inspect.isawaitable(result):
                    result = await result
        except NexusError:
            raise
        except Exception as error:
            raise HandlerError(_public_message(method, error), name=type(error).__name__, code="PYTHON_ERROR") from error
        try:
            return to_json(result, f"the result of {method}()")
        except StateError as error:
            raise HandlerError(error.message, name="TypeError", hint=error.hint, code="PYTHON_RESULT") from None


def _arguments(name: str, function: Callable[..., Any], args: tuple[JsonValue, ...]) -> tuple[tuple[JsonValue, ...], dict[str, JsonValue]]:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-ins have none
        return args, {}
    if len(args) == 1 and isinstance(args[0], dict):
        try:
            signature.bind(**args[0])
        except TypeError:
            pass
        else:
            return (), args[0]
    try:
        signature.bind(*args)
    except TypeError as error:
        raise HandlerError(f"{name}{signature}: {error}", name="TypeError", code="PYTHON_ARGUMENTS") from None
    return args, {}


def _public_message(name: str, error: Exception) -> str:
    # An OSError's text names files; the guest learns the reason only.  The whole error, with its
    # traceback, stays on the Python side as the cause.
    text = (error.strerror or "") if isinstance(error, OSError) else str(error)
    lines = text.strip().splitlines()
    reason = lines[0][:300] if lines else ""
    return f"{name}() raised {type(error).__name__}" + (f": {reason}" if reason else "")
