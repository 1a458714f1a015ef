"""Between the server and its kernels."""

from .bridge import Bridge
from .sink import KernelAnswerError, KernelLink, KernelSink, KernelUnavailableError

__all__ = ["Bridge", "KernelAnswerError", "KernelLink", "KernelSink", "KernelUnavailableError"]
