"""Where a panel finds the implementation of an extension that its document declares."""

from __future__ import annotations

from ..sandbox.extensions import Extension, ExtensionContext, PythonFunctions
from ..sandbox.extensions.python import Functions


def extension_class(name: str) -> type[Extension] | None:
    """The class of the extension called ``name``; None when this version has none."""
    return PythonFunctions if name == PythonFunctions.name else None


def make_extension(kind: type[Extension], context: ExtensionContext, functions: Functions) -> Extension:
    """One panel's instance of an extension; ``functions`` are those that Python handed to the panel.

    Raises NexusError: its options are not what it needs.
    """
    if issubclass(kind, PythonFunctions):
        return kind(functions, context)
    return kind(context)
