"""Errors as they travel: exceptions to data and back."""

from __future__ import annotations

from ..errors import ArgumentError, CapabilityError, HandlerError, LimitError, NexusError, StateError
from ..protocol import ErrorInfo


def info_of(error: BaseException) -> ErrorInfo:
    """``error`` as data for a page or a guest: its sentence, never a Python traceback."""
    if isinstance(error, HandlerError):
        return ErrorInfo(
            code=error.code,
            name=error.name,
            message=error.message,
            hint=error.hint,
            line=error.line,
            column=error.column,
            stack=error.stack,
        )
    if isinstance(error, NexusError):
        allowed, used = (error.allowed, error.used) if isinstance(error, LimitError) else (None, None)
        return ErrorInfo(code=error.code, name=type(error).__name__, message=error.message, hint=error.hint, allowed=allowed, used=used)
    return ErrorInfo(code="INTERNAL", name=type(error).__name__, message=f"an unexpected {type(error).__name__} stopped this.")


def error_from(info: ErrorInfo | None) -> NexusError:
    """The exception that a guest's failed reply stands for."""
    if info is None:
        return HandlerError("the handler failed without saying why.")
    if info.code == "INVALID_STATE":
        return StateError(info.message, hint=info.hint)
    if info.code == "ARGUMENT_MISMATCH":
        return ArgumentError(info.message, hint=info.hint)
    if info.code == "CAPABILITY_DENIED":
        return CapabilityError(info.message, hint=info.hint)
    if info.code.startswith("LIMIT_"):
        name = info.code.removeprefix("LIMIT_").lower()
        return LimitError(info.message, limit=name, allowed=info.allowed, used=info.used, hint=info.hint)
    return HandlerError(info.message, name=info.name, line=info.line, column=info.column, stack=info.stack, hint=info.hint, code=info.code)
