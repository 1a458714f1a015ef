"""Between the server and its kernels."""

from .bridge import Bridge
from .sink import KernelLink, KernelSink

__all__ = ["Bridge", "KernelLink", "KernelSink"]
