"""Extensions: what handlers may call outside the guest, one file each."""

from ...catalog import CapabilityEntry, OptionEntry
from .base import Extension, ExtensionContext, method
from .loop import ExtensionLoop, extension_loop
from .python import PythonFunctions
from .registry import extension_class

__all__ = [
    "CapabilityEntry",
    "Extension",
    "ExtensionContext",
    "ExtensionLoop",
    "OptionEntry",
    "PythonFunctions",
    "extension_class",
    "extension_loop",
    "method",
]
