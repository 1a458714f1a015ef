"""A panel's tools as Python callables: ``await panel.tools.add(by=2)``."""

from __future__ import annotations

import inspect
import keyword
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from ..errors import ArgumentError, StateError
from ..nxml.program import ToolDeclaration
from ..protocol import Cause
from ..sandbox.values import FORBIDDEN_KEYS, to_json
from .call import Call, PendingCall, callers
from .names import check_tool

if TYPE_CHECKING:
    from .runtime import Runtime

_PYTHON_TYPES = {"string": str, "number": float, "boolean": bool, "list": list, "object": dict, "any": Any, "frame": Any}


def start(runtime: Runtime, name: str, args: object, zone: str) -> PendingCall:
    """Start the tool ``name``; ``args`` is None, a sequence (positional) or a mapping (by name).

    Raises ArgumentError: no such tool, or arguments of another kind.
    """
    tool = check_tool(runtime.program, name)
    chain = callers.get()
    call = Call(
        tool=tool,
        args=_arguments(name, args),
        cause=Cause(kind="python", tool=name),
        seed=random.getrandbits(32),
        zone=zone,
        # a call that this very tool waits for must not wait for it in turn
        depth=sum(1 for caller in chain if caller == (id(runtime), name)),
        chain=chain,
    )
    runtime.invoke(call)
    return PendingCall(name, call.future, lambda: runtime.cancel(call))


def _arguments(name: str, args: object) -> JsonValue:
    try:
        if args is None:
            return None
        if isinstance(args, Mapping):
            for key in args:
                if not isinstance(key, str) or key in FORBIDDEN_KEYS:
                    raise ArgumentError(f"{name} takes no argument called {key!r}.")
            return {key: to_json(value, f"the argument {key} of {name}") for key, value in args.items()}
        if isinstance(args, Sequence) and not isinstance(args, (str, bytes)):
            return [to_json(value, f"argument {number} of {name}") for number, value in enumerate(args, start=1)]
    except StateError as error:
        raise ArgumentError(error.message, hint=error.hint) from None
    raise ArgumentError(f"the arguments of {name} are of type {type(args).__name__}.", hint="Pass a dict (by name) or a list (in order).")


class Tool:
    """One tool of a panel.  Calling it starts it; await the result or ask for ``.result()``."""

    def __init__(self, runtime: Runtime, declaration: ToolDeclaration, zone: str) -> None:
        self._runtime = runtime
        self._declaration = declaration
        self._zone = zone
        self.__name__ = declaration.name
        self.__doc__ = _documentation(declaration)
        self.__signature__ = _signature(declaration)

    def __call__(self, *args: Any, **named: Any) -> PendingCall:
        if args and named:
            raise ArgumentError(f"{self.__name__} takes its arguments in order or by name, not both.", hint="Name all of them, or none.")
        return start(self._runtime, self.__name__, list(args) if args else named or None, self._zone)

    def __repr__(self) -> str:
        return f"<tool {self.__name__}{self.__signature__}>"


class Tools:
    """The tools of a panel by attribute or by name."""

    def __init__(self, runtime: Runtime, zone: str) -> None:
        self._runtime = runtime
        self._zone = zone
        self._redeclare()

    def _redeclare(self) -> None:
        """Have the tools of the document that the panel has now."""
        self._tools = {t.name: Tool(self._runtime, t, self._zone) for t in self._runtime.program.tools}

    def __getattr__(self, name: str) -> Tool:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except ArgumentError as error:
            raise AttributeError(str(error)) from None

    def __getitem__(self, name: str) -> Tool:
        # the document may be replaced on another thread right now: its program comes first
        return self._tools.get(name) or Tool(self._runtime, check_tool(self._runtime.program, name), self._zone)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._tools)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._tools})

    def __repr__(self) -> str:
        return f"Tools({', '.join(self._tools)})"


def _signature(declaration: ToolDeclaration) -> inspect.Signature:
    # required arguments first: a signature with a default before a plain one would not be valid
    ordered = sorted(declaration.args, key=lambda a: not a.required)
    return inspect.Signature(
        [
            inspect.Parameter(
                a.name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD if ordered == list(declaration.args) else inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if a.required else a.default,
                annotation=_PYTHON_TYPES[a.type],
            )
            for a in ordered
            if a.name.isidentifier() and not keyword.iskeyword(a.name)
        ]
    )


def _documentation(declaration: ToolDeclaration) -> str:
    lines = [declaration.description or f"The tool {declaration.name}."]
    lines += [f"{a.name}: {a.type}{'' if a.required else ' (optional)'}. {a.description}".rstrip() for a in declaration.args]
    return "\n".join(lines)
