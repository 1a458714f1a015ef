"""The sandbox: panel code runs here and nowhere else, in a WebAssembly guest with limits."""

from .engine import Engine, warm
from .executor import ExecutionResult, SandboxExecutor
from .guest import CodeError, CodeErrors, Guest, syntax_diagnostics
from .limits import DEFAULT_LIMITS, Limits
from .pool import InstancePool, PoolMetrics

__all__ = [
    "DEFAULT_LIMITS", "CodeError", "CodeErrors", "Engine", "ExecutionResult", "Guest", "InstancePool", "Limits", "PoolMetrics",
    "SandboxExecutor", "syntax_diagnostics", "warm",
]  # fmt: skip
