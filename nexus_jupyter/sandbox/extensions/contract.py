"""What an exposed function takes and gives: the arguments of a call fitted to its signature, its result to its annotation."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, get_type_hints

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError

from ...errors import HandlerError

_VALUE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Contract:
    """The signature of one function, None when it has none (some built-ins), and a check for each annotation that can be checked.

    What Pydantic has no meaning for, such as a data frame, is not checked.
    """

    name: str
    signature: inspect.Signature | None
    checks: Mapping[str, TypeAdapter[Any]]
    result: TypeAdapter[Any] | None

    @classmethod
    def of(cls, name: str, function: Callable[..., Any]) -> Contract:
        """The contract of ``function``, which panels call ``name``."""
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            return cls(name, None, {}, None)
        hints = _hints(function)
        checks = {n: check for n in signature.parameters if (check := _check(hints.get(n, Any))) is not None}
        return cls(name, signature, checks, _check(hints.get("return", Any)))

    def bind(self, args: tuple[JsonValue, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments as the function takes them, in order and by name.

        One object as the only argument is by name where the function takes those names, else arguments are in order.

        Raises HandlerError (``PYTHON_ARGUMENTS``): they do not fit.
        """
        if self.signature is None:
            return args, {}
        bound = self._bound(self.signature, args)
        for name, value in bound.arguments.items():
            parameter = self.signature.parameters[name]
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                bound.arguments[name] = tuple(self._fitted(name, each, parameter, f"{name}[{i}]") for i, each in enumerate(value))
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                bound.arguments[name] = {key: self._fitted(name, each, parameter, key) for key, each in value.items()}
            else:
                bound.arguments[name] = self._fitted(name, value, parameter, name)
        return bound.args, bound.kwargs

    def check_result(self, raw: object, value: JsonValue) -> None:
        """Raises HandlerError (``PYTHON_RESULT``): neither the result nor its JSON is what the function is annotated to give."""
        if self.result is None:
            return
        try:
            self.result.validate_python(value)
        except ValidationError as error:
            try:
                self.result.validate_python(raw)  # NaN is a number here and null in JSON
            except ValidationError:
                raise HandlerError(
                    f"{self.name}() gave back what its annotation does not say: {_reason('result', error)}.",
                    name="TypeError",
                    code="PYTHON_RESULT",
                ) from None

    def _bound(self, signature: inspect.Signature, args: tuple[JsonValue, ...]) -> inspect.BoundArguments:
        if len(args) == 1 and isinstance(args[0], dict):
            named = args[0]
            try:
                bound = signature.bind(**named)
            except TypeError:
                # some names are the function's: then the object was meant by name, and must not pass as the first argument
                if any(name in named for name, p in signature.parameters.items() if p.kind in _VALUE[1:]):
                    self._refuse(signature, named)
            else:
                if any(key.startswith("__") for key in named):
                    self._refuse(signature, named)
                return bound
        try:
            return signature.bind(*args)
        except TypeError as error:
            raise self._unfit(signature, str(error)) from None

    def _refuse(self, signature: inspect.Signature, named: Mapping[str, JsonValue]) -> None:
        by_name = {n: p for n, p in signature.parameters.items() if p.kind in _VALUE[1:]}
        extra = [key[:80] for key in named if key not in by_name]
        if extra:
            raise self._unfit(signature, f"it takes no argument called {extra[0]!r}")
        missing = [n for n, p in by_name.items() if p.default is p.empty and n not in named]
        raise self._unfit(signature, f"{' and '.join(missing)} is missing" if missing else "it takes no arguments by name")

    def _fitted(self, name: str, value: JsonValue, parameter: inspect.Parameter, said: str) -> Any:
        check = self.checks.get(name)
        if check is None or (value is None and parameter.default is None):  # `x: str = None` is common
            return value
        try:
            return check.validate_python(value)
        except ValidationError as error:
            raise HandlerError(f"{self.name}(): {_reason(said, error)}.", name="TypeError", code="PYTHON_ARGUMENTS") from None

    def _unfit(self, signature: inspect.Signature, reason: str) -> HandlerError:
        # names only: defaults and annotations may show what is in the notebook
        names = ", ".join(n if p.default is p.empty else f"{n}?" for n, p in signature.parameters.items())
        return HandlerError(f"{self.name}({names}): {reason}.", name="TypeError", code="PYTHON_ARGUMENTS")


def _reason(name: str, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join((name, *map(str, first["loc"])))[:200]
    return f"{where}: {first['msg'][:200]}"


def _check(annotation: Any) -> TypeAdapter[Any] | None:
    if annotation is Any or annotation is object or annotation is inspect.Parameter.empty:
        return None
    try:
        return TypeAdapter(annotation)
    except (PydanticUserError, PydanticUndefinedAnnotation, TypeError, NameError):
        return None


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations, resolved; one that cannot be resolved is left out and takes no other with it."""
    while isinstance(function, functools.partial):
        function = function.func
    if not (inspect.isroutine(function) or inspect.isclass(function)):
        function = type(function).__call__
    target: Any = function.__init__ if inspect.isclass(function) else function
    plain = inspect.unwrap(target)
    scope = getattr(getattr(plain, "__func__", plain), "__globals__", {})
    found: dict[str, Any] = {}
    for name, annotation in dict(getattr(target, "__annotations__", {})).items():
        try:
            found |= get_type_hints(SimpleNamespace(__annotations__={name: annotation}), globalns=scope, include_extras=True)
        except Exception:  # an annotation is any expression
            continue
    if inspect.isclass(function):
        found.pop("return", None)
    return found
