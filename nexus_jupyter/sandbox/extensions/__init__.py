"""Extensions: what handlers may call outside the guest, one file each."""

from .base import Extension, ExtensionLoop
from .python import PythonFunctions

__all__ = ["Extension", "ExtensionLoop", "PythonFunctions"]
