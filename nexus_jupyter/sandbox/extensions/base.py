"""What an extension is: typed methods that a handler may call, behind a grant."""

from __future__ import annotations

import asyncio
import inspect
from abc import ABC
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, TypeVar, get_type_hints

from pydantic import JsonValue, TypeAdapter, ValidationError

from ...catalog import CapabilityEntry, ExtensionEntry, OptionEntry
from ...errors import HandlerError, NexusError
from ..values import to_json

Method = TypeVar("Method", bound=Callable[..., Coroutine[Any, Any, Any]])

_MARK = "__nexus_capability__"


def method(capability: str) -> Callable[[Method], Method]:
    """Marks a coroutine method as callable by panels that were granted ``capability``, e.g. ``"http:request"``."""

    def mark(function: Method) -> Method:
        setattr(function, _MARK, capability)
        return function

    return mark


@dataclass(frozen=True)
class ExtensionContext:
    """Whose an extension is, and what its document declares for it.

    ``panel`` is the panel's id, ``notebook`` the path of its notebook ("" where there is none); both are the host's
    word, never the guest's.  ``options`` are the declared options of the document that was granted, defaults filled in.
    ``granted`` are the capabilities that the panel has now.  ``publish(event, payload)`` tells pages that show the panel.
    ``functions`` and ``frames`` are what Python exposed to it, live: they may change from one call to the next.
    """

    panel: str
    notebook: str = ""
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    granted: Callable[[], frozenset[str]] = frozenset
    publish: Callable[[str, JsonValue], None] = lambda event, payload: None
    functions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    frames: Mapping[str, object] = field(default_factory=dict)


class Extension(ABC):
    """One extension as one panel may use it: the base of ours and of those that other packages bring.

    A subclass names itself and marks coroutine methods with ``@method(capability)``.  Arguments are checked against
    the annotations (Pydantic, strict), results travel as JSON.  The host checks grants before ``call``; a subclass keeps
    its own limits.  It never sees the guest: JSON comes in, JSON goes out.

    ``capabilities`` and ``options`` belong to the declaration of a package's own extension; ours have catalog entries.
    ``timeout``: seconds that one method may take; None leaves it to the method and to the tool's own time limit.
    """

    name: ClassVar[str]
    capabilities: ClassVar[tuple[CapabilityEntry, ...]] = ()
    options: ClassVar[tuple[OptionEntry, ...]] = ()
    timeout: ClassVar[float | None] = 30.0

    def __init__(self, context: ExtensionContext) -> None:
        self.context = context

    @classmethod
    def capability(cls, name: str) -> str | None:
        """The capability that the method called ``name`` uses; None when there is no such method."""
        function = None if name.startswith("_") else inspect.getattr_static(cls, name, None)
        found = getattr(function, _MARK, None)
        return found if isinstance(found, str) else None

    @classmethod
    def methods(cls) -> tuple[str, ...]:
        """The names of its methods, in the order in which they were written, base classes first."""
        names = dict.fromkeys(name for each in reversed(cls.__mro__) for name in vars(each))
        return tuple(name for name in names if cls.capability(name) is not None)

    @classmethod
    def declaration(cls) -> ExtensionEntry:
        """What the language knows of it, from its docstrings, class variables and annotations.  Raises TypeError."""
        from .declaration import declare

        return declare(cls)

    async def call(self, method: str, args: tuple[JsonValue, ...]) -> JsonValue:
        """Do it.  Raises NexusError with a sentence that the panel may see."""
        if self.capability(method) is None:
            known = self.methods()
            raise HandlerError(
                f"{self.name} has no method {method[:80]!r}.", name="TypeError", hint=f"It has {', '.join(known)}.", code="UNKNOWN_METHOD"
            )
        bound = self._signatures[method].bind(args)
        try:
            async with asyncio.timeout(self.timeout) as limit:
                value = await getattr(self, method)(*bound)
        except TimeoutError:
            # its own limit, or something that it waited for has one
            what = f"did not end within {self.timeout:g} s" if limit.expired() else "waited too long for something"
            raise HandlerError(f"{self.name}.{method}() {what}.", name="TimeoutError", code="EXTENSION_TIMEOUT") from None
        return to_json(value, f"the result of {method}()")

    async def close(self) -> None:  # noqa: B027 (most have nothing to free)
        """Free what it holds.  Called once, on the loop that ``call`` ran on, when the panel ends or its document is replaced."""

    @cached_property
    def _signatures(self) -> dict[str, Signature]:
        return {name: Signature.of(self.name, getattr(type(self), name)) for name in self.methods()}


@dataclass(frozen=True)
class Signature:
    """The parameters of a method as JSON values are fitted to them."""

    label: str
    parameters: tuple[tuple[str, TypeAdapter[Any], bool], ...]  # name, type, required

    @classmethod
    def of(cls, extension: str, function: Callable[..., Any]) -> Signature:
        """The signature of a marked method; its parameters must be annotated and positional."""
        hints = get_type_hints(function, include_extras=True)
        found = []
        for parameter in list(inspect.signature(function).parameters.values())[1:]:
            if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) or parameter.name not in hints:
                raise TypeError(f"{extension}.{function.__name__}: the parameter {parameter.name} must be annotated and positional")
            found.append((parameter.name, TypeAdapter(hints[parameter.name]), parameter.default is parameter.empty))
        return cls(f"{extension}.{function.__name__}", tuple(found))

    @property
    def text(self) -> str:
        """``get(url, options?)``"""
        return f"{self.label}({', '.join(name if required else f'{name}?' for name, _, required in self.parameters)})"

    def bind(self, args: tuple[JsonValue, ...]) -> tuple[Any, ...]:
        """The arguments as the method takes them.  Raises HandlerError (``INVALID_ARGUMENT``)."""
        if len(args) > len(self.parameters):
            raise self._refused(f"it takes {len(self.parameters)} arguments, not {len(args)}")
        out: list[Any] = []
        for value, (name, adapter, _) in zip(args, self.parameters, strict=False):
            try:
                out.append(adapter.validate_python(value, strict=True))
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False, include_context=False)[0]
                where = ".".join((name, *map(str, first["loc"])))[:200]
                raise self._refused(f"{where}: {first['msg'][:200]}") from None
        missing = [name for name, _, required in self.parameters[len(args) :] if required]
        if missing:
            raise self._refused(f"{' and '.join(missing)} is missing")
        return tuple(out)

    def _refused(self, reason: str) -> NexusError:
        return HandlerError(f"{self.text}: {reason}.", name="TypeError", code="INVALID_ARGUMENT")
