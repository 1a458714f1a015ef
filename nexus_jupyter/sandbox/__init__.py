"""The sandbox: panel code runs here and nowhere else, in a WebAssembly guest with limits."""

from .engine import Engine, warm
from .guest import CodeError, CodeErrors, Guest, syntax_diagnostics
from .limits import DEFAULT_LIMITS, Limits

__all__ = ["DEFAULT_LIMITS", "CodeError", "CodeErrors", "Engine", "Guest", "Limits", "syntax_diagnostics", "warm"]
