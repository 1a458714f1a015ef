"""``nexus.python``: functions that Python exposed, callable as ``$ext.py.name(…)``."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from pydantic import JsonValue

from ...errors import CapabilityError, HandlerError, NexusError, StateError
from ..values import to_json
from .base import Extension, ExtensionContext
from .contract import Contract
from .discretion import discreet, public_message
from .exposed import Function
from .loop import in_thread


class PythonFunctions(Extension):
    """The functions that one panel may call: ``context.functions``, as it is when a call comes.

    A coroutine function runs on the extensions' loop, any other in a thread of its own.  Arguments are checked
    against the annotations there are, leniently (Pydantic: a list for a tuple, ISO text for a date); the result
    travels as JSON.  Of an exception the panel learns its type and its message.
    """

    name: ClassVar[str] = "nexus.python"

    timeout = None  # a person's function takes as long as the tool may

    def __init__(self, context: ExtensionContext) -> None:
        super().__init__(context)
        self._contracts: dict[str, tuple[Function, Contract]] = {}

    @classmethod
    def capability(cls, name: str) -> str | None:
        """Every name is a function that may have been exposed."""
        return "python:call"

    @classmethod
    def methods(cls) -> tuple[str, ...]:
        """None of its own: they are what Python exposes."""
        return ()

    async def call(self, method: str, args: tuple[JsonValue, ...]) -> JsonValue:
        """Call the function.

        Raises CapabilityError: there is none of this name (any more).  HandlerError: the arguments do not fit, it
        raised, or gave what is no JSON or not what it is annotated to give.
        """
        function = self.context.functions.get(method)
        if function is None:
            raise CapabilityError(f"the Python function {method[:80]!r} is not exposed to this panel.")
        contract = self._contract(method, function)
        positional, named = contract.bind(args)
        result = await self._result(method, function, positional, named)
        try:
            value = to_json(result, f"the result of {method}()")
        except StateError as error:
            raise HandlerError(discreet(error.message), name="TypeError", hint=error.hint, code="PYTHON_RESULT") from None
        contract.check_result(result, value)
        return value

    async def _result(self, method: str, function: Function, positional: tuple[Any, ...], named: dict[str, Any]) -> object:
        try:
            if inspect.iscoroutinefunction(function):
                return await function(*positional, **named)
            result = await in_thread(lambda: function(*positional, **named))
            return await result if inspect.isawaitable(result) else result
        except NexusError as error:
            message, hint = discreet(error.message), discreet(error.hint)
            if (message, hint) == (error.message, error.hint):
                raise
            raise HandlerError(message, hint=hint, name=type(error).__name__, code=error.code) from error
        except Exception as error:
            raise HandlerError(public_message(method, error), name=type(error).__name__, code="PYTHON_ERROR") from error

    def _contract(self, name: str, function: Function) -> Contract:
        known = self._contracts.get(name)
        if known is None or known[0] is not function:  # another function has the name by now
            known = self._contracts[name] = (function, Contract.of(name, function))
        return known[1]
