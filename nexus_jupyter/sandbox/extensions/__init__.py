"""Extensions: what handlers may call outside the guest, one file each."""

from .base import Extension, ExtensionContext, method
from .loop import ExtensionLoop, extension_loop
from .python import PythonFunctions

__all__ = ["Extension", "ExtensionContext", "ExtensionLoop", "PythonFunctions", "extension_loop", "method"]
